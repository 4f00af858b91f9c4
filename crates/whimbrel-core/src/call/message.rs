//! What is asked about messages that were sent, and what it comes to.

use crate::call::journal::Progress;
use crate::id::{MessageId, Serial};

/// A call about a message of the account that calls.
#[derive(Clone, PartialEq, Eq)]
pub enum MessageCall {
    /// Mark one as something that a text cannot be, such as read.
    Mark {
        /// Its id as the caller wrote it.
        id: Box<str>,
        /// Which it is; `None` if it is none of ours.
        message: Option<MessageId>,
    },
    /// How far those are.
    Progress(Vec<MessageName>),
    /// Do not send those that no carrier has yet.
    Cancel(Vec<MessageName>),
}

impl std::fmt::Debug for MessageCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mark { message, .. } => write!(f, "Mark({message:?})"),
            Self::Progress(names) => write!(f, "Progress({names:?})"),
            Self::Cancel(names) => write!(f, "Cancel({names:?})"),
        }
    }
}

/// Which message, as a caller names it.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageName {
    /// The number as the caller wrote it.
    pub id: Box<str>,
    /// Which it is; `None` if it can be none of ours.
    pub serial: Option<Serial>,
}

/// What is no number of ours may be anything, a secret in the wrong place too: it is not shown.
impl std::fmt::Debug for MessageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageName").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// Messages that one request may name.
pub const NAMED_MAX: usize = 1_000;

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
    /// How far each is, in the order of the request; `None`: the account has no such message.
    Progress(Vec<(Box<str>, Option<Progress>)>),
    /// Those that are not sent, as the caller named them. All others go their way.
    Cancelled(Vec<Box<str>>),
}
