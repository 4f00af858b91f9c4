//! How SMS APIs sign requests and webhooks: sign, verify, and explain what went wrong.
//!
//! One module for each scheme. Each has the same verbs:
//!
//! - `canonical` gives the octets that a signature covers;
//! - `sign` gives the [`Signature`] as it is written on the wire;
//! - `verify` checks one in constant time and says which permitted form matched, or which [`Fault`] it has;
//! - `explain` names the usual [`Mistake`] that would have produced a signature that does not match. A mistake is named
//!   only if making it again reproduces that very signature; otherwise the verdict is [`Verdict::Unknown`].
//!
//! No I/O, no clock, no chance: `now` and nonces are arguments. Secrets and what is signed never reach `Debug`, an
//! error or a [`Mistake`]. No octets make it panic.

pub mod explain;
pub mod fault;
#[cfg(feature = "jwt")]
pub mod jwt;
pub mod message;
pub mod mistake;
pub mod nexmo;
pub mod nexo;
pub mod oauth1;
pub mod registry;
pub mod seven;
pub mod standard_webhooks;
pub mod time;
pub mod totp;
pub mod value;

mod digest;
mod percent;
mod printf;
mod reserialised;
mod usual;

pub use digest::Hash;
pub use explain::{Explanation, Verdict};
pub use fault::Fault;
pub use mistake::{Algorithm, Mistake};
pub use time::{UnixSeconds, Window};
pub use value::{Canonical, Secret, Signature};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
