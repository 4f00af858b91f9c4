//! Who calls: a claim, checked by what the directory knows.
//!
//! Who somebody is and whether they may do anything are two questions, asked in that order: a stranger learns nothing of an
//! account, and its owner is told that it is suspended.

use std::sync::Arc;

use whimbrel_core::{Access, Account, AccountStatus, ApplicationId, AuthMethod, KeyUse, Refusal, ReplayKey, Timestamp};
use whimbrel_dialects::claim::{Claim, Compat, SignatureFault, SignedRequest, SigningKeys};

use crate::Engine;
use crate::directory::Entry;

/// Somebody who proved who they are.
#[derive(Debug, Clone)]
pub struct Caller {
    /// On whose account.
    pub account: Arc<Account>,
    /// How they proved it.
    pub method: AuthMethod,
    /// Which of the account's applications calls, if one does.
    pub application: Option<ApplicationId>,
    /// What must not be used again once the request was carried out.
    pub replay: Option<ReplayKey>,
}

impl Engine {
    /// Judges who calls at `now`, among the customers of `dialect`.
    ///
    /// # Errors
    /// [`Refusal::BadCredentials`] for an unknown key and for a wrong secret alike, [`Refusal::InvalidSignature`]; what the
    /// account's policy refuses;
    /// [`Refusal::AccountBarred`] for a suspended account that proved itself, [`Refusal::HttpNotAllowed`] for one that may not
    /// send by HTTP.
    pub(crate) fn judge(&self, dialect: &str, claim: &Claim, now: Timestamp) -> Result<Caller, Refusal> {
        let (entry, replay) = match claim {
            Claim::KeyAndSecret { key, secret, .. } => (self.directory.with_secret(dialect, key, secret)?, None),
            Claim::Signed(signed) => {
                let entry = self.directory.by_key(dialect, signed.key()).ok_or(Refusal::BadCredentials)?;
                let replay = verify(&**signed, &entry, now).map_err(|_| Refusal::InvalidSignature)?;
                (entry, Some(replay))
            }
            // No application has keys yet.
            Claim::Token(_) => return Err(Refusal::BadCredentials),
        };
        let account = Arc::clone(&entry.account);
        let method = claim.method();
        let signed_by = (method == AuthMethod::Signature).then_some(account.signing.method);
        account.policy.judge_use(KeyUse { method, signed_by, source: None })?;
        standing(&account)?;
        Ok(Caller { account, method, application: None, replay })
    }
}

fn verify(signed: &dyn SignedRequest, entry: &Entry, now: Timestamp) -> Result<ReplayKey, SignatureFault> {
    let secrets = std::slice::from_ref(&entry.signature_secret);
    let keys = SigningKeys { secrets, method: entry.account.signing.method, compat: Compat::On, now };
    signed.verify(&keys).map(|verified| verified.replay)
}

/// Whether the account may do anything at all.
fn standing(account: &Account) -> Result<(), Refusal> {
    match (account.status, account.rules.access) {
        (AccountStatus::Active, Access::Http) => Ok(()),
        (AccountStatus::Suspended, _) => Err(Refusal::AccountBarred),
        (AccountStatus::Active, Access::SmppOnly) => Err(Refusal::HttpNotAllowed),
    }
}
