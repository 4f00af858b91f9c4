//! Signs a webhook while its secret is changed, verifies it by either, and explains a receiver's usual mistake:
//! `cargo run -p whimbrel-signing --example standard_webhooks`.

use std::error::Error;
use std::io::Write;

use whimbrel_signing::standard_webhooks::{self, Received, WINDOW, Webhook};
use whimbrel_signing::{Secret, UnixSeconds};

fn main() -> Result<(), Box<dyn Error>> {
    let now = UnixSeconds(1_614_265_330);
    let new = Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    let old = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let webhook =
        Webhook { id: "msg_1", timestamp: now, body: br#"{"type": "message.delivered", "text": "caf\u00e9"}"# };
    let signature = standard_webhooks::sign(&webhook, &[new, old])?;
    let received = Received { id: "msg_1", timestamp: "1614265330", signature: signature.as_str(), body: webhook.body };
    let by_new = standard_webhooks::verify(&received, &[new], WINDOW, now)?;
    let by_old = standard_webhooks::verify(&received, &[old], WINDOW, now)?;

    // A receiver that reads JSON and writes it anew before it verifies.
    let rewritten = Received { body: r#"{"type":"message.delivered","text":"café"}"#.as_bytes(), ..received };
    let theirs = standard_webhooks::sign(&Webhook { body: rewritten.body, ..webhook }, &[new])?;
    let seen = Received { signature: theirs.as_str(), ..received };
    let explanation = standard_webhooks::explain(&seen, new, WINDOW, now);

    let mut out = std::io::stdout().lock();
    writeln!(out, "webhook-signature: {}", signature.as_str())?;
    writeln!(out, "by the new secret {by_new:?}, by the old one {by_old:?}")?;
    writeln!(out, "{:?}", explanation.verdict)?;
    Ok(())
}
