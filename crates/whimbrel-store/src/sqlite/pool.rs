//! A few connections that read; a read waits until one is free.

use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::Connection;

use super::fault::Fault;

/// See the module.
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
    count: usize,
}

impl Pool {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self { count: connections.len(), idle: Mutex::new(connections), returned: Condvar::new() }
    }

    /// Whether there are no connections at all, idle or not.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Runs `query` in one read transaction: it sees one state of the database, none older than this call.
    pub(super) fn with<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let borrowed = Borrowed { pool: self, connection: Some(self.take()) };
        let Some(connection) = &borrowed.connection else { return Err(Fault::Fatal("no connection".into())) };
        let transaction = connection.unchecked_transaction()?;
        query(&transaction)
    }

    fn take(&self) -> Connection {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match idle.pop() {
                Some(connection) => return connection,
                None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Gives the connection back even if the query panics.
struct Borrowed<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            self.pool.returned.notify_one();
        }
    }
}
