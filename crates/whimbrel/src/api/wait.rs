//! `GET wait`: one call that waits for a text and gives what a test wants of it: its one-time code, its link, or all of it.
//!
//! Nothing falls between two calls: the caller listens first and searches then, and every answer brings a mark. A text that is newer
//! than the mark that a caller gives is answered at once, however long before the call it came. The newest text counts, because the
//! code of an older one is good no more.
//!
//! A caller without a mark gets a text of the last minute, or waits; but none that an earlier such caller with the same question was
//! given, nor one older than that: so a test that is run again waits for its own code.
//!
//! The time that a caller waits is its own patience and real, whatever the test clock says.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use whimbrel_core::{AccountId, Content, InboundContent, PhoneNumber, Span, Timestamp, id};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::events::{About, Event, Heard};
use whimbrel_inbox::extract;
use whimbrel_inbox::search::{Query, instant};
use whimbrel_store::{MessageSummary, Search};

use super::json::bad;
use super::search::{Mark, read_query};
use super::{Api, document, messages, missed, phones, unavailable};
use crate::server::{IncomingRequest, problem};

/// Callers that wait at once.
const WAITERS_MAX: usize = 512;
/// How long a caller waits who does not say.
const TIMEOUT_DEFAULT: Span = Span::seconds(10);
/// How long a caller may wait.
const TIMEOUT_MAX: Span = Span::seconds(300);
/// How far back a caller without a mark looks.
const LOOK_BACK: Span = Span::seconds(60);
/// Questions whose last answer is remembered.
const ASKED_MAX: usize = 10_000;
/// Texts that are looked at for one that has what is wanted, the newest first.
const TEXTS_MAX: usize = 100;
/// Other candidates for a code that an answer shows.
const CANDIDATES_MAX: usize = 5;

/// Who waits, and what was given to whom.
#[derive(Debug)]
pub(super) struct Waits {
    places: Semaphore,
    given: Mutex<Given>,
}

/// The last text that was given to each question without a mark. Keys hold numbers, so `Debug` leaves them out.
#[derive(Default)]
struct Given {
    last: HashMap<String, i64>,
    oldest_first: VecDeque<String>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("count", &self.last.len()).finish_non_exhaustive()
    }
}

impl Default for Waits {
    fn default() -> Self {
        Self { places: Semaphore::new(WAITERS_MAX), given: Mutex::default() }
    }
}

impl Waits {
    fn last_given(&self, question: &str) -> Option<i64> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).last.get(question).copied()
    }

    fn give(&self, question: &str, id: i64) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = given.last.get_mut(question) {
            *last = id.max(*last);
            return;
        }
        if given.last.len() >= ASKED_MAX
            && let Some(oldest) = given.oldest_first.pop_front()
        {
            given.last.remove(&oldest);
        }
        given.oldest_first.push_back(question.to_owned());
        given.last.insert(question.to_owned(), id);
    }
}

/// What a caller wants out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extract {
    /// Its one-time code.
    Otp,
    /// Its link.
    Link,
    /// All of it.
    Text,
}

impl Extract {
    fn read(word: &str) -> Option<Self> {
        match word {
            "otp" => Some(Self::Otp),
            "link" => Some(Self::Link),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    /// In a word.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Otp => "otp",
            Self::Link => "link",
            Self::Text => "text",
        }
    }

    /// What is wanted, if the text has it.
    fn of(self, text: &str) -> Option<String> {
        match self {
            Self::Otp => extract::otp(text).map(|code| code.code),
            Self::Link => extract::link(text).map(str::to_owned),
            Self::Text => Some(text.to_owned()),
        }
    }
}

/// What a caller waits for.
pub(super) struct Wanted {
    pub(super) query: Query,
    pub(super) to: Option<PhoneNumber>,
    pub(super) extract: Option<Extract>,
    pub(super) account: Option<AccountId>,
    pub(super) timeout: Span,
    /// The mark that was given.
    since: Option<Mark>,
    /// What is asked, to know the same question again.
    question: String,
}

/// `GET wait?to=&q=&extract=&timeout=&since=&account=`.
pub(super) async fn wait(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let wanted = match read(api, request.query()).await {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    let Ok(_place) = api.waits.places.try_acquire() else {
        return problem(503, "Service Unavailable", &format!("{WAITERS_MAX} callers wait already: try again"));
    };
    let started = api.engine.world().now();
    let since = since(api, &wanted, started);
    let mut listener = api.engine.events().listen(None);
    let mut stop = api.stop.clone();
    let deadline = tokio::time::sleep(Duration::from_micros(wanted.timeout.0.unsigned_abs()));
    tokio::pin!(deadline);
    let mut only = None;
    loop {
        match look(api, &wanted, since, only).await {
            Ok(Some(hit)) => return answer(api, &wanted, hit),
            Ok(None) => {}
            Err(refused) => return refused,
        }
        only = tokio::select! {
            biased;
            () = stop.requested() => return problem(503, "Service Unavailable", "the server stops"),
            () = &mut deadline => return missed::told(api, &wanted, (since, started)).await,
            heard = next(&mut listener, &wanted) => match heard {
                ControlFlow::Continue(only) => only,
                ControlFlow::Break(()) => return problem(503, "Service Unavailable", "the server stops"),
            },
        };
    }
}

/// The next thing that may be what is waited for: a message, or anything.
async fn next(listener: &mut whimbrel_engine::events::Listener, wanted: &Wanted) -> ControlFlow<(), Option<i64>> {
    loop {
        match listener.next().await {
            Heard::Event(event) => {
                if let Some(id) = concerned(&event, wanted) {
                    return ControlFlow::Continue(Some(id));
                }
            }
            Heard::Missed(_) => return ControlFlow::Continue(None),
            Heard::End => return ControlFlow::Break(()),
        }
    }
}

fn concerned(event: &Event, wanted: &Wanted) -> Option<i64> {
    match &event.about {
        // What a part meets matters too: a text whose code is masked is read at the phone, which has it later.
        About::Message { message_id, .. } | About::Part { message_id, .. } => {
            (!wanted.query.wants_inbound()).then_some(message_id.0)
        }
        About::Inbound { inbound_id, .. } => wanted.query.wants_inbound().then_some(inbound_id.0),
        About::Carrier { .. } | About::Account { .. } | About::Gateway => None,
    }
}

async fn read(api: &Api, query: &str) -> Result<Wanted, HttpResponse> {
    let mut wanted = Wanted {
        query: Query::default(),
        to: None,
        extract: None,
        account: None,
        timeout: TIMEOUT_DEFAULT,
        since: None,
        question: String::new(),
    };
    let mut question: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "to" => {
                let number = PhoneNumber::parse(&value);
                wanted.to = Some(number.map_err(|_| bad("`to` must be an international number of 7 to 15 digits"))?);
            }
            "q" => wanted.query = read_query(api, &value).await?,
            "extract" => {
                let extract = Extract::read(&value).ok_or_else(|| bad("`extract` must be one of otp, link, text"))?;
                wanted.extract = Some(extract);
            }
            "account" => wanted.account = Some(super::accounts::find(api, &value)?),
            "timeout" => {
                wanted.timeout = span(&value)
                    .filter(|span| *span <= TIMEOUT_MAX)
                    .ok_or_else(|| bad("`timeout` must be a time such as 10s, 1500ms or 2m, and at most 5m"))?
            }
            "since" => wanted.since = Some(read_since(&value, api.engine.world().now())?),
            other => {
                let other: String = other.chars().take(40).collect();
                return Err(bad(&format!(
                    "`{other}` is no parameter here; the parameters are to, q, extract, timeout, since, account"
                )));
            }
        }
        if matches!(&*name, "to" | "q" | "extract" | "account") {
            question.push(format!("{name}={value}"));
        }
    }
    question.sort();
    wanted.question = question.join("&");
    wanted.query.terms.extend(wanted.to.as_ref().map(messages::to));
    Ok(wanted)
}

fn read_since(text: &str, now: Timestamp) -> Result<Mark, HttpResponse> {
    let mark = Mark::read(text).or_else(|| instant(text, now).map(|at| Mark(id::lowest_at(at) - 1)));
    mark.ok_or_else(|| bad("`since` must be a `since` of an answer or a lease, a time (RFC 3339), or so long ago: -5m"))
}

/// A length of time with its unit.
pub(super) fn span(text: &str) -> Option<Span> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let millis: i64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(millis)?.checked_mul(1_000).map(Span)
}

/// After which id a text counts.
fn since(api: &Api, wanted: &Wanted, now: Timestamp) -> i64 {
    match wanted.since {
        Some(Mark(id)) => id,
        None => {
            let minute = id::lowest_at(now - LOOK_BACK) - 1;
            api.waits.last_given(&wanted.question).map_or(minute, |given| given.max(minute))
        }
    }
}

/// A text that is what is waited for.
struct Hit {
    id: i64,
    /// What was wanted of it, if something was.
    value: Option<String>,
    /// The text that it was found in, for what else may have been meant.
    text: String,
    shown: (&'static str, Value),
}

/// The newest text that fits and has what is wanted; with `only` that one alone is looked at.
async fn look(api: &Api, wanted: &Wanted, since: i64, only: Option<i64>) -> Result<Option<Hit>, HttpResponse> {
    let search = Search {
        query: wanted.query.clone(),
        account: wanted.account,
        before: only.map(|id| id.saturating_add(1)),
        after: Some(only.map_or(since, |id| since.max(id - 1))),
        count_max: TEXTS_MAX,
        rows_max: Search::ROWS_MAX,
    };
    let found = if wanted.query.wants_inbound() { inbound(api, search).await } else { sent(api, search).await };
    let found = found.map_err(|error| unavailable(&error))?;
    Ok(found.into_iter().find_map(|hit| match wanted.extract {
        None => Some(hit),
        Some(extract) => extract.of(&hit.text).map(|value| Hit { value: Some(value), ..hit }),
    }))
}

async fn sent(api: &Api, search: Search) -> Result<Vec<Hit>, whimbrel_store::StoreError> {
    let found = api.engine.read(move |store| store.search(&search)).await?;
    let hit = |message: MessageSummary| Hit {
        id: message.id.0,
        value: None,
        text: text_of(api, &message),
        shown: ("message", messages::summary(&message)),
    };
    Ok(found.found.into_iter().map(hit).collect())
}

async fn inbound(api: &Api, search: Search) -> Result<Vec<Hit>, whimbrel_store::StoreError> {
    let found = api.engine.read(move |store| store.search_inbound(&search)).await?;
    let hits = found.found.into_iter().map(|view| {
        let text = match &view.content {
            InboundContent::Text { text, .. } => text.expose().to_owned(),
            InboundContent::Binary(_) => String::new(),
        };
        Hit { id: view.id.0, value: None, text, shown: ("inbound", phones::shown(api, &view)) }
    });
    Ok(hits.collect())
}

/// The text of a message. One whose code is masked is read where a developer would: at the simulated phone that it reached, and only in
/// development; everywhere else the mask stays on.
pub(super) fn text_of(api: &Api, message: &MessageSummary) -> String {
    let Content::Text { text, .. } = &message.content else { return String::new() };
    let masked = text.masked();
    if !api.access.reveals_codes() || !masked.contains('*') {
        return masked.into_owned();
    }
    let phone = api.simulator.as_ref().map(|simulator| simulator.phone_texts(message.recipient.digits()));
    let accepted_at = message.accepted_at.to_string();
    // Both times are of one clock and written alike, so that they compare as texts.
    let at_phone = phone.unwrap_or_default().into_iter().filter(|kept| kept.at >= accepted_at);
    at_phone
        .filter_map(|kept| kept.text)
        .find(|whole| is_masked_form(&masked, whole))
        .unwrap_or_else(|| masked.into_owned())
}

/// Whether `masked` is `whole` with some characters hidden.
fn is_masked_form(masked: &str, whole: &str) -> bool {
    masked.chars().count() == whole.chars().count()
        && masked.chars().zip(whole.chars()).all(|(masked, whole)| masked == '*' || masked == whole)
}

fn answer(api: &Api, wanted: &Wanted, hit: Hit) -> HttpResponse {
    if wanted.since.is_none() {
        api.waits.give(&wanted.question, hit.id);
    }
    let (name, shown) = hit.shown;
    let mut answer = json!({ name: shown, "since": Mark(hit.id).to_string() });
    if let (Value::Object(fields), Some(extract), Some(value)) = (&mut answer, wanted.extract, hit.value) {
        fields.insert("extract".to_owned(), json!(extract.as_str()));
        fields.insert("value".to_owned(), json!(value));
        if extract == Extract::Otp {
            fields.insert("candidates".to_owned(), candidates(&hit.text));
        }
    }
    document(200, &answer)
}

/// What else has the shape of a code, with the reasons for the choice.
fn candidates(text: &str) -> Value {
    let candidate = |code: &extract::Code| {
        let reasons: Vec<&str> = code.reasons.iter().map(|reason| reason.as_str()).collect();
        json!({ "code": code.code, "score": code.score, "reasons": reasons })
    };
    extract::candidates(text).iter().take(CANDIDATES_MAX).map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_remembered_within_bounds() {
        let waits = Waits::default();
        waits.give("to=1", 5);
        waits.give("to=1", 3);
        assert_eq!(waits.last_given("to=1"), Some(5), "an older text does not bring back a newer one");
        for question in 0..ASKED_MAX {
            waits.give(&format!("to=x{question}"), 1);
        }
        assert_eq!(waits.last_given("to=1"), None);
        assert_eq!(waits.given.lock().expect("no panic").last.len(), ASKED_MAX);
        assert!(!format!("{waits:?}").contains("to="));
    }

    #[test]
    fn a_masked_text_is_known_by_what_is_not_hidden() {
        assert!(is_masked_form("****** is it", "482917 is it"));
        assert!(is_masked_form("a*", "a*"));
        for (masked, whole) in [("****** is it", "482917 was it"), ("******", "4829"), ("*", "")] {
            assert!(!is_masked_form(masked, whole), "{masked} {whole}");
        }
    }

    #[test]
    fn spans_have_units() {
        assert_eq!((span("1500ms"), span("2m")), (Some(Span::millis(1_500)), Some(Span::seconds(120))));
        for wrong in ["", "10", "s", "-1s", "1.5s", "99999999999999999d", "1w"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }
}
