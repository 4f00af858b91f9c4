//! `whimbrel serve`.

use super::args::ServeArgs;
use super::config::load;
use super::{Exit, Failure, output};
use crate::gateway::{self, Options};
use crate::telemetry::{Metrics, start_logs};

pub(super) fn run(args: ServeArgs) -> Result<(), Failure> {
    let config = load(&args.settings)?;
    start_logs(&config.log.filter, config.log.format)
        .map_err(|error| Failure::from_error(Exit::Config, "cannot start the logs", &error))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let metrics =
        Metrics::start().map_err(|error| Failure::from_error(Exit::Failed, "cannot start the metrics", &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Exit::Failed, "cannot start", &error))?;
    let options = Options { config, ready_file: args.ready_file, metrics };
    let served = runtime.block_on(gateway::run(options, output::answer));
    // Reads that block the pool must not hold up the end of the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    served.map_err(|error| Failure::from_error(Exit::Failed, "serve", &error))
}
