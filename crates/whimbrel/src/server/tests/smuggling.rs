//! Requests with another one hidden in them: whoever follows RFC 9112 finds it in the outer one's body, or refuses the outer one and
//! ends the connection. `cargo xtask hostile` has more of these shapes, and nginx before the gateway.

use std::sync::{Arc, Mutex};

use super::support::{TestServer, echo};
use crate::server::{HttpLimits, IncomingRequest};

const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
/// Ends a connection that was kept, so that no test waits.
const LAST: &str = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A server that notes down which paths were asked for.
fn noting() -> (TestServer, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&asked);
    let handler = move |request: IncomingRequest| {
        notes.lock().unwrap().push(request.path().to_owned());
        async move { echo(request).await }
    };
    (TestServer::start(handler, HttpLimits::default(), None), asked)
}

/// Whether the hidden request of what is sent was executed, and what was answered.
async fn is_fooled_by(sent: &str) -> (bool, String) {
    let (server, asked) = noting();
    let octets: Vec<u8> = sent.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    let answer = server.exchange(octets).await;
    let is_fooled = asked.lock().unwrap().iter().any(|path| path == "/hidden");
    (is_fooled, answer)
}

async fn check(headers: &str, body: &str) {
    let headers = headers.replace("{n}", &body.len().to_string());
    let (is_fooled, answer) =
        is_fooled_by(&format!("POST /1 HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{body}{LAST}")).await;
    assert!(!is_fooled, "{headers:?} {body:?}: {answer}");
    assert!(answer.starts_with("HTTP/1.1 2") || answer.starts_with("HTTP/1.1 4"), "{headers:?} {body:?}: {answer}");
}

#[tokio::test]
async fn a_request_in_its_own_place_is_executed() {
    let (is_fooled, _) =
        is_fooled_by(&format!("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc{HIDDEN}{LAST}")).await;
    assert!(is_fooled, "without this the other tests prove nothing");
}

#[tokio::test]
async fn two_framings_hide_nothing() {
    for coding in [
        "Transfer-Encoding: chunked",
        "Transfer-Encoding:\tchunked",
        "Transfer-Encoding : chunked",
        "tRANSFER-eNCODING: cHUNKED",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding:",
        "Transfer-Encoding:\r\n chunked",
        " Transfer-Encoding: chunked",
        "X-A: b\nTransfer-Encoding: chunked",
        "X-A: b\rTransfer-Encoding: chunked",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding: chunked\0",
        "Transfer-Encoding: chunked\u{a0}",
        "Transfer_Encoding: chunked",
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    ] {
        check(&format!("Content-Length: {{n}}\r\n{coding}"), &format!("0\r\n\r\n{HIDDEN}")).await;
    }
    let length = HIDDEN.len();
    check("Content-Length: 4\r\nTransfer-Encoding: chunked", &format!("{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n")).await;
}

#[tokio::test]
async fn odd_lengths_hide_nothing() {
    for length in [
        "Content-Length: 0\r\nContent-Length: {n}",
        "Content-Length: {n}\r\nContent-Length: 0",
        "Content-Length: {n}, {n}",
        "Content-Length: 0, {n}",
        "Content-Length: +{n}",
        "Content-Length: -0",
        "Content-Length: 0x{n}",
        "Content-Length: 1e3",
        "Content-Length: 000{n}",
        "Content-Length: {n}abc",
        "Content-Length: 1 {n}",
        "Content-Length: {n}\u{b}",
        "Content-Length: {n}\0",
        "Content-Length:",
        "Content-Length : {n}",
        "Content-Length:\r\n {n}",
        "Content-Length: 0\r\n {n}",
        "Content-Length: 0\r\nX-A: b\nContent-Length: {n}",
        "Content-Length: 18446744073709551616",
        "Content-Length: {n}\r\nConnection: Content-Length",
        "Content-Length: {n}\r\nExpect: 100-continue",
        "Content-Length: {n}\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings",
        "Content-Length: 9000000",
    ] {
        let (headers, body) = (length.replace("{n}", &HIDDEN.len().to_string()), HIDDEN);
        let expects = headers.contains("Expect");
        let (is_fooled, answer) =
            is_fooled_by(&format!("POST /1 HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{body}{LAST}")).await;
        assert!(!is_fooled, "{headers:?}: {answer}");
        let class = answer.as_bytes()[9];
        assert!(class == b'2' || class == b'4' || (expects && class == b'1'), "{headers:?}: {answer}");
    }
}

#[tokio::test]
async fn odd_chunks_hide_nothing() {
    let whole = format!("{:x}", HIDDEN.len());
    for chunks in [
        "{hex};a=b\r\n{hidden}\r\n0\r\n\r\n",
        "+{hex}\r\n{hidden}\r\n0\r\n\r\n",
        "0x{hex}\r\n{hidden}\r\n0\r\n\r\n",
        "-1\r\n{hidden}\r\n0\r\n\r\n",
        "10000000000000000\r\n\r\n{hidden}",
        "\r\n\r\n{hidden}",
        "0_0\r\n\r\n{hidden}",
        "2;\nxx\r\n{hex}\r\n{hidden}\r\n0\r\n\r\n",
        "2;a\rxx\r\n{hex}\r\n{hidden}\r\n0\r\n\r\n",
        "0;\n\r\n\r\n{hidden}",
        "0;a\rb\r\n\r\n{hidden}",
        "0\n\r\n{hidden}",
        "0\r\r\n{hidden}",
        "1\nA\r\n0\r\n\r\n{hidden}",
        "1\r\nAXX0\r\n\r\n{hidden}",
        "1\r\nA0\r\n\r\n{hidden}",
        "5\r\nAAAA\r\n0\r\n\r\n{hidden}",
        "1\r\nA\n0\r\n\r\n{hidden}",
        "0\r\nX-A b\r\n\r\n{hidden}",
        "0\r\n{hidden}",
    ] {
        check("Transfer-Encoding: chunked", &chunks.replace("{hex}", &whole).replace("{hidden}", HIDDEN)).await;
    }
}
