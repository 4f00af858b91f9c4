//! The sections of a scenario: what each may say, and what holds where nobody says anything.
//!
//! A section is written three times over: for everybody, for one client, for one number; the narrower one wins key by key.
//! So each section is two types, one whose keys may be absent (the file) and one that has them all (what a session obeys).

use serde::{Deserialize, Serialize};
use whimbrel_smpp::MessageState;

use crate::ids::{IdForm, Numbers};

/// Declares a section: the type of the file, the type that is obeyed, and how the one changes the other.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident obeyed as $obeyed:ident {
        $($(#[$field_doc:meta])* $field:ident: $kind:ty = $default:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>,)*
        }

        /// The section with every key filled.
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) struct $obeyed {
            $(pub(crate) $field: $kind,)*
        }

        impl Default for $obeyed {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// The keys that the section knows.
            pub(crate) const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];

            /// Writes what is said here over what was said before.
            pub(crate) fn apply(&self, to: &mut $obeyed) {
                $(if let Some(value) = &self.$field {
                    to.$field = value.clone();
                })*
            }
        }
    };
}

section! {
    /// `[ids]`: how message ids look.
    Ids obeyed as IdRules {
        /// In the answer to submit_sm.
        response: IdForm = IdForm::Hex,
        /// In the receipt.
        receipt: IdForm = IdForm::Hex,
        /// Where the numbers behind the ids come from.
        numbers: Numbers = Numbers::Marked,
        /// How many digits a padded form has, 1 to 64.
        width: usize = 20,
    }
}

section! {
    /// `[receipts]`: when receipts come, how many, and how they are written.
    Receipts obeyed as ReceiptRules {
        /// When the first receipt is due, in milliseconds after the answer; the outcome table's time if absent.
        delay_ms: Option<u64> = None,
        /// Receipts are late by a random time up to this, which shuffles them.
        shuffle_ms: u64 = 0,
        /// How often each receipt comes, 0 (never) to 10.
        copies: u8 = 1,
        /// How likely a receipt is never sent, 0 to 1.
        drop_rate: f64 = 0.0,
        /// The first receipt goes out before the answer to submit_sm.
        before_response: bool = false,
        /// Which session of the `system_id` gets them.
        route: Route = Route::Any,
        /// An intermediate notification that says ENROUTE comes first.
        intermediate_first: bool = false,
        /// Receipts come although nobody asked for them.
        unrequested: bool = false,
        /// Whether there is a text at all.
        text: bool = true,
        /// Whether there are TLVs.
        tlvs: bool = true,
        /// Whether the text names the message.
        id_in_text: bool = true,
        /// Whether the text has `sub` and `dlvrd`.
        counts: bool = true,
        /// How many characters a date has: 10, 12, 14, 16, or 0 for no dates.
        dates: u8 = 10,
        /// The word after `stat:`, in place of the real one.
        state_word: Option<String> = None,
        /// What stands after `err:`, in place of three digits.
        error_text: Option<String> = None,
        /// Whether the text ends in `text:` and the beginning of the message.
        excerpt: bool = true,
        /// What stands between the fields.
        separator: Separator = Separator::Space,
        /// Keys in capitals.
        upper_case_keys: bool = false,
        /// The text is in message_payload.
        payload: bool = false,
        /// What data_coding says; the text is ASCII whatever it says.
        data_coding: u8 = 0,
        /// Which PDU carries them.
        pdu: ReceiptPdu = ReceiptPdu::DeliverSm,
        /// Whether esm_class says that it is a receipt.
        marked: bool = true,
        /// How network_error_code is written.
        network_error: NetworkError = NetworkError::Code,
        /// Whether receipted_message_id ends in a NUL.
        tlv_nul: bool = true,
    }
}

section! {
    /// `[answers]`: how submit_sm and data_sm are answered.
    Answers obeyed as AnswerRules {
        /// A status that refuses messages; none are refused if absent.
        refuse_status: Option<u32> = None,
        /// The refusals come every so many messages, 1 or more.
        refuse_every: u32 = 1,
        /// How many messages in a row are refused each time, 1 or more.
        refuse_burst: u32 = 1,
        /// What follows the header of a refusal.
        error_body: ErrorBody = ErrorBody::Nul,
        /// The refusal is a generic_nack.
        nack: bool = false,
        /// How long the answer takes, in milliseconds; the outcome table's time if absent.
        delay_ms: Option<u64> = None,
        /// Whether there is no answer, and no receipt, at all.
        silent: bool = false,
        /// How often each answer comes, 1 to 10.
        copies: u8 = 1,
        /// An answer that nobody asked for goes before each.
        unknown_sequence: bool = false,
        /// Whether the id in the answer ends in a NUL.
        id_nul: bool = true,
    }
}

section! {
    /// `[session]`: what a session does of itself.
    Sessions obeyed as SessionRules {
        /// The status that binds are refused with; none are refused if absent.
        bind_status: Option<u32> = None,
        /// How many binds are refused before one is let in; 0 for all.
        bind_refusals: u32 = 0,
        /// enquire_link goes out every so many milliseconds; 0 for the usual.
        enquire_every_ms: u64 = 0,
        /// Whether enquire_link of the client is answered.
        answer_enquire_link: bool = true,
        /// Whether bind_resp states the version.
        state_version: bool = true,
        /// A text that goes out with the bind_resp, in the same segment.
        first_text: Option<String> = None,
        /// The simulator unbinds after so many messages; 0 for never.
        unbind_after_messages: u64 = 0,
        /// How likely it unbinds after each message, 0 to 1.
        unbind_chance: f64 = 0.0,
        /// The connection ends so many milliseconds after the bind; 0 for never.
        disconnect_after_ms: u64 = 0,
        /// Nothing is read any more after so many messages; 0 for never.
        stop_reading_after_messages: u64 = 0,
    }
}

section! {
    /// `[wire]`: what happens to the octets on their way to the client.
    Wires obeyed as WireRules {
        /// How many octets are written at once; 0 for as many as there are.
        segment_octets: usize = 0,
        /// How long after each write nothing more is written, in milliseconds.
        write_delay_ms: u64 = 0,
        /// Nothing is written before so many PDUs wait, 0 for none, or `merge_ms` are over.
        merge_pdus: usize = 0,
        /// How long PDUs wait for others to share a segment with, in milliseconds.
        merge_ms: u64 = 100,
        /// How likely a PDU is swallowed, 0 to 1; never an answer to a bind.
        drop_rate: f64 = 0.0,
        /// The connection is reset in the middle of this PDU, counted from 1 after the bind_resp; 0 for never.
        reset_in_pdu: u64 = 0,
        /// This PDU is cut in half, and nothing follows it for ever; 0 for never.
        hang_in_pdu: u64 = 0,
        /// A NUL that does not belong to it ends every PDU but the bind_resp.
        trailing_nul: bool = false,
        /// A TLV that nobody knows ends answers to messages, and deliver_sm.
        unknown_tlv: bool = false,
        /// Half a TLV ends answers to messages, and deliver_sm.
        truncated_tlv: bool = false,
    }
}

/// Which session of the `system_id` gets a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// Each in turn.
    Any,
    /// The one that sent the message, while it lives and receives.
    Same,
    /// One that did not send the message, while there is one.
    Other,
}

/// What stands between the fields of a receipt's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Separator {
    /// A space.
    Space,
    /// A comma.
    Comma,
    /// A semicolon.
    Semicolon,
}

/// Which PDU carries a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptPdu {
    /// deliver_sm.
    DeliverSm,
    /// data_sm; the text is in message_payload.
    DataSm,
}

/// How network_error_code is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkError {
    /// A type and a code of two octets.
    Code,
    /// Three digits in ASCII.
    Digits,
    /// Not at all.
    Absent,
}

/// What follows the header of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorBody {
    /// Nothing.
    None,
    /// A NUL: an empty id.
    Nul,
    /// An id.
    Id,
    /// TLVs alone.
    Tlvs,
}

/// The word for a state of a message in a text, the outcome's own or another.
pub(crate) fn state_word(rules: &ReceiptRules, state: MessageState) -> &str {
    rules.state_word.as_deref().unwrap_or_else(|| state.text())
}
