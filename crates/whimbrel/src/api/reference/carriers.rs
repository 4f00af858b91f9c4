//! Carriers and what went through them.

use whimbrel_dialects::openapi::Method::{Get, Post};
use whimbrel_dialects::openapi::{
    Operation, any, boolean, integer, list, may, need, number, object, text, whole_number, words,
};

use super::{OPERATORS, limit, money, time, v1};

const TAG: &str = "Carriers";

pub(super) fn operations() -> Vec<Operation> {
    let all = [
        all(),
        test(),
        order(v1!("carriers/{name}/bind"), "bindCarrier", "Open a carrier's links"),
        order(
            v1!("carriers/{name}/unbind"),
            "unbindCarrier",
            "Close a carrier's links in good order and keep them closed",
        ),
        order(v1!("carriers/{name}/drain"), "drainCarrier", "Send nothing more over a carrier but keep its links open"),
        orphans(),
        traffic(),
    ];
    all.map(|operation| operation.proved_by(OPERATORS)).into()
}

fn all() -> Operation {
    let link = object([
        need("link", whole_number().or_null(), ""),
        need("mode", text(), ""),
        need("state", words(&["connecting", "bound", "unbinding", "waiting", "closed"]), ""),
        need("since", time(), ""),
        need("window_max", whole_number(), ""),
        need("window_used", whole_number(), ""),
        need("peer", text().or_null(), "What the centre calls itself"),
        need("fault", text().or_null(), "Why it is not bound"),
        need("next_try_at", time().or_null(), ""),
    ]);
    let carrier = object([
        need("name", text(), ""),
        need("kind", text(), ""),
        need("order", words(&["bind", "unbind", "drain"]), "What operators want of it"),
        need("links", list(link), ""),
        need("queued", whole_number(), ""),
        need("window_max", whole_number(), ""),
        need("window_used", whole_number(), ""),
        need("rate", any(), "Parts in a second; null: no limit"),
        need("paused_until", time().or_null(), ""),
    ])
    .named("Carrier");
    Operation::new(Get, v1!("carriers"), (TAG, "listCarriers"), "List carriers and their links").answers(
        200,
        "The carriers",
        object([need("carriers", list(carrier), "")]),
    )
}

fn named(operation: Operation) -> Operation {
    operation.path("name", text(), "The carrier", "simulator")
}

fn test() -> Operation {
    let told = object([
        need("carrier", text(), ""),
        need("bound", boolean(), ""),
        need("enquire_ms", number().or_null(), ""),
        need("fault", text().or_null(), ""),
        may("message_id", text(), "If a text was sent"),
        may("refused", text(), "Why none was"),
    ]);
    named(Operation::new(
        Post,
        v1!("carriers/{name}/test"),
        (TAG, "testCarrier"),
        "See whether a carrier answers, and send a text over it",
    ))
    .json([
        may("to", text(), "A number: then a text is sent"),
        may("account", text(), "Which account pays"),
        may("from", text(), "The sender"),
        may("text", text(), ""),
    ])
    .answers(200, "What was found", told)
}

fn order(path: &'static str, name: &'static str, summary: &'static str) -> Operation {
    named(Operation::new(Post, path, (TAG, name), summary)).answers(
        202,
        "It is ordered",
        object([need("carrier", text(), ""), need("order", text(), "")]),
    )
}

fn orphans() -> Operation {
    let orphan = object([
        need("carrier", text().or_null(), ""),
        need("raw_id", text(), ""),
        need("status", text(), ""),
        need("code", any(), ""),
        need("recipient", text(), ""),
        need("reason", words(&["unknown-id", "other-recipient", "no-id"]), ""),
        need("at", time(), ""),
    ]);
    Operation::new(Get, v1!("orphans"), (TAG, "listOrphans"), "List receipts that found no part")
        .query([may("carrier", text(), "Of one carrier"), limit()])
        .answers(200, "The receipts", object([need("orphans", list(orphan), "")]))
}

fn traffic() -> Operation {
    let count = |name| need(name, whole_number(), "");
    let sums = || [count("messages"), count("parts"), count("delivered"), count("failed")];
    let step = object(sums().into_iter().chain([need("from", time(), "")]));
    let carrier = object(sums().into_iter().chain([need("carrier", text(), "")]));
    let account = object(sums().into_iter().chain([
        need("account", text(), ""),
        need("name", text(), ""),
        need("currency", text(), ""),
        need("spent", money(), ""),
    ]));
    let traffic = object([
        need("step", words(&["hour", "day"]), ""),
        need("steps", list(step), ""),
        need("carriers", list(carrier), ""),
        need("accounts", list(account), "Of whole days, those with the most parts"),
    ]);
    Operation::new(Get, v1!("traffic"), (TAG, "readTraffic"), "See what went through in the last hours")
        .query([may("hours", integer(1, 2_208), "24 if nothing is said; above 72 by day (UTC)").such_as(24)])
        .answers(200, "Counts of parts by the hour of their acceptance", traffic)
}
