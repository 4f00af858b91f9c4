//! The page on which an account grants what a consumer asks: made here whole, without a script, a style or anything from elsewhere.
//!
//! The form is taken only from this page. Three things say so: the browser's own `Sec-Fetch-Site` and `Origin`, and a mark that the
//! page carries twice, in the form and in a cookie that no other site's request brings along.

use std::borrow::Cow;
use std::fmt::Write as _;

use whimbrel_core::{GrantCallback, Secret};

use crate::Reply;
use crate::http::{HttpRequest, HttpResponse};

/// The cookie with the page's mark.
const COOKIE: &str = "oauth_mark";

/// What a page asks, and the mark by which its form is known.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) token: &'a str,
    pub(super) consumer: &'a str,
    pub(super) callback: &'a GrantCallback,
    pub(super) mark: &'a str,
}

/// What a person is asked.
pub(super) fn ask(reply: &Reply, ask: Ask<'_>) -> HttpResponse {
    let Ask { token, consumer, callback, mark } = ask;
    let (consumer, token) = (escaped(consumer), escaped(token));
    let body = format!(
        "<h1>{consumer} asks for access</h1>\n\
         <p>Until you have the access revoked it will be able to send texts at your cost and to see what is left on your \
         account.</p>\n\
         <form method=\"post\" action=\"/oauth/authorize\" autocomplete=\"off\">\n\
         <input type=\"hidden\" name=\"oauth_token\" value=\"{token}\">\n\
         <input type=\"hidden\" name=\"mark\" value=\"{mark}\">\n\
         <p><label>Key <input name=\"api_key\" required maxlength=\"100\" autocapitalize=\"none\" spellcheck=\"false\"></label></p>\n\
         <p><label>Secret <input name=\"api_secret\" type=\"password\" required maxlength=\"100\"></label></p>\n\
         <p><button>Grant access</button></p>\n\
         </form>\n\
         <p>To refuse, close this page.</p>"
    );
    let mut answer = page(reply, 200, "Access", &body, callback);
    let cookie = format!("{COOKIE}={mark}; Path=/oauth; Max-Age=600; HttpOnly; SameSite=Strict");
    answer.headers.push(("Set-Cookie", Cow::Owned(cookie)));
    answer
}

/// The verifier, for the person to carry over.
pub(super) fn verifier(reply: &Reply, verifier: &str) -> HttpResponse {
    let body = format!("<h1>Access is granted</h1>\n<p>Type this into the program that asked: <b>{verifier}</b></p>");
    page(reply, 200, "Access is granted", &body, &GrantCallback::OutOfBand)
}

/// A page that says why not.
pub(super) fn refused(reply: &Reply, status: u16, why: &str) -> HttpResponse {
    let body = format!("<h1>Access is not granted</h1>\n<p>{}</p>", escaped(why));
    page(reply, status, "Access is not granted", &body, &GrantCallback::OutOfBand)
}

/// The form came from elsewhere.
pub(super) fn foreign(reply: &Reply) -> HttpResponse {
    refused(
        reply,
        403,
        "The form did not come from this page, or the page is too old. Begin again where you were asked.",
    )
}

/// A method that none of the paths has.
pub(super) fn wrong_method(reply: &Reply) -> HttpResponse {
    refused(reply, 405, "This path has other methods.")
}

fn page(reply: &Reply, status: u16, title: &str, body: &str, callback: &GrantCallback) -> HttpResponse {
    // Browsers apply this to the redirect after the form as well, so the place it leads to is allowed, and no other.
    let mut form_action = "'self'".to_owned();
    if let GrantCallback::Url(url) = callback
        && let Some(origin) = origin_of(url)
    {
        let _ = write!(form_action, " {origin}");
    }
    let policy = format!("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action {form_action}");
    let document = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n{body}\n</html>\n"
    );
    HttpResponse {
        status,
        headers: vec![
            ("Content-Type", "text/html; charset=utf-8".into()),
            ("Cache-Control", "no-store".into()),
            ("Content-Security-Policy", policy.into()),
            ("X-Frame-Options", "DENY".into()),
            ("X-Content-Type-Options", "nosniff".into()),
            // With `no-referrer` browsers would post the form with `Origin: null`.
            ("Referrer-Policy", "same-origin".into()),
            ("X-Nexmo-Trace-Id", reply.trace_id.to_string().into()),
        ],
        body: document.into_bytes(),
    }
}

/// Scheme and authority of a URL that was checked; `None` if they hold what a policy cannot.
fn origin_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'_');
    authority.bytes().all(is_plain).then(|| &url[..scheme.len() + 3 + authority.len()])
}

/// Whether the request brings the cookie of the page whose form has that mark.
pub(super) fn has_mark(request: &HttpRequest<'_>, mark: &str) -> bool {
    let cookies = request.header("cookie").unwrap_or_default().split(';');
    let mut found = cookies.filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    mark.len() == 32 && found.any(|cookie| Secret::new(cookie) == Secret::new(mark))
}

/// Whether the browser says that the form stood on a page of this very host. One that says nothing is old, not foreign.
pub(super) fn is_from_here(request: &HttpRequest<'_>) -> bool {
    let site = request.header("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = request.header("host").unwrap_or_default();
    let origin = request
        .header("origin")
        .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host)));
    site && origin
}

/// A text as HTML, in content and in attributes.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Timestamp;

    use super::*;
    use crate::http::HostKind;

    fn reply() -> Reply {
        Reply {
            page: 0,
            trace_id: "t".into(),
            host: HostKind::Local,
            now: Timestamp(0),
            wording: Default::default(),
            home: Default::default(),
        }
    }

    const MARK: &str = "0123456789abcdef0123456789abcdef";

    fn asked(token: &str, consumer: &str, callback: &GrantCallback) -> HttpResponse {
        ask(&reply(), Ask { token, consumer, callback, mark: MARK })
    }

    fn header<'a>(answer: &'a HttpResponse, name: &str) -> &'a str {
        answer.headers.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn nothing_of_anybodys_becomes_markup() {
        let hostile = "\"><script>alert(1)</script>&'";
        let answer = asked(hostile, hostile, &GrantCallback::OutOfBand);
        let body = String::from_utf8(answer.body.clone()).expect("UTF-8");
        assert!(!body.contains("<script") && body.contains("&lt;script&gt;"), "{body}");
        let policy = header(&answer, "Content-Security-Policy");
        assert_eq!(policy, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'");
    }

    #[test]
    fn a_form_leads_to_the_callback_and_nowhere_else() {
        let policy = |url: &str| {
            let answer = asked("t", "c", &GrantCallback::Url(url.into()));
            header(&answer, "Content-Security-Policy").rsplit_once("form-action ").map(|(_, to)| to.to_owned())
        };
        assert_eq!(policy("https://a.example:8443/cb?x=y").as_deref(), Some("'self' https://a.example:8443"));
        assert_eq!(policy("https://a.example;script-src*/cb").as_deref(), Some("'self'"));
    }

    #[test]
    fn only_the_form_of_this_page_is_taken() {
        let cookie = format!("a=b; {COOKIE}={MARK}");
        let request = |headers: &[(&str, &str)]| {
            let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let request = HttpRequest { method: "POST", path: "/", query: None, headers: &headers, body: b"" };
            (has_mark(&request, MARK), is_from_here(&request))
        };
        let host = ("host", "h:1");
        assert_eq!(request(&[host, ("cookie", &cookie)]), (true, true));
        assert_eq!(
            request(&[host, ("cookie", &cookie), ("origin", "http://h:1"), ("sec-fetch-site", "same-origin")]),
            (true, true)
        );
        assert_eq!(request(&[host]), (false, true));
        assert_eq!(request(&[host, ("cookie", "oauth_mark=")]), (false, true));
        for foreign in ["https://evil.example", "null", "http://h:2"] {
            assert_eq!(request(&[host, ("cookie", &cookie), ("origin", foreign)]), (true, false), "{foreign}");
        }
        for site in ["cross-site", "same-site"] {
            assert_eq!(request(&[host, ("cookie", &cookie), ("sec-fetch-site", site)]), (true, false), "{site}");
        }
    }
}
