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
    Access, Account, AccountStatus, ApplicationId, AuthMethod, KeyMode, Refusal, ReplayKey, SECRETS_MAX, Secret,
    SecretId, SecretKind, SignatureMethod, Span, Timestamp,
};
use whimbrel_dialects::Claim;
use whimbrel_dialects::claim::KeySignature;
use whimbrel_store::{Keyring, SecretVerifier};

use crate::Engine;
use crate::directory::Entry;
use crate::failures::{Failures, KeyName, Source};
use crate::limiter::Requester;
use crate::prover::{Asker, Overloaded, Spent};

/// What signatures beside secret keys are made by.
const KEY_SIGNATURES: SignatureMethod = SignatureMethod::HmacSha256;

/// What is known of a request besides what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address it comes from, behind any proxy of ours.
    pub address: Option<IpAddr>,
    /// How long it had waited when it was looked at first.
    pub waited: Span,
}

/// Somebody who proved who they are.
#[derive(Debug, Clone)]
pub struct Caller {
    /// On whose account.
    pub account: Arc<Account>,
    /// Whose credential it was: that account, or the one above it. Its policy, rate and nonces count.
    pub by: Arc<Account>,
    /// How they proved it.
    pub method: AuthMethod,
    /// What the key is for; whoever calls by anything else than a secret key means it.
    pub mode: KeyMode,
    /// Which of the account's applications calls, if one does.
    pub application: Option<ApplicationId>,
    /// What must not be used again once the request was carried out.
    pub replay: Option<ReplayKey>,
    /// By which key.
    pub(crate) name: KeyName,
    /// The same, if that is a secret key.
    pub(crate) key: Option<KeyName>,
    /// From where.
    pub(crate) source: Source,
}

impl Caller {
    /// Whose requests count together with this one: a secret key has its account's rate to itself.
    pub(crate) fn requester(&self) -> Requester {
        Requester { account: self.by.id, key: self.key }
    }
}

/// Why nobody was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unproved {
    pub(crate) refusal: Refusal,
    pub(crate) guess: Guess,
}

/// Whether a request that proves nobody may be one of many that try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    Yes,
    /// What was shown was good once, or cannot be found by trying.
    No,
}

impl From<Refusal> for Unproved {
    fn from(refusal: Refusal) -> Self {
        let guess = match refusal {
            Refusal::BadCredentials | Refusal::InvalidSignature => Guess::Yes,
            Refusal::SignatureRefused { .. } => Guess::Yes,
            _ => Guess::No,
        };
        Self { refusal, guess }
    }
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
        if let Claim::OnBehalf { claim, subaccount } = claim {
            let caller = Box::pin(self.authenticate(dialect, claim, origin, now)).await?;
            return self.on_behalf(caller, *subaccount);
        }
        let (name, source) = (key_name(dialect, claim), Source::of(origin.address));
        self.failures().judge(name, source, now).map_err(|wait| Refusal::TooManyFailures { wait })?;
        let mut mode = KeyMode::Live;
        let proved = match claim {
            Claim::SecretKey { secret, .. } => {
                let found = self.directory.by_digests(dialect, &self.keyring.digests(secret));
                found.ok_or(Unproved::from(Refusal::BadCredentials)).map(|(entry, of_key)| {
                    mode = of_key;
                    (entry, None)
                })
            }
            Claim::SignedKey { secret, method, signed } => {
                let (signable, signed_by) = (Signable::Yes, Some(KEY_SIGNATURES));
                let use_of_key = KeyUse { signable, method: *method, signed_by, source: origin.address };
                let found = self.prove_signed_key(dialect, (secret, &**signed), use_of_key, now);
                found.map_err(Unproved::from).map(|(entry, of_key, replay)| {
                    mode = of_key;
                    (entry, Some(replay))
                })
            }
            Claim::KeyAndSecret { key, secret, .. } => {
                self.prove(dialect, key, secret, source).await.map(|entry| (entry, None)).map_err(Unproved::from)
            }
            Claim::Signed(signed) => self
                .check_signature(dialect, &**signed, now)
                .map(|(entry, verified)| (entry, Some(verified.replay)))
                .map_err(Unproved::from),
            Claim::Token(token) => self.check_token(dialect, &**token, now).map(|entry| (entry, None)),
            Claim::Delegated(request) => {
                self.check_delegated(dialect, &**request, now).map(|(entry, replay)| (entry, Some(replay)))
            }
            // What is behind one was judged above; one behind another names nobody.
            Claim::OnBehalf { .. } => Err(Unproved::from(Refusal::BadCredentials)),
        };
        let application = match claim {
            Claim::Token(token) => Some(token.application()),
            Claim::KeyAndSecret { .. } | Claim::SecretKey { .. } | Claim::SignedKey { .. } => None,
            Claim::Signed(_) | Claim::Delegated(_) | Claim::OnBehalf { .. } => None,
        };
        let (entry, replay) = match proved {
            Ok(proved) => proved,
            Err(Unproved { refusal, guess }) => {
                if guess == Guess::Yes {
                    self.failures().failed(name, source, now);
                }
                return Err(refusal);
            }
        };
        // Of what is good once, a stranger may have a copy: it proves somebody when it is used, not when it is shown.
        if replay.is_none() {
            self.failures().proved(name, source);
        }
        let (account, method) = (Arc::clone(&entry.account), claim.method());
        let signed_by = match claim {
            Claim::Signed(_) => Some(account.signing.method),
            Claim::SignedKey { .. } => Some(KEY_SIGNATURES),
            Claim::KeyAndSecret { .. } | Claim::SecretKey { .. } | Claim::Token(_) => None,
            Claim::Delegated(_) | Claim::OnBehalf { .. } => None,
        };
        account.policy.judge_use(KeyUse { signable: claim.signable(), method, signed_by, source: origin.address })?;
        match (account.status, account.rules.access) {
            (AccountStatus::Active, Access::Http) => {
                let is_secret = matches!(claim, Claim::SecretKey { .. } | Claim::SignedKey { .. });
                let (by, key) = (Arc::clone(&account), is_secret.then_some(name));
                Ok(Caller { account, by, method, mode, application, replay, name, key, source })
            }
            (AccountStatus::Suspended, _) => Err(Refusal::AccountBarred),
            (AccountStatus::Active, Access::SmppOnly) => Err(Refusal::HttpNotAllowed),
        }
    }

    /// The account that a secret key names, if the signature beside the key holds, and what is used up by it. Where the request comes
    /// from is judged before the signature is.
    fn prove_signed_key(
        &self,
        dialect: &'static str,
        (secret, signed): (&Secret, &dyn KeySignature),
        use_of_key: KeyUse,
        now: Timestamp,
    ) -> Result<(Arc<Entry>, KeyMode, ReplayKey), Refusal> {
        let found = self.directory.by_digests(dialect, &self.keyring.digests(secret));
        let (entry, mode) = found.ok_or(Refusal::BadCredentials)?;
        entry.account.policy.judge_use(use_of_key)?;
        let verified = self.check_key_signature(dialect, &entry, signed, now)?;
        Ok((entry, mode, verified.replay))
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
        let chosen = self.prove_chosen(entry.as_deref(), secret, Asker::Source(source)).await?;
        let id = chosen.ok_or(Refusal::BadCredentials)?;
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
        asker: Asker,
    ) -> Result<Option<SecretId>, Refusal> {
        if !self.directory.has_chosen_secrets() {
            return Ok(None);
        }
        let chosen = entry.into_iter().flat_map(|entry| entry.secrets_of(SecretKind::Chosen));
        let chosen: Vec<_> = chosen.map(|live| (live.known.id, live.known.verifier.clone())).collect();
        let (keyring, secret) = (Arc::clone(&self.keyring), secret.clone());
        let compare = move || {
            let found = which(&keyring, &chosen, &secret);
            (found, if found.is_some() { Spent::Well } else { Spent::OnAGuess })
        };
        self.prover.run(asker, compare).await.map_err(|Overloaded| Refusal::Overloaded)
    }

    pub(crate) fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who says they call, as failures are counted. A secret key is a name of its own: nobody but its owner fails by it.
fn key_name(dialect: &str, claim: &Claim) -> KeyName {
    match claim {
        Claim::SecretKey { secret, .. } | Claim::SignedKey { secret, .. } => KeyName::of(dialect, secret.expose()),
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
