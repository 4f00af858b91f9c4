//! Calls about the account, prices, history and numbers: how a file shows them, and what a file says that they came to.

use std::fmt::Write as _;

use whimbrel_core::call::account::{AccountCall, AccountOutcome, AccountRefusal, Reload, Settings};
use whimbrel_core::call::history::{
    CameInPart, HistoryCall, HistoryOutcome, HistoryPart, RefusedSend, SentPart, SentTo,
};
use whimbrel_core::call::numbers::{
    ApplicationFilter, Features, NumberChoice, NumberKind, NumberPattern, NumberSettings, NumbersCall, NumbersOutcome,
    NumbersRefusal, OwnedEntry, Page, SaleEntry,
};
use whimbrel_core::call::prices::{
    CountryPrices, NetworkPrice, NumberPrice, PriceScope, PricesCall, PricesOutcome, Product,
};
use whimbrel_core::part::Final;
use whimbrel_core::{
    Buckets, Call, Cause, CountryCode, Currency, InboundId, KeyMode, MessageText, Money, Outcome, PartId,
    ReceiptStatus, Timestamp,
};

use super::file::{Facts, money, number};

/// The key of the account whose history files show.
const KEY: &str = "abcd1234";

pub(crate) fn print(out: &mut String, call: &Call) {
    let text = match call {
        Call::Account(call) => account(call),
        Call::Prices(call) => prices(call),
        Call::History(call) => history(call),
        Call::Numbers(call) => numbers(call),
        _ => panic!("a text is printed elsewhere"),
    };
    let _ = write!(out, "call: {text}");
}

fn account(call: &AccountCall) -> String {
    match call {
        AccountCall::Balance => "balance".to_owned(),
        AccountCall::TopUp { reference } => format!("top up, reference {reference}"),
        AccountCall::Settings(change) => {
            format!("settings\ninbound: {}\nreceipts: {}", wish(&change.inbound_url), wish(&change.receipt_url))
        }
    }
}

fn wish(text: &Option<Box<str>>) -> &str {
    match text.as_deref() {
        None => "as it is",
        Some("") => "none",
        Some(text) => text,
    }
}

fn prices(call: &PricesCall) -> String {
    let product = if call.product == Product::Text { "texts" } else { "what is not sold" };
    match &call.scope {
        PriceScope::Everywhere => format!("prices of {product}, everywhere"),
        PriceScope::Country(country) => format!("prices of {product}, country {}", country.as_str()),
        PriceScope::Prefix(prefix) => format!("prices of {product}, prefix {prefix}"),
        PriceScope::Number(number) => format!("prices of {product}, number {}", number.digits()),
    }
}

fn history(call: &HistoryCall) -> String {
    let span = |SentTo { from, until, recipient }: &SentTo| format!("from {from} until {until}, to {recipient}");
    match call {
        HistoryCall::ByIds(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| format!("{:x}", id.0)).collect();
            format!("parts {}", ids.join(", "))
        }
        HistoryCall::Within(within) => format!("parts {}", span(within)),
        HistoryCall::RefusedWithin(within) => format!("refused requests {}", span(within)),
    }
}

fn numbers(call: &NumbersCall) -> String {
    let names = |features: Features| features.names().collect::<Vec<_>>().join(",");
    let list = |pattern: &NumberPattern, page: Page| {
        format!("digits: {:?} {:?}\npage: {} of {}", pattern.digits, pattern.place, page.index, page.size)
    };
    match call {
        NumbersCall::Owned(query) => {
            let country = query.country.as_ref().map_or("any", |country| country.as_str());
            let (features, list) = (names(query.features), list(&query.pattern, query.page));
            let application = match &query.application {
                ApplicationFilter::Exactly(id) => format!("Exactly({id:?})"),
                other => format!("{other:?}"),
            };
            format!("own numbers\ncountry: {country}\nfeatures: {features}\napplication: {application}\n{list}")
        }
        NumbersCall::OnSale(query) => {
            let country = query.country.as_ref().map_or("any", |country| country.as_str());
            let kind = query.kind.map_or("any", NumberKind::as_str);
            let (features, list) = (names(query.features), list(&query.pattern, query.page));
            format!("numbers for sale\ncountry: {country}\nkind: {kind}\nfeatures: {features}\n{list}")
        }
        NumbersCall::Buy(choice) => format!("buy {}", chosen(choice)),
        NumbersCall::Cancel(choice) => format!("cancel {}", chosen(choice)),
        NumbersCall::Update(choice, settings) => {
            let fields = [
                ("url", &settings.inbound_url),
                ("application", &settings.application),
                ("system type", &settings.system_type),
                ("calls by", &settings.voice_kind),
                ("calls to", &settings.voice_value),
                ("calls told to", &settings.voice_status_url),
            ];
            fields.iter().fold(format!("change {}", chosen(choice)), |text, (name, value)| {
                format!("{text}\n{name}: {}", wish(value))
            })
        }
    }
}

fn chosen(choice: &NumberChoice) -> String {
    let target = choice.target.as_deref().map_or_else(String::new, |target| format!(" for {target}"));
    format!("{} {}{target}", choice.country.as_str(), choice.number)
}

/// The outcome that a file states, if it is one of these families.
pub(crate) fn outcome(text: &str) -> Outcome {
    let facts = Facts(text);
    let first = text.lines().next().unwrap_or_default();
    let refused = |refusal| Outcome::Numbers(NumbersOutcome::Refused(refusal));
    let account_refused = |refusal| Outcome::Account(AccountOutcome::Refused(refusal));
    match first {
        "balance" => {
            let available = facts.money("available");
            let credit = |name| facts.find(name).map_or(Money::new(0, available.currency), |_| facts.money(name));
            let (bonus_credit, free_credit) = (credit("bonus credit"), credit("free credit"));
            let balance = Money::new(available.units - bonus_credit.units - free_credit.units, available.currency);
            let buckets = Buckets { balance, bonus_credit, free_credit };
            let reload = if facts.find("reload").is_some() { Reload::Arranged } else { Reload::None };
            Outcome::Account(AccountOutcome::Balance { available, buckets, reload })
        }
        "topped up" => Outcome::Account(AccountOutcome::ToppedUp),
        "settings" => Outcome::Account(AccountOutcome::Settings(Settings {
            inbound_url: facts.find("inbound").unwrap_or_default().into(),
            receipt_url: facts.find("receipts").unwrap_or_default().into(),
            requests_per_second_max: facts.count("requests per second"),
        })),
        "refused: no payment is arranged" => account_refused(AccountRefusal::NoReload),
        "refused: the arranged payments are used up" => account_refused(AccountRefusal::ReloadUsedUp),
        "refused: the URL does not answer" => account_refused(AccountRefusal::EndpointUnreachable),
        "prices of a country" => Outcome::Prices(PricesOutcome::Country(countries(text).pop().expect("a country"))),
        "prices of countries" => Outcome::Prices(PricesOutcome::Countries(countries(text))),
        "price of a number" => Outcome::Prices(PricesOutcome::Number(NumberPrice {
            number: number(facts.get("number")),
            country: country(facts.get("country")),
            network: facts.get("network").into(),
            price: facts.find("price").map(money),
        })),
        "nothing is known" => Outcome::Prices(PricesOutcome::Unknown),
        "parts" => Outcome::History(HistoryOutcome::Parts { key: KEY.into(), parts: parts(text) }),
        "refused requests" => Outcome::History(HistoryOutcome::Refused { key: KEY.into(), sends: sends(text) }),
        "own numbers" => {
            let entries = lines(text, "number: ").map(owned).collect();
            Outcome::Numbers(NumbersOutcome::Owned(entries, facts.count("in all")))
        }
        "numbers for sale" => {
            let entries = lines(text, "number: ").map(on_sale).collect();
            Outcome::Numbers(NumbersOutcome::OnSale(entries, facts.count("in all")))
        }
        "done" => Outcome::Numbers(NumbersOutcome::Done),
        "refused: not for sale" => refused(NumbersRefusal::NotForSale),
        "refused: not the account's" => refused(NumbersRefusal::NotOwned),
        "refused: no money for it" => refused(NumbersRefusal::InsufficientFunds),
        "refused: for another account" => refused(NumbersRefusal::OtherAccount),
        "refused: no such application" => refused(NumbersRefusal::UnknownApplication),
        "refused: the number's URL does not answer" => refused(NumbersRefusal::EndpointUnreachable),
        other => panic!("no outcome `{other}`"),
    }
}

fn lines<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| line.strip_prefix(name))
}

fn country(code: &str) -> CountryCode {
    CountryCode::parse(code).expect("two capital letters")
}

/// `country: GB, 0.04` or `country: GB`, each with its `network: 23410, 0.05, One`.
fn countries(text: &str) -> Vec<CountryPrices> {
    let mut countries: Vec<CountryPrices> = Vec::new();
    for line in text.lines() {
        if let Some(line) = line.strip_prefix("country: ") {
            let (code, price) = line.split_once(", ").map_or((line, None), |(code, price)| (code, Some(money(price))));
            let currency = Currency::EUR;
            countries.push(CountryPrices {
                country: country(code),
                currency,
                default_price: price,
                networks: Vec::new(),
            });
        } else if let Some(line) = line.strip_prefix("network: ") {
            let [code, price, name] = fields(line);
            let network = NetworkPrice { code: code.into(), name: name.into(), price: money(price) };
            countries.last_mut().expect("after a country").networks.push(network);
        }
    }
    countries
}

/// Exactly so many fields with commas between them; the last may hold commas.
fn fields<const N: usize>(line: &str) -> [&str; N] {
    let fields: Vec<&str> = line.splitn(N, ", ").collect();
    fields.try_into().unwrap_or_else(|fields| panic!("{N} fields wanted: {fields:?}"))
}

/// `sent: id, sender, recipient, network, price, micros, text`, then `mark:` and `end: status, cause, micros`;
/// `came in: id, sender, network, number, micros, text`.
fn parts(text: &str) -> Vec<HistoryPart> {
    let mut parts = Vec::new();
    let at = |text: &str| Timestamp(text.parse().expect("microseconds"));
    let id = |text: &str| i64::from_str_radix(text, 16).expect("a hexadecimal number");
    for line in text.lines().skip(1) {
        match line.split_once(": ").expect("a fact") {
            ("sent", line) => {
                let [part, sender, recipient, network, price, accepted, said] = fields(line);
                parts.push(HistoryPart::Sent(SentPart {
                    id: PartId(id(part)),
                    sender: sender.into(),
                    recipient: recipient.into(),
                    network: network.into(),
                    text: MessageText::new(said),
                    price: money(price),
                    mode: KeyMode::Live,
                    accepted_at: at(accepted),
                    client_ref: None,
                    end: None,
                }));
            }
            ("came in", line) => {
                let [part, sender, network, number, came, said] = fields(line);
                parts.push(HistoryPart::CameIn(CameInPart {
                    id: InboundId(id(part)),
                    sender: sender.into(),
                    network: network.into(),
                    number: number.into(),
                    text: MessageText::new(said),
                    at: at(came),
                }));
            }
            (name, line) => {
                let Some(HistoryPart::Sent(part)) = parts.last_mut() else {
                    panic!("`{name}` is of a part that was sent")
                };
                match name {
                    "mark" => part.client_ref = Some(line.into()),
                    "end" => {
                        let [status, cause, ended] = fields(line);
                        let status = ReceiptStatus::parse(status).expect("a status");
                        let cause = Cause::parse(cause).expect("a cause");
                        part.end = Some((Final { status, cause }, at(ended)));
                    }
                    _ => panic!("no fact `{name}`"),
                }
            }
        }
    }
    parts
}

/// `refused: sender, recipient, micros, code, text`.
fn sends(text: &str) -> Vec<RefusedSend> {
    let send = |line| {
        let [sender, recipient, at, code, told] = fields(line);
        RefusedSend {
            sender: sender.into(),
            recipient: recipient.into(),
            at: Timestamp(at.parse().expect("microseconds")),
            code: code.into(),
            told: told.into(),
        }
    };
    lines(text, "refused: ").map(send).collect()
}

/// `GB 447700900000 mobile VOICE,SMS` and then pairs `name=value`.
fn owned(line: &str) -> OwnedEntry {
    let words: Vec<&str> = line.split(' ').collect();
    let [code, number, kind, features, rest @ ..] = words.as_slice() else { panic!("too few words: {line}") };
    let value = |name: &str| rest.iter().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(Box::from);
    OwnedEntry {
        number: (*number).into(),
        country: CountryCode::parse(code),
        kind: NumberKind::parse(kind).expect("a kind"),
        features: Features::parse(features).expect("features"),
        settings: NumberSettings {
            inbound_url: value("url"),
            application: value("application"),
            system_type: value("system-type"),
            voice_kind: value("calls-by"),
            voice_value: value("calls-to"),
            voice_status_url: value("calls-told-to"),
        },
    }
}

/// `GB 447700900000 mobile VOICE,SMS 1.25`.
fn on_sale(line: &str) -> SaleEntry {
    let words: Vec<&str> = line.split(' ').collect();
    let [code, number, kind, features, monthly] = words.as_slice() else { panic!("five words wanted: {line}") };
    SaleEntry {
        number: (*number).into(),
        country: country(code),
        kind: NumberKind::parse(kind).expect("a kind"),
        features: Features::parse(features).expect("features"),
        monthly: money(monthly),
        purchase: money(monthly),
    }
}
