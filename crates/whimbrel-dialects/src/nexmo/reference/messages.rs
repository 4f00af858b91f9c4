//! The Messages API.

use super::{newer, problem};
use crate::exchange;
use crate::openapi::Method::{Patch, Post};
use crate::openapi::{Operation, boolean, integer, may, need, object, one_of, text, whole_number, words};
use crate::own;

const TAG: &str = "Messages";
const PROVED: &[&[&str]] = &[&["token"], &["basic"]];

pub(super) fn operations() -> Vec<Operation> {
    vec![send(), mark()]
}

fn send() -> Operation {
    let address = || one_of([text(), whole_number()]);
    let options = object([
        may("encoding_type", words(&["auto", "text", "unicode"]), ""),
        may("entity_id", text(), "A registry's mark of the sender"),
        may("content_id", text(), "A registry's mark of the text"),
    ]);
    let operation = Operation::new(Post, "/v1/messages", (TAG, "sendMessage"), "Send a text")
        .about("Of the vendor's channels `sms` is offered; the others are known and refused with 1400.")
        .proved_by(PROVED)
        .headers([
            may(
                own::IDEMPOTENCY_KEY_HEADER,
                text().chars(1, 255).pattern("^[!-~]+$"),
                "Your mark for the same request, kept for 24 hours: it is answered again and sent once",
            ),
            may(own::CLASS_HEADER, words(&["otp", "bulk"]), "Why the text is sent"),
        ])
        .json([
            need("channel", words(&["sms"]), "").such_as("sms"),
            need("message_type", words(&["text"]), "").such_as("text"),
            need("to", address(), "An international number").such_as("447700900000"),
            need("from", address(), "A number or a name").such_as("Whimbrel"),
            need("text", text().chars(1, 3200), "").such_as("Hello from Whimbrel"),
            may("client_ref", text().chars(0, 100), "Your mark, told in webhooks"),
            may("ttl", integer(20, 604_800), "Seconds that it is tried"),
            may("webhook_url", text().format("uri"), "Where this text's webhooks go"),
            may("webhook_version", words(&["v0.1", "v1"]), ""),
            may("sms", options, ""),
            may("trusted_recipient", boolean(), "Taken, and without effect"),
        ]);
    newer(operation)
        .answers(
            202,
            "The text is accepted",
            object([need("message_uuid", text().format("uuid"), "")]).named("Accepted"),
        )
        .answers(402, "The wallet holds too little", problem())
        .answers(415, "The body has another content type than JSON", problem())
        .answers(406, "JSON is not accepted", problem())
        .answers(422, "A field cannot be so, or the text cannot be sent. `Idempotency-Key` is named among the fields where it was used within 24 hours for another request, or for a message that was removed since", problem())
        .seen("accepted", &exchange!("nexmo/messages/a-text-sent-with-basic-credentials"))
        .seen("options", &exchange!("nexmo/messages/every-wrong-option-is-named"))
        .seen("sender", &exchange!("nexmo/messages/a-missing-sender-is-named"))
        .seen("wallet", &exchange!("nexmo/messages/a-low-balance-is-told"))
        .seen("credentials", &exchange!("nexmo/messages/no-credential-is-refused"))
        .seen("suspended", &exchange!("nexmo/messages/a-suspended-account-is-refused"))
        .seen("throttled", &exchange!("nexmo/messages/an-account-that-is-too-fast-is-told"))
}

fn mark() -> Operation {
    let id = "01ac1f29-9062-71b1-a517-9c8e0d9743c7";
    let operation = Operation::new(
        Patch,
        "/v1/messages/{id}",
        (TAG, "markMessage"),
        "Mark a message as read, which a text cannot be",
    )
    .proved_by(PROVED)
    .path("id", text(), "The `message_uuid`", id)
    .json([need("status", words(&["read", "revoked"]), "").such_as("read")]);
    newer(operation)
        .answers(404, "There is no message with that id", problem())
        .answers(406, "JSON is not accepted", problem())
        .answers(415, "The body has another content type than JSON", problem())
        .answers(422, "A text cannot be marked", problem())
        .seen("text", &exchange!("nexmo/messages/a-text-cannot-be-marked"))
        .seen("none", &exchange!("nexmo/messages/an-unknown-message-cannot-be-marked"))
}
