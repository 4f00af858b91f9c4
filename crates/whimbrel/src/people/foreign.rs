//! Requests that a page of another site makes a browser send.
//!
//! Browsers say where a request comes from: `Sec-Fetch-Site` (Fetch Metadata, W3C), and `Origin` with all that may change something
//! (Fetch standard). Programs send neither. Both are looked at, so that an old browser that knows the second only is safe too.

use crate::server::IncomingRequest;

/// Whether a request comes from a page of ours, or from none: a person who typed an address, or a program. `host` is the name that
/// the browser called.
#[must_use]
pub fn is_own(request: &IncomingRequest, host: &str) -> bool {
    let site = request.header("sec-fetch-site").unwrap_or("none");
    matches!(site, "none" | "same-origin") && has_own_origin(request, host)
}

/// Whether the origin that is named, if one is, is ours.
fn has_own_origin(request: &IncomingRequest, host: &str) -> bool {
    let headers = request.header_list();
    let mut origins = headers.iter().filter(|(name, _)| *name == "origin").map(|(_, value)| *value);
    match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => std::str::from_utf8(origin)
            .ok()
            .and_then(|origin| origin.split_once("://"))
            .is_some_and(|(_, named)| named.eq_ignore_ascii_case(host)),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::server::Scheme;

    fn check(headers: &[(&str, &str)]) -> bool {
        let mut builder = http::Request::post("/_whimbrel/ui/login");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (head, ()) = builder.body(()).expect("a request").into_parts();
        let request =
            IncomingRequest::new(head, Bytes::new(), "127.0.0.1:9".parse().expect("an address"), Scheme::Http);
        is_own(&request, "sms.example.com:7670")
    }

    #[test]
    fn only_our_own_pages_and_programs_pass() {
        for (headers, passes) in [
            (&[][..], true),
            (&[("origin", "https://sms.example.com:7670")], true),
            (&[("origin", "http://SMS.example.com:7670"), ("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
            (&[("origin", "https://sms.example.com")], false),
            (&[("origin", "https://sms.example.com:7670.evil.example")], false),
            (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "https://sms.example.com:7670"), ("origin", "https://evil.example")], false),
            (&[("origin", "sms.example.com:7670")], false),
        ] {
            assert_eq!(check(headers), passes, "{headers:?}");
        }
    }
}
