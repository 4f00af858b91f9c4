//! Who calls: from a claim to an account, or a refusal that tells a guesser nothing.
//!
//! An unknown key and a wrong secret cost the same work and get the same answer. Generated secrets are compared by their
//! digests, here and at once. Chosen ones are compared dearly by the [`prover`](crate::prover) the first time, and by a proof in
//! memory from then on. Where any account has a chosen secret, every request that fails costs as much as an account with two of
//! them; so that this brings nobody down, failures are counted ([`failures`](crate::failures)) and the prover has a bound.

use std::net::IpAddr;
use std::sync::{Arc, MutexGuard, PoisonError};

use whimbrel_core::policy::{KeyUse, Signable};
use whimbrel_core::{Access, AccountStatus, Refusal, SECRETS_MAX, Secret, SecretId, SecretKind, Timestamp};
use whimbrel_dialects::Claim;
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

impl Engine {
    /// Judges who calls, and whether the account's policy lets them call in this way.
    ///
    /// # Errors
    /// [`Refusal::TooManyFailures`] before anything is looked at; [`Refusal::BadCredentials`] for an unknown key and for a wrong
    /// secret alike; [`Refusal::Overloaded`] if too many dear comparisons wait; then what the policy says, and
    /// [`Refusal::AccountBarred`] or [`Refusal::HttpNotAllowed`].
    pub(crate) async fn authenticate(
        &self,
        dialect: &str,
        claim: &Claim,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Arc<Entry>, Refusal> {
        let Claim::KeyAndSecret { key, secret, method } = claim;
        let (name, source) = (KeyName::of(dialect, key), Source::of(origin.address));
        self.failures().judge(name, source, now).map_err(|wait| Refusal::TooManyFailures { wait })?;
        let proved = self.prove(dialect, key, secret, source).await;
        match &proved {
            Ok(_) => self.failures().proved(name, source),
            Err(Refusal::BadCredentials) => self.failures().failed(name, source, now),
            Err(_) => {}
        }
        let entry = proved?;
        let signable = Signable::Yes;
        entry.account.policy.judge_use(KeyUse {
            signable,
            method: *method,
            signed_by: None,
            source: origin.address,
        })?;
        match (entry.account.status, entry.account.rules.access) {
            (AccountStatus::Active, Access::Http) => Ok(entry),
            (AccountStatus::Suspended, _) => Err(Refusal::AccountBarred),
            (AccountStatus::Active, Access::SmppOnly) => Err(Refusal::HttpNotAllowed),
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
