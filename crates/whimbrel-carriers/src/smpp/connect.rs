//! Opens the connection to a centre.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{Span, World};

use super::tls::Tls;

/// For the look-up of the name, for each address, and for the handshake.
const CONNECT_TIMEOUT: Span = Span::seconds(10);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;
/// Silence before the kernel probes, between probes, and the probes that may be lost.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(60), Duration::from_secs(10), 6);

/// An open connection.
pub(super) struct Socket {
    /// What the centre sends.
    pub(super) reader: Box<dyn AsyncRead + Send + Unpin>,
    /// What it is sent.
    pub(super) writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// Whether octets that were written may wait for a flush.
    pub(super) flush: Flush,
}

/// Whether octets that were written may wait for a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flush {
    /// They may.
    Needed,
    /// They are gone.
    Needless,
}

/// Opens connections to one centre.
pub(super) trait Connect: Send + Sync {
    /// Opens one, in a bounded time.
    fn connect(&self) -> BoxFuture<'static, io::Result<Socket>>;
}

/// Over TCP, and TLS if that is wanted.
pub(super) struct TcpConnect {
    host: Box<str>,
    port: u16,
    tls: Option<Tls>,
    world: Arc<dyn World>,
}

impl TcpConnect {
    pub(super) fn new(host: &str, port: u16, tls: Option<Tls>, world: Arc<dyn World>) -> Self {
        // Brackets belong to URLs; people write them all the same.
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Self { host: host.into(), port, tls, world }
    }
}

impl Connect for TcpConnect {
    fn connect(&self) -> BoxFuture<'static, io::Result<Socket>> {
        let (host, port, tls, world) = (self.host.clone(), self.port, self.tls.clone(), Arc::clone(&self.world));
        Box::pin(async move {
            let stream = dial(&host, port, &*world).await?;
            match tls {
                None => plain(stream),
                Some(tls) => secured(stream, &host, &tls, &*world).await,
            }
        })
    }
}

async fn dial(host: &str, port: u16, world: &dyn World) -> io::Result<TcpStream> {
    let addresses = in_time(world, lookup_host((host, port))).await?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses.take(ADDRESSES_MAX) {
        match in_time(world, TcpStream::connect(address)).await {
            Ok(stream) => return tuned(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn in_time<T>(world: &dyn World, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::select! {
        biased;
        done = work => done,
        () = world.lapse(CONNECT_TIMEOUT) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in 10 s")),
    }
}

fn tuned(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let (silence, interval, probes) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(silence).with_interval(interval).with_retries(probes);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

fn plain(stream: TcpStream) -> io::Result<Socket> {
    let (reader, writer) = stream.into_split();
    Ok(Socket { reader: Box::new(reader), writer: Box::new(writer), flush: Flush::Needless })
}

/// Errors say that it is TLS that failed: a port that speaks none is a common mistake.
async fn secured(stream: TcpStream, host: &str, tls: &Tls, world: &dyn World) -> io::Result<Socket> {
    let Some(name) = tls.name_at(host) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "TLS: the host can be no name of a certificate"));
    };
    let connecting = TlsConnector::from(tls.config()).connect(name, stream);
    let stream =
        in_time(world, connecting).await.map_err(|error| io::Error::new(error.kind(), format!("TLS: {error}")))?;
    let (reader, writer) = tokio::io::split(stream);
    Ok(Socket { reader: Box::new(reader), writer: Box::new(writer), flush: Flush::Needed })
}
