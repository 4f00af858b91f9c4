//! What a carrier's receipts teach of its ids: in which form they name the parts that it took.
//!
//! Some carriers answer in hexadecimal and report in decimal, or the other way round. All forms are tried anyway; one that keeps matching is
//! tried first. What was learned is a matter of speed and of rare coincidences, so it is not stored: a restart learns anew.

use whimbrel_core::{KeyForm, ReceiptKey};

/// Matches before a form is trusted.
pub const TRUSTED_FROM: u32 = 20;
/// Counts are halved here, so that a carrier that changes its ways is followed.
const COUNT_MAX: u32 = 1_000;

/// The matches of each form.
#[derive(Debug, Clone, Copy, Default)]
pub struct Learned {
    plain: u32,
    to_hexadecimal: u32,
    to_decimal: u32,
}

impl Learned {
    /// A receipt was matched by that form.
    pub fn matched(&mut self, form: KeyForm) {
        let count = match form {
            KeyForm::Plain => &mut self.plain,
            KeyForm::ToHexadecimal => &mut self.to_hexadecimal,
            KeyForm::ToDecimal => &mut self.to_decimal,
        };
        *count += 1;
        if *count >= COUNT_MAX {
            self.plain /= 2;
            self.to_hexadecimal /= 2;
            self.to_decimal /= 2;
        }
    }

    /// The conversion that is tried first: one that matched often, and more often than the ids as they stand.
    #[must_use]
    pub fn first(&self) -> Option<KeyForm> {
        let best = [(self.to_hexadecimal, KeyForm::ToHexadecimal), (self.to_decimal, KeyForm::ToDecimal)];
        let (count, form) = best.into_iter().max_by_key(|(count, _)| *count)?;
        (count >= TRUSTED_FROM && count > self.plain).then_some(form)
    }

    /// Puts the keys of the trusted form first; the others keep their order.
    pub fn sort(&self, keys: &mut [ReceiptKey]) {
        if let Some(first) = self.first() {
            keys.sort_by_key(|key| key.form != first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<ReceiptKey> {
        let key = |text: &str, form| ReceiptKey { key: text.as_bytes().into(), form };
        vec![key("12", KeyForm::Plain), key("c", KeyForm::ToHexadecimal), key("18", KeyForm::ToDecimal)]
    }

    fn sorted(learned: &Learned) -> Vec<KeyForm> {
        let mut keys = keys();
        learned.sort(&mut keys);
        keys.into_iter().map(|key| key.form).collect()
    }

    #[test]
    fn a_form_is_tried_first_after_twenty_matches_and_not_before() {
        use KeyForm::{Plain, ToDecimal, ToHexadecimal};
        let mut learned = Learned::default();
        for _ in 0..TRUSTED_FROM - 1 {
            learned.matched(ToDecimal);
        }
        assert_eq!(sorted(&learned), [Plain, ToHexadecimal, ToDecimal]);
        learned.matched(ToDecimal);
        assert_eq!(sorted(&learned), [ToDecimal, Plain, ToHexadecimal]);
    }

    #[test]
    fn a_carrier_that_changes_its_ways_is_followed() {
        let mut learned = Learned::default();
        for _ in 0..100_000 {
            learned.matched(KeyForm::ToDecimal);
        }
        assert_eq!(learned.first(), Some(KeyForm::ToDecimal));
        for _ in 0..COUNT_MAX {
            learned.matched(KeyForm::Plain);
        }
        assert_eq!(learned.first(), None, "{learned:?}");
    }
}
