//! Says what is the matter with a signature.

use super::suspects::Case;
use super::{Headers, Received, Request, SIGNATURE, Stamp, bases, canonical, matching, sign, verify};
use crate::digest::unhex;
use crate::explain::{Explanation, Verdict, search};
use crate::{Canonical, Fault, Mistake, Secret, Signature, UnixSeconds, Window};

/// What the caller knows besides the request, and signers confuse with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The account's API key.
    pub api_key: Option<Secret<'a>>,
}

/// Says what is the matter with the headers: names the mistake that gives exactly the presented signature, if one does.
///
/// What [`verify`] accepts is [`Verdict::Matches`]. The canonical string and the expected signature are those of the first
/// base, and of what can be read of the headers. Costs up to some thousand times a verification, so that it is for one who
/// asks, not for every refused request.
#[must_use]
pub fn explain(
    received: &Received<'_>,
    headers: &Headers<'_>,
    key: Secret<'_>,
    window: Window,
    now: UnixSeconds,
    hints: Hints<'_>,
) -> Explanation {
    let verdict = match verify(received, headers, key, window, now) {
        Ok(_) => Verdict::Matches,
        Err(fault) => why(received, headers, key, (window, now), hints, fault),
    };
    let (canonical, expected) = first(received, headers, key);
    Explanation { canonical, expected, verdict }
}

fn stamp<'a>(headers: &Headers<'a>) -> Result<Stamp<'a>, Fault> {
    Ok(Stamp { timestamp: headers.timestamp()?, nonce: headers.nonce()? })
}

/// The string and the signature under the first base; nothing of both if the headers cannot be read.
fn first(received: &Received<'_>, headers: &Headers<'_>, key: Secret<'_>) -> (Canonical, Option<Signature>) {
    let url = format!("{}{}", bases(received).next().unwrap_or_default(), received.path_and_query);
    let request = Request { method: received.method, url: &url, body: received.body };
    match stamp(headers) {
        Ok(stamp) => (canonical(&request, stamp), Some(sign(&request, stamp, key))),
        Err(_) => (Canonical::new([]), None),
    }
}

fn why(
    received: &Received<'_>,
    headers: &Headers<'_>,
    key: Secret<'_>,
    (window, now): (Window, UnixSeconds),
    hints: Hints<'_>,
    fault: Fault,
) -> Verdict {
    let (Ok(stamp), Ok(text)) = (stamp(headers), headers.signature()) else { return Verdict::Malformed(fault) };
    let case = Case { received, stamp, key: key.expose(), hints };
    let presented = unhex(text);
    if presented.as_ref().is_some_and(|digest| matching(received, stamp, &[key], digest).is_some()) {
        let seconds = UnixSeconds(stamp.timestamp.0 / 1000);
        return match window.check(seconds, now) {
            Ok(()) => Verdict::Mistake(Mistake::TimestampInMilliseconds),
            Err(_) => Verdict::Malformed(fault),
        };
    }
    let written = search(text.as_bytes(), case.written_otherwise(text));
    if let Verdict::Mistake(_) = written {
        return written;
    }
    match (presented.map(|digest| search(&digest, case.suspects(digest.len()))), fault) {
        (Some(Verdict::Unknown) | None, Fault::Mismatch) => Verdict::Unknown,
        (Some(Verdict::Unknown), Fault::Malformed(SIGNATURE)) => Verdict::Malformed(Fault::Malformed(SIGNATURE)),
        (Some(Verdict::Unknown) | None, fault) => Verdict::Malformed(fault),
        (Some(found), _) => found,
    }
}
