//! Says what is the matter with a signature.

use super::suspects::Case;
use super::{Received, VERSION, Webhook, canonical, key, sign, verify};
use crate::digest::unbase64;
use crate::explain::{Explanation, Verdict, search};
use crate::{Canonical, Fault, Mistake, Secret, UnixSeconds, Window};

/// Says what is the matter with `webhook-signature`: names the mistake that gives exactly one of the presented signatures.
///
/// What [`verify`] accepts is [`Verdict::Matches`]. Costs tens to hundreds of times a verification, so that it is for one who
/// asks, not for every refused webhook.
#[must_use]
pub fn explain(received: &Received<'_>, secret: Secret<'_>, window: Window, now: UnixSeconds) -> Explanation {
    let webhook = match received.read() {
        Ok(webhook) => webhook,
        Err(fault) => {
            let canonical = Canonical::new(received.body);
            return Explanation { canonical, expected: None, verdict: Verdict::Malformed(fault) };
        }
    };
    let verdict = match verify(received, &[secret], window, now) {
        Ok(_) => Verdict::Matches,
        Err(fault) => why(received, &webhook, secret, now, window, fault),
    };
    Explanation { canonical: canonical(&webhook), expected: sign(&webhook, &[secret]).ok(), verdict }
}

fn why(
    received: &Received<'_>,
    webhook: &Webhook<'_>,
    secret: Secret<'_>,
    now: UnixSeconds,
    window: Window,
    fault: Fault,
) -> Verdict {
    let Ok(key) = key(secret) else { return Verdict::Malformed(Fault::UnusableSecret) };
    // At its own time: is the signature right, and only the time is not?
    if verify(received, &[secret], window, webhook.timestamp).is_ok() {
        let seconds = UnixSeconds(webhook.timestamp.0 / 1000);
        return match window.check(seconds, now).is_ok() && matches!(fault, Fault::TooNew { .. }) {
            true => Verdict::Mistake(Mistake::TimestampInMilliseconds),
            false => Verdict::Malformed(fault),
        };
    }
    let case = Case { webhook, key: &key, secret };
    for entry in received.signature.split(' ').filter(|entry| !entry.is_empty()) {
        let digest = entry.split_once(',').filter(|(version, _)| *version == VERSION).map(|(_, digest)| digest);
        let of_digest =
            || digest.and_then(unbase64).map_or(Verdict::Unknown, |octets| search(&octets, case.suspects()));
        let found = match search(entry.as_bytes(), case.written_otherwise()) {
            Verdict::Unknown => of_digest(),
            found => found,
        };
        if found != Verdict::Unknown {
            return found;
        }
    }
    match fault {
        Fault::Mismatch => Verdict::Unknown,
        fault => Verdict::Malformed(fault),
    }
}
