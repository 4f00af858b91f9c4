//! How many lines of the audit log one owner's acts get: the first ones of each kind in a minute a line each, the rest of them one line
//! that counts them.
//!
//! Of each kind, so that nobody hides an act behind many of another. What operators do always has a line of its own: they are few, and
//! the log is about them. Pure; bounded however many act.

use std::collections::HashMap;

use whimbrel_core::{Span, Timestamp};

/// Lines of an owner's acts of one kind in a minute, but for the one that counts the rest.
pub(super) const LINES_MAX: u32 = 30;
const MINUTE: Span = Span::seconds(60);
/// Minutes looked after before those that are over are dropped.
const SWEEP_FROM: usize = 1_024;

/// Whose acts, and of which kind.
type Key = (Box<str>, Box<str>);

/// The minutes that are not over.
#[derive(Debug, Default)]
pub(super) struct Lines {
    minutes: HashMap<Key, Minute>,
    sweep_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Minute {
    began_at: Timestamp,
    count: u32,
    /// The line that counts the rest.
    rest: Option<Rest>,
}

/// The line that counts acts without a line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) id: i64,
    /// When the first of them was done.
    pub(super) at: Timestamp,
    /// How many there are so far.
    pub(super) count: u32,
}

/// Which line an act gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Own,
    Counted(Rest),
}

impl Lines {
    /// The line of one more act of `who`.
    pub(super) fn next(&mut self, who: &str, kind: &str, now: Timestamp, id: impl FnOnce() -> i64) -> Line {
        let is_over = |minute: &Minute| now < minute.began_at || now.since(minute.began_at) >= MINUTE;
        if self.minutes.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.minutes.retain(|_, minute| !is_over(minute));
            self.sweep_at = self.minutes.len() * 2;
        }
        let fresh = Minute { began_at: now, count: 0, rest: None };
        let minute = self.minutes.entry((who.into(), kind.into())).or_insert(fresh);
        if is_over(minute) {
            *minute = fresh;
        }
        minute.count = minute.count.saturating_add(1);
        if minute.count <= LINES_MAX {
            return Line::Own;
        }
        let rest = minute.rest.get_or_insert_with(|| Rest { id: id(), at: now, count: 0 });
        rest.count = minute.count - LINES_MAX;
        Line::Counted(*rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: i64 = 1_795_526_000_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(T0 + seconds * 1_000_000)
    }

    #[test]
    fn acts_of_a_kind_have_so_many_lines_a_minute_and_one_more() {
        let mut lines = Lines::default();
        for _ in 0..LINES_MAX {
            assert_eq!(lines.next("a", "PATCH", at(0), || 1), Line::Own);
        }
        assert_eq!(lines.next("a", "PATCH", at(1), || 7), Line::Counted(Rest { id: 7, at: at(1), count: 1 }));
        assert_eq!(lines.next("a", "PATCH", at(59), || 8), Line::Counted(Rest { id: 7, at: at(1), count: 2 }));
        assert_eq!(
            lines.next("a", "POST secrets", at(59), || 8),
            Line::Own,
            "nothing hides behind acts of another kind"
        );
        assert_eq!(lines.next("b", "PATCH", at(59), || 8), Line::Own);
        assert_eq!(lines.next("a", "PATCH", at(60), || 9), Line::Own);
        assert_eq!(lines.next("a", "PATCH", at(0), || 9), Line::Own, "also after the clock was put back");
    }

    #[test]
    fn memory_is_bounded_by_those_who_act_just_now() {
        let mut lines = Lines::default();
        for index in 0..100_000 {
            lines.next(&index.to_string(), "PATCH", at(index), || 1);
        }
        assert!(lines.minutes.len() <= 2 * SWEEP_FROM, "{}", lines.minutes.len());
    }
}
