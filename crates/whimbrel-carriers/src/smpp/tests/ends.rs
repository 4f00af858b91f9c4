//! How connections end, and what comes after.

use std::sync::atomic::Ordering;
use std::time::Duration;

use whimbrel_core::{CarrierEvent, Secret, Timestamp};
use whimbrel_smpp::{Body, CommandStatus, Pdu};

use super::harness::{Fixture, Options, config, outcome, submission};
use crate::smpp::SmppConfig;
use crate::smpp::wire::{Times, Writing, submit_sm};

/// The octets of a submission on the wire.
fn submit_octets() -> usize {
    let mut octets = Vec::new();
    let message = submit_sm(&submission(1), Writing { config: &config(), times: Times::Send, at: Timestamp(0) })
        .expect("it can be written");
    Pdu::request(1, Body::SubmitSm(Box::new(message))).encode(&mut octets).expect("it can be written");
    octets.len()
}

async fn down(fixture: &mut Fixture) -> String {
    match fixture.event().await {
        CarrierEvent::Down { why, .. } => why.into(),
        other => panic!("not down: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_gives_back_exactly_what_was_not_begun() {
    let length = submit_octets();
    for (capacity, wanted) in [
        (length - 1, ["1 doubt LinkLost", "2 given back", "3 given back"]),
        (length, ["1 doubt LinkLost", "2 given back", "3 given back"]),
        (length + 1, ["1 doubt LinkLost", "2 doubt LinkLost", "3 given back"]),
        (3 * length, ["1 doubt LinkLost", "2 doubt LinkLost", "3 doubt LinkLost"]),
    ] {
        let (mut fixture, peer) = Fixture::bound(Options { capacity, ..Options::default() }).await;
        for part in 1..=3 {
            fixture.submit(part);
        }
        // The centre does not read: no more than the network holds is written.
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(peer);
        assert!(down(&mut fixture).await.starts_with("the connection was lost"));
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            outcomes.push(outcome(&fixture.event().await).expect("an outcome"));
        }
        assert_eq!(outcomes, wanted, "{capacity}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_came_before_the_cut_count() {
    let (mut fixture, mut peer) = Fixture::bound(Options { capacity: 200, ..Options::default() }).await;
    for part in 1..=4 {
        fixture.submit(part);
    }
    let (first, _) = peer.submit().await;
    // The answer and the end come together, while the carrier waits to write.
    peer.take(first, "7").await;
    drop(peer);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 sent"));
    down(&mut fixture).await;
}

#[tokio::test(start_paused = true)]
async fn the_peers_unbind_is_answered_and_bound_again_after_a_second() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    fixture.submit(1);
    peer.submit().await;
    peer.send(CommandStatus::ROK, 88, Body::Unbind).await;
    let pdu = peer.pdu().await.expect("an answer comes");
    assert_eq!((pdu.sequence, pdu.body), (88, Body::UnbindResp));
    assert_eq!(peer.pdu().await, None);
    let ended = tokio::time::Instant::now();
    assert!(down(&mut fixture).await.starts_with("unbound by the peer"));
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 doubt LinkLost"));
    fixture.rebound().await;
    let pause = ended.elapsed().as_millis();
    assert!((800..=1_201).contains(&pause), "{pause}");
}

#[tokio::test(start_paused = true)]
async fn an_unbind_answer_does_not_take_unsent_submissions_along() {
    let length = submit_octets();
    let (mut fixture, mut peer) = Fixture::bound(Options { capacity: length + 5, ..Options::default() }).await;
    for part in 1..=3 {
        fixture.submit(part);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    peer.send(CommandStatus::ROK, 88, Body::Unbind).await;
    assert!(down(&mut fixture).await.starts_with("unbound by the peer"));
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(outcome(&fixture.event().await).expect("an outcome"));
    }
    assert_eq!(outcomes, ["1 doubt LinkLost", "2 doubt LinkLost", "3 given back"]);
    // The stream stays in step: the second one is whole, the third never comes.
    peer.submit().await;
    peer.submit().await;
    let pdu = peer.pdu().await.expect("an answer comes");
    assert_eq!((pdu.sequence, pdu.body), (88, Body::UnbindResp));
    assert_eq!(peer.pdu().await, None);
}

#[tokio::test(start_paused = true)]
async fn binding_is_tried_for_ever() {
    let mut fixture = Fixture::new(Options { is_down: true, ..Options::default() });
    for tries in 1..=500 {
        down(&mut fixture).await;
        assert_eq!(fixture.net.tries.load(Ordering::Relaxed), tries);
    }
    fixture.set_down(false);
    // And after it was bound, again.
    for _ in 0..20 {
        drop(fixture.rebound().await);
        down(&mut fixture).await;
    }
    fixture.rebound().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_bind_is_tried_slowly_and_says_what_to_do() {
    let mut fixture = Fixture::new(Options::default());
    let mut at = tokio::time::Instant::now();
    let cases = [
        (CommandStatus::RINVPASWD, 0, "check `password`"),
        (CommandStatus::RINVSYSID, 60, "check `system_id`"),
        (CommandStatus::RBINDFAIL, 120, "allows our address"),
        (CommandStatus::RALYBND, 240, "another session of ours"),
        (CommandStatus::RINVPASWD, 30, "next try in 480 s"),
    ];
    for (status, waited, advice) in cases {
        let mut peer = fixture.connected().await;
        assert_eq!(at.elapsed().as_secs(), waited, "{status}");
        peer.refuse(status).await;
        at = tokio::time::Instant::now();
        let why = down(&mut fixture).await;
        assert!(why.contains(advice) && why.contains("acme") && !why.contains("secret"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bind_that_cannot_be_written_is_reported_and_does_not_end_the_loop() {
    let long = SmppConfig { password: Secret::new("p".repeat(65)), ..config() };
    assert!(long.check().is_err() && config().check().is_ok());
    let mut fixture = Fixture::with(long, Options::default());
    for _ in 0..3 {
        let why = down(&mut fixture).await;
        assert!(why.contains("password is longer than 64 octets") && !why.contains("pp"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bind_without_an_answer_is_given_up_after_ten_seconds() {
    let mut fixture = Fixture::new(Options::default());
    let _peer = fixture.connected().await;
    let started = tokio::time::Instant::now();
    let why = down(&mut fixture).await;
    assert_eq!(started.elapsed().as_secs(), 10);
    assert!(why.contains("does not speak SMPP"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_answers_and_unbinds() {
    let (mut fixture, mut peer) = Fixture::bound(Options { window_max: 2, ..Options::default() }).await;
    for part in 1..=2 {
        fixture.submit(part);
    }
    let (first, _) = peer.submit().await;
    let (second, _) = peer.submit().await;
    // Behind a full window: not one octet left.
    fixture.submit(3);
    let carrier = fixture.carrier.clone();
    let closing = tokio::spawn(async move { carrier.close().await });
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("3 given back"));
    assert!(fixture.carrier.submit(submission(4)).is_err());
    peer.take(second, "2").await;
    peer.take(first, "1").await;
    peer.unbound().await;
    closing.await.expect("it closes");
    assert_eq!(fixture.outcomes().await, ["1 sent", "2 sent"]);
    fixture.carrier.close().await;
}

#[tokio::test(start_paused = true)]
async fn closing_gives_up_a_silent_carrier_after_the_time_for_answers_and_five_seconds() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    peer.submit().await;
    let started = tokio::time::Instant::now();
    fixture.carrier.close().await;
    assert_eq!(started.elapsed().as_secs(), 35);
    assert_eq!(peer.pdu().await.map(|pdu| pdu.body), Some(Body::Unbind));
    assert_eq!(fixture.outcomes().await, ["1 doubt LinkLost"]);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_a_pause_and_an_unanswered_bind_at_once() {
    let mut fixture = Fixture::new(Options { is_down: true, ..Options::default() });
    down(&mut fixture).await;
    fixture.submit(1);
    let started = tokio::time::Instant::now();
    fixture.carrier.close().await;
    assert_eq!(fixture.outcomes().await, ["1 given back"]);
    let mut fixture = Fixture::new(Options::default());
    let _peer = fixture.connected().await;
    fixture.carrier.close().await;
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_nobody_holds_or_hears_ends() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    drop(fixture.carrier);
    peer.unbound().await;
    while let Some(event) = fixture.events.recv().await {
        assert!(matches!(event, CarrierEvent::Down { .. }), "{event:?}");
    }
    let (fixture, mut peer) = Fixture::bound(Options::default()).await;
    drop(fixture.events);
    assert!(fixture.carrier.submit(submission(1)).is_ok());
    let (sequence, _) = peer.submit().await;
    peer.take(sequence, "1").await;
    peer.unbound().await;
    fixture.carrier.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_carrier_is_told_to_close_before_anybody_waits_for_it() {
    let (fixture, mut peer) = Fixture::bound(Options::default()).await;
    drop(fixture.carrier.close());
    peer.unbound().await;
}
