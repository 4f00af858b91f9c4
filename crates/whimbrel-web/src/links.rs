//! Where links of a page lead to: relative to the page itself.
//!
//! Whoever stands before the gateway may give it any prefix, and may take that off again before we see a request; a relative
//! link is right below every one of them, and nothing needs to be configured or believed. So no page writes an absolute path.

/// What all our own paths begin with.
pub const OWN: &str = "/_whimbrel/";

/// Makes links from one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The way from the page up to [`OWN`].
    up: String,
    /// The page itself, below [`OWN`]; empty if it does not stand there.
    own: String,
}

impl Links {
    /// Links from the page at `path`, as the request has it: percent-encoded, without a query.
    #[must_use]
    pub fn from_path(path: &str) -> Self {
        match path.strip_prefix(OWN) {
            Some(below) => Self { up: "../".repeat(below.matches('/').count()), own: below.to_owned() },
            None => {
                let depth = path.matches('/').count().saturating_sub(1);
                Self { up: format!("{}_whimbrel/", "../".repeat(depth)), own: String::new() }
            }
        }
    }

    /// A page: `page("m/123")`; `page("")` is the inbox.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        let Self { up, .. } = self;
        match path {
            "" => format!("{up}ui"),
            query if query.starts_with('?') => format!("{up}ui{query}"),
            path => format!("{up}ui/{path}"),
        }
    }

    /// The native API: `api("messages")`.
    #[must_use]
    pub fn api(&self, path: &str) -> String {
        format!("{}v1/{path}", self.up)
    }

    /// What stands at the root, beside our own paths: `root("readyz")`.
    #[must_use]
    pub fn root(&self, path: &str) -> String {
        format!("{}../{path}", self.up)
    }

    /// A style, script or picture, by the name it has in [`assets`](crate::assets).
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        match crate::assets::by_name(name) {
            Some(asset) => format!("{}ui/assets/{}", self.up, asset.path()),
            // A template that asks for what there is not is found by the test of all templates.
            None => format!("{}ui/assets/{name}", self.up),
        }
    }

    /// The page itself, for forms that lead back to it; below the prefix of our own paths.
    #[must_use]
    pub fn own(&self) -> &str {
        &self.own
    }
}

/// Encodes a piece of a path or a value of a query: everything but letters, digits and `-._~` (RFC 3986 §2.3).
#[must_use]
pub fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, octet| {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(octet)),
            // Writing to a text cannot fail.
            _ => _ = write!(encoded, "%{octet:02X}"),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a browser resolves a link of a page (RFC 3986 §5.2).
    fn resolved(page: &str, link: &str) -> String {
        let mut segments: Vec<&str> = page.split('/').collect();
        segments.pop();
        for segment in link.split('/') {
            match segment {
                ".." => _ = segments.pop(),
                segment => segments.push(segment),
            }
        }
        segments.join("/")
    }

    #[test]
    fn links_are_right_below_every_prefix() {
        for prefix in ["", "/sms", "/a/b"] {
            for page in ["/_whimbrel/ui", "/_whimbrel/ui/", "/_whimbrel/ui/phones", "/_whimbrel/ui/m/1", "/", "/x/y"] {
                let links = Links::from_path(page);
                let seen = format!("{prefix}{page}");
                for (link, there) in [
                    (links.page("phones/4477"), "/_whimbrel/ui/phones/4477"),
                    (links.page(""), "/_whimbrel/ui"),
                    (links.api("events"), "/_whimbrel/v1/events"),
                    (links.root("readyz"), "/readyz"),
                ] {
                    assert_eq!(resolved(&seen, &link), format!("{prefix}{there}"), "from {seen}");
                }
            }
        }
    }

    #[test]
    fn values_are_encoded() {
        assert_eq!(encoded("to:+44*  a/b&c=ü"), "to%3A%2B44%2A%20%20a%2Fb%26c%3D%C3%BC");
    }
}
