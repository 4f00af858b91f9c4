//! What an account asks about itself: its balance, a payment that was arranged, where its webhooks go.

use crate::bucket::Buckets;
use crate::money::Money;

/// A request of that family.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountCall {
    /// What is left.
    Balance,
    /// Pay in once more what the operator arranged under that reference.
    TopUp {
        /// The reference of the arrangement, as the caller gave it.
        reference: Box<str>,
    },
    /// Show the settings, after these changes.
    Settings(SettingsChange),
}

/// References and URLs may hold secrets: they are not shown.
impl std::fmt::Debug for AccountCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Balance => "Balance",
            Self::TopUp { .. } => "TopUp",
            Self::Settings(_) => "Settings",
        })
    }
}

/// What changes; `None` leaves a setting as it is, an empty URL takes the endpoint away.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// Where texts that come in go.
    pub inbound_url: Option<Box<str>>,
    /// Where receipts go.
    pub receipt_url: Option<Box<str>>,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountOutcome {
    /// What is left.
    Balance {
        /// What can still be spent.
        available: Money,
        /// The same by bucket.
        buckets: Buckets,
        /// Whether a payment on demand is arranged.
        reload: Reload,
    },
    /// The arranged amount was paid in.
    ToppedUp,
    /// The settings of now.
    Settings(Settings),
    /// It was refused; nothing was changed.
    Refused(AccountRefusal),
}

/// Whether the operator arranged payments that the account may call up by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// It did.
    Arranged,
    /// It did not.
    None,
}

/// An account's settings as it sees them. URLs may hold secrets: `Debug` shows whether there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where texts that come in go; empty: nowhere.
    pub inbound_url: Box<str>,
    /// Where receipts go; empty: nowhere.
    pub receipt_url: Box<str>,
    /// Requests per second; 0: no limit.
    pub requests_per_second_max: u32,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("has_inbound_url", &!self.inbound_url.is_empty())
            .field("has_receipt_url", &!self.receipt_url.is_empty())
            .field("requests_per_second_max", &self.requests_per_second_max)
            .finish()
    }
}

/// Why a request about the account itself was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountRefusal {
    /// No payment is arranged under that reference.
    NoReload,
    /// The arranged payments are used up.
    ReloadUsedUp,
    /// A new URL did not answer its test with 200.
    EndpointUnreachable,
}
