//! Rows that the writer has just written or read, so that it need not read them again: of open parts, of their messages, of notices.
//!
//! A part is claimed, answered and reported within moments, and each of these begins with its row; the message is read for its
//! webhook. What is here equals the rows, or is not here: whoever writes to a row puts it here or takes it away, and a transaction
//! that is undone takes everything. Debug builds read the row all the same and compare.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use whimbrel_core::{Content, MessageId, NoticeId, PartId};

use super::rows::{LivePart, MessageRow};

/// Rows of each kind that are kept. When there are so many, all go: most of them wait for carriers that take their time. As many as a
/// hash table of 4,096 places holds.
const ROWS_MAX: usize = 3_584;
/// A message of more octets is read when it is needed.
const MESSAGE_BYTES_MAX: usize = 1_024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Recent {
    parts: HashMap<PartId, LivePart>,
    messages: HashMap<MessageId, Arc<MessageRow>>,
    /// Of which message, and which of its parts, a notice tells.
    notices: HashMap<NoticeId, (MessageId, u8)>,
}

impl Recent {
    pub(super) fn part(&self, id: PartId) -> Option<&LivePart> {
        self.parts.get(&id)
    }

    pub(super) fn message(&self, id: MessageId) -> Option<&Arc<MessageRow>> {
        self.messages.get(&id)
    }

    pub(super) fn notice(&self, id: NoticeId) -> Option<(MessageId, u8)> {
        self.notices.get(&id).copied()
    }

    /// The row of an open part is this now.
    pub(super) fn put_part(&mut self, part: LivePart) {
        put(&mut self.parts, part.record.part_id, part);
    }

    /// The row of a message is this. Only if [`is_kept`] says so.
    pub(super) fn put_message(&mut self, message: Arc<MessageRow>) {
        put(&mut self.messages, message.id, message);
    }

    /// There is a row for this notice.
    pub(super) fn put_notice(&mut self, id: NoticeId, message: MessageId, number: u8) {
        put(&mut self.notices, id, (message, number));
    }

    /// The row of a part has changed in another way, or is gone.
    pub(super) fn drop_part(&mut self, id: PartId) {
        self.parts.remove(&id);
    }

    /// The row of a message has changed, or is gone, or nobody will ask for it soon.
    pub(super) fn drop_message(&mut self, id: MessageId) {
        self.messages.remove(&id);
    }

    /// The row of a notice is gone.
    pub(super) fn drop_notice(&mut self, id: NoticeId) {
        self.notices.remove(&id);
    }

    /// What was written is undone.
    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.messages.clear();
        self.notices.clear();
    }
}

fn put<K: Eq + Hash, V>(rows: &mut HashMap<K, V>, key: K, row: V) {
    if rows.len() >= ROWS_MAX && !rows.contains_key(&key) {
        rows.clear();
    }
    rows.insert(key, row);
}

/// Whether a message is kept, by its content and by what else of it the customer chose. One with a one-time code is not: the code is
/// forgotten with its row. Nor is a long one.
pub(super) fn is_kept(content: &Content, marks: [&Option<Box<str>>; 3]) -> bool {
    let octets = match content {
        Content::Text { text, .. } => text.expose().len(),
        Content::Binary(binary) => binary.header.expose().len() + binary.body.expose().len(),
    };
    let marks = marks.into_iter().flatten().map(|mark| mark.len()).sum::<usize>();
    !content.has_code() && octets + marks <= MESSAGE_BYTES_MAX
}
