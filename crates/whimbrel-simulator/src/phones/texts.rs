//! Texts that phones send: what is asked for, the parts they are sent in, and what became of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use whimbrel_smpp::{Address, ShortMessage, tag};
use whimbrel_sms::{ConcatRef, EncodingChoice, PartCount, Parts, SplitOptions, gsm7, split, ucs2};

use crate::outcome::international;
use crate::receipt::ESM_CLASS_UDHI;

/// How many parts may wait to be acknowledged.
pub const PENDING_MAX: u32 = 10_000;
/// How many texts are remembered, the latest.
const RECORDS_MAX: usize = 10_000;
/// The most octets of a message_payload that is sent.
const PAYLOAD_OCTETS_MAX: usize = 60_000;

/// A text that a phone is to send. `Debug` shows neither it nor numbers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneText {
    /// The phone's number.
    pub from: String,
    /// Where it goes: a number or a short code of the client's.
    pub to: String,
    /// What it says.
    pub content: PhoneContent,
    /// How a long text is cut.
    #[serde(default)]
    pub concat: ConcatMethod,
    /// The client that gets it; any that receives if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
}

impl fmt::Debug for PhoneText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneText").field("concat", &self.concat).finish_non_exhaustive()
    }
}

/// What a phone sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneContent {
    /// A text.
    Text(TextContent),
    /// Octets.
    Binary(BinaryContent),
}

/// A text and its alphabet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextContent {
    /// The text.
    pub text: String,
    /// How it is written.
    #[serde(default)]
    pub alphabet: Alphabet,
}

/// Octets and the header before them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinaryContent {
    /// The user data header with its length octet, in hexadecimal; empty for none.
    #[serde(default)]
    pub udh_hex: String,
    /// What follows, in hexadecimal.
    pub body_hex: String,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// GSM 7-bit if it fits, else UCS-2.
    #[default]
    Auto,
    /// GSM 7-bit; what does not fit becomes `?`.
    Gsm7,
    /// UCS-2.
    Ucs2,
}

/// How a long text is cut into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcatMethod {
    /// A header with an 8-bit reference.
    #[default]
    Udh8,
    /// A header with a 16-bit reference.
    Udh16,
    /// The sar parameters.
    Sar,
    /// Not at all: the whole text is in message_payload.
    Payload,
}

/// How far a text has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextState {
    /// Some of it has not been sent yet.
    Queued,
    /// All of it was sent, and some is not acknowledged.
    Sent,
    /// The client has taken all of it.
    Acknowledged,
    /// The client refused a part three times.
    Dropped,
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextStatus {
    /// The number to ask for it with.
    pub id: u64,
    /// How far it has come.
    pub state: TextState,
    /// How many parts it has.
    pub part_count: u32,
    /// How often a part of it was sent, again included.
    pub sent_count: u32,
    /// How many parts were taken.
    pub acknowledged_count: u32,
    /// How often a part was refused.
    pub refused_count: u32,
    /// How many parts were given up.
    pub dropped_count: u32,
}

/// Why a text cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneTextRefused {
    /// A number is empty, longer than 20 characters, or holds what no number does.
    Address(&'static str),
    /// It needs more than 255 parts, or is longer than message_payload takes.
    TooLong,
    /// It is not hexadecimal, or not one part, or its header does not add up.
    Binary,
    /// Too many parts wait to be taken.
    Full,
}

impl fmt::Display for PhoneTextRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(field) => write!(f, "`{field}` is no address: use 1 to 20 letters or digits"),
            Self::TooLong => f.write_str("the text is too long: use at most 255 parts"),
            Self::Binary => f.write_str("the octets are no part: use hexadecimal, at most 140 octets, a whole header"),
            Self::Full => write!(f, "{PENDING_MAX} parts wait to be taken: bind a receiver, or wait"),
        }
    }
}

impl std::error::Error for PhoneTextRefused {}

/// What became of a text, as sessions see it.
#[derive(Debug)]
pub struct TextRecord {
    id: u64,
    part_count: u32,
    sent: AtomicU32,
    acknowledged: AtomicU32,
    refused: AtomicU32,
    dropped: AtomicU32,
    pending: Arc<AtomicU32>,
}

impl TextRecord {
    /// The number of the text.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// A part was sent.
    pub fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// A part was taken.
    pub fn acknowledged(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    /// A part was refused.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A part was given up.
    pub fn dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    /// What became of it.
    pub fn status(&self) -> TextStatus {
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        let (sent_count, acknowledged_count) = (count(&self.sent), count(&self.acknowledged));
        let dropped_count = count(&self.dropped);
        let state = if dropped_count > 0 {
            TextState::Dropped
        } else if acknowledged_count >= self.part_count {
            TextState::Acknowledged
        } else if sent_count >= self.part_count {
            TextState::Sent
        } else {
            TextState::Queued
        };
        TextStatus {
            id: self.id,
            state,
            part_count: self.part_count,
            sent_count,
            acknowledged_count,
            refused_count: count(&self.refused),
            dropped_count,
        }
    }
}

/// The texts that phones sent.
#[derive(Default)]
pub struct Texts {
    records: Mutex<(u64, BTreeMap<u64, Arc<TextRecord>>)>,
    pending: Arc<AtomicU32>,
}

impl Texts {
    /// Cuts a text into parts and remembers it.
    pub fn open(&self, text: &PhoneText) -> Result<(Arc<TextRecord>, Vec<ShortMessage>), PhoneTextRefused> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let id = records.0 + 1;
        let parts = parts(text, id)?;
        let part_count = u32::try_from(parts.len()).map_err(|_| PhoneTextRefused::TooLong)?;
        if self.pending.load(Ordering::Relaxed).saturating_add(part_count) > PENDING_MAX {
            return Err(PhoneTextRefused::Full);
        }
        self.pending.fetch_add(part_count, Ordering::Relaxed);
        let record = Arc::new(TextRecord {
            id,
            part_count,
            sent: AtomicU32::new(0),
            acknowledged: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            dropped: AtomicU32::new(0),
            pending: Arc::clone(&self.pending),
        });
        records.0 = id;
        records.1.insert(id, Arc::clone(&record));
        if records.1.len() > RECORDS_MAX {
            records.1.pop_first();
        }
        Ok((record, parts))
    }

    /// What became of a text; `None` if it is not remembered.
    pub fn status(&self, id: u64) -> Option<TextStatus> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.1.get(&id).map(|record| record.status())
    }

    /// How many parts wait to be taken.
    pub fn pending(&self) -> u32 {
        self.pending.load(Ordering::Relaxed)
    }
}

/// The deliver_sm of a text. Parts share the low bits of `number` as their reference.
pub(crate) fn parts(text: &PhoneText, number: u64) -> Result<Vec<ShortMessage>, PhoneTextRefused> {
    let [.., high, low] = number.to_be_bytes();
    let reference = u16::from_be_bytes([high, low]);
    let base = |data_coding| -> Result<ShortMessage, PhoneTextRefused> {
        let (source, destination) = (address("from", &text.from)?, address("to", &text.to)?);
        Ok(ShortMessage { source, destination, data_coding, ..ShortMessage::default() })
    };
    let content = match &text.content {
        PhoneContent::Text(content) => content,
        PhoneContent::Binary(binary) => {
            let octets = |hex: &str| unhex(hex).ok_or(PhoneTextRefused::Binary);
            let (udh, body) = (octets(&binary.udh_hex)?, octets(&binary.body_hex)?);
            let content = whimbrel_sms::BinaryContent { udh: &udh, body: &body };
            let parts = Parts::binary(content).map_err(|_| PhoneTextRefused::Binary)?;
            let message = base(0x04)?;
            return Ok(parts.iter().map(|part| with_header(&message, part.header(), part.body())).collect());
        }
    };
    let is_ucs2 = match content.alphabet {
        Alphabet::Auto => gsm7::first_unmappable(&content.text).is_some(),
        Alphabet::Gsm7 => false,
        Alphabet::Ucs2 => true,
    };
    let message = base(if is_ucs2 { 0x08 } else { 0x00 })?;
    if text.concat == ConcatMethod::Payload {
        let octets = if is_ucs2 { ucs2::encode(&content.text) } else { gsm7::encode_lossy(&content.text) };
        if octets.len() > PAYLOAD_OCTETS_MAX {
            return Err(PhoneTextRefused::TooLong);
        }
        let mut message = message;
        message.tlvs.push(tag::MESSAGE_PAYLOAD, octets);
        return Ok(vec![message]);
    }
    let reference_in_header =
        if text.concat == ConcatMethod::Udh16 { ConcatRef::Word(reference) } else { ConcatRef::Octet(low) };
    let options = SplitOptions {
        encoding: if is_ucs2 { EncodingChoice::Ucs2 } else { EncodingChoice::Gsm7 },
        reference: reference_in_header,
        part_count_max: PartCount::MAX,
    };
    let parts = split(&content.text, options).map_err(|_| PhoneTextRefused::TooLong)?;
    let sar = text.concat == ConcatMethod::Sar;
    let to_message = |part: &whimbrel_sms::Part| match part.concat() {
        Some(concat) if sar => {
            let mut message = ShortMessage { short_message: part.body().to_vec(), ..message.clone() };
            message.tlvs.push(tag::SAR_MSG_REF_NUM, reference.to_be_bytes());
            message.tlvs.push(tag::SAR_TOTAL_SEGMENTS, [concat.total().value()]);
            message.tlvs.push(tag::SAR_SEGMENT_SEQNUM, [concat.sequence().value()]);
            message
        }
        _ => with_header(&message, part.header(), part.body()),
    };
    Ok(parts.iter().map(to_message).collect())
}

fn with_header(message: &ShortMessage, header: &[u8], body: &[u8]) -> ShortMessage {
    let mut message = ShortMessage { short_message: [header, body].concat(), ..message.clone() };
    if !header.is_empty() {
        message.esm_class |= ESM_CLASS_UDHI;
    }
    message
}

fn address(field: &'static str, text: &str) -> Result<Address, PhoneTextRefused> {
    let digits = international(text.as_bytes());
    if digits.is_empty() || digits.len() > 20 || !digits.iter().all(|octet| (b' '..0x7F).contains(octet)) {
        return Err(PhoneTextRefused::Address(field));
    }
    let is_number = digits.iter().all(u8::is_ascii_digit);
    // International, or a short code of the network's own, or letters (SMPP 3.4 §5.2.5).
    let (ton, npi) = match (is_number, digits.len()) {
        (true, 7..) => (1, 1),
        (true, _) => (3, 0),
        (false, _) => (5, 0),
    };
    Ok(Address { ton, npi, digits: digits.to_vec() })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks(2).map(|pair| u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok()).collect()
}
