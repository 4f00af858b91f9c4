//! URLs that customers give us.

const URL_BYTES_MAX: usize = 2_000;

/// Whether it is an absolute http or https URL of a sane length. Whether it may be reached is judged when it is used.
pub(super) fn is_absolute(url: &str) -> bool {
    let rest = url.split_once("://").and_then(|(scheme, rest)| {
        let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        known.then_some(rest)
    });
    let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':', '@']));
    let is_url_character = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    has_host && url.len() <= URL_BYTES_MAX && url.bytes().all(is_url_character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_http_is_taken() {
        for good in ["http://a", "HTTPS://a.example:8443/x?y=z#f", "https://[::1]/"] {
            assert!(is_absolute(good), "{good}");
        }
        let long = format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX));
        for bad in [
            "",
            "a.example",
            "/x",
            "ftp://a",
            "http://",
            "http:///x",
            "http://?x",
            "http://a b",
            "http://ä",
            "http://a/{id}",
            &long,
        ] {
            assert!(!is_absolute(bad), "{bad}");
        }
    }
}
