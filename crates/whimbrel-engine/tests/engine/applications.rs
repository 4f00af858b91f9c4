//! Applications and the Messages API by whole requests: what a customer sends, through the dialect and the engine, to the webhook.

use serde_json::{Value, json};
use whimbrel_core::{
    AnswerTiming, CarrierError, CarrierEvent, CarrierId, Cause, InboundAlphabet, InboundContent, MessageText,
    ReceiptStatus, RefusalScope,
};
use whimbrel_dialects::Match;
use whimbrel_dialects::http::{HttpRequest, WebhookRequest};
use whimbrel_engine::Origin;
use whimbrel_signing::jwt::application::{Lifetime, NewToken, sign};
use whimbrel_signing::jwt::webhook::{Claims, Payload, verify};
use whimbrel_signing::jwt::{PrivateKey, PublicKey};
use whimbrel_signing::{Secret, UnixSeconds, Window};
use whimbrel_sms::udh::Place;
use whimbrel_sms::{Concat, ConcatRef, PartCount};
use whimbrel_store::Store;

use crate::support::{Folder, Gateway, Setup, soon};

/// `key:secret`, the account of the tests.
const BASIC: &str = "Basic a2V5OnNlY3JldA==";
const STATUS: &str = "http://127.0.0.1:9/status";
const INBOUND: &str = "http://127.0.0.1:9/inbound";
const NUMBER: &str = "447700900000";

/// Sends a request and gives the answer's status and document.
async fn ask(gateway: &Gateway, line: &str, authorization: &str, body: &Value) -> (u16, Value) {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).expect("JSON") };
    let headers: &[(&str, &[u8])] = &[("authorization", authorization.as_bytes())];
    let request = HttpRequest { method, path, query: Some(query), headers, body: &body };
    let dialect = whimbrel_dialects::registry::DIALECTS[0];
    let response = match dialect.read(&request, 1, gateway.engine.world().now()) {
        Match::Parsed(parsed) => {
            let outcome = gateway.engine.handle(dialect, Origin::default(), parsed.claim, parsed.call).await;
            dialect.render(&outcome, &parsed.reply)
        }
        Match::Answered(response) => response,
        Match::NotMine => panic!("{line} is nobody's"),
    };
    (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
}

/// An application with its private key.
struct Made {
    id: String,
    key: PrivateKey,
}

impl Made {
    async fn with(gateway: &Gateway, more: Value) -> Self {
        let mut wish = json!({ "name": "Shop" });
        wish.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let (status, made) = ask(gateway, "POST /v2/applications", BASIC, &wish).await;
        assert_eq!(status, 201, "{made}");
        let pem = made["keys"]["private_key"].as_str().expect("shown once");
        let key = PrivateKey::from_pem(pem).expect("a key");
        let public = PublicKey::from_pem(made["keys"]["public_key"].as_str().expect("shown")).expect("a key");
        assert_eq!((public.bits(), key.public_key().expect("a key")), (2_048, public));
        Self { id: made["id"].as_str().expect("an id").to_owned(), key }
    }

    async fn new(gateway: &Gateway) -> Self {
        let url = |url: &str| json!({ "address": url, "http_method": "POST" });
        let webhooks = json!({ "status_url": url(STATUS), "inbound_url": url(INBOUND) });
        Self::with(gateway, json!({ "capabilities": { "messages": { "webhooks": webhooks } } })).await
    }

    fn bearer(&self, gateway: &Gateway) -> String {
        let token = NewToken {
            application_id: self.id.parse().expect("a UUID"),
            issued_at: UnixSeconds(gateway.engine.world().now().unix_seconds()),
            token_id: "one",
            lifetime: Lifetime::default(),
            not_before: None,
            subject: None,
            acl: None,
        };
        format!("Bearer {}", sign(&token, &self.key).expect("signed"))
    }
}

fn text(text: &str) -> Value {
    json!({ "message_type": "text", "channel": "sms", "to": "447700900123", "from": "Acme", "text": text })
}

/// The next webhook, taken, with what its token says.
async fn told(gateway: &mut Gateway) -> (WebhookRequest, Value, Claims) {
    let (request, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    answer.send(200).expect("awaited");
    let (_, bearer) = request.headers.iter().find(|(name, _)| *name == "Authorization").expect("signed");
    let token = bearer.strip_prefix("Bearer ").expect("a token");
    let window = Window { past_seconds: 60, future_seconds: 0 };
    let now = UnixSeconds(gateway.engine.world().now().unix_seconds());
    let claims = verify(token, Payload::Body(&request.body), Secret::new("signature"), window, now).expect("verified");
    let body = serde_json::from_slice(&request.body).expect("JSON");
    (request, body, claims)
}

#[tokio::test]
async fn a_text_sent_by_an_application_is_told_to_it_as_a_whole() {
    let folder = Folder::new("application-sends");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let application = Made::new(&gateway).await;
    let bearer = application.bearer(&gateway);
    let (status, sent) = ask(&gateway, "POST /v1/messages", &bearer, &text(&"x".repeat(200))).await;
    assert_eq!(status, 202, "{sent}");
    let parts = [gateway.next_submission().await, gateway.next_submission().await];
    gateway.sent(&parts[0], "a", AnswerTiming::InTime).await;
    gateway.sent(&parts[1], "b", AnswerTiming::InTime).await;
    let (request, submitted, claims) = told(&mut gateway).await;
    assert_eq!((request.url.as_str(), &submitted["status"]), (STATUS, &json!("submitted")));
    assert_eq!((&submitted["message_uuid"], &submitted["sms"]["count_total"]), (&sent["message_uuid"], &json!("2")));
    assert_eq!(claims.application_id.map(|id| id.to_string()), Some(application.id.clone()));

    gateway.receipt("b", ReceiptStatus::Delivered).await;
    gateway.receipt("a", ReceiptStatus::Delivered).await;
    let (_, delivered, _) = told(&mut gateway).await;
    assert_eq!((&delivered["status"], &delivered["usage"]["price"]), (&json!("delivered"), &json!("0.0666")));
    let store = gateway.stop().await;
    assert_eq!(store.stats().expect("read").notices, 0, "each step is told once");
}

#[tokio::test]
async fn a_message_of_which_a_part_fails_is_rejected_once() {
    let folder = Folder::new("application-fails");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let application = Made::new(&gateway).await;
    let (status, _) = ask(&gateway, "POST /v1/messages", &application.bearer(&gateway), &text(&"x".repeat(200))).await;
    assert_eq!(status, 202);
    let parts = [gateway.next_submission().await, gateway.next_submission().await];
    let refused = |part_id, attempt, at| CarrierEvent::Refused {
        carrier: CarrierId(1),
        part_id,
        attempt,
        error: CarrierError::Permanent {
            cause: Cause::Unreachable,
            status: ReceiptStatus::Failed,
            code: "11".into(),
            scope: RefusalScope::Everywhere,
        },
        at,
    };
    let now = gateway.engine.world().now();
    gateway.tell(refused(parts[0].part_id, parts[0].attempt, now)).await;
    let (_, rejected, _) = told(&mut gateway).await;
    assert_eq!((&rejected["status"], &rejected["error"]["title"]), (&json!("rejected"), &json!("1260")));
    gateway.tell(refused(parts[1].part_id, parts[1].attempt, now)).await;
    gateway.until(|| gateway.state_of(parts[1].part_id) == "failed").await;
    let store = gateway.stop().await;
    assert_eq!(store.stats().expect("read").notices, 0, "the end is told once");
}

#[tokio::test]
async fn both_apis_tell_in_their_own_words() {
    let folder = Folder::new("application-beside");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let mut message = text("hello");
    message["webhook_url"] = json!("http://127.0.0.1:9/own");
    message["webhook_version"] = json!("v0.1");
    assert_eq!(ask(&gateway, "POST /v1/messages", BASIC, &message).await.0, 202);
    let part = gateway.next_submission().await;
    gateway.sent(&part, "a", AnswerTiming::InTime).await;
    let (request, body, claims) = told(&mut gateway).await;
    assert_eq!((request.url.as_str(), &body["to"]["type"]), ("http://127.0.0.1:9/own", &json!("sms")));
    assert_eq!(claims.application_id, None);

    let form = format!("POST /sms/json?to={NUMBER}&from=Acme&text=hello");
    assert_eq!(ask(&gateway, &form, BASIC, &Value::Null).await.0, 200);
    let part = gateway.next_submission().await;
    gateway.sent(&part, "b", AnswerTiming::InTime).await;
    gateway.receipt("b", ReceiptStatus::Delivered).await;
    let (request, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    answer.send(200).expect("awaited");
    assert!(request.url.starts_with("http://127.0.0.1:9/receipt?msisdn="), "{}", request.url);
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_is_good_as_long_as_its_application_has_the_key() {
    let folder = Folder::new("application-keys");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let application = Made::new(&gateway).await;
    let bearer = application.bearer(&gateway);
    let status = async |gateway: &Gateway, bearer: &str| ask(gateway, "POST /v1/messages", bearer, &text("x")).await.0;
    assert_eq!(status(&gateway, &bearer).await, 202);

    // Over a restart.
    gateway.stop().await;
    let gateway = Gateway::start(&folder, Setup::default()).await;
    assert_eq!(status(&gateway, &bearer).await, 202);

    // Another key beside it, then alone.
    let account = gateway.account();
    let rotate = async |seconds| {
        let overlap = whimbrel_core::Span::seconds(seconds);
        let new = whimbrel_core::KeyWish::New;
        let rotated = gateway.engine.rotate_application_key(account, &application.id, new, overlap).await;
        let (_, key) = rotated.expect("rotated");
        Made { id: application.id.clone(), key: PrivateKey::from_pem(key.expect("made").expose()).expect("a key") }
    };
    let second = rotate(600).await;
    assert_eq!((status(&gateway, &bearer).await, status(&gateway, &second.bearer(&gateway)).await), (202, 202));
    let third = rotate(0).await;
    assert_eq!((status(&gateway, &bearer).await, status(&gateway, &second.bearer(&gateway)).await), (401, 401));
    assert_eq!(status(&gateway, &third.bearer(&gateway)).await, 202);

    // Gone, for good.
    let path = format!("/v2/applications/{}", application.id);
    assert_eq!(ask(&gateway, &format!("DELETE {path}"), BASIC, &Value::Null).await.0, 204);
    assert_eq!(ask(&gateway, &format!("DELETE {path}"), BASIC, &Value::Null).await.0, 404);
    assert_eq!(status(&gateway, &third.bearer(&gateway)).await, 401);
    gateway.stop().await;
}

#[tokio::test]
async fn an_application_is_changed_listed_and_never_shows_its_private_key_again() {
    let folder = Folder::new("application-crud");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let application = Made::new(&gateway).await;
    let path = format!("/v2/applications/{}", application.id);
    let (status, shown) = ask(&gateway, &format!("GET {path}"), BASIC, &Value::Null).await;
    assert_eq!((status, shown["keys"]["private_key"].is_null()), (200, true));
    let (status, changed) = ask(&gateway, &format!("PUT {path}"), BASIC, &json!({ "name": "Other" })).await;
    assert_eq!((status, &changed["name"], &changed["capabilities"]), (200, &json!("Other"), &json!({})));
    assert_eq!(changed["keys"], shown["keys"], "a key that is not named stays");

    Made::with(&gateway, json!({})).await;
    let (_, page) = ask(&gateway, "GET /v2/applications?page_size=1", BASIC, &Value::Null).await;
    let links = &page["_links"];
    assert_eq!((&page["total_items"], &page["total_pages"]), (&json!(2), &json!(2)));
    assert_eq!(page["_embedded"]["applications"][0]["id"], json!(application.id), "the first made comes first");
    let next = links["next"]["href"].as_str().expect("a next page");
    let (_, page) = ask(&gateway, &format!("GET {next}"), BASIC, &Value::Null).await;
    assert!(page["_links"]["next"].is_null() && !page.to_string().contains("PRIVATE"));
    for unknown in ["ABC123", "00000000-0000-4000-8000-000000000000"] {
        let (status, problem) = ask(&gateway, &format!("GET /v2/applications/{unknown}"), BASIC, &Value::Null).await;
        let detail = format!("ID '{unknown}' does not exist, or you do not have access");
        assert_eq!((status, &problem["detail"]), (404, &json!(detail)));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_text_for_a_number_of_an_application_is_told_to_it_whole() {
    let folder = Folder::new("application-inbound");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let application = Made::new(&gateway).await;
    gateway.engine.assign_number(NUMBER, gateway.account(), None).await.expect("assigned");
    let link = format!("POST /number/update?country=GB&msisdn={NUMBER}&app_id={}", application.id);
    assert_eq!(ask(&gateway, &link, BASIC, &Value::Null).await.0, 200);

    let part = |text: &str| InboundContent::Text { text: MessageText::new(text), alphabet: InboundAlphabet::Gsm7 };
    let count = |value| PartCount::new(value).expect("not 0");
    let place = |sequence| Concat::new(ConcatRef::Octet(7), Place { sequence: count(sequence), total: count(2) });
    gateway.inbound(NUMBER, part("world"), place(2)).await;
    gateway.inbound(NUMBER, part("stop the "), place(1)).await;
    let (request, body, claims) = told(&mut gateway).await;
    assert_eq!((request.url.as_str(), &body["text"]), (INBOUND, &json!("stop the world")));
    assert_eq!((&body["sms"]["num_messages"], &body["sms"]["keyword"]), (&json!("2"), &json!("STOP")));
    assert_eq!(claims.application_id.map(|id| id.to_string()), Some(application.id.clone()));

    // Kept over a restart, and told then.
    gateway.inbound(NUMBER, part("again"), None).await;
    let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    answer.send(503).expect("awaited");
    gateway.until(|| gateway.store.notices(None, 9).expect("read").iter().any(|notice| notice.failures == 1)).await;
    let store = gateway.stop().await;
    let notices = store.notices(None, 9).expect("read");
    let whimbrel_core::Told::Inbound(kept) = &notices[0].told else { panic!("{notices:?}") };
    assert_eq!((notices.len(), kept.part_count), (1, 1));
    assert_eq!(kept.part.content, part("again"));
}

#[tokio::test]
async fn an_endpoint_that_says_never_is_not_asked_again() {
    let folder = Folder::new("application-never");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let application = Made::new(&gateway).await;
    for (status, kept) in [(404, 0), (429, 1), (500, 2)] {
        assert_eq!(ask(&gateway, "POST /v1/messages", &application.bearer(&gateway), &text("x")).await.0, 202);
        let part = gateway.next_submission().await;
        gateway.sent(&part, "a", AnswerTiming::InTime).await;
        let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        answer.send(status).expect("awaited");
        gateway
            .until(|| {
                let notices = gateway.store.notices(None, 9).expect("read");
                notices.len() == kept && notices.iter().all(|notice| notice.failures == 1)
            })
            .await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_text_cannot_be_marked_and_only_its_owner_learns_that_it_is_there() {
    let folder = Folder::new("application-mark");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, sent) = ask(&gateway, "POST /v1/messages", BASIC, &text("x")).await;
    let uuid = sent["message_uuid"].as_str().expect("an id");
    let read = json!({ "status": "read" });
    assert_eq!(ask(&gateway, &format!("PATCH /v1/messages/{uuid}"), BASIC, &read).await.0, 422);
    let (status, problem) = ask(&gateway, "PATCH /v1/messages/asdf", BASIC, &read).await;
    assert_eq!((status, &problem["detail"]), (404, &json!("Message with ID asdf not found")));
    let other = "00000000-0000-4000-8000-000000000000";
    assert_eq!(ask(&gateway, &format!("PATCH /v1/messages/{other}"), BASIC, &read).await.0, 404);
    gateway.stop().await;
}
