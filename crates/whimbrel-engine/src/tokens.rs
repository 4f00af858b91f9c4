//! Tokens of applications: whose they are, by the key of the application that they name.
//!
//! An application that nobody knows costs what a wrong signature does: its token is verified with a key of nobody, and whatever
//! comes of that is not looked at.

use std::sync::Arc;

use whimbrel_core::{Refusal, Scope, Timestamp};
use whimbrel_dialects::claim::{BearerToken, TokenFault, TokenKeys};

use crate::Engine;
use crate::authenticate::Unproved;
use crate::directory::Entry;

/// A key of 2048 bits, as most applications have; its private half was never kept.
const NOBODYS_KEY: &str = include_str!("nobody.pem");

impl Engine {
    /// The account of the application that signed a token. An unknown application, one of another dialect and a wrong signature look
    /// alike.
    pub(crate) fn check_token(
        &self,
        dialect: &str,
        token: &dyn BearerToken,
        now: Timestamp,
    ) -> Result<Arc<Entry>, Unproved> {
        let application = self.applications.find(token.application());
        let public_keys = match &application {
            Some(application) => application.keys(now),
            None => vec![NOBODYS_KEY.into()],
        };
        let verified = token.verify(&TokenKeys { public_keys: &public_keys, now });
        let application = application.ok_or(Refusal::BadCredentials)?;
        let entry = self.directory.by_id(application.account_id).filter(|entry| *entry.dialect == *dialect);
        match verified {
            Ok(()) => Ok(entry.ok_or(Refusal::BadCredentials)?),
            Err(TokenFault::Forbidden) => Err(Refusal::ScopeNotAllowed { scope: Scope::Send }.into()),
            // Its signature holds, so whoever sends it had a good one once: no guess.
            Err(TokenFault::Expired) => Err(Refusal::CredentialExpired.into()),
            Err(TokenFault::Invalid(_)) => Err(Refusal::BadCredentials.into()),
        }
    }
}
