//! The scheme over whole messages.

use super::{ID, Received, SIGNATURE, TIMESTAMP, WINDOW, Webhook, canonical, explain, sign};
use crate::Explanation;
use crate::message::Message;
use crate::registry::{About, Addition, Address, Given, Scheme, Setting, Signed, Trouble};

/// Signed webhooks.
pub(crate) struct Webhooks;

static ABOUT: About = About {
    name: "standard-webhooks",
    aliases: &["webhook"],
    title: "Standard Webhooks: `webhook-signature` over id, time and body",
    secret: "the endpoint's secret, with or without `whsec_`",
    second: Some("to sign: an old secret, while it is changed"),
    settings: &[Setting {
        name: "id",
        meaning: "to sign: the webhook's id, the same at each try",
        values: &[],
        default: None,
    }],
    address: Address::NotSigned,
};

impl Scheme for Webhooks {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble> {
        let id = given.setting("id").unwrap_or(given.nonce);
        let webhook = Webhook { id, timestamp: given.now, body: message.body };
        let secrets: Vec<_> = [Some(given.secret), given.second].into_iter().flatten().collect();
        let signature = sign(&webhook, &secrets)?;
        let additions = vec![
            Addition::header(ID, id),
            Addition::header(TIMESTAMP, given.now.0.to_string()),
            Addition::header(SIGNATURE, signature.into_string()),
        ];
        Ok(Signed { canonical: canonical(&webhook), additions })
    }

    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble> {
        let value = |name| message.header(name).unwrap_or_default();
        let received =
            Received { id: value(ID), timestamp: value(TIMESTAMP), signature: value(SIGNATURE), body: message.body };
        Ok(explain(&received, given.secret, given.window.unwrap_or(WINDOW), given.now))
    }
}
