//! Owners of accounts outside a vendor's API: they prove themselves by what their account has anyway, and their key's policy holds.

use std::sync::{Arc, PoisonError};

use whimbrel_core::policy::{KeyUse, Signable};
use whimbrel_core::{
    Access, Account, AccountId, AccountStatus, AuthMethod, KeyMode, Refusal, RequestRate, Scope, SecretId,
};
use whimbrel_dialects::Claim;

use crate::Engine;
use crate::authenticate::{Caller, Origin};
use crate::limiter::Requester;

/// What those who signed in as owners of one account may ask for together: several people who click as fast as they can, and no more.
const PAGE_RATE: RequestRate = RequestRate { per_second_max: 20, burst_max: 300 };

/// An owner who proved who they are and need not do so again for a while. It ends with any of the secrets that the account had then:
/// which of them was shown is not remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInOwner {
    /// Whose account it is.
    pub account_id: AccountId,
    method: AuthMethod,
    secrets: Box<[SecretId]>,
}

impl Engine {
    /// The account of the owner who calls, if it may ask for that kind of thing now, and what its key is for.
    ///
    /// # Errors
    /// As for a request through a vendor's API: who calls, the key's policy, the account's rate, then the scope.
    pub async fn owner(
        &self,
        dialect: &'static str,
        claim: &Claim,
        origin: Origin,
        scope: Scope,
    ) -> Result<(Arc<Account>, KeyMode), Refusal> {
        let now = self.world.now();
        let judged = self.authenticate(dialect, claim, origin, now).await;
        if matches!(judged, Err(Refusal::BadCredentials | Refusal::InvalidSignature)) {
            metrics::counter!("whimbrel_auth_failures_total", "dialect" => dialect).increment(1);
        }
        let caller = judged?;
        if let Err(refusal) = self.within_rate(&caller, now) {
            self.hold_back(&refusal).await;
            return Err(refusal);
        }
        let Caller { account, mode, .. } = caller;
        account.policy.judge_scope(scope)?;
        // A key for trying out is handed around more freely than one for real messages, and must not lead to one.
        if mode == KeyMode::Test && scope != Scope::Read {
            return Err(Refusal::ScopeNotAllowed { scope });
        }
        Ok((account, mode))
    }

    /// Lets an owner sign in, as [`owner`](Self::owner) judges a request that reads. A key for trying out does not sign in.
    ///
    /// # Errors
    /// As [`owner`](Self::owner).
    pub async fn sign_in_owner(
        &self,
        dialect: &'static str,
        claim: &Claim,
        origin: Origin,
    ) -> Result<(Arc<Account>, SignedInOwner), Refusal> {
        let (account, mode) = self.owner(dialect, claim, origin, Scope::Read).await?;
        if mode == KeyMode::Test {
            return Err(Refusal::ScopeNotAllowed { scope: Scope::Account });
        }
        let entry = self.directory.by_id(account.id).ok_or(Refusal::BadCredentials)?;
        let secrets = entry.secrets.iter().map(|live| live.known.id).collect();
        let owner = SignedInOwner { account_id: account.id, method: claim.method(), secrets };
        Ok((account, owner))
    }

    /// The account of an owner who signed in, if what they proved themselves by is still good and the policy lets them ask for that.
    ///
    /// # Errors
    /// [`Refusal::BadCredentials`] if a secret that the account had then was revoked; else as [`owner`](Self::owner), but for the rate:
    /// looking at pages takes nothing from the account's applications, and has a rate of its own
    /// ([`within_page_rate`](Self::within_page_rate)).
    pub fn owner_again(
        &self,
        owner: &SignedInOwner,
        origin: Origin,
        scope: Scope,
        signable: Signable,
    ) -> Result<Arc<Account>, Refusal> {
        let entry = self.directory.by_id(owner.account_id).ok_or(Refusal::BadCredentials)?;
        if owner.secrets.iter().any(|id| entry.secrets.iter().all(|live| live.known.id != *id)) {
            return Err(Refusal::BadCredentials);
        }
        let account = Arc::clone(&entry.account);
        let use_of_key = KeyUse { signable, method: owner.method, signed_by: None, source: origin.address };
        account.policy.judge_use(use_of_key)?;
        match (account.status, account.rules.access) {
            (AccountStatus::Active, Access::Http) => {}
            (AccountStatus::Suspended, _) => return Err(Refusal::AccountBarred),
            (AccountStatus::Active, Access::SmppOnly) => return Err(Refusal::HttpNotAllowed),
        }
        account.policy.judge_scope(scope)?;
        Ok(account)
    }

    /// Counts a request of somebody who signed in as an owner of that account: all of them together have [`PAGE_RATE`].
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`].
    pub fn within_page_rate(&self, account: AccountId) -> Result<(), Refusal> {
        let mut requests = self.page_requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.take(Requester { account, key: None }, PAGE_RATE, self.world.now()).map_err(Refusal::TooManyRequests)
    }
}
