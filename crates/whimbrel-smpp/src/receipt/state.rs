//! The states of a message (SMPP 3.4 §5.2.28; 0 and 9 are of version 5.0), as numbers and as carriers' words.

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// It waits for its time.
    Scheduled,
    /// It is on its way.
    Enroute,
    /// The handset has it.
    Delivered,
    /// Its validity ended.
    Expired,
    /// It was cancelled.
    Deleted,
    /// It could not be delivered.
    Undeliverable,
    /// Somebody took it on the subscriber's behalf.
    Accepted,
    /// The carrier does not know.
    Unknown,
    /// It was refused.
    Rejected,
    /// The carrier chose not to send it.
    Skipped,
}

impl MessageState {
    const ALL: [Self; 10] = [
        Self::Scheduled,
        Self::Enroute,
        Self::Delivered,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Accepted,
        Self::Unknown,
        Self::Rejected,
        Self::Skipped,
    ];

    /// The number in `message_state`.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Scheduled => 0,
            Self::Enroute => 1,
            Self::Delivered => 2,
            Self::Expired => 3,
            Self::Deleted => 4,
            Self::Undeliverable => 5,
            Self::Accepted => 6,
            Self::Unknown => 7,
            Self::Rejected => 8,
            Self::Skipped => 9,
        }
    }

    /// From the number in `message_state`; `None` for a number that has no meaning.
    #[must_use]
    pub fn from_value(value: u8) -> Option<Self> {
        Self::ALL.get(usize::from(value)).copied()
    }

    /// The word in a receipt's text (appendix B).
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
            Self::Skipped => "SKIPPED",
        }
    }

    /// From a carrier's word, in any case. Numbers are no words: where they are used they mean something of the
    /// carrier's own.
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        const WORDS: [(&[u8], MessageState); 20] = [
            (b"DELIVRD", MessageState::Delivered),
            (b"DELIVERED", MessageState::Delivered),
            (b"EXPIRED", MessageState::Expired),
            (b"DELETED", MessageState::Deleted),
            (b"UNDELIV", MessageState::Undeliverable),
            (b"UNDELIVERED", MessageState::Undeliverable),
            (b"UNDELIVERABLE", MessageState::Undeliverable),
            (b"FAILED", MessageState::Undeliverable),
            (b"ACCEPTD", MessageState::Accepted),
            (b"ACCEPTED", MessageState::Accepted),
            (b"ACKED", MessageState::Accepted),
            (b"UNKNOWN", MessageState::Unknown),
            (b"REJECTD", MessageState::Rejected),
            (b"REJECTED", MessageState::Rejected),
            (b"ENROUTE", MessageState::Enroute),
            (b"BUFFRED", MessageState::Enroute),
            (b"BUFFERD", MessageState::Enroute),
            (b"BUFFERED", MessageState::Enroute),
            (b"SCHEDULED", MessageState::Scheduled),
            (b"SKIPPED", MessageState::Skipped),
        ];
        WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, state)| *state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_lead_back() {
        for (value, state) in MessageState::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(state.value()), value);
            assert_eq!(MessageState::from_value(state.value()), Some(state));
            assert_eq!(MessageState::from_text(state.text().as_bytes()), Some(state));
            assert_eq!(MessageState::from_text(state.text().to_lowercase().as_bytes()), Some(state));
        }
        assert_eq!(MessageState::from_value(10), None);
    }
}
