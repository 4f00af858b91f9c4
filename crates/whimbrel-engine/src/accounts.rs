//! Accounts and wallets, as operators change them.

use std::sync::Arc;

use tokio::sync::oneshot;
use whimbrel_core::{Account, AccountId, Bucket, CarrierId, Money, Refusal, Secret, SecretRole, Timestamp};
use whimbrel_store::{AccountPatch, AccountRefused, NewAccount, NewSecret, Op, OpResult, TopUp, Wallet};

use crate::Engine;
use crate::batcher::{CommitError, Continuation};
use crate::secrets::VERIFIER_TRIES_MAX;

/// A customer to make an account for.
#[derive(Debug)]
pub struct NewCustomer {
    /// The account with its number and key.
    pub account: Account,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// The secret that authenticates it. We made it: it is kept as a digest.
    pub secret: Secret,
    /// What that secret is for.
    pub role: SecretRole,
    /// The secret that signs.
    pub signature_secret: Secret,
    /// Free credit to begin with, in the account's currency; given in the same commit.
    pub free_credit: Option<Money>,
}

/// Why an account or a wallet did not change.
#[derive(Debug, Clone)]
pub enum AccountError {
    /// The store said no.
    Refused(AccountRefused),
    /// The store could not be written.
    Commit(CommitError),
    /// A fault of ours.
    Bug(Box<str>),
}

impl std::fmt::Display for AccountError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(AccountRefused::KeyTaken) => f.write_str("another account has that key: choose another one"),
            Self::Refused(AccountRefused::Unknown) => f.write_str("there is no such account"),
            Self::Refused(AccountRefused::Amount) => f.write_str(
                "the amount must be positive, in the account's currency, and leave the balance below 92 billion",
            ),
            Self::Refused(AccountRefused::CauseTaken) => f.write_str(
                "a payment with that reference and another amount was taken before: nothing was paid; give it another reference",
            ),
            Self::Commit(error) => error.fmt(f),
            Self::Bug(why) => write!(f, "the store answered with something else ({why}): report this as a bug"),
        }
    }
}

impl std::error::Error for AccountError {}

impl Engine {
    /// Makes an account; it can send as soon as this returns.
    ///
    /// # Errors
    /// [`AccountError`]; nothing was made.
    pub async fn create_account(self: &Arc<Self>, customer: NewCustomer) -> Result<Account, AccountError> {
        let id = self.new_secret_id();
        let at = self.world.now();
        for _ in 0..VERIFIER_TRIES_MAX {
            let secret = NewSecret { id, role: customer.role, verifier: self.keyring.verifier(&customer.secret) };
            let op = Op::NewAccount(Box::new(NewAccount {
                account: customer.account.clone(),
                dialect: customer.dialect.clone(),
                secrets: vec![secret],
                signature_secret: customer.signature_secret.clone(),
                at,
            }));
            let credit = customer.free_credit.map(|amount| welcome(customer.account.id, amount, at));
            match self.commit_account(std::iter::once(op).chain(credit).collect()).await? {
                Some(OpResult::Credential(credential)) => return Ok(credential.account),
                Some(OpResult::AccountRefused(why)) => return Err(AccountError::Refused(why)),
                // The key was given up between the digest and the commit: it is made anew.
                Some(OpResult::KeyGone) => {}
                Some(other) => return Err(unexpected(other)),
                None => return Err(AccountError::Bug("no answer".into())),
            }
        }
        Err(AccountError::Bug("keys change all the time".into()))
    }

    /// Commits the operations that make an account, and answers the first.
    async fn commit_account(self: &Arc<Self>, ops: Vec<Op>) -> Result<Option<OpResult>, AccountError> {
        let engine = Arc::clone(self);
        let (answer, answered) = oneshot::channel();
        let then = move |result: Result<Vec<OpResult>, CommitError>| {
            let made = result.map(|results| {
                results.iter().for_each(|result| engine.note_secrets(result));
                results.into_iter().next()
            });
            _ = answer.send(made);
        };
        self.batcher.push_settling(ops, Box::new(then));
        answered.await.unwrap_or(Err(CommitError::Closed)).map_err(AccountError::Commit)
    }

    /// Changes an account; requests are judged by the change as soon as this returns.
    ///
    /// # Errors
    /// [`AccountError`]; nothing was changed.
    pub async fn patch_account(self: &Arc<Self>, patch: AccountPatch) -> Result<Account, AccountError> {
        let engine = Arc::clone(self);
        let update = move |account: &Account| engine.directory.update(account.clone());
        match self.one(Op::PatchAccount(Box::new(patch)), update).await? {
            OpResult::Account(account) => Ok(*account),
            other => Err(unexpected(other)),
        }
    }

    /// Puts money into a wallet; the same cause again changes nothing.
    ///
    /// # Errors
    /// [`AccountError`]; nothing was paid.
    pub async fn top_up(self: &Arc<Self>, top_up: TopUp) -> Result<Wallet, AccountError> {
        match self.one(Op::TopUp(top_up), |_| {}).await? {
            OpResult::Wallet(wallet) => Ok(wallet),
            other => Err(unexpected(other)),
        }
    }

    async fn one(&self, op: Op, changed: impl FnOnce(&Account) + Send + 'static) -> Result<OpResult, AccountError> {
        let changed = move |result: &OpResult| {
            if let OpResult::Account(account) = result {
                changed(account);
            }
        };
        match self.change(op, changed).await.map_err(AccountError::Commit)? {
            Some(OpResult::AccountRefused(why)) => Err(AccountError::Refused(why)),
            Some(result) => Ok(result),
            None => Err(AccountError::Bug("no answer".into())),
        }
    }

    /// The number of a carrier's name; the same name always has the same one.
    ///
    /// # Errors
    /// [`AccountError`]; the name has no number then.
    pub async fn name_carrier(&self, name: &str) -> Result<CarrierId, AccountError> {
        match self.change(Op::NameCarrier { name: name.into() }, |_| {}).await.map_err(AccountError::Commit)? {
            Some(OpResult::Carrier(id)) => Ok(id),
            Some(other) => Err(unexpected(other)),
            None => Err(AccountError::Bug("no answer".into())),
        }
    }

    /// Commits `op`. `changed` runs on the writer thread, so that changes are seen in the order in which they were stored, and
    /// also if nobody waits for the answer any more.
    pub(crate) async fn change(
        &self,
        op: Op,
        changed: impl FnOnce(&OpResult) + Send + 'static,
    ) -> Result<Option<OpResult>, CommitError> {
        let (then, answered) = noticing(changed);
        self.batcher.push_settling(vec![op], then);
        Ok(answered.await.unwrap_or(Err(CommitError::Closed))?.pop())
    }

    /// The same for a customer's request, which is turned away if too much waits for the store.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`], or [`Refusal::Internal`] if the store cannot be written; nothing was changed.
    pub(crate) async fn ask(
        &self,
        op: Op,
        changed: impl FnOnce(&OpResult) + Send + 'static,
    ) -> Result<OpResult, Refusal> {
        let (then, answered) = noticing(changed);
        self.batcher.push(vec![op], then);
        let mut results = done(answered.await.unwrap_or(Err(CommitError::Closed)))?;
        results.pop().ok_or(Refusal::Internal)
    }

    /// The same for several operations, which are durable together.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) async fn ask_all(&self, ops: Vec<Op>) -> Result<Vec<OpResult>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.batcher.push(ops, Box::new(move |result| _ = answer.send(result)));
        done(answered.await.unwrap_or(Err(CommitError::Closed)))
    }
}

/// What a customer is told of a commit that failed.
fn done(results: Result<Vec<OpResult>, CommitError>) -> Result<Vec<OpResult>, Refusal> {
    results.map_err(|error| match error {
        CommitError::Full | CommitError::NoSpace(_) => Refusal::Overloaded,
        CommitError::Stopped(_) | CommitError::Closed => Refusal::Internal,
    })
}

/// The credit that an account begins with. Its cause makes it unique: an account has it once.
fn welcome(account_id: AccountId, amount: Money, at: Timestamp) -> Op {
    Op::TopUp(TopUp { account_id, amount, bucket: Bucket::FreeCredit, cause: "welcome".into(), at })
}

/// What runs after the commit of one operation, and where its answer comes.
fn noticing(
    changed: impl FnOnce(&OpResult) + Send + 'static,
) -> (Continuation, oneshot::Receiver<Result<Vec<OpResult>, CommitError>>) {
    let (answer, answered) = oneshot::channel();
    let then = move |result: Result<Vec<OpResult>, CommitError>| {
        if let Ok([result]) = result.as_deref() {
            changed(result);
        }
        _ = answer.send(result);
    };
    (Box::new(then), answered)
}

pub(crate) fn unexpected(result: OpResult) -> AccountError {
    match result {
        OpResult::Failed(why) => AccountError::Bug(why),
        _ => AccountError::Bug("an answer of another kind".into()),
    }
}
