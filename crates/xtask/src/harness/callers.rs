//! Honest callers: threads that send texts one after the other, each over its own connection, wherever the gateway is now.

use std::net::SocketAddr;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::{Started, sleep};
use crate::failure::Outcome;
use crate::harness::account::{Account, Told, recipient, send_request, told};
use crate::harness::answer::Answer;
use crate::harness::books::Books;
use crate::harness::http::Client;

/// What callers of one harness share.
#[derive(Debug)]
pub struct Callers<'a> {
    /// Where the gateway listens now; it changes with each restart.
    pub host: RwLock<SocketAddr>,
    /// Set when callers shall end.
    pub stop: AtomicBool,
    /// What they were told.
    pub books: &'a Books,
    /// As whom they send.
    pub account: &'a Account,
    /// A pause after each answer: an honest caller is not a flood.
    pub pause: Duration,
}

impl Callers<'_> {
    /// One caller, until stopped. Gives how long answers took, in microseconds.
    pub fn call(&self) -> Histogram<u64> {
        let mut latency = histogram();
        let mut client = Client::new(self.here());
        while !self.stop.load(Ordering::Relaxed) {
            let host = self.here();
            if client.host() != host {
                client = Client::new(host);
            }
            if client.connect().is_err() {
                // Nothing was sent and no number was used: the gateway is down, and comes back at another port.
                sleep(Duration::from_millis(5));
                continue;
            }
            let to = self.books.next_recipient();
            let open = self.books.open();
            let started = Started::now();
            let answer = client.call(&send_request(&self.account.form(to, "Your code is 123456")));
            drop(open);
            // Values past the bound are clamped: an hour is slow enough.
            latency.saturating_record(started.elapsed_us());
            self.books.write(to, outcome_of(to, answer));
            if !self.pause.is_zero() {
                sleep(self.pause);
            }
        }
        latency
    }

    /// Tells callers where the gateway is now.
    pub fn moved(&self, host: SocketAddr) {
        *self.host.write().unwrap_or_else(std::sync::PoisonError::into_inner) = host;
    }

    /// Ends the callers after their present request.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn here(&self) -> SocketAddr {
        *self.host.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What a caller learned: what it was told, or why nothing.
pub fn outcome(answer: Outcome<Answer>) -> Result<Told, String> {
    let answer = answer.map_err(|failure| failure.to_string())?;
    told(&answer).ok_or_else(|| format!("HTTP {} with something else", answer.status))
}

/// The same, for a text to `to`: an answer that speaks of another recipient is somebody else's.
fn outcome_of(to: u64, answer: Outcome<Answer>) -> Result<Told, String> {
    let is_ours = |answer: &Answer| recipient(answer).is_none_or(|other| other == to.to_string());
    match answer {
        Ok(answer) if !is_ours(&answer) => Err("an answer that speaks of another recipient".to_owned()),
        answer => outcome(answer),
    }
}

/// From a microsecond to an hour, three digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("1 is below 3,600,000,000 and three digits are at most five")
}
