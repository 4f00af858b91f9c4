//! What the tape has of a message, as steps of its timeline.

use whimbrel_carriers::smpp::told;
use whimbrel_core::{PartId, Span, Timestamp};
use whimbrel_engine::ports::{Answered, Timing};
use whimbrel_engine::tape::{
    AttemptEnd, Direction, Entry, Names, Seen, SeenHttp, SeenPdu, SeenRequest, SeenWebhook, Why,
};
use whimbrel_store::MessageView;
use whimbrel_web::message::Step;
use whimbrel_web::shown::{self, Instant};
use whimbrel_web::wire::{Exchange, Http, Pdu, Wire, dump};

use super::{Texts, Visit, rows};
use crate::api::Api;

/// The steps with their times, and what is to be said if there are none. PDUs are between the gateway and its carriers: for
/// operators, and so is nothing of this for those who see no texts.
pub(super) fn of(
    api: &Api,
    visit: &Visit<'_>,
    message: &MessageView,
) -> (Vec<(Timestamp, Step)>, Option<&'static str>) {
    if visit.texts() == Texts::Hidden {
        return (Vec::new(), Some("What went over the wires is hidden from viewers, as texts are."));
    }
    let tape = api.engine.tape();
    if !tape.is_on() {
        return (
            Vec::new(),
            Some("Requests, PDUs and webhooks are not recorded here: the configuration turns the tape on."),
        );
    }
    let parts: Vec<PartId> = message.parts.iter().map(|part| part.id).collect();
    let names = Names { id: message.summary.id, serial: message.summary.serial, parts: &parts };
    let now = api.engine.world().now();
    let is_own = visit.account().is_some();
    let shown = tape.of_message(&names).into_iter().filter(|entry| !is_own || !matches!(entry.seen, Seen::Pdu(_)));
    let steps: Vec<_> = shown.map(|entry| (entry.at, step(api, &entry, message, now))).collect();
    let none = "What went over the wires is not on the tape any more: it holds what was last, until a restart.";
    let no_wire = steps.is_empty().then_some(none);
    (steps, no_wire)
}

fn step(api: &Api, entry: &Entry, message: &MessageView, now: Timestamp) -> Step {
    let at = Instant::new(entry.at, now);
    let (part, what, detail, tone, wire) = match &entry.seen {
        Seen::Request(request) => {
            let (detail, wire) = asked(request);
            (None, "request".to_owned(), detail, "calm", wire)
        }
        Seen::Pdu(pdu) => {
            let part = message.parts.iter().find(|part| pdu.parts.contains(&part.id)).map(|part| part.number);
            let (what, detail, wire) = frame(api, pdu);
            (part, what, detail, "calm", wire)
        }
        Seen::Webhook(webhook) => {
            let (detail, tone, wire) = tried(entry, webhook, now);
            (None, "webhook".to_owned(), detail, tone, wire)
        }
    };
    Step { at, offset: "".into(), part, what: what.into(), detail: detail.into(), tone, wire: Some(wire) }
}

fn asked(seen: &SeenRequest) -> (String, Wire) {
    let line = seen.request.line.as_ref().map_or_else(String::new, |(method, target)| {
        format!("{method} {}", target.split('?').next().unwrap_or(target))
    });
    let took = shown::span(seen.elapsed);
    let detail = format!("{line} · {} → {} in {took}", rows::title(seen.dialect), seen.status);
    let mut answer = half(&seen.answer);
    answer.line = format!("HTTP {}", seen.status).into();
    let exchange = Exchange {
        request: half(&seen.request),
        answer: Some(answer),
        note: format!("answered in {took}").into(),
        again: None,
    };
    (detail, Wire::Exchange(exchange))
}

fn frame(api: &Api, seen: &SeenPdu) -> (String, String, Wire) {
    let carrier = api.engine.carriers().find(seen.carrier).map_or_else(|| "?".to_owned(), |desk| desk.name.to_string());
    let read = told(&seen.octets);
    let name = read.as_ref().map_or("PDU", |pdu| pdu.name);
    let sequence = read.as_ref().map_or(0, |pdu| pdu.sequence);
    let arrow = match seen.direction {
        Direction::Out => "→",
        Direction::In => "←",
    };
    let fields = read.iter().flat_map(|pdu| &pdu.fields);
    let fields = fields.map(|(name, value)| ((*name).into(), value.as_str().into())).collect();
    let pdu = Pdu { fields, dump: (seen.hidden == 0).then(|| dump(&seen.octets).into()), hidden: seen.hidden };
    (name.to_owned(), format!("{arrow} {carrier}, link {}, sequence {sequence}", seen.link.0), Wire::Pdu(pdu))
}

fn tried(entry: &Entry, seen: &SeenWebhook, now: Timestamp) -> (String, &'static str, Wire) {
    let took = shown::span(seen.timing.total);
    let came = match &seen.answer {
        Ok(answer) => format!("{} in {took}", answer.status),
        Err(why) => format!("nothing ({why})"),
    };
    let (next, tone) = match seen.end {
        AttemptEnd::Taken => (String::new(), "good"),
        AttemptEnd::RetryAt(at) if at > now => (format!(", again in {}", shown::span(at.since(now))), "warn"),
        AttemptEnd::RetryAt(_) => (", then again".to_owned(), "warn"),
        AttemptEnd::Refused => (", no further try".to_owned(), "bad"),
    };
    let (address, has_query) = seen.url.split_once('?').map_or((&*seen.url, false), |(address, _)| (address, true));
    let query = if has_query { "?…" } else { "" };
    let why = match seen.why {
        Why::Due => "",
        why => why.as_str(),
    };
    let detail = format!("{why} try {}: {address}{query} → {came}{next}", seen.attempt);
    let detail = detail.trim_start().to_owned();
    let exchange = Exchange {
        request: half(&seen.request),
        answer: seen.answer.as_ref().ok().map(answered),
        note: match &seen.answer {
            Ok(_) => timed(&seen.timing).into(),
            Err(why) => why.clone(),
        },
        again: Some(format!("webhooks/attempts/{}", entry.id.0).into()),
    };
    (detail, tone, Wire::Exchange(exchange))
}

fn half(seen: &SeenHttp) -> Http {
    let line = seen.line.as_ref().map_or_else(String::new, |(method, target)| format!("{method} {target}"));
    Http { line: line.into(), headers: seen.headers.clone(), body: seen.body.clone(), body_bytes: seen.body_bytes }
}

fn answered(answer: &Answered) -> Http {
    Http {
        line: format!("HTTP {}", answer.status).into(),
        headers: answer.headers.clone(),
        // What is no UTF-8, or was cut in the middle of a letter, is for people to see all the same.
        body: (!answer.beginning.is_empty()).then(|| String::from_utf8_lossy(&answer.beginning).into()),
        body_bytes: answer.beginning.len(),
    }
}

fn timed(timing: &Timing) -> String {
    let step = |name: &str, span: Option<Span>| span.map(|span| format!("{name} {}", shown::span(span)));
    let steps = [
        step("dns", timing.resolved),
        step("connect", timing.connected),
        step("tls", timing.secured),
        step("first byte", timing.first_byte),
        step("total", Some(timing.total)),
    ];
    steps.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
