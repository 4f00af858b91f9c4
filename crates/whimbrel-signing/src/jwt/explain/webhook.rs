//! Webhook tokens.

use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{Lenient, canonical_of, in_seconds, other_spellings, rewritten};
use crate::digest::hex;
use crate::explain::{Explanation, Suspect, Verdict, search};
use crate::jwt::compact;
use crate::jwt::webhook::{ALGORITHM, Payload, verify};
use crate::percent::{self, Style};
use crate::usual;
use crate::{Fault, Hash, Mistake, Secret, Signature, UnixSeconds, Window, reserialised};

/// What the caller knows besides the secret, and signers confuse with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The account's API secret.
    pub api_secret: Option<Secret<'a>>,
}

/// Says what is the matter with a webhook's token.
#[must_use]
pub fn explain(
    token: &str,
    payload: Payload<'_>,
    secret: Secret<'_>,
    window: Window,
    now: UnixSeconds,
    hints: Hints<'_>,
) -> Explanation {
    let verdict = match verify(token, payload, secret, window, now) {
        Ok(_) => Verdict::Matches,
        Err(fault) => Case { payload, secret, window, now, hints }.why(token, fault),
    };
    let canonical = canonical_of(token);
    let expected = (!canonical.expose().is_empty()).then(|| hmac(secret, canonical.expose()));
    let expected = expected.map(|digest| Signature::new(compact::encode(&digest)));
    Explanation { canonical, expected, verdict }
}

fn hmac(secret: Secret<'_>, text: &[u8]) -> Vec<u8> {
    Hash::Sha256.hmac(secret.expose(), &[text])
}

struct Case<'a> {
    payload: Payload<'a>,
    secret: Secret<'a>,
    window: Window,
    now: UnixSeconds,
    hints: Hints<'a>,
}

impl Case<'_> {
    fn why(&self, token: &str, fault: Fault) -> Verdict {
        if fault == Fault::UnusableSecret {
            return Verdict::Malformed(fault);
        }
        if let Some((mistake, other)) = rewritten(token)
            && Lenient::read(&other).is_some_and(|read| self.is_signed(&read))
        {
            return Verdict::Mistake(mistake);
        }
        let Some(read) = Lenient::read(token) else { return Verdict::Malformed(fault) };
        if read.is_unsigned() {
            return Verdict::Mistake(Mistake::TokenUnsigned);
        }
        if read.algorithm == ALGORITHM && self.is_signed(&read) {
            return self.of_claims(&read, fault);
        }
        match (self.of_signature(&read), fault) {
            (Verdict::Unknown, Fault::Mismatch) => Verdict::Unknown,
            (Verdict::Unknown, fault) => Verdict::Malformed(fault),
            (found, _) => found,
        }
    }

    fn is_signed(&self, read: &Lenient<'_>) -> bool {
        hmac(self.secret, read.parts.signed.as_bytes()).ct_eq(&read.signature).into()
    }

    fn of_signature(&self, read: &Lenient<'_>) -> Verdict {
        let signed = read.parts.signed.as_bytes();
        let others = usual::secrets(self.secret.expose(), self.hints.api_secret);
        let of_secrets = others.iter().map(|(mistake, other)| (*mistake, hmac(Secret::new(&**other), signed)));
        let of_texts = read.other_texts().into_iter().map(|(mistake, text)| (mistake, hmac(self.secret, &text)));
        let right = hmac(self.secret, signed);
        // Written in another way, the octets that came are another text of the right digest.
        let rewritten = read.other_signatures().filter(|(_, octets)| octets.ct_eq(&right).into());
        let rewritten = rewritten.map(|(mistake, _)| (mistake, read.signature.clone()));
        let suspects = of_texts
            .chain(of_secrets)
            .chain(usual::instead_of_hmac(Hash::Sha256, self.secret.expose(), signed))
            .chain(rewritten)
            .chain(usual::truncated(right.clone(), read.signature.len()));
        search(&read.signature, suspects)
    }

    /// The signature is right and what was signed is not.
    fn of_claims(&self, read: &Lenient<'_>, fault: Fault) -> Verdict {
        if matches!(fault, Fault::OtherBody | Fault::Malformed("payload_hash")) {
            let presented = read.claims.get("payload_hash").and_then(Value::as_str).unwrap_or_default();
            let verdict = search(presented.to_lowercase().as_bytes(), self.of_payload(Capitals::Lowered));
            let verdict = match verdict {
                Verdict::Unknown => search(presented.as_bytes(), self.of_payload(Capitals::Kept)),
                found => found,
            };
            return if verdict == Verdict::Unknown { Verdict::Malformed(fault) } else { verdict };
        }
        let in_time = in_seconds(&read.claims)
            .and_then(|claims| claims.get("iat")?.as_i64())
            .is_some_and(|issued_at| self.window.check(UnixSeconds(issued_at), self.now).is_ok());
        if in_time { Verdict::Mistake(Mistake::TimestampInMilliseconds) } else { Verdict::Malformed(fault) }
    }

    /// What stands in place of the hash of the payload, as text.
    fn of_payload(&self, capitals: Capitals) -> Vec<Suspect> {
        let mut found = vec![];
        let sha256 = |octets: &[u8]| hex(&Hash::Sha256.of(&[octets])).into_bytes();
        let made = self.payload.octets(|right| {
            let own = Hash::Sha256.of(&[right]);
            if capitals == Capitals::Kept {
                found.extend(other_spellings(&own).map(|text| (Mistake::BodyHashOther, text.into_bytes())));
                return;
            }
            found.extend(reserialised::forms(right).iter().map(|form| (Mistake::BodyReserialised, sha256(form))));
            found.extend([
                (Mistake::BodyWithNewline, sha256(&[right, b"\n"].concat())),
                (Mistake::BodyEmpty, sha256(b"")),
                (Mistake::BodyHashOther, hex(&Hash::Md5.of(&[right])).into_bytes()),
                (Mistake::BodyHashOther, hex(&Hash::Sha1.of(&[right])).into_bytes()),
                (Mistake::BodyHashOther, hex(&Hash::Sha512.of(&[right])).into_bytes()),
                (Mistake::BodyHashOther, hex(&Hash::Sha256.hmac(self.secret.expose(), &[right])).into_bytes()),
                (Mistake::BodyHashed, sha256(hex(&own).as_bytes())),
            ]);
        });
        if let (Ok(()), Payload::Query(parameters), Capitals::Lowered) = (made, self.payload, capitals) {
            let queries = [Style::Strict, Style::Plus, Style::Form, Style::Component, Style::PlusTilde];
            let texts = queries.map(|style| query(parameters, |text| percent::encode(text.as_bytes(), style)));
            let plain = query(parameters, |text| text.into());
            found.extend(texts.iter().chain([&plain]).map(|text| (Mistake::QueryHashedAsText, sha256(text))));
        }
        found
    }
}

/// Whether the digits that came were written in small letters before they are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Capitals {
    Lowered,
    Kept,
}

fn query(parameters: &[(&str, &str)], encode: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| [encode(name), encode(value)].join(&b'=')).collect();
    pairs.join(&b'&')
}
