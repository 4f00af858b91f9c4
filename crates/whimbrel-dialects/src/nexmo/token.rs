//! Tokens of applications: `Authorization: Bearer`, read here, verified with the application's keys when the engine has them.
//!
//! Follows the vendor's page "Authentication", read 2026-11: RS256 only, `application_id`, `iat`, `jti`; what a token's `acl` does not
//! list is forbidden to it.

use std::fmt;

use whimbrel_core::{ApplicationId, Refusal, Uuid};
use whimbrel_signing::jwt::application::Token;
use whimbrel_signing::jwt::{PublicKey, acl};
use whimbrel_signing::{Fault, UnixSeconds};

use crate::Claim;
use crate::claim::{BearerToken, TokenFault, TokenKeys};
use crate::http::HttpRequest;

/// The claim of a request's token; `None` if it carries none.
pub(super) fn claim(request: &HttpRequest<'_>) -> Option<Result<Claim, Refusal>> {
    let (scheme, text) = request.header("authorization")?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let read = Token::parse(text.trim()).ok().and_then(|token| {
        let application = Uuid::parse(&token.claimed_application_id().to_string())?;
        Some(Bearer {
            text: text.trim().into(),
            application: ApplicationId(application.0),
            method: request.method.into(),
            path: request.path.into(),
        })
    });
    Some(read.map_or(Err(Refusal::BadCredentials), |bearer| Ok(Claim::Token(Box::new(bearer)))))
}

/// A token with what it is shown for.
struct Bearer {
    text: Box<str>,
    application: ApplicationId,
    method: Box<str>,
    path: Box<str>,
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("application", &self.application).finish_non_exhaustive()
    }
}

impl BearerToken for Bearer {
    fn application(&self) -> ApplicationId {
        self.application
    }

    fn verify(&self, keys: &TokenKeys<'_>) -> Result<(), TokenFault> {
        let now = UnixSeconds(keys.now.unix_seconds());
        let mut fault = TokenFault::Invalid("no-key");
        for pem in keys.public_keys {
            let Ok(key) = PublicKey::from_pem(pem) else { continue };
            match Token::parse(&self.text).and_then(|token| token.verify(&key, now)) {
                Ok(claims) => {
                    // One trailing slash is the same path: clients write it both ways.
                    let path = self.path.strip_suffix('/').unwrap_or(&self.path);
                    let call = acl::Call { method: &self.method, path };
                    let allowed = claims.acl.is_none_or(|acl| acl.allows(call));
                    return if allowed { Ok(()) } else { Err(TokenFault::Forbidden) };
                }
                // Another key may be the right one; of a token whose signature holds, nothing else can be.
                Err(Fault::Mismatch) => fault = TokenFault::Invalid("mismatch"),
                Err(Fault::Expired { .. }) => return Err(TokenFault::Expired),
                Err(_) => return Err(TokenFault::Invalid("claims")),
            }
        }
        Err(fault)
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Timestamp;
    use whimbrel_signing::jwt::PrivateKey;
    use whimbrel_signing::jwt::acl::Acl;
    use whimbrel_signing::jwt::application::{Lifetime, NewToken, sign};

    use super::*;

    const KEY: &str = include_str!("../../../whimbrel-signing/tests/keys/rfc7515_a2.pkcs8.pem");
    const PUBLIC: &str = include_str!("../../../whimbrel-signing/tests/keys/rfc7515_a2.spki.pem");
    const OTHER: &str = include_str!("../../../whimbrel-signing/tests/keys/other.spki.pem");
    const ID: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";
    const NOW: i64 = 1_795_526_000;

    fn token(acl: Option<&str>) -> String {
        let token = NewToken {
            application_id: ID.parse().expect("a UUID"),
            issued_at: UnixSeconds(NOW),
            token_id: "jti",
            lifetime: Lifetime::default(),
            not_before: None,
            subject: None,
            acl: acl.map(|acl| Acl::from_json(acl).expect("an acl")),
        };
        sign(&token, &PrivateKey::from_pem(KEY).expect("a key")).expect("signed")
    }

    fn check(path: &str, authorization: &str, keys: &[&str], now: i64) -> Option<Result<(), TokenFault>> {
        let headers: &[(&str, &[u8])] = &[("authorization", authorization.as_bytes())];
        let request = HttpRequest { method: "POST", path, query: None, headers, body: b"" };
        let keys: Vec<Box<str>> = keys.iter().map(|key| (*key).into()).collect();
        match claim(&request)? {
            Ok(Claim::Token(token)) => {
                assert_eq!(token.application().to_string(), ID);
                Some(token.verify(&TokenKeys { public_keys: &keys, now: Timestamp(now * 1_000_000) }))
            }
            Ok(_) => panic!("no token"),
            Err(_) => Some(Err(TokenFault::Invalid("unread"))),
        }
    }

    #[test]
    fn a_token_is_good_by_any_key_that_counts() {
        let bearer = format!("Bearer {}", token(None));
        let check = |keys: &[&str], now| check("/v1/messages", &bearer, keys, now).expect("a token");
        assert_eq!(check(&[PUBLIC], NOW), Ok(()));
        assert_eq!(check(&[OTHER, PUBLIC], NOW), Ok(()));
        assert_eq!(check(&[PUBLIC, OTHER], NOW + 959), Ok(()));
        assert_eq!(check(&[OTHER], NOW), Err(TokenFault::Invalid("mismatch")));
        assert_eq!(check(&[], NOW), Err(TokenFault::Invalid("no-key")));
        assert_eq!(check(&["no PEM"], NOW), Err(TokenFault::Invalid("no-key")));
        assert_eq!(check(&[PUBLIC], NOW + 960), Err(TokenFault::Expired));
        // From the future: only as far as clocks may differ.
        assert_eq!(check(&[PUBLIC], NOW - 60), Ok(()));
        assert_eq!(check(&[PUBLIC], NOW - 61), Err(TokenFault::Invalid("claims")));
    }

    #[test]
    fn an_acl_forbids_what_it_does_not_list() {
        let bearer = |acl| format!("bearer   {}", token(Some(acl)));
        let check = |path, acl| check(path, &bearer(acl), &[PUBLIC], NOW).expect("a token");
        let messages = r#"{"paths":{"/*/messages/**":{}}}"#;
        assert_eq!(check("/v1/messages", messages), Ok(()));
        assert_eq!(check("/v1/messages/", messages), Ok(()));
        assert_eq!(check("/v1/messages", r#"{"paths":{"/*/users/**":{}}}"#), Err(TokenFault::Forbidden));
        assert_eq!(check("/v1/messages", r#"{"paths":{}}"#), Err(TokenFault::Forbidden));
    }

    #[test]
    fn what_is_no_token_is_nobody() {
        let check = |authorization: &str| check("/v1/messages", authorization, &[PUBLIC], NOW);
        assert_eq!(check("Basic dTE6cHc="), None);
        assert_eq!(check("Bearer"), None);
        for bad in ["Bearer x", "Bearer a.b.c", "Bearer ..", "bearer eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(check(bad), Some(Err(TokenFault::Invalid("unread"))), "{bad}");
        }
        let mut changed = format!("Bearer {}", token(None));
        let last = changed.pop().expect("long");
        changed.push(if last == 'A' { 'Q' } else { 'A' });
        assert!(matches!(check(&changed), Some(Err(TokenFault::Invalid(_)))));
    }
}
