//! A submission as `submit_sm` (SMPP 3.4 §4.4.1). Pure, and the same for every try of a part.

use whimbrel_core::{CarrierError, Cause, ReceiptStatus, ReceiptWish, SenderId, Submission};
use whimbrel_smpp::time::relative_validity;
use whimbrel_smpp::{Address, EncodeError, ShortMessage};
use whimbrel_sms::Encoding;

/// A user data header leads the message (SMPP 3.4 §5.2.12).
const ESM_CLASS_HAS_HEADER: u8 = 0x40;
/// The alphabet of the centre: GSM 7-bit, a septet an octet.
const DATA_CODING_DEFAULT: u8 = 0x00;
const DATA_CODING_BINARY: u8 = 0x04;
const DATA_CODING_UCS2: u8 = 0x08;
/// A receipt for success and for failure.
const REGISTERED_DELIVERY_WANTED: u8 = 0x01;

/// Type of number and numbering plan (SMPP 3.4 §5.2.5, §5.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TonNpi {
    /// Type of number: 0 unknown, 1 international, 3 network specific, 5 alphanumeric, 6 abbreviated.
    pub ton: u8,
    /// Numbering plan: 0 unknown, 1 ISDN.
    pub npi: u8,
}

/// How addresses are labelled. The default is what most carriers expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressForms {
    /// A sender that is a name: 5/0.
    pub sender_name: TonNpi,
    /// A sender that is an international number: 1/1.
    pub sender_number: TonNpi,
    /// A sender that is a short code: 3/0; some carriers want 0/1 or 6/0.
    pub sender_short_code: TonNpi,
    /// The recipient: 1/1.
    pub recipient: TonNpi,
}

impl Default for AddressForms {
    fn default() -> Self {
        let international = TonNpi { ton: 1, npi: 1 };
        Self {
            sender_name: TonNpi { ton: 5, npi: 0 },
            sender_number: international,
            sender_short_code: TonNpi { ton: 3, npi: 0 },
            recipient: international,
        }
    }
}

/// Whether `validity_period` is sent. Some centres never answer a message that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidityForm {
    /// As a span, on every part for which one was asked.
    #[default]
    Relative,
    /// Never.
    Never,
}

/// What a carrier wants to see in every message.
#[derive(Debug, Clone)]
pub(super) struct SubmitForm {
    pub(super) service_type: Vec<u8>,
    pub(super) addresses: AddressForms,
    pub(super) validity: ValidityForm,
}

/// The body for `submission`.
pub(super) fn submit_sm(submission: &Submission, form: &SubmitForm) -> Result<ShortMessage, CarrierError> {
    let validity_period = match (form.validity, submission.validity) {
        (ValidityForm::Relative, Some(span)) => {
            relative_validity(u64::try_from(span.0.max(0)).unwrap_or(0).div_ceil(1_000_000))
        }
        (ValidityForm::Relative, None) | (ValidityForm::Never, _) => Vec::new(),
    };
    Ok(ShortMessage {
        service_type: form.service_type.clone(),
        source: source(&submission.sender, &form.addresses)?,
        destination: address(form.addresses.recipient, submission.recipient.digits()),
        esm_class: if submission.content.header().is_empty() { 0 } else { ESM_CLASS_HAS_HEADER },
        validity_period,
        registered_delivery: match submission.receipt {
            ReceiptWish::Wanted => REGISTERED_DELIVERY_WANTED,
            ReceiptWish::Unwanted => 0,
        },
        data_coding: match submission.encoding {
            Encoding::Gsm7 => DATA_CODING_DEFAULT,
            Encoding::Ucs2 => DATA_CODING_UCS2,
            Encoding::Binary => DATA_CODING_BINARY,
        },
        short_message: submission.content.user_data().to_vec(),
        ..ShortMessage::default()
    })
}

/// What the customer is told of a part that cannot be written.
pub(super) fn unwritable(error: &EncodeError) -> CarrierError {
    let (status, cause) = match error {
        EncodeError::HasNul { field: "source_addr" } | EncodeError::TooLong { field: "source_addr", .. } => {
            (ReceiptStatus::Rejected, Cause::SenderFilter)
        }
        EncodeError::HasNul { .. } | EncodeError::TooLong { .. } | EncodeError::TwoMessages => {
            (ReceiptStatus::Rejected, Cause::IllegalMessage)
        }
    };
    CarrierError::Permanent { cause, status, code: format!("not sent: {error}").into() }
}

fn source(sender: &SenderId, forms: &AddressForms) -> Result<Address, CarrierError> {
    match sender {
        SenderId::Number(number) => Ok(address(forms.sender_number, number.digits())),
        SenderId::ShortCode(code) => Ok(address(forms.sender_short_code, code)),
        // Which alphabet a centre reads addresses in is not agreed anywhere, except that ASCII is.
        SenderId::Name(name) if name.is_ascii() => Ok(address(forms.sender_name, name)),
        SenderId::Name(_) => Err(CarrierError::Permanent {
            cause: Cause::SenderFilter,
            status: ReceiptStatus::Rejected,
            code: "not sent: the sender is not ASCII".into(),
        }),
    }
}

fn address(label: TonNpi, text: &str) -> Address {
    Address { ton: label.ton, npi: label.npi, digits: text.as_bytes().to_vec() }
}
