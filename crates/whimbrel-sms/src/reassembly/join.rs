//! What stored parts say together.

use std::fmt;

use crate::{Content, PartCount};

/// A part as [`join`] takes it.
#[derive(Debug, Clone, Copy)]
pub struct JoinPart<'a> {
    /// Its number, from 1.
    pub sequence: PartCount,
    /// What it holds.
    pub content: &'a Content,
}

/// What parts say together. Its `Debug` shows sizes, never the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Joined {
    /// A text if all parts are texts. Otherwise octets; those of a text are then its UTF-8.
    pub content: Content,
    /// The numbers of the parts that are missing, in order; there are no marks in their place.
    pub missing: Vec<PartCount>,
}

impl Joined {
    /// Whether all parts are there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined").field("content", &self.content).field("missing", &self.missing).finish()
    }
}

/// Joins `parts`, in whatever order they are, of a message of `total` parts. Of two with the same number the first
/// counts, and one beyond the total is left out.
#[must_use]
pub fn join(parts: &[JoinPart<'_>], total: PartCount) -> Joined {
    let mut by_sequence: [Option<&Content>; 255] = [None; 255];
    for part in parts.iter().filter(|part| part.sequence <= total) {
        // Sequences start at 1.
        if let Some(place) = by_sequence.get_mut(usize::from(part.sequence) - 1) {
            place.get_or_insert(part.content);
        }
    }
    let places = || (1..=total.value()).filter_map(PartCount::new).zip(by_sequence);
    let missing = places().filter(|(_, content)| content.is_none()).map(|(sequence, _)| sequence).collect();
    let contents = || places().filter_map(|(_, content)| content);

    let all_text = contents().all(|content| matches!(content, Content::Text(_)));
    let content = if all_text {
        let texts = contents().filter_map(|content| match content {
            Content::Text(text) => Some(text.as_str()),
            Content::Binary(_) => None,
        });
        Content::Text(texts.collect())
    } else {
        let octets = contents().flat_map(|content| match content {
            Content::Text(text) => text.as_bytes(),
            Content::Binary(octets) => octets,
        });
        Content::Binary(octets.copied().collect())
    };
    Joined { content, missing }
}
