//! Looks whether a store still keeps what was promised: every invariant is a query that finds the rows which break it.
//!
//! The queries stand in `checks/`, one a file, with the index that serves them; [`INVARIANTS`] names them, [`WAITING`] names what
//! the present tables cannot tell. Nothing here writes, repairs or takes the lock of the writer: a store that is in use is looked at
//! as it was at one instant. The store has no clock, so `:now` in a query is the time of its newest id; after a long stop the first
//! moments of a start may show parts that are about to expire.

mod table;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, named_params};
use whimbrel_core::id;

use super::fault::Fault;
use super::open;
use crate::StoreError;
use crate::keyring::{Keyring, SealedSecret};

pub use self::table::{INVARIANTS, WAITING};

/// Broken rows that are named for each invariant; the others are counted.
const NAMED_MAX: usize = 20;

/// Something that is true of every store.
#[derive(Debug, Clone, Copy)]
pub struct Invariant {
    /// Its name, which never changes.
    pub name: &'static str,
    /// The promise that it is part of, as docs/reliability.md numbers them.
    pub promise: &'static str,
    /// How much it reads.
    pub reach: Reach,
    /// The tables whose rows are looked at.
    pub over: &'static [&'static str],
    /// How broken rows are found.
    pub test: Test,
}

/// How much an invariant reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// What is open: cheap enough for a gateway that serves.
    Open,
    /// All that is stored.
    Everything,
}

/// How broken rows are found.
#[derive(Debug, Clone, Copy)]
pub enum Test {
    /// A query that answers an id and a reason for each.
    Query(&'static str),
    /// Every sealed secret is opened at its place, by the key that its row names.
    Sealed,
    /// The key that a verifier was made with is still there.
    Verifiers,
}

/// Something promised that the present tables cannot tell.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// What would be looked at.
    pub name: &'static str,
    /// The promise that it is part of.
    pub promise: &'static str,
    /// What there must be first, or who looks at it instead.
    pub waits_for: &'static str,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The invariant.
    pub name: &'static str,
    /// Rows that were looked at.
    pub row_count: u64,
    /// Rows that break it.
    pub violation_count: u64,
    /// The first of these.
    pub violations: Vec<Violation>,
}

/// A look at every invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit(pub Vec<Verdict>);

impl Audit {
    /// Whether nothing breaks any.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The invariants that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &Verdict> {
        self.0.iter().filter(|verdict| verdict.violation_count > 0)
    }
}

/// A row that breaks an invariant. Holds ids and amounts, never a text, a number of a subscriber or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The row: a hexadecimal id, or what it is called.
    pub id: Box<str>,
    /// In which way.
    pub reason: Box<str>,
}

/// A store as it was when it was opened, for reading only.
pub struct CheckedStore {
    db: Connection,
    keyring: Keyring,
}

impl std::fmt::Debug for CheckedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckedStore").finish_non_exhaustive()
    }
}

impl CheckedStore {
    /// Opens the database in `path`, whether or not a gateway has it open, and keeps the state of this instant in view. While it is
    /// open, the log of a gateway that writes grows.
    ///
    /// # Errors
    /// [`StoreError::Open`] if there is none, it is of another program, version or key, or cannot be read.
    pub fn open(path: &Path, keyring: Keyring) -> Result<Self, StoreError> {
        let db = open::onlooker(path, &keyring)?;
        let failed = |error: rusqlite::Error| StoreError::Open { why: format!("{}: {error}", path.display()).into() };
        // The snapshot begins with the first read.
        db.execute_batch("begin").map_err(failed)?;
        db.query_row("select high_water from meta", [], |_| Ok(())).map_err(failed)?;
        Ok(Self { db, keyring })
    }

    /// Looks at one invariant.
    ///
    /// # Errors
    /// [`StoreError::Read`] if that cannot be read which it is about.
    pub fn judge(&self, invariant: &Invariant) -> Result<Verdict, StoreError> {
        Inspection::new(&self.db, &self.keyring).judge(invariant).map_err(Fault::into_read)
    }
}

/// Looks at one state of a database.
pub(super) struct Inspection<'a> {
    db: &'a Connection,
    keyring: &'a Keyring,
    /// How many rows tables have, once that was asked.
    row_counts: RefCell<BTreeMap<&'static str, u64>>,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(db: &'a Connection, keyring: &'a Keyring) -> Self {
        Self { db, keyring, row_counts: RefCell::default() }
    }

    pub(super) fn judge(&self, invariant: &Invariant) -> Result<Verdict, Fault> {
        let (violation_count, violations) = match invariant.test {
            Test::Query(sql) => self.broken_rows(sql)?,
            Test::Sealed => self.closed_secrets()?,
            Test::Verifiers => self.keyless_verifiers()?,
        };
        let mut row_count = 0;
        for table in invariant.over {
            row_count += self.row_count(table)?;
        }
        Ok(Verdict { name: invariant.name, row_count, violation_count, violations })
    }

    fn broken_rows(&self, sql: &str) -> Result<(u64, Vec<Violation>), Fault> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = match statement.parameter_index(":now")? {
            None => statement.query([])?,
            Some(_) => statement.query(named_params! { ":now": self.now()? })?,
        };
        let (mut count, mut named) = (0, Vec::new());
        while let Some(row) = rows.next()? {
            count += 1;
            if named.len() < NAMED_MAX {
                named.push(Violation { id: row.get(0)?, reason: row.get(1)? });
            }
        }
        Ok((count, named))
    }

    /// The time of the newest id.
    fn now(&self) -> Result<i64, Fault> {
        let high_water = self.db.query_row("select high_water from meta", [], |row| row.get(0))?;
        Ok(id::made_at(high_water).0)
    }

    fn closed_secrets(&self) -> Result<(u64, Vec<Violation>), Fault> {
        let mut statement = self.db.prepare_cached("select place, key_id, value from sealed")?;
        let mut rows = statement.query([])?;
        let (mut count, mut named) = (0, Vec::new());
        while let Some(row) = rows.next()? {
            let (place, key_id, value): (Box<str>, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // A change of keys looks for what it must seal anew by the column, opening by the value.
            let named_key = value.first().is_some_and(|first| i64::from(*first) == key_id);
            let reason = match self.keyring.unseal(&SealedSecret::from_bytes(value), place.as_bytes()) {
                Err(error) => error.to_string(),
                Ok(_) if !named_key => format!("sealed by another key than {key_id}"),
                Ok(_) => continue,
            };
            count += 1;
            if named.len() < NAMED_MAX {
                named.push(Violation { id: place, reason: reason.into() });
            }
        }
        Ok((count, named))
    }

    fn keyless_verifiers(&self) -> Result<(u64, Vec<Violation>), Fault> {
        let known: BTreeSet<i64> = self.keyring.states().iter().map(|(id, _)| i64::from(id.0)).collect();
        let mut statement = self.db.prepare_cached(
            "select account_id, key_id from secret union all select id, key_id from operator
             union all select operator_id, key_id from recovery_code",
        )?;
        let mut rows = statement.query([])?;
        let (mut count, mut named) = (0, Vec::new());
        while let Some(row) = rows.next()? {
            let (account_id, key_id): (i64, i64) = (row.get(0)?, row.get(1)?);
            if known.contains(&key_id) {
                continue;
            }
            count += 1;
            if named.len() < NAMED_MAX {
                let reason = format!("a secret that was digested by key {key_id}, which is not there");
                named.push(Violation { id: format!("{account_id:x}").into(), reason: reason.into() });
            }
        }
        Ok((count, named))
    }

    fn row_count(&self, table: &'static str) -> Result<u64, Fault> {
        if let Some(count) = self.row_counts.borrow().get(table) {
            return Ok(*count);
        }
        // Names of tables come from the list of invariants, never from outside.
        let mut statement = self.db.prepare_cached(&format!("select count(*) from {table}"))?;
        let count: i64 = statement.query_row([], |row| row.get(0))?;
        let count = count.unsigned_abs();
        self.row_counts.borrow_mut().insert(table, count);
        Ok(count)
    }
}
