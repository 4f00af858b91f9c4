//! What is told when nothing came that was waited for: what came instead, and what may be wrong.

use serde_json::{Value, json};
use whimbrel_core::{Content, PhoneNumber, Timestamp};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_inbox::search::Query;
use whimbrel_store::{MessageSummary, Search};

use super::messages::public_id;
use super::search::Mark;
use super::wait::{Extract, Wanted, text_of};
use super::{Api, unavailable};
use crate::server::problem;

/// Other messages that are told of.
const OTHERS_MAX: usize = 5;
/// Digits at the end of a number that make it likely that it is the same phone, written in another way.
const ALIKE_DIGITS: usize = 6;

/// 408 with what came meanwhile.
pub(super) async fn told(api: &Api, wanted: &Wanted, (since, started): (i64, Timestamp)) -> HttpResponse {
    let search =
        Search { after: Some(since), rows_max: OTHERS_MAX + 1, ..wanted.search(Query::default(), OTHERS_MAX + 1) };
    let others = match api.engine.search(move |store| store.search(&search)).await {
        Ok(found) => found.found,
        Err(error) => return unavailable(&error),
    };
    let now = api.engine.world().now();
    let hint = hint(wanted, &others);
    let whom = wanted.to.as_ref().map_or_else(|| "the search".to_owned(), |to| format!("+{}", to.digits()));
    let came = match others.len() {
        0 => "no other message arrived either".to_owned(),
        1 => "1 other message arrived".to_owned(),
        count if count > OTHERS_MAX => format!("more than {OTHERS_MAX} other messages arrived"),
        count => format!("{count} other messages arrived"),
    };
    let seconds = wanted.timeout.as_millis() as f64 / 1_000.0;
    let what = wanted.extract.map_or("nothing", nothing);
    let mut detail = format!("{what} for {whom} in {seconds} s; {came}");
    if let Some(hint) = &hint {
        detail = format!("{detail}; {hint}");
    }
    let shown: Vec<Value> = others.iter().take(OTHERS_MAX).map(|message| other(api, wanted, message, now)).collect();
    let document = json!({
        "type": "about:blank",
        "title": "Request Timeout",
        "status": 408,
        "detail": detail,
        "hint": hint,
        "others": shown,
        // What is asked next misses nothing.
        "since": Mark(since).to_string(),
        "waited_ms": now.since(started).as_millis(),
    });
    let mut response = problem(408, "Request Timeout", "");
    response.body = document.to_string().into_bytes();
    response
}

const fn nothing(extract: Extract) -> &'static str {
    match extract {
        Extract::Otp => "no one-time code",
        Extract::Link => "no link",
        Extract::Text => "no text",
    }
}

fn other(api: &Api, wanted: &Wanted, message: &MessageSummary, now: Timestamp) -> Value {
    // Only in development: elsewhere an error shows no text, not even to the operator.
    let text = api.access.reveals_codes().then(|| text_of(api, wanted.codes, message));
    json!({
        "id": public_id(&message.dialect, message.id.0, message.serial),
        "to": message.recipient.digits(),
        "from": message.sender.as_str(),
        "text": text,
        "at": message.accepted_at.to_string(),
        "ago_ms": now.since(message.accepted_at).as_millis(),
        "why_not": why_not(wanted, message),
    })
}

/// Why it is not what was waited for.
fn why_not(wanted: &Wanted, message: &MessageSummary) -> &'static str {
    if wanted.to.as_ref().is_some_and(|to| *to != message.recipient) {
        return "it went to another number";
    }
    match (wanted.extract, &message.content) {
        (Some(_), Content::Binary(_)) => "it is no text",
        (Some(Extract::Otp), Content::Text { text, .. }) if text.masked().contains('*') => "its code is masked",
        (Some(Extract::Otp), _) => "no one-time code was found in it, or it does not fit the search",
        (Some(Extract::Link), _) => "no link was found in it, or it does not fit the search",
        _ => "it does not fit the search",
    }
}

/// What may be wrong, if the others tell.
fn hint(wanted: &Wanted, others: &[MessageSummary]) -> Option<String> {
    let to = wanted.to.as_ref()?;
    if let Some(other) = others.iter().find(|other| other.recipient != *to && alike(to, &other.recipient)) {
        return Some(format!(
            "one went to +{}, which ends alike: is the number that the application sends to in international form?",
            other.recipient.digits()
        ));
    }
    let own = others.iter().find(|other| other.recipient == *to)?;
    let is_masked = matches!(&own.content, Content::Text { text, .. } if text.masked().contains('*'));
    Some(match (is_masked, wanted.extract) {
        (true, Some(Extract::Otp)) => {
            "one came, but its code is masked: only `serve --dev` shows codes, at the simulated phone".to_owned()
        }
        (_, Some(_)) => "one came to that number, but it has nothing of the kind".to_owned(),
        (_, None) => "one came to that number, but it does not fit the search".to_owned(),
    })
}

fn alike(one: &PhoneNumber, other: &PhoneNumber) -> bool {
    let ending = |number: &PhoneNumber| {
        let digits = number.digits();
        digits[digits.len().saturating_sub(ALIKE_DIGITS)..].to_owned()
    };
    ending(one) == ending(other)
}
