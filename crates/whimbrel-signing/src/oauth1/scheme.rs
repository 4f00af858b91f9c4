//! The scheme over whole messages.

use super::{Hints, Keys, Method, Parameters, Policy, Protocol, Request, authorization, canonical, explain};
use crate::Explanation;
use crate::message::Message;
use crate::registry::{About, Addition, Address, Given, Scheme, Setting, Signed, Trouble};

/// Signed requests.
pub(crate) struct Requests;

const AUTHORIZATION: &str = "Authorization";

const fn text(name: &'static str, meaning: &'static str) -> Setting {
    Setting { name, meaning, values: &[], default: None }
}

static ABOUT: About = About {
    name: "oauth1",
    aliases: &["oauth"],
    title: "OAuth 1.0a (RFC 5849)",
    secret: "the consumer's secret",
    second: Some("the token's secret"),
    settings: &[
        text("consumer_key", "to sign: who calls"),
        text("token", "to sign: on whose behalf"),
        text("callback", "to sign: where the browser goes after consent"),
        text("verifier", "to sign: what consent gave"),
        Setting {
            name: "method",
            meaning: "to sign: how",
            values: &["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"],
            default: Some("HMAC-SHA1"),
        },
        Setting {
            name: "plaintext",
            meaning: "to verify: whether a signature that is the key itself is accepted",
            values: &["refused", "accepted"],
            default: Some("refused"),
        },
    ],
    address: Address::Signed,
};

impl Scheme for Requests {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble> {
        let protocol = Protocol {
            consumer_key: given.needed("consumer_key")?,
            token: given.setting("token"),
            timestamp: given.now,
            nonce: given.nonce,
            method: given.setting("method").and_then(Method::of_name).unwrap_or(Method::HmacSha1),
            callback: given.setting("callback"),
            verifier: given.setting("verifier"),
        };
        let request = Request { authorization: None, ..request(message) };
        let header = authorization(&request, &protocol, keys(given))?;
        let parameters = Parameters::read(&Request { authorization: Some(&header), ..request })?;
        Ok(Signed { canonical: canonical(&parameters), additions: vec![Addition::header(AUTHORIZATION, header)] })
    }

    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble> {
        let parameters = Parameters::read(&request(message))?;
        let mut policy = Policy::default();
        policy.window = given.window.unwrap_or(policy.window);
        if given.setting("plaintext") == Some("accepted") {
            policy.methods = Method::ALL;
        }
        Ok(explain(&parameters, keys(given), &policy, given.now, Hints::default()))
    }
}

fn request<'a>(message: &Message<'a>) -> Request<'a> {
    let authorization = message.header(AUTHORIZATION);
    Request { method: message.method, url: message.url, authorization, form: message.form() }
}

fn keys<'a>(given: &Given<'a>) -> Keys<'a> {
    Keys { consumer: given.secret, token: given.second }
}
