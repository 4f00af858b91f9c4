//! Requests with another one hidden in them, in the shapes that have fooled servers and proxies before.
//!
//! Whoever follows RFC 9112 finds the hidden request in the outer one's body, or refuses the outer one and ends the connection (§2.2,
//! §5.1, §6.1, §6.3, §7.1). Whoever does not, executes it. Sources of the shapes: RFC 9112 §11.2; J. Kettle, "HTTP Desync Attacks"
//! (2019); J. Wallis, "Funky chunks" (2025); the advisories for Node's, Go's, Apache's and nginx's readers of these years.

/// One shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// What is odd about it.
    pub name: String,
    /// What is sent, octet by octet.
    pub octets: Vec<u8>,
}

/// All shapes around the hidden request. It is plain ASCII.
pub fn shapes(hidden: &str) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for lines in TWO_FRAMINGS {
        // Chunked bodies end before the hidden request, measured ones behind it.
        shapes.push(covered(lines, &format!("0\r\n\r\n{hidden}")));
    }
    for lines in LENGTHS {
        shapes.push(covered(lines, hidden));
    }
    for chunks in CHUNKS {
        let body = chunks.replace("{hex}", &format!("{:x}", hidden.len())).replace("{hidden}", hidden);
        shapes.push(shape(
            &format!("chunks {}", head_of(chunks)),
            &format!("{OUTER}Transfer-Encoding: chunked\r\n\r\n{body}"),
        ));
    }
    let body = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    shapes.push(shape("TE.CL", &format!("{OUTER}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{body}")));
    for begin in BEGINS {
        let name = format!("begins {}", head_of(begin));
        let begin = begin.replace("{n}", &hidden.len().to_string());
        shapes.push(shape(&name, &format!("{begin}\r\n\r\n{hidden}")));
    }
    shapes.push(refused_for_its_size(hidden));
    shapes
}

/// What a well-meaning client may do as well: the same request in its own place. It must be executed, or nothing was proved.
pub fn control(hidden: &str) -> Shape {
    shape("pipelined", &format!("{OUTER}Content-Length: 3\r\n\r\na=b{hidden}"))
}

const OUTER: &str = "POST /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";

/// Headers that give a body both framings, or one and what looks like the other. `{n}` is the measured length.
const TWO_FRAMINGS: &[&str] = &[
    "Content-Length: {n}\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: {n}",
    "Content-Length: {n}\r\nTransfer-Encoding:\tchunked",
    "Content-Length: {n}\r\nTransfer-Encoding : chunked",
    "Content-Length: {n}\r\nTransfer-Encoding\t: chunked",
    "Content-Length: {n}\r\nTransfer-Encoding:chunked",
    "Content-Length: {n}\r\ntRANSFER-eNCODING: cHUNKED",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Content-Length: {n}\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked, identity",
    "Content-Length: {n}\r\nTransfer-Encoding: identity, chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked, chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: ,chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: xchunked",
    "Content-Length: {n}\r\nTransfer-Encoding: chunkedx",
    "Content-Length: {n}\r\nTransfer-Encoding: \"chunked\"",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked;q=1",
    "Content-Length: {n}\r\nTransfer-Encoding: gzip",
    "Content-Length: {n}\r\nTransfer-Encoding: gzip, chunked",
    "Content-Length: {n}\r\nTransfer-Encoding:",
    "Content-Length: {n}\r\nTransfer-Encoding:\r\n chunked",
    "Content-Length: {n}\r\nTransfer-Encoding\r\n : chunked",
    "Content-Length: {n}\r\n Transfer-Encoding: chunked",
    "Content-Length: {n}\r\nX-A: b\r\n\tTransfer-Encoding: chunked",
    "Content-Length: {n}\r\nX-A: b\nTransfer-Encoding: chunked",
    "Content-Length: {n}\r\nX-A: b\rTransfer-Encoding: chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: \u{b}chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: \u{c}chunked",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked\0",
    "Content-Length: {n}\r\nTransfer-Encoding: chunked\u{a0}",
    "Content-Length: {n}\r\nTransfer\u{ad}-Encoding: chunked",
    "Content-Length: {n}\r\nTransfer_Encoding: chunked",
    "Content-Length: {n}\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    "Content-Length: {n}\r\nTE: chunked\r\nTrailer: Content-Length",
];

/// Headers that measure a body, or seem to.
const LENGTHS: &[&str] = &[
    "Content-Length: 0\r\nContent-Length: {n}",
    "Content-Length: {n}\r\nContent-Length: 0",
    "Content-Length: {n}\r\nContent-Length: {n}",
    "Content-Length: {n}, {n}",
    "Content-Length: 0, {n}",
    "Content-Length: {n}, 0",
    "Content-Length: +{n}",
    "Content-Length: -{n}",
    "Content-Length: -0",
    "Content-Length: 0x{n}",
    "Content-Length: 1e3",
    "Content-Length: 000{n}",
    "Content-Length: {n}abc",
    "Content-Length: {n};a=b",
    "Content-Length: 1 {n}",
    "Content-Length: \"{n}\"",
    "Content-Length: {n}\u{b}",
    "Content-Length: {n}\0",
    "Content-Length:",
    "Content-Length: ",
    "Content-Length : {n}",
    "Content-Length\t: {n}",
    "Content-Length:\r\n {n}",
    "Content-Length: 0\r\n {n}",
    "Content-Length: 0\r\nX-A: b\nContent-Length: {n}",
    "Content-Length: {n}\r\nX-A: b\rContent-Length: 0",
    "Content-Length: 18446744073709551616",
    "Content-Length: 184467440737095516160{n}",
    "Content-Length: 9223372036854775808",
    "Content-Length: {n}\r\nConnection: Content-Length",
    "Content-Length: {n}\r\nConnection: keep-alive, Content-Length",
    "Content-Length: {n}\r\nExpect: 100-continue",
    "Content-Length: {n}\r\nExpect: nothing-known",
    "Content-Length: {n}\r\nContent-Encoding: gzip",
    "Content-Length: {n}\r\nUpgrade: websocket\r\nConnection: Upgrade",
    "Content-Length: {n}\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings",
    "Content-Length: {n}\r\n: no name",
    "Content-Length: {n}\r\nno colon",
    "Content-Length: {n}\r\nHost: other",
    "Content-Length: {n}\r\nX-HTTP-Method-Override: GET",
];

/// Chunked bodies in which readers differ about where a chunk, its extension or the trailers end.
const CHUNKS: &[&str] = &[
    "{hex};a=b\r\n{hidden}\r\n0\r\n\r\n",
    "+{hex}\r\n{hidden}\r\n0\r\n\r\n",
    "0x{hex}\r\n{hidden}\r\n0\r\n\r\n",
    "-1\r\n{hidden}\r\n0\r\n\r\n",
    "10000000000000000\r\n\r\n{hidden}",
    "10000000000000000{hex}\r\n{hidden}\r\n0\r\n\r\n",
    "\r\n\r\n{hidden}",
    "g\r\n\r\n{hidden}",
    "0_0\r\n\r\n{hidden}",
    "2;\nxx\r\n{hex}\r\n{hidden}\r\n0\r\n\r\n",
    "2;a\rxx\r\n{hex}\r\n{hidden}\r\n0\r\n\r\n",
    "0;\n\r\n\r\n{hidden}",
    "0;a\rb\r\n\r\n{hidden}",
    "0;a=\"b\nc\"\r\n\r\n{hidden}",
    "0\n\r\n{hidden}",
    "0\r\r\n{hidden}",
    "1\nA\r\n0\r\n\r\n{hidden}",
    "1\r\nAXX0\r\n\r\n{hidden}",
    "1\r\nA0\r\n\r\n{hidden}",
    "5\r\nAAAA\r\n0\r\n\r\n{hidden}",
    "1\r\nA\n0\r\n\r\n{hidden}",
    "0\r\nX-A b\r\n\r\n{hidden}",
    "0\r\nX-A: b\r\n{hidden}",
    "0\r\n{hidden}",
    "0\r\n X-A: b\r\n{hidden}",
];

/// Whole heads but for their end, with the hidden request as a measured body.
const BEGINS: &[&str] = &[
    "GET /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "TRACE / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "DELETE /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\nContent-Length: {n}",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "PRI * HTTP/2.0\r\nHost: localhost\r\nContent-Length: {n}",
    "POST http://elsewhere.example/sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST https://user@localhost/sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST //elsewhere.example/sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST localhost:80 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/../sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere.example\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1\r\nHost: localhost, elsewhere.example\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1\r\nHost: local host\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1\r\n Host: localhost\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.2\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json HTTP/2.0\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json http/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1 \r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1\u{b}\r\nHost: localhost\r\nContent-Length: {n}",
    "POST\t/sms/json\tHTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json?a b HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json?a\u{e9} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json\0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "post /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "PO(ST /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    " POST /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "\r\n\r\nPOST /sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0",
    "POST /sms/json\r\nContent-Length: {n}",
    "POST /sms/json HTTP/1.1\nHost: localhost\nContent-Length: {n}\nX-A: b",
];

/// The measured body holds the hidden request and ends where it says.
fn covered(lines: &str, body: &str) -> Shape {
    let name = head_of(lines);
    let lines = lines.replace("{n}", &body.len().to_string());
    shape(&name, &format!("{OUTER}{lines}\r\n\r\n{body}"))
}

/// A body that is too long, whose first octets are the hidden request: what is not read of it must not be read as a request.
fn refused_for_its_size(hidden: &str) -> Shape {
    let long = 8 * 1024 * 1024;
    shape("too long a body", &format!("{OUTER}Content-Length: {long}\r\n\r\n{hidden}"))
}

fn shape(name: &str, text: &str) -> Shape {
    Shape { name: name.to_owned(), octets: latin_1(text) }
}

/// Characters up to U+00FF as the octets of that number.
pub fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

/// How it begins, as it can be printed in a line.
pub fn head_of(text: &str) -> String {
    text.escape_debug().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIDDEN: &str = "POST /hidden HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b";

    #[test]
    fn each_shape_ends_with_the_hidden_request_or_its_chunk() {
        let shapes = shapes(HIDDEN);
        assert!(shapes.len() > 100, "{}", shapes.len());
        for Shape { name, octets } in &shapes {
            let ends = [HIDDEN.to_owned(), format!("{HIDDEN}\r\n0\r\n\r\n")];
            assert!(ends.iter().any(|end| octets.ends_with(end.as_bytes())), "{name}");
            assert!(!octets.starts_with(HIDDEN.as_bytes()), "{name}");
        }
    }

    #[test]
    fn measured_bodies_hold_it_whole() {
        let plain = covered("Content-Length: {n}", HIDDEN);
        let text = String::from_utf8(plain.octets).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", HIDDEN.len())));
        assert_eq!(body, HIDDEN);
        assert_eq!(latin_1("\u{a0}A\0"), [0xA0, 0x41, 0]);
    }
}
