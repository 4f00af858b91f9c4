//! What is told of a part, and why it ended as it did.

use crate::account::text_forms;

/// What a customer is told of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptStatus {
    /// On its way: the carrier has it, and has reported nothing yet.
    Submitted,
    /// On its way: the carrier's network took it.
    Accepted,
    /// On its way: being delivered.
    Buffered,
    /// It reached the handset.
    Delivered,
    /// It did not in time.
    Expired,
    /// It did not.
    Failed,
    /// The carrier, or a rule, refused it.
    Rejected,
    /// Nobody knows.
    Unknown,
}

impl ReceiptStatus {
    /// Whether a part ends with this status.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Submitted | Self::Accepted | Self::Buffered)
    }
}

/// Why a part ended as it did. Dialects map each to a code of their vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing went wrong.
    None,
    /// Not known.
    Unknown,
    /// The phone is off or out of coverage.
    AbsentForNow,
    /// The number is not in use.
    AbsentForGood,
    /// The subscriber barred such messages.
    Barred,
    /// The number moved to another network.
    Ported,
    /// A filter took it for spam, or a limit was reached.
    Spam,
    /// The phone is busy or its memory is full.
    Busy,
    /// The network failed.
    NetworkFault,
    /// The number opted out, or is none.
    IllegalNumber,
    /// The content cannot be sent.
    IllegalMessage,
    /// No route.
    Unroutable,
    /// The number cannot be reached.
    Unreachable,
    /// The subscriber is too young.
    AgeRestricted,
    /// The carrier blocks the number.
    BlockedByCarrier,
    /// The subscriber's prepaid credit is used up.
    PrepaidFunds,
    /// The sender is not allowed.
    SenderFilter,
    /// The carrier was told to take it back, or did.
    Deleted,
    /// Another fault on the way.
    General,
}

/// How a part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Final {
    /// A final status.
    pub status: ReceiptStatus,
    /// Why.
    pub cause: Cause,
}

text_forms! {
    ReceiptStatus {
        Submitted = "submitted", Accepted = "accepted", Buffered = "buffered", Delivered = "delivered", Expired = "expired", Failed = "failed",
        Rejected = "rejected", Unknown = "unknown",
    }
    Cause {
        None = "none", Unknown = "unknown", AbsentForNow = "absent-for-now", AbsentForGood = "absent-for-good",
        Barred = "barred", Ported = "ported", Spam = "spam", Busy = "busy", NetworkFault = "network-fault",
        IllegalNumber = "illegal-number", IllegalMessage = "illegal-message", Unroutable = "unroutable",
        Unreachable = "unreachable", AgeRestricted = "age-restricted", BlockedByCarrier = "blocked-by-carrier",
        PrepaidFunds = "prepaid-funds", SenderFilter = "sender-filter", Deleted = "deleted", General = "general",
    }
}
