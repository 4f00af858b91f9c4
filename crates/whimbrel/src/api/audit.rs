//! What people do, written down: before it is done, and again with what it was answered.
//!
//! So an act whose caller hangs up in the middle is on record too, with the status 0. What is read is not, nor what only plays with
//! the simulator's phones. Of a body the fields in [`SHOWN`] are kept and no others: no secret and no text is among them. Owners may act
//! as often as their account's rate allows, and get no more lines than [`lines`] says.

mod lines;

use std::borrow::Cow;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::Origin;
use whimbrel_store::AuditEntry;

use self::lines::{Line, Lines};
use super::gate::is_read;
use super::json::bad;
use super::search::PARAMETERS_MAX;
use super::{Api, PREFIX, document, unavailable};
use crate::people::{Person, Right};
use crate::server::IncomingRequest;

/// Calls below [`PREFIX`] that change nothing of the gateway's.
const PLAY: &[&str] = &["segments", "phones", "simulator"];
/// Fields of a body that say what an act was about.
const SHOWN: &[&str] = &[
    "name",
    "role",
    "dialect",
    "currency",
    "credit",
    "amount",
    "bucket",
    "reference",
    "times",
    "status",
    "access",
    "mode",
    "method",
    "signature",
    "signature_method_min",
    "spend_per_day_max",
    "scopes",
    "number",
    "account",
    "default_class",
    "webhook_method",
    "overlap_seconds",
    "kind",
    "for",
];
/// Parameters of a query that say what an act was about.
const SHOWN_OF_QUERY: &[&str] = &["account", "before", "limit"];
/// Parameters of which only that they were given is kept: a search may hold a text or a number.
const GIVEN: &[&str] = &["q", "to"];
/// Characters of an act and of what it was about.
const CHARS_MAX: usize = 200;
/// The status of a line whose act is not answered yet.
const BEGUN: u16 = 0;
/// Lines in one answer.
const COUNT_DEFAULT: usize = 100;
const COUNT_MAX: usize = 1_000;

/// What the audit log keeps in memory.
#[derive(Debug, Default)]
pub(super) struct Audit {
    of_owners: Mutex<Lines>,
}

/// Which acts have a line of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lined<'a> {
    /// Each.
    Each,
    /// As many of this kind as an owner gets in a minute.
    OfOwner {
        /// What they have in common.
        kind: &'a str,
    },
}

/// An act that was written down. Its line is completed by [`Api::end_act`], if it has one of its own.
#[derive(Debug)]
pub(crate) struct Begun {
    line: Option<AuditEntry>,
}

impl Begun {
    /// Adds how much was removed, where the answer says that.
    fn with_outcome(mut self, request: &IncomingRequest, answer: &HttpResponse) -> Self {
        if let (Some(entry), Some(count)) = (&mut self.line, removed(request, answer)) {
            entry.subject = bounded(format!("removed={count} {}", entry.subject).trim_end()).into();
        }
        self
    }
}

impl Api {
    /// Answers a call, and writes down who made it if it may change something. What cannot be written down is not done.
    pub(super) async fn written_down(
        &self,
        (who, lined): (&str, Lined<'_>),
        request: &IncomingRequest,
        origin: Origin,
        answer: impl Future<Output = HttpResponse>,
    ) -> HttpResponse {
        let Some((act, subject)) = act_of(request) else { return answer.await };
        let begun = match self.line((who, lined), origin, (&act, &subject), BEGUN).await {
            Ok(begun) => begun,
            Err(refused) => return refused,
        };
        let answer = answer.await;
        self.end_act(begun.with_outcome(request, &answer), answer.status);
        answer
    }

    /// Writes down what was done and how it went.
    ///
    /// # Errors
    /// The answer that it could not be.
    pub(crate) async fn write_act(
        &self,
        person: &Person,
        origin: Origin,
        act: &str,
        status: u16,
    ) -> Result<(), HttpResponse> {
        let name = person.audit_name();
        self.line((&name, lined(person, act)), origin, (act, ""), status).await.map(|_| ())
    }

    /// Writes down what is about to be done by no call of this API; [`end_act`](Self::end_act) adds how it went.
    ///
    /// # Errors
    /// The answer that it could not be: then nothing is to be done.
    pub(crate) async fn begin_act(&self, person: &Person, origin: Origin, act: &str) -> Result<Begun, HttpResponse> {
        self.line((&person.audit_name(), lined(person, act)), origin, (act, ""), BEGUN).await
    }

    /// Adds how it went.
    pub(crate) fn end_act(&self, begun: Begun, status: u16) {
        if let Some(entry) = begun.line {
            self.engine.write_down_answer(AuditEntry { status, ..entry });
        }
    }

    /// Makes an act durable: in a line of its own, or in the one that counts.
    async fn line(
        &self,
        (who, lined): (&str, Lined<'_>),
        origin: Origin,
        (act, subject): (&str, &str),
        status: u16,
    ) -> Result<Begun, HttpResponse> {
        let world = self.engine.world();
        let line = match lined {
            Lined::Each => Line::Own,
            Lined::OfOwner { kind } => {
                let mut lines = self.audit.of_owners.lock().unwrap_or_else(PoisonError::into_inner);
                lines.next(who, kind, world.now(), || world.next_id())
            }
        };
        let entry = AuditEntry {
            id: world.next_id(),
            at: world.now(),
            person: bounded(who).into(),
            source: origin.address.map(|address| address.to_string()).unwrap_or_default().into(),
            act: bounded(act).into(),
            subject: bounded(subject).into(),
            status,
        };
        // A line that counts begins with the number, by which the store knows the later one; it never gets a status.
        let written = match (line, lined) {
            (Line::Counted(rest), Lined::OfOwner { kind }) => {
                let subject = format!("{} more in this minute, last: {act}", rest.count);
                let (act, subject) = (bounded(kind).into(), bounded(&subject).into());
                AuditEntry { id: rest.id, at: rest.at, act, subject, status: BEGUN, ..entry.clone() }
            }
            (Line::Own | Line::Counted(_), _) => entry.clone(),
        };
        self.engine.write_down(written).await.map_err(|error| unavailable(&error))?;
        Ok(Begun { line: Some(entry).filter(|_| line == Line::Own) })
    }
}

fn lined<'a>(person: &Person, act: &'a str) -> Lined<'a> {
    match person.right() {
        Right::OwnAccount => Lined::OfOwner { kind: act },
        Right::All | Right::Look => Lined::Each,
    }
}

/// `GET audit?before=&limit=`: newest first.
pub(super) async fn list(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let (mut before, mut count) = (None, COUNT_DEFAULT);
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match &*name {
            "before" => match i64::from_str_radix(&value, 16) {
                Ok(id) => before = Some(id),
                Err(_) => return bad("`before` must be the id of a line of the audit log"),
            },
            "limit" => match value.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count)) {
                Some(wanted) => count = wanted,
                None => return bad("`limit` must be a number from 1 to 1000"),
            },
            other => {
                let other: String = other.chars().take(40).collect();
                return bad(&format!("`{other}` is no parameter here; the parameters are before, limit"));
            }
        }
    }
    match api.engine.audit_log(before, count).await {
        Ok(entries) => document(200, &json!({ "audit": entries.iter().map(shown).collect::<Value>() })),
        Err(error) => unavailable(&error),
    }
}

fn shown(entry: &AuditEntry) -> Value {
    json!({
        "id": format!("{:x}", entry.id),
        "at": entry.at.to_string(),
        "person": entry.person,
        "source": entry.source,
        "act": entry.act,
        "subject": entry.subject,
        "status": entry.status,
    })
}

/// What a request does, and what of; `None` if that is nothing to write down.
fn act_of(request: &IncomingRequest) -> Option<(String, String)> {
    let path = request.path().strip_prefix(PREFIX)?.trim_end_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if is_read(request) || PLAY.contains(&first) {
        return None;
    }
    // The token of a grant names it, and signs requests together with its secret: its beginning tells which it is.
    let path = match path.split_once("/oauth/grants/") {
        Some((before, token)) => format!("{before}/oauth/grants/{}…", token.chars().take(4).collect::<String>()),
        None => path.to_owned(),
    };
    let mut subject = of_query(request.query());
    if let Ok(Value::Object(fields)) = serde_json::from_slice(request.body()) {
        let shown = fields.iter().filter(|(name, _)| SHOWN.contains(&name.as_str()));
        subject.extend(shown.map(|(name, value)| format!("{name}={}", plain(value))));
    }
    Some((format!("{} {path}", request.method()), subject.join(" ")))
}

/// What a query says of an act. No more than a search may have is looked at.
fn of_query(query: &str) -> Vec<String> {
    let shown = |(name, value): (Cow<'_, str>, Cow<'_, str>)| match &*name {
        name if SHOWN_OF_QUERY.contains(&name) => Some(format!("{name}={value}")),
        name if GIVEN.contains(&name) => Some(format!("{name}=…")),
        _ => None,
    };
    form_urlencoded::parse(query.as_bytes()).take(PARAMETERS_MAX).filter_map(shown).collect()
}

/// How much a call removed, as its answer says.
fn removed(request: &IncomingRequest, answer: &HttpResponse) -> Option<u64> {
    if request.method() != "DELETE" || answer.status != 200 {
        return None;
    }
    serde_json::from_slice::<Value>(&answer.body).ok()?.get("removed")?.as_u64()
}

fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn bounded(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::server::Scheme;

    fn act(method: &str, path: &str, body: &'static str) -> Option<(String, String)> {
        let built = http::Request::builder().method(method).uri(format!("{PREFIX}{path}")).body(());
        let (head, ()) = built.expect("a request").into_parts();
        let peer = "127.0.0.1:9".parse().expect("an address");
        act_of(&IncomingRequest::new(head, Bytes::from_static(body.as_bytes()), peer, Scheme::Http))
    }

    #[test]
    fn acts_are_told_without_secrets_and_texts() {
        let told = |method, path, body| act(method, path, body).map(|(act, subject)| format!("{act} | {subject}"));
        assert_eq!(
            told("POST", "accounts/devkey01/topup", r#"{"amount":"10.00","reference":"r 7","note":"x"}"#).as_deref(),
            Some("POST accounts/devkey01/topup | amount=10.00 reference=r 7")
        );
        assert_eq!(
            told("POST", "operators", r#"{"name":"ann","password":"correct horse","role":"viewer"}"#).as_deref(),
            Some("POST operators | name=ann role=viewer")
        );
        let secret = told("POST", "accounts/a/secrets", r#"{"secret":"Geheim123","mode":"live"}"#);
        assert_eq!(secret.as_deref(), Some("POST accounts/a/secrets | mode=live"));
        let grant = told("DELETE", "accounts/a/oauth/grants/0123456789abcdef", "");
        assert_eq!(grant.as_deref(), Some("DELETE accounts/a/oauth/grants/0123… | "));
        assert_eq!(told("POST", "config/reload", "not json").as_deref(), Some("POST config/reload | "));
        assert_eq!(
            told("DELETE", "messages?account=shop&limit=5&q=text%3Asecret&to=447700900123&x=y", "").as_deref(),
            Some("DELETE messages | account=shop limit=5 q=… to=…"),
            "which search it was, and not what it says"
        );
        for (method, path) in
            [("GET", "accounts"), ("HEAD", "accounts"), ("POST", "segments"), ("POST", "phones/1/reply")]
        {
            assert_eq!(told(method, path, r#"{"name":"x"}"#), None, "{method} {path}");
        }
    }

    #[test]
    fn a_line_has_a_bound_and_no_control_characters() {
        assert_eq!(bounded(&"x".repeat(500)).chars().count(), CHARS_MAX);
        assert_eq!(bounded("a\nb\u{1b}[31m"), "a\u{fffd}b\u{fffd}[31m");
    }
}
