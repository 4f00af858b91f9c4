//! Applications: documents of a dialect that hold a key, kept in the store and, as far as requests are judged by them, in memory.
//!
//! A key pair is made on a thread of its own, one at a time and in turns by account: it takes a core for a tenth of a second, and a
//! caller may ask for as many as it likes. The private key is in the answer and nowhere else.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use whimbrel_core::{
    AccountId, Application, ApplicationCall, ApplicationFacts, ApplicationId, ApplicationOutcome, ApplicationPage,
    ApplicationShown, ApplicationWish, EndpointKind, FieldFault, FormNamed, KeyWish, PageWish, Refusal, Secret,
    SendCall, Span, Uuid,
};
use whimbrel_dialects::Dialect;
use whimbrel_signing::jwt::{KeyFault, PrivateKey};
use whimbrel_store::{
    Document, DocumentChange, DocumentFate, DocumentFilter, DocumentKind, DocumentPlace, DocumentRefused, NewContent,
    NewKey, Op, OpResult, Store, StoreError, TakesTexts,
};

use crate::Engine;
use crate::authenticate::Caller;
use crate::batcher::CommitError;
use crate::prover::{Asker, Overloaded, Prover, Spent};

/// Applications that an account may have.
pub const APPLICATIONS_MAX: u32 = 1_000;
/// Documents read at once when the engine starts.
const PAGE: usize = 1_000;

/// The applications of all accounts.
pub struct Applications {
    known: RwLock<KnownApplications>,
    makes: Prover,
}

#[derive(Default)]
struct KnownApplications {
    by_id: HashMap<ApplicationId, Arc<Application>>,
    counts: HashMap<AccountId, u32>,
}

impl KnownApplications {
    fn put(&mut self, application: Arc<Application>) {
        let account_id = application.account_id;
        if self.by_id.insert(application.id, application).is_none() {
            *self.counts.entry(account_id).or_default() += 1;
        }
    }

    fn remove(&mut self, id: ApplicationId) {
        let Some(removed) = self.by_id.remove(&id) else { return };
        match self.counts.get_mut(&removed.account_id) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = self.counts.remove(&removed.account_id),
        }
    }
}

/// What an application is made of by an operator.
#[derive(Debug)]
pub struct NewApplication {
    /// Whose.
    pub account_id: AccountId,
    /// Its id if it had one before, as when it is moved here from elsewhere.
    pub id: Option<ApplicationId>,
    /// What it is called, and where its notices go.
    pub facts: ApplicationFacts,
    /// Its key.
    pub key: KeyWish,
}

/// What changes of an application.
struct Change {
    json: Option<Box<str>>,
    key: KeyWish,
    /// How long an old key counts beside a new one.
    overlap: Span,
}

/// Why an application was not made or changed.
#[derive(Debug, Clone)]
pub enum ApplicationError {
    /// The account has none with that id.
    Unknown,
    /// There is no such account.
    UnknownAccount,
    /// The account's dialect has no applications.
    NotOffered,
    /// Another application has that id.
    Taken,
    /// The account has as many as it may have.
    TooMany,
    /// A field cannot be so.
    Fields(Vec<FieldFault>),
    /// Too many key pairs are asked for.
    Busy,
    /// No key pair could be made.
    Key(KeyFault),
    /// The store could not be read.
    Read(StoreError),
    /// The store could not be written.
    Commit(CommitError),
    /// A fault of ours.
    Bug(Box<str>),
}

impl std::fmt::Display for ApplicationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => f.write_str("the account has no application with that id"),
            Self::UnknownAccount => f.write_str("there is no such account"),
            Self::NotOffered => f.write_str("the account's dialect has no applications"),
            Self::Taken => f.write_str("another application has that id: leave the id out, and one is made"),
            Self::TooMany => write!(f, "the account has {APPLICATIONS_MAX} applications, the most it may have"),
            Self::Fields(faults) => {
                for (index, fault) in faults.iter().enumerate() {
                    let between = if index == 0 { "" } else { "; " };
                    write!(f, "{between}`{}`: {}", fault.name, fault.reason)?;
                }
                Ok(())
            }
            Self::Busy => f.write_str("many key pairs are being made: try again in a few seconds"),
            Self::Key(fault) => fault.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::Commit(error) => error.fmt(f),
            Self::Bug(why) => write!(f, "the store answered with something else ({why}): report this as a bug"),
        }
    }
}

impl std::error::Error for ApplicationError {}

impl Applications {
    /// Reads those that there are; `makes` makes key pairs.
    pub(crate) fn load(
        store: &dyn Store,
        dialects: &[&'static dyn Dialect],
        makes: Prover,
    ) -> Result<Self, StoreError> {
        let mut found = KnownApplications::default();
        for dialect in dialects {
            let mut place = place(*dialect, "");
            loop {
                let documents = store.documents_after(&place, PAGE)?;
                let is_last = documents.len() < PAGE;
                if let Some(last) = documents.last() {
                    place = last.place.clone();
                }
                documents.iter().filter_map(|document| known(*dialect, document)).for_each(|one| found.put(one));
                if is_last {
                    break;
                }
            }
        }
        Ok(Self { known: RwLock::new(found), makes })
    }

    /// The application with that id, whoever's it is.
    #[must_use]
    pub fn find(&self, id: ApplicationId) -> Option<Arc<Application>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    fn put(&self, dialect: &dyn Dialect, document: &Document) {
        if let Some(application) = known(dialect, document) {
            self.known.write().unwrap_or_else(PoisonError::into_inner).put(application);
        }
    }

    fn remove(&self, id: ApplicationId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// How many an account has.
    fn count(&self, account_id: AccountId) -> u32 {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.counts.get(&account_id).copied().unwrap_or_default()
    }

    /// A new pair for an account, in PEM: public and private.
    async fn pair(&self, account_id: AccountId) -> Result<(Box<str>, Secret), ApplicationError> {
        let make = || {
            let pair = || {
                let key = PrivateKey::generate()?;
                Ok((key.public_key()?.to_pem().into(), Secret::new(key.to_pem()?.as_str())))
            };
            (pair(), Spent::Well)
        };
        let made = self.makes.run(Asker::Account(account_id), make).await;
        made.map_err(|Overloaded| ApplicationError::Busy)?.map_err(ApplicationError::Key)
    }
}

fn place(dialect: &dyn Dialect, key: &str) -> DocumentPlace {
    DocumentPlace { dialect: dialect.descriptor().id.into(), kind: DocumentKind::Application, key: key.into() }
}

/// A stored application as requests are judged by it.
fn known(dialect: &dyn Dialect, document: &Document) -> Option<Arc<Application>> {
    let id = ApplicationId(Uuid::parse(&document.place.key)?.0);
    let application = Application {
        id,
        account_id: document.account_id,
        public_key: document.public_key.clone()?,
        old_key: document.old_key.clone(),
        facts: dialect.applications()?.facts(&document.json),
    };
    Some(Arc::new(application))
}

/// A stored application as its owner sees it.
fn shown(document: &Document) -> Result<ApplicationShown, ApplicationError> {
    let bug = || ApplicationError::Bug("an application without an id or a key".into());
    Ok(ApplicationShown {
        id: ApplicationId(Uuid::parse(&document.place.key).ok_or_else(bug)?.0),
        public_key: document.public_key.clone().ok_or_else(bug)?,
        document: document.json.clone(),
    })
}

/// Whether an application has a place for texts that come in.
fn takes_texts(dialect: &dyn Dialect, document: &str) -> TakesTexts {
    let facts = dialect.applications().map(|applications| applications.facts(document)).unwrap_or_default();
    if facts.endpoint(EndpointKind::Inbound).is_some() { TakesTexts::Yes } else { TakesTexts::No }
}

/// Reads an id as a caller wrote it. An account has no application with any other text.
fn id_of(text: &str) -> Result<ApplicationId, ApplicationError> {
    Uuid::parse(text).map(|uuid| ApplicationId(uuid.0)).ok_or(ApplicationError::Unknown)
}

impl Engine {
    /// Carries out a customer's call about its applications.
    pub(crate) async fn application_call(
        self: &Arc<Self>,
        account_id: AccountId,
        dialect: &'static dyn Dialect,
        call: ApplicationCall,
    ) -> Result<ApplicationOutcome, Refusal> {
        let unknown = match &call {
            ApplicationCall::Show { id } | ApplicationCall::Replace { id, .. } | ApplicationCall::Remove { id } => {
                id.clone()
            }
            ApplicationCall::List(_) | ApplicationCall::Make(_) => Box::default(),
        };
        let done = match call {
            ApplicationCall::List(wish) => {
                self.application_page(account_id, dialect, wish).await.map(ApplicationOutcome::Page)
            }
            ApplicationCall::Make(wish) => {
                let id = ApplicationId(Uuid::of_id(self.world.next_id()).0);
                let made = self.make_application(account_id, dialect, id, wish).await;
                made.map(|(application, key)| ApplicationOutcome::Made(application, key))
            }
            ApplicationCall::Show { id } => {
                self.show_application(account_id, dialect, &id).await.map(ApplicationOutcome::Shown)
            }
            ApplicationCall::Replace { id, wish } => {
                let change = Change { json: Some(wish.document), key: wish.key, overlap: Span::ZERO };
                let replaced = self.replace_application(account_id, dialect, &id, change).await;
                replaced.map(|(application, key)| ApplicationOutcome::Replaced(application, key))
            }
            ApplicationCall::Remove { id } => {
                self.remove_application(account_id, dialect, &id).await.map(|()| ApplicationOutcome::Removed)
            }
        };
        match done {
            Ok(outcome) => Ok(outcome),
            Err(ApplicationError::Unknown) => Ok(ApplicationOutcome::Unknown { id: unknown }),
            Err(ApplicationError::TooMany) => Ok(ApplicationOutcome::TooMany { count_max: APPLICATIONS_MAX }),
            Err(ApplicationError::Busy | ApplicationError::Commit(CommitError::Full | CommitError::NoSpace(_))) => {
                Err(Refusal::Overloaded)
            }
            Err(error) => {
                tracing::error!(%account_id, %error, "a call about applications failed");
                Err(Refusal::Internal)
            }
        }
    }

    /// A message with what follows from the application that sends it: where its receipts go, and in which form.
    pub(crate) fn addressed(&self, caller: &Caller, mut send: SendCall) -> SendCall {
        send.mode = caller.mode;
        let Some(application) = caller.application.and_then(|id| self.applications.find(id)) else { return send };
        send.application = Some(application.id);
        if let (None, Some(endpoint)) = (&send.callback, application.facts.endpoint(EndpointKind::Receipt)) {
            send.callback = Some(endpoint.url.clone());
            if send.telling.named == FormNamed::ByNobody {
                send.telling.form = endpoint.form;
            }
        }
        send
    }

    /// Makes an application as an operator does.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was made.
    pub async fn create_application(
        self: &Arc<Self>,
        new: NewApplication,
    ) -> Result<(ApplicationShown, Option<Secret>), ApplicationError> {
        let dialect = self.dialect_of(new.account_id)?;
        let applications = dialect.applications().ok_or(ApplicationError::NotOffered)?;
        let document = applications.document(&new.facts).map_err(ApplicationError::Fields)?;
        let id = new.id.unwrap_or_else(|| ApplicationId(Uuid::of_id(self.world.next_id()).0));
        let wish = ApplicationWish { document, key: new.key };
        self.make_application(new.account_id, dialect, id, wish).await
    }

    /// Gives an application a new key, as an operator does: made here, or given. The old one counts beside it for `overlap`.
    ///
    /// # Errors
    /// [`ApplicationError`]; the key is as it was.
    pub async fn rotate_application_key(
        self: &Arc<Self>,
        account_id: AccountId,
        id: &str,
        key: KeyWish,
        overlap: Span,
    ) -> Result<(ApplicationShown, Option<Secret>), ApplicationError> {
        let dialect = self.dialect_of(account_id)?;
        self.replace_application(account_id, dialect, id, Change { json: None, key, overlap }).await
    }

    /// Removes an application as an operator does.
    ///
    /// # Errors
    /// [`ApplicationError`]; nothing was removed.
    pub async fn delete_application(self: &Arc<Self>, account_id: AccountId, id: &str) -> Result<(), ApplicationError> {
        let dialect = self.dialect_of(account_id)?;
        self.remove_application(account_id, dialect, id).await
    }

    /// A page of an account's applications.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub async fn list_applications(
        &self,
        account_id: AccountId,
        wish: PageWish,
    ) -> Result<ApplicationPage, ApplicationError> {
        let dialect = self.dialect_of(account_id)?;
        self.application_page(account_id, dialect, wish).await
    }

    fn dialect_of(&self, account_id: AccountId) -> Result<&'static dyn Dialect, ApplicationError> {
        let entry = self.directory.by_id(account_id).ok_or(ApplicationError::UnknownAccount)?;
        whimbrel_dialects::registry::by_name(&entry.dialect).ok_or(ApplicationError::NotOffered)
    }

    async fn application_page(
        &self,
        account_id: AccountId,
        dialect: &'static dyn Dialect,
        wish: PageWish,
    ) -> Result<ApplicationPage, ApplicationError> {
        let skip = u64::from(wish.page.saturating_sub(1)) * u64::from(wish.page_size);
        let DocumentPlace { dialect, kind, .. } = place(dialect, "");
        let filter = DocumentFilter { dialect, kind, account_id, skip, count_max: wish.page_size as usize };
        let page = self.read(move |store| store.documents(&filter)).await.map_err(ApplicationError::Read)?;
        let applications = page.documents.iter().map(shown).collect::<Result<_, _>>()?;
        Ok(ApplicationPage { wish, total: u32::try_from(page.total).unwrap_or(u32::MAX), applications })
    }

    async fn show_application(
        &self,
        account_id: AccountId,
        dialect: &'static dyn Dialect,
        id: &str,
    ) -> Result<ApplicationShown, ApplicationError> {
        let place = place(dialect, &id_of(id)?.to_string());
        let found = self.read(move |store| store.document(&place)).await.map_err(ApplicationError::Read)?;
        let own = found.filter(|document| document.account_id == account_id).ok_or(ApplicationError::Unknown)?;
        shown(&own)
    }

    async fn make_application(
        self: &Arc<Self>,
        account_id: AccountId,
        dialect: &'static dyn Dialect,
        id: ApplicationId,
        wish: ApplicationWish,
    ) -> Result<(ApplicationShown, Option<Secret>), ApplicationError> {
        // The store has the last word; who has as many as may be is not worth a pair.
        if self.applications.count(account_id) >= APPLICATIONS_MAX {
            return Err(ApplicationError::TooMany);
        }
        let (public_key, private_key) = match wish.key {
            KeyWish::Given(key) => (key, None),
            KeyWish::Kept | KeyWish::New => {
                let (public_key, private_key) = self.applications.pair(account_id).await?;
                (public_key, Some(private_key))
            }
        };
        let texts = takes_texts(dialect, &wish.document);
        let (json, public_key, count_max) = (wish.document, Some(public_key), APPLICATIONS_MAX);
        let fate = DocumentFate::Make { json, public_key, secret: None, texts, count_max };
        let made = self.change_application(account_id, dialect, id, fate).await?;
        Ok((made.ok_or_else(|| ApplicationError::Bug("no application".into()))?, private_key))
    }

    async fn replace_application(
        self: &Arc<Self>,
        account_id: AccountId,
        dialect: &'static dyn Dialect,
        id: &str,
        change: Change,
    ) -> Result<(ApplicationShown, Option<Secret>), ApplicationError> {
        let id = id_of(id)?;
        // Who has no such application is not worth a pair.
        self.applications.find(id).filter(|known| known.account_id == account_id).ok_or(ApplicationError::Unknown)?;
        let (public_key, private_key) = match change.key {
            KeyWish::Kept => (None, None),
            KeyWish::Given(key) => (Some(key), None),
            KeyWish::New => {
                let (public_key, private_key) = self.applications.pair(account_id).await?;
                (Some(public_key), Some(private_key))
            }
        };
        let old_until = self.world.now() + change.overlap;
        let public_key = public_key.map(|public_key| NewKey { public_key, old_until });
        let json = change.json.map(|json| NewContent { texts: takes_texts(dialect, &json), json });
        let fate = DocumentFate::Replace { json, public_key };
        let replaced = self.change_application(account_id, dialect, id, fate).await?;
        Ok((replaced.ok_or_else(|| ApplicationError::Bug("no application".into()))?, private_key))
    }

    async fn remove_application(
        self: &Arc<Self>,
        account_id: AccountId,
        dialect: &'static dyn Dialect,
        id: &str,
    ) -> Result<(), ApplicationError> {
        self.change_application(account_id, dialect, id_of(id)?, DocumentFate::Remove).await.map(|_| ())
    }

    /// Commits a change; what requests are judged by follows it on the writer's thread, in the order of the commits.
    async fn change_application(
        self: &Arc<Self>,
        account_id: AccountId,
        dialect: &'static dyn Dialect,
        id: ApplicationId,
        fate: DocumentFate,
    ) -> Result<Option<ApplicationShown>, ApplicationError> {
        let place = place(dialect, &id.to_string());
        let op = Op::Document(Box::new(DocumentChange { place, account_id, fate, at: self.world.now() }));
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| match result {
            OpResult::Document(document) => engine.applications.put(dialect, document),
            OpResult::DocumentRemoved => engine.applications.remove(id),
            _ => {}
        };
        match self.change(op, changed).await.map_err(ApplicationError::Commit)? {
            Some(OpResult::Document(document)) => shown(&document).map(Some),
            Some(OpResult::DocumentRemoved) => Ok(None),
            Some(OpResult::DocumentRefused(DocumentRefused::Unknown)) => Err(ApplicationError::Unknown),
            Some(OpResult::DocumentRefused(DocumentRefused::Taken)) => Err(ApplicationError::Taken),
            Some(OpResult::DocumentRefused(DocumentRefused::TooMany)) => Err(ApplicationError::TooMany),
            Some(OpResult::Failed(why)) => Err(ApplicationError::Bug(why)),
            _ => Err(ApplicationError::Bug("an answer of another kind".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_as_many_as_were_put_and_not_removed() {
        let (mut known, account) = (KnownApplications::default(), AccountId(7));
        let application = |id| {
            let (public_key, facts) = (Box::default(), ApplicationFacts::default());
            let application =
                Application { id: ApplicationId(id), account_id: account, public_key, old_key: None, facts };
            Arc::new(application)
        };
        for id in [1, 2, 1, 3] {
            known.put(application(id));
        }
        assert_eq!(known.counts.get(&account), Some(&3));
        for id in [2, 2, 9, 1, 3] {
            known.remove(ApplicationId(id));
        }
        assert!(known.counts.is_empty() && known.by_id.is_empty());
    }
}
