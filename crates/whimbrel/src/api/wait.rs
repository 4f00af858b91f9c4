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

mod waiters;
mod wanted;

use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::{Value, json};
use whimbrel_core::{Content, InboundContent, Span, Timestamp, id};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::events::{About, Event, Heard};
use whimbrel_inbox::extract;
use whimbrel_inbox::search::{Sense, Term, Test};
use whimbrel_store::{InboundView, MessageSummary, Search};

pub(super) use self::waiters::Waits;
use self::waiters::{WAITERS_MAX, WAITERS_OF_ACCOUNT_MAX};
pub(super) use self::wanted::{Codes, Extract, Wanted, span};
use super::search::{Mark, Whose, ids_ahead_max};
use super::{Api, document, messages, missed, phones, unavailable};
use crate::server::{IncomingRequest, problem};

/// How far back a caller without a mark looks.
const LOOK_BACK: Span = Span::seconds(60);
/// Texts that are looked at for one that has what is wanted, the newest first.
const TEXTS_MAX: usize = 100;
/// Other candidates for a code that an answer shows.
const CANDIDATES_MAX: usize = 5;

/// `GET wait?to=&q=&extract=&timeout=&since=&account=`.
pub(super) async fn wait(api: &Api, whose: Whose, request: &IncomingRequest) -> HttpResponse {
    let wanted = match wanted::read(api, whose, request.query()).await {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    let (_place, _own_place);
    match whose {
        Whose::All => match api.waits.of_operators() {
            Some(place) => _place = place,
            None => return full(WAITERS_MAX),
        },
        Whose::Of(account) | Whose::TrialsOf(account) => match api.waits.of_account(account) {
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
                if let Some(look) = concerned(&event, wanted) {
                    return ControlFlow::Continue(look);
                }
            }
            Heard::Missed(_) => return ControlFlow::Continue(None),
            Heard::End => return ControlFlow::Break(()),
        }
    }
}

/// What to look at, if the event may be what is waited for: one message, or with `None` whatever came.
fn concerned(event: &Event, wanted: &Wanted) -> Option<Option<i64>> {
    if !wanted.is_about(event.account_id) {
        return None;
    }
    match &event.about {
        // What a part meets matters too: a text whose code is masked is read at the phone, which has it later.
        About::Message { message_id, .. } | About::Part { message_id, .. } => {
            (!wanted.query.wants_inbound()).then_some(Some(message_id.0))
        }
        // The event has the id of the part that came last, and a text that of the part that came first.
        About::Inbound { .. } => wanted.query.wants_inbound().then_some(None),
        About::Carrier { .. } | About::Account { .. } | About::Gateway => None,
    }
}

/// After which id a text counts.
fn since(api: &Api, wanted: &Wanted, now: Timestamp) -> i64 {
    match wanted.since {
        Some(Mark(id)) => id,
        None => {
            let minute = looked_back_to(now);
            api.waits.last_given(wanted.asker, &wanted.question).map_or(minute, |given| given.max(minute))
        }
    }
}

/// Behind which id a caller without a mark looks.
fn looked_back_to(now: Timestamp) -> i64 {
    id::lowest_at(now - LOOK_BACK) - 1
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
        before: only.map(|id| id.saturating_add(1)),
        after: Some(only.map_or(since, |id| since.max(id - 1))),
        ids_ahead_max: ids_ahead_max(api),
        ..wanted.search(wanted.query.clone(), TEXTS_MAX)
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
    // Of a long text the parts that are missing may have what is wanted.
    let is_whole = |view: &InboundView| view.parts.0 == view.parts.1;
    let hits = found.found.into_iter().filter(is_whole).map(|view| {
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
        let behind = looked_back_to(api.engine.world().now());
        api.waits.give(wanted.asker, &wanted.question, hit.id, behind);
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
    fn a_masked_text_is_known_by_what_is_not_hidden() {
        assert!(is_masked_form("****** is it", "482917 is it"));
        assert!(is_masked_form("a*", "a*"));
        for (masked, whole) in [("****** is it", "482917 was it"), ("******", "4829"), ("*", "")] {
            assert!(!is_masked_form(masked, whole), "{masked} {whole}");
        }
    }
}
