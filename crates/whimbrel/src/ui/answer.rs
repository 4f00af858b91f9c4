//! Answers of pages, with the headers that keep strangers' content from doing anything in them.

use whimbrel_dialects::http::{Headers, HttpResponse};
use whimbrel_web::assets::{self, Freshness};
use whimbrel_web::frame::Frame;
use whimbrel_web::notice::NoticePage;
use whimbrel_web::{Links, Template};

use super::Visit;
use crate::server::{Answer, IncomingRequest, problem};

/// Nothing but what this server itself sends, and nowhere inside another page.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                              form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page.
pub(crate) fn page(status: u16, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse { status, headers: headers("text/html; charset=utf-8"), body: html.into_bytes() },
        Err(error) => {
            tracing::error!(%error, "a page could not be written, report this");
            problem(500, "Internal Server Error", "the page could not be written: see the log")
        }
    }
}

/// A page that says one thing.
pub(crate) fn say(status: u16, frame: Frame, paragraphs: &[&str]) -> Answer {
    let paragraphs = paragraphs.iter().map(|text| (*text).into()).collect();
    page(status, &NoticePage { frame, paragraphs }).into()
}

/// The page that the store cannot be read.
pub(super) fn unavailable(visit: &Visit<'_>, error: &dyn std::error::Error) -> Answer {
    tracing::error!(%error, "a page could not read the store");
    let frame = visit.frame("The store cannot be read");
    say(503, frame, &[&error.to_string(), "Nothing was changed. The log of the server has more."])
}

/// The way to a page after a form was read (303, RFC 9110 §15.4.4). `location` is relative to the request, as every link of pages.
pub(crate) fn moved(location: &str) -> HttpResponse {
    let mut headers = headers("text/plain; charset=utf-8");
    headers.push(("Location", location.to_owned().into()));
    HttpResponse { status: 303, headers, body: b"see the page that Location names\n".to_vec() }
}

/// [`moved`] to a page, by its path below `ui`.
pub(crate) fn go(links: &Links, path: &str) -> Answer {
    moved(&links.page(path)).into()
}

/// Headers of everything that a browser shows.
pub(super) fn headers(content_type: &'static str) -> Headers {
    vec![
        ("Content-Type", content_type.into()),
        ("Cache-Control", "no-store".into()),
        ("Content-Security-Policy", CONTENT_POLICY.into()),
        ("X-Content-Type-Options", "nosniff".into()),
        ("Referrer-Policy", "same-origin".into()),
        ("Cross-Origin-Opener-Policy", "same-origin".into()),
        ("Cross-Origin-Resource-Policy", "same-origin".into()),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()".into()),
        ("Vary", "Cookie".into()),
    ]
}

/// A style, script or picture. What its path names by its content may be kept for ever.
pub(super) fn asset(path: &str) -> Answer {
    let Some((asset, freshness)) = assets::at(path) else {
        return problem(404, "Not Found", "there is no such file").into();
    };
    let cache = match freshness {
        Freshness::Named => "public, max-age=31536000, immutable",
        Freshness::Other => "no-store",
    };
    let headers = vec![
        ("Content-Type", asset.content_type.into()),
        ("Cache-Control", cache.into()),
        ("Content-Security-Policy", "default-src 'none'; sandbox".into()),
        ("X-Content-Type-Options", "nosniff".into()),
        ("Cross-Origin-Resource-Policy", "same-origin".into()),
    ];
    HttpResponse { status: 200, headers, body: asset.content.as_bytes().to_vec() }.into()
}

/// Whether whoever asks is a browser that wants a page, and not a program.
pub(crate) fn wants_html(request: &IncomingRequest) -> bool {
    let accepted = request.header("accept").unwrap_or_default();
    accepted
        .split(',')
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html")))
}
