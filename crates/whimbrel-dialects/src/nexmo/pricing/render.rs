//! Answers of the Pricing API. All values are strings, amounts have eight decimals; counts are numbers.

use std::borrow::Cow;

use whimbrel_core::call::prices::{CountryPrices, NetworkPrice, NumberPrice, PricesOutcome};
use whimbrel_core::{CountryCode, Outcome, country};

use super::super::developer::body::{Object, Xml};
use super::super::developer::fault::{Fault, pair, pair_in_xml};
use super::super::developer::{self, answer, is_xml};
use super::{Page, is_unknown};
use crate::Reply;
use crate::http::HttpResponse;

/// The currency of a refusal: whose account it is is not known.
const CURRENCY: &str = "EUR";

/// The answer to a request of this API.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    let page = Page::ALL.get(usize::from(developer::page(reply))).copied().unwrap_or(Page::Country);
    match outcome {
        Outcome::Prices(PricesOutcome::Country(prices)) => answer(reply, 200, one(prices, reply)),
        Outcome::Prices(PricesOutcome::Countries(countries)) => answer(reply, 200, several(page, countries, reply)),
        Outcome::Prices(PricesOutcome::Number(price)) => answer(reply, 200, number(price, reply)),
        Outcome::Prices(PricesOutcome::Unknown) if page == Page::Number => refused(page, &Fault::METHOD_FAILED, reply),
        Outcome::Prices(PricesOutcome::Unknown) => refused(page, &Fault::NOT_FOUND, reply),
        Outcome::Refused(refusal) if is_unknown(refusal) => refused(page, &Fault::NOT_FOUND, reply),
        Outcome::Refused(refusal) => refused(page, &Fault::of(refusal), reply),
        _ => refused(page, &Fault::INTERNAL, reply),
    }
}

const fn root(page: Page) -> &'static str {
    match page {
        Page::Country => "outbound-country-pricing",
        Page::Countries | Page::BothForms => "outbound-pricing",
        Page::Number => "response",
    }
}

/// The definition has `code` where the other APIs have `error-code`, and clients look for the latter: both are sent.
fn refused(page: Page, fault: &Fault, reply: &Reply) -> HttpResponse {
    match fault {
        Fault::Code(401, label) => {
            let body = match is_xml(reply) {
                false => pair(Object::new().text("currency", CURRENCY).text("code", "401"), 401, label).close(),
                true => Xml::document(root(page), |xml| {
                    xml.text("currency", CURRENCY);
                    xml.text("code", "401");
                    pair_in_xml(xml, 401, label);
                }),
            };
            answer(reply, 401, body)
        }
        _ => fault.answer(reply, root(page)),
    }
}

/// A country as price lists name it.
struct Named<'a> {
    code: &'a str,
    name: Cow<'a, str>,
    calling_code: &'static str,
}

impl<'a> Named<'a> {
    fn of(code: &'a CountryCode) -> Self {
        match country::find(*code) {
            Some(country) => {
                Self { code: code.as_str(), name: Cow::Borrowed(country.name), calling_code: country.calling_code }
            }
            // A territory of the operator's own table: its code is all that is known.
            None => Self { code: code.as_str(), name: Cow::Borrowed(code.as_str()), calling_code: "" },
        }
    }
}

fn one(prices: &CountryPrices, reply: &Reply) -> Vec<u8> {
    match is_xml(reply) {
        false => new_form(prices).close(),
        true => Xml::document("outbound-country-pricing", |xml| old_form_in_xml(xml, prices)),
    }
}

fn several(page: Page, countries: &[CountryPrices], reply: &Reply) -> Vec<u8> {
    match is_xml(reply) {
        false => {
            let mut object = Object::new().bare("count", countries.len());
            if page == Page::BothForms {
                object = object.objects("prices", countries.iter().map(old_form));
            }
            object.objects("countries", countries.iter().map(new_form)).close()
        }
        true => Xml::document("outbound-pricing", |xml| {
            xml.bare("count", countries.len());
            xml.within("countries", |xml| countries.iter().for_each(|prices| new_form_in_xml(xml, prices)));
        }),
    }
}

fn new_form(prices: &CountryPrices) -> Object {
    let named = Named::of(&prices.country);
    let object = Object::new().text("dialingPrefix", named.calling_code);
    let object = object.text_if("defaultPrice", prices.default_price.map(|price| price.eight_decimals()).as_deref());
    let object = object
        .text("currency", prices.currency.as_str())
        .text("countryDisplayName", &named.name)
        .text("countryCode", named.code)
        .text("countryName", &named.name);
    match prices.default_price {
        Some(_) => object.objects("networks", prices.networks.iter().map(network)),
        None => object,
    }
}

fn network(network: &NetworkPrice) -> Object {
    let object = Object::new()
        .text("type", network_type(&network.code))
        .text("price", &network.price.eight_decimals())
        .text("currency", network.price.currency.as_str());
    let object = match codes(&network.code) {
        Some((mcc, mnc)) => object.text("mcc", mcc).text("mnc", mnc),
        None => object,
    };
    object.text("networkCode", &network.code).text("networkName", &network.name)
}

/// Mobile country and network code; `None` of a network that has none.
fn codes(code: &str) -> Option<(&str, &str)> {
    let is_mobile = matches!(code.len(), 5 | 6) && code.bytes().all(|byte| byte.is_ascii_digit());
    is_mobile.then(|| code.split_at(3))
}

/// Our tables name fixed lines `GB-FIXED`, and mobile numbers of no known network `GB-MOBILE`.
fn network_type(code: &str) -> &'static str {
    match code.rsplit_once('-') {
        Some((_, "FIXED")) => "landline",
        _ => "mobile",
    }
}

fn new_form_in_xml(xml: &mut Xml, prices: &CountryPrices) {
    let named = Named::of(&prices.country);
    xml.within("country", |xml| {
        xml.text("countryDisplayName", &named.name);
        xml.text("country-code", named.code);
        xml.text("country-name", &named.name);
        xml.text("dialing-prefix", named.calling_code);
        xml.text_if("default-price", prices.default_price.map(|price| price.eight_decimals()).as_deref());
        xml.text("currency", prices.currency.as_str());
        if prices.default_price.is_none() {
            return;
        }
        xml.within("networks", |xml| {
            for network in &prices.networks {
                xml.within("network", |xml| {
                    xml.text("network-code", &network.code);
                    xml.text("network-name", &network.name);
                    xml.text("type", network_type(&network.code));
                    xml.text("price", &network.price.eight_decimals());
                    xml.text("currency", network.price.currency.as_str());
                    if let Some((mcc, mnc)) = codes(&network.code) {
                        xml.text("mcc", mcc);
                        xml.text("mnc", mnc);
                    }
                });
            }
        });
    });
}

/// As the paths without a type listed a country.
fn old_form(prices: &CountryPrices) -> Object {
    let named = Named::of(&prices.country);
    let object = Object::new()
        .text("country", named.code)
        .text("name", &named.name)
        .text("prefix", named.calling_code)
        .text_if("mt", prices.default_price.map(|price| price.eight_decimals()).as_deref());
    let networks = prices.networks.iter().map(|network| {
        Object::new()
            .text("code", &network.code)
            .text("network", &network.name)
            .text("mtPrice", &network.price.eight_decimals())
    });
    object.objects("networks", networks).text("countryDisplayName", &named.name)
}

fn old_form_in_xml(xml: &mut Xml, prices: &CountryPrices) {
    let named = Named::of(&prices.country);
    xml.text("countryDisplayName", &named.name);
    xml.text("country", named.code);
    xml.text("name", &named.name);
    xml.text("prefix", named.calling_code);
    xml.text_if("mt", prices.default_price.map(|price| price.eight_decimals()).as_deref());
    xml.within("networks", |xml| {
        for network in &prices.networks {
            xml.within("network", |xml| {
                xml.text("code", &network.code);
                xml.text("name", &network.name);
                xml.text("mtPrice", &network.price.eight_decimals());
            });
        }
    });
}

/// The vendor's form is not known; this one is our choice.
fn number(price: &NumberPrice, reply: &Reply) -> Vec<u8> {
    let units = price.price.map(|price| price.eight_decimals());
    let currency = price.price.map(|price| price.currency);
    let fields = [
        ("phone", Some(price.number.digits())),
        ("country", Some(price.country.as_str())),
        ("network", Some(&*price.network)),
        ("price", units.as_deref()),
        ("currency", currency.as_ref().map(|currency| currency.as_str())),
    ];
    match is_xml(reply) {
        false => fields.iter().fold(Object::new(), |object, (name, value)| object.text_if(name, *value)).close(),
        true => Xml::document("phone-pricing", |xml| fields.iter().for_each(|(name, value)| xml.text_if(name, *value))),
    }
}
