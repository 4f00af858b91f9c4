//! Tokens that go with webhooks: `Authorization: Bearer`, HS256, keyed with the account's signature secret, with the hash
//! of the body.
//!
//! The vendor's page "Signed webhooks", read 2026: the key is the secret's text as it is, nothing is decoded; the claims are
//! `iat`, `jti`, `iss`, `payload_hash`, `api_key` and, for an application, `application_id`, and there is no `exp`.
//! `payload_hash` is SHA-256 in small hexadecimal digits over the octets of the body; for a webhook by GET over the query's
//! parameters as compact JSON in their order.

use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::claims::{self, ApplicationId, Quoted};
use super::compact::{self, quoted};
use crate::digest::{hex, unhex};
use crate::{Canonical, Fault, Hash, Secret, UnixSeconds, Window};

pub use super::explain::webhook::{Hints, explain};

/// The algorithm, and the only one.
pub(super) const ALGORITHM: &str = "HS256";
/// The shortest secret that signs and verifies: 32 bits, as the vendor asks.
pub const SECRET_OCTETS_MIN: usize = 4;
/// A receiver's usual patience: a token is made anew for each try, so it arrives soon after it was made.
pub const WINDOW_DEFAULT: Window = Window { past_seconds: 300, future_seconds: 60 };

/// What a webhook carries.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// The body's octets, exactly as they are sent.
    Body(&'a [u8]),
    /// The decoded parameters of a webhook by GET, in the order of its query.
    Query(&'a [(&'a str, &'a str)]),
}

impl Payload<'_> {
    /// SHA-256 in small hexadecimal digits.
    ///
    /// # Errors
    /// [`Fault::Ambiguous`] if a parameter comes twice: an object has room for one.
    pub fn hash(self) -> Result<String, Fault> {
        self.octets(|octets| hex(&Hash::Sha256.of(&[octets])))
    }

    pub(super) fn octets<T>(self, take: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        match self {
            Self::Body(octets) => Ok(take(octets)),
            Self::Query(parameters) => Ok(take(query_as_json(parameters)?.as_bytes())),
        }
    }
}

fn query_as_json(parameters: &[(&str, &str)]) -> Result<String, Fault> {
    let mut object = String::from("{");
    for (index, (name, value)) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(Fault::Ambiguous((*name).to_owned()));
        }
        let comma = if index == 0 { "" } else { "," };
        object.push_str(&format!("{comma}{}:{}", quoted(name), quoted(value)));
    }
    object.push('}');
    Ok(object)
}

/// What a token is to say, but for the hash of the payload.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// Now, rounded down: receivers refuse a token from the future.
    pub issued_at: UnixSeconds,
    /// `jti`: a UUID for this try.
    pub token_id: &'a str,
    /// `iss`: who sends.
    pub issuer: Issuer<'a>,
    /// The key of the account that the webhook belongs to.
    pub api_key: ApiKey<'a>,
    /// The application that the webhook belongs to.
    pub application_id: Option<ApplicationId>,
}

/// The name of who sends.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'a>(pub &'a str);

/// An account's key.
#[derive(Debug, Clone, Copy)]
pub struct ApiKey<'a>(pub &'a str);

/// What a token's signature covers: its first two parts, encoded.
///
/// # Errors
/// As [`sign`].
pub fn canonical(token: &NewToken<'_>, payload: Payload<'_>) -> Result<Canonical, Fault> {
    signing_input(token, payload).map(Canonical::new)
}

/// Makes a token for one try to deliver.
///
/// # Errors
/// [`Fault::UnusableSecret`] if the secret is shorter than 32 bits or is itself a key's text, [`Fault::Missing`] if `jti` is
/// empty, [`Fault::Ambiguous`] if a parameter comes twice.
pub fn sign(token: &NewToken<'_>, payload: Payload<'_>, secret: Secret<'_>) -> Result<String, Fault> {
    check_secret(secret)?;
    let input = signing_input(token, payload)?;
    let token = compact::join(&input, &Hash::Sha256.hmac(secret.expose(), &[input.as_bytes()]));
    compact::parts(&token)?;
    Ok(token)
}

fn signing_input(token: &NewToken<'_>, payload: Payload<'_>) -> Result<String, Fault> {
    if token.token_id.is_empty() {
        return Err(Fault::Missing("jti"));
    }
    let UnixSeconds(issued_at) = token.issued_at;
    let application = token.application_id.map(|id| format!(r#","application_id":"{id}""#)).unwrap_or_default();
    let claims = format!(
        r#"{{"iat":{issued_at},"jti":{},"iss":{},"payload_hash":"{}","api_key":{}{application}}}"#,
        quoted(token.token_id),
        quoted(token.issuer.0),
        payload.hash()?,
        quoted(token.api_key.0)
    );
    Ok(compact::signing_input(ALGORITHM, &claims))
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// When this try was made.
    pub issued_at: UnixSeconds,
    /// `jti`.
    pub token_id: String,
    /// Who sends.
    pub issuer: Option<String>,
    /// The account's key.
    pub api_key: Option<String>,
    /// The application.
    pub application_id: Option<ApplicationId>,
}

/// Verifies the signature, the hash of the payload, then the time.
///
/// # Errors
/// [`Fault::AlgorithmRefused`] for every algorithm but HS256, [`Fault::UnusableSecret`], [`Fault::Mismatch`],
/// [`Fault::OtherBody`], [`Fault::TooOld`], [`Fault::TooNew`], or which part or claim is missing or malformed.
pub fn verify(
    token: &str,
    payload: Payload<'_>,
    secret: Secret<'_>,
    window: Window,
    now: UnixSeconds,
) -> Result<Claims, Fault> {
    check_secret(secret)?;
    let read = compact::read(token, ALGORITHM)?;
    let expected = Hash::Sha256.hmac(secret.expose(), &[read.signed.as_bytes()]);
    if !bool::from(expected.ct_eq(&read.signature)) {
        return Err(Fault::Mismatch);
    }
    let claims = claims_of(&read.payload)?;
    let hash = claims::text(&read.payload, "payload_hash").and_then(|hash| unhex(hash).ok_or(MALFORMED_HASH))?;
    let is_for_this = payload.octets(|octets| bool::from(Hash::Sha256.of(&[octets]).ct_eq(&hash)))?;
    if !is_for_this {
        return Err(Fault::OtherBody);
    }
    window.check(claims.issued_at, now)?;
    Ok(claims)
}

const MALFORMED_HASH: Fault = Fault::Malformed("payload_hash");

fn claims_of(payload: &Map<String, Value>) -> Result<Claims, Fault> {
    let application_id = claims::optional_text(payload, "application_id")?;
    Ok(Claims {
        issued_at: claims::seconds(payload, "iat", Quoted::Refused)?.ok_or(Fault::Missing("iat"))?,
        token_id: claims::text(payload, "jti")?.to_owned(),
        issuer: claims::optional_text(payload, "iss")?.map(str::to_owned),
        api_key: claims::optional_text(payload, "api_key")?.map(str::to_owned),
        application_id: application_id.map(str::parse).transpose()?,
    })
}

/// A secret in the text form of a key is a public key by mistake: whoever has it could sign.
pub(super) fn check_secret(secret: Secret<'_>) -> Result<(), Fault> {
    let octets = secret.expose();
    let is_key = octets.trim_ascii_start().starts_with(b"-----BEGIN ");
    if octets.len() < SECRET_OCTETS_MIN || is_key { Err(Fault::UnusableSecret) } else { Ok(()) }
}
