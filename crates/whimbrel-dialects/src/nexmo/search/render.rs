//! Answers of the Message Search API. An item's fields are the same in both forms; their order is that of a captured answer, with the
//! optional ones before `type`.

use std::borrow::Cow;

use whimbrel_core::call::history::{CameInPart, HistoryOutcome, HistoryPart, RefusedSend, SentPart};
use whimbrel_core::part::Final;
use whimbrel_core::time::Civil;
use whimbrel_core::{Outcome, ReceiptStatus, Refusal, Timestamp};

use super::super::developer::body::{Object, Xml};
use super::super::developer::fault::Fault;
use super::super::developer::{self, answer, is_xml};
use super::super::sms::codes;
use super::super::{answer as envelope, id_text};
use super::Page;
use crate::Reply;
use crate::http::HttpResponse;

/// The element around an error in XML.
const ERROR: &str = "error";

/// The answer to a request of this API.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    let page = Page::ALL.get(usize::from(developer::page(reply))).copied().unwrap_or(Page::Message);
    match outcome {
        Outcome::History(HistoryOutcome::Parts { key, parts }) if page == Page::Message => match parts.first() {
            Some(found) => answer(reply, 200, one(&part(found, key), reply)),
            None => Fault::NOT_FOUND.answer(reply, ERROR),
        },
        Outcome::History(HistoryOutcome::Parts { key, parts }) => {
            let items: Vec<Item<'_>> = parts.iter().map(|found| part(found, key)).collect();
            answer(reply, 200, list("messages", "message", &items, reply))
        }
        Outcome::History(HistoryOutcome::Refused { key, sends }) => {
            let items: Vec<Item<'_>> = sends.iter().map(|send| rejection(send, key)).collect();
            answer(reply, 200, list("rejections", "rejection", &items, reply))
        }
        // Captured: a parameter that is there and wrong is not named.
        Outcome::Refused(Refusal::Invalid { .. }) => {
            Fault::Code(400, Cow::Borrowed("wrong parameters")).answer(reply, ERROR)
        }
        Outcome::Refused(refusal) => match Fault::of(refusal) {
            // As captured; the other refusals of this API are marked as downloads.
            unknown @ Fault::Code(401, _) => envelope::undownloaded(unknown.answer(reply, ERROR)),
            fault => fault.answer(reply, ERROR),
        },
        _ => Fault::INTERNAL.answer(reply, ERROR),
    }
}

/// Fields in order.
type Item<'a> = Vec<(&'static str, Value<'a>)>;

/// What a field holds.
enum Value<'a> {
    Text(Cow<'a, str>),
    Number(i64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

fn part<'a>(part: &'a HistoryPart, key: &'a str) -> Item<'a> {
    match part {
        HistoryPart::Sent(sent) => sent_part(sent, key),
        HistoryPart::CameIn(part) => came_in(part, key),
    }
}

fn sent_part<'a>(part: &'a SentPart, key: &'a str) -> Item<'a> {
    let mut item: Item<'a> = vec![
        ("message-id", id_text(part.id.0).into()),
        ("account-id", key.into()),
        ("network", (&*part.network).into()),
        ("from", (&*part.sender).into()),
        ("to", (&*part.recipient).into()),
        ("body", part.text.expose().into()),
        ("price", part.price.eight_decimals().into()),
        ("date-received", date_time(part.accepted_at).into()),
    ];
    if let Some((end, at)) = part.end {
        let code = codes::err_code(end);
        item.push(("final-status", final_status(end).into()));
        item.push(("date-closed", date_time(at).into()));
        item.push(("latency", Value::Number(at.since(part.accepted_at).as_millis())));
        item.push(("status", codes::receipt_status(end.status).into()));
        item.push(("error-code", code.into()));
        item.push(("error-code-label", label(code).into()));
    }
    if let Some(mark) = &part.client_ref {
        item.push(("client-ref", (&**mark).into()));
    }
    item.push(("type", "MT".into()));
    item
}

fn came_in<'a>(part: &'a CameInPart, key: &'a str) -> Item<'a> {
    vec![
        ("message-id", id_text(part.id.0).into()),
        ("account-id", key.into()),
        ("network", (&*part.network).into()),
        ("from", (&*part.sender).into()),
        ("to", (&*part.number).into()),
        ("body", part.text.expose().into()),
        ("date-received", date_time(part.at).into()),
        ("type", "MO".into()),
    ]
}

fn rejection<'a>(send: &'a RefusedSend, key: &'a str) -> Item<'a> {
    vec![
        ("account-id", key.into()),
        ("from", (&*send.sender).into()),
        ("to", (&*send.recipient).into()),
        ("date-received", date_time(send.at).into()),
        ("error-code", (&*send.code).into()),
        ("error-code-label", (&*send.told).into()),
    ]
}

fn one(item: &Item<'_>, reply: &Reply) -> Vec<u8> {
    match is_xml(reply) {
        false => object(item).close(),
        true => Xml::document("message", |xml| elements(xml, item)),
    }
}

fn list(root: &str, name: &str, items: &[Item<'_>], reply: &Reply) -> Vec<u8> {
    match is_xml(reply) {
        false => Object::new().bare("count", items.len()).objects("items", items.iter().map(object)).close(),
        true => Xml::document(root, |xml| {
            xml.bare("count", items.len());
            xml.within("items", |xml| items.iter().for_each(|item| xml.within(name, |xml| elements(xml, item))));
        }),
    }
}

fn object(item: &Item<'_>) -> Object {
    item.iter().fold(Object::new(), |object, (name, value)| match value {
        Value::Text(text) => object.text(name, text),
        Value::Number(number) => object.bare(name, number),
    })
}

fn elements(xml: &mut Xml, item: &Item<'_>) {
    for (name, value) in item {
        match value {
            Value::Text(text) => xml.text(name, text),
            Value::Number(number) => xml.bare(name, number),
        }
    }
}

/// `2017-11-24 15:09:30`, in UTC.
fn date_time(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = at.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// The word that carriers have for the end of a part (SMPP 3.4, appendix B).
const fn final_status(end: Final) -> &'static str {
    match end.status {
        ReceiptStatus::Delivered => "DELIVRD",
        ReceiptStatus::Expired => "EXPIRED",
        ReceiptStatus::Failed => "UNDELIV",
        ReceiptStatus::Rejected => "REJECTD",
        // No part ends with the first three.
        ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered | ReceiptStatus::Unknown => {
            "UNKNOWN"
        }
    }
}

/// What a code is called, in the words of the receipt guide.
fn label(code: &str) -> &'static str {
    match code {
        "0" => "Delivered",
        "2" => "Absent Subscriber - Temporary",
        "3" => "Absent Subscriber - Permanent",
        "4" => "Call Barred by User",
        "5" => "Portability Error",
        "6" => "Anti-Spam Rejection",
        "7" => "Handset Busy",
        "8" => "Network Error",
        "9" => "Illegal Number",
        "10" => "Illegal Message",
        "11" => "Unroutable",
        "12" => "Destination Unreachable",
        "13" => "Subscriber Age Restriction",
        "14" => "Number Blocked by Carrier",
        "15" => "Prepaid Insufficient Funds",
        "51" => "Header Filter",
        "99" => "General Error",
        _ => "Unknown",
    }
}
