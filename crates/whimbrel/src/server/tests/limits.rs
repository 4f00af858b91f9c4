//! Hostile and slow clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use whimbrel_dialects::http::HttpResponse;

use super::support::TestServer;
use crate::server::endpoint::BODY_PIECES_MAX;
use crate::server::{HttpLimits, IncomingRequest};

const SHORT: Duration = Duration::from_millis(50);

fn small_bodies() -> HttpLimits {
    HttpLimits { body_bytes_max: 1000, ..HttpLimits::default() }
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let server = TestServer::echo(small_bodies());
    for (bytes, status) in [(0, 200), (999, 200), (1000, 200), (1001, 413)] {
        let body = "x".repeat(bytes);
        let head = "POST /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
        let sized = server.exchange(format!("{head}Content-Length: {bytes}\r\n\r\n{body}")).await;
        assert!(sized.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes}: {sized}");
        let half = bytes / 2;
        let mut chunks = String::new();
        for piece in [&body[..half], &body[half..]].into_iter().filter(|piece| !piece.is_empty()) {
            chunks.push_str(&format!("{:x}\r\n{piece}\r\n", piece.len()));
        }
        let chunked = server.exchange(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")).await;
        assert!(chunked.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes}: {chunked}");
    }
}

#[tokio::test]
async fn a_client_that_sends_ten_megabytes_still_reads_its_refusal() {
    let server = TestServer::echo(small_bodies());
    let megabyte = vec![b'x'; 1 << 20];
    let client = server.connect().await;
    let (mut read, mut write) = client.0.into_split();
    let sending = tokio::spawn(async move {
        write
            .write_all(format!("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 10 << 20).as_bytes())
            .await?;
        for _ in 0..10 {
            write.write_all(&megabyte).await?;
        }
        write.shutdown().await
    });
    let mut answer = String::new();
    read.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    assert!(answer.contains("Connection: close\r\n") && answer.contains("up to 1000 bytes"), "{answer}");
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_refused_body_is_not_asked_for() {
    let server = TestServer::echo(small_bodies());
    let request = "POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
    let mut client = server.connect().await;
    client.send(format!("{request}1001\r\n\r\n")).await;
    assert!(client.until("\r\n\r\n").await.starts_with("HTTP/1.1 413 "));
    let mut client = server.connect().await;
    client.send(format!("{request}3\r\n\r\n")).await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc").await;
    assert!(client.until("POST /1 3\n").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_broken_chunk_is_a_bad_request() {
    let server = TestServer::echo(small_bodies());
    for chunk in ["zz\r\nabc\r\n", "ffffffffffffffff1\r\n", "3\r\nabcX"] {
        let answer =
            server.exchange(format!("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{chunk:?}: {answer}");
    }
}

#[tokio::test]
async fn a_body_comes_in_so_many_chunks_and_no_more() {
    let server = TestServer::echo(HttpLimits::default());
    for (more, status) in [(0, 200), (1, 413)] {
        let chunks = "1\r\na\r\n".repeat(BODY_PIECES_MAX + more);
        let head = "POST /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = server.exchange(format!("{head}{chunks}0\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{more}: {answer}");
    }
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let server = TestServer::echo(HttpLimits { head_bytes_max: 8 * 1024, ..HttpLimits::default() });
    let request =
        |bytes| format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: {}\r\n\r\n", "x".repeat(bytes));
    assert!(server.exchange(request(7000)).await.starts_with("HTTP/1.1 200 "));
    assert!(server.exchange(request(9000)).await.starts_with("HTTP/1.1 431 "));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: 1\r\n".repeat(200));
    assert!(server.exchange(many).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_slow_head_ends_the_connection() {
    // Longer than this machine may take to send the whole head that must pass.
    let head_time_max = Duration::from_millis(500);
    let server = TestServer::echo(HttpLimits { head_time_max, ..HttpLimits::default() });
    assert_eq!(server.exchange("").await, "");
    assert_eq!(server.exchange("GET / HTTP/1.1\r\nHos").await, "");
    let mut client = server.connect().await;
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("GET /1 0\n").await;
    client.send("GET /2 HTTP/1.1\r\nHos").await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_idle_connection_ends() {
    let server = TestServer::echo(HttpLimits { idle_time_max: SHORT, ..HttpLimits::default() });
    let mut client = server.connect().await;
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("GET /1 0\n").await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_slow_body_is_answered_and_ends_the_connection() {
    let server = TestServer::echo(HttpLimits { body_time_max: SHORT, ..HttpLimits::default() });
    let mut client = server.connect().await;
    client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("Connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_slow_handler_is_not_the_clients_fault() {
    let handler = |request: IncomingRequest| async move {
        tokio::time::sleep(4 * SHORT).await;
        super::support::echo(request).await
    };
    let limits = HttpLimits { idle_time_max: SHORT, ..HttpLimits::default() };
    let server = TestServer::start(handler, limits, None);
    let mut client = server.connect().await;
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("GET /1 0\n").await;
    assert_eq!(client.rest().await, "", "and afterwards the idle time counts again");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let handler = |request: IncomingRequest| async move {
        let body = if request.path() == "/large" { vec![b'x'; 64 << 20] } else { b"small".to_vec() };
        HttpResponse { status: 200, headers: Vec::new(), body }
    };
    let limits = HttpLimits { connections_max: 1, write_stall_max: SHORT, ..HttpLimits::default() };
    let server = TestServer::start(handler, limits, None);
    let mut deaf = server.connect().await;
    deaf.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // The only place becomes free when the first connection is given up.
    let answer = server.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.ends_with("small"), "{answer}");
}

#[tokio::test]
async fn no_more_connections_than_the_limit_are_served() {
    let count = Arc::new(AtomicU32::new(0));
    let handler = move |_: IncomingRequest| {
        let count = Arc::clone(&count);
        async move {
            let body = format!("number {}\n", count.fetch_add(1, Ordering::SeqCst)).into_bytes();
            HttpResponse { status: 200, headers: Vec::new(), body }
        }
    };
    let server = TestServer::start(handler, HttpLimits { connections_max: 2, ..HttpLimits::default() }, None);
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    first.send(request).await;
    assert!(first.until("\n\r\n").await.contains("200 OK"));
    first.until("number 0\n").await;
    second.send(request).await;
    second.until("number 1\n").await;
    // The kernel takes the third connection, the server does not.
    let mut third = server.connect().await;
    third.send(request).await;
    for number in 2..6 {
        second.send(request).await;
        second.until(&format!("number {number}\n")).await;
    }
    drop(first);
    third.until("number 6\n").await;
}
