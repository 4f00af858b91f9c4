//! The Pricing API: what texts cost, by country, by prefix, or all of it.
//!
//! Follows the vendor's Pricing API definition 0.0.3 and captured answers, read 2026-11. Only texts have prices: `sms-transit` and
//! `voice` are known words, and every country is without a price for them.

mod render;

use whimbrel_core::call::prices::{PriceScope, PricesCall, Product};
use whimbrel_core::{Call, CountryCode, PhoneNumber, Refusal, Timestamp};

use super::claim;
use super::developer::{self, Place, Tail};
use super::params::Params;
use super::{Api, answer};
use crate::Match;
use crate::http::HttpRequest;

pub(super) use render::render;

/// The answers of this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    /// One country, or all if none is named.
    Country,
    /// Countries.
    Countries,
    /// Countries as the paths without a type list them: in the old form beside the new one.
    BothForms,
    /// One number.
    Number,
}

impl Page {
    const ALL: [Self; 4] = [Self::Country, Self::Countries, Self::BothForms, Self::Number];
}

/// What is asked for below a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Country,
    All,
    Prefix,
    Number,
}

const PATHS: [(&str, Asked); 4] = [
    ("/account/get-pricing/outbound", Asked::Country),
    ("/account/get-full-pricing/outbound", Asked::All),
    ("/account/get-prefix-pricing/outbound", Asked::Prefix),
    ("/account/get-phone-pricing/outbound", Asked::Number),
];

/// Reads a request of this API.
pub(super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let found = PATHS.iter().find_map(|(path, asked)| Some((*asked, developer::tail(request.path, path, &["type"])?)));
    let Some((asked, tail)) = found else { return Match::NotMine };
    let product = tail.first().map(|(_, product)| product.clone());
    let page = match (asked, &product) {
        (Asked::Country, _) => Page::Country,
        (Asked::Prefix, None) => Page::BothForms,
        (Asked::All | Asked::Prefix, _) => Page::Countries,
        (Asked::Number, _) => Page::Number,
    };
    let place = Place { product: claim::Product::Account, api: Api::Pricing, page: page as u8, methods: &["GET"] };
    developer::read(request, place, Tail::new(), (trace_id, now), answer::forbidden, |params| {
        call(asked, product.as_deref(), params)
    })
}

fn call(asked: Asked, product: Option<&str>, params: &Params<'_>) -> Result<Call, Refusal> {
    let product = match product {
        None | Some("sms") => Product::Text,
        Some("sms-transit" | "voice") => Product::Unsold,
        Some(_) => return Err(UNKNOWN),
    };
    let needed = |field: &'static str| params.some(field).ok_or(Refusal::Missing { field });
    let scope = match asked {
        Asked::All => PriceScope::Everywhere,
        Asked::Country => match params.some("country") {
            Some(country) => PriceScope::Country(CountryCode::parse(&country.to_ascii_uppercase()).ok_or(UNKNOWN)?),
            // .NET asks for all countries by leaving out which.
            None => PriceScope::Everywhere,
        },
        Asked::Prefix => {
            let prefix = needed("prefix")?.trim_start_matches('+');
            let is_prefix = (1..=15).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit());
            PriceScope::Prefix(if is_prefix {
                prefix.into()
            } else {
                return Err(Refusal::Invalid { field: "prefix" });
            })
        }
        // 420 was seen for a number that is none.
        Asked::Number => {
            PriceScope::Number(PhoneNumber::parse(needed("phone")?).map_err(|_| Refusal::RecipientNotNumeric)?)
        }
    };
    Ok(Call::Prices(PricesCall { product, scope }))
}

/// A country or a type that there is not.
const UNKNOWN: Refusal = Refusal::Invalid { field: "type" };

/// Whether a refusal says that.
fn is_unknown(refusal: &Refusal) -> bool {
    *refusal == UNKNOWN
}
