//! Messages as operators and tools read them.

use serde_json::{Value, json};
use whimbrel_core::{Content, HandsetClass, MessageId, PartId, PhoneNumber, Serial};
use whimbrel_dialects::PublicId;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry::{self, DIALECTS};
use whimbrel_inbox::search::{NumberPattern, Sense, Term, Test};
use whimbrel_store::{MessageSummary, MessageView, SearchEnd, SearchOrder};

use super::json::bad;
use super::search::{self, Asked, Field, Listed, Mark, Whose};
use super::{Api, document, segments, unavailable};
use crate::server::{IncomingRequest, problem};

/// `GET messages?q=&to=&account=&before=&after=&limit=`: newest first, or with `after` oldest first.
pub(super) async fn list(api: &Api, whose: Whose, request: &IncomingRequest) -> HttpResponse {
    let search = match read_search(api, whose, request.query()).await {
        Ok(asked) => asked.search,
        Err(refused) => return refused,
    };
    let asked = search.clone();
    match api.engine.search(move |store| store.search(&search)).await {
        Ok(found) => document(200, &search::listed(&asked, api.engine.world().now(), "messages", &found, summary)),
        Err(error) => unavailable(&error),
    }
}

/// `DELETE messages?q=&to=&account=&before=&limit=`: forgets those that are found and have ended, the newest first. Money, its ledger and the
/// days' figures stay. What is under way, what a webhook is yet to tell of, and what a receipt may still be for, stays too.
pub(super) async fn clear(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let Asked { mut search, has_limit, .. } = match read_search(api, Whose::All, request.query()).await {
        Ok(asked) if asked.search.order == SearchOrder::OldestFirst => {
            return bad("`after` is not for forgetting: what is newer than a place changes while it is done");
        }
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    if !has_limit {
        search.count_max = search::COUNT_MAX;
    }
    let found = match api.engine.search(move |store| store.search(&search)).await {
        Ok(found) => found,
        Err(error) => return unavailable(&error),
    };
    let next = match found.end {
        SearchEnd::Everything => None,
        SearchEnd::Count { edge } | SearchEnd::Rows { edge, .. } => Some(Mark(edge).to_string()),
    };
    let found: Vec<MessageId> = found.found.iter().map(|message| message.id).collect();
    let count = found.len() as u64;
    match api.engine.forget(found).await {
        Ok(gone) => document(200, &json!({ "removed": gone, "kept": count.saturating_sub(gone), "next": next })),
        Err(error) => unavailable(&error),
    }
}

async fn read_search(api: &Api, whose: Whose, query: &str) -> Result<Asked, HttpResponse> {
    let mut asked = Asked::new(api, whose, Listed::Messages);
    for (name, value) in search::parameters(query)? {
        if name == "to" {
            let number = PhoneNumber::parse(&value)
                .map_err(|_| bad("`to` must be an international number of 7 to 15 digits"))?;
            asked.search.query.terms.push(to(&number));
            continue;
        }
        if let Field::Unknown = asked.field(api, (&name, &value)).await? {
            let other: String = name.chars().take(40).collect();
            return Err(bad(&format!("`{other}` is no parameter here; the parameters are {}", asked.names())));
        }
    }
    if asked.search.query.wants_inbound() {
        return Err(bad("texts from handsets are found by `inbound?q=`; here are messages to handsets"));
    }
    Ok(asked)
}

/// Only messages to that number.
pub(super) fn to(number: &PhoneNumber) -> Term {
    Term { test: Test::To(NumberPattern::Exact(number.digits().into())), sense: Sense::Holds, span: 0..0 }
}

/// `GET messages/{id}`: any public id of the message or of one of its parts.
pub(super) async fn show(api: &Api, whose: Whose, id: &str) -> HttpResponse {
    match find(api, whose, id).await {
        Ok(message) => {
            let desk = api.engine.carriers().find(message.carrier);
            let carrier = desk.as_ref().map_or("(not configured any more)", |desk| &desk.name);
            document(200, &whole(&message, carrier))
        }
        Err(refused) => refused,
    }
}

/// The message with that public id, or whose part has it. Another's message is as one that there is not.
///
/// # Errors
/// The answer to send.
pub(super) async fn find(api: &Api, whose: Whose, id: &str) -> Result<MessageView, HttpResponse> {
    let number = match read_id(api, id).await? {
        Some(number) => number,
        // Of others it is not told which numbers are taken.
        None if whose != Whose::All => return Err(unknown()),
        None => {
            return Err(problem(
                404,
                "Not Found",
                "this is no id of a message: take the id of an answer or a receipt as it stands",
            ));
        }
    };
    let read = api.engine.read(move |store| match store.message_of_part(PartId(number))? {
        Some(message) => store.message(message),
        None => Ok(None),
    });
    let found = read.await.map_err(|error| unavailable(&error))?;
    found.filter(|message| whose.has(message)).ok_or_else(unknown)
}

fn unknown() -> HttpResponse {
    problem(404, "Not Found", "there is no message with that id")
}

/// Reads a public id of any dialect; one that is a message's number is looked up. `None` if it is neither an id nor a number of ours.
///
/// # Errors
/// The answer that the store cannot be read.
pub(crate) async fn read_id(api: &Api, text: &str) -> Result<Option<i64>, HttpResponse> {
    match DIALECTS.iter().find_map(|dialect| dialect.read_public_id(text)) {
        None => Ok(None),
        Some(PublicId::Id(id)) => Ok(Some(id)),
        Some(PublicId::Serial(serial)) => {
            let found = api.engine.read(move |store| store.message_of_any(serial)).await;
            found.map(|found| found.map(|message| message.0)).map_err(|error| unavailable(&error))
        }
    }
}

/// The public form of an id in the words of its dialect.
pub(crate) fn public_id(dialect: &str, id: i64, serial: Option<Serial>) -> String {
    registry::by_name(dialect).map_or_else(|| format!("{id:x}"), |dialect| dialect.public_id(id, serial))
}

pub(super) fn summary(message: &MessageSummary) -> Value {
    let (text, binary) = match &message.content {
        Content::Text { text, .. } => (Some(text.masked()), None),
        Content::Binary(binary) => (
            None,
            Some(json!({
                "udh": hex(binary.header.expose()),
                "body": hex(binary.body.expose()),
                "protocol_id": binary.protocol_id,
            })),
        ),
    };
    json!({
        "id": public_id(&message.dialect, message.id.0, message.serial),
        "account": message.account_key,
        "dialect": message.dialect,
        "to": message.recipient.digits(),
        "from": message.sender.as_str(),
        "text": text,
        "binary": binary,
        "accepted_at": message.accepted_at.to_string(),
        "parts": message.part_count,
        "status": message.status,
    })
}

fn whole(message: &MessageView, carrier: &str) -> Value {
    let mut value = summary(&message.summary);
    let id_of = |id: i64| public_id(&message.summary.dialect, id, None);
    let parts: Vec<Value> = message
        .parts
        .iter()
        .map(|part| {
            json!({
                "id": id_of(part.id.0),
                "number": part.number,
                "state": part.state,
                "cause": part.end.map(|end| end.cause.as_str()),
                "funds": part.funds.as_str(),
                "attempts": part.attempts,
                "carrier_message_id": part.carrier_message_id,
            })
        })
        .collect();
    let timeline: Vec<Value> = message
        .timeline
        .iter()
        .map(|entry| {
            json!({
                "at": entry.at.to_string(), "part": entry.part_number, "what": entry.what, "detail": entry.detail,
            })
        })
        .collect();
    let segments = match &message.summary.content {
        Content::Text { text, alphabet } => {
            Some(segments::shown(&text.masked(), *alphabet, message.cut.reference.width()))
        }
        Content::Binary(_) => None,
    };
    let more = json!({
        "segments": segments,
        "class": message.class.as_str(),
        "handset_class": message.handset_class.map(HandsetClass::value),
        "encoding": message.summary.encoding.to_string(),
        "price": message.summary.price.eight_decimals(),
        "currency": message.summary.price.currency.as_str(),
        "network": message.network,
        "carrier": carrier,
        "route": message.route,
        "epoch": message.epoch,
        "client_ref": message.client_ref,
        "expires_at": message.expires_at.to_string(),
        "part_list": parts,
        "timeline": timeline,
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

/// Octets as lower-case hexadecimal digits.
pub(crate) fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
