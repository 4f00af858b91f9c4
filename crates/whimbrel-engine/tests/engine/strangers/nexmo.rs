//! The routes of the first dialect, and an account that has something of everything.

use whimbrel_core::call::numbers::{Features, NumberKind};
use whimbrel_core::{
    AnswerTiming, CountryCode, Currency, EndpointKind, InboundAlphabet, InboundContent, ListKind, MessageText, Money,
    ReceiptStatus,
};
use whimbrel_dialects::PublicId;
use whimbrel_dialects::registry;
use whimbrel_engine::NewReload;
use whimbrel_store::{AccountPatch, DocumentKind, Offer, Store};

use super::{Caller, Names, Route, ask, forgotten, names_are_right, nothing, nothing_is_shown, object, own, seen};
use crate::support::{Folder, Gateway, Setup, soon};

/// `key:secret` and `stranger:str4ngerSecret`.
const OWNER: Caller = Caller("Basic a2V5OnNlY3JldA==");
const STRANGER: Caller = Caller("Basic c3RyYW5nZXI6c3RyNG5nZXJTZWNyZXQ=");

/// In texts, names, URLs and marks of the owner, and nowhere else.
const MARKS: &[&str] = &["planted", "447700900777", "447700900901", "Planted", "BEGIN PUBLIC KEY"];

pub(super) const ROUTES: &[Route] = &[
    // Texts: what is sent is the caller's own; a token of another account's application is in `applications.rs`.
    nothing("GET /sms/json"),
    nothing("POST /sms/json"),
    nothing("GET /sms/xml"),
    nothing("POST /sms/xml"),
    nothing("GET /v1/sms/json"),
    nothing("GET /v1/sms/xml"),
    nothing("POST /v1/messages"),
    object("PATCH /v1/messages/{uuid}", r#"{"status":"read"}"#),
    object("PATCH /v1/messages/{came}", r#"{"status":"read"}"#),
    // What was sent, came in or was refused.
    object("GET /search/message?id={part}", ""),
    object("GET /search/message?id={came}", ""),
    object("GET /search/messages?ids={part}&ids={came}", ""),
    own("GET /search/messages?date={day}&to={recipient}", ""),
    own("GET /search/messages?date={day}&to={number}", ""),
    own("GET /search/rejections?date={day}&to={barred}", ""),
    // Numbers.
    own("GET /account/numbers", ""),
    own("GET /account/numbers?pattern={number}", ""),
    own("GET /account/numbers?application_id={application}", ""),
    nothing("GET /account/numbers/{key}/{secret}"),
    own("GET /number/search?country=GB", ""),
    own("GET /number/search?country=GB&pattern={number}", ""),
    nothing("GET /number/search/{key}/{secret}/GB"),
    object("POST /number/buy", "country=GB&msisdn={number}"),
    nothing("POST /number/buy/{key}/{secret}/GB/{number}"),
    object("POST /number/cancel", "country=GB&msisdn={number}"),
    object("POST /number/cancel", "country=GB&msisdn={number}&target_api_key={owner}"),
    object("POST /number/update", "country=GB&msisdn={number}&moHttpUrl="),
    object("POST /number/update", "country=GB&msisdn={number}&app_id={application}"),
    // The account.
    own("GET /account/get-balance", ""),
    nothing("GET /account/get-balance/{key}/{secret}"),
    nothing("GET /account/top-up"),
    object("POST /account/top-up", "trx={payment}"),
    own("POST /account/settings", ""),
    nothing("GET /account/get-pricing/outbound/{type}"),
    nothing("GET /account/get-pricing/outbound"),
    nothing("GET /account/get-full-pricing/outbound/{type}"),
    nothing("GET /account/get-prefix-pricing/outbound/{type}"),
    nothing("GET /account/get-prefix-pricing/outbound"),
    nothing("GET /account/get-phone-pricing/outbound/{type}"),
    // Applications.
    own("GET /v2/applications", ""),
    nothing("POST /v2/applications"),
    object("GET /v2/applications/{application}", ""),
    object("PUT /v2/applications/{application}", r#"{"name":"mine","keys":{}}"#),
    object("DELETE /v2/applications/{application}", ""),
    // Secrets, below another account's key and below the own one.
    object("GET /accounts/{owner}/secrets", ""),
    object("POST /accounts/{owner}/secrets", r#"{"secret":"Str4ngerSecret2"}"#),
    object("GET /accounts/{owner}/secrets/{secret}", ""),
    object("DELETE /accounts/{owner}/secrets/{secret}", ""),
    object("GET /accounts/stranger/secrets/{secret}", ""),
    object("DELETE /accounts/stranger/secrets/{secret}", ""),
    // OAuth: what is pending is for whoever has its token; what was granted is named by nothing but a signature.
    nothing("GET /oauth/request_token"),
    nothing("POST /oauth/request_token"),
    nothing("GET /oauth/access_token"),
    nothing("POST /oauth/access_token"),
    nothing("GET /oauth/authorize"),
    nothing("POST /oauth/authorize"),
];

/// What the owner has, by the views of its own.
const VIEWS: &[&str] = &[
    "GET /search/message?id={part}",
    "GET /search/message?id={came}",
    "GET /search/messages?date={day}&to={recipient}",
    "GET /account/numbers",
    "GET /v2/applications/{application}",
    "GET /accounts/{owner}/secrets",
];

#[test]
fn no_route_is_forgotten() {
    let missing = forgotten(registry::DIALECTS[0], ROUTES);
    assert!(missing.is_empty(), "no row of the matrix is {missing:#?}");
}

/// Points an account's webhooks somewhere.
async fn point(gateway: &Gateway, account: whimbrel_core::AccountId, host: &str) {
    let urls = [EndpointKind::Receipt, EndpointKind::Inbound].map(|kind| (kind, format!("http://{host}/hook").into()));
    let patch = AccountPatch::endpoints(account, gateway.engine.world().now(), urls.to_vec());
    gateway.engine.patch_account(patch).await.expect("patched");
}

/// Gives the account `key` something of everything, and names it.
async fn furnished(gateway: &mut Gateway) -> Names {
    let dialect = registry::DIALECTS[0];
    let owner = gateway.account();
    point(gateway, owner, "planted.example").await;
    let made = ask(gateway, dialect, OWNER, "POST /v2/applications", r#"{"name":"Planted"}"#).await;
    let made: serde_json::Value = serde_json::from_slice(&made.body).expect("JSON");
    let number = "447700900901";
    let monthly = Money::new(100, Currency::EUR);
    let country = CountryCode::parse("GB").expect("two letters");
    let (kind, features) = (NumberKind::Mobile, Features::SMS);
    let offer = Offer { number: number.into(), country, kind, features, monthly, purchase: monthly };
    gateway.engine.offer_numbers(vec![offer]).await.expect("offered");
    let bought = ask(gateway, dialect, OWNER, "POST /number/buy", &format!("country=GB&msisdn={number}")).await;
    assert_eq!(bought.status, 200);
    let send = "from=planted&to=447700900777&text=planted&client-ref=planted";
    let sent = ask(gateway, dialect, OWNER, "POST /sms/json", send).await;
    let sent: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
    let part = sent["messages"][0]["message-id"].as_str().expect("an id").to_owned();
    let submission = gateway.next_submission().await;
    gateway.sent(&submission, "c1", AnswerTiming::InTime).await;
    let content = InboundContent::Text { text: MessageText::new("planted"), alphabet: InboundAlphabet::Gsm7 };
    gateway.inbound(number, content, None).await;
    let (told, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    answer.send(200).expect("awaited");
    let came = told.url.split("messageId=").nth(1).and_then(|rest| rest.split('&').next()).expect("an id").to_owned();
    let barred = ["447700900778".to_owned()];
    gateway.engine.change_list(Some(owner), ListKind::Barred, &barred, &[]).await.expect("listed");
    let arranged = NewReload { account_id: owner, reference: "T1".into(), amount: monthly, times: 3 };
    gateway.engine.arrange_reload(arranged).await.expect("arranged");
    gateway.engine.create_consumer(owner, "Planted".into()).await.expect("made");
    let Some(PublicId::Id(id)) = dialect.read_public_id(&part) else { panic!("not an id of ours: {part}") };
    let uuid = whimbrel_core::Uuid::of_id(id).to_string();
    let secret = gateway.engine.secrets(owner).expect("there")[0].id.to_string();
    let day: String = gateway.engine.world().now().to_string().chars().take(10).collect();
    let application = made["id"].as_str().expect("an id").to_owned();
    let both = |own: &str, nobodys: &str| [own.to_owned(), nobodys.to_owned()];
    let changed = |text: &str| {
        let mut text = text.to_owned();
        let last = text.pop().expect("long");
        text.push(if last == '0' { '1' } else { '0' });
        text
    };
    Names::from([
        ("application", [application.clone(), changed(&application)]),
        ("barred", both("447700900778", "447700900779")),
        ("came", [came.clone(), changed(&came)]),
        ("day", [day.clone(), day]),
        ("key", both("stranger", "stranger")),
        ("number", both(number, "447700900998")),
        ("owner", both("key", "yek")),
        ("part", [part.clone(), changed(&part)]),
        ("payment", both("T1", "T2")),
        ("recipient", both("447700900777", "447700900776")),
        ("secret", [secret.clone(), changed(&secret)]),
        ("type", both("sms", "sms")),
        ("uuid", [uuid.clone(), changed(&uuid)]),
    ])
}

#[tokio::test]
async fn a_stranger_learns_and_changes_nothing() {
    let folder = Folder::new("strangers-nexmo");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let stranger = gateway.open("stranger", "str4ngerSecret", "other").await;
    point(&gateway, stranger, "stranger.example").await;
    let names = furnished(&mut gateway).await;
    let dialect = registry::DIALECTS[0];
    names_are_right(&gateway, dialect, OWNER, ROUTES, &names).await;
    let before = seen(&gateway, dialect, OWNER, VIEWS, &names).await;
    nothing_is_shown(&gateway, dialect, STRANGER, ROUTES, &names, MARKS).await;
    assert_eq!(seen(&gateway, dialect, OWNER, VIEWS, &names).await, before, "nothing was changed");
    let consumers = gateway.engine.oauth_documents(stranger, DocumentKind::OauthConsumer).await.expect("read");
    assert!(consumers.is_empty());

    // What happens to the owner's is told to the owner alone, and the stranger's to the stranger.
    let sent = ask(&gateway, dialect, STRANGER, "POST /sms/json", "from=Mine&to=447700900001&text=mine").await;
    assert!(String::from_utf8_lossy(&sent.body).contains(r#""status": "0""#));
    let submission = gateway.next_submission().await;
    gateway.sent(&submission, "c2", AnswerTiming::InTime).await;
    for (id, host) in [("c1", "planted.example"), ("c2", "stranger.example")] {
        gateway.receipt(id, ReceiptStatus::Delivered).await;
        let (told, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        answer.send(200).expect("awaited");
        assert!(told.url.starts_with(&format!("http://{host}/hook?")), "{id} is told to {}", told.url);
        let is_of_owner = id == "c1";
        assert_eq!(told.url.contains("planted"), is_of_owner);
    }
    gateway.until(|| gateway.store.stats().expect("readable").notices == 0).await;
    assert!(gateway.webhooks.try_recv().is_err(), "each once, and nobody else");
    let store = gateway.stop().await;
    let audit = store.audit().expect("readable");
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
}
