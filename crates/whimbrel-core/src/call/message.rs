//! What is asked about messages that were sent, and what it comes to.

use crate::id::MessageId;

/// A call about a message of the account that calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageCall {
    /// Mark one as something that a text cannot be, such as read.
    Mark {
        /// Its id as the caller wrote it.
        id: Box<str>,
        /// Which it is; `None` if it is none of ours.
        message: Option<MessageId>,
    },
}

/// What a call about a message came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageOutcome {
    /// The account has no message with that id.
    Unknown {
        /// The id as the caller wrote it.
        id: Box<str>,
    },
    /// It is a text: it stays as it is.
    NotMarkable,
}
