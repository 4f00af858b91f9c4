//! Who calls: from a claim to an account, or a refusal that tells a guesser nothing.
//!
//! A secret key names its account by itself: it is found by its digest, so that a wrong one costs what a right one does.
//! An unknown key and a wrong secret cost the same work and get the same answer. Generated secrets are compared by their
//! digests, here and at once. Chosen ones are compared dearly by the [`prover`](crate::prover) the first time, and by a proof in
//! memory from then on. Where any account has a chosen secret, every request that fails costs as much as an account with two of
//! them; so that this brings nobody down, failures are counted ([`failures`](crate::failures)) and the prover has a bound.

use std::net::IpAddr;
use std::sync::{Arc, MutexGuard, PoisonError};

use whimbrel_core::policy::{KeyUse, Signable};
use whimbrel_core::{
    Access, Account, AccountStatus, ApplicationId, AuthMethod, KeyMode, Refusal, ReplayKey, SECRETS_MAX, Scope, Secret,
    SecretId, SecretKind, SignatureCause, Timestamp,
};
use whimbrel_dialects::Claim;
use whimbrel_dialects::claim::{BearerToken, DelegatedRequest, KeySignature, TokenFault, TokenKeys};
use whimbrel_store::{Keyring, SecretVerifier};

use crate::Engine;
use crate::directory::Entry;
use crate::failures::{Failures, KeyName, Source};
use crate::prover::Overloaded;

/// What is known of a request besides what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address it comes from, behind any proxy of ours.
    pub address: Option<IpAddr>,
}

/// Somebody who proved who they are.
#[derive(Debug, Clone)]
pub struct Caller {
    /// On whose account.
    pub account: Arc<Account>,
    /// How they proved it.
    pub method: AuthMethod,
    /// What the key is for; whoever calls by anything else than a secret key means it.
    pub mode: KeyMode,
    /// Which of the account's applications calls, if one does.
    pub application: Option<ApplicationId>,
    /// What must not be used again once the request was carried out.
    pub replay: Option<ReplayKey>,
}

impl Engine {
    /// Judges who calls, and whether the account's policy lets them call in this way.
    ///
    /// # Errors
    /// [`Refusal::TooManyFailures`] before anything is looked at; [`Refusal::BadCredentials`] for an unknown key and for a wrong
    /// secret alike; [`Refusal::InvalidSignature`]; [`Refusal::Overloaded`] if too many dear comparisons wait; then what the policy
    /// says, and [`Refusal::AccountBarred`] or [`Refusal::HttpNotAllowed`].
    pub(crate) async fn authenticate(
        &self,
        dialect: &'static str,
        claim: &Claim,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let (name, source) = (key_name(dialect, claim), Source::of(origin.address));
        self.failures().judge(name, source, now).map_err(|wait| Refusal::TooManyFailures { wait })?;
        let mut mode = KeyMode::Live;
        let proved = match claim {
            Claim::SecretKey { secret, .. } => {
                let found = self.directory.by_digests(dialect, &self.keyring.digests(secret));
                found.ok_or(Refusal::BadCredentials).map(|(entry, of_key)| {
                    mode = of_key;
                    (entry, None)
                })
            }
            Claim::SignedKey { secret, method, signed } => {
                let use_of_key =
                    KeyUse { signable: Signable::No, method: *method, signed_by: None, source: origin.address };
                let found = self.prove_signed_key(dialect, (secret, &**signed), use_of_key, now).await;
                found.map(|(entry, of_key)| {
                    mode = of_key;
                    (entry, None)
                })
            }
            Claim::KeyAndSecret { key, secret, .. } => {
                self.prove(dialect, key, secret, source).await.map(|entry| (entry, None))
            }
            Claim::Signed(signed) => {
                self.check_signature(dialect, &**signed, now).map(|(entry, verified)| (entry, Some(verified.replay)))
            }
            Claim::Token(token) => self.check_token(dialect, &**token, now).map(|entry| (entry, None)),
            Claim::Delegated(request) => {
                self.prove_delegated(dialect, &**request, now).await.map(|entry| (entry, None))
            }
        };
        let application = match claim {
            Claim::Token(token) => Some(token.application()),
            Claim::KeyAndSecret { .. } | Claim::SecretKey { .. } | Claim::SignedKey { .. } => None,
            Claim::Signed(_) | Claim::Delegated(_) => None,
        };
        match &proved {
            Ok(_) => self.failures().proved(name, source),
            Err(Refusal::BadCredentials | Refusal::InvalidSignature | Refusal::SignatureRefused { .. }) => {
                self.failures().failed(name, source, now);
            }
            Err(_) => {}
        }
        let (entry, replay) = proved?;
        let (account, method) = (Arc::clone(&entry.account), claim.method());
        let signed_by = (method == AuthMethod::Signature).then_some(account.signing.method);
        account.policy.judge_use(KeyUse { signable: claim.signable(), method, signed_by, source: origin.address })?;
        match (account.status, account.rules.access) {
            (AccountStatus::Active, Access::Http) => Ok(Caller { account, method, mode, application, replay }),
            (AccountStatus::Suspended, _) => Err(Refusal::AccountBarred),
            (AccountStatus::Active, Access::SmppOnly) => Err(Refusal::HttpNotAllowed),
        }
    }

    /// The account that a secret key names, if the signature beside the key holds. Where the request comes from is judged before the
    /// signature is, and its nonce is used up only if the signature holds: strangers use up nothing.
    async fn prove_signed_key(
        &self,
        dialect: &'static str,
        (secret, signed): (&Secret, &dyn KeySignature),
        use_of_key: KeyUse,
        now: Timestamp,
    ) -> Result<(Arc<Entry>, KeyMode), Refusal> {
        let found = self.directory.by_digests(dialect, &self.keyring.digests(secret));
        let (entry, mode) = found.ok_or(Refusal::BadCredentials)?;
        entry.account.policy.judge_use(use_of_key)?;
        let verified = self.check_key_signature(dialect, &entry, signed, now)?;
        match self.use_nonce(entry.account.id, verified.replay).await {
            Ok(()) => Ok((entry, mode)),
            Err(Refusal::BadCredentials) => {
                self.tell_replayed(&entry.account, now);
                Err(Refusal::SignatureRefused { cause: SignatureCause::Replayed })
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// The account on whose behalf a request is signed. Its nonce is used up here, whatever comes of the request.
    async fn prove_delegated(
        &self,
        dialect: &'static str,
        request: &dyn DelegatedRequest,
        now: Timestamp,
    ) -> Result<Arc<Entry>, Refusal> {
        let (entry, nonce) = self.check_delegated(dialect, request, now)?;
        self.use_nonce(entry.account.id, nonce).await?;
        Ok(entry)
    }

    /// The account of the application that signed a token. An unknown application, one of another dialect and a wrong signature look
    /// alike.
    fn check_token(&self, dialect: &str, token: &dyn BearerToken, now: Timestamp) -> Result<Arc<Entry>, Refusal> {
        let application = self.applications.find(token.application()).ok_or(Refusal::BadCredentials)?;
        let entry = self.directory.by_id(application.account_id).filter(|entry| *entry.dialect == *dialect);
        let public_keys = application.keys(now);
        match token.verify(&TokenKeys { public_keys: &public_keys, now }) {
            Ok(()) => entry.ok_or(Refusal::BadCredentials),
            Err(TokenFault::Forbidden) => Err(Refusal::ScopeNotAllowed { scope: Scope::Send }),
            Err(TokenFault::Expired | TokenFault::Invalid(_)) => Err(Refusal::BadCredentials),
        }
    }

    /// The account with that key, if the secret is one of its.
    async fn prove(&self, dialect: &str, key: &str, secret: &Secret, source: Source) -> Result<Arc<Entry>, Refusal> {
        let entry = self.directory.by_key(dialect, key);
        let proof = self.keyring.proof(secret);
        if let Some(entry) = &entry {
            let by_memory =
                entry.secrets_of(SecretKind::Chosen).fold(false, |found, live| found | live.is_proved_by(proof));
            if by_memory {
                return Ok(Arc::clone(entry));
            }
        }
        if is_generated(&self.keyring, entry.as_deref(), secret)
            && let Some(entry) = entry
        {
            return Ok(entry);
        }
        let id = self.prove_chosen(entry.as_deref(), secret, source).await?.ok_or(Refusal::BadCredentials)?;
        // It may have been revoked while it was compared.
        let entry = self.directory.by_key(dialect, key).ok_or(Refusal::BadCredentials)?;
        entry.secret(id).ok_or(Refusal::BadCredentials)?.remember(proof);
        Ok(entry)
    }

    /// Which of an account's chosen secrets it is. Dear unless no account has any.
    pub(crate) async fn prove_chosen(
        &self,
        entry: Option<&Entry>,
        secret: &Secret,
        source: Source,
    ) -> Result<Option<SecretId>, Refusal> {
        if !self.directory.has_chosen_secrets() {
            return Ok(None);
        }
        let chosen = entry.into_iter().flat_map(|entry| entry.secrets_of(SecretKind::Chosen));
        let chosen: Vec<_> = chosen.map(|live| (live.known.id, live.known.verifier.clone())).collect();
        let (keyring, secret) = (Arc::clone(&self.keyring), secret.clone());
        let compared = self.prover.run(source, move || which(&keyring, &chosen, &secret)).await;
        compared.map_err(|Overloaded| Refusal::Overloaded)
    }

    pub(crate) fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who says they call, as failures are counted. A secret key is a name of its own: nobody but its owner fails by it.
fn key_name(dialect: &str, claim: &Claim) -> KeyName {
    match claim {
        Claim::SecretKey { secret, .. } => KeyName::of(dialect, secret.expose()),
        named => KeyName::of(dialect, &named.name().unwrap_or_default()),
    }
}

/// Whether it is one of the account's generated secrets. As many digests are made whatever there is to compare with.
pub(crate) fn is_generated(keyring: &Keyring, entry: Option<&Entry>, secret: &Secret) -> bool {
    let mut generated = entry.into_iter().flat_map(|entry| entry.secrets_of(SecretKind::Generated));
    (0..SECRETS_MAX).fold(false, |found, _| {
        found
            | match generated.next() {
                Some(live) => keyring.proves(&live.known.verifier, secret),
                None => {
                    std::hint::black_box(keyring.proof(secret));
                    false
                }
            }
    })
}

/// Which of the chosen secrets it is. One that is none costs [`SECRETS_MAX`] comparisons, however many there are.
fn which(keyring: &Keyring, chosen: &[(SecretId, SecretVerifier)], secret: &Secret) -> Option<SecretId> {
    for place in 0..SECRETS_MAX {
        match chosen.get(place) {
            Some((id, verifier)) if keyring.proves(verifier, secret) => return Some(*id),
            Some(_) => {}
            None => keyring.prove_nothing(secret),
        }
    }
    None
}
