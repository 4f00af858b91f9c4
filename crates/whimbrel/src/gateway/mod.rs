//! Puts the gateway together, runs it, and takes it apart in order.
//!
//! The only place that knows every piece: data folder, store, engine, carriers, simulator, listeners.

mod certificates;
pub mod dev;
mod front;
mod gauges;
mod link;
pub(crate) mod origin;
mod pages;
mod presence;
mod reload;
mod routing;
pub mod secrets;
mod taped;
mod way_out;
pub mod webhook_faults;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use whimbrel_core::World;
use whimbrel_engine::carriers::Carriers;
use whimbrel_engine::tape::Tape;
use whimbrel_engine::{Engine, Parts, SystemWorld};
use whimbrel_simulator::{Ranges, Running, SimulatorOptions};
use whimbrel_store::{DATABASE_FILE, Keyring, SqliteOptions, SqliteStore, Store};

use crate::api::{Api, ApiParts, Local};
use crate::config::{Config, Profile};
use crate::server::datadir::DataDir;
use crate::server::{self, Bound, Trigger, ready, tls};
use crate::telemetry::Metrics;

pub use front::Front;
pub use reload::{Applied, LoadConfig, Reloader};

/// Reads the files that the configuration names: tables and certificates.
///
/// # Errors
/// [`GatewayError`] with the file and what is wrong.
pub fn check_files(config: &Config) -> Result<(), GatewayError> {
    routing::tables(config).map(|_| ())?;
    routing::check_carriers(config).when("cannot set up the carriers")
}

/// A failure with its sources, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Connections that read the store at once.
const READERS: usize = 4;

/// Phones of the built-in simulator whose last texts are kept.
const PHONES_MAX: usize = 10_000;

/// What the gateway is given.
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// Reads it anew.
    pub load: LoadConfig,
    /// Where to write addresses and credentials.
    pub ready_file: Option<PathBuf>,
    /// The process's metrics.
    pub metrics: Metrics,
    /// The data folder in which commands look if they are not told another one.
    pub usual_data_dir: Option<PathBuf>,
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
    let Options { config, load, ready_file, metrics, usual_data_dir } = options;
    let is_dev = config.profile == Profile::Development;
    let mut signals = Signals::install().when("cannot listen for signals")?;
    _ = server::raise_open_files();
    pages::keep_small();
    let data = DataDir::open(&config.data_dir, std::process::id()).when("cannot use the data folder")?;
    let admin_token = data.admin_token().when("cannot make the admin token")?;
    let keyring = Keyring::open(data.path()).when("cannot use the key of the store")?;
    let store =
        SqliteOptions { path: data.path().join(DATABASE_FILE), keyring: keyring.clone(), reader_count: READERS };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(store).when("cannot use the store")?);
    let high_water = store.high_water().when("cannot read the store")?;
    let system = Arc::new(SystemWorld::new(0, high_water));
    let world: Arc<dyn World> = Arc::clone(&system) as Arc<dyn World>;

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
    let snapshot = routing::snapshot(&config, &carriers, 1)?;
    let webhook_chaos = is_dev.then(Arc::<webhook_faults::WebhookChaos>::default);
    let egress = way_out::open(&config.egress, webhook_chaos.clone())?;
    let tape = Arc::new(Tape::new(config.tape));
    let placed: Vec<_> = carriers.into_iter().map(|carrier| (carrier.desk(), carrier)).collect();
    let desks = placed.iter().map(|(desk, _)| Arc::clone(desk)).collect();
    let (engine, events) = Engine::start(Parts {
        store,
        keyring: Arc::new(keyring),
        world: Arc::clone(&world),
        egress: Arc::clone(&egress) as Arc<dyn whimbrel_engine::ports::Egress>,
        carriers: Carriers::new(desks),
        snapshot,
        compat: config.compat,
        failure_rules: config.auth.failure_rules,
        addresses: if is_dev { dev::addresses(&config.listen) } else { config.listen.addresses() },
        retention: config.retention,
        standard_headers: config.standard_headers,
        tape: Arc::clone(&tape),
    })
    .await
    .when("cannot start the engine")?;
    if is_dev {
        dev::open_accounts(&engine).await.when("cannot make the development account")?;
        dev::fill_pool(&engine).await.when("cannot fill the pool of numbers")?;
    }
    engine.run();
    for (desk, carrier) in placed {
        desk.set_carrier(carrier.start(&desk, events.clone(), Arc::clone(&world), Arc::clone(&tape)));
    }
    drop(events);

    let (trigger, stop) = server::shutdown();
    engine.set_key_window(config.key_window);
    engine.set_wording(config.wording.clone());
    let reloader = Arc::new(Reloader::new(
        load,
        Arc::clone(&engine),
        Arc::clone(&world),
        simulator.as_ref().map(Running::local_addr),
        config.clone(),
    ));
    let api = Api::new(ApiParts {
        engine: Arc::clone(&engine),
        metrics: metrics.clone(),
        admin_token: admin_token.clone(),
        local: if is_dev { Local::Trusted } else { Local::NeedsToken },
        reloader: Arc::clone(&reloader),
        simulator: simulator.as_ref().map(Running::control),
        stop: stop.clone(),
        sign_up_rules: config.portal.sign_up_rules,
        test_clock: is_dev.then_some(system),
        webhook_chaos,
        proxies: config.auth.trusted_proxies.clone().into(),
    });
    let proxies = config.auth.trusted_proxies.clone().into();
    let front = Arc::new(Front::new(Arc::clone(&engine), api, proxies));
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
    let folder = presence::Folder::new(data.path(), usual_data_dir.as_deref());
    announce(&presence::banner(is_dev, &running, &folder));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "whimbrel is ready");

    let upkeep = tokio::spawn(upkeep(metrics, egress, data.path().to_owned()));
    signals.reload_until_stop(&reloader).await;
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
    options.phones_max = PHONES_MAX;
    let simulator = whimbrel_simulator::bind(options).await;
    let simulator =
        simulator.when(format!("cannot start the simulator at {addr} (choose another address by --simulator)"))?;
    Ok(simulator.start())
}

/// What must be done now and then so that nothing grows while nobody looks.
async fn upkeep(metrics: Metrics, egress: Arc<way_out::WayOut>, folder: PathBuf) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        ticks.tick().await;
        metrics.tidy();
        egress.tidy();
        gauges::disk(&folder);
    }
}

/// SIGTERM and SIGINT, which stop, and SIGHUP, which reloads.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Reloads the configuration with each SIGHUP, until a signal to stop comes.
    async fn reload_until_stop(&mut self, reloader: &Arc<Reloader>) {
        loop {
            tokio::select! {
                biased;
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => {
                    let reloader = Arc::clone(reloader);
                    // What comes of it is logged there; a stop does not wait for it.
                    tokio::spawn(async move { reloader.reload().await.is_ok() });
                }
            }
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
