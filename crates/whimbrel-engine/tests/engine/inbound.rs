//! Texts that come in, and receipts that speak for several parts.

use whimbrel_carriers::Ack;
use whimbrel_core::{
    AccountId, AnswerTiming, EndpointKind, InboundAlphabet, InboundContent, MessageText, ReceiptStatus,
};
use whimbrel_sms::udh::Place;
use whimbrel_sms::{Concat, ConcatRef, PartCount};
use whimbrel_store::{AccountPatch, InboundFilter, Store};

use crate::accepted;
use crate::support::{Folder, Gateway, Setup, soon};

fn text(text: &str) -> InboundContent {
    InboundContent::Text { text: MessageText::new(text), alphabet: InboundAlphabet::Gsm7 }
}

fn place(sequence: u8, total: u8) -> Option<Concat> {
    let count = |value| PartCount::new(value).expect("not 0");
    Concat::new(ConcatRef::Octet(77), Place { sequence: count(sequence), total: count(total) })
}

async fn own(gateway: &Gateway, number: &str) -> AccountId {
    let account = gateway.account();
    gateway.engine.assign_number(number, account, None).await.expect("assigned");
    let patch = AccountPatch {
        endpoints: vec![(EndpointKind::Inbound, "http://127.0.0.1:9/inbound".into())],
        ..AccountPatch::new(account, gateway.engine.world().now())
    };
    gateway.engine.patch_account(patch).await.expect("patched");
    account
}

#[tokio::test]
async fn a_text_is_stored_before_it_is_acknowledged_and_told_to_the_owner_of_its_number() {
    let folder = Folder::new("inbound");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let account = own(&gateway, "+447700900000").await;
    let token = gateway.inbound("447700900000", text("hello there"), None).await;
    assert_eq!(soon(gateway.acks.recv()).await, Some((token, Ack::Stored)));
    let (request, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    assert!(request.url.starts_with("http://127.0.0.1:9/inbound?"), "{}", request.url);
    answer.send(200).expect("awaited");
    let stored = gateway.store.inbound(&InboundFilter { count_max: 9, ..InboundFilter::default() }).expect("readable");
    assert_eq!(stored.iter().map(|text| (text.account_id, text.parts)).collect::<Vec<_>>(), [(Some(account), (1, 1))]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_text_to_a_number_that_nobody_owns_is_kept_and_told_to_nobody() {
    let folder = Folder::new("inbound-nobody");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    own(&gateway, "447700900000").await;
    gateway.engine.release_number("447700900000").await.expect("released");
    let token = gateway.inbound("447700900000", text("hello"), None).await;
    assert_eq!(soon(gateway.acks.recv()).await, Some((token, Ack::Stored)));
    let store = gateway.stop().await;
    let stats = store.stats().expect("readable");
    assert_eq!((stats.inbound, stats.notices), (1, 0));
}

#[tokio::test]
async fn parts_of_a_long_text_are_told_one_by_one_and_joined_for_reading_also_over_a_restart() {
    let folder = Folder::new("inbound-parts");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    own(&gateway, "447700900000").await;
    for (sequence, body) in [(3, "three"), (1, "one ")] {
        gateway.inbound("447700900000", text(body), place(sequence, 3)).await;
        let (request, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
        assert!(request.url.contains("concat"), "{}", request.url);
        answer.send(200).expect("awaited");
    }
    // The carrier did not hear us: the same part comes again, is acknowledged and told to nobody.
    let again = gateway.inbound("447700900000", text("one "), place(1, 3)).await;
    gateway.stop().await;
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    _ = again;
    gateway.inbound("447700900000", text("two "), place(2, 3)).await;
    let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    answer.send(200).expect("awaited");
    let stored = gateway.store.inbound(&InboundFilter { count_max: 9, ..InboundFilter::default() }).expect("readable");
    let joined: Vec<_> = stored.iter().map(|text| (text.content.clone(), text.parts)).collect();
    assert_eq!(joined, [(text("one two three"), (3, 3))]);
    assert_eq!(gateway.store.stats().expect("readable").inbound, 3);
    gateway.stop().await;
}

#[tokio::test]
async fn a_receipt_speaks_for_every_part_that_the_carrier_took_as_one() {
    let folder = Folder::new("siblings");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let long = accepted(gateway.send(&"a".repeat(400))).await;
    for _ in &long.parts {
        let part = gateway.next_submission().await;
        gateway.sent(&part, "whole", AnswerTiming::InTime).await;
    }
    let token = gateway.receipt("whole", ReceiptStatus::Delivered).await;
    assert_eq!(soon(gateway.acks.recv()).await, Some((token, Ack::Stored)));
    // Acknowledged means: all of them are settled.
    for part in &long.parts {
        assert_eq!(gateway.state_of(part.part_id), "delivered");
    }
    for _ in &long.parts {
        let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook for each part");
        answer.send(200).expect("awaited");
    }
    gateway.stop().await;
}
