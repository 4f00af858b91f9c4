//! Logs and metrics: what the process says of itself.
//!
//! Logs go to standard error, human or JSON. Metrics are kept in memory and rendered on request in Prometheus' text format.
//! Neither ever holds texts, codes, keys or whole numbers; metric labels have few values.

mod logs;
mod metric;

pub use logs::{LogError, LogFormat, check_filter, start_logs};
pub use metric::{
    ALL, Described, EGRESS_ANSWERS, EGRESS_BLOCKED, HTTP_CONNECTIONS, HTTP_PANICS, Kind, Metrics, MetricsError,
};
