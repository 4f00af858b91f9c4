//! Accounts below the account.

use super::failed;
use crate::exchange;
use crate::openapi::Method::{Get, Post};
use crate::openapi::{Field, Operation, Schema, boolean, list, may, need, null, object, one_of, text};

const TAG: &str = "Subaccounts";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        listed("/api/subaccounts", "listSubaccountsTheOldWay"),
        listed("/api/subaccounts/list", "listSubaccounts"),
        create(),
        credit(),
        refill(),
        remove(),
    ]
}

fn shown() -> Schema {
    let word = |name| need(name, text(), "");
    object([
        word("id"),
        word("username"),
        word("company"),
        need("balance", text(), "What is left"),
        need("total_usage", text(), "What was spent"),
        need(
            "auto_topup",
            object([need("amount", text(), ""), need("threshold", text(), "")]),
            "How it is refilled by itself",
        ),
        need("contact", object([word("email"), word("name")]), ""),
    ])
    .named("Subaccount")
}

fn id() -> Field {
    need("id", text(), "The subaccount").such_as("1042")
}

fn amount(name: &'static str, about: &'static str) -> Field {
    need(name, text().pattern("^[0-9]+(\\.[0-9]{1,8})?$"), about).such_as("5")
}

fn done() -> Schema {
    one_of([object([need("success", boolean(), ""), need("error", null(), "")]), failed()])
}

fn listed(path: &'static str, name: &'static str) -> Operation {
    let operation = Operation::new(Get, path, (TAG, name), "List subaccounts")
        .query([may("id", text(), "One of them")])
        .answers(200, "The subaccounts", one_of([list(shown()), failed()]));
    match path {
        "/api/subaccounts" => operation.seen("one", &exchange!("seven/one-subaccount-is-listed-the-old-way")),
        _ => operation.seen("all", &exchange!("seven/subaccounts-are-listed")),
    }
}

fn create() -> Operation {
    let made = object([need("success", boolean(), ""), need("error", null(), ""), need("subaccount", shown(), "")]);
    Operation::new(Post, "/api/subaccounts/create", (TAG, "addSubaccount"), "Make a subaccount")
        .form([
            need("name", text().chars(1, 100), "Whose it is").such_as("Ada Lovelace"),
            need("email", text().chars(3, 254), "Their address").such_as("ada@example.com"),
        ])
        .answers(200, "The subaccount, or why not", one_of([made, failed()]))
        .seen("made", &exchange!("seven/a-subaccount-is-made"))
        .seen("refused", &exchange!("seven/a-subaccount-without-a-name-is-refused"))
}

fn credit() -> Operation {
    Operation::new(Post, "/api/subaccounts/transfer_credits", (TAG, "creditSubaccount"), "Move credit to a subaccount")
        .form([id(), amount("amount", "How much, in the account's currency")])
        .answers(200, "It is moved, or why not", done())
        .seen("moved", &exchange!("seven/credit-is-moved-to-a-subaccount"))
        .seen("refused", &exchange!("seven/credit-that-is-not-there-is-not-moved"))
}

fn refill() -> Operation {
    Operation::new(Post, "/api/subaccounts/update", (TAG, "refillSubaccount"), "Have a subaccount refilled by itself")
        .form([id(), amount("threshold", "When less is left"), amount("amount", "How much is moved; 0: never")])
        .answers(200, "It is arranged, or why not", done())
        .seen("arranged", &exchange!("seven/a-subaccount-is-refilled-by-itself"))
}

fn remove() -> Operation {
    Operation::new(
        Post,
        "/api/subaccounts/delete",
        (TAG, "removeSubaccount"),
        "Give a subaccount up; what is left on it comes back",
    )
    .form([id()])
    .answers(200, "It is given up, or why not", done())
    .seen("gone", &exchange!("seven/a-subaccount-is-given-up"))
}
