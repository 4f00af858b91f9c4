//! Which network a number belongs to, and what a part to it costs.
//!
//! Tables that operators can replace: `networks.csv` (prefix, mccmnc, country, name), `ported.csv` (number, mccmnc) and `prices.csv`
//! (country, mccmnc, price, currency). The longest prefix wins; a price for a network goes before one for its country, and that before the
//! default. Numbers move between networks: the table tells the one that the range was given to, and a carrier's receipt may tell a
//! better one, see [`NumberNetwork`]; what the operator's register says of a number goes before both. Nobody is asked before a text is sent.

mod ported;

use std::collections::HashMap;
use std::fmt;

use crate::money::{Currency, Money};
use crate::phone::PhoneNumber;
use crate::time::{Span, Timestamp};

pub use ported::PORTED_MAX;

/// How long it counts that a receipt told the network of a number.
pub const NETWORK_KEPT: Span = Span::hours(24 * 90);
/// Numbers whose network is known otherwise than by their prefix; of more, those that were told first are forgotten.
pub const NUMBER_NETWORKS_MAX: usize = 100_000;

/// The network of a number, as a receipt told it. Kept only where it is another one than that of the prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberNetwork {
    /// The number.
    pub number: PhoneNumber,
    /// The network's code, as in [`Network::code`].
    pub network: Box<str>,
    /// When it was told.
    pub at: Timestamp,
}

impl fmt::Debug for NumberNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberNetwork").field("number", &self.number.masked()).field("network", &self.network).finish()
    }
}

/// An ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads two capital letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Some(Self([*a, *b])),
            _ => None,
        }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

/// A mobile network, or the fixed lines of a country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Mobile country and network code as text (leading zeros count), or a code such as `GB-FIXED`.
    pub code: Box<str>,
    /// The country of the range.
    pub country: CountryCode,
    /// The network's name, for people.
    pub name: Box<str>,
}

/// Why a table was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong and what belongs there.
    pub problem: String,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for TableError {}

/// Prefix to network.
#[derive(Debug, Clone, Default)]
pub struct Networks {
    networks: Vec<Network>,
    by_prefix: HashMap<Box<str>, u32>,
    prefix_digits_max: usize,
    ported: ported::Ported,
}

impl Networks {
    /// Reads `networks.csv`: a header line, then `prefix,mccmnc,country,name`; `#` starts a comment line.
    ///
    /// # Errors
    /// [`TableError`] with the line for a missing column, a prefix that is not 1 to 15 digits, a country that is not two capital
    /// letters, or a prefix given twice.
    pub fn parse(csv: &str) -> Result<Self, TableError> {
        let mut table = Self::default();
        for (line, [prefix, code, country, name]) in rows(csv, "prefix,mccmnc,country,name")? {
            let bad = |problem| TableError { line, problem };
            if !(1..=15).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad(format!("prefix `{prefix}` is not 1 to 15 digits")));
            }
            let country = CountryCode::parse(country)
                .ok_or_else(|| bad(format!("country `{country}` is not two capital letters such as GB")))?;
            let index = u32::try_from(table.networks.len()).map_err(|_| bad("too many rows".to_owned()))?;
            table.networks.push(Network { code: code.into(), country, name: name.into() });
            if table.by_prefix.insert(prefix.into(), index).is_some() {
                return Err(bad(format!("prefix `{prefix}` stands twice: keep one")));
            }
            table.prefix_digits_max = table.prefix_digits_max.max(prefix.len());
        }
        Ok(table)
    }

    /// The network of a number: that of the longest known prefix. `None` if no prefix is known.
    #[must_use]
    pub fn find(&self, number: &PhoneNumber) -> Option<&Network> {
        let digits = number.digits();
        let longest = self.prefix_digits_max.min(digits.len());
        (1..=longest).rev().find_map(|length| {
            let index = *self.by_prefix.get(&digits[..length])?;
            self.networks.get(index as usize)
        })
    }

    /// The network of a number of which a receipt told that it is in `told`: as the table of ported numbers has it, else that one, if the
    /// table has it in the number's country; else as [`find`](Self::find).
    #[must_use]
    pub fn find_told(&self, number: &PhoneNumber, told: Option<&str>) -> Option<&Network> {
        if let Some(ported) = self.find_ported(number) {
            return Some(ported);
        }
        let by_prefix = self.find(number)?;
        let told = told.and_then(|code| {
            self.networks.iter().find(|network| *network.code == *code && network.country == by_prefix.country)
        });
        Some(told.unwrap_or(by_prefix))
    }

    /// The country of a network code; `None` if no row has it.
    #[must_use]
    pub fn country_of(&self, code: &str) -> Option<CountryCode> {
        self.networks.iter().find(|network| *network.code == *code).map(|network| network.country)
    }

    /// Every network once, in the order of countries and codes, under the first name that it has.
    #[must_use]
    pub fn distinct(&self) -> Vec<&Network> {
        let mut networks: Vec<&Network> = self.networks.iter().collect();
        // Stable: of the rows of one code the first of the file stays.
        networks.sort_by(|a, b| (a.country, &a.code).cmp(&(b.country, &b.code)));
        networks.dedup_by(|b, a| (a.country, &a.code) == (b.country, &b.code));
        networks
    }

    /// How many countries have a prefix.
    #[must_use]
    pub fn country_count(&self) -> usize {
        let countries: std::collections::BTreeSet<CountryCode> =
            self.networks.iter().map(|network| network.country).collect();
        countries.len()
    }
}

/// What a part costs, by network, country, or default; one table for each currency.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    by_network: HashMap<Currency, HashMap<Box<str>, i64>>,
    by_country: HashMap<(Currency, CountryCode), i64>,
    defaults: HashMap<Currency, i64>,
}

impl Prices {
    /// Reads `prices.csv`: a header line, then `country,mccmnc,price,currency`. `*` as country is the default, an empty
    /// `mccmnc` the whole country.
    ///
    /// # Errors
    /// [`TableError`] with the line for a missing column, a bad country, amount or currency, a negative price, or a row twice.
    pub fn parse(csv: &str) -> Result<Self, TableError> {
        let mut table = Self::default();
        for (line, [country, code, price, currency]) in rows(csv, "country,mccmnc,price,currency")? {
            let bad = |problem: String| TableError { line, problem };
            let currency: Currency = currency.parse().map_err(|error| bad(format!("{error}")))?;
            let price = Money::parse(price, currency).map_err(|error| bad(format!("{error}")))?.units;
            if price < 0 {
                return Err(bad("a price is never negative".to_owned()));
            }
            let before = if country == "*" {
                table.defaults.insert(currency, price)
            } else if code.is_empty() {
                let country = CountryCode::parse(country).ok_or_else(|| {
                    bad(format!("country `{country}` is not two capital letters, nor * for the default"))
                })?;
                table.by_country.insert((currency, country), price)
            } else {
                table.by_network.entry(currency).or_default().insert(code.into(), price)
            };
            if before.is_some() {
                return Err(bad(format!("a price for `{country}` `{code}` in {currency} stands twice: keep one")));
            }
        }
        Ok(table)
    }

    /// The price of one part to `network` in `currency`; `None` if the table has not even a default for the currency.
    #[must_use]
    pub fn of_part(&self, network: &Network, currency: Currency) -> Option<Money> {
        let of_network = self.by_network.get(&currency).and_then(|prices| prices.get(&network.code));
        let units = of_network
            .or_else(|| self.by_country.get(&(currency, network.country)))
            .or_else(|| self.defaults.get(&currency))?;
        Some(Money::new(*units, currency))
    }

    /// The price of one part to a network of `country` that has none of its own; `None` as above.
    #[must_use]
    pub fn of_country(&self, country: CountryCode, currency: Currency) -> Option<Money> {
        let units = self.by_country.get(&(currency, country)).or_else(|| self.defaults.get(&currency))?;
        Some(Money::new(*units, currency))
    }
}

/// Lines of a table with exactly so many columns. No quoting: neither a prefix nor a price holds a comma, and a name keeps to it.
fn rows<'a, const COLUMNS: usize>(csv: &'a str, header: &str) -> Result<Vec<(usize, [&'a str; COLUMNS])>, TableError> {
    let mut found = Vec::new();
    let mut header_seen = false;
    for (index, text) in csv.lines().enumerate() {
        let line = index + 1;
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if !header_seen {
            if text != header {
                return Err(TableError { line, problem: format!("the first line must be `{header}`") });
            }
            header_seen = true;
            continue;
        }
        let columns: Vec<&str> = text.split(',').map(str::trim).collect();
        let columns: [&str; COLUMNS] = columns.try_into().map_err(|columns: Vec<&str>| TableError {
            line,
            problem: format!("{} columns instead of {COLUMNS} (`{header}`)", columns.len()),
        })?;
        found.push((line, columns));
    }
    if header_seen {
        Ok(found)
    } else {
        Err(TableError { line: 1, problem: format!("empty: the first line must be `{header}`") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORKS: &str =
        "prefix,mccmnc,country,name\n44,GB-FIXED,GB,Fixed lines\n447,23410,GB,One\n447700900,23420,GB,Fictional\n";
    const PRICES: &str = "country,mccmnc,price,currency\n*,,0.0333,EUR\nGB,,0.04,EUR\nGB,23410,0.05,EUR\n";

    fn number(digits: &str) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("digits")
    }

    #[test]
    fn the_longest_prefix_wins() {
        let networks = Networks::parse(NETWORKS).expect("a good table");
        let code = |digits| networks.find(&number(digits)).map(|network| &*network.code);
        assert_eq!(code("447700900123"), Some("23420"));
        assert_eq!(code("447911123456"), Some("23410"));
        assert_eq!(code("442071234567"), Some("GB-FIXED"));
        assert_eq!(code("999999999"), None);
    }

    #[test]
    fn a_network_price_goes_before_the_country_and_that_before_the_default() {
        let prices = Prices::parse(PRICES).expect("a good table");
        let network = |code: &str, country: &str| Network {
            code: code.into(),
            country: CountryCode::parse(country).expect("two letters"),
            name: "".into(),
        };
        let of = |code, country| prices.of_part(&network(code, country), Currency::EUR).map(|money| money.units);
        assert_eq!(of("23410", "GB"), Some(5_000_000));
        assert_eq!(of("23420", "GB"), Some(4_000_000));
        assert_eq!(of("26201", "DE"), Some(3_330_000));
        assert_eq!(prices.of_part(&network("26201", "DE"), Currency::USD), None);
    }

    #[test]
    fn a_network_of_several_prefixes_is_listed_once() {
        let rows =
            "prefix,mccmnc,country,name\n447,23410,GB,One\n448,23410,GB,Other\n353,27201,IE,Two\n44,GB-FIXED,GB,x\n";
        let networks = Networks::parse(rows).expect("a good table");
        let listed: Vec<_> = networks.distinct().iter().map(|network| (&*network.code, &*network.name)).collect();
        assert_eq!(listed, [("23410", "One"), ("GB-FIXED", "x"), ("27201", "Two")]);
        let prices = Prices::parse(PRICES).expect("a good table");
        let of = |country, currency| {
            prices.of_country(CountryCode::parse(country).expect("two letters"), currency).map(|money| money.units)
        };
        assert_eq!((of("GB", Currency::EUR), of("IE", Currency::EUR)), (Some(4_000_000), Some(3_330_000)));
        assert_eq!(of("GB", Currency::USD), None);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (csv, line) in [
            ("", 1),
            ("prefix,mccmnc\n", 1),
            ("prefix,mccmnc,country,name\n44,1,GB\n", 2),
            ("prefix,mccmnc,country,name\n+44,1,GB,x\n", 2),
            ("prefix,mccmnc,country,name\n44,1,gb,x\n", 2),
            ("prefix,mccmnc,country,name\n44,1,GB,x\n# note\n44,2,GB,y\n", 4),
        ] {
            assert_eq!(Networks::parse(csv).map_err(|error| error.line).err(), Some(line), "{csv}");
        }
        for row in ["GB,,-1,EUR", "GB,,1,euro", "GB,,x,EUR", "gb,,1,EUR", "*,,1,EUR\n*,,2,EUR"] {
            assert!(Prices::parse(&format!("country,mccmnc,price,currency\n{row}\n")).is_err(), "{row}");
        }
    }
}
