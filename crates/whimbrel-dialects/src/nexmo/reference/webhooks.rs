//! What customers are told: receipts and texts that came in, in the words of the API that they chose.

use crate::exchange;
use crate::openapi::{Field, Schema, Webhook, may, need, number, object, one_of, text, words};

const TAG: &str = "Webhooks";
const SMS: &str = "A text of parameters, by the method of the account: the query of a GET, a form, or JSON with every value a text. With \
    signed webhooks `timestamp`, `nonce` and `sig` stand among them.";
const MESSAGES: &str = "JSON with `Authorization: Bearer` and a token (HS256, the account's signature secret) whose `payload_hash` is the \
    SHA-256 of the body.";

/// All of them.
pub(super) fn webhooks() -> Vec<Webhook> {
    vec![receipt(), inbound(), status(), message()]
}

/// What signed webhooks have besides.
fn signed() -> [Field; 3] {
    [
        may("timestamp", text(), "Seconds since 1970, when webhooks are signed"),
        may("nonce", text(), "When webhooks are signed"),
        may("sig", text(), "When webhooks are signed"),
    ]
}

fn receipt() -> Webhook {
    let fields = [
        need("msisdn", text(), "The recipient"),
        need("to", text(), "The sender of the text"),
        may("network-code", text(), "MCC and MNC"),
        need("messageId", text(), "The part, as sending it answered"),
        need("price", text(), ""),
        need("status", words(&["delivered", "expired", "failed", "rejected", "accepted", "buffered", "unknown"]), ""),
        need("scts", text(), "`YYMMDDHHMM`, UTC"),
        need("err-code", text(), "Why, as a number"),
        need("api-key", text(), ""),
        may("client-ref", text(), "Your mark"),
        need("message-timestamp", text(), "`YYYY-MM-DD HH:MM:SS`, UTC"),
    ];
    Webhook::new("receipt", (TAG, "What became of a part"), object(fields.into_iter().chain(signed())).named("Receipt"))
        .about(SMS)
        .seen("by GET", &exchange!("nexmo/a-receipt-is-pushed-by-get-like-the-captured-one"))
        .seen("form", &exchange!("nexmo/a-receipt-is-pushed-as-a-form"))
        .seen("JSON", &exchange!("nexmo/a-receipt-is-pushed-as-json-of-strings"))
        .seen("signed", &exchange!("nexmo/a-receipt-is-signed-as-json"))
}

fn inbound() -> Webhook {
    let fields = [
        need("msisdn", text(), "Who wrote"),
        need("to", text(), "The number that it came to"),
        need("messageId", text(), ""),
        need("type", words(&["text", "unicode", "binary"]), ""),
        may("text", text(), ""),
        may("keyword", text(), "Its first word, in capitals"),
        may("data", text(), "Octets, in hexadecimal digits"),
        may("udh", text(), "Their header"),
        may("concat", words(&["true"]), "It is a part of a longer one"),
        may("concat-ref", text(), "The same in all parts"),
        may("concat-total", text(), ""),
        may("concat-part", text(), ""),
        need("api-key", text(), ""),
        need("message-timestamp", text(), "`YYYY-MM-DD HH:MM:SS`, UTC"),
    ];
    Webhook::new("inbound", (TAG, "A text that came in"), object(fields.into_iter().chain(signed())).named("Inbound"))
        .about(SMS)
        .seen("by GET", &exchange!("nexmo/a-text-that-came-in-is-pushed-by-get"))
        .seen("form", &exchange!("nexmo/a-text-that-came-in-is-pushed-as-a-form"))
        .seen("JSON", &exchange!("nexmo/a-text-that-came-in-is-pushed-as-json"))
        .seen("part", &exchange!("nexmo/a-part-that-came-in-is-pushed-as-json"))
        .seen("octets", &exchange!("nexmo/octets-that-came-in-are-pushed-as-json"))
        .seen("signed", &exchange!("nexmo/a-text-that-came-in-is-signed-as-json"))
}

/// A number or name, in the form of `v1` or of `v0.1`.
fn address() -> Schema {
    one_of([text(), object([need("type", words(&["sms"]), ""), need("number", text(), "")])])
}

fn status() -> Webhook {
    let usage = object([need("currency", text(), ""), need("price", text(), "")]);
    let problem = object([
        need("type", text().format("uri"), ""),
        need("title", text(), ""),
        need("detail", text(), ""),
        need("instance", text(), ""),
    ]);
    let older = object([need("code", number(), ""), need("reason", text(), "")]);
    let event = object([
        need("message_uuid", text().format("uuid"), ""),
        need("to", address(), ""),
        need("from", address(), ""),
        need("timestamp", text().format("date-time"), ""),
        need("status", words(&["submitted", "delivered", "rejected", "undeliverable"]), ""),
        may("channel", words(&["sms"]), "In `v1`"),
        may("usage", usage, "What all parts cost, in `submitted` and `delivered`"),
        may("client_ref", text(), "Your mark"),
        may("error", one_of([problem, older]), "Why it did not arrive"),
        may("destination", object([need("network_code", text(), "")]), ""),
        may("sms", object([need("count_total", text(), "")]), ""),
    ]);
    Webhook::new("messageStatus", (TAG, "What became of a message of the Messages API"), event.named("MessageStatus"))
        .about(MESSAGES)
        .headers([token()])
        .seen("delivered", &exchange!("nexmo/messages/a-message-that-is-delivered"))
        .seen("rejected", &exchange!("nexmo/messages/a-message-that-is-rejected"))
        .seen("v0.1 submitted", &exchange!("nexmo/messages/an-old-status-that-is-submitted"))
        .seen("v0.1 rejected", &exchange!("nexmo/messages/an-old-status-that-is-rejected"))
}

fn message() -> Webhook {
    let told = object([
        need("num_messages", text(), "Parts"),
        may("total_count", text(), ""),
        may("keyword", text(), "Its first word, in capitals"),
    ]);
    let older = object([
        need("content", object([need("type", words(&["text", "unsupported"]), ""), may("text", text(), "")]), ""),
        may("sms", object([need("num_messages", text(), "")]), ""),
    ]);
    let event = object([
        need("message_uuid", text().format("uuid"), ""),
        need("to", address(), ""),
        need("from", address(), ""),
        need("timestamp", text().format("date-time"), ""),
        may("channel", words(&["sms"]), "In `v1`"),
        may("message_type", words(&["text", "unsupported"]), "In `v1`; octets are unsupported"),
        may("text", text(), ""),
        may("sms", told, "In `v1`"),
        may("message", older, "In `v0.1`"),
    ]);
    Webhook::new("inboundMessage", (TAG, "A text that came in for an application"), event.named("InboundMessage"))
        .about(MESSAGES)
        .headers([token()])
        .seen("text", &exchange!("nexmo/messages/a-text-that-came-in"))
        .seen("octets", &exchange!("nexmo/messages/octets-that-came-in-are-unsupported"))
        .seen("v0.1 text", &exchange!("nexmo/messages/an-old-text-that-came-in"))
}

fn token() -> Field {
    need("Authorization", text(), "`Bearer` and the token")
}
