//! Numbers for sale, and their way to accounts and back.

use whimbrel_core::call::numbers::{Features, NumberKind, NumberSettings, NumbersRefusal};
use whimbrel_core::{AccountId, CountryCode, Money, Timestamp};

/// A change of the pool, or of a number that came out of it.
#[derive(Debug, Clone)]
pub enum PoolOp {
    /// Put numbers up for sale. One that is there already gets the new terms; one that somebody owns is for sale once it is free.
    Offer {
        /// The numbers, each once.
        offers: Vec<Offer>,
        /// When.
        at: Timestamp,
    },
    /// Take a number out of the pool. Whoever owns it keeps it.
    Withdraw {
        /// Digits without a plus, or a short code.
        number: Box<str>,
        /// When.
        at: Timestamp,
    },
    /// Sell a number: the price is taken and the number given, or neither.
    Buy(Deal),
    /// Give a number back. Nothing is paid back.
    Cancel(Deal),
    /// Change what a number does.
    Set(Deal, Box<NumberSettings>),
}

/// Something between one account and one number.
#[derive(Debug, Clone)]
pub struct Deal {
    /// The id of the operation; of a purchase, its own. Twice is once.
    pub id: i64,
    /// Whose account.
    pub account_id: AccountId,
    /// Digits without a plus, or a short code.
    pub number: Box<str>,
    /// The country that the account takes it to be of: another one is refused.
    pub country: CountryCode,
    /// The country of its prefix, for numbers that were given to an account without naming one.
    pub presumed: Option<CountryCode>,
    /// When.
    pub at: Timestamp,
}

/// A number with its terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Digits without a plus, or a short code.
    pub number: Box<str>,
    /// Its country.
    pub country: CountryCode,
    /// What it is.
    pub kind: NumberKind,
    /// What it can do.
    pub features: Features,
    /// What is named as its price for a month; not negative.
    pub monthly: Money,
    /// What a purchase costs, all of it; not negative, in the same currency.
    pub purchase: Money,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolDone {
    /// So many numbers are in the pool with these terms.
    Offered(usize),
    /// The number was in the pool, or was not.
    Withdrawn {
        /// Whether it was.
        was_there: bool,
    },
    /// The number has this owner now.
    Owner(Option<AccountId>),
    /// Nothing was done.
    Refused(NumbersRefusal),
}
