//! What the engine needs of the outside and does not build itself.

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

/// The way out for webhooks: the only place that fetches a URL which a customer chose.
pub trait Egress: Send + Sync {
    /// Sends a webhook and answers with the status code, or with what went wrong in words that hold no secret.
    fn send(&self, request: WebhookRequest) -> BoxFuture<'_, Result<u16, Box<str>>>;

    /// Sends a request for somebody who wants to see the answer.
    fn try_out(&self, request: WebhookRequest) -> BoxFuture<'_, Result<Tried, Box<str>>> {
        let sent = self.send(request);
        Box::pin(async move { sent.await.map(|status| Tried { status, beginning: Box::default() }) })
    }

    /// What becomes of new URLs, as the operator set it.
    fn new_urls(&self) -> NewUrls {
        NewUrls::Tested
    }
}
