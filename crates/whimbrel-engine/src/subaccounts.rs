//! Accounts that customers make below their own, and calls on behalf of them.
//!
//! A subaccount is an account with a wallet, numbers, hooks and credentials of its own. Whoever calls on its behalf shows a key of the
//! account above, whose policy, rate and nonces count.

use std::sync::Arc;

use whimbrel_core::call::subaccounts::{Subaccount, SubaccountsCall, SubaccountsOutcome};
use whimbrel_core::{
    Account, AccountId, AccountRules, AccountStatus, KeyMode, Money, Refusal, Secret, SecretRole, Serial,
};
use whimbrel_dialects::Dialect;
use whimbrel_store::{
    NewAccount, NewSecret, Op, OpResult, Refill, SubaccountChange, SubaccountDone, SubaccountOp, SubaccountView,
};

use crate::Engine;
use crate::account::odd;
use crate::authenticate::Caller;
use crate::secrets::VERIFIER_TRIES_MAX;

/// Subaccounts that an account may have. All of them are shown by one answer.
const SUBACCOUNTS_MAX: u32 = 1_000;

impl Engine {
    /// Carries out a call about subaccounts.
    pub(crate) async fn subaccounts_call(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        account: &Arc<Account>,
        call: SubaccountsCall,
    ) -> Result<SubaccountsOutcome, Refusal> {
        let change = match call {
            SubaccountsCall::List { only } => return self.subaccounts_of(account, only).await,
            SubaccountsCall::Make { name, email } => return self.make_subaccount(dialect, account, name, email).await,
            SubaccountsCall::Credit { number, amount } => (number, SubaccountChange::Credit { amount }),
            SubaccountsCall::Refill { number, threshold, amount } => {
                (number, SubaccountChange::Refill(Refill { threshold, amount }))
            }
            SubaccountsCall::End { number } => (number, SubaccountChange::End),
        };
        let ((number, change), world) = (change, &self.world);
        let op = SubaccountOp::Change { id: world.next_id(), parent: account.id, number, change, at: world.now() };
        self.change_subaccount(account.id, number, op).await
    }

    async fn subaccounts_of(&self, account: &Account, only: Option<Serial>) -> Result<SubaccountsOutcome, Refusal> {
        let id = account.id;
        let views = self.look(move |store| store.subaccounts(Some(id))).await?;
        let wanted = views.into_iter().filter(|view| only.is_none_or(|only| only == view.number));
        Ok(SubaccountsOutcome::Listed(wanted.map(shown).collect()))
    }

    async fn make_subaccount(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        parent: &Arc<Account>,
        name: Box<str>,
        email: Box<str>,
    ) -> Result<SubaccountsOutcome, Refusal> {
        let (number, at) = (self.next_serial(), self.world.now());
        let usual = &dialect.descriptor().new_accounts;
        // Whom it may write to and as whom is judged by the account above as well, with that one's lists; its other rules are handed down.
        let rules = AccountRules { recipients: usual.rules.recipients, senders: usual.rules.senders, ..parent.rules };
        let account = Account {
            id: AccountId(self.world.next_id()),
            key: format!("{}-{}", parent.key, number.0).into(),
            name: name.clone(),
            status: AccountStatus::Active,
            endpoints: Vec::new(),
            rules,
            otp: Default::default(),
            policy: Default::default(),
            lists: Arc::default(),
            ..(**parent).clone()
        };
        let made = Subaccount {
            number,
            key: account.key.clone(),
            name,
            email: email.clone(),
            available: Money::new(0, account.currency),
            spent: Money::new(0, account.currency),
            threshold: Money::new(0, account.currency),
            amount: Money::new(0, account.currency),
        };
        let random = || self.world.random();
        // Nobody is shown it: whoever is to have a key of their own is given one by the operator.
        let (secret, role) = match &dialect.descriptor().secret_keys {
            Some(form) => (form.make(KeyMode::Live, random), SecretRole::Key(KeyMode::Live)),
            None => (unguessable(random), SecretRole::Half),
        };
        let signature_secret = unguessable(random);
        for _ in 0..VERIFIER_TRIES_MAX {
            let secret = NewSecret { id: self.new_secret_id(), role, verifier: self.keyring.verifier(&secret) };
            let new = Box::new(NewAccount {
                account: account.clone(),
                dialect: dialect.descriptor().id.into(),
                secrets: vec![secret],
                signature_secret: signature_secret.clone(),
                at,
            });
            let (parent, email) = (parent.id, email.clone());
            let op = SubaccountOp::Make { parent, number, email, new, count_max: SUBACCOUNTS_MAX };
            match self.change_subaccount(parent, number, op).await? {
                SubaccountsOutcome::Done => return Ok(SubaccountsOutcome::Made(Box::new(made))),
                SubaccountsOutcome::Refused(why) => return Ok(SubaccountsOutcome::Refused(why)),
                // The key was given up between the digest and the commit: it is made anew.
                SubaccountsOutcome::Listed(_) | SubaccountsOutcome::Made(_) => {}
            }
        }
        Err(Refusal::Internal)
    }

    /// Commits a change; requests are judged by it as soon as this returns.
    async fn change_subaccount(
        self: &Arc<Self>,
        parent: AccountId,
        number: Serial,
        op: SubaccountOp,
    ) -> Result<SubaccountsOutcome, Refusal> {
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| match result {
            OpResult::Subaccount(SubaccountDone::Made(credential)) => {
                engine.directory.put_subaccount(parent, number, credential.account.id);
                engine.note_secrets(&OpResult::Credential(credential.clone()));
            }
            OpResult::Subaccount(SubaccountDone::Ended(account)) => {
                engine.directory.remove_subaccount(parent, number);
                engine.directory.update((**account).clone());
            }
            _ => {}
        };
        match self.ask(Op::Subaccount(op), changed).await? {
            OpResult::Subaccount(SubaccountDone::Refused(why)) => Ok(SubaccountsOutcome::Refused(why)),
            OpResult::Subaccount(_) => Ok(SubaccountsOutcome::Done),
            OpResult::KeyGone => Ok(SubaccountsOutcome::Listed(Vec::new())),
            other => Err(odd(&other)),
        }
    }

    /// Who calls on behalf of a subaccount; the account above it proved itself.
    ///
    /// # Errors
    /// [`Refusal::FacilityNotAllowed`] if the account has none of that number: another account's is as unknown as none.
    pub(crate) fn on_behalf(&self, caller: Caller, number: Serial) -> Result<Caller, Refusal> {
        let found = self.directory.subaccount(caller.by.id, number).and_then(|id| self.directory.by_id(id));
        let entry = found.ok_or(Refusal::FacilityNotAllowed)?;
        match entry.account.status {
            AccountStatus::Active => Ok(Caller { account: Arc::clone(&entry.account), ..caller }),
            AccountStatus::Suspended => Err(Refusal::FacilityNotAllowed),
        }
    }
}

fn unguessable(random: impl Fn() -> u64) -> Secret {
    Secret::new(format!("{:016x}{:016x}", random(), random()))
}

fn shown(view: SubaccountView) -> Subaccount {
    let SubaccountView { number, email, refill, spent, account, .. } = view;
    let (available, currency) = (account.wallet.available(), account.account.currency);
    Subaccount {
        number,
        key: account.account.key,
        name: account.account.name,
        email,
        available,
        spent,
        threshold: Money::new(refill.threshold, currency),
        amount: Money::new(refill.amount, currency),
    }
}
