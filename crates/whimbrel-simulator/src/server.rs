//! The listener: takes connections, gives each a task, and ends them all.
//!
//! No connection is accepted before there is room for it. A simulator that ends unbinds its sessions and waits for every task.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use whimbrel_core::{Secret, Span, World};

use crate::control::Control;
use crate::journal::{Journal, JournalSync};
use crate::outcome::Ranges;
use crate::scenario::Scenario;
use crate::scenario::rules::Rules;
use crate::session;
use crate::shared::{Parts, Shared};

/// How a simulator behaves, apart from the outcome table.
pub struct SimulatorOptions {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What every `system_id` binds with.
    pub password: Secret,
    /// The file that the journal is appended to; none if absent.
    pub journal: Option<PathBuf>,
    /// What the journal promises.
    pub journal_sync: JournalSync,
    /// Which numbers choose an outcome.
    pub ranges: Ranges,
    /// How many connections there may be at once, 1 or more; others wait to be accepted.
    pub connections_max: usize,
    /// How many receipts are kept at most; a message beyond that gets none. Each takes about 250 bytes.
    pub receipts_max: usize,
    /// How it behaves beyond the outcome table; it can be changed while it runs.
    pub scenario: Scenario,
    /// The texts of how many phones are kept to be looked at; none if 0, which load tests want.
    pub phones_max: usize,
    /// Clock, timers and ids.
    pub world: Arc<dyn World>,
}

impl SimulatorOptions {
    /// The usual simulator at `listen`: password `dev`, no journal, 1,000 connections, a million receipts, no
    /// scenario, no texts kept.
    #[must_use]
    pub fn new(listen: SocketAddr, world: Arc<dyn World>) -> Self {
        Self {
            listen,
            password: Secret::new("dev"),
            journal: None,
            journal_sync: JournalSync::Handed,
            ranges: Ranges::Fictional,
            connections_max: 1_000,
            receipts_max: 1_000_000,
            scenario: Scenario::default(),
            phones_max: 0,
            world,
        }
    }
}

/// A simulator that listens and does not serve yet.
pub struct Simulator {
    listener: TcpListener,
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
}

/// A simulator that serves in a task of its own. Dropping it ends the simulator too, without waiting.
#[derive(Debug)]
pub struct Running {
    local_addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    control: Control,
}

/// Opens the journal and the listener.
///
/// # Errors
/// What the operating system says about either, or what is wrong with the scenario; the text names which.
pub async fn bind(options: SimulatorOptions) -> io::Result<Simulator> {
    let rules = Rules::new(options.scenario).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("the simulator's scenario cannot be obeyed: {error}"))
    })?;
    let journal = match &options.journal {
        Some(path) => Journal::open(path, options.journal_sync).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot open the simulator's journal {}: {error}", path.display()))
        })?,
        None => Journal::none(),
    };
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        io::Error::new(error.kind(), format!("the simulator cannot listen on {}: {error}", options.listen))
    })?;
    let local_addr = listener.local_addr()?;
    let parts = Parts {
        password: options.password,
        ranges: options.ranges,
        world: options.world,
        journal,
        receipts_max: options.receipts_max,
        phones_max: options.phones_max,
        rules,
    };
    Ok(Simulator {
        listener,
        local_addr,
        shared: Arc::new(Shared::new(parts)),
        permits: Arc::new(Semaphore::new(options.connections_max.clamp(1, Semaphore::MAX_PERMITS))),
    })
}

impl Simulator {
    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A handle to look at it and to change it.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` ends, then unbinds all sessions and waits for them.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, shared, permits, .. } = self;
        let (stop, stopped) = watch::channel(false);
        let mut sessions = JoinSet::new();
        let mut connections = 0_u64;
        let mut shutdown = pin!(shutdown);
        let mut tend = pin!(shared.tend());
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = sessions.join_next() => report(ended),
                () = &mut tend => {}
                (stream, peer, permit) = accept(&listener, &permits, &shared) => {
                    connections += 1;
                    let member = shared.registry.enter(connections, peer);
                    let served = session::serve(stream, (connections, member), Arc::clone(&shared), stopped.clone());
                    sessions.spawn(async move {
                        served.await;
                        drop(permit);
                    });
                }
            }
        }
        drop(listener);
        // Nobody listens any more if no session is left.
        let _ = stop.send(true);
        loop {
            tokio::select! {
                biased;
                ended = sessions.join_next() => match ended {
                    Some(ended) => report(ended),
                    None => return,
                },
                () = &mut tend => {}
            }
        }
    }

    /// Serves in a task of its own.
    #[must_use]
    pub fn start(self) -> Running {
        let (local_addr, control) = (self.local_addr, self.control());
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(self.run(async move {
            // A handle that was dropped counts as closed.
            let _ = stopped.wait_for(|stop| *stop).await;
        }));
        Running { local_addr, stop, task, control }
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A handle to look at it and to change it.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Unbinds all sessions, waits for them and ends. Takes about three seconds if a client does not answer.
    pub async fn close(self) {
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the simulator did not end well: please report this");
        }
    }
}

/// The next connection and its permit.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    shared: &Shared,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = Arc::clone(permits).acquire_owned().await else {
            // The semaphore is never closed.
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok((stream, peer)) => match prepare(&stream) {
                Ok(()) => return (stream, peer, permit),
                Err(error) => tracing::debug!(%error, "a connection ended before it began"),
            },
            Err(error) => {
                // Such as too many open files: other connections have to end first.
                tracing::warn!(%error, "cannot accept a connection: trying again, raise the limit of open files if this stays");
                shared.world.sleep(Span::millis(100)).await;
            }
        }
    }
}

/// Small packets leave at once, and a peer that vanished is noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(10)).with_retries(6);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a simulated session did not end well: please report this");
    }
}
