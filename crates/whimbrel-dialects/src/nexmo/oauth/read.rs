//! Reads a request: which step on the way to a token it is.

use std::borrow::Cow;

use whimbrel_core::policy::Signable;
use whimbrel_core::{AuthMethod, Call, GrantCallback, OauthCall, Refusal, Secret, Timestamp};

use super::super::answer::Form;
use super::super::{Api, reply, url};
use super::{delegated, for_a_person, page};
use crate::claim::Delegation;
use crate::http::HttpRequest;
use crate::{Claim, Match, Parsed, Reply};

/// Of a token that somebody names.
const TOKEN_CHARS_MAX: usize = 200;

/// Reads a request of the way to a token.
pub(in super::super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let path = request.path.strip_suffix('/').unwrap_or(request.path);
    let reply = || reply(request, Api::Oauth, Form::Json, trace_id, now);
    match (request.method, path) {
        ("GET" | "POST", "/oauth/request_token") => token(request, Delegation::Request, reply()),
        ("GET" | "POST", "/oauth/access_token") => token(request, Delegation::Exchange, reply()),
        ("GET", "/oauth/authorize" | "/oauth/authenticate") => look(request, for_a_person(reply())),
        ("POST", "/oauth/authorize" | "/oauth/authenticate") => grant(request, for_a_person(reply())),
        (_, "/oauth/request_token" | "/oauth/access_token" | "/oauth/authorize" | "/oauth/authenticate") => {
            Match::Answered(page::wrong_method(&reply()))
        }
        _ => Match::NotMine,
    }
}

fn token(request: &HttpRequest<'_>, delegation: Delegation, reply: Reply) -> Match {
    let claim = delegated::claim(request, delegation).unwrap_or(Err(Refusal::Missing { field: "oauth_consumer_key" }));
    let call = delegated::said(request).ok_or(Refusal::Missing { field: "oauth_consumer_key" }).and_then(|said| {
        Ok(Call::Oauth(match delegation {
            Delegation::Exchange => OauthCall::Exchange {
                consumer: said.consumer,
                token: said.token.ok_or(Refusal::Missing { field: "oauth_token" })?,
                verifier: Secret::new(said.verifier.ok_or(Refusal::Missing { field: "oauth_verifier" })?),
            },
            Delegation::Request | Delegation::Call => {
                OauthCall::Request { consumer: said.consumer, callback: callback(said.callback.as_deref())? }
            }
        }))
    });
    Match::Parsed(Box::new(Parsed { claim, call, reply }))
}

/// Without one the person carries the verifier over, as libraries of version 1.0 expect.
fn callback(text: Option<&str>) -> Result<GrantCallback, Refusal> {
    match text {
        None | Some("" | "oob") => Ok(GrantCallback::OutOfBand),
        Some(text) => match url::stored(text) {
            Ok(url) => Ok(GrantCallback::Url(url)),
            Err(_) => Err(Refusal::Invalid { field: "oauth_callback" }),
        },
    }
}

fn look(request: &HttpRequest<'_>, reply: Reply) -> Match {
    let token = field(request.query().as_bytes(), "oauth_token");
    let call = token.map(|token| Call::Oauth(OauthCall::Look { token: token.as_ref().into() }));
    // Nobody has to prove anything for a look.
    let claim = Err(Refusal::Missing { field: "api_key" });
    Match::Parsed(Box::new(Parsed { claim, call: call.ok_or(Refusal::Missing { field: "oauth_token" }), reply }))
}

/// What the form of our page says. It counts only if it comes from our page: a browser says from where it posts, and has the
/// mark that came with the page.
fn grant(request: &HttpRequest<'_>, reply: Reply) -> Match {
    let form = |name| field(request.body, name);
    let is_marked = form("mark").is_some_and(|mark| page::has_mark(request, &mark));
    if !page::is_from_here(request) || !is_marked {
        return Match::Answered(page::foreign(&reply));
    }
    let claim = match (form("api_key"), form("api_secret")) {
        (Some(key), Some(secret)) => Ok(Claim::KeyAndSecret {
            key: key.as_ref().into(),
            secret: Secret::new(secret.into_owned()),
            method: AuthMethod::Parameters,
            signable: Signable::No,
        }),
        _ => Err(Refusal::Missing { field: "api_key" }),
    };
    let call = form("oauth_token").map(|token| Call::Oauth(OauthCall::Grant { token: token.as_ref().into() }));
    Match::Parsed(Box::new(Parsed { claim, call: call.ok_or(Refusal::Missing { field: "oauth_token" }), reply }))
}

/// The first value of that name, unless it is empty or longer than anything of ours.
fn field<'a>(pairs: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let (_, value) = form_urlencoded::parse(pairs).find(|(found, _)| found == name)?;
    (!value.is_empty() && value.len() <= TOKEN_CHARS_MAX).then_some(value)
}
