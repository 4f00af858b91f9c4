//! Who a request says is calling: a key that is a secret, shown in one of five ways; the first that is found counts.
//!
//! The vendor documents `Authorization: basic KEY` with the key as it is, and its Go client sends that. Plain HTTP clients send what
//! RFC 7617 says, user and password in Base64: the password is then the key, or the user where there is none. The oldest way is a login
//! `u` with a password `p`, in whose place the key stands here: it names its account by itself, whatever the login.
//!
//! Signing is by choice, but a request that has any header of a signature must be signed rightly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use whimbrel_core::policy::Signable;
use whimbrel_core::{AuthMethod, Refusal, Secret, Serial};

use super::params::Params;
use super::signed;
use crate::Claim;
use crate::http::HttpRequest;

/// The longest key that is looked at, in octets.
const KEY_OCTETS_MAX: usize = 512;

/// Who calls.
///
/// # Errors
/// [`Refusal::BadCredentials`] if nobody says who they are.
pub(super) fn read(request: &HttpRequest<'_>, params: &Params) -> Result<Claim, Refusal> {
    let (secret, method) = key(request, params).ok_or(Refusal::BadCredentials)?;
    let claim = match signed::read(request) {
        Some(signed) => Claim::SignedKey { secret, method, signed: Box::new(signed) },
        None => Claim::SecretKey { secret, method, signable: Signable::Yes },
    };
    let Some(below) = request.header("x-account-id") else { return Ok(claim) };
    // What names nobody is charged to nobody; no subaccount has the number 0.
    let subaccount = Serial(below.trim().parse().unwrap_or(0));
    Ok(Claim::OnBehalf { claim: Box::new(claim), subaccount })
}

fn key(request: &HttpRequest<'_>, params: &Params) -> Option<(Secret, AuthMethod)> {
    let usable = |key: &str| (!key.is_empty() && key.len() <= KEY_OCTETS_MAX).then(|| Secret::new(key));
    if let Some(key) = request.header("x-api-key").map(str::trim).and_then(usable) {
        return Some((key, AuthMethod::SecretKey));
    }
    if let Some((scheme, value)) = request.header("authorization").and_then(|header| header.trim().split_once(' ')) {
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return usable(value).map(|key| (key, AuthMethod::SecretKey));
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let decoded = of_pair(value);
            return usable(decoded.as_deref().unwrap_or(value)).map(|key| (key, AuthMethod::Basic));
        }
    }
    params.get("p").and_then(usable).map(|key| (key, AuthMethod::Parameters))
}

/// The key in a user and password in Base64. A key as it is, even one that reads as Base64, gives no such text.
fn of_pair(value: &str) -> Option<String> {
    let octets = STANDARD.decode(value).ok()?;
    let pair = String::from_utf8(octets).ok().filter(|pair| pair.bytes().all(|byte| (b' '..=b'~').contains(&byte)))?;
    let (user, password) = pair.split_once(':')?;
    Some(if password.is_empty() { user } else { password }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], query: &str) -> Result<(String, AuthMethod, bool), Refusal> {
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request =
            HttpRequest { method: "GET", path: "/api/balance", query: Some(query), headers: &headers, body: b"" };
        let params = Params::read(query, b"").expect("readable");
        read(&request, &params).map(|claim| match claim {
            Claim::SecretKey { secret, method, .. } => (secret.expose().to_owned(), method, false),
            Claim::SignedKey { secret, method, .. } => (secret.expose().to_owned(), method, true),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn every_way_to_show_a_key_is_found_the_first_one_counts() {
        let is = |key: &str, method| Ok((key.to_owned(), method, false));
        let pair = STANDARD.encode("anybody:k3y");
        let user = STANDARD.encode("k3y:");
        assert_eq!(check(&[("x-api-key", " k3y ")], "p=other"), is("k3y", AuthMethod::SecretKey));
        assert_eq!(check(&[("authorization", "bearer k3y")], "p=other"), is("k3y", AuthMethod::SecretKey));
        assert_eq!(check(&[("authorization", "Basic k3y")], ""), is("k3y", AuthMethod::Basic));
        assert_eq!(check(&[("authorization", &format!("basic {pair}"))], ""), is("k3y", AuthMethod::Basic));
        assert_eq!(check(&[("authorization", &format!("Basic {user}"))], ""), is("k3y", AuthMethod::Basic));
        assert_eq!(check(&[], "p=k3y"), is("k3y", AuthMethod::Parameters));
        assert_eq!(check(&[], "u=me&p=k3y"), is("k3y", AuthMethod::Parameters));
        for nobody in [check(&[], ""), check(&[], "p="), check(&[], "u=me"), check(&[("x-api-key", "")], "")] {
            assert_eq!(nobody, Err(Refusal::BadCredentials));
        }
    }

    #[test]
    fn one_header_of_a_signature_makes_a_request_a_signed_one() {
        for name in ["x-signature", "x-timestamp", "x-nonce"] {
            let found = check(&[("x-api-key", "k3y"), (name, "")], "");
            assert_eq!(found, Ok(("k3y".to_owned(), AuthMethod::SecretKey, true)), "{name}");
        }
    }
}
