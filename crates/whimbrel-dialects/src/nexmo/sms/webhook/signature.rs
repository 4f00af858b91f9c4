//! `timestamp`, `nonce` and `sig` at the end of a webhook, for accounts whose webhooks are signed.
//!
//! Follows the vendor's page "Signing messages" (read 2026-11): a second, a random UUID, and a signature over every parameter that
//! is sent. Where parameters are in the query, those that the customer's URL has are sent with them, and a receiver cannot tell
//! them apart: they are signed too. (ours)

use std::borrow::Cow;

use whimbrel_core::WebhookSigning;
use whimbrel_signing::nexmo::{self as scheme, Parameters};
use whimbrel_signing::{Fault, Secret};

use super::super::super::signed::method;
use super::Params;
use crate::webhook::{CannotSign, Moment, WebhookTarget, random_uuid};

/// Appends the three parameters if the account's webhooks are signed. `beside` is the query that parameters are added to; empty if
/// they go in the body.
pub(super) fn sign(
    params: &mut Params<'_>,
    beside: &str,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<(), CannotSign> {
    match target.account.signing.webhooks {
        WebhookSigning::Unsigned => return Ok(()),
        WebhookSigning::Signed if target.signature_secret.expose().is_empty() => return Err(CannotSign::NoSecret),
        WebhookSigning::Signed => {}
    }
    params.push("timestamp", moment.now.unix_seconds().to_string());
    params.push("nonce", random_uuid(moment.chance));
    let beside: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(beside.as_bytes()).collect();
    let of_url = beside.iter().map(|(name, value)| (&**name, &**value));
    let all = params.0.iter().map(|(name, value)| (*name, &**value)).chain(of_url);
    let all = Parameters::new(all).map_err(|fault| match fault {
        Fault::Ambiguous(name) => CannotSign::NameInUrl(name.into()),
        _ => CannotSign::NoSecret,
    })?;
    let secret = Secret::new(target.signature_secret.expose());
    let signature = scheme::sign(&all, method(target.account.signing.method), secret);
    drop(all);
    params.push("sig", signature.into_string());
    Ok(())
}
