//! What countries are called, and the digits that their numbers begin with.

mod table;

use crate::network::CountryCode;
use table::COUNTRIES;

/// A country as price lists name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// Its English name.
    pub name: &'static str,
    /// Its calling code (ITU-T E.164): 1 to 3 digits. Several countries may share one.
    pub calling_code: &'static str,
}

/// The country with that code; `None` if there is none, or it has no calling code of its own.
#[must_use]
pub fn find(code: CountryCode) -> Option<Country> {
    let index = COUNTRIES.binary_search_by(|(known, ..)| (*known).cmp(code.as_str())).ok()?;
    let (_, name, calling_code) = COUNTRIES[index];
    Some(Country { name, calling_code })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_every_line_makes_sense() {
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, name, calling_code) in COUNTRIES {
            assert!(CountryCode::parse(code).is_some() && !name.trim().is_empty(), "{code}");
            assert!((1..=3).contains(&calling_code.len()), "{code}");
            assert!(calling_code.bytes().all(|byte| byte.is_ascii_digit()) && !calling_code.starts_with('0'), "{code}");
        }
    }

    #[test]
    fn a_country_is_found_by_its_code() {
        let find = |code| CountryCode::parse(code).and_then(find).map(|country| (country.name, country.calling_code));
        assert_eq!(find("GB"), Some(("United Kingdom", "44")));
        assert_eq!(find("US"), Some(("United States", "1")));
        assert_eq!(find("ZW"), Some(("Zimbabwe", "263")));
        assert_eq!(find("ZZ"), None);
    }
}
