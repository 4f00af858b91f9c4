//! Bytes of HTTP/1.

use whimbrel_dialects::http::HttpResponse;

use super::support::{TestServer, echo};
use crate::server::{HttpLimits, IncomingRequest};

/// As "cURL, HTTPS and the Nexmo SMS API" (read 2026-11) shows a vendor's answer.
async fn vendor_answer(_: IncomingRequest) -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: vec![
            ("Server", "nginx".into()),
            ("Date", "Tue, 03 Apr 2018 23:12:07 GMT".into()),
            ("Content-Type", "application/json".into()),
            ("Transfer-Encoding", "chunked".into()),
            ("Connection", "keep-alive".into()),
            ("Cache-Control", "max-age=1".into()),
            ("X-Frame-Options", "deny".into()),
            ("X-XSS-Protection", "1; mode=block;".into()),
            ("Strict-Transport-Security", "max-age=31536000; includeSubdomains".into()),
            ("Content-Disposition", "attachment; filename=\"api.txt\"".into()),
            ("X-Nexmo-Trace-Id", "9af96afd6c3b3271bf964d15390991f6".into()),
        ],
        body: b"{ \"message-count\": \"1\" }".to_vec(),
    }
}

#[tokio::test]
async fn headers_keep_order_and_spelling_and_the_body_is_chunked() {
    let server = TestServer::start(vendor_answer, HttpLimits::default(), None);
    let mut client = server.connect().await;
    client.send("POST /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b").await;
    let expected = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 03 Apr 2018 23:12:07 GMT\r\n\
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\
        Cache-Control: max-age=1\r\nX-Frame-Options: deny\r\n\
        X-XSS-Protection: 1; mode=block;\r\nStrict-Transport-Security: max-age=31536000; includeSubdomains\r\n\
        Content-Disposition: attachment; filename=\"api.txt\"\r\n\
        X-Nexmo-Trace-Id: 9af96afd6c3b3271bf964d15390991f6\r\n\r\n\
        18\r\n{ \"message-count\": \"1\" }\r\n0\r\n\r\n";
    assert_eq!(client.until("0\r\n\r\n").await, expected);
    // The connection is left intact.
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert_eq!(client.rest().await, expected.replace("Connection: keep-alive", "Connection: close"));
}

async fn failed(_: IncomingRequest) -> HttpResponse {
    // The second name is one that needs its spelling kept.
    let headers = vec![("Content-Type", "application/json".into()), ("X-XSS-Protection", "0".into())];
    HttpResponse { status: 420, headers, body: b"{}".to_vec() }
}

#[tokio::test]
async fn a_status_without_a_registered_reason_has_the_known_one() {
    let server = TestServer::start(failed, HttpLimits::default(), None);
    let answer = server.exchange("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 420 Enhance Your Calm\r\n"), "{answer}");
    assert!(answer.contains("\r\nX-XSS-Protection: 0\r\n"), "{answer}");
}

#[tokio::test]
async fn http_1_0_gets_a_length_and_no_chunks() {
    let server = TestServer::start(vendor_answer, HttpLimits::default(), None);
    let answer = server.exchange("GET / HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(!answer.contains("Transfer-Encoding") && !answer.contains("keep-alive"), "{answer}");
    assert!(
        answer.contains("Content-Length: 24\r\n") && answer.ends_with("\r\n\r\n{ \"message-count\": \"1\" }"),
        "{answer}"
    );

    let mut client = server.connect().await;
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
    assert!(client.until("\"1\" }").await.to_lowercase().contains("connection: keep-alive"));
    client.send("GET / HTTP/1.0\r\n\r\n").await;
    assert!(client.rest().await.starts_with("HTTP/1.0 200 OK"));
}

#[tokio::test]
async fn head_gets_no_body() {
    let server = TestServer::echo(HttpLimits::default());
    let answer = server.exchange("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(answer.contains("Content-Length: 10\r\n"), "{answer}");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = TestServer::echo(HttpLimits::default());
    let three = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
        GET /2?q HTTP/1.1\r\nHost: a\r\n\r\n\
        POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n";
    let answer = server.exchange(three).await;
    let bodies: Vec<_> = answer.lines().filter(|line| line.starts_with("POST") || line.starts_with("GET")).collect();
    assert_eq!(bodies, ["POST /1 3", "GET /2 0", "POST /3 5"]);
}

#[tokio::test]
async fn a_request_in_single_octets_is_a_request() {
    let server = TestServer::echo(HttpLimits::default());
    let mut client = server.connect().await;
    client.0.set_nodelay(true).unwrap();
    for octet in b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc" {
        client.send([*octet]).await;
    }
    assert!(client.rest().await.ends_with("POST /1 3\n"));
}

#[tokio::test]
async fn ambiguous_framing_is_refused_or_ends_the_connection() {
    let server = TestServer::echo(HttpLimits::default());
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for headers in [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: 0x3\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X-A: b\r\n folded\r\n",
        "Content-Length: 99999999999999999999\r\n",
    ] {
        let answer = server.exchange(format!("POST /1 HTTP/1.1\r\nHost: a\r\n{headers}\r\n{smuggled}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers:?}: {answer}");
        assert!(!answer.contains("/smuggled"), "{headers:?}: {answer}");
    }
    // Both framings: chunked counts and the connection ends (RFC 9112 §6.1).
    let both = format!(
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
    );
    let answer = server.exchange(both).await;
    assert!(answer.contains("POST /1 0") && !answer.contains("/smuggled"), "{answer}");
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let handler = |request: IncomingRequest| async move {
        assert_ne!(request.path(), "/panic", "this panic is part of a test");
        echo(request).await
    };
    let server = TestServer::start(handler, HttpLimits::default(), None);
    let two = "GET /panic HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = server.exchange(two).await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("application/problem+json"), "{answer}");
    assert!(!answer.contains("part of a test") && answer.ends_with("GET /2 0\n"), "{answer}");
}

#[tokio::test]
async fn http_2_is_not_spoken_on_plain_tcp() {
    let server = TestServer::echo(HttpLimits::default());
    let answer = server.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
