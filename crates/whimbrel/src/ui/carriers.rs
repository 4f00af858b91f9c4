//! `GET carriers`: how carriers are, and orders to them.

use serde_json::Value;
use whimbrel_web::Frame;
use whimbrel_web::frame::{Flash, Section};
use whimbrel_web::operations::{CarrierCard, CarriersPage, Figures, LinkRow, OrphanRow};
use whimbrel_web::shown::State;

use super::document::{count, instant, list, text};
use super::form::Form;
use super::{Visit, accounts, faults, moved, page};
use crate::api::{Api, Called};
use crate::server::Answer;

/// `GET carriers`.
pub(super) async fn show(api: &Api, visit: &Visit<'_>, flash: Option<Flash>) -> Answer {
    let carriers = visit.read(api, "carriers").await;
    if !carriers.is_done() {
        return accounts::refused(visit, &carriers);
    }
    let traffic = visit.read(api, "traffic?hours=24").await.document;
    let orphans = visit.read(api, "orphans?limit=100").await.document;
    let ordered = Form::of_query(visit.request).value("done").and_then(told).map(Flash::done);
    let shown = CarriersPage {
        frame: Frame { flash: flash.or(ordered), ..visit.frame_in(Section::Carriers, "Carriers") },
        carriers: list(&carriers.document, "carriers").iter().map(|one| card(one, &traffic)).collect(),
        orphans: list(&orphans, "orphans").iter().map(orphan).collect(),
        faults: faults::read(api, visit).await,
    };
    page(200, &shown).into()
}

fn card(carrier: &Value, traffic: &Value) -> CarrierCard {
    let name = text(carrier, "name");
    let links: Vec<LinkRow> = list(carrier, "links").iter().map(link).collect();
    let bound = links.iter().filter(|link| &*link.state.word == "bound").count();
    let order = text(carrier, "order");
    let state = match (&*order, bound) {
        ("bind", 0) => State { word: "not bound".into(), icon: "✘", tone: "bad" },
        ("bind", _) => State { word: "bound".into(), icon: "✔", tone: "good" },
        ("drain", _) => State { word: "draining".into(), icon: "!", tone: "warn" },
        (_, 0) => State { word: "unbound".into(), icon: "–", tone: "warn" },
        (_, _) => State { word: "unbinding".into(), icon: "!", tone: "warn" },
    };
    let day = list(traffic, "carriers").iter().find(|one| text(one, "carrier") == name);
    let rate = match &carrier["rate"] {
        Value::Null => "as fast as the window allows".to_owned(),
        rate => format!("{} a second", rate.as_f64().map_or_else(|| rate.to_string(), |rate| format!("{rate:.0}"))),
    };
    CarrierCard {
        state,
        queued: text(carrier, "queued"),
        window_used: count(carrier, "window_used"),
        window_max: count(carrier, "window_max"),
        rate: rate.into(),
        paused_until: carrier["paused_until"].is_string().then(|| instant(carrier, "paused_until")),
        links,
        day: day.map(figures).unwrap_or_default(),
        name,
    }
}

fn link(link: &Value) -> LinkRow {
    let word = text(link, "state");
    let (icon, tone) = match &*word {
        "bound" => ("✔", "good"),
        "connecting" => ("…", "calm"),
        "waiting" => ("✘", "bad"),
        _ => ("–", "warn"),
    };
    LinkRow {
        mode: text(link, "mode"),
        state: State { word, icon, tone },
        since: instant(link, "since"),
        peer: text(link, "peer"),
        fault: text(link, "fault"),
    }
}

fn orphan(orphan: &Value) -> OrphanRow {
    let reason = match &*text(orphan, "reason") {
        "unknown-id" => "no part has that id",
        "other-recipient" => "a part has that id, but another recipient",
        "no-id" => "it names no id",
        _ => "not known",
    };
    OrphanRow {
        at: instant(orphan, "at"),
        carrier: text(orphan, "carrier"),
        raw_id: text(orphan, "raw_id"),
        state: State::of_message(&text(orphan, "status")),
        code: text(orphan, "code"),
        recipient: without_middle(&text(orphan, "recipient")).into(),
        reason: reason.into(),
    }
}

/// A number as it may stand where others look on: `4477*******23`.
fn without_middle(number: &str) -> String {
    let length = number.chars().count();
    let keep = |place: usize| length < 7 || place < 4 || place + 2 >= length;
    number.chars().enumerate().map(|(place, char)| if keep(place) { char } else { '*' }).collect()
}

/// Counts of parts in a document.
pub(super) fn figures(counts: &Value) -> Figures {
    Figures { parts: count(counts, "parts"), delivered: count(counts, "delivered"), failed: count(counts, "failed") }
}

fn told(word: &str) -> Option<&'static str> {
    Some(match word {
        "bind" => "It is told to open its links.",
        "unbind" => "It is told to close its links in good order.",
        "drain" => "It is given nothing more; what is under way is waited for.",
        _ => return None,
    })
}

/// `POST carriers/{name}/{act}`.
pub(super) async fn act(api: &Api, visit: &Visit<'_>, name: &str, act: &str) -> Answer {
    let path = format!("carriers/{name}/{act}");
    let answered = visit.call(api, Called { method: "POST", path: &path, body: None }).await;
    if !answered.is_done() {
        return show(api, visit, Some(answered.failed())).await;
    }
    if act == "test" {
        return show(api, visit, Some(tested(&answered.document))).await;
    }
    moved(&format!("{}?done={act}", visit.links.page("carriers"))).into()
}

fn tested(answer: &Value) -> Flash {
    let carrier = text(answer, "carrier");
    match (answer["bound"].as_bool(), answer["enquire_ms"].as_f64()) {
        (Some(true), Some(millis)) => {
            Flash::done(&format!("{carrier} is bound and answered an enquiry after {millis:.1} ms."))
        }
        (Some(true), None) => {
            Flash::failed(&format!("{carrier} is bound but did not answer: {}.", text(answer, "fault")))
        }
        _ => Flash::failed(&format!("{carrier} is not bound: {}.", text(answer, "fault"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_without_its_middle() {
        let shown = ["447700900123", "4477009", "447700", ""].map(without_middle);
        assert_eq!(shown, ["4477******23", "4477*09", "447700", ""]);
    }
}
