//! Who says they call: a key and a secret, in the parameters or in `Authorization: Basic`.
//!
//! Clients mix the two: the vendor's Python library (vonage 4.9.1) keeps its Basic header on a client that then sends
//! parameters. Two ways that name the same key are one caller, and the parameters' secret is the one to judge; two that name
//! different keys are nobody.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use whimbrel_core::{Refusal, Secret};

use super::params::{Name, Params};
use crate::Claim;
use crate::http::HttpRequest;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What `Authorization` says.
enum Basic {
    /// Nothing, or something else than Basic, or no key.
    Absent,
    /// Basic, but what follows is no key and secret.
    Malformed,
    /// A key, never empty, and a secret.
    Given { key: Box<str>, secret: Secret },
}

/// Reads the claim: a key first, then ways that exclude each other, then a secret, then whether the ways agree.
pub(super) fn claim(request: &HttpRequest<'_>, params: &Params<'_>) -> Result<Claim, Refusal> {
    let basic = request.header("authorization").map_or(Basic::Absent, read_basic);
    let key = params.get(Name::ApiKey);
    let secret = params.get(Name::ApiSecret);
    if key.is_none() && matches!(basic, Basic::Absent) {
        return Err(Refusal::Missing { field: "api_key" });
    }
    let disagree = match (key, &basic) {
        (_, Basic::Malformed) => true,
        (Some(key), Basic::Given { key: other, .. }) => key != &**other,
        (Some(_), Basic::Absent) | (None, _) => false,
    };
    if params.get(Name::Sig).is_some() {
        return Err(match secret.is_some() || disagree {
            true => Refusal::ConflictingCredentials,
            // Signed requests are not offered yet: no signature can be accepted.
            false => Refusal::InvalidSignature,
        });
    }
    if disagree {
        return Err(Refusal::BadCredentials);
    }
    let (key, secret) = match (key, secret, basic) {
        (Some(key), Some(secret), _) => (key.into(), Secret::new(secret)),
        (_, _, Basic::Given { key, secret }) if !secret.expose().is_empty() => (key, secret),
        _ => return Err(Refusal::Missing { field: "api_secret" }),
    };
    Ok(Claim::KeyAndSecret { key, secret })
}

/// Reads the claim of a request to an API that takes nothing but `Authorization: Basic`.
pub(super) fn basic(request: &HttpRequest<'_>) -> Result<Claim, Refusal> {
    match request.header("authorization").map_or(Basic::Absent, read_basic) {
        Basic::Given { key, secret } if !secret.expose().is_empty() => Ok(Claim::KeyAndSecret { key, secret }),
        Basic::Given { .. } | Basic::Malformed => Err(Refusal::BadCredentials),
        Basic::Absent => Err(Refusal::Missing { field: "api_key" }),
    }
}

/// Reads `Basic base64(key ":" secret)` (RFC 7617); the first colon ends the key.
fn read_basic(header: &str) -> Basic {
    let header = header.trim();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Basic::Absent;
    }
    let decoded = BASE64.decode(token.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.as_deref().and_then(|pair| pair.split_once(':')) {
        None => Basic::Malformed,
        Some(("", _)) => Basic::Absent,
        Some((key, secret)) => Basic::Given { key: key.into(), secret: Secret::new(secret) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `u` is user `u1` with secret `pw`, `v` another.
    const U: &str = "Basic dTE6cHc=";
    const V: &str = "Basic djI6cHc=";

    fn check(authorization: Option<&str>, query: &str) -> Result<(String, String), Refusal> {
        let headers: Vec<(&str, &[u8])> =
            authorization.iter().map(|value| ("authorization", value.as_bytes())).collect();
        let request = HttpRequest { method: "GET", path: "/sms/json", query, headers: &headers, body: b"" };
        let params = Params::read(query, b"")?;
        claim(&request, &params).map(|Claim::KeyAndSecret { key, secret }| (key.into(), secret.expose().to_owned()))
    }

    fn ok(key: &str, secret: &str) -> Result<(String, String), Refusal> {
        Ok((key.to_owned(), secret.to_owned()))
    }

    #[test]
    fn the_vendors_example_of_a_header_is_read() {
        let example = Some("Basic YWFhMDEyOmFiYzEyMzQ1Njc4OQ==");
        assert_eq!(check(example, ""), ok("aaa012", "abc123456789"));
        assert_eq!(check(Some("bASIC  YWFhMDEyOmFiYzEyMzQ1Njc4OQ"), ""), ok("aaa012", "abc123456789"));
        // `k:a:b`: only the first colon ends the key.
        assert_eq!(check(Some("Basic azphOmI="), ""), ok("k", "a:b"));
    }

    #[test]
    fn a_missing_half_is_named() {
        let missing = |field| Err(Refusal::Missing { field });
        assert_eq!(check(None, ""), missing("api_key"));
        assert_eq!(check(None, "api_key=&api_secret=pw"), missing("api_key"));
        assert_eq!(check(Some("Bearer x.y.z"), ""), missing("api_key"));
        // `:pw`, and `k:`.
        assert_eq!(check(Some("Basic OnB3"), ""), missing("api_key"));
        assert_eq!(check(Some("Basic azo="), ""), missing("api_secret"));
        assert_eq!(check(None, "api_key=u1"), missing("api_secret"));
        assert_eq!(check(None, "api_key=u1&api_secret="), missing("api_secret"));
        // A signature names nobody.
        assert_eq!(check(None, "sig=00&api_secret=pw"), missing("api_key"));
    }

    #[test]
    fn two_ways_must_name_the_same_key() {
        assert_eq!(check(Some(U), "api_key=u1"), ok("u1", "pw"));
        assert_eq!(check(Some(U), "api_key=u1&api_secret=other"), ok("u1", "other"));
        assert_eq!(check(Some(U), "api_secret=other"), ok("u1", "pw"));
        assert_eq!(check(Some(V), "api_key=u1&api_secret=pw"), Err(Refusal::BadCredentials));
        assert_eq!(check(Some(V), "api_key=u1"), Err(Refusal::BadCredentials));
        for malformed in ["Basic", "Basic ", "Basic !!", "Basic bm9jb2xvbg==", "Basic gIA6gA=="] {
            assert_eq!(check(Some(malformed), ""), Err(Refusal::BadCredentials), "{malformed}");
            let both = check(Some(malformed), "api_key=u1&api_secret=pw");
            assert_eq!(both, Err(Refusal::BadCredentials), "{malformed}");
        }
    }

    #[test]
    fn a_signature_excludes_a_secret_and_another_key() {
        let conflict = Err(Refusal::ConflictingCredentials);
        assert_eq!(check(None, "api_key=u1&sig=00&api_secret=pw"), conflict);
        assert_eq!(check(Some(U), "api_key=u1&sig=00&api_secret=pw"), conflict);
        assert_eq!(check(Some(V), "api_key=u1&sig=00"), conflict);
        let unsigned = Err(Refusal::InvalidSignature);
        assert_eq!(check(None, "api_key=u1&sig=00"), unsigned);
        assert_eq!(check(Some(U), "api_key=u1&sig=00"), unsigned);
        assert_eq!(check(Some(U), "sig=00"), unsigned);
        assert_eq!(check(None, "api_key=u1&sig=&api_secret=pw"), ok("u1", "pw"));
    }
}
