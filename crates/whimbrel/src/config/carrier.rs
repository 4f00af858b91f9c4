//! Carriers as the configuration names them, read from the settings.

use std::path::Path;
use std::time::Duration;

use whimbrel_core::part::{Cause, DoubtRules};
use whimbrel_core::time::Span;
use whimbrel_core::{DoubtPolicy, Secret};

use super::error::Fault;
use super::settings::Settings;
use super::smpp::{
    Concat, DefaultAlphabet, IdFormat, NameAlphabet, Receipts, SmppAddresses, SmppBind, SmppCarrier, SmppText, SmppTls,
    SmppTlvs, StatusClass, TextErrors, TlsVerify, Validity, WrittenNumber,
};
use super::{Inputs, path};

/// Octets of a carrier's name.
const NAME_BYTES_MAX: usize = 32;
/// Octets of a password; SMPP 3.4 has 8, some carriers give more.
const PASSWORD_BYTES_MAX: usize = 64;
/// Octets of a system id; SMPP 3.4 has 15, some carriers give more.
const SYSTEM_ID_BYTES_MAX: usize = 64;
/// Octets of a system type (SMPP 3.4 §5.2.3) without its end.
const SYSTEM_TYPE_BYTES_MAX: usize = 12;
/// Octets of a service type (SMPP 3.4 §5.2.11) without its end.
const SERVICE_TYPE_BYTES_MAX: usize = 5;
/// Octets of an address range (SMPP 3.4 §5.2.7) without its end.
const ADDRESS_RANGE_BYTES_MAX: usize = 40;
/// Optional parameters of every submission, and the octets of each.
const TLVS_MAX: usize = 32;
const TLV_BYTES_MAX: usize = 255;
/// Fingerprints of one carrier: a few, while certificates change.
const FINGERPRINTS_MAX: usize = 16;

/// Somebody whom messages are handed to.
#[derive(Debug, Clone, PartialEq)]
pub struct Carrier {
    /// The operator's name for it.
    pub name: String,
    /// What it speaks.
    pub kind: CarrierKind,
    /// Parts per second over all connections; `None`: no limit of ours.
    pub rate: Option<u32>,
    /// What doubt does.
    pub doubt: DoubtRules,
    /// How long messages wait for it while it takes none, if their route has another carrier.
    pub link_down_grace: Span,
}

/// What a carrier speaks.
#[derive(Debug, Clone, PartialEq)]
pub enum CarrierKind {
    /// SMPP 3.4.
    Smpp(Box<SmppCarrier>),
}

/// Reads all carriers, by name.
pub(super) fn carriers(settings: &mut Settings, inputs: &Inputs<'_>, warnings: &mut Vec<String>) -> Vec<Carrier> {
    let mut carriers = Vec::new();
    for name in settings.names("carriers") {
        if is_name(&name) {
            carriers.push(Reader { at: format!("carriers.{name}."), settings, warnings }.carrier(&name, inputs));
        } else {
            let remedy = "use up to 32 small letters, digits, - and _, a letter first";
            settings.fault(Fault::Value, &format!("carriers.{name}"), "it is no name for a carrier", remedy);
        }
    }
    carriers
}

fn is_name(name: &str) -> bool {
    let is_letter = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-' || octet == b'_';
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.bytes().all(is_letter)
        // The environment writes both alike and separates parts by two.
        && !name.contains("__")
}

/// Reads the settings of one carrier.
struct Reader<'a> {
    /// The path of its section, with the dot.
    at: String,
    settings: &'a mut Settings,
    warnings: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn path(&self, field: &str) -> String {
        format!("{}{field}", self.at)
    }

    fn word(&self, field: &str) -> &str {
        self.settings.text(&self.path(field)).unwrap_or_default()
    }

    fn text(&self, field: &str) -> Option<String> {
        Some(self.word(field).to_owned()).filter(|text| !text.is_empty())
    }

    fn number<T: TryFrom<u64> + Default>(&self, field: &str) -> T {
        self.settings.number(&self.path(field))
    }

    fn optional<T: TryFrom<u64>>(&self, field: &str) -> Option<T> {
        self.settings.count(&self.path(field)).and_then(|number| T::try_from(number).ok())
    }

    fn time(&self, field: &str) -> Duration {
        self.settings.time(&self.path(field))
    }

    fn flag(&self, field: &str) -> bool {
        self.settings.flag(&self.path(field))
    }

    fn fault(&mut self, fault: Fault, field: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        let path = self.path(field);
        self.settings.fault(fault, &path, problem, remedy);
    }

    fn warn(&mut self, field: &str, warning: &str) {
        self.warnings.push(format!("{}: {warning}", self.path(field)));
    }

    fn carrier(&mut self, name: &str, inputs: &Inputs<'_>) -> Carrier {
        self.settings.needed_text(&self.path("kind"));
        let bulk = DoubtPolicy::parse(self.word("doubt")).unwrap_or(DoubtPolicy::Resend);
        let otp = DoubtPolicy::parse(self.word("otp_doubt")).unwrap_or(bulk);
        let (wait, link_down_grace) = (self.time("doubt_wait"), self.time("link_down_grace"));
        let (wait, link_down_grace) = (Span::from_std(wait), Span::from_std(link_down_grace));
        Carrier {
            name: name.to_owned(),
            kind: CarrierKind::Smpp(Box::new(self.smpp(inputs))),
            rate: self.optional("rate"),
            doubt: DoubtRules { otp, bulk, resends_max: self.number("doubt_resends"), wait },
            link_down_grace,
        }
    }

    fn smpp(&mut self, inputs: &Inputs<'_>) -> SmppCarrier {
        SmppCarrier {
            host: self.settings.needed_text(&self.path("host")),
            port: self.number("port"),
            system_id: self.bounded("system_id", 1, SYSTEM_ID_BYTES_MAX),
            password: self.password(inputs),
            system_type: self.bounded("system_type", 0, SYSTEM_TYPE_BYTES_MAX),
            bind: match self.word("bind") {
                "transmitter" => SmppBind::Transmitter,
                "receiver" => SmppBind::Receiver,
                "transmitter+receiver" => SmppBind::Pair,
                _ => SmppBind::Transceiver,
            },
            connections: self.number("connections"),
            interface_version: self.interface_version(),
            address_range: self.bounded("address_range", 0, ADDRESS_RANGE_BYTES_MAX),
            address_range_form: self.settings.ton_npi(&self.path("address_range_form")),
            window_max: self.number("window"),
            bind_timeout: self.time("bind_timeout"),
            response_timeout: self.time("response_timeout"),
            enquire_interval: self.time("enquire_interval"),
            enquire_timeout: self.time("enquire_timeout"),
            drain_timeout: self.time("drain_timeout"),
            enquire_misses: self.number("enquire_misses"),
            text: self.smpp_text(),
            service_type: self.bounded("service_type", 0, SERVICE_TYPE_BYTES_MAX),
            otp_service_type: Some(self.bounded("otp_service_type", 0, SERVICE_TYPE_BYTES_MAX))
                .filter(|text| !text.is_empty()),
            otp_priority: self.number("otp_priority"),
            validity: match self.word("validity") {
                "absolute" => Validity::Absolute,
                "never" => Validity::Never,
                _ => Validity::Relative,
            },
            receipts: match self.word("receipts") {
                "intermediate" => Receipts::Intermediate,
                "none" => Receipts::None,
                _ => Receipts::Final,
            },
            addresses: self.addresses(),
            tlvs: self.tlvs(),
            id_format: self.id_format(),
            status_table: self.status_table(),
            error_table: self.error_table(),
            text_error_codes: if self.word("text_error_codes") == "map" { TextErrors::Map } else { TextErrors::Opaque },
            tls: self.tls(),
        }
    }

    /// A text of C-octet characters with bounds on its octets.
    fn bounded(&mut self, field: &str, bytes_min: usize, bytes_max: usize) -> String {
        let path = self.path(field);
        let text = match bytes_min {
            0 => self.settings.text(&path).unwrap_or_default().to_owned(),
            _ => self.settings.needed_text(&path),
        };
        if text.len() > bytes_max || text.bytes().any(|octet| !(0x20..0x7f).contains(&octet)) {
            let remedy = format!("use up to {bytes_max} ASCII characters");
            self.fault(Fault::Value, field, format!("{text:?} does not fit"), remedy);
        }
        text
    }

    fn interface_version(&mut self) -> u8 {
        let version: u8 = self.number("interface_version");
        if ![0x33, 0x34, 0x50].contains(&version) && !self.settings.is_faulty(&self.path("interface_version")) {
            let problem = format!("{version:#04x} is no version");
            self.fault(Fault::Value, "interface_version", problem, "write 0x33, 0x34 or 0x50");
        }
        version
    }

    /// The password, from the one place that is given.
    fn password(&mut self, inputs: &Inputs<'_>) -> Secret {
        let places = ["password", "password_env", "password_file"];
        if places.iter().any(|field| self.settings.is_faulty(&self.path(field))) {
            return Secret::default();
        }
        let given: Vec<_> = places.into_iter().filter(|field| !self.word(field).is_empty()).collect();
        let [field] = given[..] else {
            let (fault, problem) = match given[..] {
                [] => (Fault::Missing, "there is no password"),
                _ => (Fault::Conflict, "there is more than one password"),
            };
            self.fault(fault, "password", problem, "give one of password, password_env and password_file");
            return Secret::default();
        };
        let value = self.word(field).to_owned();
        let found = match field {
            "password" => Ok(value),
            "password_env" => {
                let variable = inputs.env.iter().find(|(candidate, _)| *candidate == value);
                variable.map(|(_, password)| password.clone()).ok_or_else(|| format!("the environment has no {value}"))
            }
            _ => (inputs.read_secret)(Path::new(&value)).map_err(|error| error.to_string()),
        };
        match found {
            Ok(password) => self.checked_password(field, &password),
            Err(problem) => {
                self.fault(Fault::Secret, field, problem, "set it, or give the password in another way");
                Secret::default()
            }
        }
    }

    fn checked_password(&mut self, field: &str, password: &str) -> Secret {
        // Files and shells leave a line end.
        let password = password.trim_end_matches(['\r', '\n']);
        if password.is_empty() || password.len() > PASSWORD_BYTES_MAX || password.contains('\0') {
            let remedy = format!("use 1 to {PASSWORD_BYTES_MAX} bytes");
            self.fault(Fault::Secret, field, "the password is empty or too long", remedy);
        } else if password.len() > 8 {
            self.warn(field, "it has more than the 8 bytes of SMPP 3.4; not every carrier takes that");
        }
        Secret::new(password)
    }

    fn smpp_text(&self) -> SmppText {
        SmppText {
            default_alphabet: match self.word("default_alphabet") {
                "gsm7-packed" => DefaultAlphabet::Gsm7Packed,
                "latin1" => DefaultAlphabet::Latin1,
                "ascii" => DefaultAlphabet::Ascii,
                "utf8" => DefaultAlphabet::Utf8,
                _ => DefaultAlphabet::Gsm7,
            },
            latin1: self.flag("latin1"),
            concat: match self.word("concat") {
                "udh16" => Concat::Udh16,
                "sar" => Concat::Sar,
                "payload" => Concat::Payload,
                _ => Concat::Udh8,
            },
            part_slack: self.number("part_slack"),
            flash: if self.word("flash") == "0xf0" { 0xf0 } else { 0x10 },
            sniff_receipts: self.flag("sniff"),
            sniff_texts: self.flag("sniff_texts"),
        }
    }

    fn addresses(&mut self) -> SmppAddresses {
        let form = |reader: &Self, field: &str| reader.settings.ton_npi(&reader.path(field));
        SmppAddresses {
            sender_name: form(self, "sender_name"),
            sender_number: form(self, "sender_number"),
            sender_short_code: form(self, "sender_short_code"),
            recipient: form(self, "recipient"),
            sender_number_form: self.written("sender_number_form"),
            sender_name_alphabet: match self.word("sender_name_alphabet") {
                "gsm7" => NameAlphabet::Gsm7,
                _ => NameAlphabet::Ascii,
            },
            recipient_form: self.written("recipient_form"),
        }
    }

    fn written(&mut self, field: &str) -> WrittenNumber {
        match self.word(field) {
            "plus" => WrittenNumber::Plus,
            "00" => WrittenNumber::DoubleZero,
            "national" => self.national(field),
            _ => self.plain(),
        }
    }

    fn national(&mut self, form: &str) -> WrittenNumber {
        let (country, prefix) = (self.word("national_country").to_owned(), self.word("national_prefix").to_owned());
        let is_digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        if country.is_empty() {
            let path = self.path("national_country");
            let why = format!("{form} national needs it");
            self.settings.missing(&path, &why, "write the country code that is taken away");
        } else if country.len() > 3 || !is_digits(&country) || country.starts_with('0') {
            let problem = format!("{country:?} is no country code");
            self.fault(Fault::Value, "national_country", problem, "write its 1 to 3 digits, without + and 0");
        }
        if prefix.len() > 4 || !is_digits(&prefix) {
            let problem = format!("{prefix:?} is no national prefix");
            self.fault(Fault::Value, "national_prefix", problem, "write up to 4 digits, mostly 0, or nothing");
        }
        WrittenNumber::National { country, prefix }
    }

    fn plain(&mut self) -> WrittenNumber {
        let is_used = ["sender_number_form", "recipient_form"].iter().any(|form| self.word(form) == "national");
        for field in ["national_country", "national_prefix"] {
            if !is_used && !self.word(field).is_empty() {
                self.warn(field, "it means nothing without recipient_form or sender_number_form = \"national\"");
            }
        }
        WrittenNumber::Plain
    }

    fn tlvs(&mut self) -> SmppTlvs {
        let allowed = self.flag("tlv");
        let written = self.settings.list(&self.path("tlvs"));
        let mut constant: Vec<(u16, Vec<u8>)> = Vec::new();
        for text in written.iter().take(TLVS_MAX) {
            match read_tlv(text) {
                Some((tag, _)) if constant.iter().any(|(known, _)| *known == tag) => {
                    let problem = format!("the tag {tag:#06x} stands twice");
                    self.fault(Fault::Conflict, "tlvs", problem, "give each tag once");
                }
                Some(tlv) => constant.push(tlv),
                None => {
                    let remedy =
                        "write a tag, = and a text or hex: and pairs of digits, like 0x1402=A1B2 or 0x1403=hex:0001";
                    self.fault(Fault::Value, "tlvs", format!("{text:?} is no optional parameter"), remedy);
                }
            }
        }
        if written.len() > TLVS_MAX {
            self.fault(Fault::Value, "tlvs", "there are too many", format!("give up to {TLVS_MAX}"));
        }
        let (entity, template) = (self.optional("entity_tlv"), self.optional("template_tlv"));
        if !allowed && (!constant.is_empty() || entity.is_some() || template.is_some()) {
            let problem = "optional parameters are off, but some are given";
            self.fault(Fault::Conflict, "tlv", problem, "set it to true, or remove tlvs, entity_tlv and template_tlv");
        }
        let needs_them = ["sar", "payload"].contains(&self.word("concat"));
        if !allowed && needs_them {
            self.fault(Fault::Conflict, "concat", "it needs optional parameters, which are off", "use udh8 or udh16");
        }
        let (network, code) = (self.optional("network_tlv"), self.optional("network_code_tlv"));
        if network.is_none() && code.is_some() {
            self.fault(
                Fault::Conflict,
                "network_code_tlv",
                "network_tlv is missing",
                "give network_tlv too, or remove this",
            );
        }
        let network = network.into_iter().chain(code).collect();
        SmppTlvs { allowed, constant, entity, template, network }
    }

    fn id_format(&self) -> IdFormat {
        match self.word("id_format") {
            "exact" => IdFormat::Exact,
            "resp-hex" => IdFormat::RespHex,
            "resp-dec" => IdFormat::RespDec,
            "0" => IdFormat::Mask { answer_is_hex: false, receipt_is_hex: false },
            "1" => IdFormat::Mask { answer_is_hex: true, receipt_is_hex: false },
            "2" => IdFormat::Mask { answer_is_hex: false, receipt_is_hex: true },
            "3" => IdFormat::Mask { answer_is_hex: true, receipt_is_hex: true },
            _ => IdFormat::Auto,
        }
    }

    fn status_table(&mut self) -> Vec<(u32, StatusClass)> {
        let class = |word: &str| match word {
            "reroute" => StatusClass::Reroute,
            "ported" => StatusClass::Ported,
            "retry" => StatusClass::Retry,
            "throttle" => StatusClass::Throttle,
            "queue-full" => StatusClass::QueueFull,
            _ => StatusClass::Reject,
        };
        let codes = self.settings.codes(&self.path("status_table"));
        let table: Vec<_> = codes.iter().map(|(code, word)| (*code, class(word))).collect();
        if table.iter().any(|(code, _)| *code == 0) {
            self.fault(Fault::Value, "status_table", "0x00 says that all is well", "remove it");
        }
        table
    }

    fn error_table(&self) -> Vec<(u16, Cause)> {
        let codes = self.settings.codes(&self.path("error_table")).iter();
        codes.filter_map(|(code, word)| Some((u16::try_from(*code).ok()?, Cause::parse(word)?))).collect()
    }

    fn tls(&mut self) -> Option<SmppTls> {
        let fields = ["tls_ca", "tls_name", "tls_certificate", "tls_key"];
        let given: Vec<_> = fields.into_iter().filter(|field| !self.word(field).is_empty()).collect();
        if !self.flag("tls") {
            for field in given {
                self.fault(Fault::Conflict, field, "tls is off", "set tls = true, or remove this");
            }
            return None;
        }
        let fingerprints = self.fingerprints();
        let verify = match self.word("tls_verify") {
            "none" => {
                self.warn("tls_verify", "anybody between us and the carrier can read and change everything");
                TlsVerify::None
            }
            "fingerprint" => {
                if fingerprints.is_empty() {
                    let path = self.path("tls_fingerprint");
                    self.settings.missing(&path, "tls_verify fingerprint needs one", "write the certificate's SHA-256");
                }
                TlsVerify::Fingerprints(fingerprints)
            }
            _ => {
                if !fingerprints.is_empty() {
                    let problem = "it is looked at only with tls_verify = \"fingerprint\"";
                    self.fault(Fault::Conflict, "tls_fingerprint", problem, "set that, or remove this");
                }
                TlsVerify::Full
            }
        };
        let file = |reader: &Self, field: &str| path(reader.settings, &reader.path(field));
        let (certificate, key) = (file(self, "tls_certificate"), file(self, "tls_key"));
        if certificate.is_some() != key.is_some() {
            let absent = if key.is_some() { "tls_certificate" } else { "tls_key" };
            let absent = self.path(absent);
            self.settings.missing(&absent, "it is missing", "give both the certificate and its key, or neither");
        }
        Some(SmppTls { verify, ca: file(self, "tls_ca"), name: self.text("tls_name"), client: certificate.zip(key) })
    }

    fn fingerprints(&mut self) -> Vec<[u8; 32]> {
        let written = self.settings.list(&self.path("tls_fingerprint"));
        let mut fingerprints = Vec::new();
        for text in written.iter().take(FINGERPRINTS_MAX) {
            match hex(&text.replace(':', "")).and_then(|octets| octets.try_into().ok()) {
                Some(fingerprint) => fingerprints.push(fingerprint),
                None => {
                    let problem = format!("{text:?} is no SHA-256 fingerprint");
                    self.fault(
                        Fault::Value,
                        "tls_fingerprint",
                        problem,
                        "write 64 hexadecimal digits, with or without colons",
                    );
                }
            }
        }
        if written.len() > FINGERPRINTS_MAX {
            self.fault(Fault::Value, "tls_fingerprint", "there are too many", format!("give up to {FINGERPRINTS_MAX}"));
        }
        fingerprints
    }
}

fn read_tlv(text: &str) -> Option<(u16, Vec<u8>)> {
    let (tag, value) = text.split_once('=')?;
    let tag = tag.trim();
    let tag = match tag.strip_prefix("0x") {
        Some(digits) if digits.bytes().all(|octet| octet.is_ascii_hexdigit()) => {
            u16::from_str_radix(digits, 16).ok()?
        }
        _ => return None,
    };
    let value = match value.strip_prefix("hex:") {
        Some(digits) => hex(digits)?,
        None => value.as_bytes().to_vec(),
    };
    (value.len() <= TLV_BYTES_MAX && !value.is_empty()).then_some((tag, value))
}

/// Pairs of hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_parameters_are_a_tag_and_a_text_or_octets() {
        assert_eq!(read_tlv("0x1402=A1B2"), Some((0x1402, b"A1B2".to_vec())));
        assert_eq!(read_tlv(" 0x1403 =hex:00fF"), Some((0x1403, vec![0, 0xff])));
        assert_eq!(read_tlv("0x1400=a=b"), Some((0x1400, b"a=b".to_vec())));
        for wrong in ["", "0x1402", "1402=x", "0x=x", "0x+1=x", "0x14020=x", "0x1402=", "0x1402=hex:0", "0x1402=hex:0g"]
        {
            assert_eq!(read_tlv(wrong), None, "{wrong}");
        }
        assert_eq!(read_tlv(&format!("0x1402={}", "x".repeat(256))), None);
    }
}
