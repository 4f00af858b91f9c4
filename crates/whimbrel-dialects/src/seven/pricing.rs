//! `/api/pricing`: what parts cost, as JSON or as a table.

use serde::Serialize;
use whimbrel_core::call::prices::{CountryPrices, NetworkPrice, PriceScope, PricesCall, PricesOutcome, Product};
use whimbrel_core::{Call, CountryCode, Refusal, country};

use super::answer::{self, Wish, amount};
use super::params::Params;
use crate::Reply;
use crate::http::HttpResponse;

/// What requests may ask for on every network: senders that are names or numbers, and receipts.
const FEATURES: [&str; 3] = ["alpha", "numeric", "dlr"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    count_countries: usize,
    count_networks: usize,
    countries: Vec<Country<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Country<'a> {
    country_code: &'a str,
    country_name: &'a str,
    country_prefix: &'a str,
    networks: Vec<Network<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Network<'a> {
    comment: &'static str,
    features: [&'static str; 3],
    mcc: &'a str,
    mncs: Vec<&'a str>,
    network_name: &'a str,
    price: f64,
}

/// Reads a request.
pub(super) fn read(params: &Params) -> Result<Call, Refusal> {
    let scope = match params.get("country") {
        None => PriceScope::Everywhere,
        Some(code) => {
            let code = CountryCode::parse(&code.to_ascii_uppercase());
            PriceScope::Country(code.ok_or(Refusal::Invalid { field: "country" })?)
        }
    };
    Ok(Call::Prices(PricesCall { product: Product::Text, scope }))
}

/// The answer.
pub(super) fn render(outcome: &PricesOutcome, reply: &Reply) -> HttpResponse {
    let countries = match outcome {
        PricesOutcome::Country(country) => std::slice::from_ref(country),
        PricesOutcome::Countries(countries) => countries,
        PricesOutcome::Number(_) | PricesOutcome::Unknown => &[],
    };
    let countries: Vec<_> = countries.iter().filter(|country| !country.networks.is_empty()).map(shown).collect();
    if !Wish::of_reply(reply).wants_json_prices() {
        return answer::csv(table(&countries));
    }
    answer::json(&Document {
        count_countries: countries.len(),
        count_networks: countries.iter().map(|country| country.networks.len()).sum(),
        countries,
    })
}

fn shown(prices: &CountryPrices) -> Country<'_> {
    let known = country::find(prices.country);
    Country {
        country_code: prices.country.as_str(),
        country_name: known.map_or("", |country| country.name),
        country_prefix: known.map_or("", |country| country.calling_code),
        networks: prices.networks.iter().map(network).collect(),
    }
}

/// Networks that have no code of their own (fixed lines, ranges that several share) have an empty one.
fn network(network: &NetworkPrice) -> Network<'_> {
    let is_code = network.code.len() >= 5 && network.code.bytes().all(|byte| byte.is_ascii_digit());
    let (mcc, mnc) = if is_code { network.code.split_at(3) } else { ("", "") };
    Network {
        comment: "",
        features: FEATURES,
        mcc,
        mncs: Some(mnc).filter(|mnc| !mnc.is_empty()).into_iter().collect(),
        network_name: &network.name,
        price: amount(network.price),
    }
}

fn table(countries: &[Country<'_>]) -> String {
    let mut table = String::from(
        "\"countryCode\";\"countryName\";\"countryPrefix\";\"mcc\";\"mncs\";\"networkName\";\"price\";\"features\";\"comment\"\n",
    );
    for country in countries {
        for network in &country.networks {
            let (mncs, features, price) =
                (network.mncs.join(","), network.features.join(","), network.price.to_string());
            let fields = [
                country.country_code,
                country.country_name,
                country.country_prefix,
                network.mcc,
                &mncs,
                network.network_name,
                &price,
                &features,
                network.comment,
            ];
            let quoted: Vec<_> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            table.push_str(&quoted.join(";"));
            table.push('\n');
        }
    }
    table
}
