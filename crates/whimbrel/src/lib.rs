//! The gateway's outer layer: sockets, TLS, configuration, files, metrics, the command line.
//!
//! What an HTTP request means is the dialects' business and what becomes of a message is the engine's; here are the
//! things both must be given: an HTTP server with limits, a guarded HTTP client, a checked configuration, a data folder
//! that belongs to one process, and logs and metrics.

pub mod api;
pub mod cli;
pub mod config;
pub mod egress;
pub mod gateway;
pub mod intercept;
pub mod people;
pub mod server;
pub mod telemetry;
pub mod trace;
pub mod ui;
