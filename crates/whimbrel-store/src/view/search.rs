//! What is looked for among messages and texts, and what a search found.

use whimbrel_core::{AccountId, CarrierId, Span, Timestamp};
use whimbrel_inbox::search::Query;

/// What is looked for, and how much of it.
#[derive(Debug, Clone)]
pub struct Search {
    /// What.
    pub query: Query,
    /// Only of this account, whatever the query says.
    pub account: Option<AccountId>,
    /// Whether all of that may be seen.
    pub sight: Sight,
    /// Only what is older than this id.
    pub before: Option<i64>,
    /// Only what is newer than this id.
    pub after: Option<i64>,
    /// From which end on.
    pub order: SearchOrder,
    /// At most so many; the store caps it at 1,000.
    pub count_max: usize,
    /// At most so many rows are looked at.
    pub rows_max: usize,
    /// How far ids may be ahead of the times of what they name: ids rise also while a clock is put back. A query's `before:` leaves out
    /// ids that are further ahead.
    pub ids_ahead_max: Span,
}

impl Search {
    /// Rows that a search looks at where nobody says otherwise.
    pub const ROWS_MAX: usize = 200_000;
    /// How far ids are ahead at most where no test moves the clock.
    pub const IDS_AHEAD_MAX: Span = Span::hours(24);

    /// The newest that fit, at most `count_max`.
    #[must_use]
    pub const fn new(query: Query, count_max: usize) -> Self {
        Self {
            query,
            account: None,
            sight: Sight::Everything,
            before: None,
            after: None,
            order: SearchOrder::NewestFirst,
            count_max,
            rows_max: Self::ROWS_MAX,
            ids_ahead_max: Self::IDS_AHEAD_MAX,
        }
    }
}

/// What may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Everything,
    /// What was sent by keys for trying out, and what came in by the carrier that they send to, if there is one.
    Trials(Option<CarrierId>),
}

/// From which end a search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchOrder {
    /// From the newest row on.
    NewestFirst,
    /// From the oldest row on: what is found is nearest to [`Search::after`].
    OldestFirst,
}

/// What a search found, the newest first in either order.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// What.
    pub found: Vec<T>,
    /// Why there is no more.
    pub end: SearchEnd,
    /// The newest row that is done with, found or not: what comes later has a higher id, but for what is being committed just now.
    pub newest: Option<i64>,
}

/// How a search ended. An edge is where to go on: the next search's `before` or, from the oldest on, its `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchEnd {
    /// Everything was looked at.
    Everything,
    /// As many as were asked for were found, and there is at least one more.
    Count {
        /// Where to go on.
        edge: i64,
    },
    /// As many rows as may be looked at were; what stands behind them was not.
    Rows {
        /// Where to go on.
        edge: i64,
        /// When what comes next was accepted.
        at: Timestamp,
    },
}
