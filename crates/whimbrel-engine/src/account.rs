//! What an account asks about itself: its balance, an arranged payment, its settings.

use std::sync::Arc;

use whimbrel_core::call::account::{AccountCall, AccountOutcome, AccountRefusal, Reload, Settings, SettingsChange};
use whimbrel_core::{Account, AccountId, EndpointKind, Money, Outcome, Refusal};
use whimbrel_dialects::Dialect;
use whimbrel_store::{AccountPatch, Op, OpResult, ReloadDone, ReloadOp};

use crate::Engine;
use crate::url_test::UrlTest;

impl Engine {
    /// Carries out such a request.
    pub(crate) async fn account_call(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        account: &Arc<Account>,
        call: AccountCall,
    ) -> Outcome {
        let outcome = match call {
            AccountCall::Balance => self.balance(account).await,
            AccountCall::TopUp { reference } => self.call_up(account, reference).await,
            AccountCall::Settings(change) => self.change_settings(dialect, account, change).await,
        };
        outcome.map_or_else(Outcome::Refused, Outcome::Account)
    }

    /// What an account can still spend.
    pub(crate) async fn balance_of(&self, id: AccountId) -> Result<Money, Refusal> {
        let view = self.look(move |store| store.account(id)).await?.ok_or(Refusal::Internal)?;
        Ok(view.wallet.available())
    }

    async fn balance(&self, account: &Account) -> Result<AccountOutcome, Refusal> {
        let id = account.id;
        let view = self.look(move |store| store.account(id)).await?.ok_or(Refusal::Internal)?;
        let reload = if view.reload.is_some() { Reload::Arranged } else { Reload::None };
        let wallet = view.wallet;
        Ok(AccountOutcome::Balance { available: wallet.available(), buckets: wallet.buckets(), reload })
    }

    async fn call_up(&self, account: &Account, reference: Box<str>) -> Result<AccountOutcome, Refusal> {
        let world = &self.world;
        let take = ReloadOp::Take { id: world.next_id(), account_id: account.id, reference, at: world.now() };
        match self.ask(Op::Reload(take), |_| {}).await? {
            OpResult::Reload(ReloadDone::Taken(_)) => Ok(AccountOutcome::ToppedUp),
            OpResult::Reload(ReloadDone::Refused(refusal)) => Ok(AccountOutcome::Refused(refusal)),
            other => Err(odd(&other)),
        }
    }

    /// Tests the URLs that are new, then stores both or neither.
    async fn change_settings(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        account: &Arc<Account>,
        change: SettingsChange,
    ) -> Result<AccountOutcome, Refusal> {
        let wanted = [(EndpointKind::Inbound, change.inbound_url), (EndpointKind::Receipt, change.receipt_url)];
        let mut endpoints = Vec::new();
        for (kind, url) in wanted {
            let Some(url) = url else { continue };
            let is_new = account.endpoint(kind).map_or("", |endpoint| &endpoint.url) != &*url;
            if is_new && !url.is_empty() {
                match self.test_url(dialect, account.id, &url).await {
                    UrlTest::Passed => {}
                    UrlTest::Failed => return Ok(AccountOutcome::Refused(AccountRefusal::EndpointUnreachable)),
                    UrlTest::Busy => return Err(Refusal::Overloaded),
                }
            }
            if is_new {
                endpoints.push((kind, url));
            }
        }
        if endpoints.is_empty() {
            return Ok(AccountOutcome::Settings(shown(account)));
        }
        let patch = AccountPatch::endpoints(account.id, self.world.now(), endpoints);
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| {
            if let OpResult::Account(account) = result {
                engine.directory.update((**account).clone());
            }
        };
        match self.ask(Op::PatchAccount(Box::new(patch)), changed).await? {
            OpResult::Account(account) => Ok(AccountOutcome::Settings(shown(&account))),
            other => Err(odd(&other)),
        }
    }
}

/// An answer of the store that does not belong to the operation.
pub(crate) fn odd(result: &OpResult) -> Refusal {
    match result {
        OpResult::Failed(why) => tracing::error!(why = &**why, "a change could not be stored; report this as a bug"),
        _ => tracing::error!("the store gave another operation's answer; report this as a bug"),
    }
    Refusal::Internal
}

fn shown(account: &Account) -> Settings {
    let url = |kind| account.endpoint(kind).map_or_else(Box::default, |endpoint| endpoint.url.clone());
    Settings {
        inbound_url: url(EndpointKind::Inbound),
        receipt_url: url(EndpointKind::Receipt),
        requests_per_second_max: account.rules.requests_per_second_max,
    }
}
