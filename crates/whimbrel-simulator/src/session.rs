//! One connection: moves octets between the socket and the [`Desk`], and waits.
//!
//! Everything that a wake-up leads to is written in one go. Nothing is read while the client does not read what we write.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;
use whimbrel_core::Span;

use crate::clock::after;
use crate::desk::Desk;
use crate::shared::Shared;

/// How much is read at once.
const INPUT_OCTETS: usize = 32 * 1024;
/// Nothing more is read while this much waits to be written.
const OUTPUT_PAUSE_OCTETS: usize = 64 * 1024;
/// How long a closed session may take to get rid of its last words.
const LINGER: Span = Span::seconds(1);

/// Serves a connection to its end. `stop` turns true, or its sender goes, when the simulator ends.
pub async fn serve(stream: TcpStream, number: u64, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut connection = Connection { stream, shared, stopping: false, input: vec![0; INPUT_OCTETS].into() };
    let mut desk = Desk::new(number, Arc::clone(&connection.shared));
    let result = connection.converse(&mut desk, &mut stop).await;
    // Before the connection ends: whoever sees its end may rely on what the session gave back.
    let left = desk.leave();
    if let Err(error) = result.and(left) {
        tracing::error!(%error, "the journal cannot be written, so the session ends: make room on its disk");
    }
    connection.end(&mut stop).await;
}

struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    stopping: bool,
    input: Box<[u8]>,
}

impl Connection {
    /// Runs the session until it is closed and its last words are written.
    async fn converse(&mut self, desk: &mut Desk, stop: &mut watch::Receiver<bool>) -> io::Result<()> {
        let wake = desk.wake();
        loop {
            desk.step()?;
            self.write(desk);
            if let Some(closed_at) = desk.closed_at() {
                let late = self.shared.clock.now() >= after(closed_at, LINGER);
                if late || !desk.session().has_output() {
                    return Ok(());
                }
            }
            let interest = self.interest(desk);
            let linger = desk.closed_at().map(|closed_at| after(closed_at, LINGER));
            let deadline = [desk.next_deadline(), linger].into_iter().flatten().min();
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
        match (reads, pending > 0) {
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
    fn write(&self, desk: &mut Desk) {
        while desk.session().has_output() {
            let output = desk.session().output();
            match self.stream.try_write(output) {
                Ok(count) if count > 0 => drop(output.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => {
                    output.clear();
                    desk.session().disconnected(self.shared.clock.now());
                    return;
                }
            }
        }
    }

    /// Says that nothing more will come and waits a moment for the client to say so too: to close a socket with octets
    /// unread would take our last words from it.
    async fn end(&mut self, stop: &mut watch::Receiver<bool>) {
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
