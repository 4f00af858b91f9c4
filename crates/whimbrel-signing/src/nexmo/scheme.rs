//! The scheme over whole messages.

use super::{Hints, Method, PYTHON_UNSET, Parameters, Policy, SIG, TIMESTAMP, Tolerance, canonical, explain, sign};
use crate::Explanation;
use crate::message::Message;
use crate::registry::{About, Addition, Address, Given, Scheme, Setting, Signed, Trouble};

/// Signed parameters.
pub(crate) struct Parametric;

static ABOUT: About = About {
    name: "nexmo",
    aliases: &["vonage"],
    title: "Nexmo: `sig` over the parameters",
    secret: "the account's signature secret",
    second: Some("the account's api_secret, which is often taken for it"),
    settings: &[
        Setting {
            name: "method",
            meaning: "the account's signature method",
            values: &["md5hash", "md5", "sha1", "sha256", "sha512"],
            default: Some("md5hash"),
        },
        Setting {
            name: "accept",
            meaning: "the canonical string only, or also those that some of the vendor's libraries sign",
            values: &["canonical", "libraries"],
            default: Some("canonical"),
        },
    ],
    address: Address::NotSigned,
};

impl Scheme for Parametric {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble> {
        let pairs = message.parameters()?;
        let timestamp = given.now.0.to_string();
        let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut additions = vec![];
        if pairs.iter().all(|(name, _)| *name != TIMESTAMP) {
            pairs.push((TIMESTAMP, &timestamp));
            additions.push(Addition::parameter(TIMESTAMP, &*timestamp));
        }
        let parameters = Parameters::new(pairs)?;
        let signature = sign(&parameters, method(given), given.secret);
        additions.push(Addition::parameter(SIG, signature.into_string()));
        Ok(Signed { canonical: canonical(&parameters), additions })
    }

    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble> {
        let pairs = message.parameters()?;
        let parameters = Parameters::new(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
        let mut policy = Policy::new(method(given));
        policy.window = given.window.unwrap_or(policy.window);
        if given.setting("accept") == Some("libraries") {
            policy.tolerance = Tolerance { blanks_left_out: true, unset_as_none: PYTHON_UNSET };
        }
        let hints = Hints { api_secret: given.second };
        Ok(explain(&parameters, given.secret, &policy, given.now, hints))
    }
}

/// The setting's, which was checked; the vendor's default if there is none.
fn method(given: &Given<'_>) -> Method {
    given.setting("method").and_then(Method::of_name).unwrap_or(Method::Md5Hash)
}
