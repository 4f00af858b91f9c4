//! The one writer: a batch is one transaction and one flush.
//!
//! An operation that breaks a constraint spoils the transaction it is in: the whole batch is rolled back and done again, each
//! operation inside a savepoint of its own, so that only the culprit is left out; a part that cannot go on is set aside. A disk
//! without room undoes the batch, and that is all: the log's valid end did not move. Any other error (a failed flush) ends the writer
//! for good: what a failed flush left on the disk is not known, and trying again could report as durable what is not.

use rusqlite::Connection;
use whimbrel_core::Timestamp;

use super::fault::Fault;
use super::log::Log;
use super::memory::{Counts, Memory};
use super::sealed;
use super::set_aside::Hold;
use super::statements::Db;
use super::young::{Young, YoungRows};
use crate::StoreError;
use crate::keyring::Keyring;
use crate::op::{Op, OpResult, ReceiptOutcome};

/// How long the writer waits for others at most, as `open.rs` sets it.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// The connection that writes, with what it remembers.
pub(super) struct Writer {
    pub(super) db: Connection,
    pub(super) memory: Memory,
    /// `None` in memory.
    pub(super) log: Option<Log>,
    keyring: Keyring,
    stopped: Option<Box<str>>,
    /// The disk had no room when something was last written.
    is_full: bool,
}

/// A transaction under way; the verbs in the files beside this one are its methods.
pub(super) struct Work<'a> {
    pub(super) db: Db<'a>,
    pub(super) memory: &'a mut Memory,
    pub(super) keyring: &'a Keyring,
}

impl Writer {
    pub(super) fn new(db: Connection, log: Option<Log>, keyring: Keyring) -> Result<Self, Fault> {
        let memory = Memory::load(&db, &YoungRows::default())?;
        Ok(Self { db, memory, log, keyring, stopped: None, is_full: false })
    }

    /// Removes every row; the counts and marks of `meta` are zero again.
    pub(super) fn empty(&self) -> Result<(), Fault> {
        let names = |sql: &str| -> Result<Vec<String>, Fault> {
            let mut statement = self.db.prepare_cached(sql)?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
        };
        for table in names("select name from sqlite_schema where type = 'table' and name <> 'meta'")? {
            self.db.prepare_cached(&format!("delete from \"{table}\""))?.execute([])?;
        }
        for mark in names("select name from pragma_table_info('meta') where type = 'INTEGER' and name <> 'id'")? {
            self.db.prepare_cached(&format!("update meta set \"{mark}\" = 0"))?.execute([])?;
        }
        Ok(())
    }

    /// As if the process had ended and begun again.
    pub(super) fn restart(&mut self) -> Result<(), Fault> {
        self.memory = Memory::load(&self.db, &self.memory.young(|young| young.rows()))?;
        (self.stopped, self.is_full) = (None, false);
        Ok(())
    }

    /// See [`Store::empty_log`](crate::Store::empty_log). Nobody is waited for. The store stops where it would at a commit: what a failed
    /// flush left of the database is not known, and the log that still has everything must stay.
    pub(super) fn empty_log(&mut self) -> Result<(), StoreError> {
        if self.stopped.is_some() {
            return Ok(());
        }
        match self.log.as_ref().map_or(Ok(true), Log::is_at_rest) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(fault) => return Err(self.stop(fault)),
        }
        match self.truncate_log() {
            Ok(()) => Ok(()),
            Err(Fault::Full(why)) => Err(StoreError::Full { why }),
            Err(fault) => Err(self.stop(fault)),
        }
    }

    fn truncate_log(&self) -> Result<(), Fault> {
        self.db.busy_timeout(std::time::Duration::ZERO)?;
        let done = self.db.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
        self.db.busy_timeout(BUSY_TIMEOUT)?;
        match done {
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == rusqlite::ErrorCode::DatabaseBusy => Ok(()),
            other => Ok(other?),
        }
    }

    /// See [`Store::commit`](crate::Store::commit).
    pub(super) fn commit(&mut self, batch: &[Op]) -> Result<Vec<OpResult>, StoreError> {
        if let Some(why) = &self.stopped {
            return Err(StoreError::Stopped { why: why.clone() });
        }
        if batch.is_empty() && !self.is_full {
            // Asked whether all is well: what the log's thread could not flush is told though nobody has anything to write.
            return match self.log.as_ref().map_or(Ok(true), Log::is_at_rest) {
                Ok(_) => Ok(Vec::new()),
                Err(fault) => Err(self.stop(fault)),
            };
        }
        if let Some(log) = &mut self.log
            && let Err(fault) = log.keep_short(&self.db)
        {
            return Err(self.stop(fault));
        }
        let before = self.memory.counts;
        let done = match self.together(batch, &before) {
            Err(Fault::Op(why) | Fault::Part(_, why)) => {
                tracing::warn!(op_count = batch.len(), why = &*why, "a batch is done again one by one");
                self.one_by_one(batch, &before)
            }
            other => other,
        };
        let mut results = done.map_err(|fault| self.refuse(fault, &before))?;
        self.is_full = false;
        self.memory.young(Young::committed);
        self.report(&before);
        self.after_commit(batch, &mut results);
        Ok(results)
    }

    /// What must rest on durable rows only. Keys are given up here: inside the transaction a secret could seem to be gone whose
    /// revocation is then never committed.
    fn after_commit(&self, batch: &[Op], results: &mut [OpResult]) {
        for (op, result) in batch.iter().zip(results) {
            if matches!(op, Op::RetireKeys) {
                *result = OpResult::KeysRetired(sealed::retire_keys(&self.db, &self.keyring));
            }
        }
    }

    fn together(&mut self, batch: &[Op], before: &Counts) -> Result<Vec<OpResult>, Fault> {
        self.run("begin immediate")?;
        let done = self.apply_all(batch, before);
        if done.is_err() {
            self.undo(before)?;
        }
        done
    }

    /// Undoes what is open; SQLite may have done so by itself.
    fn undo(&mut self, before: &Counts) -> Result<(), Fault> {
        if !self.db.is_autocommit() {
            self.db.execute_batch("rollback")?;
        }
        self.restore(before)
    }

    fn apply_all(&mut self, batch: &[Op], before: &Counts) -> Result<Vec<OpResult>, Fault> {
        let mut results = Vec::with_capacity(batch.len());
        let mut work = self.work();
        for op in batch {
            results.push(work.apply(op)?);
        }
        drop(work);
        self.finish(before)?;
        Ok(results)
    }

    fn one_by_one(&mut self, batch: &[Op], before: &Counts) -> Result<Vec<OpResult>, Fault> {
        self.run("begin immediate")?;
        let mut results = Vec::with_capacity(batch.len());
        for op in batch {
            let before_op = self.memory.counts;
            self.db.execute_batch("savepoint op")?;
            let applied = self.work().apply(op);
            let done = applied.and_then(|result| {
                self.memory.write_wallets(&self.db)?;
                Ok(result)
            });
            match done {
                Ok(result) => results.push(result),
                Err(fault @ (Fault::Op(_) | Fault::Part(..))) => results.push(self.without(op, fault, &before_op)?),
                Err(fatal) => return Err(fatal),
            }
            self.db.execute_batch("release op")?;
        }
        self.finish(before)?;
        Ok(results)
    }

    /// Goes on without an operation, inside its savepoint. If the fault is a part's, the part is set aside and the operation is done for
    /// one that is not open any more; where even that breaks, money stays as it is.
    fn without(&mut self, op: &Op, fault: Fault, before_op: &Counts) -> Result<OpResult, Fault> {
        let part = match (&fault, op) {
            (Fault::Part(part_id, _), _) => Some(*part_id),
            (_, Op::Part(change)) => Some(change.part_id),
            _ => None,
        };
        let why = fault.into_text();
        for hold in [Hold::GivenBack, Hold::LeftAsItIs] {
            self.db.execute_batch("rollback to op")?;
            self.restore(before_op)?;
            let Some(part_id) = part else { break };
            let set_aside = self.work().set_aside(part_id, &why, hold);
            let done = set_aside.and_then(|notice| {
                let mut result = self.work().apply(op)?;
                match &mut result {
                    OpResult::Part(outcome) => outcome.notices.extend(notice),
                    OpResult::Receipt(found) => {
                        if let ReceiptOutcome::Matched { outcome, .. } = &mut **found {
                            outcome.notices.extend(notice);
                        }
                    }
                    // It waits in the store like any that is there at the start.
                    _ => {}
                }
                self.memory.write_wallets(&self.db)?;
                Ok(result)
            });
            match done {
                Ok(result) => {
                    let part = format!("{:x}", part_id.0);
                    tracing::error!(
                        part,
                        why = &*why,
                        "a part cannot go on and was set aside; please report this as a bug"
                    );
                    return Ok(result);
                }
                Err(Fault::Op(_) | Fault::Part(..)) => {}
                Err(fatal) => return Err(fatal),
            }
        }
        self.db.execute_batch("rollback to op")?;
        self.restore(before_op)?;
        tracing::error!(why = &*why, "an operation was left out; this is a fault of ours, please report it");
        Ok(OpResult::Failed(why))
    }

    fn finish(&mut self, before: &Counts) -> Result<(), Fault> {
        self.work().tidy()?;
        self.memory.write_wallets(&self.db)?;
        if self.is_full {
            // A write for its own sake: whether there is room again is not known before.
            self.db.execute_batch("update meta set high_water = high_water")?;
        }
        self.memory.write_meta(&self.db, before)?;
        self.memory.young(Young::show);
        self.run("commit")
    }

    /// A statement of every batch, prepared once.
    fn run(&self, sql: &str) -> Result<(), Fault> {
        self.db.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn work(&mut self) -> Work<'_> {
        Work { db: Db::new(&self.db), memory: &mut self.memory, keyring: &self.keyring }
    }

    fn restore(&mut self, counts: &Counts) -> Result<(), Fault> {
        self.memory.counts = *counts;
        // What cannot be read again leaves the memory of what was undone: nothing may be done on it.
        self.memory.restore(&self.db).map_err(Fault::for_good)
    }

    /// A disk without room may have some later; every other fault is the end.
    fn refuse(&mut self, fault: Fault, before: &Counts) -> StoreError {
        match fault {
            Fault::Full(why) => match self.undo(before) {
                Ok(()) => {
                    self.is_full = true;
                    StoreError::Full { why }
                }
                Err(fault) => self.stop(fault),
            },
            fault => self.stop(fault),
        }
    }

    /// Stops for good. The rollback may fail as well; what is open is undone when the file is opened again.
    fn stop(&mut self, fault: Fault) -> StoreError {
        let why = fault.into_text();
        tracing::error!(why = &*why, "the store has stopped; check the disk, then start again");
        let _ = self.db.execute_batch("rollback");
        self.stopped = Some(why.clone());
        StoreError::Stopped { why }
    }

    fn report(&self, before: &Counts) {
        let dropped = self.memory.counts.parked_dropped - before.parked_dropped;
        if dropped > 0 {
            tracing::warn!(count = dropped, "parked receipts were dropped: no answer ever named their part");
        }
    }
}

impl Work<'_> {
    fn apply(&mut self, op: &Op) -> Result<OpResult, Fault> {
        match op {
            Op::Accept(accept) => self.accept(accept),
            Op::Part(change) => self.change_part(change),
            Op::Receipt(receipt) => self.take_receipt(receipt),
            Op::Inbound(incoming) => self.take_inbound(incoming),
            Op::Notice(tried) => self.note_try(tried),
            Op::Resent(resent) => self.note_resent(resent),
            Op::Spread(spread) => self.spread(spread),
            Op::Cancel(cancel) => self.cancel(cancel),
            Op::NewAccount(new) => self.make_account(new),
            Op::PatchAccount(patch) => self.patch_account(patch),
            Op::AddSecret(add) => self.add_secret(add),
            Op::RevokeSecret(revoke) => self.revoke_secret(revoke),
            Op::RotateSignatureSecret(rotate) => self.rotate_signature_secret(rotate),
            Op::EndSignatureSecrets { at } => self.end_signature_secrets(*at),
            Op::Reseal { count_max } => self.reseal(*count_max),
            // See `after_commit`.
            Op::RetireKeys => Ok(OpResult::KeysRetired(Ok(()))),
            Op::TopUp(payment) => self.top_up(payment),
            Op::Number(change) => self.change_number(change),
            Op::List(change) => self.change_list(change),
            Op::Pool(change) => self.change_pool(change).map(OpResult::Pool),
            Op::Reload(change) => self.change_reload(change).map(OpResult::Reload),
            Op::Subaccount(change) => self.change_subaccount(change),
            Op::Rejections(rejections) => self.keep_rejections(rejections),
            Op::Document(change) => self.change_document(change),
            Op::NameCarrier { name } => self.name_carrier(name),
            Op::UseOnce(once) => self.use_once(once),
            Op::Network(news) => self.note_network(news),
            Op::Prune(prune) => self.prune(prune).map(OpResult::Pruned),
            Op::Forget(forget) => self.forget(forget).map(OpResult::Pruned),
            Op::People(change) => self.change_people(change).map(OpResult::People),
            Op::Audit(entry) => self.keep_audit(entry),
        }
    }

    /// An operation brought this time and this id.
    pub(super) fn saw(&mut self, at: Timestamp, id: i64) {
        self.memory.counts.saw_time(at);
        self.memory.counts.saw_id(id);
    }

    /// Bounded steps of housekeeping, part of the batches that make it necessary.
    fn tidy(&mut self) -> Result<(), Fault> {
        self.sweep_carrier_ids()?;
        self.sweep_parked()?;
        self.prune_answers()?;
        self.forget_uses()?;
        self.forget_networks()?;
        let now = self.memory.counts.now;
        self.memory.young(|young| young.age(now, &self.db))
    }
}
