//! OAuth 1.0a: consumers, what accounts granted them, and the steps between.
//!
//! Consumers and grants are documents, kept in memory as well, since requests are judged by them. A grant is good until it is
//! revoked, or its consumer is. Nonces are used once, in the store.

mod pending;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use whimbrel_core::{
    Account, AccountId, AccountStatus, OauthCall, OauthOutcome, Refusal, ReplayKey, Secret, Timestamp, TokenKind,
};
use whimbrel_dialects::Dialect;
use whimbrel_dialects::claim::{DelegatedKeys, DelegatedRequest, Delegation};
use whimbrel_store::{
    Document, DocumentChange, DocumentFate, DocumentFilter, DocumentKind, DocumentPlace, DocumentRefused, Op, OpResult,
    Store, StoreError, TakesTexts,
};

use self::pending::{Asked, Full, LIFETIME, Pending};
use crate::Engine;
use crate::authenticate::{Guess, Unproved};
use crate::batcher::CommitError;
use crate::directory::Entry;

/// Consumers of an account, and grants of one.
pub const DOCUMENTS_MAX: u32 = 1_000;
/// Documents read at once when the engine starts.
const PAGE: usize = 1_000;

/// Verifies what somebody signed for a consumer or token that there is not; what comes of it is not looked at.
const NOBODYS_SECRET: &str = "00000000000000000000000000000000";

/// The token that a request names.
struct TokenKnown {
    /// Who granted it; a request on the way to a token is the consumer's own.
    grantor: Option<AccountId>,
    secret: Option<Secret>,
}

/// What is known of OAuth, by dialect and key.
pub(crate) struct Oauth {
    known: RwLock<HashMap<DocumentPlace, Arc<Document>>>,
    pending: Mutex<Pending>,
}

/// Why a consumer or a grant did not change.
#[derive(Debug, Clone)]
pub enum OauthError {
    /// The account has none with that key.
    Unknown,
    /// There is no such account.
    UnknownAccount,
    /// The account has as many as it may have.
    TooMany,
    /// The store could not be read.
    Read(StoreError),
    /// The store could not be written.
    Commit(CommitError),
    /// A fault of ours.
    Bug(Box<str>),
}

impl std::fmt::Display for OauthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => f.write_str("the account has none with that key"),
            Self::UnknownAccount => f.write_str("there is no such account"),
            Self::TooMany => write!(f, "the account has {DOCUMENTS_MAX} of them, the most it may have"),
            Self::Read(error) => error.fmt(f),
            Self::Commit(error) => error.fmt(f),
            Self::Bug(why) => write!(f, "the store answered with something else ({why}): report this as a bug"),
        }
    }
}

impl std::error::Error for OauthError {}

impl Oauth {
    /// Reads consumers and grants.
    pub(crate) fn load(store: &dyn Store, dialects: &[&'static dyn Dialect]) -> Result<Self, StoreError> {
        let mut known = HashMap::new();
        for dialect in dialects {
            for kind in [DocumentKind::OauthConsumer, DocumentKind::OauthGrant] {
                let mut after = place(dialect.descriptor().id, kind, "");
                loop {
                    let documents = store.documents_after(&after, PAGE)?;
                    let is_last = documents.len() < PAGE;
                    after = documents.last().map_or(after, |last| last.place.clone());
                    known.extend(documents.into_iter().map(|one| (one.place.clone(), Arc::new(one))));
                    if is_last {
                        break;
                    }
                }
            }
        }
        Ok(Self { known: RwLock::new(known), pending: Mutex::default() })
    }

    fn find(&self, dialect: &str, kind: DocumentKind, key: &str) -> Option<Arc<Document>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&place(dialect, kind, key)).cloned()
    }

    fn note(&self, place: &DocumentPlace, document: Option<&Document>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match document {
            Some(document) => _ = known.insert(place.clone(), Arc::new(document.clone())),
            None => _ = known.remove(place),
        }
    }

    /// The grants that a consumer has, with the accounts that granted them.
    fn granted_to(&self, consumer: &str) -> Vec<(DocumentPlace, AccountId)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let its = |one: &Document| one.place.kind == DocumentKind::OauthGrant && consumer_of(one) == Some(consumer);
        known.values().filter(|one| its(one)).map(|one| (one.place.clone(), one.account_id)).collect()
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(dialect: &str, kind: DocumentKind, key: &str) -> DocumentPlace {
    DocumentPlace { dialect: dialect.into(), kind, key: key.into() }
}

impl Engine {
    /// The account on whose behalf a delegated request calls, and what must not be used again. Of a request on the way to a token it
    /// is the consumer's own. Whatever is unknown of it, one signature is verified.
    pub(crate) fn check_delegated(
        &self,
        dialect: &'static str,
        request: &dyn DelegatedRequest,
        now: Timestamp,
    ) -> Result<(Arc<Entry>, ReplayKey), Unproved> {
        const UNKNOWN: Refusal = Refusal::BadCredentials;
        let consumer = self.oauth.find(dialect, DocumentKind::OauthConsumer, request.consumer());
        let of_token = self.token_of(dialect, request, now);
        let nobodys = Secret::new(NOBODYS_SECRET);
        let token_secret = match &of_token {
            Ok(known) => known.secret.clone(),
            Err(()) => Some(nobodys.clone()),
        };
        let consumer_secret = consumer.as_ref().and_then(|consumer| consumer.secret.clone());
        let keys = DelegatedKeys {
            consumer: consumer_secret.as_ref().unwrap_or(&nobodys),
            token: token_secret.as_ref(),
            addresses: &self.addresses,
            now,
        };
        let verified = request.verify(&keys);
        let consumer = consumer.filter(|consumer| consumer.secret.is_some()).ok_or(UNKNOWN)?;
        // A token that is over cannot be verified any more. It has 128 bits of chance: nobody finds one by trying, and whoever
        // still sends one was granted it once.
        let known = of_token.map_err(|()| Unproved { refusal: UNKNOWN, guess: Guess::No })?;
        let replay = verified.map_err(|_| UNKNOWN)?;
        let of_dialect = |id| self.directory.by_id(id).filter(|entry| *entry.dialect == *dialect);
        let active = |entry: &Arc<Entry>| entry.account.status == AccountStatus::Active;
        // Whoever was suspended does not go on by what others granted.
        let is_good = of_dialect(consumer.account_id).is_some_and(|entry| active(&entry));
        let entry = of_dialect(known.grantor.unwrap_or(consumer.account_id)).filter(|_| is_good);
        Ok((entry.ok_or(Unproved { refusal: UNKNOWN, guess: Guess::No })?, replay))
    }

    /// What is known of the token that a request names, if it is one for that kind of request and of that consumer.
    fn token_of(&self, dialect: &str, request: &dyn DelegatedRequest, now: Timestamp) -> Result<TokenKnown, ()> {
        match (request.delegation(), request.token()) {
            (Delegation::Request, None) => Ok(TokenKnown { grantor: None, secret: None }),
            (Delegation::Exchange, Some(token)) => {
                let pending = self.oauth.pending();
                let asked = pending.find(token, now).filter(|asked| *asked.consumer == *request.consumer()).ok_or(())?;
                Ok(TokenKnown { grantor: None, secret: Some(asked.secret.clone()) })
            }
            (Delegation::Call, Some(token)) => {
                let grant = self.oauth.find(dialect, DocumentKind::OauthGrant, token).ok_or(())?;
                let is_its = consumer_of(&grant) == Some(request.consumer());
                let secret = grant.secret.clone().filter(|_| is_its).ok_or(())?;
                Ok(TokenKnown { grantor: Some(grant.account_id), secret: Some(secret) })
            }
            (Delegation::Request, Some(_)) | (Delegation::Exchange | Delegation::Call, None) => Err(()),
        }
    }

    /// What a person is asked: for whoever has the link.
    pub(crate) fn asked(&self, dialect: &str, token: &str) -> OauthOutcome {
        let asked = self.oauth.pending().find(token, self.world.now()).filter(|asked| asked.granted.is_none()).cloned();
        let consumer =
            asked.as_ref().and_then(|asked| self.oauth.find(dialect, DocumentKind::OauthConsumer, &asked.consumer));
        match (asked, consumer) {
            (Some(asked), Some(consumer)) => {
                let (consumer, callback) = (consumer.json.clone(), asked.callback);
                OauthOutcome::Asked { token: token.into(), consumer, callback, mark: Secret::new(self.random_text()) }
            }
            _ => OauthOutcome::TokenRejected,
        }
    }

    /// Carries out a step of a caller who proved who it is.
    pub(crate) async fn oauth_call(
        self: &Arc<Self>,
        dialect: &'static str,
        account: &Account,
        call: OauthCall,
    ) -> Result<OauthOutcome, Refusal> {
        let now = self.world.now();
        match call {
            OauthCall::Look { token } => Ok(self.asked(dialect, &token)),
            OauthCall::Request { consumer, callback } => {
                let (token, secret) = (self.random_text(), Secret::new(self.random_text()));
                let ends_at = now + LIFETIME;
                let asked = Asked {
                    consumer,
                    secret: secret.clone(),
                    callback,
                    ends_at,
                    granted: None,
                    wrong: 0,
                    is_leaving: false,
                };
                match self.oauth.pending().add(token.clone().into(), asked, now) {
                    Ok(()) => Ok(OauthOutcome::Token { token: token.into(), secret, kind: TokenKind::Request }),
                    Err(Full) => Ok(OauthOutcome::TooMany),
                }
            }
            OauthCall::Grant { token } => {
                let verifier = Secret::new(self.random_text());
                let granted = self.oauth.pending().grant(&token, account.id, verifier.clone(), now);
                Ok(match granted {
                    Some(callback) => OauthOutcome::Granted { token, verifier, callback },
                    None => OauthOutcome::TokenRejected,
                })
            }
            OauthCall::Exchange { consumer, token, verifier } => {
                let granted = self.oauth.pending().exchange(&token, &consumer, &verifier, now);
                let Some(grantor) = granted else { return Ok(OauthOutcome::TokenRejected) };
                let exchange = Exchange { engine: Arc::clone(self), token, fate: ExchangeFate::GivenBack };
                match self.make(grantor, dialect, DocumentKind::OauthGrant, consumer, Some(exchange)).await {
                    Ok((token, secret)) => Ok(OauthOutcome::Token { token, secret, kind: TokenKind::Access }),
                    Err(OauthError::TooMany) => Ok(OauthOutcome::TooMany),
                    Err(OauthError::Commit(CommitError::Full | CommitError::NoSpace(_))) => Err(Refusal::Overloaded),
                    Err(error) => {
                        tracing::error!(account_id = %grantor, %error, "a grant could not be kept");
                        Err(Refusal::Internal)
                    }
                }
            }
        }
    }

    /// Makes a consumer of an account, called `name` where accounts are asked; its key, and its secret, which is nowhere else.
    ///
    /// # Errors
    /// [`OauthError`]; nothing was made.
    pub async fn create_consumer(
        self: &Arc<Self>,
        account_id: AccountId,
        name: Box<str>,
    ) -> Result<(Box<str>, Secret), OauthError> {
        let entry = self.directory.by_id(account_id).ok_or(OauthError::UnknownAccount)?;
        self.make(account_id, &entry.dialect, DocumentKind::OauthConsumer, name, None).await
    }

    /// An account's consumers with their names, or its grants with the keys of their consumers, in the order in which they were made.
    ///
    /// # Errors
    /// [`OauthError`].
    pub async fn oauth_documents(
        &self,
        account_id: AccountId,
        kind: DocumentKind,
    ) -> Result<Vec<Document>, OauthError> {
        let entry = self.directory.by_id(account_id).ok_or(OauthError::UnknownAccount)?;
        let dialect = entry.dialect.clone();
        let filter = DocumentFilter { dialect, kind, account_id, skip: 0, count_max: DOCUMENTS_MAX as usize };
        let page = self.read(move |store| store.documents(&filter)).await.map_err(OauthError::Read)?;
        Ok(page.documents)
    }

    /// Removes a consumer and all that was granted to it. What they sign is refused from then on.
    ///
    /// # Errors
    /// [`OauthError`]; if the consumer was removed and a grant was not, that grant is of no use to anybody.
    pub async fn remove_consumer(self: &Arc<Self>, account_id: AccountId, key: &str) -> Result<(), OauthError> {
        self.remove(account_id, DocumentKind::OauthConsumer, key).await?;
        for (grant, grantor) in self.oauth.granted_to(key) {
            match self.change_oauth(grantor, grant, DocumentFate::Remove, None).await {
                Ok(_) | Err(OauthError::Unknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Revokes a grant of an account. What it signs is refused from then on.
    ///
    /// # Errors
    /// [`OauthError`]; nothing was revoked.
    pub async fn revoke_grant(self: &Arc<Self>, account_id: AccountId, token: &str) -> Result<(), OauthError> {
        self.remove(account_id, DocumentKind::OauthGrant, token).await
    }

    async fn remove(self: &Arc<Self>, account_id: AccountId, kind: DocumentKind, key: &str) -> Result<(), OauthError> {
        let entry = self.directory.by_id(account_id).ok_or(OauthError::UnknownAccount)?;
        let place = place(&entry.dialect, kind, key);
        self.change_oauth(account_id, place, DocumentFate::Remove, None).await.map(|_| ())
    }

    async fn make(
        self: &Arc<Self>,
        account_id: AccountId,
        dialect: &str,
        kind: DocumentKind,
        json: Box<str>,
        exchange: Option<Exchange>,
    ) -> Result<(Box<str>, Secret), OauthError> {
        let (key, secret) = (self.random_text(), Secret::new(self.random_text()));
        let fate = DocumentFate::Make {
            json,
            public_key: None,
            secret: Some(secret.clone()),
            texts: TakesTexts::No,
            count_max: DOCUMENTS_MAX,
        };
        self.change_oauth(account_id, place(dialect, kind, &key), fate, exchange).await?;
        Ok((key.into(), secret))
    }

    async fn change_oauth(
        self: &Arc<Self>,
        account_id: AccountId,
        place: DocumentPlace,
        fate: DocumentFate,
        exchange: Option<Exchange>,
    ) -> Result<Option<Document>, OauthError> {
        let op =
            Op::Document(Box::new(DocumentChange { place: place.clone(), account_id, fate, at: self.world.now() }));
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| match result {
            OpResult::Document(document) => {
                engine.oauth.note(&place, Some(document));
                exchange.into_iter().for_each(Exchange::done);
            }
            OpResult::DocumentRemoved => engine.oauth.note(&place, None),
            _ => {}
        };
        match self.change(op, changed).await.map_err(OauthError::Commit)? {
            Some(OpResult::Document(document)) => Ok(Some(*document)),
            Some(OpResult::DocumentRemoved) => Ok(None),
            Some(OpResult::DocumentRefused(DocumentRefused::Unknown)) => Err(OauthError::Unknown),
            Some(OpResult::DocumentRefused(DocumentRefused::TooMany)) => Err(OauthError::TooMany),
            Some(OpResult::Failed(why)) => Err(OauthError::Bug(why)),
            _ => Err(OauthError::Bug("an answer of another kind".into())),
        }
    }

    /// 128 random bits as 32 hexadecimal digits.
    fn random_text(&self) -> String {
        format!("{:016x}{:016x}", self.world.random(), self.world.random())
    }
}

/// A request token that is being exchanged. It is gone once the grant is stored, and good again if that failed, whether or not
/// the consumer still waits.
struct Exchange {
    engine: Arc<Engine>,
    token: Box<str>,
    fate: ExchangeFate,
}

enum ExchangeFate {
    GivenBack,
    Done,
}

impl Exchange {
    fn done(mut self) {
        self.fate = ExchangeFate::Done;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut pending = self.engine.oauth.pending();
        match self.fate {
            ExchangeFate::GivenBack => pending.give_back(&self.token),
            ExchangeFate::Done => pending.remove(&self.token),
        }
    }
}

/// The consumer that has a grant.
fn consumer_of(grant: &Document) -> Option<&str> {
    Some(&grant.json)
}
