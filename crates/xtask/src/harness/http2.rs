//! HTTP/2 over TLS for the attacks: one connection, and requests on it one after the other.
//!
//! TLS is `openssl s_client`, so that no library of the product is on this side.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use crate::harness::frames::{PREFACE, SETTINGS, Said, TABLE_SIZE, frame, said, setting};

/// Octets of the server that nobody has asked for yet, in pieces of up to 16 KiB.
const PIECES_MAX: usize = 16;

/// A TLS connection as a child process. Dropped, it is ended.
#[derive(Debug)]
pub struct Tls {
    child: Child,
    input: ChildStdin,
}

impl Tls {
    /// A connection on which HTTP/2 was agreed on, and what the server says there; whose certificate it is, nobody asks.
    ///
    /// # Errors
    /// `openssl` cannot be started. That the connection fails is told by the first write or read.
    pub fn connect(https: SocketAddr) -> std::io::Result<(Self, ChildStdout)> {
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-alpn", "h2", "-connect", &https.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        match (input, output) {
            (Some(input), Some(output)) => Ok((Self { child, input }, output)),
            _ => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Sends octets.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn send(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.input.write_all(octets)
    }

    /// Whether the connection has ended.
    ///
    /// # Errors
    /// What the system says.
    pub fn has_ended(&mut self) -> std::io::Result<bool> {
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

/// A client that asks one thing at a time, each on a stream of its own.
#[derive(Debug)]
pub struct Caller {
    tls: Tls,
    pieces: Receiver<Vec<u8>>,
    had: Vec<u8>,
    next_stream: u32,
}

impl Caller {
    /// A new connection.
    ///
    /// # Errors
    /// See [`Tls::connect`], or the connection ended at once.
    pub fn connect(https: SocketAddr) -> std::io::Result<Self> {
        let (mut tls, mut output) = Tls::connect(https)?;
        tls.send(&[PREFACE, &frame(SETTINGS, 0, 0, &setting(TABLE_SIZE, 0))].concat())?;
        let (sender, pieces) = sync_channel(PIECES_MAX);
        // It ends with the connection, or when nobody listens any more.
        std::thread::spawn(move || {
            let mut piece = vec![0; 16 * 1024];
            while let Ok(count @ 1..) = output.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { tls, pieces, had: Vec::new(), next_stream: 1 })
    }

    /// The stream that the next request must be on.
    pub fn next_stream(&self) -> u32 {
        self.next_stream
    }

    /// Sends the frames of a request and waits for what is said of it; `None` if nothing is within `patience`, or the connection ends.
    pub fn ask(&mut self, frames: &[u8], patience: Duration) -> Option<Said> {
        let stream = self.next_stream;
        self.next_stream += 2;
        // A write fails when the server has ended the connection; it may have said why.
        let _ = self.tls.send(frames);
        loop {
            if let Some(said) = said(&self.had, stream) {
                return Some(said);
            }
            self.had.extend(self.pieces.recv_timeout(patience).ok()?);
        }
    }
}
