//! The handle that the engine holds: all connections of a carrier as one.

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{AckToken, CarrierEvent, CarrierId, Span, Submission, World};

use crate::{Ack, Carrier, CarrierStatus, NoWatcher, Order, Watcher};

use super::config::SmppConfig;
use super::connect::{Connect, TcpConnect};
use super::keeper::{Channels, Command, Keeper, Probe, Shared};
use super::report::Reporter;
use super::route::{Load, Router};
use super::slot::Slot;
use super::{RECEIPTS_OPEN_MAX, config};

/// Questions whether a connection lives that wait at once.
const PROBES_MAX: usize = 4;
/// What a password may have by the specification.
const PASSWORD_OCTETS_USUAL: usize = 8;

/// Starts the carrier: from now on it binds, and reports to `events`. Call it inside a runtime.
///
/// `links`: the last number that was given to a link in this process, 0 at first; all carriers share it, so that no token of one
/// life of a carrier is taken for one of the next.
///
/// It ends after [`Carrier::close`], when the carrier is dropped, or when nobody takes events any more.
#[must_use]
pub fn start(
    config: SmppConfig,
    id: CarrierId,
    links: Arc<AtomicU32>,
    events: mpsc::Sender<CarrierEvent>,
    world: Arc<dyn World>,
) -> Arc<dyn Carrier> {
    start_watched(config, id, links, events, world, Arc::new(NoWatcher))
}

/// As [`start`], and shows `watcher` what goes over the wire.
#[must_use]
pub fn start_watched(
    config: SmppConfig,
    id: CarrierId,
    links: Arc<AtomicU32>,
    events: mpsc::Sender<CarrierEvent>,
    world: Arc<dyn World>,
    watcher: Arc<dyn Watcher>,
) -> Arc<dyn Carrier> {
    let connect = TcpConnect::new(&config.host, config.port, config.tls.clone(), Arc::clone(&world));
    start_over(config, id, links, events, world, Ends { connect: Arc::new(connect), watcher })
}

/// What a carrier's connections are made by, and who is shown what goes over them.
pub(super) struct Ends {
    pub(super) connect: Arc<dyn Connect>,
    pub(super) watcher: Arc<dyn Watcher>,
}

/// As [`start`], over connections of any kind.
pub(super) fn start_over(
    config: SmppConfig,
    id: CarrierId,
    links: Arc<AtomicU32>,
    events: mpsc::Sender<CarrierEvent>,
    world: Arc<dyn World>,
    Ends { connect, watcher }: Ends,
) -> Arc<dyn Carrier> {
    warn_of_settings(&config);
    let modes = config.bind.connections(config.connections);
    let senders = modes.iter().filter(|mode| mode.may_submit()).count();
    // Parts of one message share a connection, so each must have room for all that the engine may hand over.
    let submissions_max = (usize::from(config.submissions_max()) * senders).max(1);
    let shared = Arc::new(Shared { config, links, omits_times: AtomicBool::new(false), connect, watcher });
    let (commands, commanded) = watch::channel(Command::Order(Order::Bind));
    let (ended, has_ended) = watch::channel(());
    let ended = Arc::new(ended);
    let places = modes
        .into_iter()
        .map(|mode| {
            let (inbox, submissions) = mpsc::channel(submissions_max);
            let (acks, acknowledged) = mpsc::channel(usize::from(RECEIPTS_OPEN_MAX));
            let (probe, probes) = mpsc::channel(PROBES_MAX);
            let slot = Arc::new(Slot::new(mode, world.now()));
            let channels = Channels { submissions, acknowledged, probes, commands: commanded.clone() };
            let report = Reporter::new(id, &shared.config.name, events.clone(), Arc::clone(&slot));
            let keeper = Keeper::new(Arc::clone(&shared), Arc::clone(&slot), channels, report, Arc::clone(&world));
            let ended = Arc::clone(&ended);
            tokio::spawn(async move {
                keeper.run().await;
                drop(ended);
            });
            Place { slot, inbox, acks, probe }
        })
        .collect();
    let name = shared.config.name.clone();
    Arc::new(Smpp { name, places, router: Mutex::default(), commands, has_ended })
}

fn warn_of_settings(config: &SmppConfig) {
    let carrier = &*config.name;
    if config.password.expose().len() > PASSWORD_OCTETS_USUAL {
        tracing::warn!(carrier, "password is longer than the 8 octets of SMPP 3.4: it is sent as it is");
    }
    if config.interface_version == 0x33 && config.bind == config::BindMode::Transceiver {
        tracing::warn!(carrier, "SMPP 3.3 has no transceiver: set `bind` to a pair if the carrier refuses it");
    }
}

/// One connection's place.
struct Place {
    slot: Arc<Slot>,
    inbox: mpsc::Sender<Submission>,
    acks: mpsc::Sender<(AckToken, Ack)>,
    probe: mpsc::Sender<Probe>,
}

/// The handle; the tasks end with it.
struct Smpp {
    name: Box<str>,
    /// One for each connection, in order; at least one.
    places: Vec<Place>,
    router: Mutex<Router>,
    /// Its end stops the tasks.
    commands: watch::Sender<Command>,
    /// Its sender ends with the last task.
    has_ended: watch::Receiver<()>,
}

impl Smpp {
    /// The places that take submissions.
    fn senders(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.slot.mode.may_submit())
    }

    fn choose(&self, submission: &Submission) -> Option<&Place> {
        let load = |place: &Place| Load { link: place.slot.taking(), outstanding: place.slot.outstanding() };
        let loads: Vec<Load> = self.senders().map(load).collect();
        // Each change is whole before a panic could come.
        let mut router = self.router.lock().unwrap_or_else(PoisonError::into_inner);
        let at = router.choose(submission, &loads)?;
        self.senders().nth(at)
    }
}

impl Carrier for Smpp {
    fn submit(&self, submission: Submission) -> Result<(), Box<Submission>> {
        let Some(place) = self.choose(&submission) else { return Err(Box::new(submission)) };
        // Before it can be settled.
        place.slot.open();
        place.inbox.try_send(submission).map_err(|error| {
            place.slot.settle();
            match error {
                mpsc::error::TrySendError::Full(submission) | mpsc::error::TrySendError::Closed(submission) => {
                    Box::new(submission)
                }
            }
        })
    }

    fn acknowledge(&self, token: AckToken, ack: Ack) {
        let Some(place) = self.places.iter().find(|place| place.slot.link() == token.link.0) else { return };
        // There is room for every delivery that can be open, so this fails only if the task has ended, or if deliveries were
        // acknowledged more than once; then the carrier sends them again.
        if let Err(mpsc::error::TrySendError::Full(_)) = place.acks.try_send((token, ack)) {
            tracing::warn!(carrier = %self.name, "acknowledgement dropped: more came than deliveries are open");
        }
    }

    fn order(&self, order: Order) {
        self.commands.send_if_modified(|command| {
            // What is to end stays so.
            let is_open = *command != Command::Close;
            if is_open {
                *command = Command::Order(order);
            }
            is_open
        });
    }

    fn status(&self) -> CarrierStatus {
        let order = match *self.commands.borrow() {
            Command::Order(order) => order,
            Command::Close => Order::Unbind,
        };
        CarrierStatus { order, links: self.places.iter().map(|place| place.slot.snapshot()).collect() }
    }

    fn probe(&self) -> BoxFuture<'_, Result<Span, Box<str>>> {
        let bound = self.places.iter().filter(|place| place.slot.link() != 0);
        let place = bound.min_by_key(|place| place.slot.outstanding());
        Box::pin(async move {
            let Some(place) = place else { return Err("no connection is bound".into()) };
            let (asker, answer) = oneshot::channel();
            place.probe.try_send(asker).map_err(|_| "too many ask at once, or the carrier was stopped")?;
            answer.await.unwrap_or_else(|_| Err("the carrier was stopped".into()))
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.commands.send_replace(Command::Close);
        let mut has_ended = self.has_ended.clone();
        Box::pin(async move {
            // Nothing is ever sent: this waits for the end of the sender.
            while has_ended.changed().await.is_ok() {}
        })
    }
}
