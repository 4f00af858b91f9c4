//! Webhooks: what became of a text, and texts that came in, in the form that a hook asks for, signed with the account's key.
//!
//! Follows the vendor's page "Webhooks" and its plugins, read 2026-11: a form nests by brackets as PHP reads them, and a GET has the same
//! pairs in its query. Two forms of `webhook_timestamp` are documented: the one without an offset is sent with texts that came in, the
//! other one with the rest. The vendor signs some form of the URL that no source shows; the whole URL is signed here, as it is called.

use std::borrow::Cow;

use serde_json::{Value, json};
use whimbrel_core::retry::Backoff;
use whimbrel_core::zone::Zone;
use whimbrel_core::{InboundContent, InboundTold, Notice, ReceiptTold, Secret, Span, Timestamp, Told};
use whimbrel_signing::UnixSeconds;
use whimbrel_signing::seven::{self as scheme, Nonce, Request, Stamp};

use super::hooks::{self, Hook};
use super::signed::WEBHOOK_MARK;
use super::{codes, ids, zone};
use crate::http::{Headers, WebhookRequest};
use crate::{CannotSign, Moment, Retried, WebhookRules, WebhookTarget};

const USER_AGENT: &str = "Whimbrel";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const SIGNED_BY: [&str; 3] = ["X-Signature", "X-Timestamp", "X-Nonce"];

/// Pauses before the tries after the first: 14 tries in three and a half days. The vendor documents the first five.
pub(super) const PAUSES: [Span; 13] = [
    Span::seconds(60),
    Span::seconds(300),
    Span::seconds(1_800),
    Span::seconds(3_600),
    Span::hours(2),
    Span::hours(4),
    Span::hours(6),
    Span::hours(8),
    Span::hours(12),
    Span::hours(12),
    Span::hours(12),
    Span::hours(12),
    Span::hours(12),
];

/// How long an endpoint is tried, and what counts as taken: redirects do, and are not followed.
pub(super) const fn rules() -> WebhookRules {
    WebhookRules {
        backoff: Backoff::Steps(&PAUSES),
        success: 200..=399,
        retried: Retried::Only(&[429, 500, 502, 503, 504]),
        answer_within: Span::seconds(5),
    }
}

/// One try of what `notice` tells. A hook whose document cannot be read gets it as a new hook would: by POST, as a form.
pub(super) fn webhook(
    notice: &Notice,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<WebhookRequest, CannotSign> {
    let hook = target.hook.and_then(|hook| Hook::read(hook.document));
    let method = hook.as_ref().map_or("POST", |hook| &*hook.request_method);
    let payload = payload(notice, moment.now, zone::of(&target.account.home()));
    let url = &*as_called(target.url);
    let (method, url, content_type, body) = match method {
        "GET" => ("GET", with_query(url, &form(&payload)), None, Vec::new()),
        "JSON" => ("POST", url.to_owned(), Some(JSON), payload.to_string().into_bytes()),
        _ => ("POST", url.to_owned(), Some(FORM), form(&payload).into_bytes()),
    };
    let mut headers: Headers = vec![("User-Agent", Cow::Borrowed(USER_AGENT))];
    headers.extend(content_type.map(|content_type| ("Content-Type", Cow::Borrowed(content_type))));
    let request = Request { method, url: &url, body: &body };
    headers.extend(signature(&request, target.signature_secret, moment));
    let custom = hooks::custom_headers(target.hook.and_then(|hook| hook.secret));
    let custom = custom.map(|(name, value)| (name.into(), value.into())).collect();
    Ok(WebhookRequest { method, headers, custom, body, url })
}

/// The same with a body or query that somebody changed.
pub(super) fn sign_again(mut edited: WebhookRequest, target: WebhookTarget<'_>, moment: Moment) -> WebhookRequest {
    edited.headers.retain(|(name, _)| !SIGNED_BY.contains(name));
    let request = Request { method: edited.method, url: &edited.url, body: &edited.body };
    let signature = signature(&request, target.signature_secret, moment);
    edited.headers.extend(signature);
    edited
}

/// The headers that sign it; none if the account has no signing key.
fn signature(request: &Request<'_>, secret: &Secret, moment: Moment) -> Headers {
    let key = secret.expose().trim();
    // 32 letters and digits, as the vendor's have; 100 bits of them are chance.
    let nonce = format!("{WEBHOOK_MARK}{:025x}", moment.chance >> 28);
    let Ok(nonce_of_stamp) = Nonce::new(&nonce) else { return Vec::new() };
    if key.is_empty() {
        return Vec::new();
    }
    let timestamp = UnixSeconds(moment.now.unix_seconds());
    let stamp = Stamp { timestamp, nonce: nonce_of_stamp };
    let signature = scheme::sign(request, stamp, whimbrel_signing::Secret::new(key)).into_string();
    let [by, at, once] = SIGNED_BY;
    vec![(by, signature.into()), (at, timestamp.0.to_string().into()), (once, nonce.into())]
}

fn payload(notice: &Notice, now: Timestamp, zone: Zone) -> Value {
    match &notice.told {
        Told::Receipt(told) => receipt(told, notice.happened_at, now, zone),
        Told::Inbound(told) => inbound(told, notice.happened_at, now, zone),
    }
}

fn receipt(told: &ReceiptTold, happened_at: Timestamp, now: Timestamp, zone: Zone) -> Value {
    let mut data = json!({
        "msg_id": told.serial.map(ids::text),
        "status": codes::status(told.report),
        "timestamp": zone::micros(zone, happened_at),
    });
    if let Some(foreign_id) = &told.client_ref {
        data["foreign_id"] = json!(foreign_id);
    }
    json!({ "data": data, "webhook_event": "dlr", "webhook_timestamp": zone::with_offset(zone, now) })
}

fn inbound(told: &InboundTold, happened_at: Timestamp, now: Timestamp, zone: Zone) -> Value {
    let text = match &told.part.content {
        InboundContent::Text { text, .. } => text.expose().to_owned(),
        InboundContent::Binary(octets) => octets.expose().iter().map(|octet| format!("{octet:02X}")).collect(),
    };
    json!({
        "data": {
            "id": told.id.0.to_string(),
            "sender": told.part.sender.as_str(),
            "system": told.part.number,
            "text": text,
            "time": happened_at.unix_seconds().to_string(),
            "message_type": "SMS",
        },
        "webhook_event": "sms_mo",
        "webhook_timestamp": zone::seconds(zone, now),
    })
}

/// A tree as PHP reads it from a form: `data[id]=..`. Without a value, an empty one.
fn form(tree: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    for (name, value) in tree.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(members) => members.iter().for_each(|(member, value)| {
                form.append_pair(&format!("{name}[{member}]"), &text(value));
            }),
            None => _ = form.append_pair(name, &text(value)),
        }
    }
    form.finish()
}

/// A URL as its receiver sees it: a fragment is never sent, and where there is no path HTTP sends `/`.
fn as_called(url: &str) -> Cow<'_, str> {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    let host_at = url.find("://").map_or(0, |at| at + 3);
    let host_end = url[host_at..].find(['/', '?']).map_or(url.len(), |at| host_at + at);
    match url.as_bytes().get(host_end) {
        Some(b'/') => Cow::Borrowed(url),
        _ => Cow::Owned(format!("{}/{}", &url[..host_end], &url[host_end..])),
    }
}

/// The URL with more parameters after those it has.
fn with_query(url: &str, query: &str) -> String {
    match url.split_once('?') {
        Some((address, "")) => format!("{address}?{query}"),
        Some(_) => format!("{url}&{query}"),
        None => format!("{url}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_the_url_as_its_receiver_sees_it() {
        for (set, called) in [
            ("https://example.com/in?a=%20b#part", "https://example.com/in?a=%20b"),
            ("https://example.com", "https://example.com/"),
            ("https://example.com:8443?a=/b", "https://example.com:8443/?a=/b"),
            ("http://[::1]:9/", "http://[::1]:9/"),
        ] {
            assert_eq!(as_called(set), called);
        }
        assert_eq!(with_query("https://example.com/", "b=1"), "https://example.com/?b=1");
        assert_eq!(with_query("https://example.com/?", "b=1"), "https://example.com/?b=1");
        assert_eq!(with_query("https://example.com/?a=1", "b=1"), "https://example.com/?a=1&b=1");
    }
}
