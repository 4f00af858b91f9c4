//! What the server asks of whoever answers requests.

use std::future::Future;

use whimbrel_dialects::http::HttpResponse;

use super::request::IncomingRequest;

/// Answers requests. One value serves all connections at once.
///
/// The future is dropped where it stands if the client goes away, so whatever must not be half done is handed to a task of
/// its own. A panic becomes the answer 500.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request, whose body is already here.
    fn handle(&self, request: IncomingRequest) -> impl Future<Output = HttpResponse> + Send;
}

impl<F, Answer> Handler for F
where
    F: Fn(IncomingRequest) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = HttpResponse> + Send,
{
    fn handle(&self, request: IncomingRequest) -> impl Future<Output = HttpResponse> + Send {
        self(request)
    }
}
