//! Sends shapes with a hidden request each, and tells which of these were executed.
//!
//! Every hidden request is a good one, to a number of its own: executed, it would be in the journal of the simulator. A proxy may read
//! what the gateway would refuse, and read the hidden request as one of its client's own; it says so in its log, and nothing was
//! smuggled past it then.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::sleep;
use crate::harness::account::Account;
use crate::harness::answer::{Progress, read};
use crate::harness::attack::Stage;
use crate::harness::shapes::{control, shapes};

/// The first number that hidden requests send to, for the first place; the next place has the next million. Honest callers have others.
const FIRST_HIDDEN: u64 = 4_918_000_000_000;
const NUMBERS_PER_PLACE: u64 = 1_000_000;
/// A connection on which nothing came for so long has no more to say.
const QUIET: Duration = Duration::from_millis(500);
/// Shapes at the same time.
const SENDERS: usize = 4;
/// Between two shapes of one sender.
const PAUSE: Duration = Duration::from_millis(40);

/// What was sent and answered.
#[derive(Debug)]
pub struct Smuggled {
    next: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Number to the name of its shape.
    hidden: BTreeMap<u64, String>,
    controls: Vec<u64>,
    /// Statuses to how often; 0 for none.
    statuses: BTreeMap<u16, u64>,
    /// Server errors: by shape and status.
    errors: BTreeMap<(String, u16), u64>,
}

impl Smuggled {
    /// Nothing yet, in the place with this number.
    pub fn new(place: u64) -> Self {
        Self { next: AtomicU64::new(FIRST_HIDDEN + place * NUMBERS_PER_PLACE), seen: Mutex::default() }
    }

    /// Sends all shapes again and again until stopped, each at least once.
    pub fn attack(&self, stage: &Stage<'_>, host: SocketAddr, account: &Account) {
        let count = shapes("").len();
        let turn = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    loop {
                        let at = usize::try_from(turn.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                        if at > count && !stage.goes_on() {
                            break;
                        }
                        stage.begin();
                        self.send(host, account, at % (count + 1));
                        stage.end();
                        sleep(PAUSE);
                    }
                });
            }
        });
    }

    /// Numbers of hidden requests, with the names of their shapes.
    pub fn hidden(&self) -> BTreeMap<u64, String> {
        self.lock().hidden.clone()
    }

    /// Numbers of requests in their own place: these must have been executed.
    pub fn controls(&self) -> Vec<u64> {
        self.lock().controls.clone()
    }

    /// How often each status was answered; 0 is a connection that ended without an answer.
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        self.lock().statuses.clone()
    }

    /// Server errors by shape and status.
    pub fn errors(&self) -> BTreeMap<(String, u16), u64> {
        self.lock().errors.clone()
    }

    /// Sends one shape; the first is the control.
    fn send(&self, host: SocketAddr, account: &Account, at: usize) {
        let to = self.next.fetch_add(1, Ordering::Relaxed);
        let hidden = hidden_request(account, to);
        let shape = match at.checked_sub(1) {
            None => control(&hidden),
            Some(at) => shapes(&hidden).swap_remove(at),
        };
        match at {
            0 => self.lock().controls.push(to),
            _ => drop(self.lock().hidden.insert(to, shape.name.clone())),
        }
        // Whatever ends the connection early is an answer as well.
        let statuses = exchange(host, &shape.octets).unwrap_or_default();
        let mut seen = self.lock();
        if statuses.is_empty() {
            *seen.statuses.entry(0).or_default() += 1;
        }
        for status in statuses {
            *seen.statuses.entry(status).or_default() += 1;
            if status >= 500 {
                *seen.errors.entry((shape.name.clone(), status)).or_default() += 1;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The mark in a hidden request by which a proxy's log tells it.
pub fn mark(to: u64) -> String {
    format!("hidden-{to}")
}

fn hidden_request(account: &Account, to: u64) -> String {
    let form = String::from_utf8(account.form(to, "hidden")).unwrap_or_default();
    format!(
        "POST /sms/json HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        mark(to),
        form.len()
    )
}

/// Sends octets and reads answers until the other side closes or says no more; their statuses.
fn exchange(host: SocketAddr, octets: &[u8]) -> std::io::Result<Vec<u16>> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(QUIET))?;
    stream.set_write_timeout(Some(QUIET))?;
    stream.write_all(octets)?;
    let (mut said, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return Ok(statuses(&said)),
            Ok(count) => said.extend_from_slice(&chunk[..count]),
        }
    }
}

fn statuses(mut said: &[u8]) -> Vec<u16> {
    let mut statuses = Vec::new();
    while let Progress::Done(answer, used) = read(said) {
        statuses.push(answer.status);
        said = &said[used..];
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_answers_of_a_connection_are_counted() {
        let said = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n";
        assert_eq!(statuses(said), [100, 200, 400]);
        assert!(statuses(b"nonsense").is_empty());
    }
}
