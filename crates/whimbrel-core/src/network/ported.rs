//! Numbers that moved to another network, as an operator's register has them.

use std::collections::HashMap;

use super::{CountryCode, Network, Networks, TableError, rows};
use crate::phone::PhoneNumber;

/// Numbers of the table at most: more belong behind a question to a register, and not into memory.
pub const PORTED_MAX: usize = 2_000_000;

/// Number to network. It says nothing of numbers that it does not have.
#[derive(Debug, Clone, Default)]
pub(super) struct Ported {
    /// Digits as a number, of which there are 15 at most, and the place of the network.
    by_number: HashMap<u64, u32>,
}

impl Networks {
    /// Reads `ported.csv` beside this table: a header line, then `number,mccmnc`; `#` starts a comment line. It replaces what was read
    /// before.
    ///
    /// # Errors
    /// [`TableError`] with the line for a number that is not 7 to 15 digits, is in no range of this table or stands twice, for a network
    /// that this table does not have in the number's country, and beyond [`PORTED_MAX`] numbers.
    pub fn with_ported(self, csv: &str) -> Result<Self, TableError> {
        let mut places: HashMap<(&str, CountryCode), u32> = HashMap::new();
        for (place, network) in (0..).zip(&self.networks) {
            places.entry((&network.code, network.country)).or_insert(place);
        }
        let mut by_number = HashMap::new();
        for (line, [digits, code]) in rows(csv, "number,mccmnc")? {
            let bad = |problem: String| TableError { line, problem };
            let number = PhoneNumber::from_digits(digits).ok().filter(|number| number.digits().len() >= 7);
            let (Some(number), Ok(key)) = (number, digits.parse()) else {
                return Err(bad(format!("number `{digits}` is not 7 to 15 digits, country code first")));
            };
            let range = self.find(&number);
            let country =
                range.ok_or_else(|| bad(format!("no prefix of the table of networks fits `{digits}`")))?.country;
            let place = *places.get(&(code, country)).ok_or_else(|| {
                let country = country.as_str();
                bad(format!("the table of networks has no network `{code}` in {country}, where the number is"))
            })?;
            if by_number.insert(key, place).is_some() {
                return Err(bad(format!("number `{digits}` stands twice: keep one")));
            }
            if by_number.len() > PORTED_MAX {
                return Err(bad(format!("more than {PORTED_MAX} numbers")));
            }
        }
        Ok(Self { ported: Ported { by_number }, ..self })
    }

    /// The network that the table of ported numbers has for a number.
    #[must_use]
    pub fn find_ported(&self, number: &PhoneNumber) -> Option<&Network> {
        let key: u64 = number.digits().parse().ok()?;
        let place = *self.ported.by_number.get(&key)?;
        self.networks.get(usize::try_from(place).ok()?)
    }

    /// How many numbers are known to have moved.
    #[must_use]
    pub fn ported_count(&self) -> usize {
        self.ported.by_number.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORKS: &str =
        "prefix,mccmnc,country,name\n8490,45201,VN,One\n8491,45202,VN,Two\n44,GB-FIXED,GB,Fixed\n447,23410,GB,Three\n";

    fn read(rows: &str) -> Result<Networks, TableError> {
        Networks::parse(NETWORKS).expect("a good table").with_ported(&format!("# note\nnumber,mccmnc\n{rows}"))
    }

    #[test]
    fn a_number_that_moved_goes_before_what_was_told_and_before_its_prefix() {
        let networks = read("84901234567,45202\n").expect("a good table");
        let code = |digits: &str, told| {
            let number = PhoneNumber::from_digits(digits).expect("digits");
            networks.find_told(&number, told).map(|network| network.code.to_string())
        };
        assert_eq!(code("84901234567", None).as_deref(), Some("45202"));
        assert_eq!(code("84901234567", Some("45201")).as_deref(), Some("45202"), "the register goes first");
        assert_eq!(code("84901234568", None).as_deref(), Some("45201"), "of others it says nothing");
        assert_eq!(code("84901234568", Some("45202")).as_deref(), Some("45202"));
        assert_eq!((networks.ported_count(), read("").map(|empty| empty.ported_count())), (1, Ok(0)));
    }

    #[test]
    fn a_network_with_many_prefixes_is_its_first_line_and_a_code_of_two_countries_is_the_numbers() {
        let twice = "prefix,mccmnc,country,name\n1204,302220,CA,North\n1205,310260,US,Coast\n1206,310260,US,Coast West\n1201,302220,US,South\n";
        let networks = Networks::parse(twice).expect("a good table");
        let networks =
            networks.with_ported("number,mccmnc\n12061234567,302220\n12041234567,302220\n12011234567,310260\n");
        let networks = networks.expect("a good table");
        let names = ["12061234567", "12041234567", "12011234567"].map(|digits| {
            let number = PhoneNumber::from_digits(digits).expect("digits");
            networks.find_ported(&number).map(|network| &*network.name)
        });
        assert_eq!(names, [Some("South"), Some("North"), Some("Coast")]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (rows, line, why) in [
            ("84901234567\n", 3, "1 columns instead of 2"),
            ("+84901234567,45202\n", 3, "is not 7 to 15 digits"),
            ("849012,45202\n", 3, "is not 7 to 15 digits"),
            ("84901234567,45202\n84901234567,45201\n", 4, "stands twice"),
            ("999999999,45202\n", 3, "no prefix"),
            ("84901234567,23410\n", 3, "in VN, where the number is"),
            ("84901234567,45299\n", 3, "no network `45299`"),
        ] {
            let error = read(rows).map(|_| ()).expect_err(rows);
            assert!(error.line == line && error.problem.contains(why), "{rows}: {error}");
        }
    }
}
