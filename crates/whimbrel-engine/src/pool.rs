//! The pool of numbers and arranged payments, as operators change them.

use std::sync::Arc;

use whimbrel_core::{AccountId, Money};
use whimbrel_store::{Offer, Op, OpResult, PoolDone, PoolOp, Reload, ReloadDone, ReloadOp};

use crate::Engine;
use crate::accounts::AccountError;
use crate::lists::{ListError, unexpected};

/// Numbers in one change, at most.
pub const OFFERS_MAX: usize = 1_000;

/// A payment that an account may call up.
#[derive(Debug)]
pub struct NewReload {
    /// Whose.
    pub account_id: AccountId,
    /// What the account must name.
    pub reference: Box<str>,
    /// What is paid in each time.
    pub amount: Money,
    /// How many times.
    pub times: u32,
}

impl Engine {
    /// Puts numbers up for sale; those that are there get the new terms. At most [`OFFERS_MAX`] at once.
    ///
    /// # Errors
    /// [`ListError`]; nothing was changed.
    pub async fn offer_numbers(self: &Arc<Self>, offers: Vec<Offer>) -> Result<usize, ListError> {
        let at = self.world.now();
        match self.change(Op::Pool(PoolOp::Offer { offers, at }), |_| {}).await.map_err(ListError::Commit)? {
            Some(OpResult::Pool(PoolDone::Offered(count))) => Ok(count),
            other => Err(unexpected(other)),
        }
    }

    /// Takes a number out of the pool; whoever owns it keeps it. Answers whether it was there.
    ///
    /// # Errors
    /// [`ListError`]; nothing was changed.
    pub async fn withdraw_number(self: &Arc<Self>, number: &str) -> Result<bool, ListError> {
        let (number, at) = (crate::own_number(number)?, self.world.now());
        match self.change(Op::Pool(PoolOp::Withdraw { number, at }), |_| {}).await.map_err(ListError::Commit)? {
            Some(OpResult::Pool(PoolDone::Withdrawn { was_there })) => Ok(was_there),
            other => Err(unexpected(other)),
        }
    }

    /// Arranges a payment that an account may call up, in the place of one before it.
    ///
    /// # Errors
    /// [`AccountError`]; nothing was changed.
    pub async fn arrange_reload(self: &Arc<Self>, reload: NewReload) -> Result<(), AccountError> {
        let NewReload { account_id, reference, amount, times } = reload;
        let reload = Reload { account_id, reference, amount, times_left: times, at: self.world.now() };
        self.reload_changed(ReloadOp::Arrange(reload)).await
    }

    /// Ends what was arranged; without an arrangement nothing changes.
    ///
    /// # Errors
    /// [`AccountError`]; nothing was changed.
    pub async fn end_reload(self: &Arc<Self>, account_id: AccountId) -> Result<(), AccountError> {
        self.reload_changed(ReloadOp::End { account_id, at: self.world.now() }).await
    }

    async fn reload_changed(&self, op: ReloadOp) -> Result<(), AccountError> {
        match self.change(Op::Reload(op), |_| {}).await.map_err(AccountError::Commit)? {
            Some(OpResult::Reload(ReloadDone::Arranged)) => Ok(()),
            Some(OpResult::Reload(ReloadDone::Impossible)) => {
                Err(AccountError::Refused(whimbrel_store::AccountRefused::Amount))
            }
            Some(OpResult::Failed(why)) => Err(AccountError::Bug(why)),
            _ => Err(AccountError::Bug("an answer of another kind".into())),
        }
    }
}
