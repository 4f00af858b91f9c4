//! Answers of the send API, byte for byte as the service prints them.
//!
//! Four spaces, objects opened on the line of their array, LF, no final newline, every value a string: with these the two
//! captured bodies have the captured lengths (258 and 128 octets; see the tests). The separator between several messages is not
//! known from a capture; `}, {` on one line is our choice, as is the order of fields in a refusal for want of money.

use std::io::Write as _;

use whimbrel_core::money::UNITS_PER_WHOLE;
use whimbrel_core::{Accepted, Money, Outcome, Refusal};

use super::{answer, codes, id_digits};
use crate::Reply;
use crate::http::HttpResponse;

/// The answer to a send request.
pub(super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    let body = match outcome {
        Outcome::Sent(accepted) => sent(accepted),
        Outcome::Refused(refusal) => refused(refusal),
    };
    answer::sms(reply, body)
}

/// One object for each part, each with its own id, price and balance.
fn sent(accepted: &Accepted) -> Vec<u8> {
    let marks =
        accepted.client_ref.as_deref().map_or(0, str::len) + accepted.account_ref.as_deref().map_or(0, str::len);
    let mut answer = Answer::open(accepted.parts.len(), 320 + marks);
    for part in &accepted.parts {
        answer.open_message();
        answer.text("to", accepted.recipient.digits());
        answer.plain("message-id", &id_digits(part.part_id.0));
        answer.plain("status", b"0");
        answer.money("remaining-balance", part.balance);
        answer.money("message-price", part.price);
        answer.text("network", &accepted.network);
        if let Some(mark) = &accepted.client_ref {
            answer.text("client-ref", mark);
        }
        if let Some(mark) = &accepted.account_ref {
            answer.text("account-ref", mark);
        }
    }
    answer.close()
}

fn refused(refusal: &Refusal) -> Vec<u8> {
    let code = codes::code(refusal);
    let mut answer = Answer::open(1, 256);
    answer.open_message();
    if let Refusal::Unroutable { recipient } | Refusal::InsufficientFunds { recipient, .. } = refusal {
        answer.text("to", recipient.digits());
    }
    answer.plain("status", code.status.as_bytes());
    answer.text("error-text", &code.text);
    if let Refusal::InsufficientFunds { price, balance, network, .. } = refusal {
        answer.money("remaining-balance", *balance);
        answer.money("message-price", *price);
        answer.text("network", network);
    }
    answer.close()
}

/// A body being written.
struct Answer {
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

impl Answer {
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

    /// A field whose value may hold anything.
    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        escape(&mut self.out, value);
        self.out.push(b'"');
    }

    /// A field whose value needs no escapes.
    fn plain(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(value);
        self.out.push(b'"');
    }

    /// A field with an amount, eight decimals.
    fn money(&mut self, name: &str, money: Money) {
        self.name(name);
        let (units, whole) = (money.units.unsigned_abs(), UNITS_PER_WHOLE.unsigned_abs());
        let sign = if money.units < 0 { "-" } else { "" };
        push(&mut self.out, format_args!("{sign}{}.{:08}\"", units / whole, units % whole));
    }

    fn name(&mut self, name: &str) {
        let before = match self.place {
            Place::Field => b",\n        \"".as_slice(),
            Place::Array | Place::Message => b"\n        \"",
        };
        self.out.extend_from_slice(before);
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\": \"");
        self.place = Place::Field;
    }

    fn close(mut self) -> Vec<u8> {
        self.out.extend_from_slice(match self.place {
            Place::Array => b"]\n}".as_slice(),
            Place::Message | Place::Field => b"\n    }]\n}",
        });
        self.out
    }
}

/// Writing to a vector cannot fail, so the result says nothing.
fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// Escapes what JSON strings cannot hold (RFC 8259 §7) and nothing else.
pub(super) fn escape(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(length) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        let (run, tail) = rest.split_at(length);
        out.extend_from_slice(run);
        match tail[0] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            byte => push(out, format_args!("\\u{byte:04x}")),
        }
        rest = &tail[1..];
    }
    out.extend_from_slice(rest);
}
