//! A stream that tells the connection's [`Watch`] what passes, and that ends politely.
//!
//! A client whose body was refused may still be sending. Closing a TCP socket with unread octets resets it, and the reset
//! can destroy the answer before the client reads it (RFC 9112 §9.6). So after such a refusal the stream first closes its
//! sending half, then reads and drops what still comes, within a bound in octets and in time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::watch::{Patience, Watch};

/// Octets of a refused body that are read and dropped.
pub(super) const LINGER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// For how long they are.
pub(super) const LINGER_TIME_MAX: Duration = Duration::from_secs(5);

/// A watched stream.
pub(super) struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
    closing: Closing,
}

/// How far the end has come.
enum Closing {
    Open,
    Lingering { bytes: usize, timer: Pin<Box<Sleep>> },
    Closed,
}

impl<S> Watched<S> {
    pub(super) const fn new(stream: S, watch: Arc<Watch>) -> Self {
        Self { stream, watch, closing: Closing::Open }
    }
}

impl<S> Watched<S> {
    fn note_write(&self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Ready(_) => self.watch.sent(),
            Poll::Pending => self.watch.stalled(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        let bytes = buf.filled().len() - before;
        if bytes > 0 && self.watch.received(bytes) == Patience::Spent {
            return Poll::Ready(Err(io::Error::other("the client sends frames without end that are no request")));
        }
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // With TLS, this is where octets wait.
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        match result {
            Poll::Ready(_) => self.watch.sent(),
            Poll::Pending => self.watch.stalled(),
        }
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.closing {
                Closing::Open => {
                    ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                    this.closing = if this.watch.is_body_refused() {
                        Closing::Lingering { bytes: 0, timer: Box::pin(tokio::time::sleep(LINGER_TIME_MAX)) }
                    } else {
                        Closing::Closed
                    };
                }
                Closing::Lingering { bytes, timer } => {
                    let mut scratch = [0; 16 * 1024];
                    let mut buf = ReadBuf::new(&mut scratch);
                    let is_over = timer.as_mut().poll(cx).is_ready() || *bytes > LINGER_BYTES_MAX;
                    let is_failed = !is_over && ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buf)).is_err();
                    if is_over || is_failed || buf.filled().is_empty() {
                        this.closing = Closing::Closed;
                    } else {
                        *bytes += buf.filled().len();
                    }
                }
                Closing::Closed => return Poll::Ready(Ok(())),
            }
        }
    }
}
