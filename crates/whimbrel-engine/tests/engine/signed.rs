//! Signed requests and signed webhooks through the whole engine.

use std::sync::Arc;

use whimbrel_core::policy::{KeyPolicy, SignatureRule};
use whimbrel_core::{
    AnswerTiming, ListKind, ReceiptStatus, Secret, SignatureMethod, Signing, Span, Timestamp, WebhookSigning,
};
use whimbrel_store::{AccountPatch, Store};

use super::support::{Folder, Gateway, PRICE, Setup, soon};
use super::wire::{Pairs, Request, canonical, digest, signed, status};

const METHOD: SignatureMethod = SignatureMethod::HmacSha256;

/// A text as the account `key` sends it at `second`.
fn text(text: &str, second: i64) -> Pairs {
    let pairs = [
        ("api_key", "key"),
        ("to", "447700900123"),
        ("from", "Acme"),
        ("text", text),
        ("timestamp", &second.to_string()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

async fn sign_by(gateway: &Gateway, signing: Signing) {
    let patch = AccountPatch { signing: Some(signing), ..AccountPatch::new(gateway.account(), gateway.clock().now()) };
    gateway.engine.patch_account(patch).await.expect("changed");
}

async fn start(folder: &Folder) -> Gateway {
    let gateway = Gateway::start(folder, Setup::default()).await;
    sign_by(&gateway, Signing { method: METHOD, webhooks: WebhookSigning::Unsigned }).await;
    gateway
}

fn now(gateway: &Gateway) -> i64 {
    gateway.clock().now().unix_seconds()
}

fn messages(gateway: &Gateway) -> u64 {
    gateway.store.stats().expect("readable").messages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_identical_requests_at_once_one_sends_and_all_get_its_answer() {
    let folder = Folder::new("signed-race");
    let gateway = Arc::new(start(&folder).await);
    for round in 0..20 {
        let request = Request::form(&signed(&text(&format!("round {round}"), now(&gateway)), METHOD, "signature"));
        let asked: Vec<_> = (0..16)
            .map(|_| {
                let (gateway, request) = (Arc::clone(&gateway), request.clone());
                tokio::spawn(async move { gateway.answer_to(&request).await })
            })
            .collect();
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(soon(answer).await.expect("no panic"));
        }
        assert_eq!(status(&answers[0]), "0");
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(messages(&gateway), round + 1);
    }
    let view = gateway.store.account(gateway.account()).expect("readable").expect("there");
    assert_eq!(view.wallet.held.units, 20 * PRICE);
    assert!(gateway.store.audit().expect("readable").is_clean());
}

#[tokio::test]
async fn what_was_answered_stays_answered_though_it_would_be_refused_now() {
    let folder = Folder::new("signed-later");
    let gateway = start(&folder).await;
    let request = Request::form(&signed(&text("hello", now(&gateway)), METHOD, "signature"));
    let first = gateway.answer_to(&request).await;
    assert_eq!(status(&first), "0");
    let (engine, account, number) = (&gateway.engine, Some(gateway.account()), ["447700900123".to_owned()]);
    engine.change_list(account, ListKind::Barred, &number, &[]).await.expect("changed");
    assert_eq!(gateway.answer_to(&request).await, first);
    let other = Request::form(&signed(&text("another hello", now(&gateway)), METHOD, "signature"));
    assert_eq!(status(&gateway.answer_to(&other).await), "7");
    assert_eq!(status(&gateway.answer_to(&other).await), "7", "a refusal uses nothing up");
    engine.change_list(account, ListKind::Barred, &[], &number).await.expect("changed");
    assert_eq!(status(&gateway.answer_to(&other).await), "0");
    assert_eq!(messages(&gateway), 2);
}

#[tokio::test]
async fn the_same_answer_comes_after_a_restart_and_after_a_crash() {
    let folder = Folder::new("signed-restart");
    let gateway = start(&folder).await;
    let request = Request::form(&signed(&text("hello", now(&gateway)), METHOD, "signature"));
    let first = gateway.answer_to(&request).await;
    // The files as a process that is killed now would leave them.
    let crashed = Folder::new("signed-crash");
    for file in ["whimbrel.db", "whimbrel.db-wal"] {
        std::fs::copy(folder.0.join(file), crashed.0.join(file)).expect("copied");
    }
    gateway.stop().await;
    for folder in [&folder, &crashed] {
        let gateway = Gateway::start(folder, Setup::default()).await;
        assert_eq!(gateway.answer_to(&request).await, first);
        assert_eq!(messages(&gateway), 1);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_sends_nothing_again() {
    let folder = Folder::new("signed-clock");
    let gateway = start(&folder).await;
    let begun_at = gateway.clock().now();
    let request = Request::form(&signed(&text("hello", begun_at.unix_seconds()), METHOD, "signature"));
    assert_eq!(status(&gateway.answer_to(&request).await), "0");
    gateway.set_clock(begun_at + Span::seconds(302));
    assert_eq!(status(&gateway.answer_to(&request).await), "14", "out of the window");
    for n in 0..70 {
        let later = text(&format!("later {n}"), now(&gateway));
        assert_eq!(status(&gateway.answer_to(&Request::form(&signed(&later, METHOD, "signature"))).await), "0");
    }
    gateway.set_clock(begun_at);
    let mut listener = gateway.engine.events().listen(None);
    assert_eq!(status(&gateway.answer_to(&request).await), "14", "it was forgotten, and stays used");
    let whimbrel_engine::events::Heard::Event(event) = soon(listener.next()).await else { panic!("no event") };
    assert!(event.kind == "signature.refused" && event.detail.starts_with("replayed: "), "{}", event.detail);
    assert_eq!(messages(&gateway), 71);
    let honest = text("honest", begun_at.unix_seconds() + 1);
    assert_eq!(status(&gateway.answer_to(&Request::form(&signed(&honest, METHOD, "signature"))).await), "0");
}

#[tokio::test]
async fn the_secret_before_is_good_until_its_time_is_over() {
    let folder = Folder::new("signed-rotation");
    let gateway = start(&folder).await;
    let begun_at = gateway.clock().now();
    let overlap = Span::seconds(60);
    let rotated = gateway.engine.rotate_signature_secret(gateway.account(), Secret::new("fresh"), overlap).await;
    rotated.expect("rotated");
    let ask = async |what: &str, secret: &str| {
        let request = Request::form(&signed(&text(what, now(&gateway)), METHOD, secret));
        status(&gateway.answer_to(&request).await).to_owned()
    };
    assert_eq!((ask("a", "fresh").await.as_str(), ask("b", "signature").await.as_str()), ("0", "0"));
    gateway.set_clock(begun_at + Span::seconds(62));
    assert_eq!((ask("c", "fresh").await.as_str(), ask("d", "signature").await.as_str()), ("0", "14"));
}

#[tokio::test]
async fn an_account_may_demand_signatures() {
    let folder = Folder::new("signed-required");
    let gateway = start(&folder).await;
    let policy = KeyPolicy { signature: SignatureRule::Required, ..KeyPolicy::default() };
    let patch = AccountPatch { policy: Some(policy), ..AccountPatch::new(gateway.account(), gateway.clock().now()) };
    gateway.engine.patch_account(patch).await.expect("changed");
    let with_secret = [text("hello", now(&gateway)), vec![("api_secret".to_owned(), "secret".to_owned())]].concat();
    assert_eq!(status(&gateway.answer_to(&Request::form(&with_secret)).await), "14");
    let request = Request::form(&signed(&text("hello", now(&gateway)), METHOD, "signature"));
    assert_eq!(status(&gateway.answer_to(&request).await), "0");
}

#[tokio::test]
async fn a_refused_signature_is_explained_to_who_listens() {
    let folder = Folder::new("signed-explained");
    let gateway = start(&folder).await;
    let mut listener = gateway.engine.events().listen(None);
    let pairs = text("Your code is 482917", now(&gateway));
    let unsorted: String = pairs.iter().map(|(name, value)| format!("&{name}={value}")).collect();
    let sig = digest(METHOD, unsorted.as_bytes(), "signature");
    let request = Request::form(&[pairs, vec![("sig".to_owned(), sig)]].concat());
    assert_eq!(status(&gateway.answer_to(&request).await), "14");
    let whimbrel_engine::events::Heard::Event(event) = soon(listener.next()).await else { panic!("no event") };
    assert_eq!((event.kind, event.account_id), ("signature.refused", Some(gateway.account())));
    assert!(event.detail.starts_with("not-sorted: ") && !event.detail.contains("482917"), "{}", event.detail);
}

/// The parameters of a webhook by GET.
fn pushed(url: &str) -> Pairs {
    let query = url.split_once('?').expect("a query").1;
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    &pairs.iter().find(|pair| pair.0 == name).unwrap_or_else(|| panic!("no {name}")).1
}

#[tokio::test]
async fn a_webhook_is_signed_anew_at_each_try() {
    let folder = Folder::new("signed-webhook");
    let mut gateway = start(&folder).await;
    sign_by(&gateway, Signing { method: METHOD, webhooks: WebhookSigning::Signed }).await;
    let sent = gateway.answer_to(&Request::form(&signed(&text("hello", now(&gateway)), METHOD, "signature"))).await;
    assert_eq!(status(&sent), "0");
    let part = gateway.next_submission().await;
    gateway.sent(&part, "c1", AnswerTiming::InTime).await;
    gateway.receipt("c1", ReceiptStatus::Delivered).await;
    let mut tries = Vec::new();
    for answer in [500, 503, 200] {
        let (request, answered) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        tries.push(pushed(&request.url));
        answered.send(answer).expect("awaited");
        if answer != 200 {
            let next = || gateway.store.notices(None, 1).expect("readable").pop();
            gateway.until(|| next().is_some_and(|notice| usize::try_from(notice.failures) == Ok(tries.len()))).await;
            gateway.set_clock(next().expect("to be tried again").due_at);
        }
    }
    for pairs in &tries {
        let expected = digest(METHOD, canonical(pairs).as_bytes(), "signature").to_uppercase();
        assert_eq!(value(pairs, "sig"), expected, "capitals, as the strictest receivers want it");
        assert_eq!(value(pairs, "api-key"), "key");
        assert_eq!(value(pairs, "nonce").as_bytes()[14], b'4', "a random UUID");
    }
    for name in ["sig", "nonce", "timestamp", "message-timestamp"] {
        let mut values: Vec<_> = tries.iter().map(|pairs| value(pairs, name)).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 3, "{name} is another one each time");
    }
    let at: Timestamp = gateway.clock().now();
    let seconds: i64 = value(&tries[2], "timestamp").parse().expect("seconds");
    assert!((0..60).contains(&(at.unix_seconds() - seconds)));
}
