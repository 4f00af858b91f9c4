//! `whimbrel sim`.

use std::sync::Arc;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use whimbrel_core::{Secret, World};
use whimbrel_engine::SystemWorld;
use whimbrel_simulator::{Ranges, Scenario, SimulatorOptions};

use super::args::SimArgs;
use super::{Exit, Failure, output};
use crate::api;
use crate::server::ready::base_url;
use crate::server::{self, Bound, HttpLimits, IncomingRequest};
use crate::telemetry::{LogFormat, start_logs};

/// Phones whose texts are kept.
const PHONES_MAX: usize = 10_000;

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
    let scenario = args.scenario.as_deref().map(read_scenario).transpose()?;
    let http = args.http.map(open_http).transpose()?;
    let world: Arc<dyn World> = Arc::new(SystemWorld::new(31, 0));
    let closed = Arc::clone(&world);
    let mut options = SimulatorOptions::new(args.listen, world);
    options.password = password;
    options.journal = args.journal;
    options.ranges = Ranges::FictionalAndDevelopment;
    options.scenario = scenario.unwrap_or_default();
    // Texts that reach phones are kept only where somebody can ask for them.
    options.phones_max = if http.is_some() { PHONES_MAX } else { 0 };
    let simulator = whimbrel_simulator::bind(options).await.map_err(failed("cannot start the simulator"))?.start();
    let addr = simulator.local_addr();
    let http_addr = http.as_ref().map(Bound::addr);
    let ready = args.ready_file.map(|path| {
        let http = http_addr.map(|addr| base_url("http", addr));
        let document = json!({ "schema": 1, "pid": std::process::id(), "addr": addr.to_string(), "http": http });
        crate::server::ready::Presence::document(&path, &document)
    });
    let ready = ready.transpose().map_err(failed("cannot write the ready-file"))?;
    output::answer(&format!("SMPP 3.4 simulator at {addr}: any system_id, password as configured"));
    if let Some(addr) = http_addr {
        output::answer(&format!("ask it at {}/_whimbrel/v1/simulator", base_url("http", addr)));
    }
    let (trigger, stop) = server::shutdown();
    let control = simulator.control();
    // No token opens it: callers are those of this machine that no foreign web page sent.
    let access = Arc::new(api::Access::new(Secret::new(format!("{:032x}", closed.random())), api::Local::Trusted));
    let handler = Arc::new(move |request: IncomingRequest| {
        let (control, access) = (control.clone(), Arc::clone(&access));
        async move {
            match access.judge(&request) {
                Ok(()) => api::simulator_answer(&control, &request),
                Err(refused) => refused,
            }
        }
    });
    let listener = http.map(|bound| tokio::spawn(server::serve(bound, None, handler, HttpLimits::default(), stop)));
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    drop(ready);
    trigger.stop();
    if let Some(listener) = listener {
        // It ends by itself once it was told to; a panic in it has been logged.
        _ = listener.await;
    }
    simulator.close().await;
    Ok(())
}

fn read_scenario(path: &std::path::Path) -> Result<Scenario, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::from_error(Exit::Config, &format!("cannot use the scenario {}", path.display()), error)
    };
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    Scenario::parse(&text).map_err(|error| failed(&error))
}

fn open_http(addr: std::net::SocketAddr) -> Result<Bound, Failure> {
    if !addr.ip().is_loopback() {
        let why = "`--http` takes loopback addresses only, since it asks for no token: use 127.0.0.1 or [::1]";
        return Err(Failure::new(Exit::Usage, why));
    }
    Bound::listen(addr).map_err(|error| Failure::from_error(Exit::Failed, "cannot listen for HTTP", &error))
}
