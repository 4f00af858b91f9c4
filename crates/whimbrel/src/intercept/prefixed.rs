//! A connection of which something was read already.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A connection that gives `head` first, then what comes.
pub(super) struct Prefixed<T> {
    head: Vec<u8>,
    given: usize,
    io: T,
}

impl<T: AsyncRead + Unpin> Prefixed<T> {
    pub(super) const fn new(io: T) -> Self {
        Self { head: Vec::new(), given: 0, io }
    }

    /// What was read and not given yet.
    pub(super) fn seen(&self) -> &[u8] {
        self.head.get(self.given..).unwrap_or_default()
    }

    /// Waits for more to see. Returns how much came: 0 at the end of the stream.
    pub(super) async fn see_more(&mut self) -> io::Result<usize> {
        let mut piece = [0; 4096];
        let count = self.io.read(&mut piece).await?;
        self.head.extend_from_slice(piece.get(..count).unwrap_or_default());
        Ok(count)
    }

    /// Puts other octets in the place of the first `count` that were seen.
    pub(super) fn replace(&mut self, count: usize, with: &[u8]) {
        let rest = self.seen().get(count..).unwrap_or_default();
        self.head = [with, rest].concat();
        self.given = 0;
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Prefixed<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = self.seen().len().min(buf.remaining());
        if count == 0 {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        buf.put_slice(self.seen().get(..count).unwrap_or_default());
        self.given += count;
        if self.seen().is_empty() {
            self.head = Vec::new();
            self.given = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Prefixed<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
