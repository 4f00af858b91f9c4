//! One connection from its handshake to its end.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use super::endpoint::Endpoint;
use super::handler::Handler;
use super::limits::HttpLimits;
use super::listen::Arrival;
use super::request::Scheme;
use super::shutdown::Shutdown;
use super::socket::Watched;
use super::spelling::Spelling;
use super::watch::{CONNECTION_WINDOW, HeadTiming, Watch};

/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 100;
/// Header fields of one request.
const HEADER_COUNT_MAX: usize = 100;

/// What all connections of a listener share.
pub(super) struct Shared<H> {
    pub(super) handler: Arc<H>,
    pub(super) limits: HttpLimits,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) spelling: Arc<Spelling>,
}

/// Serves one connection until it ends. Errors are the client's affair and only seen by `debug`.
pub(super) async fn serve_connection<H: Handler>(
    Arrival { stream, peer, came_at }: Arrival,
    shared: Arc<Shared<H>>,
    mut shutdown: Shutdown,
) {
    let Some(tls) = &shared.tls else {
        let watch = Watch::new(shared.limits, HeadTiming::PerRequest).of_who_came_at(came_at);
        return serve_http1(stream, peer, Scheme::Http, watch, &shared, shutdown).await;
    };
    let handshake = tokio::time::timeout(shared.limits.handshake_time_max, tls.accept(stream));
    let stream = tokio::select! {
        biased;
        result = handshake => match result {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return debug!(%error, "TLS handshake failed"),
            Err(_) => return debug!("TLS handshake took too long"),
        },
        () = shutdown.requested() => return,
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http2(stream, peer, &shared, shutdown).await;
    } else {
        // Nothing is asked before the handshake is over.
        let watch = Watch::new(shared.limits, HeadTiming::PerRequest);
        serve_http1(stream, peer, Scheme::Https, watch, &shared, shutdown).await;
    }
}

async fn serve_http1<H: Handler, S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: SocketAddr,
    scheme: Scheme,
    watch: Watch,
    shared: &Shared<H>,
    shutdown: Shutdown,
) {
    let watch = Arc::new(watch);
    let endpoint = endpoint(shared, &watch, peer, scheme);
    let connection = http1::Builder::new()
        .title_case_headers(true)
        // An answer is small: its head, its body and what stands between chunks are copied into one piece.
        .writev(false)
        .max_headers(HEADER_COUNT_MAX)
        .max_buf_size(shared.limits.head_bytes_max.max(8 * 1024))
        .max_header_size(shared.limits.head_bytes_max)
        // The watch times heads, and unlike hyper's timer leaves idle connections their own time.
        .header_read_timeout(None)
        .serve_connection(
            TokioIo::new(Watched::new(stream, Arc::clone(&watch))),
            service_fn(move |request| {
                let endpoint = Arc::clone(&endpoint);
                async move { endpoint.answer(request).await }
            }),
        );
    drive(connection, http1::Connection::graceful_shutdown, &watch, shutdown).await;
}

async fn serve_http2<H: Handler, S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    shared: &Shared<H>,
    shutdown: Shutdown,
) {
    let watch = Arc::new(Watch::new(shared.limits, HeadTiming::ConnectionOnly));
    let endpoint = endpoint(shared, &watch, peer, Scheme::Https);
    let head_bytes_max = u32::try_from(shared.limits.head_bytes_max).unwrap_or(u32::MAX);
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(head_bytes_max)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .serve_connection(
            TokioIo::new(Watched::new(stream, Arc::clone(&watch))),
            service_fn(move |request| {
                let endpoint = Arc::clone(&endpoint);
                async move { endpoint.answer(request).await }
            }),
        );
    drive(connection, http2::Connection::graceful_shutdown, &watch, shutdown).await;
}

fn endpoint<H>(shared: &Shared<H>, watch: &Arc<Watch>, peer: SocketAddr, scheme: Scheme) -> Arc<Endpoint<H>> {
    Arc::new(Endpoint {
        handler: Arc::clone(&shared.handler),
        limits: shared.limits,
        watch: Arc::clone(watch),
        peer,
        scheme,
        spelling: Arc::clone(&shared.spelling),
    })
}

/// Drives a connection to its end, or to the watch's deadline. At a stop it is told to take no more requests.
///
/// The timer is set anew only when the deadline comes nearer than the one it is set to, which a connection that gets whole
/// requests and whose client reads never brings about.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    take_no_more: fn(Pin<&mut C>),
    watch: &Watch,
    mut shutdown: Shutdown,
) {
    let mut connection = pin!(connection);
    let mut timer = pin!(tokio::time::sleep_until(watch.deadline().unwrap_or_else(Instant::now)));
    let mut stop = pin!(shutdown.requested());
    poll_fn(|cx| {
        if !watch.is_stopping() && stop.as_mut().poll(cx).is_ready() {
            watch.stop();
            if watch.is_untouched() {
                return Poll::Ready(());
            }
            take_no_more(connection.as_mut());
        }
        if let Poll::Ready(result) = connection.as_mut().poll(cx) {
            if let Err(error) = result {
                debug!(%error, "connection failed");
            }
            return Poll::Ready(());
        }
        loop {
            let deadline = watch.deadline();
            if deadline.is_some_and(|deadline| deadline < timer.deadline()) {
                timer.as_mut().reset(deadline.unwrap_or_else(Instant::now));
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            match deadline {
                Some(deadline) if deadline <= Instant::now() => {
                    debug!("connection closed: the client was too slow or idle");
                    return Poll::Ready(());
                }
                // Far enough away to leave the timer alone, near enough for what comes after an open request.
                later => timer.as_mut().reset(later.unwrap_or_else(|| Instant::now() + watch.idle_time_max())),
            }
        }
    })
    .await;
}
