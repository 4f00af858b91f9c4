//! Amounts: JSON numbers in whole dollars, as short as exact (`0.022`, `25.11`, `0`).
//!
//! The guide's samples have idle zeros (`25.110`); a number is the same without them.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use whimbrel_core::Money;

/// An amount that serializes as a number with all its decimals: no float comes between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount(pub(super) Money);

impl Amount {
    /// Nothing, in the same currency.
    pub(super) const fn none_of(money: Money) -> Self {
        Self(Money::new(0, money.currency))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let long = self.0.eight_decimals();
        let short = long.trim_end_matches('0').trim_end_matches('.');
        let raw = RawValue::from_string(short.to_owned()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Currency;

    use super::*;

    #[test]
    fn amounts_are_short_exact_numbers() {
        for (text, number) in [
            ("0.022", "0.022"),
            ("25.110", "25.11"),
            ("25", "25"),
            ("100", "100"),
            ("0", "0"),
            ("-0.5", "-0.5"),
            ("0.00000001", "0.00000001"),
            ("92233720368.54775807", "92233720368.54775807"),
        ] {
            let amount = Amount(Money::parse(text, Currency::USD).expect("an amount"));
            assert_eq!(serde_json::to_string(&amount).expect("a number"), number);
        }
    }
}
