//! The engine: accept, dispatch, settle and notify, each a pure step with a driver that only moves values.
//!
//! ```text
//! accept  ──commit──>  dispatch  ──carrier──>  settle  ──commit──>  notify  ──webhook──>  commit
//! ```
//!
//! It promises that nothing is answered, acknowledged or handed to a carrier before the commit that it rests on
//! ([`batcher`]), that a place in a carrier's window is taken for every part under way ([`dispatch`]), and that a restart finds
//! everything again ([`recover`], the store's queues). Knows nothing of HTTP, TLS, files or the command line; time, chance and ids
//! come from a [`World`], webhooks leave through an [`Egress`].

pub mod applications;
pub mod batcher;
pub mod carriers;
pub mod directory;
pub mod dispatch;
pub mod events;
pub mod failures;
mod handle;
mod home;
pub mod learning;
pub mod limiter;
mod listeners;
pub mod notify;
pub mod oauth;
pub mod ports;
pub mod prover;
pub mod tape;
pub mod world;

mod accept;
mod account;
mod accounts;
mod admission;
mod authenticate;
mod checker;
mod dispatcher;
mod history;
mod hooks;
mod keys;
mod lists;
mod lookup;
mod many;
mod messages;
mod notifier;
mod number_networks;
mod numbers;
mod owners;
mod people;
mod pool;
mod prices;
mod records;
mod recover;
mod rejections;
mod reload;
mod repeats;
mod replays;
mod reroute;
mod resend;
pub mod retention;
mod secrets;
mod settle;
mod signatures;
mod subaccounts;
mod sweep;
mod tokens;
mod totals;
mod trials;
mod url_test;
mod webhooks;
mod wrong_codes;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use whimbrel_core::network::NETWORK_KEPT;
use whimbrel_core::{CarrierEvent, Refusal, Snapshot, World, id};
use whimbrel_dialects::address::Addresses;
use whimbrel_dialects::claim::Compat;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_dialects::standard::StandardHeaders;
use whimbrel_store::{Keyring, Store, StoreError};

use crate::admission::Admission;
use crate::applications::Applications;
use crate::batcher::{Batcher, CommitError, Stepper, Writer};
use crate::carriers::{CarrierDesk, Carriers};
use crate::directory::{Directory, Known};
use crate::events::Events;
use crate::failures::{FailureRules, Failures};
use crate::keys::Changing;
use crate::limiter::{Recipients, Requests, Senders};
use crate::listeners::Listeners;
use crate::notifier::Notifier;
use crate::number_networks::NumberNetworks;
use crate::oauth::Oauth;
use crate::ports::Egress;
use crate::prover::Prover;
use crate::rejections::Rejections;
use crate::repeats::Repeats;
use crate::retention::Retention;
use crate::signatures::Signatures;
use crate::tape::Tape;
use crate::url_test::UrlTests;
use crate::wrong_codes::WrongCodes;

pub use crate::accounts::{AccountError, NewCustomer};
pub use crate::applications::{ApplicationError, NewApplication};
pub use crate::authenticate::{Caller, Origin};
pub use crate::checker::Look;
pub use crate::handle::Handled;
pub use crate::keys::{KeyError, Rotated};
pub use crate::listeners::{WebhookHeard, WebhookListener};
pub use crate::lists::{ListError, own_number};
pub use crate::owners::SignedInOwner;
pub use crate::people::{CodeStep, PASSWORD_CHARS, PeopleError, RECOVERY_CODES, SignIn, SignInRefused};
pub use crate::pool::{NewReload, OFFERS_MAX};
pub use crate::reload::{CarrierChange, Reload, StartCarrier};
pub use crate::resend::{Attempted, ResendError, Trigger};
pub use crate::secrets::{AddedSecret, SecretError};
pub use crate::url_test::{WebhookTestError, WebhookTried};
pub use crate::world::SystemWorld;

/// Operations that may wait for the store before new messages are turned away; of one account half of that.
const WAITING_OPS_MAX: usize = 8_192;
/// Events of all carriers that may wait to be settled; a carrier stops reading its socket when there is no room.
pub const EVENTS_MAX: usize = 4_096;

/// Everything the engine is made of.
pub struct Parts {
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// Made the digests of the accounts' secrets.
    pub keyring: Arc<Keyring>,
    /// Clock, timers, chance, ids.
    pub world: Arc<dyn World>,
    /// The way out for webhooks.
    pub egress: Arc<dyn Egress>,
    /// The carriers of the configuration; each gets its carrier by [`CarrierDesk::set_carrier`](carriers::CarrierDesk).
    pub carriers: Carriers,
    /// Networks, prices and routes.
    pub snapshot: Snapshot,
    /// How far clients that sign otherwise than documented are understood.
    pub compat: Compat,
    /// How often keys and sources may fail to prove who is calling.
    pub failure_rules: FailureRules,
    /// By which addresses clients call.
    pub addresses: Addresses,
    /// How long things are kept.
    pub retention: Retention,
    /// Whether webhooks carry the headers of Standard Webhooks.
    pub standard_headers: StandardHeaders,
    /// What went over the wires.
    pub tape: Arc<Tape>,
}

/// Searches at once: half of the connections that read.
const SEARCHES_MAX: usize = 2;

/// The running engine.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) world: Arc<dyn World>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) carriers: Carriers,
    pub(crate) directory: Directory,
    pub(crate) applications: Applications,
    pub(crate) oauth: Oauth,
    pub(crate) batcher: Batcher,
    pub(crate) admission: Admission,
    searches: Arc<Semaphore>,
    pub(crate) notifier: Notifier,
    pub(crate) events: Events,
    /// How answers are worded; a reload may change it.
    wording: RwLock<whimbrel_dialects::Wording>,
    pub(crate) signatures: Signatures,
    pub(crate) addresses: Addresses,
    pub(crate) requests: Mutex<Requests>,
    /// Those of owners who signed in.
    pub(crate) page_requests: Mutex<Requests>,
    pub(crate) senders: Mutex<Senders>,
    pub(crate) recipients: Mutex<Recipients>,
    pub(crate) repeats: Mutex<Repeats>,
    pub(crate) failures: Mutex<Failures>,
    pub(crate) wrong_codes: Mutex<WrongCodes>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) prover: Prover,
    pub(crate) changing_keys: Changing,
    pub(crate) url_tests: UrlTests,
    pub(crate) last_look: Mutex<Option<Look>>,
    pub(crate) rejections: Rejections,
    pub(crate) retention: Retention,
    pub(crate) standard_headers: StandardHeaders,
    pub(crate) tape: Arc<Tape>,
    pub(crate) listeners: Listeners,
    pub(crate) number_networks: RwLock<NumberNetworks>,
    /// The number that was given last.
    pub(crate) serials: AtomicU64,
    snapshot: RwLock<Arc<Snapshot>>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Tasks>,
    reads: Reads,
}

/// Where reads of the store run.
#[derive(Debug, Clone, Copy)]
enum Reads {
    /// On threads that may block.
    OnPool,
    /// Where they are asked for: a simulation has one thread.
    Here,
}

#[derive(Default)]
struct Tasks {
    drivers: Vec<JoinHandle<()>>,
    settle: Option<JoinHandle<()>>,
    events: Option<mpsc::Receiver<CarrierEvent>>,
    /// For carriers that are started later; gone once the engine stops.
    event_sender: Option<mpsc::Sender<CarrierEvent>>,
    writer: Option<Writer>,
}

/// Why the engine did not start.
#[derive(Debug)]
pub enum StartError {
    /// The store could not be read.
    Store(StoreError),
    /// What the last process left could not be settled.
    Commit(CommitError),
    /// The operating system gave no thread.
    Thread(std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(_) => f.write_str("cannot read the store"),
            Self::Commit(_) => f.write_str("cannot write the store"),
            Self::Thread(_) => f.write_str("cannot start a thread of the engine"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Store(error) => error,
            Self::Commit(error) => error,
            Self::Thread(error) => error,
        })
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CommitError> for StartError {
    fn from(error: CommitError) -> Self {
        Self::Commit(error)
    }
}

impl Engine {
    /// Recovers what the last process left, and makes an engine whose carriers can be started: they send their events to the
    /// channel that is answered. Nothing leaves before [`run`](Self::run).
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(parts: Parts) -> Result<(Arc<Self>, mpsc::Sender<CarrierEvent>), StartError> {
        let (batcher, writer) = Batcher::start(Arc::clone(&parts.store), Arc::clone(&parts.world), WAITING_OPS_MAX)
            .map_err(StartError::Thread)?;
        let (engine, event_sender) = Self::assemble(parts, batcher, Some(writer), Reads::OnPool)?;
        engine.recover().await?;
        Ok((engine, event_sender))
    }

    /// The same engine without threads of its own, for a simulation: reads run where they are asked for, and nothing is committed
    /// before the stepper is told to. [`recover`](Self::recover) comes before [`run`](Self::run).
    ///
    /// # Errors
    /// [`StartError::Store`].
    pub fn stepped(parts: Parts) -> Result<(Arc<Self>, mpsc::Sender<CarrierEvent>, Stepper), StartError> {
        let (batcher, stepper) = Batcher::stepped(Arc::clone(&parts.store), Arc::clone(&parts.world), WAITING_OPS_MAX);
        let (engine, event_sender) = Self::assemble(parts, batcher, None, Reads::Here)?;
        Ok((engine, event_sender, stepper))
    }

    /// Settles what the last process left under way.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn recover(self: &Arc<Self>) -> Result<(), StartError> {
        recover::run(self).await.map(drop)
    }

    fn assemble(
        parts: Parts,
        batcher: Batcher,
        writer: Option<Writer>,
        reads: Reads,
    ) -> Result<(Arc<Self>, mpsc::Sender<CarrierEvent>), StartError> {
        let known = Known {
            credentials: parts.store.credentials()?,
            numbers: parts.store.numbers(None)?,
            everybody: parts.store.lists()?,
            subaccounts: parts.store.subaccounts(None)?,
        };
        let makes = Prover::start_one("key-pairs").map_err(StartError::Thread)?;
        let applications = Applications::load(&*parts.store, DIALECTS, makes)?;
        let oauth = Oauth::load(&*parts.store, DIALECTS)?;
        let serials = AtomicU64::new(parts.store.serial_high()?);
        let told_since = parts.world.now() - NETWORK_KEPT;
        let number_networks = NumberNetworks::new(parts.store.number_networks(told_since)?);
        let (event_sender, events) = mpsc::channel(EVENTS_MAX);
        let engine = Arc::new(Self {
            store: parts.store,
            world: parts.world,
            egress: parts.egress,
            carriers: parts.carriers,
            directory: Directory::new(known),
            applications,
            oauth,
            batcher,
            admission: Admission::default(),
            searches: Arc::new(Semaphore::new(SEARCHES_MAX)),
            notifier: Notifier::new(),
            events: Events::default(),
            wording: RwLock::default(),
            signatures: Signatures::new(parts.compat),
            addresses: parts.addresses,
            requests: Mutex::default(),
            page_requests: Mutex::default(),
            senders: Mutex::default(),
            recipients: Mutex::default(),
            repeats: Mutex::default(),
            wrong_codes: Mutex::default(),
            failures: Mutex::new(Failures::new(parts.failure_rules)),
            keyring: parts.keyring,
            prover: Prover::start().map_err(StartError::Thread)?,
            changing_keys: Changing::default(),
            url_tests: UrlTests::default(),
            last_look: Mutex::default(),
            rejections: Rejections::default(),
            retention: parts.retention,
            standard_headers: parts.standard_headers,
            tape: parts.tape,
            listeners: Listeners::default(),
            number_networks: RwLock::new(number_networks),
            serials,
            snapshot: RwLock::new(Arc::new(parts.snapshot)),
            stop: watch::Sender::new(false),
            tasks: Mutex::new(Tasks {
                events: Some(events),
                event_sender: Some(event_sender.clone()),
                writer,
                ..Tasks::default()
            }),
            reads,
        });
        let departures: Weak<Self> = Arc::downgrade(&engine);
        engine.batcher.set_departures(departures);
        Ok((engine, event_sender))
    }

    /// Starts the drivers. Only the first call does anything.
    pub fn run(self: &Arc<Self>) {
        let mut tasks = self.tasks();
        let Some(events) = tasks.events.take() else { return };
        tasks.settle = Some(tokio::spawn(settle::run(Arc::clone(self), events)));
        for desk in self.carriers.all() {
            tasks.drivers.push(tokio::spawn(dispatcher::run(Arc::clone(self), desk)));
        }
        tasks.drivers.push(tokio::spawn(notifier::run(Arc::clone(self))));
        tasks.drivers.push(tokio::spawn(sweep::run(Arc::clone(self))));
        tasks.drivers.push(tokio::spawn(admission::run(Arc::clone(self))));
        tasks.drivers.push(tokio::spawn(Arc::clone(self).resume_keys()));
        tasks.drivers.push(tokio::spawn(reroute::run(Arc::clone(self))));
        tasks.drivers.push(tokio::spawn(checker::run(Arc::clone(self))));
        tasks.drivers.push(tokio::spawn(retention::run(Arc::clone(self))));
    }

    /// Stops in order: nothing new leaves, the carriers answer for what is under way, everything that was reported is settled,
    /// and the store's writer ends. Requests must have ended before.
    pub async fn stop(self: &Arc<Self>) {
        let desks = self.carriers.all();
        for desk in &desks {
            desk.dispatch().stop();
        }
        self.batcher.lose_patience();
        self.stop.send_replace(true);
        for desk in &desks {
            desk.bell.notify_one();
        }
        self.notifier.bell.notify_one();
        let drivers = std::mem::take(&mut self.tasks().drivers);
        for driver in drivers {
            join(driver).await;
        }
        // A request that was cut may have left a message in the writer's hands, with places: its parts are handed over right after their
        // commit, and must be while there is somebody who answers for them. So may what waited and was claimed.
        self.batcher.caught_up().await;
        // No carrier is started any more: what is there now is all that must end.
        self.tasks().event_sender = None;
        // Settling goes on while the carriers wait for their last answers. The channel ends when the last carrier does.
        // All are told first, so that the slowest sets the time and not their sum.
        let carriers: Vec<_> = self.carriers.all().iter().filter_map(|desk| desk.carrier()).collect();
        let closing: Vec<_> = carriers.iter().map(|carrier| carrier.close()).collect();
        for close in closing {
            close.await;
        }
        let settle = self.tasks().settle.take();
        if let Some(settle) = settle {
            join(settle).await;
        }
        // It does not wait for what it hands over in passing.
        self.batcher.reached().await;
        let writer = self.tasks().writer.take();
        if let Some(writer) = writer
            && tokio::task::spawn_blocking(|| writer.close()).await.is_err()
        {
            tracing::error!("the store's writer ended in a panic; report this as a bug");
        }
        self.empty_log().await;
    }

    /// The networks, prices and routes of now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_snapshot(&self, snapshot: Snapshot) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    /// Starts a carrier behind `desk`, unless the engine stops: one that is started is one that the stop closes.
    pub(crate) fn start_carrier(&self, desk: &CarrierDesk, start: StartCarrier) -> bool {
        let tasks = self.tasks();
        let Some(events) = tasks.event_sender.clone() else { return false };
        desk.set_carrier(start(desk, events));
        drop(tasks);
        true
    }

    /// Why the store has stopped, if it has: then nothing is accepted.
    #[must_use]
    pub fn store_stopped(&self) -> Option<StoreError> {
        self.batcher.stopped()
    }

    /// The accounts.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The applications of the accounts.
    #[must_use]
    pub const fn applications(&self) -> &Applications {
        &self.applications
    }

    /// What happens, as it happens.
    #[must_use]
    pub const fn events(&self) -> &Events {
        &self.events
    }

    /// What went over the wires.
    #[must_use]
    pub const fn tape(&self) -> &Arc<Tape> {
        &self.tape
    }

    /// The carriers.
    #[must_use]
    pub const fn carriers(&self) -> &Carriers {
        &self.carriers
    }

    /// The clock, chance and ids.
    #[must_use]
    pub const fn world(&self) -> &Arc<dyn World> {
        &self.world
    }

    /// Reads from the store on a thread that may block.
    ///
    /// # Errors
    /// What the read gave, or [`StoreError::Read`] if it panicked.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if let Reads::Here = self.reads {
            return read(&*self.store);
        }
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || read(&*store)).await {
            Ok(result) => result,
            Err(error) => Err(StoreError::Read { why: error.to_string().into() }),
        }
    }

    /// The same for a search, which may look at very many rows: few run at once, so that others always find a connection to read with.
    /// One that nobody waits for any more keeps its place until it is done.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn search<T: Send + 'static>(
        &self,
        search: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // It is never closed.
        let place = Arc::clone(&self.searches).acquire_owned().await.ok();
        self.read(move |store| {
            let found = search(store);
            drop(place);
            found
        })
        .await
    }

    /// Reads for a customer's request: a failure is reported here, and refused as a fault of ours.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.read(read).await.map_err(|error| {
            tracing::error!(%error, "a customer's request could not be answered");
            Refusal::Internal
        })
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(crate) async fn stopping(&self) {
        // The sender lives as long as the engine, so this ends only when it is told to.
        _ = self.stop.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Sets the gauges.
    pub(crate) async fn report(&self) {
        let now = self.world.now();
        for desk in self.carriers.all() {
            let (backlog, used, window_max, oldest) = {
                let dispatch = desk.dispatch();
                (dispatch.backlog(), dispatch.used(), dispatch.window_max(), dispatch.oldest())
            };
            let carrier = desk.name.to_string();
            let waited = oldest.map_or(0.0, |part| now.since(id::made_at(part.0)).to_std().as_secs_f64());
            metrics::gauge!("whimbrel_queue_depth", "carrier" => carrier.clone()).set(backlog as f64);
            metrics::gauge!("whimbrel_queue_oldest_seconds", "carrier" => carrier.clone()).set(waited);
            metrics::gauge!("whimbrel_window", "carrier" => carrier.clone()).set(window_max as f64);
            metrics::gauge!("whimbrel_window_reserved", "carrier" => carrier).set(used as f64);
        }
        let (in_flight, unwritten) = {
            let notify = self.notifier.state();
            (notify.in_flight(), notify.unwritten())
        };
        metrics::gauge!("whimbrel_webhooks_in_flight").set(in_flight as f64);
        metrics::gauge!("whimbrel_webhooks_unwritten").set(unwritten as f64);
        if let Ok(stats) = self.read(|store| store.stats()).await {
            let open = [
                ("queued", stats.queued),
                ("submitting", stats.submitting),
                ("uncertain", stats.uncertain),
                ("submitted", stats.submitted),
            ];
            for (state, count) in open {
                metrics::gauge!("whimbrel_parts_open", "state" => state).set(count as f64);
            }
            metrics::gauge!("whimbrel_receipts_parked").set(stats.parked as f64);
            metrics::gauge!("whimbrel_parts_set_aside").set(stats.set_aside as f64);
            metrics::gauge!("whimbrel_webhook_backlog").set(stats.notices as f64);
        }
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn join(task: JoinHandle<()>) {
    if let Err(error) = task.await
        && error.is_panic()
    {
        tracing::error!("a task of the engine ended in a panic; restart, and report this as a bug");
    }
}
