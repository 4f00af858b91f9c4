//! `whimbrel sim`.

use std::sync::Arc;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use whimbrel_core::{Secret, World};
use whimbrel_engine::SystemWorld;
use whimbrel_simulator::{Ranges, SimulatorOptions};

use super::args::SimArgs;
use super::{Exit, Failure, output};
use crate::telemetry::{LogFormat, start_logs};

pub(super) fn run(args: SimArgs) -> Result<(), Failure> {
    start_logs(&args.log, LogFormat::Auto)
        .map_err(|error| Failure::from_error(Exit::Failed, "cannot start the logs", &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Exit::Failed, "cannot start", &error))?;
    runtime.block_on(simulate(args))
}

async fn simulate(args: SimArgs) -> Result<(), Failure> {
    let failed = |doing: &'static str| move |error: std::io::Error| Failure::from_error(Exit::Failed, doing, &error);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("cannot listen for signals"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("cannot listen for signals"))?;
    let password = match &args.password_file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(failed("cannot read the password file"))?;
            Secret::new(text.trim_end_matches(['\n', '\r']))
        }
        None => Secret::new("dev"),
    };
    let world: Arc<dyn World> = Arc::new(SystemWorld::new(31, 0));
    let mut options = SimulatorOptions::new(args.listen, world);
    options.password = password;
    options.journal = args.journal;
    options.ranges = Ranges::FictionalAndDevelopment;
    let simulator = whimbrel_simulator::bind(options).await.map_err(failed("cannot start the simulator"))?.start();
    let addr = simulator.local_addr();
    let ready = args.ready_file.map(|path| {
        let document = json!({ "schema": 1, "pid": std::process::id(), "addr": addr.to_string() });
        crate::server::ready::Presence::document(&path, &document)
    });
    let ready = ready.transpose().map_err(failed("cannot write the ready-file"))?;
    output::answer(&format!("SMPP 3.4 simulator at {addr}: any system_id, password as configured"));
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    drop(ready);
    simulator.close().await;
    Ok(())
}
