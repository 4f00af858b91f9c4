//! What parts cost, from the same tables by which they are planned. Pure.

use whimbrel_core::call::prices::{
    CountryPrices, NetworkPrice, NumberPrice, PriceScope, PricesCall, PricesOutcome, Product,
};
use whimbrel_core::{CountryCode, Currency, Network, Snapshot, country};

/// Answers a request for prices in `currency`. Of a number, what it costs by its range, or by the operator's table of numbers that moved;
/// not by what receipts told, for that would say that somebody had texted it.
pub(crate) fn prices(snapshot: &Snapshot, currency: Currency, call: &PricesCall) -> PricesOutcome {
    let list = PriceList { snapshot, currency, product: call.product };
    match &call.scope {
        PriceScope::Everywhere => PricesOutcome::Countries(list.countries(|_| true)),
        PriceScope::Country(code) => match list.countries(|country| country == *code).pop() {
            Some(prices) => PricesOutcome::Country(prices),
            None => PricesOutcome::Unknown,
        },
        PriceScope::Prefix(prefix) => {
            let wanted = list.calling_code(prefix);
            PricesOutcome::Countries(list.countries(|code| {
                wanted.is_some_and(|wanted| country::find(code).is_some_and(|country| country.calling_code == wanted))
            }))
        }
        PriceScope::Number(number) => match snapshot.networks.find_told(number, None) {
            Some(network) => PricesOutcome::Number(NumberPrice {
                number: number.clone(),
                country: network.country,
                network: network.code.clone(),
                price: list.of_network(network),
            }),
            None => PricesOutcome::Unknown,
        },
    }
}

struct PriceList<'a> {
    snapshot: &'a Snapshot,
    currency: Currency,
    product: Product,
}

impl PriceList<'_> {
    /// The countries of the table of networks that are `wanted`, in the order of their codes.
    fn countries(&self, wanted: impl Fn(CountryCode) -> bool) -> Vec<CountryPrices> {
        let mut networks = self.snapshot.networks.distinct();
        networks.retain(|network| wanted(network.country));
        networks.chunk_by(|a, b| a.country == b.country).map(|networks| self.country(networks)).collect()
    }

    fn country(&self, networks: &[&Network]) -> CountryPrices {
        let country = networks[0].country;
        let default_price = match self.product {
            Product::Text => self.snapshot.prices.of_country(country, self.currency),
            Product::Unsold => None,
        };
        let priced = networks.iter().filter_map(|network| {
            let price = self.of_network(network)?;
            Some(NetworkPrice { code: network.code.clone(), name: network.name.clone(), price })
        });
        // A country without a price of its own lists no networks: vendors' clients take both or neither.
        let networks = if default_price.is_some() { priced.collect() } else { Vec::new() };
        CountryPrices { country, currency: self.currency, default_price, networks }
    }

    fn of_network(&self, network: &Network) -> Option<whimbrel_core::Money> {
        match self.product {
            Product::Text => self.snapshot.prices.of_part(network, self.currency),
            Product::Unsold => None,
        }
    }

    /// The calling code that `prefix` is, or begins with: none is the beginning of another (ITU-T E.164).
    fn calling_code<'p>(&self, prefix: &'p str) -> Option<&'p str> {
        let known = |code: &str| {
            self.snapshot
                .networks
                .distinct()
                .iter()
                .any(|network| country::find(network.country).is_some_and(|country| country.calling_code == code))
        };
        (1..=prefix.len().min(3)).filter_map(|length| prefix.get(..length)).find(|code| known(code))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use whimbrel_core::{Networks, PhoneNumber, Prices};

    use super::*;

    fn snapshot() -> Snapshot {
        let networks = "prefix,mccmnc,country,name\n44,GB-FIXED,GB,Fixed\n447,23410,GB,One\n1,310-US,US,x\n1204,CA-FIXED,CA,y\n\
                        263,64801,ZW,NetOne\n";
        let prices =
            "country,mccmnc,price,currency\n*,,0.0333,EUR\nGB,,0.04,EUR\nGB,23410,0.05,EUR\nZW,64801,0.02,USD\n";
        Snapshot {
            epoch: 1,
            networks: Arc::new(Networks::parse(networks).expect("good")),
            prices: Arc::new(Prices::parse(prices).expect("good")),
            routes: Vec::new(),
            test_carrier: None,
        }
    }

    fn countries(currency: Currency, product: Product, scope: PriceScope) -> Vec<(String, Option<i64>, Vec<i64>)> {
        let countries = match prices(&snapshot(), currency, &PricesCall { product, scope }) {
            PricesOutcome::Countries(countries) => countries,
            PricesOutcome::Country(country) => vec![country],
            PricesOutcome::Number(_) | PricesOutcome::Unknown => Vec::new(),
        };
        let units = |prices: &CountryPrices| prices.networks.iter().map(|network| network.price.units).collect();
        let shown = |prices: &CountryPrices| {
            (prices.country.as_str().to_owned(), prices.default_price.map(|price| price.units), units(prices))
        };
        countries.iter().map(shown).collect()
    }

    fn code(text: &str) -> CountryCode {
        CountryCode::parse(text).expect("two letters")
    }

    #[test]
    fn a_country_has_the_prices_by_which_texts_are_planned() {
        let britain = || PriceScope::Country(code("GB"));
        let expected = vec![("GB".to_owned(), Some(4_000_000), vec![5_000_000, 4_000_000])];
        assert_eq!(countries(Currency::EUR, Product::Text, britain()), expected);
        assert_eq!(countries(Currency::EUR, Product::Unsold, britain()), [("GB".to_owned(), None, vec![])]);
        // No price for the country in that currency: the one of a network is not shown either.
        let zimbabwe = PriceScope::Country(code("ZW"));
        assert_eq!(countries(Currency::USD, Product::Text, zimbabwe), [("ZW".to_owned(), None, vec![])]);
        assert_eq!(countries(Currency::EUR, Product::Text, PriceScope::Country(code("DE"))), []);
    }

    #[test]
    fn a_prefix_leads_to_all_countries_of_its_calling_code() {
        let of = |prefix: &str| {
            let found = countries(Currency::EUR, Product::Text, PriceScope::Prefix(prefix.into()));
            found.into_iter().map(|(country, ..)| country).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("1"), "CA US");
        assert_eq!(of("1204"), "CA US");
        assert_eq!((of("44"), of("447700")), ("GB".to_owned(), "GB".to_owned()));
        assert_eq!((of("263"), of("26"), of("999")), ("ZW".to_owned(), String::new(), String::new()));
        assert_eq!(countries(Currency::EUR, Product::Text, PriceScope::Everywhere).len(), 4);
    }

    #[test]
    fn a_number_has_the_price_of_its_network() {
        let of = |digits: &str| {
            let number = PhoneNumber::from_digits(digits).expect("a number");
            let call = PricesCall { product: Product::Text, scope: PriceScope::Number(number) };
            prices(&snapshot(), Currency::EUR, &call)
        };
        let PricesOutcome::Number(found) = of("447700900000") else { panic!("a known number") };
        assert_eq!((&*found.network, found.price.map(|price| price.units)), ("23410", Some(5_000_000)));
        assert_eq!(of("999000000000"), PricesOutcome::Unknown);
    }
}
