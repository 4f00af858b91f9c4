//! What a handler answers with: a whole answer, or one that goes on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;
use whimbrel_dialects::http::HttpResponse;

use super::watch::{OpenStream, Watch};

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// It is here.
    Whole(HttpResponse),
    /// Its head is here, its body comes in pieces until the sender is gone.
    Stream {
        /// Status and headers; its body is the first piece.
        head: HttpResponse,
        /// What follows. The client's pace is the receiver's: a full channel means that the client is slow.
        pieces: mpsc::Receiver<Bytes>,
    },
}

impl From<HttpResponse> for Answer {
    fn from(response: HttpResponse) -> Self {
        Self::Whole(response)
    }
}

/// The body of an answer on its way out.
#[derive(Debug)]
pub(super) enum AnswerBody {
    Whole(Full<Bytes>),
    Stream(Pieces),
}

/// A body that goes on. The connection counts as busy as long as it does.
#[derive(Debug)]
pub(super) struct Pieces {
    first: Option<Bytes>,
    rest: mpsc::Receiver<Bytes>,
    _open: OpenStream,
}

impl Pieces {
    pub(super) fn new(first: Bytes, rest: mpsc::Receiver<Bytes>, watch: &Arc<Watch>) -> Self {
        Self { first: Some(first).filter(|first| !first.is_empty()), rest, _open: watch.stream() }
    }
}

impl Default for AnswerBody {
    fn default() -> Self {
        Self::Whole(Full::default())
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(cx),
            Self::Stream(pieces) => match pieces.first.take() {
                Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
                None => pieces.rest.poll_recv(cx).map(|piece| Some(Ok(Frame::data(piece?)))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
