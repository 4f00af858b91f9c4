//! Signs a form, verifies it, and explains a signature that goes wrong: `cargo run -p whimbrel-signing --example nexmo`.

use std::error::Error;
use std::io::Write;

use whimbrel_signing::nexmo::{self, Hints, Method, Parameters, Policy};
use whimbrel_signing::{Secret, UnixSeconds};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::new("my_secret_key_for_testing");
    let now = UnixSeconds(1_461_605_396);
    let pairs = [("api_key", "abcd1234"), ("to", "447700900000"), ("text", "Tom & Jerry"), ("timestamp", "1461605396")];
    let signature = nexmo::sign(&Parameters::new(pairs)?, Method::Md5Hash, secret);

    let signed = Parameters::new(pairs.into_iter().chain([("sig", signature.as_str())]))?;
    let policy = Policy::new(Method::Md5Hash);
    let verified = nexmo::verify(&signed, secret, &policy, now)?;

    // What a sender gets who forgets to replace `&` in values.
    let forgot = "cb3762547713acc9a823a3f74047225b";
    let wrong = Parameters::new(pairs.into_iter().chain([("sig", forgot)]))?;
    let explanation = nexmo::explain(&wrong, secret, &policy, now, Hints::default());

    let mut out = std::io::stdout().lock();
    writeln!(out, "signed    {}", explanation.canonical.to_text())?;
    writeln!(out, "signature {}", signature.as_str())?;
    writeln!(out, "verified  {verified:?}")?;
    writeln!(out, "{forgot}  {:?}", explanation.verdict)?;
    Ok(())
}
