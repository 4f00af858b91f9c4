//! Young rows: open parts and webhooks about parts, whose times are known here and not in the index by time of their table.
//!
//! Most parts end, and most webhooks are taken, within moments. An index would be written twice for each of them, and read for none. So
//! the writer remembers the times of rows that it made, as long as there is room; what is young no more is put into its index, in small
//! steps, and what is in no index is read again at the start. Webhooks about texts that came in, and those for several hooks, are fewer:
//! they are in their index from the beginning.
//!
//! Whoever reads asks here first, and looks at the database after that: whatever leaves this memory is gone, or in its index, by then.
//! So rows come here before they are committed, and leave after it. One that is not found in the database was never committed, or is gone.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use whimbrel_core::{NoticeId, PartId, Span, Timestamp, id};

use super::fault::Fault;
use super::statements::Db;

/// Rows of each kind that are remembered; new ones beyond are in their index at once.
const ROWS_MAX: usize = 65_536;
/// So long a row is young.
const YOUNG_FOR: Span = Span::seconds(60);
/// Rows of each kind that are put into their index with one batch, at most.
const STEP: usize = 512;

const PARTS: &str = "select part_id, expires_at from live where indexed = 0";
const INDEX_PART: &str = "update live set indexed = 1 where part_id = ?1";
const NOTICES: &str = "select id, due_at from notice where indexed = 0";
const INDEX_NOTICE: &str = "update notice set indexed = 1 where id = ?1";

/// What readers see.
#[derive(Debug, Default, Clone)]
pub(super) struct YoungRows {
    parts: Arc<Mutex<Times>>,
    notices: Arc<Mutex<Times>>,
}

#[derive(Debug, Default)]
struct Times {
    /// By id, which is by age.
    rows: BTreeMap<i64, Timestamp>,
    /// No row has an earlier time; `None`: no row came since it was last empty.
    earliest: Option<Timestamp>,
}

impl Times {
    fn insert(&mut self, id: i64, at: Timestamp) {
        self.rows.insert(id, at);
        self.earliest = Some(self.earliest.map_or(at, |earliest| earliest.min(at)));
    }
}

fn lock(times: &Mutex<Times>) -> MutexGuard<'_, Times> {
    // Whole at any moment: a panic elsewhere leaves it so.
    times.lock().unwrap_or_else(PoisonError::into_inner)
}

impl YoungRows {
    /// Parts that have expired by then.
    pub(super) fn expired(&self, now: Timestamp) -> Vec<PartId> {
        let mut parts = lock(&self.parts);
        if parts.earliest.is_none_or(|earliest| earliest > now) {
            return Vec::new();
        }
        parts.earliest = parts.rows.values().min().copied();
        parts.rows.iter().filter(|(_, expires_at)| **expires_at <= now).map(|(id, _)| PartId(*id)).collect()
    }

    /// Notices behind that place, in its order: by due time and id.
    pub(super) fn due_behind(&self, after: (Timestamp, NoticeId)) -> Vec<(Timestamp, NoticeId)> {
        let notices = lock(&self.notices);
        let places = notices.rows.iter().map(|(id, due_at)| (*due_at, NoticeId(*id)));
        let mut behind: Vec<(Timestamp, NoticeId)> = places.filter(|place| *place > after).collect();
        drop(notices);
        behind.sort_unstable();
        behind
    }
}

/// The writer's side.
#[derive(Debug)]
pub(super) struct Young {
    parts: Changes,
    notices: Changes,
    bounds: Bounds,
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    rows_max: usize,
    young_for: Span,
}

/// The lengths of both logs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    parts: usize,
    notices: usize,
}

/// What the transaction under way has changed, in order: an operation may give an id of its own to another row.
#[derive(Debug, Default)]
struct Changes {
    times: Arc<Mutex<Times>>,
    /// The time of a row that came; `None`: it is gone, or in its index.
    log: Vec<(i64, Option<Timestamp>)>,
    came_count: usize,
    /// Readers see the rows that came in so much of the log.
    shown: usize,
}

impl Changes {
    fn of(times: &Arc<Mutex<Times>>) -> Self {
        Self { times: Arc::clone(times), ..Self::default() }
    }

    fn has_room(&self, rows_max: usize) -> bool {
        lock(&self.times).rows.len() + self.came_count < rows_max
    }

    fn came(&mut self, id: i64, at: Timestamp) {
        self.log.push((id, Some(at)));
        self.came_count += 1;
    }

    fn left(&mut self, id: i64) {
        self.log.push((id, None));
    }

    fn back_to(&mut self, mark: usize) {
        // Before they are shown nobody but the log knows of them.
        if mark < self.shown {
            let mut times = lock(&self.times);
            for (id, _) in self.log[mark..self.shown].iter().filter(|(_, at)| at.is_some()) {
                times.rows.remove(id);
            }
            self.shown = mark;
        }
        self.log.truncate(mark);
        self.came_count = self.log.iter().filter(|(_, at)| at.is_some()).count();
    }

    /// Before the commit.
    fn show(&mut self) {
        if self.came_count > 0 {
            let mut times = lock(&self.times);
            self.log.iter().for_each(|(id, at)| at.iter().for_each(|at| times.insert(*id, *at)));
        }
        self.shown = self.log.len();
    }

    /// After it.
    fn end(&mut self) {
        if !self.log.is_empty() {
            let mut times = lock(&self.times);
            for (id, at) in self.log.drain(..) {
                match at {
                    Some(at) => times.insert(id, at),
                    None => _ = times.rows.remove(&id),
                }
            }
            if times.rows.is_empty() {
                times.earliest = None;
            }
        }
        (self.came_count, self.shown) = (0, 0);
    }

    /// Puts some of those which are young no more into their index.
    fn age(&mut self, until: Timestamp, db: &Db<'_>, sql: &'static str) -> Result<(), Fault> {
        let is_old = |id: &i64| id::made_at(*id) < until;
        let mut old: Vec<i64> = lock(&self.times).rows.keys().take_while(|id| is_old(id)).take(STEP).copied().collect();
        if old.is_empty() {
            return Ok(());
        }
        let ended: HashSet<i64> = self.log.iter().filter(|(_, at)| at.is_none()).map(|(id, _)| *id).collect();
        old.retain(|id| !ended.contains(id));
        let mut index = db.prepare_cached(sql)?;
        for id in old {
            index.execute([id])?;
            self.left(id);
        }
        Ok(())
    }
}

impl Default for Young {
    fn default() -> Self {
        Self::of(&YoungRows::default())
    }
}

impl Young {
    fn of(rows: &YoungRows) -> Self {
        let bounds = Bounds { rows_max: ROWS_MAX, young_for: YOUNG_FOR };
        Self { parts: Changes::of(&rows.parts), notices: Changes::of(&rows.notices), bounds }
    }

    /// What is in no index, at the start; readers see it in `rows`.
    pub(super) fn load(db: &Connection, rows: &YoungRows) -> Result<Self, Fault> {
        let read = |sql| -> Result<Times, Fault> {
            let mut statement = db.prepare(sql)?;
            let mut found = statement.query([])?;
            let mut times = Times::default();
            while let Some(row) = found.next()? {
                times.insert(row.get(0)?, Timestamp(row.get(1)?));
            }
            Ok(times)
        };
        let (parts, notices) = (read(PARTS)?, read(NOTICES)?);
        (*lock(&rows.parts), *lock(&rows.notices)) = (parts, notices);
        Ok(Self::of(rows))
    }

    /// From now on so many rows of each kind are remembered, for so long.
    pub(super) const fn set_bounds(&mut self, rows_max: usize, young_for: Span) {
        self.bounds = Bounds { rows_max, young_for };
    }

    /// What readers see of it.
    pub(super) fn rows(&self) -> YoungRows {
        YoungRows { parts: Arc::clone(&self.parts.times), notices: Arc::clone(&self.notices.times) }
    }

    /// Whether a part that is accepted now can be remembered, and needs no index.
    pub(super) fn has_room_for_part(&self) -> bool {
        self.parts.has_room(self.bounds.rows_max)
    }

    /// A part without a place in its index was made.
    pub(super) fn put_part(&mut self, PartId(id): PartId, expires_at: Timestamp) {
        self.parts.came(id, expires_at);
    }

    /// A part has ended.
    pub(super) fn drop_part(&mut self, PartId(id): PartId) {
        self.parts.left(id);
    }

    /// Whether a notice that is made now can be remembered, and needs no index.
    pub(super) fn has_room_for_notice(&self) -> bool {
        self.notices.has_room(self.bounds.rows_max)
    }

    /// A notice without a place in its index was made.
    pub(super) fn put_notice(&mut self, NoticeId(id): NoticeId, due_at: Timestamp) {
        self.notices.came(id, due_at);
    }

    /// A notice is gone, or in its index.
    pub(super) fn drop_notice(&mut self, NoticeId(id): NoticeId) {
        self.notices.left(id);
    }

    /// Puts some of what is young no more into its index.
    pub(super) fn age(&mut self, now: Timestamp, db: &Db<'_>) -> Result<(), Fault> {
        let until = now - self.bounds.young_for;
        self.parts.age(until, db, INDEX_PART)?;
        self.notices.age(until, db, INDEX_NOTICE)
    }

    pub(super) const fn mark(&self) -> Mark {
        Mark { parts: self.parts.log.len(), notices: self.notices.log.len() }
    }

    /// What was done since that mark of the same transaction is undone.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.parts.back_to(mark.parts);
        self.notices.back_to(mark.notices);
    }

    /// The transaction is about to be committed: readers see what it made.
    pub(super) fn show(&mut self) {
        self.parts.show();
        self.notices.show();
    }

    /// It was committed.
    pub(super) fn committed(&mut self) {
        self.parts.end();
        self.notices.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What readers see of notices.
    fn seen(young: &Young) -> Vec<i64> {
        young.rows().due_behind((Timestamp(i64::MIN), NoticeId(i64::MIN))).iter().map(|(_, id)| id.0).collect()
    }

    fn put(young: &mut Young, ids: &[i64]) {
        ids.iter().for_each(|id| young.put_notice(NoticeId(*id), Timestamp(*id)));
    }

    #[test]
    fn readers_see_a_row_before_its_commit_and_until_it_is_gone_for_good() {
        let mut young = Young::default();
        put(&mut young, &[1, 2]);
        assert_eq!(seen(&young), [0_i64; 0]);
        young.show();
        assert_eq!(seen(&young), [1, 2]);
        young.committed();
        young.drop_notice(NoticeId(1));
        young.show();
        assert_eq!(seen(&young), [1, 2], "not committed yet");
        young.committed();
        assert_eq!(seen(&young), [2]);
    }

    #[test]
    fn a_commit_that_failed_leaves_what_was_there_before() {
        let mut young = Young::default();
        put(&mut young, &[1, 2]);
        young.show();
        young.committed();
        young.drop_notice(NoticeId(1));
        put(&mut young, &[3]);
        young.show();
        young.back_to(Mark::default());
        assert_eq!(seen(&young), [1, 2]);
        young.committed();
        assert_eq!(seen(&young), [1, 2], "nothing is left of it");
    }

    #[test]
    fn an_operation_that_failed_takes_back_its_own_and_no_more() {
        let mut young = Young::default();
        put(&mut young, &[1]);
        let mark = young.mark();
        young.drop_notice(NoticeId(1));
        // It could not be made: it is there already.
        put(&mut young, &[1, 2]);
        young.back_to(mark);
        put(&mut young, &[3]);
        young.show();
        young.committed();
        assert_eq!(seen(&young), [1, 3]);
    }

    #[test]
    fn an_id_that_was_given_up_and_taken_again_is_there() {
        let mut young = Young::default();
        put(&mut young, &[1]);
        young.drop_notice(NoticeId(1));
        young.put_notice(NoticeId(1), Timestamp(9));
        young.show();
        young.committed();
        assert_eq!(seen(&young), [1]);
        young.drop_notice(NoticeId(1));
        young.committed();
        assert_eq!(seen(&young), [0_i64; 0]);
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut young = Young::default();
        young.set_bounds(2, YOUNG_FOR);
        put(&mut young, &[1]);
        assert!(young.has_room_for_notice());
        put(&mut young, &[2]);
        assert!(!young.has_room_for_notice() && young.has_room_for_part());
        young.back_to(Mark { notices: 1, ..Mark::default() });
        assert!(young.has_room_for_notice());
    }

    #[test]
    fn what_expires_first_is_known_without_a_look_at_all() {
        let mut young = Young::default();
        let expired = |young: &Young, at| young.rows().expired(Timestamp(at)).iter().map(|id| id.0).collect::<Vec<_>>();
        for (id, expires_at) in [(1, 30), (2, 10), (3, 20)] {
            young.put_part(PartId(id), Timestamp(expires_at));
        }
        young.show();
        young.committed();
        assert_eq!([9, 10, 20].map(|at| expired(&young, at)), [vec![], vec![2], vec![2, 3]]);
        young.drop_part(PartId(2));
        young.drop_part(PartId(3));
        young.committed();
        assert_eq!([29, 29, 30].map(|at| expired(&young, at)), [vec![], vec![], vec![1]]);
        young.put_part(PartId(4), Timestamp(5));
        young.show();
        assert_eq!(expired(&young, 5), [4]);
    }
}
