//! Payments that the operator arranged and an account may call up by itself.

use whimbrel_core::call::account::AccountRefusal;
use whimbrel_core::{AccountId, Money, Timestamp};

use super::Wallet;

/// A change of an arrangement, or a payment by it.
#[derive(Debug, Clone)]
pub enum ReloadOp {
    /// Arrange payments, in the place of an arrangement before it.
    Arrange(Reload),
    /// End the arrangement; without one, nothing changes.
    End {
        /// Whose.
        account_id: AccountId,
        /// When.
        at: Timestamp,
    },
    /// Pay in once.
    Take {
        /// The id of the operation: twice pays once.
        id: i64,
        /// Whose.
        account_id: AccountId,
        /// The reference that the account names.
        reference: Box<str>,
        /// When.
        at: Timestamp,
    },
}

/// An arrangement. References may be secrets between operator and customer: `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Reload {
    /// Whose.
    pub account_id: AccountId,
    /// What the account must name.
    pub reference: Box<str>,
    /// What is paid in each time; positive, in the account's currency.
    pub amount: Money,
    /// How many times more.
    pub times_left: u32,
    /// When it was arranged or changed last.
    pub at: Timestamp,
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload")
            .field("account_id", &self.account_id)
            .field("amount", &self.amount)
            .field("times_left", &self.times_left)
            .finish_non_exhaustive()
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadDone {
    /// It stands as asked for.
    Arranged,
    /// Paid in; the wallet after it.
    Taken(Wallet),
    /// Nothing was paid.
    Refused(AccountRefusal),
    /// There is no such account, or the amount cannot be.
    Impossible,
}
