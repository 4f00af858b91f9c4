//! Comparisons of amounts.

/// From and up to which amount, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// The least that fits.
    pub least: i64,
    /// The most that fits.
    pub most: i64,
}

impl Comparison {
    /// Reads `3`, `=3`, `>3`, `>=3`, `<3`, `<=3` or `2..4`, with `amount` for the numbers. `None` if it is none of these.
    pub(super) fn read(text: &str, amount: impl Fn(&str) -> Option<i64>) -> Option<Self> {
        if let Some((least, most)) = text.split_once("..") {
            return Some(Self { least: amount(least)?, most: amount(most)? });
        }
        let (least, most) = if let Some(number) = text.strip_prefix(">=") {
            (amount(number)?, i64::MAX)
        } else if let Some(number) = text.strip_prefix("<=") {
            (i64::MIN, amount(number)?)
        } else if let Some(number) = text.strip_prefix('>') {
            (amount(number)?.checked_add(1)?, i64::MAX)
        } else if let Some(number) = text.strip_prefix('<') {
            (i64::MIN, amount(number)?.checked_sub(1)?)
        } else {
            let number = amount(text.strip_prefix('=').unwrap_or(text))?;
            (number, number)
        };
        Some(Self { least, most })
    }

    /// Whether an amount fits.
    #[must_use]
    pub const fn fits(&self, amount: i64) -> bool {
        self.least <= amount && amount <= self.most
    }
}
