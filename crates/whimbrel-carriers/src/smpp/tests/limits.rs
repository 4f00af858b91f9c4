//! The window, back-pressure, and signs of life.

use std::time::Duration;

use whimbrel_core::CarrierEvent;
use whimbrel_smpp::{Address, Body, CommandStatus, ShortMessage};

use super::harness::{Fixture, Options, outcome, submission};
use crate::Ack;

#[tokio::test(start_paused = true)]
async fn no_more_than_the_window_is_unanswered() {
    let (mut fixture, mut peer) = Fixture::bound(Options { window_max: 2, ..Options::default() }).await;
    fixture.submit(1);
    fixture.submit(2);
    let (first, _) = peer.submit().await;
    peer.submit().await;
    // An engine that counts never does this; the carrier holds the window all the same, and its own bound.
    fixture.submit(3);
    fixture.submit(4);
    let refused = fixture.carrier.submit(submission(5)).expect_err("there is no room");
    assert_eq!(refused.part_id.0, 5);
    let silent = tokio::time::timeout(Duration::from_secs(5), peer.pdu()).await;
    assert!(silent.is_err(), "{silent:?}");
    peer.take(first, "1").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 sent"));
    peer.submit().await;
}

#[tokio::test(start_paused = true)]
async fn the_carriers_question_is_answered_while_the_window_is_full() {
    let (fixture, mut peer) = Fixture::bound(Options { window_max: 1, ..Options::default() }).await;
    fixture.submit(1);
    peer.submit().await;
    fixture.submit(2);
    peer.send(CommandStatus::ROK, 0xFFFF_FFFF, Body::EnquireLink).await;
    let pdu = peer.pdu().await.expect("an answer comes");
    assert_eq!((pdu.sequence, pdu.body), (0xFFFF_FFFF, Body::EnquireLinkResp));
}

#[tokio::test(start_paused = true)]
async fn a_silent_carrier_is_asked_and_then_given_up() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let started = tokio::time::Instant::now();
    let pdu = peer.pdu().await.expect("a question comes");
    assert_eq!((pdu.body, started.elapsed().as_secs()), (Body::EnquireLink, 30));
    let CarrierEvent::Down { link: Some(_), why, .. } = fixture.event().await else { panic!("not down") };
    assert_eq!(started.elapsed().as_secs(), 45);
    assert!(why.contains("silent"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn while_events_are_not_taken_nothing_is_read_and_nobody_is_given_up() {
    const COUNT: u32 = 400;
    let options = Options { events: 1, capacity: 2_048, ..Options::default() };
    let (mut fixture, mut peer) = Fixture::bound(options).await;
    let delivering = tokio::spawn(async move {
        for sequence in 1..=COUNT {
            let message = ShortMessage {
                esm_class: 0x04,
                source: Address { ton: 1, npi: 1, digits: b"447700900123".to_vec() },
                short_message: format!("id:{sequence} stat:DELIVRD").into_bytes(),
                ..ShortMessage::default()
            };
            peer.deliver(sequence, message).await;
        }
        peer
    });
    // Longer than any wait there is: the silence is ours.
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert!(!delivering.is_finished(), "everything was read though nobody took the events");
    for sequence in 1..=COUNT {
        let event = fixture.event().await;
        let CarrierEvent::Receipt { receipt, ack, .. } = event else { panic!("no receipt: {event:?}") };
        assert_eq!((receipt.raw_id.into_string(), ack.sequence), (sequence.to_string(), sequence));
        fixture.carrier.acknowledge(ack, Ack::Stored);
    }
    let mut peer = delivering.await.expect("the centre is done");
    for _ in 0..COUNT {
        let pdu = peer.pdu().await.expect("an answer comes");
        assert_eq!((pdu.status, pdu.command_id()), (CommandStatus::ROK, 0x8000_0005));
    }
    fixture.silence(Duration::from_secs(20)).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_link_everything_is_given_back_at_once() {
    let mut fixture = Fixture::new(Options { is_down: true, ..Options::default() });
    let CarrierEvent::Down { link: None, why, .. } = fixture.event().await else { panic!("not down") };
    assert!(why.contains("cannot connect to smsc.example:2775") && why.contains("check `host`"), "{why}");
    let started = tokio::time::Instant::now();
    fixture.submit(1);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 given back"));
    fixture.set_down(false);
    // Connected, but not bound yet.
    let mut peer = fixture.connected().await;
    let waited = started.elapsed();
    fixture.submit(2);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("2 given back"));
    assert_eq!(started.elapsed(), waited);
    peer.accept().await;
    assert!(matches!(fixture.event().await, CarrierEvent::Up { window_max: 10, .. }));
}
