//! Claims by their types: one that is there and is not what it should be refuses the token (it is never "absent").

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Number, Value};

use crate::fault::Field;
use crate::{Fault, UnixSeconds};

/// An application's id, a UUID. Read in any case, written in small letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId(u128);

/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const UUID_CHARACTERS: usize = 36;

impl FromStr for ApplicationId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let fault = Fault::Malformed("application_id");
        if text.len() != UUID_CHARACTERS {
            return Err(fault);
        }
        let mut value = 0;
        for (index, character) in text.char_indices() {
            match (HYPHENS.contains(&index), character.to_digit(16)) {
                (true, _) if character == '-' => {}
                (false, Some(digit)) => value = value << 4 | u128::from(digit),
                _ => return Err(fault),
            }
        }
        Ok(Self(value))
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl fmt::Debug for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether a time may be written as a text of decimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoted {
    /// The vendor's own sample writes `exp` so.
    Tolerated,
    Refused,
}

/// A text that must be there and say something.
pub(super) fn text(claims: &Map<String, Value>, name: Field) -> Result<&str, Fault> {
    match optional_text(claims, name)? {
        Some("") | None => Err(Fault::Missing(name)),
        Some(text) => Ok(text),
    }
}

/// A text that may be absent.
pub(super) fn optional_text(claims: &Map<String, Value>, name: Field) -> Result<Option<&str>, Fault> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::Malformed(name)),
    }
}

/// A time that may be absent.
pub(super) fn seconds(claims: &Map<String, Value>, name: Field, quoted: Quoted) -> Result<Option<UnixSeconds>, Fault> {
    let malformed = Fault::Malformed(name);
    let seconds = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => whole(number),
        Some(Value::String(text)) if quoted == Quoted::Tolerated => decimal(text),
        Some(_) => None,
    };
    seconds.map(|seconds| Some(UnixSeconds(seconds))).ok_or(malformed)
}

/// RFC 7519 §2 allows fractions of seconds; they are cut off. Beyond 2^53 a number is not exact and no time.
fn whole(number: &Number) -> Option<i64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    let floor = number.as_f64()?.floor();
    #[expect(clippy::cast_possible_truncation, reason = "within 2^53 a whole f64 is exactly an i64")]
    let seconds = (floor.abs() <= EXACT_MAX).then_some(floor as i64);
    seconds
}

fn decimal(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_id_is_a_uuid_in_any_case() {
        let text = "78d335fa-323d-0114-9c3d-d6f0d48968cf";
        for form in [text.to_owned(), text.to_uppercase()] {
            assert_eq!(form.parse::<ApplicationId>().map(|id| id.to_string()), Ok(text.to_owned()));
        }
        let bad = ["", "78d335fa323d01149c3dd6f0d48968cf", "78d335fa-323d-0114-9c3d-d6f0d48968c", "{}"];
        for form in
            bad.into_iter().chain([&*text.replace('f', "g"), &*text.replace("fa-", "f-a"), &*format!("{text} ")])
        {
            assert!(form.parse::<ApplicationId>().is_err(), "{form}");
        }
        // As long in octets, not in characters.
        assert!("é8d335fa-323d-0114-9c3d-d6f0d48968c".parse::<ApplicationId>().is_err());
    }

    #[test]
    fn a_time_is_a_number_and_only_exp_may_be_quoted() {
        let read = |text: &str, quoted| {
            let claims = serde_json::from_str(&format!("{{\"t\":{text}}}")).expect("JSON");
            seconds(&claims, "t", quoted)
        };
        let at = |seconds| Ok(Some(UnixSeconds(seconds)));
        assert_eq!(read("1795328699", Quoted::Refused), at(1_795_328_699));
        assert_eq!(read("1795328699.9", Quoted::Refused), at(1_795_328_699));
        assert_eq!(read("-1", Quoted::Refused), at(-1));
        assert_eq!(read("-0.5", Quoted::Refused), at(-1));
        assert_eq!(read("\"1795328699\"", Quoted::Tolerated), at(1_795_328_699));
        for text in ["null", "true", "[1]", "{}", "1e300", "18446744073709551615", "\"1795328699\""] {
            assert_eq!(read(text, Quoted::Refused), Err(Fault::Malformed("t")), "{text}");
        }
        for text in ["\"\"", "\" 1\"", "\"+1\"", "\"1.5\"", "\"0x1\"", "\"99999999999999999999\"", "\"١\""] {
            assert_eq!(read(text, Quoted::Tolerated), Err(Fault::Malformed("t")), "{text}");
        }
        assert_eq!(seconds(&Map::new(), "t", Quoted::Refused), Ok(None));
    }
}
