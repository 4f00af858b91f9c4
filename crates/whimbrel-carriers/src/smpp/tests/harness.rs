//! A world, a network in memory, and a centre that does what the test says, octet by octet.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{
    AttemptNumber, CarrierEvent, CarrierId, MessageClass, MessageId, PartId, PhoneNumber, ReceiptWish, Registration,
    Secret, SenderId, Span, Submission, Timestamp, World,
};
use whimbrel_smpp::{BindResp, Body, CommandStatus, FrameReader, MessageIdBody, Pdu, ShortMessage};
use whimbrel_sms::{ConcatRef, EncodingChoice, PartCount, SplitOptions, split};

use crate::Carrier;
use crate::NoWatcher;
use crate::smpp::SmppConfig;
use crate::smpp::connect::{Connect, Flush, Socket};
use crate::smpp::pool::{Ends, start_over};

pub(super) const CARRIER: CarrierId = CarrierId(7);
const START: Timestamp = Timestamp(1_795_526_000_000_000);

/// Time is tokio's, chance is a counter's.
pub(super) struct TestWorld {
    start: tokio::time::Instant,
    drawn: AtomicU64,
}

impl World for TestWorld {
    fn now(&self) -> Timestamp {
        START + Span(i64::try_from(self.start.elapsed().as_micros()).expect("tests are short"))
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(deadline.since(self.now()).to_std()))
    }

    fn random(&self) -> u64 {
        self.drawn.fetch_add(97, Ordering::Relaxed)
    }

    fn next_id(&self) -> i64 {
        0
    }
}

/// Connections end at the test, or are refused.
pub(super) struct Net {
    capacity: usize,
    peers: mpsc::UnboundedSender<DuplexStream>,
    is_down: AtomicBool,
    pub(super) tries: AtomicU64,
}

impl Connect for Net {
    fn connect(&self) -> BoxFuture<'static, io::Result<Socket>> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = tokio::io::duplex(self.capacity);
        let is_reached = !self.is_down.load(Ordering::Relaxed) && self.peers.send(theirs).is_ok();
        let (reader, writer) = tokio::io::split(ours);
        Box::pin(std::future::ready(if is_reached {
            Ok(Socket { reader: Box::new(reader), writer: Box::new(writer), flush: Flush::Needed })
        } else {
            Err(io::ErrorKind::ConnectionRefused.into())
        }))
    }
}

/// What a test may choose.
pub(super) struct Options {
    pub(super) window_max: u16,
    /// Octets that the network holds in each direction.
    pub(super) capacity: usize,
    /// Events that the engine's channel holds.
    pub(super) events: usize,
    pub(super) is_down: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { window_max: 10, capacity: 64 * 1024, events: 1_000, is_down: false }
    }
}

/// A carrier under test, and both its neighbours: the engine and the network.
pub(super) struct Fixture {
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) events: mpsc::Receiver<CarrierEvent>,
    pub(super) net: Arc<Net>,
    pub(super) peers: mpsc::UnboundedReceiver<DuplexStream>,
}

pub(super) fn config() -> SmppConfig {
    SmppConfig::new("acme", "smsc.example", 2775, "esme1", Secret::new("secret08"))
}

pub(super) fn world() -> Arc<TestWorld> {
    Arc::new(TestWorld { start: tokio::time::Instant::now(), drawn: AtomicU64::new(0) })
}

impl Fixture {
    pub(super) fn new(options: Options) -> Self {
        Self::with(SmppConfig { window_max: options.window_max, ..config() }, options)
    }

    pub(super) fn with(config: SmppConfig, options: Options) -> Self {
        #[expect(clippy::disallowed_methods, reason = "bounded by the connections of the test")]
        let (accept, peers) = mpsc::unbounded_channel();
        let net = Arc::new(Net {
            capacity: options.capacity,
            peers: accept,
            is_down: AtomicBool::new(options.is_down),
            tries: AtomicU64::new(0),
        });
        let (sender, events) = mpsc::channel(options.events);
        let carrier = start_over(
            config,
            CARRIER,
            Arc::default(),
            sender,
            world(),
            Ends { connect: net.clone(), watcher: Arc::new(NoWatcher) },
        );
        Self { carrier, events, net, peers }
    }

    /// A carrier that is bound; its `Up` was taken.
    pub(super) async fn bound(options: Options) -> (Self, Peer) {
        let mut fixture = Self::new(options);
        let peer = fixture.rebound().await;
        (fixture, peer)
    }

    /// The next connection, unbound.
    pub(super) async fn connected(&mut self) -> Peer {
        let io = self.peers.recv().await.expect("the carrier connects");
        Peer::new(io)
    }

    /// The next connection, bound.
    pub(super) async fn rebound(&mut self) -> Peer {
        let mut peer = self.connected().await;
        peer.accept().await;
        let event = self.event().await;
        assert!(matches!(event, CarrierEvent::Up { carrier: CARRIER, .. }), "{event:?}");
        peer
    }

    pub(super) fn set_down(&self, is_down: bool) {
        self.net.is_down.store(is_down, Ordering::Relaxed);
    }

    pub(super) async fn event(&mut self) -> CarrierEvent {
        self.events.recv().await.expect("the carrier lives")
    }

    /// Nothing comes until everybody waits for longer than `span`.
    pub(super) async fn silence(&mut self, span: Duration) {
        let event = tokio::time::timeout(span, self.events.recv()).await;
        assert!(event.is_err(), "{event:?}");
    }

    pub(super) fn submit(&self, part: i64) {
        assert!(self.carrier.submit(submission(part)).is_ok(), "{part} is not taken");
    }

    /// Every submission's event from now on, as a short text, sorted, until the events end; other events are left out.
    pub(super) async fn outcomes(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(event) = self.events.recv().await {
            all.extend(outcome(&event));
        }
        all.sort();
        all
    }
}

/// `3 sent`, for events of submissions.
pub(super) fn outcome(event: &CarrierEvent) -> Option<String> {
    Some(match event {
        CarrierEvent::Sent { part_id, .. } => format!("{} sent", part_id.0),
        CarrierEvent::Refused { part_id, .. } => format!("{} refused", part_id.0),
        CarrierEvent::Doubt { part_id, cause, .. } => format!("{} doubt {cause:?}", part_id.0),
        CarrierEvent::GivenBack { part_id, .. } => format!("{} given back", part_id.0),
        CarrierEvent::Up { .. }
        | CarrierEvent::Down { .. }
        | CarrierEvent::Receipt { .. }
        | CarrierEvent::Inbound { .. } => return None,
    })
}

/// A submission of one part.
pub(in crate::smpp) fn submission(part: i64) -> Submission {
    submission_of(part, "Your code is 482917", 1)
}

/// One part of a text of `count` parts: the last. It is a message of its own.
pub(super) fn submission_of(part: i64, text: &str, count: usize) -> Submission {
    let last = parts_of(part, text).pop().expect("a text has a part");
    assert_eq!(usize::from(last.part_count), count);
    Submission { part_id: PartId(part), ..last }
}

/// All parts of a text, numbered from `first` on.
pub(in crate::smpp) fn parts_of(first: i64, text: &str) -> Vec<Submission> {
    let reference = ConcatRef::Octet(0x2A);
    let options = SplitOptions { encoding: EncodingChoice::Detect, reference, part_count_max: PartCount::MAX };
    let parts = split(text, options).expect("it fits");
    let (encoding, part_count) = (parts.encoding(), parts.count().value());
    let numbered = (first..).zip(1..=255).zip(parts);
    numbered
        .map(|((part_id, number), content)| Submission {
            part_id: PartId(part_id),
            message_id: MessageId(first),
            number,
            part_count,
            class: MessageClass::Otp,
            attempt: AttemptNumber(1),
            sender: SenderId::parse("Acme").expect("a name"),
            recipient: PhoneNumber::parse("447700900123").expect("a number"),
            encoding,
            content,
            handset_class: None,
            has_code: false,
            protocol_id: 0,
            registration: Registration::default(),
            receipt: ReceiptWish::Wanted,
            validity: None,
        })
        .collect()
}

/// The centre's end of a connection.
pub(super) struct Peer {
    io: DuplexStream,
    reader: FrameReader,
}

impl Peer {
    pub(super) fn new(io: DuplexStream) -> Self {
        Self { io, reader: FrameReader::new(70_000) }
    }

    /// The next PDU; `None` at the end of the connection.
    pub(super) async fn pdu(&mut self) -> Option<Pdu> {
        loop {
            if let Some(frame) = self.reader.next() {
                return Some(Pdu::decode(frame.expect("frames are right")).expect("PDUs can be read"));
            }
            let mut octets = [0; 4_096];
            let count = self.io.read(&mut octets).await.unwrap_or(0);
            if count == 0 {
                return None;
            }
            self.reader.push(&octets[..count]);
        }
    }

    pub(super) async fn send(&mut self, status: CommandStatus, sequence: u32, body: Body) {
        let mut octets = Vec::new();
        Pdu { status, sequence, body }.encode(&mut octets).expect("it can be written");
        // The carrier may have hung up already.
        let _ = self.io.write_all(&octets).await;
    }

    pub(super) async fn send_raw(&mut self, octets: &[u8]) {
        self.io.write_all(octets).await.expect("the carrier reads");
    }

    /// Reads the bind, of whatever mode, and accepts it.
    pub(super) async fn accept(&mut self) -> whimbrel_smpp::BindMode {
        let (sequence, mode) = self.any_bind().await;
        let answer = BindResp { system_id: b"SMSC".to_vec(), ..BindResp::default() };
        self.send(CommandStatus::ROK, sequence, Body::BindResp(mode, answer)).await;
        mode
    }

    /// Reads the bind and refuses it.
    pub(super) async fn refuse(&mut self, status: CommandStatus) {
        let sequence = self.bind().await;
        let body = Body::BindResp(whimbrel_smpp::BindMode::Transceiver, BindResp::default());
        self.send(status, sequence, body).await;
    }

    pub(super) async fn bind(&mut self) -> u32 {
        let (sequence, mode) = self.any_bind().await;
        assert_eq!(mode, whimbrel_smpp::BindMode::Transceiver);
        sequence
    }

    async fn any_bind(&mut self) -> (u32, whimbrel_smpp::BindMode) {
        let pdu = self.pdu().await.expect("a bind comes");
        let Body::Bind(mode, bind) = pdu.body else { panic!("no bind: {pdu:?}") };
        assert_eq!((&bind.system_id[..], &bind.password[..]), (&b"esme1"[..], &b"secret08"[..]));
        assert_eq!((&bind.system_type[..], bind.interface_version), (&b""[..], 0x34));
        (pdu.sequence, mode)
    }

    /// The next PDU, which is a `submit_sm`.
    pub(super) async fn submit(&mut self) -> (u32, ShortMessage) {
        let pdu = self.pdu().await.expect("a submission comes");
        let Body::SubmitSm(message) = pdu.body else { panic!("no submission: {pdu:?}") };
        (pdu.sequence, *message)
    }

    /// Answers a `submit_sm` with an id.
    pub(super) async fn take(&mut self, sequence: u32, id: &str) {
        self.send(CommandStatus::ROK, sequence, Body::SubmitSmResp(MessageIdBody::new(id))).await;
    }

    /// Answers a `submit_sm` with an error.
    pub(super) async fn reject(&mut self, sequence: u32, status: CommandStatus) {
        self.send(status, sequence, Body::SubmitSmResp(MessageIdBody::default())).await;
    }

    /// Delivers a message as it is.
    pub(super) async fn deliver(&mut self, sequence: u32, message: ShortMessage) {
        self.send(CommandStatus::ROK, sequence, Body::DeliverSm(Box::new(message))).await;
    }

    /// Answers the `unbind` that comes next, and sees the end of the connection.
    pub(super) async fn unbound(&mut self) {
        let pdu = self.pdu().await.expect("an unbind comes");
        assert_eq!(pdu.body, Body::Unbind);
        self.send(CommandStatus::ROK, pdu.sequence, Body::UnbindResp).await;
        assert_eq!(self.pdu().await, None);
    }
}
