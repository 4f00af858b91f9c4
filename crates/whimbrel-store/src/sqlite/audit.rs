//! What people did: written down before it is done, completed by what it was answered, and kept so long.

use rusqlite::{Connection, params};
use whimbrel_core::{Span, Timestamp};

use super::codes::small;
use super::fault::Fault;
use super::reads::limit;
use super::writer::Work;
use crate::op::OpResult;
use crate::view::AuditEntry;

/// How long a row is kept: thirteen months and a day.
const KEPT: Span = Span::hours(397 * 24);
/// Old rows removed with each new one, at most: more than come, so that they do not pile up.
const REMOVED_MAX: usize = 4;
/// Rows that one read gives at most.
const ROWS_MAX: usize = 1_000;

// A line that counts acts comes again with a higher number at its beginning; one that is behind changes nothing.
const INSERT: &str = "insert into audit (id, at, person, source, act, subject, status)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (id) do update set status = excluded.status, subject = excluded.subject
 where status = 0 and cast(subject as integer) <= cast(excluded.subject as integer)";
// By the primary key, whose order is that of time but for clocks that were set back.
const OLD: &str = "delete from audit where id in (select id from audit order by id limit ?2) and at < ?1";
// By the primary key.
const FIND: &str = "select id, at, person, source, act, subject, status from audit
 where id < ?1 order by id desc limit ?2";

impl Work<'_> {
    pub(super) fn keep_audit(&mut self, entry: &AuditEntry) -> Result<OpResult, Fault> {
        self.saw(entry.at, entry.id);
        let AuditEntry { id, at, person, source, act, subject, status } = entry;
        self.db.prepare_cached(INSERT)?.execute(params![id, at.0, person, source, act, subject, status])?;
        let before = self.memory.counts.now - KEPT;
        self.db.prepare_cached(OLD)?.execute(params![before.0, limit(REMOVED_MAX)])?;
        Ok(OpResult::Audited)
    }
}

pub(super) fn entries(db: &Connection, before: Option<i64>, count_max: usize) -> Result<Vec<AuditEntry>, Fault> {
    let values = params![before.unwrap_or(i64::MAX), limit(count_max.min(ROWS_MAX))];
    let mut statement = db.prepare_cached(FIND)?;
    let rows = statement.query_map(values, |row| {
        Ok(AuditEntry {
            id: row.get(0)?,
            at: Timestamp(row.get(1)?),
            person: row.get(2)?,
            source: row.get(3)?,
            act: row.get(4)?,
            subject: row.get(5)?,
            status: small(row, 6)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
