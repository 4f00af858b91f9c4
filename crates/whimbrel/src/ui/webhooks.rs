//! `GET webhooks`: where they go and how they went. `GET webhooks/attempts/{id}`: one with request and answer. The forms below it send one
//! again, or a ping. All of it is read and done by the native API, with the rights of whoever looks.

use serde_json::{Value, json};
use whimbrel_core::{Span, Timestamp};
use whimbrel_web::links::encoded;
use whimbrel_web::shown::{self, Instant, State};
use whimbrel_web::webhooks::{AttemptPage, Endpoint, Filter, Http, Line, WebhooksPage};
use whimbrel_web::{Flash, Section};

use super::form::Form;
use super::rows::title;
use super::{Visit, faults, go, page, say};
use crate::api::{Api, Called};
use crate::people::Right;
use crate::server::Answer;

/// Attempts on a page.
const ATTEMPTS_MAX: usize = 100;

/// Below `webhooks`.
pub(super) async fn route(api: &Api, visit: &Visit<'_>) -> Answer {
    match (visit.method(), visit.path.as_slice()) {
        ("GET", ["webhooks"]) => list(api, visit).await,
        ("GET", ["webhooks", "attempts", id]) => show(api, visit, id).await,
        ("POST", ["webhooks", "attempts", id, "resend"]) => resend(api, visit, id).await,
        ("POST", ["webhooks", "test"]) => test(api, visit).await,
        _ => super::nothing_here(visit),
    }
}

/// Where the API has the webhooks that the visitor may see.
fn place(visit: &Visit<'_>) -> &'static str {
    if visit.account().is_some() { "accounts/self/webhooks" } else { "webhooks" }
}

async fn list(api: &Api, visit: &Visit<'_>) -> Answer {
    let fields = Form::of_query(visit.request);
    let account = fields.filled("account").filter(|_| visit.account().is_none()).unwrap_or_default();
    let is_failed = fields.filled("failed") == Some("true");
    let query = if account.is_empty() { String::new() } else { format!("account={}", encoded(account)) };
    let endpoints = match call(api, visit, Called::read(&format!("{}?{query}", place(visit)))).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let attempts = format!("{}/attempts?limit={ATTEMPTS_MAX}&failed={is_failed}&{query}", place(visit));
    let attempts = match call(api, visit, Called::read(attempts.trim_end_matches('&'))).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let now = api.engine.world().now();
    let each = |document: &Value, name: &str| document[name].as_array().cloned().unwrap_or_default();
    let shown = WebhooksPage {
        frame: visit.frame_in(Section::Webhooks, "Webhooks"),
        is_tape_on: attempts["tape"] == "on",
        may_send: may_send(visit),
        endpoints: each(&endpoints, "endpoints").iter().map(|one| endpoint(one, now)).collect(),
        attempts: each(&attempts, "attempts").iter().map(|one| line(one, now)).collect(),
        filter: Filter { account: account.into(), is_failed },
        example: example(api, visit),
        faults: if visit.is_dev() { faults::read(api, visit).await } else { None },
    };
    page(200, &shown).into()
}

/// Whose webhooks a command to copy is about: the viewer's own account, else any; nobody's has a name that cannot be one.
fn example(api: &Api, visit: &Visit<'_>) -> Box<str> {
    if visit.account().is_some() {
        return "self".into();
    }
    api.engine
        .directory()
        .after("", 1)
        .first()
        .map_or_else(|| "KEY".into(), |entry| entry.account.key.to_string().into())
}

fn may_send(visit: &Visit<'_>) -> bool {
    visit.known.person.right() == Right::All
}

/// A call with the visitor's rights.
///
/// # Errors
/// The page that says why not.
async fn call(api: &Api, visit: &Visit<'_>, called: Called<'_>) -> Result<Value, Answer> {
    match api.call(&visit.known.person, called, visit.origin).await {
        (200..300, document) => Ok(document),
        (status, document) => {
            let mut frame = visit.frame_in(Section::Webhooks, "That did not work");
            let why = document["detail"].as_str().unwrap_or("The server gave no reason.");
            frame.flash = Some(Flash::failed(why));
            Err(say(status, frame, &["Go back and correct it; nothing was sent."]))
        }
    }
}

fn text(document: &Value, name: &str) -> Box<str> {
    document[name].as_str().unwrap_or_default().into()
}

fn instant(document: &Value, name: &str, now: Timestamp) -> Option<Instant> {
    timestamp(document[name].as_str()?).map(|at| Instant::new(at, now))
}

/// An instant as the API writes it: `2026-11-29T02:37:01.712773Z`.
fn timestamp(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let day = Timestamp::of_day(number(0, 4)?, number(5, 7)?.try_into().ok()?, number(8, 10)?.try_into().ok()?)?;
    let seconds = number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(Timestamp(day.0 + seconds * 1_000_000 + number(20, 26)?))
}

fn endpoint(found: &Value, now: Timestamp) -> Endpoint {
    let (taken, count) = (found["delivered"].as_u64().unwrap_or(0), found["attempts"].as_u64().unwrap_or(0));
    let last = &found["last_attempt"];
    Endpoint {
        account: text(found, "account"),
        kind: text(found, "kind"),
        url: text(found, "url"),
        taken: if count == 0 { "".into() } else { format!("{taken} of {count}").into() },
        last: instant(last, "at", now).map(|at| (state(last, last["status"].as_u64()), at)),
        pending: found["pending"].as_u64().unwrap_or(0),
        next: instant(found, "next_try_at", now),
    }
}

/// How an attempt went, in the words of the timeline.
fn state(attempt: &Value, status: Option<u64>) -> State {
    let line = match (attempt["result"].as_str(), status) {
        (Some("delivered"), Some(status)) => format!("delivered: HTTP {status}"),
        (Some("retry"), Some(status)) => format!("failed: HTTP {status}"),
        (Some("retry"), None) => "failed: no answer".to_owned(),
        (_, Some(status)) => return State { word: status.to_string().into(), icon: "✘", tone: "bad" },
        (_, None) => return State { word: "no answer".into(), icon: "✘", tone: "bad" },
    };
    State::of_webhook(&line)
}

fn line(attempt: &Value, now: Timestamp) -> Line {
    let http = &attempt["request"];
    Line {
        id: attempt["id"].as_u64().unwrap_or(0),
        at: instant(attempt, "at", now).unwrap_or_else(|| Instant::new(now, now)),
        account: text(attempt, "account"),
        message: attempt["message"].as_str().map(Into::into),
        why: text(attempt, "why"),
        attempt: attempt["attempt"].as_u64().unwrap_or(1),
        state: state(attempt, attempt["answer"]["status"].as_u64()),
        took: took(&attempt["timing"], "total_ms").unwrap_or_default(),
        target: format!("{} {}", text(http, "method"), text(attempt, "url").split('?').next().unwrap_or_default())
            .into(),
    }
}

fn took(timing: &Value, name: &str) -> Option<Box<str>> {
    // Milliseconds with decimals: microseconds are what the span counts.
    let micros = timing[name].as_f64()? * 1_000.0;
    Some(shown::span(Span(micros as i64)).into())
}

async fn show(api: &Api, visit: &Visit<'_>, id: &str) -> Answer {
    let path = format!("{}/attempts?limit=500", place(visit));
    let found = match call(api, visit, Called::read(&path)).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let attempts = found["attempts"].as_array().cloned().unwrap_or_default();
    let number: Option<u64> = id.parse().ok();
    let found = attempts.iter().find(|attempt| number.is_some() && attempt["id"].as_u64() == number);
    let Some(attempt) = found else {
        let frame = visit.frame_in(Section::Webhooks, "This attempt is gone");
        return say(
            404,
            frame,
            &["The tape keeps the last ones, in memory. The message's timeline has what became of it."],
        );
    };
    let now = api.engine.world().now();
    let steps = [
        ("dns", "dns_ms"),
        ("connect", "connect_ms"),
        ("tls", "tls_ms"),
        ("first byte", "first_byte_ms"),
        ("total", "total_ms"),
    ];
    let request = &attempt["request"];
    let answer = &attempt["answer"];
    let first = format!("{} {}", text(request, "method"), text(request, "url"));
    let shown = AttemptPage {
        frame: visit.frame_in(Section::Webhooks, &format!("Webhook attempt {id}")),
        may_send: may_send(visit),
        line: line(attempt, now),
        dialect: title(&text(attempt, "dialect")).into(),
        request: http(request, first),
        answer: answer["status"].as_u64().map(|status| http(answer, format!("HTTP {status}"))),
        error: attempt["error"].as_str().map(Into::into),
        steps: steps.iter().filter_map(|(word, name)| Some((*word, took(&attempt["timing"], name)?))).collect(),
        next: instant(attempt, "next_try_at", now),
        verify: "whimbrel verify standard-webhooks --explain".into(),
    };
    page(200, &shown).into()
}

fn http(found: &Value, line: String) -> Http {
    let pair = |pair: &Value| Some((pair[0].as_str()?.into(), pair[1].as_str()?.into()));
    Http {
        line: line.into(),
        headers: found["headers"].as_array().into_iter().flatten().filter_map(pair).collect(),
        body: found["body"].as_str().map(Into::into),
        body_bytes: found["body_bytes"].as_u64().unwrap_or(0),
    }
}

/// `POST webhooks/attempts/{id}/resend`: as it was, or with changes; leads to the new attempt.
async fn resend(api: &Api, visit: &Visit<'_>, id: &str) -> Answer {
    let fields = Form::read(visit.request);
    let changes = match changes(fields.value("changes").unwrap_or_default()) {
        Ok(changes) => changes,
        Err(wrong) => {
            let mut frame = visit.frame_in(Section::Webhooks, "That cannot be read");
            frame.flash = Some(Flash::failed(&wrong));
            return say(400, frame, &["Go back and correct it; nothing was sent."]);
        }
    };
    let mut body = changes;
    if let Some(other) = fields.filled("body") {
        body["body"] = json!(other);
    }
    let path = format!("webhooks/attempts/{}/resend", encoded(id));
    match call(api, visit, Called { method: "POST", path: &path, body: Some(body) }).await {
        Ok(sent) => match sent["id"].as_u64() {
            Some(id) => go(&visit.links, &format!("webhooks/attempts/{id}")),
            None => go(&visit.links, "webhooks"),
        },
        Err(refused) => refused,
    }
}

/// Lines of changes as the API takes them.
///
/// # Errors
/// The line that is none, and what one looks like.
fn changes(text: &str) -> Result<Value, String> {
    let (mut set, mut add, mut remove) = (Vec::new(), Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (line.strip_prefix('+'), line.strip_prefix('-')) {
            (Some(added), _) if added.contains('=') => add.push(added),
            (_, Some(removed)) if !removed.is_empty() && !removed.contains('=') => remove.push(removed),
            (None, None) if line.contains('=') => set.push(line),
            _ => {
                let line: String = line.chars().take(40).collect();
                return Err(format!("`{line}` is no change: write name=value, +name=value or -name"));
            }
        }
    }
    Ok(json!({ "set": set, "add": add, "remove": remove }))
}

/// `POST webhooks/test`: a ping; shows what came back.
async fn test(api: &Api, visit: &Visit<'_>) -> Answer {
    let fields = Form::read(visit.request);
    let (account, kind) = (fields.filled("account").unwrap_or_default(), fields.filled("kind").unwrap_or("receipt"));
    let path = format!("accounts/{}/webhooks/test", encoded(account).replace("%3A", ":"));
    let body = Some(json!({ "kind": kind, "send": "ping" }));
    let tried = match call(api, visit, Called { method: "POST", path: &path, body }).await {
        Ok(tried) => tried,
        Err(refused) => return refused,
    };
    let mut frame = visit.frame_in(Section::Webhooks, "Ping");
    let ms = tried["elapsed_ms"].as_i64().unwrap_or(0);
    frame.flash = Some(match (tried["status"].as_u64(), tried["error"].as_str()) {
        (Some(status @ 200..=299), _) => Flash::done(&format!("The endpoint answered {status} in {ms} ms.")),
        (Some(status), _) => Flash::failed(&format!("The endpoint answered {status} in {ms} ms; it should say 2xx.")),
        (None, why) => Flash::failed(&format!("There was no answer: {}", why.unwrap_or("no reason is known"))),
    });
    let answer = tried["answer"].as_str().unwrap_or_default();
    let began = if answer.is_empty() { "Its answer was empty." } else { answer };
    say(200, frame, &[began])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_the_api_are_read_back() {
        for at in [Timestamp(1_795_919_821_712_773), Timestamp(0)] {
            assert_eq!(timestamp(&at.to_string()), Some(at));
        }
        for wrong in ["", "2026-11-29", "now", "2026-11-29T02:37:01Z"] {
            assert_eq!(timestamp(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lines_of_changes_are_read() {
        let read = changes("status=failed\n +x=a=b \n\n-scts\n").expect("changes");
        assert_eq!(read, json!({ "set": ["status=failed"], "add": ["x=a=b"], "remove": ["scts"] }));
        for wrong in ["nothing", "+x", "-", "-a=b"] {
            assert!(changes(wrong).is_err(), "{wrong}");
        }
    }
}
