//! `GET m/{id}`: one message with everything that happened to it.

use whimbrel_core::part::Funds;
use whimbrel_core::{CaptureOn, Content, HandsetClass, PartId, Timestamp};
use whimbrel_store::{MessageView, PartView, StoreError, TimelineEntry};
use whimbrel_web::Section;
use whimbrel_web::inbox::Code;
use whimbrel_web::links::encoded;
use whimbrel_web::message::{Body, MessagePage, PartLine, Step, tone};
use whimbrel_web::ruler::Ruler;
use whimbrel_web::shown::{self, Instant, State};

use super::{Texts, Visit, answer, page, rows, say, wires};
use crate::api::{Api, messages, segments, shown_to};
use crate::server::Answer;

/// Shows it, by any public id of it or of one of its parts.
pub(super) async fn show(api: &Api, visit: &Visit<'_>, id: &str) -> Answer {
    let id = percent_decoded(id);
    let number = match messages::read_id(api, &id).await {
        Ok(number) => number,
        Err(refused) => return refused.into(),
    };
    let found = match number {
        Some(number) => read(api, PartId(number)).await,
        None => Ok(None),
    };
    match found {
        // Another account's message looks like one that there is not.
        Ok(Some(message)) if visit.account().is_none_or(|account| account == message.summary.account_id) => {
            page(200, &filled(api, visit, &message)).into()
        }
        Ok(_) => say(
            404,
            visit.frame("There is no such message"),
            &[
                "Take the id of an answer or of a receipt as it stands. Messages that ended long ago are forgotten, as the configuration says.",
            ],
        ),
        Err(error) => answer::unavailable(visit, &error),
    }
}

async fn read(api: &Api, id: PartId) -> Result<Option<MessageView>, StoreError> {
    let read = api.engine.read(move |store| match store.message_of_part(id)? {
        Some(message) => store.message(message),
        None => Ok(None),
    });
    read.await
}

fn filled(api: &Api, visit: &Visit<'_>, message: &MessageView) -> MessagePage {
    let summary = &message.summary;
    let id = messages::public_id(&summary.dialect, summary.id.0, summary.serial);
    let (story, no_wire) = story(api, visit, message);
    let state = State::of_message(&summary.status);
    let phone = format!("phones/{}", encoded(summary.recipient.digits()));
    MessagePage {
        frame: visit.frame_in(Section::Inbox, &format!("Message to {}", shown::number(summary.recipient.digits()))),
        id: id.into(),
        to: shown::number(summary.recipient.digits()).into(),
        from: shown::sender(&summary.sender).into(),
        took: took(message).filter(|_| !state.is_open()).map(|span| shown::span(span).into()),
        state,
        body: body(visit, message),
        code: match (&summary.content, visit.texts()) {
            (Content::Text { text, .. }, Texts::Shown) if text.code_place().is_none() => {
                match rows::code(text.expose()) {
                    Code::Shown(code) => Some(code),
                    Code::None | Code::Hidden => None,
                }
            }
            _ => None,
        },
        phone: visit.has_phones(api).then(|| phone.into()),
        facts: facts(api, visit, message),
        story,
        parts: parts(message),
        no_wire,
    }
}

/// From its acceptance to its last end.
fn took(message: &MessageView) -> Option<whimbrel_core::Span> {
    let last = message.timeline.iter().rfind(|entry| &*entry.what == "ended")?;
    Some(last.at.since(message.summary.accepted_at))
}

fn body(visit: &Visit<'_>, message: &MessageView) -> Body {
    match (&message.summary.content, visit.texts()) {
        (_, Texts::Hidden) => Body::Hidden,
        (Content::Text { text, alphabet }, Texts::Shown) => {
            let masked = text.masked();
            let (sent, explanation) = segments::explained(&masked, *alphabet, message.cut.reference.width());
            Body::Text(Ruler::new(&sent, &explanation))
        }
        (Content::Binary(binary), Texts::Shown) => {
            let octets = [binary.header.expose(), binary.body.expose()].concat();
            Body::Binary(whimbrel_web::wire::dump(&octets).into())
        }
    }
}

fn facts(api: &Api, visit: &Visit<'_>, message: &MessageView) -> Vec<(&'static str, Box<str>)> {
    let summary = &message.summary;
    let desk = api.engine.carriers().find(message.carrier);
    let carrier = desk.as_ref().map_or("(not configured any more)", |desk| &desk.name);
    let networks = &api.engine.snapshot().networks;
    let network = networks.distinct().into_iter().find(|network| network.code == message.network);
    let network = network.map_or_else(
        || message.network.to_string(),
        |network| format!("{} ({}, {})", network.name, network.code, network.country.as_str()),
    );
    let total = summary.price.times(summary.part_count.into()).unwrap_or(summary.price);
    let mut facts: Vec<(&'static str, Box<str>)> = vec![
        ("accepted", summary.accepted_at.to_string().into()),
        ("account", summary.account_key.clone()),
        ("dialect", rows::title(&summary.dialect).into()),
        ("class", message.class.as_str().into()),
        ("network", network.into()),
        ("price", format!("{} × {} = {total}", summary.part_count, summary.price).into()),
        ("expires", message.expires_at.to_string().into()),
    ];
    // By which way texts go is the operator's affair.
    if visit.account().is_none() {
        facts.push(("route", format!("{} → {carrier}", message.route).into()));
    }
    if let Some(class) = message.handset_class.map(HandsetClass::value) {
        facts.push(("handset class", class.to_string().into()));
    }
    if let Some(client_ref) = &message.client_ref {
        facts.push(("client ref", client_ref.clone()));
    }
    facts
}

fn parts(message: &MessageView) -> Vec<PartLine> {
    let line = |part: &PartView| PartLine {
        number: part.number,
        id: messages::public_id(&message.summary.dialect, part.id.0, None).into(),
        state: State::of_message(&part.state),
        cause: part.end.map(|end| end.cause.as_str()).filter(|cause| *cause != "none").unwrap_or_default().into(),
        funds: part.funds.as_str(),
        attempts: part.attempts,
        carrier_message_id: part.carrier_message_id.clone(),
    };
    message.parts.iter().map(line).collect()
}

/// What the store and the tape know, in the order of time; and what is to be said where the tape has nothing.
fn story(api: &Api, visit: &Visit<'_>, message: &MessageView) -> (Vec<Step>, Option<&'static str>) {
    let now = api.engine.world().now();
    let (wires, no_wire) = wires::of(api, visit, message);
    let has_webhooks = wires.iter().any(|(_, step)| &*step.what == "webhook");
    // The tape tells of webhooks what the store does, and more.
    let kept = message.timeline.iter().filter(|entry| !has_webhooks || &*entry.what != "webhook");
    let mut story: Vec<(Timestamp, Step)> = kept.map(|entry| (entry.at, told(visit, entry, now))).collect();
    story.push((message.summary.accepted_at, held(message, now)));
    story.extend(wires);
    story.extend(settled(api, message, now));
    // Stable: what happened at the same time stays in the order in which it was put here.
    story.sort_by_key(|(at, step)| (*at, rank(&step.what)));
    let first = story.first().map_or(message.summary.accepted_at, |(at, _)| *at);
    let steps = story.into_iter().map(|(at, mut step)| {
        step.offset = shown::span(at.since(first)).into();
        step
    });
    (steps.collect(), no_wire)
}

/// What comes first of things that happened at one instant: a PDU before what it says, money last.
fn rank(what: &str) -> u8 {
    match what {
        "request" => 0,
        "accepted" => 1,
        "held" => 2,
        "submitting" => 3,
        "sent" | "refused" | "receipt" | "ended" => 5,
        "captured" | "released" => 6,
        _ => 4,
    }
}

fn told(visit: &Visit<'_>, entry: &TimelineEntry, now: Timestamp) -> Step {
    let detail = match visit.account() {
        Some(_) => shown_to::detail_for_owners(&entry.what, &entry.detail).into(),
        None => entry.detail.clone(),
    };
    Step {
        at: Instant::new(entry.at, now),
        offset: "".into(),
        part: (entry.part_number > 0).then_some(entry.part_number),
        what: entry.what.clone(),
        detail,
        tone: tone(&entry.what, &entry.detail),
        wire: None,
    }
}

/// The money that was set aside with the acceptance.
fn held(message: &MessageView, now: Timestamp) -> Step {
    let summary = &message.summary;
    let total = summary.price.times(summary.part_count.into()).unwrap_or(summary.price);
    Step {
        at: Instant::new(summary.accepted_at, now),
        offset: "".into(),
        part: None,
        what: "held".into(),
        detail: format!("{total} of account {} set aside", summary.account_key).into(),
        tone: "calm",
        wire: None,
    }
}

/// Where the money of each part went: with the carrier's answer or with the part's end, as the account has it.
fn settled(api: &Api, message: &MessageView, now: Timestamp) -> Vec<(Timestamp, Step)> {
    let price = message.summary.price;
    let account = api.engine.directory().by_id(message.summary.account_id);
    let on_answer = account.is_some_and(|entry| entry.account.capture_on == CaptureOn::CarrierAccept);
    let at_of = |what: &str, number: u8| {
        let mut entries = message.timeline.iter();
        entries.rfind(|entry| &*entry.what == what && entry.part_number == number).map(|entry| entry.at)
    };
    let step = |part: &PartView| {
        let ended = at_of("ended", part.number);
        let (at, detail, tone) = match part.funds {
            Funds::Captured => {
                let answered = at_of("sent", part.number).filter(|_| on_answer);
                (answered.or(ended)?, format!("{price} charged"), "good")
            }
            Funds::Released => (ended?, format!("{price} given back"), "calm"),
            Funds::Held => return None,
        };
        let step = Step {
            at: Instant::new(at, now),
            offset: "".into(),
            part: Some(part.number),
            what: part.funds.as_str().into(),
            detail: detail.into(),
            tone,
            wire: None,
        };
        Some((at, step))
    };
    message.parts.iter().filter_map(step).collect()
}

/// A piece of a path as it was before it was encoded; what is not encoded well stays as it is.
pub(super) fn percent_decoded(piece: &str) -> String {
    let octets = piece.as_bytes();
    let mut decoded = Vec::with_capacity(octets.len());
    let mut index = 0;
    while index < octets.len() {
        let digits = piece.get(index + 1..index + 3).filter(|_| octets[index] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) => {
                decoded.push(octet);
                index += 3;
            }
            None => {
                decoded.push(octets[index]);
                index += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| piece.to_owned())
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn paths_are_decoded() {
        for (piece, decoded) in
            [("0A1B", "0A1B"), ("%2B44%207", "+44 7"), ("%C3%BC", "ü"), ("%", "%"), ("%zz%2", "%zz%2"), ("%ff", "%ff")]
        {
            assert_eq!(percent_decoded(piece), decoded);
        }
    }
}
