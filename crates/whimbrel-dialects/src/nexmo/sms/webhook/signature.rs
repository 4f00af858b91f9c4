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
use crate::edit::{is_json, with_query};
use crate::http::WebhookRequest;
use crate::members::{Members, text};
use crate::webhook::{CannotSign, Moment, WebhookTarget, random_uuid};

/// What signs a webhook.
const NAMES: [&str; 3] = ["timestamp", "nonce", "sig"];

/// Appends the three parameters if the account's webhooks are signed. `beside` is the query that parameters are added to; empty if
/// they go in the body.
pub(super) fn sign(
    params: &mut Params<'_>,
    beside: &str,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<(), CannotSign> {
    let beside: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(beside.as_bytes()).collect();
    let of_url = beside.iter().map(|(name, value)| (&**name, &**value));
    let all: Vec<_> = params.0.iter().map(|(name, value)| (*name, &**value)).chain(of_url).collect();
    let Some(made) = made(&all, target, moment)? else { return Ok(()) };
    for (name, value) in NAMES.into_iter().zip(made) {
        params.push(name, value);
    }
    Ok(())
}

/// Signs a webhook whose parameters somebody changed, wherever they stand; what signed it before is taken out.
pub(super) fn sign_again(
    mut edited: WebhookRequest,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<WebhookRequest, CannotSign> {
    let is_ours = |name: &str| NAMES.contains(&name);
    if target.account.signing.webhooks == WebhookSigning::Unsigned {
        return Ok(edited);
    }
    if edited.method != "GET" && is_json(&edited) {
        let json = std::str::from_utf8(&edited.body).map_err(|_| CannotSign::NoParameters)?;
        let mut members = Members::read(json).ok_or(CannotSign::NoParameters)?;
        members.0.retain(|(name, _)| !is_ours(name));
        let values: Option<Vec<String>> = members.0.iter().map(|(_, value)| scalar(value.get())).collect();
        let values = values.ok_or(CannotSign::NoParameters)?;
        let all: Vec<_> = members.0.iter().zip(&values).map(|((name, _), value)| (&**name, &**value)).collect();
        let made = made(&all, target, moment)?;
        members
            .0
            .extend(NAMES.into_iter().zip(made.into_iter().flatten()).map(|(name, value)| (name.into(), text(&value))));
        edited.body = members.written().into_bytes();
        return Ok(edited);
    }
    let form = match edited.method {
        "GET" => edited.url.split_once('?').map_or("", |(_, query)| query).as_bytes().to_vec(),
        _ => edited.body,
    };
    let pairs: Vec<_> = form_urlencoded::parse(&form).filter(|(name, _)| !is_ours(name)).collect();
    let all: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
    let made = made(&all, target, moment)?;
    let mut signed = form_urlencoded::Serializer::new(String::new());
    signed.extend_pairs(&pairs).extend_pairs(NAMES.into_iter().zip(made.into_iter().flatten()));
    let signed = signed.finish();
    match edited.method {
        "GET" => (edited.url, edited.body) = (with_query(&edited.url, &signed), Vec::new()),
        _ => edited.body = signed.into_bytes(),
    }
    Ok(edited)
}

/// A text or number as it is signed.
fn scalar(json: &str) -> Option<String> {
    match serde_json::from_str(json).ok()? {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(_) => Some(json.to_owned()),
        _ => None,
    }
}

/// The values of the three parameters; nothing if the account's webhooks are not signed.
fn made(all: &[(&str, &str)], target: WebhookTarget<'_>, moment: Moment) -> Result<Option<[String; 3]>, CannotSign> {
    match target.account.signing.webhooks {
        WebhookSigning::Unsigned => return Ok(None),
        WebhookSigning::Signed if target.signature_secret.expose().is_empty() => return Err(CannotSign::NoSecret),
        WebhookSigning::Signed => {}
    }
    let (at, nonce) = (moment.now.unix_seconds().to_string(), random_uuid(moment.chance));
    let [timestamp_name, nonce_name, _] = NAMES;
    let ours = [(timestamp_name, &*at), (nonce_name, &*nonce)];
    let all = Parameters::new(all.iter().copied().chain(ours)).map_err(|fault| match fault {
        Fault::Ambiguous(name) => CannotSign::NameInUrl(name.into()),
        _ => CannotSign::NoSecret,
    })?;
    let secret = Secret::new(target.signature_secret.expose());
    let signature = scheme::sign(&all, method(target.account.signing.method), secret).into_string();
    drop(all);
    Ok(Some([at, nonce, signature]))
}
