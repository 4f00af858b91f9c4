//! Wrong codes of those who know the password. Pure; as many entries as there are operators.
//!
//! A code has six digits and some are good at once, so a limit that empties with time is none against whoever tries for days: after
//! [`FREE`] wrong codes in a row the name is closed, from everywhere, for a pause that doubles with each further one (SP 800-63B allows 100).

use std::collections::HashMap;

use whimbrel_core::{Span, Timestamp};

use crate::failures::KeyName;

/// Wrong codes in a row without a pause.
const FREE: u32 = 10;
/// The first pause, and the longest.
const PAUSE_FIRST: Span = Span::seconds(60);
const PAUSE_MAX: Span = Span::hours(12);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct WrongCodes(HashMap<KeyName, Row>);

/// Wrong codes in a row.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    count: u32,
    closed_until: Timestamp,
}

impl WrongCodes {
    /// Whether a sign-in by that name is looked at.
    ///
    /// # Errors
    /// How long to wait, above zero.
    pub(crate) fn judge(&self, name: KeyName, now: Timestamp) -> Result<(), Span> {
        match self.0.get(&name).map(|row| row.closed_until.since(now)) {
            Some(wait) if wait > Span::ZERO => Err(wait),
            Some(_) | None => Ok(()),
        }
    }

    /// The password was right and the code was not.
    pub(crate) fn wrong(&mut self, name: KeyName, now: Timestamp) {
        let row = self.0.entry(name).or_default();
        row.count = row.count.saturating_add(1);
        if let Some(more) = row.count.checked_sub(FREE) {
            let pause = PAUSE_FIRST.0.saturating_mul(1 << more.min(30));
            row.closed_until = now + Span(pause).min(PAUSE_MAX);
        }
    }

    /// The code was right.
    pub(crate) fn right(&mut self, name: KeyName) {
        self.0.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_526_000_000_000);

    #[test]
    fn after_ten_in_a_row_each_costs_twice_as_long() {
        let (mut codes, ann, ben) = (WrongCodes::default(), KeyName::of("x", "ann"), KeyName::of("x", "ben"));
        for _ in 0..9 {
            codes.wrong(ann, NOW);
            assert_eq!(codes.judge(ann, NOW), Ok(()));
        }
        codes.wrong(ann, NOW);
        assert_eq!(codes.judge(ann, NOW), Err(PAUSE_FIRST));
        assert_eq!(codes.judge(ben, NOW), Ok(()), "another name");
        let later = NOW + PAUSE_FIRST;
        assert_eq!(codes.judge(ann, later), Ok(()));
        codes.wrong(ann, later);
        assert_eq!(codes.judge(ann, later), Err(Span::seconds(120)));
        for _ in 0..100 {
            codes.wrong(ann, later);
        }
        assert_eq!(codes.judge(ann, later), Err(PAUSE_MAX));
        codes.right(ann);
        assert_eq!(codes.judge(ann, later), Ok(()), "whoever has it starts anew");
    }
}
