//! Faults that other programs had with centres in the field, where no other file has the test. Numbers are those of our list.

use std::time::Duration;

use whimbrel_core::CarrierEvent;
use whimbrel_smpp::{BindMode, BindResp, Body, CommandStatus, MessageIdBody, Pdu, ShortMessage};

use super::harness::{Fixture, Options, outcome};

#[tokio::test(start_paused = true)]
async fn row_10_an_error_with_a_body_is_an_error_and_the_link_stays() {
    // funbox/smppex issue 6, farhadi/node-smpp issue 118.
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    for (part, id) in (1..).zip([&b""[..], b"an id", b"0"]) {
        fixture.submit(part);
        let (sequence, _) = peer.submit().await;
        peer.send(CommandStatus::RSYSERR, sequence, Body::SubmitSmResp(MessageIdBody::new(id))).await;
        assert_eq!(outcome(&fixture.event().await), Some(format!("{part} refused")));
    }
    fixture.silence(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn row_24_nothing_is_sent_before_the_bind_is_answered() {
    // joaogervasoni/smppjs issue 49, mozes/smpp.pdu issue 7.
    let mut fixture = Fixture::new(Options::default());
    let mut peer = fixture.connected().await;
    peer.bind().await;
    fixture.submit(1);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 given back"));
    // Given up after ten seconds without another octet.
    assert_eq!(peer.pdu().await, None);
}

#[tokio::test(start_paused = true)]
async fn row_25_a_question_is_answered_ahead_of_what_waits_and_during_a_drain() {
    // twitter-archive/cloudhopper-smpp issue 134.
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.carrier.order(crate::Order::Drain);
    assert!(matches!(fixture.event().await, CarrierEvent::Up { window_max: 0, .. }));
    for sequence in [5, 6, 7] {
        peer.send(CommandStatus::ROK, sequence, Body::EnquireLink).await;
        assert_eq!(peer.pdu().await.map(|pdu| (pdu.sequence, pdu.body)), Some((sequence, Body::EnquireLinkResp)));
    }
}

#[tokio::test(start_paused = true)]
async fn row_26_a_full_window_and_a_cut_connection_leave_nothing_open() {
    // RestComm/cloudhopper-smpp issue 27.
    let (mut fixture, mut peer) = Fixture::bound(Options { window_max: 2, ..Options::default() }).await;
    fixture.submit(1);
    fixture.submit(2);
    peer.submit().await;
    peer.submit().await;
    fixture.submit(3);
    fixture.submit(4);
    drop(peer);
    let mut outcomes = Vec::new();
    while outcomes.len() < 4 {
        outcomes.extend(outcome(&fixture.event().await));
    }
    outcomes.sort();
    assert_eq!(outcomes, ["1 doubt LinkLost", "2 doubt LinkLost", "3 given back", "4 given back"]);
    fixture.rebound().await;
}

#[tokio::test(start_paused = true)]
async fn row_27_closing_waits_neither_for_an_unanswered_question_nor_for_the_next_one() {
    // opentelecoms-org/jsmpp issue 10: closing waited for the task that keeps the connection alive, which waited for closing.
    for silent in [Duration::from_secs(29), Duration::from_secs(31)] {
        let (fixture, mut peer) = Fixture::bound(Options::default()).await;
        tokio::time::sleep(silent).await;
        let started = tokio::time::Instant::now();
        let carrier = fixture.carrier.clone();
        let closing = tokio::spawn(async move { carrier.close().await });
        let mut pdu = peer.pdu().await.expect("something comes");
        if pdu.body == Body::EnquireLink {
            pdu = peer.pdu().await.expect("an unbind comes");
        }
        assert_eq!(pdu.body, Body::Unbind);
        peer.send(CommandStatus::ROK, pdu.sequence, Body::UnbindResp).await;
        closing.await.expect("it closes");
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn row_27_closing_ends_while_the_peer_reads_nothing() {
    let (fixture, peer) = Fixture::bound(Options { capacity: 8, ..Options::default() }).await;
    for part in 1..=3 {
        fixture.submit(part);
    }
    // Not even the question of whether it lives can be written.
    tokio::time::sleep(Duration::from_secs(31)).await;
    let started = tokio::time::Instant::now();
    fixture.carrier.close().await;
    // Thirty seconds for answers, five for the unbind's, one for the last octets.
    assert!(started.elapsed() <= Duration::from_secs(36), "{:?}", started.elapsed());
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn row_31_a_delivery_in_the_segment_of_the_bind_answer_is_taken() {
    // smpp34 release 1.4.1.
    let mut fixture = Fixture::new(Options::default());
    let mut peer = fixture.connected().await;
    let sequence = peer.bind().await;
    let answer = BindResp { system_id: b"SMSC".to_vec(), ..BindResp::default() };
    let mut segment = Vec::new();
    let receipt =
        ShortMessage { esm_class: 4, short_message: b"id:1 stat:DELIVRD".to_vec(), ..ShortMessage::default() };
    for pdu in [
        Pdu { status: CommandStatus::ROK, sequence, body: Body::BindResp(BindMode::Transceiver, answer) },
        Pdu::request(1, Body::DeliverSm(Box::new(receipt.clone()))),
        Pdu::request(2, Body::DeliverSm(Box::new(receipt))),
    ] {
        pdu.encode(&mut segment).expect("it can be written");
    }
    peer.send_raw(&segment).await;
    assert!(matches!(fixture.event().await, CarrierEvent::Up { .. }));
    for sequence in [1, 2] {
        let event = fixture.event().await;
        assert!(matches!(event, CarrierEvent::Receipt { ack, .. } if ack.sequence == sequence), "{event:?}");
    }
}
