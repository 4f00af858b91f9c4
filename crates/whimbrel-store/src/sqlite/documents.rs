//! Documents that only a dialect understands: rows, found by their place and listed by their account.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::{AccountId, Serial, Timestamp};

use super::codes::small;
use super::fault::Fault;
use super::reads::limit;
use super::sealed;
use super::writer::Work;
use crate::document::{
    Document, DocumentChange, DocumentFate, DocumentFilter, DocumentKind, DocumentPage, DocumentPlace, DocumentRefused,
    TakesTexts,
};
use crate::keyring::Keyring;
use crate::op::OpResult;

// By the primary key.
const FIND: &str = "select key, account_id, version, json, public_key, made_at, old_key, old_key_until
 from dialect_doc
 where dialect = ?1 and kind = ?2 and key = ?3";
const INSERT: &str = "insert into dialect_doc (dialect, kind, key, account_id, version, json, public_key, made_at,
 takes_texts) values (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)";
// What changes nothing is no new version: the same change committed twice is one.
const REPLACE: &str = "update dialect_doc set json = ?4, takes_texts = ?5, version = version + 1
 where dialect = ?1 and kind = ?2 and key = ?3 and (json <> ?4 or takes_texts <> ?5)";
const REPLACE_KEY: &str = "update dialect_doc set public_key = ?4, version = version + 1,
 old_key = iif(?5 is null, null, public_key), old_key_until = iif(public_key is null, null, ?5)
 where dialect = ?1 and kind = ?2 and key = ?3 and public_key is not ?4";
const REMOVE: &str = "delete from dialect_doc where dialect = ?1 and kind = ?2 and key = ?3";
const TAKES_TEXTS: &str = "select 1 from dialect_doc
 where dialect = ?1 and kind = ?2 and key = ?3 and account_id = ?4 and takes_texts";
// By the index dialect_doc_by_account, which has this order.
const COUNT: &str = "select count(*) from dialect_doc where account_id = ?1 and dialect = ?2 and kind = ?3";
const ANY: &str = "select 1 from dialect_doc where account_id = ?1 and dialect = ?2 and kind = ?3";
const OF_ACCOUNT: &str = "select key, account_id, version, json, public_key, made_at, old_key, old_key_until
 from dialect_doc
 where account_id = ?1 and dialect = ?2 and kind = ?3 order by made_at, key limit ?4 offset ?5";
// By the primary key from its mark on.
const AFTER: &str = "select key, account_id, version, json, public_key, made_at, old_key, old_key_until
 from dialect_doc
 where dialect = ?1 and kind = ?2 and key > ?3 order by key limit ?4";

/// Where a document's secret is sealed.
fn secret_place(place: &DocumentPlace, AccountId(account): AccountId) -> String {
    let DocumentPlace { dialect, kind, key } = place;
    format!("document {dialect}/{}/{key} of account {account:x}", kind.as_str())
}

impl Work<'_> {
    pub(super) fn change_document(&mut self, change: &DocumentChange) -> Result<OpResult, Fault> {
        self.memory.counts.saw_time(change.at);
        if change.place.kind.is_numbered() {
            change.place.key.parse().into_iter().for_each(|number| self.memory.counts.saw_serial(Serial(number)));
        }
        let (place, account_id) = (&change.place, change.account_id);
        let found = find(&self.db, self.keyring, place)?;
        let refused = |why| Ok(OpResult::DocumentRefused(why));
        match (&change.fate, found) {
            (DocumentFate::Make { json, public_key, .. }, Some(found)) => {
                let same = found.account_id == account_id && found.json == *json && found.public_key == *public_key;
                if same { Ok(OpResult::Document(Box::new(found))) } else { refused(DocumentRefused::Taken) }
            }
            (DocumentFate::Make { count_max, .. }, None) => {
                if self.count(place, account_id)? >= u64::from(*count_max) {
                    return refused(DocumentRefused::TooMany);
                }
                self.insert_document(change)?;
                self.document_now(place)
            }
            (DocumentFate::Replace { json, public_key }, Some(found)) if found.account_id == account_id => {
                let (dialect, kind, key) = (&place.dialect, place.kind.as_str(), &place.key);
                if let Some(new) = json {
                    let row = params![dialect, kind, key, new.json, new.texts == TakesTexts::Yes];
                    self.db.prepare_cached(REPLACE)?.execute(row)?;
                }
                if let Some(new) = public_key {
                    let old_until = (new.old_until > change.at).then_some(new.old_until.0);
                    let row = params![dialect, kind, key, new.public_key, old_until];
                    self.db.prepare_cached(REPLACE_KEY)?.execute(row)?;
                }
                self.document_now(place)
            }
            (DocumentFate::Remove, Some(found)) if found.account_id == account_id => {
                self.db.prepare_cached(REMOVE)?.execute(params![place.dialect, place.kind.as_str(), place.key])?;
                sealed::remove(&self.db, &secret_place(place, account_id))?;
                Ok(OpResult::DocumentRemoved)
            }
            (DocumentFate::Replace { .. } | DocumentFate::Remove, _) => refused(DocumentRefused::Unknown),
        }
    }

    /// Whether texts that come in for the account's numbers are told to that document.
    pub(super) fn takes_texts(&self, place: &DocumentPlace, AccountId(account): AccountId) -> Result<bool, Fault> {
        let row = params![place.dialect, place.kind.as_str(), place.key, account];
        Ok(self.db.prepare_cached(TAKES_TEXTS)?.exists(row)?)
    }

    /// Whether the account has a hook.
    pub(super) fn has_hook(&self, dialect: &str, AccountId(account): AccountId) -> Result<bool, Fault> {
        let row = params![account, dialect, DocumentKind::Hook.as_str()];
        Ok(self.db.prepare_cached(ANY)?.exists(row)?)
    }

    fn insert_document(&self, change: &DocumentChange) -> Result<(), Fault> {
        let DocumentFate::Make { json, public_key, secret, texts, .. } = &change.fate else { return Ok(()) };
        let (place, AccountId(account_id)) = (&change.place, change.account_id);
        if self.memory.purse(change.account_id).is_none() {
            return Err(Fault::Op("a document of an account that there is not".into()));
        }
        if let Some(secret) = secret {
            sealed::put(&self.db, self.keyring, &secret_place(place, change.account_id), secret)?;
        }
        self.db.prepare_cached(INSERT)?.execute(params![
            place.dialect,
            place.kind.as_str(),
            place.key,
            account_id,
            json,
            public_key,
            change.at.0,
            *texts == TakesTexts::Yes,
        ])?;
        Ok(())
    }

    fn count(&self, place: &DocumentPlace, AccountId(account_id): AccountId) -> Result<u64, Fault> {
        let row = params![account_id, place.dialect, place.kind.as_str()];
        let count: i64 = self.db.prepare_cached(COUNT)?.query_row(row, |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn document_now(&self, place: &DocumentPlace) -> Result<OpResult, Fault> {
        let found = find(&self.db, self.keyring, place)?.ok_or_else(|| Fault::corrupt("a document just written"))?;
        Ok(OpResult::Document(Box::new(found)))
    }
}

/// The document at that place.
pub(super) fn find(db: &Connection, keyring: &Keyring, place: &DocumentPlace) -> Result<Option<Document>, Fault> {
    let row = params![place.dialect, place.kind.as_str(), place.key];
    let found = db.prepare_cached(FIND)?.query_row(row, |row| stored(row, &place.dialect, place.kind)).optional()?;
    found.map(|document| opened(db, keyring, document)).transpose()
}

/// Documents of an account, in the order in which they were made.
pub(super) fn of_account(db: &Connection, keyring: &Keyring, filter: &DocumentFilter) -> Result<DocumentPage, Fault> {
    let (AccountId(account_id), kind) = (filter.account_id, filter.kind.as_str());
    let total: i64 =
        db.prepare_cached(COUNT)?.query_row(params![account_id, filter.dialect, kind], |row| row.get(0))?;
    let skip = i64::try_from(filter.skip).unwrap_or(i64::MAX);
    let row = params![account_id, filter.dialect, kind, limit(filter.count_max), skip];
    let documents = read(db, keyring, OF_ACCOUNT, row, (&filter.dialect, filter.kind))?;
    Ok(DocumentPage { documents, total: u64::try_from(total).unwrap_or(0) })
}

/// Documents of every account with keys after `after.key`, by their keys.
pub(super) fn after(
    db: &Connection,
    keyring: &Keyring,
    after: &DocumentPlace,
    count_max: usize,
) -> Result<Vec<Document>, Fault> {
    let row = params![after.dialect, after.kind.as_str(), after.key, limit(count_max)];
    read(db, keyring, AFTER, row, (&after.dialect, after.kind))
}

fn read(
    db: &Connection,
    keyring: &Keyring,
    sql: &str,
    row: &[&dyn rusqlite::ToSql],
    (dialect, kind): (&str, DocumentKind),
) -> Result<Vec<Document>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(row, |row| stored(row, dialect, kind))?;
    rows.map(|row| opened(db, keyring, row?)).collect()
}

/// A row, without its secret.
fn stored(row: &Row<'_>, dialect: &str, kind: DocumentKind) -> rusqlite::Result<Document> {
    let (old_key, until): (Option<Box<str>>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(Document {
        place: DocumentPlace { dialect: dialect.into(), kind, key: row.get(0)? },
        account_id: AccountId(row.get(1)?),
        version: small(row, 2)?,
        json: row.get(3)?,
        public_key: row.get(4)?,
        old_key: old_key.zip(until.map(Timestamp)),
        secret: None,
        made_at: Timestamp(row.get(5)?),
    })
}

fn opened(db: &Connection, keyring: &Keyring, document: Document) -> Result<Document, Fault> {
    let secret = sealed::find(db, keyring, &secret_place(&document.place, document.account_id))?;
    Ok(Document { secret, ..document })
}
