//! Who looks after the gateway, as those change who do so.

use serde_json::{Value, json};
use whimbrel_core::Secret;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::PeopleError;
use whimbrel_store::{Operator, OperatorRole, PeopleRefused};

use super::json::{Fields, bad};
use super::{Api, document, unavailable};
use crate::people::codes::{self, NewApp};
use crate::server::{IncomingRequest, problem};

/// `GET operators`.
pub(super) async fn list(api: &Api) -> HttpResponse {
    match api.engine.operators().await {
        Ok(operators) => document(200, &json!({ "operators": operators.iter().map(shown).collect::<Value>() })),
        Err(error) => unavailable(&error),
    }
}

/// `POST operators`: one more; a password that is made is shown this once.
pub(super) async fn add(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let read = Fields::read(request.body(), &["name", "role", "password"]).and_then(|mut fields| {
        let name = fields.text("name")?.ok_or_else(|| bad("`name` is missing: by which name do they sign in?"))?;
        let role = fields.word("role", OperatorRole::parse, "operator, viewer")?.unwrap_or(OperatorRole::Operator);
        Ok((name, role, fields.text("password")?.map(Secret::new)))
    });
    let (name, role, given) = match read {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let password = given.clone().unwrap_or_else(|| new_password(api));
    match api.engine.add_operator(&name, role, &password).await {
        Ok(operator) => document(201, &with_password(shown(&operator), given.is_none().then_some(&password))),
        Err(error) => refused(&error),
    }
}

/// `POST operators/{name}/password`: another one; whoever signed in with the one before is signed out.
pub(super) async fn set_password(api: &Api, name: &str, request: &IncomingRequest) -> HttpResponse {
    let body = if request.body().is_empty() { b"{}" } else { request.body() };
    let given = match Fields::read(body, &["password"]).and_then(|mut fields| fields.text("password")) {
        Ok(given) => given.map(Secret::new),
        Err(refused) => return refused,
    };
    let password = given.clone().unwrap_or_else(|| new_password(api));
    match api.engine.set_operator_password(name, &password).await {
        Ok(operator) => {
            api.sessions.end_of_operator(operator.id, None);
            document(200, &with_password(shown(&operator), given.is_none().then_some(&password)))
        }
        Err(error) => refused(&error),
    }
}

/// `DELETE operators/{name}`: whoever it is, is signed out.
pub(super) async fn remove(api: &Api, name: &str) -> HttpResponse {
    match api.engine.remove_operator(name).await {
        Ok(id) => {
            api.sessions.end_of_operator(id, None);
            document(200, &json!({ "name": name, "removed": true }))
        }
        Err(error) => refused(&error),
    }
}

/// `POST operators/{name}/totp`: codes of an app are asked for from now on, and whoever signed in without them is signed out. What they
/// are made from is shown this once.
pub(super) async fn ask_for_codes(api: &Api, name: &str) -> HttpResponse {
    let NewApp { secret, recovery_codes } = codes::new_app(|| api.engine.world().random());
    match api.engine.ask_for_codes(name, &secret, &recovery_codes).await {
        Ok(operator) => {
            api.sessions.end_of_operator(operator.id, None);
            let mut answer = shown(&operator);
            answer["secret"] = json!(secret.expose());
            answer["uri"] = json!(codes::app_uri(&secret, name));
            answer["recovery_codes"] = recovery_codes.iter().map(|code| json!(code.expose())).collect();
            answer["note"] = json!("the secret and the recovery codes are shown this once");
            document(200, &answer)
        }
        Err(error) => refused(&error),
    }
}

/// `DELETE operators/{name}/totp`; whoever signed in with a code is signed out.
pub(super) async fn ask_for_no_codes(api: &Api, name: &str) -> HttpResponse {
    match api.engine.ask_for_no_codes(name).await {
        Ok(operator) => {
            api.sessions.end_of_operator(operator.id, None);
            document(200, &shown(&operator))
        }
        Err(error) => refused(&error),
    }
}

fn new_password(api: &Api) -> Secret {
    codes::new_password(|| api.engine.world().random())
}

fn with_password(mut shown: Value, made: Option<&Secret>) -> Value {
    if let Some(password) = made {
        shown["password"] = json!(password.expose());
        shown["note"] = json!("the password is shown this once");
    }
    shown
}

fn shown(operator: &Operator) -> Value {
    json!({
        "name": operator.name,
        "role": operator.role.as_str(),
        "totp": if operator.totp.is_some() { "on" } else { "off" },
        "recovery_codes_left": operator.totp.as_ref().map(|totp| totp.recovery_codes),
        "created_at": operator.created_at.to_string(),
    })
}

pub(super) fn refused(error: &PeopleError) -> HttpResponse {
    let (status, title) = match error {
        PeopleError::Name | PeopleError::WeakPassword => (400, "Bad Request"),
        PeopleError::Refused(PeopleRefused::Unknown) => (404, "Not Found"),
        PeopleError::Refused(PeopleRefused::NameTaken | PeopleRefused::TooMany) => (409, "Conflict"),
        PeopleError::Refused(PeopleRefused::KeyGone) | PeopleError::Overloaded => (503, "Service Unavailable"),
        PeopleError::Read(_) | PeopleError::Commit(_) | PeopleError::Bug(_) => return unavailable(error),
    };
    problem(status, title, &error.to_string())
}
