//! Balance, payments, settings, prices, search.

use super::{country, fault, older, refusing};
use crate::exchange;
use crate::openapi::Method::{Get, Post};
use crate::openapi::{
    Method, Operation, Schema, boolean, list, may, need, number, object, one_of, text, whole_number, words,
};

const ACCOUNT: &str = "Account";
const PRICES: &str = "Prices";
const SEARCH: &str = "Search";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![balance(), top_up(Get, "topUpByGet"), top_up(Post, "topUp"), settings()];
    all.extend([
        country_prices(),
        country_prices_of_texts(),
        all_prices(),
        prefix_prices(),
        prefix_prices_of_texts(),
        number_price(),
        number_price_of_texts(),
    ]);
    all.extend([message(), messages(), rejections()]);
    all
}

/// Credentials may end the path.
fn below(operation: Operation, path: &'static str) -> Operation {
    operation.also_at(path)
}

fn balance() -> Operation {
    let wallet = object([
        need("value", number(), "What is left, in the account's currency"),
        need("autoReload", boolean(), "Whether a payment is arranged"),
    ]);
    let operation = Operation::new(Get, "/account/get-balance", (ACCOUNT, "readBalance"), "See what is left");
    older(below(operation, "/account/get-balance/{api_key}/{api_secret}"), "The wallet", wallet)
        .proved_by(&[&["basic"], &["key", "secret"], &["oauth"]])
        .seen("wallet", &exchange!("nexmo/account/the-balance-is-a-number"))
        .seen("xml", &exchange!("nexmo/account/the-balance-is-a-number-in-xml"))
        .seen("credentials", &exchange!("nexmo/account/a-balance-for-a-wrong-secret"))
}

fn top_up(method: Method, name: &'static str) -> Operation {
    let fields = [need("trx", text(), "The reference of the arranged payment").such_as("00X123456Y7890123Z")];
    let operation = Operation::new(method, "/account/top-up", (ACCOUNT, name), "Call up a payment that is arranged");
    let operation = if method == Get { operation.query(fields) } else { operation.form(fields) };
    let operation = older(below(operation, "/account/top-up/{api_key}/{api_secret}"), "It is paid in", fault());
    refusing(operation, 420, "It was called up as often as was arranged", fault())
        .seen("paid", &exchange!("nexmo/account/an-arranged-payment-is-called-up"))
        .seen("used", &exchange!("nexmo/account/the-arranged-payments-are-used-up"))
        .seen("none", &exchange!("nexmo/account/no-payment-is-arranged"))
}

fn settings() -> Operation {
    let limit = |name| need(name, whole_number(), "Requests in a second");
    let limits = || [limit("max-outbound-request"), limit("max-inbound-request"), limit("max-calls-per-second")];
    let shown =
        object([need("mo-callback-url", text(), ""), need("dr-callback-url", text(), "")].into_iter().chain(limits()));
    let refused =
        object(limits().into_iter().chain([need("error-code", text(), ""), need("error-code-label", text(), "")]));
    let operation =
        Operation::new(Post, "/account/settings", (ACCOUNT, "changeSettings"), "Set where webhooks go, or see it")
            .form([
                may(
                    "moCallBackUrl",
                    text().chars(0, 1000),
                    "Where texts that come in go; it must answer a request with 200",
                )
                .such_as(""),
                may("drCallBackUrl", text().chars(0, 1000), "Where receipts go; it must answer a request with 200")
                    .such_as(""),
            ]);
    let operation = older(below(operation, "/account/settings/{api_key}/{api_secret}"), "The settings", shown);
    refusing(operation, 420, "A URL does not answer, or cannot be one", one_of([refused, fault()]))
        .seen("settings", &exchange!("nexmo/account/both-urls-are-set"))
        .seen("silent", &exchange!("nexmo/account/a-url-that-does-not-answer-is-refused"))
}

fn network() -> Schema {
    object([
        need(
            "type",
            words(&["mobile", "landline", "landline_premium", "landline_tollfree", "pager", "virtual", "unknown"]),
            "",
        ),
        need("price", text(), "With eight decimals"),
        need("currency", text(), ""),
        may("mcc", text(), ""),
        may("mnc", text(), ""),
        need("networkCode", text(), ""),
        need("networkName", text(), ""),
    ])
}

fn prices_of_a_country() -> Schema {
    object([
        need("dialingPrefix", text(), ""),
        may("defaultPrice", text(), "Of a network that is not in the list"),
        need("currency", text(), ""),
        need("countryDisplayName", text(), ""),
        need("countryCode", text(), ""),
        need("countryName", text(), ""),
        may("networks", list(network()), ""),
    ])
    .named("CountryPrices")
}

fn countries() -> Schema {
    let old_network = object([need("code", text(), ""), need("network", text(), ""), need("mtPrice", text(), "")]);
    let old = object([
        need("country", text(), ""),
        need("name", text(), ""),
        need("prefix", text(), ""),
        may("mt", text(), ""),
        may("networks", list(old_network), ""),
        need("countryDisplayName", text(), ""),
    ]);
    object([
        need("count", whole_number(), ""),
        may("prices", list(old), "The old form, where the path names no type"),
        need("countries", list(prices_of_a_country()), ""),
    ])
    .named("Countries")
}

/// The refusal of a key here has its code twice.
fn priced(operation: Operation, about: &'static str, schema: Schema) -> Operation {
    let mut operation = older(operation, about, schema);
    let refused = object([
        may("currency", text(), ""),
        may("code", text(), ""),
        need("error-code", text(), ""),
        need("error-code-label", text(), ""),
    ]);
    for answer in operation.answers.iter_mut().filter(|answer| answer.status == 401) {
        if let Some((media, schema)) = &mut answer.content
            && media.contains("json")
        {
            *schema = refused.clone();
        }
    }
    refusing(operation, 404, "There is no such country or type", fault())
}

const KINDS: &[&str] = &["sms", "sms-transit", "voice"];

fn typed(operation: Operation) -> Operation {
    operation.path("type", words(KINDS), "What for; only texts have prices", "sms")
}

fn country_prices() -> Operation {
    let operation = Operation::new(
        Get,
        "/account/get-pricing/outbound",
        (PRICES, "readPrices"),
        "See what texts to a country cost",
    );
    priced(
        operation.query([country(false)]),
        "Prices of a country, or of all",
        one_of([prices_of_a_country(), countries()]),
    )
    .seen("country", &exchange!("nexmo/pricing/a-country-without-a-type-is-one-for-texts"))
}

fn country_prices_of_texts() -> Operation {
    let operation = Operation::new(
        Get,
        "/account/get-pricing/outbound/{type}",
        (PRICES, "readPricesOf"),
        "See what texts to a country cost, by type",
    );
    priced(
        typed(operation).query([country(false)]),
        "Prices of a country, or of all",
        one_of([prices_of_a_country(), countries()]),
    )
    .seen("country", &exchange!("nexmo/pricing/a-country-with-its-networks"))
    .seen("none", &exchange!("nexmo/pricing/an-unknown-country-is-not-found"))
    .seen("xml", &exchange!("nexmo/pricing/a-country-with-its-networks-in-xml"))
}

fn all_prices() -> Operation {
    let operation = Operation::new(
        Get,
        "/account/get-full-pricing/outbound/{type}",
        (PRICES, "readAllPrices"),
        "See what texts to every country cost",
    );
    priced(typed(operation).also_at("/account/get-full-pricing/outbound"), "Prices of all countries", countries())
        .seen("countries", &exchange!("nexmo/pricing/all-countries"))
}

fn prefix() -> crate::openapi::Field {
    need("prefix", text().pattern("^\\+?[0-9]{1,15}$"), "First digits of a number").such_as("44")
}

fn prefix_prices() -> Operation {
    let operation = Operation::new(
        Get,
        "/account/get-prefix-pricing/outbound",
        (PRICES, "readPrefixPrices"),
        "See what texts to a prefix cost, in both forms",
    );
    priced(operation.query([prefix()]), "Prices of its countries", countries())
        .seen("both", &exchange!("nexmo/pricing/a-prefix-without-a-type-is-answered-in-both-forms"))
}

fn prefix_prices_of_texts() -> Operation {
    let operation = Operation::new(
        Get,
        "/account/get-prefix-pricing/outbound/{type}",
        (PRICES, "readPrefixPricesOf"),
        "See what texts to a prefix cost",
    );
    priced(typed(operation).query([prefix()]), "Prices of its countries", countries())
        .seen("countries", &exchange!("nexmo/pricing/countries-by-prefix"))
}

fn price_of_a_number() -> Schema {
    object([
        need("phone", text(), ""),
        need("country", text(), ""),
        need("network", text(), ""),
        may("price", text(), ""),
        may("currency", text(), ""),
    ])
    .named("NumberPrice")
}

fn number_priced(operation: Operation) -> Operation {
    let phone = need("phone", text(), "A number").such_as("447700900000");
    let operation = priced(operation.query([phone]), "Its network and the price", price_of_a_number());
    refusing(operation, 420, "The number is none, or of no network", fault())
}

fn number_price() -> Operation {
    number_priced(Operation::new(
        Get,
        "/account/get-phone-pricing/outbound",
        (PRICES, "readNumberPrice"),
        "See what a text to a number costs",
    ))
}

fn number_price_of_texts() -> Operation {
    let operation = Operation::new(
        Get,
        "/account/get-phone-pricing/outbound/{type}",
        (PRICES, "readNumberPriceOf"),
        "See what a text to a number costs, by type",
    );
    number_priced(typed(operation)).seen("price", &exchange!("nexmo/pricing/a-number-is-priced"))
}

fn part() -> Schema {
    object([
        need("message-id", text(), ""),
        need("account-id", text(), ""),
        need("network", text(), ""),
        need("from", text(), ""),
        need("to", text(), ""),
        need("body", text(), ""),
        may("price", text(), ""),
        need("date-received", text(), "UTC"),
        may("final-status", words(&["DELIVRD", "EXPIRED", "UNDELIV", "REJECTD", "UNKNOWN"]), "Once it has ended"),
        may("date-closed", text(), ""),
        may("latency", whole_number(), "Milliseconds"),
        may("status", text(), ""),
        may("error-code", text(), ""),
        may("error-code-label", text(), ""),
        may("client-ref", text(), ""),
        need("type", words(&["MT", "MO"]), "Sent, or came in"),
    ])
    .named("FoundPart")
}

fn found(items: Schema) -> Schema {
    object([need("count", whole_number(), ""), need("items", list(items), "")])
}

fn message() -> Operation {
    let operation = Operation::new(Get, "/search/message", (SEARCH, "findPart"), "Look up a part of a text")
        .also_at("/search/message/{api_key}/{api_secret}")
        .query([need("id", text().chars(1, 100), "Its `message-id`").such_as("A0C00000A310D8CA")]);
    refusing(older(operation, "The part", part()), 404, "There is none with that id", fault())
        .seen("part", &exchange!("nexmo/search/a-part-that-was-delivered"))
        .seen("none", &exchange!("nexmo/search/an-unknown-part-is-not-found"))
}

fn messages() -> Operation {
    let operation = Operation::new(
        Get,
        "/search/messages",
        (SEARCH, "findParts"),
        "Look up parts by their ids, or a day's to a number",
    )
    .also_at("/search/messages/{api_key}/{api_secret}")
    .query([
        may("ids", list(text()).items_max(10), "Up to ten ids, each with its name before it"),
        may("date", text().format("date"), "A day (UTC); with `to`").such_as("2026-01-31"),
        may("to", text(), "The recipient; with `date`").such_as("447700900000"),
    ]);
    older(operation, "The parts", found(part())).seen("parts", &exchange!("nexmo/search/parts-of-a-day"))
}

fn rejections() -> Operation {
    let refused = object([
        need("account-id", text(), ""),
        need("from", text(), ""),
        need("to", text(), ""),
        need("date-received", text(), ""),
        need("error-code", text(), ""),
        need("error-code-label", text(), ""),
    ]);
    let operation = Operation::new(
        Get,
        "/search/rejections",
        (SEARCH, "findRejections"),
        "Look up requests of a day that were refused",
    )
    .also_at("/search/rejections/{api_key}/{api_secret}")
    .query([
        need("date", text().format("date"), "A day (UTC)").such_as("2026-01-31"),
        need("to", text(), "The recipient, or what stood in its place").such_as("447700900000"),
    ]);
    older(operation, "The requests", found(refused))
        .seen("refused", &exchange!("nexmo/search/refused-requests-of-a-day"))
}
