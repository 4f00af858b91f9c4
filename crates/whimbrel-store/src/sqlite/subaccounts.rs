//! Accounts below others: a row beside the account's own, and transfers between the two wallets.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::call::subaccounts::SubaccountsRefusal;
use whimbrel_core::{AccountId, AccountStatus, Money, Serial, Timestamp};

use super::fault::Fault;
use super::reads;
use super::writer::Work;
use crate::op::{AccountPatch, NewAccount, OpResult, Refill, SubaccountChange, SubaccountDone, SubaccountOp};
use crate::view::SubaccountView;

const INSERT: &str = "insert into subaccount (account_id, parent_id, number, email) values (?1, ?2, ?3, ?4)
 on conflict (account_id) do nothing";
// By the index subaccount_by_parent.
const COUNT: &str = "select count(*) from subaccount where parent_id = ?1 and ended_at is null";
const FIND: &str = "select account_id, ended_by from subaccount where parent_id = ?1 and number = ?2";
const OPEN: &str = "select account_id, parent_id, number, email, threshold, amount,
 (select coalesce(sum(spent), 0) from usage_day u where u.account_id = s.account_id)
 from subaccount s
 where ended_at is null and (?1 is null or parent_id = ?1) order by parent_id, number";
const IS_BELOW: &str = "select 1 from subaccount where account_id = ?1";
const SET_REFILL: &str = "update subaccount set threshold = ?2, amount = ?3 where account_id = ?1";
const END: &str = "update subaccount set ended_at = ?2, ended_by = ?3 where account_id = ?1";
// By the primary key, which makes a second transfer of the same operation impossible.
const MOVED: &str = "select 1 from transfer where kind = 5 and cause = ?1";
const MOVE: &str = "insert into transfer (kind, cause, debit, credit, amount, at) values (5, ?1, ?2, ?3, ?4, ?5)";

/// Where money of a subaccount comes from by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) parent: AccountId,
    pub(super) refill: Refill,
}

/// A row: which account, and what is refilled.
type Open = (AccountId, Source, Serial, Box<str>, i64);

fn open(row: &Row<'_>) -> rusqlite::Result<Open> {
    let refill = Refill { threshold: row.get(4)?, amount: row.get(5)? };
    let source = Source { parent: AccountId(row.get(1)?), refill };
    let number: i64 = row.get(2)?;
    Ok((AccountId(row.get(0)?), source, Serial(number.unsigned_abs()), row.get(3)?, row.get(6)?))
}

/// Where each open subaccount has its money from.
pub(super) fn sources(db: &Connection) -> rusqlite::Result<Vec<(AccountId, Source)>> {
    let mut statement = db.prepare_cached(OPEN)?;
    let rows = statement.query_map([None::<i64>], open)?;
    rows.map(|row| row.map(|(account, source, ..)| (account, source))).collect()
}

/// The open subaccounts of an account, or of all.
pub(super) fn subaccounts(db: &Connection, parent: Option<AccountId>) -> Result<Vec<SubaccountView>, Fault> {
    let mut statement = db.prepare_cached(OPEN)?;
    let rows = statement.query_map([parent.map(|id| id.0)], open)?.collect::<rusqlite::Result<Vec<Open>>>()?;
    let view = |(account, source, number, email, spent): Open| {
        let view = reads::account(db, account)?.ok_or_else(|| Fault::corrupt("a subaccount without an account"))?;
        let spent = Money::new(spent, view.account.currency);
        Ok(SubaccountView { parent: source.parent, number, email, refill: source.refill, spent, account: view })
    };
    rows.into_iter().map(view).collect()
}

impl Work<'_> {
    pub(super) fn change_subaccount(&mut self, op: &SubaccountOp) -> Result<OpResult, Fault> {
        match op {
            SubaccountOp::Make { parent, number, email, new, count_max } => {
                self.make_subaccount(*parent, (*number, email), new, *count_max)
            }
            SubaccountOp::Change { id, parent, number, change, at } => {
                self.saw(*at, *id);
                let number = i64::try_from(number.0).unwrap_or(-1);
                let found: Option<(i64, Option<i64>)> = self
                    .db
                    .prepare_cached(FIND)?
                    .query_row(params![parent.0, number], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let done = match found {
                    Some((account, None)) => self.change_open(AccountId(account), *parent, *change, (*id, *at)),
                    // The very same operation again.
                    Some((account, Some(ended_by))) if ended_by == *id => self.ended(AccountId(account)),
                    Some(_) | None => Ok(SubaccountDone::Refused(SubaccountsRefusal::Unknown)),
                };
                done.map(OpResult::Subaccount)
            }
        }
    }

    fn make_subaccount(
        &mut self,
        parent: AccountId,
        (number, email): (Serial, &str),
        new: &NewAccount,
        count_max: u32,
    ) -> Result<OpResult, Fault> {
        let refused = |why| Ok(OpResult::Subaccount(SubaccountDone::Refused(why)));
        self.memory.counts.saw_serial(number);
        let is_new = self.memory.purse(new.account.id).is_none();
        if self.db.prepare_cached(IS_BELOW)?.exists([parent.0])? {
            return refused(SubaccountsRefusal::IsBelow);
        }
        let count: u32 = self.db.prepare_cached(COUNT)?.query_row([parent.0], |row| row.get(0))?;
        if is_new && count >= count_max {
            return refused(SubaccountsRefusal::TooMany { count_max });
        }
        let credential = match self.make_account(new)? {
            OpResult::Credential(credential) => credential,
            OpResult::KeyGone => return Ok(OpResult::KeyGone),
            // Names and keys are made from chance and numbers that nobody else has.
            _ => return Err(Fault::Op("the account of a subaccount could not be made".into())),
        };
        let row = params![new.account.id.0, parent.0, i64::try_from(number.0).unwrap_or(-1), email];
        self.db.prepare_cached(INSERT)?.execute(row)?;
        self.memory.set_source(new.account.id, Some(Source { parent, refill: Refill::default() }));
        Ok(OpResult::Subaccount(SubaccountDone::Made(credential)))
    }

    fn change_open(
        &mut self,
        account: AccountId,
        parent: AccountId,
        change: SubaccountChange,
        (id, at): (i64, Timestamp),
    ) -> Result<SubaccountDone, Fault> {
        match change {
            SubaccountChange::Credit { amount } => {
                let moved = self.move_between((parent, account), amount, (id, at))?;
                let refused = SubaccountDone::Refused(SubaccountsRefusal::Funds);
                Ok(if moved { SubaccountDone::Changed } else { refused })
            }
            SubaccountChange::Refill(refill) => {
                self.db.prepare_cached(SET_REFILL)?.execute(params![account.0, refill.threshold, refill.amount])?;
                self.memory.set_source(account, Some(Source { parent, refill }));
                self.refill(account, (id, at))?;
                Ok(SubaccountDone::Changed)
            }
            SubaccountChange::End => {
                let left = self.memory.purse(account).map_or(0, |purse| purse.spendable_balance());
                if left > 0 {
                    self.move_between((account, parent), left, (id, at))?;
                }
                let status = Some(AccountStatus::Suspended);
                self.patch_account(&AccountPatch { status, ..AccountPatch::new(account, at) })?;
                self.db.prepare_cached(END)?.execute(params![account.0, at.0, id])?;
                self.memory.set_source(account, None);
                self.ended(account)
            }
        }
    }

    fn ended(&self, account: AccountId) -> Result<SubaccountDone, Fault> {
        let purse = self.memory.purse(account).ok_or_else(|| Fault::corrupt("a subaccount without an account"))?;
        Ok(SubaccountDone::Ended(Box::new(purse.account.clone())))
    }

    /// Moves money to a subaccount that has less than its threshold, if the account above has it. `cause`: the operation or message by
    /// which it came to have less; twice is once.
    pub(super) fn refill(&mut self, account: AccountId, cause: (i64, Timestamp)) -> Result<(), Fault> {
        let Some(Source { parent, refill }) = self.memory.source(account) else { return Ok(()) };
        let is_below = self.memory.purse(account).is_some_and(|purse| purse.balance() < refill.threshold);
        if refill.amount > 0 && is_below {
            self.move_between((parent, account), refill.amount, cause)?;
        }
        Ok(())
    }

    /// Moves money that was paid in from one wallet to the other, once; whether it has been moved.
    fn move_between(
        &mut self,
        (from, to): (AccountId, AccountId),
        amount: i64,
        (cause, at): (i64, Timestamp),
    ) -> Result<bool, Fault> {
        if self.db.prepare_cached(MOVED)?.exists([cause])? {
            return Ok(true);
        }
        let there = self.memory.purse(from).map_or(0, |purse| purse.spendable_balance());
        let fits = self.memory.purse(to).is_some_and(|purse| purse.wallet().posted.units.checked_add(amount).is_some());
        if amount <= 0 || there < amount || !fits {
            return Ok(false);
        }
        self.db.prepare_cached(MOVE)?.execute(params![cause, from.0, to.0, amount, at.0])?;
        self.memory.move_money(from, -amount, 0)?;
        self.memory.move_money(to, amount, 0)?;
        Ok(true)
    }
}
