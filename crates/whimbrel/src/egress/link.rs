//! One HTTP/1.1 connection to a peer, driven by whoever uses it: no task of its own, so it ends when it is dropped.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Octets of an answer's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// With or without TLS.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How a request on a link failed.
pub(super) enum LinkError {
    /// The peer has seen nothing of it, or may have closed the connection while it was on its way.
    Unanswered(hyper::Error),
    /// Anything else.
    Broken(hyper::Error),
}

/// A connection.
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    connection: Pin<Box<Connection<TokioIo<Stream>, Full<Bytes>>>>,
    is_over: bool,
}

impl Link {
    pub(super) async fn open(stream: Stream) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await?;
        Ok(Self { sender, connection: Box::pin(connection), is_over: false })
    }

    /// Runs `work`, which waits for this connection, while driving the connection.
    pub(super) async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if !self.is_over {
                // Its error is told to whoever waits for the answer.
                self.is_over = self.connection.as_mut().poll(cx).is_ready();
            }
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Whether the connection can take a request now, or never again.
    pub(super) async fn is_usable(&mut self) -> bool {
        // One look at the socket tells whether the peer has closed it meanwhile.
        poll_fn(|cx| {
            if !self.is_over {
                self.is_over = self.connection.as_mut().poll(cx).is_ready();
            }
            Poll::Ready(())
        })
        .await;
        !self.is_over && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn request(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, LinkError> {
        let answer = self.sender.try_send_request(request);
        self.drive(answer).await.map_err(|mut error| {
            let is_unsent = error.take_message().is_some();
            let error = error.into_error();
            if is_unsent || error.is_canceled() || error.is_incomplete_message() || error.is_closed() {
                LinkError::Unanswered(error)
            } else {
                LinkError::Broken(error)
            }
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
