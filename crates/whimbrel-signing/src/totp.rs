//! One-time codes of authenticator apps, by time: six digits of HMAC-SHA-1, a new code every 30 seconds.
//!
//! What apps understand without being told more, so nothing is to be chosen. A code is good for its step of 30 seconds and for the
//! one before and after, as RFC 6238 §5.2 allows for clocks that differ. [`verify`] answers the step, so that the caller can refuse it
//! the second time, as the same section demands: it remembers the last step that was used, and takes none up to that one.
//!
//! Source: RFC 6238 (time), RFC 4226 (how digits are cut from the HMAC), RFC 4648 §6 (base32); the URI is that of Google
//! Authenticator's page "Key Uri Format", read 2026.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::digest::Hash;
use crate::percent::{Style, encode_into};
use crate::{Secret, UnixSeconds};

/// Seconds of a step.
pub const STEP_SECONDS: i64 = 30;
/// Digits of a code.
pub const DIGITS: u32 = 6;
/// Octets of a new secret: as many as SHA-1 gives (RFC 4226 §4).
pub const SECRET_BYTES: usize = 20;
/// Steps before and after that of `now` whose codes are good.
const STEPS_AROUND: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The number of a step, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub i64);

impl Step {
    /// The step of `now`.
    #[must_use]
    pub const fn of(now: UnixSeconds) -> Self {
        Self(now.0.div_euclid(STEP_SECONDS))
    }
}

/// Writes octets of chance as apps take them: base32 without padding.
#[must_use]
pub fn secret_text(chance: &[u8; SECRET_BYTES]) -> String {
    let mut text = String::with_capacity(SECRET_BYTES * 8 / 5);
    // Five octets are eight characters; SECRET_BYTES is a multiple of five.
    for octets in chance.chunks_exact(5) {
        let word = octets.iter().fold(0_u64, |word, octet| word << 8 | u64::from(*octet));
        text.extend((0..8).rev().map(|place| char::from(BASE32[(word >> (place * 5)) as usize & 31])));
    }
    text
}

/// The code of a step; `None` if the secret is no base32.
#[must_use]
pub fn code(secret: Secret<'_>, step: Step) -> Option<String> {
    let number = number(&unbase32(secret.expose())?, step);
    Some(format!("{number:0width$}", width = DIGITS as usize))
}

/// The step around `now`, above `used`, whose code was typed; blanks between the digits do not count. Costs the same whichever it is.
#[must_use]
pub fn verify(secret: Secret<'_>, typed: &str, used: Step, now: UnixSeconds) -> Option<Step> {
    let key = unbase32(secret.expose())?;
    let digits: Vec<u8> = typed.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if digits.len() != DIGITS as usize || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let typed = digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    let (mut found, mut is_found) = (0_i64, Choice::from(0));
    for step in -STEPS_AROUND..=STEPS_AROUND {
        let step = Step(Step::of(now).0.saturating_add(step));
        let fits = number(&key, step).ct_eq(&typed) & Choice::from(u8::from(step > used));
        found.conditional_assign(&step.0, fits);
        is_found |= fits;
    }
    bool::from(is_found).then_some(Step(found))
}

/// What an app reads: whose the secret is, by whom it was given, and the secret.
#[must_use]
pub fn uri(secret: Secret<'_>, issuer: &str, name: &str) -> String {
    let escaped = |octets: &[u8]| {
        let mut out = Vec::with_capacity(octets.len());
        encode_into(&mut out, octets, Style::Strict);
        String::from_utf8_lossy(&out).into_owned()
    };
    let (issuer, name, secret) = (escaped(issuer.as_bytes()), escaped(name.as_bytes()), escaped(secret.expose()));
    format!("otpauth://totp/{issuer}:{name}?secret={secret}&issuer={issuer}")
}

/// RFC 4226 §5.3: 31 bits at the place that the last octet names, and of these the last digits.
fn number(key: &[u8], step: Step) -> u32 {
    let mac = Hash::Sha1.hmac(key, &[&step.0.to_be_bytes()]);
    let place = usize::from(mac[mac.len() - 1] & 15);
    let word = mac[place..place + 4].iter().fold(0_u32, |word, octet| word << 8 | u32::from(*octet));
    (word & 0x7fff_ffff) % 10_u32.pow(DIGITS)
}

fn unbase32(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8));
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text.iter().take_while(|byte| **byte != b'=') {
        let value = BASE32.iter().position(|letter| *letter == byte.to_ascii_uppercase())?;
        word = (word << 5 | value as u32) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            octets.push((word >> bits) as u8);
        }
    }
    (!octets.is_empty()).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's appendix B, "12345678901234567890", in base32.
    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        // The RFC prints eight digits; six are its last six.
        for (seconds, eight) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let step = Step::of(UnixSeconds(seconds));
            assert_eq!(code(Secret::new(RFC), step).as_deref(), Some(&eight[2..]), "{seconds}");
            let now = UnixSeconds(seconds);
            assert_eq!(verify(Secret::new(RFC), &eight[2..], Step(0), now), Some(step), "{seconds}");
        }
    }

    #[test]
    fn the_codes_are_those_of_rfc_4226_appendix_d() {
        let codes =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (count, expected) in codes.iter().enumerate() {
            assert_eq!(code(Secret::new(RFC), Step(count as i64)).as_deref(), Some(*expected));
        }
    }

    #[test]
    fn a_code_is_good_for_three_steps_and_once() {
        let secret = Secret::new(RFC);
        let typed = code(secret, Step(100)).expect("a code");
        for (step, good) in [(98, false), (99, true), (100, true), (101, true), (102, false)] {
            let now = UnixSeconds(step * STEP_SECONDS);
            assert_eq!(verify(secret, &typed, Step(0), now), good.then_some(Step(100)), "{step}");
            assert_eq!(verify(secret, &typed, Step(100), now), None, "used");
            assert_eq!(verify(secret, &typed, Step(101), now), None, "a later one was used");
        }
        let spaced = format!("{} {}", &typed[..3], &typed[3..]);
        assert_eq!(verify(secret, &spaced, Step(99), UnixSeconds(3_000)), Some(Step(100)));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let secret = Secret::new(RFC);
        for typed in ["", "12345", "1234567", "12345a", "٤٨٢٩١٧", "-12345", "+12345", &"9".repeat(5_000)] {
            assert_eq!(verify(secret, typed, Step(0), UnixSeconds(59)), None, "{typed:.20}");
        }
        for no_secret in ["", "====", "not base32!", "0189"] {
            assert_eq!(verify(Secret::new(no_secret), "287082", Step(0), UnixSeconds(59)), None, "{no_secret}");
        }
        for (seconds, used) in [(i64::MIN, i64::MIN), (i64::MAX, i64::MAX), (i64::MAX, 0)] {
            _ = verify(secret, "287082", Step(used), UnixSeconds(seconds));
        }
    }

    #[test]
    fn a_secret_is_written_as_apps_read_it() {
        assert_eq!(secret_text(b"12345678901234567890"), RFC);
        assert_eq!(
            uri(Secret::new(RFC), "Whimbrel", "ann/b@c d"),
            format!("otpauth://totp/Whimbrel:ann%2Fb%40c%20d?secret={RFC}&issuer=Whimbrel")
        );
    }
}
