//! A world whose time moves by hand, and a client on our own session.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{Span, Timestamp, World};
use whimbrel_simulator::{Running, SimulatorOptions, bind};
use whimbrel_smpp::receipt::{Delivery, classify};
use whimbrel_smpp::session::{Bounds, EsmeConfig, Event, Instant, Session};
use whimbrel_smpp::{Address, Bind, BindMode, Body, CommandStatus, MessageIdBody, ShortMessage};

/// 2026-11-24T13:12:07Z.
pub const START: Timestamp = Timestamp(1_795_525_927_000_000);

/// Time moves when a test says so.
pub struct HandWorld {
    now: watch::Sender<Timestamp>,
    next_id: AtomicI64,
    awaited: Mutex<BTreeSet<Timestamp>>,
    more_awaited: Notify,
}

impl HandWorld {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            now: watch::Sender::new(START),
            next_id: AtomicI64::new(0),
            awaited: Mutex::default(),
            more_awaited: Notify::new(),
        })
    }

    pub fn advance(&self, span: Span) {
        self.now.send_modify(|now| *now = *now + span);
    }

    /// Waits until something sleeps until exactly `deadline`.
    pub async fn awaited(&self, deadline: Timestamp) {
        while !self.awaited.lock().unwrap_or_else(PoisonError::into_inner).contains(&deadline) {
            self.more_awaited.notified().await;
        }
    }
}

impl World for HandWorld {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).insert(deadline);
        self.more_awaited.notify_one();
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // The world outlives the simulator.
            let _ = now.wait_for(|now| *now >= deadline).await;
        })
    }

    fn random(&self) -> u64 {
        4
    }

    fn next_id(&self) -> i64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

/// A simulator on a free port, as `adjust` wants it.
pub async fn simulator(world: &Arc<HandWorld>, adjust: impl FnOnce(&mut SimulatorOptions)) -> Running {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let mut options = SimulatorOptions::new(listen, Arc::clone(world) as Arc<dyn World>);
    adjust(&mut options);
    bind(options).await.expect("a free port").start()
}

/// What a client is told, in the order it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Response { sequence: u32, status: CommandStatus, message_id: String },
    Receipt { stat: String, error: u16, intermediate: bool, message_id: String, source: String, text: String },
    Closed(String),
}

impl Told {
    pub fn message_id(&self) -> &str {
        match self {
            Self::Response { message_id, .. } | Self::Receipt { message_id, .. } => message_id,
            Self::Closed(_) => "",
        }
    }

    /// Without ids and numbers, for comparison with a table.
    pub fn line(&self) -> String {
        match self {
            Self::Response { status, .. } => status.name().unwrap_or("?").to_owned(),
            Self::Receipt { stat, error, intermediate, .. } => {
                format!("{stat} {error:03}{}", if *intermediate { " intermediate" } else { "" })
            }
            Self::Closed(reason) => format!("closed: {reason}"),
        }
    }
}

/// An ESME. Its own timers never run: its session is not ticked.
pub struct Client {
    pub stream: TcpStream,
    pub session: Session,
    /// What deliver_sm is answered with; not at all if `None`.
    pub acknowledges: Option<CommandStatus>,
}

impl Client {
    /// Connects and sends the bind.
    pub async fn connect(simulator: &Running, mode: BindMode, system_id: &str, password: &str) -> Self {
        let request = Bind {
            system_id: system_id.into(),
            password: password.into(),
            system_type: Vec::new(),
            interface_version: 0x34,
            address: Address::default(),
        };
        let mut config = EsmeConfig::new(mode, request);
        config.bounds = Bounds { window_max: 1_000, ..Bounds::esme() };
        let stream = TcpStream::connect(simulator.local_addr()).await.expect("the simulator listens");
        let session = Session::esme(config, Instant(0)).expect("a bind that can be written");
        let mut client = Self { stream, session, acknowledges: Some(CommandStatus::ROK) };
        client.flush().await;
        client
    }

    /// Connects and waits until it is bound.
    pub async fn bound(simulator: &Running, mode: BindMode, system_id: &str) -> Self {
        let mut client = Self::connect(simulator, mode, system_id, "dev").await;
        match client.event().await {
            Event::Bound { system_id, .. } => assert_eq!(system_id, b"Whimbrel"),
            other => panic!("not bound: {other:?}"),
        }
        client
    }

    pub async fn flush(&mut self) {
        while self.session.has_output() {
            let octets = std::mem::take(self.session.output());
            self.stream.write_all(&octets).await.expect("the simulator reads");
        }
    }

    pub async fn event(&mut self) -> Event {
        let mut input = [0; 4_096];
        loop {
            self.flush().await;
            if let Some(event) = self.session.next_event() {
                return event;
            }
            match self.stream.read(&mut input).await {
                Ok(0) | Err(_) => self.session.disconnected(Instant(0)),
                Ok(count) => self.session.received(&input[..count], Instant(0)),
            }
        }
    }

    /// The next thing it is told.
    pub async fn told(&mut self) -> Told {
        match self.event().await {
            Event::Response { sequence, pdu, .. } => {
                let Body::SubmitSmResp(MessageIdBody { message_id, .. }) = pdu.body else {
                    panic!("an answer to something else: {:?}", pdu.body);
                };
                let message_id = String::from_utf8(message_id).expect("ids are ASCII");
                Told::Response { sequence, status: pdu.status, message_id }
            }
            Event::Request(pdu) => {
                if let Some(status) = self.acknowledges {
                    let body = Body::DeliverSmResp(MessageIdBody::default());
                    self.session.respond(pdu.sequence, status, body, Instant(0));
                    self.flush().await;
                }
                let Body::DeliverSm(message) = pdu.body else { panic!("not a deliver_sm: {:?}", pdu.body) };
                receipt(&message)
            }
            Event::Closed { reason, .. } => Told::Closed(format!("{reason:?}")),
            Event::BindRefused { status } => Told::Closed(status.name().unwrap_or("?").to_owned()),
            other => panic!("unexpected: {other:?}"),
        }
    }

    /// Submits without waiting for the answer.
    pub async fn submit(&mut self, message: ShortMessage) -> u32 {
        let sequence =
            self.session.request(Body::SubmitSm(Box::new(message)), Instant(0)).expect("the window has room");
        self.flush().await;
        sequence
    }

    /// Submits something that is answered at once and gets no receipt, and expects to be told nothing else before its answer.
    pub async fn nothing_more(&mut self) {
        let sequence = self.submit(message("447700900109", "mark")).await;
        match self.told().await {
            Told::Response { sequence: answered, .. } if answered == sequence => {}
            other => panic!("told too early or too much: {other:?}"),
        }
    }
}

fn receipt(message: &ShortMessage) -> Told {
    let Delivery::Receipt(receipt) = classify(message, false) else { panic!("not marked as a receipt") };
    Told::Receipt {
        stat: String::from_utf8(receipt.state_text).expect("states are ASCII"),
        error: receipt.error.and_then(|error| error.value).expect("an error code"),
        intermediate: receipt.is_intermediate,
        message_id: String::from_utf8(receipt.id).expect("ids are ASCII"),
        source: String::from_utf8(message.source.digits.clone()).expect("digits"),
        text: String::from_utf8(message.short_message.clone()).expect("receipts are ASCII"),
    }
}

/// A message that asks for receipts.
pub fn message(destination: &str, text: &str) -> ShortMessage {
    ShortMessage {
        source: Address { ton: 5, npi: 0, digits: b"Acme".to_vec() },
        destination: Address { ton: 1, npi: 1, digits: destination.into() },
        registered_delivery: 1,
        short_message: text.into(),
        ..ShortMessage::default()
    }
}
