//! A stream of events that is followed over lost connections.

use std::time::Duration;

use super::client::{Server, Stream};
use super::output::Out;
use super::sse::{Event, Reader};
use super::{Exit, Failure};

/// Between two tries to connect, at first and at most.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A stream that is connected, or will be again.
pub(super) struct Following<'a> {
    server: &'a Server,
    path: &'a str,
    reader: Reader,
    stream: Stream,
}

impl<'a> Following<'a> {
    /// Connects. The first try fails at once; later ones wait for the server to come back.
    pub(super) async fn begin(server: &'a Server, path: &'a str) -> Result<Self, Failure> {
        let stream = server.stream(path, &[]).await?;
        Ok(Self { server, path, reader: Reader::default(), stream })
    }

    /// The id of the last event, if it had one.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.reader.last_id.as_deref()
    }

    /// The next events, one or several. A connection that is lost is opened again, and told where to go on.
    pub(super) async fn next(&mut self, out: &Out) -> Result<Vec<Event>, Failure> {
        loop {
            match self.stream.next().await {
                Ok(Some(piece)) => {
                    let events = self.reader.read(&piece).map_err(|_| {
                        Failure::new(Exit::Failed, "the server sent a line that is too long to be one of its events")
                    })?;
                    if !events.is_empty() {
                        return Ok(events);
                    }
                }
                Ok(None) | Err(_) => {
                    out.hint("the connection was lost; trying again");
                    self.reader.forget_half();
                    self.stream = self.again().await?;
                    out.hint("connected again");
                }
            }
        }
    }

    async fn again(&self) -> Result<Stream, Failure> {
        let last_id = self.last_id().map(|id| ("last-event-id".to_owned(), id.to_owned()));
        let headers: Vec<_> = last_id.into_iter().collect();
        let mut pause = PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            match self.server.stream(self.path, &headers).await {
                Err(failure) if failure.exit == Exit::Unreachable => pause = (pause * 2).min(PAUSE_MAX),
                done => return done,
            }
        }
    }
}
