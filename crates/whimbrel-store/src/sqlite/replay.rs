//! What may be used once: looked for and written in the transaction that does what it stands for, so that of two at the same
//! instant one is first.
//!
//! A row is forgotten when its time is over by the clock of the latest use. With it, in the same transaction, the mark
//! `replay_forgotten` rises to the row's expiry: whatever expires no later may have been used, and is refused. So a clock that
//! is set back, even over a restart, does not open again what was forgotten; and since the mark is no higher than what was
//! really used, it refuses nobody whose clock is right.

use rusqlite::{Connection, OptionalExtension, params};
use whimbrel_core::{Accepted, AccountId, Currency, MessageId, ReplayKey, ReplayKind, Timestamp};

use super::accept::accepted_before;
use super::codes::parsed;
use super::fault::Fault;
use super::rows;
use super::writer::Work;
use crate::op::{OpResult, UseOnce, Used};

/// Rows are removed after so many new ones, at most `FORGOTTEN_MAX` of each kind at a time: the table cannot grow without end.
const USES_PER_PRUNE: u32 = 64;
const FORGOTTEN_MAX: i64 = 256;

// By the primary key.
const FIND: &str = "select used_by from replay where kind = ?3 and mark = ?1 and account_id = ?2";
const INSERT: &str = "insert into replay (mark, account_id, kind, used_by, expires_at) values (?1, ?2, ?3, ?4, ?5)
 on conflict (kind, mark, account_id) do nothing";
const REPLACE: &str = "update replay set used_by = ?4 where kind = ?3 and mark = ?1 and account_id = ?2";
const GIVE_BACK: &str = "delete from replay where kind = ?3 and mark = ?1 and account_id = ?2";
// Signatures by the primary key, nonces by the index replay_expiry, which holds it. The oldest signatures come first: those among
// them that are not over yet end the step.
const EXPIRED: &str = "select kind, mark, account_id, expires_at from
 (select kind, mark, account_id, expires_at from replay where kind = 0 order by mark limit ?2) where expires_at <= ?1
 union all select kind, mark, account_id, expires_at from
 (select kind, mark, account_id, expires_at from replay where kind = 1 and expires_at <= ?1 order by expires_at limit ?2)";
const FORGET: &str = "delete from replay where kind = ?1 and mark = ?2 and account_id = ?3";
// By the primary keys.
const CURRENCY: &str = "select currency from account where id = ?1";

/// Whether something was used before.
pub(super) enum Before {
    Never,
    /// By that message or request.
    By(i64),
    /// It is so old that it would have been forgotten.
    Unknown,
}

const fn code(kind: ReplayKind) -> i64 {
    match kind {
        ReplayKind::Signature => 0,
        ReplayKind::Nonce => 1,
    }
}

fn find(db: &Connection, account: AccountId, key: &ReplayKey) -> Result<Option<i64>, Fault> {
    let wanted = params![key.mark.as_bytes(), account.0, code(key.kind)];
    Ok(db.prepare_cached(FIND)?.query_row(wanted, |row| row.get(0)).optional()?)
}

/// The answer to the message that was sent by a signature; `None` if none was.
pub(super) fn answered(db: &Connection, account: AccountId, key: &ReplayKey) -> Result<Option<Accepted>, Fault> {
    let Some(id) = find(db, account, key)? else { return Ok(None) };
    answer_of(db, MessageId(id))
}

/// The answer that was given to a message; `None` if there is no such message.
pub(super) fn answer_of(db: &Connection, id: MessageId) -> Result<Option<Accepted>, Fault> {
    let Some(message) = rows::find_message(db, id)? else { return Ok(None) };
    let currency: Currency = db
        .prepare_cached(CURRENCY)?
        .query_row([message.account_id.0], |row| parsed(row, 0, |code| code.parse().ok()))?;
    accepted_before(db, message, currency).map(Some)
}

impl Work<'_> {
    /// Uses a key, unless it was used before.
    pub(super) fn use_up(
        &mut self,
        account: AccountId,
        key: &ReplayKey,
        used_by: i64,
        at: Timestamp,
    ) -> Result<Before, Fault> {
        if key.expires_at <= self.memory.counts.replay_forgotten {
            return Ok(find(&self.db, account, key)?.map_or(Before::Unknown, Before::By));
        }
        let row = params![key.mark.as_bytes(), account.0, code(key.kind), used_by, key.expires_at.0];
        if self.db.prepare_cached(INSERT)?.execute(row)? == 0 {
            let by = find(&self.db, account, key)?.ok_or_else(|| Fault::corrupt("a used key"))?;
            return Ok(Before::By(by));
        }
        let counts = &mut self.memory.counts;
        counts.uses_since_prune += 1;
        // Not the latest time of all: a clock that was ahead for a moment must not make everything old for ever.
        counts.used_at = at;
        Ok(Before::Never)
    }

    /// A key that this transaction used up belongs to an earlier message.
    pub(super) fn used_up_by(&self, account: AccountId, key: &ReplayKey, message: MessageId) -> Result<(), Fault> {
        let row = params![key.mark.as_bytes(), account.0, code(key.kind), message.0];
        self.db.prepare_cached(REPLACE)?.execute(row)?;
        Ok(())
    }

    /// A key that this transaction used up was used for nothing.
    pub(super) fn give_back(&self, account: AccountId, key: &ReplayKey) -> Result<(), Fault> {
        self.db.prepare_cached(GIVE_BACK)?.execute(params![key.mark.as_bytes(), account.0, code(key.kind)])?;
        Ok(())
    }

    /// Uses a key for a request that takes no message. The same request again is no second use.
    pub(super) fn use_once(&mut self, once: &UseOnce) -> Result<OpResult, Fault> {
        self.saw(once.at, once.used_by);
        let used = match self.use_up(once.account_id, &once.key, once.used_by, once.at)? {
            Before::Never => Used::First,
            Before::By(by) if by == once.used_by => Used::First,
            Before::By(_) | Before::Unknown => Used::Again,
        };
        Ok(OpResult::Used(used))
    }

    /// Forgets some of what nobody can use any more.
    pub(super) fn forget_uses(&mut self) -> Result<(), Fault> {
        let counts = &mut self.memory.counts;
        if counts.uses_since_prune < USES_PER_PRUNE {
            return Ok(());
        }
        counts.uses_since_prune = 0;
        let mut statement = self.db.prepare_cached(EXPIRED)?;
        let rows = statement.query_map(params![counts.used_at.0, FORGOTTEN_MAX], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, Timestamp(row.get(3)?)))
        })?;
        let expired: Vec<(i64, [u8; 32], i64, Timestamp)> = rows.collect::<rusqlite::Result<_>>()?;
        let mut forget = self.db.prepare_cached(FORGET)?;
        for (kind, mark, account_id, expires_at) in expired {
            forget.execute(params![kind, mark, account_id])?;
            counts.replay_forgotten = counts.replay_forgotten.max(expires_at);
        }
        Ok(())
    }
}
