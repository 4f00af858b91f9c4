//! One receipt: what it is about, whether it was asked for, and the deliver_sm it becomes. Pure.
//!
//! Who asks for what is in registered_delivery (SMPP 3.4 §5.2.17; the value 3 by SMPP 5.0 §4.7.21: successes only). The form
//! of the receipt is composed by the SMPP crate: text of appendix B and TLVs.

mod style;

use std::sync::Arc;

use whimbrel_core::Timestamp;
use whimbrel_smpp::receipt::{ReceiptDates, ReceiptText, ReceiptTlvs, compose};
use whimbrel_smpp::{Address, Body, MessageState, ShortMessage};
use whimbrel_sms::udh;

use crate::ids::SimulatedId;
use crate::outcome::Planned;
use crate::receipts::{Parcel, Preferred};
use crate::scenario::rules::MessageRules;

/// How much of a message a receipt repeats, in characters.
const TEXT_CHARS_MAX: usize = 20;

/// A receipt on its way to whoever sent the message.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The message it is about.
    pub origin: Arc<Origin>,
    /// What it says.
    pub state: MessageState,
    /// The network's error, a MAP code.
    pub map_error: Option<u16>,
    /// Whether it tells that the message is still underway.
    pub intermediate: bool,
    /// When the state was reached.
    pub done: Timestamp,
    /// How often a receiver has refused it for good.
    pub refused: u8,
    /// Which session should get it.
    pub preferred: Preferred,
}

/// What receipts need to know of a message.
pub struct Origin {
    /// Who sent it.
    pub system_id: Arc<[u8]>,
    /// The id it was given.
    pub id: SimulatedId,
    /// Its source: where receipts go to.
    pub source: Address,
    /// Its destination: where receipts come from.
    pub destination: Address,
    /// The beginning of its text.
    pub text: Box<[u8]>,
    /// When it arrived.
    pub submitted: Timestamp,
    /// What a scenario says of it; nothing if `None`.
    pub rules: Option<Arc<MessageRules>>,
}

impl Origin {
    /// The id as the answer to the message has it.
    #[must_use]
    pub fn response_id(&self) -> String {
        self.rules
            .as_ref()
            .map_or_else(|| self.id.to_string(), |rules| rules.ids.response.write(self.id, rules.ids.width))
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether a client asked to be told of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It did not.
    None,
    /// As an intermediate notification.
    Intermediate,
    /// As a delivery receipt.
    Receipt,
}

/// Whether registered_delivery asks to be told of `state`.
///
/// A client that wants every receipt but no intermediate notifications is told of `ENROUTE` in a receipt, as many centres do.
#[must_use]
pub fn wish(registered_delivery: u8, state: MessageState) -> Wish {
    let underway = matches!(state, MessageState::Scheduled | MessageState::Enroute | MessageState::Accepted);
    let wanted = match registered_delivery & 0x03 {
        0x01 => true,
        0x02 => !underway && state != MessageState::Delivered,
        0x03 => state == MessageState::Delivered,
        _ => false,
    };
    if underway && registered_delivery & 0x10 != 0 {
        Wish::Intermediate
    } else if wanted {
        Wish::Receipt
    } else {
        Wish::None
    }
}

impl Receipt {
    /// The receipt that the table plans, if the client wants it. `answered` is when the message was accepted.
    #[must_use]
    pub fn planned(
        origin: &Arc<Origin>,
        planned: &Planned,
        registered_delivery: u8,
        answered: Timestamp,
    ) -> Option<Self> {
        let wish = wish(registered_delivery, planned.state);
        (wish != Wish::None).then(|| Self {
            origin: Arc::clone(origin),
            state: planned.state,
            map_error: planned.map_error,
            intermediate: wish == Wish::Intermediate,
            done: answered + planned.after,
            refused: 0,
            preferred: Preferred::Any,
        })
    }

    /// The PDU that tells it: from the subscriber to whoever sent the message.
    #[must_use]
    pub fn to_body(&self) -> Body {
        match &self.origin.rules {
            Some(rules) => style::compose(self, rules),
            None => Body::DeliverSm(Box::new(self.plain())),
        }
    }

    fn plain(&self) -> ShortMessage {
        let seconds = |at: Timestamp| u64::try_from(at.unix_seconds()).unwrap_or(0);
        compose(&ReceiptText {
            id: &self.origin.id.to_bytes(),
            state: self.state,
            error: self.map_error.unwrap_or(0),
            submitted_unix_seconds: seconds(self.origin.submitted),
            done_unix_seconds: seconds(self.done),
            text: &self.origin.text,
            source: self.origin.destination.clone(),
            destination: self.origin.source.clone(),
            is_intermediate: self.intermediate,
            dates: ReceiptDates::TenDigits,
            tlvs: ReceiptTlvs::Send,
        })
    }
}

impl Parcel for Receipt {
    fn owner(&self) -> Option<&Arc<[u8]>> {
        Some(&self.origin.system_id)
    }

    fn preferred(&self) -> Preferred {
        self.preferred
    }
}

/// The beginning of a message as a receipt can repeat it: text of the default alphabet only, nothing of any other.
#[must_use]
pub fn excerpt(message: &ShortMessage) -> Box<[u8]> {
    if message.data_coding != 0 {
        return Box::default();
    }
    let text = text_of(message);
    let text = &text[..text.len().min(TEXT_CHARS_MAX)];
    text.iter().map(|&octet| if (0x20..0x7f).contains(&octet) { octet } else { b'.' }).collect()
}

/// The user data without its header.
fn text_of(message: &ShortMessage) -> &[u8] {
    let data = message.user_data();
    if message.esm_class & ESM_CLASS_UDHI == 0 {
        return data;
    }
    udh::strip(data).1
}

/// The esm_class bit that says that the user data begin with a header (SMPP 3.4 §5.2.12).
pub const ESM_CLASS_UDHI: u8 = 0x40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_told() {
        use MessageState::{Delivered, Enroute, Expired, Undeliverable};
        let table = [
            (0x00, [Wish::None; 4]),
            (0x01, [Wish::Receipt; 4]),
            (0x02, [Wish::None, Wish::None, Wish::Receipt, Wish::Receipt]),
            (0x03, [Wish::None, Wish::Receipt, Wish::None, Wish::None]),
            (0x10, [Wish::Intermediate, Wish::None, Wish::None, Wish::None]),
            (0x11, [Wish::Intermediate, Wish::Receipt, Wish::Receipt, Wish::Receipt]),
            (0x12, [Wish::Intermediate, Wish::None, Wish::Receipt, Wish::Receipt]),
            // Bits for the handset's own acknowledgement say nothing about receipts.
            (0x0c, [Wish::None; 4]),
        ];
        for (registered_delivery, wanted) in table {
            let told = [Enroute, Delivered, Expired, Undeliverable].map(|state| wish(registered_delivery, state));
            assert_eq!(told, wanted, "{registered_delivery:#x}");
        }
    }

    #[test]
    fn an_excerpt_is_plain_text_without_the_header() {
        let check = |esm_class, data_coding, data: &[u8], wanted: &[u8]| {
            let message =
                ShortMessage { esm_class, data_coding, short_message: data.to_vec(), ..ShortMessage::default() };
            assert_eq!(&*excerpt(&message), wanted);
        };
        check(0, 0, b"Hello", b"Hello");
        check(0, 0, b"exactly twenty chars and more", b"exactly twenty chars");
        check(0x40, 0, b"\x05\x00\x03\x2a\x02\x01Hello", b"Hello");
        // A header that claims more than there is.
        check(0x40, 0, b"\x50\x00", b"P.");
        check(0x40, 0, b"", b"");
        check(0, 0, b"a\x1be\x00\r\n", b"a.e...");
        check(0, 8, b"\x00H", b"");
    }
}
