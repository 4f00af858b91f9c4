//! Lists of numbers and senders: rows, and the same in memory for those who ask at every message.
//!
//! Lists in memory are shared and never changed in place: a change copies the owner's lists once and changes the copy. A
//! sender that was removed may be on the list in another case still, so that reads the owner's lists anew.

use std::sync::Arc;

use rusqlite::{Connection, params};
use whimbrel_core::{ListKind, Lists};

use super::fault::Fault;
use super::memory::{Owner, read_lists};
use super::reads::limit;
use super::writer::Work;
use crate::op::{AccountRefused, ListChange, OpResult};

const ADD: &str = "insert into list_entry (account_id, kind, entry) values (?1, ?2, ?3) on conflict do nothing";
const REMOVE: &str = "delete from list_entry where account_id = ?1 and kind = ?2 and entry = ?3";
// By the primary key.
const ENTRIES: &str = "select entry from list_entry where account_id = ?1 and kind = ?2 and entry > ?3
 order by entry limit ?4";

impl Work<'_> {
    /// Takes out first, then puts in: an entry that is in both stays.
    pub(super) fn change_list(&mut self, change: &ListChange) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(change.at);
        if change.account_id.is_some_and(|id| self.memory.purse(id).is_none()) {
            return Ok(OpResult::AccountRefused(AccountRefused::Unknown));
        }
        let owner = Owner::from(change.account_id);
        let mut removed = Vec::new();
        let mut remove = self.db.prepare_cached(REMOVE)?;
        for entry in &change.remove {
            if remove.execute(params![owner.code(), change.kind.as_str(), entry])? == 1 {
                removed.push(entry);
            }
        }
        let mut added = Vec::new();
        let mut add = self.db.prepare_cached(ADD)?;
        for entry in &change.add {
            if add.execute(params![owner.code(), change.kind.as_str(), entry])? == 1 {
                added.push(entry);
            }
        }
        if !removed.is_empty() && change.kind == ListKind::Senders {
            let lists = read_lists(&self.db, Some(owner))?.remove(&owner).unwrap_or_default();
            self.memory.put_lists(owner, lists);
        } else if !removed.is_empty() || !added.is_empty() {
            let mut lists = self.memory.lists(owner);
            let copy: &mut Lists = Arc::make_mut(&mut lists);
            removed.into_iter().for_each(|entry| copy.remove(change.kind, entry));
            added.into_iter().for_each(|entry| copy.insert(change.kind, entry));
            self.memory.put_lists(owner, lists);
        }
        Ok(OpResult::Lists(self.memory.lists(owner)))
    }
}

pub(super) fn entries(
    db: &Connection,
    owner: Owner,
    kind: ListKind,
    after: Option<&str>,
    count_max: usize,
) -> Result<Vec<Box<str>>, Fault> {
    let mut statement = db.prepare_cached(ENTRIES)?;
    let row = params![owner.code(), kind.as_str(), after.unwrap_or_default(), limit(count_max)];
    let entries = statement.query_map(row, |row| row.get(0))?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}
