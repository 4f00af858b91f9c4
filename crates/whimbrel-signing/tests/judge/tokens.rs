//! JSON web tokens of both kinds.

use serde_json::Value;
use whimbrel_signing::jwt::Acl;
use whimbrel_signing::jwt::application::{self, Lifetime, NewToken};
use whimbrel_signing::jwt::webhook::{self, ApiKey, Issuer, Payload, WINDOW_DEFAULT};
use whimbrel_signing::{Secret, UnixSeconds};

use crate::keys::Keys;
use crate::{Answer, Job};

pub fn sign(job: &Job<'_>, keys: &mut Keys) -> Answer {
    let lifetime = u32::try_from(job.number("lifetime")).ok().and_then(Lifetime::of_seconds).expect("a lifetime");
    let token = NewToken {
        application_id: job.text("application_id").parse().expect("an id"),
        issued_at: UnixSeconds(job.number("iat")),
        token_id: job.text("jti"),
        lifetime,
        not_before: None,
        subject: job.optional("sub"),
        acl: job.optional("acl").map(|acl| Acl::from_json(acl).expect("an acl")),
    };
    application::sign(&token, keys.private(job.text("private"))).map(Value::from).map_err(|fault| fault.to_string())
}

pub fn verify(job: &Job<'_>, keys: &mut Keys) -> Answer {
    let now = UnixSeconds(job.number("now"));
    let claims = application::verify(job.text("token"), keys.public(job.text("public")), now);
    let claims = claims.map_err(|fault| fault.to_string())?;
    Ok(serde_json::json!({
        "application_id": claims.application_id.to_string(),
        "iat": claims.issued_at.0,
        "jti": claims.token_id,
        "sub": claims.subject,
        "has_acl": claims.acl.is_some(),
    }))
}

pub fn sign_hook(job: &Job<'_>) -> Answer {
    let token = webhook::NewToken {
        issued_at: UnixSeconds(job.number("iat")),
        token_id: job.text("jti"),
        issuer: Issuer("Vonage"),
        api_key: ApiKey(job.text("api_key")),
        application_id: None,
    };
    let signed = webhook::sign(&token, Payload::Body(job.text("body").as_bytes()), Secret::new(job.text("secret")));
    signed.map(Value::from).map_err(|fault| fault.to_string())
}

pub fn verify_hook(job: &Job<'_>) -> Answer {
    let (payload, secret) = (Payload::Body(job.text("body").as_bytes()), Secret::new(job.text("secret")));
    let now = UnixSeconds(job.number("now"));
    let claims = webhook::verify(job.text("token"), payload, secret, WINDOW_DEFAULT, now);
    claims.map(|claims| claims.token_id.into()).map_err(|fault| fault.to_string())
}
