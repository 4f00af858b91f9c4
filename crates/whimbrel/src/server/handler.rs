//! What the server asks of whoever answers requests.

use std::future::Future;

use super::answer::Answer;
use super::request::IncomingRequest;

/// Answers requests. One value serves all connections at once.
///
/// The future is dropped where it stands if the client goes away, so whatever must not be half done is handed to a task of
/// its own. A panic becomes the answer 500.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request, whose body is already here.
    fn handle(&self, request: IncomingRequest) -> impl Future<Output = Answer> + Send;
}

impl<F, Answering> Handler for F
where
    F: Fn(IncomingRequest) -> Answering + Send + Sync + 'static,
    Answering: Future + Send,
    Answering::Output: Into<Answer>,
{
    fn handle(&self, request: IncomingRequest) -> impl Future<Output = Answer> + Send {
        let answering = self(request);
        async move { answering.await.into() }
    }
}
