//! Answers of the send API: which fields they have, in which order. How a form prints them is in [`json`] and [`xml`].
//!
//! The order is that of captured answers: `to, message-id, status, remaining-balance, message-price, network` and the marks where
//! a part was accepted; `to, status, error-text` and then the rest where it was not. The order of the amounts in a refusal for
//! want of money is our choice.

mod json;
mod xml;

use whimbrel_core::{Accepted, Money, Outcome, PhoneNumber, Refusal};

use super::super::answer::{self, Form};
use super::super::id_digits;
use super::codes;
use crate::Reply;
use crate::http::HttpResponse;

/// The answer to a send request.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    let body = match Form::of(reply) {
        Form::Json => body::<json::Answer>(outcome),
        Form::Xml => body::<xml::Answer>(outcome),
    };
    answer::sms(reply, body)
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    To,
    MessageId,
    Status,
    ErrorText,
    RemainingBalance,
    MessagePrice,
    Network,
    ClientRef,
    AccountRef,
}

/// A body being written, in one of the forms.
trait Answer: Sized {
    /// Opens the document; both numbers are for its size, and the first one is printed too.
    fn open(message_count: usize, message_size: usize) -> Self;

    /// Opens a message, after the one before it.
    fn open_message(&mut self);

    /// A field whose value may hold anything.
    fn text(&mut self, field: Field, value: &str);

    /// A field whose value holds nothing that a form escapes.
    fn plain(&mut self, field: Field, value: &[u8]);

    /// A field with an amount: eight decimals.
    fn money(&mut self, field: Field, money: Money);

    /// The whole body.
    fn close(self) -> Vec<u8>;
}

fn body<A: Answer>(outcome: &Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Sent(accepted) => sent::<A>(accepted),
        Outcome::Refused(refusal) => refused::<A>(refusal),
        // Of another API: a fault of ours.
        _ => refused::<A>(&Refusal::Internal),
    }
}

/// One message for each part, each with its own id, price and balance.
fn sent<A: Answer>(accepted: &Accepted) -> Vec<u8> {
    let marks =
        accepted.client_ref.as_deref().map_or(0, str::len) + accepted.account_ref.as_deref().map_or(0, str::len);
    let mut answer = A::open(accepted.parts.len(), 320 + marks);
    for part in &accepted.parts {
        answer.open_message();
        answer.text(Field::To, accepted.recipient.digits());
        answer.plain(Field::MessageId, &id_digits(part.part_id.0));
        answer.plain(Field::Status, b"0");
        answer.money(Field::RemainingBalance, part.balance);
        answer.money(Field::MessagePrice, part.price);
        answer.text(Field::Network, &accepted.network);
        if let Some(mark) = &accepted.client_ref {
            answer.text(Field::ClientRef, mark);
        }
        if let Some(mark) = &accepted.account_ref {
            answer.text(Field::AccountRef, mark);
        }
    }
    answer.close()
}

fn refused<A: Answer>(refusal: &Refusal) -> Vec<u8> {
    let code = codes::code(refusal);
    let more = More::of(refusal);
    let mut answer = A::open(1, 320);
    answer.open_message();
    if let Some(recipient) = more.recipient {
        answer.text(Field::To, recipient.digits());
    }
    answer.plain(Field::Status, code.status.as_bytes());
    answer.text(Field::ErrorText, &code.text);
    if let Some((balance, price)) = more.balance_and_price {
        answer.money(Field::RemainingBalance, balance);
        answer.money(Field::MessagePrice, price);
    }
    if let Some(network) = more.network {
        answer.text(Field::Network, network);
    }
    answer.close()
}

/// What a refusal tells beside status and text.
#[derive(Default)]
struct More<'a> {
    recipient: Option<&'a PhoneNumber>,
    balance_and_price: Option<(Money, Money)>,
    network: Option<&'a str>,
}

impl<'a> More<'a> {
    fn of(refusal: &'a Refusal) -> Self {
        match refusal {
            Refusal::Unroutable { recipient }
            | Refusal::RecipientBarred { recipient }
            | Refusal::RecipientDeactivated { recipient }
            | Refusal::RecipientNotPermitted { recipient }
            | Refusal::SenderNotAllowed { recipient }
            | Refusal::RecipientThrottled { recipient, .. } => Self { recipient: Some(recipient), ..Self::default() },
            Refusal::SenderThrottled { recipient, network, wait: _ } => {
                Self { recipient: Some(recipient), network: Some(network), ..Self::default() }
            }
            Refusal::InsufficientFunds { recipient, price, balance, network }
            | Refusal::SpendCapReached { recipient, price, balance, network } => {
                Self { recipient: Some(recipient), balance_and_price: Some((*balance, *price)), network: Some(network) }
            }
            Refusal::Missing { .. }
            | Refusal::Invalid { .. }
            | Refusal::RecipientNotNumeric
            | Refusal::InvalidValidity
            | Refusal::InvalidHandsetClass
            | Refusal::InvalidCallback(_)
            | Refusal::TooLong
            | Refusal::FacilityNotAllowed
            | Refusal::BadCredentials
            | Refusal::CredentialExpired
            | Refusal::ConflictingCredentials
            | Refusal::InvalidSignature
            | Refusal::SignatureRefused { .. }
            | Refusal::SignatureRequired
            | Refusal::SignatureTooWeak { .. }
            | Refusal::MethodNotAllowed { .. }
            | Refusal::SourceNotAllowed
            | Refusal::ScopeNotAllowed { .. }
            | Refusal::TooManyFailures { .. }
            | Refusal::AccountBarred
            | Refusal::HttpNotAllowed
            | Refusal::TooManyRequests(_)
            | Refusal::InvalidNetwork
            | Refusal::IdempotencyConflict
            | Refusal::Overloaded
            | Refusal::Internal => Self::default(),
        }
    }
}

/// Writes an amount with its eight decimals.
fn push_money(out: &mut Vec<u8>, money: Money) {
    use whimbrel_core::money::UNITS_PER_WHOLE;
    let (units, whole) = (money.units.unsigned_abs(), UNITS_PER_WHOLE.unsigned_abs());
    let sign = if money.units < 0 { "-" } else { "" };
    push(out, format_args!("{sign}{}.{:08}", units / whole, units % whole));
}

/// Writing to a vector cannot fail, so the result says nothing.
fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = std::io::Write::write_fmt(out, text);
}
