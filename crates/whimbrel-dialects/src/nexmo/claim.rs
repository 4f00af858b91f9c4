//! Who says they call, for each product of the vendor: which ways it takes is a table, and how they are read beside each other.
//!
//! Clients mix ways: the vendor's Python library (vonage 4.9.1) keeps its Basic header on a client that then sends
//! parameters. The SMS and account APIs compare: two ways that name the same key are one caller, and the parameters' secret is
//! the one to judge; two that name different keys are nobody. The other APIs of that generation do not look at the header once
//! parameters name a key; the newer ones look at nothing else than the header.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use whimbrel_core::policy::Signable;
use whimbrel_core::{AuthMethod, Refusal, Secret};

use super::oauth;
use super::params::{Name, Params};
use super::signed::SignedParams;
use crate::Claim;
use crate::claim::Delegation;
use crate::http::HttpRequest;

/// What the vendor offers, as far as callers prove themselves in different ways.
#[cfg_attr(not(test), expect(dead_code, reason = "the table is the vendor's; not all of its products are spoken here"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Sms,
    /// Settings, pricing, numbers and search: the "Developer" API.
    Account,
    /// The one request of that API that the vendor's samples sign by OAuth.
    Balance,
    Secrets,
    Applications,
    Messages,
    Dispatch,
    Voice,
    VerifyV1,
    VerifyV2,
    NumberInsight,
    Conversion,
    Audit,
    Redact,
}

/// A way to prove who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `api_key` and `api_secret` in the query or the body.
    Parameters,
    /// The same pair in `Authorization: Basic`.
    Basic,
    /// `api_key` and `sig` in the query or the body.
    Signature,
    /// `Authorization: Bearer` with a token of an application.
    Token,
    /// `Authorization: OAuth` (RFC 5849).
    OAuth,
}

/// What a header counts beside parameters that name a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// It must name the same key.
    Compared,
    /// Nothing: clients carry it along by mistake.
    Ignored,
}

impl Product {
    /// The ways that a product takes, and what a header beside parameters counts. Follows the vendor's table of products and
    /// ways ("Authentication", February 2019) with what its libraries send today: Basic for everything, and signatures
    /// wherever the key is a parameter.
    const fn ways(self) -> (&'static [Way], Beside) {
        use Way::{Basic, OAuth, Parameters, Signature, Token};
        match self {
            Self::Sms => (&[Parameters, Basic, Signature, OAuth], Beside::Compared),
            Self::Account => (&[Parameters, Basic], Beside::Compared),
            Self::Balance => (&[Parameters, Basic, OAuth], Beside::Compared),
            Self::VerifyV1 | Self::NumberInsight | Self::Conversion => {
                (&[Parameters, Basic, Signature], Beside::Ignored)
            }
            Self::Messages | Self::Dispatch | Self::VerifyV2 => (&[Basic, Token], Beside::Ignored),
            Self::Secrets | Self::Applications | Self::Audit | Self::Redact => (&[Basic], Beside::Ignored),
            Self::Voice => (&[Token], Beside::Ignored),
        }
    }

    /// Whether callers can do better than show their secret.
    fn signable(self) -> Signable {
        match self.takes(Way::Signature) || self.takes(Way::Token) {
            true => Signable::Yes,
            false => Signable::No,
        }
    }

    /// Whether callers may prove themselves that way.
    pub(super) fn takes(self, way: Way) -> bool {
        self.ways().0.contains(&way)
    }
}

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

/// Reads the claim of a request to `product`, whose parameters are `params`: a key first, then ways that exclude each other,
/// then a secret, then whether the ways agree.
pub(super) fn claim(product: Product, request: &HttpRequest<'_>, params: &Params<'_>) -> Result<Claim, Refusal> {
    if product.takes(Way::OAuth)
        && oauth::is_signed(request, params)
        && let Some(claim) = oauth::claim(request, Delegation::Call)
    {
        return claim;
    }
    let (_, beside) = product.ways();
    let key = params.get(Name::ApiKey).filter(|_| product.takes(Way::Parameters));
    let basic = match (beside, key) {
        (Beside::Ignored, Some(_)) => Basic::Absent,
        _ if product.takes(Way::Basic) => request.header("authorization").map_or(Basic::Absent, read_basic),
        _ => Basic::Absent,
    };
    if key.is_none() && matches!(basic, Basic::Absent) {
        return Err(Refusal::Missing { field: "api_key" });
    }
    let disagree = match (key, &basic) {
        (_, Basic::Malformed) => true,
        (Some(key), Basic::Given { key: other, .. }) => key != &**other,
        (Some(_), Basic::Absent) | (None, _) => false,
    };
    let secret = params.get(Name::ApiSecret).filter(|_| product.takes(Way::Parameters));
    if let Some(sig) = params.get(Name::Sig).filter(|_| product.takes(Way::Signature)) {
        return match key {
            _ if secret.is_some() || disagree => Err(Refusal::ConflictingCredentials),
            // A key in the header alone is not signed.
            None => Err(Refusal::InvalidSignature),
            Some(key) => Ok(Claim::Signed(Box::new(SignedParams::new(key, sig, request, params)))),
        };
    }
    if disagree {
        return Err(Refusal::BadCredentials);
    }
    let signable = product.signable();
    match (key, secret, basic) {
        (Some(key), Some(secret), _) => {
            let method = AuthMethod::Parameters;
            Ok(Claim::KeyAndSecret { key: key.into(), secret: Secret::new(secret), method, signable })
        }
        (_, _, Basic::Given { key, secret }) if !secret.expose().is_empty() => {
            Ok(Claim::KeyAndSecret { key, secret, method: AuthMethod::Basic, signable })
        }
        _ => Err(Refusal::Missing { field: "api_secret" }),
    }
}

/// Whether a request has Basic credentials that are no key and secret.
pub(super) fn is_malformed(request: &HttpRequest<'_>) -> bool {
    request.header("authorization").is_some_and(|header| matches!(read_basic(header), Basic::Malformed))
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

    fn read(authorization: Option<&str>, query: &str) -> Result<Claim, Refusal> {
        let headers: Vec<(&str, &[u8])> =
            authorization.iter().map(|value| ("authorization", value.as_bytes())).collect();
        let request =
            HttpRequest { method: "GET", path: "/sms/json", query: Some(query), headers: &headers, body: b"" };
        let params = Params::read(query, b"")?;
        claim(Product::Sms, &request, &params)
    }

    fn check(authorization: Option<&str>, query: &str) -> Result<(String, String), Refusal> {
        match read(authorization, query)? {
            Claim::KeyAndSecret { key, secret, .. } => Ok((key.into(), secret.expose().to_owned())),
            other => panic!("not a secret: {other:?}"),
        }
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
    fn the_way_is_that_of_the_secret_that_counts() {
        let way = |authorization, query| read(authorization, query).map(|claim| claim.method());
        for (authorization, query, method) in [
            (None, "api_key=u1&api_secret=pw", AuthMethod::Parameters),
            (Some(U), "", AuthMethod::Basic),
            (Some(U), "api_key=u1", AuthMethod::Basic),
            (Some(U), "api_key=u1&api_secret=other", AuthMethod::Parameters),
            (Some(U), "api_secret=other", AuthMethod::Basic),
        ] {
            assert_eq!(way(authorization, query), Ok(method), "{query}");
        }
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
        for beside in [None, Some(U), Some("Bearer x.y.z")] {
            let signed = read(beside, "api_key=u1&sig=00");
            assert!(matches!(&signed, Ok(Claim::Signed(signed)) if signed.key() == "u1"), "{beside:?}");
        }
        assert_eq!(check(Some(U), "sig=00"), Err(Refusal::InvalidSignature));
        assert_eq!(check(None, "api_key=u1&sig=&api_secret=pw"), ok("u1", "pw"));
    }

    /// What comes of a request to `product` that proves its caller in one way only; `None` for ways that are not read here.
    fn cell(product: Product, way: Way) -> Option<bool> {
        let (authorization, query): (Option<&[u8]>, _) = match way {
            Way::Parameters => (None, "api_key=u1&api_secret=pw"),
            Way::Basic => (Some(U.as_bytes()), ""),
            Way::Signature => (None, "api_key=u1&sig=00"),
            Way::OAuth => (
                None,
                "oauth_consumer_key=c&oauth_token=t&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1&oauth_nonce=n",
            ),
            Way::Token => return None,
        };
        let authorization = authorization.map(|value| ("authorization", value));
        let headers: Vec<(&str, &[u8])> = authorization.into_iter().chain([("host", &b"h"[..])]).collect();
        let request = HttpRequest { method: "GET", path: "/", query: Some(query), headers: &headers, body: b"" };
        let params = Params::read(query, b"").ok()?;
        let taken = match claim(product, &request, &params) {
            Ok(Claim::KeyAndSecret { method, .. }) => (method == AuthMethod::Basic) == (way == Way::Basic),
            Ok(Claim::Signed(_)) => way == Way::Signature,
            Ok(Claim::Delegated(_)) => way == Way::OAuth,
            Ok(Claim::Token(_) | Claim::SecretKey { .. } | Claim::SignedKey { .. } | Claim::OnBehalf { .. })
            | Err(_) => false,
        };
        Some(taken)
    }

    #[test]
    fn every_product_takes_the_ways_of_the_table_and_no_other() {
        const WAYS: [Way; 5] = [Way::Parameters, Way::Basic, Way::Signature, Way::Token, Way::OAuth];
        // As documented, in the order of `WAYS`.
        let table = [
            (Product::Sms, "yes yes yes no  yes"),
            (Product::Account, "yes yes no  no  no"),
            (Product::Balance, "yes yes no  no  yes"),
            (Product::Secrets, "no  yes no  no  no"),
            (Product::Applications, "no  yes no  no  no"),
            (Product::Messages, "no  yes no  yes no"),
            (Product::Dispatch, "no  yes no  yes no"),
            (Product::Voice, "no  no  no  yes no"),
            (Product::VerifyV1, "yes yes yes no  no"),
            (Product::VerifyV2, "no  yes no  yes no"),
            (Product::NumberInsight, "yes yes yes no  no"),
            (Product::Conversion, "yes yes yes no  no"),
            (Product::Audit, "no  yes no  no  no"),
            (Product::Redact, "no  yes no  no  no"),
        ];
        for (product, row) in table {
            for (way, word) in WAYS.into_iter().zip(row.split_whitespace()) {
                assert_eq!(product.takes(way), word == "yes", "{product:?} {way:?}");
                if let Some(taken) = cell(product, way) {
                    assert_eq!(taken, word == "yes", "{product:?} {way:?} as it is read");
                }
            }
        }
    }

    #[test]
    fn a_header_beside_parameters_counts_where_the_product_compares() {
        let headers: Vec<(&str, &[u8])> = vec![("authorization", V.as_bytes())];
        let query = "api_key=u1&api_secret=pw";
        let request = HttpRequest { method: "GET", path: "/", query: Some(query), headers: &headers, body: b"" };
        let claim = |product| claim(product, &request, &Params::read(query, b"").expect("read"));
        assert!(matches!(claim(Product::Sms), Err(Refusal::BadCredentials)));
        assert!(matches!(claim(Product::Account), Err(Refusal::BadCredentials)));
        for ignores in [Product::VerifyV1, Product::NumberInsight, Product::Conversion] {
            assert!(matches!(claim(ignores), Ok(Claim::KeyAndSecret { key, .. }) if &*key == "u1"), "{ignores:?}");
        }
        for header_only in [Product::Messages, Product::Audit] {
            assert!(
                matches!(claim(header_only), Ok(Claim::KeyAndSecret { key, .. }) if &*key == "v2"),
                "{header_only:?}"
            );
        }
    }

    #[test]
    fn a_rule_that_demands_signatures_says_nothing_of_products_without_them() {
        let signable = |product: Product| product.signable() == Signable::Yes;
        assert!([Product::Sms, Product::VerifyV1, Product::Messages, Product::Voice].into_iter().all(signable));
        assert!(
            ![Product::Account, Product::Balance, Product::Secrets, Product::Applications, Product::Audit]
                .into_iter()
                .any(signable)
        );
    }
}
