//! Accounts and their money.

use whimbrel_dialects::openapi::Method::{Delete, Get, Patch, Post, Put};
use whimbrel_dialects::openapi::{
    Field, Operation, Schema, integer, list, may, need, object, text, whole_number, words,
};

use super::{OPERATORS, OWNERS, conflicting, limit, money, of_account, time, v1};

const TAG: &str = "Accounts";

pub(super) fn operations() -> Vec<Operation> {
    let mut all: Vec<Operation> =
        [all(), create(), top_up(), reload(), end_reload()].map(|operation| operation.proved_by(OPERATORS)).into();
    all.extend([one(), change(), usage(), ledger()].map(|operation| operation.proved_by(OWNERS)));
    all.push(sign_up());
    all
}

fn all() -> Operation {
    let account = object([
        need("account", text(), "`dialect:key`"),
        need("api_key", text(), ""),
        need("dialect", text(), ""),
        need("name", text(), ""),
        need("currency", text(), ""),
        need("status", words(&["active", "suspended"]), ""),
    ]);
    Operation::new(Get, v1!("accounts"), (TAG, "listAccounts"), "List accounts")
        .query([may("after", text(), "`account` of the last one seen"), limit()])
        .answers(200, "A page of them", object([need("accounts", list(account), "In the order of `dialect:key`")]))
}

fn facility() -> Schema {
    words(&["allowed", "denied"])
}

fn url() -> Schema {
    text().chars(0, 2000)
}

/// What an account may and may not, as it is shown.
fn rules() -> Vec<Field> {
    let count = |name, about| need(name, whole_number(), about);
    vec![
        need("access", words(&["http", "smpp-only"]), ""),
        count("requests_per_second_max", "0: no limit"),
        count("requests_burst_max", "At once; 0: each second counts for itself"),
        count("sender_parts_per_second_max", "0: no limit"),
        count("recipient_seconds_min", "Between two texts to one number"),
        count("recipient_per_hour_max", "0: no limit"),
        count("repeat_seconds_min", "Between the same text to one number twice"),
        need("recipients", words(&["any", "permitted"]), ""),
        need("senders", words(&["any", "listed"]), ""),
        need(
            "unmappable",
            words(&["replace", "transliterate", "unicode"]),
            "What becomes of characters outside GSM 7-bit",
        ),
        need("binary", facility(), ""),
        need("handset_class", facility(), ""),
        need("otp_template", text().or_null(), "With `{code}` in it"),
        need("otp_sender", text().or_null(), ""),
        need("zone", text().or_null(), "A name of the IANA database; null: the API's"),
        need("country", text().or_null(), "Two letters of ISO 3166; null: the API's"),
    ]
}

fn account() -> Schema {
    let reload =
        object([need("reference", text(), ""), need("amount", money(), ""), need("times_left", whole_number(), "")]);
    let own = [
        need("api_key", text(), ""),
        need("dialect", text(), ""),
        need("name", text(), ""),
        need("status", words(&["active", "suspended"]), ""),
        need("currency", text(), ""),
        need("default_class", words(&["otp", "bulk"]), ""),
        need("capture_on", text(), "When holds become charges"),
        need("posted", money(), ""),
        need("held", money(), ""),
        need("balance", money(), "What can be spent"),
        need("paid_in", money(), ""),
        need("bonus_credit", money(), ""),
        need("free_credit", money(), ""),
        need("reload", reload.or_null(), "A payment that the account may call up by itself"),
        need("receipt_url", url().or_null(), ""),
        need("inbound_url", url().or_null(), ""),
        need("webhook_method", words(&["GET", "POST", "POST-JSON"]), ""),
    ];
    object(own.into_iter().chain(rules())).named("Account")
}

fn made() -> Schema {
    object([
        need("api_key", text(), ""),
        may("api_secret", text(), "Where customers show a secret beside their key"),
        may("secret_key", text(), "Where they show a secret key"),
        need("signature_secret", text(), ""),
        need("dialect", text(), ""),
        need("name", text(), ""),
        need("currency", text(), ""),
        need("receipt_url", url().or_null(), ""),
        need("inbound_url", url().or_null(), ""),
        may("free_credit", money(), ""),
        need("note", text(), ""),
    ])
    .named("NewAccount")
}

fn said() -> [Field; 5] {
    [
        may("name", text().chars(0, 100), "Whose it is").such_as("Shop"),
        may("dialect", text().chars(1, 40), "What its applications speak: the name of a document of `openapi`"),
        may("currency", text().pattern("^[A-Z]{3}$"), ""),
        may("receipt_url", url(), "Where receipts go"),
        may("inbound_url", url(), "Where texts that come in go"),
    ]
}

fn create() -> Operation {
    let operation = Operation::new(
        Post,
        v1!("accounts"),
        (TAG, "addAccount"),
        "Make an account; its secrets are answered this once",
    )
    .json(said().into_iter().chain([
        may("default_class", words(&["otp", "bulk"]), "The class of its messages"),
        may("credit", words(&["welcome"]), "The free credit of who signs up"),
    ]));
    conflicting(operation, "Another account has the key").answers(201, "Key and secrets", made())
}

fn sign_up() -> Operation {
    Operation::new(Post, v1!("sign-up"), (TAG, "signUp"), "Make an account for oneself, where that is allowed")
        .json(said())
        .answers(201, "Key and secrets", made())
        .answers_in(403, "It is not allowed here, or a page of another site asks", super::PROBLEM, super::problem())
        .answers_in(429, "As many were made today as may be", super::PROBLEM, super::problem())
}

fn one() -> Operation {
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}"),
        (TAG, "readAccount"),
        "See an account with its wallet and rules",
    ))
    .answers(200, "The account", account())
}

fn change() -> Operation {
    let count = |name, most| may(name, integer(0, most), "0: no limit");
    let changed = [
        may("receipt_url", url(), "Empty: none").such_as(""),
        may("inbound_url", url(), "Empty: none"),
        may("webhook_method", words(&["GET", "POST", "POST-JSON"]), ""),
        may("status", words(&["active", "suspended"]), ""),
        may("default_class", words(&["otp", "bulk"]), ""),
        may("access", words(&["http", "smpp-only"]), ""),
        count("requests_per_second_max", 100_000),
        count("requests_burst_max", 100_000),
        count("sender_parts_per_second_max", 100_000),
        count("recipient_seconds_min", 86_400),
        count("recipient_per_hour_max", 1_000),
        count("repeat_seconds_min", 86_400),
        may("recipients", words(&["any", "permitted"]), ""),
        may("senders", words(&["any", "listed"]), ""),
        may("unmappable", words(&["replace", "transliterate", "unicode"]), ""),
        may("binary", facility(), ""),
        may("handset_class", facility(), ""),
        may("otp_template", text(), "With `{code}` in it, once; empty: the usual one"),
        may("otp_sender", text(), "Empty: the usual one"),
        may("zone", text(), "A name of the IANA database; empty: the API's").such_as("Europe/Zurich"),
        may("country", text(), "Two letters of ISO 3166; empty: the API's").such_as("CH"),
    ];
    of_account(Operation::new(
        Patch,
        v1!("accounts/{key}"),
        (TAG, "changeAccount"),
        "Change an account; owners their URLs only",
    ))
    .json(changed)
    .answers(200, "The account", account())
}

fn amount() -> Field {
    need("amount", text().pattern("^[0-9]+(\\.[0-9]{1,8})?$"), "As a text").such_as("10.00")
}

fn top_up() -> Operation {
    let operation = of_account(Operation::new(
        Post,
        v1!("accounts/{key}/topup"),
        (TAG, "topUpAccount"),
        "Pay in; the same reference pays once",
    ))
    .json([
        amount(),
        may("reference", text().chars(1, 100), "What it is for").such_as("invoice-17"),
        may("bucket", words(&["balance", "bonus_credit", "free_credit"]), "Where it goes"),
    ]);
    conflicting(operation, "The reference came with another amount").answers(200, "The account", account())
}

fn reload() -> Operation {
    of_account(Operation::new(
        Put,
        v1!("accounts/{key}/reload"),
        (TAG, "arrangeReload"),
        "Arrange a payment that the account may call up by itself",
    ))
    .json([
        need("reference", text().chars(1, 100), "What it must name").such_as("00X123456Y7890123Z"),
        amount(),
        may("times", integer(1, 1_000_000), "How often").such_as(1),
    ])
    .answers(200, "The account", account())
}

fn end_reload() -> Operation {
    of_account(Operation::new(Delete, v1!("accounts/{key}/reload"), (TAG, "endReload"), "End that arrangement"))
        .answers(200, "The account", account())
}

fn ledger() -> Operation {
    let entry = object([
        need("at", time(), ""),
        need("why", words(&["part", "payment", "number", "reload", "between-accounts"]), ""),
        need("subject", text(), ""),
        need("amount", money(), ""),
        need("bucket", text(), ""),
    ]);
    let page = object([
        need("currency", text(), ""),
        need("entries", list(entry), "Newest first"),
        need("next", text().or_null(), "`before` of the next page"),
    ]);
    of_account(Operation::new(Get, v1!("accounts/{key}/ledger"), (TAG, "readLedger"), "See an account's ledger"))
        .query([may("before", text().pattern("^[0-9a-f]{1,16}$"), "`next` of the page before"), limit()])
        .answers(200, "A page of it", page)
}

fn usage() -> Operation {
    let count = |name| need(name, whole_number(), "");
    let counts =
        || [count("messages"), count("parts"), count("delivered"), count("failed"), need("spent", money(), "")];
    let day = object(counts().into_iter().chain([need("day", text().format("date"), "UTC, of acceptance")]));
    let used = object([
        need("api_key", text(), ""),
        need("currency", text(), ""),
        need("from", text().format("date"), ""),
        need("to", text().format("date"), ""),
        need("days", list(day), ""),
        need("total", object(counts()), ""),
    ]);
    let day = || text().format("date");
    of_account(Operation::new(Get, v1!("accounts/{key}/usage"), (TAG, "readUsage"), "See what an account did by day"))
        .query([
            may("from", day(), "The first day; 31 are shown if nothing is said, 366 at most"),
            may("to", day(), "The last day"),
        ])
        .answers(200, "Days and their sum", used)
}
