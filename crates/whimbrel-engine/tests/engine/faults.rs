//! Reads of the store that fail while it goes on writing: who was served is told so, and nobody's endpoint is blamed.

use rusqlite::Connection;
use whimbrel_core::call::record::{RecordCall, RecordKind};
use whimbrel_core::{Call, InboundAlphabet, InboundContent, MessageText, Outcome, Span};
use whimbrel_store::Store;

use crate::many::{answers, ask, call};
use crate::support::{Folder, Gateway, PRICE, Setup, soon};
use crate::webhooks::deliver;

const HOOK: &str =
    r#"{"target_url":"http://127.0.0.1:9/hook","event_type":"sms_mo","event_filter":null,"request_method":"JSON"}"#;

/// Spoils rows behind the store's back; the writer, which has what it needs in memory, does not see it.
fn spoil(folder: &Folder, sql: &str) {
    let raw = Connection::open(folder.0.join("whimbrel.db")).expect("opens");
    raw.busy_timeout(std::time::Duration::from_secs(10)).expect("set");
    raw.execute_batch(sql).expect("spoilt");
}

#[tokio::test]
async fn a_balance_that_cannot_be_read_is_the_one_that_the_last_message_was_told() {
    let folder = Folder::new("faults-balance");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    spoil(&folder, "update account set capture_on = 'sideways'");
    assert!(gateway.store.account(gateway.account()).is_err(), "the read fails");
    let sent = ask(&gateway, call(&["447700900001", "12", "447700900002"])).await.expect("taken, and told so");
    assert_eq!(answers(&sent).iter().filter(|answer| answer.is_ok()).count(), 2);
    assert_eq!(sent.balance.units, 100 * 100_000_000 - 2 * PRICE);
    // Of what was not sent nothing is known but that the fault is ours.
    assert!(ask(&gateway, call(&["12"])).await.is_err());
    gateway.stop().await;
}

#[tokio::test]
async fn a_hook_that_cannot_be_read_is_no_try_of_its_endpoint() {
    let folder = Folder::new("faults-hook");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    hook(&mut gateway).await;
    let failures = |store: &dyn Store| {
        let notices = store.notices(None, 10).expect("readable");
        notices.iter().map(|notice| notice.failures).collect::<Vec<_>>()
    };
    let (broken, whole) = ("update dialect_doc set version = -1", "update dialect_doc set version = 1");
    spoil(&folder, broken);
    text_comes_in(&mut gateway).await;
    // The notice for all hooks cannot be made one for each. Once it can, it is tried for the first time.
    assert!(after_a_minute(&mut gateway).await.is_none(), "nothing is sent while it cannot be read");
    assert_eq!(failures(&*gateway.store), [0]);
    spoil(&folder, whole);
    let answer = some_minutes_later(&mut gateway).await;
    // The endpoint fails once; its second try falls due while the hook cannot be read, and is its second all the same.
    spoil(&folder, broken);
    answer.send(500).expect("awaited");
    gateway.until(|| failures(&*gateway.store) == [1]).await;
    for _ in 0..3 {
        assert!(after_a_minute(&mut gateway).await.is_none(), "nothing is sent while it cannot be read");
    }
    assert_eq!(failures(&*gateway.store), [1]);
    spoil(&folder, whole);
    some_minutes_later(&mut gateway).await.send(200).expect("awaited");
    gateway.until(|| failures(&*gateway.store).is_empty()).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_webhook_for_hooks_that_cannot_be_stored_is_the_end_of_all() {
    let folder = Folder::new("faults-stopped");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    deliver(&mut gateway, "key", 1).await;
    // The webhook fails until it is due in a while only: what becomes of the hook's comes first.
    let first = |store: &dyn Store| store.notices(None, 10).expect("readable").swap_remove(0);
    while first(&*gateway.store).due_at < gateway.clock().now() + Span::seconds(600) {
        let notice = first(&*gateway.store);
        let failures = notice.failures;
        if notice.due_at > gateway.clock().now() {
            gateway.set_clock(notice.due_at);
        }
        let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        answer.send(500).expect("awaited");
        gateway.until(|| first(&*gateway.store).failures > failures).await;
    }
    hook(&mut gateway).await;
    spoil(&folder, "update dialect_doc set version = -1");
    text_comes_in(&mut gateway).await;
    assert!(after_a_minute(&mut gateway).await.is_none(), "nothing is sent while it cannot be read");
    gateway.store.fail_log("a flush failed").expect("it runs");
    gateway.until(|| gateway.engine.store_stopped().is_some()).await;
    spoil(&folder, "update dialect_doc set version = 1");
    for _ in 0..30 {
        assert!(after_a_minute(&mut gateway).await.is_none(), "nobody's webhook is sent");
    }
    assert_eq!(gateway.store.notices(None, 10).expect("readable").len(), 2, "both wait for the restart");
    gateway.stop().await;
}

/// Goes on as seven's customers do, with an account that has a number and a hook for what comes in for it.
async fn hook(gateway: &mut Gateway) {
    gateway.dialect = whimbrel_dialects::registry::by_name("seven").expect("it is built in");
    let account = gateway.open("key", "secret", "signature").await;
    gateway.engine.assign_number("447700900901", account, None).await.expect("assigned");
    let make = RecordCall::Make { kind: RecordKind::Hook, json: HOOK.into(), secret: None };
    assert!(matches!(soon(gateway.ask(Call::Record(make))).await.expect("no panic"), Outcome::Record(_)));
}

async fn text_comes_in(gateway: &mut Gateway) {
    let content = InboundContent::Text { text: MessageText::new("hello"), alphabet: InboundAlphabet::Gsm7 };
    gateway.inbound("447700900901", content, None).await;
    soon(gateway.acks.recv()).await;
}

/// Lets minutes pass until a webhook comes. One that is under way when the clock moves has waited for too long: so nothing may be due
/// before, and what is due then gets seconds to come before another minute passes.
async fn some_minutes_later(gateway: &mut Gateway) -> tokio::sync::oneshot::Sender<u16> {
    let minutes = async {
        loop {
            gateway.set_clock(gateway.clock().now() + Span::seconds(61));
            let due = tokio::time::timeout(std::time::Duration::from_secs(3), gateway.webhooks.recv());
            if let Ok(called) = due.await {
                break called.expect("a webhook").1;
            }
        }
    };
    soon(minutes).await
}

/// Lets a minute pass, and what is due be done. Answers the webhook that comes of it.
async fn after_a_minute(gateway: &mut Gateway) -> Option<tokio::sync::oneshot::Sender<u16>> {
    gateway.set_clock(gateway.clock().now() + Span::seconds(61));
    for _ in 0..100 {
        gateway.engine.read(|store| store.stats()).await.expect("readable");
        if let Ok((_, answer)) = gateway.webhooks.try_recv() {
            return Some(answer);
        }
    }
    None
}
