//! A text that came in, told whole: the parts of a long one are joined before.
//!
//! Octets that are no text are told as `unsupported`, as the definition tells what it has no form for.

use serde::Serialize;
use whimbrel_core::{InboundContent, InboundTold, Notice, Uuid};

use super::super::super::instant;
use super::Party;

/// Version 1, in the order of the definition. There is no `usage`: texts that come in cost nothing here.
#[derive(Serialize)]
pub(super) struct Inbound<'a> {
    channel: &'a str,
    message_uuid: String,
    to: &'a str,
    from: &'a str,
    timestamp: String,
    message_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    sms: Sms,
}

#[derive(Serialize)]
struct Sms {
    num_messages: String,
    total_count: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<String>,
}

impl<'a> Inbound<'a> {
    pub(super) fn of(notice: &Notice, told: &'a InboundTold) -> Self {
        let text = text(told);
        let parts = told.part_count.to_string();
        Self {
            channel: "sms",
            message_uuid: Uuid::of_id(told.id.0).to_string(),
            to: &told.part.number,
            from: told.part.sender.as_str(),
            timestamp: instant::to_the_second(notice.happened_at),
            message_type: if text.is_some() { "text" } else { "unsupported" },
            text,
            sms: Sms { num_messages: parts.clone(), total_count: parts, keyword: text.and_then(keyword) },
        }
    }
}

/// Version 0.1, in the order of the definition.
#[derive(Serialize)]
pub(super) struct InboundV01<'a> {
    message_uuid: String,
    timestamp: String,
    to: Party<'a>,
    from: Party<'a>,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    content: Content<'a>,
    sms: Count,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Count {
    num_messages: String,
}

impl<'a> InboundV01<'a> {
    pub(super) fn of(notice: &Notice, told: &'a InboundTold) -> Self {
        let text = text(told);
        Self {
            message_uuid: Uuid::of_id(told.id.0).to_string(),
            timestamp: instant::to_the_second(notice.happened_at),
            to: Party { kind: "sms", number: &told.part.number },
            from: Party { kind: "sms", number: told.part.sender.as_str() },
            message: Message {
                content: Content { kind: if text.is_some() { "text" } else { "unsupported" }, text },
                sms: Count { num_messages: told.part_count.to_string() },
            },
        }
    }
}

fn text(told: &InboundTold) -> Option<&str> {
    match &told.part.content {
        InboundContent::Text { text, .. } => Some(text.expose()),
        InboundContent::Binary(_) => None,
    }
}

/// The first word in capitals, as the SMS API has it.
fn keyword(text: &str) -> Option<String> {
    text.split_whitespace().next().map(str::to_uppercase)
}
