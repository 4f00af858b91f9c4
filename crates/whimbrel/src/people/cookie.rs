//! The cookie that names a session.
//!
//! Over TLS its name begins with `__Host-`, so that browsers take it from this very host and over TLS only, and no page beside us can
//! set another one. Over plain HTTP it is used on this machine only, under another name; elsewhere nobody can sign in without TLS.

use whimbrel_core::{Secret, SourceNetwork};

use crate::server::{IncomingRequest, Scheme};

/// How a browser reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Over TLS, to us or to a proxy of ours.
    Encrypted,
    /// Over plain HTTP within this machine.
    Loopback,
    /// Over plain HTTP from elsewhere: whoever is on the way can read it.
    Open,
}

impl Way {
    /// The way that a request came. What a peer says of TLS counts if it is a proxy of ours.
    #[must_use]
    pub fn of(request: &IncomingRequest, proxies: &[SourceNetwork]) -> Self {
        let peer = request.peer().ip();
        let from_proxy = proxies.iter().any(|network| network.holds(peer));
        let forwarded = request.header("x-forwarded-proto").filter(|_| from_proxy);
        let forwarded = forwarded.map(|protos| protos.rsplit(',').next().unwrap_or_default().trim());
        match (request.scheme(), forwarded) {
            (_, Some(proto)) if proto.eq_ignore_ascii_case("https") => Self::Encrypted,
            (_, Some(_)) => Self::Open,
            (Scheme::Https, None) => Self::Encrypted,
            // A proxy that does not say how it was reached may have been reached from anywhere. One that is not named in the configuration
            // shows itself by the name that the browser called.
            (Scheme::Http, None) if from_proxy => Self::Open,
            (Scheme::Http, None) if peer.to_canonical().is_loopback() && is_named_so(request) => Self::Loopback,
            (Scheme::Http, None) => Self::Open,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Encrypted => "__Host-whimbrel",
            Self::Loopback | Self::Open => "whimbrel",
        }
    }

    /// The header that gives a browser a session.
    #[must_use]
    pub fn set(self, number: &Secret) -> String {
        let secure = if self == Self::Encrypted { "; Secure" } else { "" };
        format!("{}={}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name(), number.expose())
    }

    /// The header that takes it away.
    #[must_use]
    pub fn clear(self) -> String {
        let secure = if self == Self::Encrypted { "; Secure" } else { "" };
        format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}", self.name())
    }

    /// The session that a request names. Two of one name are none: one of them is somebody else's.
    #[must_use]
    pub fn read(self, request: &IncomingRequest) -> Option<Secret> {
        if self == Self::Open {
            return None;
        }
        let headers = request.header_list();
        let cookies = headers.iter().filter(|(name, _)| *name == "cookie");
        let texts = cookies.filter_map(|(_, value)| std::str::from_utf8(value).ok());
        let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(name, _)| *name == self.name()).map(|(_, value)| value);
        let first = ours.next()?;
        ours.next().is_none().then(|| Secret::new(first))
    }
}

fn is_named_so(request: &IncomingRequest) -> bool {
    names_loopback(request.header("host").unwrap_or_default())
}

/// Whether a host, with or without a port, is a name of this machine for itself.
#[must_use]
pub fn names_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => return rest.split_once(']').is_some_and(|(address, _)| address == "::1"),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1"
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request(peer: &str, scheme: Scheme, headers: &[(&str, &str)]) -> IncomingRequest {
        let mut builder = http::Request::get("/_whimbrel/ui");
        if !headers.iter().any(|(name, _)| *name == "host") {
            builder = builder.header("host", "localhost:7670");
        }
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (head, ()) = builder.body(()).expect("a request").into_parts();
        IncomingRequest::new(head, Bytes::new(), peer.parse().expect("an address"), scheme)
    }

    #[test]
    fn what_a_proxy_of_ours_says_of_tls_counts_and_nobody_elses_word() {
        let proxies: Vec<SourceNetwork> = vec!["10.0.0.0/8".parse().expect("a network")];
        let https = ("x-forwarded-proto", "https");
        for (peer, scheme, headers, way) in [
            ("127.0.0.1:9", Scheme::Http, vec![], Way::Loopback),
            ("[::ffff:127.0.0.1]:9", Scheme::Http, vec![], Way::Loopback),
            ("127.0.0.1:9", Scheme::Http, vec![https], Way::Loopback),
            ("127.0.0.1:9", Scheme::Http, vec![("host", "sms.example.com")], Way::Open),
            ("127.0.0.1:9", Scheme::Http, vec![("host", "localhost.example.com")], Way::Open),
            ("192.0.2.1:9", Scheme::Http, vec![], Way::Open),
            ("192.0.2.1:9", Scheme::Http, vec![https], Way::Open),
            ("192.0.2.1:9", Scheme::Https, vec![], Way::Encrypted),
            ("10.0.0.1:9", Scheme::Http, vec![https], Way::Encrypted),
            ("10.0.0.1:9", Scheme::Http, vec![("x-forwarded-proto", "https, http")], Way::Open),
            ("10.0.0.1:9", Scheme::Http, vec![], Way::Open),
            ("10.0.0.1:9", Scheme::Https, vec![("x-forwarded-proto", "http")], Way::Open),
        ] {
            assert_eq!(Way::of(&request(peer, scheme, &headers), &proxies), way, "{peer} {headers:?}");
        }
    }

    #[test]
    fn a_cookie_is_read_as_it_was_set_and_only_one_counts() {
        let number = Secret::new("abc_-123");
        for way in [Way::Encrypted, Way::Loopback] {
            let set = way.set(&number);
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/;"), "{set}");
            assert_eq!(set.contains("; Secure"), way == Way::Encrypted);
            assert!(!set.contains("Domain"));
            let (pair, _) = set.split_once(';').expect("attributes");
            let with = |cookie: &str| way.read(&request("127.0.0.1:9", Scheme::Https, &[("cookie", cookie)]));
            assert_eq!(with(pair), Some(number.clone()));
            assert_eq!(with(&format!("theme=dark; {pair}; x=y")), Some(number.clone()));
            assert_eq!(with(&format!("{pair}; {pair}2")), None);
            assert_eq!(with("theme=dark"), None);
        }
        let other = request("127.0.0.1:9", Scheme::Https, &[("cookie", "whimbrel=abc")]);
        assert_eq!(Way::Encrypted.read(&other), None, "a plain cookie is none over TLS");
        let open = request("192.0.2.1:9", Scheme::Http, &[("cookie", "whimbrel=abc")]);
        assert_eq!(Way::Open.read(&open), None);
    }
}
