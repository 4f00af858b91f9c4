//! Opens the connection to a centre.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{Span, World};

/// For the look-up of the name, and for each address.
const CONNECT_TIMEOUT: Span = Span::seconds(10);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;
/// Silence before the kernel probes, between probes, and the probes that may be lost.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(60), Duration::from_secs(10), 6);

/// An open connection.
pub(super) struct Socket {
    /// What the centre sends.
    pub(super) reader: Box<dyn AsyncRead + Send + Unpin>,
    /// What it is sent. Octets need no flush.
    pub(super) writer: Box<dyn AsyncWrite + Send + Unpin>,
}

/// Opens connections to one centre.
pub(super) trait Connect: Send + Sync {
    /// Opens one, in a bounded time.
    fn connect(&self) -> BoxFuture<'static, io::Result<Socket>>;
}

/// Over TCP.
pub(super) struct TcpConnect {
    host: Box<str>,
    port: u16,
    world: Arc<dyn World>,
}

impl TcpConnect {
    pub(super) fn new(host: &str, port: u16, world: Arc<dyn World>) -> Self {
        // Brackets belong to URLs; people write them all the same.
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Self { host: host.into(), port, world }
    }
}

impl Connect for TcpConnect {
    fn connect(&self) -> BoxFuture<'static, io::Result<Socket>> {
        Box::pin(dial(self.host.clone(), self.port, Arc::clone(&self.world)))
    }
}

async fn dial(host: Box<str>, port: u16, world: Arc<dyn World>) -> io::Result<Socket> {
    let addresses = in_time(&*world, lookup_host((&*host, port))).await?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses.take(ADDRESSES_MAX) {
        match in_time(&*world, TcpStream::connect(address)).await {
            Ok(stream) => return socket(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn in_time<T>(world: &dyn World, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::select! {
        biased;
        done = work => done,
        () = world.sleep(CONNECT_TIMEOUT) => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in 10 s")),
    }
}

fn socket(stream: TcpStream) -> io::Result<Socket> {
    stream.set_nodelay(true)?;
    let (silence, interval, probes) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(silence).with_interval(interval).with_retries(probes);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    let (reader, writer) = stream.into_split();
    Ok(Socket { reader: Box::new(reader), writer: Box::new(writer) })
}
