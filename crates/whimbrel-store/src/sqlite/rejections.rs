//! Refused requests, the last ones of each account: they come in batches, and the oldest are removed now and then.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use whimbrel_core::call::history::{RefusedSend, SentTo};
use whimbrel_core::{AccountId, Span, Timestamp};

use super::fault::Fault;
use super::reads::limit;
use super::writer::Work;
use crate::op::{OpResult, Rejection};

/// Rows of one account at most, give or take [`PER_LOOK`]: the oldest go.
const KEPT_MAX: i64 = 10_000;
/// How long a row is kept: thirteen months and a day.
const KEPT: Span = Span::hours(397 * 24);
/// Rows of an account after which its oldest are looked at, which costs as much as it has rows.
const PER_LOOK: u32 = 512;
/// Rows removed with a look, at most; four times as many as came since the last one.
const REMOVED_MAX: u32 = 4 * PER_LOOK;
/// Rows that one read gives at most.
const ROWS_MAX: usize = 1_000;

const INSERT: &str = "insert into rejection (id, account_id, recipient, sender, code, told, at)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (id) do nothing";
// By the index rejection_by_account: the row that is one too old leads to those before it.
const CROWDED_OUT: &str = "delete from rejection where id in
 (select id from rejection where account_id = ?1 and id <=
  (select id from rejection where account_id = ?1 order by id desc limit 1 offset ?2) order by id limit ?3)";
// By the primary key, whose order is that of time but for clocks that were set back.
const OLD: &str = "delete from rejection where id in (select id from rejection order by id limit ?2) and at < ?1";
// By the index rejection_by_recipient.
const FIND: &str = "select sender, recipient, at, code, told from rejection
 where account_id = ?1 and recipient = ?2 and at >= ?3 and at < ?4 order by at, id limit ?5";

impl Work<'_> {
    pub(super) fn keep_rejections(&mut self, rejections: &[Rejection]) -> Result<OpResult, Fault> {
        for Rejection { id, account_id, send } in rejections {
            self.saw(send.at, *id);
            self.db.prepare_cached(INSERT)?.execute(params![
                id,
                account_id.0,
                send.recipient,
                send.sender,
                send.code,
                send.told,
                send.at.0,
            ])?;
            if self.memory.rejections.count(*account_id) >= PER_LOOK {
                self.memory.rejections.looked(*account_id);
                self.prune_rejections(*account_id)?;
            }
        }
        Ok(OpResult::RejectionsKept)
    }

    fn prune_rejections(&self, account: AccountId) -> Result<(), Fault> {
        self.db.prepare_cached(CROWDED_OUT)?.execute(params![account.0, KEPT_MAX, REMOVED_MAX])?;
        let before = self.memory.counts.now - KEPT;
        self.db.prepare_cached(OLD)?.execute(params![before.0, REMOVED_MAX])?;
        Ok(())
    }
}

/// Rejections of each account since its oldest were looked at. After a rollback or a restart a look comes a little early or late.
#[derive(Debug, Default)]
pub(super) struct SinceLook(BTreeMap<AccountId, u32>);

impl SinceLook {
    /// Counts one more, and says how many there are now.
    fn count(&mut self, account: AccountId) -> u32 {
        let count = self.0.entry(account).or_default();
        *count += 1;
        *count
    }

    fn looked(&mut self, account: AccountId) {
        self.0.remove(&account);
    }
}

pub(super) fn rejections(db: &Connection, account: AccountId, within: &SentTo) -> Result<Vec<RefusedSend>, Fault> {
    let mut statement = db.prepare_cached(FIND)?;
    let values = params![account.0, within.recipient, within.from.0, within.until.0, limit(ROWS_MAX)];
    let rows = statement.query_map(values, |row| {
        Ok(RefusedSend {
            sender: row.get(0)?,
            recipient: row.get(1)?,
            at: Timestamp(row.get(2)?),
            code: row.get(3)?,
            told: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
