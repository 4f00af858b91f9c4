//! The client against real sockets.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use whimbrel_core::Timestamp;
use whimbrel_dialects::http::WebhookRequest;

use super::*;
use crate::server::files::tests::TestFolder;
use crate::server::{ca, tls};

const SHORT: Duration = Duration::from_millis(100);

/// Names that lead where a test wants. Each look-up takes the next answer, the last one for ever.
#[derive(Default)]
struct Names(HashMap<&'static str, (Vec<Vec<&'static str>>, AtomicUsize)>);

impl Names {
    fn with(mut self, name: &'static str, answers: &[&[&'static str]]) -> Self {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        self.0.insert(name, (answers, AtomicUsize::new(0)));
        self
    }
}

impl Resolve for Names {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move {
            let (answers, count) = self.0.get(host).ok_or(io::ErrorKind::NotFound)?;
            let index = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            Ok(answers[index].iter().map(|address| SocketAddr::new(address.parse().unwrap(), port)).collect())
        })
    }
}

/// A peer that answers each request on each connection by a script and tells what it has seen.
struct FakePeer {
    addr: SocketAddr,
    requests: tokio::sync::mpsc::Receiver<(usize, String)>,
}

impl FakePeer {
    /// `answer(connection, request on it)` gives the octets to send; `None` closes the connection without an answer.
    async fn start(answer: impl Fn(usize, usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, requests) = tokio::sync::mpsc::channel(100);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            for connection in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (sender, answer) = (sender.clone(), Arc::clone(&answer));
                tokio::spawn(async move {
                    for index in 0.. {
                        let Some(request) = read_request(&mut stream).await else { break };
                        let _ = sender.send((connection, request)).await;
                        let Some(octets) = answer(connection, index) else { break };
                        if stream.write_all(&octets).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { addr, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

/// Reads a head and as much body as its length says.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.ok()?);
    }
    let mut text = String::from_utf8(text).unwrap();
    let length =
        text.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    text.push_str(std::str::from_utf8(&body).unwrap());
    Some(text)
}

fn ok(body: &str) -> Option<Vec<u8>> {
    Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

fn client(reach: Reach, names: Names) -> Egress {
    let policy = EgressPolicy { reach, allowed_hosts: Vec::new() };
    Egress::new(policy, EgressLimits::default(), names, None).unwrap()
}

fn local() -> Egress {
    client(Reach::Local, Names::default())
}

fn get(url: impl Into<String>) -> WebhookRequest {
    WebhookRequest::new("GET", url.into())
}

async fn send(egress: &Egress, url: impl Into<String>) -> Result<EgressAnswer, EgressError> {
    egress.send(get(url), RequestLimits::default()).await
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_rendered() {
    let mut peer = FakePeer::start(|_, _| ok("fine")).await;
    let request = WebhookRequest {
        method: "POST",
        url: peer.url("/dlr?a=%20b#frag"),
        headers: vec![
            ("Content-Type", "application/json".into()),
            ("User-Agent", "Nexmo/MessagingHUB/v1.0".into()),
            ("Host", "other.example".into()),
            ("Webhook-Id", "msg_1".into()),
        ],
        custom: vec![("X-Mine".into(), "one".into()), ("Content-Type".into(), "text/forged".into())],
        body: b"{\"status\":\"delivered\"}".to_vec(),
    };
    let answer = local().send(request, RequestLimits::default()).await.unwrap();
    assert_eq!(answer, EgressAnswer { status: 200, retry_after: None, is_cut: false, beginning: (*b"fine").into() });
    let expected = format!(
        "POST /dlr?a=%20b HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         User-Agent: Nexmo/MessagingHUB/v1.0\r\nWebhook-Id: msg_1\r\nX-Mine: one\r\nContent-Length: 22\r\n\r\n{{\"status\":\"delivered\"}}",
        peer.addr
    );
    assert_eq!(peer.requests.recv().await.unwrap(), (0, expected));
}

#[tokio::test]
async fn redirects_are_answers() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = trap.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} Moved\r\nLocation: http://{location}/\r\nContent-Length: 0\r\n\r\n");
        let mut peer = FakePeer::start(move |_, _| Some(head.clone().into_bytes())).await;
        let answer = send(&local(), peer.url("/")).await.unwrap();
        assert_eq!((answer.status, peer.requests.recv().await.unwrap().0), (status, 0));
    }
    let nobody = tokio::time::timeout(Duration::ZERO, trap.accept()).await;
    assert!(nobody.is_err(), "the place that the redirect names was called");
}

#[tokio::test]
async fn a_connection_is_used_again_and_replaced_when_its_peer_closed_it() {
    // The second connection's peer closes when it has read its second request.
    let mut peer = FakePeer::start(|connection, index| match (connection, index) {
        (0, 2) => None,
        _ => ok("fine"),
    })
    .await;
    let egress = local();
    for _ in 0..4 {
        assert_eq!(send(&egress, peer.url("/")).await.unwrap().status, 200);
    }
    let mut connections = Vec::new();
    while let Ok((connection, _)) = peer.requests.try_recv() {
        connections.push(connection);
    }
    assert_eq!(connections, [0, 0, 0, 1, 1], "the request that got no answer was sent again on a new connection");

    let mut closing =
        FakePeer::start(|_, _| Some(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec())).await;
    for connection in 0..2 {
        assert_eq!(send(&egress, closing.url("/")).await.unwrap().status, 204);
        assert_eq!(closing.requests.recv().await.unwrap().0, connection);
    }
}

#[tokio::test]
async fn as_many_connections_are_kept_as_there_were_calls_at_once() {
    let mut peer = FakePeer::start(|_, _| ok("")).await;
    let egress = Arc::new(local());
    for _ in 0..2 {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (egress, url) = (Arc::clone(&egress), peer.url("/"));
            calls.spawn(async move { send(&egress, url).await });
        }
        for answer in calls.join_all().await {
            assert_eq!(answer.unwrap().status, 200);
        }
    }
    let mut last = 0;
    for _ in 0..32 {
        last = last.max(peer.requests.recv().await.unwrap().0);
    }
    assert!(last < 16, "the second sixteen opened connections of their own: {last}");
}

#[tokio::test]
async fn where_there_is_no_room_the_longest_idle_connection_makes_some() {
    let [mut first, mut second, mut third] = [
        FakePeer::start(|_, _| ok("")).await,
        FakePeer::start(|_, _| ok("")).await,
        FakePeer::start(|_, _| ok("")).await,
    ];
    let policy = EgressPolicy { reach: Reach::Local, allowed_hosts: Vec::new() };
    let limits = EgressLimits { idle_max: 2, ..EgressLimits::default() };
    let egress = Egress::new(policy, limits, SystemResolver::default(), None).unwrap();
    for peer in [&first, &second, &third, &third, &second, &first] {
        assert_eq!(send(&egress, peer.url("/")).await.unwrap().status, 200);
    }
    for (peer, connections) in [(&mut third, [0, 0]), (&mut second, [0, 0]), (&mut first, [0, 1])] {
        let mut seen = [0; 2];
        for connection in &mut seen {
            *connection = peer.requests.recv().await.unwrap().0;
        }
        assert_eq!(seen, connections);
    }
}

#[tokio::test]
async fn waiting_for_a_place_takes_no_time_of_the_call() {
    let peer = FakePeer::start(|_, _| ok("")).await;
    let policy = EgressPolicy { reach: Reach::Local, allowed_hosts: Vec::new() };
    let limits = EgressLimits { calls_per_host_max: 1, ..EgressLimits::default() };
    let egress = Egress::new(policy, limits, SystemResolver::default(), None).unwrap();
    let place = egress.place(&peer.url("/")).await.unwrap();
    let mut call = std::pin::pin!(send(&egress, peer.url("/")));
    tokio::time::pause();
    assert!(tokio::time::timeout(Duration::from_secs(60), &mut call).await.is_err(), "it waits");
    tokio::time::resume();
    drop(place);
    assert_eq!(call.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_long_answer_is_cut_while_it_is_read() {
    // A million chunks would be 16 MB; the peer's buffer blocks long before the client is told to read them.
    let endless = |_, _| {
        let mut octets = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..100_000 {
            octets.extend_from_slice(b"64\r\n");
            octets.extend_from_slice(&[b'x'; 100]);
            octets.extend_from_slice(b"\r\n");
        }
        Some(octets)
    };
    let mut peer = FakePeer::start(endless).await;
    let egress = local();
    for connection in 0..2 {
        let answer = send(&egress, peer.url("/")).await.unwrap();
        assert_eq!((answer.status, answer.is_cut, answer.beginning.len()), (200, true, 1_024));
        assert_eq!(peer.requests.recv().await.unwrap().0, connection, "a cut connection is not used again");
    }
    let exact = FakePeer::start(|_, _| ok(&"x".repeat(10))).await;
    for (answer_bytes_max, is_cut) in [(10, false), (9, true)] {
        let limits = RequestLimits { answer_bytes_max, ..RequestLimits::default() };
        assert_eq!(egress.send(get(exact.url("/")), limits).await.unwrap().is_cut, is_cut);
    }
    let head =
        FakePeer::start(|_, _| Some(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000)).into_bytes()))
            .await;
    let result = send(&egress, head.url("/")).await;
    assert!(matches!(result, Err(EgressError::Broken(_))), "{result:?}");
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let limits = RequestLimits { answer_time_max: SHORT, ..RequestLimits::default() };
    for octets in ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"] {
        let peer = FakePeer::start(move |_, _| Some(octets.as_bytes().to_vec())).await;
        let result = local().send(get(peer.url("/")), limits).await;
        assert!(matches!(result, Err(EgressError::AnswerTimedOut)), "{octets}: {result:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_or_ends_early_is_broken() {
    for octets in ["SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc"] {
        let peer = FakePeer::start(move |_, _| Some(octets.as_bytes().to_vec())).await;
        let result = send(&local(), peer.url("/")).await;
        assert!(matches!(result, Err(EgressError::Broken(_))), "{octets}: {result:?}");
    }
    let mut silent = FakePeer::start(|_, _| None).await;
    assert!(matches!(send(&local(), silent.url("/")).await, Err(EgressError::Broken(_))));
    assert_eq!(silent.requests.recv().await.unwrap().0, 0);
    assert!(silent.requests.try_recv().is_err(), "a new connection is not tried twice");
}

#[tokio::test]
async fn retry_after_in_seconds_is_told() {
    for (value, retry_after) in [("120", Some(120)), ("Wed, 25 Nov 2026 00:00:00 GMT", None), ("-1", None)] {
        let head = format!("HTTP/1.1 429 Too Many\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n");
        let peer = FakePeer::start(move |_, _| Some(head.clone().into_bytes())).await;
        let answer = send(&local(), peer.url("/")).await.unwrap();
        assert_eq!((answer.status, answer.retry_after), (429, retry_after.map(Duration::from_secs)));
    }
}

#[tokio::test]
async fn every_address_of_a_name_must_be_allowed_each_time() {
    let mut peer =
        FakePeer::start(|_, _| Some(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec()))
            .await;
    let port = peer.addr.port();
    let names = Names::default()
        .with("app", &[&["127.0.0.1"]])
        .with("mixed", &[&["127.0.0.1", "1.1.1.1"]])
        .with("rebinds", &[&["127.0.0.1"], &["169.254.169.254"], &["127.0.0.1"]])
        .with("empty", &[&[]]);
    let egress = client(Reach::Local, names);
    assert_eq!(send(&egress, format!("http://app:{port}/")).await.unwrap().status, 200);
    let blocked = |result| match result {
        Err(EgressError::Blocked(blocked)) => blocked,
        other => panic!("{other:?}"),
    };
    assert_eq!(blocked(send(&egress, format!("http://mixed:{port}/")).await), Blocked::Public);
    assert_eq!(send(&egress, format!("http://rebinds:{port}/")).await.unwrap().status, 200);
    assert_eq!(blocked(send(&egress, format!("http://rebinds:{port}/")).await), Blocked::Metadata);
    assert!(matches!(send(&egress, format!("http://empty:{port}/")).await, Err(EgressError::Resolve(_))));
    assert!(matches!(send(&egress, "http://unknown/").await, Err(EgressError::Resolve(_))));
    let public = client(Reach::Public, Names::default().with("localhost", &[&["127.0.0.1"]]));
    assert_eq!(blocked(send(&public, format!("http://localhost:{port}/")).await), Blocked::Private);
    assert_eq!(blocked(send(&public, peer.url("/")).await), Blocked::Private);
    assert!(matches!(
        send(&public, format!("http://a@localhost:{port}/")).await,
        Err(EgressError::Url(UrlFault::UserInfo))
    ));
    for connection in 0..2 {
        assert_eq!(peer.requests.recv().await.unwrap().0, connection);
    }
    assert!(peer.requests.try_recv().is_err(), "a blocked call reached the peer");
}

#[tokio::test]
async fn the_next_address_is_tried_and_nobody_there_is_an_error() {
    let peer = FakePeer::start(|_, _| ok("")).await;
    let port = peer.addr.port();
    // Nobody listens on 127.0.0.2.
    let egress = client(Reach::Local, Names::default().with("app", &[&["127.0.0.2", "127.0.0.1"]]));
    assert_eq!(send(&egress, format!("http://app:{port}/")).await.unwrap().status, 200);
    assert!(matches!(send(&egress, format!("http://127.0.0.2:{port}/")).await, Err(EgressError::Connect(_))));
}

#[tokio::test]
async fn a_slow_handshake_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limits = EgressLimits { connect_time_max: SHORT, ..EgressLimits::default() };
    let policy = EgressPolicy { reach: Reach::Local, allowed_hosts: Vec::new() };
    let ca = TestFolder::new();
    let ca = ca::open(ca.path(), &["localhost".to_owned()], Timestamp(1_795_564_800_000_000)).unwrap();
    let ca_pem = std::fs::read_to_string(ca.ca_pem).unwrap();
    let egress = Egress::new(policy, limits, SystemResolver::default(), Some(&ca_pem)).unwrap();
    let result = send(&egress, format!("https://{}/", silent.local_addr().unwrap())).await;
    assert!(matches!(result, Err(EgressError::ConnectTimedOut)), "{result:?}");
}

#[tokio::test]
async fn a_slow_host_takes_only_its_own_places() {
    let slow = FakePeer::start(|_, _| Some(Vec::new())).await;
    let quick = FakePeer::start(|_, _| ok("")).await;
    let limits = EgressLimits { calls_per_host_max: 1, ..EgressLimits::default() };
    let policy = EgressPolicy { reach: Reach::Local, allowed_hosts: Vec::new() };
    let egress = Egress::new(policy, limits, SystemResolver::default(), None).unwrap();
    let short = RequestLimits { answer_time_max: SHORT, ..RequestLimits::default() };
    let (first, second, other) = tokio::join!(
        egress.send(get(slow.url("/")), short),
        egress.send(get(slow.url("/")), short),
        send(&egress, quick.url("/"))
    );
    assert!(matches!(first, Err(EgressError::AnswerTimedOut)) && matches!(second, Err(EgressError::AnswerTimedOut)));
    assert_eq!(other.unwrap().status, 200);
    egress.tidy();
}

#[expect(clippy::disallowed_methods, reason = "a certificate is made for the day of the test")]
#[tokio::test]
async fn tls_is_checked_against_the_given_authority_and_the_name() {
    let folder = TestFolder::new();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp(i64::try_from(now.as_micros()).unwrap());
    let ca = ca::open(folder.path(), &ca::LOCAL_NAMES.map(str::to_owned), now).unwrap();
    let ca_pem = std::fs::read_to_string(&ca.ca_pem).unwrap();
    let handler = |request: crate::server::IncomingRequest| async move {
        let body = request.header("host").unwrap_or_default().as_bytes().to_vec();
        whimbrel_dialects::http::HttpResponse { status: 202, headers: Vec::new(), body }
    };
    let bound = crate::server::Bound::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = bound.addr().port();
    let (_trigger, stop) = crate::server::shutdown();
    let config = tls::server_config(ca.keys).unwrap();
    tokio::spawn(crate::server::serve(bound, Some(config), Arc::new(handler), Default::default(), stop));
    let with = |extra: Option<&str>| {
        let names = Names::default().with("localhost", &[&["127.0.0.1"]]).with("app", &[&["127.0.0.1"]]);
        let policy = EgressPolicy { reach: Reach::Local, allowed_hosts: Vec::new() };
        Egress::new(policy, EgressLimits::default(), names, extra).unwrap()
    };
    let trusting = with(Some(&ca_pem));
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(send(&trusting, format!("https://{host}:{port}/")).await.unwrap().status, 202);
    }
    assert!(matches!(send(&trusting, format!("https://app:{port}/")).await, Err(EgressError::Tls(_))));
    let result = send(&with(None), format!("https://localhost:{port}/")).await;
    assert!(matches!(result, Err(EgressError::Tls(_) | EgressError::Trust(_))), "{result:?}");
    let policy = EgressPolicy { reach: Reach::Local, allowed_hosts: Vec::new() };
    assert!(Egress::new(policy, EgressLimits::default(), SystemResolver::default(), Some("nonsense")).is_err());
}

#[test]
fn errors_say_what_to_do_and_nothing_of_the_url() {
    let error = EgressError::Blocked(Blocked::Private);
    assert_eq!(
        error.to_string(),
        "the host may not be called: it is this machine or in a private network; allow the host in egress.allow_hosts"
    );
    assert!(error.is_permanent() && !EgressError::Busy.is_permanent());
}
