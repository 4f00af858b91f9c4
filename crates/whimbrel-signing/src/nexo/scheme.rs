//! The scheme over whole messages.

use super::{Hints, Key, SIGNATURE, canonical, explain, sign};
use crate::Explanation;
use crate::message::Message;
use crate::registry::{About, Addition, Address, Given, Scheme, Signed, Trouble};

/// Signed bodies.
pub(crate) struct Bodies;

static ABOUT: About = About {
    name: "nexo",
    aliases: &["nexoroute"],
    title: "Nexo Route: `X-NEXO-Signature` over the body",
    secret: "the webhook secret as it was shown once",
    second: Some("the account's API key, which is often taken for it"),
    settings: &[],
    address: Address::NotSigned,
};

impl Scheme for Bodies {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble> {
        let signature = sign(message.body, &Key::of_secret(given.secret));
        let additions = vec![Addition::header(SIGNATURE, signature.into_string())];
        Ok(Signed { canonical: canonical(message.body), additions })
    }

    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble> {
        let hints = Hints { secret: Some(given.secret), api_key: given.second };
        Ok(explain(message.header(SIGNATURE), message.body, &Key::of_secret(given.secret), hints))
    }
}
