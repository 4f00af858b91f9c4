//! The gateway itself.

use whimbrel_dialects::openapi::Method::{Delete, Get, Post, Put};
use whimbrel_dialects::openapi::{
    Operation, Schema, boolean, integer, list, may, need, object, open, text, whole_number, words,
};

use super::{OPERATORS, PROBLEM, conflicting, problem, time, v1};

const TAG: &str = "Gateway";
const TESTS: &str = "For tests";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![live(), ready()];
    let known = vec![
        metrics(),
        version(),
        stats(),
        documents(),
        one_document(),
        config(),
        reload(),
        last_look(),
        look(),
        keys(),
        rotate(),
    ];
    let tests = vec![clock(), advance(), reset(), chaos(), break_it(), end_chaos(), leases(), lease(), release()];
    all.extend(known.into_iter().chain(tests).map(|operation| operation.proved_by(OPERATORS)));
    all
}

fn live() -> Operation {
    Operation::new(Get, "/livez", (TAG, "isAlive"), "See whether the process answers").answers_in(
        200,
        "It does",
        "text/plain; charset=utf-8",
        text(),
    )
}

fn ready() -> Operation {
    Operation::new(Get, "/readyz", (TAG, "isReady"), "See whether what is accepted will be kept")
        .answers(200, "It will", object([need("ready", boolean(), "")]))
        .answers(503, "It will not", object([need("ready", boolean(), ""), need("why", text(), "")]))
}

fn metrics() -> Operation {
    Operation::new(Get, "/metrics", (TAG, "readMetrics"), "Metrics in Prometheus' text format").answers_in(
        200,
        "The metrics",
        "text/plain; version=0.0.4; charset=utf-8",
        text(),
    )
}

fn version() -> Operation {
    Operation::new(Get, v1!("version"), (TAG, "readVersion"), "See the version").answers(
        200,
        "The version",
        object([need("version", text(), "")]),
    )
}

fn stats() -> Operation {
    let count = |name, about| need(name, whole_number(), about);
    let counts = object([
        count("messages", ""),
        count("open_parts", ""),
        count("queued", ""),
        count("submitting", ""),
        count("uncertain", "In doubt now"),
        count("submitted", ""),
        count("doubts_ever", ""),
        count("receipts_parked", ""),
        count("notices", "To deliver"),
        count("set_aside", ""),
        count("inbound_parts", ""),
    ]);
    Operation::new(Get, v1!("stats"), (TAG, "readStats"), "Count what there is").answers(200, "The counts", counts)
}

fn documents() -> Operation {
    let one = object([
        need("name", text(), ""),
        need("title", text(), ""),
        need("operations", whole_number(), ""),
        need("at", text(), ""),
    ]);
    Operation::new(Get, v1!("openapi"), (TAG, "listDocuments"), "List the documents of all APIs").answers(
        200,
        "The documents",
        object([need("documents", list(one), "")]),
    )
}

fn one_document() -> Operation {
    Operation::new(
        Get,
        v1!("openapi/{document}"),
        (TAG, "readDocument"),
        "See what an API can be called for (OpenAPI 3.1)",
    )
    .path("document", text(), "`at` of the list, such as `native.json`", "native.json")
    .answers(200, "The document", open([need("openapi", text(), "")]))
}

fn config() -> Operation {
    let setting = object([
        need("setting", text(), ""),
        need("value", text().or_null(), "Secrets are hidden"),
        need("origin", text(), ""),
        need("default", text().or_null(), ""),
        need("help", text(), ""),
        need("change", text(), "What applies a change"),
    ]);
    Operation::new(Get, v1!("config"), (TAG, "readConfig"), "See the settings in force").answers(
        200,
        "The settings",
        object([need("settings", list(setting), "")]),
    )
}

fn reload() -> Operation {
    Operation::new(
        Post,
        v1!("config/reload"),
        (TAG, "reloadConfig"),
        "Read the configuration anew and apply all of it, or nothing",
    )
    .answers(
        200,
        "It is applied",
        object([need("applied", list(text()), ""), need("restart_needed", list(text()), "")]),
    )
    .answers_in(422, "It is refused; `errors` lists why", PROBLEM, problem())
}

fn found() -> Schema {
    let invariant = object([
        need("invariant", text(), ""),
        need("rows", whole_number(), "How many were looked at"),
        need("violations", whole_number(), ""),
        need("first", text().or_null(), "The first of them"),
    ]);
    object([need("at", time().or_null(), ""), need("invariants", list(invariant), "")])
}

fn last_look() -> Operation {
    Operation::new(Get, v1!("check"), (TAG, "readCheck"), "See what the last look at what is open found").answers(
        200,
        "The invariants",
        found(),
    )
}

fn look() -> Operation {
    Operation::new(Post, v1!("check"), (TAG, "check"), "Look now").answers(200, "The invariants", found())
}

fn keys() -> Operation {
    let key = object([need("id", text(), ""), need("state", words(&["current", "retiring", "digests-only"]), "")]);
    Operation::new(Get, v1!("keys"), (TAG, "listKeys"), "List the keys that guard secrets at rest").answers(
        200,
        "The keys",
        object([need("keys", list(key), "")]),
    )
}

fn rotate() -> Operation {
    let operation =
        Operation::new(Post, v1!("keys/rotate"), (TAG, "rotateKeys"), "Replace that key, and answer when it is done");
    conflicting(operation, "It is under way").answers(
        200,
        "It is done",
        object([need("current", text(), ""), need("resealed", whole_number(), "")]),
    )
}

fn clock_schema() -> Schema {
    object([need("now", time(), ""), need("ahead_ms", whole_number(), "")])
}

fn clock() -> Operation {
    Operation::new(Get, v1!("clock"), (TESTS, "readClock"), "See the test clock").answers(
        200,
        "The clock",
        clock_schema(),
    )
}

fn advance() -> Operation {
    let operation = Operation::new(Post, v1!("clock"), (TESTS, "advanceClock"), "Put the test clock forward")
        .json([need("advance", text().pattern("^[0-9]+(ms|s|m|h|d)$"), "").such_as("1s")]);
    conflicting(operation, "It would be too far ahead").answers(200, "The clock", clock_schema())
}

fn reset() -> Operation {
    Operation::new(Delete, v1!("clock"), (TESTS, "resetClock"), "Put the test clock back").answers(
        200,
        "The clock",
        clock_schema(),
    )
}

fn faults() -> Schema {
    object([
        need("throttle", text().or_null(), "How many submissions are refused, in percent"),
        need("drop_receipts", text().or_null(), "How many receipts never come, in percent"),
        need("disconnect_every", text().or_null(), "How often sessions end"),
        need("webhook_lost", text().or_null(), "How many answers to webhooks are lost, in percent"),
        need("webhook_failed", text().or_null(), "How many are a 500, in percent"),
        need("webhook_delayed", text().or_null(), "How many come late, in percent"),
        need("webhook_delay", text().or_null(), "How late"),
        need("seed", text().or_null(), "What decides which webhooks these are"),
    ])
    .named("Chaos")
}

fn chaos() -> Operation {
    Operation::new(Get, v1!("chaos"), (TESTS, "readChaos"), "See which faults are made on order").answers(
        200,
        "The faults",
        faults(),
    )
}

fn break_it() -> Operation {
    let percent = || text().pattern("^[0-9]{1,3}%$");
    Operation::new(Put, v1!("chaos"), (TESTS, "orderChaos"), "Order faults; what is left out is off")
        .json([
            may("throttle", percent(), "").such_as("0%"),
            may("drop_receipts", percent(), ""),
            may("disconnect_every", text(), "A time such as 30s"),
            may("webhook_lost", percent(), "In development, as all of webhooks"),
            may("webhook_failed", percent(), ""),
            may("webhook_delayed", percent(), "These three are together at most 100%"),
            may("webhook_delay", text(), "A time such as 2s, at most 60s; goes with `webhook_delayed`"),
            may("seed", text().pattern("^[0-9]{1,20}$"), "The same one tells the same story").such_as("0"),
        ])
        .answers(200, "The faults", faults())
}

fn end_chaos() -> Operation {
    Operation::new(Delete, v1!("chaos"), (TESTS, "endChaos"), "End all faults").answers(200, "The faults", faults())
}

fn lease_schema() -> Schema {
    object([
        need("number", text(), ""),
        need("since", text(), "For `wait`"),
        need("leased_at", time(), ""),
        need("expires_at", time(), ""),
        need("outcome", text().or_null(), ""),
        need("after_ms", whole_number().or_null(), ""),
        need("note", text().or_null(), ""),
    ])
    .named("Lease")
}

fn leases() -> Operation {
    Operation::new(Get, v1!("leases"), (TESTS, "listLeases"), "List leased phones").answers(
        200,
        "The leases",
        object([need("leases", list(lease_schema()), "")]),
    )
}

fn lease() -> Operation {
    let operation = Operation::new(Post, v1!("leases"), (TESTS, "leasePhone"), "Lease a number that nobody else has")
        .json([
            may("country", text().pattern("^[A-Z]{2}$"), "").such_as("GB"),
            may("outcome", text(), "What becomes of texts to it"),
            may("after", text(), "When the first receipt comes, such as 2s"),
            may("ttl", text(), "For how long, such as 5m"),
            may("note", text().chars(0, 200), "Whose it is"),
        ]);
    conflicting(operation, "None is free").answers(201, "The lease", lease_schema())
}

fn release() -> Operation {
    Operation::new(Delete, v1!("leases/{number}"), (TESTS, "releasePhone"), "Give a number back")
        .path("number", text(), "The number", "447700900313")
        .answers(200, "The lease that was", lease_schema())
}

/// A number of something in a path.
pub(super) fn index() -> Schema {
    integer(0, i64::MAX)
}
