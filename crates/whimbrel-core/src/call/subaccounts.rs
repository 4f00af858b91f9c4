//! Accounts that a customer makes below its own.

use crate::id::Serial;
use crate::money::Money;

/// A request about the subaccounts of the account that calls.
#[derive(Clone, PartialEq, Eq)]
pub enum SubaccountsCall {
    /// All of them, or the one, in the order of their numbers.
    List {
        /// Only that.
        only: Option<Serial>,
    },
    /// Make one.
    Make {
        /// For people.
        name: Box<str>,
        /// Where its owner can be reached.
        email: Box<str>,
    },
    /// Move money to one, at once.
    Credit {
        /// Which.
        number: Serial,
        /// How much, in units of the account's currency; more than nothing.
        amount: i64,
    },
    /// Move money to one whenever less is left than a threshold.
    Refill {
        /// Which.
        number: Serial,
        /// In units of the account's currency, not negative.
        threshold: i64,
        /// How much, in the same; 0: never.
        amount: i64,
    },
    /// Give one up.
    End {
        /// Which.
        number: Serial,
    },
}

/// Names and addresses are not shown.
impl std::fmt::Debug for SubaccountsCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::List { only } => write!(f, "List({only:?})"),
            Self::Make { .. } => f.write_str("Make"),
            Self::Credit { number, amount } => write!(f, "Credit({number:?}, {amount})"),
            Self::Refill { number, threshold, amount } => write!(f, "Refill({number:?}, {threshold}, {amount})"),
            Self::End { number } => write!(f, "End({number:?})"),
        }
    }
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubaccountsOutcome {
    /// Those asked for.
    Listed(Vec<Subaccount>),
    /// It was made.
    Made(Box<Subaccount>),
    /// It was changed, or is gone.
    Done,
    /// Nothing was done.
    Refused(SubaccountsRefusal),
}

/// A subaccount as the account above it sees it. `Debug` shows its number and money.
#[derive(Clone, PartialEq, Eq)]
pub struct Subaccount {
    /// The name by which it is called.
    pub number: Serial,
    /// The name of its credentials.
    pub key: Box<str>,
    /// For people.
    pub name: Box<str>,
    /// Where its owner can be reached.
    pub email: Box<str>,
    /// What it can still spend.
    pub available: Money,
    /// What it spent, ever.
    pub spent: Money,
    /// When less than this is left..
    pub threshold: Money,
    /// ..so much is moved to it; 0: nothing is.
    pub amount: Money,
}

impl std::fmt::Debug for Subaccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subaccount")
            .field("number", &self.number)
            .field("available", &self.available)
            .finish_non_exhaustive()
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubaccountsRefusal {
    /// The account has none of that number.
    Unknown,
    /// The account has as many as it may have.
    TooMany {
        /// So many.
        count_max: u32,
    },
    /// The account is one below another: it has none of its own.
    IsBelow,
    /// The account has less than that, or the subaccount cannot have so much.
    Funds,
}
