//! One connection: moves octets between the socket and the [`Desk`], and waits.
//!
//! Everything that a wake-up leads to is written in one go. Nothing is read while the client does not read what we write.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;
use whimbrel_core::Span;
use whimbrel_smpp::session::Instant;

use crate::clock::after;
use crate::desk::Desk;
use crate::registry::Member;
use crate::shared::Shared;
use crate::wire::Next;

/// How much is read at once.
const INPUT_OCTETS: usize = 32 * 1024;
/// Nothing more is read while this much waits to be written.
const OUTPUT_PAUSE_OCTETS: usize = 64 * 1024;
/// How long a closed session may take to get rid of its last words.
const LINGER: Span = Span::seconds(1);

/// Serves a connection to its end. `stop` turns true, or its sender goes, when the simulator ends.
pub async fn serve(
    stream: TcpStream,
    (number, member): (u64, Arc<Member>),
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connection = Connection {
        stream,
        shared,
        stopping: false,
        input: vec![0; INPUT_OCTETS].into(),
        is_mid_pdu: false,
        wire_wait: None,
        is_reset: false,
    };
    let mut desk = Desk::new(number, member, Arc::clone(&connection.shared));
    let result = connection.converse(&mut desk, &mut stop).await;
    // Before the connection ends: whoever sees its end may rely on what the session gave back.
    let left = desk.leave();
    if let Err(error) = result.and(left) {
        tracing::error!(%error, "the journal cannot be written, so the session ends: make room on its disk");
    }
    connection.end(&mut stop).await;
}

/// What became of what was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    AsFarAsItGoes,
    /// The connection is gone, and the session was told.
    Lost,
}

struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    stopping: bool,
    input: Box<[u8]>,
    /// The session's own octets were written in part: the wire has to wait for the rest.
    is_mid_pdu: bool,
    /// Until when the wire waits.
    wire_wait: Option<Instant>,
    /// The connection ends by a reset.
    is_reset: bool,
}

impl Connection {
    /// Runs the session until it is closed and its last words are written.
    async fn converse(&mut self, desk: &mut Desk, stop: &mut watch::Receiver<bool>) -> io::Result<()> {
        let wake = desk.wake();
        loop {
            desk.step()?;
            if self.write(desk) == Written::Lost {
                // Nothing else would wake us: the socket is not waited for any more.
                desk.step()?;
            }
            if self.is_reset {
                desk.session().disconnected(self.shared.clock.now());
                return desk.step();
            }
            if let Some(closed_at) = desk.closed_at() {
                let late = self.shared.clock.now() >= after(closed_at, LINGER);
                if late || !(desk.session().has_output() || desk.wire().has_output()) {
                    return Ok(());
                }
            }
            let interest = self.interest(desk);
            let linger = desk.closed_at().map(|closed_at| after(closed_at, LINGER));
            let deadline = [desk.next_deadline(), linger, self.wire_wait].into_iter().flatten().min();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop), if !self.stopping => {
                    self.stopping = true;
                    desk.session().unbind(self.shared.clock.now());
                }
                () = wake.notified() => {}
                ready = ready(&self.stream, interest) => match ready {
                    Ok(ready) if ready.is_readable() || ready.is_read_closed() => self.read(desk),
                    Ok(_) => {}
                    Err(_) => desk.session().disconnected(self.shared.clock.now()),
                },
                () = self.shared.clock.sleep_until(deadline) => {}
            }
        }
    }

    /// What to wait for at the socket.
    fn interest(&self, desk: &mut Desk) -> Option<Interest> {
        let pending = if desk.session().has_output() { desk.session().output().len() } else { 0 };
        let reads = desk.closed_at().is_none() && pending < OUTPUT_PAUSE_OCTETS && desk.wants_input();
        let writes = if desk.wire().is_active() && !self.is_mid_pdu {
            matches!(desk.wire().next(self.shared.clock.now()), Next::Write(_))
        } else {
            pending > 0
        };
        match (reads, writes) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }

    /// Reads what is there, once.
    fn read(&mut self, desk: &mut Desk) {
        match self.stream.try_read(&mut self.input) {
            Ok(0) => desk.session().disconnected(self.shared.clock.now()),
            Ok(count) => {
                let now = self.shared.clock.now();
                desk.session().received(&self.input[..count], now);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => desk.session().disconnected(self.shared.clock.now()),
        }
    }

    /// Writes as much as the socket takes.
    fn write(&mut self, desk: &mut Desk) -> Written {
        self.wire_wait = None;
        if self.is_mid_pdu || !desk.wire().is_active() {
            if self.write_plainly(desk) == Written::Lost {
                return Written::Lost;
            }
            self.is_mid_pdu = desk.session().has_output();
        }
        match !self.is_mid_pdu && desk.wire().is_active() {
            true => self.write_by_wire(desk),
            false => Written::AsFarAsItGoes,
        }
    }

    fn write_plainly(&self, desk: &mut Desk) -> Written {
        while desk.session().has_output() {
            let output = desk.session().output();
            match self.stream.try_write(output) {
                Ok(count) if count > 0 => drop(output.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Written::AsFarAsItGoes,
                Ok(_) | Err(_) => {
                    output.clear();
                    desk.session().disconnected(self.shared.clock.now());
                    return Written::Lost;
                }
            }
        }
        Written::AsFarAsItGoes
    }

    fn write_by_wire(&mut self, desk: &mut Desk) -> Written {
        let now = self.shared.clock.now();
        desk.feed_wire(now);
        loop {
            let written = match desk.wire().next(now) {
                Next::Write(octets) => self.stream.try_write(octets),
                Next::Wait(until) => {
                    self.wire_wait = until;
                    return Written::AsFarAsItGoes;
                }
                Next::Reset => {
                    self.is_reset = true;
                    return Written::AsFarAsItGoes;
                }
            };
            match written {
                Ok(count) if count > 0 => desk.wire().written(count, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Written::AsFarAsItGoes,
                Ok(_) | Err(_) => {
                    desk.wire().discard();
                    desk.session().disconnected(now);
                    return Written::Lost;
                }
            }
            desk.feed_wire(now);
        }
    }

    /// Says that nothing more will come and waits a moment for the client to say so too: to close a socket with octets
    /// unread would take our last words from it.
    async fn end(&mut self, stop: &mut watch::Receiver<bool>) {
        if self.is_reset {
            // A connection that is dropped so is reset: what was not sent yet is lost, and the client sees an error.
            if let Err(error) = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)) {
                tracing::debug!(%error, "a connection could not be reset and is closed instead");
            }
            return;
        }
        if self.stream.shutdown().await.is_err() {
            return;
        }
        let deadline = after(self.shared.clock.now(), LINGER);
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                ready = ready(&self.stream, Some(Interest::READABLE)) => {
                    let Ok(_) = ready else { return };
                    match self.stream.try_read(&mut self.input) {
                        Ok(0) => return,
                        Ok(_) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(_) => return,
                    }
                }
                () = self.shared.clock.sleep_until(Some(deadline)) => {}
            }
            if self.shared.clock.now() >= deadline {
                return;
            }
        }
    }
}

/// The socket's readiness; never, if nothing is waited for.
async fn ready(stream: &TcpStream, interest: Option<Interest>) -> io::Result<tokio::io::Ready> {
    match interest {
        Some(interest) => stream.ready(interest).await,
        None => std::future::pending().await,
    }
}
