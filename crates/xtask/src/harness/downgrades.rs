//! Requests over HTTP/2 with another one hidden in them, in the shapes that have fooled proxies which speak HTTP/1.1 to what is behind
//! them, and servers of HTTP/2.
//!
//! Whoever follows RFC 9113 refuses them (§8.1.1, §8.2, §8.3), or passes on one request whose body holds the hidden one. Sources of the
//! shapes: RFC 9113 §10.3; J. Kettle, "HTTP/2: The Sequel is Always Worse" (2021) and "Browser-Powered Desync Attacks" (2022); E. Klein,
//! "HTTP Request Smuggling in 2020"; the advisories for proxies that took such names and values (CVE-2021-33193, CVE-2021-36740,
//! CVE-2023-25690).

use crate::harness::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, SETTINGS, fields, frame, literal,
};
use crate::harness::shapes::{Shape, head_of, latin_1};

/// What a shape is made around.
#[derive(Debug, Clone, Copy)]
pub struct Inside<'a> {
    /// The hidden request, as HTTP/1.1 writes it; plain ASCII.
    pub hidden: &'a str,
    /// The `User-Agent` of the outer request.
    pub outer: &'a str,
    /// The stream of the outer request.
    pub stream: u32,
}

/// One shape, before it is made around something.
#[derive(Debug, Clone, Copy)]
pub struct Recipe(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// An ordinary head with these fields added, and a body that is the hidden request.
    Measured(&'static Fields<'static>),
    /// The same with a body that ends in chunks before the hidden request.
    Chunked(&'static Fields<'static>),
    /// An ordinary head with these fields added, that is all.
    Injected(&'static Fields<'static>),
    /// This head, with a body.
    Head(&'static Fields<'static>),
    /// This head, that is all.
    HeadAlone(&'static Fields<'static>),
    /// The shape of odd frames with this number.
    Frames(usize),
}

/// All shapes.
pub fn recipes() -> Vec<Recipe> {
    let lengths = LENGTHS.iter().map(|more| Kind::Measured(more));
    let codings = CODINGS.iter().chain(INJECTED).map(|more| Kind::Chunked(more));
    let injected = INJECTED.iter().map(|more| Kind::Injected(more));
    let heads = HEADS.iter().flat_map(|head| [Kind::Head(head), Kind::HeadAlone(head)]);
    let frames = (0..ODD_FRAMES).map(Kind::Frames);
    lengths.chain(codings).chain(injected).chain(heads).chain(frames).map(Recipe).collect()
}

impl Recipe {
    /// The shape, as frames.
    pub fn make(&self, inside: &Inside<'_>) -> Shape {
        const CHUNKS_END: &str = "0\r\n\r\n{hidden}";
        match self.0 {
            Kind::Measured(more) => inside.whole(&[&OUTER[..], more].concat(), "{hidden}"),
            Kind::Chunked(more) => inside.whole(&[&OUTER[..], more].concat(), CHUNKS_END),
            Kind::Injected(more) => inside.alone(&[&OUTER[..], more].concat()),
            Kind::Head(head) => {
                let is_chunked = head.iter().any(|(_, value)| value.contains("chunked"));
                inside.whole(head, if is_chunked { CHUNKS_END } else { "{hidden}" })
            }
            Kind::HeadAlone(head) => inside.alone(head),
            Kind::Frames(at) => inside.odd_frames()[at].clone(),
        }
    }
}

/// What a well-meaning client may do as well: the same text in a request of its own. It must be executed, or nothing was proved.
pub fn control(inside: &Inside<'_>, form: &[u8]) -> Shape {
    let head = inside.block(&OUTER);
    let octets = [frame(HEADERS, END_HEADERS, inside.stream, &head), frame(DATA, END_STREAM, inside.stream, form)];
    Shape { name: "in its own place".to_owned(), octets: octets.concat() }
}

type Fields<'a> = [(&'a str, &'a str)];

/// The head that further fields are added to.
const OUTER: [(&str, &str); 5] = [
    (":method", "POST"),
    (":scheme", "https"),
    (":path", "/sms/json"),
    (":authority", "localhost"),
    ("content-type", "application/x-www-form-urlencoded"),
];

/// Fields that measure the body otherwise than its frames do (H2.CL). `{n}` is its true length.
const LENGTHS: &[&Fields<'_>] = &[
    &[],
    &[("content-length", "{n}")],
    &[("content-length", "0")],
    &[("content-length", "1")],
    &[("content-length", "{n}0")],
    &[("content-length", "0"), ("content-length", "{n}")],
    &[("content-length", "{n}"), ("content-length", "0")],
    &[("content-length", "{n}"), ("content-length", "{n}")],
    &[("content-length", "0, {n}")],
    &[("content-length", "{n}, 0")],
    &[("content-length", "{n}, {n}")],
    &[("content-length", "+0")],
    &[("content-length", "-0")],
    &[("content-length", "-1")],
    &[("content-length", "0x0")],
    &[("content-length", "0e0")],
    &[("content-length", " 0")],
    &[("content-length", "0 ")],
    &[("content-length", "0\t")],
    &[("content-length", "0\u{b}")],
    &[("content-length", "0 {n}")],
    &[("content-length", "\"0\"")],
    &[("content-length", "0;a=b")],
    &[("content-length", "")],
    &[("content-length", "000{n}")],
    &[("content-length", "18446744073709551616")],
    &[("content-length", "18446744073709551615")],
    &[("content-length", "9223372036854775808")],
    &[("content-length", "4294967296")],
    &[("Content-Length", "0")],
    &[("content-length ", "0")],
    &[(" content-length", "0")],
    &[("content-length\t", "0")],
    &[("content-length:", "0")],
    &[(":content-length", "0")],
    &[("content-length\0", "0")],
    &[("content_length", "0")],
    &[("content_length", "0"), ("content-length", "{n}")],
    &[("content-length", "0"), ("expect", "100-continue")],
    &[("content-length", "{n}"), ("expect", "100-continue")],
    &[("content-length", "{n}"), ("content-encoding", "gzip")],
    &[("content-length", "{n}"), ("x-http-method-override", "GET")],
    &[("content-length", "{n}"), ("range", "bytes=0-0")],
];

/// Fields that speak of chunks, or seem to (H2.TE), and of connections, which HTTP/2 has none of.
const CODINGS: &[&Fields<'_>] = &[
    &[("transfer-encoding", "chunked")],
    &[("transfer-encoding", "chunked"), ("content-length", "{n}")],
    &[("content-length", "{n}"), ("transfer-encoding", "chunked")],
    &[("transfer-encoding", "identity")],
    &[("transfer-encoding", "chunked"), ("transfer-encoding", "identity")],
    &[("transfer-encoding", "identity"), ("transfer-encoding", "chunked")],
    &[("transfer-encoding", "chunked, identity")],
    &[("transfer-encoding", "xchunked")],
    &[("transfer-encoding", "Chunked")],
    &[("transfer-encoding", "\tchunked")],
    &[("transfer-encoding", " chunked")],
    &[("transfer-encoding", "chunked ")],
    &[("transfer-encoding", "\u{b}chunked")],
    &[("transfer-encoding", "chunked\0")],
    &[("transfer-encoding", "\"chunked\"")],
    &[("transfer-encoding", "")],
    &[("Transfer-Encoding", "chunked")],
    &[("TRANSFER-ENCODING", "chunked")],
    &[("transfer-encoding ", "chunked")],
    &[(" transfer-encoding", "chunked")],
    &[("transfer-encoding\t", "chunked")],
    &[("transfer-encoding:", "chunked")],
    &[(":transfer-encoding", "chunked")],
    &[("transfer-encoding\0", "chunked")],
    &[("transfer-encoding\u{a0}", "chunked")],
    &[("transfer_encoding", "chunked")],
    &[("transfer_encoding", "chunked"), ("content-length", "{n}")],
    &[("transfer.encoding", "chunked")],
    &[("te", "chunked")],
    &[("te", "trailers"), ("trailer", "content-length")],
    &[("connection", "transfer-encoding"), ("transfer-encoding", "chunked")],
    &[("connection", "content-length"), ("content-length", "{n}")],
    &[("connection", "keep-alive")],
    &[("connection", "close")],
    &[("keep-alive", "timeout=5")],
    &[("proxy-connection", "keep-alive")],
    &[("upgrade", "h2c"), ("connection", "upgrade, http2-settings"), ("http2-settings", "AAMAAABkAAQAoAAAAAIAAAAA")],
    &[("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAoAAAAAIAAAAA")],
    &[("upgrade", "websocket")],
    &[("http2-settings", "AAMAAABkAAQAoAAAAAIAAAAA")],
];

/// Lines of HTTP/1.1 inside of names and values.
const INJECTED: &[&Fields<'_>] = &[
    &[("x-a", "b\r\nTransfer-Encoding: chunked")],
    &[("x-a", "b\nTransfer-Encoding: chunked")],
    &[("x-a", "b\rTransfer-Encoding: chunked")],
    &[("x-a", "b\0\r\nTransfer-Encoding: chunked")],
    &[("x-a", "b\r\nContent-Length: 0")],
    &[("x-a", "b\nContent-Length: 0")],
    &[("x-a", "b\r\n\r\n{hidden}")],
    &[("x-a", "b\n\n{hidden}")],
    &[("x-a", "b\r\r{hidden}")],
    &[("x-a", "\r\n\r\n{hidden}")],
    &[("x-a", "b\u{85}Transfer-Encoding: chunked")],
    &[("x-a", "b\u{8d}\u{8a}Transfer-Encoding: chunked")],
    &[("x-a: b\r\nTransfer-Encoding", "chunked")],
    &[("x-a: b\nTransfer-Encoding", "chunked")],
    &[("x-a: b\r\ntransfer-encoding", "chunked")],
    &[("x-a\r\ntransfer-encoding", "chunked")],
    &[("x-a\ntransfer-encoding", "chunked")],
    &[("transfer-encoding: chunked\r\nx-a", "b")],
    &[("content-length: 0\r\nx-a", "b")],
    &[("x-a: b\r\n\r\n{hidden}\r\nx-b", "c")],
    &[("", "b")],
    &[("", "b\r\nTransfer-Encoding: chunked")],
    &[(":", "b")],
    &[("x a", "b")],
    &[("x\u{e9}", "b")],
    &[("cookie", "a=b\r\nTransfer-Encoding: chunked")],
    &[("cookie", "a=b"), ("cookie", "\r\nTransfer-Encoding: chunked")],
    &[("host", "localhost\r\nTransfer-Encoding: chunked")],
    &[("host", "localhost\r\n\r\n{hidden}")],
    &[("content-length", "{n}\r\nTransfer-Encoding: chunked")],
    &[("content-length", "0\r\n\r\n{hidden}")],
    &[("x-forwarded-for", "127.0.0.1\r\nTransfer-Encoding: chunked")],
    &[("x-forwarded-proto", "https\r\n\r\n{hidden}")],
];

/// Whole heads: methods with bodies they do not have, paths, authorities and pseudo-fields that are none.
const HEADS: &[&Fields<'_>] = &[
    &[M_GET, SCHEME, PATH, AUTHORITY],
    &[M_GET, SCHEME, PATH, AUTHORITY, ("content-length", "{n}")],
    &[M_GET, SCHEME, PATH, AUTHORITY, ("content-length", "0")],
    &[M_GET, SCHEME, PATH, AUTHORITY, ("transfer-encoding", "chunked")],
    &[(":method", "HEAD"), SCHEME, PATH, AUTHORITY],
    &[(":method", "HEAD"), SCHEME, PATH, AUTHORITY, ("content-length", "{n}")],
    &[(":method", "DELETE"), SCHEME, PATH, AUTHORITY],
    &[(":method", "OPTIONS"), SCHEME, (":path", "*"), AUTHORITY],
    &[(":method", "TRACE"), SCHEME, PATH, AUTHORITY],
    &[(":method", "PUT"), SCHEME, PATH, AUTHORITY],
    &[(":method", "PRI"), SCHEME, (":path", "*"), AUTHORITY],
    &[(":method", "CONNECT"), AUTHORITY],
    &[(":method", "CONNECT"), (":authority", "localhost:7670"), ("content-length", "{n}")],
    &[(":method", "CONNECT"), SCHEME, PATH, AUTHORITY],
    &[(":method", "CONNECT"), (":protocol", "websocket"), SCHEME, PATH, AUTHORITY],
    &[(":method", "post"), SCHEME, PATH, AUTHORITY],
    &[(":method", ""), SCHEME, PATH, AUTHORITY],
    &[(":method", "PO ST"), SCHEME, PATH, AUTHORITY],
    &[(":method", "POST /sms/json HTTP/1.1\r\nTransfer-Encoding: chunked\r\nx-a: b"), SCHEME, PATH, AUTHORITY],
    &[(":method", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n{hidden}GET"), SCHEME, PATH, AUTHORITY],
    &[(":method", "GET / HTTP/1.1\nHost: localhost\n\n{hidden}GET"), SCHEME, PATH, AUTHORITY],
    &[(":method", "GET /sms/json HTTP/1.1"), SCHEME, PATH, AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json HTTP/1.1\r\nTransfer-Encoding: chunked\r\nx-a: b"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/ HTTP/1.1\r\nHost: localhost\r\n\r\n{hidden}"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/ HTTP/1.1\nHost: localhost\n\n{hidden}"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json HTTP/1.1"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json HTTP/1.0"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json\tHTTP/1.1"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json\0"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json\u{e9}"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json?a=b\r\n\r\n{hidden}"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json#a"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/%0d%0a%0d%0a{hidden}"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/json%20HTTP/1.1%0d%0aTransfer-Encoding:%20chunked"), AUTHORITY],
    &[M_POST, SCHEME, (":path", ""), AUTHORITY],
    &[M_POST, SCHEME, (":path", "*"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "sms/json"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "//elsewhere.example/sms/json"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "https://elsewhere.example/sms/json"), AUTHORITY],
    &[M_POST, SCHEME, (":path", "/sms/../sms/json"), AUTHORITY],
    &[M_POST, SCHEME, PATH, (":path", "/elsewhere"), AUTHORITY],
    &[M_POST, M_GET, SCHEME, PATH, AUTHORITY],
    &[M_POST, SCHEME, PATH, AUTHORITY, (":authority", "elsewhere.example")],
    &[M_POST, SCHEME, PATH, (":authority", "localhost"), ("host", "elsewhere.example")],
    &[M_POST, SCHEME, PATH, (":authority", "elsewhere.example"), ("host", "localhost")],
    &[M_POST, SCHEME, PATH, AUTHORITY, ("host", "localhost"), ("host", "elsewhere.example")],
    &[M_POST, SCHEME, PATH, ("host", "localhost")],
    &[M_POST, SCHEME, PATH],
    &[M_POST, SCHEME, PATH, (":authority", "")],
    &[M_POST, SCHEME, PATH, (":authority", "localhost, elsewhere.example")],
    &[M_POST, SCHEME, PATH, (":authority", "user@localhost")],
    &[M_POST, SCHEME, PATH, (":authority", "local host")],
    &[M_POST, SCHEME, PATH, (":authority", "localhost/elsewhere")],
    &[M_POST, SCHEME, PATH, (":authority", "localhost\r\nTransfer-Encoding: chunked\r\nx-a: b")],
    &[M_POST, SCHEME, PATH, (":authority", "localhost\r\n\r\n{hidden}")],
    &[M_POST, (":scheme", "http"), PATH, AUTHORITY],
    &[M_POST, (":scheme", "ftp"), PATH, AUTHORITY],
    &[M_POST, (":scheme", "https://elsewhere.example/?a="), PATH, AUTHORITY],
    &[M_POST, (":scheme", "https\r\nTransfer-Encoding: chunked\r\nx-a: b"), PATH, AUTHORITY],
    &[M_POST, (":scheme", "http /sms/json HTTP/1.1\r\nHost: localhost\r\n\r\n{hidden}"), PATH, AUTHORITY],
    &[M_POST, PATH, AUTHORITY],
    &[M_POST, SCHEME, AUTHORITY],
    &[SCHEME, PATH, AUTHORITY],
    &[M_POST, SCHEME, ("x-a", "b"), PATH, AUTHORITY],
    &[M_POST, SCHEME, PATH, AUTHORITY, (":status", "200")],
    &[M_POST, SCHEME, PATH, AUTHORITY, (":x-a", "b")],
    &[(":Method", "POST"), SCHEME, PATH, AUTHORITY],
];
const M_POST: (&str, &str) = (":method", "POST");
const M_GET: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "https");
const PATH: (&str, &str) = (":path", "/sms/json");
const AUTHORITY: (&str, &str) = (":authority", "localhost");
/// How many shapes of odd frames there are.
const ODD_FRAMES: usize = 17;

impl Inside<'_> {
    /// A head and a body.
    fn whole(&self, head: &Fields<'_>, body: &str) -> Shape {
        let body = body.replace("{hidden}", self.hidden);
        let block = self.block(&pairs(&self.filled(head, body.len())));
        self.shape(&named("with a body", head), &[(HEADERS, END_HEADERS, &block), (DATA, END_STREAM, body.as_bytes())])
    }

    /// A head that says that there is no body.
    fn alone(&self, head: &Fields<'_>) -> Shape {
        let block = self.block(&pairs(&self.filled(head, 0)));
        self.shape(&named("without a body", head), &[(HEADERS, END_HEADERS | END_STREAM, &block)])
    }

    /// What the frames themselves can be wrong about.
    fn odd_frames(&self) -> [Shape; ODD_FRAMES] {
        let (head, hidden) = (self.block(&OUTER), self.hidden.as_bytes());
        let measured = self.block(&[&OUTER[..], &[("content-length", "3")]].concat());
        let trailer = |name: &str, value: &str| fields(&[(name, value)]);
        let padded = |length: u8| [&[length][..], hidden].concat();
        let injected = literal(b"x-a", format!("b\r\n\r\n{}", self.hidden).as_bytes());
        let (first, second) = head.split_at(head.len() / 2);
        let whole = END_HEADERS | END_STREAM;
        [
            self.shape(
                "DATA after its end",
                &[(HEADERS, END_HEADERS, &measured), (DATA, END_STREAM, b"a=b"), (DATA, END_STREAM, hidden)],
            ),
            self.shape("DATA after a head that is all", &[(HEADERS, whole, &head), (DATA, END_STREAM, hidden)]),
            self.shape(
                "DATA in two frames, one measured",
                &[(HEADERS, END_HEADERS, &measured), (DATA, 0, b"a=b"), (DATA, END_STREAM, hidden)],
            ),
            self.shape(
                "DATA and an empty one",
                &[(HEADERS, END_HEADERS, &head), (DATA, 0, hidden), (DATA, 0, b""), (DATA, END_STREAM, b"")],
            ),
            self.shape("DATA before any head", &[(DATA, END_STREAM, hidden)]),
            self.shape("a second head", &[(HEADERS, END_HEADERS, &head), (HEADERS, whole, &head)]),
            self.shape(
                "padding that is the body",
                &[
                    (HEADERS, END_HEADERS, &head),
                    (DATA, END_STREAM | PADDED, &padded(u8::try_from(hidden.len()).unwrap_or(u8::MAX))),
                ],
            ),
            self.shape(
                "padding longer than its frame",
                &[(HEADERS, END_HEADERS, &head), (DATA, END_STREAM | PADDED, b"\xffa=b")],
            ),
            self.shape(
                "trailers with a length",
                &[(HEADERS, END_HEADERS, &head), (DATA, 0, hidden), (HEADERS, whole, &trailer("content-length", "0"))],
            ),
            self.shape(
                "trailers with a coding",
                &[
                    (HEADERS, END_HEADERS, &head),
                    (DATA, 0, hidden),
                    (HEADERS, whole, &trailer("transfer-encoding", "chunked")),
                ],
            ),
            self.shape(
                "trailers with a path",
                &[(HEADERS, END_HEADERS, &head), (DATA, 0, hidden), (HEADERS, whole, &trailer(":path", "/elsewhere"))],
            ),
            self.shape(
                "trailers with lines",
                &[(HEADERS, END_HEADERS, &head), (DATA, 0, b"a=b"), (HEADERS, whole, &injected)],
            ),
            self.shape(
                "trailers without an end",
                &[(HEADERS, END_HEADERS, &head), (DATA, 0, hidden), (HEADERS, END_HEADERS, &trailer("x-a", "b"))],
            ),
            self.shape(
                "a head in two",
                &[(HEADERS, 0, first), (CONTINUATION, END_HEADERS, second), (DATA, END_STREAM, hidden)],
            ),
            self.shape(
                "SETTINGS between a head and its rest",
                &[
                    (HEADERS, 0, first),
                    (SETTINGS, 0, b""),
                    (CONTINUATION, END_HEADERS, second),
                    (DATA, END_STREAM, hidden),
                ],
            ),
            self.shape("a field that is cut", &[(HEADERS, whole, &head[..head.len() - 3])]),
            self.shape("a field that no table has", &[(HEADERS, whole, &[&head[..], &[0xFF, 0x80, 0x01]].concat())]),
        ]
    }

    /// Frames of this stream.
    fn shape(&self, name: &str, frames: &[(u8, u8, &[u8])]) -> Shape {
        let octets = frames.iter().flat_map(|(kind, flags, payload)| {
            let stream = if *kind == SETTINGS { 0 } else { self.stream };
            frame(*kind, *flags, stream, payload)
        });
        Shape { name: format!("HTTP/2, {name}"), octets: octets.collect() }
    }

    /// The fields with what is to stand in them.
    fn filled(&self, fields: &Fields<'_>, length: usize) -> Vec<(String, String)> {
        let fill = |text: &str| text.replace("{n}", &length.to_string()).replace("{hidden}", self.hidden);
        fields.iter().map(|(name, value)| (fill(name), fill(value))).collect()
    }

    /// A header block: the pseudo-fields, who asks, and the rest.
    fn block(&self, head: &Fields<'_>) -> Vec<u8> {
        // Pseudo-fields come first, but for the shapes that are wrong in that.
        let begin = head.iter().take_while(|(name, _)| name.starts_with(':')).count();
        let outer = [("user-agent", self.outer)];
        let all = head[..begin].iter().chain(&outer).chain(&head[begin..]);
        all.flat_map(|(name, value)| literal(&latin_1(name), &latin_1(value))).collect()
    }
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// What differs from an ordinary head; the method always.
fn named(body: &str, head: &Fields<'_>) -> String {
    let odd = head.iter().filter(|field| !OUTER[1..].contains(field));
    let odd = odd.map(|(name, value)| format!("{name}={value}"));
    let missing = OUTER[..4].iter().filter(|(name, _)| head.iter().all(|(other, _)| other != name));
    let missing = missing.map(|(name, _)| format!("no {name}"));
    format!("{body}: {}", head_of(&odd.chain(missing).collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const INSIDE: Inside<'_> =
        Inside { hidden: "POST /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n", outer: "outer-1", stream: 5 };

    /// Kind, flags, stream and payload of each frame.
    fn frames(mut octets: &[u8]) -> Vec<(u8, u8, u32, Vec<u8>)> {
        let mut frames = Vec::new();
        while !octets.is_empty() {
            let length = usize::from(octets[1]) << 8 | usize::from(octets[2]);
            let stream = u32::from_be_bytes(octets[5..9].try_into().expect("four octets"));
            frames.push((octets[3], octets[4], stream, octets[9..9 + length].to_vec()));
            octets = &octets[9 + length..];
        }
        frames
    }

    #[test]
    fn each_shape_is_whole_frames_of_its_stream() {
        let shapes: Vec<Shape> = recipes().iter().map(|recipe| recipe.make(&INSIDE)).collect();
        assert!(shapes.len() > 200, "{}", shapes.len());
        for Shape { name, octets } in &shapes {
            let frames = frames(octets);
            assert!(frames.iter().all(|(kind, _, stream, _)| *stream == 5 || *kind == SETTINGS), "{name}");
            assert!(frames.iter().any(|(kind, ..)| *kind == HEADERS || *kind == DATA), "{name}");
        }
        let mut names = BTreeSet::new();
        let twice: Vec<_> = shapes.iter().map(|shape| &shape.name).filter(|name| !names.insert(*name)).collect();
        assert!(twice.is_empty(), "each shape has a name of its own: {twice:?}");
    }

    #[test]
    fn bodies_hold_the_hidden_request_and_lengths_are_theirs() {
        let shape = Recipe(Kind::Chunked(&[("content-length", "{n}")])).make(&INSIDE);
        let frames = frames(&shape.octets);
        let body = format!("0\r\n\r\n{}", INSIDE.hidden);
        assert_eq!(frames[1].3, body.as_bytes());
        assert!(frames[0].3.ends_with(&literal(b"content-length", body.len().to_string().as_bytes())));
        let user_agent = literal(b"user-agent", b"outer-1");
        assert!(frames[0].3.windows(user_agent.len()).any(|part| part == user_agent));
    }
}
