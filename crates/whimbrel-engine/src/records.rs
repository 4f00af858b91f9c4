//! Records of customers that only a dialect understands: documents with numbers for keys.

use std::sync::Arc;

use whimbrel_core::call::record::{Record, RecordCall, RecordKind, RecordName, RecordOutcome};
use whimbrel_core::{AccountId, PhoneNumber, Refusal};
use whimbrel_dialects::Dialect;
use whimbrel_store::{
    Document, DocumentChange, DocumentFate, DocumentFilter, DocumentKind, DocumentPlace, DocumentRefused, NewContent,
    Op, OpResult, Store, StoreError, TakesTexts,
};

use crate::Engine;

/// Hooks that an account may have: each is told of everything, so that they are few.
const HOOKS_MAX: u32 = 100;
/// Contacts and groups that an account may have. All of them are read to find whom a name stands for.
const CONTACTS_MAX: u32 = 10_000;
const GROUPS_MAX: u32 = 1_000;
/// Octets of JSON that one contact or group may take.
const ENTRY_OCTETS_MAX: u32 = 4_096;
/// Contacts of a group that are removed by one commit.
const REMOVED_AT_ONCE: usize = 500;

impl Engine {
    /// Carries out a customer's call about records.
    pub(crate) async fn record_call(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        account_id: AccountId,
        call: RecordCall,
    ) -> Result<RecordOutcome, Refusal> {
        let (by, dialect) = (dialect, dialect.descriptor().id);
        match call {
            RecordCall::List { kind, skip, count_max } => {
                let (of, count_max) = (document_kind(kind), count_max as usize);
                let filter = DocumentFilter { dialect: dialect.into(), kind: of, account_id, skip, count_max };
                let page = self.look(move |store| store.documents(&filter)).await?;
                let records = page.documents.into_iter().map(record).collect();
                let records = self.count_members(by, account_id, kind, records).await?;
                let count_max = u32::try_from(count_max).unwrap_or(u32::MAX);
                Ok(RecordOutcome::Page { records, total: page.total, skip, count_max })
            }
            RecordCall::Show(name) => {
                let kind = name.kind;
                let Some(document) = self.own_document(dialect, account_id, name).await? else {
                    return Ok(RecordOutcome::Unknown);
                };
                self.as_one(by, account_id, kind, document).await
            }
            RecordCall::Make { kind, json, .. } if is_too_long(kind, &json) => {
                Ok(RecordOutcome::TooLong { octets_max: ENTRY_OCTETS_MAX })
            }
            RecordCall::Make { kind, json, secret } => {
                let key = self.next_serial().0.to_string().into();
                let count_max = count_max(kind);
                let fate = DocumentFate::Make { json, public_key: None, secret, texts: TakesTexts::No, count_max };
                self.change_record(by, account_id, RecordName { kind, key }, fate).await
            }
            RecordCall::Patch(name, patch) => {
                let found = self.own_document(dialect, account_id, name.clone()).await?;
                let Some(document) = found else { return Ok(RecordOutcome::Unknown) };
                let changed = by.address_book().and_then(|book| book.patched(&document.json, &patch));
                let json = changed.ok_or(Refusal::Internal)?;
                if is_too_long(name.kind, &json) {
                    return Ok(RecordOutcome::TooLong { octets_max: ENTRY_OCTETS_MAX });
                }
                let json = Some(NewContent { json, texts: TakesTexts::No });
                self.change_record(by, account_id, name, DocumentFate::Replace { json, public_key: None }).await
            }
            RecordCall::Remove(name) => self.change_record(by, account_id, name, DocumentFate::Remove).await,
            RecordCall::RemoveWithMembers(name) => self.remove_with_members(by, account_id, name).await,
        }
    }

    /// Removes the contacts of a group, and then the group: whatever comes between, it is there to be removed again with the rest.
    async fn remove_with_members(
        self: &Arc<Self>,
        by: &'static dyn Dialect,
        account_id: AccountId,
        group: RecordName,
    ) -> Result<RecordOutcome, Refusal> {
        let Some(book) = by.address_book() else { return Ok(RecordOutcome::Unknown) };
        if self.own_document(by.descriptor().id, account_id, group.clone()).await?.is_none() {
            return Ok(RecordOutcome::Unknown);
        }
        let filter = all_of(by, account_id, DocumentKind::Contact);
        let contacts = self.look(move |store| store.documents(&filter)).await?.documents;
        let members: Vec<Document> =
            contacts.into_iter().filter(|contact| book.is_member(&contact.json, &group.key)).collect();
        for members in members.chunks(REMOVED_AT_ONCE) {
            let at = self.world.now();
            let removal = |member: &Document| {
                let (place, fate) = (member.place.clone(), DocumentFate::Remove);
                Op::Document(Box::new(DocumentChange { place, account_id, fate, at }))
            };
            let results = self.ask_all(members.iter().map(removal).collect()).await?;
            // One that somebody else has removed meanwhile is as it should be.
            let is_gone = |result: &OpResult| {
                matches!(result, OpResult::DocumentRemoved | OpResult::DocumentRefused(DocumentRefused::Unknown))
            };
            if let Some(other) = results.iter().find(|result| !is_gone(result)) {
                tracing::error!(%account_id, ?other, "a contact could not be removed; report this as a bug");
                return Err(Refusal::Internal);
            }
        }
        self.change_record(by, account_id, group, DocumentFate::Remove).await
    }

    async fn change_record(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        account_id: AccountId,
        name: RecordName,
        fate: DocumentFate,
    ) -> Result<RecordOutcome, Refusal> {
        let (kind, count_max) = (name.kind, count_max(name.kind));
        let (place, at) = (place(dialect.descriptor().id, name), self.world.now());
        let change = DocumentChange { place, account_id, fate, at };
        match self.ask(Op::Document(Box::new(change)), |_| {}).await? {
            OpResult::Document(document) => self.as_one(dialect, account_id, kind, *document).await,
            OpResult::DocumentRemoved => Ok(RecordOutcome::Removed),
            OpResult::DocumentRefused(DocumentRefused::Unknown) => Ok(RecordOutcome::Unknown),
            OpResult::DocumentRefused(DocumentRefused::TooMany) => Ok(RecordOutcome::TooMany { count_max }),
            other => {
                tracing::error!(%account_id, ?other, "a record could not be changed; report this as a bug");
                Err(Refusal::Internal)
            }
        }
    }

    async fn as_one(
        &self,
        dialect: &'static dyn Dialect,
        account_id: AccountId,
        kind: RecordKind,
        document: Document,
    ) -> Result<RecordOutcome, Refusal> {
        let counted = self.count_members(dialect, account_id, kind, vec![record(document)]).await?;
        counted.into_iter().next().map(RecordOutcome::One).ok_or(Refusal::Internal)
    }

    async fn own_document(
        &self,
        dialect: &str,
        account_id: AccountId,
        name: RecordName,
    ) -> Result<Option<Document>, Refusal> {
        let place = place(dialect, name);
        let found = self.look(move |store| store.document(&place)).await?;
        Ok(found.filter(|document| document.account_id == account_id))
    }

    /// Says of groups how many contacts are in them; of other records nothing.
    async fn count_members(
        &self,
        dialect: &'static dyn Dialect,
        account_id: AccountId,
        kind: RecordKind,
        records: Vec<Record>,
    ) -> Result<Vec<Record>, Refusal> {
        let (RecordKind::Group, Some(book)) = (kind, dialect.address_book()) else { return Ok(records) };
        if records.is_empty() {
            return Ok(records);
        }
        let contacts = all_of(dialect, account_id, DocumentKind::Contact);
        self.look(move |store| {
            let counts = book.member_counts(&entries(store, &contacts)?, &records);
            let counted = records.into_iter().zip(counts);
            Ok(counted.map(|(record, count)| Record { members: Some(count), ..record }).collect())
        })
        .await
    }

    /// For each name the numbers that it stands for and none before it does; `None` if it is none of the account's contacts and groups.
    /// The whole address book is read once, off the runtime's threads.
    pub(crate) async fn numbers_of_names(
        &self,
        dialect: &'static dyn Dialect,
        account_id: AccountId,
        names: Vec<Box<str>>,
    ) -> Result<Vec<Option<Vec<PhoneNumber>>>, Refusal> {
        let Some(book) = dialect.address_book().filter(|_| !names.is_empty()) else {
            return Ok(vec![None; names.len()]);
        };
        let contacts = all_of(dialect, account_id, DocumentKind::Contact);
        let groups = all_of(dialect, account_id, DocumentKind::Group);
        let home = self.directory.by_id(account_id).map(|entry| entry.account.home()).unwrap_or_default();
        self.look(move |store| Ok(book.numbers(&names, &entries(store, &contacts)?, &entries(store, &groups)?, &home)))
            .await
    }
}

fn entries(store: &dyn Store, filter: &DocumentFilter) -> Result<Vec<Record>, StoreError> {
    Ok(store.documents(filter)?.documents.into_iter().map(record).collect())
}

fn all_of(dialect: &dyn Dialect, account_id: AccountId, kind: DocumentKind) -> DocumentFilter {
    let dialect = dialect.descriptor().id.into();
    DocumentFilter { dialect, kind, account_id, skip: 0, count_max: CONTACTS_MAX.max(GROUPS_MAX) as usize }
}

fn place(dialect: &str, RecordName { kind, key }: RecordName) -> DocumentPlace {
    DocumentPlace { dialect: dialect.into(), kind: document_kind(kind), key }
}

const fn document_kind(kind: RecordKind) -> DocumentKind {
    match kind {
        RecordKind::Hook => DocumentKind::Hook,
        RecordKind::Contact => DocumentKind::Contact,
        RecordKind::Group => DocumentKind::Group,
    }
}

const fn count_max(kind: RecordKind) -> u32 {
    match kind {
        RecordKind::Hook => HOOKS_MAX,
        RecordKind::Contact => CONTACTS_MAX,
        RecordKind::Group => GROUPS_MAX,
    }
}

/// Hooks are bounded by what reads them: each of their fields is.
fn is_too_long(kind: RecordKind, json: &str) -> bool {
    matches!(kind, RecordKind::Contact | RecordKind::Group) && json.len() > ENTRY_OCTETS_MAX as usize
}

fn record(document: Document) -> Record {
    let Document { place, json, secret, made_at, .. } = document;
    Record { key: place.key, json, secret, made_at, members: None }
}
