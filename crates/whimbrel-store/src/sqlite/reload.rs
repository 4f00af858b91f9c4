//! Payments that the operator arranged and accounts call up by themselves: a row for each arrangement, a transfer for each payment.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::call::account::AccountRefusal;
use whimbrel_core::{AccountId, Currency, Money, Timestamp};

use super::change::PAID_IN;
use super::codes::small;
use super::fault::Fault;
use super::writer::Work;
use crate::op::{Reload, ReloadDone, ReloadOp};

const PUT: &str = "insert into reload (account_id, reference, amount, times_left, at) values (?1, ?2, ?3, ?4, ?5)
 on conflict (account_id) do update set reference = excluded.reference, amount = excluded.amount,
 times_left = excluded.times_left, at = excluded.at";
const END: &str = "delete from reload where account_id = ?1";
// By the primary key.
const FIND: &str = "select reference, amount, times_left, at from reload where account_id = ?1";
const USE: &str = "update reload set times_left = times_left - 1 where account_id = ?1";
// The primary key makes a second payment of the same operation impossible.
const PAY_IN: &str = "insert into transfer (kind, cause, debit, credit, amount, at) values (4, ?1, ?2, ?3, ?4, ?5)
 on conflict (kind, cause) do nothing";
const PAID: &str = "select 1 from transfer where kind = 4 and cause = ?1";

/// The arrangement of an account, if there is one.
pub(super) fn reload(db: &Connection, id: AccountId, currency: Currency) -> rusqlite::Result<Option<Reload>> {
    let read = |row: &Row<'_>| {
        Ok(Reload {
            account_id: id,
            reference: row.get(0)?,
            amount: Money::new(row.get(1)?, currency),
            times_left: small(row, 2)?,
            at: Timestamp(row.get(3)?),
        })
    };
    db.prepare_cached(FIND)?.query_row([id.0], read).optional()
}

impl Work<'_> {
    pub(super) fn change_reload(&mut self, change: &ReloadOp) -> Result<ReloadDone, Fault> {
        match change {
            ReloadOp::Arrange(reload) => self.arrange(reload),
            ReloadOp::End { account_id, at } => {
                self.memory.counts.saw_time(*at);
                self.db.prepare_cached(END)?.execute([account_id.0])?;
                Ok(ReloadDone::Arranged)
            }
            ReloadOp::Take { id, account_id, reference, at } => self.take_reload(*id, *account_id, reference, *at),
        }
    }

    fn arrange(&mut self, reload: &Reload) -> Result<ReloadDone, Fault> {
        self.memory.counts.saw_time(reload.at);
        let currency = self.memory.purse(reload.account_id).map(|purse| purse.account.currency);
        if currency != Some(reload.amount.currency) || reload.amount.units <= 0 {
            return Ok(ReloadDone::Impossible);
        }
        let row = params![reload.account_id.0, reload.reference, reload.amount.units, reload.times_left, reload.at.0];
        self.db.prepare_cached(PUT)?.execute(row)?;
        Ok(ReloadDone::Arranged)
    }

    fn take_reload(&mut self, id: i64, account: AccountId, named: &str, at: Timestamp) -> Result<ReloadDone, Fault> {
        self.saw(at, id);
        let Some(purse) = self.memory.purse(account) else { return Ok(ReloadDone::Impossible) };
        let wallet = purse.wallet();
        if self.db.prepare_cached(PAID)?.exists([id])? {
            return Ok(ReloadDone::Taken(wallet));
        }
        let Some(reload) = reload(&self.db, account, purse.account.currency)? else {
            return Ok(ReloadDone::Refused(AccountRefusal::NoReload));
        };
        if *reload.reference != *named {
            return Ok(ReloadDone::Refused(AccountRefusal::NoReload));
        }
        let amount = reload.amount.units;
        if reload.times_left == 0 || wallet.posted.units.checked_add(amount).is_none() {
            return Ok(ReloadDone::Refused(AccountRefusal::ReloadUsedUp));
        }
        self.db.prepare_cached(PAY_IN)?.execute(params![id, PAID_IN, account.0, amount, at.0])?;
        self.db.prepare_cached(USE)?.execute([account.0])?;
        self.memory.move_money(account, amount, 0)?;
        match self.memory.purse(account) {
            Some(purse) => Ok(ReloadDone::Taken(purse.wallet())),
            None => Ok(ReloadDone::Impossible),
        }
    }
}
