//! What the carrier delivers, and when it is answered.

use std::time::Duration;

use whimbrel_core::{AckToken, CarrierEvent, CarrierReceipt, Cause, KeyForm, LinkId, ReceiptStatus};
use whimbrel_smpp::receipt::{ReceiptDates, ReceiptText, ReceiptTlvs, compose};
use whimbrel_smpp::{Address, Body, CommandStatus, DataSm, MessageIdBody, MessageState, ShortMessage, Tlvs, tag};

use super::harness::{Fixture, Options, Peer, config, outcome};
use crate::Ack;
use crate::smpp::SmppConfig;

fn receipt(state: MessageState, error: u16, tlvs: ReceiptTlvs) -> ShortMessage {
    let address = |digits: &[u8]| Address { ton: 1, npi: 1, digits: digits.to_vec() };
    compose(&ReceiptText {
        id: b"00A1B2",
        state,
        error,
        submitted_unix_seconds: 1_795_526_000,
        done_unix_seconds: 1_795_526_002,
        text: b"",
        source: address(b"447700900123"),
        destination: address(b"447700900000"),
        is_intermediate: false,
        dates: ReceiptDates::TenDigits,
        tlvs,
    })
}

async fn reported(fixture: &mut Fixture) -> (CarrierReceipt, AckToken) {
    match fixture.event().await {
        CarrierEvent::Receipt { receipt, ack, .. } => (receipt, ack),
        other => panic!("no receipt: {other:?}"),
    }
}

async fn answered(peer: &mut Peer) -> (u32, CommandStatus, Body) {
    let pdu = peer.pdu().await.expect("an answer comes");
    (pdu.sequence, pdu.status, pdu.body)
}

#[tokio::test(start_paused = true)]
async fn receipts_are_read_and_answered_only_after_they_are_acknowledged() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    peer.deliver(501, receipt(MessageState::Delivered, 0, ReceiptTlvs::Omit)).await;
    peer.deliver(502, receipt(MessageState::Undeliverable, 27, ReceiptTlvs::Send)).await;
    let (first, first_token) = reported(&mut fixture).await;
    let (second, second_token) = reported(&mut fixture).await;
    assert_eq!((first.status, first.cause, &*first.raw_id), (ReceiptStatus::Delivered, Cause::None, "00A1B2"));
    assert_eq!((second.status, second.cause, &*second.code), (ReceiptStatus::Failed, Cause::AbsentForNow, "27"));
    assert_eq!((&*first.recipient, &*second.recipient), ("447700900123", "447700900123"));
    assert_eq!((&*second.keys[0].key, second.keys[0].form), (&b"a1b2"[..], KeyForm::Plain));
    let silent = tokio::time::timeout(Duration::from_secs(20), peer.pdu()).await;
    assert!(silent.is_err(), "{silent:?}");
    fixture.carrier.acknowledge(second_token, Ack::TryAgain);
    let body = Body::DeliverSmResp(MessageIdBody::default());
    assert_eq!(answered(&mut peer).await, (502, CommandStatus::RX_T_APPN, body.clone()));
    fixture.carrier.acknowledge(first_token, Ack::Stored);
    assert_eq!(answered(&mut peer).await, (501, CommandStatus::ROK, body));
    // Twice, or for another link: nothing.
    fixture.carrier.acknowledge(first_token, Ack::Stored);
    fixture.carrier.acknowledge(AckToken { link: LinkId(99), ..second_token }, Ack::Stored);
    let silent = tokio::time::timeout(Duration::from_secs(5), peer.pdu()).await;
    assert!(silent.is_err(), "{silent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_receipt_in_data_sm_is_one_too() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let mut tlvs = Tlvs::new();
    tlvs.push(tag::RECEIPTED_MESSAGE_ID, &b"77\0"[..]);
    tlvs.push(tag::MESSAGE_STATE, &[3][..]);
    let source = Address { ton: 1, npi: 1, digits: b"447700900123".to_vec() };
    let data = DataSm { esm_class: 0x04, source, tlvs, ..DataSm::default() };
    peer.send(CommandStatus::ROK, 9, Body::DataSm(Box::new(data))).await;
    let (receipt, token) = reported(&mut fixture).await;
    assert_eq!((receipt.status, receipt.cause, &*receipt.raw_id), (ReceiptStatus::Expired, Cause::AbsentForNow, "77"));
    fixture.carrier.acknowledge(token, Ack::Stored);
    assert_eq!(answered(&mut peer).await, (9, CommandStatus::ROK, Body::DataSmResp(MessageIdBody::default())));
}

#[tokio::test(start_paused = true)]
async fn a_receipt_tells_the_network_where_the_carrier_is_known_to() {
    for (tags, told) in [(vec![0x1503, 0x1504], Some("45202")), (Vec::new(), None)] {
        let config = SmppConfig { network_tags: tags, ..config() };
        let mut fixture = Fixture::with(config, Options::default());
        let mut peer = fixture.rebound().await;
        let mut message = receipt(MessageState::Delivered, 0, ReceiptTlvs::Send);
        message.tlvs.push(0x1503, &b"452"[..]);
        message.tlvs.push(0x1504, &b"02"[..]);
        peer.deliver(1, message).await;
        let (receipt, _) = reported(&mut fixture).await;
        assert_eq!((receipt.status, receipt.network.as_deref()), (ReceiptStatus::Delivered, told));
    }
}

#[tokio::test(start_paused = true)]
async fn a_receipt_may_come_before_the_answer_and_even_before_the_bind_is_answered() {
    let mut fixture = Fixture::new(Options::default());
    let mut peer = fixture.connected().await;
    peer.deliver(1, receipt(MessageState::Enroute, 0, ReceiptTlvs::Omit)).await;
    let (early, token) = reported(&mut fixture).await;
    assert_eq!(early.status, ReceiptStatus::Buffered);
    peer.accept().await;
    assert!(matches!(fixture.event().await, CarrierEvent::Up { link, .. } if link == token.link));
    fixture.carrier.acknowledge(token, Ack::Stored);
    assert_eq!(answered(&mut peer).await.0, 1);
    fixture.submit(1);
    let (sequence, _) = peer.submit().await;
    peer.deliver(2, receipt(MessageState::Delivered, 0, ReceiptTlvs::Send)).await;
    assert_eq!(reported(&mut fixture).await.0.status, ReceiptStatus::Delivered);
    peer.take(sequence, "00A1B2").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 sent"));
}

#[tokio::test(start_paused = true)]
async fn the_same_number_twice_is_answered_twice() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    for _ in 0..2 {
        peer.deliver(4, receipt(MessageState::Delivered, 0, ReceiptTlvs::Omit)).await;
    }
    for _ in 0..2 {
        let (_, token) = reported(&mut fixture).await;
        fixture.carrier.acknowledge(token, Ack::Stored);
    }
    assert_eq!(answered(&mut peer).await.0, 4);
    assert_eq!(answered(&mut peer).await.0, 4);
}

#[tokio::test(start_paused = true)]
async fn receipts_without_an_id_are_dropped() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let nameless = ShortMessage { esm_class: 0x04, short_message: b"stat:DELIVRD".to_vec(), ..ShortMessage::default() };
    peer.deliver(2, nameless).await;
    assert_eq!(answered(&mut peer).await.1, CommandStatus::ROK);
    fixture.silence(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn tokens_of_a_link_that_ended_are_ignored() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    peer.deliver(1, receipt(MessageState::Delivered, 0, ReceiptTlvs::Omit)).await;
    let (_, old) = reported(&mut fixture).await;
    drop(peer);
    assert!(matches!(fixture.event().await, CarrierEvent::Down { link: Some(link), .. } if link == old.link));
    let mut peer = fixture.rebound().await;
    peer.deliver(1, receipt(MessageState::Delivered, 0, ReceiptTlvs::Omit)).await;
    let (_, new) = reported(&mut fixture).await;
    assert_ne!(old.link, new.link);
    fixture.carrier.acknowledge(old, Ack::TryAgain);
    fixture.carrier.acknowledge(new, Ack::Stored);
    assert_eq!(answered(&mut peer).await.1, CommandStatus::ROK);
}
