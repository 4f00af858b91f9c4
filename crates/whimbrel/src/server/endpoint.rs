//! One request on one connection: reads the body within its bounds, asks the handler, frames the answer.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, Request, Response, Version, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tracing::error;
use whimbrel_dialects::http::HttpResponse;

use super::answer::{Answer, AnswerBody};
use super::handler::Handler;
use super::host;
use super::limits::HttpLimits;
use super::problem::{last_problem, problem};
use super::request::{IncomingRequest, Scheme};
use super::respond::{After, respond};
use super::socket::{LINGER_BYTES_MAX, LINGER_TIME_MAX};
use super::spelling::Spelling;
use super::watch::Watch;

/// Chunks (HTTP/1.1) or frames (HTTP/2) that a body may come in: each costs more to read than an octet does.
pub(super) const BODY_PIECES_MAX: usize = 65_536;

/// What all requests of a connection share.
pub(super) struct Endpoint<H> {
    pub(super) handler: Arc<H>,
    pub(super) limits: HttpLimits,
    pub(super) watch: Arc<Watch>,
    pub(super) peer: SocketAddr,
    pub(super) scheme: Scheme,
    pub(super) spelling: Arc<Spelling>,
}

impl<H: Handler> Endpoint<H> {
    /// Answers one request. There is always an answer.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Response<AnswerBody>, Infallible> {
        let waited = self.watch.head_age();
        let _open = self.watch.request();
        let version = request.version();
        let (head, mut body) = request.into_parts();
        let asks_to_close = asks_to_close(&head.headers);
        if version == Version::HTTP_2 {
            self.watch.was_of_request(unpacked_bytes(&head));
        }
        let body_read = match host::check(&head) {
            Ok(()) => self.whole_body(&head.headers, &mut body).await,
            Err(remedy) => Err(Refused::TwoHosts { remedy }),
        };
        let answer = match body_read {
            Ok(body) => {
                let request = IncomingRequest::new(head, body, self.peer, self.scheme).having_waited(waited);
                without_panic(pin!(self.handler.handle(request))).await
            }
            Err(refused) => {
                self.watch.refuse_body();
                if version == Version::HTTP_2 {
                    self.drop_rest(&mut body).await;
                }
                Answer::Whole(refused.into())
            }
        };
        let (answer, pieces) = match answer {
            Answer::Whole(answer) => (answer, None),
            Answer::Stream { head, pieces } => (head, Some(pieces)),
        };
        let after = if asks_to_close || self.watch.is_stopping() { After::Close } else { After::KeepOpen };
        let spelling = if version == Version::HTTP_2 {
            None
        } else {
            self.spelling.of(answer.headers.iter().map(|(name, _)| *name))
        };
        let mut response = respond(answer, version, after);
        *response.body_mut() = std::mem::take(response.body_mut()).going_out(pieces, &self.watch);
        if let Some(spelling) = spelling {
            response.extensions_mut().extend(spelling);
        }
        Ok(response)
    }

    /// Reads the body, never more than `body_bytes_max` of it and never longer than `body_time_max`.
    async fn whole_body(&self, headers: &HeaderMap, body: &mut Incoming) -> Result<Bytes, Refused> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        let bytes_max = self.limits.body_bytes_max;
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|bytes| bytes > bytes_max as u64) {
            return Err(Refused::TooLarge { bytes_max });
        }
        match tokio::time::timeout(self.limits.body_time_max, self.collect(body)).await {
            Ok(result) => result,
            Err(_) => Err(Refused::TooSlow),
        }
    }

    /// Reads to the end or past the bound. A body of one piece is not copied.
    async fn collect(&self, body: &mut Incoming) -> Result<Bytes, Refused> {
        let bytes_max = self.limits.body_bytes_max;
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        let mut pieces = 0;
        while let Some(frame) = body.frame().await {
            let Ok(piece) = frame.map_err(|_| Refused::Broken)?.into_data() else { continue };
            pieces += 1;
            if pieces > BODY_PIECES_MAX {
                return Err(Refused::TooManyPieces);
            }
            self.watch.was_of_request(piece.len());
            if first.len() + all.len() + piece.len() > bytes_max {
                return Err(Refused::TooLarge { bytes_max });
            }
            if first.is_empty() && all.is_empty() {
                first = piece;
                continue;
            }
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&piece);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// Reads on for a while after a refusal: clients of HTTP/2 that are still sending take an early answer for a broken stream
    /// (curl 7.88 does). Over HTTP/1 the socket does the like after the answer.
    async fn drop_rest(&self, body: &mut Incoming) {
        let rest = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = body.frame().await {
                let piece = frame.data_ref().map_or(0, Bytes::len);
                self.watch.was_of_request(piece);
                bytes += piece;
                if bytes > LINGER_BYTES_MAX {
                    break;
                }
            }
        };
        // The answer goes out in any case.
        let _ = tokio::time::timeout(LINGER_TIME_MAX, rest).await;
    }
}

/// How large a head is when it is unpacked, as HTTP/2 counts (RFC 9113 §6.5.2): hardly ever less than it was on its way.
fn unpacked_bytes(head: &Parts) -> usize {
    const FIELD: usize = 32;
    let target = head.uri.path().len() + head.uri.query().map_or(0, str::len);
    let authority = head.uri.authority().map_or(0, |authority| authority.as_str().len());
    let pseudo = 4 * FIELD + head.method.as_str().len() + target + authority;
    let fields = head.headers.iter().map(|(name, value)| FIELD + name.as_str().len() + value.len());
    pseudo + fields.sum::<usize>()
}

/// Whether a `Connection` header names `close`.
fn asks_to_close(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONNECTION).iter().any(|value| {
        value.as_bytes().split(|octet| *octet == b',').any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
    })
}

/// Why a request is not handled.
#[derive(Debug)]
enum Refused {
    TwoHosts { remedy: &'static str },
    TooLarge { bytes_max: usize },
    TooManyPieces,
    TooSlow,
    Broken,
}

impl From<Refused> for HttpResponse {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TwoHosts { remedy } => last_problem(400, "Bad Request", remedy),
            Refused::TooLarge { bytes_max } => {
                let detail = format!("a request body may have up to {bytes_max} bytes; send less at once");
                last_problem(413, "Content Too Large", &detail)
            }
            Refused::TooManyPieces => {
                let detail = format!("a request body may come in up to {BODY_PIECES_MAX} chunks; send larger ones");
                last_problem(413, "Content Too Large", &detail)
            }
            Refused::TooSlow => last_problem(408, "Request Timeout", "the request body did not arrive in time"),
            Refused::Broken => last_problem(400, "Bad Request", "the request body ended early or is malformed"),
        }
    }
}

/// Runs a handler; a panic in it becomes an answer. The handler stays where it is: it is large, and taken by value it would be there twice.
async fn without_panic(mut answer: Pin<&mut impl Future<Output = Answer>>) -> Answer {
    // The future is not polled again after a panic, so nothing sees what the panic left half done.
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(poll) => poll,
        Err(_) => {
            error!("a request handler panicked and its client got status 500; report this with the panic's message");
            metrics::counter!(crate::telemetry::HTTP_PANICS).increment(1);
            Poll::Ready(problem(500, "Internal Server Error", "the request failed inside the gateway").into())
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Front;

    fn size_of_future<Given, Answering>(_: impl FnOnce(&'static Endpoint<Front>, Given) -> Answering) -> usize {
        size_of::<Answering>()
    }

    /// Every connection has room for the answer to one request, and what is begun is moved there: it was 20 KiB once, most of it for
    /// pages, and there twice.
    #[test]
    fn what_answers_a_request_is_small() {
        let handling = size_of_future(|endpoint, request| endpoint.handler.handle(request));
        let answering = size_of_future(|endpoint, request| endpoint.answer(request));
        assert!(handling < 6 * 1024, "{handling} bytes: put what is rare on the heap");
        assert!(answering < handling + 2 * 1024, "{answering} bytes beside {handling}: is something there twice?");
    }
}
