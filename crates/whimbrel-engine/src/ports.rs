//! What the engine needs of the outside and does not build itself.

use std::any::Any;

use whimbrel_core::Span;
use whimbrel_core::world::BoxFuture;
use whimbrel_dialects::http::WebhookRequest;

/// What becomes of a URL that a customer sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewUrls {
    /// It must answer a test request with 200.
    Tested,
    /// It is taken as it is.
    Taken,
}

/// An answer that somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The status code.
    pub status: u16,
    /// The first octets of the body, 1,024 at most.
    pub beginning: Box<[u8]>,
}

/// An answer as somebody wants to see it who looks for a reason. `Debug` shows the status and sizes.
#[derive(Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// Names and values of its headers, in order; some kilobytes at most.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The first octets of the body, 4,096 at most.
    pub beginning: Box<[u8]>,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answered")
            .field("status", &self.status)
            .field("header_count", &self.headers.len())
            .field("beginning_bytes", &self.beginning.len())
            .finish()
    }
}

/// How long the steps of a call took, each by itself; `None` for a step that was not made, or is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// Resolving the name.
    pub resolved: Option<Span>,
    /// Connecting.
    pub connected: Option<Span>,
    /// The TLS handshake.
    pub secured: Option<Span>,
    /// From the request's beginning to the head of its answer.
    pub first_byte: Option<Span>,
    /// All of it, from when it had its place.
    pub total: Span,
}

/// A call that somebody watched.
#[derive(Debug, Clone)]
pub struct Watched {
    /// What came back, or what went wrong in words that hold no secret.
    pub answer: Result<Answered, Box<str>>,
    /// How long it took.
    pub timing: Timing,
}

/// A place for one call, given back when it is dropped.
pub type CallPlace = Box<dyn Any + Send + Sync>;

/// The way out for webhooks: the only place that fetches a URL which a customer chose.
pub trait Egress: Send + Sync {
    /// Waits until a call to that URL may begin: so many are made at once, and fewer to one host. Answers what went wrong in words that hold
    /// no secret. Who makes no such difference has places for all.
    fn place<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, Result<CallPlace, Box<str>>> {
        Box::pin(async { Ok::<CallPlace, Box<str>>(Box::new(())) })
    }

    /// Sends a webhook at the place of the call, and answers with the status code, or with what went wrong in words that hold no secret.
    fn send(&self, place: CallPlace, request: WebhookRequest) -> BoxFuture<'_, Result<u16, Box<str>>>;

    /// Sends a request for somebody who wants to see the answer.
    fn try_out(&self, place: CallPlace, request: WebhookRequest) -> BoxFuture<'_, Result<Tried, Box<str>>> {
        let sent = self.send(place, request);
        Box::pin(async move { sent.await.map(|status| Tried { status, beginning: Box::default() }) })
    }

    /// Sends a request for the tape, which keeps what came back.
    fn watch(&self, place: CallPlace, request: WebhookRequest) -> BoxFuture<'_, Watched> {
        let tried = self.try_out(place, request);
        Box::pin(async move {
            let answer = tried.await;
            let answered =
                |tried: Tried| Answered { status: tried.status, headers: Vec::new(), beginning: tried.beginning };
            Watched { answer: answer.map(answered), timing: Timing::default() }
        })
    }

    /// What becomes of new URLs, as the operator set it.
    fn new_urls(&self) -> NewUrls {
        NewUrls::Tested
    }
}
