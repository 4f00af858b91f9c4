//! Where a request comes from: the other end of the connection, or what a proxy of ours says in `X-Forwarded-For`. And by which
//! name it was called: `Host`, or what a proxy of ours says in `X-Forwarded-Host`.
//!
//! Anybody can write that header, so only the words of listed proxies count: it is read from its end, and the first address
//! that is no proxy of ours is the answer. Whatever stands before it may be invented.

use std::net::{IpAddr, SocketAddr};

use whimbrel_core::SourceNetwork;

use crate::server::IncomingRequest;

/// The address that a request comes from.
pub(crate) fn address(request: &IncomingRequest, proxies: &[SourceNetwork]) -> IpAddr {
    let peer = request.peer().ip();
    if proxies.is_empty() {
        return peer.to_canonical();
    }
    let headers = request.header_list();
    let forwarded = headers.iter().filter(|(name, _)| *name == "x-forwarded-for").map(|(_, value)| *value);
    behind(peer, forwarded, proxies).to_canonical()
}

/// The headers as dialects read them: from a proxy of ours, `host` is the last name in `X-Forwarded-Host`, that of the proxy nearest
/// to us. What that is worth is judged as of any `Host`.
pub(super) fn headers<'a>(request: &'a IncomingRequest, proxies: &[SourceNetwork]) -> Vec<(&'a str, &'a [u8])> {
    let mut headers = request.header_list();
    let peer = request.peer().ip();
    if proxies.iter().any(|network| network.holds(peer)) {
        name_forwarded(&mut headers);
    }
    headers
}

/// The name that a browser called, with its port; empty if it named none.
pub(crate) fn called(request: &IncomingRequest, proxies: &[SourceNetwork]) -> String {
    let headers = headers(request, proxies);
    let host = headers.iter().find(|(name, _)| *name == "host").map(|(_, value)| *value);
    String::from_utf8_lossy(host.unwrap_or_default()).into_owned()
}

fn name_forwarded(headers: &mut Vec<(&str, &[u8])>) {
    let last = headers.iter().rfind(|(name, _)| *name == "x-forwarded-host").and_then(|(_, value)| {
        let last = value.rsplit(|octet| *octet == b',').next()?.trim_ascii();
        (!last.is_empty()).then_some(last)
    });
    if let Some(called) = last {
        headers.retain(|(name, _)| *name != "host");
        headers.insert(0, ("host", called));
    }
}

/// Several headers are one list, in their order (RFC 9110 §5.3).
fn behind<'a>(peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a [u8]>, proxies: &[SourceNetwork]) -> IpAddr {
    let is_ours = |address: IpAddr| proxies.iter().any(|network| network.holds(address));
    let mut nearest = peer;
    let entries = forwarded.rev().flat_map(|value| value.rsplit(|octet| *octet == b','));
    for entry in entries {
        if !is_ours(nearest) {
            return nearest;
        }
        // What is no address was not written by a proxy that works: its own address is the last that is sure.
        let Some(address) = std::str::from_utf8(entry).ok().and_then(read) else { return nearest };
        nearest = address;
    }
    nearest
}

/// An address, with or without a port; some proxies write the one, some the other.
fn read(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let proxies = ["10.0.0.0/8", "2001:db8:aa::/48"].map(|text| text.parse().expect("a network"));
        let values = forwarded.iter().map(|value| value.as_bytes());
        let found = behind(peer.parse().expect("an address"), values, &proxies);
        assert_eq!(found, expected.parse::<IpAddr>().expect("an address"), "{peer} {forwarded:?}");
    }

    #[test]
    fn a_proxy_of_ours_says_by_which_name_it_was_called() {
        let called = |peer: &str, forwarded: &[&str]| {
            let mut request = http::Request::get("/api/balance").header("host", "upstream:7670");
            for value in forwarded {
                request = request.header("x-forwarded-host", *value);
            }
            let (head, ()) = request.body(()).expect("a request").into_parts();
            let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
            let request = IncomingRequest::new(head, bytes::Bytes::new(), peer, crate::server::Scheme::Http);
            let headers = headers(&request, &["10.0.0.0/8".parse().expect("a network")]);
            let hosts = headers.iter().filter(|(name, _)| *name == "host").map(|(_, value)| value.to_vec());
            hosts.map(|host| String::from_utf8(host).expect("UTF-8")).collect::<Vec<_>>()
        };
        assert_eq!(called("10.0.0.1", &["sms.example.com"]), ["sms.example.com"]);
        assert_eq!(called("10.0.0.1", &["evil.example, sms.example.com:8443"]), ["sms.example.com:8443"]);
        assert_eq!(called("10.0.0.1", &["evil.example", "sms.example.com"]), ["sms.example.com"]);
        for (peer, forwarded) in [("192.0.2.1", &["sms.example.com"][..]), ("10.0.0.1", &[]), ("10.0.0.1", &["x,"])] {
            assert_eq!(called(peer, forwarded), ["upstream:7670"]);
        }
    }

    #[test]
    fn only_the_words_of_our_proxies_count() {
        check("192.0.2.1", &[], "192.0.2.1");
        check("192.0.2.1", &["10.9.9.9"], "192.0.2.1");
        check("192.0.2.1", &["203.0.113.5, 10.0.0.1"], "192.0.2.1");
        check("10.0.0.1", &["203.0.113.5"], "203.0.113.5");
        check("10.0.0.1", &[], "10.0.0.1");
        // What the client wrote itself stands first.
        check("10.0.0.1", &["127.0.0.1, 198.51.100.9"], "198.51.100.9");
        check("10.0.0.1", &["127.0.0.1", "198.51.100.9"], "198.51.100.9");
        check("10.0.0.1", &["203.0.113.5, 10.0.0.2 ,10.0.0.3"], "203.0.113.5");
        check("10.0.0.1", &["10.0.0.2"], "10.0.0.2");
        check("2001:db8:aa::1", &["[2001:db8:bb::7]:443"], "2001:db8:bb::7");
        check("10.0.0.1", &["[2001:db8:bb::7]"], "2001:db8:bb::7");
        check("10.0.0.1", &["203.0.113.5:61000"], "203.0.113.5");
    }

    #[test]
    fn what_is_no_address_ends_the_search_at_what_is_sure() {
        for wrong in
            ["", "unknown", "203.0.113.5, x", "203.0.113.5,", "1.2.3", "203.0.113.5 10.0.0.1", "_hidden", "::g"]
        {
            check("10.0.0.1", &[wrong], "10.0.0.1");
        }
        check("10.0.0.1", &["198.51.100.9, nonsense, 10.0.0.2"], "10.0.0.2");
    }
}
