//! Puts the gateway together, runs it, and takes it apart in order.
//!
//! The only place that knows every piece: data folder, store, engine, carriers, simulator, listeners.

mod certificates;
mod dev;
mod front;
mod presence;
mod routing;
pub mod secrets;
mod way_out;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use whimbrel_core::World;
use whimbrel_engine::carriers::Carriers;
use whimbrel_engine::{Engine, Parts, SystemWorld};
use whimbrel_simulator::{Ranges, Running, SimulatorOptions};
use whimbrel_store::{Keyring, SqliteOptions, SqliteStore, Store};

use crate::api::{Api, Local};
use crate::config::{Config, Profile};
use crate::server::datadir::DataDir;
use crate::server::{self, Bound, Trigger, ready, tls};
use crate::telemetry::Metrics;

pub use front::Front;

/// Reads the tables that the configuration names.
///
/// # Errors
/// [`GatewayError`] with the table's line and what is wrong.
pub fn check_tables(config: &Config) -> Result<(), GatewayError> {
    routing::tables(config).map(|_| ())
}

/// Connections that read the store at once.
const READERS: usize = 4;

/// What the gateway is given.
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// Where to write addresses and credentials.
    pub ready_file: Option<PathBuf>,
    /// The process's metrics.
    pub metrics: Metrics,
}

/// Why the gateway did not run: what was attempted, and why it failed.
#[derive(Debug)]
pub struct GatewayError {
    doing: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)
    }
}

impl std::error::Error for GatewayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// Names what was attempted.
trait While<T> {
    fn when(self, doing: impl Into<String>) -> Result<T, GatewayError>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> While<T> for Result<T, E> {
    fn when(self, doing: impl Into<String>) -> Result<T, GatewayError> {
        self.map_err(|error| GatewayError { doing: doing.into(), source: error.into() })
    }
}

/// Runs the gateway until it is told to stop. `announce` is given the banner once everything listens.
///
/// # Errors
/// [`GatewayError`] if something could not be started.
pub async fn run(options: Options, announce: impl FnOnce(&str)) -> Result<(), GatewayError> {
    let Options { config, ready_file, metrics } = options;
    let is_dev = config.profile == Profile::Development;
    let mut signals = Signals::install().when("cannot listen for signals")?;
    _ = server::raise_open_files();
    let data = DataDir::open(&config.data_dir, std::process::id()).when("cannot use the data folder")?;
    let admin_token = data.admin_token().when("cannot make the admin token")?;
    let keyring = Keyring::open(data.path()).when("cannot use the key of the store")?;
    let store =
        SqliteOptions { path: data.path().join("whimbrel.db"), keyring: keyring.clone(), reader_count: READERS };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(store).when("cannot use the store")?);
    let high_water = store.high_water().when("cannot read the store")?;
    let world: Arc<dyn World> = Arc::new(SystemWorld::new(0, high_water));

    // Ports are taken before anything is sent, so that a second server on them changes nothing.
    let http = config.listen.http.map(|addr| bind(addr, "HTTP", "--http")).transpose()?;
    let https = config.listen.https.map(|addr| bind(addr, "HTTPS", "--https")).transpose()?;
    let certificates = match https {
        Some(_) => Some(certificates::open(&config.listen, data.path(), world.now())?),
        None => None,
    };
    let simulator = match config.listen.simulator {
        Some(addr) => Some(start_simulator(addr, &world).await?),
        None => None,
    };

    let mut config = config;
    if let Some(simulator) = &simulator {
        config.point_to_simulator(simulator.local_addr());
    }
    let carriers = routing::name_carriers(&*store, &config.carriers)?;
    let snapshot = routing::snapshot(&config, &carriers)?;
    let egress = way_out::open(&config.egress)?;
    let desks = carriers.iter().map(|carrier| Arc::clone(&carrier.desk)).collect();
    let (engine, events) = Engine::start(Parts {
        store,
        keyring: Arc::new(keyring),
        world: Arc::clone(&world),
        egress: Arc::clone(&egress) as Arc<dyn whimbrel_engine::ports::Egress>,
        carriers: Carriers::new(desks),
        snapshot,
    })
    .await
    .when("cannot start the engine")?;
    if is_dev {
        dev::open_accounts(&engine).await.when("cannot make the development account")?;
    }
    engine.run();
    routing::start_carriers(&carriers, events, &world);

    let local = if is_dev { Local::Trusted } else { Local::NeedsToken };
    let api = Api::new(Arc::clone(&engine), metrics.clone(), admin_token.clone(), local);
    let front = Arc::new(Front::new(Arc::clone(&engine), api));
    let (trigger, stop) = server::shutdown();
    let running = presence::running(is_dev, &http, &https, certificates.as_ref(), simulator.as_ref(), admin_token);
    let mut listeners = tokio::task::JoinSet::new();
    if let Some(bound) = http {
        listeners.spawn(server::serve(bound, None, Arc::clone(&front), config.http_limits, stop.clone()));
    }
    if let (Some(bound), Some(certificates)) = (https, certificates) {
        let tls = tls::server_config(certificates.keys).when("cannot use the certificates")?;
        listeners.spawn(server::serve(bound, Some(tls), Arc::clone(&front), config.http_limits, stop.clone()));
    }
    let run_file = ready::Presence::run(data.path(), &running).when("cannot write the run file")?;
    let ready_file = ready_file.as_deref().map(|path| ready::Presence::ready(path, &running)).transpose();
    let ready_file = ready_file.when("cannot write the ready-file")?;
    announce(&presence::banner(is_dev, &running, data.path()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "whimbrel is ready");

    let upkeep = tokio::spawn(upkeep(metrics, egress));
    signals.wait().await;
    tracing::info!("stopping: open requests and submissions are finished first; a second signal ends at once");
    drop(ready_file);
    upkeep.abort();
    let taken_apart = take_apart(trigger, listeners, &engine, simulator);
    tokio::select! {
        biased;
        () = taken_apart => tracing::info!("stopped"),
        () = signals.wait() => tracing::warn!("stopped at once; what was under way is in doubt and is settled at the next start"),
    }
    drop(run_file);
    Ok(())
}

async fn take_apart(
    trigger: Trigger,
    mut listeners: tokio::task::JoinSet<server::Drained>,
    engine: &Arc<Engine>,
    simulator: Option<Running>,
) {
    trigger.stop();
    while listeners.join_next().await.is_some() {}
    engine.stop().await;
    if let Some(simulator) = simulator {
        simulator.close().await;
    }
}

fn bind(addr: SocketAddr, what: &str, flag: &str) -> Result<Bound, GatewayError> {
    Bound::listen(addr).when(format!("cannot listen for {what} at {addr} (choose another address by {flag})"))
}

async fn start_simulator(addr: SocketAddr, world: &Arc<dyn World>) -> Result<Running, GatewayError> {
    let mut options = SimulatorOptions::new(addr, Arc::clone(world));
    options.ranges = Ranges::FictionalAndDevelopment;
    let simulator = whimbrel_simulator::bind(options).await;
    let simulator =
        simulator.when(format!("cannot start the simulator at {addr} (choose another address by --simulator)"))?;
    Ok(simulator.start())
}

/// What must be done now and then so that nothing grows while nobody looks.
async fn upkeep(metrics: Metrics, egress: Arc<way_out::WayOut>) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        ticks.tick().await;
        metrics.tidy();
        egress.tidy();
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
