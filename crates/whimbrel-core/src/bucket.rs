//! Where the money of a wallet came from: what was paid in, and credit that was given away.
//!
//! Credit is spent before money, and what a customer was given for nothing first. Which one a price came from is kept, so that it is
//! given back there. The order is ours: the APIs that show the three say nothing of it.

use crate::account::text_forms;
use crate::money::Money;

/// A part of a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Bucket {
    /// What was paid in.
    #[default]
    Balance,
    /// Credit that came with a payment.
    BonusCredit,
    /// Credit given away, such as to who signs up.
    FreeCredit,
}

text_forms! { Bucket { Balance = "balance", BonusCredit = "bonus_credit", FreeCredit = "free_credit" } }

/// What can still be spent, by bucket; all in one currency. The first may be below zero where an account may owe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Of what was paid in.
    pub balance: Money,
    /// Of bonus credit.
    pub bonus_credit: Money,
    /// Of free credit.
    pub free_credit: Money,
}
