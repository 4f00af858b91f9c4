//! A search's way through rows: until enough is found, or enough was looked at.

use whimbrel_core::Timestamp;

use crate::view::{Found, SearchEnd, SearchOrder};

/// Things that one search gives at most.
const FOUND_MAX: usize = 1_000;

/// How far a search came.
pub(super) struct Walk<T> {
    order: SearchOrder,
    count_max: usize,
    rows_left: usize,
    found: Vec<T>,
    /// The row of the last of them.
    last_found: i64,
    first_row: Option<i64>,
    last_row: Option<i64>,
}

impl<T> Walk<T> {
    pub(super) fn new(order: SearchOrder, count_max: usize, rows_max: usize) -> Self {
        let (count_max, rows_left, found) = (count_max.min(FOUND_MAX), rows_max, Vec::new());
        Self { order, count_max, rows_left, found, last_found: 0, first_row: None, last_row: None }
    }

    /// Comes to a row. The end of the search, if it is not to be looked at.
    pub(super) fn come_to(&mut self, id: i64, at: Timestamp) -> Option<SearchEnd> {
        if self.rows_left == 0 {
            return Some(SearchEnd::Rows { edge: self.before(id), at });
        }
        self.rows_left -= 1;
        self.first_row.get_or_insert(id);
        self.last_row = Some(id);
        None
    }

    /// Takes what was found in the row. The end of the search, if there was no place for it: only then it is known that there is more.
    pub(super) fn find(&mut self, id: i64, found: impl FnOnce() -> T) -> Option<SearchEnd> {
        if self.found.len() >= self.count_max {
            return Some(SearchEnd::Count { edge: self.last_found });
        }
        self.found.push(found());
        self.last_found = id;
        None
    }

    /// Why a search that goes on behind this mark comes to that row first.
    const fn before(&self, id: i64) -> i64 {
        match self.order {
            SearchOrder::NewestFirst => id.saturating_add(1),
            SearchOrder::OldestFirst => id.saturating_sub(1),
        }
    }

    /// What was found, the newest first.
    pub(super) fn ended(mut self, end: SearchEnd) -> Found<T> {
        let newest = match (self.order, end) {
            (SearchOrder::NewestFirst, _) => self.first_row,
            (SearchOrder::OldestFirst, SearchEnd::Everything) => self.last_row,
            (SearchOrder::OldestFirst, SearchEnd::Count { edge } | SearchEnd::Rows { edge, .. }) => Some(edge),
        };
        if self.order == SearchOrder::OldestFirst {
            self.found.reverse();
        }
        Found { found: self.found, end, newest }
    }
}
