//! Phones of the built-in simulator, the simulator itself, and the texts that came in.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use whimbrel_core::{InboundContent, Span};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_inbox::search::{NumberPattern, Sense, Term, Test};
use whimbrel_simulator::phones::{Alphabet, BinaryContent, ConcatMethod};
use whimbrel_simulator::{
    Control, Disconnect, Outcome, PhoneContent, PhoneSetting, PhoneText, Scenario, Target, TextContent,
};
use whimbrel_store::{InboundView, Search};

use super::json::{Fields, bad};
use super::messages::hex;
use super::search::{self, Asked, Field, Listed, Whose};
use super::{Api, document, unavailable, wait};
use crate::server::{IncomingRequest, problem};

/// `GET inbound?q=&to=&account=&before=&after=&limit=`: texts that came in, newest first, or with `after` oldest first; the parts of a long
/// one joined.
pub(super) async fn inbound(api: &Api, whose: Whose, request: &IncomingRequest) -> HttpResponse {
    let search = match read_search(api, whose, request.query()).await {
        Ok(search) => search,
        Err(refused) => return refused,
    };
    let asked = search.clone();
    match api.engine.search(move |store| store.search_inbound(&search)).await {
        Ok(found) => {
            document(200, &search::listed(&asked, api.engine.world().now(), "inbound", &found, |text| shown(api, text)))
        }
        Err(error) => unavailable(&error),
    }
}

async fn read_search(api: &Api, whose: Whose, query: &str) -> Result<Search, HttpResponse> {
    let mut asked = Asked::new(api, whose, Listed::Inbound);
    for (name, value) in search::parameters(query)? {
        if name == "to" {
            let number = whimbrel_engine::own_number(&value).map_err(|error| bad(&format!("`to`: {error}")))?;
            let test = Test::To(NumberPattern::Exact(number));
            asked.search.query.terms.push(Term { test, sense: Sense::Holds, span: 0..0 });
            continue;
        }
        if let Field::Unknown = asked.field(api, (&name, &value)).await? {
            return Err(bad(&format!("the parameters here are {}", asked.names())));
        }
    }
    Ok(asked.search)
}

pub(super) fn shown(api: &Api, view: &InboundView) -> Value {
    let (text, data) = match &view.content {
        InboundContent::Text { text, .. } => (Some(text.expose()), None),
        InboundContent::Binary(octets) => (None, Some(hex(octets.expose()))),
    };
    let account = view.account_id.and_then(|id| api.engine.directory().by_id(id));
    json!({
        "id": format!("{:x}", view.id.0),
        "from": view.sender.as_str(),
        "to": view.number,
        "account": account.map(|entry| entry.account.key.clone()),
        "carrier": api.engine.carriers().find(view.carrier).map(|desk| desk.name.clone()),
        "text": text,
        "data": data,
        "parts_there": view.parts.0,
        "parts": view.parts.1,
        "at": view.at.to_string(),
    })
}

/// Everything below `phones` and `simulator`.
pub(super) fn handle(api: &Api, segments: &[&str], request: &IncomingRequest) -> HttpResponse {
    match &api.simulator {
        Some(simulator) => control(simulator, segments, request),
        None => problem(
            409,
            "Conflict",
            "this server runs no simulator: start it with --simulator ADDRESS, or ask the one of `whimbrel sim --http`",
        ),
    }
}

/// What a simulator does when it is asked; `segments` stand below the prefix of the native API.
pub fn control(simulator: &Control, segments: &[&str], request: &IncomingRequest) -> HttpResponse {
    match (request.method(), segments) {
        ("GET" | "HEAD", ["phones"]) => answer(&simulator.phones()),
        ("GET" | "HEAD", ["phones", number]) => answer(&simulator.phone_texts(digits(number))),
        ("PATCH", ["phones", number]) => set_phone(simulator, digits(number), request.body()),
        ("POST", ["phones", number, "reply"]) => reply(simulator, digits(number), request.body()),
        ("GET" | "HEAD", ["simulator"]) => answer(&simulator.totals()),
        ("GET" | "HEAD", ["simulator", "sessions"]) => answer(&simulator.sessions()),
        ("GET" | "HEAD", ["simulator", "clients"]) => answer(&simulator.clients()),
        ("GET" | "HEAD", ["simulator", "scenario"]) => answer(&*simulator.scenario()),
        ("PUT", ["simulator", "scenario"]) => set_scenario(simulator, request),
        ("POST", ["simulator", "disconnect"]) => disconnect(simulator, request.body()),
        ("GET" | "HEAD", ["simulator", "texts", id]) => match id.parse().ok().and_then(|id| simulator.text(id)) {
            Some(status) => answer(&status),
            None => problem(404, "Not Found", "no phone sent a text with that id, or it was long ago"),
        },
        (_, ["phones"] | ["phones", _] | ["phones", _, "reply"])
        | (_, ["simulator"] | ["simulator", "sessions" | "clients" | "scenario" | "disconnect"]) => {
            problem(405, "Method Not Allowed", "this path has other methods: see docs/api.md")
        }
        _ => problem(404, "Not Found", "there is nothing at that path below phones and simulator: see docs/api.md"),
    }
}

fn answer(value: &impl Serialize) -> HttpResponse {
    match serde_json::to_value(value) {
        Ok(value) => document(200, &value),
        Err(error) => problem(500, "Internal Server Error", &format!("the answer cannot be written: {error}")),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, HttpResponse> {
    serde_json::from_slice(body).map_err(|error| bad(&format!("the body cannot be read: {error}")))
}

fn digits(number: &str) -> &str {
    number.strip_prefix('+').or_else(|| number.strip_prefix("%2B")).unwrap_or(number)
}

/// `POST phones/{number}/reply`: the phone sends a text, or octets, to a number of ours.
fn reply(simulator: &Control, number: &str, body: &[u8]) -> HttpResponse {
    let read = || {
        let mut fields = Fields::read(body, &["to", "text", "data", "udh", "alphabet", "concat", "system_id"])?;
        let to = fields.text("to")?.ok_or_else(|| bad("`to` is missing: the number that the phone writes to"))?;
        let alphabet = fields.word("alphabet", alphabet, "auto, gsm7, ucs2")?.unwrap_or_default();
        let concat = fields.word("concat", concat, "udh8, udh16, sar, payload")?.unwrap_or_default();
        let content = match (fields.text("text")?, fields.text("data")?) {
            (Some(text), None) => PhoneContent::Text(TextContent { text, alphabet }),
            (None, Some(body_hex)) => {
                let udh_hex = fields.text("udh")?.unwrap_or_default();
                PhoneContent::Binary(BinaryContent { udh_hex, body_hex })
            }
            _ => return Err(bad("give either `text`, or `data` in hexadecimal with or without `udh`")),
        };
        let to = digits(&to).to_owned();
        Ok(PhoneText { from: number.to_owned(), to, content, concat, system_id: fields.text("system_id")? })
    };
    let text: PhoneText = match read() {
        Ok(text) => text,
        Err(refused) => return refused,
    };
    match simulator.phone_sends(&text) {
        Ok(status) => document(202, &json!({ "ids": [status.id], "parts": status.part_count, "state": status.state })),
        Err(refused) => problem(422, "Unprocessable Content", &refused.to_string()),
    }
}

fn alphabet(word: &str) -> Option<Alphabet> {
    serde_json::from_value(json!(word)).ok()
}

fn concat(word: &str) -> Option<ConcatMethod> {
    serde_json::from_value(json!(word)).ok()
}

/// `PATCH phones/{number}`: `{"setting": "on" | "off" | {"outcome": ...}, "after": "2s"}`.
fn set_phone(simulator: &Control, number: &str, body: &[u8]) -> HttpResponse {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Patch {
        setting: Option<PhoneSetting>,
        outcome: Option<Outcome>,
        after: Option<String>,
    }
    let Patch { setting, outcome, after } = match read::<Patch>(body) {
        Ok(patch) => patch,
        Err(refused) => return refused,
    };
    let setting = match (setting, outcome) {
        (Some(setting), None) => Some(setting),
        (None, Some(outcome)) => Some(PhoneSetting::Outcome(outcome)),
        (None, None) if after.is_some() => None,
        _ => return bad("give either `setting` (`on`, `off`) or `outcome`, or `after`: when the first receipt comes"),
    };
    let delay = match after.as_deref().map(|text| (text, wait::span(text))) {
        None => None,
        Some((_, Some(delay))) if delay <= Span::hours(24) => Some(delay),
        Some(_) => return bad("`after` must be a time such as 500ms, 10s or 5m, and at most a day"),
    };
    // A phone that is on is as the table says, its receipts too.
    let delay = if setting == Some(PhoneSetting::On) && delay.is_none() { Some(None) } else { delay.map(Some) };
    let set = setting.map_or(Ok(()), |setting| simulator.set_phone(number, setting));
    match set.and_then(|()| delay.map_or(Ok(()), |delay| simulator.set_receipt_delay(number, delay))) {
        Ok(()) => document(200, &json!({ "number": number, "setting": setting, "after": after })),
        Err(error) => problem(409, "Conflict", &error.to_string()),
    }
}

/// `PUT simulator/scenario`: a whole scenario, as TOML (`Content-Type: application/toml`) or JSON.
fn set_scenario(simulator: &Control, request: &IncomingRequest) -> HttpResponse {
    let is_toml = request.header("content-type").is_some_and(|kind| kind.contains("toml"));
    let scenario = if is_toml {
        match std::str::from_utf8(request.body()) {
            Ok(text) => Scenario::parse(text).map_err(|error| bad(&error.to_string())),
            Err(_) => Err(bad("the scenario is no UTF-8")),
        }
    } else {
        read::<Scenario>(request.body())
    };
    match scenario.map(|scenario| simulator.set_scenario(scenario)) {
        Ok(Ok(())) => answer(&*simulator.scenario()),
        Ok(Err(error)) => bad(&error.to_string()),
        Err(refused) => refused,
    }
}

/// `POST simulator/disconnect`: `{"target": "everybody" | {"session": 1} | {"system_id": "x"}, "how": "reset"}`.
fn disconnect(simulator: &Control, body: &[u8]) -> HttpResponse {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        target: Target,
        how: Disconnect,
    }
    match read::<Order>(body) {
        Ok(order) => document(200, &json!({ "sessions": simulator.disconnect(&order.target, order.how) })),
        Err(refused) => refused,
    }
}
