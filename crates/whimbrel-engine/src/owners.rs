//! Owners of accounts outside a vendor's API: they prove themselves by what their account has anyway, and their key's policy holds.

use std::sync::Arc;

use whimbrel_core::{Account, KeyMode, Refusal, Scope};
use whimbrel_dialects::Claim;

use crate::Engine;
use crate::authenticate::{Caller, Origin};

impl Engine {
    /// The account of the owner who calls, if it may ask for that kind of thing now.
    ///
    /// # Errors
    /// As for a request through a vendor's API: who calls, the key's policy, the account's rate, then the scope.
    pub async fn owner(
        &self,
        dialect: &'static str,
        claim: &Claim,
        origin: Origin,
        scope: Scope,
    ) -> Result<Arc<Account>, Refusal> {
        let now = self.world.now();
        let judged = self.authenticate(dialect, claim, origin, now).await;
        if matches!(judged, Err(Refusal::BadCredentials | Refusal::InvalidSignature)) {
            metrics::counter!("whimbrel_auth_failures_total", "dialect" => dialect).increment(1);
        }
        let Caller { account, mode, .. } = judged?;
        self.within_rate(&account, now)?;
        account.policy.judge_scope(scope)?;
        // A key for trying out is handed around more freely than one for real messages, and must not lead to one.
        if mode == KeyMode::Test && scope != Scope::Read {
            return Err(Refusal::ScopeNotAllowed { scope });
        }
        Ok(account)
    }
}
