//! Texts: sending, calling back, what became of them.

use super::{code, or_refusal, refusal};
use crate::exchange;
use crate::openapi::Method::{Delete, Get, Post};
use crate::openapi::{
    Field, Method, Operation, Schema, boolean, integer, list, may, need, null, number, object, one_of, text,
    whole_number, words,
};
use crate::own;
use crate::seven::answer::TEXT;

const TAG: &str = "Texts";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        send(Post, "sendText"),
        send(Get, "sendTextByGet"),
        cancel(),
        status(Get, "readStatus"),
        status(Post, "readStatusByPost"),
        journal(),
        one_journal(),
    ]
}

fn wishes() -> Vec<Field> {
    let switch = || words(&["0", "1", "true", "false"]);
    vec![
        need("to", text(), "Numbers, names of contacts or of groups, with commas; national numbers are German")
            .such_as("4915228817300"),
        need("text", text().chars(1, 1520), "The text; with `udh`, octets in hexadecimal digits")
            .such_as("Hello from Whimbrel"),
        may("from", text().chars(1, 16), "The sender: up to 11 characters, or up to 16 digits; `SMS` if there is none")
            .such_as("Whimbrel"),
        may("delay", text(), "When to send: a Unix time, or `2026-12-24 18:00` in German time"),
        may("ttl", integer(1, i64::MAX), "Minutes that it is tried; 2880 if nothing is said, 10080 at most"),
        may("flash", switch(), "Shown at once and not kept"),
        may("unicode", switch(), "Sent as UCS-2, whatever its characters"),
        may("udh", text().pattern("^([0-9A-Fa-f]{2})+$"), "A user data header"),
        may("label", text().chars(1, 100).pattern("^[A-Za-z0-9.@_-]+$"), "Your mark for statistics"),
        may("foreign_id", text().chars(1, 64).pattern("^[A-Za-z0-9.@_-]+$"), "Your mark, told in receipts"),
        may("no_reload", switch(), "The same text again to the same number is meant"),
        may("debug", switch(), "Tried out: nothing is sent or charged"),
        may("json", switch(), "Answers JSON as if it were accepted"),
        may("return_msg_id", switch(), "In text: the ids, a line each"),
        may("details", switch(), "In text: what was done, in lines"),
    ]
}

/// When an idempotency key is refused.
const CONFLICT: &str = "700, with `X-Whimbrel-Error: idempotency_conflict`: the `Idempotency-Key` was used within 24 hours with other parameters, or all messages of that request were removed since. Nothing was sent";

fn send(method: Method, name: &'static str) -> Operation {
    let operation = Operation::new(method, "/api/sms", (TAG, name), "Send a text")
        .about("A number that cannot be sent to is refused in its own entry; if none can, the code of the whole says so. Where the account has a reload lock, the same text to the same number within its time is refused with 402 unless `no_reload` is set. The same `Idempotency-Key` with the same parameters is answered again for 24 hours, with `Idempotent-Replayed: true`, and sent once; a recipient whose message was removed since has 700.")
        .headers([
            may("Accept", text(), "`application/json`, or text is answered").such_as("application/json"),
            may(own::IDEMPOTENCY_KEY_HEADER, text().chars(1, 255).pattern("^[!-~]+$"), "Your mark for the same request"),
            may(own::CLASS_HEADER, words(&["otp", "bulk"]), "Why the text is sent"),
        ]);
    let operation = if method == Get { operation.query(wishes()) } else { operation.form(wishes()) };
    operation
        .answers(200, "What was done, an entry for each recipient; or a code: 201 sender, 202 recipient, 301 no recipient, 305 no text, 401 too long, 402 repeated, 500 no credit, 700 anything else", or_refusal(sent()))
        .answers_in(200, "100, or another code; then the ids or details that were asked for", TEXT, text())
        .answers(409, CONFLICT, refusal())
        .answers_in(409, CONFLICT, TEXT, code())
        .seen("sent", &exchange!("seven/a-text-as-a-form"))
        .seen("several", &exchange!("seven/several-recipients-get-their-own-answers"))
        .seen("text", &exchange!("seven/a-plain-answer-with-id-and-details"))
        .seen("code", &exchange!("seven/without-a-recipient-is-refused"))
}

fn sent() -> Schema {
    let message = object([
        need("id", text().or_null(), "Null where nothing was sent"),
        need("sender", text(), ""),
        need("recipient", text(), ""),
        need("text", text(), ""),
        need("encoding", words(&["gsm", "ucs2", "binary"]), ""),
        need("label", text().or_null(), ""),
        need("parts", whole_number(), ""),
        need("udh", text().or_null(), ""),
        need("is_binary", boolean(), ""),
        need("price", number(), ""),
        need("success", boolean(), ""),
        need("error", whole_number().or_null(), "A code"),
        need("error_text", text().or_null(), ""),
        may("messages", list(text()), "The parts of a text that is tried out"),
    ]);
    object([
        need("success", text(), "100, or a code"),
        need("total_price", one_of([number(), null()]), ""),
        need("balance", number(), "What is left"),
        need("debug", words(&["true", "false"]), ""),
        need("sms_type", text(), ""),
        need("messages", list(message), ""),
    ])
    .named("Sent")
}

fn cancel() -> Operation {
    Operation::new(Delete, "/api/sms", (TAG, "cancelTexts"), "Call back texts that are not sent yet")
        .form([need("ids", one_of([text(), list(text())]), "Ids of messages, with commas in a form")
            .such_as("77000000009")])
        .answers(
            200,
            "Those that were called back",
            or_refusal(object([
                need("success", boolean(), "Whether any was"),
                need("deleted", list(text()), "Their ids"),
            ])),
        )
        .seen("deleted", &exchange!("seven/messages-are-called-back-by-json"))
        .seen("none", &exchange!("seven/nothing-is-called-back"))
}

const STATES: &[&str] =
    &["TRANSMITTED", "ACCEPTED", "BUFFERED", "DELIVERED", "EXPIRED", "FAILED", "NOTDELIVERED", "REJECTED", "UNKNOWN"];

fn status(method: Method, name: &'static str) -> Operation {
    let status = object([
        need("id", text(), ""),
        need("status", words(STATES).or_null(), "Null for an id that names no message, and before any report"),
        need("status_time", text().or_null(), "German time, with microseconds"),
    ]);
    let fields = [need("msg_id", text(), "Ids of messages, with commas").such_as("77149843739")];
    let operation = Operation::new(method, "/api/status", (TAG, name), "See how far texts are").headers([may(
        "Accept",
        text(),
        "",
    )
    .such_as("application/json")]);
    let operation = if method == Get { operation.query(fields) } else { operation.form(fields) };
    operation
        .answers(200, "An entry for each id", or_refusal(list(status)))
        .answers_in(200, "Two lines for each id, or 901", TEXT, text())
        .seen("statuses", &exchange!("seven/statuses-in-json"))
        .seen("code", &exchange!("seven/a-status-without-an-id"))
}

fn lines_asked() -> Vec<Field> {
    vec![
        may("id", text(), "One message"),
        may("date_from", text().format("date"), "The first day, by the clocks of the account's zone"),
        may("date_to", text().format("date"), "The last day"),
        may(
            "state",
            words(&[
                "TRANSMITTED",
                "ACCEPTED",
                "BUFFERED",
                "DELIVERED",
                "EXPIRED",
                "FAILED",
                "NOTDELIVERED",
                "REJECTED",
                "UNKNOWN",
            ]),
            "Of what was sent, how far it is",
        ),
        may("to", text(), "The recipient"),
        may("limit", integer(1, 100), "Lines, 100 at most").such_as(10),
        may("offset", integer(0, 100_000), "Lines to skip"),
    ]
}

fn line_schemas() -> [Schema; 2] {
    let sent = object([
        need("id", text(), ""),
        need("to", text(), ""),
        need("from", text(), ""),
        need("text", text(), ""),
        need("timestamp", text(), "German time, with milliseconds"),
        need("price", text().pattern("^[0-9]+\\.[0-9]{4,}$"), ""),
        need("channel", words(&["sms"]), ""),
        need("connection", words(&["http"]), ""),
        need("dlr", words(STATES).or_null(), ""),
        need("dlr_timestamp", text().or_null(), ""),
        need("foreign_id", text().or_null(), ""),
        need("label", text().or_null(), ""),
        need("latency", text().or_null(), "Seconds from acceptance to the report"),
        need("mccmnc", text().or_null(), "The recipient's network"),
        need("type", words(&["direct"]), ""),
    ])
    .named("SentLine");
    let came_in = object([
        need("id", text(), ""),
        need("to", text(), ""),
        need("from", text(), ""),
        need("text", text(), ""),
        need("timestamp", text(), ""),
        need("price", text(), ""),
        need("reply_to_message_id", text().or_null(), ""),
    ])
    .named("LineThatCameIn");
    [sent, came_in]
}

fn journal() -> Operation {
    let which = words(&["outbound", "inbound", "replies", "voice"]);
    Operation::new(Get, "/api/journal", (TAG, "readJournal"), "List what was sent or came in, newest first")
        .headers([may("Accept", text(), "").such_as("application/json")])
        .query([need("type", which, "Which journal; those of replies and calls are empty").such_as("inbound")])
        .query(lines_asked())
        .answers(200, "Lines", or_refusal(list(one_of(line_schemas()))))
        .answers(404, "There is no journal of that name", object([]))
        .seen("inbound", &exchange!("seven/the-journal-of-what-came-in"))
}

fn one_journal() -> Operation {
    Operation::new(Get, "/api/journal/{type}", (TAG, "readOneJournal"), "List what was sent or came in, by path")
        .headers([may("Accept", text(), "").such_as("application/json")])
        .path("type", words(&["outbound", "inbound", "replies", "voice", "voice_call"]), "Which journal", "outbound")
        .query(lines_asked())
        .answers(200, "Lines", or_refusal(list(one_of(line_schemas()))))
        .answers(404, "There is no journal of that name", object([]))
        .seen("outbound", &exchange!("seven/the-journal-of-what-was-sent"))
        .seen("state", &exchange!("seven/the-journal-of-what-did-not-arrive"))
}
