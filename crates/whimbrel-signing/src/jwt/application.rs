//! Tokens by which an application calls: `Authorization: Bearer`, RS256, verified with the application's public key.
//!
//! The vendor's page "Authentication", read 2026: claims `application_id`, `iat`, `jti`; optional `exp`, `nbf`, `sub`, `acl`;
//! a token without `exp` lives 15 minutes and none longer than 24 hours. Clocks may be off by 60 s: the vendor does not
//! say how much it allows. Claims that are not listed are ignored, as RFC 7519 §4 demands and the vendor's own libraries
//! need, which send some. A `jti` may come again: scripts use one token until it ends.

use serde_json::{Map, Value};

use super::acl::Acl;
use super::claims::{self, ApplicationId, Quoted};
use super::compact::{self, quoted};
use super::key::{PrivateKey, PublicKey};
use crate::{Canonical, Fault, UnixSeconds, Window};

pub use super::explain::application::{Keys, explain};

/// The algorithm, and the only one.
pub(super) const ALGORITHM: &str = "RS256";
/// How long a token lives that does not say it.
pub const LIFETIME_SECONDS_DEFAULT: u32 = 15 * 60;
/// The shortest life that is given to a token. Not asked of tokens that come.
pub const LIFETIME_SECONDS_MIN: u32 = 30;
/// The longest life of a token, whatever it says.
pub const LIFETIME_SECONDS_MAX: u32 = 24 * 60 * 60;
/// How far the clock of the maker may be off.
pub const SKEW_SECONDS_MAX: u32 = 60;

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// The application that calls.
    pub application_id: ApplicationId,
    /// Now.
    pub issued_at: UnixSeconds,
    /// `jti`: any text that no other token has.
    pub token_id: &'a str,
    /// How long it is to live.
    pub lifetime: Lifetime,
    /// `nbf`, if it is to be valid only later.
    pub not_before: Option<UnixSeconds>,
    /// `sub`, a user's name.
    pub subject: Option<&'a str>,
    /// What it is good for; everything if absent.
    pub acl: Option<Acl>,
}

/// How long a token lives, in seconds: 30 s to 24 h, 15 min if nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(u32);

impl Lifetime {
    /// Takes 30 to 86,400 seconds; nothing else.
    #[must_use]
    pub const fn of_seconds(seconds: u32) -> Option<Self> {
        if seconds < LIFETIME_SECONDS_MIN || seconds > LIFETIME_SECONDS_MAX { None } else { Some(Self(seconds)) }
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(LIFETIME_SECONDS_DEFAULT)
    }
}

/// What a token's signature covers: its first two parts, encoded.
///
/// # Errors
/// [`Fault::Missing`] if `jti` is empty.
pub fn canonical(token: &NewToken<'_>) -> Result<Canonical, Fault> {
    signing_input(token).map(Canonical::new)
}

/// Makes a token. It is a credential: keep it from logs.
///
/// # Errors
/// [`Fault::Missing`] if `jti` is empty, [`Fault::TooLong`] if nobody would read it, [`Fault::UnusableSecret`] if the key does
/// not sign.
pub fn sign(token: &NewToken<'_>, key: &PrivateKey) -> Result<String, Fault> {
    let input = signing_input(token)?;
    let signature = key.sign(input.as_bytes()).ok_or(Fault::UnusableSecret)?;
    let token = compact::join(&input, &signature);
    compact::parts(&token)?;
    Ok(token)
}

fn signing_input(token: &NewToken<'_>) -> Result<String, Fault> {
    if token.token_id.is_empty() {
        return Err(Fault::Missing("jti"));
    }
    let UnixSeconds(issued_at) = token.issued_at;
    let expires_at = issued_at.saturating_add(token.lifetime.0.into());
    let mut claims = format!(
        r#"{{"application_id":"{}","iat":{issued_at},"jti":{},"exp":{expires_at}"#,
        token.application_id,
        quoted(token.token_id)
    );
    if let Some(UnixSeconds(not_before)) = token.not_before {
        claims.push_str(&format!(r#","nbf":{not_before}"#));
    }
    if let Some(subject) = token.subject {
        claims.push_str(&format!(r#","sub":{}"#, quoted(subject)));
    }
    if let Some(acl) = &token.acl {
        claims.push_str(&format!(r#","acl":{}"#, acl.claim()));
    }
    claims.push('}');
    Ok(compact::signing_input(ALGORITHM, &claims))
}

/// A token that was read and not yet verified: it says whose key to try, and nothing else.
pub struct Token<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    claims: Claims,
    expires_at: Option<UnixSeconds>,
    not_before: Option<UnixSeconds>,
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// The application that calls.
    pub application_id: ApplicationId,
    /// When the token was made.
    pub issued_at: UnixSeconds,
    /// `jti`.
    pub token_id: String,
    /// `sub`, a user's name.
    pub subject: Option<String>,
    /// What it is good for; everything if absent.
    pub acl: Option<Acl>,
}

impl<'a> Token<'a> {
    /// Reads the text behind `Bearer `.
    ///
    /// # Errors
    /// [`Fault::AlgorithmRefused`] for every algorithm but RS256; else which part or claim is missing, malformed, doubled or
    /// too long.
    pub fn parse(text: &'a str) -> Result<Self, Fault> {
        let read = compact::read(text, ALGORITHM)?;
        Self::of(read.signed, read.signature, &read.payload)
    }

    pub(super) fn of(signed: &'a str, signature: Vec<u8>, payload: &Map<String, Value>) -> Result<Self, Fault> {
        let application_id = claims::text(payload, "application_id")?.parse()?;
        let issued_at = claims::seconds(payload, "iat", Quoted::Refused)?.ok_or(Fault::Missing("iat"))?;
        let claims = Claims {
            application_id,
            issued_at,
            token_id: claims::text(payload, "jti")?.to_owned(),
            subject: claims::optional_text(payload, "sub")?.map(str::to_owned),
            acl: payload.get("acl").map(Acl::from_claim).transpose()?,
        };
        let expires_at = claims::seconds(payload, "exp", Quoted::Tolerated)?;
        let not_before = claims::seconds(payload, "nbf", Quoted::Refused)?;
        Ok(Self { signed, signature, claims, expires_at, not_before })
    }

    /// Whose key verifies it, if it is true: to look the key up, and for nothing else.
    #[must_use]
    pub const fn claimed_application_id(&self) -> ApplicationId {
        self.claims.application_id
    }

    /// Verifies the signature, then the times.
    ///
    /// # Errors
    /// [`Fault::Mismatch`]; then [`Fault::TooNew`] for an `iat` ahead, [`Fault::NotYetValid`], [`Fault::Expired`].
    pub fn verify(self, key: &PublicKey, now: UnixSeconds) -> Result<Claims, Fault> {
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(Fault::Mismatch);
        }
        self.check_times(now)?;
        Ok(self.claims)
    }

    pub(super) fn check_times(&self, now: UnixSeconds) -> Result<(), Fault> {
        let any_age = Window { past_seconds: u32::MAX, future_seconds: SKEW_SECONDS_MAX };
        if let Err(fault @ Fault::TooNew { .. }) = any_age.check(self.claims.issued_at, now) {
            return Err(fault);
        }
        if let Some(not_before) = self.not_before
            && let Err(Fault::TooNew { ahead_seconds }) = any_age.check(not_before, now)
        {
            return Err(Fault::NotYetValid { ahead_seconds });
        }
        // At its end a token is over (RFC 7519 §4.1.4); in 128 bits nothing overflows.
        let ago = i128::from(now.0) - i128::from(self.ends_at().0);
        if ago >= SKEW_SECONDS_MAX.into() {
            return Err(Fault::Expired { ago_seconds: ago.unsigned_abs() });
        }
        Ok(())
    }

    /// When it ends: as it says, else after 15 minutes, and never later than 24 hours after it was made.
    pub(super) fn ends_at(&self) -> UnixSeconds {
        let UnixSeconds(issued_at) = self.claims.issued_at;
        let default = UnixSeconds(issued_at.saturating_add(LIFETIME_SECONDS_DEFAULT.into()));
        let latest = UnixSeconds(issued_at.saturating_add(LIFETIME_SECONDS_MAX.into()));
        self.expires_at.unwrap_or(default).min(latest)
    }

    /// The text of what was read.
    pub(super) fn respelled(&self) -> String {
        compact::join(self.signed, &self.signature)
    }

    pub(super) const fn expires_at(&self) -> Option<UnixSeconds> {
        self.expires_at
    }
}

/// Reads and verifies, for those who have one key. With several, [`Token::parse`] says which to try.
///
/// # Errors
/// As [`Token::parse`] and [`Token::verify`].
pub fn verify(text: &str, key: &PublicKey, now: UnixSeconds) -> Result<Claims, Fault> {
    Token::parse(text)?.verify(key, now)
}
