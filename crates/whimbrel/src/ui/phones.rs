//! `GET phones`, `phones/{number}` and what is done there: the handsets of the built-in simulator.

use std::collections::HashMap;

use serde_json::{Value, json};
use whimbrel_core::{InboundContent, InboundId, Told};
use whimbrel_engine::tape::{AttemptEnd, AttemptFilter, Seen, SeenWebhook};
use whimbrel_simulator::phones::{Direction, KeptText};
use whimbrel_simulator::{Control, Outcome};
use whimbrel_store::{InboundFilter, InboundView, OwnedNumber};
use whimbrel_web::inbox::{Code, Command, QuickStart};
use whimbrel_web::links::encoded;
use whimbrel_web::phones::{Bubble, Lease, OutcomeChoice, OwnNumber, PhoneLine, PhonesPage, Side, Talk, View, Webhook};
use whimbrel_web::shown::{self, Instant, State};
use whimbrel_web::{Flash, Section, text};

use super::form::Form;
use super::message::percent_decoded;
use super::{Visit, go, inbox, page, rows};
use crate::api::{Api, Called};
use crate::server::Answer;

/// Phones in the list.
const PHONES_MAX: usize = 100;
/// Texts that came in and are compared with what a phone sent.
const INBOUND_MAX: usize = 200;
/// Webhooks that are looked through for those about a phone's texts.
const ATTEMPTS_MAX: usize = 500;
/// Characters of a text in the list.
const BEGIN_CHARS: usize = 60;

/// What a text to a phone can come to: the word of the API, and what it means.
const OUTCOMES: [(Outcome, &str); 13] = [
    (Outcome::Delivered, "delivered"),
    (Outcome::Buffered, "delivered after two seconds"),
    (Outcome::Expired, "expired: it stays off too long"),
    (Outcome::Rejected, "rejected by the carrier"),
    (Outcome::Absent, "undelivered: the subscriber is absent"),
    (Outcome::Unreachable, "rejected: no such number"),
    (Outcome::ThrottledOnce, "throttled once, then delivered"),
    (Outcome::Twice, "delivered, with the receipt twice"),
    (Outcome::ReceiptFirst, "delivered, with the receipt before the answer"),
    (Outcome::NoReceipt, "taken, and no receipt ever"),
    (Outcome::SecondPartAbsent, "the second part undelivered"),
    (Outcome::SlowAnswer, "taken after thirty seconds"),
    (Outcome::Silence, "no answer at all"),
];

/// `GET phones?number=`: the list, or the way to a phone.
pub(super) async fn list(api: &Api, visit: &Visit<'_>) -> Answer {
    match Form::of_query(visit.request).filled("number").map(digits_of) {
        Some(digits) if !digits.is_empty() => go(&visit.links, &path_of(&digits)),
        _ => shown_page(api, visit, None, Typed::default()).await,
    }
}

/// `GET phones/{number}`.
pub(super) async fn show(api: &Api, visit: &Visit<'_>, number: &str) -> Answer {
    shown_page(api, visit, Some(digits_of(&percent_decoded(number))), Typed::default()).await
}

/// `POST phones/{number}/reply`: the phone sends a text to a number of ours.
pub(super) async fn reply(api: &Api, visit: &Visit<'_>, number: &str) -> Answer {
    let digits = digits_of(&percent_decoded(number));
    let fields = Form::read(visit.request);
    let (to, words) = (fields.filled("to").unwrap_or_default(), fields.value("text").unwrap_or_default());
    let sent = match words.trim().is_empty() {
        true => Err("write something: an empty text is not sent".to_owned()),
        false => {
            let body = json!({ "to": digits_of(to), "text": words });
            call(api, visit, "POST", &format!("{}/reply", path_of(&digits)), Some(body)).await
        }
    };
    let typed = Typed { to: to.to_owned(), text: words.to_owned(), ..Typed::default() };
    back_to_phone(api, visit, &digits, typed, sent).await
}

/// `POST phones/{number}/setting`: what texts to it come to.
pub(super) async fn set(api: &Api, visit: &Visit<'_>, number: &str) -> Answer {
    let digits = digits_of(&percent_decoded(number));
    let fields = Form::read(visit.request);
    let body = match fields.value("outcome").unwrap_or_default() {
        setting @ ("on" | "off") => json!({ "setting": setting }),
        outcome => json!({ "outcome": outcome }),
    };
    let set = call(api, visit, "PATCH", &path_of(&digits), Some(body)).await;
    back_to_phone(api, visit, &digits, Typed::default(), set).await
}

/// `POST phones/lease`: a number that nobody else holds.
pub(super) async fn lease(api: &Api, visit: &Visit<'_>) -> Answer {
    match call(api, visit, "POST", "leases", Some(json!({ "note": "from the page of phones" }))).await {
        Ok(lease) => go(&visit.links, &path_of(&digits_of(lease["number"].as_str().unwrap_or_default()))),
        Err(problem) => shown_page(api, visit, None, Typed { problem: Some(problem), ..Typed::default() }).await,
    }
}

/// `POST phones/{number}/release`: gives it back.
pub(super) async fn release(api: &Api, visit: &Visit<'_>, number: &str) -> Answer {
    let digits = digits_of(&percent_decoded(number));
    let released = call(api, visit, "DELETE", &format!("leases/{}", encoded(&digits)), None).await;
    back_to_phone(api, visit, &digits, Typed::default(), released).await
}

/// What the native API does, in the visitor's name; else why it does not.
async fn call(
    api: &Api,
    visit: &Visit<'_>,
    method: &'static str,
    path: &str,
    body: Option<Value>,
) -> Result<Value, String> {
    let (status, document) = api.call(&visit.known.person, Called { method, path, body }, visit.origin).await;
    match status {
        200..=299 => Ok(document),
        _ => Err(document["detail"].as_str().unwrap_or("that could not be done").to_owned()),
    }
}

/// The phone's page after something was done, or not.
async fn back_to_phone(
    api: &Api,
    visit: &Visit<'_>,
    digits: &str,
    typed: Typed,
    done: Result<Value, String>,
) -> Answer {
    match done {
        Ok(_) => go(&visit.links, &path_of(digits)),
        Err(problem) => {
            let typed = Typed { problem: Some(problem), ..typed };
            shown_page(api, visit, Some(digits.to_owned()), typed).await
        }
    }
}

/// What was typed and could not be done, with the reason.
#[derive(Default)]
struct Typed {
    problem: Option<String>,
    to: String,
    text: String,
}

async fn shown_page(api: &Api, visit: &Visit<'_>, digits: Option<String>, typed: Typed) -> Answer {
    let mut frame = visit.frame_in(Section::Phones, "Phones");
    let status = if typed.problem.is_some() { 422 } else { 200 };
    frame.flash = typed.problem.as_deref().map(Flash::failed);
    let Some(simulator) = &api.simulator else {
        return page(200, &PhonesPage { frame, view: View::NoSimulator }).into();
    };
    let now = api.engine.world().now();
    let line = |(phone, last): (whimbrel_simulator::phones::Phone, Option<KeptText>)| PhoneLine {
        number: shown::number(&phone.number).into(),
        path: path_of(&phone.number).into(),
        last: last.as_ref().map(|last| text::start(&words_of(last), BEGIN_CHARS).0).unwrap_or_default().into(),
        at: last.and_then(|last| instant(&last.at, now)),
        current: (digits.as_deref() == Some(&phone.number)).then_some("page"),
    };
    let phones: Vec<PhoneLine> = simulator.latest_phones(PHONES_MAX).into_iter().map(line).collect();
    let start = phones.is_empty().then(|| commands(visit));
    let talk = match digits {
        Some(digits) => Some(Box::new(talk(api, visit, simulator, &digits, typed).await)),
        None => None,
    };
    page(status, &PhonesPage { frame, view: View::Phones { phones, talk, start } }).into()
}

/// What puts a first text on a phone: by our own client, and as an application does.
fn commands(visit: &Visit<'_>) -> QuickStart {
    let mut start = inbox::quick_start(visit);
    start.commands.truncate(1);
    // Elsewhere there is no account that everybody knows.
    if visit.is_dev() {
        let line = "whimbrel send --to 447700900123 --text 'Your code is 482917'".into();
        start.commands.insert(0, Command { id: "cli", title: "On the command line", line });
    }
    start
}

async fn talk(api: &Api, visit: &Visit<'_>, simulator: &Control, digits: &str, typed: Typed) -> Talk {
    let now = api.engine.world().now();
    let texts = simulator.phone_texts(digits);
    let numbers = api.engine.read(|store| store.numbers(None)).await.unwrap_or_default();
    let mut told = ToldOf::read(api, digits, &texts).await;
    // The latest first, so that of two alike the later one is that which came in later.
    let mut bubbles: Vec<Bubble> = texts
        .iter()
        .rev()
        .map(|kept| {
            let words = words_of(kept);
            let side = match kept.direction {
                Direction::ToPhone => Side::ToPhone,
                Direction::FromPhone => Side::FromPhone,
            };
            Bubble {
                side,
                with: shown::number(&kept.with).into(),
                code: match (side, rows::code(&words)) {
                    (Side::ToPhone, Code::Shown(code)) => Some(code),
                    _ => None,
                },
                pieces: text::pieces(&words),
                part_count: kept.part_count,
                at: instant(&kept.at, now).unwrap_or_else(|| Instant::new(now, now)),
                webhook: (side == Side::FromPhone).then(|| told.webhook(api, kept, &words)),
            }
        })
        .collect();
    bubbles.reverse();
    // A number of ours that was in the talk, else any of ours, else whoever wrote: somebody should hear the answer.
    let with = || texts.iter().rev().map(|kept| &kept.with).filter(|with| is_digits(with));
    let is_own = |with: &&String| numbers.iter().any(|owned| *owned.number == ***with);
    let own = with().find(is_own).cloned().or_else(|| numbers.first().map(|first| first.number.to_string()));
    let answer_to = match typed.to.is_empty() {
        false => typed.to,
        true => own.or_else(|| with().next().cloned()).unwrap_or_default(),
    };
    Talk {
        number: shown::number(digits).into(),
        digits: digits.into(),
        path: path_of(digits).into(),
        bubbles,
        outcomes: outcomes(simulator.phone_outcome(digits)),
        lease: lease_of(api, visit, digits).await,
        answer_to: answer_to.into(),
        numbers: numbers.iter().map(|owned| own_number(api, owned)).collect(),
        draft: typed.text.into(),
    }
}

/// Who holds the number, and until when.
async fn lease_of(api: &Api, visit: &Visit<'_>, digits: &str) -> Option<Lease> {
    let leases = call(api, visit, "GET", "leases", None).await.ok()?;
    let number = format!("+{digits}");
    let lease = leases["leases"].as_array()?.iter().find(|lease| lease["number"] == number.as_str())?;
    let until = instant(lease["expires_at"].as_str()?, api.engine.world().now())?;
    Some(Lease { until, note: lease["note"].as_str().unwrap_or_default().into() })
}

fn outcomes(set: Option<Outcome>) -> Vec<OutcomeChoice> {
    let usual = OutcomeChoice { word: "on".into(), title: "as its number says", selected: set.is_none() };
    let choice = |(outcome, title): &(Outcome, &'static str)| OutcomeChoice {
        word: word_of(*outcome).into(),
        title,
        selected: set == Some(*outcome),
    };
    std::iter::once(usual).chain(OUTCOMES.iter().map(choice)).collect()
}

/// An outcome's word in the API.
fn word_of(outcome: Outcome) -> String {
    match serde_json::to_value(outcome) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn own_number(api: &Api, owned: &OwnedNumber) -> OwnNumber {
    let account = api.engine.directory().by_id(owned.account_id);
    let key = account.map_or_else(String::new, |entry| format!(" ({})", entry.account.key));
    OwnNumber { digits: owned.number.clone(), shown: format!("{}{key}", shown::number(&owned.number)).into() }
}

/// What became of the texts that a phone sent: those that came in, and the webhooks about them.
struct ToldOf {
    inbound: Vec<InboundView>,
    webhooks: HashMap<InboundId, Webhook>,
}

impl ToldOf {
    async fn read(api: &Api, digits: &str, texts: &[KeptText]) -> Self {
        if texts.iter().all(|kept| kept.direction == Direction::ToPhone) {
            return Self { inbound: Vec::new(), webhooks: HashMap::new() };
        }
        let filter = InboundFilter { count_max: INBOUND_MAX, ..InboundFilter::default() };
        let mut inbound = api.engine.read(move |store| store.inbound(&filter)).await.unwrap_or_default();
        inbound.retain(|view| view.sender.as_str() == digits);
        let now = api.engine.world().now();
        let attempts =
            api.engine.tape().attempts(&AttemptFilter { count_max: ATTEMPTS_MAX, ..AttemptFilter::default() });
        let mut webhooks = HashMap::new();
        for entry in attempts {
            if let Seen::Webhook(seen) = &entry.seen
                && let Told::Inbound(told) = &seen.notice.told
            {
                // The newest come first: the last try is the one to show.
                webhooks.entry(told.id).or_insert_with(|| webhook(seen, now));
            }
        }
        Self { inbound, webhooks }
    }

    /// How the webhook about a text went; the text that came in is taken out, so that the next one alike is another.
    fn webhook(&mut self, api: &Api, kept: &KeptText, words: &str) -> Webhook {
        let is_it = |view: &InboundView| {
            *view.number == *kept.with
                && matches!(&view.content, InboundContent::Text { text, .. } if text.expose() == words)
        };
        let Some(place) = self.inbound.iter().position(is_it) else {
            return said("on its way", "…", "calm", "");
        };
        let view = self.inbound.remove(place);
        let account = view.account_id.and_then(|id| api.engine.directory().by_id(id));
        match (self.webhooks.remove(&view.id), account) {
            (Some(webhook), _) => webhook,
            (None, None) => said("came in", "✔", "warn", "no account owns that number, so nobody is told"),
            (None, Some(entry)) => {
                let key = &entry.account.key;
                said("came in", "✔", "calm", &format!("for {key}: no webhook was sent yet, or none is set"))
            }
        }
    }
}

fn said(word: &str, icon: &'static str, tone: &'static str, detail: &str) -> Webhook {
    Webhook { state: State { word: word.into(), icon, tone }, detail: detail.into() }
}

fn webhook(seen: &SeenWebhook, now: whimbrel_core::Timestamp) -> Webhook {
    let took = shown::span(seen.timing.total);
    let word = match &seen.answer {
        Ok(answer) => format!("webhook {} in {took}", answer.status),
        Err(_) => "webhook: no answer".to_owned(),
    };
    let why = seen.answer.as_ref().err().map(|why| why.to_string()).unwrap_or_default();
    match seen.end {
        AttemptEnd::Taken => said(&word, "✔", "good", ""),
        AttemptEnd::RetryAt(at) if at > now => {
            said(&word, "↻", "warn", &format!("{why} again in {}", shown::span(at.since(now))))
        }
        AttemptEnd::RetryAt(_) => said(&word, "↻", "warn", &why),
        AttemptEnd::Refused => said(&word, "✘", "bad", &format!("{why} no further try")),
    }
}

fn words_of(kept: &KeptText) -> String {
    match (&kept.text, &kept.binary_hex) {
        (Some(text), _) => text.clone(),
        (None, Some(octets)) => format!("binary: {octets}"),
        (None, None) => String::new(),
    }
}

/// A number as the simulator keeps it: without a plus, blanks and the like.
fn digits_of(number: &str) -> String {
    let kept: String = number.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    kept.strip_prefix("00").map_or_else(|| kept.clone(), ToOwned::to_owned)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn path_of(digits: &str) -> String {
    format!("phones/{}", encoded(digits))
}

/// An instant that the simulator has written.
fn instant(at: &str, now: whimbrel_core::Timestamp) -> Option<Instant> {
    whimbrel_inbox::search::instant(at, now).map(|at| Instant::new(at, now))
}
