//! Amounts: whole units of 10^-8, with their currency. No floats, no silent overflow.

use std::fmt;
use std::str::FromStr;

/// Units in one whole unit of currency: 10^8, because one dialect prints eight decimals.
pub const UNITS_PER_WHOLE: i64 = 100_000_000;

/// An ISO 4217 code: three upper-case ASCII letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes are ASCII letters by construction; anything else could not be made.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::Currency(text.to_owned())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in units of 10^-8 of `currency`. May be negative: a debt.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Units of 10^-8.
    pub units: i64,
    /// What they are units of.
    pub currency: Currency,
}

impl Money {
    /// An amount of `units` of 10^-8.
    #[must_use]
    pub const fn new(units: i64, currency: Currency) -> Self {
        Self { units, currency }
    }

    /// Reads an amount such as `0.0333` or `-12` with at most eight decimals.
    ///
    /// # Errors
    /// [`MoneyError`] for anything but an optional sign, digits and at most eight decimals, or beyond 64 bits.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Amount(text.to_owned());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 8 || !numeric(whole) || !numeric(fraction) || digits.ends_with('.') {
            return Err(bad());
        }
        let whole: i64 = whole.parse().map_err(|_| bad())?;
        let fraction: i64 = format!("{fraction:0<8}").parse().map_err(|_| bad())?;
        let units = whole.checked_mul(UNITS_PER_WHOLE).and_then(|units| units.checked_add(fraction)).ok_or_else(bad)?;
        Ok(Self::new(if negative { -units } else { units }, currency))
    }

    /// This amount `count` times; `None` beyond 64 bits.
    #[must_use]
    pub fn times(self, count: u16) -> Option<Self> {
        Some(Self::new(self.units.checked_mul(i64::from(count))?, self.currency))
    }

    /// The amount with exactly eight decimals and no currency: `230.56597167`.
    #[must_use]
    pub fn eight_decimals(self) -> String {
        let sign = if self.units < 0 { "-" } else { "" };
        let units = self.units.unsigned_abs();
        let whole = UNITS_PER_WHOLE.unsigned_abs();
        format!("{sign}{}.{:08}", units / whole, units % whole)
    }
}

impl fmt::Display for Money {
    /// As short as exact: `0.0333 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let long = self.eight_decimals();
        let short = long.trim_end_matches('0').trim_end_matches('.');
        write!(f, "{short} {}", self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyError {
    /// Not three upper-case letters.
    Currency(String),
    /// Not digits with at most eight decimals, or too large.
    Amount(String),
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Currency(text) => write!(f, "currency `{text}` is not three capital letters such as EUR"),
            Self::Amount(text) => {
                write!(f, "amount `{text}` is not a number with at most eight decimals such as 0.0333")
            }
        }
    }
}

impl std::error::Error for MoneyError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_read_and_print() {
        let money = |text| Money::parse(text, Currency::EUR).map(Money::eight_decimals);
        assert_eq!(money("0.0333").as_deref(), Ok("0.03330000"));
        assert_eq!(money("230.56597167").as_deref(), Ok("230.56597167"));
        assert_eq!(money("-0.5").as_deref(), Ok("-0.50000000"));
        for bad in ["", "-", "1.", ".5", "1,5", "1e3", "+1", "0.123456789", "92233720369", " 1", "1.-5"] {
            assert!(money(bad).is_err(), "{bad}");
        }
        assert_eq!(Money::new(3_330_000, Currency::EUR).to_string(), "0.0333 EUR");
        assert_eq!(Money::new(100_000_000, Currency::USD).to_string(), "1 USD");
        assert_eq!(Money::new(i64::MIN, Currency::USD).eight_decimals(), "-92233720368.54775808");
        assert!("eur".parse::<Currency>().is_err());
        assert!("EURO".parse::<Currency>().is_err());
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_amount_back(units in -i64::MAX..i64::MAX) {
            let money = Money::new(units, Currency::EUR);
            prop_assert_eq!(Money::parse(&money.eight_decimals(), Currency::EUR), Ok(money));
        }
    }
}
