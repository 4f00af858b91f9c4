//! The pool of numbers that accounts can buy.

use serde_json::{Map, Value, json};
use whimbrel_core::call::numbers::{Features, NumberKind};
use whimbrel_core::{CountryCode, Currency, Money};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::{OFFERS_MAX, own_number};
use whimbrel_store::{Offer, PooledNumber};

use super::json::{Fields, bad};
use super::{Api, document, numbers, unavailable};
use crate::server::{IncomingRequest, problem};

const PAGE_DEFAULT: usize = 1_000;
const PAGE_MAX: usize = 10_000;

/// `GET pool?after=&limit=`.
pub(super) async fn list(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let (mut after, mut count_max) = (None, PAGE_DEFAULT);
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match &*name {
            "after" => after = Some(value.into_owned()),
            "limit" => match value.parse().ok().filter(|count| (1..=PAGE_MAX).contains(count)) {
                Some(count) => count_max = count,
                None => return bad("`limit` must be a number from 1 to 10000"),
            },
            _ => return bad("the parameters here are after, limit"),
        }
    }
    match api.engine.read(move |store| store.pool(after.as_deref(), count_max)).await {
        Ok(pool) => {
            let more = pool.len() == count_max;
            let list: Vec<Value> = pool.iter().map(|number| shown(api, number)).collect();
            document(200, &json!({ "numbers": list, "more": more }))
        }
        Err(error) => unavailable(&error),
    }
}

/// `POST pool`: puts numbers up for sale.
pub(super) async fn offer(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let offers = match read_offers(request.body()) {
        Ok(offers) => offers,
        Err(refused) => return refused,
    };
    match api.engine.offer_numbers(offers).await {
        Ok(count) => document(200, &json!({ "numbers": count })),
        Err(error) => numbers::refused(&error),
    }
}

/// `DELETE pool/{number}`.
pub(super) async fn withdraw(api: &Api, number: &str) -> HttpResponse {
    match api.engine.withdraw_number(number).await {
        Ok(true) => document(200, &json!({ "number": number })),
        Ok(false) => problem(404, "Not Found", "that number is not in the pool"),
        Err(error) => numbers::refused(&error),
    }
}

fn read_offers(body: &[u8]) -> Result<Vec<Offer>, HttpResponse> {
    let mut fields = Fields::read(body, &["numbers"])?;
    let list = fields.objects("numbers")?.ok_or_else(|| bad("`numbers` is missing: an array of objects"))?;
    if list.len() > OFFERS_MAX {
        return Err(bad(&format!("`numbers` may hold {OFFERS_MAX} at once: send the rest with the next call")));
    }
    let mut offers: Vec<Offer> = Vec::with_capacity(list.len());
    for object in list {
        offers.push(read_offer(object)?);
    }
    // One change names a number once: which terms hold would be chance.
    let mut sorted: Vec<&str> = offers.iter().map(|offer| &*offer.number).collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(bad(&format!("`{}` stands twice: keep one", pair[0]))),
        None => Ok(offers),
    }
}

fn read_offer(object: Map<String, Value>) -> Result<Offer, HttpResponse> {
    let known = &["number", "country", "kind", "features", "monthly", "purchase", "currency"];
    let mut fields = Fields::of(object, known)?;
    let needed = |fields: &mut Fields, name| fields.text(name)?.ok_or_else(|| bad(&format!("`{name}` is missing")));
    let number = needed(&mut fields, "number")?;
    let number = own_number(&number).map_err(|error| numbers::refused(&error))?;
    let country = needed(&mut fields, "country")?;
    let country =
        CountryCode::parse(&country).ok_or_else(|| bad("`country` must be two capital letters such as GB"))?;
    let kind = fields.word("kind", NumberKind::parse, "mobile, landline, toll-free")?.unwrap_or(NumberKind::Mobile);
    let features = fields.word("features", Features::parse, "SMS, VOICE, MMS with commas between them")?;
    let currency =
        fields.word("currency", |code| code.parse::<Currency>().ok(), "the three capital letters of a currency")?;
    let currency = currency.unwrap_or(Currency::EUR);
    let amount = |name: &str, text: &str| match Money::parse(text, currency) {
        Ok(money) if money.units >= 0 => Ok(money),
        Ok(_) => Err(bad(&format!("`{name}` must not be negative"))),
        Err(error) => Err(bad(&format!("`{name}`: {error}"))),
    };
    let monthly = amount("monthly", &needed(&mut fields, "monthly")?)?;
    let purchase = fields.text("purchase")?.map(|text| amount("purchase", &text)).transpose()?;
    let features = features.filter(|features| *features != Features::NONE).unwrap_or(Features::SMS);
    Ok(Offer { number, country, kind, features, monthly, purchase: purchase.unwrap_or(monthly) })
}

fn shown(api: &Api, number: &PooledNumber) -> Value {
    let owner = number.owner.and_then(|id| api.engine.directory().by_id(id)).map(|entry| entry.account.key.clone());
    let offer = &number.offer;
    json!({
        "number": offer.number,
        "country": offer.country.as_str(),
        "kind": offer.kind.as_str(),
        "features": offer.features.names().collect::<Vec<_>>().join(","),
        "monthly": offer.monthly.eight_decimals(),
        "purchase": offer.purchase.eight_decimals(),
        "currency": offer.monthly.currency.as_str(),
        "account": owner,
    })
}
