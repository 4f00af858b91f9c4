//! What customers are told at the URLs of their hooks.

use crate::exchange;
use crate::openapi::{Schema, Webhook, may, need, object, text, words};

const TAG: &str = "Webhooks";
const ABOUT: &str = "As the hook says: JSON; a form, or by GET a query, whose names are `data[...]`. With a signing key of the account the \
    three headers sign method, URL and body.";

/// All of them.
pub(super) fn webhooks() -> Vec<Webhook> {
    vec![receipt(), inbound()]
}

fn event(names: &'static [&'static str], data: Schema) -> Schema {
    object([
        need("webhook_event", words(names), ""),
        need("webhook_timestamp", text(), "In the account's zone"),
        need("data", data, ""),
    ])
}

fn with_headers(webhook: Webhook) -> Webhook {
    webhook.about(ABOUT).headers([
        may("X-Signature", text().pattern("^[0-9a-f]{64}$"), "If the account has a signing key"),
        may("X-Timestamp", text(), "Seconds since 1970"),
        may("X-Nonce", text(), ""),
    ])
}

fn receipt() -> Webhook {
    let status = words(&[
        "DELIVERED",
        "NOTDELIVERED",
        "BUFFERED",
        "TRANSMITTED",
        "ACCEPTED",
        "EXPIRED",
        "REJECTED",
        "FAILED",
        "UNKNOWN",
    ]);
    let data = object([
        need("msg_id", text(), "As sending it answered"),
        need("status", status, ""),
        need("timestamp", text(), "In the account's zone"),
        may("foreign_id", text(), "Your mark"),
    ]);
    with_headers(Webhook::new("receipt", (TAG, "What became of a text"), event(&["dlr"], data).named("Receipt")))
        .seen("transmitted", &exchange!("seven/a-receipt-as-json"))
        .seen("without a key", &exchange!("seven/a-webhook-of-an-account-without-a-signing-key"))
}

fn inbound() -> Webhook {
    let data = object([
        need("id", text(), ""),
        need("sender", text(), "Who wrote"),
        need("system", text(), "The number that it came to"),
        need("text", text(), ""),
        need("time", text(), "Seconds since 1970"),
        need("message_type", words(&["SMS"]), ""),
    ]);
    with_headers(Webhook::new("inbound", (TAG, "A text that came in"), event(&["sms_mo"], data).named("Inbound")))
        .seen("text", &exchange!("seven/a-text-that-came-in-as-json"))
}
