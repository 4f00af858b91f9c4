//! Webhooks: where they go, what was tried, and those in the hand.

use whimbrel_dialects::openapi::Method::{Get, Post};
use whimbrel_dialects::openapi::{
    Field, Operation, Schema, boolean, integer, list, may, need, number, object, text, whole_number, words,
};

use super::messages::{number_of_it, of_message, span};
use super::{OPERATORS, OWNERS, conflicting, of_account, time, v1};

const TAG: &str = "Webhooks";

pub(super) fn operations() -> Vec<Operation> {
    let operators = [endpoints(), attempts(), resend(), of_one_message(), listen(), samples(), trigger()];
    let owners = [account_endpoints(), account_attempts(), secret(), test()];
    operators
        .into_iter()
        .map(|operation| operation.proved_by(OPERATORS))
        .chain(owners.into_iter().map(|operation| operation.proved_by(OWNERS)))
        .collect()
}

fn endpoint_page() -> Schema {
    let last = object([
        need("at", time(), ""),
        need("error", text().or_null(), ""),
        need("id", number_of_it(), ""),
        need("result", text(), ""),
        need("status", whole_number().or_null(), ""),
    ]);
    let endpoint = object([
        need("account", text(), "`dialect:key`"),
        need("api_key", text(), ""),
        need("dialect", text(), ""),
        need("kind", words(&["receipt", "inbound", "hook"]), ""),
        need("url", text(), ""),
        need("attempts", whole_number(), "On the tape"),
        need("delivered", whole_number(), "Of these"),
        need("success_rate", number().or_null(), ""),
        need("last_attempt", last.or_null(), ""),
        need("pending", whole_number(), "Notices that are to be delivered, of up to 5000"),
        need("next_try_at", time().or_null(), ""),
    ]);
    object([
        need("tape", words(&["on", "off"]), ""),
        need("endpoints", list(endpoint), ""),
        need("pending_is_cut", boolean(), "There are more notices than were looked at"),
    ])
    .named("Endpoints")
}

fn endpoints() -> Operation {
    Operation::new(Get, v1!("webhooks"), (TAG, "listEndpoints"), "List where webhooks go and how they fare")
        .query([may("account", text(), "Of one account").such_as("devkey01")])
        .answers(200, "The endpoints", endpoint_page())
}

fn account_endpoints() -> Operation {
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/webhooks"),
        (TAG, "listEndpointsOfAccount"),
        "List where an account's webhooks go",
    ))
    .answers(200, "The endpoints", endpoint_page())
}

fn tried() -> Vec<Field> {
    let headers = || list(list(text()));
    let request = object([
        need("method", text().or_null(), ""),
        need("url", text().or_null(), ""),
        need("headers", headers(), ""),
        need("body", text(), "As far as it is kept"),
        need("body_bytes", whole_number(), ""),
    ]);
    let answer = object([
        need("status", whole_number(), ""),
        need("headers", headers(), ""),
        need("body", text(), "Its beginning"),
    ]);
    let timing = object([
        need("dns_ms", span(), ""),
        need("connect_ms", span(), ""),
        need("tls_ms", span(), ""),
        need("first_byte_ms", span(), ""),
        need("total_ms", number(), ""),
    ]);
    vec![
        need("id", number_of_it(), "Its number on the tape"),
        need("url", text(), ""),
        need("request", request.named("SentRequest"), ""),
        need("answer", answer.or_null(), ""),
        need("error", text().or_null(), "Why there is no answer"),
        need("result", words(&["delivered", "retry", "failed"]), ""),
        need("timing", timing, ""),
    ]
}

fn tried_by_hand() -> Schema {
    object(tried()).named("TriedByHand")
}

fn attempt_page() -> Schema {
    let more = [
        need("type", words(&["webhook"]), ""),
        need("at", time(), ""),
        need("account", text().or_null(), ""),
        need("dialect", text(), ""),
        need("kind", text(), ""),
        need("message", text().or_null(), ""),
        need("inbound", text().or_null(), ""),
        need("why", words(&["due", "resent", "edited", "triggered"]), ""),
        need("attempt", whole_number(), ""),
        need("next_try_at", time().or_null(), ""),
    ];
    let attempt = object(tried().into_iter().chain(more)).named("WebhookAttempt");
    object([need("tape", words(&["on", "off"]), ""), need("attempts", list(attempt), "Newest first")])
}

fn filters() -> [Field; 3] {
    [
        may("failed", words(&["true", "false"]), "Those that failed"),
        may("since", text(), "How long ago, such as 10m").such_as("10m"),
        may("limit", integer(1, 500), "How many").such_as(10),
    ]
}

fn attempts() -> Operation {
    Operation::new(Get, v1!("webhooks/attempts"), (TAG, "listAttempts"), "List attempts that are on the tape")
        .query([may("account", text(), "Of one account")])
        .query(filters())
        .answers(200, "The attempts", attempt_page())
}

fn account_attempts() -> Operation {
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/webhooks/attempts"),
        (TAG, "listAttemptsOfAccount"),
        "List an account's attempts",
    ))
    .query(filters())
    .answers(200, "The attempts", attempt_page())
}

fn changes() -> [Field; 4] {
    let pairs = || list(text().pattern("^[^=]+=")).items_max(100);
    [
        may("set", pairs(), "`name=value`: parameters that are given another value"),
        may("add", pairs(), "`name=value`: parameters that are added"),
        may("remove", list(text()).items_max(100), "Names of parameters that are left out"),
        may("body", text(), "Another body"),
    ]
}

fn resend() -> Operation {
    Operation::new(
        Post,
        v1!("webhooks/attempts/{id}/resend"),
        (TAG, "resendAttempt"),
        "Send a webhook again, signed anew",
    )
    .path("id", text(), "Its number on the tape", "1")
    .json(changes())
    .answers(200, "What came of it", tried_by_hand())
}

fn of_one_message() -> Operation {
    let all = object([need("attempts", list(tried_by_hand()), "")]);
    let path = v1!("messages/{id}/webhooks/resend");
    let operation =
        of_message(Operation::new(Post, path, (TAG, "resendOfMessage"), "Send again what was told of a message's end"));
    conflicting(operation, "Nothing of it has ended").answers(200, "What came of it", all)
}

fn listen() -> Operation {
    Operation::new(
        Get,
        v1!("webhooks/listen"),
        (TAG, "listenToWebhooks"),
        "Hear webhooks as they are sent, signed for a URL of your own",
    )
    .query([
        need("url", text().format("uri"), "Where your receiver is").such_as("http://127.0.0.1:3000/"),
        may("account", text(), "Of one account"),
    ])
    .answers_in(200, "Server-sent events without end", "text/event-stream", text())
}

fn test() -> Operation {
    let told = object([
        need("url", text(), ""),
        need("status", whole_number().or_null(), ""),
        need("elapsed_ms", whole_number(), ""),
        need("answer", text().or_null(), "Its first KiB"),
        need("error", text().or_null(), ""),
    ]);
    of_account(Operation::new(
        Post,
        v1!("accounts/{key}/webhooks/test"),
        (TAG, "testEndpoint"),
        "Try whether an endpoint takes what is sent",
    ))
    .json([
        may("kind", words(&["receipt", "inbound"]), "Which endpoint").such_as("receipt"),
        may("send", words(&["ping", "sample"]), "What is sent").such_as("ping"),
    ])
    .answers(200, "What it answered", told)
}

fn samples() -> Operation {
    let names = object([need("account", text(), ""), need("dialect", text(), ""), need("events", list(text()), "")]);
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/webhooks/trigger"),
        (TAG, "listSamples"),
        "List events that can be made up",
    ))
    .answers(200, "Their names", names)
}

fn trigger() -> Operation {
    of_account(Operation::new(
        Post,
        v1!("accounts/{key}/webhooks/trigger"),
        (TAG, "triggerSample"),
        "Send a webhook of an event that is made up",
    ))
    .json([
        need("event", text(), "Its name").such_as("inbound"),
        may("to", text().format("uri"), "Another URL than the account's"),
    ])
    .answers(
        200,
        "What came of it, for each hook that wants it",
        object([need("attempts", list(tried_by_hand()), "")]),
    )
}

fn secret() -> Operation {
    let secret = object([need("api_key", text(), ""), need("webhook_secret", text(), "")]);
    of_account(Operation::new(
        Post,
        v1!("accounts/{key}/webhooks/secret"),
        (TAG, "readWebhookSecret"),
        "See the secret of the Standard Webhooks headers",
    ))
    .answers(200, "The secret", secret)
}
