//! Small numbers that stand for enums in rows. Once written they never change their meaning.

use rusqlite::Row;
use whimbrel_core::part::Funds;
use whimbrel_core::{
    Alphabet, Bucket, CaptureOn, Cut, InboundAlphabet, MessageClass, NoticeScope, PartState, SenderId, Timestamp,
};
use whimbrel_sms::{ConcatRef, Encoding};

use super::fault::corrupt_column;
use crate::op::OrphanReason;

/// Enums with a number in rows.
pub(super) trait Code: Sized + Copy {
    /// The number.
    fn code(self) -> i64;
    /// The value with that number.
    fn from_code(code: i64) -> Option<Self>;
}

/// Where a part's notices go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    /// Nowhere: no receipts are wanted.
    Nobody,
    /// To the account's endpoint, if there is one when something happens.
    Account,
    /// To the message's own callback.
    Callback,
    /// As [`Account`](Self::Account), of the message as a whole.
    AccountWhole,
    /// As [`Callback`](Self::Callback), of the message as a whole.
    CallbackWhole,
    /// As [`Account`](Self::Account), of the end of the message.
    AccountEnd,
    /// As [`Callback`](Self::Callback), of the end of the message.
    CallbackEnd,
    /// To the account's hooks, of the message and of what it meets on the way.
    Hooks,
}

impl Tell {
    /// What the customer is told of.
    pub(super) const fn scope(self) -> NoticeScope {
        match self {
            Self::Nobody | Self::Account | Self::Callback => NoticeScope::Part,
            Self::AccountWhole | Self::CallbackWhole => NoticeScope::Message,
            Self::AccountEnd | Self::CallbackEnd => NoticeScope::End,
            Self::Hooks => NoticeScope::Progress,
        }
    }
}

macro_rules! codes {
    ($($type:ident { $($variant:ident = $code:literal),+ $(,)? })+) => {$(
        impl Code for $type {
            fn code(self) -> i64 {
                match self { $(Self::$variant => $code),+ }
            }

            fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

codes! {
    Bucket { Balance = 0, BonusCredit = 1, FreeCredit = 2 }
    // The order of classes is the order of the queue.
    MessageClass { Otp = 0, Bulk = 1 }
    CaptureOn { CarrierAccept = 0, Delivery = 1 }
    Funds { Held = 0, Captured = 1, Released = 2 }
    Alphabet { Gsm7Lossy = 0, Ucs2 = 1, Gsm7Transliterated = 2, Detect = 3, DetectTransliterated = 4 }
    InboundAlphabet { Gsm7 = 0, Ucs2 = 1 }
    Tell {
        Nobody = 0, Account = 1, Callback = 2, AccountWhole = 3, CallbackWhole = 4, AccountEnd = 5, CallbackEnd = 6,
        Hooks = 7,
    }
}

/// Reads a coded column.
pub(super) fn coded<T: Code>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    T::from_code(row.get(index)?).ok_or_else(|| corrupt_column(index))
}

/// Reads a column that `parse` understands.
pub(super) fn parsed<T>(row: &Row<'_>, index: usize, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    parse(row.get_ref(index)?.as_str()?).ok_or_else(|| corrupt_column(index))
}

/// Reads an integer that must fit a smaller type.
pub(super) fn small<T: TryFrom<i64>>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let value: i64 = row.get(index)?;
    T::try_from(value).map_err(|_| corrupt_column(index))
}

/// What is added to a 16-bit reference, so that it never equals an 8-bit one.
const WIDE: i64 = 65_536;

/// A concatenation reference as its column.
pub(super) fn reference_code(reference: ConcatRef) -> i64 {
    match reference {
        ConcatRef::Octet(octet) => i64::from(octet),
        ConcatRef::Word(word) => WIDE + i64::from(word),
    }
}

/// The reference of a column.
pub(super) fn reference_of(code: i64) -> Option<ConcatRef> {
    match u8::try_from(code) {
        Ok(octet) => Some(ConcatRef::Octet(octet)),
        Err(_) => u16::try_from(code - WIDE).ok().map(ConcatRef::Word),
    }
}

/// Slack stands above the reference: rows from before there was any have none.
const SLACK: i64 = 1 << 20;

/// How a text is cut, as the column of its reference.
pub(super) fn cut_code(cut: Cut) -> i64 {
    reference_code(cut.reference) + i64::from(cut.slack) * SLACK
}

/// How a text is cut, by that column.
pub(super) fn cut_of(code: i64) -> Option<Cut> {
    let slack = u8::try_from(code.div_euclid(SLACK)).ok()?;
    reference_of(code.rem_euclid(SLACK)).map(|reference| Cut { reference, slack })
}

/// The reason with that name.
pub(super) fn reason_of(name: &str) -> Option<OrphanReason> {
    [OrphanReason::UnknownId, OrphanReason::OtherRecipient, OrphanReason::NoId]
        .into_iter()
        .find(|reason| reason.as_str() == name)
}

/// An open state as its two columns; `None` for a final state, which has no row in `live`.
pub(super) fn open_state(state: PartState) -> Option<(i64, i64)> {
    match state {
        PartState::Queued { due_at } => Some((0, due_at.0)),
        PartState::Submitting { since } => Some((1, since.0)),
        PartState::Uncertain { resolve_at } => Some((2, resolve_at.0)),
        PartState::Submitted { at } => Some((3, at.0)),
        PartState::Final(_) => None,
    }
}

/// The state of two columns.
pub(super) fn state_of(code: i64, at: i64) -> Option<PartState> {
    let at = Timestamp(at);
    match code {
        0 => Some(PartState::Queued { due_at: at }),
        1 => Some(PartState::Submitting { since: at }),
        2 => Some(PartState::Uncertain { resolve_at: at }),
        3 => Some(PartState::Submitted { at }),
        _ => None,
    }
}

/// A state's name for people.
pub(super) fn state_name(state: PartState) -> &'static str {
    match state {
        PartState::Queued { .. } => "queued",
        PartState::Submitting { .. } => "submitting",
        PartState::Uncertain { .. } => "uncertain",
        PartState::Submitted { .. } => "submitted",
        PartState::Final(end) => end.status.as_str(),
    }
}

/// What kind of sender it is.
pub(super) fn sender_kind(sender: &SenderId) -> i64 {
    match sender {
        SenderId::Number(_) => 0,
        SenderId::ShortCode(_) => 1,
        SenderId::Name(_) => 2,
    }
}

/// The sender of two columns.
pub(super) fn sender_of(kind: i64, text: Box<str>) -> Option<SenderId> {
    match kind {
        0 => whimbrel_core::PhoneNumber::from_digits(&text).ok().map(SenderId::Number),
        1 => Some(SenderId::ShortCode(text)),
        2 => Some(SenderId::Name(text)),
        _ => None,
    }
}

/// The encoding with that name.
pub(super) fn encoding_of(name: &str) -> Option<Encoding> {
    match name {
        "gsm7" => Some(Encoding::Gsm7),
        "ucs2" => Some(Encoding::Ucs2),
        "binary" => Some(Encoding::Binary),
        _ => None,
    }
}
