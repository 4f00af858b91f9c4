//! What the engine needs of the outside and does not build itself.

use whimbrel_core::world::BoxFuture;
use whimbrel_dialects::http::WebhookRequest;

/// The way out for webhooks: the only place that fetches a URL which a customer chose.
pub trait Egress: Send + Sync {
    /// Sends a webhook and answers with the status code, or with what went wrong in words that hold no secret.
    fn send(&self, request: WebhookRequest) -> BoxFuture<'_, Result<u16, Box<str>>>;
}
