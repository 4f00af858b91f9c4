//! From what a text came to, to the answer: the types of fields are those that the strictest client reads.
//!
//! `success` and `debug` are strings and `messages[].error` is a number for the Go client; every key is there for the PHP client.

use serde::Serialize;
use whimbrel_core::call::many::{ManyItem, ManyMessage, ManySent, Trial};
use whimbrel_core::{Content, HandsetClass};
use whimbrel_sms::Encoding;

use crate::Reply;
use crate::http::HttpResponse;
use crate::seven::answer::{self, Wish, amount, amount_text};
use crate::seven::codes::Code;
use crate::seven::ids;

/// Everything was accepted, and some of it was not.
const SENT: u16 = 100;
const PARTLY: u16 = 101;

#[derive(Serialize)]
struct Document<'a> {
    success: String,
    total_price: f64,
    balance: f64,
    debug: &'static str,
    sms_type: &'static str,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct Message<'a> {
    id: Option<String>,
    sender: &'a str,
    recipient: &'a str,
    text: String,
    encoding: &'static str,
    label: Option<&'a str>,
    parts: usize,
    udh: Option<String>,
    is_binary: bool,
    price: f64,
    success: bool,
    error: Option<u16>,
    error_text: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<&'a str>>,
}

/// The answer to a text that was sent.
pub(in crate::seven) fn sent(sent: &ManySent, reply: &Reply) -> HttpResponse {
    let wish = Wish::of_reply(reply);
    let mut response = if wish.wants_json() { answer::json(&document(sent)) } else { answer::text(lines(sent, wish)) };
    if sent.repeated {
        response.headers.push(("Idempotent-Replayed", "true".into()));
    }
    response
}

/// The code of the whole: that of every recipient if they have one, else that some failed.
fn overall(items: &[ManyItem]) -> u16 {
    let mut codes = items.iter().map(code);
    let first = codes.next().unwrap_or(SENT);
    if codes.all(|code| code == first) { first } else { PARTLY }
}

fn code(item: &ManyItem) -> u16 {
    item.result.as_ref().map_or_else(|refusal| Code::of(refusal).number, |_| SENT)
}

fn document(sent: &ManySent) -> Document<'_> {
    Document {
        success: overall(&sent.items).to_string(),
        total_price: total(sent),
        balance: amount(sent.balance),
        debug: if sent.call.trial == Trial::Yes { "true" } else { "false" },
        sms_type: "direct",
        messages: sent.items.iter().map(|item| message(sent, item)).collect(),
    }
}

fn total(sent: &ManySent) -> f64 {
    let units: i64 = accepted(sent).map(|message| message.price.units).sum();
    amount(whimbrel_core::Money::new(units, sent.balance.currency))
}

fn accepted(sent: &ManySent) -> impl Iterator<Item = &ManyMessage> {
    sent.items.iter().filter_map(|item| item.result.as_ref().ok())
}

fn message<'a>(sent: &'a ManySent, item: &'a ManyItem) -> Message<'a> {
    let call = &sent.call;
    let (text, udh) = match &call.content {
        Content::Text { text, .. } => (text.expose().to_owned(), None),
        Content::Binary(binary) => (hexadecimal(binary.body.expose()), Some(hexadecimal(binary.header.expose()))),
    };
    let refused = item.result.as_ref().err();
    let error = refused.map(|refusal| Code::of(refusal).number);
    let taken = item.result.as_ref().ok();
    Message {
        id: taken.and_then(|message| message.serial).map(ids::text),
        sender: call.sender.as_str(),
        recipient: &item.recipient,
        text,
        encoding: encoding(taken, &call.content),
        label: call.account_ref.as_deref(),
        parts: taken.map_or(1, |message| message.parts.len()),
        is_binary: udh.is_some(),
        udh,
        price: taken.map_or(0.0, |message| amount(message.price)),
        success: error.is_none(),
        error,
        error_text: refused.map(Code::text_of),
        messages: taken.map(|message| message.parts.iter().map(whimbrel_core::MessageText::expose).collect()),
    }
}

/// The vendor knows two words. What is binary has 8-bit octets, as `gsm` has.
fn encoding(message: Option<&ManyMessage>, content: &Content) -> &'static str {
    match (message.map(|message| message.encoding), content) {
        (Some(Encoding::Ucs2), _) => "ucs2",
        (Some(Encoding::Gsm7 | Encoding::Binary), _) | (None, Content::Binary(_)) => "gsm",
        (None, Content::Text { text, .. }) => {
            if whimbrel_sms::gsm7::first_unmappable(text.expose()).is_none() {
                "gsm"
            } else {
                "ucs2"
            }
        }
    }
}

/// The text that the first clients read: the code, then ids and details if they are asked for. The labels are German in every language.
fn lines(sent: &ManySent, wish: Wish) -> String {
    let mut lines = vec![overall(&sent.items).to_string()];
    if wish.wants_ids() {
        lines.extend(accepted(sent).filter_map(|message| message.serial).map(ids::text));
    }
    if wish.wants_details() {
        lines.extend(details(sent));
    }
    lines.join("\n")
}

fn details(sent: &ManySent) -> [String; 9] {
    let call = &sent.call;
    let is_trial = call.trial == Trial::Yes;
    let booked = if is_trial { 0 } else { accepted(sent).count() };
    let units = accepted(sent).map(|message| message.price.units).sum();
    let price = whimbrel_core::Money::new(units, sent.balance.currency);
    let encoding = encoding(accepted(sent).next(), &call.content);
    let text = match &call.content {
        Content::Text { text, .. } => text.expose().to_owned(),
        Content::Binary(binary) => hexadecimal(binary.body.expose()),
    };
    [
        format!("Verbucht: {booked}"),
        format!("Preis: {}", amount_text(price)),
        format!("Guthaben: {}", amount_text(sent.balance)),
        format!("Text: {text}"),
        "SMS-Typ: direct".to_owned(),
        format!("Flash SMS: {}", call.handset_class == Some(HandsetClass::Flash)),
        format!("Encoding: {encoding}"),
        format!("GSM0338: {}", encoding == "gsm"),
        format!("Debug: {is_trial}"),
    ]
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

#[derive(Serialize)]
struct Deleted<'a> {
    success: bool,
    deleted: Vec<&'a str>,
}

/// The answer to a request to call messages back.
pub(in crate::seven) fn cancelled(deleted: &[Box<str>]) -> HttpResponse {
    let deleted: Vec<_> = deleted.iter().map(|id| &**id).collect();
    answer::json(&Deleted { success: !deleted.is_empty(), deleted })
}
