//! A bad network between two peers: it cuts octets into pieces, holds them, stalls both ways, and drops connections in the middle of
//! anything.
//!
//! TCP keeps its promises here: what arrives is in order and whole up to where the connection ends. A seed decides the pieces and
//! pauses, as far as the machine's timing allows.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::{Chance, sleep};
use crate::failure::Outcome;

/// How long a pump waits for octets before it looks whether its connection was dropped.
const GLANCE: Duration = Duration::from_millis(10);
/// A read is one piece of at most so many octets.
const PIECE_BYTES_MAX: usize = 512;

/// The network. Dropped, it ends every connection.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect instead of the peer.
    pub addr: SocketAddr,
    weather: Arc<Weather>,
    accepts: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Weather {
    /// Connections of an earlier one are dropped.
    generation: AtomicU64,
    stalls: AtomicBool,
    ends: AtomicBool,
    connections: AtomicU64,
}

impl Proxy {
    /// Starts one in front of `peer`.
    pub fn start(peer: SocketAddr, seed: u64) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let weather = Arc::<Weather>::default();
        let shared = Arc::clone(&weather);
        let accepts = std::thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            accept(&listener, peer, seed, &shared);
        })?;
        Ok(Self { addr, weather, accepts: Some(accepts) })
    }

    /// Drops every connection, with what is on its way in either direction.
    pub fn drop_connections(&self) {
        self.weather.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether octets are held: both ways, on every connection.
    pub fn stall(&self, stalls: Stalls) {
        self.weather.stalls.store(stalls == Stalls::Yes, Ordering::Relaxed);
    }

    /// How many connections there were.
    pub fn connections(&self) -> u64 {
        self.weather.connections.load(Ordering::Relaxed)
    }
}

/// Whether octets are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stalls {
    /// They are.
    Yes,
    /// They flow.
    No,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.weather.ends.store(true, Ordering::Relaxed);
        self.drop_connections();
        if let Some(accepts) = self.accepts.take() {
            // It panics only if a thread cannot be started; the run has failed then already.
            let _ = accepts.join();
        }
    }
}

fn accept(listener: &TcpListener, peer: SocketAddr, seed: u64, weather: &Arc<Weather>) {
    std::thread::scope(|scope| {
        while !weather.ends.load(Ordering::Relaxed) {
            let near = match listener.accept() {
                Ok((near, _)) => near,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    sleep(GLANCE);
                    continue;
                }
                Err(_) => return,
            };
            let number = weather.connections.fetch_add(1, Ordering::Relaxed);
            // A peer that is not there: the caller sees its connection end.
            let Ok(far) = TcpStream::connect(peer) else { continue };
            let generation = weather.generation.load(Ordering::Relaxed);
            let Ok((near_reads, far_reads)) = near.try_clone().and_then(|near| Ok((near, far.try_clone()?))) else {
                continue;
            };
            let chance = move |way: u64| Chance::new(seed ^ (number << 1 | way));
            scope.spawn(move || pump(near_reads, far, generation, weather, chance(0)));
            scope.spawn(move || pump(far_reads, near, generation, weather, chance(1)));
        }
    });
}

/// Moves octets one way until either end closes or the connection is dropped.
fn pump(mut from: TcpStream, mut to: TcpStream, generation: u64, weather: &Weather, mut chance: Chance) {
    let is_over = || weather.generation.load(Ordering::Relaxed) != generation;
    // The listener's mode is not the connection's everywhere.
    let prepared = from.set_nonblocking(false).and_then(|()| from.set_read_timeout(Some(GLANCE)));
    let mut buffer = [0; PIECE_BYTES_MAX];
    while prepared.is_ok() && !is_over() {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => break,
        };
        if chance.below(8) == 0 {
            sleep(Duration::from_micros(chance.below(3_000)));
        }
        while weather.stalls.load(Ordering::Relaxed) && !is_over() {
            sleep(GLANCE);
        }
        let piece = if chance.below(4) == 0 { 1 + usize::try_from(chance.below(7)).unwrap_or(0) } else { count };
        let went = buffer[..count].chunks(piece).all(|piece| !is_over() && to.write_all(piece).is_ok());
        if !went {
            break;
        }
    }
    // Both ways end with one: what is on its way in the other is lost.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_come_in_order_until_the_connection_is_dropped() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = Proxy::start(listener.local_addr().expect("bound"), 7).expect("starts");
        let mut near = TcpStream::connect(proxy.addr).expect("accepted");
        let (mut far, _) = listener.accept().expect("connected through");
        let sent: Vec<u8> = (0..=255).cycle().take(5_000).collect();
        near.write_all(&sent).expect("taken");
        let mut came = vec![0; sent.len()];
        far.read_exact(&mut came).expect("all of it");
        assert_eq!(came, sent);
        proxy.drop_connections();
        assert_eq!(far.read(&mut came).unwrap_or(0), 0, "it ended");
        assert_eq!(near.read(&mut came).unwrap_or(0), 0, "both ends");
        assert_eq!(proxy.connections(), 1);
    }
}
