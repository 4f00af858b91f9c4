//! Carriers as operators watch and order them.

use serde_json::{Value, json};
use whimbrel_carriers::{CarrierStatus, LinkState, LinkStatus, Order};
use whimbrel_core::{
    Alphabet, Content, MessageText, PhoneNumber, ReceiptWish, Registration, SendCall, SenderId, Telling,
};
use whimbrel_dialects::client::refusal_words;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry;
use whimbrel_engine::carriers::CarrierDesk;
use whimbrel_store::Orphan;

use super::json::{Fields, bad};
use super::messages::public_id;
use super::{Api, document, unavailable};
use crate::server::{IncomingRequest, problem};

const ORPHANS_DEFAULT: usize = 100;
const ORPHANS_MAX: usize = 1_000;

/// `GET carriers`.
pub(super) fn list(api: &Api) -> HttpResponse {
    let now = api.engine.world().now();
    let carriers: Vec<Value> = (api.engine.carriers().all().iter())
        .filter(|desk| !desk.is_retired())
        .map(|desk| {
            let (queued, window_max, used, rate, paused_until) = {
                let dispatch = desk.dispatch();
                (
                    dispatch.backlog(),
                    dispatch.window_max(),
                    dispatch.used(),
                    dispatch.rate_now(),
                    dispatch.paused_until(),
                )
            };
            let status = desk.carrier().map(|carrier| carrier.status());
            json!({
                "name": desk.name,
                "kind": "smpp",
                "order": status.as_ref().map_or("bind", |status| order_name(status.order)),
                "links": status.as_ref().map(links).unwrap_or_default(),
                "queued": queued,
                "window_max": window_max,
                "window_used": used,
                "rate": rate,
                "paused_until": (paused_until > now).then(|| paused_until.to_string()),
            })
        })
        .collect();
    document(200, &json!({ "carriers": carriers }))
}

fn links(status: &CarrierStatus) -> Vec<Value> {
    status.links.iter().map(link).collect()
}

fn link(link: &LinkStatus) -> Value {
    let state = match link.state {
        LinkState::Connecting => "connecting",
        LinkState::Bound => "bound",
        LinkState::Unbinding => "unbinding",
        LinkState::Waiting => "waiting",
        LinkState::Closed => "closed",
    };
    json!({
        "link": link.link.map(|id| id.0),
        "mode": link.mode,
        "state": state,
        "since": link.since.to_string(),
        "window_max": link.window_max,
        "window_used": link.window_used,
        "peer": link.peer,
        "fault": link.fault,
        "next_try_at": link.next_try_at.map(|at| at.to_string()),
    })
}

const fn order_name(order: Order) -> &'static str {
    match order {
        Order::Bind => "bind",
        Order::Unbind => "unbind",
        Order::Drain => "drain",
    }
}

/// `POST carriers/{name}/{order}`.
pub(super) fn order(api: &Api, name: &str, order: Order) -> HttpResponse {
    let Some(desk) = named(api, name) else { return unknown(name) };
    let Some(carrier) = desk.carrier() else { return not_started() };
    carrier.order(order);
    tracing::info!(carrier = name, order = order_name(order), "carrier was ordered by the operator");
    document(202, &json!({ "carrier": name, "order": order_name(order) }))
}

/// `POST carriers/{name}/test`: whether it is bound, how long an enquiry takes, and, with `to`, a text over this very carrier.
pub(super) async fn test(api: &Api, name: &str, request: &IncomingRequest) -> HttpResponse {
    let Some(desk) = named(api, name) else { return unknown(name) };
    let Some(carrier) = desk.carrier() else { return not_started() };
    let text = match read_text(api, &desk, request.body()) {
        Ok(text) => text,
        Err(refused) => return refused,
    };
    let bound = carrier.status().links.iter().any(|link| link.state == LinkState::Bound);
    let (enquire_ms, fault) = match carrier.probe().await {
        Ok(span) => (Some(span.0 as f64 / 1_000.0), None),
        Err(why) => (None, Some(why)),
    };
    let mut answer = json!({ "carrier": name, "bound": bound, "enquire_ms": enquire_ms, "fault": fault });
    if let (Some((account, send)), Value::Object(answer)) = (text, &mut answer) {
        let Some(entry) = api.engine.directory().by_id(account) else { return bad("the account is gone") };
        let Some(dialect) = registry::by_name(&entry.dialect) else {
            return bad("the account's dialect is not built in");
        };
        match api.engine.send(&entry.account, send, dialect.descriptor().id).await {
            Ok(accepted) => {
                answer.insert(
                    "message_id".to_owned(),
                    json!(public_id(&entry.dialect, accepted.message_id.0, accepted.serial)),
                );
            }
            Err(refusal) => {
                let words = refusal_words(dialect, refusal, api.engine.world().now());
                answer.insert("refused".to_owned(), json!(words));
            }
        }
    }
    document(200, &answer)
}

/// The text to send, if one is asked for, and who pays.
fn read_text(
    api: &Api,
    desk: &CarrierDesk,
    body: &[u8],
) -> Result<Option<(whimbrel_core::AccountId, SendCall)>, HttpResponse> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut fields = Fields::read(body, &["to", "from", "text", "account"])?;
    let Some(to) = fields.text("to")? else { return Ok(None) };
    let recipient =
        PhoneNumber::parse(&to).map_err(|_| bad("`to` must be an international number of 7 to 15 digits"))?;
    let sender = fields.text("from")?.unwrap_or_else(|| "Whimbrel".to_owned());
    let sender = SenderId::parse(&sender).ok_or_else(|| bad("`from` must not be empty"))?;
    let text = fields.text("text")?.unwrap_or_else(|| format!("Test of carrier {}", desk.name));
    let key = fields.text("account")?.ok_or_else(|| bad("`account` is missing: the key of the account that pays"))?;
    let account = super::accounts::find(api, &key)?;
    let send = SendCall {
        recipient,
        sender,
        content: Content::Text { text: MessageText::new(text), alphabet: Alphabet::Detect },
        handset_class: None,
        network: None,
        registration: Registration::default(),
        receipt: ReceiptWish::Wanted,
        callback: None,
        telling: Telling::default(),
        application: None,
        client_ref: None,
        account_ref: None,
        validity: None,
        class: None,
        idempotency: None,
        due_at: None,
        mode: whimbrel_core::KeyMode::Live,
        carrier: Some(desk.id),
    };
    Ok(Some((account, send)))
}

/// `GET orphans?carrier=&limit=`: receipts that found no part.
pub(super) async fn orphans(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let (mut carrier, mut count_max) = (None, ORPHANS_DEFAULT);
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match &*name {
            "carrier" => match named(api, &value) {
                Some(desk) => carrier = Some(desk.id),
                None => return unknown(&value),
            },
            "limit" => match value.parse().ok().filter(|count| (1..=ORPHANS_MAX).contains(count)) {
                Some(count) => count_max = count,
                None => return bad("`limit` must be a number from 1 to 1000"),
            },
            _ => return bad("the parameters here are carrier, limit"),
        }
    }
    match api.engine.read(move |store| store.orphans(carrier, count_max)).await {
        Ok(orphans) => {
            let list: Vec<Value> = orphans.iter().map(|found| orphan(api, found)).collect();
            document(200, &json!({ "orphans": list }))
        }
        Err(error) => unavailable(&error),
    }
}

fn orphan(api: &Api, orphan: &Orphan) -> Value {
    let carrier = api.engine.carriers().find(orphan.carrier).map(|desk| desk.name.clone());
    json!({
        "carrier": carrier,
        "raw_id": orphan.raw_id,
        "status": orphan.status.as_str(),
        "code": orphan.code,
        "recipient": orphan.recipient,
        "reason": orphan.reason.as_str(),
        "at": orphan.at.to_string(),
    })
}

fn named(api: &Api, name: &str) -> Option<std::sync::Arc<CarrierDesk>> {
    api.engine.carriers().named(name).filter(|desk| !desk.is_retired())
}

fn unknown(name: &str) -> HttpResponse {
    let name: String = name.chars().take(40).collect();
    problem(404, "Not Found", &format!("there is no carrier `{name}`: see GET carriers"))
}

fn not_started() -> HttpResponse {
    problem(409, "Conflict", "the carrier was not started yet; try again in a moment")
}
