//! The scheme over whole messages.

use super::{
    Headers, Hints, NONCE, Nonce, Received, Request, SIGNATURE, Stamp, TIMESTAMP, WINDOW_REQUESTS, WINDOW_WEBHOOKS,
    canonical, explain, sign,
};
use crate::Explanation;
use crate::message::Message;
use crate::registry::{About, Addition, Address, Given, Scheme, Setting, Signed, Trouble};

/// Signed requests and webhooks.
pub(crate) struct Stamped;

static ABOUT: About = About {
    name: "seven",
    aliases: &["sms77"],
    title: "seven: `X-Signature` over five lines",
    secret: "the account's signing key",
    second: Some("the account's API key, which is often taken for it"),
    settings: &[Setting {
        name: "kind",
        meaning: "to verify: whether 30 seconds are allowed, or 300",
        values: &["request", "webhook"],
        default: Some("request"),
    }],
    address: Address::Signed,
};

impl Scheme for Stamped {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble> {
        let request = Request { method: message.method, url: message.url, body: message.body };
        let stamp = Stamp { timestamp: given.now, nonce: Nonce::new(given.nonce)? };
        let additions = vec![
            Addition::header(SIGNATURE, sign(&request, stamp, given.secret).into_string()),
            Addition::header(TIMESTAMP, given.now.0.to_string()),
            Addition::header(NONCE, given.nonce),
        ];
        Ok(Signed { canonical: canonical(&request, stamp), additions })
    }

    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble> {
        let (base, path_and_query) = message.base_and_rest();
        let received = Received { method: message.method, bases: &[base], path_and_query, body: message.body };
        let value = |name| message.header(name);
        let headers = Headers { timestamp: value(TIMESTAMP), nonce: value(NONCE), signature: value(SIGNATURE) };
        let usual = if given.setting("kind") == Some("webhook") { WINDOW_WEBHOOKS } else { WINDOW_REQUESTS };
        let window = given.window.unwrap_or(usual);
        Ok(explain(&received, &headers, given.secret, window, given.now, Hints { api_key: given.second }))
    }
}
