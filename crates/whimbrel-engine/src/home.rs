//! Where the account of a request is at home.

use std::sync::Arc;

use whimbrel_core::{Home, Refusal};
use whimbrel_dialects::{Claim, Dialect, Homes};

use crate::Engine;
use crate::directory::Entry;

impl Engine {
    /// How a request is to be read once more, and for which home; `None` if it says what it meant at first: its API means the same
    /// everywhere, or the account is at home where its API is. Nothing is proved yet, and nothing of it is told but to who proves it.
    #[must_use]
    pub fn home_of(
        &self,
        dialect: &'static dyn Dialect,
        claim: &Result<Claim, Refusal>,
    ) -> Option<(&'static dyn Homes, Home)> {
        let homes = dialect.homes()?;
        let home = self.named(dialect.descriptor().id, claim.as_ref().ok()?)?.account.home();
        (home != Home::default()).then_some((homes, home))
    }

    /// The account that a claim names.
    fn named(&self, dialect: &str, claim: &Claim) -> Option<Arc<Entry>> {
        match claim {
            Claim::SecretKey { secret, .. } | Claim::SignedKey { secret, .. } => {
                self.directory.by_digests(dialect, &self.keyring.digests(secret)).map(|(entry, _)| entry)
            }
            Claim::KeyAndSecret { key, .. } => self.directory.by_key(dialect, key),
            Claim::OnBehalf { claim, subaccount } => {
                let above = self.named(dialect, claim)?;
                self.directory.subaccount(above.account.id, *subaccount).and_then(|id| self.directory.by_id(id))
            }
            Claim::Signed(_) | Claim::Token(_) | Claim::Delegated(_) => None,
        }
    }
}
