//! Webhooks in the hand: where they go, how they went, one again, and a made-up one.

mod attempts;
mod endpoints;
mod listen;
mod ping;
mod resend;

pub(in crate::api) use attempts::{http, list as attempts, shown as shown_attempt};
pub(in crate::api) use endpoints::{list as endpoints, secret};
pub(in crate::api) use listen::stream as listen;
pub(in crate::api) use ping::test;
pub(in crate::api) use resend::{of_message, resend, samples, trigger};
