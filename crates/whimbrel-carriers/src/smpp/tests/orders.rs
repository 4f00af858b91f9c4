//! What an operator orders and asks.

use std::time::Duration;

use whimbrel_core::{CarrierEvent, Span};
use whimbrel_smpp::{Body, CommandStatus};

use super::harness::{Fixture, Options, config, outcome};
use crate::smpp::SmppConfig;
use crate::{LinkState, Order};

fn state(fixture: &Fixture) -> LinkState {
    fixture.carrier.status().links[0].state
}

#[tokio::test(start_paused = true)]
async fn unbinding_waits_for_answers_and_stays_closed_until_it_is_ordered_to_bind() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    let (sequence, _) = peer.submit().await;
    fixture.carrier.order(Order::Unbind);
    let CarrierEvent::Down { link: Some(_), why, .. } = fixture.event().await else { panic!("not down") };
    assert!(why.contains("nothing more is sent"), "{why}");
    assert_eq!(state(&fixture), LinkState::Unbinding);
    fixture.submit(2);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("2 given back"));
    peer.take(sequence, "1").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 sent"));
    peer.unbound().await;
    let CarrierEvent::Down { why, .. } = fixture.event().await else { panic!("not down") };
    assert!(why.contains("closed by us"), "{why}");
    fixture.silence(Duration::from_secs(3_600)).await;
    assert_eq!((state(&fixture), fixture.carrier.status().order), (LinkState::Closed, Order::Unbind));
    fixture.submit(3);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("3 given back"));
    fixture.carrier.order(Order::Bind);
    let mut peer = fixture.rebound().await;
    assert_eq!(state(&fixture), LinkState::Bound);
    fixture.submit(4);
    peer.submit().await;
}

#[tokio::test(start_paused = true)]
async fn unbinding_gives_up_an_answer_after_its_time_and_the_unbind_after_five_seconds() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    peer.submit().await;
    let started = tokio::time::Instant::now();
    fixture.carrier.order(Order::Unbind);
    assert_eq!(peer.pdu().await.map(|pdu| pdu.body), Some(Body::Unbind));
    assert_eq!(started.elapsed().as_secs(), 30);
    assert_eq!(peer.pdu().await, None);
    assert_eq!(started.elapsed().as_secs(), 35);
    fixture.event().await;
    fixture.event().await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 doubt LinkLost"));
}

#[tokio::test(start_paused = true)]
async fn draining_keeps_the_link_and_sends_nothing() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    let (sequence, _) = peer.submit().await;
    fixture.carrier.order(Order::Drain);
    assert!(matches!(fixture.event().await, CarrierEvent::Up { window_max: 0, .. }));
    fixture.submit(2);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("2 given back"));
    peer.take(sequence, "1").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 sent"));
    assert_eq!(state(&fixture), LinkState::Bound);
    fixture.carrier.order(Order::Bind);
    assert!(matches!(fixture.event().await, CarrierEvent::Up { window_max: 10, .. }));
    fixture.submit(3);
    peer.submit().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_ends_a_long_wait() {
    let mut fixture = Fixture::new(Options::default());
    fixture.connected().await.refuse(CommandStatus::RINVPASWD).await;
    fixture.event().await;
    let link = fixture.carrier.status().links[0].clone();
    assert_eq!(
        (link.state, link.next_try_at.map(|at| at.since(link.since))),
        (LinkState::Waiting, Some(Span::seconds(60)))
    );
    assert!(link.fault.contains("check `password`"), "{}", link.fault);
    let started = tokio::time::Instant::now();
    fixture.carrier.order(Order::Bind);
    fixture.rebound().await;
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_order_to_unbind_while_nothing_is_bound_ends_the_tries() {
    let mut fixture = Fixture::new(Options { is_down: true, ..Options::default() });
    fixture.event().await;
    fixture.carrier.order(Order::Unbind);
    fixture.set_down(false);
    fixture.silence(Duration::from_secs(3_600)).await;
    assert_eq!(state(&fixture), LinkState::Closed);
    fixture.carrier.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_status_says_what_is_open() {
    let (fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    fixture.submit(2);
    peer.submit().await;
    peer.submit().await;
    let status = fixture.carrier.status();
    let link = &status.links[0];
    assert_eq!((link.mode, link.state, &*link.peer), ("transceiver", LinkState::Bound, "SMSC"));
    assert_eq!((link.window_max, link.window_used), (10, 2));
    assert!(link.link.is_some() && link.fault.is_empty() && link.next_try_at.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_probe_asks_and_tells_how_long_the_answer_took() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let carrier = fixture.carrier.clone();
    let probing = tokio::spawn(async move { carrier.probe().await });
    let pdu = peer.pdu().await.expect("a question comes");
    assert_eq!(pdu.body, Body::EnquireLink);
    tokio::time::advance(Duration::from_millis(40)).await;
    peer.send(CommandStatus::ROK, pdu.sequence, Body::EnquireLinkResp).await;
    let took = probing.await.expect("it ends").expect("it was answered");
    assert!((40..50).contains(&took.as_millis()), "{took:?}");
    // A carrier that does not answer is given up, and whoever asked is told.
    let carrier = fixture.carrier.clone();
    let probing = tokio::spawn(async move { carrier.probe().await });
    assert_eq!(peer.pdu().await.map(|pdu| pdu.body), Some(Body::EnquireLink));
    assert!(matches!(fixture.event().await, CarrierEvent::Down { .. }));
    assert!(probing.await.expect("it ends").is_err());
    assert_eq!(fixture.carrier.probe().await, Err("no connection is bound".into()));
}

#[tokio::test(start_paused = true)]
async fn two_misses_may_be_allowed() {
    let mut fixture = Fixture::with(SmppConfig { enquire_misses_max: 2, ..config() }, Options::default());
    let mut peer = fixture.rebound().await;
    let started = tokio::time::Instant::now();
    for seconds in [30, 45] {
        assert_eq!(peer.pdu().await.map(|pdu| pdu.body), Some(Body::EnquireLink));
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
    assert!(matches!(fixture.event().await, CarrierEvent::Down { .. }));
    assert_eq!(started.elapsed().as_secs(), 60);
}
