//! The SMS API.

use crate::exchange;
use crate::openapi::Method::{Get, Post};
use crate::openapi::{Field, Method, Operation, Schema, integer, list, may, need, object, text, words};
use crate::own;

const TAG: &str = "SMS";
const PROVED: &[&[&str]] = &[&["basic"], &["key", "secret"], &["key", "signature"], &["oauth"]];

pub(super) fn operations() -> Vec<Operation> {
    vec![json(Post, "sendSms"), json(Get, "sendSmsByGet"), xml(Post, "sendSmsForXml"), xml(Get, "sendSmsForXmlByGet")]
}

fn wishes() -> Vec<Field> {
    let octets = || text().pattern("^([0-9A-Fa-f]{2})*$");
    vec![
        need("to", text(), "The recipient: an international number, 7 to 15 digits").such_as("447700900000"),
        need("from", text().chars(1, 20), "The sender: a number, a short code, or a name").such_as("Whimbrel"),
        may("text", text().chars(1, 3200), "The text, for `text` and `unicode`").such_as("Hello from Whimbrel"),
        may(
            "type",
            words(&["text", "unicode", "binary", "wappush", "vcal", "vcard"]),
            "What is sent; the last three are known and not offered",
        ),
        may("body", octets(), "For `binary`: octets in hexadecimal digits; with `udh` at most 140"),
        may("udh", octets(), "For `binary`: a user data header"),
        may("protocol-id", integer(0, 255), "For `binary`"),
        may(
            "status-report-req",
            words(&["0", "1", "true", "false"]),
            "Whether a receipt is wanted; it is unless you say no",
        ),
        may("callback", text().format("uri").chars(1, 100), "Where this text's receipts go"),
        may("client-ref", text().chars(1, 100), "Your mark, told in the answer and in receipts"),
        may("account-ref", text().chars(1, 100), "Your mark for accounting"),
        may("ttl", integer(20_000, 604_800_000), "Milliseconds that it is tried"),
        may("message-class", integer(0, 3), "0 is shown at once and not kept"),
        may("network-code", text().chars(1, 20), "The recipient's network, if you know it better"),
        may("entity-id", text(), "A registry's mark of the sender"),
        may("content-id", text(), "A registry's mark of the text"),
    ]
}

fn send(
    method: Method,
    (path, alike): (&'static str, &'static str),
    name: &'static str,
    summary: &'static str,
) -> Operation {
    let operation = Operation::new(method, path, (TAG, name), summary)
        .also_at(alike)
        .about("Refusals are HTTP 200 too: `status` is 0 where the text was accepted.")
        .proved_by(PROVED)
        .headers([
            may(
                own::IDEMPOTENCY_KEY_HEADER,
                text().chars(1, 255).pattern("^[!-~]+$"),
                "Your mark for the same request, kept for 24 hours: it is answered again and sent once. Used for another one, or for a message that was removed since, it is refused with `status` 3, `Invalid Idempotency-Key`",
            ),
            may(own::CLASS_HEADER, words(&["otp", "bulk"]), "Why the text is sent"),
        ]);
    if method == Get { operation.query(wishes()) } else { operation.form(wishes()) }
}

fn json(method: Method, name: &'static str) -> Operation {
    send(method, ("/sms/json", "/v1/sms/json"), name, "Send a text")
        .answers(200, "What became of each part, or why none was accepted", sent())
        .seen("sent", &exchange!("nexmo/a-text-sent-by-curl-is-answered-like-the-captured-one"))
        .seen("parts", &exchange!("nexmo/several-parts-have-an-object-each"))
        .seen("missing", &exchange!("nexmo/a-missing-recipient-is-named"))
        .seen("credentials", &exchange!("nexmo/a-wrong-secret-is-refused-before-the-rest-is-judged"))
        .seen("wallet", &exchange!("nexmo/no-money-is-left"))
        .seen("throttled", &exchange!("nexmo/too-many-requests-in-a-second"))
}

fn sent() -> Schema {
    let part = object([
        may("to", text(), "The recipient"),
        may("message-id", text().pattern("^[0-9A-F]{16}$"), "The part, to look it up by"),
        need("status", text().pattern("^[0-9]+$"), "0, or why not"),
        may("remaining-balance", text(), "What is left, with eight decimals"),
        may("message-price", text(), "What the part costs, with eight decimals"),
        may("network", text(), "The recipient's network"),
        may("error-text", text(), "Why not, in words"),
        may("client-ref", text(), ""),
        may("account-ref", text(), ""),
    ]);
    object([need("message-count", text().pattern("^[0-9]+$"), ""), need("messages", list(part), "One for each part")])
        .named("Sent")
}

fn xml(method: Method, name: &'static str) -> Operation {
    send(method, ("/sms/xml", "/v1/sms/xml"), name, "Send a text, to be answered in XML")
        .answers_in(200, "The same as JSON, with names as elements", "text/xml", text())
        .seen("sent", &exchange!("nexmo/a-text-sent-by-curl-is-answered-like-the-captured-one-in-xml"))
}
