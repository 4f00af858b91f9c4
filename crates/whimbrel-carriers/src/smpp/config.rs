//! The settings of a carrier of the kind `smpp`, with their defaults and bounds.

use whimbrel_core::{Cause, Secret, Span};
use whimbrel_smpp::{Address, Bind, Body, CommandStatus, EncodeError, Pdu, ShortMessage};
use whimbrel_sms::{ClassForm, DefaultAlphabet, PartForm, RefWidth, Sniff};

use super::address::{AddressForms, TonNpi};
use super::answer::{StatusClass, StatusRule};
use super::concat::ConcatMethod;
use super::receipt::{IdFormat, TextErrorCodes};
use super::tls::Tls;

/// SMPP 3.4.
const INTERFACE_VERSION: u8 = 0x34;
/// The window that no carrier exceeds.
const WINDOW_MAX: u16 = 1_000;
/// The connections that no carrier exceeds, for each direction of a pair.
const CONNECTIONS_MAX: u8 = 32;
/// The highest `priority_flag` (SMPP 3.4 §5.2.14).
const PRIORITY_MAX: u8 = 3;
/// The parts that a message can have: what a carrier that puts parts together again must be able to hold.
const PARTS_MAX: u16 = 255;

/// What a connection may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindMode {
    /// Both directions on one connection.
    #[default]
    Transceiver,
    /// Submissions only: receipts and texts do not come this way.
    Transmitter,
    /// Receipts and texts only: nothing is sent this way.
    Receiver,
    /// A connection for each direction, as SMPP 3.3 has it.
    TransmitterAndReceiver,
}

impl BindMode {
    /// What each connection binds as, in order, when there are `connections` of each kind.
    pub(super) fn connections(self, connections: u8) -> Vec<whimbrel_smpp::BindMode> {
        use whimbrel_smpp::BindMode::{Receiver, Transceiver, Transmitter};
        let kinds: &[whimbrel_smpp::BindMode] = match self {
            Self::Transceiver => &[Transceiver],
            Self::Transmitter => &[Transmitter],
            Self::Receiver => &[Receiver],
            Self::TransmitterAndReceiver => &[Transmitter, Receiver],
        };
        (0..connections.clamp(1, CONNECTIONS_MAX)).flat_map(|_| kinds.iter().copied()).collect()
    }
}

/// How `validity_period` is sent. Some centres never answer a message that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidityForm {
    /// As a span, on every part for which one was asked: tries of a part are alike.
    #[default]
    Relative,
    /// As a moment in UTC, counted from the try.
    Absolute,
    /// Never.
    Never,
}

/// Which receipts are asked for, where one is wanted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptRequest {
    /// For the end of a message, good or bad: 0x01.
    #[default]
    Final,
    /// Also on the way there: 0x11.
    WithIntermediate,
    /// None, whatever the customer wants.
    Never,
}

/// Whether optional parameters are sent. What the carrier sends is always read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OptionalParameters {
    /// They are.
    #[default]
    Send,
    /// The carrier refuses them, as centres of version 3.3 do. Parts can then be marked by headers only.
    Omit,
}

/// In which octets a text of GSM 7-bit is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextCoding {
    /// In the carrier's default alphabet, with data coding 0.
    #[default]
    Default,
    /// In Latin-1, with data coding 3, if all of it is in that set; else as the default. Some centres lose characters so.
    Latin1,
}

/// The parameters in which regulators' marks travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationTags {
    /// The sender's registered entity: 0x1400 at most carriers; `None`: it is not sent.
    pub entity: Option<u16>,
    /// The registered template of the content: 0x1401 at most carriers; `None`: it is not sent.
    pub template: Option<u16>,
}

impl Default for RegistrationTags {
    fn default() -> Self {
        Self { entity: Some(0x1400), template: Some(0x1401) }
    }
}

/// An optional parameter that goes with every submission. `Debug` shows the size of its value.
#[derive(Clone, PartialEq, Eq)]
pub struct ConstantTlv {
    /// The tag.
    pub tag: u16,
    /// The octets.
    pub value: Vec<u8>,
}

impl ConstantTlv {
    /// A text, without a NUL at its end.
    #[must_use]
    pub fn text(tag: u16, text: &str) -> Self {
        Self { tag, value: text.as_bytes().to_vec() }
    }

    /// Octets as hexadecimal digits, two each; blanks and colons between are left out. `None` if they are not.
    #[must_use]
    pub fn hex(tag: u16, text: &str) -> Option<Self> {
        Some(Self { tag, value: super::tls::octets(text)? })
    }
}

impl std::fmt::Debug for ConstantTlv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#06X}[{}]", self.tag, self.value.len())
    }
}

/// A carrier of the kind `smpp`. `Debug` shows no password.
#[derive(Debug, Clone)]
pub struct SmppConfig {
    /// The carrier's name, for logs and metrics.
    pub name: Box<str>,
    /// A name or an address; resolved anew for each connection.
    pub host: Box<str>,
    /// 2775 by convention.
    pub port: u16,
    /// TLS, if it is to be spoken. None by default.
    pub tls: Option<Tls>,
    /// Our name at the carrier: at most 15 octets.
    pub system_id: Box<str>,
    /// Its password: 8 octets by the specification, at most 64 here.
    pub password: Secret,
    /// What some carriers want to see: at most 12 octets, usually empty.
    pub system_type: Box<str>,
    /// The version we say we speak: 0x34 by default, 0x33 or 0x50 for carriers that insist.
    pub interface_version: u8,
    /// The label of `address_range`: 0/0 by default.
    pub address_range_label: TonNpi,
    /// The numbers whose texts the links take, as the carrier writes them: at most 40 octets, usually empty.
    pub address_range: Box<str>,
    /// What the connections carry.
    pub bind: BindMode,
    /// Connections: 1 to 32, for each direction of a pair; taken to the nearer bound outside. 1 by default.
    pub connections: u8,
    /// Unanswered submissions of each connection: 1 to 1,000, taken to the nearer bound outside. 10 by default.
    pub window_max: u16,
    /// How long the answer to a bind may take. 10 s by default.
    pub bind_timeout: Span,
    /// How long an answer may take; then the submission is in doubt. 60 s by default.
    pub response_timeout: Span,
    /// Silence before the carrier is asked whether it lives. 30 s by default.
    pub enquire_interval: Span,
    /// How long that answer may take; then it counts as missed. 15 s by default.
    pub enquire_timeout: Span,
    /// How long an end in good order waits for open answers; what is unanswered then is in doubt. 30 s by default.
    pub drain_timeout: Span,
    /// Answers missed in a row that end a connection: 1 or 2, taken to the nearer bound outside. 1 by default.
    pub enquire_misses_max: u8,
    /// A kind of service: at most 5 octets, usually empty.
    pub service_type: Box<str>,
    /// The same for one-time codes, if it differs.
    pub service_type_otp: Option<Box<str>>,
    /// `priority_flag` of one-time codes: 0 to 3, taken to the nearer bound outside. 0 by default, as all others have.
    pub priority_otp: u8,
    /// How addresses are labelled and written.
    pub addresses: AddressForms,
    /// What data coding 0 means there, in both directions. GSM 7-bit, unpacked, by default.
    pub default_alphabet: DefaultAlphabet,
    /// In which octets a text of GSM 7-bit is sent.
    pub text_coding: TextCoding,
    /// How the class on the handset is written beside the alphabet: 0x10 or 0xF0 for a flash message.
    pub class_form: ClassForm,
    /// How the carrier is told which parts belong together.
    pub concat: ConcatMethod,
    /// Octets that a plan leaves free in every part, for centres that find full ones too long: 0 by default, 16 at most. The
    /// carrier sends parts as they come; see [`part_form`](Self::part_form).
    pub part_slack: u8,
    /// How a validity period is sent.
    pub validity: ValidityForm,
    /// Which receipts are asked for.
    pub receipts: ReceiptRequest,
    /// Whether optional parameters are sent.
    pub tlvs: OptionalParameters,
    /// Parameters that go with every submission. None by default.
    pub constant_tlvs: Vec<ConstantTlv>,
    /// The parameters in which regulators' marks travel.
    pub registration_tags: RegistrationTags,
    /// Whether what is marked as a message but reads as a receipt is taken for one. On by default.
    pub sniff_receipts: Sniff,
    /// Whether inbound texts whose octets plainly differ from their data coding are read by the octets. Off by default.
    pub sniff_texts: Sniff,
    /// How ids in answers and in receipts relate.
    pub id_format: IdFormat,
    /// What the numbers after `err:` in receipts are.
    pub text_error_codes: TextErrorCodes,
    /// The parameters of receipts whose texts, one after the other, are the recipient's mobile country and network code. None by
    /// default: carriers have their own.
    pub network_tags: Vec<u16>,
    /// What the carrier's own error codes mean, as they stand in receipts; they go before everything else.
    pub error_causes: Vec<(Box<str>, Cause)>,
    /// What the carrier's own statuses mean; they go before the usual meaning.
    pub statuses: Vec<StatusRule>,
}

/// Why a carrier cannot work as it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigFault {
    /// A field is too long or holds a NUL.
    Unwritable(EncodeError),
    /// The version is none of 0x33, 0x34 and 0x50.
    InterfaceVersion(u8),
    /// Parts are to be marked by parameters, and parameters are not to be sent.
    ConcatNeedsTlvs,
    /// `ROK` was given a meaning.
    RuleForSuccess,
}

impl std::fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unwritable(error) => write!(f, "{error}; shorten it"),
            Self::InterfaceVersion(version) => {
                write!(f, "interface version {version:#04x} is not known; use 0x33, 0x34 or 0x50")
            }
            Self::ConcatNeedsTlvs => f.write_str(
                "`sar` and `payload` need optional parameters; use `udh8` or `udh16`, or switch parameters on",
            ),
            Self::RuleForSuccess => {
                f.write_str("status 0 always means that the carrier took the part; remove its rule")
            }
        }
    }
}

impl std::error::Error for ConfigFault {}

impl SmppConfig {
    /// A carrier with the usual settings.
    #[must_use]
    pub fn new(name: &str, host: &str, port: u16, system_id: &str, password: Secret) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port,
            tls: None,
            system_id: system_id.into(),
            password,
            system_type: Box::default(),
            interface_version: INTERFACE_VERSION,
            address_range_label: TonNpi { ton: 0, npi: 0 },
            address_range: Box::default(),
            bind: BindMode::default(),
            connections: 1,
            window_max: 10,
            bind_timeout: Span::seconds(10),
            response_timeout: Span::seconds(60),
            enquire_interval: Span::seconds(30),
            enquire_timeout: Span::seconds(15),
            drain_timeout: Span::seconds(30),
            enquire_misses_max: 1,
            service_type: Box::default(),
            service_type_otp: None,
            priority_otp: 0,
            addresses: AddressForms::default(),
            default_alphabet: DefaultAlphabet::default(),
            text_coding: TextCoding::default(),
            class_form: ClassForm::default(),
            concat: ConcatMethod::default(),
            part_slack: 0,
            validity: ValidityForm::default(),
            receipts: ReceiptRequest::default(),
            tlvs: OptionalParameters::default(),
            constant_tlvs: Vec::new(),
            registration_tags: RegistrationTags::default(),
            sniff_receipts: Sniff::On,
            sniff_texts: Sniff::Off,
            id_format: IdFormat::default(),
            text_error_codes: TextErrorCodes::default(),
            network_tags: Vec::new(),
            error_causes: Vec::new(),
            statuses: Vec::new(),
        }
    }

    /// Says whether the carrier can work as it is configured.
    ///
    /// # Errors
    /// [`ConfigFault`] says what cannot be.
    pub fn check(&self) -> Result<(), ConfigFault> {
        if !matches!(self.interface_version, 0x33 | 0x34 | 0x50) {
            return Err(ConfigFault::InterfaceVersion(self.interface_version));
        }
        let is_by_header = matches!(self.concat, ConcatMethod::Udh8 | ConcatMethod::Udh16);
        if self.tlvs == OptionalParameters::Omit && !is_by_header {
            return Err(ConfigFault::ConcatNeedsTlvs);
        }
        if self.statuses.iter().any(|rule| rule.status == CommandStatus::ROK.0) {
            return Err(ConfigFault::RuleForSuccess);
        }
        let bind = Body::Bind(whimbrel_smpp::BindMode::Transceiver, self.bind_body());
        let services = [Some(&*self.service_type), self.service_type_otp.as_deref()].into_iter().flatten();
        let message = |service: &str| ShortMessage {
            service_type: service.as_bytes().to_vec(),
            tlvs: self.constant_tlvs.iter().map(ConstantTlv::to_tlv).collect(),
            ..ShortMessage::default()
        };
        let messages = services.map(|service| Body::SubmitSm(Box::new(message(service))));
        for body in std::iter::once(bind).chain(messages) {
            Pdu::request(1, body).encode(&mut Vec::new()).map_err(ConfigFault::Unwritable)?;
        }
        Ok(())
    }

    /// The width of the references that a plan for this carrier uses.
    #[must_use]
    pub const fn reference_width(&self) -> RefWidth {
        self.concat.reference_width()
    }

    /// What shapes the parts of a plan for this carrier.
    #[must_use]
    pub fn part_form(&self) -> PartForm {
        PartForm { slack_octets: self.part_slack, ..PartForm::default() }
    }

    /// The class that the carrier's own table gives to a status.
    pub(super) fn rule(&self, status: CommandStatus) -> Option<StatusClass> {
        self.statuses.iter().find(|rule| rule.status == status.0).map(|rule| rule.class)
    }

    pub(super) fn bind_body(&self) -> Bind {
        Bind {
            system_id: self.system_id.as_bytes().to_vec(),
            password: self.password.expose().as_bytes().to_vec(),
            system_type: self.system_type.as_bytes().to_vec(),
            interface_version: self.interface_version,
            address: Address {
                ton: self.address_range_label.ton,
                npi: self.address_range_label.npi,
                digits: self.address_range.as_bytes().to_vec(),
            },
        }
    }

    /// Unanswered PDUs that a connection allows.
    pub(super) fn window(&self) -> u16 {
        self.window_max.clamp(1, WINDOW_MAX)
    }

    /// Submissions that a connection takes before the first is answered. Where parts are put together again, all parts of
    /// one message must find room, or it would wait for itself.
    pub(super) fn submissions_max(&self) -> u16 {
        match self.concat {
            ConcatMethod::Udh8 | ConcatMethod::Udh16 | ConcatMethod::Sar => self.window(),
            ConcatMethod::Payload => self.window().max(PARTS_MAX),
        }
    }

    /// `priority_flag` of one-time codes.
    pub(super) fn priority(&self) -> u8 {
        self.priority_otp.min(PRIORITY_MAX)
    }
}

impl ConstantTlv {
    pub(super) fn to_tlv(&self) -> whimbrel_smpp::Tlv {
        whimbrel_smpp::Tlv { tag: self.tag, value: self.value.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SmppConfig {
        SmppConfig::new("acme", "smsc.example", 2775, "esme1", Secret::new("secret08"))
    }

    #[test]
    fn what_cannot_work_is_said() {
        let check = |config: SmppConfig| config.check().err().map(|fault| fault.to_string()).unwrap_or_default();
        assert_eq!(check(config()), "");
        let long = |text: &str| Box::<str>::from(text);
        assert!(check(SmppConfig { service_type: long("toolong"), ..config() }).contains("service_type"));
        assert!(check(SmppConfig { service_type_otp: Some(long("toolong")), ..config() }).contains("service_type"));
        assert!(check(SmppConfig { system_id: long("0123456789abcdef"), ..config() }).contains("system_id"));
        assert!(check(SmppConfig { interface_version: 0x35, ..config() }).contains("0x35"));
        let omit = OptionalParameters::Omit;
        assert!(check(SmppConfig { tlvs: omit, concat: ConcatMethod::Sar, ..config() }).contains("udh8"));
        assert_eq!(check(SmppConfig { tlvs: omit, concat: ConcatMethod::Udh16, ..config() }), "");
        let rule = StatusRule { status: 0, class: StatusClass::Throttled };
        assert!(check(SmppConfig { statuses: vec![rule], ..config() }).contains("status 0"));
    }

    #[test]
    fn bounds_are_kept() {
        let with = |window_max, concat| SmppConfig { window_max, concat, ..config() };
        assert_eq!(with(0, ConcatMethod::Udh8).window(), 1);
        assert_eq!(with(5_000, ConcatMethod::Udh8).submissions_max(), 1_000);
        assert_eq!(with(10, ConcatMethod::Payload).submissions_max(), 255);
        assert_eq!(BindMode::TransmitterAndReceiver.connections(0).len(), 2);
        assert_eq!(BindMode::Transceiver.connections(200).len(), 32);
        assert_eq!(SmppConfig { priority_otp: 9, ..config() }.priority(), 3);
    }

    #[test]
    fn parameters_are_written_as_text_or_as_digits() {
        assert_eq!(ConstantTlv::text(0x1400, "12"), ConstantTlv { tag: 0x1400, value: b"12".to_vec() });
        assert_eq!(ConstantTlv::hex(0x1401, "00 ff:1A"), Some(ConstantTlv { tag: 0x1401, value: vec![0, 255, 26] }));
        assert_eq!(ConstantTlv::hex(1, "0"), None);
        assert_eq!(ConstantTlv::hex(1, "0g"), None);
        assert_eq!(format!("{:?}", ConstantTlv::text(0x1400, "12")), "0x1400[2]");
    }
}
