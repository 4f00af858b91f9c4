//! `/api/journal`: what was sent and what came in, page by page, the newest first.

use serde::Serialize;
use whimbrel_core::call::journal::{
    CameInLine, JournalCall, JournalOutcome, JournalSide, LINES_MAX, SKIP_MAX, SentLine,
};
use whimbrel_core::zone::Zone;
use whimbrel_core::{Call, Home, Refusal};

use super::answer;
use super::codes;
use super::params::Params;
use super::sms_number;
use super::{ids, zone};
use crate::Reply;
use crate::http::HttpResponse;

#[derive(Serialize)]
struct Outbound<'a> {
    id: String,
    to: &'a str,
    from: &'a str,
    text: &'a str,
    timestamp: String,
    price: String,
    channel: &'static str,
    connection: &'static str,
    dlr: Option<&'static str>,
    dlr_timestamp: Option<String>,
    foreign_id: Option<&'a str>,
    label: Option<&'a str>,
    latency: Option<String>,
    mccmnc: Option<&'a str>,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Inbound<'a> {
    id: String,
    to: &'a str,
    from: &'a str,
    text: &'a str,
    timestamp: String,
    price: &'static str,
    reply_to_message_id: Option<&'static str>,
}

/// Which of the journals; `None` if there is none of that name. Replies are not told from other texts that come in, and no calls are made.
pub(super) fn side(name: &str) -> Option<JournalSide> {
    match name {
        "outbound" => Some(JournalSide::Sent),
        "inbound" => Some(JournalSide::CameIn),
        "replies" | "voice" | "voice_call" => Some(JournalSide::Nothing),
        _ => None,
    }
}

/// Reads a request.
pub(super) fn read(side: JournalSide, params: &Params, home: &Home) -> Result<Call, Refusal> {
    let zone = zone::of(home);
    let day = |field: &'static str| match params.get(field) {
        None => Ok(None),
        Some(text) => zone::day(zone, text).map(Some).ok_or(Refusal::Invalid { field }),
    };
    let count = |field: &'static str, usual: u32| match params.get(field) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| Refusal::Invalid { field }),
    };
    let state = match (params.get("state"), side) {
        (Some(word), JournalSide::Sent) => Some(codes::wanted(word).ok_or(Refusal::Invalid { field: "state" })?),
        // What came in has none, and a list of everything is no answer.
        (Some(_), JournalSide::CameIn) => return Err(Refusal::Invalid { field: "state" }),
        (Some(_), JournalSide::Nothing) | (None, _) => None,
    };
    let id = match (params.get("id"), side) {
        (None, _) => None,
        // What can be no number finds nothing: no message has this one.
        (Some(id), JournalSide::Sent) => Some(ids::serial(id).map_or(0, |serial| serial.0)),
        (Some(id), JournalSide::CameIn | JournalSide::Nothing) => Some(id.parse().unwrap_or(0)),
    };
    Ok(Call::Journal(JournalCall {
        side,
        id,
        from: day("date_from")?,
        until: day("date_to")?.map(|day| zone::next_day(zone, day)),
        to: params.get("to").map(|to| sms_number(to, home).map_or_else(|| to.into(), |number| number.digits().into())),
        state,
        skip: Some(count("offset", 0)?).filter(|skip| *skip <= SKIP_MAX).ok_or(Refusal::Invalid { field: "offset" })?,
        count_max: count("limit", LINES_MAX)?.clamp(1, LINES_MAX),
    }))
}

/// The answer.
pub(super) fn render(outcome: &JournalOutcome, reply: &Reply) -> HttpResponse {
    let zone = zone::of(&reply.home);
    match outcome {
        JournalOutcome::Sent(lines) => answer::json(&lines.iter().map(|line| sent(line, zone)).collect::<Vec<_>>()),
        JournalOutcome::CameIn(lines) => {
            answer::json(&lines.iter().map(|line| came_in(line, zone)).collect::<Vec<_>>())
        }
        JournalOutcome::TooMuch => answer::refused(&Refusal::Invalid { field: "state" }, reply),
    }
}

fn sent(line: &SentLine, zone: Zone) -> Outbound<'_> {
    let told = line.progress.report;
    Outbound {
        id: line.serial.map(ids::text).unwrap_or_default(),
        to: &line.recipient,
        from: &line.sender,
        text: line.text.expose(),
        timestamp: zone::millis(zone, line.accepted_at),
        price: four_decimals(line.price),
        channel: "sms",
        connection: "http",
        dlr: told.map(codes::status),
        dlr_timestamp: told.map(|_| zone::millis(zone, line.progress.at)),
        foreign_id: line.client_ref.as_deref(),
        label: line.account_ref.as_deref(),
        latency: told.map(|_| format!("{:.3}", line.progress.at.since(line.accepted_at).0 as f64 / 1e6)),
        mccmnc: Some(&*line.network).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit())),
        r#type: "direct",
    }
}

fn came_in(line: &CameInLine, zone: Zone) -> Inbound<'_> {
    Inbound {
        id: line.id.0.to_string(),
        to: &line.number,
        from: &line.sender,
        text: line.text.expose(),
        timestamp: zone::millis(zone, line.at),
        price: "0.0000",
        reply_to_message_id: None,
    }
}

/// `0.0750`; more decimals only where the price has them.
fn four_decimals(price: whimbrel_core::Money) -> String {
    let long = price.eight_decimals();
    let kept = long.trim_end_matches('0').len().max(long.len() - 4);
    long[..kept].to_owned()
}
