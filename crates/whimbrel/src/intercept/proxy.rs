//! The proxy: a listener on loopback that takes `CONNECT`, requests with a whole URL, and connections that were led here as if it
//! were the vendor's own server (TLS by the name in its hello, HTTP by `Host`).
//!
//! It needs no secret: it listens on loopback, and whoever can reach it can reach the gateway and the network anyway. Bounds:
//! connections at once, octets and time of a head, time of a handshake.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::server::Acceptor;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;

use super::authority::Authority;
use super::gateway::{Gateway, Io, connect_plain};
use super::head::{self, Place, Wish};
use super::prefixed::Prefixed;
use crate::server::Scheme;

/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 512;
/// For a head, a handshake, a connection to where it goes.
const STEP_TIME_MAX: Duration = Duration::from_secs(20);
/// The first octet of a TLS handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// What becomes of hosts that no dialect speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownHosts {
    /// They are reached as without a proxy.
    Pass,
    /// They are refused, apart from those on this machine.
    Block,
}

/// Which hosts go where.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Names that lead to the gateway, in lower case.
    pub hosts: Vec<&'static str>,
    /// The others.
    pub unknown: UnknownHosts,
}

/// What became of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// It was for a vendor and went to the gateway.
    Reached(String),
    /// It was for a host that is refused.
    Refused(String),
    /// It came to nothing: the host, and why.
    Failed(String, String),
}

/// A listening proxy; it ends with the value.
pub struct Proxy {
    addr: SocketAddr,
    _accepting: JoinSet<()>,
}

struct Shared {
    addr: SocketAddr,
    rules: Rules,
    authority: Authority,
    gateway: Gateway,
    tell: Box<dyn Fn(Told) + Send + Sync>,
}

impl Proxy {
    /// Listens on a free port of loopback. `tell` hears what becomes of connections.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(
        rules: Rules,
        authority: Authority,
        gateway: Gateway,
        tell: impl Fn(Told) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared { addr, rules, authority, gateway, tell: Box::new(tell) });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, shared));
        Ok(Self { addr, _accepting: accepting })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((tcp, _)) = listener.accept().await else {
            // No file descriptor is left, or the client is gone again: others must get their turn.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A client that hangs up needs no answer.
            _ = shared.serve(tcp).await;
            drop(place);
        });
    }
}

impl Shared {
    async fn serve(&self, tcp: TcpStream) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        let mut client = Prefixed::new(tcp);
        match in_time(self.wish(&mut client)).await?? {
            None => self.vendor_tls(client, None).await,
            Some(Wish::Tunnel(place)) => self.tunnel(client, place).await,
            Some(Wish::Forward { scheme, place, head }) => self.forward(client, scheme, place, &head).await,
            Some(Wish::Direct(place)) if self.is_vendor(&place.host) => {
                self.relay_to_gateway(client, Scheme::Http, &place.host).await
            }
            Some(Wish::Direct(_)) => {
                answer(&mut client, "404 Not Found", "this is the proxy of `whimbrel run`, and no server").await
            }
        }
    }

    /// What the client wants; `None`: it speaks TLS. A head of a tunnel or another server's is taken out of what was seen.
    async fn wish(&self, client: &mut Prefixed<TcpStream>) -> io::Result<Option<Wish>> {
        loop {
            if client.seen().first() == Some(&TLS_HANDSHAKE) {
                return Ok(None);
            }
            match head::read(client.seen()) {
                Ok(Some((wish, size))) => {
                    if !matches!(wish, Wish::Direct(_)) {
                        client.replace(size, b"");
                    }
                    return Ok(Some(wish));
                }
                Ok(None) if client.see_more().await? > 0 => {}
                Ok(None) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(head::Unreadable) => {
                    answer(client, "400 Bad Request", "this is no request that a proxy takes").await?;
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
    }

    async fn tunnel(&self, mut client: Prefixed<TcpStream>, place: Place) -> io::Result<()> {
        if !self.is_vendor(&place.host) {
            let Some(mut server) = self.outside(&mut client, Scheme::Http, &place).await? else { return Ok(()) };
            client.write_all(ESTABLISHED).await?;
            return relay(&mut client, &mut server).await;
        }
        client.write_all(ESTABLISHED).await?;
        while client.seen().is_empty() {
            if in_time(client.see_more()).await?? == 0 {
                return Ok(());
            }
        }
        match client.seen().first() {
            Some(&TLS_HANDSHAKE) => self.vendor_tls(client, Some(place.host)).await,
            _ => self.relay_to_gateway(client, Scheme::Http, &place.host).await,
        }
    }

    async fn forward(
        &self,
        mut client: Prefixed<TcpStream>,
        scheme: Scheme,
        place: Place,
        head: &[u8],
    ) -> io::Result<()> {
        if self.is_vendor(&place.host) {
            client.replace(0, head);
            return self.relay_to_gateway(client, scheme, &place.host).await;
        }
        let Some(mut server) = self.outside(&mut client, scheme, &place).await? else { return Ok(()) };
        client.replace(0, head);
        relay(&mut client, &mut server).await
    }

    /// Ends TLS as the vendor's server; the name is that in the hello, else that of the tunnel.
    async fn vendor_tls(&self, client: Prefixed<TcpStream>, tunnel_host: Option<String>) -> io::Result<()> {
        let hello = in_time(LazyConfigAcceptor::new(Acceptor::default(), client)).await??;
        let name = hello.client_hello().server_name().map(str::to_ascii_lowercase).or(tunnel_host);
        let host = name.filter(|name| self.is_vendor(name)).ok_or(io::ErrorKind::InvalidInput)?;
        match in_time(hello.into_stream(Arc::clone(&self.authority.server))).await? {
            Ok(client) => self.relay_to_gateway(client, Scheme::Https, &host).await,
            Err(error) => {
                let why = format!("no TLS with the program ({error}); it does not trust the certificates of this run");
                (self.tell)(Told::Failed(host, why));
                Err(error)
            }
        }
    }

    async fn relay_to_gateway(&self, mut client: impl Io, scheme: Scheme, host: &str) -> io::Result<()> {
        match in_time(self.gateway.connect(scheme)).await.and_then(|connected| connected) {
            Ok(mut server) => {
                (self.tell)(Told::Reached(host.to_owned()));
                relay(&mut client, &mut server).await
            }
            Err(error) => {
                (self.tell)(Told::Failed(host.to_owned(), format!("Whimbrel cannot be reached: {error}")));
                answer(&mut client, "502 Bad Gateway", "Whimbrel cannot be reached").await
            }
        }
    }

    /// A connection to a server that no dialect speaks for; `None` if it was answered that there is none.
    async fn outside(&self, client: &mut impl Io, scheme: Scheme, place: &Place) -> io::Result<Option<Box<dyn Io>>> {
        let Place { host, port } = place;
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if is_here && *port == self.addr.port() {
            answer(client, "508 Loop Detected", "that is this proxy itself").await?;
            return Ok(None);
        }
        if self.rules.unknown == UnknownHosts::Block && !is_here {
            (self.tell)(Told::Refused(host.clone()));
            let why = format!("whimbrel run refuses {host}: no dialect speaks for it (--unknown-hosts pass)");
            answer(client, "403 Forbidden", &why).await?;
            return Ok(None);
        }
        let connected = match scheme {
            Scheme::Https => in_time(self.gateway.connect_tls(host, *port)).await,
            Scheme::Http => {
                in_time(connect_plain(host, *port)).await.map(|tcp| tcp.map(|tcp| Box::new(tcp) as Box<dyn Io>))
            }
        };
        match connected.and_then(|connected| connected) {
            Ok(server) => Ok(Some(server)),
            Err(error) => {
                answer(client, "502 Bad Gateway", &format!("{host} cannot be reached: {error}")).await?;
                Ok(None)
            }
        }
    }

    fn is_vendor(&self, host: &str) -> bool {
        self.rules.hosts.contains(&host)
    }
}

const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

async fn relay(client: &mut impl Io, server: &mut impl Io) -> io::Result<()> {
    copy_bidirectional(client, server).await.map(|_| ())
}

async fn in_time<T>(work: impl Future<Output = T>) -> io::Result<T> {
    tokio::time::timeout(STEP_TIME_MAX, work).await.map_err(|_| io::ErrorKind::TimedOut.into())
}

async fn answer(client: &mut impl Io, status: &str, why: &str) -> io::Result<()> {
    let size = why.len() + 1;
    let head = "Content-Type: text/plain; charset=utf-8\r\nConnection: close";
    let whole = format!("HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {size}\r\n\r\n{why}\n");
    client.write_all(whole.as_bytes()).await?;
    client.shutdown().await
}
