//! Says what is the matter with a signature.

use super::suspects::Case;
use super::{Parameters, Policy, TIMESTAMP, canonical, form, sign, verify};
use crate::digest::unhex;
use crate::explain::{Explanation, Verdict, search};
use crate::{Fault, Mistake, Secret, UnixSeconds};

/// What the caller knows besides the request, and signers confuse with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The account's `api_secret`.
    pub api_secret: Option<Secret<'a>>,
}

/// Says what is the matter with `sig`: names the mistake that gives exactly the presented signature, if one does.
///
/// What [`verify`] accepts is [`Verdict::Matches`]. Costs hundreds of times a verification, so that it is for one who
/// asks, not for every refused request.
#[must_use]
pub fn explain(
    parameters: &Parameters<'_>,
    secret: Secret<'_>,
    policy: &Policy<'_>,
    now: UnixSeconds,
    hints: Hints<'_>,
) -> Explanation {
    let verdict = match verify(parameters, secret, policy, now) {
        Ok(_) => Verdict::Matches,
        Err(fault) => {
            let case = Case { parameters, secret: secret.expose(), method: policy.method, hints };
            why(&case, policy, now, fault)
        }
    };
    Explanation { canonical: canonical(parameters), expected: Some(sign(parameters, policy.method, secret)), verdict }
}

fn why(case: &Case<'_>, policy: &Policy<'_>, now: UnixSeconds, fault: Fault) -> Verdict {
    let Ok(sig) = case.parameters.sig() else { return Verdict::Malformed(fault) };
    let presented = unhex(sig);
    let matches = |octets: &Vec<u8>| form(case.parameters, Secret::new(case.secret), policy, octets).is_some();
    if presented.as_ref().is_some_and(matches) {
        return out_of_time(case.parameters, policy, now, fault);
    }
    let written = search(sig.as_bytes(), case.written_otherwise(sig));
    if let Verdict::Mistake(_) = written {
        return written;
    }
    match (presented.map(|octets| search(&octets, case.suspects(octets.len()))), fault) {
        (Some(Verdict::Unknown) | None, Fault::Mismatch) => Verdict::Unknown,
        (Some(Verdict::Unknown) | None, fault) => Verdict::Malformed(fault),
        (Some(found), _) => found,
    }
}

/// The signature is right and something else is wrong.
fn out_of_time(parameters: &Parameters<'_>, policy: &Policy<'_>, now: UnixSeconds, fault: Fault) -> Verdict {
    let in_seconds = parameters.timestamp().map(|timestamp| UnixSeconds(timestamp.0 / 1000));
    match in_seconds {
        Ok(seconds) if policy.window.check(seconds, now).is_ok() => Verdict::Mistake(Mistake::TimestampInMilliseconds),
        Err(Fault::Malformed(TIMESTAMP)) => Verdict::Malformed(Fault::Malformed(TIMESTAMP)),
        _ => Verdict::Malformed(fault),
    }
}
