//! What must hold for any octets, in one place for the fuzzer and the tests.

use super::{Form, Hints, Method, PYTHON_UNSET, Parameters, Policy, SIG, TIMESTAMP, Tolerance, explain, sign, verify};
use crate::percent::{self, Plus};
use crate::{Secret, UnixSeconds, Verdict};

/// Reads octets as a request: one for the method, one for the length of the secret, the secret, and a form that holds the
/// parameters, `sig` among them. What is signed verifies and is explained so; what verifies has the signature that signing
/// gives; an explanation agrees with verification.
///
/// # Panics
/// When one of these does not hold.
pub fn probe(octets: &[u8]) {
    let [method, length, rest @ ..] = octets else { return };
    let (secret, form) = rest.split_at(usize::from(*length).min(rest.len()));
    let (method, secret) = (Method::ALL[usize::from(*method) % Method::ALL.len()], Secret::new(secret));
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    let pairs: Vec<_> = percent::form(form, Plus::Blank).map(|(name, value)| (text(name), text(value))).collect();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let Ok(parameters) = Parameters::new(pairs.iter().copied()) else { return };
    let now = parameters.timestamp().unwrap_or(UnixSeconds(0));
    let tolerance = Tolerance { blanks_left_out: true, unset_as_none: PYTHON_UNSET };
    let tolerant = Policy { tolerance, ..Policy::new(method) };
    for policy in [Policy::new(method), tolerant] {
        let verified = verify(&parameters, secret, &policy, now);
        let explained = explain(&parameters, secret, &policy, now, Hints::default()).verdict;
        assert_eq!(verified.is_ok(), explained == Verdict::Matches, "the explanation disagrees");
        let is_canonical = verified.is_ok_and(|verified| verified.form == Form::Canonical);
        let signature = sign(&parameters, method, secret);
        let same = parameters.sig().is_ok_and(|sig| sig.eq_ignore_ascii_case(signature.as_str()));
        assert!(!is_canonical || same, "accepted what signing does not give");
    }
    let signature = sign(&parameters, method, secret);
    let others = pairs.iter().copied().filter(|(name, _)| *name != SIG);
    let signed = Parameters::new(others.chain([(SIG, signature.as_str())])).expect("no name is there twice, as before");
    let accepted = verify(&signed, secret, &Policy::new(method), now).is_ok();
    assert_eq!(accepted, signed.timestamp().is_ok(), "what was signed did not verify ({TIMESTAMP})");
}
