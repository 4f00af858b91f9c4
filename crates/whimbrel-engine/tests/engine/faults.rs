//! Reads of the store that fail while it goes on writing: who was served is told so, and nobody's endpoint is blamed.

use rusqlite::Connection;
use whimbrel_core::call::record::{RecordCall, RecordKind};
use whimbrel_core::{Call, Outcome, ReceiptStatus, Span};
use whimbrel_store::Store;

use crate::many::{answers, ask, call};
use crate::support::{Folder, Gateway, PRICE, Setup, soon};

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
    gateway.dialect = whimbrel_dialects::registry::by_name("seven").expect("it is built in");
    gateway.open("key", "secret", "signature").await;
    let hook =
        r#"{"target_url":"http://127.0.0.1:9/hook","event_type":"dlr","event_filter":null,"request_method":"JSON"}"#;
    let make = RecordCall::Make { kind: RecordKind::Hook, json: hook.into(), secret: None };
    assert!(matches!(soon(gateway.ask(Call::Record(make))).await.expect("no panic"), Outcome::Record(_)));
    ask(&gateway, call(&["447700900123"])).await.expect("taken");
    let part = gateway.next_submission().await;
    spoil(&folder, "update dialect_doc set version = -1");
    gateway.sent(&part, "id", whimbrel_core::AnswerTiming::InTime).await;
    gateway.receipt("id", ReceiptStatus::Delivered).await;
    soon(gateway.acks.recv()).await;
    // The notices for all hooks cannot be spread. A minute later they can, and then each is tried for the first time.
    let looked = |store: &dyn Store| store.notices(None, 10).expect("readable");
    assert!(looked(&*gateway.store).iter().all(|notice| notice.failures == 0));
    spoil(&folder, "update dialect_doc set version = 1");
    gateway.set_clock(gateway.clock().now() + Span::seconds(61));
    let (request, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    assert_eq!(request.url, "http://127.0.0.1:9/hook");
    // One is that the carrier has it, the other that it was delivered.
    let (_, other) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    other.send(200).expect("awaited");
    spoil(&folder, "update dialect_doc set version = -1");
    // The endpoint fails once; its second try falls due while the hook cannot be read, and stays its second.
    answer.send(500).expect("awaited");
    gateway.until(|| matches!(&*looked(&*gateway.store), [notice] if notice.failures == 1)).await;
    assert!(after_a_minute(&mut gateway).await.is_none(), "nothing is sent while it cannot be read");
    spoil(&folder, "update dialect_doc set version = 1");
    let again = async {
        loop {
            if let Some(answer) = after_a_minute(&mut gateway).await {
                break answer;
            }
        }
    };
    let answer = soon(again).await;
    assert!(looked(&*gateway.store).iter().all(|notice| notice.failures <= 1));
    answer.send(200).expect("awaited");
    gateway.stop().await;
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
