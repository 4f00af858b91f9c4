//! Reads a request: whose secrets, and what is to become of them.
//!
//! The body may be JSON or a form: the vendor's Python library sends forms up to version 3.18.

use std::borrow::Cow;

use serde_json::Value;
use whimbrel_core::{Call, Faulty, FieldFault, Scope, Secret, SecretsCall, SecretsWish, Timestamp};

use super::super::answer::Form;
use super::super::claim::{self, Product};
use super::super::params::Params;
use super::super::problem::Problem;
use super::super::{Api, reply};
use super::NO_SECRET;
use crate::http::HttpRequest;
use crate::{Match, Parsed};

/// Of a key or an id that is repeated in an answer.
const NAME_CHARS_MAX: usize = 100;

/// Reads a request of the secrets API.
pub(in super::super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let Some((key, id)) = path(request.path) else { return Match::NotMine };
    let reply = reply(request, Api::Secrets, Form::Json, trace_id, now);
    let shown = |text: &str| text.chars().take(NAME_CHARS_MAX).collect::<String>().into();
    let wish = match (request.method, id) {
        ("GET", None) => Ok(SecretsWish::List),
        ("POST", None) => chosen(request.body).map(SecretsWish::Add),
        ("GET", Some(id)) => Ok(SecretsWish::Show { id: shown(id) }),
        ("DELETE", Some(id)) => Ok(SecretsWish::Revoke { id: shown(id) }),
        _ => return Match::Answered(Problem::wrong_verb(request.method).answer(&reply)),
    };
    if claim::is_malformed(request) {
        let detail = "Invalid credentials format. Expected: \"Authorization: (Base64(UTF-8(apiKey:secret)))\"";
        return Match::Answered(Problem::new(401, "#unauthorized", "Unauthorized", detail).answer(&reply));
    }
    let claim = claim::claim(Product::Secrets, request, &Params::empty());
    let call = match wish {
        Ok(wish) => Call::Secrets(SecretsCall { key: shown(key), wish }),
        Err(faulty) => Call::Faulty(faulty),
    };
    Match::Parsed(Box::new(Parsed { claim, call: Ok(call), reply }))
}

/// The account's key, and the secret's id if there is one. One trailing slash is tolerated.
fn path(path: &str) -> Option<(&str, Option<&str>)> {
    let rest = path.strip_prefix("/accounts/")?;
    let mut segments = rest.strip_suffix('/').unwrap_or(rest).split('/');
    let key = segments.next().filter(|key| !key.is_empty())?;
    match (segments.next(), segments.next(), segments.next()) {
        (Some("secrets"), None, None) => Some((key, None)),
        (Some("secrets"), Some(id), None) if !id.is_empty() => Some((key, Some(id))),
        _ => None,
    }
}

fn chosen(body: &[u8]) -> Result<Secret, Faulty> {
    let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let secret = if is_json {
        match serde_json::from_slice::<Value>(body) {
            Ok(body) => body["secret"].as_str().map(Secret::new),
            Err(_) => None,
        }
    } else {
        let mut pairs = form_urlencoded::parse(body);
        pairs.find(|(name, _)| name == "secret").map(|(_, secret)| Secret::new(secret.into_owned()))
    };
    secret.ok_or_else(|| Faulty {
        scope: Scope::Secrets,
        kind: NO_SECRET,
        detail: Box::default(),
        fields: vec![FieldFault { name: Cow::Borrowed("secret"), reason: Cow::Borrowed("Is required.") }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_an_account_and_perhaps_a_secret() {
        assert_eq!(path("/accounts/abcd1234/secrets"), Some(("abcd1234", None)));
        assert_eq!(path("/accounts/abcd1234/secrets/"), Some(("abcd1234", None)));
        assert_eq!(path("/accounts/abcd1234/secrets/x"), Some(("abcd1234", Some("x"))));
        for foreign in
            ["/accounts", "/accounts//secrets", "/accounts/a", "/accounts/a/secrets/x/y", "/account/a/secrets"]
        {
            assert_eq!(path(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_secret_is_read_from_json_and_from_a_form() {
        for body in [
            "{\"secret\":\"Abcdefg123\"}",
            " \n{\"a\":1,\"secret\":\"Abcdefg123\"}",
            "secret=Abcdefg123",
            "a=b&secret=Abcdefg123",
        ] {
            assert_eq!(chosen(body.as_bytes()).map(|secret| secret.expose().to_owned()), Ok("Abcdefg123".to_owned()));
        }
        for body in ["", "{}", "{", "{\"secret\":7}", "{\"secret\":null}", "[]", "Secret=x"] {
            assert!(chosen(body.as_bytes()).is_err(), "{body}");
        }
    }
}
