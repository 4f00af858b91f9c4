//! Showing one message to somebody who is not known here: the link is made by who may read the message, and shows less than they see.
//!
//! The page has no text, no code, no whole number, no account, no carrier, no price and nothing of the wires; it is read only and leads
//! nowhere. Whatever is wrong with a link, its page says one and the same: nobody learns by trying which messages there are.

use serde_json::json;
use whimbrel_core::{MessageId, Timestamp};
use whimbrel_store::{MessageView, StoreError, TimelineEntry};
use whimbrel_web::Frame;
use whimbrel_web::frame::Section;
use whimbrel_web::links::encoded;
use whimbrel_web::message::tone;
use whimbrel_web::share::{ShareMadePage, SharedPage, SharedPart, SharedStep};
use whimbrel_web::shown::{self, Instant, State};

use super::document::{instant, text};
use super::form::Form;
use super::{Door, Visit, message, page, rows, say};
use crate::api::{Api, Called};
use crate::people::Right;
use crate::server::Answer;

/// What a message's story may say to strangers: the words of these steps. Whatever the store comes to tell besides is left out.
const TOLD: &[&str] = &[
    "accepted",
    "queued",
    "submitting",
    "sent",
    "refused",
    "throttled",
    "uncertain",
    "receipt",
    "buffered",
    "ended",
    "webhook",
];

/// `POST m/{id}/share`: a call of the API in the name of whoever looks, which writes it down.
pub(super) async fn make(api: &Api, visit: &Visit<'_>, id: &str) -> Answer {
    let whose = if visit.known.person.right() == Right::OwnAccount { "accounts/self/" } else { "" };
    let path = format!("{whose}messages/{}/share", encoded(&message::percent_decoded(id)));
    let body = Form::read(visit.request).filled("for").map(|age| json!({ "for": age }));
    let made = visit.call(api, Called { method: "POST", path: &path, body }).await;
    if !made.is_done() {
        let title = if made.status == 404 { "There is no such message" } else { "That did not work" };
        return say(made.status, visit.frame(title), &[&made.failed().text]);
    }
    let path = text(&made.document, "path");
    let shown = ShareMadePage {
        frame: visit.frame_in(Section::Inbox, "A link to look at"),
        link: visit.links.page(path.strip_prefix(super::PREFIX).unwrap_or_default().trim_start_matches('/')).into(),
        back: visit.links.page(&format!("m/{id}")).into(),
        until: instant(&made.document, "expires_at"),
    };
    page(201, &shown).into()
}

/// `GET shared/{token}`.
pub(super) async fn show(api: &Api, door: &Door<'_>, token: &str) -> Answer {
    let now = api.engine.world().now();
    let found = match api.shares.read(token, now) {
        Some((message, until)) => read(api, message).await.map(|found| found.map(|found| (found, until))),
        None => Ok(None),
    };
    let mut answer = match found {
        Ok(Some((message, until))) => page(200, &filled(door, &message, until, now)),
        Ok(None) => page(404, &nothing(door)),
        Err(error) => {
            tracing::error!(%error, "a shared message could not be read from the store");
            page(503, &nothing(door))
        }
    };
    // The address is what opens the page: it is told to nobody, and no search engine keeps it.
    answer.headers.retain(|(name, _)| *name != "Referrer-Policy");
    answer.headers.push(("Referrer-Policy", "no-referrer".into()));
    answer.headers.push(("X-Robots-Tag", "noindex, nofollow, noarchive".into()));
    answer.into()
}

async fn read(api: &Api, id: MessageId) -> Result<Option<MessageView>, StoreError> {
    api.engine.read(move |store| store.message(id)).await
}

fn frame(door: &Door<'_>, title: &str) -> Frame {
    Frame { theme: door.theme, ..Frame::new(title, door.links.clone()) }
}

fn nothing(door: &Door<'_>) -> SharedPage {
    SharedPage { frame: frame(door, "This link shows nothing"), message: None }
}

fn filled(door: &Door<'_>, message: &MessageView, until: Timestamp, now: Timestamp) -> SharedPage {
    let summary = &message.summary;
    let first = message.timeline.first().map_or(summary.accepted_at, |entry| entry.at);
    let state = State::of_message(&summary.status);
    let facts = vec![
        ("accepted", summary.accepted_at.to_string().into()),
        ("dialect", rows::title(&summary.dialect).into()),
        ("encoding", summary.encoding.to_string().into()),
        ("parts", summary.part_count.to_string().into()),
        ("network", message.network.to_string().into()),
    ];
    let shown = whimbrel_web::share::Shared {
        state,
        to: summary.recipient.masked().into(),
        facts,
        parts: message
            .parts
            .iter()
            .map(|part| SharedPart {
                number: part.number,
                state: State::of_message(&part.state),
                cause: part.end.map(|end| end.cause.as_str()).filter(|cause| *cause != "none").unwrap_or_default(),
                attempts: part.attempts,
            })
            .collect(),
        story: message
            .timeline
            .iter()
            .filter(|entry| TOLD.contains(&&*entry.what))
            .map(|entry| told(entry, first, now))
            .collect(),
        until: Instant::new(until, now),
    };
    SharedPage { frame: frame(door, &format!("Message to {}", summary.recipient.masked())), message: Some(shown) }
}

/// A step without its detail, which has addresses, ids and prices; how a webhook went is a word and a number.
fn told(entry: &TimelineEntry, first: Timestamp, now: Timestamp) -> SharedStep {
    let detail = match &*entry.what {
        "webhook" => State::of_webhook(&entry.detail).word,
        "ended" => entry.detail.split(',').next().unwrap_or_default().into(),
        _ => "".into(),
    };
    SharedStep {
        at: Instant::new(entry.at, now),
        offset: shown::span(entry.at.since(first)).into(),
        part: (entry.part_number > 0).then_some(entry.part_number),
        what: entry.what.clone(),
        detail,
        tone: tone(&entry.what, &entry.detail),
    }
}
