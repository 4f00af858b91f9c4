//! What a handler answers with: a whole answer, or one that goes on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;
use whimbrel_dialects::http::HttpResponse;

use super::watch::{HeldAnswer, OpenStream, Watch};

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
    Whole(Held),
    Stream(Pieces),
}

/// A piece of an answer, and the word for as long as it is not with the client.
#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: Bytes,
    held: Option<HeldAnswer>,
}

impl Held {
    fn new(bytes: Bytes, watch: &Arc<Watch>) -> Self {
        let held = if bytes.is_empty() { None } else { watch.hold() };
        Self { bytes, held }
    }
}

impl Buf for Held {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(held) = &self.held {
            held.taken();
        }
    }
}

/// A body that goes on. The connection counts as busy as long as it does.
#[derive(Debug)]
pub(super) struct Pieces {
    first: Option<Held>,
    rest: mpsc::Receiver<Bytes>,
    watch: Arc<Watch>,
    _open: OpenStream,
}

impl AnswerBody {
    /// A body that is here.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Held { bytes, held: None })
    }

    /// The same body on its way out of a connection, followed by what there is to follow.
    pub(super) fn going_out(self, rest: Option<mpsc::Receiver<Bytes>>, watch: &Arc<Watch>) -> Self {
        match (self, rest) {
            (Self::Whole(Held { bytes, .. }), None) => Self::Whole(Held::new(bytes, watch)),
            (Self::Whole(Held { bytes, .. }), Some(rest)) => {
                let first = Some(Held::new(bytes, watch)).filter(Buf::has_remaining);
                Self::Stream(Pieces { first, rest, watch: Arc::clone(watch), _open: watch.stream() })
            }
            (body @ Self::Stream(_), _) => body,
        }
    }
}

impl Default for AnswerBody {
    fn default() -> Self {
        Self::Whole(Held::default())
    }
}

impl Body for AnswerBody {
    type Data = Held;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Held>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => {
                let body = Some(std::mem::take(body)).filter(Buf::has_remaining);
                Poll::Ready(body.map(|body| Ok(Frame::data(body))))
            }
            Self::Stream(pieces) => match pieces.first.take() {
                Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
                None => {
                    let piece = ready!(pieces.rest.poll_recv(cx));
                    Poll::Ready(piece.map(|piece| Ok(Frame::data(Held::new(piece, &pieces.watch)))))
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => !body.has_remaining(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.remaining() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
