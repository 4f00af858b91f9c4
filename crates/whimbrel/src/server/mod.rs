//! The HTTP server: from an accepted connection to a request in memory, and from an answer back to bytes.
//!
//! Promises that each connection, head, body, answer and handshake has a bound in size and in time ([`HttpLimits`]), that a
//! handler which panics costs one answer and not the process, and that a stop lets open requests finish. Refuses to know
//! what a request means: that is the [`Handler`]'s.

pub mod ca;
pub mod datadir;
pub mod files;
pub mod listen;
pub mod ready;
pub mod shutdown;
pub mod tls;
pub mod unchecked;

mod answer;
mod connection;
mod endpoint;
mod handler;
mod host;
mod limits;
mod problem;
mod request;
mod respond;
mod socket;
mod spelling;
mod watch;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use handler::Handler;
pub use limits::{HttpLimits, raise_open_files};
pub use listen::{Bound, Drained, serve};
pub use problem::problem;
pub use request::{IncomingRequest, Scheme};
pub use shutdown::{Shutdown, Trigger, shutdown};
