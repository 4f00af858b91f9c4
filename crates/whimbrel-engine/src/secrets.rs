//! Secrets of accounts, as operators and customers change them.

use std::sync::Arc;

use whimbrel_core::{
    Account, AccountId, KeyMode, Refusal, Secret, SecretId, SecretKind, SecretRefusal, SecretRole, SecretShown,
    SecretsCall, SecretsOutcome, SecretsWish, Span, credential,
};
use whimbrel_store::{
    AddSecret, Credential, KnownSecret, NewSecret, Op, OpResult, RevokeSecret, RotateSignatureSecret, SecretVerifier,
    SignatureSecrets,
};

use crate::Engine;
use crate::accounts::{AccountError, unexpected};
use crate::authenticate::is_generated;
use crate::batcher::CommitError;
use crate::directory::Entry;
use crate::events::About;
use crate::prover::{Asker, Spent};

/// Times that a verifier is made when the key it was made with was given up meanwhile. A rotation takes longer than two.
pub(crate) const VERIFIER_TRIES_MAX: usize = 3;

/// Why an account's secrets did not change.
#[derive(Debug, Clone)]
pub enum SecretError {
    /// Its rules say no.
    Refused(SecretRefusal),
    /// Too many dear comparisons wait; try again.
    Overloaded,
    /// The store could not be written.
    Commit(CommitError),
    /// A fault of ours.
    Bug(Box<str>),
}

impl std::fmt::Display for SecretError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(why) => why.fmt(f),
            Self::Overloaded => f.write_str("too many secrets are compared just now; try again"),
            Self::Commit(error) => error.fmt(f),
            Self::Bug(why) => write!(f, "the store answered with something else ({why}): report this as a bug"),
        }
    }
}

impl std::error::Error for SecretError {}

/// A secret to give to an account.
#[derive(Debug, Clone)]
pub enum AddedSecret {
    /// We made it; it is shown beside the account's key.
    Generated(Secret),
    /// A person chose it; it is shown beside the account's key.
    Chosen(Secret),
    /// A secret key, generated.
    Key(Secret, KeyMode),
}

impl AddedSecret {
    const fn role(&self) -> SecretRole {
        match self {
            Self::Generated(_) | Self::Chosen(_) => SecretRole::Half,
            Self::Key(_, mode) => SecretRole::Key(*mode),
        }
    }

    const fn kind(&self) -> SecretKind {
        match self {
            Self::Generated(_) | Self::Key(..) => SecretKind::Generated,
            Self::Chosen(_) => SecretKind::Chosen,
        }
    }
}

/// What an account's owner sees of a secret.
const fn shown(secret: &KnownSecret) -> SecretShown {
    SecretShown { id: secret.id, created_at: secret.created_at }
}

impl Engine {
    /// What is known of an account's secrets, the oldest first; `None`: there is no such account.
    #[must_use]
    pub fn secrets(&self, account: AccountId) -> Option<Vec<KnownSecret>> {
        let entry = self.directory.by_id(account)?;
        Some(entry.secrets.iter().map(|live| live.known.clone()).collect())
    }

    /// Gives an account one more secret; it is good as soon as this returns. One that a person chose must be strong.
    ///
    /// # Errors
    /// [`SecretError`]; nothing was changed.
    pub async fn add_secret(
        self: &Arc<Self>,
        account_id: AccountId,
        added: AddedSecret,
    ) -> Result<KnownSecret, SecretError> {
        let (role, kind) = (added.role(), added.kind());
        let in_use = SecretError::Refused(SecretRefusal::InUse);
        let unknown = SecretError::Refused(SecretRefusal::UnknownAccount);
        let entry = self.directory.by_id(account_id).ok_or(unknown)?;
        // The store has the last word; who has as many as may be is not worth a comparison.
        let alike = entry.secrets.iter().filter(|live| live.known.role.mode().is_some() == role.mode().is_some());
        if alike.count() >= role.count_max() {
            return Err(SecretError::Refused(SecretRefusal::TooMany));
        }
        let secret = match added {
            AddedSecret::Generated(secret) => secret,
            AddedSecret::Chosen(secret) => {
                let weak = |fault| SecretError::Refused(SecretRefusal::Weak(fault));
                credential::judge_strength(&secret).map_err(weak)?;
                if self.has(&entry, &secret).await? {
                    return Err(in_use);
                }
                secret
            }
            // The store looks as well, but sees only digests by the present key.
            AddedSecret::Key(secret, _) => {
                match self.directory.by_digests(&entry.dialect, &self.keyring.digests(&secret)) {
                    Some(_) => return Err(in_use),
                    None => secret,
                }
            }
        };
        let now = self.world.now();
        let id = self.new_secret_id();
        for _ in 0..VERIFIER_TRIES_MAX {
            let verifier = self.verifier(account_id, &secret, kind).await?;
            let add = AddSecret { account_id, secret: NewSecret { id, role, verifier }, at: now };
            match self.change_secrets(Op::AddSecret(Box::new(add))).await? {
                Some(credential) => {
                    self.tell_of_secret(account_id, "account.secret-added", &id.to_string());
                    let added = credential.secrets.into_iter().find(|secret| secret.id == id);
                    return added.ok_or_else(|| SecretError::Bug("the secret is not there".into()));
                }
                None => tracing::debug!("the key of a verifier was given up meanwhile; it is made anew"),
            }
        }
        Err(SecretError::Bug("keys change all the time".into()))
    }

    /// Takes a secret from an account; it is good no more as soon as this returns.
    ///
    /// # Errors
    /// [`SecretError`]; nothing was changed.
    pub async fn revoke_secret(self: &Arc<Self>, account_id: AccountId, id: SecretId) -> Result<(), SecretError> {
        let revoke = RevokeSecret { account_id, id, at: self.world.now() };
        self.change_secrets(Op::RevokeSecret(revoke)).await?;
        self.tell_of_secret(account_id, "account.secret-revoked", &id.to_string());
        Ok(())
    }

    /// Lets an account sign with another secret. Requests signed by the one before are good for `overlap` from now.
    ///
    /// # Errors
    /// [`AccountError`]; nothing was changed.
    pub async fn rotate_signature_secret(
        self: &Arc<Self>,
        account_id: AccountId,
        secret: Secret,
        overlap: Span,
    ) -> Result<SignatureSecrets, AccountError> {
        let (id, at) = (self.world.next_id(), self.world.now());
        let rotate = RotateSignatureSecret { account_id, id, secret, previous_until: at + overlap, at };
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| engine.note_secrets(result);
        let result = self.change(Op::RotateSignatureSecret(Box::new(rotate)), changed).await;
        match result.map_err(AccountError::Commit)? {
            Some(OpResult::Credential(credential)) => {
                self.tell_of_secret(account_id, "account.signature-secret-rotated", "");
                Ok(credential.signature_secrets)
            }
            Some(OpResult::AccountRefused(why)) => Err(AccountError::Refused(why)),
            Some(other) => Err(unexpected(other)),
            None => Err(AccountError::Bug("no answer".into())),
        }
    }

    /// Forgets signature secrets whose overlap is over.
    pub(crate) async fn end_signature_secrets(self: &Arc<Self>) {
        let at = self.world.now();
        if !self.directory.may_have_ended(at) {
            return;
        }
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| engine.note_secrets(result);
        match self.change(Op::EndSignatureSecrets { at }, changed).await {
            Ok(Some(OpResult::Ended(_))) => self.directory.note_overlaps(),
            Ok(_) => tracing::error!("ended signature secrets could not be forgotten; report this as a bug"),
            Err(error) => tracing::warn!(%error, "ended signature secrets are not forgotten yet"),
        }
    }

    /// Carries out a customer's call about the secrets of its own account.
    pub(crate) async fn secrets_call(
        self: &Arc<Self>,
        account: &Account,
        call: SecretsCall,
    ) -> Result<SecretsOutcome, Refusal> {
        let SecretsCall { key, wish } = call;
        if key != account.key {
            return Ok(SecretsOutcome::OtherAccount { key });
        }
        let known = || self.secrets(account.id).unwrap_or_default();
        let done = match wish {
            SecretsWish::List => {
                let secrets = known().iter().map(shown).collect();
                return Ok(SecretsOutcome::Listed { key, secrets });
            }
            SecretsWish::Show { id } => {
                let found = known().into_iter().find(|secret| Some(secret.id) == SecretId::parse(&id));
                return Ok(match found {
                    Some(secret) => SecretsOutcome::Shown { key, secret: shown(&secret) },
                    None => SecretsOutcome::Unknown { id },
                });
            }
            SecretsWish::Add(secret) => {
                let added = self.add_secret(account.id, AddedSecret::Chosen(secret)).await;
                added.map(|secret| SecretsOutcome::Added { key, secret: shown(&secret) })
            }
            SecretsWish::Revoke { id } => match SecretId::parse(&id) {
                None => return Ok(SecretsOutcome::Unknown { id }),
                Some(secret) => match self.revoke_secret(account.id, secret).await {
                    Err(SecretError::Refused(SecretRefusal::UnknownSecret)) => {
                        return Ok(SecretsOutcome::Unknown { id });
                    }
                    revoked => revoked.map(|()| SecretsOutcome::Revoked),
                },
            },
        };
        match done {
            Ok(outcome) => Ok(outcome),
            Err(SecretError::Refused(why)) => Ok(SecretsOutcome::Refused(why)),
            Err(SecretError::Overloaded | SecretError::Commit(CommitError::Full | CommitError::NoSpace(_))) => {
                Err(Refusal::Overloaded)
            }
            Err(error) => {
                tracing::error!(account_id = %account.id, %error, "a call about secrets failed");
                Err(Refusal::Internal)
            }
        }
    }

    /// `None`: the verifier's key is gone.
    async fn change_secrets(self: &Arc<Self>, op: Op) -> Result<Option<Credential>, SecretError> {
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| engine.note_secrets(result);
        match self.change(op, changed).await.map_err(SecretError::Commit)? {
            Some(OpResult::Credential(credential)) => Ok(Some(*credential)),
            Some(OpResult::KeyGone) => Ok(None),
            Some(OpResult::SecretRefused(why)) => Err(SecretError::Refused(why)),
            Some(OpResult::Failed(why)) => Err(SecretError::Bug(why)),
            _ => Err(SecretError::Bug("an answer of another kind".into())),
        }
    }

    /// Runs on the writer thread: requests are judged by what was stored, in the order in which it was.
    pub(crate) fn note_secrets(&self, result: &OpResult) {
        match result {
            OpResult::Credential(credential) => self.directory.put(Credential::clone(credential)),
            OpResult::Ended(credentials) => credentials.iter().cloned().for_each(|ended| self.directory.put(ended)),
            _ => {}
        }
    }

    /// Whether the account has that very secret.
    async fn has(&self, entry: &Entry, secret: &Secret) -> Result<bool, SecretError> {
        if is_generated(&self.keyring, Some(entry), secret) {
            return Ok(true);
        }
        let found = self.prove_chosen(Some(entry), secret, Asker::Account(entry.account.id)).await;
        found.map(|id| id.is_some()).map_err(|_| SecretError::Overloaded)
    }

    async fn verifier(
        &self,
        account_id: AccountId,
        secret: &Secret,
        kind: SecretKind,
    ) -> Result<SecretVerifier, SecretError> {
        match kind {
            SecretKind::Generated => Ok(self.keyring.verifier(secret)),
            SecretKind::Chosen => {
                let (keyring, secret) = (Arc::clone(&self.keyring), secret.clone());
                let make = move || (keyring.chosen_verifier(&secret), Spent::Well);
                let made = self.prover.run(Asker::Account(account_id), make).await;
                made.map_err(|_| SecretError::Overloaded)?.map_err(|error| SecretError::Bug(error.to_string().into()))
            }
        }
    }

    pub(crate) fn new_secret_id(&self) -> SecretId {
        let chance = u128::from(self.world.random()) << 64 | u128::from(self.world.random());
        SecretId::new(self.world.now(), chance)
    }

    fn tell_of_secret(&self, account_id: AccountId, what: &'static str, id: &str) {
        tracing::info!(%account_id, secret_id = id, what, "the secrets of an account changed");
        self.events.tell(self.world.now(), || (what, Some(account_id), About::Gateway, id.into()));
    }
}
