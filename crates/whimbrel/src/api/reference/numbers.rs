//! Numbers of ours, numbers for sale, lists.

use whimbrel_dialects::openapi::Method::{Delete, Get, Post};
use whimbrel_dialects::openapi::{
    Field, Operation, Schema, boolean, list, may, need, object, text, whole_number, words,
};

use super::{OPERATORS, conflicting, limit, money, v1};

const NUMBERS: &str = "Numbers";
const LISTS: &str = "Lists";
const NUMBER: &str = "447700900222";

pub(super) fn operations() -> Vec<Operation> {
    let all = [
        owned(),
        assign(),
        release(),
        pool(),
        offer(),
        withdraw(),
        entries(),
        change(Post, "addEntries"),
        change(Delete, "removeEntries"),
    ];
    all.map(|operation| operation.proved_by(OPERATORS)).into()
}

fn number() -> Schema {
    object([
        need("number", text(), ""),
        need("account", text(), "Whose it is"),
        need("inbound_url", text().or_null(), "Where its texts go, if not where the account's do"),
    ])
}

fn owned() -> Operation {
    Operation::new(Get, v1!("numbers"), (NUMBERS, "listNumbers"), "List numbers of ours and whose they are")
        .query([may("account", text(), "Of one account").such_as("devkey01")])
        .answers(200, "The numbers", object([need("numbers", list(number()), "")]))
}

fn assign() -> Operation {
    let operation =
        Operation::new(Post, v1!("numbers"), (NUMBERS, "assignNumber"), "Give a number or short code to an account")
            .json([
                need("number", text(), "").such_as(NUMBER),
                need("account", text(), "Its key").such_as("devkey01"),
                may("inbound_url", text().chars(0, 2000), "Where its texts go"),
            ]);
    conflicting(operation, "It is another account's").answers(200, "The number", number())
}

fn release() -> Operation {
    let free = object([need("number", text(), ""), need("account", text().or_null(), "")]);
    Operation::new(Delete, v1!("numbers/{number}"), (NUMBERS, "releaseNumber"), "Take a number away")
        .path("number", text(), "The number", NUMBER)
        .answers(200, "It is nobody's", free)
}

fn on_sale() -> Vec<Field> {
    vec![
        need("number", text(), "").such_as("447700900333"),
        need("country", text().pattern("^[A-Z]{2}$"), "").such_as("GB"),
        need("kind", words(&["mobile", "landline", "toll-free"]), ""),
        need("features", text(), "SMS, VOICE, MMS with commas"),
        need("monthly", text(), "What it costs for a month"),
        need("currency", text().pattern("^[A-Z]{3}$"), ""),
    ]
}

fn pool() -> Operation {
    let offer =
        object(on_sale().into_iter().chain([
            need("purchase", money(), "What buying costs"),
            need("account", text().or_null(), "Who bought it"),
        ]));
    Operation::new(Get, v1!("pool"), (NUMBERS, "listPool"), "List numbers that accounts can buy")
        .query([may("after", text(), "The last number seen"), limit()])
        .answers(200, "A page of them", object([need("numbers", list(offer), ""), need("more", boolean(), "")]))
}

fn offer() -> Operation {
    let offered =
        object(on_sale().into_iter().chain([may("purchase", text(), "What buying costs; a month if nothing is said")]));
    let example = serde_json::json!([{ "number": "447700900333", "country": "GB", "kind": "mobile", "features": "SMS", "monthly": "1.00", "currency": "EUR" }]);
    Operation::new(Post, v1!("pool"), (NUMBERS, "offerNumbers"), "Put numbers up for sale, or change their terms")
        .json([need("numbers", list(offered).items_max(1000), "").such_as(example)])
        .answers(200, "How many", object([need("numbers", whole_number(), "")]))
}

fn withdraw() -> Operation {
    let operation = Operation::new(
        Delete,
        v1!("pool/{number}"),
        (NUMBERS, "withdrawNumber"),
        "Take a number out of the sale; whoever bought it keeps it",
    )
    .path("number", text(), "The number", "447700900333");
    operation.answers(200, "It is out", object([need("number", text(), "")]))
}

fn of_list(operation: Operation) -> Operation {
    operation
        .path("kind", words(&["barred", "deactivated", "permitted", "senders"]), "Which list", "barred")
        .query([may("account", text(), "Of one account; else the one that holds for everybody")])
}

fn entries() -> Operation {
    let page = object([need("list", text(), ""), need("entries", list(text()), ""), need("more", boolean(), "")]);
    of_list(Operation::new(Get, v1!("lists/{kind}"), (LISTS, "listEntries"), "List entries of a list"))
        .query([may("after", text(), "The last entry seen"), limit()])
        .answers(200, "A page of them", page)
}

fn change(method: whimbrel_dialects::openapi::Method, name: &'static str) -> Operation {
    let summary = if method == Post { "Add entries to a list" } else { "Remove entries from a list" };
    of_list(Operation::new(method, v1!("lists/{kind}"), (LISTS, name), summary))
        .json([need(
            "entries",
            list(text()),
            "Numbers, prefixes such as `4477*`; for senders names, `44*:Acme` for one prefix only",
        )
        .such_as(serde_json::json!(["4479*"]))])
        .answers(200, "How many", object([need("list", text(), ""), need("entries", whole_number(), "")]))
}
