//! Webhooks to hosts that are slow: whom they hold up, and whom not.

use std::sync::atomic::Ordering;

use whimbrel_core::{AnswerTiming, EndpointKind, Outcome, ReceiptStatus, Span};
use whimbrel_dialects::WebhookTest;
use whimbrel_dialects::http::WebhookRequest;
use whimbrel_engine::WebhookTestError;
use whimbrel_store::{AccountPatch, Store};

use super::accepted;
use super::support::{Folder, Gateway, PLACES_OF_HOST, Setup, soon};

const SLOW: &str = "http://127.0.0.1:9/";

/// An account's texts that arrive: there is a webhook for each.
pub async fn deliver(gateway: &mut Gateway, key: &str, count: usize) {
    for number in 0..count {
        let id = format!("{key}-{number}");
        accepted(gateway.send_as(key, "secret", "127.0.0.1", &id)).await;
        let part = gateway.next_submission().await;
        gateway.sent(&part, &id, AnswerTiming::InTime).await;
        gateway.receipt(&id, ReceiptStatus::Delivered).await;
        soon(gateway.acks.recv()).await.expect("a receipt is acknowledged");
    }
}

async fn call(gateway: &mut Gateway) -> (WebhookRequest, tokio::sync::oneshot::Sender<u16>) {
    soon(gateway.webhooks.recv()).await.expect("a webhook")
}

fn go_on(gateway: &Gateway, span: Span) {
    gateway.set_clock(gateway.clock().now() + span);
}

async fn open_elsewhere(gateway: &Gateway, key: &str) {
    let id = gateway.open(key, "secret", "signature").await;
    let endpoints = vec![(EndpointKind::Receipt, "http://127.0.0.2:9/".into())];
    let patch = AccountPatch { endpoints, ..AccountPatch::new(id, gateway.clock().now()) };
    gateway.engine.patch_account(patch).await.expect("changed");
}

#[tokio::test]
async fn a_slow_host_of_many_accounts_holds_up_no_other() {
    let folder = Folder::new("slow-host");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    // More than there are under way at once.
    let accounts: Vec<String> = (0..17).map(|number| format!("slow{number}")).collect();
    for key in &accounts {
        gateway.open(key, "secret", "signature").await;
        deliver(&mut gateway, key, PLACES_OF_HOST).await;
    }
    open_elsewhere(&gateway, "other").await;
    deliver(&mut gateway, "other", 1).await;
    let mut under_way = Vec::new();
    for _ in 0..PLACES_OF_HOST {
        let (request, answer) = call(&mut gateway).await;
        assert!(request.url.starts_with(SLOW), "{}", request.url);
        under_way.push(answer);
    }
    let (request, answer) = call(&mut gateway).await;
    assert!(!request.url.starts_with(SLOW), "{}", request.url);
    answer.send(200).expect("awaited");
    // Whoever waited has their turn, once.
    for answer in under_way {
        answer.send(200).expect("awaited");
    }
    for _ in PLACES_OF_HOST..accounts.len() * PLACES_OF_HOST {
        call(&mut gateway).await.1.send(200).expect("awaited");
    }
    let store = std::sync::Arc::clone(&gateway.store);
    gateway.until(|| store.stats().expect("readable").notices == 0).await;
    assert!(gateway.webhooks.try_recv().is_err(), "none came twice");
    gateway.stop().await;
}

#[tokio::test]
async fn who_waits_too_long_for_a_place_comes_again_and_nothing_failed() {
    let folder = Folder::new("no-place");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    deliver(&mut gateway, "key", PLACES_OF_HOST).await;
    let mut under_way = Vec::new();
    for _ in 0..PLACES_OF_HOST {
        under_way.push(call(&mut gateway).await.1);
    }
    let late = gateway.open("late", "secret", "signature").await;
    deliver(&mut gateway, "late", 1).await;
    gateway.until(|| gateway.waited_count.load(Ordering::SeqCst) == 1).await;
    let engine = std::sync::Arc::clone(&gateway.engine);
    let test = tokio::spawn(async move { engine.test_webhook(late, EndpointKind::Receipt, WebhookTest::Ping).await });
    gateway.until(|| gateway.waited_count.load(Ordering::SeqCst) == 2).await;
    go_on(&gateway, Span::seconds(11));
    assert_eq!(soon(test).await.expect("no panic").map(|_| ()), Err(WebhookTestError::Busy));
    for answer in under_way {
        answer.send(200).expect("its own time is not over");
    }
    let store = std::sync::Arc::clone(&gateway.store);
    gateway.until(|| store.stats().expect("readable").notices == 1).await;
    go_on(&gateway, Span::seconds(11));
    let (_, answer) = call(&mut gateway).await;
    let failures =
        || store.notices(None, 9).expect("readable").iter().map(|notice| notice.failures).collect::<Vec<_>>();
    assert_eq!(failures(), [0]);
    answer.send(500).expect("awaited");
    gateway.until(|| failures() == [1]).await;
    gateway.stop().await;
}

#[tokio::test]
async fn an_endpoint_gets_the_next_webhook_though_the_disk_has_not_taken_its_answer() {
    let folder = Folder::new("webhooks-full");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    gateway.open("fast", "secret", "signature").await;
    deliver(&mut gateway, "fast", 40).await;
    let mut under_way = Vec::new();
    for _ in 0..PLACES_OF_HOST {
        under_way.push(call(&mut gateway).await.1);
    }
    gateway.until(|| gateway.store.stats().is_ok_and(|stats| stats.notices == 40)).await;
    gateway.store.limit_pages(1).expect("the limit is taken");
    for _ in 0..2_000 {
        if let Outcome::Refused(_) = soon(gateway.send(&"x".repeat(600))).await.expect("no panic") {
            break;
        }
    }
    assert!(gateway.engine.store_stopped().is_some(), "the disk is full");
    under_way.drain(..).for_each(|answer| answer.send(200).expect("awaited"));
    for _ in PLACES_OF_HOST..40 {
        let (_, answer) = call(&mut gateway).await;
        answer.send(200).expect("awaited");
    }
    assert_eq!(gateway.store.stats().expect("readable").notices, 40, "nothing of it is stored");
    gateway.store.limit_pages(1_000_000).expect("the limit is taken");
    gateway.until(|| gateway.store.stats().is_ok_and(|stats| stats.notices == 0)).await;
    assert!(gateway.webhooks.try_recv().is_err(), "each was sent once");
    gateway.stop().await;
}

#[tokio::test]
async fn a_store_that_stopped_ends_webhooks_since_all_of_them_would_come_again() {
    let folder = Folder::new("webhooks-stopped");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    // Two endpoints of one host, so that some wait for a place with it, and more than may be under way.
    for key in ["first", "second"] {
        gateway.open(key, "secret", "signature").await;
        deliver(&mut gateway, key, 20).await;
    }
    let mut under_way = Vec::new();
    for _ in 0..PLACES_OF_HOST {
        under_way.push(call(&mut gateway).await.1);
    }
    gateway.store.fail_log("a flush failed").expect("it runs");
    gateway.until(|| gateway.engine.store_stopped().is_some()).await;
    under_way.drain(..).for_each(|answer| answer.send(200).expect("awaited"));
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(gateway.webhooks.try_recv().is_err(), "nothing more is sent");
    let store = gateway.stop().await;
    assert_eq!(store.notices(None, 100).expect("readable").len(), 40, "all of it comes again after a restart");
}
