//! Prepared statements at hand for the length of a batch.
//!
//! A batch is some dozen operations, each of which uses the same dozen statements. The connection's own cache finds one by its whole
//! text, and clears it for each use; here one is found by where its text stands in the program, and cleared once, after the batch.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use rusqlite::{CachedStatement, Connection, Statement};

/// The connection of a transaction, and the statements that it has used so far.
pub(super) struct Db<'a> {
    connection: &'a Connection,
    used: RefCell<Vec<Used<'a>>>,
}

struct Used<'a> {
    sql: &'static str,
    /// `None` while somebody has it.
    statement: Option<CachedStatement<'a>>,
}

/// A statement, until it is dropped.
pub(super) struct InUse<'d, 'a> {
    db: &'d Db<'a>,
    place: usize,
    /// `None` only while it is dropped.
    statement: Option<CachedStatement<'a>>,
}

impl<'a> Db<'a> {
    pub(super) const fn new(connection: &'a Connection) -> Self {
        Self { connection, used: RefCell::new(Vec::new()) }
    }

    /// The statement of that text, prepared now or before. Its parameters are those of its last use until they are set.
    pub(super) fn prepare_cached(&self, sql: &'static str) -> rusqlite::Result<InUse<'_, 'a>> {
        let place = self.place_of(sql);
        let at_hand = self.used.borrow_mut().get_mut(place).and_then(|used| used.statement.take());
        let statement = match at_hand {
            Some(statement) => statement,
            None => self.connection.prepare_cached(sql)?,
        };
        Ok(InUse { db: self, place, statement: Some(statement) })
    }

    fn place_of(&self, sql: &'static str) -> usize {
        let mut used = self.used.borrow_mut();
        // The same place and length in the program is the same text; the same text elsewhere only gets a place of its own.
        used.iter().position(|used| std::ptr::eq(used.sql, sql)).unwrap_or_else(|| {
            used.push(Used { sql, statement: None });
            used.len() - 1
        })
    }
}

impl Deref for Db<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

const IN_USE: &str = "a statement is there until it is dropped";

impl<'a> Deref for InUse<'_, 'a> {
    type Target = Statement<'a>;

    fn deref(&self) -> &Statement<'a> {
        self.statement.as_ref().expect(IN_USE)
    }
}

impl<'a> DerefMut for InUse<'_, 'a> {
    fn deref_mut(&mut self) -> &mut Statement<'a> {
        self.statement.as_mut().expect(IN_USE)
    }
}

impl Drop for InUse<'_, '_> {
    fn drop(&mut self) {
        if let Some(used) = self.db.used.borrow_mut().get_mut(self.place) {
            used.statement = self.statement.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADD: &str = "select ?1 + 1";

    #[test]
    fn a_statement_is_prepared_once_and_can_be_used_inside_its_own_use() {
        let connection = Connection::open_in_memory().unwrap();
        let db = Db::new(&connection);
        let add =
            |statement: &mut Statement<'_>, to: i64| statement.query_row([to], |row| row.get::<_, i64>(0)).unwrap();
        let mut outer = db.prepare_cached(ADD).unwrap();
        assert_eq!(add(&mut outer, 1), 2);
        {
            let mut inner = db.prepare_cached(ADD).unwrap();
            assert_eq!((add(&mut inner, 2), add(&mut outer, 3)), (3, 4));
        }
        drop(outer);
        assert_eq!(add(&mut db.prepare_cached(ADD).unwrap(), 4), 5);
        assert_eq!(db.used.borrow().len(), 1);
    }

    #[test]
    fn parameters_are_asked_for_at_each_use() {
        let connection = Connection::open_in_memory().unwrap();
        let db = Db::new(&connection);
        db.prepare_cached(ADD).unwrap().query_row([1], |_| Ok(())).unwrap();
        assert!(db.prepare_cached(ADD).unwrap().query_row([], |_| Ok(())).is_err());
    }
}
