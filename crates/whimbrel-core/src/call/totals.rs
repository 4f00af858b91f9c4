//! What an account sent and what came in for it, added up.

use crate::id::Serial;
use crate::money::Money;
use crate::time::Timestamp;

/// Spans that one call may ask about: a year by days.
pub const SPANS_MAX: usize = 366;

/// Adds up what an account sent and what came in for it.
#[derive(Clone, PartialEq, Eq)]
pub struct TotalsCall {
    /// What has a line of its own.
    pub by: TotalsBy,
    /// Whose.
    pub of: TotalsOf,
    /// Where spans end and the next begins, ascending: one more than there are spans, of which there are 1 to [`SPANS_MAX`].
    pub bounds: Vec<Timestamp>,
    /// Only messages with this second mark, and so nothing that came in.
    pub account_ref: Option<Box<str>>,
}

/// What customers chose freely is left out.
impl std::fmt::Debug for TotalsCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotalsCall").field("by", &self.by).field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

/// Whose traffic is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalsOf {
    /// The account's own.
    Own,
    /// Its own and that of all accounts below it.
    All,
    /// That of the account below it with this number; who has none of that number may not ask.
    Below(Serial),
}

/// What has a line of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalsBy {
    /// Each span, also one without anything.
    Span,
    /// Each country of recipients and of those who wrote.
    Country,
    /// Each second mark of messages. What came in has none.
    AccountRef,
    /// Each account.
    Account,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TotalsOutcome {
    /// What was asked for.
    Lines {
        /// What has a line of its own.
        by: TotalsBy,
        /// In the order of spans, then of names.
        lines: Vec<TotalsLine>,
    },
    /// There is more than is counted on request: shorter spans are needed.
    TooMuch,
}

/// A line of totals. `Debug` leaves out what customers chose freely.
#[derive(Clone, PartialEq, Eq)]
pub struct TotalsLine {
    /// When its span begins.
    pub from: Timestamp,
    /// The country's code, the mark or the account's key; empty by spans, and for what has no country or mark.
    pub name: Box<str>,
    /// Messages accepted.
    pub sent: u64,
    /// Texts that came in, the parts of a long one counted as one.
    pub came_in: u64,
    /// The prices of the parts accepted, without those that were given back.
    pub spent: Money,
}

impl std::fmt::Debug for TotalsLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotalsLine")
            .field("from", &self.from)
            .field("sent", &self.sent)
            .field("came_in", &self.came_in)
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}
