//! Secrets that must be readable again, all in one table, so that a change of keys finds every one of them.
//!
//! A secret has a *place*, a text that says what it is and whose. The place is its primary key and is sealed in with it: a
//! value that somebody put at another place cannot be read there.

use rusqlite::{Connection, OptionalExtension, params};
use whimbrel_core::Secret;

use super::fault::Fault;
use super::writer::Work;
use crate::keyring::{KeyId, Keyring, SealedSecret};
use crate::op::{OpResult, Resealed, Rest};

const PUT: &str = "insert into sealed (place, key_id, value) values (?1, ?2, ?3)
 on conflict (place) do update set key_id = excluded.key_id, value = excluded.value";
// By the primary key.
const FIND: &str = "select value from sealed where place = ?1";
const REMOVE: &str = "delete from sealed where place = ?1";
// By the index sealed_by_key, from both sides of the current key.
const OF_OTHER_KEYS: &str = "select place, value from sealed where key_id < ?1 or key_id > ?1 limit ?2";
const MARK: &str = "update meta set key_check = ?1 where id = 1";
const KEYS_OF_VERIFIERS: &str =
    "select key_id from secret union select key_id from operator union select key_id from recovery_code";

/// Seals `secret` at `place`, in place of what is there.
pub(super) fn put(db: &Connection, keyring: &Keyring, place: &str, secret: &Secret) -> Result<(), Fault> {
    let sealed = keyring.seal(secret, place.as_bytes()).map_err(|error| Fault::Op(error.to_string().into()))?;
    db.prepare_cached(PUT)?.execute(params![place, sealed.key_id().0, sealed.as_bytes()])?;
    Ok(())
}

/// The secret at `place`.
pub(super) fn find(db: &Connection, keyring: &Keyring, place: &str) -> Result<Option<Secret>, Fault> {
    let sealed: Option<Vec<u8>> = db.prepare_cached(FIND)?.query_row([place], |row| row.get(0)).optional()?;
    sealed.map(|bytes| unseal(keyring, place, bytes)).transpose()
}

/// Forgets what is at `place`.
pub(super) fn remove(db: &Connection, place: &str) -> Result<(), Fault> {
    db.prepare_cached(REMOVE)?.execute([place])?;
    Ok(())
}

fn unseal(keyring: &Keyring, place: &str, bytes: Vec<u8>) -> Result<Secret, Fault> {
    let unsealed = keyring.unseal(&SealedSecret::from_bytes(bytes), place.as_bytes());
    unsealed.map_err(|error| Fault::Op(format!("{place}: {error}").into()))
}

impl Work<'_> {
    // If we die before the commit, the rows are sealed as before, and both keys are in the file. After it, these rows are sealed
    // by the new key, the others by the old one, and both keys are still in the file.
    pub(super) fn reseal(&mut self, count_max: usize) -> Result<OpResult, Fault> {
        let current = self.keyring.current();
        let limit = i64::try_from(count_max).unwrap_or(i64::MAX).max(1);
        let stale: Vec<(String, Vec<u8>)> = self
            .db
            .prepare_cached(OF_OTHER_KEYS)?
            .query_map(params![current.0, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let count = stale.len();
        for (place, bytes) in stale {
            let secret = unseal(self.keyring, &place, bytes)?;
            put(&self.db, self.keyring, &place, &secret)?;
        }
        let more = self.db.prepare_cached(OF_OTHER_KEYS)?.exists(params![current.0, 1])?;
        if !more {
            // A start asks for the key of this mark. It is in the file already, the old one until `retire_keys`.
            self.db.prepare_cached(MARK)?.execute([self.keyring.check().as_slice()])?;
        }
        Ok(OpResult::Resealed(Resealed { count, rest: if more { Rest::Some } else { Rest::None } }))
    }
}

/// Gives up the keys that nothing refers to any more. Outside of any transaction: what it reads is durable. On the writer thread:
/// no secret is stored between the look at the keys in use and their end.
///
/// If we die before the file is replaced, all keys are there, and it is called again; after it, nothing refers to what is gone.
pub(super) fn retire_keys(db: &Connection, keyring: &Keyring) -> Result<(), Box<str>> {
    let digested = keys_in_use(db, keyring).map_err(Fault::into_text)?;
    let digested = digested.ok_or("secrets are still sealed by an older key")?;
    keyring.finish_rotation(&digested).map_err(|error| error_chain(&error))
}

/// The keys that verifiers were made with; `None` while another key than the current one seals anything.
fn keys_in_use(db: &Connection, keyring: &Keyring) -> Result<Option<Vec<KeyId>>, Fault> {
    let stale = db.prepare_cached(OF_OTHER_KEYS)?.exists(params![keyring.current().0, 1])?;
    let mark: Vec<u8> = db.query_row("select key_check from meta", [], |row| row.get(0))?;
    if stale || mark != keyring.check() {
        return Ok(None);
    }
    let mut statement = db.prepare_cached(KEYS_OF_VERIFIERS)?;
    let keys = statement.query_map([], |row| row.get(0).map(KeyId))?.collect::<rusqlite::Result<_>>()?;
    Ok(Some(keys))
}

fn error_chain(error: &dyn std::error::Error) -> Box<str> {
    match error.source() {
        Some(source) => format!("{error}: {source}").into(),
        None => error.to_string().into(),
    }
}
