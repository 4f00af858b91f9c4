//! `whimbrel serve`.

use super::args::ServeArgs;
use super::config::{default_data_dirs, source};
use super::output::Out;
use super::{Exit, Failure, output};
use crate::gateway::{self, Options};
use crate::telemetry::{Metrics, start_logs};

pub(super) fn run(args: ServeArgs, out: &Out) -> Result<(), Failure> {
    if args.stop_with_stdin {
        stop_with_stdin();
    }
    let source = source(&args.settings);
    let config = source.load()?;
    start_logs(&config.log.filter, config.log.format)
        .map_err(|error| Failure::from_error(Exit::Config, "cannot start the logs", &error))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let metrics =
        Metrics::start().map_err(|error| Failure::from_error(Exit::Failed, "cannot start the metrics", &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Exit::Failed, "cannot start", &error))?;
    let load = Box::new(move || source.load().map_err(|errors| errors.to_string()));
    let usual_data_dir = default_data_dirs().into_iter().next();
    let options = Options { config, load, ready_file: args.ready_file, metrics, usual_data_dir };
    let served = runtime.block_on(gateway::run(options, |banner| announce(out, banner)));
    // Reads that block the pool must not hold up the end of the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    served.map_err(|error| Failure::from_error(Exit::Failed, "serve", &error))
}

/// Ends as by SIGTERM when whoever started this server has closed the other end, or is gone.
fn stop_with_stdin() {
    std::thread::spawn(|| {
        // Whatever comes is of no interest, only its end.
        _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
    });
}

/// The banner holds known credentials and is for people; a program reads the ready-file.
fn announce(out: &Out, banner: &str) {
    if !out.is_json() && !out.is_quiet() {
        output::answer(banner);
    }
}
