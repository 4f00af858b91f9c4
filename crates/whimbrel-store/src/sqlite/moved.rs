//! What SQL alone cannot bring from one version to the next, in the same transaction as the rest.

use rusqlite::{Connection, params};
use whimbrel_core::{AccountId, Secret, SecretId, Timestamp};

use super::credentials::insert_signature_secret;
use super::fault::Fault;
use super::sealed;
use crate::keyring::{Keyring, SealedSecret};

// As the table of that version stands: later columns are not there yet.
const INSERT_SECRET: &str =
    "insert into secret (account_id, id, key_id, verifier, created_at) values (?1, ?2, 1, ?3, ?4)";

/// Version 3: secrets get ids, signature secrets are sealed where they stand now, and the columns and the table of before go.
pub(super) fn credentials(db: &Connection, keyring: &Keyring) -> Result<(), Fault> {
    let mut accounts = db.prepare("select id, signature_secret, created_at from account")?;
    let accounts: Vec<(AccountId, Vec<u8>, Timestamp)> = accounts
        .query_map([], |row| Ok((AccountId(row.get(0)?), row.get(1)?, Timestamp(row.get(2)?))))?
        .collect::<rusqlite::Result<_>>()?;
    let unreadable = |error: crate::keyring::KeyringError| Fault::Fatal(error.to_string().into());
    for (account, sealed, created_at) in accounts {
        // The place as the version before named it.
        let place = [b"signature secret of account ".as_slice(), &account.0.to_be_bytes()].concat();
        let secret = keyring.unseal(&SealedSecret::from_bytes(sealed), &place).map_err(unreadable)?;
        insert_signature_secret(db, keyring, account, (account.0, &secret), created_at)?;
        let mut digests = db.prepare_cached("select digest from account_secret where account_id = ?1 order by slot")?;
        let digests: Vec<[u8; 32]> =
            digests.query_map(params![account.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for digest in digests {
            let mut chance = [0; 16];
            getrandom::fill(&mut chance).map_err(|_| Fault::Fatal("the system gave no random bytes".into()))?;
            let id = SecretId::new(created_at, u128::from_le_bytes(chance));
            let row = params![account.0, id.0.to_be_bytes(), digest, created_at.0];
            db.prepare_cached(INSERT_SECRET)?.execute(row)?;
        }
    }
    db.execute_batch("alter table account drop column signature_secret; drop table account_secret")?;
    Ok(())
}

// As documents stand before that version. By no index: once.
const HOOK_HEADERS: &str = "select dialect, key, account_id, json ->> '$.headers' from dialect_doc
 where kind = 'hook' and json ->> '$.headers' <> ''";
const WITHOUT_HEADERS: &str = "update dialect_doc set json = json_remove(json, '$.headers') where kind = 'hook'";

/// The version of `0014_sealed_hooks.sql`: hooks' headers are sealed, and are in their documents no more.
pub(super) fn hook_headers(db: &Connection, keyring: &Keyring) -> Result<(), Fault> {
    let mut hooks = db.prepare(HOOK_HEADERS)?;
    let hooks: Vec<(String, String, i64, Secret)> = hooks
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, Secret::new(row.get::<_, String>(3)?))))?
        .collect::<rusqlite::Result<_>>()?;
    for (dialect, key, account, headers) in hooks {
        // The place as this version names it.
        sealed::put(db, keyring, &format!("document {dialect}/hook/{key} of account {account:x}"), &headers)?;
    }
    db.execute_batch(WITHOUT_HEADERS)?;
    db.execute_batch("pragma secure_delete = off")?;
    Ok(())
}
