//! The end of a server.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::support::{TestServer, echo};
use crate::server::{Drained, HttpLimits, IncomingRequest};

/// A handler that says when it has begun and waits to be let go on.
fn gated() -> (impl crate::server::Handler, Arc<Semaphore>, Arc<Semaphore>) {
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (begun_inside, go_on_inside) = (Arc::clone(&begun), Arc::clone(&go_on));
    let handler = move |request: IncomingRequest| {
        let (begun, go_on) = (Arc::clone(&begun_inside), Arc::clone(&go_on_inside));
        async move {
            begun.add_permits(1);
            go_on.acquire().await.unwrap().forget();
            echo(request).await
        }
    };
    (handler, begun, go_on)
}

#[tokio::test]
async fn open_requests_finish_and_new_ones_are_refused() {
    let (handler, begun, go_on) = gated();
    let server = TestServer::start(handler, HttpLimits::default(), None);
    let (mut idle, untouched) = (server.connect().await, server.connect().await);
    go_on.add_permits(1);
    idle.send("GET /idle HTTP/1.1\r\nHost: a\r\n\r\n").await;
    idle.until("GET /idle 0\n").await;
    begun.acquire().await.unwrap().forget();
    let mut open = server.connect().await;
    open.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n").await;
    begun.acquire().await.unwrap().forget();

    server.trigger.stop();
    for mut client in [idle, untouched] {
        assert_eq!(client.rest().await, "", "connections without a request end at once");
    }
    assert!(TcpStream::connect(server.addr).await.is_err(), "nobody listens any more");
    go_on.add_permits(1);
    let answer = open.rest().await;
    assert!(answer.contains("Connection: close\r\n") && answer.ends_with("GET /open 0\n"), "{answer}");
    assert_eq!(server.task.await.unwrap(), Drained { finished: 3, cut: 0 });
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut() {
    let (handler, begun, _go_on) = gated();
    let limits = HttpLimits { drain_time_max: Duration::from_millis(50), ..HttpLimits::default() };
    let server = TestServer::start(handler, limits, None);
    let mut open = server.connect().await;
    open.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n").await;
    begun.acquire().await.unwrap().forget();
    assert_eq!(server.stop().await, Drained { finished: 0, cut: 1 });
    assert_eq!(open.rest().await, "");
}

#[tokio::test]
async fn a_server_without_connections_stops_at_once() {
    let server = TestServer::echo(HttpLimits::default());
    assert_eq!(server.stop().await, Drained::default());
}
