//! JSON web tokens of two kinds: [`application`] tokens (RS256), by which an application calls, and [`webhook`] tokens
//! (HS256), which prove where a webhook comes from and what its body was.
//!
//! Follows RFC 7515 (compact form), RFC 7518 §3.2 and §3.3 (HS256, RS256) and RFC 7519 (claims), and the vendor's pages
//! "Authentication" and "Signed webhooks", read 2026, for which claims there are and how long a token lives.
//!
//! What it promises: each verifier accepts one algorithm, by its type and not by what a token says, so that a public key
//! is never the key of an HMAC; base64url is strict, so that a token has one spelling; a claim that is there has its
//! type, or the token is refused; no name occurs twice. A token is at most [`TOKEN_OCTETS_MAX`] long.
//!
//! What it does not know: which key belongs to an application, and which tokens were seen before.

pub mod acl;
pub mod application;
pub mod key;
pub mod webhook;

mod claims;
mod compact;
mod explain;
mod json;
mod pem;
mod probe;
mod scheme;

pub use acl::{Acl, Call};
pub use claims::ApplicationId;
pub use compact::TOKEN_OCTETS_MAX;
pub use key::{KeyFault, PrivateKey, PublicKey};
pub use probe::{probe_application, probe_webhook};
pub(crate) use scheme::{ApplicationTokens, WebhookTokens};
