//! `GET messages/{id}/wire`: what went over the wires for a message, as far as the tape has it.

use serde_json::{Value, json};
use whimbrel_carriers::smpp::told;
use whimbrel_core::{MessageId, PartId};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::tape::{Direction, Entry, Names, Seen, SeenPdu, SeenRequest};
use whimbrel_store::MessageView;

use super::messages::{hex, public_id, read_id};
use super::webhooks::{http, shown_attempt};
use super::{Api, document, unavailable};
use crate::server::problem;

/// Oldest first: requests, PDUs and webhooks.
pub(super) async fn show(api: &Api, id: &str) -> HttpResponse {
    let unknown = || problem(404, "Not Found", "there is no message with that id");
    let number = match read_id(api, id).await {
        Ok(Some(number)) => number,
        Ok(None) => return unknown(),
        Err(refused) => return refused,
    };
    let read = api.engine.read(move |store| match store.message_of_part(PartId(number))? {
        Some(message) => store.message(message),
        None => Ok(None),
    });
    let message = match read.await {
        Ok(Some(message)) => message,
        Ok(None) => return unknown(),
        Err(error) => return unavailable(&error),
    };
    let parts: Vec<PartId> = message.parts.iter().map(|part| part.id).collect();
    let tape = api.engine.tape();
    let MessageId(message_id) = message.summary.id;
    let names = Names { id: message.summary.id, serial: message.summary.serial, parts: &parts };
    let entries = tape.of_message(&names);
    let seen: Vec<Value> = entries.iter().map(|entry| shown(api, entry, &message)).collect();
    let id = public_id(&message.summary.dialect, message_id, message.summary.serial);
    document(200, &json!({ "message": id, "tape": if tape.is_on() { "on" } else { "off" }, "wire": seen }))
}

fn shown(api: &Api, entry: &Entry, message: &MessageView) -> Value {
    match &entry.seen {
        Seen::Webhook(_) => shown_attempt(api, entry).unwrap_or_default(),
        Seen::Request(request) => shown_request(entry, request),
        Seen::Pdu(pdu) => shown_pdu(api, entry, pdu, message),
    }
}

fn shown_request(entry: &Entry, seen: &SeenRequest) -> Value {
    let mut answer = http(&seen.answer);
    answer["status"] = json!(seen.status);
    json!({
        "type": "request",
        "at": entry.at.to_string(),
        "dialect": seen.dialect,
        "request": http(&seen.request),
        "answer": answer,
        "elapsed_ms": seen.elapsed.0 as f64 / 1_000.0,
    })
}

fn shown_pdu(api: &Api, entry: &Entry, seen: &SeenPdu, message: &MessageView) -> Value {
    let carrier = api.engine.carriers().find(seen.carrier).map(|desk| desk.name.clone());
    let numbers: Vec<u8> =
        message.parts.iter().filter(|part| seen.parts.contains(&part.id)).map(|part| part.number).collect();
    let read = told(&seen.octets);
    let fields: Vec<Value> =
        read.iter().flat_map(|pdu| &pdu.fields).map(|(name, value)| json!([name, value])).collect();
    json!({
        "type": "pdu",
        "at": entry.at.to_string(),
        "carrier": carrier,
        "link": seen.link.0,
        "direction": match seen.direction { Direction::Out => "out", Direction::In => "in" },
        "name": read.as_ref().map(|pdu| pdu.name),
        "sequence": read.as_ref().map(|pdu| pdu.sequence),
        "parts": numbers,
        "fields": fields,
        "octets": (seen.hidden == 0).then(|| hex(&seen.octets)),
        "hidden_octets": seen.hidden,
    })
}
