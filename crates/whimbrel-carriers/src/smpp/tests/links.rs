//! Several connections under one carrier.

use std::collections::BTreeSet;

use whimbrel_core::{CarrierEvent, LinkId};
use whimbrel_smpp::{Address, Body, CommandStatus, ShortMessage};

use super::harness::{Fixture, Options, Peer, config, outcome, parts_of};
use crate::smpp::{BindMode, SmppConfig};
use crate::{Ack, LinkState};

fn fixture(bind: BindMode, connections: u8) -> Fixture {
    Fixture::with(SmppConfig { bind, connections, ..config() }, Options::default())
}

/// The next connection, with what it bound as, its link and its window.
async fn up(fixture: &mut Fixture) -> (Peer, whimbrel_smpp::BindMode, LinkId, u16) {
    let mut peer = fixture.connected().await;
    let mode = peer.accept().await;
    let CarrierEvent::Up { link, window_max, .. } = fixture.event().await else { panic!("not up") };
    (peer, mode, link, window_max)
}

fn receipt(id: &str) -> ShortMessage {
    ShortMessage {
        esm_class: 0x04,
        source: Address { ton: 1, npi: 1, digits: b"447700900123".to_vec() },
        short_message: format!("id:{id} stat:DELIVRD").into_bytes(),
        ..ShortMessage::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_pair_sends_on_one_connection_and_hears_on_the_other() {
    let mut fixture = fixture(BindMode::TransmitterAndReceiver, 1);
    let (mut sends, transmitter, first, window) = up(&mut fixture).await;
    let (mut hears, receiver, second, none) = up(&mut fixture).await;
    assert_eq!((transmitter, window), (whimbrel_smpp::BindMode::Transmitter, 10));
    assert_eq!((receiver, none), (whimbrel_smpp::BindMode::Receiver, 0));
    assert_ne!(first, second);
    // Row 5 of faults seen: the receipt outruns the answer (jookies/jasmin issue 423).
    fixture.submit(1);
    let (sequence, _) = sends.submit().await;
    hears.deliver(4, receipt("77")).await;
    let CarrierEvent::Receipt { ack, .. } = fixture.event().await else { panic!("no receipt") };
    assert_eq!((ack.link, ack.sequence), (second, 4));
    sends.take(sequence, "77").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 sent"));
    fixture.carrier.acknowledge(ack, Ack::Stored);
    assert_eq!(hears.pdu().await.map(|pdu| (pdu.sequence, pdu.status)), Some((4, CommandStatus::ROK)));
    let modes: Vec<_> = fixture.carrier.status().links.iter().map(|link| (link.mode, link.window_max)).collect();
    assert_eq!(modes, [("transmitter", 10), ("receiver", 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_alone_takes_no_submission() {
    let mut fixture = fixture(BindMode::Receiver, 1);
    let (_peer, mode, _, window) = up(&mut fixture).await;
    assert_eq!((mode, window), (whimbrel_smpp::BindMode::Receiver, 0));
    assert!(fixture.carrier.submit(super::harness::submission(1)).is_err());
}

#[tokio::test(start_paused = true)]
async fn messages_are_spread_and_the_parts_of_one_stay_together_in_order() {
    let mut fixture = fixture(BindMode::Transceiver, 3);
    let mut peers = Vec::new();
    for _ in 0..3 {
        peers.push(up(&mut fixture).await.0);
    }
    for message in 0..6 {
        for part in parts_of(100 * (message + 1), &"x".repeat(400)) {
            assert!(fixture.carrier.submit(part).is_ok());
        }
    }
    for peer in &mut peers {
        for _ in 0..2 {
            for number in 1..=3 {
                let (sequence, message) = peer.submit().await;
                assert_eq!(message.short_message.get(4..6), Some(&[3, number][..]), "parts are mixed");
                peer.take(sequence, "1").await;
            }
        }
    }
    let mut sent = BTreeSet::new();
    for _ in 0..18 {
        sent.insert(outcome(&fixture.event().await).expect("sent"));
    }
    assert_eq!(sent.len(), 18);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_disturbs_no_other() {
    let mut fixture = fixture(BindMode::Transceiver, 2);
    let (mut stays, _, staying, _) = up(&mut fixture).await;
    let (mut ends, _, ending, _) = up(&mut fixture).await;
    fixture.submit(1);
    fixture.submit(2);
    let (sequence, _) = stays.submit().await;
    ends.submit().await;
    ends.deliver(1, receipt("5")).await;
    let CarrierEvent::Receipt { ack: lost, .. } = fixture.event().await else { panic!("no receipt") };
    drop(ends);
    assert!(matches!(fixture.event().await, CarrierEvent::Down { link: Some(link), .. } if link == ending));
    assert!(outcome(&fixture.event().await).is_some_and(|outcome| outcome.ends_with("doubt LinkLost")));
    // A token of the link that ended goes nowhere, and least of all to another link.
    fixture.carrier.acknowledge(lost, Ack::Stored);
    stays.take(sequence, "1").await;
    assert!(outcome(&fixture.event().await).is_some_and(|outcome| outcome.ends_with("sent")));
    // Everything goes over the one that is left.
    for part in 10..15 {
        fixture.submit(part);
        let (sequence, _) = stays.submit().await;
        stays.take(sequence, "1").await;
        assert!(outcome(&fixture.event().await).is_some_and(|outcome| outcome.ends_with("sent")));
    }
    let (_again, _, new, _) = up(&mut fixture).await;
    assert!(new != staying && new != ending);
    let states: Vec<_> = fixture.carrier.status().links.iter().map(|link| link.state).collect();
    assert_eq!(states, [LinkState::Bound, LinkState::Bound]);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_every_connection() {
    let mut fixture = fixture(BindMode::Transceiver, 2);
    let mut peers = [up(&mut fixture).await.0, up(&mut fixture).await.0];
    let carrier = fixture.carrier.clone();
    let closing = tokio::spawn(async move { carrier.close().await });
    for peer in &mut peers {
        let pdu = peer.pdu().await.expect("an unbind comes");
        assert_eq!(pdu.body, Body::Unbind);
        peer.send(CommandStatus::ROK, pdu.sequence, Body::UnbindResp).await;
    }
    closing.await.expect("it closes");
}
