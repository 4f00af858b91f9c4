//! Signed requests: checked with what the directory knows of the account, and explained to the operator where they fail.
//!
//! What is wrong with a signature costs dozens of digests to find out, and a line in the log for each would let a stranger fill
//! the disk. So a few a second are explained and told; every one is counted. Nothing of the request is told but its key.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use whimbrel_core::{Account, Refusal, Secret, Span, Timestamp};
use whimbrel_dialects::claim::{
    Compat, Explained, KeySignature, KeyWindow, SignatureFault, SignedRequest, SigningKeys, Verified,
};

use crate::Engine;
use crate::directory::Entry;
use crate::events::About;

/// Refused signatures that are explained in one second.
const EXPLAINED_PER_SECOND_MAX: u32 = 10;

/// How signatures are checked, and how many were explained lately.
#[derive(Debug)]
pub(crate) struct Signatures {
    /// [`Compat::Off`]; a reload may change it.
    is_strict: AtomicBool,
    /// A reload may change it.
    window: Mutex<KeyWindow>,
    explained: Mutex<Explanations>,
}

#[derive(Debug, Default)]
struct Explanations {
    began_at: Timestamp,
    count: u32,
}

impl Signatures {
    pub(crate) fn new(compat: Compat) -> Self {
        Self {
            is_strict: AtomicBool::new(compat == Compat::Off),
            window: Mutex::default(),
            explained: Mutex::default(),
        }
    }

    fn compat(&self) -> Compat {
        if self.is_strict.load(Ordering::Relaxed) { Compat::Off } else { Compat::On }
    }

    pub(crate) fn set_compat(&self, compat: Compat) {
        self.is_strict.store(compat == Compat::Off, Ordering::Relaxed);
    }

    fn window(&self) -> KeyWindow {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_window(&self, window: KeyWindow) {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = window;
    }

    /// Whether there is room for one more explanation in this second.
    fn may_explain(&self, now: Timestamp) -> bool {
        let mut explained = self.explained.lock().unwrap_or_else(PoisonError::into_inner);
        if now < explained.began_at || now.since(explained.began_at) >= Span::seconds(1) {
            *explained = Explanations { began_at: now, count: 0 };
        }
        let has_room = explained.count < EXPLAINED_PER_SECOND_MAX;
        explained.count += u32::from(has_room);
        has_room
    }
}

impl Engine {
    /// Checks a signed request among the customers of `dialect`.
    ///
    /// # Errors
    /// [`Refusal::BadCredentials`] for an unknown key, [`Refusal::InvalidSignature`] for everything else.
    pub(crate) fn check_signature(
        &self,
        dialect: &'static str,
        signed: &dyn SignedRequest,
        now: Timestamp,
    ) -> Result<(Arc<Entry>, Verified), Refusal> {
        let entry = self.directory.by_key(dialect, signed.key()).ok_or(Refusal::BadCredentials)?;
        let secrets: Vec<_> = entry.signature_secrets.good_at(now).collect();
        let keys = self.signing_keys(&entry, &secrets, now);
        match signed.verify(&keys) {
            Ok(verified) => {
                count_verified(dialect, &verified);
                Ok((entry, verified))
            }
            Err(fault) => {
                self.tell_refused(&entry.account, fault, || signed.explain(&keys), now);
                Err(Refusal::InvalidSignature)
            }
        }
    }

    /// Checks a signature beside a secret key, which named the account.
    ///
    /// # Errors
    /// [`Refusal::SignatureRefused`].
    pub(crate) fn check_key_signature(
        &self,
        dialect: &'static str,
        entry: &Entry,
        signed: &dyn KeySignature,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let secrets: Vec<_> = entry.signature_secrets.good_at(now).collect();
        let keys = self.signing_keys(entry, &secrets, now);
        signed.verify(&keys).inspect(|verified| count_verified(dialect, verified)).map_err(|fault| {
            self.tell_refused(&entry.account, fault, || signed.explain(&keys), now);
            Refusal::SignatureRefused { cause: fault.told() }
        })
    }

    fn signing_keys<'k>(&'k self, entry: &Entry, secrets: &'k [&'k Secret], now: Timestamp) -> SigningKeys<'k> {
        SigningKeys {
            secrets,
            method: entry.account.signing.method,
            compat: self.signatures.compat(),
            addresses: &self.addresses,
            window: self.signatures.window(),
            now,
        }
    }

    /// Counts a signature or nonce that held and was used before, or is too old to tell.
    pub(crate) fn tell_replayed(&self, account: &Account, now: Timestamp) {
        self.tell_refused(account, SignatureFault::Replayed, || None, now);
    }

    /// Counts a signature that was refused, and explains it if not too many were explained lately.
    fn tell_refused(
        &self,
        account: &Account,
        fault: SignatureFault,
        explain: impl FnOnce() -> Option<Explained>,
        now: Timestamp,
    ) {
        if !self.signatures.may_explain(now) {
            metrics::counter!("whimbrel_signature_failures_total", "cause" => fault.cause()).increment(1);
            return;
        }
        let (cause, advice) = match explain() {
            Some(explained) => (explained.cause, explained.advice),
            None => (fault.cause(), fault.to_string().into()),
        };
        metrics::counter!("whimbrel_signature_failures_total", "cause" => cause).increment(1);
        tracing::info!(account_id = %account.id, cause, advice = &*advice, "signature refused");
        self.events.tell(now, || {
            let about = About::Account { key: account.key.clone() };
            ("signature.refused", Some(account.id), about, format!("{cause}: {advice}").into())
        });
    }
}

fn count_verified(dialect: &'static str, verified: &Verified) {
    metrics::counter!("whimbrel_signatures_total", "dialect" => dialect, "form" => verified.form).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_explained_in_a_second_and_no_more() {
        let signatures = Signatures::new(Compat::On);
        let at = |micros: i64| Timestamp(1_000_000_000 + micros);
        let explained = |from: i64| (0..50).filter(|n| signatures.may_explain(at(from + n * 1_000))).count();
        assert_eq!((explained(0), explained(500_000), explained(1_000_000)), (10, 0, 10));
        // A clock that was set back counts anew instead of never again.
        assert_eq!(explained(-3_600_000_000), 10);
    }
}
