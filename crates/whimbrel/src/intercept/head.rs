//! The head of what a client asks a proxy, read without a socket (RFC 9112 §3.2, RFC 9110 §9.3.6).

use crate::server::Scheme;

/// Octets of a head.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The name or address in lower case, an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// `CONNECT`: a tunnel.
    Tunnel(Place),
    /// One request for another server, its URL in the request line; `head` is the one that this server gets.
    Forward { scheme: Scheme, place: Place, head: Vec<u8> },
    /// A request as if we were the server itself, by the name in `Host`: the client was led here.
    Direct(Place),
}

/// What came is no head of HTTP/1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Headers between a client and its proxy, which are no server's business.
const OURS: [&str; 5] = ["host", "connection", "keep-alive", "proxy-connection", "proxy-authorization"];

/// Reads the head at the start of `octets`, with its length; `None` if it is not whole yet.
///
/// # Errors
/// [`Unreadable`], also for a head that is too long.
pub(super) fn read(octets: &[u8]) -> Result<Option<(Wish, usize)>, Unreadable> {
    let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if octets.len() > HEAD_BYTES_MAX { Err(Unreadable) } else { Ok(None) };
    };
    let head = octets.get(..end).ok_or(Unreadable)?;
    let head = std::str::from_utf8(head).map_err(|_| Unreadable)?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().ok_or(Unreadable)?.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Unreadable);
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || !method.bytes().all(|octet| octet.is_ascii_alphabetic()) {
        return Err(Unreadable);
    }
    let headers: Vec<(&str, &str)> =
        lines.map(|line| line.split_once(':').ok_or(Unreadable)).collect::<Result<_, _>>()?;
    let wish = match target.split_once("://") {
        _ if method == "CONNECT" => Wish::Tunnel(place(target, 443).ok_or(Unreadable)?),
        Some((scheme, rest)) if target.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) => {
            let (scheme, port) = match scheme.to_ascii_lowercase().as_str() {
                "http" => (Scheme::Http, 80),
                "https" => (Scheme::Https, 443),
                _ => return Err(Unreadable),
            };
            let cut = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(cut);
            let head = forwarded(method, authority, path, version, &headers);
            Wish::Forward { scheme, place: place(authority, port).ok_or(Unreadable)?, head }
        }
        _ => {
            let mut hosts = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
            let (Some((_, host)), None) = (hosts.next(), hosts.next()) else { return Err(Unreadable) };
            Wish::Direct(place(host.trim(), 80).ok_or(Unreadable)?)
        }
    };
    Ok(Some((wish, end + 4)))
}

/// The head for the server: its own form of the target, its own name, and an end after this one request, because the next one
/// on a client's connection may be for another server.
fn forwarded(method: &str, authority: &str, path: &str, version: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut head = format!("{method} {slash}{path} {version}\r\nHost: {authority}\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| !OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours))) {
        head.push_str(&format!("{name}:{value}\r\n"));
    }
    head.push_str("Connection: close\r\n\r\n");
    head.into_bytes()
}

/// Reads `host`, `host:port` or `[address]:port`.
fn place(authority: &str, usual_port: u16) -> Option<Place> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (address, rest.strip_prefix(':').or(rest.is_empty().then_some(""))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || b".-_:".contains(&octet);
    let port = if port.is_empty() { usual_port } else { port.parse().ok().filter(|port| *port > 0)? };
    if host.is_empty() || host.len() > 253 || !host.bytes().all(is_name) {
        return None;
    }
    // A name with its root's dot is the same name.
    Some(Place { host: host.trim_end_matches('.').to_ascii_lowercase(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Place {
        Place { host: host.to_owned(), port }
    }

    fn wish(head: &str) -> Wish {
        let octets = format!("{head}\r\n\r\nbody");
        let (wish, size) = read(octets.as_bytes()).unwrap().unwrap();
        assert_eq!(size, octets.len() - 4);
        wish
    }

    #[test]
    fn the_three_forms_are_told_apart() {
        assert_eq!(wish("CONNECT Rest.Example.com:443 HTTP/1.1\r\nHost: x"), Wish::Tunnel(at("rest.example.com", 443)));
        assert_eq!(wish("CONNECT [::1]:8443 HTTP/1.1"), Wish::Tunnel(at("::1", 8443)));
        assert_eq!(wish("POST /sms HTTP/1.1\r\nhost: rest.example.com."), Wish::Direct(at("rest.example.com", 80)));
        let asked = "POST http://a.example:81/x?y=1 HTTP/1.1\r\nHost: other\r\nA: 1\r\nProxy-Connection: keep-alive";
        let head = b"POST /x?y=1 HTTP/1.1\r\nHost: a.example:81\r\nA: 1\r\nConnection: close\r\n\r\n".to_vec();
        assert_eq!(wish(asked), Wish::Forward { scheme: Scheme::Http, place: at("a.example", 81), head });
        let Wish::Forward { scheme, place, head } = wish("GET https://a.example?q HTTP/1.0") else { panic!() };
        assert_eq!((scheme, place), (Scheme::Https, at("a.example", 443)));
        assert!(head.starts_with(b"GET /?q HTTP/1.0\r\nHost: a.example\r\n"));
    }

    #[test]
    fn what_is_half_is_waited_for_and_what_is_nonsense_is_refused() {
        assert_eq!(read(b"CONNECT a:443 HTTP/1.1\r\n"), Ok(None));
        for nonsense in [
            "CONNECT a:443 HTTP/2",
            "CONNECT a:0 HTTP/1.1",
            "CONNECT a:99999 HTTP/1.1",
            "CONNECT a/b:1 HTTP/1.1",
            "CONNECT user@a:1 HTTP/1.1",
            "CONNECT [::g]:1 HTTP/1.1",
            "GET ftp://a/ HTTP/1.1",
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b",
            "GET  / HTTP/1.1\r\nHost: a",
            "GET / HTTP/1.1\r\nnonsense",
            "G\u{e9}T / HTTP/1.1\r\nHost: a",
            "",
        ] {
            assert_eq!(read(format!("{nonsense}\r\n\r\n").as_bytes()), Err(Unreadable), "{nonsense}");
        }
        assert_eq!(read(&vec![b'a'; HEAD_BYTES_MAX + 1]), Err(Unreadable));
    }
}
