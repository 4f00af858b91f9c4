//! Makes a key pair, a token and a webhook's token, verifies both, and explains one by another application's key:
//! `cargo run -p whimbrel-signing --example jwt`.

use std::error::Error;
use std::io::Write;

use whimbrel_signing::jwt::application::{self, Keys, Lifetime, NewToken};
use whimbrel_signing::jwt::webhook::{self, ApiKey, Issuer, Payload, WINDOW_DEFAULT};
use whimbrel_signing::jwt::{Acl, Call, PrivateKey, PublicKey};
use whimbrel_signing::{Secret, UnixSeconds};

fn main() -> Result<(), Box<dyn Error>> {
    let now = UnixSeconds(1_795_328_700);
    let (private, other) = (PrivateKey::generate()?, PrivateKey::generate()?);
    // The text is what an application's owner keeps, and what the gateway keeps.
    let public = PublicKey::from_pem(&private.public_key()?.to_pem())?;
    let new = NewToken {
        application_id: "78d335fa-323d-0114-9c3d-d6f0d48968cf".parse()?,
        issued_at: now,
        token_id: "0f7d53a6-5c04-4a0e-8c5b-2e3f6b1d9a10",
        lifetime: Lifetime::default(),
        not_before: None,
        subject: None,
        acl: Some(Acl::from_json(r#"{"paths":{"/*/messages":{}}}"#)?),
    };
    let claims = application::verify(&application::sign(&new, &private)?, &public, now)?;
    let allowed = claims.acl.as_ref().is_none_or(|acl| acl.allows(Call { method: "POST", path: "/v1/messages" }));

    let wrong = application::sign(&new, &other)?;
    let keys = Keys { key: &public, others: &[&other.public_key()?], secrets: &[] };
    let explanation = application::explain(&wrong, keys, now);

    let (secret, body) = (Secret::new("my_secret_key_for_testing"), Payload::Body(br#"{"status":"delivered"}"#));
    let webhook = webhook::NewToken {
        issued_at: now,
        token_id: "ec11dd3e-1e7f-4db5-9467-82b02cd223b9",
        issuer: Issuer("Acme"),
        api_key: ApiKey("abcd1234"),
        application_id: Some(claims.application_id),
    };
    let token = webhook::sign(&webhook, body, secret)?;
    let verified = webhook::verify(&token, body, secret, WINDOW_DEFAULT, now)?;

    let mut out = std::io::stdout().lock();
    writeln!(out, "{} may post messages: {allowed}", claims.application_id)?;
    writeln!(out, "{:?}", explanation.verdict)?;
    writeln!(out, "{verified:?}")?;
    Ok(())
}
