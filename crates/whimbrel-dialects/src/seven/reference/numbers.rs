//! Numbers: what is known of any, and the account's own.

use super::or_refusal;
use crate::exchange;
use crate::openapi::Method::{Get, Post};
use crate::openapi::{
    Field, Operation, Schema, boolean, list, may, need, number, object, one_of, text, whole_number, words,
};
use crate::seven::answer::TEXT;

const LOOKUPS: &str = "Lookups";
const NUMBERS: &str = "Numbers";

pub(super) fn operations() -> Vec<Operation> {
    vec![lookup(Get, "lookUp"), lookup(Post, "lookUpByPost"), lookup_by_path(), active(), one(), available()]
}

fn numbers() -> Field {
    may("number", text(), "Numbers, with commas").such_as("491771783130")
}

fn wants_json() -> Field {
    may("json", words(&["0", "1", "true", "false"]), "JSON for `mnp`, as if it were accepted")
}

fn accept() -> Field {
    may("Accept", text(), "").such_as("application/json")
}

fn lookup(method: crate::openapi::Method, name: &'static str) -> Operation {
    let which = words(&["format", "mnp", "hlr", "cnam"]);
    let fields = [need("type", which, "What is asked").such_as("format"), numbers(), wants_json()];
    let operation =
        Operation::new(method, "/api/lookup", (LOOKUPS, name), "Look numbers up, in the form of the first clients")
            .about("What the numbering plan says; no network is asked and nothing is charged.")
            .headers([accept()]);
    let operation = if method == Get { operation.query(fields) } else { operation.form(fields) };
    let operation = operation
        .answers(200, "An object for one number, a list for several", or_refusal(found()))
        .answers_in(200, "For `mnp`: the code of the network, a line for each number", TEXT, text())
        .answers(404, "Nothing of that name can be asked", object([]));
    match method {
        Get => operation.seen("text", &exchange!("seven/a-network-in-plain")),
        _ => operation.seen("several", &exchange!("seven/the-formats-of-several-numbers")),
    }
}

fn lookup_by_path() -> Operation {
    Operation::new(Get, "/api/lookup/{type}", (LOOKUPS, "lookUpByPath"), "Look numbers up")
        .about("What the numbering plan says; no network is asked and nothing is charged. `rcs` is not offered.")
        .headers([accept()])
        .path("type", words(&["format", "mnp", "hlr", "cnam", "rcs"]), "What is asked", "format")
        .query([numbers(), wants_json()])
        .answers(200, "An object for one number, a list for several", or_refusal(found()))
        .answers_in(200, "For `mnp`: the code of the network, a line for each number", TEXT, text())
        .answers(404, "Nothing of that name can be asked", object([]))
        .seen("format", &exchange!("seven/the-format-of-a-number"))
        .seen("network", &exchange!("seven/a-number-looked-up-by-mnp"))
        .seen("reach", &exchange!("seven/a-number-looked-up-by-hlr"))
        .seen("name", &exchange!("seven/a-number-looked-up-by-cnam"))
}

fn found() -> Schema {
    let one = one_of([format(), network(), reach(), name()]).named("LookedUp");
    one_of([one.clone(), list(one)])
}

fn format() -> Schema {
    let word = |name| need(name, text(), "");
    object([
        need("success", boolean(), "Whether the numbering plan has it"),
        word("national"),
        word("carrier"),
        need("country_code", one_of([text(), boolean()]), "False for a number of no country"),
        word("country_iso"),
        word("country_name"),
        word("international"),
        word("international_formatted"),
        word("network_type"),
    ])
}

fn network() -> Schema {
    let word = |name| need(name, text(), "");
    let mnp = object([
        word("country"),
        word("number"),
        word("national_format"),
        word("international_formatted"),
        word("network"),
        word("mccmnc"),
        need("isPorted", boolean(), ""),
        word("networkType"),
        word("network_type"),
    ]);
    object([
        need("code", whole_number(), ""),
        need("success", boolean(), ""),
        need("price", number(), ""),
        need("mnp", mnp, ""),
    ])
}

fn reach() -> Schema {
    let word = |name| need(name, text(), "");
    let carrier = object([word("network_code"), word("name"), word("country"), word("network_type")]);
    object([
        need("status", boolean(), ""),
        word("status_message"),
        need("lookup_outcome", boolean(), ""),
        word("lookup_outcome_message"),
        word("international_format_number"),
        word("international_formatted"),
        word("national_format_number"),
        word("country_code"),
        need("country_code_iso3", text().or_null(), ""),
        word("country_name"),
        word("country_prefix"),
        need("current_carrier", carrier.clone(), ""),
        need("original_carrier", carrier, ""),
        need("valid_number", words(&["unknown", "not_valid"]), ""),
        word("reachable"),
        word("ported"),
        word("roaming"),
        need("gsm_code", text().or_null(), ""),
        need("gsm_message", text().or_null(), ""),
    ])
}

fn name() -> Schema {
    let word = |name| need(name, text(), "");
    object([word("code"), word("success"), word("name"), word("number")])
}

fn features() -> Schema {
    object([need("sms", boolean(), ""), need("a2p_sms", boolean(), ""), need("voice", boolean(), "")])
}

fn owned() -> Schema {
    let fee = |name| need(name, number(), "");
    let fees = object([fee("setup"), fee("basic_charge"), fee("sms_mo"), fee("voice_mo")]);
    let forwarding = object([
        need("sms", object([need("number", text(), ""), need("enabled", boolean(), "")]), ""),
        need("email", object([need("address", list(text()), ""), need("enabled", boolean(), "")]), ""),
        need("slack", object([need("uri", text(), ""), need("enabled", boolean(), "")]), ""),
    ]);
    object([
        need("country", text().or_null(), ""),
        need("number", text(), ""),
        need("friendly_name", text(), ""),
        need("billing", object([need("fees", fees, ""), need("payment_interval", text(), "")]), ""),
        need("features", features(), ""),
        need("forward_sms_mo", forwarding, "Not offered: always off"),
        need("expires", text().or_null(), ""),
        need("created", text().or_null(), ""),
    ])
    .named("OwnNumber")
}

fn active() -> Operation {
    Operation::new(Get, "/api/numbers/active", (NUMBERS, "listOwnNumbers"), "List the account's numbers")
        .answers(200, "The numbers", object([need("activeNumbers", list(owned()), "")]))
        .seen("numbers", &exchange!("seven/numbers-of-the-account"))
}

fn one() -> Operation {
    Operation::new(Get, "/api/numbers/active/{number}", (NUMBERS, "readOwnNumber"), "See one of the account's numbers")
        .path("number", text(), "The number", "4915228817300")
        .answers(200, "The number", owned())
        .answers(404, "It is none of the account's", object([]))
        .seen("number", &exchange!("seven/one-number-of-the-account"))
}

fn available() -> Operation {
    let price = object([need("basic_charge", number(), ""), need("setup", number(), "")]);
    let fees = object([
        need("monthly", price.clone(), ""),
        need("annually", price, ""),
        need("sms_mo", number(), ""),
        need("voice_mo", number(), ""),
    ]);
    let offer = object([
        need("country", text(), ""),
        need("number", text(), ""),
        need("number_parsed", text(), ""),
        need("fees", fees, ""),
        need("features", features(), ""),
    ]);
    let switch = |name| may(name, words(&["0", "1", "true", "false"]), "Only numbers that can");
    Operation::new(Get, "/api/numbers/available", (NUMBERS, "listNumbersForSale"), "List numbers for sale")
        .query([
            may("country", text().chars(2, 2), "In one country").such_as("DE"),
            switch("features_sms"),
            switch("features_a2p_sms"),
            switch("features_voice"),
        ])
        .answers(200, "The numbers", or_refusal(object([need("availableNumbers", list(offer), "")])))
        .seen("numbers", &exchange!("seven/numbers-for-sale"))
}
