//! A submission as `submit_sm` (SMPP 3.4 §4.4.1). Pure, and the same for every try of a part, unless validity is sent as a
//! moment.

use whimbrel_core::{
    CarrierError, Cause, MessageClass, ReceiptStatus, ReceiptWish, RefusalScope, Span, Submission, Timestamp,
};
use whimbrel_smpp::time::{absolute, relative_validity};
use whimbrel_smpp::{EncodeError, ShortMessage, Tlv, Tlvs, tag};
use whimbrel_sms::{DataCoding, DefaultAlphabet, Encoding, latin1};

use super::concat::{ConcatMethod, Joined, join, push_sar, without_concat};
use super::config::{OptionalParameters, ReceiptRequest, SmppConfig, TextCoding, ValidityForm};

/// A user data header leads the message (SMPP 3.4 §5.2.12).
const ESM_CLASS_HAS_HEADER: u8 = 0x40;
/// ISO 8859-1 (SMPP 3.4 §5.2.19).
const DATA_CODING_LATIN1: u8 = 0x03;
/// A receipt for success and for failure.
const REGISTERED_DELIVERY_FINAL: u8 = 0x01;
/// The same, and intermediate notifications.
const REGISTERED_DELIVERY_INTERMEDIATE: u8 = 0x11;
/// What `short_message` holds; more goes into `message_payload`.
const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

/// Whether the carrier takes times at all: it may have said that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Send,
    Omit,
}

/// What is known when a submission is written.
#[derive(Clone, Copy)]
pub(super) struct Writing<'a> {
    pub(super) config: &'a SmppConfig,
    pub(super) times: Times,
    /// The wall clock.
    pub(super) at: Timestamp,
}

/// The body for one part as it is.
pub(super) fn submit_sm(submission: &Submission, writing: Writing<'_>) -> Result<ShortMessage, CarrierError> {
    let content = &submission.content;
    let concat = content.concat().filter(|_| writing.config.concat == ConcatMethod::Sar && submission.part_count > 1);
    let (header, mut tlvs) = match concat {
        Some(concat) => {
            let mut tlvs = Tlvs::new();
            push_sar(&mut tlvs, concat);
            (without_concat(content.header()), tlvs)
        }
        None => (content.header().to_vec(), Tlvs::new()),
    };
    let joined = Joined { header, body: content.body().to_vec() };
    let message = written(submission, &joined, &mut tlvs, writing)?;
    Ok(ShortMessage { tlvs, ..message })
}

/// The body for all parts of a message together. `submissions`: at least one, in their order.
pub(super) fn submit_whole(submissions: &[Submission], writing: Writing<'_>) -> Result<ShortMessage, CarrierError> {
    let Some(first) = submissions.first() else { return Ok(ShortMessage::default()) };
    let joined = join(submissions.iter().map(|submission| &submission.content));
    let mut tlvs = Tlvs::new();
    let message = written(first, &joined, &mut tlvs, writing)?;
    Ok(ShortMessage { tlvs, ..message })
}

/// All fields but the optional parameters, which are added to `tlvs`.
fn written(
    submission: &Submission,
    joined: &Joined,
    tlvs: &mut Tlvs,
    Writing { config, times, at }: Writing<'_>,
) -> Result<ShortMessage, CarrierError> {
    let (data_coding, body) = coded(submission, joined, config);
    let mut short_message = [&joined.header[..], &body].concat();
    if short_message.len() > SHORT_MESSAGE_OCTETS_MAX && config.tlvs == OptionalParameters::Send {
        tlvs.push(tag::MESSAGE_PAYLOAD, std::mem::take(&mut short_message));
    }
    push_marks(tlvs, submission, config);
    let (service_type, priority_flag) = match submission.class {
        MessageClass::Otp => (config.service_type_otp.as_ref().unwrap_or(&config.service_type), config.priority()),
        MessageClass::Bulk => (&config.service_type, 0),
    };
    Ok(ShortMessage {
        service_type: service_type.as_bytes().to_vec(),
        source: config.addresses.source(&submission.sender).map_err(|_| sender_is_not_ascii())?,
        destination: config.addresses.destination(&submission.recipient),
        esm_class: if joined.header.is_empty() { 0 } else { ESM_CLASS_HAS_HEADER },
        protocol_id: submission.protocol_id,
        priority_flag,
        validity_period: match times {
            Times::Send => validity_period(config.validity, submission.validity, at),
            Times::Omit => Vec::new(),
        },
        registered_delivery: match (submission.receipt, config.receipts) {
            (ReceiptWish::Unwanted, _) | (_, ReceiptRequest::Never) => 0,
            (ReceiptWish::Wanted, ReceiptRequest::Final) => REGISTERED_DELIVERY_FINAL,
            (ReceiptWish::Wanted, ReceiptRequest::WithIntermediate) => REGISTERED_DELIVERY_INTERMEDIATE,
        },
        data_coding,
        short_message,
        ..ShortMessage::default()
    })
}

/// The octets after the header, and the data coding that says what they are.
fn coded(submission: &Submission, Joined { header, body }: &Joined, config: &SmppConfig) -> (u8, Vec<u8>) {
    let class = submission.handset_class;
    let data_coding = DataCoding::compose(submission.encoding, class, config.class_form);
    match submission.encoding {
        Encoding::Gsm7 => {
            // Data coding 3 has no class.
            if config.text_coding == TextCoding::Latin1 && class.is_none() {
                let text = DefaultAlphabet::Utf8.read(&DefaultAlphabet::Utf8.write(body, header), &[]);
                if let Some(octets) = latin1::encode(&text) {
                    return (DATA_CODING_LATIN1, octets);
                }
            }
            (data_coding, config.default_alphabet.write(body, header))
        }
        Encoding::Ucs2 | Encoding::Binary => (data_coding, body.clone()),
    }
}

/// Regulators' marks, and what the carrier wants to see in every message.
fn push_marks(tlvs: &mut Tlvs, submission: &Submission, config: &SmppConfig) {
    if config.tlvs == OptionalParameters::Omit {
        return;
    }
    let (tags, registration) = (config.registration_tags, &submission.registration);
    for (tag, mark) in [(tags.entity, &registration.entity), (tags.template, &registration.template)] {
        if let (Some(tag), Some(mark)) = (tag, mark) {
            tlvs.push(tag, mark.as_bytes());
        }
    }
    for Tlv { tag, value } in config.constant_tlvs.iter().map(super::ConstantTlv::to_tlv) {
        // The message's own mark goes before a constant one.
        if tlvs.get(tag).is_none() {
            tlvs.push(tag, value);
        }
    }
}

fn validity_period(form: ValidityForm, validity: Option<Span>, at: Timestamp) -> Vec<u8> {
    let seconds = |micros: i64| u64::try_from(micros.max(0)).unwrap_or(0).div_ceil(1_000_000);
    match (form, validity) {
        (ValidityForm::Relative, Some(span)) => relative_validity(seconds(span.0)),
        (ValidityForm::Absolute, Some(span)) => absolute(seconds((at + span).0)),
        (ValidityForm::Relative | ValidityForm::Absolute, None) | (ValidityForm::Never, _) => Vec::new(),
    }
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
    CarrierError::Permanent {
        cause,
        status,
        code: format!("not sent: {error}").into(),
        scope: RefusalScope::ThisCarrier,
    }
}

fn sender_is_not_ascii() -> CarrierError {
    CarrierError::Permanent {
        cause: Cause::SenderFilter,
        status: ReceiptStatus::Rejected,
        code: "not sent: the sender has a character that the carrier takes in no name".into(),
        scope: RefusalScope::ThisCarrier,
    }
}
