//! `/api/hooks`: where webhooks go. A hook is a document of this dialect.
//!
//! The vendor's schema wraps the list in `data`; no client of its reads that, so the list stands under `hooks`. The id is a string in
//! the list and a number where a hook is made: the Go client reads it so.

use serde::{Deserialize, Serialize};
use serde_json::json;
use whimbrel_core::call::record::{Record, RecordCall, RecordKind, RecordName, RecordOutcome};
use whimbrel_core::zone::Zone;
use whimbrel_core::{Call, Faulty, Notice, Refusal, Scope, Secret, Told};

use super::params::Params;
use super::{answer, codes, zone};
use crate::http::{HttpRequest, HttpResponse};
use crate::{Reply, url};

/// Hooks that a list shows; an account may have no more.
const HOOKS_MAX: u32 = 100;
const URL_CHARS_MAX: usize = 2_000;
const HEADERS_CHARS_MAX: usize = 4_000;
const FILTER_CHARS_MAX: usize = 100;
/// Events that there are at the vendor, old spellings too. Those that are not told here may be subscribed, and never come.
const EVENTS: [&str; 10] =
    ["all", "sms_mo", "dlr", "rcs", "rcs_dlr", "rcs_mo", "tracking", "voice_call", "voice_status", "voice_dtmf"];
const METHODS: [&str; 3] = ["POST", "JSON", "GET"];
/// Headers that a hook may not set: ours, and those that frame the request.
const TAKEN: [&str; 11] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "user-agent",
    "x-signature",
    "x-timestamp",
    "x-nonce",
    "te",
    "trailer",
];

/// A hook, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hook {
    pub(super) target_url: Box<str>,
    pub(super) event_type: Box<str>,
    pub(super) event_filter: Option<Box<str>>,
    pub(super) request_method: Box<str>,
}

impl Hook {
    /// Reads a document; `None` if it is none of ours.
    pub(super) fn read(document: &str) -> Option<Self> {
        serde_json::from_str(document).ok()
    }

    /// Whether it wants to hear of that: its event, and the number that its filter names, if it names one.
    pub(super) fn wants(&self, notice: &Notice) -> bool {
        let (event, numbers) = match &notice.told {
            Told::Receipt(told) => ("dlr", [told.sender.as_str(), told.recipient.digits()]),
            Told::Inbound(told) => ("sms_mo", [&*told.part.number, told.part.sender.as_str()]),
        };
        let digits = |text: &str| text.trim_start_matches('+').trim_start_matches("00").to_owned();
        let is_meant = |filter: &str| numbers.iter().any(|number| digits(number) == digits(filter));
        (&*self.event_type == "all" || &*self.event_type == event) && self.event_filter.as_deref().is_none_or(is_meant)
    }
}

/// The headers that the customer chose: lines of `Name: value`, which are kept sealed, since they are what receivers ask for as a proof.
pub(super) fn custom_headers(secret: Option<&Secret>) -> impl Iterator<Item = (&str, &str)> {
    secret.into_iter().flat_map(|headers| lines(headers.expose())).filter_map(header)
}

/// Reads a request. `action` is how the first clients say what they want.
pub(super) fn read(request: &HttpRequest<'_>, params: &Params) -> Result<Call, Refusal> {
    let call = match (request.method, params.get("action")) {
        (_, Some("read")) | ("GET", None) => RecordCall::List { kind: RecordKind::Hook, skip: 0, count_max: HOOKS_MAX },
        (_, Some("unsubscribe")) | ("DELETE", None) => match params.get("id") {
            Some(id) => RecordCall::Remove(RecordName { kind: RecordKind::Hook, key: id.into() }),
            None => return Ok(faulty("id is missing".to_owned())),
        },
        (_, Some("subscribe") | None) => match hook(params) {
            Ok((hook, headers)) => {
                // A few texts: they can be written.
                let json = serde_json::to_string(&hook).unwrap_or_default();
                RecordCall::Make { kind: RecordKind::Hook, json: json.into(), secret: headers }
            }
            Err(why) => return Ok(faulty(why)),
        },
        (_, Some(action)) => return Ok(faulty(format!("action {action:?} is none of read, subscribe, unsubscribe"))),
    };
    Ok(Call::Record(call))
}

fn faulty(why: String) -> Call {
    Call::Faulty(Faulty { scope: Scope::Account, kind: 0, detail: why.into(), fields: Vec::new() })
}

/// The hook, and its headers.
fn hook(params: &Params) -> Result<(Hook, Option<Secret>), String> {
    let target = params.get("target_url").ok_or("target_url is missing")?;
    if url::absolute(target, URL_CHARS_MAX).is_err() {
        return Err(format!("target_url must be an absolute http or https URL of at most {URL_CHARS_MAX} characters"));
    }
    let event = params.get("event_type").ok_or("event_type is missing")?;
    let event = EVENTS.into_iter().find(|known| *known == event);
    let event = event.ok_or_else(|| format!("event_type must be one of {}", EVENTS.join(", ")))?;
    let method = params.get("request_method").unwrap_or("POST");
    let method = METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(method));
    let method = method.ok_or_else(|| format!("request_method must be one of {}", METHODS.join(", ")))?;
    let headers = params.get("headers").unwrap_or_default();
    if headers.len() > HEADERS_CHARS_MAX || lines(headers).any(|line| header(line).is_none()) {
        return Err(format!(
            "headers must be lines of `Name: value`, at most {HEADERS_CHARS_MAX} characters, and none of {}",
            TAKEN.join(", ")
        ));
    }
    let filter = params.get("event_filter");
    if filter.is_some_and(|filter| filter.chars().count() > FILTER_CHARS_MAX) {
        return Err(format!("event_filter has more than {FILTER_CHARS_MAX} characters"));
    }
    let hook = Hook {
        target_url: target.into(),
        event_type: event.into(),
        event_filter: filter.map(Box::from),
        request_method: method.into(),
    };
    Ok((hook, (!headers.is_empty()).then(|| Secret::new(headers))))
}

fn lines(headers: &str) -> impl Iterator<Item = &str> {
    headers.split('\n').map(str::trim).filter(|line| !line.is_empty())
}

/// A header that may be sent (RFC 9110 §5.1, §5.5).
fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim();
    let is_token =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    let is_value = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    let is_free = !TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name));
    (is_token && is_value && is_free).then_some((name, value))
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    target_url: &'a str,
    headers: &'a str,
    event_type: &'a str,
    event_filter: Option<&'a str>,
    request_method: &'a str,
    enabled: bool,
    created: String,
}

#[derive(Serialize)]
struct List<'a> {
    success: bool,
    code: Option<u16>,
    hooks: Vec<Listed<'a>>,
}

/// The answer.
pub(super) fn render(outcome: &RecordOutcome, reply: &Reply) -> HttpResponse {
    let zone = zone::of(&reply.home);
    match outcome {
        RecordOutcome::Page { records, .. } => {
            let hooks: Vec<_> = records.iter().filter_map(|record| Some((record, Hook::read(&record.json)?))).collect();
            let hooks = hooks.iter().map(|(record, hook)| listed(record, hook, zone)).collect();
            answer::json(&List { success: true, code: None, hooks })
        }
        RecordOutcome::One(record) => {
            let id: u64 = record.key.parse().unwrap_or_default();
            answer::json(&json!({ "success": true, "code": null, "error_message": null, "id": id }))
        }
        RecordOutcome::Removed => answer::json(&json!({ "success": true, "code": null })),
        RecordOutcome::Unknown => failed("there is no hook with that id"),
        RecordOutcome::TooMany { count_max } => {
            failed(&format!("the account has {count_max} hooks, which is as many as it may have: delete one first"))
        }
        RecordOutcome::TooLong { octets_max } => {
            failed(&format!("the hook says more than {octets_max} octets of JSON"))
        }
    }
}

fn listed<'a>(record: &'a Record, hook: &'a Hook, zone: Zone) -> Listed<'a> {
    Listed {
        id: &record.key,
        target_url: &hook.target_url,
        headers: record.secret.as_ref().map_or("", Secret::expose),
        event_type: &hook.event_type,
        event_filter: hook.event_filter.as_deref(),
        request_method: &hook.request_method,
        enabled: true,
        created: zone::seconds(zone, record.made_at),
    }
}

/// The answer to a request that cannot be carried out.
pub(super) fn refused(faulty: &Faulty) -> HttpResponse {
    failed(&codes::fault_text(&faulty.detail, &faulty.fields))
}

fn failed(why: &str) -> HttpResponse {
    answer::json(&json!({ "success": false, "code": null, "error_message": why }))
}
