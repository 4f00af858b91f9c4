//! Forms, queries and cookies as pages read them.

use crate::server::IncomingRequest;

/// The fields of a form that was sent, or of a query.
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// The fields of the body; none if it is no form.
    pub fn read(request: &IncomingRequest) -> Self {
        let kind = request.header("content-type").unwrap_or_default();
        let is_form = kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded");
        Self::of(if is_form { request.body() } else { b"" })
    }

    /// The fields of the query.
    pub fn of_query(request: &IncomingRequest) -> Self {
        Self::of(request.query().as_bytes())
    }

    fn of(encoded: &[u8]) -> Self {
        Self { fields: form_urlencoded::parse(encoded).into_owned().collect() }
    }

    /// The first value of that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The same without spaces around it; `None` if nothing is left.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.value(name).map(str::trim).filter(|value| !value.is_empty())
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(request: &'a IncomingRequest, name: &str) -> Option<&'a str> {
    let cookies = request.header("cookie")?;
    cookies
        .split(';')
        .find_map(|cookie| cookie.trim().split_once('=').filter(|(known, _)| *known == name))
        .map(|(_, value)| value)
}

/// Whether a form may lead back there: a page of ours, by its path below our own paths, and nothing that a browser could read
/// as another place.
pub(crate) fn is_page(back: &str) -> bool {
    let is_below = back.strip_prefix("ui").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/?=&%+".contains(&octet);
    is_below && back.bytes().all(is_plain) && !back.contains("..") && !back.contains("//")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::server::Scheme;

    fn request(headers: &[(&str, &str)], body: &'static str) -> IncomingRequest {
        let mut builder = http::Request::post("/_whimbrel/ui/theme?q=a%20b");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (head, ()) = builder.body(()).expect("a request").into_parts();
        IncomingRequest::new(
            head,
            Bytes::from_static(body.as_bytes()),
            "127.0.0.1:9".parse().expect("an address"),
            Scheme::Http,
        )
    }

    #[test]
    fn forms_and_cookies_are_read() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let request =
            request(&[form, ("cookie", "a=1; whimbrel-theme=dark; whimbrel-theme=light")], "text=%2b+1&text=2&empty= ");
        let fields = Form::read(&request);
        assert_eq!((fields.value("text"), fields.filled("empty"), fields.value("x")), (Some("+ 1"), None, None));
        assert_eq!(Form::of_query(&request).value("q"), Some("a b"));
        assert_eq!(cookie(&request, "whimbrel-theme"), Some("dark"));
        assert_eq!(cookie(&request, "theme"), None);
    }

    #[test]
    fn another_kind_of_body_is_no_form() {
        assert_eq!(Form::read(&request(&[("content-type", "text/plain")], "theme=dark")).value("theme"), None);
    }

    #[test]
    fn forms_lead_back_to_pages_only() {
        for page in ["ui", "ui/", "ui/m/0A1B", "ui?q=to%3A44+x&before=1"] {
            assert!(is_page(page), "{page}");
        }
        for elsewhere in [
            "",
            "/",
            "//evil.example",
            "uix",
            "ui/../../x",
            "ui//evil",
            "https://evil.example",
            "ui\\x",
            "ui\r\nx",
            "v1/x",
        ] {
            assert!(!is_page(elsewhere), "{elsewhere:?}");
        }
    }
}
