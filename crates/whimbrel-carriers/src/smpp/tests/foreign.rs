//! A centre that somebody else wrote reads us: over TCP, every octet is decoded and answered by the crate `rusmpp`.

use std::io;

use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Encode, Length};
use rusmpp::pdus::{BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::tlvs::{MessageDeliveryRequestTlvValue, TlvValue};
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, MessageState};
use rusmpp::{Command, CommandStatus, Pdu};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use whimbrel_core::{CarrierEvent, InboundContent, ReceiptStatus, Secret, Span, Submission};
use whimbrel_sms::{BinaryContent, Encoding, Parts};

use std::sync::Arc;

use super::harness::{CARRIER, outcome, parts_of, submission, submission_of, world};
use crate::smpp::{ConcatMethod, SmppConfig, start};
use crate::{Ack, Carrier};

/// The centre's end of a connection.
struct Centre(TcpStream);

impl Centre {
    /// The next PDU, which must be one whole frame and nothing more; `None` at the end.
    async fn next(&mut self) -> Option<Command> {
        let length = match self.0.read_u32().await {
            Ok(length) => usize::try_from(length).expect("short"),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
            Err(error) => panic!("{error}"),
        };
        let mut frame = vec![0; length - 4];
        self.0.read_exact(&mut frame).await.expect("a whole frame");
        let mut rest = (&frame[..]).into();
        let (command, _) = Command::decode(&mut rest, frame.len()).expect("the peer reads it");
        assert!(rest.is_empty());
        Some(command)
    }

    async fn send(&mut self, status: CommandStatus, sequence: u32, pdu: impl Into<Pdu>) {
        let command = Command::new(status, sequence, pdu);
        let mut octets = vec![0; 4 + command.length()];
        let length = u32::try_from(octets.len()).expect("short");
        octets[..4].copy_from_slice(&length.to_be_bytes());
        command.encode(&mut octets[4..]);
        self.0.write_all(&octets).await.expect("the carrier reads");
    }

    async fn submit(&mut self) -> (u32, SubmitSm) {
        let command = self.next().await.expect("a submission comes");
        let Some(Pdu::SubmitSm(submit)) = command.pdu() else { panic!("no submission: {command:?}") };
        (command.sequence_number(), submit.clone())
    }

    async fn take(&mut self, sequence: u32, id: &str) {
        self.send(CommandStatus::EsmeRok, sequence, SubmitSmResp::builder().message_id(text(id)).build()).await;
    }

    async fn reject(&mut self, sequence: u32, status: CommandStatus) {
        self.send(status, sequence, SubmitSmResp::default()).await;
    }

    async fn answered(&mut self, sequence: u32) {
        let command = self.next().await.expect("an answer comes");
        assert_eq!((command.sequence_number(), command.status()), (sequence, CommandStatus::EsmeRok));
        assert!(matches!(command.pdu(), Some(Pdu::DeliverSmResp(_))), "{command:?}");
    }
}

struct Bench {
    listener: TcpListener,
    carrier: Arc<dyn Carrier>,
    events: mpsc::Receiver<CarrierEvent>,
}

impl Bench {
    async fn new(concat: ConcatMethod) -> (Self, Centre) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (sender, events) = mpsc::channel(1_000);
        let config =
            SmppConfig { concat, ..SmppConfig::new("acme", "127.0.0.1", port, "esme1", Secret::new("secret08")) };
        let carrier = start(config, CARRIER, Arc::default(), sender, world());
        let mut bench = Self { listener, carrier, events };
        let centre = bench.bound().await;
        (bench, centre)
    }

    async fn bound(&mut self) -> Centre {
        let (stream, _) = self.listener.accept().await.expect("the carrier connects");
        let mut centre = Centre(stream);
        let command = centre.next().await.expect("a bind comes");
        let Some(Pdu::BindTransceiver(bind)) = command.pdu() else { panic!("no bind: {command:?}") };
        assert_eq!((&*bind.system_id.to_string(), &*bind.password.to_string()), ("esme1", "secret08"));
        let answer = BindTransceiverResp::builder().system_id(text("rusmpp")).build();
        centre.send(CommandStatus::EsmeRok, command.sequence_number(), answer).await;
        assert!(matches!(self.event().await, CarrierEvent::Up { .. }));
        centre
    }

    async fn event(&mut self) -> CarrierEvent {
        self.events.recv().await.expect("the carrier lives")
    }

    fn submit(&self, submissions: impl IntoIterator<Item = Submission>) {
        for submission in submissions {
            assert!(self.carrier.submit(submission).is_ok());
        }
    }

    async fn outcomes(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        while all.len() < count {
            all.extend(outcome(&self.event().await));
        }
        all
    }
}

fn text<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    COctetString::from_vec([text.as_bytes(), &[0]].concat()).expect("short ASCII")
}

fn octets(submit: &SubmitSm) -> &[u8] {
    submit.short_message().as_ref()
}

/// The three parameters of a part.
fn sar(submit: &SubmitSm) -> [Option<u16>; 3] {
    let find = |pick: fn(&TlvValue) -> Option<u16>| submit.tlvs().iter().filter_map(|tlv| tlv.value()).find_map(pick);
    [
        find(|value| if let TlvValue::SarMsgRefNum(number) = value { Some(*number) } else { None }),
        find(|value| if let TlvValue::SarTotalSegments(number) = value { Some(u16::from(*number)) } else { None }),
        find(|value| if let TlvValue::SarSegmentSeqnum(number) = value { Some(u16::from(*number)) } else { None }),
    ]
}

fn payload(submit: &SubmitSm) -> Option<&[u8]> {
    submit.tlvs().iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::MessagePayload(payload)) => Some(payload.value.as_ref()),
        _ => None,
    })
}

#[tokio::test]
async fn every_way_of_marking_parts_is_read() {
    let long = "0123456789".repeat(40);
    for method in [ConcatMethod::Udh8, ConcatMethod::Udh16, ConcatMethod::Sar, ConcatMethod::Payload] {
        let (mut bench, mut centre) = Bench::new(method).await;
        bench.submit(parts_of(1, &long));
        let mut read = Vec::new();
        let pdus = if method == ConcatMethod::Payload { 1 } else { 3 };
        for number in 1..=pdus {
            let (sequence, submit) = centre.submit().await;
            match method {
                ConcatMethod::Udh8 | ConcatMethod::Udh16 => {
                    assert_eq!(u8::from(submit.esm_class), 0x40);
                    assert_eq!(octets(&submit)[..6], [5, 0, 3, 0x2A, 3, number]);
                    read.extend_from_slice(&octets(&submit)[6..]);
                }
                ConcatMethod::Sar => {
                    assert_eq!(
                        (u8::from(submit.esm_class), sar(&submit)),
                        (0, [Some(0x2A), Some(3), Some(number.into())])
                    );
                    read.extend_from_slice(octets(&submit));
                }
                ConcatMethod::Payload => {
                    assert_eq!((u8::from(submit.esm_class), octets(&submit)), (0, &b""[..]));
                    read.extend_from_slice(payload(&submit).expect("the whole text"));
                }
            }
            centre.take(sequence, "A1").await;
        }
        assert!(read == long.as_bytes(), "{method:?}");
        assert_eq!(bench.outcomes(3).await, ["1 sent", "2 sent", "3 sent"]);
    }
}

#[tokio::test]
async fn unicode_binary_and_times_are_read() {
    let (bench, mut centre) = Bench::new(ConcatMethod::Udh8).await;
    let unicode = Submission { validity: Some(Span::seconds(600)), ..submission_of(1, "Mã 😀", 1) };
    bench.submit([unicode]);
    let (_, submit) = centre.submit().await;
    let units: Vec<u8> = "Mã 😀".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!((submit.data_coding, octets(&submit)), (DataCoding::Ucs2, &units[..]));
    assert_eq!(submit.validity_period.to_string(), "000000001000000R");
    assert_eq!(submit.destination_addr.to_string(), "447700900123");
    let udh = [6, 5, 4, 0x15, 0x81, 0x15, 0x81];
    let parts = Parts::binary(BinaryContent { udh: &udh, body: &[0, 0xFF, 0x1B] }).expect("it fits");
    let content = parts.into_iter().next().expect("one part");
    bench.submit([Submission { encoding: Encoding::Binary, content, ..submission(2) }]);
    let (_, submit) = centre.submit().await;
    assert_eq!((u8::from(submit.esm_class), u8::from(submit.data_coding)), (0x40, 4));
    assert_eq!(octets(&submit), [&udh[..], &[0, 0xFF, 0x1B]].concat());
}

#[tokio::test]
async fn receipts_and_texts_are_taken_from_it() {
    let (mut bench, mut centre) = Bench::new(ConcatMethod::Udh8).await;
    let receipt = DeliverSm::builder()
        .source_addr(text("447700900123"))
        .esm_class(EsmClass::from(0x04))
        .short_message(OctetString::from_slice(b"id:77 stat:UNDELIV err:001").expect("short"))
        .push_tlv(MessageDeliveryRequestTlvValue::ReceiptedMessageId(text("A1")))
        .push_tlv(MessageDeliveryRequestTlvValue::MessageState(MessageState::Delivered))
        .build();
    centre.send(CommandStatus::EsmeRok, 5, receipt).await;
    let CarrierEvent::Receipt { receipt, ack, .. } = bench.event().await else { panic!("no receipt") };
    // The parameters are right where both speak.
    assert_eq!((&*receipt.raw_id, receipt.status), ("A1", ReceiptStatus::Delivered));
    bench.carrier.acknowledge(ack, Ack::Stored);
    centre.answered(5).await;
    let inbound = DeliverSm::builder()
        .source_addr(text("447700900123"))
        .destination_addr(text("447700900000"))
        .esm_class(EsmClass::from(0x40))
        .short_message(OctetString::from_slice(b"\x05\x00\x03\x07\x02\x01Hello").expect("short"))
        .build();
    centre.send(CommandStatus::EsmeRok, 6, inbound).await;
    let CarrierEvent::Inbound { part, ack, .. } = bench.event().await else { panic!("no text") };
    let InboundContent::Text { text, .. } = &part.content else { panic!("octets") };
    assert_eq!((text.expose(), &*part.number), ("Hello", "447700900000"));
    assert_eq!(part.concat.map(|concat| (concat.sequence().value(), concat.total().value())), Some((1, 2)));
    bench.carrier.acknowledge(ack, Ack::Stored);
    centre.answered(6).await;
}

#[tokio::test]
async fn it_may_throttle_hang_up_and_be_bound_again() {
    let (mut bench, mut centre) = Bench::new(ConcatMethod::Udh8).await;
    bench.submit([submission(1), submission(2)]);
    let (first, _) = centre.submit().await;
    let (second, _) = centre.submit().await;
    centre.reject(first, CommandStatus::EsmeRthrottled).await;
    centre.take(second, "9").await;
    assert_eq!(bench.outcomes(2).await, ["1 refused", "2 sent"]);
    bench.submit([submission(3)]);
    centre.submit().await;
    drop(centre);
    assert_eq!(bench.outcomes(1).await, ["3 doubt LinkLost"]);
    let mut centre = bench.bound().await;
    bench.submit([submission(4)]);
    let (sequence, _) = centre.submit().await;
    centre.take(sequence, "10").await;
    assert_eq!(bench.outcomes(1).await, ["4 sent"]);
    let carrier = Arc::clone(&bench.carrier);
    let closing = tokio::spawn(async move { carrier.close().await });
    let command = centre.next().await.expect("an unbind comes");
    assert!(matches!(command.pdu(), Some(Pdu::Unbind)), "{command:?}");
    centre.send(CommandStatus::EsmeRok, command.sequence_number(), Pdu::UnbindResp).await;
    closing.await.expect("it closes");
    assert!(centre.next().await.is_none());
}
