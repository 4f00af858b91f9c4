//! Signs a webhook, verifies it, and explains one that was keyed with the secret itself:
//! `cargo run -p whimbrel-signing --example nexo`.

use std::error::Error;
use std::io::Write;

use whimbrel_signing::Secret;
use whimbrel_signing::nexo::{self, Hints, Key};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::new("your_plaintext_webhook_secret");
    let key = Key::of_secret(secret);
    let body = br#"{"type":"ping","id":"test"}"#;
    let header = nexo::sign(body, &key);
    nexo::verify(Some(header.as_str()), body, &key)?;

    // What a receiver computes who forgets to hash the secret.
    let forgot = "sha256=e3df24845b5196103d6d70732be5a8c3c1d1b018e29c93ed3215fd3c29c3486d";
    let hints = Hints { secret: Some(secret), api_key: None };
    let explanation = nexo::explain(Some(forgot), body, &key, hints);

    let mut out = std::io::stdout().lock();
    writeln!(out, "X-NEXO-Signature: {}", header.as_str())?;
    writeln!(out, "{:?}", explanation.verdict)?;
    Ok(())
}
