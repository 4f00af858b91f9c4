//! Both kinds of tokens over whole messages.

use super::application::{self, Lifetime};
use super::explain;
use super::webhook::{self, ApiKey, Issuer, Payload, WINDOW_DEFAULT};
use super::{ApplicationId, KeyFault, PrivateKey, PublicKey};
use crate::message::Message;
use crate::registry::{About, Addition, Address, Given, Scheme, Setting, Signed, Trouble};
use crate::{Explanation, Fault};

/// Tokens of applications that call.
pub(crate) struct ApplicationTokens;
/// Tokens that go with webhooks.
pub(crate) struct WebhookTokens;

const AUTHORIZATION: &str = "Authorization";

const fn text(name: &'static str, meaning: &'static str) -> Setting {
    Setting { name, meaning, values: &[], default: None }
}

static APPLICATION: About = About {
    name: "jwt-application",
    aliases: &["jwt"],
    title: "Application tokens: `Authorization: Bearer`, RS256",
    secret: "to sign the application's private key, to verify its public key, in PEM",
    second: None,
    settings: &[
        text("application_id", "to sign: the application's UUID"),
        text("lifetime", "to sign: how many seconds the token lives, 30 to 86400; 900 if not given"),
        text("subject", "to sign: the name of a user"),
    ],
    address: Address::NotSigned,
};

static WEBHOOK: About = About {
    name: "jwt-webhook",
    aliases: &[],
    title: "Webhook tokens: `Authorization: Bearer`, HS256 with the hash of the body",
    secret: "the account's signature secret",
    second: Some("the account's api_secret, which is often taken for it"),
    settings: &[
        text("api_key", "to sign: the account's key"),
        text("issuer", "to sign: who sends; Whimbrel if not given"),
        text("application_id", "to sign: the application's UUID"),
    ],
    address: Address::NotSigned,
};

impl Scheme for ApplicationTokens {
    fn about(&self) -> &'static About {
        &APPLICATION
    }

    fn sign(&self, _: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble> {
        let pem = pem(given)?;
        let key = PrivateKey::from_pem(pem).map_err(no_key)?;
        let lifetime = match given.setting("lifetime") {
            None => Lifetime::default(),
            Some(text) => text.parse().ok().and_then(Lifetime::of_seconds).ok_or(Trouble::Value("lifetime"))?,
        };
        let token = application::NewToken {
            application_id: application_id(given.needed("application_id")?)?,
            issued_at: given.now,
            token_id: given.nonce,
            lifetime,
            not_before: None,
            subject: given.setting("subject"),
            acl: None,
        };
        let canonical = application::canonical(&token)?;
        Ok(Signed { canonical, additions: bearer(&application::sign(&token, &key)?) })
    }

    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble> {
        let key = PublicKey::from_pem(pem(given)?).map_err(no_key)?;
        let keys = explain::application::Keys { key: &key, others: &[], secrets: &[] };
        Ok(explain::application::explain(message.bearer()?, keys, given.now))
    }
}

impl Scheme for WebhookTokens {
    fn about(&self) -> &'static About {
        &WEBHOOK
    }

    fn sign(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble> {
        let token = webhook::NewToken {
            issued_at: given.now,
            token_id: given.nonce,
            issuer: Issuer(given.setting("issuer").unwrap_or("Whimbrel")),
            api_key: ApiKey(given.needed("api_key")?),
            application_id: given.setting("application_id").map(application_id).transpose()?,
        };
        with_payload(message, |payload| {
            let canonical = webhook::canonical(&token, payload)?;
            Ok(Signed { canonical, additions: bearer(&webhook::sign(&token, payload, given.secret)?) })
        })
    }

    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble> {
        let hints = explain::webhook::Hints { api_secret: given.second };
        let (token, window) = (message.bearer()?, given.window.unwrap_or(WINDOW_DEFAULT));
        with_payload(message, |payload| {
            Ok(explain::webhook::explain(token, payload, given.secret, window, given.now, hints))
        })
    }
}

/// A webhook by GET has its parameters for a body.
fn with_payload<T>(message: &Message<'_>, take: impl FnOnce(Payload<'_>) -> Result<T, Trouble>) -> Result<T, Trouble> {
    if message.method != "GET" || !message.body.is_empty() {
        return take(Payload::Body(message.body));
    }
    let parameters = message.parameters()?;
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    take(Payload::Query(&parameters))
}

fn bearer(token: &str) -> Vec<Addition> {
    vec![Addition::header(AUTHORIZATION, format!("Bearer {token}"))]
}

fn pem<'a>(given: &Given<'a>) -> Result<&'a str, Fault> {
    std::str::from_utf8(given.secret.expose()).map_err(|_| Fault::UnusableSecret)
}

fn no_key(fault: KeyFault) -> Trouble {
    Trouble::NoKey(fault.to_string())
}

fn application_id(text: &str) -> Result<ApplicationId, Trouble> {
    text.parse().map_err(|_| Trouble::Value("application_id"))
}
