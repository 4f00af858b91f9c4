//! What of this dialect can be called, in words.

use crate::exchange;
use crate::openapi::Method::{Get, Post};
use crate::openapi::{
    Document, Operation, Proof, Schema, Shown, Webhook, boolean, integer, may, need, number, object, text, words,
};
use crate::own;

use super::DESCRIPTOR;

const ABOUT: &str = "One-time codes to mobile numbers of Viet Nam: you make the code, the gateway sends it as a text. \
    Every answer is a JSON object with `ok`; of refusals `error` is a word for programs and `message` a sentence for people. \
    Amounts are numbers in whole dollars.";

const PROOFS: &[Proof] = &[Proof {
    name: "secretKey",
    about: "A secret key, `sk_live_` or `sk_test_` and 48 hexadecimal digits.",
    shown: Shown::Bearer,
}];
const PROVED: &[&[&str]] = &[&["secretKey"]];

/// The document.
pub(super) fn document() -> Document {
    Document {
        title: format!("{} as Whimbrel speaks it", DESCRIPTOR.title),
        about: ABOUT,
        proofs: PROOFS,
        operations: vec![send(), delivery(), balance()],
        webhooks: vec![told(), came_in()],
    }
}

fn told() -> Webhook {
    let event = object([
        need("type", words(&["otp.delivered", "otp.failed"]), ""),
        need("id", text().format("uuid"), "The delivery, as sending it answered"),
        need("phone", text(), ""),
        need("carrier", carrier(), ""),
        need("status", words(&["delivered", "failed"]), ""),
        need("cost", number(), "What was taken for it; 0 if it did not arrive"),
        need("error_code", text().or_null(), "Why it did not arrive"),
        need("created_at", text().format("date-time"), ""),
        need("completed_at", text().format("date-time"), ""),
    ]);
    Webhook::new("delivery", ("Webhooks", "What became of a code"), event.named("Event"))
        .about("To the account's URL. `X-NEXO-Signature` is `sha256=` and the HMAC-SHA256 of the body under the SHA-256 of the webhook secret.")
        .headers([
            need("X-NEXO-Signature", text().pattern("^sha256=[0-9a-f]{64}$"), ""),
            need("X-NEXO-Event-Type", text(), "The `type` of the body"),
            need("X-NEXO-Delivery-Id", text().format("uuid"), "The same at each try"),
        ])
        .seen("delivered", &exchange!("nexo/a-delivered-code-is-told"))
        .seen("failed", &exchange!("nexo/a-failed-code-is-told"))
        .seen("expired", &exchange!("nexo/an-expired-code-is-told"))
}

fn came_in() -> Webhook {
    let event = object([
        need("type", words(&["text.received"]), ""),
        need("id", text().format("uuid"), "The text"),
        need("created_at", text().format("date-time"), "When it came"),
    ]);
    Webhook::new("inbound", ("Webhooks", "A text came in"), event.named("TextReceived"))
        .about("To the account's URL for texts, where the operator gave the account a number. It says that a text came: neither from whom nor what it says. Signed as the other one is.")
        .headers([
            need("X-NEXO-Signature", text().pattern("^sha256=[0-9a-f]{64}$"), ""),
            need("X-NEXO-Event-Type", text(), "The `type` of the body"),
            need("X-NEXO-Delivery-Id", text().format("uuid"), "The same at each try"),
        ])
        .seen("received", &exchange!("nexo/a-text-that-came-in-is-told-without-its-words"))
}

fn send() -> Operation {
    let sent = object([
        need("ok", boolean(), ""),
        need("id", text().format("uuid"), "The delivery, to look it up by"),
        need("carrier", carrier(), "The recipient's network, as far as its number tells"),
        need("status", words(&["sent"]), ""),
        need("cost", number(), "What the code costs; given back if it does not arrive"),
        need("balance", number(), "What is left"),
    ]);
    Operation::new(Post, "/api/v1/send-otp", ("Codes", "sendOtp"), "Send a one-time code")
        .about("The body is read as JSON whatever its `Content-Type` says, up to 16 KiB. The same `Idempotency-Key` with the same `phone` and `code` by the same secret key is answered again, with 202, and sent once; it is kept for 24 hours.")
        .proved_by(PROVED)
        .headers([
            may(own::IDEMPOTENCY_KEY_HEADER, text().chars(1, 255).pattern("^[!-~]+$"), "Your mark for the same request"),
            may(own::CLASS_HEADER, words(&["otp", "bulk"]), "Why the text is sent; a code unless it says otherwise"),
        ])
        .json([
            need("phone", text(), "A mobile number: `+84981234567`, also `84...`, `0...`, with blanks, dots and hyphens").such_as("+84980000000"),
            need("code", text().pattern("^[0-9]{4,8}$"), "The code: 4 to 8 digits, as a string").such_as("482917"),
        ])
        .answers(202, "The code is on its way", sent.named("Sent"))
        .answers(400, "A field cannot be so: `field` names it", refusal())
        .answers(402, "The wallet holds too little, or the day's spending cap is reached", refusal())
        .answers(409, "`idempotency_conflict`: the `Idempotency-Key` was used within 24 hours for another `phone` or `code`, by another secret key of the account, or for a code whose message was removed since. Nothing was sent", refusal())
        .answers(413, "The body is longer than 16 KiB", refusal())
        .answers(422, "Nothing can be sent to the number, or not from this account", refusal())
        .refused()
        .seen("sent", &exchange!("nexo/a-code-is-sent"))
        .seen("code", &exchange!("nexo/a-code-of-three-digits-is-refused"))
        .seen("phone", &exchange!("nexo/a-landline-is-refused"))
        .seen("wallet", &exchange!("nexo/no-money-is-left-and-where-to-pay-in"))
        .seen("conflict", &exchange!("nexo/an-idempotency-key-of-another-request-is-refused"))
        .seen("recipient", &exchange!("nexo/a-recipient-that-is-not-permitted-is-refused"))
        .seen("key", &exchange!("nexo/a-request-without-a-key-is-refused"))
        .seen("suspended", &exchange!("nexo/a-suspended-account-is-refused"))
        .seen("wait", &exchange!("nexo/a-number-that-was-just-sent-a-code-has-to-wait"))
        .seen("overload", &exchange!("nexo/overload-is-told-as-such"))
}

fn delivery() -> Operation {
    let delivery = object([
        need("ok", boolean(), ""),
        need("id", text().format("uuid"), ""),
        need("phone", text().pattern("^\\+[0-9]+$"), ""),
        need("carrier", carrier(), ""),
        need("status", words(&["sent", "delivered", "failed"]), ""),
        need("cost", number(), "0 for a code that did not arrive"),
        need("error_code", text().or_null(), "Why it did not arrive"),
        need(
            "carrier_status",
            words(&["success", "acceptd", "enroute", "expired", "undeliv", "rejectd", "unknown"]).or_null(),
            "What the carrier said of its end",
        ),
        need("created_at", text().format("date-time"), ""),
        need("completed_at", text().format("date-time").or_null(), "Null while it is on its way"),
    ]);
    let id = "01ac1f29-9062-71b1-a517-9c8e0d9743c7";
    Operation::new(Get, "/api/v1/deliveries/{id}", ("Codes", "readDelivery"), "Look up what became of a code")
        .proved_by(PROVED)
        .path("id", text(), "The `id` of the answer to sending", id)
        .answers(200, "The delivery", delivery.named("Delivery"))
        .answers(404, "There is none with that id, or it is another account's", refusal())
        .refused()
        .seen("done", &exchange!("nexo/a-delivery-that-is-done"))
        .seen("underway", &exchange!("nexo/a-delivery-on-its-way"))
        .seen("failed", &exchange!("nexo/a-delivery-that-failed-costs-nothing"))
        .seen("none", &exchange!("nexo/a-delivery-that-there-is-not"))
}

fn balance() -> Operation {
    let bucket = |name, about| need(name, number(), about);
    let wallet = object([
        need("ok", boolean(), ""),
        need("balance", number(), "What can be spent"),
        need(
            "buckets",
            object([
                bucket("balance", "Paid in"),
                bucket("bonus_credit", "Given with a payment"),
                bucket("free_credit", "Given when the account was made"),
            ]),
            "Where it comes from",
        ),
    ]);
    Operation::new(Get, "/api/v1/balance", ("Wallet", "readBalance"), "See what is left")
        .proved_by(PROVED)
        .answers(200, "The wallet", wallet.named("Wallet"))
        .refused()
        .seen("wallet", &exchange!("nexo/the-balance-is-shown-by-bucket"))
        .seen("key", &exchange!("nexo/an-unknown-key-is-refused"))
        .seen("guesses", &exchange!("nexo/who-guesses-keys-has-to-wait"))
}

fn carrier() -> Schema {
    words(&["mobifone", "vinaphone", "viettel", "vietnamobile", "gmobile", "itel", "wintel", "unknown"])
}

fn refusal() -> Schema {
    object([
        need("ok", boolean(), "False"),
        need("error", text(), "A word for programs"),
        need("message", text(), "A sentence for people"),
        may("field", text(), "Which field or header it is about"),
        may("balance", number(), "What is left"),
        may("required", number(), "What it would have cost"),
        may("retry_after", integer(1, i64::MAX), "Seconds to wait, as in the header `Retry-After`"),
        may("deposit_url", text().format("uri"), "Where to pay in"),
    ])
    .named("Refusal")
}

/// What every call may be refused for.
trait Refused {
    fn refused(self) -> Self;
}

impl Refused for Operation {
    fn refused(self) -> Self {
        self.answers(401, "The key is missing, unknown or revoked", refusal())
            .answers(403, "The key or the account may not do this", refusal())
            .answers(429, "Too many requests: wait as long as `Retry-After` says", refusal())
            .answers(500, "A fault of the gateway; nothing was sent or charged", refusal())
            .answers(503, "The gateway has too much to do: send the same request again", refusal())
    }
}
