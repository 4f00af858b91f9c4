//! What one client of HTTP/2 may cost: frames by hand, over TLS (RFC 9113 §10.5).

use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::tls::TlsServer;
use crate::server::{HttpLimits, unchecked};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// SETTINGS_INITIAL_WINDOW_SIZE of 0.
const CLOSED_WINDOWS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0whimbrel";
const WINDOW_UPDATE: &[u8] = &[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/// More than any bound here allows.
const FLOOD_BYTES: usize = 16 * 1024 * 1024;

async fn connect(server: &TlsServer) -> TlsStream<TcpStream> {
    let mut config = (*unchecked::client_config().unwrap()).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(server.server.addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(std::sync::Arc::new(config)).connect(name, stream).await.unwrap()
}

/// `GET /path` of `localhost` by the static table (RFC 7541 appendix A), as the only request of stream 1.
fn request() -> Vec<u8> {
    let block = [&[0x82, 0x87, 0x04, 5][..], b"/path", &[0x01, 9], b"localhost"].concat();
    [&[0, 0, u8::try_from(block.len()).unwrap(), 1, 5, 0, 0, 0, 1][..], &block].concat()
}

/// Whether the server ends the connection of a client that sends `frame` again and again and takes what is answered.
async fn is_ended_by(frame: &[u8]) -> bool {
    let server = TlsServer::start(HttpLimits::default());
    let (mut read, mut write) = tokio::io::split(connect(&server).await);
    let taking = tokio::spawn(async move {
        let mut sink = [0; 16 * 1024];
        while read.read(&mut sink).await.is_ok_and(|count| count > 0) {}
    });
    write.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
    let burst = frame.repeat(1000);
    let mut sent = 0;
    while sent < FLOOD_BYTES {
        if write.write_all(&burst).await.is_err() {
            taking.await.unwrap();
            return true;
        }
        sent += burst.len();
    }
    taking.abort();
    false
}

#[tokio::test]
async fn frames_that_are_no_request_end_a_connection() {
    for frame in [PING, SETTINGS, WINDOW_UPDATE] {
        assert!(is_ended_by(frame).await, "{frame:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_never_taken_ends_a_connection() {
    let limits = HttpLimits { write_stall_max: Duration::from_millis(50), ..HttpLimits::default() };
    let server = TlsServer::start(limits);
    let mut client = connect(&server).await;
    client.write_all(&[PREFACE, CLOSED_WINDOWS, &request()].concat()).await.unwrap();
    let mut said = Vec::new();
    // It ends without a word; that is no error to whoever asks for the octets before.
    let _ = client.read_to_end(&mut said).await;
    assert!(said.windows(5).any(|part| part == [1, 4, 0, 0, 0]), "the head of an answer came: {said:?}");
}

#[tokio::test]
async fn an_answer_that_was_taken_leaves_its_connection_open() {
    let limits = HttpLimits { write_stall_max: Duration::from_secs(1), ..HttpLimits::default() };
    let server = TlsServer::start(limits);
    let mut client = connect(&server).await;
    client.write_all(&[PREFACE, SETTINGS, &request()].concat()).await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"GET /path 0\n") {
        assert!(client.read_buf(&mut said).await.unwrap() > 0, "{said:?}");
    }
    let after = tokio::time::timeout(2 * limits.write_stall_max, client.read_u8()).await;
    assert!(after.is_err(), "it is still open: {after:?}");
}

#[tokio::test]
async fn many_requests_and_large_bodies_are_no_flood() {
    let server = TlsServer::start(HttpLimits::default());
    let many = format!("https://localhost:{}/[1-2000]", server.server.addr.port());
    let told = server.curl("localhost", &["--http2", "-Z", "--parallel-max", "100", &many]).await;
    assert_eq!(told.lines().filter(|line| line.starts_with("GET /")).count(), 2001, "{told}");
    let body = "x".repeat(60_000);
    let one = format!("https://localhost:{}/[1-100]", server.server.addr.port());
    let told = server.curl("localhost", &["--http2", "-d", &body, &one]).await;
    assert_eq!(told.matches(" 60000\n").count(), 101, "{told}");
}
