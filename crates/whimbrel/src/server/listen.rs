//! Listening sockets and their accept loop.
//!
//! Sockets have TCP_NODELAY and TCP keep-alive (60 s, then 10 s, 6 times). At `connections_max` nothing is accepted; when the
//! process is out of files the loop pauses instead of spinning. A stop closes the socket, lets open requests finish within
//! `drain_time_max`, then cuts the rest.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, error, warn};

use super::connection::{Shared, serve_connection};
use super::handler::Handler;
use super::limits::HttpLimits;
use super::shutdown::Shutdown;

/// Connections that the kernel keeps for us.
const BACKLOG: i32 = 1024;
/// Connections that are taken in one go, before others go on: a thousand that come at once must not hold up those that are there.
const TAKEN_AT_ONCE: u32 = 16;
/// How long nothing is accepted after the process ran out of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens, and where.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    addr: SocketAddr,
}

impl Bound {
    /// Listens on `addr`; port 0 takes a free one. Must be called inside a runtime.
    ///
    /// # Errors
    /// What the kernel says, with the address and what to do.
    pub fn listen(addr: SocketAddr) -> io::Result<Self> {
        let open = || -> io::Result<Self> {
            let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
            socket.set_reuse_address(true)?;
            socket.set_nonblocking(true)?;
            socket.bind(&addr.into())?;
            socket.listen(BACKLOG)?;
            let listener = TcpListener::from_std(socket.into())?;
            let addr = listener.local_addr()?;
            Ok(Self { listener, addr })
        };
        open().map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::AddrInUse => "stop the process that has it or choose another port",
                io::ErrorKind::PermissionDenied => "choose a port from 1024 or allow this process lower ones",
                io::ErrorKind::AddrNotAvailable => "choose an address of this machine",
                _ => "check the address",
            };
            io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}; {hint}"))
        })
    }

    /// Where it listens, the port filled in.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// How the connections ended at a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// Connections that ended by themselves.
    pub finished: usize,
    /// Connections that were cut at the limit.
    pub cut: usize,
}

/// Serves connections until `shutdown`, then drains them. With `tls`, every connection begins with a handshake.
pub async fn serve<H: Handler>(
    bound: Bound,
    tls: Option<Arc<rustls::ServerConfig>>,
    handler: Arc<H>,
    limits: HttpLimits,
    mut shutdown: Shutdown,
) -> Drained {
    let shared = Arc::new(Shared { handler, limits, tls: tls.map(TlsAcceptor::from), spelling: Arc::default() });
    let mut connections = JoinSet::new();
    let mut queue = Queue::new(&bound.listener);
    loop {
        tokio::select! {
            biased;
            () = shutdown.requested() => break,
            Some(ended) = connections.join_next(), if !connections.is_empty() => note_end(ended),
            arrival = queue.next(), if connections.len() < limits.connections_max => {
                if let Err(error) = tune(&arrival.stream) {
                    // The client was quicker to leave than we to greet it.
                    debug!(%error, "socket options not set");
                    continue;
                }
                metrics::counter!(crate::telemetry::HTTP_CONNECTIONS).increment(1);
                connections.spawn(serve_connection(arrival, Arc::clone(&shared), shutdown.clone()));
            }
        }
    }
    drop(bound);
    drain(connections, limits.drain_time_max).await
}

/// A connection, and since when it may have waited to be taken.
pub(super) struct Arrival {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) came_at: Instant,
}

/// The kernel's queue of connections. It does not tell when one came; so each may have come right after the first of those that were taken
/// without the queue being empty between.
struct Queue<'a> {
    listener: &'a TcpListener,
    /// When that first one was taken; `None` if the queue was empty since.
    run_began_at: Option<Instant>,
    taken: u32,
}

impl<'a> Queue<'a> {
    const fn new(listener: &'a TcpListener) -> Self {
        Self { listener, run_began_at: None, taken: 0 }
    }

    /// Waits for a connection; an error of one connection or of the machine is not the end.
    async fn next(&mut self) -> Arrival {
        let mut is_told = false;
        loop {
            if self.taken >= TAKEN_AT_ONCE {
                self.taken = 0;
                tokio::task::yield_now().await;
            }
            // Whether the queue is empty is asked of the kernel: without this the runtime would say so now and then, to let others go on.
            let accepted = tokio::task::unconstrained(poll_fn(|cx| {
                let polled = self.listener.poll_accept(cx);
                if polled.is_pending() {
                    (self.run_began_at, self.taken) = (None, 0);
                }
                polled
            }));
            let accepted = accepted.await;
            self.taken += 1;
            match accepted {
                Ok((stream, peer)) => {
                    let came_at = *self.run_began_at.get_or_insert_with(Instant::now);
                    return Arrival { stream, peer, came_at };
                }
                Err(error) if is_of_one_connection(&error) => debug!(%error, "connection lost before it was accepted"),
                Err(error) => {
                    if !is_told {
                        warn!(%error, "cannot accept connections for now, trying again; check the bound on open files");
                        is_told = true;
                    }
                    self.run_began_at.get_or_insert_with(Instant::now);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Sets what every connection has, whichever side opened it.
pub(crate) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keep_alive =
        TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(10)).with_retries(6);
    SockRef::from(stream).set_tcp_keepalive(&keep_alive)
}

async fn drain(mut connections: JoinSet<()>, time_max: Duration) -> Drained {
    let mut drained = Drained::default();
    let all = async {
        while let Some(ended) = connections.join_next().await {
            note_end(ended);
            drained.finished += 1;
        }
    };
    if tokio::time::timeout(time_max, all).await.is_err() {
        drained.cut = connections.len();
        connections.shutdown().await;
    }
    drained
}

fn note_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        error!("a connection's task panicked and the connection was lost; report this with the panic's message");
        metrics::counter!(crate::telemetry::HTTP_PANICS).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_of_the_machine_pauses_the_loop() {
        // ECONNABORTED and EINTR concern one connection; EMFILE, ENFILE, ENOBUFS and ENOMEM concern all.
        for (code, is_of_one) in [(103, true), (4, true), (24, false), (23, false), (105, false), (12, false)] {
            assert_eq!(is_of_one_connection(&io::Error::from_raw_os_error(code)), is_of_one, "errno {code}");
        }
    }

    #[tokio::test]
    async fn accepted_sockets_have_no_delay_and_keep_alive() {
        let bound = Bound::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = TcpStream::connect(bound.addr());
        let mut queue = Queue::new(&bound.listener);
        let (client, Arrival { stream, .. }) = tokio::join!(client, queue.next());
        client.unwrap();
        tune(&stream).unwrap();
        assert!(stream.nodelay().unwrap());
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(10));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 6);
    }

    #[tokio::test]
    async fn those_that_waited_together_came_with_the_first() {
        let bound = Bound::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut queue = Queue::new(&bound.listener);
        let mut clients = Vec::new();
        for _ in 0..TAKEN_AT_ONCE + 4 {
            clients.push(TcpStream::connect(bound.addr()).await.unwrap());
        }
        let first = queue.next().await.came_at;
        for _ in 1..clients.len() {
            assert_eq!(queue.next().await.came_at, first);
        }
        // The queue is found empty before the next one comes.
        let late = async {
            tokio::task::yield_now().await;
            TcpStream::connect(bound.addr()).await.unwrap()
        };
        let (arrival, _late) = tokio::join!(biased; queue.next(), late);
        assert!(arrival.came_at > first);
    }

    #[tokio::test]
    async fn a_taken_port_says_what_to_do() {
        let bound = Bound::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = Bound::listen(bound.addr()).unwrap_err().to_string();
        assert!(error.contains(&bound.addr().to_string()) && error.contains("choose another port"), "{error}");
    }
}
