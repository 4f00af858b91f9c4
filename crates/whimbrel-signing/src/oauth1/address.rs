//! The address of a request, taken apart and normalised (RFC 5849 §3.4.1.2).

use crate::Fault;

/// An absolute `http` or `https` address. Scheme and host are in small letters, the rest is as it came.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: String,
    pub(super) host: String,
    /// Nothing if it is not given or empty.
    pub(super) port: Option<u16>,
    /// Still encoded; `/` if there is none.
    pub(super) path: String,
    /// Still encoded, without `?`.
    pub(super) query: Option<String>,
}

const URL: &str = "url";

impl Address {
    /// Takes an address apart; a fragment is cut off.
    ///
    /// # Errors
    /// [`Fault::Malformed`] for anything but `http` and `https`, and for a user name, an empty host or a port that is none.
    pub(super) fn read(url: &str) -> Result<Self, Fault> {
        let malformed = Fault::Malformed(URL);
        let url = url.split('#').next().unwrap_or(url);
        let (scheme, rest) = url.split_once("://").ok_or(malformed.clone())?;
        let scheme = scheme.to_ascii_lowercase();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        // The colons of an IPv6 literal stand before its bracket.
        let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
        let colon = authority[host_end..].find(':').map(|colon| host_end + colon);
        let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
        let port = match port.strip_prefix(':').filter(|digits| !digits.is_empty()) {
            None => None,
            Some(digits) if digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| malformed.clone())?)
            }
            Some(_) => return Err(malformed),
        };
        let is_host = !host.is_empty() && !host.contains(['@', '\\']) && !host.contains(char::is_whitespace);
        if !is_host || !matches!(scheme.as_str(), "http" | "https") {
            return Err(malformed);
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (rest, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port, path: path.to_owned(), query })
    }

    /// The port of the scheme.
    pub(super) fn default_port(&self) -> u16 {
        if self.scheme == "https" { 443 } else { 80 }
    }

    /// The base string address: without query, and without the port of the scheme.
    pub(super) fn base(&self) -> String {
        let Self { scheme, host, path, .. } = self;
        match self.port.filter(|port| *port != self.default_port()) {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => format!("{scheme}://{host}{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Option<String> {
        Address::read(url).ok().map(|address| address.base())
    }

    #[test]
    fn addresses_are_normalised_as_the_rfc_says() {
        for (url, expected) in [
            // RFC 5849 §3.4.1.2.
            ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X"),
            ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
            // A path is never empty on the wire.
            ("http://example.com", "http://example.com/"),
            ("HTTPS://Example.com:443?q", "https://example.com/"),
            ("http://example.com:443/", "http://example.com:443/"),
            ("http://example.com:/a//b/", "http://example.com/a//b/"),
            ("http://[::1]:8080/a#b?c", "http://[::1]:8080/a"),
            ("http://[::1]/a:b", "http://[::1]/a:b"),
        ] {
            assert_eq!(base(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in [
            "",
            "/a",
            "example.com/a",
            "ftp://example.com/",
            "http://",
            "http:///a",
            "http://a@b/",
            "http://a:b/",
            "http://a:65536/",
            "http://a:1:2/",
            "http://a b/",
            "http://[::1]x:80:/",
        ] {
            assert_eq!(base(url), None, "{url}");
        }
    }
}
