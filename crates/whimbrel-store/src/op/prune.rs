//! Forgetting what is old.

use whimbrel_core::{MessageId, Timestamp};

/// Forgets some of what was accepted or came in before a time: first texts, then everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prune {
    /// When.
    pub at: Timestamp,
    /// Texts from before are erased; what is known of them stays. `None`: they are kept.
    pub texts_before: Option<Timestamp>,
    /// Messages and texts that came in from before are removed with all that hangs on them. `None`: they are kept.
    pub messages_before: Option<Timestamp>,
    /// Messages, and texts that came in, that are looked at, at most.
    pub count_max: usize,
}

/// Forgets these messages, as far as they have ended and no webhook about them waits. Others stay as they are, and so does for seven days
/// what a carrier may have had without our knowing its id: a receipt for it would be taken for another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forget {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub messages: Box<[MessageId]>,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Texts that were erased.
    pub texts: u64,
    /// Messages that were removed.
    pub messages: u64,
    /// Parts of texts that had come in and were removed.
    pub inbound: u64,
    /// Rows that were removed or changed, of all tables.
    pub rows: u64,
    /// Whether there may be more to do by the same times.
    pub more: bool,
}
