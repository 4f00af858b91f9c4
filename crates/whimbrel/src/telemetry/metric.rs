//! The metrics by name, and the recorder that keeps them.

use std::fmt;

use metrics::Unit;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// HTTP connections accepted.
pub const HTTP_CONNECTIONS: &str = "whimbrel_http_connections_total";
/// Handlers and connections that panicked.
pub const HTTP_PANICS: &str = "whimbrel_http_panics_total";
/// Webhook tries by outcome.
pub const EGRESS_ANSWERS: &str = "whimbrel_egress_requests_total";
/// Webhook targets that the policy blocked.
pub const EGRESS_BLOCKED: &str = "whimbrel_egress_blocked_total";

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

/// A metric as `/metrics` describes it.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// The name, with its unit.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// In what it counts.
    pub unit: Unit,
    /// For people.
    pub help: &'static str,
}

const fn described(name: &'static str, kind: Kind, unit: Unit, help: &'static str) -> Described {
    Described { name, kind, unit, help }
}

/// Every metric there is.
pub static ALL: &[Described] = &[
    described(
        "whimbrel_messages_total",
        Kind::Counter,
        Unit::Count,
        "Requests to send a message, by dialect and outcome.",
    ),
    described("whimbrel_message_parts_total", Kind::Counter, Unit::Count, "Parts of accepted messages."),
    described(
        "whimbrel_auth_failures_total",
        Kind::Counter,
        Unit::Count,
        "Requests whose credentials were refused, by dialect.",
    ),
    described(
        "whimbrel_accept_duration_seconds",
        Kind::Histogram,
        Unit::Seconds,
        "From a whole request to its durable answer.",
    ),
    described("whimbrel_commit_batch_ops", Kind::Histogram, Unit::Count, "Operations in one commit of the store."),
    described(
        "whimbrel_store_commit_duration_seconds",
        Kind::Histogram,
        Unit::Seconds,
        "Durable commits of the store.",
    ),
    described(
        "whimbrel_invariant_violations",
        Kind::Gauge,
        Unit::Count,
        "Rows that broke an invariant at the last look, by invariant.",
    ),
    described(
        "whimbrel_invariant_checks_total",
        Kind::Counter,
        Unit::Count,
        "Looks at whether an invariant is kept, by invariant.",
    ),
    described("whimbrel_parts_open", Kind::Gauge, Unit::Count, "Parts that have not ended, by state."),
    described("whimbrel_queue_depth", Kind::Gauge, Unit::Count, "Parts in memory that wait for a carrier, by carrier."),
    described(
        "whimbrel_window_reserved",
        Kind::Gauge,
        Unit::Count,
        "Places of a carrier's window in use, reserved ones included, by carrier.",
    ),
    described("whimbrel_carrier_link_up", Kind::Gauge, Unit::Count, "Links that are bound, by carrier."),
    described(
        "whimbrel_carrier_window_used",
        Kind::Gauge,
        Unit::Count,
        "Submissions on all links that wait for an answer, by carrier.",
    ),
    described("whimbrel_carrier_submits_total", Kind::Counter, Unit::Count, "Submissions, by carrier and result."),
    described("whimbrel_carrier_receipts_total", Kind::Counter, Unit::Count, "Receipts, by carrier and status."),
    described("whimbrel_carrier_reconnects_total", Kind::Counter, Unit::Count, "Connections tried again, by carrier."),
    described(
        "whimbrel_throttled_total",
        Kind::Counter,
        Unit::Count,
        "Answers that asked us to slow down, by carrier.",
    ),
    described(
        "whimbrel_doubts_total",
        Kind::Counter,
        Unit::Count,
        "Submissions whose answer was lost, by carrier and cause.",
    ),
    described(
        "whimbrel_receipts_total",
        Kind::Counter,
        Unit::Count,
        "Receipts settled, by carrier and match: found or parked.",
    ),
    described(
        "whimbrel_parts_set_aside",
        Kind::Gauge,
        Unit::Count,
        "Parts that could not go on: a bug, or a damaged store.",
    ),
    described("whimbrel_pruned_total", Kind::Counter, Unit::Count, "What was forgotten because it was old, by what."),
    described("whimbrel_receipts_parked", Kind::Gauge, Unit::Count, "Receipts whose part is not known yet."),
    described(
        "whimbrel_webhook_attempts_total",
        Kind::Counter,
        Unit::Count,
        "Tries to deliver a notice, by dialect and outcome.",
    ),
    described("whimbrel_webhook_backlog", Kind::Gauge, Unit::Count, "Notices that were not delivered yet."),
    described("whimbrel_webhooks_in_flight", Kind::Gauge, Unit::Count, "Webhooks under way, not answered yet."),
    described("whimbrel_webhooks_unwritten", Kind::Gauge, Unit::Count, "Webhooks answered and not yet in the store."),
    described(
        "whimbrel_refusals_total",
        Kind::Counter,
        Unit::Count,
        "Requests to send that were refused, by dialect and rule.",
    ),
    described(
        "whimbrel_rejections_dropped_total",
        Kind::Counter,
        Unit::Count,
        "Refused requests that came too fast to be kept for their accounts.",
    ),
    described(
        "whimbrel_queue_oldest_seconds",
        Kind::Gauge,
        Unit::Seconds,
        "How long the oldest part in memory has waited for a carrier, by carrier.",
    ),
    described(
        "whimbrel_window",
        Kind::Gauge,
        Unit::Count,
        "Unanswered submissions that a carrier's links allow, by carrier.",
    ),
    described(
        "whimbrel_submit_duration_seconds",
        Kind::Histogram,
        Unit::Seconds,
        "From a submission to its answer, by carrier.",
    ),
    described(
        "whimbrel_receipt_delay_seconds",
        Kind::Histogram,
        Unit::Seconds,
        "From a part's acceptance to a receipt for it, by carrier.",
    ),
    described(
        "whimbrel_receipts_orphaned_total",
        Kind::Counter,
        Unit::Count,
        "Receipts that found no part when they came, by carrier and reason.",
    ),
    described(
        "whimbrel_inbound_parts_total",
        Kind::Counter,
        Unit::Count,
        "Parts of texts that came in, by carrier and whether an account owns the number.",
    ),
    described(
        "whimbrel_carrier_inbound_total",
        Kind::Counter,
        Unit::Count,
        "Texts from handsets that a carrier delivered, by carrier.",
    ),
    described(
        "whimbrel_carrier_bind_failures_total",
        Kind::Counter,
        Unit::Count,
        "Binds that a carrier refused, by carrier and status.",
    ),
    described(
        "whimbrel_smpp_pdus_total",
        Kind::Counter,
        Unit::Count,
        "Answers and deliveries received, by carrier, command and status.",
    ),
    described(
        "whimbrel_smpp_undecodable_total",
        Kind::Counter,
        Unit::Count,
        "PDUs whose body could not be read, by carrier.",
    ),
    described(
        "whimbrel_config_last_reload_successful",
        Kind::Gauge,
        Unit::Count,
        "1 if the last configuration was applied, 0 if it was refused.",
    ),
    described("whimbrel_disk_free_bytes", Kind::Gauge, Unit::Bytes, "Free space on the disk of the data folder."),
    described("whimbrel_store_bytes", Kind::Gauge, Unit::Bytes, "Size of the store's files."),
    described(
        "whimbrel_certificate_expires_seconds",
        Kind::Gauge,
        Unit::Seconds,
        "When the certificate of HTTPS expires, in seconds since 1970.",
    ),
    described(HTTP_CONNECTIONS, Kind::Counter, Unit::Count, "HTTP connections accepted."),
    described(
        HTTP_PANICS,
        Kind::Counter,
        Unit::Count,
        "Request handlers or connections that panicked. Anything but 0 is a bug.",
    ),
    described(EGRESS_ANSWERS, Kind::Counter, Unit::Count, "Outgoing HTTP requests, by outcome."),
    described(EGRESS_BLOCKED, Kind::Counter, Unit::Count, "Outgoing HTTP requests that the policy blocked."),
    described("whimbrel_build_info", Kind::Gauge, Unit::Count, "Always 1; the version is a label."),
];

/// Upper bounds of the buckets of every histogram, in seconds.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

/// Upper bounds of the buckets that count operations.
const OPS_BUCKETS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 4_096.0];

/// Why metrics could not start.
#[derive(Debug)]
pub enum MetricsError {
    /// The recorder refused its settings.
    Build(BuildError),
    /// Something in this process already records.
    AlreadyStarted,
}

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => write!(f, "cannot set up metrics: {error}"),
            Self::AlreadyStarted => f.write_str("metrics were already started in this process"),
        }
    }
}

impl std::error::Error for MetricsError {}

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts recording for the whole process.
    ///
    /// # Errors
    /// [`MetricsError`].
    pub fn start() -> Result<Self, MetricsError> {
        let recorder = recorder()?;
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| MetricsError::AlreadyStarted)?;
        describe_all();
        metrics::gauge!("whimbrel_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self(handle))
    }

    /// All metrics in Prometheus' text format (version 0.0.4), for `/metrics`.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds observations into their buckets. To be called every few seconds, so that an unscraped process does not grow.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn recorder() -> Result<PrometheusRecorder, MetricsError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_ops".to_owned()), &OPS_BUCKETS))
        .map_err(MetricsError::Build)?;
    Ok(builder.build_recorder())
}

fn describe_all() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.unit, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.unit, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.unit, metric.help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus_conventions() {
        let mut names: Vec<_> = ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            assert!(metric.name.starts_with("whimbrel_"), "{}", metric.name);
            assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
            assert_eq!(matches!(metric.unit, Unit::Seconds), metric.name.ends_with("_seconds"), "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
        }
    }

    #[test]
    fn what_is_recorded_is_rendered_with_its_description() {
        let recorder = recorder().unwrap();
        let rendered = metrics::with_local_recorder(&recorder, || {
            describe_all();
            metrics::counter!("whimbrel_messages_total", "dialect" => "nexmo", "outcome" => "accepted").increment(3);
            metrics::histogram!("whimbrel_accept_duration_seconds").record(0.004);
            Metrics(recorder.handle()).render()
        });
        for line in [
            "# TYPE whimbrel_messages_total counter",
            "whimbrel_messages_total{dialect=\"nexmo\",outcome=\"accepted\"} 3",
            "whimbrel_accept_duration_seconds_bucket{le=\"0.0025\"} 0",
            "whimbrel_accept_duration_seconds_bucket{le=\"0.005\"} 1",
            "whimbrel_accept_duration_seconds_count 1",
        ] {
            assert!(rendered.lines().any(|rendered| rendered == line), "{line} not in\n{rendered}");
        }
        assert!(rendered.contains("# HELP whimbrel_messages_total Requests to send"), "{rendered}");
    }
}
