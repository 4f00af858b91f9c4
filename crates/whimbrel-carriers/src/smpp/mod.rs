//! The carrier kind `smpp`: an ESME with one transceiver connection to a centre.
//!
//! What it promises: every submission that [`submit`](Carrier::submit) took gets exactly one event, whatever happens to the
//! connection. A submission is *given back* only if not one octet of it was written, else it is *in doubt*. A receipt is
//! answered only after [`acknowledge`](Carrier::acknowledge). While the engine does not take events, the connection is not
//! read. The caller never waits. Binding is tried for ever.
//!
//! How: `keeper` connects, waits and tries again; `link` owns one connection and is a task's only view of the protocol
//! machine in `whimbrel-smpp`; `outgoing` knows what was written; `wire`, `answer`, `receipt` and `reconnect` are
//! pure and know what carriers mean.
//!
//! Follows "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2. Inbound texts are not offered yet: they are
//! refused, so that the carrier knows. Passwords and texts reach neither logs nor events.

mod answer;
mod clock;
mod connect;
mod keeper;
mod link;
mod outgoing;
mod receipt;
mod reconnect;
mod report;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{mpsc, watch};
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{AckToken, CarrierEvent, CarrierId, Secret, Span, Submission, World};
use whimbrel_smpp::{Address, Bind, Body, EncodeError, Pdu, ShortMessage};

use crate::{Ack, Carrier};

pub use receipt::TextErrorCodes;
pub use wire::{AddressForms, TonNpi, ValidityForm};

use connect::{Connect, TcpConnect};
use keeper::Keeper;
use wire::SubmitForm;

/// SMPP 3.4.
const INTERFACE_VERSION: u8 = 0x34;
/// Receipts that wait for their acknowledgement; beyond, the connection is not read.
const RECEIPTS_OPEN_MAX: u16 = 1_000;
/// The window that no carrier exceeds.
const WINDOW_MAX: u16 = 1_000;

/// What a connection may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindMode {
    /// Both directions on one connection.
    #[default]
    Transceiver,
}

/// A carrier of the kind `smpp`. `Debug` shows no password.
#[derive(Debug, Clone)]
pub struct SmppConfig {
    /// The carrier's name, for logs and metrics.
    pub name: Box<str>,
    /// A name or an address; resolved anew for each connection.
    pub host: Box<str>,
    /// 2775 by convention.
    pub port: u16,
    /// Our name at the carrier: at most 15 octets.
    pub system_id: Box<str>,
    /// Its password: 8 octets by the specification, at most 64 here.
    pub password: Secret,
    /// What some carriers want to see: at most 12 octets, usually empty.
    pub system_type: Box<str>,
    /// What the connection carries.
    pub bind: BindMode,
    /// Unanswered submissions: 1 to 1,000, taken to the nearer bound outside. 10 by default.
    pub window_max: u16,
    /// How long an answer may take; then the submission is in doubt. 60 s by default.
    pub response_timeout: Span,
    /// Silence before the carrier is asked whether it lives. 30 s by default.
    pub enquire_interval: Span,
    /// How long that answer may take; then the connection is given up. 15 s by default.
    pub enquire_timeout: Span,
    /// A kind of service: at most 5 octets, usually empty.
    pub service_type: Box<str>,
    /// How addresses are labelled.
    pub addresses: AddressForms,
    /// Whether a validity period is sent.
    pub validity: ValidityForm,
    /// What the numbers after `err:` in receipts are.
    pub text_error_codes: TextErrorCodes,
}

impl SmppConfig {
    /// A carrier with the usual settings.
    #[must_use]
    pub fn new(name: &str, host: &str, port: u16, system_id: &str, password: Secret) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port,
            system_id: system_id.into(),
            password,
            system_type: Box::default(),
            bind: BindMode::Transceiver,
            window_max: 10,
            response_timeout: Span::seconds(60),
            enquire_interval: Span::seconds(30),
            enquire_timeout: Span::seconds(15),
            service_type: Box::default(),
            addresses: AddressForms::default(),
            validity: ValidityForm::Relative,
            text_error_codes: TextErrorCodes::Opaque,
        }
    }

    /// Says whether what the carrier will be sent can be written at all.
    ///
    /// # Errors
    /// A field is too long or holds a NUL.
    pub fn check(&self) -> Result<(), EncodeError> {
        let bind = Body::Bind(whimbrel_smpp::BindMode::Transceiver, self.bind_body());
        let message = ShortMessage { service_type: self.service_type.as_bytes().to_vec(), ..ShortMessage::default() };
        for body in [bind, Body::SubmitSm(Box::new(message))] {
            Pdu::request(1, body).encode(&mut Vec::new())?;
        }
        Ok(())
    }

    fn bind_body(&self) -> Bind {
        Bind {
            system_id: self.system_id.as_bytes().to_vec(),
            password: self.password.expose().as_bytes().to_vec(),
            system_type: self.system_type.as_bytes().to_vec(),
            interface_version: INTERFACE_VERSION,
            address: Address::default(),
        }
    }

    fn submit_form(&self) -> SubmitForm {
        SubmitForm {
            service_type: self.service_type.as_bytes().to_vec(),
            addresses: self.addresses,
            validity: self.validity,
        }
    }

    fn window(&self) -> u16 {
        self.window_max.clamp(1, WINDOW_MAX)
    }
}

/// Starts the carrier: from now on it binds, and reports to `events`. Call it inside a runtime.
///
/// It ends after [`Carrier::close`], when the carrier is dropped, or when nobody takes events any more.
#[must_use]
pub fn start(
    config: SmppConfig,
    id: CarrierId,
    events: mpsc::Sender<CarrierEvent>,
    world: Arc<dyn World>,
) -> Arc<dyn Carrier> {
    let connect = TcpConnect::new(&config.host, config.port, Arc::clone(&world));
    start_over(config, id, events, world, Arc::new(connect))
}

/// As [`start`], over connections of any kind.
fn start_over(
    config: SmppConfig,
    id: CarrierId,
    events: mpsc::Sender<CarrierEvent>,
    world: Arc<dyn World>,
    connect: Arc<dyn Connect>,
) -> Arc<dyn Carrier> {
    let (inbox, submissions) = mpsc::channel(usize::from(config.window()));
    let (acks, acknowledged) = mpsc::channel(usize::from(RECEIPTS_OPEN_MAX));
    let (stop, stopped) = watch::channel(());
    let (ended, has_ended) = watch::channel(());
    let link = Arc::new(AtomicU32::new(0));
    let name = config.name.clone();
    let channels = keeper::Channels { submissions, acknowledged, stopped, link: Arc::clone(&link) };
    let keeper = Keeper::new(config, id, channels, events, world, connect);
    tokio::spawn(async move {
        keeper.run().await;
        drop(ended);
    });
    Arc::new(Smpp { name, inbox, acks, link, stop, has_ended })
}

/// The handle that the engine holds; the task ends with it.
struct Smpp {
    name: Box<str>,
    inbox: mpsc::Sender<Submission>,
    acks: mpsc::Sender<(AckToken, Ack)>,
    /// The link that acknowledgements are for; 0 for none.
    link: Arc<AtomicU32>,
    /// Anything sent, or its end, stops the task.
    stop: watch::Sender<()>,
    /// Its sender ends with the task.
    has_ended: watch::Receiver<()>,
}

impl Carrier for Smpp {
    fn submit(&self, submission: Submission) -> Result<(), Box<Submission>> {
        self.inbox.try_send(submission).map_err(|error| match error {
            mpsc::error::TrySendError::Full(submission) | mpsc::error::TrySendError::Closed(submission) => {
                Box::new(submission)
            }
        })
    }

    fn acknowledge(&self, token: AckToken, ack: Ack) {
        if token.link.0 != self.link.load(Ordering::Acquire) {
            return;
        }
        // There is room for every receipt that can be open, so this fails only if the task has ended, or if receipts were
        // acknowledged more than once; then the carrier sends the receipt again.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.acks.try_send((token, ack)) {
            tracing::warn!(carrier = %self.name, "acknowledgement dropped: more came than receipts are open");
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.stop.send_replace(());
        let mut has_ended = self.has_ended.clone();
        Box::pin(async move {
            // Nothing is ever sent: this waits for the end of the sender.
            while has_ended.changed().await.is_ok() {}
        })
    }
}
