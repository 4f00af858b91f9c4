//! Signs a request, verifies it behind a proxy, and explains one that a shell script signs wrongly:
//! `cargo run -p whimbrel-signing --example seven`.

use std::error::Error;
use std::io::Write;

use whimbrel_signing::seven::{self, Headers, Hints, Nonce, Received, Request, Stamp, WINDOW_REQUESTS};
use whimbrel_signing::{Secret, UnixSeconds};

fn main() -> Result<(), Box<dyn Error>> {
    let key = Secret::new("testsigningkey");
    let now = UnixSeconds(1_634_641_200);
    let nonce = "fpPRhAd1s8GXacfR39mWqKPynmmXfJnc";
    let body = br#"{"to":"49170123456789","text":"100% sure"}"#;
    let request = Request { method: "POST", url: "https://gateway.seven.io/api/sms", body };
    let stamp = Stamp { timestamp: now, nonce: Nonce::new(nonce)? };
    let signature = seven::sign(&request, stamp, key);

    let headers = Headers { timestamp: Some("1634641200"), nonce: Some(nonce), signature: Some(signature.as_str()) };
    let bases = ["https://sms.example.com", "https://gateway.seven.io"];
    let received = Received { method: "POST", bases: &bases, path_and_query: "/api/sms", body };
    let verified = seven::verify(&received, &headers, key, WINDOW_REQUESTS, now)?;

    // What the documentation's script sends for this text: its `printf` takes `% s` for a conversion.
    let printed = br#"{"to":"49170123456789","text":"100ure"}"#;
    let wrong = seven::sign(&Request { body: printed, ..request }, stamp, key);
    let headers = Headers { signature: Some(wrong.as_str()), ..headers };
    let explanation = seven::explain(&received, &headers, key, WINDOW_REQUESTS, now, Hints::default());

    let mut out = std::io::stdout().lock();
    writeln!(out, "X-Timestamp: {}\nX-Nonce: {nonce}\nX-Signature: {}", now.0, signature.as_str())?;
    writeln!(out, "verified under {} ({:?})", verified.base, verified.query)?;
    writeln!(out, "{:?}", explanation.verdict)?;
    Ok(())
}
