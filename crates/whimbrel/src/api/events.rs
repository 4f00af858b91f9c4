//! `GET events`: what happens, as it happens, as server-sent events (WHATWG HTML, "Server-sent events").

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use whimbrel_core::{AccountId, MessageId, Span};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::events::{About, Event, Heard, Listener};
use whimbrel_engine::{Engine, Origin};

use super::messages::{public_id, read_id};
use super::streams::{self, Begun, Place};
use super::{Api, Known, json::bad, shown_to};
use crate::server::{Answer, IncomingRequest, Shutdown};

/// A comment goes out after so long without an event, so that both ends know that the other one lives.
const HEARTBEAT: Span = Span::seconds(15);

/// Which events a client wants.
#[derive(Default)]
struct Wanted {
    account: Option<AccountId>,
    message: Option<MessageId>,
    after: Option<u64>,
    /// Whether it is an account's owner who hears them.
    is_for_owner: bool,
}

/// Whoever listens.
struct Client {
    place: Place,
    sender: mpsc::Sender<Bytes>,
}

/// `GET events?account=&message=`, from `Last-Event-ID` on if that is sent; an owner hears of
/// their own account only.
pub(super) async fn stream(api: &Api, request: &IncomingRequest, known: &Known, origin: Origin) -> Answer {
    let mut wanted = match read_wanted(api, request).await {
        Ok(wanted) => wanted,
        Err(refused) => return refused.into(),
    };
    match (known.person.account(), wanted.account) {
        (Some(own), Some(other)) if own != other => return super::accounts::unknown().into(),
        (Some(own), _) => (wanted.account, wanted.is_for_owner) = (Some(own), true),
        (None, _) => {}
    }
    let place = match api.stream_place(known, origin) {
        Ok(place) => place,
        Err(refused) => return refused.into(),
    };
    let listener = api.engine.events().listen(wanted.after);
    let Begun { sender, answer } = streams::begin();
    let (engine, stop) = (Arc::clone(&api.engine), api.stop.clone());
    tokio::spawn(async move {
        feed(&engine, listener, &wanted, Client { place, sender }, stop).await;
    });
    answer
}

async fn read_wanted(api: &Api, request: &IncomingRequest) -> Result<Wanted, HttpResponse> {
    let mut wanted = Wanted::default();
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match &*name {
            "account" => wanted.account = Some(super::accounts::find(api, &value)?),
            "message" => {
                let id = read_id(api, &value).await?.ok_or_else(|| bad("`message` must be the id of a message"))?;
                wanted.message = Some(MessageId(id));
            }
            other => {
                let other: String = other.chars().take(40).collect();
                return Err(bad(&format!("`{other}` is no parameter here; the parameters are account, message")));
            }
        }
    }
    wanted.after = request.header("last-event-id").and_then(|id| id.trim().parse().ok());
    Ok(wanted)
}

/// Sends events until the client goes away or the server stops.
async fn feed(engine: &Arc<Engine>, mut listener: Listener, wanted: &Wanted, client: Client, mut stop: Shutdown) {
    let world = engine.world();
    let mut quiet_until = world.now() + HEARTBEAT;
    loop {
        let piece = tokio::select! {
            biased;
            () = stop.requested() => return,
            () = client.sender.closed() => return,
            heard = listener.next() => match heard {
                Heard::Event(event) if wants(wanted, &event) => shown(wanted, &event),
                Heard::Event(_) => continue,
                Heard::Missed(count) => format!("event: missed\ndata: {{\"count\":{count}}}\n\n"),
                Heard::End => return,
            },
            () = world.sleep_until(quiet_until) => ": nothing happened\n\n".to_owned(),
        };
        if !client.place.holds() {
            return;
        }
        quiet_until = world.now() + HEARTBEAT;
        tokio::select! {
            biased;
            () = stop.requested() => return,
            sent = client.sender.send(piece.into()) => if sent.is_err() { return },
        }
    }
}

fn wants(wanted: &Wanted, event: &Event) -> bool {
    let message = match event.about {
        About::Message { message_id, .. } | About::Part { message_id, .. } => Some(message_id),
        About::Inbound { .. } | About::Carrier { .. } | About::Account { .. } | About::Gateway => None,
    };
    (wanted.account.is_none() || wanted.account == event.account_id)
        && (wanted.message.is_none() || wanted.message == message)
}

fn shown(wanted: &Wanted, event: &Event) -> String {
    let mut data = json!({ "at": event.at.to_string(), "kind": event.kind });
    let more = match &event.about {
        About::Message { message_id, dialect, part_count } => {
            json!({ "message": public_id(dialect, message_id.0, None), "dialect": dialect, "parts": part_count })
        }
        About::Part { message_id, part_id, number, dialect } => json!({
            "message": public_id(dialect, message_id.0, None), "part": public_id(dialect, part_id.0, None), "number": number,
        }),
        About::Inbound { inbound_id, number } => {
            json!({ "inbound": format!("{:x}", inbound_id.0), "to": number })
        }
        About::Carrier { name } => json!({ "carrier": name }),
        About::Account { key } => json!({ "key": key }),
        About::Gateway => json!({}),
    };
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
        let detail =
            if wanted.is_for_owner { shown_to::detail_for_owners(event.kind, &event.detail) } else { &event.detail };
        data.insert("detail".to_owned(), json!(detail));
    }
    format!("event: {}\nid: {}\ndata: {data}\n\n", event.kind, event.sequence)
}
