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
use crate::harness::downgrades::{self, Inside, recipes};
use crate::harness::frames::Said;
use crate::harness::http2::Caller;
use crate::harness::shapes::{Shape, control, shapes};

/// The first number that hidden requests send to, for the first place; the next place has the next million. Honest callers have others.
const FIRST_HIDDEN: u64 = 4_918_000_000_000;
const NUMBERS_PER_PLACE: u64 = 1_000_000;
/// A connection on which nothing came for so long has no more to say.
const QUIET: Duration = Duration::from_millis(500);
/// Between two shapes of one sender.
const PAUSE: Duration = Duration::from_millis(40);
/// `INTERNAL_ERROR` (RFC 9113 §7): the server's own fault.
const INTERNAL_ERROR: u32 = 2;

/// What the outer requests are spoken in. Hidden ones are always HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 over TLS.
    Http2,
}

impl Wire {
    /// Shapes at the same time. A connection that HTTP/2 ended is replaced by a process here, which costs more than the shape does.
    const fn senders(self) -> usize {
        match self {
            Self::Http1 => 4,
            Self::Http2 => 1,
        }
    }
}

/// What was sent and answered.
#[derive(Debug)]
pub struct Smuggled {
    wire: Wire,
    next: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Number to the name of its shape.
    hidden: BTreeMap<u64, String>,
    controls: Vec<u64>,
    /// What was answered to how often.
    answers: BTreeMap<String, u64>,
    /// Errors of the server's own: by shape and answer.
    errors: BTreeMap<(String, String), u64>,
}

impl Smuggled {
    /// Nothing yet, in the place with this number.
    pub fn new(place: u64, wire: Wire) -> Self {
        Self { wire, next: AtomicU64::new(FIRST_HIDDEN + place * NUMBERS_PER_PLACE), seen: Mutex::default() }
    }

    /// Sends all shapes again and again until stopped, each at least once.
    pub fn attack(&self, stage: &Stage<'_>, host: SocketAddr, account: &Account) {
        let count = match self.wire {
            Wire::Http1 => shapes("").len(),
            Wire::Http2 => recipes().len(),
        };
        let turn = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..self.wire.senders() {
                scope.spawn(|| {
                    let mut caller = None;
                    loop {
                        let at = usize::try_from(turn.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                        if at > count && !stage.goes_on() {
                            break;
                        }
                        stage.begin();
                        match self.wire {
                            Wire::Http1 => self.send(host, account, at % (count + 1)),
                            Wire::Http2 => self.send_frames(host, &mut caller, account, at % (count + 1)),
                        }
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

    /// Numbers of the requests in their own place.
    pub fn controls(&self) -> Vec<u64> {
        self.lock().controls.clone()
    }

    /// How often each status was answered, or what else was said instead.
    pub fn answers(&self) -> BTreeMap<String, u64> {
        self.lock().answers.clone()
    }

    /// Errors of the server's own, by shape and answer.
    pub fn errors(&self) -> BTreeMap<(String, String), u64> {
        self.lock().errors.clone()
    }

    /// Sends one shape over HTTP/1.1; the first is the control.
    fn send(&self, host: SocketAddr, account: &Account, at: usize) {
        let to = self.next.fetch_add(1, Ordering::Relaxed);
        let hidden = hidden_request(account, to);
        let shape = match at.checked_sub(1) {
            None => control(&hidden),
            Some(at) => shapes(&hidden).swap_remove(at),
        };
        self.note_sent(to, at, &shape);
        // Whatever ends the connection early is an answer as well.
        let statuses = exchange(host, &shape.octets).unwrap_or_default();
        if statuses.is_empty() {
            self.note_answer(&shape, "none", false);
        }
        for status in statuses {
            self.note_answer(&shape, &status.to_string(), status >= 500);
        }
    }

    /// The same over HTTP/2, on the connection that is there, or on a new one.
    fn send_frames(&self, host: SocketAddr, caller: &mut Option<Caller>, account: &Account, at: usize) {
        let to = self.next.fetch_add(1, Ordering::Relaxed);
        if caller.is_none() {
            *caller = Caller::connect(host).ok();
        }
        let Some(talking) = caller else { return };
        let (hidden, outer) = (hidden_request(account, to), outer_mark(to));
        let inside = Inside { hidden: &hidden, outer: &outer, stream: talking.next_stream() };
        let shape = match at.checked_sub(1) {
            None => downgrades::control(&inside, &account.form(to, "hidden")),
            Some(at) => recipes()[at].make(&inside),
        };
        self.note_sent(to, at, &shape);
        let said = talking.ask(&shape.octets, QUIET);
        let (answer, is_error) = match said {
            Some(Said::Status(status)) => (status.to_string(), status >= 500),
            Some(Said::Reset(code)) => (format!("stream error {code}"), code == INTERNAL_ERROR),
            Some(Said::GoAway(code)) => (format!("connection error {code}"), code == INTERNAL_ERROR),
            None => ("none".to_owned(), false),
        };
        self.note_answer(&shape, &answer, is_error);
        if !matches!(said, Some(Said::Status(_) | Said::Reset(_))) {
            *caller = None;
        }
    }

    fn note_sent(&self, to: u64, at: usize, shape: &Shape) {
        match at {
            0 => self.lock().controls.push(to),
            _ => drop(self.lock().hidden.insert(to, shape.name.clone())),
        }
    }

    fn note_answer(&self, shape: &Shape, answer: &str, is_error: bool) {
        let mut seen = self.lock();
        *seen.answers.entry(answer.to_owned()).or_default() += 1;
        if is_error {
            *seen.errors.entry((shape.name.clone(), answer.to_owned())).or_default() += 1;
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

/// The mark in the request that hides it.
pub fn outer_mark(to: u64) -> String {
    format!("outer-{to}")
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
