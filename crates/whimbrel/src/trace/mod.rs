//! One request with everything that a wire shows: name, connection, TLS with the whole chain of certificates, heads, and when each came.
//!
//! The steps are those that curl tells with `-v --trace-time`, with their times measured. Works against any server. Secrets, codes
//! and texts are masked before anything is told ([`mask`]); the body of a request that is no form is told by its size alone.

pub mod chain;
pub mod har;
pub mod mask;
pub mod measure;

use std::net::SocketAddr;
use std::time::Duration;

use whimbrel_core::Timestamp;

pub use chain::{Certificate, Root};
pub use measure::{Ask, TraceError, trace};

/// What was measured. Offsets count from the start.
#[derive(Debug, Clone)]
pub struct Trace {
    /// When it started.
    pub started_at: Timestamp,
    /// The name or address that was asked for, with the port.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The addresses of the name, in the resolver's order.
    pub addresses: Vec<SocketAddr>,
    /// Those that could not be connected to, and why.
    pub unreachable: Vec<(SocketAddr, String)>,
    /// The one that was.
    pub peer: SocketAddr,
    /// TLS; `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// The request as it is told.
    pub request: Message,
    /// The first line of the request: method and target.
    pub request_line: (String, String),
    /// The answer's status.
    pub status: u16,
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: &'static str,
    /// The answer as it is told.
    pub response: Message,
    /// Octets of the answer as they came, for who reads the answer.
    pub body: Vec<u8>,
    /// When each step ended.
    pub ends: Ends,
}

/// A handshake.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// Such as `TLS13_AES_128_GCM_SHA256`.
    pub cipher: String,
    /// The group of the key exchange, such as `X25519`.
    pub group: Option<String>,
    /// The protocol that was agreed on.
    pub alpn: Option<String>,
    /// What the server showed, its own first.
    pub chain: Vec<Certificate>,
    /// Where the chain ends.
    pub root: Option<Root>,
}

/// A head and a body as they are told: masked.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; `None`: it is not told.
    pub body: Option<String>,
    /// Its octets.
    pub body_size: usize,
}

/// When each step ended, from the start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ends {
    /// The name was resolved.
    pub dns: Duration,
    /// TCP was connected.
    pub tcp: Duration,
    /// TLS was agreed; as `tcp` without TLS.
    pub tls: Duration,
    /// The head of the answer was there.
    pub first_byte: Duration,
    /// All of the answer was there.
    pub total: Duration,
}

impl Ends {
    /// The steps in their order: the name, and how long each took.
    #[must_use]
    pub fn steps(&self) -> [(&'static str, Duration); 5] {
        [
            ("dns", self.dns),
            ("tcp", self.tcp.saturating_sub(self.dns)),
            ("tls", self.tls.saturating_sub(self.tcp)),
            ("first byte", self.first_byte.saturating_sub(self.tls)),
            ("body", self.total.saturating_sub(self.first_byte)),
        ]
    }
}
