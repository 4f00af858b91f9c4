//! What is left, what texts cost, what was done.

use super::or_refusal;
use crate::exchange;
use crate::openapi::Method::Get;
use crate::openapi::{Field, Operation, list, may, need, number, object, one_of, text, whole_number, words};
use crate::seven::answer::{CSV, TEXT};

pub(super) fn operations() -> Vec<Operation> {
    vec![balance(), pricing(), analytics(), analytics_by()]
}

fn accept() -> Field {
    may("Accept", text(), "`application/json`, or text is answered").such_as("application/json")
}

fn balance() -> Operation {
    let wallet = object([need("amount", number(), ""), need("currency", text().chars(3, 3), "")]);
    Operation::new(Get, "/api/balance", ("Wallet", "readBalance"), "See what is left")
        .headers([accept()])
        .answers(200, "The wallet", wallet.named("Wallet"))
        .answers_in(200, "The amount", TEXT, text())
        .seen("wallet", &exchange!("seven/the-balance-in-json"))
        .seen("text", &exchange!("seven/the-balance-in-plain"))
}

fn pricing() -> Operation {
    let network = object([
        need("comment", text(), ""),
        need("features", list(text()), ""),
        need("mcc", text(), "Empty for fixed lines and ranges that networks share"),
        need("mncs", list(text()), ""),
        need("networkName", text(), ""),
        need("price", number(), ""),
    ]);
    let country = object([
        need("countryCode", text(), ""),
        need("countryName", text(), ""),
        need("countryPrefix", text(), ""),
        need("networks", list(network), ""),
    ]);
    let prices = object([
        need("countCountries", whole_number(), ""),
        need("countNetworks", whole_number(), ""),
        need("countries", list(country), ""),
    ]);
    Operation::new(Get, "/api/pricing", ("Wallet", "readPrices"), "List what texts cost")
        .headers([accept()])
        .query([
            may("country", text().chars(2, 2), "One country, by its code of two letters").such_as("DE"),
            may("format", words(&["json", "csv"]), "JSON as if it were accepted"),
        ])
        .answers(200, "Prices by network", or_refusal(prices.named("Prices")))
        .answers_in(200, "The same as a table", CSV, text())
        .seen("prices", &exchange!("seven/prices-in-json"))
        .seen("table", &exchange!("seven/prices-as-a-table"))
}

fn asked() -> [Field; 4] {
    [
        may("start", text().format("date"), "The first day, in German time; 30 days ago if nothing is said"),
        may("end", text().format("date"), "The last day; today if nothing is said"),
        may("label", text(), "Texts with that label only"),
        may("subaccounts", words(&["all", "only_main"]), "The account itself is all there is"),
    ]
}

fn line() -> crate::openapi::Schema {
    let count = |name| need(name, whole_number(), "");
    object([
        may("date", text().format("date"), ""),
        may("country", text(), ""),
        may("label", text(), ""),
        may("account", text(), ""),
        may("direct", whole_number(), "In the old form only"),
        may("economy", whole_number(), "In the old form only"),
        count("sms"),
        count("rcs"),
        count("voice"),
        count("hlr"),
        count("mnp"),
        count("inbound"),
        need("usage_eur", number(), "What was spent, in the account's currency"),
    ])
    .named("Totals")
}

fn analytics() -> Operation {
    let by = one_of([words(&["date", "country", "label", "subaccount"])]);
    Operation::new(Get, "/api/analytics", ("Statistics", "readTotals"), "Count texts, in the form of the first clients")
        .headers([accept()])
        .query([may("group_by", by, "By what they are counted; by day if nothing is said").such_as("country")])
        .query(asked())
        .answers(200, "A line for each", or_refusal(list(line())))
        .seen("totals", &exchange!("seven/analytics-the-old-way"))
}

fn analytics_by() -> Operation {
    let by = words(&["date", "country", "label", "subaccount"]);
    Operation::new(
        Get,
        "/api/analytics/{group_by}",
        ("Statistics", "readTotalsBy"),
        "Count texts by day, country, label or account",
    )
    .headers([accept()])
    .path("group_by", by, "By what they are counted", "date")
    .query(asked())
    .answers(200, "A line for each", or_refusal(list(line())))
    .answers(404, "By nothing that there is", object([]))
    .seen("country", &exchange!("seven/analytics-by-country"))
    .seen("date", &exchange!("seven/analytics-by-date"))
}
