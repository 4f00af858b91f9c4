//! Rows that cannot be read: left out, so that one of them does not stop all the others, and reported once each.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Row, Rows};

use super::fault::Fault;

/// Rows remembered at most; beyond, one may be reported again.
const REPORTED_MAX: usize = 1_000;

/// Which rows were reported.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Mutex<BTreeSet<(&'static str, i64)>>);

/// What a read gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// What a row is, for the report.
    pub(super) what: &'static str,
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
                Err(Fault::Op(why)) => self.report(wanted.what, row.get(wanted.id_column)?, &why),
                Err(fatal) => return Err(fatal),
            }
        }
        Ok(readable)
    }

    fn report(&self, what: &'static str, id: i64, why: &str) {
        let mut reported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.insert((what, id)) {
            tracing::error!(what, id, why, "a row cannot be read and is left out; restore a backup or report this");
        }
        if reported.len() > REPORTED_MAX {
            reported.pop_first();
        }
    }
}
