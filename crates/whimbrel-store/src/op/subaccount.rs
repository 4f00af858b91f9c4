//! Accounts that a customer makes below its own: they are accounts like others, and money moves between them and the one above.

use whimbrel_core::call::subaccounts::SubaccountsRefusal;
use whimbrel_core::{Account, AccountId, Serial, Timestamp};

use super::NewAccount;
use crate::view::Credential;

/// A change of the subaccounts of an account.
#[derive(Debug, Clone)]
pub enum SubaccountOp {
    /// Make one.
    Make {
        /// The account above it.
        parent: AccountId,
        /// The number by which that names it, new.
        number: Serial,
        /// Where its owner can be reached.
        email: Box<str>,
        /// It.
        new: Box<NewAccount>,
        /// How many the account above may have.
        count_max: u32,
    },
    /// Change one.
    Change {
        /// The id of the operation. Twice is once.
        id: i64,
        /// The account above it.
        parent: AccountId,
        /// Which.
        number: Serial,
        /// How.
        change: SubaccountChange,
        /// When.
        at: Timestamp,
    },
}

/// What becomes of a subaccount. Amounts are in units of the currency, and not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubaccountChange {
    /// So much is moved to it from the account above.
    Credit {
        /// More than nothing.
        amount: i64,
    },
    /// So much is moved to it from now on whenever less than that is left, as long as the account above has it.
    Refill(Refill),
    /// It is suspended, what was paid in and is left goes to the account above, and it is listed no more.
    End,
}

/// When money is moved to a subaccount by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refill {
    /// When less than so many units are left.
    pub threshold: i64,
    /// So many units; 0: never.
    pub amount: i64,
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum SubaccountDone {
    /// It was made; all that its requests are judged by.
    Made(Box<Credential>),
    /// It was changed.
    Changed,
    /// It ended; the account as it is now.
    Ended(Box<Account>),
    /// Nothing was done.
    Refused(SubaccountsRefusal),
}
