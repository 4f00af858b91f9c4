//! What messages are handed to, one folder for each kind of carrier.
//!
//! A [`Carrier`] is given submissions, never more than the window it announced, and reports each exactly once: sent, refused, in
//! doubt or given back. It never blocks its caller, and it acknowledges a receipt only when it is told that the receipt is
//! stored. Knows nothing of stores, dialects, accounts or money.

pub mod smpp;

use whimbrel_core::world::BoxFuture;
use whimbrel_core::{AckToken, Submission};

/// What became of a receipt that a carrier delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// It is durable: the carrier may forget it.
    Stored,
    /// It is not: the carrier should send it again.
    TryAgain,
}

/// Something that takes messages. Its events go to the channel that it was started with.
pub trait Carrier: Send + Sync {
    /// Hands over a part for which a place in the window was reserved. Never waits.
    ///
    /// # Errors
    /// The submission, if the carrier takes none any more: no byte of it has left, and no event will come for it.
    fn submit(&self, submission: Submission) -> Result<(), Box<Submission>>;

    /// Answers a receipt. A token of a link that has ended is ignored: its carrier will send the receipt again.
    fn acknowledge(&self, token: AckToken, ack: Ack);

    /// Stops: no part is sent any more, open answers are awaited for a bounded time, the links are unbound. It is told to stop by the
    /// call, before the answer is awaited. Every part has had its event when that ends.
    fn close(&self) -> BoxFuture<'_, ()>;
}
