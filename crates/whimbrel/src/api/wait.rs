//! `GET wait`: one call that waits for a text and gives what a test wants of it: its one-time code, its link, or all of it.
//!
//! Nothing falls between two calls: the caller listens first and searches then, and every answer brings a mark. A text that is newer
//! than the mark that a caller gives is answered at once, however long before the call it came. The newest text counts, because the
//! code of an older one is good no more.
//!
//! A caller without a mark gets a text of the last minute, or waits; but none that an earlier such caller with the same question was
//! given, nor one older than that: so a test that is run again waits for its own code. Of what was accepted while a test clock was ahead
//! it gets nothing once that is put back: such texts lie in the future, and are of no last minute.
//!
//! Below an account's path nothing but that account is heard of or counted, and codes that are masked stay so.
//!
//! The time that a caller waits is its own patience and real, whatever the test clock says.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use whimbrel_core::{AccountId, Content, InboundContent, PhoneNumber, Span, Timestamp, id};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::events::{About, Event, Heard};
use whimbrel_inbox::extract;
use whimbrel_inbox::search::{Query, Sense, Term, Test, instant};
use whimbrel_store::{MessageSummary, Search};

use super::json::bad;
use super::search::{Mark, Whose, ids_ahead_max, parameters, read_query};
use super::{Api, document, messages, missed, phones, unavailable};
use crate::server::{IncomingRequest, problem};

/// Callers that wait at once, but for those below an account's path.
const WAITERS_MAX: usize = 512;
/// Callers that wait at once below the path of one account.
const WAITERS_OF_ACCOUNT_MAX: usize = 16;
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
    of_accounts: Arc<Mutex<HashMap<AccountId, usize>>>,
    given: Mutex<Given>,
}

/// A place among those who wait below an account's path. Given back when it is dropped.
struct OfAccount {
    of_accounts: Arc<Mutex<HashMap<AccountId, usize>>>,
    account: AccountId,
}

impl Drop for OfAccount {
    fn drop(&mut self) {
        let mut counts = self.of_accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
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
        Self { places: Semaphore::new(WAITERS_MAX), of_accounts: Arc::default(), given: Mutex::default() }
    }
}

impl Waits {
    /// A place below an account's path. How many others wait is not to be seen from there, so places are counted for each account alone.
    fn of_account(&self, account: AccountId) -> Option<OfAccount> {
        let mut counts = self.of_accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(account).or_default();
        if *count >= WAITERS_OF_ACCOUNT_MAX {
            return None;
        }
        *count += 1;
        Some(OfAccount { of_accounts: Arc::clone(&self.of_accounts), account })
    }

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

/// How masked codes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codes {
    /// As the phone has them.
    AtThePhone,
    /// Masked.
    Masked,
}

/// What a caller waits for.
pub(super) struct Wanted {
    pub(super) query: Query,
    pub(super) to: Option<PhoneNumber>,
    pub(super) extract: Option<Extract>,
    pub(super) account: Option<AccountId>,
    /// Whether codes that are masked may be read at the phone.
    pub(super) codes: Codes,
    pub(super) timeout: Span,
    /// The mark that was given.
    since: Option<Mark>,
    /// What is asked, to know the same question again.
    question: String,
}

/// `GET wait?to=&q=&extract=&timeout=&since=&account=`.
pub(super) async fn wait(api: &Api, whose: Whose, request: &IncomingRequest) -> HttpResponse {
    let wanted = match read(api, whose, request.query()).await {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    let (_place, _own_place);
    match whose {
        Whose::All => match api.waits.places.try_acquire() {
            Ok(place) => _place = place,
            Err(_) => return full(WAITERS_MAX),
        },
        Whose::Of(account) => match api.waits.of_account(account) {
            Some(place) => _own_place = place,
            None => return full(WAITERS_OF_ACCOUNT_MAX),
        },
    }
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

fn full(waiters_max: usize) -> HttpResponse {
    problem(503, "Service Unavailable", &format!("{waiters_max} callers wait already: try again"))
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
    if wanted.account.is_some() && wanted.account != event.account_id {
        return None;
    }
    match &event.about {
        // What a part meets matters too: a text whose code is masked is read at the phone, which has it later.
        About::Message { message_id, .. } | About::Part { message_id, .. } => {
            (!wanted.query.wants_inbound()).then_some(message_id.0)
        }
        About::Inbound { inbound_id, .. } => wanted.query.wants_inbound().then_some(inbound_id.0),
        About::Carrier { .. } | About::Account { .. } | About::Gateway => None,
    }
}

async fn read(api: &Api, whose: Whose, query: &str) -> Result<Wanted, HttpResponse> {
    let mut wanted = Wanted {
        query: Query::default(),
        to: None,
        extract: None,
        account: whose.account(),
        codes: if whose == Whose::All && api.access.reveals_codes() { Codes::AtThePhone } else { Codes::Masked },
        timeout: TIMEOUT_DEFAULT,
        since: None,
        question: String::new(),
    };
    // The same question about one account is another one than about all, and than about another account.
    let mut question: Vec<String> = whose.account().map(|account| format!(" of {}", account.0)).into_iter().collect();
    for (name, value) in parameters(query)? {
        match &*name {
            "to" => {
                let number = PhoneNumber::parse(&value);
                wanted.to = Some(number.map_err(|_| bad("`to` must be an international number of 7 to 15 digits"))?);
            }
            "q" => {
                wanted.query = read_query(api, &value, wanted.account).await?;
                whose.may_ask(&wanted.query)?;
            }
            "extract" => {
                let extract = Extract::read(&value).ok_or_else(|| bad("`extract` must be one of otp, link, text"))?;
                wanted.extract = Some(extract);
            }
            "account" if whose == Whose::All => wanted.account = Some(super::accounts::find(api, &value)?),
            "timeout" => {
                wanted.timeout = span(&value)
                    .filter(|span| *span <= TIMEOUT_MAX)
                    .ok_or_else(|| bad("`timeout` must be a time such as 10s, 1500ms or 2m, and at most 5m"))?
            }
            "since" => wanted.since = Some(read_since(&value, api.engine.world().now())?),
            other => {
                let other: String = other.chars().take(40).collect();
                let account = if whose == Whose::All { ", account" } else { "" };
                return Err(bad(&format!(
                    "`{other}` is no parameter here; the parameters are to, q, extract, timeout, since{account}"
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
    let mut search = Search {
        account: wanted.account,
        before: only.map(|id| id.saturating_add(1)),
        after: Some(only.map_or(since, |id| since.max(id - 1))),
        ids_ahead_max: ids_ahead_max(api),
        ..Search::new(wanted.query.clone(), TEXTS_MAX)
    };
    if wanted.since.is_none() {
        // Now is over with this microsecond. What is later was accepted before the clock was put back.
        let test = Test::Before(api.engine.world().now() + Span(1));
        search.query.terms.push(Term { test, sense: Sense::Holds, span: 0..0 });
    }
    let found =
        if wanted.query.wants_inbound() { inbound(api, search).await } else { sent(api, wanted.codes, search).await };
    let found = found.map_err(|error| unavailable(&error))?;
    Ok(found.into_iter().find_map(|hit| match wanted.extract {
        None => Some(hit),
        Some(extract) => extract.of(&hit.text).map(|value| Hit { value: Some(value), ..hit }),
    }))
}

async fn sent(api: &Api, codes: Codes, search: Search) -> Result<Vec<Hit>, whimbrel_store::StoreError> {
    let found = api.engine.search(move |store| store.search(&search)).await?;
    let hit = |message: MessageSummary| Hit {
        id: message.id.0,
        value: None,
        text: text_of(api, codes, &message),
        shown: ("message", messages::summary(&message)),
    };
    Ok(found.found.into_iter().map(hit).collect())
}

async fn inbound(api: &Api, search: Search) -> Result<Vec<Hit>, whimbrel_store::StoreError> {
    let found = api.engine.search(move |store| store.search_inbound(&search)).await?;
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
pub(super) fn text_of(api: &Api, codes: Codes, message: &MessageSummary) -> String {
    let Content::Text { text, .. } = &message.content else { return String::new() };
    let masked = text.masked();
    if codes == Codes::Masked || !masked.contains('*') {
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
    fn who_waits_below_one_account_takes_nobody_elses_place() {
        let waits = Waits::default();
        let mut places: Vec<_> = (0..WAITERS_OF_ACCOUNT_MAX).map(|_| waits.of_account(AccountId(1))).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(waits.of_account(AccountId(1)).is_none());
        assert!(waits.of_account(AccountId(2)).is_some());
        assert_eq!(waits.places.available_permits(), WAITERS_MAX);
        places.pop();
        assert!(waits.of_account(AccountId(1)).is_some());
        drop(places);
        assert!(waits.of_accounts.lock().expect("no panic").is_empty());
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
