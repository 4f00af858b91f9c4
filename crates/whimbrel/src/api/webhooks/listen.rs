//! `GET webhooks/listen`: the webhooks of an account as they are built for another address, as server-sent events. For who develops a
//! receiver; see `whimbrel listen`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc;
use whimbrel_core::{AccountId, Notice, Span, Told};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::{Engine, Origin, WebhookHeard, WebhookListener};

use crate::api::json::bad;
use crate::api::messages::public_id;
use crate::api::streams::{self, Begun, Place};
use crate::api::{Api, Known, accounts};
use crate::server::{Answer, IncomingRequest, Shutdown};

/// As of the stream of events.
const HEARTBEAT: Span = Span::seconds(15);
const URL_BYTES_MAX: usize = 2_000;

/// What a listener wants.
struct Wanted {
    account: Option<AccountId>,
    /// The address that webhooks are built and signed for.
    url: Box<str>,
}

/// Whoever listens.
struct Client {
    place: Place,
    sender: mpsc::Sender<Bytes>,
}

/// `GET webhooks/listen?url=&account=`. Each event has the whole request, its signatures too: it is for who may see an account's secrets.
pub(in crate::api) fn stream(api: &Api, request: &IncomingRequest, known: &Known, origin: Origin) -> Answer {
    let wanted = match wanted(api, request.query()) {
        Ok(wanted) => wanted,
        Err(refused) => return refused.into(),
    };
    let place = match api.stream_place(known, origin) {
        Ok(place) => place,
        Err(refused) => return refused.into(),
    };
    let listener = api.engine.listen_to_webhooks();
    let Begun { sender, answer } = streams::begin();
    let (engine, stop) = (Arc::clone(&api.engine), api.stop.clone());
    tokio::spawn(async move {
        feed(&engine, listener, &wanted, Client { place, sender }, stop).await;
    });
    answer
}

fn wanted(api: &Api, query: &str) -> Result<Wanted, HttpResponse> {
    let (mut account, mut url) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "account" => account = Some(accounts::find(api, &value)?),
            "url" => url = Some(value.into_owned()),
            _ => return Err(bad("the parameters are url and account")),
        }
    }
    let is_url = |url: &String| {
        url.len() <= URL_BYTES_MAX
            && url.parse::<http::Uri>().is_ok_and(|url| url.scheme().is_some() && url.host().is_some())
    };
    match url.filter(is_url) {
        Some(url) => Ok(Wanted { account, url: url.into() }),
        None => {
            Err(bad("`url` must be the address that webhooks are built for, such as http://localhost:3000/webhooks"))
        }
    }
}

/// Sends webhooks until the client goes away or the server stops.
async fn feed(
    engine: &Arc<Engine>,
    mut listener: WebhookListener,
    wanted: &Wanted,
    client: Client,
    mut stop: Shutdown,
) {
    let world = engine.world();
    let mut quiet_until = world.now() + HEARTBEAT;
    loop {
        let piece = tokio::select! {
            biased;
            () = stop.requested() => return,
            () = client.sender.closed() => return,
            heard = listener.next(engine) => match heard {
                WebhookHeard::Webhook(notice) if wanted.account.is_none_or(|account| account == notice.account_id) => {
                    built(engine, &notice, &wanted.url).await
                }
                WebhookHeard::Webhook(_) => continue,
                WebhookHeard::Missed(count) => format!("event: missed\ndata: {{\"count\":{count}}}\n\n"),
                WebhookHeard::End => return,
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

/// One webhook as an event; where it cannot be built, why.
async fn built(engine: &Arc<Engine>, notice: &Notice, url: &str) -> String {
    let account = engine.directory().by_id(notice.account_id).map(|entry| entry.account.key.clone());
    let (message, told) = match &notice.told {
        Told::Receipt(told) => {
            (Some(public_id(&notice.dialect, told.message_id.0, told.serial)), told.report.status.as_str())
        }
        Told::Inbound(_) => (None, "inbound"),
    };
    let mut data = json!({
        "at": engine.world().now().to_string(), "account": account, "dialect": notice.dialect,
        "kind": notice.endpoint().as_str(), "what": told, "message": message,
    });
    match engine.webhook_for(notice, url).await {
        Ok(request) => {
            let ours = request.headers.iter().map(|(name, value)| json!([name, value]));
            let custom = request.custom.iter().map(|(name, value)| json!([name, value]));
            data["request"] = json!({
                "method": request.method, "url": request.url, "headers": ours.chain(custom).collect::<Vec<_>>(),
                "body_base64": STANDARD.encode(&request.body),
            });
        }
        Err(why) => data["error"] = json!(why.to_string()),
    }
    format!("event: webhook\ndata: {data}\n\n")
}
