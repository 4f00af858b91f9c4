//! Why a call came to no answer. No variant shows a URL: it may hold keys and numbers.

use std::fmt;
use std::io;

use super::connect::TrustError;
use super::target::UrlFault;

/// Why the policy blocks a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// It is this machine or a private network.
    Private,
    /// It is on the Internet, and calls are local only.
    Public,
    /// It is a link-local address or a metadata service.
    Metadata,
    /// It is an address that nobody can be called at.
    Reserved,
    /// The port belongs to another protocol.
    Port(u16),
}

impl Blocked {
    /// A word for metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
            Self::Metadata => "metadata",
            Self::Reserved => "reserved",
            Self::Port(_) => "port",
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private => {
                f.write_str("it is this machine or in a private network; allow the host in egress.allow_hosts")
            }
            Self::Public => f.write_str("development servers call only local hosts; allow it with --allow-egress HOST"),
            Self::Metadata => f.write_str("link-local addresses and metadata services are never called"),
            Self::Reserved => f.write_str("its address is reserved"),
            Self::Port(port) => write!(f, "port {port} belongs to another protocol; use 80, 443 or one from 1024"),
        }
    }
}

/// Why a call came to no answer.
#[derive(Debug)]
pub enum EgressError {
    /// The URL cannot be called.
    Url(UrlFault),
    /// The policy forbids it.
    Blocked(Blocked),
    /// A header or the method cannot be sent.
    Request(http::Error),
    /// Too many calls are open, to this host or in all.
    Busy,
    /// The name has no address.
    Resolve(io::Error),
    /// No address took the connection.
    Connect(io::Error),
    /// No address took the connection in time.
    ConnectTimedOut,
    /// The TLS handshake failed; the certificate may not be trusted.
    Tls(io::Error),
    /// There are no root certificates to trust.
    Trust(TrustError),
    /// The connection broke, or what came is not HTTP.
    Broken(hyper::Error),
    /// The answer did not come in time.
    AnswerTimedOut,
}

impl EgressError {
    /// Whether trying again without a change of URL or policy is useless.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        matches!(self, Self::Url(_) | Self::Blocked(_) | Self::Request(_))
    }

    /// A word for metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Url(_) | Self::Request(_) => "invalid",
            Self::Blocked(_) => "blocked",
            Self::Busy => "busy",
            Self::Resolve(_) => "resolve",
            Self::Connect(_) => "connect",
            Self::Tls(_) | Self::Trust(_) => "tls",
            Self::Broken(_) => "broken",
            Self::ConnectTimedOut | Self::AnswerTimedOut => "timeout",
        }
    }
}

impl fmt::Display for EgressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(fault) => fault.fmt(f),
            Self::Blocked(blocked) => write!(f, "the host may not be called: {blocked}"),
            Self::Request(_) => f.write_str("the request cannot be sent as HTTP"),
            Self::Busy => f.write_str("too many calls are open; it is tried again later"),
            Self::Resolve(_) => f.write_str("the host's name has no address; check the name"),
            Self::Connect(_) => f.write_str("the host does not take the connection; check that it listens"),
            Self::ConnectTimedOut => f.write_str("the host does not take the connection in time"),
            Self::Tls(_) => f.write_str("the TLS handshake failed; check the host's certificate"),
            Self::Trust(_) => f.write_str("no certificate authority is trusted"),
            Self::Broken(_) => f.write_str("the connection broke before the answer was whole"),
            Self::AnswerTimedOut => f.write_str("the host did not answer in time"),
        }
    }
}

impl std::error::Error for EgressError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Request(error) => Some(error),
            Self::Resolve(error) | Self::Connect(error) | Self::Tls(error) => Some(error),
            Self::Trust(error) => Some(error),
            Self::Broken(error) => Some(error),
            Self::Url(_) | Self::Blocked(_) | Self::Busy | Self::ConnectTimedOut | Self::AnswerTimedOut => None,
        }
    }
}
