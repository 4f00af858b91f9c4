//! One call from its URL to its answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};
use whimbrel_dialects::http::WebhookRequest;

use super::connect::{Connector, TrustError, read_extra_roots};
use super::error::EgressError;
use super::link::{Link, LinkError};
use super::policy::EgressPolicy;
use super::pool::{Place, Pool};
use super::resolve::Resolve;
use super::target::{Peer, Target};

/// Bounds of all calls together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EgressLimits {
    /// Calls at once.
    pub calls_max: usize,
    /// Calls to one host at once.
    pub calls_per_host_max: usize,
    /// For resolving a name, for connecting, and for the TLS handshake, each.
    pub connect_time_max: Duration,
    /// Idle connections to all hosts together. To one host there are no more than calls at once.
    pub idle_max: usize,
    /// How long a connection may be idle.
    pub idle_time_max: Duration,
}

impl Default for EgressLimits {
    fn default() -> Self {
        Self {
            calls_max: 256,
            calls_per_host_max: 16,
            connect_time_max: Duration::from_secs(3),
            idle_max: 1024,
            idle_time_max: Duration::from_secs(30),
        }
    }
}

/// Bounds of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// From the start of the call, once it has its place, to the end of its answer.
    pub answer_time_max: Duration,
    /// Octets of the answer's body that are read. What is longer is cut, and the connection with it.
    pub answer_bytes_max: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { answer_time_max: Duration::from_secs(15), answer_bytes_max: 64 * 1024 }
    }
}

/// An answer. Its body was read, and dropped but for its beginning: only people want to see that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressAnswer {
    /// The status code. A redirect is an answer like any other.
    pub status: u16,
    /// The pause that `Retry-After` asks for, if it gives it in seconds.
    pub retry_after: Option<Duration>,
    /// The body's first octets: [`BEGINNING_BYTES_MAX`] at most, or [`WATCHED_BYTES_MAX`] of a call that is noted.
    pub beginning: Box<[u8]>,
    /// Whether the body was longer than the limit. The status still says what became of the request.
    pub is_cut: bool,
}

/// What is kept of an answer's body.
pub const BEGINNING_BYTES_MAX: usize = 1_024;
/// What is kept of it where somebody wants to see the answer.
pub const WATCHED_BYTES_MAX: usize = 4_096;
/// Octets of the headers that are kept then, names and values.
const WATCHED_HEADER_BYTES_MAX: usize = 8 * 1_024;

/// What is noted of a call for who wants to see it; filled also where the call comes to no answer.
#[derive(Debug, Default)]
pub struct Notes {
    /// The answer's headers, in order, as far as they fit.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// How long each step took.
    pub steps: Steps,
    is_wanted: bool,
}

/// How long the steps of a call took; `None` for one that was not made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Steps {
    /// Resolving the name.
    pub resolved: Option<Duration>,
    /// Connecting.
    pub connected: Option<Duration>,
    /// The TLS handshake.
    pub secured: Option<Duration>,
    /// From the request's beginning to the head of its answer.
    pub first_byte: Option<Duration>,
}

impl Notes {
    /// Notes of a call that somebody wants to see.
    #[must_use]
    pub fn wanted() -> Self {
        Self { is_wanted: true, ..Self::default() }
    }

    const fn bytes_max(&self) -> usize {
        if self.is_wanted { WATCHED_BYTES_MAX } else { BEGINNING_BYTES_MAX }
    }

    fn note_headers(&mut self, headers: &http::HeaderMap) {
        if !self.is_wanted {
            return;
        }
        let mut left = WATCHED_HEADER_BYTES_MAX;
        for (name, value) in headers {
            let Some(rest) = left.checked_sub(name.as_str().len() + value.len()) else { break };
            left = rest;
            self.headers.push((name.as_str().into(), String::from_utf8_lossy(value.as_bytes()).into()));
        }
    }
}

/// A place among the calls that are made at once.
pub struct CallPlace {
    _place: Place,
}

/// The guarded HTTP client of this process.
pub struct Egress {
    connector: Connector,
    pool: Pool,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("policy", &self.connector.policy).finish_non_exhaustive()
    }
}

impl Egress {
    /// Makes a client. `extra_ca` is a PEM text of authorities to trust besides the system's.
    ///
    /// # Errors
    /// [`TrustError::Extra`] if that text cannot be used.
    pub fn new(
        policy: EgressPolicy,
        limits: EgressLimits,
        resolver: impl Resolve,
        extra_ca: Option<&str>,
    ) -> Result<Self, TrustError> {
        let connector = Connector {
            policy,
            resolver: Box::new(resolver),
            connect_time_max: limits.connect_time_max,
            extra_roots: extra_ca.map(read_extra_roots).transpose()?.unwrap_or_default(),
            tls: OnceCell::new(),
        };
        Ok(Self { connector, pool: Pool::new(limits) })
    }

    /// Waits for a place for a call to that URL. It is the call's until it is dropped; its time-out begins with it, so that a busy host
    /// costs nobody a try.
    ///
    /// # Errors
    /// [`EgressError`], none of which shows the URL.
    pub async fn place(&self, url: &str) -> Result<CallPlace, EgressError> {
        let placed = async {
            let target = Target::parse(url).map_err(EgressError::Url)?;
            self.connector.policy.check_peer(&target.peer).map_err(EgressError::Blocked)?;
            self.pool.place(&target.peer).await.ok_or(EgressError::Busy)
        };
        placed.await.map(|place| CallPlace { _place: place }).inspect_err(count_failure)
    }

    /// Sends a request and tells the answer's status.
    ///
    /// A connection that was idle may have been closed by its peer just as it was used again; then the request is sent once
    /// more on a new one. So a peer may see a request twice.
    ///
    /// # Errors
    /// [`EgressError`], none of which shows the URL.
    pub async fn send(&self, request: WebhookRequest, limits: RequestLimits) -> Result<EgressAnswer, EgressError> {
        let place = self.place(&request.url).await?;
        self.send_noted(&place, request, limits, &mut Notes::default()).await
    }

    /// The same at a place that the call has, and notes what somebody wants to see of it.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_noted(
        &self,
        _place: &CallPlace,
        request: WebhookRequest,
        limits: RequestLimits,
        notes: &mut Notes,
    ) -> Result<EgressAnswer, EgressError> {
        let result = match timeout(limits.answer_time_max, self.call(&request, limits, notes)).await {
            Ok(result) => result,
            Err(_) => Err(EgressError::AnswerTimedOut),
        };
        match &result {
            Ok(answer) => count_answer(answer),
            Err(error) => count_failure(error),
        }
        result
    }

    /// Closes connections that were idle for too long. To be called every few seconds.
    pub fn tidy(&self) {
        self.pool.tidy();
    }

    async fn call(
        &self,
        request: &WebhookRequest,
        limits: RequestLimits,
        notes: &mut Notes,
    ) -> Result<EgressAnswer, EgressError> {
        let target = Target::parse(&request.url).map_err(EgressError::Url)?;
        let peer = &target.peer;
        self.connector.policy.check_peer(peer).map_err(EgressError::Blocked)?;
        let build = || build(request, &target).map_err(EgressError::Request);
        if let Some(mut link) = self.pool.take(peer).await {
            let begun_at = Instant::now();
            match link.request(build()?).await {
                Ok(answer) => {
                    notes.steps.first_byte = Some(begun_at.elapsed());
                    return self.finish(peer, link, answer, limits, notes).await;
                }
                Err(LinkError::Unanswered(_)) => {}
                Err(LinkError::Broken(error)) => return Err(EgressError::Broken(error)),
            }
        }
        let http_request = build()?;
        let mut link = self.connector.connect(peer, &mut notes.steps).await?;
        let begun_at = Instant::now();
        match link.request(http_request).await {
            Ok(answer) => {
                notes.steps.first_byte = Some(begun_at.elapsed());
                self.finish(peer, link, answer, limits, notes).await
            }
            Err(LinkError::Unanswered(error) | LinkError::Broken(error)) => Err(EgressError::Broken(error)),
        }
    }

    /// Reads the answer to its end or to the limit, and keeps the connection if it can be used again.
    async fn finish(
        &self,
        peer: &Peer,
        mut link: Link,
        answer: Response<Incoming>,
        limits: RequestLimits,
        notes: &mut Notes,
    ) -> Result<EgressAnswer, EgressError> {
        let (head, mut body) = answer.into_parts();
        notes.note_headers(&head.headers);
        let mut bytes = 0;
        let mut is_cut = false;
        let mut beginning = Vec::new();
        while let Some(frame) = link.drive(body.frame()).await {
            let frame = frame.map_err(EgressError::Broken)?;
            let data: &[u8] = frame.data_ref().map_or(&[], |data| data);
            beginning.extend(data.iter().take(notes.bytes_max() - beginning.len()));
            bytes += data.len();
            if bytes > limits.answer_bytes_max {
                is_cut = true;
                break;
            }
        }
        if !is_cut {
            drop(body);
            if link.is_usable().await {
                self.pool.give_back(peer, link);
            }
        }
        let retry_after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = retry_after.map(Duration::from_secs);
        Ok(EgressAnswer { status: head.status.as_u16(), retry_after, beginning: beginning.into(), is_cut })
    }
}

/// Turns a request into hyper's: `Host` first, then the given headers in their order. Framing is hyper's.
fn build(request: &WebhookRequest, target: &Target<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut builder = Request::builder()
        .method(request.method)
        .uri(target.request_target())
        .header(header::HOST, target.peer.authority());
    let is_ours = |name: &str| {
        ["host", "content-length", "connection", "transfer-encoding", "expect", "te", "upgrade"]
            .iter()
            .any(|ours| name.eq_ignore_ascii_case(ours))
    };
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_ours(name)) {
        builder = builder.header(*name, value.as_bytes());
    }
    // What a customer chose stands behind the rest and takes the place of none of it.
    let is_rendered = |name: &str| request.headers.iter().any(|(rendered, _)| rendered.eq_ignore_ascii_case(name));
    for (name, value) in request.custom.iter().filter(|(name, _)| !is_ours(name) && !is_rendered(name)) {
        builder = builder.header(&**name, value.as_bytes());
    }
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        builder = builder.header(header::USER_AGENT, concat!("whimbrel/", env!("CARGO_PKG_VERSION")));
    }
    builder.body(Full::new(Bytes::copy_from_slice(&request.body)))
}

fn count_answer(answer: &EgressAnswer) {
    use metrics::counter;
    // A metric whose labels are written out is found without being put together.
    let counter = match answer.status {
        200..=299 => counter!(crate::telemetry::EGRESS_ANSWERS, "outcome" => "2xx"),
        300..=399 => counter!(crate::telemetry::EGRESS_ANSWERS, "outcome" => "3xx"),
        400..=499 => counter!(crate::telemetry::EGRESS_ANSWERS, "outcome" => "4xx"),
        _ => counter!(crate::telemetry::EGRESS_ANSWERS, "outcome" => "5xx"),
    };
    counter.increment(1);
}

fn count_failure(error: &EgressError) {
    let outcome = match error {
        EgressError::Blocked(blocked) => {
            metrics::counter!(crate::telemetry::EGRESS_BLOCKED, "reason" => blocked.label()).increment(1);
            "blocked"
        }
        error => error.label(),
    };
    metrics::counter!(crate::telemetry::EGRESS_ANSWERS, "outcome" => outcome).increment(1);
}
