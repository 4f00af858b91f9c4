//! The XML form.
//!
//! Single quotes in the prolog and around `count` are those of a captured answer; indentation and names follow the samples of
//! the vendor's SMS API reference, read 2026-11. No final newline, as in the JSON form, and the name `accountRef` are our choice.

use whimbrel_core::Money;

use super::super::super::escape;
use super::{Field, push, push_money};

/// A body being written.
pub(super) struct Answer {
    out: Vec<u8>,
    in_message: bool,
}

impl super::Answer for Answer {
    fn open(message_count: usize, message_size: usize) -> Self {
        let mut out = Vec::with_capacity(192 + message_count * (message_size + 192));
        out.extend_from_slice(b"<?xml version='1.0' encoding='UTF-8' ?>\n<mt-submission-response>\n");
        push(&mut out, format_args!("    <messages count='{message_count}'>\n"));
        Self { out, in_message: false }
    }

    fn open_message(&mut self) {
        self.close_message();
        self.out.extend_from_slice(b"        <message>\n");
        self.in_message = true;
    }

    fn text(&mut self, field: Field, value: &str) {
        self.element(field, |out| escape::xml(out, value));
    }

    fn plain(&mut self, field: Field, value: &[u8]) {
        self.element(field, |out| out.extend_from_slice(value));
    }

    fn money(&mut self, field: Field, money: Money) {
        self.element(field, |out| push_money(out, money));
    }

    fn close(mut self) -> Vec<u8> {
        self.close_message();
        self.out.extend_from_slice(b"    </messages>\n</mt-submission-response>");
        self.out
    }
}

impl Answer {
    fn element(&mut self, field: Field, value: impl FnOnce(&mut Vec<u8>)) {
        let name = name(field);
        push(&mut self.out, format_args!("            <{name}>"));
        value(&mut self.out);
        push(&mut self.out, format_args!("</{name}>\n"));
    }

    fn close_message(&mut self) {
        if self.in_message {
            self.out.extend_from_slice(b"        </message>\n");
        }
    }
}

const fn name(field: Field) -> &'static str {
    match field {
        Field::To => "to",
        Field::MessageId => "messageId",
        Field::Status => "status",
        Field::ErrorText => "errorText",
        Field::RemainingBalance => "remainingBalance",
        Field::MessagePrice => "messagePrice",
        Field::Network => "network",
        Field::ClientRef => "clientRef",
        Field::AccountRef => "accountRef",
    }
}
