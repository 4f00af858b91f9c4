//! What a connection is waiting for, and since when.
//!
//! The socket and the endpoint write down what happens (an octet came, a request opened); whoever drives the connection
//! asks for the [`deadline`](Watch::deadline). No timer is touched while requests come and go, so the usual path costs a
//! few atomic stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::HttpLimits;

/// No instant.
const NEVER: u64 = u64::MAX;

/// Which heads the server times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadTiming {
    /// HTTP/1: octets between two requests begin a head.
    PerRequest,
    /// HTTP/2: frames between two requests may be anything.
    ConnectionOnly,
}

/// The state of one connection. Instants are microseconds since its start.
#[derive(Debug)]
pub(super) struct Watch {
    start: Instant,
    limits: HttpLimits,
    heads: HeadTiming,
    /// Requests whose answer is not ready yet.
    open: AtomicU32,
    /// When the last answer was ready.
    idle_since: AtomicU64,
    /// When the first octet of an unfinished head came.
    head_since: AtomicU64,
    /// Since when the client takes no octet.
    stalled_since: AtomicU64,
    /// Whether anything was received.
    touched: AtomicBool,
    /// Whether a body was refused, so that the client may still be sending it.
    body_refused: AtomicBool,
    /// Whether the server stops.
    stopping: AtomicBool,
}

impl Watch {
    pub(super) fn new(limits: HttpLimits, heads: HeadTiming) -> Self {
        Self {
            start: Instant::now(),
            limits,
            heads,
            open: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(NEVER),
            touched: AtomicBool::new(false),
            body_refused: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }
    }

    /// Octets came.
    pub(super) fn received(&self) {
        self.touched.store(true, Relaxed);
        if self.heads == HeadTiming::PerRequest
            && self.open.load(Relaxed) == 0
            && self.head_since.load(Relaxed) == NEVER
        {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    /// How long the head that is being read has been coming; the first of a connection since that began.
    pub(super) fn head_age(&self) -> Duration {
        let since = self.head_since.load(Relaxed);
        if since == NEVER { Duration::ZERO } else { Duration::from_micros(self.now().saturating_sub(since)) }
    }

    /// A request's head is whole. The request is open until the value is dropped.
    pub(super) fn request(&self) -> OpenRequest<'_> {
        self.open.fetch_add(1, Relaxed);
        self.head_since.store(NEVER, Relaxed);
        OpenRequest(self)
    }

    /// An answer goes on after its head. The request stays open until the value is dropped.
    pub(super) fn stream(self: &Arc<Self>) -> OpenStream {
        self.open.fetch_add(1, Relaxed);
        OpenStream(Arc::clone(self))
    }

    /// The client took octets.
    pub(super) fn sent(&self) {
        if self.stalled_since.load(Relaxed) != NEVER {
            self.stalled_since.store(NEVER, Relaxed);
        }
    }

    /// The client takes no octets for now.
    pub(super) fn stalled(&self) {
        if self.stalled_since.load(Relaxed) == NEVER {
            self.stalled_since.store(self.now(), Relaxed);
        }
    }

    /// A body was refused.
    pub(super) fn refuse_body(&self) {
        self.body_refused.store(true, Relaxed);
    }

    /// Whether a body was refused.
    pub(super) fn is_body_refused(&self) -> bool {
        self.body_refused.load(Relaxed)
    }

    /// The server stops.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// Whether the server stops.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Whether nothing was ever received.
    pub(super) fn is_untouched(&self) -> bool {
        !self.touched.load(Relaxed)
    }

    /// When to give the connection up if nothing changes; `None` while a request is open, which has bounds of its own.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let stalled = self.stalled_since.load(Relaxed);
        if stalled != NEVER {
            return Some(self.instant(stalled) + self.limits.write_stall_max);
        }
        if self.open.load(Relaxed) > 0 {
            return None;
        }
        let head = self.head_since.load(Relaxed);
        if head != NEVER {
            return Some(self.instant(head) + self.limits.head_time_max);
        }
        Some(self.instant(self.idle_since.load(Relaxed)) + self.limits.idle_time_max)
    }

    /// The time that a connection may be idle.
    pub(super) const fn idle_time_max(&self) -> Duration {
        self.limits.idle_time_max
    }

    fn now(&self) -> u64 {
        // 2^64 microseconds are more than half a million years.
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(NEVER - 1)
    }

    fn instant(&self, micros: u64) -> Instant {
        self.start + std::time::Duration::from_micros(micros)
    }
}

/// An open request.
#[derive(Debug)]
pub(super) struct OpenRequest<'a>(&'a Watch);

impl Drop for OpenRequest<'_> {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Relaxed);
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// An answer that goes on.
#[derive(Debug)]
pub(super) struct OpenStream(Arc<Watch>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        drop(OpenRequest(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits() -> HttpLimits {
        HttpLimits {
            head_time_max: Duration::from_secs(10),
            idle_time_max: Duration::from_secs(75),
            write_stall_max: Duration::from_secs(30),
            ..HttpLimits::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_own_deadline() {
        let start = Instant::now();
        let watch = Watch::new(limits(), HeadTiming::PerRequest);
        let seconds = |count| Some(start + Duration::from_secs(count));
        assert_eq!(watch.deadline(), seconds(10));
        tokio::time::advance(Duration::from_secs(4)).await;
        watch.received();
        assert_eq!(
            watch.deadline(),
            seconds(10),
            "the first head is timed from the start, octet by octet changes nothing"
        );
        {
            let _open = watch.request();
            watch.received();
            assert_eq!(watch.deadline(), None);
            tokio::time::advance(Duration::from_secs(96)).await;
        }
        assert_eq!(watch.deadline(), seconds(175));
        tokio::time::advance(Duration::from_secs(50)).await;
        watch.received();
        tokio::time::advance(Duration::from_secs(5)).await;
        watch.received();
        assert_eq!(watch.deadline(), seconds(160));
        watch.stalled();
        tokio::time::advance(Duration::from_secs(5)).await;
        watch.stalled();
        assert_eq!(watch.deadline(), seconds(185));
        watch.sent();
        assert_eq!(watch.deadline(), seconds(160));
    }

    #[tokio::test(start_paused = true)]
    async fn frames_between_http_2_requests_begin_no_head() {
        let start = Instant::now();
        let watch = Watch::new(limits(), HeadTiming::ConnectionOnly);
        let (one, two) = (watch.request(), watch.request());
        drop(one);
        assert_eq!(watch.deadline(), None);
        drop(two);
        watch.received();
        assert_eq!(watch.deadline(), Some(start + Duration::from_secs(75)));
    }
}
