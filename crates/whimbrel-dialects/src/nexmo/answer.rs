//! The envelope of every answer: headers in the order and spelling of the captured ones, and the documents that refuse a path.
//!
//! Follows an answer captured on 2018-04-03 ("cURL, HTTPS and the Nexmo SMS API - Behind the Scenes", Vonage blog);
//! `X-Content-Type-Options` is what the service's present edge adds. Knows nothing of messages.

use std::borrow::Cow;

use serde::Serialize;
use whimbrel_core::Timestamp;
use whimbrel_core::time::Civil;

use crate::Reply;
use crate::http::{Headers, HostKind, HttpResponse};

/// The two forms of an answer; the path says which, and no header does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
}

impl Form {
    /// As the low octet of [`Reply::page`] carries it.
    pub(super) const fn number(self) -> u16 {
        match self {
            Self::Json => 0,
            Self::Xml => 1,
        }
    }

    /// Of a reply that this dialect made.
    pub(super) const fn of(reply: &Reply) -> Self {
        match reply.page & 0xff {
            1 => Self::Xml,
            _ => Self::Json,
        }
    }

    /// Without a charset, as captured of JSON. That of XML is documented only.
    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "text/xml",
        }
    }
}

/// An answer of the SMS API; the API says 200 also where it refuses.
pub(super) fn sms(reply: &Reply, body: Vec<u8>) -> HttpResponse {
    HttpResponse { status: 200, headers: headers(reply, Form::of(reply).content_type()), body }
}

/// An answer of the account, pricing, search and numbers APIs. Refusals are downloads, as captured of 400 and 420; successes are not.
pub(super) fn developer(reply: &Reply, status: u16, content_type: &'static str, body: Vec<u8>) -> HttpResponse {
    let is_download = (400..500).contains(&status);
    let mut headers = headers(reply, content_type);
    headers.retain(|(name, _)| *name != "Cache-Control" && (is_download || *name != "Content-Disposition"));
    HttpResponse { status, headers, body }
}

/// The same answer without the mark of a download.
pub(super) fn undownloaded(mut response: HttpResponse) -> HttpResponse {
    response.headers.retain(|(name, _)| *name != "Content-Disposition");
    response
}

/// The answer to a path that is the vendor's but has nothing to offer, as the service answers other verbs than GET and POST.
pub(super) fn not_found(reply: &Reply) -> HttpResponse {
    problem(reply, 404, "not-found", "Not Found", "There is nothing at this path for this method")
}

/// The answer to a method that a path of the account does not take.
pub(super) fn forbidden(reply: &Reply) -> HttpResponse {
    problem(reply, 403, "forbidden", "Forbidden", "This path does not take this method")
}

/// A problem document (RFC 7807). Its type is plain JSON: the vendor's Node and Ruby libraries decode no other. `title` and
/// `detail` hold nothing that JSON escapes.
fn problem(reply: &Reply, status: u16, anchor: &str, title: &str, detail: &str) -> HttpResponse {
    // The trace id is visible ASCII, so only these two characters could break the string.
    let instance = reply.trace_id.replace('\\', "\\\\").replace('"', "\\\"");
    let body = format!(
        "{{\"type\":\"https://developer.nexmo.com/api-errors#{anchor}\",\"title\":\"{title}\",\
         \"detail\":\"{detail}\",\"instance\":\"{instance}\"}}"
    );
    let mut headers = headers(reply, Form::Json.content_type());
    // Only what is a download of the API carries these two.
    headers.retain(|(name, _)| !matches!(*name, "Cache-Control" | "Content-Disposition"));
    HttpResponse { status, headers, body: body.into_bytes() }
}

/// An answer of one of the JSON APIs: compact, and never kept by anybody on the way, since keys may be in it.
pub(super) fn json(reply: &Reply, status: u16, document: &impl Serialize) -> HttpResponse {
    let mut headers = without_body(reply);
    headers.insert(2, ("Content-Type", Cow::Borrowed(Form::Json.content_type())));
    // Our own documents have nothing that JSON cannot hold: texts, numbers, and names that are texts.
    HttpResponse { status, headers, body: serde_json::to_vec(document).unwrap_or_default() }
}

/// An answer of one of the JSON APIs that has no body.
pub(super) fn empty(reply: &Reply, status: u16) -> HttpResponse {
    let mut headers = without_body(reply);
    headers.retain(|(name, _)| *name != "Transfer-Encoding");
    HttpResponse { status, headers, body: Vec::new() }
}

fn without_body(reply: &Reply) -> Headers {
    let mut headers = headers(reply, Form::Json.content_type());
    headers.retain(|(name, _)| !matches!(*name, "Content-Type" | "Content-Disposition"));
    for (name, value) in &mut headers {
        if *name == "Cache-Control" {
            *value = Cow::Borrowed("no-store");
        }
    }
    headers
}

fn headers(reply: &Reply, content_type: &'static str) -> Headers {
    let fixed = |value: &'static str| Cow::Borrowed(value);
    let mut headers = Headers::with_capacity(12);
    headers.extend([
        ("Server", fixed("nginx")),
        ("Date", Cow::Owned(http_date(reply.now))),
        ("Content-Type", fixed(content_type)),
        ("Transfer-Encoding", fixed("chunked")),
        ("Connection", fixed("keep-alive")),
        ("Cache-Control", fixed("max-age=1")),
        ("X-Frame-Options", fixed("deny")),
        ("X-XSS-Protection", fixed("1; mode=block;")),
    ]);
    if reply.host == HostKind::Named {
        headers.push(("Strict-Transport-Security", fixed("max-age=31536000; includeSubdomains")));
    }
    headers.extend([
        ("Content-Disposition", fixed("attachment; filename=\"api.txt\"")),
        ("X-Nexmo-Trace-Id", Cow::Owned(reply.trace_id.to_string())),
        ("X-Content-Type-Options", fixed("nosniff")),
    ]);
    headers
}

/// `Tue, 03 Apr 2018 23:12:07 GMT` (RFC 9110 §5.6.7).
fn http_date(now: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Civil { year, month, day, hour, minute, second, .. } = now.civil();
    // 1970-01-01 was a Thursday.
    let weekday = DAYS[now.unix_seconds().div_euclid(86_400).rem_euclid(7) as usize];
    let month = MONTHS[usize::from(month.clamp(1, 12)) - 1];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(http_date(Timestamp(1_522_797_127_412_251)), "Tue, 03 Apr 2018 23:12:07 GMT");
        // The example of RFC 9110 §5.6.7, and the epoch.
        assert_eq!(http_date(Timestamp(784_111_777_000_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(Timestamp(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(Timestamp(-1)), "Wed, 31 Dec 1969 23:59:59 GMT");
        assert_eq!(http_date(Timestamp(951_782_400_000_000)), "Tue, 29 Feb 2000 00:00:00 GMT");
    }
}
