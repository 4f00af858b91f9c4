//! Messages and texts that came in.

use whimbrel_dialects::openapi::Method::{Delete, Get, Post};
use whimbrel_dialects::openapi::{
    Field, Operation, Schema, any, integer, list, may, need, number, object, open, text, whole_number, words,
};

use super::{OPERATORS, OWNERS, limit, money, of_account, time, v1};

const TAG: &str = "Messages";
pub(super) const MESSAGE: &str = "A070383A14A80000";

pub(super) fn operations() -> Vec<Operation> {
    let all = vec![all(), clear(), one(), share(), end_shares(), wire(), wait(), inbound(), events(), segments()];
    let all = all.into_iter().map(|operation| operation.proved_by(OPERATORS));
    all.chain(of_an_account().map(|operation| operation.proved_by(OWNERS))).collect()
}

/// The same of one account, for its owner as well.
fn of_an_account() -> [Operation; 5] {
    let of_one = |operation: Operation, path, name, summary| {
        let mut operation = of_account(Operation { path, name, summary, ..operation });
        operation.parameters.retain(|parameter| parameter.field.name != "account");
        operation
    };
    [
        of_one(
            all(),
            v1!("accounts/{key}/messages"),
            "listAccountMessages",
            "List or search an account's messages to handsets",
        ),
        of_one(one(), v1!("accounts/{key}/messages/{id}"), "readAccountMessage", "See a message of an account"),
        of_one(
            share(),
            v1!("accounts/{key}/messages/{id}/share"),
            "shareAccountMessage",
            "Make a link that shows a message of an account",
        ),
        of_one(inbound(), v1!("accounts/{key}/inbound"), "listAccountInbound", "List or search texts to an account"),
        of_one(wait(), v1!("accounts/{key}/wait"), "waitForAccountText", "Wait for a text of an account"),
    ]
}

pub(super) fn of_message(operation: Operation) -> Operation {
    operation.path("id", text(), "Any public id of the message, or of one of its parts", MESSAGE)
}

fn searched() -> [Field; 6] {
    [
        may("q", text(), "A search, such as `has:otp -status:delivered`").such_as("after:-1h"),
        may("to", text(), "An international number"),
        may("account", text(), "Of one account, by its key"),
        may("before", text(), "An id, or `next` of the page before"),
        may("after", text(), "An id, `next` or `newest`: what is newer, oldest first"),
        limit(),
    ]
}

fn summary() -> Vec<Field> {
    let binary = object([need("udh", text(), ""), need("body", text(), ""), need("protocol_id", whole_number(), "")]);
    vec![
        need("id", text(), "The public id, in the words of its dialect"),
        need("account", text(), ""),
        need("dialect", text(), ""),
        need("to", text(), ""),
        need("from", text(), ""),
        need("text", text().or_null(), "One-time codes are masked where they may not be seen"),
        need("binary", binary.or_null(), "Octets, in hexadecimal digits"),
        need("accepted_at", time(), ""),
        need("parts", whole_number(), ""),
        need("status", text(), ""),
    ]
}

fn page(name: &'static str, item: Schema) -> Schema {
    object([
        need(name, list(item), "Newest first; with `after` oldest first"),
        need("next", text().or_null(), "`before`, or `after`, of the next page; null on the last one"),
        need("newest", text(), "`after` for what comes later; some may come twice"),
        need("searched_back_to", time().or_null(), "How far a search came that had to stop"),
    ])
}

fn all() -> Operation {
    Operation::new(Get, v1!("messages"), (TAG, "listMessages"), "List or search messages to handsets")
        .query(searched())
        .answers(200, "A page of them", page("messages", object(summary()).named("Message")))
}

fn clear() -> Operation {
    let done = object([
        need("removed", whole_number(), ""),
        need(
            "kept",
            whole_number(),
            "Found, and under way, to be told of yet, or tried in the last seven days without an answer that gave an id",
        ),
        need("next", text().or_null(), "`before` of the next call; null if everything was looked at"),
    ]);
    let parameters = searched().into_iter().filter(|parameter| parameter.name != "after");
    Operation::new(
        Delete,
        v1!("messages"),
        (TAG, "clearMessages"),
        "Forget messages that have ended; money and figures stay",
    )
    .query(parameters)
    .answers(200, "How many", done)
}

fn one() -> Operation {
    let part = object([
        need("id", text(), ""),
        need("number", whole_number(), ""),
        need("state", text(), ""),
        need("cause", text().or_null(), ""),
        need("funds", text(), ""),
        need("attempts", whole_number(), ""),
        need("carrier_message_id", text().or_null(), ""),
    ]);
    let step = object([
        need("at", time(), ""),
        need("part", whole_number(), ""),
        need("what", text(), ""),
        need("detail", text(), ""),
    ]);
    let more = [
        need("segments", explanation().or_null(), "How its text falls into parts"),
        need("class", words(&["otp", "bulk"]), ""),
        need("handset_class", whole_number().or_null(), ""),
        need("encoding", text(), ""),
        need("price", money(), ""),
        need("currency", text(), ""),
        need("network", text(), ""),
        need("carrier", text().or_null(), "For operators"),
        need("route", text().or_null(), ""),
        need("epoch", whole_number().or_null(), "The number of the routing data it was planned with"),
        need("client_ref", text().or_null(), ""),
        need("expires_at", time(), ""),
        need("part_list", list(part), ""),
        need("timeline", list(step), "What happened, oldest first"),
    ];
    let whole = object(summary().into_iter().chain(more)).named("WholeMessage");
    of_message(Operation::new(
        Get,
        v1!("messages/{id}"),
        (TAG, "readMessage"),
        "See a message: parts, price, route, timeline",
    ))
    .answers(200, "The message", whole)
}

fn share() -> Operation {
    let link = object([
        need("path", text(), "Of a page that whoever has it can look at"),
        need("expires_at", time(), "When it ends; all end with the process, or are ended"),
    ]);
    let age = text().pattern("^[0-9]+(ms|s|m|h|d)$");
    of_message(Operation::new(
        Post,
        v1!("messages/{id}/share"),
        (TAG, "shareMessage"),
        "Make a link that shows a message to whoever has it",
    ))
    .about("The page says what became of the message and when, with the number masked: no text, no code, no secret, nothing else.")
    .json([may("for", age, "How long the link holds: 1m to 7d, 1d if nothing is said").such_as("2h")])
    .answers(201, "The link", link)
}

fn end_shares() -> Operation {
    Operation::new(Delete, v1!("shares"), (TAG, "endShares"), "End all links that show a message").answers(
        200,
        "None of them shows anything any more",
        object([need("ended", words(&["all"]), "")]),
    )
}

fn wire() -> Operation {
    let seen = open([need("type", words(&["request", "pdu", "webhook"]), ""), need("at", time(), "")]);
    let taped = object([
        need("message", text(), ""),
        need("tape", words(&["on", "off"]), ""),
        need("wire", list(seen), "Oldest first; a webhook is as in `webhooks/attempts`"),
    ]);
    of_message(Operation::new(
        Get,
        v1!("messages/{id}/wire"),
        (TAG, "readWire"),
        "See what went over the wires for a message",
    ))
    .about("As far as the tape has it, with secrets masked.")
    .answers(200, "Requests, PDUs, webhooks", taped)
}

fn wait() -> Operation {
    let candidate =
        object([need("code", text(), ""), need("score", whole_number(), ""), need("reasons", list(text()), "")]);
    let found = object([
        may("message", object(summary()), "A message to a handset"),
        may("inbound", came_in(), "Or a text that came in"),
        need("since", text(), "To wait on from here"),
        may("extract", text(), ""),
        may("value", any(), "What was extracted"),
        may("candidates", list(candidate), "Codes that it might be"),
    ]);
    Operation::new(Get, v1!("wait"), (TAG, "waitForText"), "Wait for a text, and take a code or link out of it")
        .query([
            may("to", text(), "The number of a handset").such_as("447700900000"),
            may("q", text(), "A search"),
            may("extract", text(), "otp, link or text").such_as("otp"),
            may("timeout", text().pattern("^[0-9]+(ms|s|m)$"), "How long; at most 5m").such_as("100ms"),
            may("since", text(), "From when texts count: `since` of an answer, or a time ago such as -1m")
                .such_as("-1m"),
            may("account", text(), "Of one account"),
        ])
        .answers(200, "The text", found)
        .answers_in(408, "None came", "application/problem+json", super::problem())
        .answers_in(503, "More wait than there may be", "application/problem+json", super::problem())
}

fn came_in() -> Schema {
    object([
        need("id", text(), ""),
        need("account", text().or_null(), "Whose number it came to"),
        need("carrier", text().or_null(), ""),
        need("from", text(), ""),
        need("to", text(), ""),
        need("text", text().or_null(), ""),
        need("data", any(), "Octets, where it is no text"),
        need("parts", whole_number(), ""),
        need("parts_there", whole_number(), ""),
        need("at", time(), ""),
    ])
    .named("Inbound")
}

fn inbound() -> Operation {
    Operation::new(
        Get,
        v1!("inbound"),
        (TAG, "listInbound"),
        "List or search texts that came in, the parts of a long one joined",
    )
    .query(searched())
    .answers(200, "A page of them", page("inbound", came_in()))
}

fn events() -> Operation {
    Operation::new(Get, v1!("events"), (TAG, "streamEvents"), "Hear what happens, as it happens")
        .about("Server-sent events; `Last-Event-ID` goes on where a client stopped. No texts are in them.")
        .query([may("account", text(), "Of one account"), may("message", text(), "Of one message")])
        .answers_in(200, "Events without end", "text/event-stream", text())
}

fn explanation() -> Schema {
    let occurrence = object([
        need("character", text(), ""),
        need("code_point", text(), ""),
        need("count", whole_number(), ""),
        need("index", whole_number(), "Where it stands first, in characters"),
    ]);
    let shorter =
        object([need("encoding", text(), ""), need("parts", whole_number(), ""), need("units", whole_number(), "")]);
    object([
        need("encoding", words(&["gsm7", "ucs2"]), ""),
        need("units", whole_number(), ""),
        need("units_per_part", whole_number(), ""),
        need("units_left", whole_number(), ""),
        need("parts", whole_number(), ""),
        need("part_bytes", list(list(whole_number())), "Beginning and end of each part, in octets of UTF-8"),
        need("outside_gsm7", list(occurrence.clone()), "What forces UCS-2"),
        need("two_septets", list(occurrence), "What counts twice"),
        need("transliterated", shorter, "What it would be with plain letters"),
    ])
    .named("Segments")
}

fn segments() -> Operation {
    let alphabets = words(&["gsm7", "ucs2", "gsm7-transliterated", "detect", "detect-transliterated"]);
    Operation::new(Post, v1!("segments"), (TAG, "explainText"), "See how a text falls into parts")
        .json([
            need("text", text().chars(0, 40_000), "").such_as("Your code is 482917"),
            may("alphabet", alphabets, ""),
            may("reference", words(&["8", "16"]), "Bits of the number that parts share"),
        ])
        .answers(200, "Its parts", explanation())
}

/// Milliseconds of a step; null where there was none.
pub(super) fn span() -> Schema {
    number().or_null()
}

/// The number of something.
pub(super) fn number_of_it() -> Schema {
    integer(0, i64::MAX)
}
