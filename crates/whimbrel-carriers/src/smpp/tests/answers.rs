//! What is submitted, and what becomes of the answers.

use std::time::Duration;

use whimbrel_core::{AttemptNumber, CarrierError, CarrierEvent, DoubtCause, PartId, ReceiptWish, SenderId, Span};
use whimbrel_smpp::{Address, Body, CommandStatus, ShortMessage};

use super::harness::{CARRIER, Fixture, Options, config, outcome, submission, submission_of};
use crate::smpp::{AddressForms, SmppConfig, TonNpi, ValidityForm};

#[tokio::test(start_paused = true)]
async fn a_part_is_submitted_and_its_id_reported() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    let (sequence, message) = peer.submit().await;
    let wanted = ShortMessage {
        source: Address { ton: 5, npi: 0, digits: b"Acme".to_vec() },
        destination: Address { ton: 1, npi: 1, digits: b"447700900123".to_vec() },
        registered_delivery: 1,
        short_message: b"Your code is 482917".to_vec(),
        ..ShortMessage::default()
    };
    assert!(message == wanted, "{message:?}");
    peer.take(sequence, "00A1").await;
    let CarrierEvent::Sent { carrier, part_id, attempt, id, .. } = fixture.event().await else { panic!("not sent") };
    assert_eq!((carrier, part_id, attempt), (CARRIER, PartId(1), AttemptNumber(1)));
    assert_eq!((&*id.raw, &*id.key), ("00A1", &b"a1"[..]));
}

#[tokio::test(start_paused = true)]
async fn encodings_headers_senders_and_wishes_are_labelled() {
    let config = SmppConfig {
        service_type: "OTP".into(),
        addresses: AddressForms { sender_short_code: TonNpi { ton: 6, npi: 0 }, ..AddressForms::default() },
        ..config()
    };
    let mut fixture = Fixture::with(config, Options::default());
    let mut peer = fixture.rebound().await;
    let sender = |text| SenderId::parse(text).expect("a sender");
    let long = "x".repeat(200);
    let cases = [
        (submission_of(1, &long, 2), (0x40, 0x00), (5, 0)),
        (submission_of(2, "Mã của bạn: 482917", 1), (0x00, 0x08), (5, 0)),
        (whimbrel_core::Submission { sender: sender("447700900000"), ..submission(3) }, (0x00, 0x00), (1, 1)),
        (whimbrel_core::Submission { sender: sender("12345"), ..submission(4) }, (0x00, 0x00), (6, 0)),
    ];
    for (submission, (esm_class, data_coding), (ton, npi)) in cases {
        let submission = whimbrel_core::Submission { receipt: ReceiptWish::Unwanted, ..submission };
        let content = submission.content.user_data().to_vec();
        assert!(fixture.carrier.submit(submission).is_ok());
        let (_, message) = peer.submit().await;
        assert_eq!((message.esm_class, message.data_coding), (esm_class, data_coding));
        assert_eq!((message.source.ton, message.source.npi), (ton, npi));
        assert_eq!((&message.service_type[..], message.registered_delivery), (&b"OTP"[..], 0));
        assert!(message.short_message == content && message.tlvs.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_try_has_the_same_octets() {
    let (fixture, mut peer) = Fixture::bound(Options::default()).await;
    let first =
        whimbrel_core::Submission { validity: Some(Span::seconds(600)), ..submission_of(1, &"x".repeat(200), 2) };
    let second = whimbrel_core::Submission { attempt: AttemptNumber(2), ..first.clone() };
    assert!(fixture.carrier.submit(first).is_ok());
    let (first_number, first) = peer.submit().await;
    tokio::time::advance(Duration::from_secs(7)).await;
    assert!(fixture.carrier.submit(second).is_ok());
    let (second_number, second) = peer.submit().await;
    assert!(first == second && first_number != second_number);
    // SMPP 3.4 §7.1.1.2: a span of ten minutes.
    assert_eq!(&first.validity_period[..], b"000000001000000R");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_refused_at_once() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    for (part, name) in [(1, "Ácme"), (2, "A name of more than twenty octets"), (3, "nul\0nul")] {
        let sender = SenderId::Name(name.into());
        assert!(fixture.carrier.submit(whimbrel_core::Submission { sender, ..submission(part) }).is_ok());
        let CarrierEvent::Refused { error, .. } = fixture.event().await else { panic!("not refused") };
        let CarrierError::Permanent { cause, code, .. } = error else { panic!("not for good: {error:?}") };
        assert_eq!(cause, whimbrel_core::Cause::SenderFilter);
        assert!(code.starts_with("not sent: "), "{code}");
    }
    fixture.submit(4);
    peer.submit().await;
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_answer_gives_its_event() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let cases =
        [(0x58, "throttled"), (0x14, "throttled"), (0x08, "temporary"), (0x0B, "permanent"), (0x455, "permanent")];
    for (part, (status, kind)) in (1..).zip(cases) {
        fixture.submit(part);
        let (sequence, _) = peer.submit().await;
        peer.reject(sequence, CommandStatus(status)).await;
        let CarrierEvent::Refused { part_id, error, .. } = fixture.event().await else { panic!("not refused") };
        let got = match error {
            CarrierError::Permanent { .. } => "permanent",
            CarrierError::Throttled { .. } => "throttled",
            CarrierError::Temporary { .. } => "temporary",
        };
        assert_eq!((part_id, got), (PartId(part), kind), "{status:#x}");
    }
    fixture.submit(9);
    let (sequence, _) = peer.submit().await;
    peer.send(CommandStatus::RINVCMDID, sequence, Body::GenericNack).await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("9 refused"));
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_a_doubt_and_a_late_answer_settles_it() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    fixture.submit(2);
    fixture.submit(3);
    let (first, _) = peer.submit().await;
    let (second, _) = peer.submit().await;
    let (third, _) = peer.submit().await;
    // The carrier lives: it answers what asks for its life.
    let doubts = async { [fixture.event().await, fixture.event().await, fixture.event().await] };
    let alive = async {
        loop {
            let pdu = peer.pdu().await.expect("the link stays");
            assert_eq!(pdu.body, Body::EnquireLink);
            peer.send(CommandStatus::ROK, pdu.sequence, Body::EnquireLinkResp).await;
        }
    };
    let started = tokio::time::Instant::now();
    let doubts = tokio::select! { doubts = doubts => doubts, () = alive => unreachable!("it has no end") };
    assert_eq!(started.elapsed().as_secs(), 60);
    assert!(doubts.iter().all(|event| matches!(event, CarrierEvent::Doubt { cause: DoubtCause::AnswerTimedOut, .. })));
    peer.reject(second, CommandStatus::RSYSERR).await;
    peer.take(first, "77").await;
    peer.take(first, "77").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("1 sent"));
    peer.take(third, "78").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("3 sent"));
    fixture.silence(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_takes_no_validity_is_sent_none_any_more() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let with_validity = |part| whimbrel_core::Submission { validity: Some(Span::seconds(60)), ..submission(part) };
    assert!(fixture.carrier.submit(with_validity(1)).is_ok());
    let (sequence, message) = peer.submit().await;
    assert!(!message.validity_period.is_empty());
    peer.reject(sequence, CommandStatus::RINVEXPIRY).await;
    let event = fixture.event().await;
    assert!(matches!(event, CarrierEvent::Refused { error: CarrierError::Temporary { .. }, .. }), "{event:?}");
    assert!(fixture.carrier.submit(with_validity(1)).is_ok());
    let (sequence, message) = peer.submit().await;
    assert!(message.validity_period.is_empty());
    peer.reject(sequence, CommandStatus::RINVEXPIRY).await;
    let event = fixture.event().await;
    assert!(matches!(event, CarrierEvent::Refused { error: CarrierError::Permanent { .. }, .. }), "{event:?}");
}

#[tokio::test(start_paused = true)]
async fn a_validity_is_not_sent_where_it_is_switched_off() {
    let mut fixture = Fixture::with(SmppConfig { validity: ValidityForm::Never, ..config() }, Options::default());
    let mut peer = fixture.rebound().await;
    let submission = whimbrel_core::Submission { validity: Some(Span::seconds(60)), ..submission(1) };
    assert!(fixture.carrier.submit(submission).is_ok());
    assert!(peer.submit().await.1.validity_period.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_says_we_are_not_bound_is_bound_anew() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    fixture.submit(1);
    fixture.submit(2);
    let (first, _) = peer.submit().await;
    let (second, _) = peer.submit().await;
    peer.reject(first, CommandStatus::RINVBNDSTS).await;
    let event = fixture.event().await;
    assert!(matches!(event, CarrierEvent::Refused { error: CarrierError::Temporary { .. }, .. }), "{event:?}");
    // Told before anything is given back, so that the engine does not hand it over again and again while this lasts.
    let CarrierEvent::Down { link: Some(_), why, .. } = fixture.event().await else { panic!("not down") };
    assert!(why.contains("nothing more is sent"), "{why}");
    // What is open may still be answered, nothing new is sent.
    fixture.submit(3);
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("3 given back"));
    peer.take(second, "7").await;
    assert_eq!(outcome(&fixture.event().await).as_deref(), Some("2 sent"));
    peer.unbound().await;
    let CarrierEvent::Down { link: Some(_), why, .. } = fixture.event().await else { panic!("not down") };
    assert!(why.contains("we bind anew"), "{why}");
    fixture.rebound().await;
}
