//! Says what is the matter with a signature.

use super::suspects::Case;
use super::{Keys, Method, Parameters, Policy, canonical, sign, verify};
use crate::digest::unbase64;
use crate::explain::{Explanation, Verdict, search};
use crate::{Fault, Mistake, UnixSeconds};

/// What the caller knows besides the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// Other origins that a client may have signed, such as `https://api.example.net`: of the vendor, of a proxy.
    pub origins: &'a [&'a str],
}

/// Says what is the matter with `oauth_signature`: names the mistake that gives exactly the presented one, if one does.
///
/// What [`verify`] accepts is [`Verdict::Matches`]. Costs tens to hundreds of times a verification, so that it is for one who
/// asks, not for every refused request.
#[must_use]
pub fn explain(
    parameters: &Parameters,
    keys: Keys<'_>,
    policy: &Policy<'_>,
    now: UnixSeconds,
    hints: Hints<'_>,
) -> Explanation {
    let verdict = match verify(parameters, keys, policy, now) {
        Ok(_) => Verdict::Matches,
        Err(fault) => why(parameters, keys, policy, now, fault, hints),
    };
    Explanation { canonical: canonical(parameters), expected: sign(parameters, keys).ok(), verdict }
}

fn why(
    parameters: &Parameters,
    keys: Keys<'_>,
    policy: &Policy<'_>,
    now: UnixSeconds,
    fault: Fault,
    hints: Hints<'_>,
) -> Verdict {
    let (Ok(presented), Some(method)) = (parameters.signature(), parameters.method()) else {
        return Verdict::Malformed(fault);
    };
    let case = Case { parameters, keys, method, hints };
    if case.is_right(presented) {
        let seconds = parameters.timestamp().ok().flatten().map(|timestamp| UnixSeconds(timestamp.0 / 1000));
        let in_milliseconds = seconds.is_some_and(|seconds| policy.window.check(seconds, now).is_ok());
        return match in_milliseconds && matches!(fault, Fault::TooNew { .. }) {
            true => Verdict::Mistake(Mistake::TimestampInMilliseconds),
            false => Verdict::Malformed(fault),
        };
    }
    let found = match (method, unbase64(presented)) {
        (Method::Plaintext, _) => search(presented.as_bytes(), case.plain()),
        (_, octets) => match search(presented.as_bytes(), case.written_otherwise(presented)) {
            Verdict::Unknown => octets.map_or(Verdict::Unknown, |octets| search(&octets, case.suspects())),
            found => found,
        },
    };
    match (found, fault) {
        (Verdict::Unknown, Fault::Mismatch) => Verdict::Unknown,
        (Verdict::Unknown, fault) => Verdict::Malformed(fault),
        (found, _) => found,
    }
}
