//! Heads and bodies that are too much: too many, too long, octets that no head may have, or too slow. All have an end that the server
//! must set.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::clock::sleep;
use crate::harness::attack::{CUT_OFF_WITHIN, Stage};

const PAUSE: Duration = Duration::from_millis(50);

impl Stage<'_> {
    /// Heads that no server should keep, one after the other.
    pub fn header_bombs(&self, host: SocketAddr) {
        let bombs = bombs();
        for bomb in bombs.iter().cycle() {
            if !self.goes_on() {
                break;
            }
            self.begin();
            // An error is the expected end: the server answers and closes while we still write.
            let _ = (|| -> std::io::Result<()> {
                let mut stream = TcpStream::connect(host)?;
                stream.set_write_timeout(Some(CUT_OFF_WITHIN))?;
                stream.write_all(bomb)?;
                self.wait_for_end(stream)
            })();
            self.end();
            sleep(PAUSE);
        }
    }

    /// A body of 100,000 octets, one at a time, over many connections at once ("R U Dead Yet").
    pub fn slow_bodies(&self, host: SocketAddr, connections: usize) {
        let head = b"POST /sms/json HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                     Content-Length: 100000\r\n\r\n";
        self.wait_at_many(host, connections, head, Duration::from_millis(500), |stream| {
            stream.write(b"a").is_err() || stream.read(&mut [0; 1024]).is_ok()
        });
    }
}

/// Each ends as a good request would, so that a server which keeps it all answers, and is seen to.
fn bombs() -> Vec<Vec<u8>> {
    let line = "POST /sms/json HTTP/1.1\r\nHost: x\r\n";
    let fields = |count: usize, field: &dyn Fn(usize) -> String| (0..count).map(field).collect::<String>();
    let mut bombs = vec![
        format!("{line}{}\r\n", fields(100_000, &|_| "a:\r\n".to_owned())),
        format!("{line}{}\r\n", fields(20_000, &|at| format!("X-{at}: {at}\r\n"))),
        format!("{line}{}\r\n", fields(20_000, &|_| "Cookie: a=b; c=d\r\n".to_owned())),
        format!("{line}X-A: {}\r\n\r\n", "a".repeat(1 << 20)),
        format!("{line}{}: a\r\n\r\n", "a".repeat(1 << 20)),
        format!("{line}X-A: b\r\n{}\r\n", " folded\r\n".repeat(50_000)),
        format!("{line}X-A: {}\r\n\r\n", " \t".repeat(1 << 18)),
        format!("POST /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20)),
        format!("{} / HTTP/1.1\r\nHost: x\r\n\r\n", "A".repeat(1 << 20)),
        "\r\n".repeat(1 << 18),
        format!(
            "{line}Transfer-Encoding: chunked\r\n\r\n0\r\n{}\r\n",
            fields(50_000, &|at| format!("X-{at}: {at}\r\n"))
        ),
        format!("{line}Transfer-Encoding: chunked\r\n\r\n1;{}\r\na\r\n0\r\n\r\n", "a".repeat(1 << 20)),
        format!("{line}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", "1\r\na\r\n".repeat(300_000)),
    ]
    .into_iter()
    .map(String::into_bytes)
    .collect::<Vec<_>>();
    // Octets that no name and no value may have.
    for octet in [0, 1, 8, 11, 12, 13, 27, 127] {
        bombs.push([line.as_bytes(), b"X-A: b", &[octet], b"c\r\n\r\n"].concat());
        bombs.push([line.as_bytes(), b"X-A", &[octet], b": b\r\n\r\n"].concat());
    }
    bombs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_larger_than_any_bound_or_have_an_octet_that_no_head_has() {
        let (large, small): (Vec<_>, Vec<_>) = bombs().into_iter().partition(|bomb| bomb.len() > 1000);
        assert!(large.iter().all(|bomb| bomb.len() > 64 * 1024));
        assert!(small.iter().all(|bomb| bomb.iter().any(|octet| octet.is_ascii_control())));
        assert_eq!((large.len(), small.len()), (13, 16));
    }
}
