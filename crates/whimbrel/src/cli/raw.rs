//! An HTTP/1.1 request as it goes over the wire, read from a file: bodies are taken byte for byte, because signatures cover
//! them.

/// A request, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawRequest {
    pub(super) method: String,
    /// As on the request line: a path with its query, or a whole address.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Reads a request. Lines may end in CRLF or LF alone, as editors leave them; a body that is longer than `Content-Length` is
/// cut there.
///
/// # Errors
/// What is no request, for people.
pub(super) fn read(octets: &[u8]) -> Result<RawRequest, String> {
    let mut rest = octets;
    let mut line = || -> Result<Option<String>, String> {
        let Some(end) = rest.iter().position(|octet| *octet == b'\n') else {
            let last = std::mem::take(&mut rest);
            return if last.is_empty() { Ok(None) } else { text(last).map(Some) };
        };
        let (line, after) = rest.split_at(end);
        rest = &after[1..];
        text(line.strip_suffix(b"\r").unwrap_or(line)).map(Some)
    };
    let first = line()?.unwrap_or_default();
    let [method, target, version] = first.split(' ').collect::<Vec<_>>()[..] else {
        return Err("the first line is not `METHOD /path HTTP/1.1`".to_owned());
    };
    if method.is_empty() || target.is_empty() || !version.starts_with("HTTP/") {
        return Err("the first line is not `METHOD /path HTTP/1.1`".to_owned());
    }
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = Vec::new();
    while let Some(line) = line()?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or("a header has no colon; an empty line ends the headers")?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let body = match length.map(|(_, value)| value.parse::<usize>()) {
        None => rest,
        Some(Ok(length)) => rest.get(..length).ok_or("the body is shorter than its Content-Length")?,
        Some(Err(_)) => return Err("Content-Length is no number".to_owned()),
    };
    if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
        return Err("a body in chunks is not read: give it plain, with its Content-Length".to_owned());
    }
    Ok(RawRequest { method, target, headers, body: body.to_vec() })
}

fn text(octets: &[u8]) -> Result<String, String> {
    String::from_utf8(octets.to_vec()).map_err(|_| "a line of the head is not UTF-8".to_owned())
}

impl RawRequest {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The whole address: the target's own, or below `base`, or below https and `Host`.
    ///
    /// # Errors
    /// There is neither.
    pub(super) fn url(&self, base: Option<&str>) -> Result<String, String> {
        if self.target.contains("://") {
            return Ok(self.target.clone());
        }
        match (base, self.header("host")) {
            (Some(base), _) => Ok(format!("{}{}", base.trim_end_matches('/'), self.target)),
            (None, Some(host)) => Ok(format!("https://{host}{}", self.target)),
            (None, None) => Err("the request has no Host: give --base-url".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_with_either_end_of_line_and_bodies_kept() {
        for end in ["\n", "\r\n"] {
            let head = ["POST /a?b HTTP/1.1", "Host: x", "content-length: 5", "", ""].join(end);
            let request = read(format!("{head}a\r\n\0bmore").as_bytes()).unwrap();
            assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/a?b"));
            assert_eq!(request.headers[0], ("Host".to_owned(), "x".to_owned()));
            assert_eq!(request.body, b"a\r\n\0b");
            assert_eq!(request.url(None).unwrap(), "https://x/a?b");
            assert_eq!(request.url(Some("http://y:1/")).unwrap(), "http://y:1/a?b");
        }
        let without_length = read(b"GET / HTTP/1.0\n\nabc\n").unwrap();
        assert_eq!(without_length.body, b"abc\n");
        assert!(without_length.url(None).is_err());
        assert_eq!(read(b"GET http://a/b HTTP/1.1").unwrap().url(Some("http://y")).unwrap(), "http://a/b");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for bad in [
            "",
            "\n",
            "GET /",
            "GET / x",
            "GET  / HTTP/1.1",
            "a=1&b=2",
            "GET / HTTP/1.1\nnope",
            "GET / HTTP/1.1\nContent-Length: 9\n\nshort",
            "GET / HTTP/1.1\nContent-Length: -1\n\n",
            "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\r\na\r\n0\r\n\r\n",
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(read(b"GET /\xff HTTP/1.1\n\n").is_err());
    }
}
