//! What a connection is waiting for, and since when.
//!
//! The socket and the endpoint write down what happens (an octet came, a request opened); whoever drives the connection
//! asks for the [`deadline`](Watch::deadline). No timer is touched while requests come and go, so the usual path costs a
//! few atomic stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::HttpLimits;

/// How much a client of HTTP/2 may send within [`OVERHEAD_SPAN`] that is neither a request's head nor its body: settings, pings, windows,
/// resets, frames around single octets. What is on its way into bodies counts until it is read, so the connection's window comes on top.
pub(super) const OVERHEAD_BYTES_MAX: u64 = 256 * 1024 + CONNECTION_WINDOW as u64;
const OVERHEAD_SPAN: Duration = Duration::from_secs(10);
/// The octets of bodies that a client of HTTP/2 may have on their way.
pub(super) const CONNECTION_WINDOW: u32 = 1024 * 1024;

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
    /// So long the client may have waited to be looked at before the start.
    before_start: Duration,
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
    /// Pieces of answers that wait for the client's windows (HTTP/2), however willing the socket is.
    held: AtomicU32,
    /// When the client last let octets of one go.
    taken_at: AtomicU64,
    /// Octets since `overhead_since` that belong to no request (HTTP/2).
    overhead: AtomicU64,
    overhead_since: AtomicU64,
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
            before_start: Duration::ZERO,
            limits,
            heads,
            open: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(NEVER),
            held: AtomicU32::new(0),
            taken_at: AtomicU64::new(0),
            overhead: AtomicU64::new(0),
            overhead_since: AtomicU64::new(0),
            touched: AtomicBool::new(false),
            body_refused: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }
    }

    /// The watch of a client that may have waited since then. It takes nothing from the client's own time.
    pub(super) fn of_who_came_at(self, came_at: Instant) -> Self {
        Self { before_start: self.start.saturating_duration_since(came_at), ..self }
    }

    /// So many octets came.
    pub(super) fn received(&self, bytes: usize) -> Patience {
        self.touched.store(true, Relaxed);
        match self.heads {
            HeadTiming::PerRequest => {
                if self.open.load(Relaxed) == 0 && self.head_since.load(Relaxed) == NEVER {
                    self.head_since.store(self.now(), Relaxed);
                }
                Patience::Left
            }
            HeadTiming::ConnectionOnly => self.add_overhead(bytes as u64),
        }
    }

    /// How long the head that is read now has been on its way; the first one of a connection, since its client came.
    pub(super) fn head_age(&self) -> Duration {
        match self.head_since.load(Relaxed) {
            NEVER => Duration::ZERO,
            0 => self.before_start + Duration::from_micros(self.now()),
            since => Duration::from_micros(self.now().saturating_sub(since)),
        }
    }

    fn add_overhead(&self, bytes: u64) -> Patience {
        let now = self.now();
        if self.instant(self.overhead_since.load(Relaxed)) + OVERHEAD_SPAN <= self.instant(now) {
            self.overhead_since.store(now, Relaxed);
            self.overhead.store(0, Relaxed);
        }
        let all = self.overhead.fetch_add(bytes, Relaxed) + bytes;
        if all > OVERHEAD_BYTES_MAX { Patience::Spent } else { Patience::Left }
    }

    /// So many of the octets that came were of a request: of its head as far as that was unpacked, or of its body.
    pub(super) fn was_of_request(&self, bytes: usize) {
        // It always succeeds: the closure always gives a value.
        let _: Result<u64, u64> =
            self.overhead.fetch_update(Relaxed, Relaxed, |all| Some(all.saturating_sub(bytes as u64)));
    }

    /// A piece of an answer is to go out. It is held until the value is dropped. Over HTTP/1, where the socket alone decides, there is
    /// none.
    pub(super) fn hold(self: &Arc<Self>) -> Option<HeldAnswer> {
        (self.heads == HeadTiming::ConnectionOnly).then(|| {
            // Before it counts: whoever sees that it does must not take the time of an older one for its time.
            if self.held.load(Relaxed) == 0 {
                self.taken_at.store(self.now(), Relaxed);
            }
            self.held.fetch_add(1, Release);
            HeldAnswer(Arc::clone(self))
        })
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
        if self.held.load(Acquire) > 0 {
            return Some(self.instant(self.taken_at.load(Relaxed)) + self.limits.write_stall_max);
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
        self.start + Duration::from_micros(micros)
    }
}

/// Whether a client may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It may.
    Left,
    /// It has sent too much that is no request.
    Spent,
}

/// A piece of an answer that waits for the client.
#[derive(Debug)]
pub(super) struct HeldAnswer(Arc<Watch>);

impl HeldAnswer {
    /// The client let octets of it go.
    pub(super) fn taken(&self) {
        self.0.taken_at.store(self.0.now(), Relaxed);
    }
}

impl Drop for HeldAnswer {
    fn drop(&mut self) {
        self.taken();
        // The connection was busy with it until now.
        self.0.idle_since.store(self.0.now(), Relaxed);
        self.0.held.fetch_sub(1, Release);
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
        watch.received(1);
        assert_eq!(
            watch.deadline(),
            seconds(10),
            "the first head is timed from the start, octet by octet changes nothing"
        );
        {
            let _open = watch.request();
            watch.received(1);
            assert_eq!(watch.deadline(), None);
            tokio::time::advance(Duration::from_secs(96)).await;
        }
        assert_eq!(watch.deadline(), seconds(175));
        tokio::time::advance(Duration::from_secs(50)).await;
        watch.received(1);
        tokio::time::advance(Duration::from_secs(5)).await;
        watch.received(1);
        assert_eq!(watch.deadline(), seconds(160));
        watch.stalled();
        tokio::time::advance(Duration::from_secs(5)).await;
        watch.stalled();
        assert_eq!(watch.deadline(), seconds(185));
        watch.sent();
        assert_eq!(watch.deadline(), seconds(160));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_head_has_been_on_its_way_since_its_client_came() {
        let came_at = Instant::now();
        tokio::time::advance(Duration::from_millis(60)).await;
        let watch = Watch::new(limits(), HeadTiming::PerRequest).of_who_came_at(came_at);
        assert_eq!(watch.deadline(), Some(came_at + Duration::from_millis(10_060)), "its own time is whole");
        tokio::time::advance(Duration::from_millis(5)).await;
        watch.received(1);
        assert_eq!(watch.head_age(), Duration::from_millis(65));
        drop(watch.request());
        tokio::time::advance(Duration::from_millis(1)).await;
        watch.received(1);
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_eq!(watch.head_age(), Duration::from_millis(2), "the second came by itself");
    }

    #[tokio::test(start_paused = true)]
    async fn frames_between_http_2_requests_begin_no_head() {
        let start = Instant::now();
        let watch = Watch::new(limits(), HeadTiming::ConnectionOnly);
        let (one, two) = (watch.request(), watch.request());
        drop(one);
        assert_eq!(watch.deadline(), None);
        drop(two);
        watch.received(1);
        assert_eq!(watch.deadline(), Some(start + Duration::from_secs(75)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_request_has_a_bound_and_a_span() {
        let watch = Watch::new(limits(), HeadTiming::ConnectionOnly);
        let most = usize::try_from(OVERHEAD_BYTES_MAX).unwrap();
        assert_eq!(watch.received(most), Patience::Left);
        watch.was_of_request(1);
        assert_eq!((watch.received(1), watch.received(1)), (Patience::Left, Patience::Spent));
        tokio::time::advance(OVERHEAD_SPAN).await;
        watch.was_of_request(most);
        assert_eq!((watch.received(most), watch.received(1)), (Patience::Left, Patience::Spent));
        let http1 = Watch::new(limits(), HeadTiming::PerRequest);
        assert_eq!(http1.received(2 * most), Patience::Left, "heads and bodies of HTTP/1 have bounds of their own");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_no_window_takes_ends_even_a_busy_connection() {
        let start = Instant::now();
        let watch = Arc::new(Watch::new(limits(), HeadTiming::ConnectionOnly));
        let seconds = |count| Some(start + Duration::from_secs(count));
        let _busy = watch.stream();
        tokio::time::advance(Duration::from_secs(5)).await;
        let (one, two) = (watch.hold().unwrap(), watch.hold());
        assert_eq!(watch.deadline(), seconds(35));
        tokio::time::advance(Duration::from_secs(20)).await;
        one.taken();
        assert_eq!(watch.deadline(), seconds(55));
        drop((one, two));
        assert_eq!(watch.deadline(), None);
        assert!(Arc::new(Watch::new(limits(), HeadTiming::PerRequest)).hold().is_none());
    }
}
