//! Forgetting what is old, in small steps between other batches.
//!
//! Ages count from acceptance, as ids tell it. What is not finished is never touched: it is passed by, and its text is erased when it
//! ends. The ledger keeps every transfer. `meta.pruned_to` and `meta.texts_to` say up to which id messages and texts may be gone, so
//! that what refers to them (a charge, a carrier's id that is remembered longer) is known to be no fault. Somebody may have messages forgotten
//! that are not old; the mark rises with them. No id is given again: ids
//! go on above `meta.high_water`, which no removal lowers. A webhook that waits keeps what it tells of, and all that is newer.

use std::collections::BTreeSet;

use rusqlite::params;
use whimbrel_core::{MessageId, id};

use super::fault::Fault;
use super::rows;
use super::writer::Work;
use crate::op::{Forget, Prune, Pruned};

/// With more webhooks waiting, nothing is removed: looking for the oldest would hold up the writer.
const NOTICES_MAX: u64 = 100_000;

// By the primary key.
const MESSAGES: &str = "select id from message where id > ?1 and id < ?2 order by id limit ?3";
const INBOUND: &str = "select id from inbound where id > ?1 and id < ?2 order by id limit ?3";
const GROUPS: &str = "select id from inbound where id < ?1 and id = group_id order by id limit ?2";
// By the primary key and the partial index live_of_message.
const IS_OPEN: &str = "select 1 from live where part_id = ?1
 union all select 1 from live where message_id = ?1 and number > 1 limit 1";
// By the primary key and the partial index ended_of_message.
const PARTS: &str = "select part_id from ended where part_id = ?1
 union all select part_id from ended where message_id = ?1 and number > 1";
// Every webhook that waits is read once.
const OLDEST_TOLD: &str = "select min(coalesce(n.message_id, i.group_id, n.inbound_id)) from notice n
 left join inbound i on i.id = n.inbound_id";
// As many as may wait while something is removed.
const TOLD: &str = "select message_id from notice where message_id is not null";
// The same; what came in is told with its text.
const OLDEST_IN: &str = "select min(coalesce(i.group_id, n.inbound_id)) from notice n
 left join inbound i on i.id = n.inbound_id where n.inbound_id is not null";
const ERASE: &str =
    "update message set text = '', code_from = null, code_length = null, header = iif(body is null, null, x''), body = iif(body is null, null, x'')
 where id = ?1";
const ERASE_INBOUND: &str = "update inbound set text = '', header = x'', body = x'' where id > ?1 and id <= ?2";
const COUNT_DOUBTS: &str = "select count(*) from attempt where part_id = ?1 and outcome = 'doubt'";
const DELETE_OF_PART: [&str; 3] = [
    "delete from attempt where part_id = ?1",
    "delete from set_aside where part_id = ?1",
    "delete from ended where part_id = ?1",
];
const DELETE_EVENTS: &str = "delete from event where message_id = ?1";
const DELETE_MESSAGE: &str = "delete from message where id = ?1";
const DELETE_GROUP: &str = "delete from inbound where group_id = ?1";

impl Work<'_> {
    pub(super) fn prune(&mut self, prune: &Prune) -> Result<Pruned, Fault> {
        self.memory.counts.saw_time(prune.at);
        let mut done = Pruned::default();
        if self.memory.counts.stats.notices > NOTICES_MAX {
            return Ok(done);
        }
        if let Some(before) = prune.texts_before {
            let told: Option<i64> = self.db.prepare_cached(OLDEST_IN)?.query_row([], |row| row.get(0))?;
            let end = id::lowest_at(before).min(told.unwrap_or(i64::MAX));
            self.erase_texts(end, prune.count_max, &mut done)?;
        }
        let Some(before) = prune.messages_before.filter(|_| !done.more) else { return Ok(done) };
        let told: Option<i64> = self.db.prepare_cached(OLDEST_TOLD)?.query_row([], |row| row.get(0))?;
        let end = id::lowest_at(before).min(told.unwrap_or(i64::MAX));
        self.remove_messages(end, prune.count_max, &mut done)?;
        self.remove_inbound(end, prune.count_max, &mut done)?;
        Ok(done)
    }

    /// Removes these messages, but for those that are under way, that somebody is yet to be told of, or that a receipt may still be for.
    /// The ledger keeps what they cost.
    pub(super) fn forget(&mut self, forget: &Forget) -> Result<Pruned, Fault> {
        self.memory.counts.saw_time(forget.at);
        let mut done = Pruned::default();
        if self.memory.counts.stats.notices > NOTICES_MAX {
            return Ok(done);
        }
        let told: BTreeSet<i64> =
            self.db.prepare_cached(TOLD)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for message in forget.messages.iter().copied() {
            let is_there = rows::find_message(&self.db, message)?.is_some();
            let is_needed = !is_there || told.contains(&message.0) || self.is_open(message)?;
            if !is_needed && !self.is_rival(message, forget.at)? {
                self.remove_message(message, &mut done)?;
            }
        }
        Ok(done)
    }

    /// Erases the texts between the mark and `end`, and moves the mark.
    fn erase_texts(&mut self, end: i64, count_max: usize, done: &mut Pruned) -> Result<(), Fault> {
        let from = self.memory.counts.texts_to;
        let messages = self.ids(MESSAGES, (from, end), count_max)?;
        let inbound = self.ids(INBOUND, (from, end), count_max)?;
        // The step ends where the shorter of the two full pages does.
        let full = |ids: &[i64]| ids.last().copied().filter(|_| ids.len() == count_max);
        let cut = full(&messages).into_iter().chain(full(&inbound)).min();
        done.more |= cut.is_some();
        let to = cut.unwrap_or((end - 1).max(from));
        for id in messages.into_iter().filter(|id| *id <= to) {
            if !self.is_open(MessageId(id))? {
                self.erase_text(MessageId(id))?;
                done.texts += 1;
                done.rows += 1;
            }
        }
        let erased = self.db.prepare_cached(ERASE_INBOUND)?.execute(params![from, to])? as u64;
        done.texts += erased;
        done.rows += erased;
        self.memory.counts.texts_to = to;
        Ok(())
    }

    /// A message is over: its text goes if its time was over before.
    pub(super) fn erase_if_due(&mut self, message: MessageId) -> Result<(), Fault> {
        if message.0 > self.memory.counts.texts_to || self.is_open(message)? {
            return Ok(());
        }
        self.erase_text(message)
    }

    fn erase_text(&mut self, id: MessageId) -> Result<(), Fault> {
        self.db.prepare_cached(ERASE)?.execute([id.0])?;
        self.memory.recent.drop_message(id);
        Ok(())
    }

    fn is_open(&self, MessageId(id): MessageId) -> Result<bool, Fault> {
        Ok(self.db.prepare_cached(IS_OPEN)?.exists([id])?)
    }

    /// Removes finished messages with a number below `end`, from where the last step stopped.
    fn remove_messages(&mut self, end: i64, count_max: usize, done: &mut Pruned) -> Result<(), Fault> {
        let messages = self.ids(MESSAGES, (self.memory.prune_from, end), count_max)?;
        let is_full = messages.len() == count_max;
        // At the end the next pass begins with those that were not finished this time.
        self.memory.prune_from = messages.last().copied().filter(|_| is_full).unwrap_or(0);
        done.more |= is_full;
        for message in messages.into_iter().map(MessageId) {
            if !self.is_open(message)? {
                self.remove_message(message, done)?;
            }
        }
        Ok(())
    }

    fn remove_message(&mut self, MessageId(id): MessageId, done: &mut Pruned) -> Result<(), Fault> {
        let parts: Vec<i64> =
            self.db.prepare_cached(PARTS)?.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for part in parts {
            let doubts: i64 = self.db.prepare_cached(COUNT_DOUBTS)?.query_row([part], |row| row.get(0))?;
            for delete in DELETE_OF_PART {
                done.rows += self.db.prepare_cached(delete)?.execute([part])? as u64;
            }
            let counts = &mut self.memory.counts;
            counts.stats.doubts = counts.stats.doubts.saturating_sub(doubts.unsigned_abs());
            counts.pruned_to = counts.pruned_to.max(part);
            // Carriers' ids of it are found by the sweep.
            counts.ids_since_sweep = counts.ids_since_sweep.saturating_add(1);
        }
        done.rows += self.db.prepare_cached(DELETE_EVENTS)?.execute([id])? as u64;
        done.rows += self.db.prepare_cached(DELETE_MESSAGE)?.execute([id])? as u64;
        self.memory.recent.drop_message(MessageId(id));
        done.messages += 1;
        let counts = &mut self.memory.counts;
        counts.pruned_to = counts.pruned_to.max(id);
        counts.stats.messages = counts.stats.messages.saturating_sub(1);
        Ok(())
    }

    fn remove_inbound(&mut self, end: i64, count_max: usize, done: &mut Pruned) -> Result<(), Fault> {
        let groups: Vec<i64> = self
            .db
            .prepare_cached(GROUPS)?
            .query_map(params![end, count_max as i64], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        done.more |= groups.len() == count_max;
        for group in groups {
            let removed = self.db.prepare_cached(DELETE_GROUP)?.execute([group])? as u64;
            done.rows += removed + self.db.prepare_cached(DELETE_EVENTS)?.execute([group])? as u64;
            done.inbound += removed;
            let inbound = &mut self.memory.counts.stats.inbound;
            *inbound = inbound.saturating_sub(removed);
        }
        Ok(())
    }

    fn ids(&self, sql: &'static str, (from, end): (i64, i64), count_max: usize) -> Result<Vec<i64>, Fault> {
        let row = params![from, end, count_max as i64];
        let mut statement = self.db.prepare_cached(sql)?;
        let ids = statement.query_map(row, |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }
}
