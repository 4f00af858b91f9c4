//! Messages whose parts go out as one.

use std::time::Duration;

use whimbrel_core::{AnswerTiming, CarrierEvent, Submission};
use whimbrel_smpp::{CommandStatus, tag};

use super::harness::{Fixture, Options, Peer, config, outcome, parts_of, submission};
use crate::smpp::{ConcatMethod, SmppConfig};

async fn bound() -> (Fixture, Peer) {
    let mut fixture = Fixture::with(SmppConfig { concat: ConcatMethod::Payload, ..config() }, Options::default());
    let mut peer = fixture.connected().await;
    peer.accept().await;
    // The engine counts parts: those of the longest message must find room.
    assert!(matches!(fixture.event().await, CarrierEvent::Up { window_max: 255, .. }));
    (fixture, peer)
}

fn submit(fixture: &Fixture, parts: impl IntoIterator<Item = Submission>) {
    for part in parts {
        assert!(fixture.carrier.submit(part).is_ok());
    }
}

async fn outcomes(fixture: &mut Fixture, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(outcome(&fixture.event().await));
    }
    all.sort();
    all
}

#[tokio::test(start_paused = true)]
async fn parts_in_any_order_go_out_as_one_and_each_is_reported_with_the_id() {
    let (mut fixture, mut peer) = bound().await;
    let text = "0123456789".repeat(40);
    let mut parts = parts_of(1, &text);
    parts.rotate_left(1);
    submit(&fixture, parts);
    let (sequence, message) = peer.submit().await;
    assert!(message.short_message.is_empty() && message.esm_class == 0);
    assert_eq!(message.tlvs.get(tag::MESSAGE_PAYLOAD), Some(text.as_bytes()));
    peer.take(sequence, "A1").await;
    for number in 1..=3 {
        let CarrierEvent::Sent { part_id, id, timing, .. } = fixture.event().await else { panic!("not sent") };
        assert_eq!((part_id.0, &*id.raw, timing), (number, "A1", AnswerTiming::InTime));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_and_a_doubt_are_those_of_every_part() {
    let (mut fixture, mut peer) = bound().await;
    submit(&fixture, parts_of(1, &"x".repeat(400)));
    let (sequence, _) = peer.submit().await;
    peer.reject(sequence, CommandStatus::RTHROTTLED).await;
    assert_eq!(outcomes(&mut fixture, 3).await, ["1 refused", "2 given back", "3 given back"], "one PDU, one refusal");
    submit(&fixture, parts_of(1, &"x".repeat(400)));
    peer.submit().await;
    drop(peer);
    assert_eq!(outcomes(&mut fixture, 3).await, ["1 doubt LinkLost", "2 doubt LinkLost", "3 doubt LinkLost"]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_become_whole_is_given_back_and_the_second_time_sent_apart() {
    let (mut fixture, mut peer) = bound().await;
    let two = || parts_of(1, &"x".repeat(400)).into_iter().skip(1);
    let started = tokio::time::Instant::now();
    submit(&fixture, two());
    assert_eq!(outcomes(&mut fixture, 2).await, ["2 given back", "3 given back"]);
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    submit(&fixture, two());
    for number in [2, 3] {
        let (sequence, message) = peer.submit().await;
        assert_eq!((message.esm_class, message.short_message.get(..6)), (0x40, Some(&[5, 0, 3, 0x2A, 3, number][..])));
        peer.take(sequence, "1").await;
    }
    assert_eq!(outcomes(&mut fixture, 2).await, ["2 sent", "3 sent"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_over_goes_back_when_the_carrier_asks_to_slow_down() {
    let (mut fixture, mut peer) = bound().await;
    // More than the window: the rest waits here.
    submit(&fixture, (1..=30).map(submission));
    let (sequence, _) = peer.submit().await;
    for _ in 1..10 {
        peer.submit().await;
    }
    peer.reject(sequence, CommandStatus::RTHROTTLED).await;
    let outcomes = outcomes(&mut fixture, 21).await;
    let given_back = outcomes.iter().filter(|outcome| outcome.ends_with("given back")).count();
    assert_eq!((&*outcomes[0], given_back), ("1 refused", 20));
    let silent = tokio::time::timeout(Duration::from_secs(20), peer.pdu()).await;
    assert!(silent.is_err(), "nothing leaves before the engine hands it over again: {silent:?}");
}

#[tokio::test(start_paused = true)]
async fn parts_that_wait_are_given_back_when_the_link_ends() {
    let (mut fixture, peer) = bound().await;
    submit(&fixture, parts_of(1, &"x".repeat(400)).into_iter().skip(1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(peer);
    assert_eq!(outcomes(&mut fixture, 2).await, ["2 given back", "3 given back"]);
}

#[tokio::test(start_paused = true)]
async fn the_window_counts_what_is_sent_and_the_longest_message_fits() {
    let (mut fixture, mut peer) = bound().await;
    submit(&fixture, parts_of(1, &"x".repeat(255 * 153)));
    let (sequence, message) = peer.submit().await;
    assert_eq!(message.tlvs.get(tag::MESSAGE_PAYLOAD).map(<[u8]>::len), Some(255 * 153));
    peer.take(sequence, "1").await;
    assert_eq!(outcomes(&mut fixture, 255).await.len(), 255);
    for message in 1..=12 {
        submit(&fixture, parts_of(message * 1_000, &"x".repeat(200)));
    }
    for _ in 0..10 {
        peer.submit().await;
    }
    let silent = tokio::time::timeout(Duration::from_secs(20), peer.pdu()).await;
    assert!(silent.is_err(), "{silent:?}");
}
