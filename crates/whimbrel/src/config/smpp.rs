//! What a carrier that speaks SMPP 3.4 may be told; the carrier's own code knows what it means on the wire.

use std::path::PathBuf;
use std::time::Duration;

use whimbrel_core::Secret;
use whimbrel_core::part::Cause;

/// An SMPP carrier.
#[derive(Debug, Clone, PartialEq)]
pub struct SmppCarrier {
    /// The SMSC's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name to bind with.
    pub system_id: String,
    /// The password.
    pub password: Secret,
    /// What some carriers want in the bind.
    pub system_type: String,
    /// How to bind.
    pub bind: SmppBind,
    /// Connections at once; each is two links with [`SmppBind::Pair`].
    pub connections: u16,
    /// The version said in the bind.
    pub interface_version: u8,
    /// The addresses a receiver wants texts of.
    pub address_range: String,
    /// Its labels.
    pub address_range_form: TonNpi,
    /// Unanswered submissions at once, on each connection.
    pub window_max: u16,
    /// For the answer to the bind.
    pub bind_timeout: Duration,
    /// For the answer to a submission.
    pub response_timeout: Duration,
    /// How long the link may be silent.
    pub enquire_interval: Duration,
    /// For the answer to an enquiry.
    pub enquire_timeout: Duration,
    /// For open answers, when a link ends in good order.
    pub drain_timeout: Duration,
    /// Answers to enquiries missed in a row that end a link.
    pub enquire_misses: u8,
    /// How texts are written.
    pub text: SmppText,
    /// The service type of each submission.
    pub service_type: String,
    /// The service type of one-time codes.
    pub otp_service_type: Option<String>,
    /// The priority of one-time codes.
    pub otp_priority: u8,
    /// Whether carriers are told the validity.
    pub validity: Validity,
    /// Which receipts are asked for.
    pub receipts: Receipts,
    /// How addresses are labelled and written.
    pub addresses: SmppAddresses,
    /// Optional parameters.
    pub tlvs: SmppTlvs,
    /// How ids in receipts relate to ids in answers.
    pub id_format: IdFormat,
    /// What command statuses mean, by status.
    pub status_table: Vec<(u32, StatusClass)>,
    /// What network errors mean, by error.
    pub error_table: Vec<(u16, Cause)>,
    /// Whether the numbers after `err:` are MAP errors.
    pub text_error_codes: TextErrors,
    /// TLS, if it is spoken.
    pub tls: Option<SmppTls>,
}

/// How to bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmppBind {
    /// One link for both directions.
    Transceiver,
    /// A link that only submits.
    Transmitter,
    /// A link that only receives.
    Receiver,
    /// A link for each direction.
    Pair,
}

/// How texts are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmppText {
    /// What data coding 0 means.
    pub default_alphabet: DefaultAlphabet,
    /// Whether data coding 3 may be sent.
    pub latin1: bool,
    /// How parts say that they belong together.
    pub concat: Concat,
    /// Octets left free in each part of a long text.
    pub part_slack: u8,
    /// The data coding of a GSM text of class 0.
    pub flash: u8,
    /// Whether unmarked receipts are looked for.
    pub sniff_receipts: bool,
    /// Whether inbound texts are read by their octets where these differ from their data coding.
    pub sniff_texts: bool,
}

/// What data coding 0 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultAlphabet {
    /// GSM 7-bit, a septet in each octet.
    Gsm7,
    /// GSM 7-bit, packed.
    Gsm7Packed,
    /// Latin-1.
    Latin1,
    /// ASCII.
    Ascii,
    /// UTF-8.
    Utf8,
}

/// How parts say that they belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concat {
    /// A user data header with an 8-bit reference.
    Udh8,
    /// A user data header with a 16-bit reference.
    Udh16,
    /// The `sar_*` parameters.
    Sar,
    /// They do not: the whole text is in `message_payload`.
    Payload,
}

/// Whether carriers are told until when a message is worth delivering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// As a time from now.
    Relative,
    /// As a time of day in UTC.
    Absolute,
    /// No.
    Never,
}

/// Which receipts are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipts {
    /// The final one.
    Final,
    /// Those before it too.
    Intermediate,
    /// None.
    None,
}

/// Type of number and numbering plan (SMPP 3.4 §5.2.5, §5.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TonNpi {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan.
    pub npi: u8,
}

/// How addresses are labelled and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmppAddresses {
    /// A sender with letters.
    pub sender_name: TonNpi,
    /// An international number as sender.
    pub sender_number: TonNpi,
    /// A number of up to 6 digits as sender.
    pub sender_short_code: TonNpi,
    /// Recipients.
    pub recipient: TonNpi,
    /// How a sender that is an international number is written.
    pub sender_number_form: WrittenNumber,
    /// Which characters a sender with letters may have, one octet each.
    pub sender_name_alphabet: NameAlphabet,
    /// How recipients are written.
    pub recipient_form: WrittenNumber,
}

/// The characters of a sender with letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameAlphabet {
    /// ASCII.
    Ascii,
    /// GSM 7-bit.
    Gsm7,
}

/// How numbers are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenNumber {
    /// Digits, country code first.
    Plain,
    /// With `+`.
    Plus,
    /// With `00`.
    DoubleZero,
    /// Numbers of `country` without it, after `prefix`; others as digits.
    National {
        /// The country code.
        country: String,
        /// What is written in its place.
        prefix: String,
    },
}

/// Optional parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmppTlvs {
    /// Whether any may be sent.
    pub allowed: bool,
    /// Those of every submission.
    pub constant: Vec<(u16, Vec<u8>)>,
    /// The tag for the sender's entity id.
    pub entity: Option<u16>,
    /// The tag for the text's template id.
    pub template: Option<u16>,
    /// The tags in receipts that make up the recipient's network code; none: it is not read.
    pub network: Vec<u16>,
}

/// How ids in receipts relate to ids in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFormat {
    /// Every form is tried.
    Auto,
    /// They are the same.
    Exact,
    /// Answers write hexadecimal, receipts decimal.
    RespHex,
    /// Answers write decimal, receipts hexadecimal.
    RespDec,
    /// Both may be hexadecimal or decimal.
    Mask {
        /// Answers write hexadecimal.
        answer_is_hex: bool,
        /// Receipts write hexadecimal.
        receipt_is_hex: bool,
    },
}

/// What a command status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    /// No carrier will take the part.
    Reject,
    /// This carrier will not; another may.
    Reroute,
    /// The number is in another network: another carrier may take it.
    Ported,
    /// It may later.
    Retry,
    /// It asks us to slow down.
    Throttle,
    /// Its queue is full.
    QueueFull,
}

/// What the numbers after `err:` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextErrors {
    /// The carrier's own.
    Opaque,
    /// MAP errors.
    Map,
}

/// TLS towards a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmppTls {
    /// How the carrier proves itself.
    pub verify: TlsVerify,
    /// Authorities to trust instead of the system's: a PEM file.
    pub ca: Option<PathBuf>,
    /// The name that the certificate must have; `None`: the host.
    pub name: Option<String>,
    /// Our own certificate chain and key, PEM files.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// How a carrier proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsVerify {
    /// By a chain to an authority, and its name.
    Full,
    /// By being one of these certificates, by SHA-256.
    Fingerprints(Vec<[u8; 32]>),
    /// Not at all.
    None,
}
