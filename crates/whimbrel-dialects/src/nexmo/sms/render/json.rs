//! The JSON form, byte for byte as the service prints it.
//!
//! Four spaces, objects opened on the line of their array, LF, no final newline, every value a string: with these the two
//! captured bodies have the captured lengths (258 and 128 octets; see the tests). The separator between several messages is not
//! known from a capture; `}, {` on one line is our choice.

use whimbrel_core::Money;

use super::super::super::escape;
use super::{Field, push, push_money};

/// A body being written.
pub(super) struct Answer {
    out: Vec<u8>,
    place: Place,
}

/// What stands before the next thing.
enum Place {
    /// The opening bracket of the array.
    Array,
    /// The opening brace of a message.
    Message,
    /// A field.
    Field,
}

impl super::Answer for Answer {
    fn open(message_count: usize, message_size: usize) -> Self {
        let mut out = Vec::with_capacity(64 + message_count * message_size);
        out.extend_from_slice(b"{\n    \"message-count\": \"");
        push(&mut out, format_args!("{message_count}"));
        out.extend_from_slice(b"\",\n    \"messages\": [");
        Self { out, place: Place::Array }
    }

    fn open_message(&mut self) {
        self.out.extend_from_slice(match self.place {
            Place::Array => b"{".as_slice(),
            Place::Message | Place::Field => b"\n    }, {",
        });
        self.place = Place::Message;
    }

    fn text(&mut self, field: Field, value: &str) {
        self.name(field);
        escape::json(&mut self.out, value);
        self.out.push(b'"');
    }

    fn plain(&mut self, field: Field, value: &[u8]) {
        self.name(field);
        self.out.extend_from_slice(value);
        self.out.push(b'"');
    }

    fn money(&mut self, field: Field, money: Money) {
        self.name(field);
        push_money(&mut self.out, money);
        self.out.push(b'"');
    }

    fn close(mut self) -> Vec<u8> {
        self.out.extend_from_slice(match self.place {
            Place::Array => b"]\n}".as_slice(),
            Place::Message | Place::Field => b"\n    }]\n}",
        });
        self.out
    }
}

impl Answer {
    /// Name and the quote that opens the value.
    fn name(&mut self, field: Field) {
        let before = match self.place {
            Place::Field => b",\n        \"".as_slice(),
            Place::Array | Place::Message => b"\n        \"",
        };
        self.out.extend_from_slice(before);
        self.out.extend_from_slice(name(field).as_bytes());
        self.out.extend_from_slice(b"\": \"");
        self.place = Place::Field;
    }
}

const fn name(field: Field) -> &'static str {
    match field {
        Field::To => "to",
        Field::MessageId => "message-id",
        Field::Status => "status",
        Field::ErrorText => "error-text",
        Field::RemainingBalance => "remaining-balance",
        Field::MessagePrice => "message-price",
        Field::Network => "network",
        Field::ClientRef => "client-ref",
        Field::AccountRef => "account-ref",
    }
}
