//! Receipts and texts that came in, as the service pushes them to a customer's URL.
//!
//! Follows captured pushes and the vendor's guides to delivery receipts and inbound texts, read 2026-11: parameters in the order
//! of live pushes, nothing that is not listed (.NET rebuilds signatures from the fields it knows), nothing blank but a text (Java
//! drops blanks when it verifies).

mod inbound;
mod signature;

use std::borrow::Cow;

use whimbrel_core::retry::Backoff;
use whimbrel_core::time::Civil;
use whimbrel_core::{EndpointKind, HttpMethodChoice, Notice, ReceiptTold, Span, Timestamp, Told};

use super::super::{escape, id_digits};
use super::codes;
use crate::http::{Headers, WebhookRequest};
use crate::{CannotSign, Moment, Retried, WebhookRules, WebhookTarget};

const USER_AGENT: &str = "Nexmo/MessagingHUB/v1.0";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// How long an endpoint is tried. The reference gives a day to texts that came in, and three to receipts.
pub(in super::super) const fn rules(kind: EndpointKind) -> WebhookRules {
    let give_up_after = match kind {
        EndpointKind::Receipt => Span::hours(72),
        EndpointKind::Inbound => Span::hours(24),
    };
    WebhookRules {
        backoff: Backoff::Doubling { first: Span::seconds(5), longest: Span::seconds(900), give_up_after },
        success: 200..=205,
        retried: Retried::All,
        answer_within: Span::seconds(15),
    }
}

/// The GET by which a new URL is tested, by the same name as the pushes after it.
pub(in super::super) fn url_test(url: &str) -> WebhookRequest {
    let headers: Headers = vec![("User-Agent", Cow::Borrowed(USER_AGENT))];
    WebhookRequest { method: "GET", url: url.to_owned(), headers, custom: Vec::new(), body: Vec::new() }
}

/// One try of what `notice` tells.
pub(in super::super) fn webhook(
    notice: &Notice,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<WebhookRequest, CannotSign> {
    let mut params = match &notice.told {
        Told::Receipt(told) => receipt(notice, told, target, moment.now),
        Told::Inbound(told) => inbound::inbound(told, target, moment.now),
    };
    let beside = match target.account.webhook_method {
        HttpMethodChoice::Get => without_fragment(target.url).split_once('?').map_or("", |(_, query)| query),
        HttpMethodChoice::PostForm | HttpMethodChoice::PostJson => "",
    };
    signature::sign(&mut params, beside, target, moment)?;
    Ok(match target.account.webhook_method {
        HttpMethodChoice::Get => get(target.url, &params),
        HttpMethodChoice::PostForm => post(target.url, FORM, params.form().into_bytes()),
        HttpMethodChoice::PostJson => post(target.url, JSON, params.json()),
    })
}

/// The same with parameters that somebody changed.
pub(in super::super) fn sign_again(
    edited: WebhookRequest,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<WebhookRequest, CannotSign> {
    signature::sign_again(edited, target, moment)
}

fn receipt<'a>(notice: &Notice, told: &'a ReceiptTold, target: WebhookTarget<'a>, now: Timestamp) -> Params<'a> {
    let mut params = Params::new();
    params.push("msisdn", told.recipient.digits());
    params.push("to", told.sender.as_str());
    params.push("network-code", &*told.network);
    params.push_id(told.part_id.0);
    params.push("price", told.price.eight_decimals());
    params.push("status", codes::receipt_status(told.report.status));
    params.push("scts", scts(notice.happened_at));
    params.push("err-code", codes::err_code(told.report));
    params.push("api-key", &*target.account.key);
    params.push("client-ref", told.client_ref.as_deref().unwrap_or_default());
    params.push("message-timestamp", message_timestamp(now));
    params
}

fn get(url: &str, params: &Params<'_>) -> WebhookRequest {
    WebhookRequest {
        method: "GET",
        url: with_query(url, &params.form()),
        headers: headers(None),
        custom: Vec::new(),
        body: Vec::new(),
    }
}

fn post(url: &str, content_type: &'static str, body: Vec<u8>) -> WebhookRequest {
    WebhookRequest {
        method: "POST",
        url: without_fragment(url).to_owned(),
        headers: headers(Some(content_type)),
        custom: Vec::new(),
        body,
    }
}

fn headers(content_type: Option<&'static str>) -> Headers {
    let mut headers = vec![("User-Agent", Cow::Borrowed(USER_AGENT))];
    headers.extend(content_type.map(|value| ("Content-Type", Cow::Borrowed(value))));
    headers
}

/// The URL with more parameters, after those it has. A URL without a path gets the one that HTTP sends for it.
fn with_query(url: &str, query: &str) -> String {
    let url = without_fragment(url);
    let (address, present) = url.split_once('?').unwrap_or((url, ""));
    let after_scheme = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = if after_scheme.contains('/') { "" } else { "/" };
    let between = if present.is_empty() || present.ends_with('&') { "" } else { "&" };
    format!("{address}{path}?{present}{between}{query}")
}

/// A fragment is never sent, and parameters after it would not be either.
fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}

/// Names and values in their order; without those that are empty.
struct Params<'a>(Vec<(&'static str, Cow<'a, str>)>);

impl<'a> Params<'a> {
    fn new() -> Self {
        Self(Vec::with_capacity(16))
    }

    fn push(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((name, value));
        }
    }

    /// Pushes a value that means something also where it is empty.
    fn push_even_blank(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) {
        self.0.push((name, value.into()));
    }

    /// Pushes the id of a part or a text; its name is spelled otherwise than in answers.
    fn push_id(&mut self, id: i64) {
        self.push("messageId", String::from_utf8_lossy(&id_digits(id)).into_owned());
    }

    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(320));
        form.extend_pairs(&self.0);
        form.finish()
    }

    /// One object on one line; every value is a string.
    fn json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(384);
        for (name, value) in &self.0 {
            out.extend_from_slice(if out.is_empty() { b"{\"" } else { b",\"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":\"");
            escape::json(&mut out, value);
            out.push(b'"');
        }
        out.push(b'}');
        out
    }
}

/// When it happened, to the minute, UTC: `YYMMDDHHMM`.
fn scts(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, .. } = at.civil();
    format!("{:02}{month:02}{day:02}{hour:02}{minute:02}", year.rem_euclid(100))
}

/// When this try starts, UTC: `YYYY-MM-DD HH:MM:SS`.
fn message_timestamp(now: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = now.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_follow_those_of_the_url() {
        let cases = [
            ("https://example.com/dlr", "https://example.com/dlr?a=1"),
            ("https://example.com", "https://example.com/?a=1"),
            ("https://example.com?b=/", "https://example.com/?b=/&a=1"),
            ("https://example.com/dlr?", "https://example.com/dlr?a=1"),
            ("https://example.com/dlr?token=x", "https://example.com/dlr?token=x&a=1"),
            ("https://example.com/dlr?token=x&", "https://example.com/dlr?token=x&a=1"),
            ("https://example.com/dlr?token=x#top", "https://example.com/dlr?token=x&a=1"),
            ("https://example.com/#a?b", "https://example.com/?a=1"),
        ];
        for (url, whole) in cases {
            assert_eq!(with_query(url, "a=1"), whole);
        }
    }
}
