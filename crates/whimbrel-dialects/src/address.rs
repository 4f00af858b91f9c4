//! By which addresses clients call this gateway, for signatures that cover the address.
//!
//! What a client signed is the address as it sees it: its scheme, and a name that may be a proxy's. What a request says of that in
//! `Host` is the sender's own word, so that it is never enough: a signature that somebody made for another server would be good here.

use std::net::Ipv6Addr;

/// The addresses that are ours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    public: Vec<Box<str>>,
    names: Vec<Box<str>>,
}

/// What was asked, as it was received.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// `Host`, port and all.
    pub host: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// The query without the question mark.
    pub query: &'a str,
}

impl Addresses {
    /// The operator's own, such as `https://sms.example.com` or `https://example.com/gateway`, and no others.
    #[must_use]
    pub fn public(urls: impl IntoIterator<Item = Box<str>>) -> Self {
        let without_slash = |url: Box<str>| Box::from(url.trim_end_matches('/'));
        Self { public: urls.into_iter().map(without_slash).collect(), names: Vec::new() }
    }

    /// Names and addresses of this machine, at any port, by HTTP and HTTPS.
    #[must_use]
    pub fn local(names: impl IntoIterator<Item = Box<str>>) -> Self {
        Self { public: Vec::new(), names: names.into_iter().collect() }
    }

    /// These, with names and addresses of this machine beside them: [`bases`](Self::bases) takes them for ours,
    /// [`urls`](Self::urls) only where nothing else is configured.
    #[must_use]
    pub fn with_local(self, names: impl IntoIterator<Item = Box<str>>) -> Self {
        Self { names: names.into_iter().collect(), ..self }
    }

    /// These, and names that this machine is called by besides.
    #[must_use]
    pub fn and_names(mut self, names: impl IntoIterator<Item = Box<str>>) -> Self {
        self.names.extend(names);
        self
    }

    /// Schemes and authorities, without a path of the request, under which a client may have called: the operator's own first, then
    /// that of `host`. Where the operator configured some, `host` counts only if it is a name or an address of this machine; where
    /// not, if it is an authority and nothing else. No slash ends one.
    #[must_use]
    pub fn bases(&self, host: &str) -> Vec<String> {
        let counts = is_authority(host) && (self.public.is_empty() || self.is_local(host));
        let by_host = counts.then(|| ["http", "https"].map(|scheme| format!("{scheme}://{host}")));
        self.public.iter().map(|base| base.to_string()).chain(by_host.into_iter().flatten()).collect()
    }

    fn is_local(&self, host: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name(host)))
    }

    /// Each URL that a client may have called. None: its `Host` is no name of ours.
    #[must_use]
    pub fn urls(&self, asked: Asked<'_>) -> Vec<String> {
        let Asked { host, path, query } = asked;
        let mark = if query.is_empty() { "" } else { "?" };
        let url = |base: &str| format!("{base}{path}{mark}{query}");
        if !self.public.is_empty() {
            return self.public.iter().map(|base| url(base)).collect();
        }
        match is_authority(host) && self.is_local(host) {
            true => ["https", "http"].iter().map(|scheme| url(&format!("{scheme}://{host}"))).collect(),
            false => Vec::new(),
        }
    }
}

/// Octets of an authority that are looked at.
const AUTHORITY_OCTETS_MAX: usize = 261;

/// Whether `host` is a name or an address, with or without a port, and nothing else (RFC 3986 §3.2.2). With `/`, `?`, `#` or `@` in
/// it, it would say what the signed path is, whatever path was asked: a signature for one page would open another.
fn is_authority(host: &str) -> bool {
    let name = name(host);
    let is_name = match host.starts_with('[') {
        true => name.parse::<Ipv6Addr>().is_ok(),
        false => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
    };
    let rest = match host.strip_prefix('[') {
        Some(inner) => inner.strip_prefix(name).and_then(|rest| rest.strip_prefix(']')),
        None => host.strip_prefix(name),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let ends_well = rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
    host.len() <= AUTHORITY_OCTETS_MAX && is_name && ends_well
}

/// An authority without its port, and an IPv6 address without its brackets.
fn name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(addresses: &Addresses, host: &str) -> Vec<String> {
        addresses.urls(Asked { host, path: "/sms/json", query: "to=1" })
    }

    #[test]
    fn the_operators_address_counts_whatever_the_host_says() {
        let addresses = Addresses::public(["https://sms.example.com/".into(), "http://10.0.0.7:8080/gw".into()]);
        for host in ["sms.example.com", "evil.example", "127.0.0.1:7670", "x/y?", ""] {
            let expected = ["https://sms.example.com/sms/json?to=1", "http://10.0.0.7:8080/gw/sms/json?to=1"];
            assert_eq!(urls(&addresses, host), expected, "{host}");
        }
        let bare = addresses.urls(Asked { host: "", path: "/", query: "" });
        assert_eq!(bare[0], "https://sms.example.com/");
    }

    #[test]
    fn without_one_a_host_counts_if_it_is_a_name_of_this_machine() {
        let addresses = Addresses::local(["localhost".into(), "127.0.0.1".into(), "::1".into()]);
        for host in ["localhost", "LocalHost:7670", "127.0.0.1:7670", "[::1]:7670", "[::1]"] {
            let expected = ["https", "http"].map(|scheme| format!("{scheme}://{host}/sms/json?to=1"));
            assert_eq!(urls(&addresses, host), expected, "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "", "localhost:7670/account#"] {
            assert!(urls(&addresses, host).is_empty(), "{host}");
        }
        assert!(urls(&Addresses::default(), "localhost").is_empty());
    }

    #[test]
    fn a_host_does_not_say_which_path_was_signed() {
        let hosts = ["gw/account/get-balance#", "gw/account?", "gw?x=", "gw#", "user@gw", "gw\\x", "gw%2fx", "g w", ""];
        let names = hosts.map(|host| Box::from(name(host)));
        for host in hosts {
            assert!(urls(&Addresses::local(names.clone()), host).is_empty(), "{host}");
        }
        assert_eq!(urls(&Addresses::local(["a_b.example".into()]), "a_b.example").len(), 2);
    }

    #[test]
    fn a_host_of_nobodys_counts_only_where_nothing_is_configured() {
        let by = |host: &str| ["http", "https"].map(|scheme| format!("{scheme}://{host}")).to_vec();
        let free = Addresses::local(["localhost".into()]);
        let set =
            Addresses::public(["https://sms.example.com/gw/".into()]).with_local(["LOCALHOST".into(), "::1".into()]);
        let own = vec!["https://sms.example.com/gw".to_owned()];
        for host in ["sms.example.org", "evil.example:8080"] {
            assert_eq!((free.bases(host), set.bases(host)), (by(host), own.clone()), "{host}");
        }
        for host in ["localhost:7670", "[::1]:7670"] {
            assert_eq!((free.bases(host), set.bases(host)), (by(host), [own.clone(), by(host)].concat()), "{host}");
        }
        for host in [
            "localhost/api/sms?x=",
            "localhost#",
            "../sms#",
            "user@localhost",
            "localhost:",
            "localhost:x",
            "localhost:1:2",
            "localhost:65536",
            "localhost:+1",
            "[::1",
            "[::1]x",
            "[::1]]",
            "[]",
            "::1",
            "[localhost]",
            ":80",
            "",
            "a b",
            "a\nb",
            "a%2fb",
        ] {
            assert_eq!((free.bases(host), set.bases(host)), (vec![], own.clone()), "{host}");
        }
    }
}
