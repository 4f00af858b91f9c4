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

use whimbrel_dialects::http::HttpResponse;

use crate::server::problem;

/// More is sent by hand at once than may be: whoever asks waits for what they asked for before.
fn busy(error: &impl std::fmt::Display) -> HttpResponse {
    let mut answer = problem(429, "Too Many Requests", &error.to_string());
    answer.headers.push(("Retry-After", "1".into()));
    answer
}
