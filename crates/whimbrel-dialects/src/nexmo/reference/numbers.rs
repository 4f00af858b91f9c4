//! The Numbers API.

use super::{country, fault, older, refusing};
use crate::exchange;
use crate::openapi::Method::{Get, Post};
use crate::openapi::{Field, Operation, Schema, integer, list, may, need, object, text, whole_number, words};

const TAG: &str = "Numbers";

pub(super) fn operations() -> Vec<Operation> {
    vec![owned(), search(), buy(), cancel(), update()]
}

fn filters() -> [Field; 5] {
    [
        may("pattern", text(), "Digits of the number"),
        may("search_pattern", integer(0, 2), "Where they stand: 0 at the start, 1 anywhere, 2 at the end"),
        may("features", text(), "SMS, VOICE, MMS with commas"),
        may("size", integer(1, 100), "Numbers of a page, 10 if nothing is said"),
        may("index", integer(1, 1_000_000), "Which page"),
    ]
}

fn page(number: Schema) -> Schema {
    object([may("count", whole_number(), "Left out where there is none"), may("numbers", list(number), "")])
}

fn owned() -> Operation {
    let word = |name| may(name, text(), "");
    let number = object([
        word("country"),
        need("msisdn", text(), ""),
        may("moHttpUrl", text(), "Where its texts go"),
        need("type", text(), ""),
        need("features", list(text()), ""),
        word("messagesCallbackType"),
        word("messagesCallbackValue"),
        word("voiceCallbackType"),
        word("voiceCallbackValue"),
        word("voiceStatusCallback"),
        word("moSmppSysType"),
        word("app_id"),
    ]);
    let operation = Operation::new(Get, "/account/numbers", (TAG, "listOwnNumbers"), "List the account's numbers")
        .also_at("/account/numbers/{api_key}/{api_secret}")
        .query([country(false)])
        .query(filters())
        .query([
            may("application_id", text().format("uuid"), "Only those of an application"),
            may("has_application", words(&["true", "false", "1", "0"]), "Only those with one, or without"),
        ]);
    older(operation, "A page of them", page(number))
        .seen("numbers", &exchange!("nexmo/numbers/own-numbers-with-all-they-have"))
}

fn search() -> Operation {
    let number = object([
        need("country", text(), ""),
        need("msisdn", text(), ""),
        need("cost", text(), "For a month, with two decimals"),
        need("type", text(), ""),
        need("features", list(text()), ""),
    ]);
    let operation = Operation::new(Get, "/number/search", (TAG, "listNumbersForSale"), "List numbers for sale")
        .also_at("/number/search/{api_key}/{api_secret}/{country}")
        .query([country(true), may("type", words(&["landline", "mobile-lvn", "landline-toll-free"]), "")])
        .query(filters());
    older(operation, "A page of them", page(number)).seen("numbers", &exchange!("nexmo/numbers/numbers-for-sale"))
}

fn chosen() -> [Field; 2] {
    [country(true), need("msisdn", text(), "The number").such_as("447700900001")]
}

fn act(
    path: (&'static str, &'static str),
    name: &'static str,
    summary: &'static str,
    fields: impl IntoIterator<Item = Field>,
) -> Operation {
    let operation =
        Operation::new(Post, path.0, (TAG, name), summary).also_at(path.1).form(chosen().into_iter().chain(fields));
    refusing(older(operation, "It is done", fault()), 420, "It cannot be done with this number", fault())
}

fn target() -> Field {
    may("target_api_key", text(), "Your own key; nobody else's is taken")
}

fn buy() -> Operation {
    let path = ("/number/buy", "/number/buy/{api_key}/{api_secret}/{country}/{msisdn}");
    refusing(act(path, "buyNumber", "Buy a number", [target()]), 402, "The wallet holds too little", fault())
        .seen("bought", &exchange!("nexmo/numbers/a-number-is-bought"))
        .seen("none", &exchange!("nexmo/numbers/a-number-that-is-not-for-sale"))
}

fn cancel() -> Operation {
    let path = ("/number/cancel", "/number/cancel/{api_key}/{api_secret}/{country}/{msisdn}");
    act(path, "cancelNumber", "Give a number up", [target()])
        .seen("gone", &exchange!("nexmo/numbers/a-number-is-cancelled"))
}

fn update() -> Operation {
    let path = ("/number/update", "/number/update/{api_key}/{api_secret}/{country}/{msisdn}");
    act(
        path,
        "changeNumber",
        "Change where a number's texts go",
        [
            may("app_id", text(), "The application it belongs to; empty: none"),
            may("moHttpUrl", text(), "Where its texts go; it must answer a request with 200"),
            may("moSmppSysType", text(), ""),
            may("voiceCallbackType", words(&["sip", "tel", "app"]), "With `voiceCallbackValue`"),
            may("voiceCallbackValue", text(), ""),
            may("voiceStatusCallback", text().format("uri"), ""),
            may("messagesCallbackType", words(&["app"]), "The older form of `app_id`"),
            may("messagesCallbackValue", text(), ""),
        ],
    )
    .seen("changed", &exchange!("nexmo/numbers/a-number-is-changed"))
}
