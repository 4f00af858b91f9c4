//! Where a URL leads, read strictly.
//!
//! Parsers that disagree about a URL are how guards are passed, so what one of them could read differently is refused: user
//! information, backslashes, spaces, characters outside ASCII, numbers that are addresses in disguise, IPv6 zones. Follows
//! RFC 3986 for what is left.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls_pki_types::ServerName;

/// Octets of a URL.
const URL_BYTES_MAX: usize = 8 * 1024;
/// The octets that a URL may have: what is printed in ASCII, without what no URL has or parsers read differently.
const IN_URL: [bool; 256] = {
    let mut table = [false; 256];
    let mut octet = b'!';
    while octet <= b'~' {
        table[octet as usize] = !matches!(octet, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}');
        octet += 1;
    }
    table
};

/// What a URL is refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlFault {
    /// Too long.
    TooLong,
    /// Neither http nor https.
    Scheme,
    /// A character that a URL cannot have.
    Character,
    /// A user name or password.
    UserInfo,
    /// No host, or a host that is neither a name nor an address in its usual form.
    Host,
    /// A port that is none.
    Port,
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the URL is longer than 8192 characters; shorten it",
            Self::Scheme => "the URL does not begin with http:// or https://",
            Self::Character => {
                "the URL has a space or a character outside ASCII; percent-encode it, write names in punycode"
            }
            Self::UserInfo => "the URL has a user name; remove what stands before the @",
            Self::Host => "the URL's host is neither a name nor an address in its usual form",
            Self::Port => "the URL's port is not a number from 1 to 65535",
        })
    }
}

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// A name in lower case without a final dot.
    Name(Box<str>),
    /// An address.
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Whom a connection is with: connections to the same peer may be used again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Peer {
    pub(super) is_tls: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

impl Peer {
    /// The `Host` header.
    pub(super) fn authority(&self) -> String {
        let usual = if self.is_tls { 443 } else { 80 };
        if self.port == usual { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The name that the peer's certificate must have.
    pub(super) fn server_name(&self) -> Result<ServerName<'static>, UrlFault> {
        match &self.host {
            Host::Name(name) => ServerName::try_from(name.to_string()).map_err(|_| UrlFault::Host),
            Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
        }
    }
}

/// A URL, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) peer: Peer,
    /// Path and query, without the slash that may be missing.
    path_and_query: &'a str,
}

impl<'a> Target<'a> {
    /// Reads a URL. A fragment is left out.
    pub(super) fn parse(url: &'a str) -> Result<Self, UrlFault> {
        if url.len() > URL_BYTES_MAX {
            return Err(UrlFault::TooLong);
        }
        if !url.bytes().all(|octet| IN_URL[usize::from(octet)]) {
            return Err(UrlFault::Character);
        }
        let (scheme, rest) = url.split_once("://").ok_or(UrlFault::Scheme)?;
        let is_tls = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => false,
            _ if scheme.eq_ignore_ascii_case("https") => true,
            _ => return Err(UrlFault::Scheme),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path_and_query) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlFault::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            "" if is_tls => 443,
            "" => 80,
            digits if digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                digits.parse().map_err(|_| UrlFault::Port)?
            }
            _ => return Err(UrlFault::Port),
        };
        if port == 0 {
            return Err(UrlFault::Port);
        }
        Ok(Self { peer: Peer { is_tls, host: read_host(host)?, port }, path_and_query })
    }

    /// What stands in the request line.
    pub(super) fn request_target(&self) -> String {
        if self.path_and_query.starts_with('/') {
            self.path_and_query.to_owned()
        } else {
            format!("/{}", self.path_and_query)
        }
    }
}

/// Cuts `host:port`; the port is empty if there is none.
fn split_port(authority: &str) -> Result<(&str, &str), UrlFault> {
    if let Some(literal) = authority.strip_prefix('[') {
        let (_, after) = literal.split_once(']').ok_or(UrlFault::Host)?;
        let host = &authority[..authority.len() - after.len()];
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if after.is_empty() => Ok((host, "")),
            None => Err(UrlFault::Host),
        };
    }
    Ok(authority.split_once(':').unwrap_or((authority, "")))
}

/// Reads a host as it stands in a URL or in a list of hosts.
pub(super) fn read_host(host: &str) -> Result<Host, UrlFault> {
    if let Some(literal) = host.strip_prefix('[') {
        let literal = literal.strip_suffix(']').ok_or(UrlFault::Host)?;
        let address: Ipv6Addr = literal.parse().map_err(|_| UrlFault::Host)?;
        return Ok(Host::Address(address.into()));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    // A last label that is a number makes the whole an address to some resolvers (2130706433, 0x7f.1, 127.1).
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|octet| octet.is_ascii_digit())
        || last.get(..2).is_some_and(|prefix| {
            prefix.eq_ignore_ascii_case("0x") && last[2..].bytes().all(|octet| octet.is_ascii_hexdigit())
        });
    if name.len() > 253 || !name.split('.').all(is_label) || is_number {
        return Err(UrlFault::Host);
    }
    Ok(Host::Name(name.to_ascii_lowercase().into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_octet_but_those_of_a_url_is_refused() {
        let refused: Vec<char> =
            ('\0'..='\u{ff}').filter(|octet| Target::parse(&format!("http://a.example/{octet}")).is_err()).collect();
        let others: Vec<char> = "\\\"<>^`{|}".chars().chain('\0'..=' ').chain('\x7f'..='\u{ff}').collect();
        let sorted = |mut octets: Vec<char>| {
            octets.sort_unstable();
            octets
        };
        assert_eq!(sorted(refused), sorted(others));
    }

    fn target(url: &str) -> (String, String) {
        let target = Target::parse(url).unwrap_or_else(|fault| panic!("{url}: {fault}"));
        let scheme = if target.peer.is_tls { "https" } else { "http" };
        (format!("{scheme} {} {}", target.peer.host, target.peer.port), target.request_target())
    }

    #[test]
    fn ordinary_urls_are_read() {
        for (url, peer, request_target) in [
            ("http://example.com", "http example.com 80", "/"),
            ("HTTPS://Example.COM./dlr?a=%20b&c#frag", "https example.com 443", "/dlr?a=%20b&c"),
            ("https://example.com:8443?x=/y?z", "https example.com 8443", "/?x=/y?z"),
            ("http://127.0.0.1:7000/", "http 127.0.0.1 7000", "/"),
            ("http://[::1]:7000/a", "http [::1] 7000", "/a"),
            ("https://[2606:4700::1111]", "https [2606:4700::1111] 443", "/"),
            ("http://xn--bcher-kva.example/%C3%BC", "http xn--bcher-kva.example 80", "/%C3%BC"),
            ("http://my_host:65535/", "http my_host 65535", "/"),
            ("http://example.com:/a:b@c", "http example.com 80", "/a:b@c"),
            ("http://1e100.net.a1/", "http 1e100.net.a1 80", "/"),
        ] {
            assert_eq!(target(url), (peer.to_owned(), request_target.to_owned()), "{url}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        use UrlFault::{Character, Host, Port, Scheme, TooLong, UserInfo};
        for (url, fault) in [
            ("ftp://example.com/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("example.com/dlr", Scheme),
            ("unix:///run/socket", Scheme),
            ("http:/example.com", Scheme),
            ("http://user:pass@example.com/", UserInfo),
            ("http://example.com@127.0.0.1/", UserInfo),
            ("http://a@b@c/", UserInfo),
            ("http://example.com\\@127.0.0.1/", Character),
            ("http://127.0.0.1\t/", Character),
            ("http://exa mple.com/", Character),
            ("http://bücher.example/", Character),
            ("http://example.com/ü", Character),
            ("http://example.com/a\r\nHost: b", Character),
            ("http://", Host),
            ("http:///path", Host),
            ("http://:80/", Host),
            ("http://.example.com/", Host),
            ("http://a..b/", Host),
            ("http://ex%41mple.com/", Host),
            ("http://2130706433/", Host),
            ("http://0x7f000001/", Host),
            ("http://0X7F.1/", Host),
            ("http://0177.0.0.1/", Host),
            ("http://127.1/", Host),
            ("http://127.0.0.01/", Host),
            ("http://1.2.3.4.5/", Host),
            ("http://256.1.1.1/", Host),
            ("http://example.0x/", Host),
            ("http://[fe80::1%25eth0]/", Host),
            ("http://[::1/", Host),
            ("http://[::1]x/", Host),
            ("http://[127.0.0.1]/", Host),
            ("http://::1/", Port),
            ("http://example.com:0/", Port),
            ("http://example.com:65536/", Port),
            ("http://example.com:+80/", Port),
            ("http://example.com:80:80/", Port),
        ] {
            assert_eq!(Target::parse(url), Err(fault), "{url}");
        }
        assert_eq!(Target::parse(&format!("http://a.example/{}", "x".repeat(9000))), Err(TooLong));
        let long = format!("http://{}.example/", "x".repeat(64));
        assert_eq!(Target::parse(&long), Err(Host));
    }

    #[test]
    fn the_host_header_names_unusual_ports_only() {
        for (url, authority) in [
            ("http://example.com/", "example.com"),
            ("https://example.com:443/", "example.com"),
            ("https://example.com:80/", "example.com:80"),
            ("http://[::1]:8080/", "[::1]:8080"),
        ] {
            assert_eq!(Target::parse(url).unwrap().peer.authority(), authority);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_smuggles(url in "(http://)?[ -~\u{80}-\u{ff}\r\n]{0,40}") {
            if let Ok(target) = Target::parse(&url) {
                let line = target.request_target();
                prop_assert!(line.starts_with('/') && line.bytes().all(|octet| octet.is_ascii_graphic()));
                prop_assert!(target.peer.authority().bytes().all(|octet| octet.is_ascii_graphic() && octet != b'@'));
            }
        }
    }
}
