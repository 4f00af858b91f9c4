//! Rows that cannot be read: left out, so that one of them does not stop all the others, and reported once each.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Row, Rows};

use super::fault::Fault;

/// Rows remembered at most; beyond, one may be reported again.
const REPORTED_MAX: usize = 1_000;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Part,
    Notice,
}

/// Which rows were reported, and which of them wait for an operation that sets them aside.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    reported: BTreeSet<(What, i64)>,
    waiting: BTreeSet<(What, i64)>,
}

/// What a read gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// What a row is, for the report.
    pub(super) what: What,
    /// The column with its id.
    pub(super) id_column: usize,
    /// Readable rows at most.
    pub(super) count_max: usize,
}

impl Unreadable {
    /// Reads rows until there are enough that make sense: fewer than asked for means that there are no more.
    ///
    /// # Errors
    /// Any fault of the database itself.
    pub(super) fn left_out<T>(
        &self,
        mut rows: Rows<'_>,
        wanted: Wanted,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Fault> {
        let mut readable = Vec::new();
        while readable.len() < wanted.count_max
            && let Some(row) = rows.next()?
        {
            match read(row).map_err(Fault::from) {
                Ok(value) => readable.push(value),
                Err(Fault::Op(why) | Fault::Part(_, why)) => self.report(wanted.what, row.get(wanted.id_column)?, &why),
                Err(fatal) => return Err(fatal),
            }
        }
        Ok(readable)
    }

    /// Those that nobody has set aside yet; each is told once.
    pub(super) fn take(&self, what: What) -> Vec<i64> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, left) = std::mem::take(&mut seen.waiting).into_iter().partition(|(of, _)| *of == what);
        seen.waiting = left;
        let taken: BTreeSet<(What, i64)> = taken;
        taken.into_iter().map(|(_, id)| id).collect()
    }

    fn report(&self, what: What, id: i64, why: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.reported.insert((what, id)) {
            tracing::error!(?what, id, why, "a row cannot be read and is left out; restore a backup or report this");
            seen.waiting.insert((what, id));
        }
        if seen.reported.len() > REPORTED_MAX {
            seen.reported.pop_first();
        }
    }
}
