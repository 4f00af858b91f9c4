//! What messages are handed to, one folder for each kind of carrier.
//!
//! A [`Carrier`] is given submissions, never more than the window it announced, and reports each exactly once: sent, refused, in
//! doubt or given back. It never blocks its caller, and it acknowledges a receipt only when it is told that the receipt is
//! stored. Knows nothing of stores, dialects, accounts or money.

pub mod smpp;
mod watch;

pub use watch::{NoWatcher, WatchedPdu, Watcher, Way};

use whimbrel_core::world::BoxFuture;
use whimbrel_core::{AckToken, LinkId, Span, Submission, Timestamp};

/// What became of a receipt or an inbound text that a carrier delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// It is durable: the carrier may forget it.
    Stored,
    /// It is not: the carrier should send it again.
    TryAgain,
}

/// What an operator wants of a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Its links are to be up: the beginning of each carrier.
    Bind,
    /// Its links are to be closed in good order, and stay closed. What waits for it stays queued.
    Unbind,
    /// It is to send nothing more, but its links stay up: answers, receipts and inbound texts are taken.
    Drain,
}

/// What a carrier is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierStatus {
    /// What was ordered last.
    pub order: Order,
    /// Each of its connections, in their order.
    pub links: Vec<LinkStatus>,
}

/// What one connection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStatus {
    /// The link, once there is one.
    pub link: Option<LinkId>,
    /// What it carries: `transceiver`, `transmitter` or `receiver`.
    pub mode: &'static str,
    /// Where it is.
    pub state: LinkState,
    /// Since when.
    pub since: Timestamp,
    /// Unanswered submissions that it allows.
    pub window_max: u16,
    /// Unanswered submissions on it.
    pub window_used: u16,
    /// What the other end calls itself; empty before it is bound.
    pub peer: Box<str>,
    /// Why it ended last, for the operator; empty if it never did.
    pub fault: Box<str>,
    /// When the next try begins, while it waits for one.
    pub next_try_at: Option<Timestamp>,
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It is being opened or bound.
    Connecting,
    /// It is bound.
    Bound,
    /// It ends in good order.
    Unbinding,
    /// It waits for its next try.
    Waiting,
    /// It was ordered to stay closed.
    Closed,
}

/// Something that takes messages. Its events go to the channel that it was started with.
pub trait Carrier: Send + Sync {
    /// Hands over a part for which a place in the window was reserved. Never waits.
    ///
    /// # Errors
    /// The submission, if the carrier takes none any more: no byte of it has left, and no event will come for it.
    fn submit(&self, submission: Submission) -> Result<(), Box<Submission>>;

    /// Answers a receipt or an inbound text. A token of a link that has ended is ignored: its carrier will send it again.
    fn acknowledge(&self, token: AckToken, ack: Ack);

    /// Changes what the carrier does; it is followed in the background.
    fn order(&self, order: Order);

    /// What the carrier is doing now.
    fn status(&self) -> CarrierStatus;

    /// Asks the other end whether it lives, on a bound link; answers how long it took, or why it cannot be told.
    fn probe(&self) -> BoxFuture<'_, Result<Span, Box<str>>>;

    /// Stops: no part is sent any more, open answers are awaited for a bounded time, the links are unbound. It is told to stop by the
    /// call, before the answer is awaited. Every part has had its event when that ends.
    fn close(&self) -> BoxFuture<'_, ()>;
}
