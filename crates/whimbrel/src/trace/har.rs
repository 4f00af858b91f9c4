//! A trace as a HAR document (version 1.2, "HTTP Archive", W3C draft of 2012): what the network views of browsers open.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Message, Trace};

/// The document; what is masked in the trace is masked in it.
#[must_use]
pub fn document(trace: &Trace) -> Value {
    let scheme = if trace.tls.is_some() { "https" } else { "http" };
    let (method, target) = &trace.request_line;
    let authority = trace.request.headers.iter().find(|(name, _)| name == "host").map_or("", |(_, value)| value);
    let steps = trace.ends.steps().map(|(_, time)| millis(time));
    let connect = steps[1] + steps[2];
    let content_type = header(&trace.response, "content-type");
    let mut request = json!({
        "method": method,
        "url": format!("{scheme}://{authority}{target}"),
        "httpVersion": trace.version,
        "cookies": [],
        "headers": headers(&trace.request),
        "queryString": [],
        "headersSize": -1,
        "bodySize": trace.request.body_size,
    });
    if let Some(body) = &trace.request.body {
        request["postData"] = json!({ "mimeType": header(&trace.request, "content-type"), "text": body });
    }
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": "whimbrel", "version": env!("CARGO_PKG_VERSION") },
        "entries": [{
            "startedDateTime": trace.started_at.to_string(),
            "time": millis(trace.ends.total),
            "request": request,
            "response": {
                "status": trace.status,
                "statusText": "",
                "httpVersion": trace.version,
                "cookies": [],
                "headers": headers(&trace.response),
                "content": {
                    "size": trace.response.body_size,
                    "mimeType": content_type,
                    "text": trace.response.body.as_deref().unwrap_or_default(),
                },
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": trace.response.body_size,
            },
            "cache": {},
            "timings": {
                "blocked": -1, "dns": steps[0], "connect": connect, "ssl": if trace.tls.is_some() { steps[2] } else { -1.0 },
                "send": 0, "wait": steps[3], "receive": steps[4],
            },
            "serverIPAddress": trace.peer.ip().to_string(),
            "connection": trace.port.to_string(),
        }],
    } })
}

fn headers(message: &Message) -> Value {
    message.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn header<'a>(message: &'a Message, wanted: &str) -> &'a str {
    message.headers.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value)
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
