//! Carriers and routes.

use std::path::Path;
use std::time::Duration;

use whimbrel_core::part::DoubtRules;
use whimbrel_core::time::Span;
use whimbrel_core::{DoubtPolicy, Secret};

use super::Inputs;
use super::schema::nearest_of;
use super::settings::Settings;

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
/// Digits of a prefix: no number is longer.
const PREFIX_DIGITS_MAX: usize = 15;

/// Somebody whom messages are handed to.
#[derive(Debug, Clone, PartialEq)]
pub struct Carrier {
    /// The operator's name for it.
    pub name: String,
    /// What it speaks.
    pub kind: CarrierKind,
    /// Submissions per second; `None`: no limit of ours.
    pub rate_per_second: Option<u32>,
    /// What doubt does.
    pub doubt: DoubtRules,
}

/// What a carrier speaks.
#[derive(Debug, Clone, PartialEq)]
pub enum CarrierKind {
    /// SMPP 3.4.
    Smpp(SmppCarrier),
}

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
    /// Unanswered submissions at once.
    pub window_max: u16,
    /// For the answer to a submission.
    pub response_timeout: Duration,
    /// How long the link may be silent.
    pub enquire_interval: Duration,
    /// For the answer to an enquiry.
    pub enquire_timeout: Duration,
    /// The service type of each submission.
    pub service_type: String,
    /// Whether carriers are told the validity.
    pub validity: Validity,
    /// Type of number and numbering plan of senders, where they are fixed.
    pub source_ton: Option<u8>,
    /// See `source_ton`.
    pub source_npi: Option<u8>,
    /// The same of recipients.
    pub dest_ton: Option<u8>,
    /// See `dest_ton`.
    pub dest_npi: Option<u8>,
}

/// How to bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmppBind {
    /// One link for both directions.
    Transceiver,
}

/// Whether carriers are told until when a message is worth delivering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// As a time from now.
    Relative,
    /// No.
    Never,
}

/// Which numbers go to which carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The operator's name for it.
    pub name: String,
    /// The first digits; empty for every number.
    pub prefix: String,
    /// The carrier's name.
    pub carrier: String,
}

/// Reads all carriers, by name.
pub(super) fn carriers(settings: &mut Settings, inputs: &Inputs<'_>, warnings: &mut Vec<String>) -> Vec<Carrier> {
    let mut carriers = Vec::new();
    for name in settings.names("carriers") {
        if !is_name(&name) {
            let path = format!("carriers.{name}");
            settings.fault(
                &path,
                "it is no name for a carrier",
                "use up to 32 small letters, digits, - and _, a letter first",
            );
            continue;
        }
        carriers.push(carrier(settings, &name, inputs, warnings));
    }
    carriers
}

fn carrier(settings: &mut Settings, name: &str, inputs: &Inputs<'_>, warnings: &mut Vec<String>) -> Carrier {
    let at = |field: &str| format!("carriers.{name}.{field}");
    settings.needed_text(&at("kind"));
    let policy = match settings.text(&at("doubt")) {
        Some("wait-then-resend") => DoubtPolicy::WaitThenResend,
        Some("hold-for-receipt") => DoubtPolicy::HoldForReceipt,
        Some("fail-unknown") => DoubtPolicy::FailUnknown,
        _ => DoubtPolicy::Resend,
    };
    let wait = i64::try_from(settings.time(&at("doubt_wait")).as_micros()).unwrap_or(i64::MAX);
    let octet =
        |settings: &Settings, field: &str| settings.count(&at(field)).and_then(|count| u8::try_from(count).ok());
    let smpp = SmppCarrier {
        host: settings.needed_text(&at("host")),
        port: settings.number(&at("port")),
        system_id: bounded(settings, &at("system_id"), 1, SYSTEM_ID_BYTES_MAX),
        password: password(settings, name, inputs, warnings),
        system_type: bounded(settings, &at("system_type"), 0, SYSTEM_TYPE_BYTES_MAX),
        bind: SmppBind::Transceiver,
        window_max: settings.number(&at("window")),
        response_timeout: settings.time(&at("response_timeout")),
        enquire_interval: settings.time(&at("enquire_interval")),
        enquire_timeout: settings.time(&at("enquire_timeout")),
        service_type: bounded(settings, &at("service_type"), 0, SERVICE_TYPE_BYTES_MAX),
        validity: if settings.text(&at("validity")) == Some("never") { Validity::Never } else { Validity::Relative },
        source_ton: octet(settings, "source_ton"),
        source_npi: octet(settings, "source_npi"),
        dest_ton: octet(settings, "dest_ton"),
        dest_npi: octet(settings, "dest_npi"),
    };
    Carrier {
        name: name.to_owned(),
        kind: CarrierKind::Smpp(smpp),
        rate_per_second: settings.count(&at("rate_per_second")).and_then(|rate| u32::try_from(rate).ok()),
        doubt: DoubtRules { policy, resends_max: settings.number(&at("doubt_resends")), wait: Span(wait) },
    }
}

/// A text of C-octet characters with bounds on its octets.
fn bounded(settings: &mut Settings, path: &str, bytes_min: usize, bytes_max: usize) -> String {
    let text =
        if bytes_min > 0 { settings.needed_text(path) } else { settings.text(path).unwrap_or_default().to_owned() };
    if text.len() > bytes_max || text.bytes().any(|octet| !(0x20..0x7f).contains(&octet)) {
        settings.fault(path, format!("{text:?} does not fit"), format!("use up to {bytes_max} ASCII characters"));
    }
    text
}

/// The password, from the one place that is given.
fn password(settings: &mut Settings, name: &str, inputs: &Inputs<'_>, warnings: &mut Vec<String>) -> Secret {
    let at = |field: &str| format!("carriers.{name}.{field}");
    let places = ["password", "password_env", "password_file"];
    let given: Vec<_> = places.into_iter().filter(|field| settings.text(&at(field)).is_some()).collect();
    let [field] = given[..] else {
        let problem = if given.is_empty() { "there is no password" } else { "there is more than one password" };
        settings.fault(&at("password"), problem, "give one of password, password_env and password_file");
        return Secret::default();
    };
    let value = settings.text(&at(field)).unwrap_or_default().to_owned();
    let found = match field {
        "password" => Ok(value),
        "password_env" => inputs
            .env
            .iter()
            .find(|(candidate, _)| *candidate == value)
            .map(|(_, password)| password.clone())
            .ok_or_else(|| format!("the environment has no {value}")),
        _ => (inputs.read_secret)(Path::new(&value)).map_err(|error| error.to_string()),
    };
    match found {
        Ok(password) => {
            // Files and shells leave a line end.
            let password = password.trim_end_matches(['\r', '\n']);
            if password.is_empty() || password.len() > PASSWORD_BYTES_MAX || password.contains('\0') {
                let remedy = format!("use 1 to {PASSWORD_BYTES_MAX} bytes");
                settings.fault(&at(field), "the password is empty or too long", remedy);
            } else if password.len() > 8 {
                warnings.push(format!(
                    "{}: it has more than the 8 bytes of SMPP 3.4; not every carrier takes that",
                    at(field)
                ));
            }
            Secret::new(password)
        }
        Err(problem) => {
            settings.fault(&at(field), problem, "set it, or give the password in another way");
            Secret::default()
        }
    }
}

/// Reads all routes and checks that each leads somewhere and no two are alike.
pub(super) fn routes(settings: &mut Settings) -> Vec<Route> {
    let carriers = settings.names("carriers");
    let mut routes: Vec<Route> = Vec::new();
    for index in settings.names("routes") {
        let at = |field: &str| format!("routes.{index}.{field}");
        let name = settings.needed_text(&at("name"));
        let carrier = settings.needed_text(&at("carrier"));
        let written = settings.text(&at("prefix")).unwrap_or_default().to_owned();
        let prefix = written.strip_prefix('+').unwrap_or(&written).to_owned();
        if prefix.len() > PREFIX_DIGITS_MAX || !prefix.bytes().all(|octet| octet.is_ascii_digit()) {
            let remedy = "write up to 15 digits, country code first, or nothing for every number";
            settings.fault(&at("prefix"), format!("{written:?} is no prefix"), remedy);
        }
        if !carrier.is_empty() && !carriers.contains(&carrier) {
            let remedy = match nearest_of(&carrier, carriers.iter().cloned()) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("add a section [carriers.{carrier}]"),
            };
            settings.fault(&at("carrier"), format!("there is no carrier {carrier:?}"), remedy);
        }
        if routes.iter().any(|route| route.name == name && !name.is_empty()) {
            settings.fault(&at("name"), format!("{name:?} is the name of another route"), "choose another name");
        }
        if let Some(other) = routes.iter().find(|route| route.prefix == prefix) {
            let problem = format!("{prefix:?} is the prefix of route {:?} too", other.name);
            settings.fault(&at("prefix"), problem, "remove one of the two");
        }
        routes.push(Route { name, prefix, carrier });
    }
    if routes.is_empty() && !carriers.is_empty() {
        settings.fault(
            "routes",
            "there are carriers but no route",
            "add a [[routes]] section with name, prefix and carrier",
        );
    }
    routes
}

fn is_name(name: &str) -> bool {
    let is_letter = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-' || octet == b'_';
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.bytes().all(is_letter)
        // The environment writes both alike and separates parts by two.
        && !name.contains("__")
}
