//! A changed configuration while the gateway runs: read and checked whole, compared, and only then applied.
//!
//! A configuration that does not hold together changes nothing, and neither does a table that it names. What only a restart can change is
//! named and left as it is.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Mutex;
use whimbrel_core::World;
use whimbrel_engine::{CarrierChange, Engine, Reload, StartCarrier};

use super::routing::{self, ConfiguredCarrier};
use crate::config::Config;

/// Reads the configuration anew from where it came; its errors are for people, one a line.
pub type LoadConfig = Box<dyn Fn() -> Result<Config, String> + Send + Sync>;

/// Applies changed configurations, one after the other.
pub struct Reloader {
    load: LoadConfig,
    engine: Arc<Engine>,
    world: Arc<dyn World>,
    simulator: Option<SocketAddr>,
    /// What the process was started with: what only a restart changes is still of this.
    started: Config,
    state: Mutex<State>,
}

/// The configuration in force.
struct State {
    config: Config,
    /// What the files that carriers name held, by carrier.
    files: Vec<[u8; 32]>,
    epoch: u32,
}

/// What a reload did.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// For people: each thing that changed.
    pub changes: Vec<String>,
    /// Settings that changed and need a restart.
    pub restart_needed: Vec<String>,
}

impl Reloader {
    pub(super) fn new(
        load: LoadConfig,
        engine: Arc<Engine>,
        world: Arc<dyn World>,
        simulator: Option<SocketAddr>,
        config: Config,
    ) -> Self {
        metrics::gauge!("whimbrel_config_last_reload_successful").set(1.0);
        let files = config.carriers.iter().map(routing::files_digest).collect();
        let started = config.clone();
        Self { load, engine, world, simulator, started, state: Mutex::new(State { config, files, epoch: 1 }) }
    }

    /// The configuration in force.
    pub async fn config(&self) -> Config {
        self.state.lock().await.config.clone()
    }

    /// Reads the configuration and applies what changed.
    ///
    /// # Errors
    /// Why it was refused, one fault a line; nothing was changed then.
    pub async fn reload(&self) -> Result<Applied, String> {
        let mut state = self.state.lock().await;
        let result = self.apply(&mut state).await;
        metrics::gauge!("whimbrel_config_last_reload_successful").set(if result.is_ok() { 1.0 } else { 0.0 });
        match &result {
            Ok(applied) => {
                let changes = applied.changes.len();
                tracing::info!(changes, "configuration reloaded");
                for change in &applied.changes {
                    tracing::info!(change, "configuration changed");
                }
                for setting in &applied.restart_needed {
                    tracing::warn!(setting, "changed setting needs a restart: the old value is in force");
                }
            }
            Err(why) => {
                for fault in why.lines() {
                    tracing::error!(fault, "configuration refused: the one before is in force");
                }
            }
        }
        result
    }

    async fn apply(&self, state: &mut State) -> Result<Applied, String> {
        let mut next = (self.load)()?;
        if let Some(simulator) = self.simulator {
            next.point_to_simulator(simulator);
        }
        let changes = state.config.compare(&next);
        let mut named = Vec::new();
        for carrier in &next.carriers {
            let id = self.engine.name_carrier(&carrier.name).await.map_err(|error| error.to_string())?;
            named.push(routing::configured(id, carrier)?);
        }
        let epoch = state.epoch + 1;
        let snapshot = routing::snapshot(&next, &named, epoch).map_err(|error| super::chain(&error))?;
        let files: Vec<_> = next.carriers.iter().map(routing::files_digest).collect();
        let carriers = self.carrier_changes(state, &next, &files, named);
        let summary = if changes.is_empty() { "nothing changed".to_owned() } else { changes.lines().join("; ") };
        let applied = Applied {
            changes: changes.lines(),
            restart_needed: self
                .started
                .compare(&next)
                .restart_needed
                .iter()
                .map(|changed| changed.path.clone())
                .collect(),
        };
        self.engine.set_compat(next.compat);
        self.engine.set_key_window(next.key_window);
        self.engine.set_wording(next.wording.clone());
        self.engine.reload(Reload { snapshot, carriers, summary: summary.into() }).await;
        *state = State { config: next, files, epoch };
        Ok(applied)
    }

    fn carrier_changes(
        &self,
        state: &State,
        next: &Config,
        files: &[[u8; 32]],
        named: Vec<ConfiguredCarrier>,
    ) -> Vec<CarrierChange> {
        let now = &state.config;
        let mut changes = Vec::new();
        for ((carrier, configured), files) in named.into_iter().zip(&next.carriers).zip(files) {
            let at = now.carriers.iter().position(|known| known.name == configured.name);
            let before = at.and_then(|at| now.carriers.get(at));
            let has_same_files = at.and_then(|at| state.files.get(at)) == Some(files);
            let (id, rules) = (carrier.id, carrier.rules);
            match before {
                Some(before) if before == configured && has_same_files => {}
                Some(before) if before.kind == configured.kind => changes.push(CarrierChange::Rules { id, rules }),
                Some(_) => changes.push(CarrierChange::Replace { id, rules, start: self.starter(carrier) }),
                None => changes.push(CarrierChange::Add { desk: carrier.desk(), start: self.starter(carrier) }),
            }
        }
        let gone = now.carriers.iter().filter(|known| next.carriers.iter().all(|carrier| carrier.name != known.name));
        let gone = gone.filter_map(|carrier| self.engine.carriers().named(&carrier.name));
        changes.extend(gone.map(|desk| CarrierChange::Remove { id: desk.id }));
        changes
    }

    fn starter(&self, carrier: ConfiguredCarrier) -> StartCarrier {
        let (world, tape) = (Arc::clone(&self.world), Arc::clone(self.engine.tape()));
        Box::new(move |desk, events| carrier.start(desk, events, world, tape))
    }
}
