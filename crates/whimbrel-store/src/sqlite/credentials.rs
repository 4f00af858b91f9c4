//! What accounts prove themselves by: their secrets and those that sign.

use rusqlite::{Connection, Row, params};
use whimbrel_core::{AccountId, KeyMode, Secret, SecretId, SecretRefusal, SecretRole, Timestamp};

use super::codes::{parsed, small};
use super::fault::{Fault, corrupt_column};
use super::memory::Owner;
use super::rows::{self, AccountRow};
use super::sealed;
use super::writer::Work;
use crate::keyring::{ChosenCost, KeyId, Keyring, SecretDigest, SecretVerifier};
use crate::op::{AddSecret, NewSecret, OpResult, RevokeSecret, RotateSignatureSecret};
use crate::view::{Credential, EndingSecret, KnownSecret, SignatureSecret, SignatureSecrets};

// Each by the primary key or its beginning.
const SECRETS: &str = "select id, key_id, verifier, salt, memory_kib, passes, created_at, mode
 from secret where account_id = ?1 order by created_at, id";
const INSERT_SECRET: &str =
    "insert into secret (account_id, id, key_id, verifier, salt, memory_kib, passes, created_at, mode)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
// By the index secret_key.
const HAS_KEY: &str = "select 1 from secret where verifier = ?1 and mode is not null";
const DELETE_SECRET: &str = "delete from secret where account_id = ?1 and id = ?2";
const SIGNATURE_SECRETS: &str = "select id, created_at, ends_at from signature_secret where account_id = ?1
 order by ends_at is not null, id";
const INSERT_SIGNATURE_SECRET: &str = "insert into signature_secret (account_id, id, created_at) values (?1, ?2, ?3)";
const HAS_SIGNATURE_SECRET: &str = "select 1 from signature_secret where account_id = ?1 and id = ?2";
const DELETE_SIGNATURE_SECRET: &str = "delete from signature_secret where account_id = ?1 and id = ?2";
const END_SIGNATURE_SECRET: &str = "update signature_secret set ends_at = ?2 where account_id = ?1 and ends_at is null";
// By the index signature_secret_end.
const ENDED: &str = "select account_id, id from signature_secret where ends_at <= ?1 order by ends_at limit 1000";

/// Where a signature secret is sealed.
pub(super) fn signature_place(account: AccountId, id: i64) -> String {
    format!("signature secret {id} of account {}", account.0)
}

/// Everything that requests of an account are judged by; its lists are not read here.
pub(super) fn credential(db: &Connection, keyring: &Keyring, row: AccountRow) -> Result<Credential, Fault> {
    let id = row.account.id;
    let secrets = secrets(db, id)?;
    let signature_secrets = signature_secrets(db, keyring, id)?;
    Ok(Credential { account: row.account, dialect: row.dialect, secrets, signature_secrets })
}

fn secrets(db: &Connection, account: AccountId) -> Result<Vec<KnownSecret>, Fault> {
    let mut statement = db.prepare_cached(SECRETS)?;
    Ok(statement.query_map([account.0], known_secret)?.collect::<rusqlite::Result<_>>()?)
}

fn known_secret(row: &Row<'_>) -> rusqlite::Result<KnownSecret> {
    let (key, digest) = (KeyId(small(row, 1)?), SecretDigest::from_bytes(row.get(2)?));
    let verifier = match row.get::<_, Option<[u8; 16]>>(3)? {
        None => SecretVerifier::Digest { key, digest },
        Some(salt) => {
            let cost = ChosenCost::of(small(row, 4)?, small(row, 5)?).ok_or_else(|| corrupt_column(4))?;
            SecretVerifier::Chosen { key, cost, salt, digest }
        }
    };
    let id = SecretId(u128::from_be_bytes(row.get(0)?));
    let role = match row.get::<_, Option<String>>(7)? {
        None => SecretRole::Half,
        Some(_) => SecretRole::Key(parsed(row, 7, KeyMode::parse)?),
    };
    Ok(KnownSecret { id, role, created_at: Timestamp(row.get(6)?), verifier })
}

/// Writes a secret's row.
pub(super) fn insert_secret(
    db: &Connection,
    account: AccountId,
    secret: &NewSecret,
    at: Timestamp,
) -> Result<(), Fault> {
    let id = secret.id.0.to_be_bytes();
    let (digest, chosen) = match &secret.verifier {
        SecretVerifier::Digest { digest, .. } => (digest, None),
        SecretVerifier::Chosen { cost, salt, digest, .. } => (digest, Some((salt, cost))),
    };
    db.prepare_cached(INSERT_SECRET)?.execute(params![
        account.0,
        id,
        secret.verifier.key().0,
        digest.as_bytes(),
        chosen.map(|(salt, _)| salt),
        chosen.map(|(_, cost)| cost.memory_kib),
        chosen.map(|(_, cost)| cost.passes),
        at.0,
        secret.role.mode().map(KeyMode::as_str),
    ])?;
    Ok(())
}

fn signature_secrets(db: &Connection, keyring: &Keyring, account: AccountId) -> Result<SignatureSecrets, Fault> {
    let mut statement = db.prepare_cached(SIGNATURE_SECRETS)?;
    let rows = statement.query_map([account.0], |row| {
        Ok((row.get(0)?, Timestamp(row.get(1)?), row.get::<_, Option<i64>>(2)?.map(Timestamp)))
    })?;
    let (mut current, mut previous) = (None, None);
    for row in rows {
        let (id, created_at, ends_at): (i64, Timestamp, Option<Timestamp>) = row?;
        let place = signature_place(account, id);
        let secret = sealed::find(db, keyring, &place)?.ok_or_else(|| Fault::corrupt("a signature secret"))?;
        let secret = SignatureSecret { id, secret, created_at };
        match ends_at {
            None => current = Some(secret),
            Some(ends_at) => previous = Some(EndingSecret { secret, ends_at }),
        }
    }
    let current = current.ok_or_else(|| Fault::corrupt("an account without a signature secret"))?;
    Ok(SignatureSecrets { current, previous })
}

/// Makes the current signature secret of an account that has none.
pub(super) fn insert_signature_secret(
    db: &Connection,
    keyring: &Keyring,
    account: AccountId,
    (id, secret): (i64, &Secret),
    at: Timestamp,
) -> Result<(), Fault> {
    sealed::put(db, keyring, &signature_place(account, id), secret)?;
    db.prepare_cached(INSERT_SIGNATURE_SECRET)?.execute(params![account.0, id, at.0])?;
    Ok(())
}

impl Work<'_> {
    pub(super) fn add_secret(&mut self, add: &AddSecret) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(add.at);
        let account = add.account_id;
        if self.memory.purse(account).is_none() {
            return Ok(OpResult::SecretRefused(SecretRefusal::UnknownAccount));
        }
        if !self.has_key_of(&add.secret) {
            return Ok(OpResult::KeyGone);
        }
        let live = secrets(&self.db, account)?;
        if live.iter().all(|secret| secret.id != add.secret.id) {
            if self.is_key_in_use(&add.secret)? {
                return Ok(OpResult::SecretRefused(SecretRefusal::InUse));
            }
            let is_alike = |secret: &&KnownSecret| secret.role.mode().is_some() == add.secret.role.mode().is_some();
            if live.iter().filter(is_alike).count() >= add.secret.role.count_max() {
                return Ok(OpResult::SecretRefused(SecretRefusal::TooMany));
            }
            insert_secret(&self.db, account, &add.secret, add.at)?;
        }
        self.credential_now(account)
    }

    /// Whether the key that a verifier was made with is still there. It was made before this transaction, and keys can be given
    /// up between the two.
    pub(super) fn has_key_of(&self, secret: &NewSecret) -> bool {
        self.keyring.states().iter().any(|(id, _)| *id == secret.verifier.key())
    }

    /// Whether it is a secret key that some account has. One that was digested by another key of the keyring is not seen here.
    pub(super) fn is_key_in_use(&self, secret: &NewSecret) -> Result<bool, Fault> {
        match (&secret.verifier, secret.role) {
            (SecretVerifier::Digest { digest, .. }, SecretRole::Key(_)) => {
                Ok(self.db.prepare_cached(HAS_KEY)?.exists([digest.as_bytes()])?)
            }
            (SecretVerifier::Chosen { .. }, SecretRole::Key(_)) => {
                Err(Fault::Op("a secret key that was chosen cannot be found by a digest".into()))
            }
            (_, SecretRole::Half) => Ok(false),
        }
    }

    pub(super) fn revoke_secret(&mut self, revoke: &RevokeSecret) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(revoke.at);
        let account = revoke.account_id;
        if self.memory.purse(account).is_none() {
            return Ok(OpResult::SecretRefused(SecretRefusal::UnknownAccount));
        }
        let live = secrets(&self.db, account)?;
        if live.iter().all(|secret| secret.id != revoke.id) {
            return Ok(OpResult::SecretRefused(SecretRefusal::UnknownSecret));
        }
        if live.len() == 1 {
            return Ok(OpResult::SecretRefused(SecretRefusal::Last));
        }
        self.db.prepare_cached(DELETE_SECRET)?.execute(params![account.0, revoke.id.0.to_be_bytes()])?;
        self.credential_now(account)
    }

    pub(super) fn rotate_signature_secret(&mut self, rotate: &RotateSignatureSecret) -> Result<OpResult, Fault> {
        let account = rotate.account_id;
        self.saw(rotate.at, rotate.id);
        if self.memory.purse(account).is_none() {
            return Ok(OpResult::AccountRefused(crate::op::AccountRefused::Unknown));
        }
        let known = self.db.prepare_cached(HAS_SIGNATURE_SECRET)?.exists(params![account.0, rotate.id])?;
        if !known {
            let now = signature_secrets(&self.db, self.keyring, account)?;
            if let Some(previous) = now.previous {
                self.forget_signature_secret(account, previous.secret.id)?;
            }
            if rotate.previous_until > rotate.at {
                let row = params![account.0, rotate.previous_until.0];
                self.db.prepare_cached(END_SIGNATURE_SECRET)?.execute(row)?;
            } else {
                self.forget_signature_secret(account, now.current.id)?;
            }
            let new = (rotate.id, &rotate.secret);
            insert_signature_secret(&self.db, self.keyring, account, new, rotate.at)?;
        }
        self.credential_now(account)
    }

    pub(super) fn end_signature_secrets(&mut self, at: Timestamp) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(at);
        let ended: Vec<(AccountId, i64)> = self
            .db
            .prepare_cached(ENDED)?
            .query_map([at.0], |row| Ok((AccountId(row.get(0)?), row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut changed = Vec::with_capacity(ended.len());
        for (account, id) in ended {
            self.forget_signature_secret(account, id)?;
            changed.extend(self.find_credential(account)?);
        }
        Ok(OpResult::Ended(changed))
    }

    fn forget_signature_secret(&mut self, account: AccountId, id: i64) -> Result<(), Fault> {
        sealed::remove(&self.db, &signature_place(account, id))?;
        self.db.prepare_cached(DELETE_SIGNATURE_SECRET)?.execute(params![account.0, id])?;
        Ok(())
    }

    pub(super) fn credential_now(&self, account: AccountId) -> Result<OpResult, Fault> {
        let found = self.find_credential(account)?.ok_or_else(|| Fault::corrupt("an account"))?;
        Ok(OpResult::Credential(Box::new(found)))
    }

    fn find_credential(&self, account: AccountId) -> Result<Option<Credential>, Fault> {
        let row = rows::accounts(&self.db, Some(account))?.pop();
        let credential = row.map(|row| credential(&self.db, self.keyring, row)).transpose()?;
        Ok(credential.map(|mut credential| {
            credential.account.lists = self.memory.lists(Owner::Account(account));
            credential
        }))
    }
}
