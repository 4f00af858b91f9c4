//! Peers that do not behave, at both ends of the gateway. Each attack is bounded in rate, so that what is measured is the
//! gateway and not the attacker's share of the machine.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Chance, Started, sleep};
use crate::failure::Outcome;

/// A peer that waits longer than this for its connection to be closed was not cut off. Headers may take 10 s (`limits.head_time`).
pub const CUT_OFF_WITHIN: Duration = Duration::from_secs(15);

/// Lets everybody else on this machine go first: this thread, the threads and the processes that it starts. An attacker has processors
/// of its own elsewhere; here, those that an attack needs for itself (a process for each TLS connection) must not be counted as its effect.
pub fn step_back() {
    // Without it the attack is only louder, and figures are worse than they should be.
    let _ = rustix::process::setpriority_process(None, 19);
}

/// What the attacks saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Attempts begun.
    pub attempts: AtomicU64,
    /// Attempts that the other side ended, by an answer or by closing.
    pub ended: AtomicU64,
    /// Attempts that were still open after [`CUT_OFF_WITHIN`].
    pub hung: AtomicU64,
    /// Attempts that this side ended while they were open.
    pub kept: AtomicU64,
}

impl Seen {
    /// All counts as a phrase.
    pub fn told(&self) -> String {
        let [attempts, ended, hung, kept] =
            [&self.attempts, &self.ended, &self.hung, &self.kept].map(|count| count.load(Ordering::Relaxed));
        format!("{attempts} begun, {ended} ended by the other side, {hung} hung, {kept} kept to the end")
    }
}

/// What all attackers of a phase share.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Set when attackers shall end.
    pub stop: &'a AtomicBool,
    /// What they saw.
    pub seen: &'a Seen,
}

impl Stage<'_> {
    /// Whether attackers go on.
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// An attempt began.
    pub fn begin(&self) {
        self.seen.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// The other side ended one.
    pub fn end(&self) {
        self.seen.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// The other side should have ended one by now.
    pub fn hang(&self) {
        self.seen.hung.fetch_add(1, Ordering::Relaxed);
    }

    /// This side ended one.
    pub fn keep(&self) {
        self.seen.kept.fetch_add(1, Ordering::Relaxed);
    }

    /// Ten megabytes that nobody asked for, as a form and as endless chunks in turns.
    pub fn huge_bodies(&self, host: SocketAddr) {
        let chunk = vec![b'a'; 64 * 1024];
        let mut chunked = false;
        while self.goes_on() {
            self.begin();
            chunked = !chunked;
            let head = if chunked {
                "POST /sms/json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
            } else {
                format!("POST /sms/json HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", 10 * 1024 * 1024)
            };
            // An error is the expected end: the server answers and closes while we still write.
            let _ = (|| -> std::io::Result<()> {
                let mut stream = TcpStream::connect(host)?;
                stream.set_write_timeout(Some(CUT_OFF_WITHIN))?;
                stream.write_all(head.as_bytes())?;
                for _ in 0..160 {
                    if chunked {
                        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
                    }
                    stream.write_all(&chunk)?;
                    if chunked {
                        stream.write_all(b"\r\n")?;
                    }
                }
                self.wait_for_end(stream)
            })();
            self.end();
            sleep(Duration::from_millis(100));
        }
    }

    /// A header octet now and then, over many connections at once.
    pub fn slow_headers(&self, host: SocketAddr, connections: usize) {
        let mut open: Vec<(TcpStream, Started, usize)> = Vec::new();
        let head = b"POST /sms/json HTTP/1.1\r\nHost: x\r\nX-Slow: ";
        while self.goes_on() {
            while open.len() < connections {
                let Ok(stream) = TcpStream::connect(host) else { break };
                if stream.set_nonblocking(true).is_err() {
                    break;
                }
                self.begin();
                open.push((stream, Started::now(), 0));
            }
            open.retain_mut(|(stream, since, sent)| {
                let next = head.get(*sent).copied().unwrap_or(b'a');
                *sent += 1;
                let mut octet = [0_u8; 256];
                let closed = stream.write(&[next]).is_err() || matches!(stream.read(&mut octet), Ok(0));
                let hung = since.elapsed() > CUT_OFF_WITHIN;
                if closed {
                    self.end();
                } else if hung {
                    self.hang();
                }
                !(closed || hung)
            });
            sleep(Duration::from_millis(500));
        }
    }

    /// Many connections at once that begin with these octets. Every so often each does something, and sees whether the server has ended it.
    pub fn wait_at_many(
        &self,
        host: SocketAddr,
        connections: usize,
        begin: &[u8],
        every: Duration,
        is_ended: impl Fn(&mut TcpStream) -> bool,
    ) {
        let mut open: Vec<(TcpStream, Started)> = Vec::new();
        while self.goes_on() {
            while open.len() < connections {
                let Ok(mut stream) = TcpStream::connect(host) else { break };
                if stream.write_all(begin).is_err() || stream.set_nonblocking(true).is_err() {
                    break;
                }
                self.begin();
                open.push((stream, Started::now()));
            }
            open.retain_mut(|(stream, since)| {
                let is_ended = is_ended(stream);
                let is_hung = !is_ended && since.elapsed() > CUT_OFF_WITHIN;
                if is_ended {
                    self.end();
                } else if is_hung {
                    self.hang();
                }
                !(is_ended || is_hung)
            });
            sleep(every);
        }
    }

    /// Octets that are no HTTP, no TLS and no SMPP, with lengths that lie.
    pub fn garbage(&self, host: SocketAddr, seed: u64) {
        let mut chance = Chance::new(seed);
        while self.goes_on() {
            self.begin();
            let octets = garbage(&mut chance);
            let _ = (|| -> std::io::Result<()> {
                let mut stream = TcpStream::connect(host)?;
                stream.write_all(&octets)?;
                stream.shutdown(std::net::Shutdown::Write)?;
                self.wait_for_end(stream)
            })();
            self.end();
            sleep(Duration::from_millis(20));
        }
    }

    /// PDUs that are wrong in one place, before and after a good bind.
    pub fn malformed_pdus(&self, host: SocketAddr, seed: u64) {
        let mut chance = Chance::new(seed);
        while self.goes_on() {
            self.begin();
            let bound = chance.below(2) == 0;
            let pdus: Vec<u8> = (0..8).flat_map(|_| malformed_pdu(&mut chance)).collect();
            let _ = (|| -> std::io::Result<()> {
                let mut stream = TcpStream::connect(host)?;
                if bound {
                    stream.write_all(&bind())?;
                }
                stream.write_all(&pdus)?;
                stream.shutdown(std::net::Shutdown::Write)?;
                self.wait_for_end(stream)
            })();
            self.end();
            sleep(Duration::from_millis(20));
        }
    }

    /// Reads until the other side closes.
    pub fn wait_for_end(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_millis(250)))?;
        let started = Started::now();
        let mut sink = [0_u8; 4096];
        loop {
            match stream.read(&mut sink) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                    if !self.goes_on() {
                        return Ok(());
                    }
                    if started.elapsed() > CUT_OFF_WITHIN {
                        self.hang();
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// A centre that takes a bind and then talks nonsense to whoever bound.
#[derive(Debug)]
pub struct EvilCentre {
    listener: TcpListener,
}

impl EvilCentre {
    /// Listens on a free port of loopback.
    pub fn listen() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener })
    }

    /// Where it listens.
    pub fn addr(&self) -> Outcome<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves one client after the other until stopped; counts those that it talked to.
    pub fn serve(&self, stage: &Stage<'_>, seed: u64) {
        let mut chance = Chance::new(seed);
        while stage.goes_on() {
            let Ok((stream, _)) = self.listener.accept() else {
                sleep(Duration::from_millis(10));
                continue;
            };
            stage.begin();
            let _ = talk_nonsense(stream, stage, &mut chance);
            stage.end();
        }
    }
}

fn talk_nonsense(mut stream: TcpStream, stage: &Stage<'_>, chance: &mut Chance) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_millis(20)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut head = [0_u8; 16];
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.read_exact(&mut head)?;
    let sequence = [head[12], head[13], head[14], head[15]];
    // A good answer to the bind, so that what follows reaches the bound session.
    let mut answer = vec![0, 0, 0, 21, 0x80, 0, 0, 9, 0, 0, 0, 0];
    answer.extend_from_slice(&sequence);
    answer.extend_from_slice(b"EVIL\0");
    stream.write_all(&answer)?;
    stream.set_read_timeout(Some(Duration::from_millis(20)))?;
    let mut sink = [0_u8; 16 * 1024];
    for _ in 0..chance.below(40) {
        if !stage.goes_on() {
            break;
        }
        match stream.read(&mut sink) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        stream.write_all(&malformed_pdu(chance))?;
    }
    Ok(())
}

fn garbage(chance: &mut Chance) -> Vec<u8> {
    (0..16 + chance.below(2000)).map(|_| chance.bits().to_le_bytes()[7]).collect()
}

fn bind() -> Vec<u8> {
    let body = b"hostile\0dev\0\0\x34\0\0\0";
    let mut pdu = vec![0, 0, 0, 16 + u8::try_from(body.len()).unwrap_or(0), 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1];
    pdu.extend_from_slice(body);
    pdu
}

/// A PDU that is wrong in one place: its length, its command, a string without an end, a text longer than the PDU, a TLV past it.
fn malformed_pdu(chance: &mut Chance) -> Vec<u8> {
    let commands = [4_u32, 5, 0x8000_0004, 0x8000_0005, 0x8000_0009, 0x15, 0x103, 0xdead_beef, 6, 0x8000_0000];
    let command = commands[usize::try_from(chance.below(10)).unwrap_or(0)];
    let mut body = Vec::new();
    match chance.below(5) {
        0 => body.extend(std::iter::repeat_n(b'9', 300)),
        1 => body.extend_from_slice(b"\0\x01\x01447700900000\0\x01\x01447700900000\0\x40\0\0\0\0\x01\0\0\0\xffshort"),
        2 => body.extend_from_slice(b"\0\x01\x0144\0\x01\x0144\0\0\0\0\0\0\0\0\0\0\0\x04\x24\xff\xffx"),
        3 => body.extend_from_slice(b"\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\x50id:\xff\xfe sub:zzz stat:NOSUCH err:-1"),
        _ => body.extend(garbage(chance)),
    }
    let honest = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    let length = match chance.below(6) {
        0 => u32::MAX,
        1 => 0,
        2 => 15,
        3 => honest + 3,
        _ => honest,
    };
    let mut pdu = length.to_be_bytes().to_vec();
    pdu.extend_from_slice(&command.to_be_bytes());
    pdu.extend_from_slice(&[0; 4]);
    pdu.extend_from_slice(&u32::try_from(chance.below(1 << 31)).unwrap_or(1).to_be_bytes());
    pdu.extend_from_slice(&body);
    pdu
}
