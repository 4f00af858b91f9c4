//! Whom a request is for, where it says so twice.
//!
//! A proxy may choose by one place and the gateway sign and link by the other. So a request with two `Host` headers, or with one that is not
//! its `:authority`, is refused, as RFC 9112 §3.2 and RFC 9113 §8.3.1 have it. One without a host is served: programs that speak HTTP/1.0
//! have none. So is a whole URL as the target of a request over HTTP/1.1: `Host` counts then.

use http::request::Parts;
use http::uri::Authority;
use http::{Version, header};

/// Checks that a request names one host at most.
///
/// # Errors
/// What to send instead.
pub(super) fn check(head: &Parts) -> Result<(), &'static str> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err("a request has one Host header; send it once");
    }
    let Some(authority) = head.uri.authority().filter(|_| head.version == Version::HTTP_2) else { return Ok(()) };
    if authority.as_str().contains('@') {
        return Err("the :authority of a request is a host and a port; send no user with it");
    }
    match host {
        Some(host) if !is_same(host.as_bytes(), authority) => {
            Err("Host and :authority name two hosts; send :authority alone, or the same in both")
        }
        _ => Ok(()),
    }
}

/// Whether both name one host. Over HTTP/2, which is spoken over TLS alone here, 443 is the port that need not be named.
fn is_same(host: &[u8], authority: &Authority) -> bool {
    fn bare(name: &[u8]) -> &[u8] {
        name.strip_suffix(b":443").unwrap_or(name)
    }
    bare(host).eq_ignore_ascii_case(bare(authority.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hosts_are_refused_and_one_said_twice_is_not() {
        let check = |version, uri: &str, hosts: &[&str]| {
            let mut builder = http::Request::builder().version(version).uri(uri);
            for host in hosts {
                builder = builder.header("host", *host);
            }
            super::check(&builder.body(()).unwrap().into_parts().0).is_ok()
        };
        let full = "https://sms.example.com/x";
        for (version, uri, hosts, is_good) in [
            (Version::HTTP_11, "/x", &["a"][..], true),
            (Version::HTTP_11, "/x", &[], true),
            (Version::HTTP_11, "/x", &["a", "b"], false),
            (Version::HTTP_11, "/x", &["a", "a"], false),
            (Version::HTTP_2, full, &[], true),
            (Version::HTTP_2, full, &["SMS.example.com"], true),
            (Version::HTTP_2, full, &["sms.example.com:443"], true),
            (Version::HTTP_2, full, &["sms.example.com:80"], false),
            (Version::HTTP_2, full, &["elsewhere.example"], false),
            (Version::HTTP_2, full, &["sms.example.com", "sms.example.com"], false),
            (Version::HTTP_2, "https://user@sms.example.com/x", &[], false),
            (Version::HTTP_2, "/x", &["a"], true),
        ] {
            assert_eq!(check(version, uri, hosts), is_good, "{version:?} {uri} {hosts:?}");
        }
    }
}
