//! Signs a request, verifies it, and explains one that was signed for another address:
//! `cargo run -p whimbrel-signing --example oauth1`.

use std::error::Error;
use std::io::Write;

use whimbrel_signing::oauth1::{self, Hints, Keys, Method, Parameters, Policy, Protocol, Request};
use whimbrel_signing::{Secret, UnixSeconds};

fn main() -> Result<(), Box<dyn Error>> {
    let now = UnixSeconds(1_795_328_700);
    let keys = Keys { consumer: Secret::new("consumer secret"), token: Some(Secret::new("token secret")) };
    let protocol = Protocol {
        consumer_key: "key",
        token: Some("token"),
        timestamp: now,
        nonce: "0f1e2d3c",
        method: Method::HmacSha1,
        callback: None,
        verifier: None,
    };
    let form: &[u8] = b"from=Acme&to=447700900000&text=A%26B";
    let request =
        Request { method: "POST", url: "https://sms.example.com/sms/json", authorization: None, form: Some(form) };
    let authorization = oauth1::authorization(&request, &protocol, keys)?;
    let received = Request { authorization: Some(&authorization), ..request };
    let verified = oauth1::verify(&Parameters::read(&received)?, keys, &Policy::default(), now)?;

    // Behind a proxy a gateway sees another scheme than its clients.
    let behind_proxy = Parameters::read(&Request { url: "http://sms.example.com/sms/json", ..received })?;
    let explanation = oauth1::explain(&behind_proxy, keys, &Policy::default(), now, Hints::default());

    let mut out = std::io::stdout().lock();
    writeln!(out, "{authorization}")?;
    writeln!(out, "{verified:?}")?;
    writeln!(out, "{:?}", explanation.verdict)?;
    Ok(())
}
