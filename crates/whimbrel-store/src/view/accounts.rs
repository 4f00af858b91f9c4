//! Accounts: what they prove themselves by, what they have, what they did.

use whimbrel_core::call::numbers::SaleQuery;
use whimbrel_core::{Account, AccountId, Currency, Money, Secret, SecretId, SecretRole, Serial, Timestamp};

use crate::keyring::SecretVerifier;
use crate::op::{Offer, Refill, Reload, Wallet};

/// An account with what is needed to judge its requests.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The account.
    pub account: Account,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// What proves the secrets that authenticate it; at least one, the oldest first.
    pub secrets: Vec<KnownSecret>,
    /// The secrets that sign, unsealed.
    pub signature_secrets: SignatureSecrets,
}

/// What an account did on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageDay {
    /// Days since 1970, UTC: the day on which the messages were accepted, whenever their parts ended.
    pub day: i64,
    /// Messages that were accepted.
    pub messages: i64,
    /// Parts of them.
    pub parts: i64,
    /// Parts of them that were delivered.
    pub delivered: i64,
    /// Parts of them that expired, failed or were rejected.
    pub failed: i64,
    /// What the parts cost, without those that were given back.
    pub spent: Money,
}

/// Which days of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageFilter {
    /// Whose.
    pub account_id: AccountId,
    /// The first.
    pub from_day: i64,
    /// The one after the last.
    pub until_day: i64,
}

/// What an account did in the spans of a call; each side in the order of spans, then of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tallies {
    /// Messages, by the code of the network, the second mark, or all alike.
    pub sent: Vec<Tally>,
    /// Texts that came in, by who sent them, or all alike. They cost nothing.
    pub came_in: Vec<Tally>,
    /// How many of both were looked at for it, counted or not.
    pub looked_at: u64,
}

/// What is counted together. `Debug` leaves out the name: it may be a number, or chosen freely.
#[derive(Clone, PartialEq, Eq)]
pub struct Tally {
    /// The index of the span.
    pub span: usize,
    /// What it is told from others by; empty if by nothing.
    pub name: Box<str>,
    /// How many messages or texts.
    pub count: u64,
    /// What their parts cost, without those that were given back: units of the account's currency.
    pub spent: i64,
}

impl std::fmt::Debug for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tally")
            .field("span", &self.span)
            .field("count", &self.count)
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}

/// A secret that authenticates an account: what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSecret {
    /// Its name.
    pub id: SecretId,
    /// What it is for.
    pub role: SecretRole,
    /// When it was made or chosen.
    pub created_at: Timestamp,
    /// What proves it.
    pub verifier: SecretVerifier,
}

/// The secrets that sign an account's requests and webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureSecrets {
    /// The one to sign with.
    pub current: SignatureSecret,
    /// The one before it.
    pub previous: Option<EndingSecret>,
}

/// A secret that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureSecret {
    /// Its id in the store.
    pub id: i64,
    /// The secret.
    pub secret: Secret,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A signature secret that another one took the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingSecret {
    /// The secret.
    pub secret: SignatureSecret,
    /// Until when requests signed by it are good.
    pub ends_at: Timestamp,
}

impl SignatureSecrets {
    /// The secrets that a request may be signed by at `now`, the current one first.
    pub fn good_at(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        let previous = self.previous.iter().filter(move |previous| now < previous.ends_at);
        std::iter::once(&self.current.secret).chain(previous.map(|previous| &previous.secret.secret))
    }
}

/// An account with its wallet.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// Its money.
    pub wallet: Wallet,
    /// The payment that it may call up, if one is arranged.
    pub reload: Option<Reload>,
}

/// An account below another.
#[derive(Debug, Clone)]
pub struct SubaccountView {
    /// The account above it.
    pub parent: AccountId,
    /// The number by which that names it.
    pub number: Serial,
    /// Where its owner can be reached.
    pub email: Box<str>,
    /// When money is moved to it by itself.
    pub refill: Refill,
    /// What it spent, ever.
    pub spent: Money,
    /// It.
    pub account: AccountView,
}

/// Which numbers for sale.
#[derive(Debug, Clone)]
pub struct SaleFilter {
    /// What the customer wants.
    pub query: SaleQuery,
    /// The currency that it pays in.
    pub currency: Currency,
}

/// A number of the pool.
#[derive(Debug, Clone)]
pub struct PooledNumber {
    /// The number with its terms.
    pub offer: Offer,
    /// Who owns it now.
    pub owner: Option<AccountId>,
}
