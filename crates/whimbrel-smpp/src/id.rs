//! Finding the message that a receipt is about, though carriers write one id in several ways.
//!
//! The same id comes in the answer as `1A2B` and in the receipt as `1a2b`, `00001A2B` or, converted, `6699`. A [`key`]
//! is the id up to case and leading zeros, so that storing one key finds all of those but the last; for it,
//! [`candidates`] also gives the key of the converted id. Which side was converted makes no difference.
//!
//! A converted key is a guess: digits alone may be either. Whoever looks it up must see that the recipient agrees
//! too, and where ids differ only in leading zeros, compare the ids themselves.

/// The most octets of an id that may be a number: 39 decimal digits fill 128 bits.
const DIGITS_MAX: usize = 39;

/// The length of a UUID without its dashes; so long an id with letters is one, not a number.
const UUID_DIGITS: usize = 32;

/// A key to look up, in the order of trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCandidate {
    /// As [`key`] makes it.
    pub key: Box<[u8]>,
    /// How the id was converted; `None` for the id as it stands.
    pub conversion: Option<Conversion>,
}

/// How an id was converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// It was read as decimal and written as hexadecimal.
    ToHexadecimal,
    /// It was read as hexadecimal and written as decimal.
    ToDecimal,
}

impl Conversion {
    /// The key of the converted id; `None` if the id is no number of that kind, or looks like a UUID.
    #[must_use]
    pub fn apply(self, raw: &[u8]) -> Option<Box<[u8]>> {
        let text = match self {
            Self::ToHexadecimal => format!("{:x}", number(raw, 10)?),
            Self::ToDecimal => number(raw, 16)?.to_string(),
        };
        Some(text.into_bytes().into_boxed_slice())
    }
}

/// The id up to case and leading zeros, without blanks and NULs around it. Empty only for an empty id.
#[must_use]
pub fn key(raw: &[u8]) -> Box<[u8]> {
    let text = trim(raw);
    let significant = if text.iter().all(u8::is_ascii_hexdigit) {
        let zeros = text.iter().take_while(|octet| **octet == b'0').count();
        // Of an id of zeros alone one remains.
        text.get(zeros.min(text.len().saturating_sub(1))..).unwrap_or_default()
    } else {
        text
    };
    significant.to_ascii_lowercase().into_boxed_slice()
}

/// Every key under which the message may have been stored: the id as it stands, then from decimal to hexadecimal,
/// then from hexadecimal to decimal. None for an empty id. What looks like a UUID is never converted.
#[must_use]
pub fn candidates(raw: &[u8]) -> Vec<KeyCandidate> {
    let plain = key(raw);
    if plain.is_empty() {
        return Vec::new();
    }
    let mut all = vec![KeyCandidate { key: plain, conversion: None }];
    for conversion in [Conversion::ToHexadecimal, Conversion::ToDecimal] {
        if let Some(key) = conversion.apply(raw)
            && all.iter().all(|candidate| candidate.key != key)
        {
            all.push(KeyCandidate { key, conversion: Some(conversion) });
        }
    }
    all
}

/// The id as a number, if all of it is one.
fn number(raw: &[u8], radix: u32) -> Option<u128> {
    let text = trim(raw);
    let is_uuid = text.len() == UUID_DIGITS && (radix == 16 || !text.iter().all(u8::is_ascii_digit));
    if text.is_empty() || text.len() > DIGITS_MAX || is_uuid {
        return None;
    }
    text.iter().try_fold(0_u128, |sum, octet| {
        let digit = char::from(*octet).to_digit(radix)?;
        sum.checked_mul(u128::from(radix))?.checked_add(u128::from(digit))
    })
}

fn trim(raw: &[u8]) -> &[u8] {
    let is_blank = |octet: &u8| *octet == 0 || octet.is_ascii_whitespace();
    let start = raw.iter().take_while(|octet| is_blank(octet)).count();
    let text = raw.get(start..).unwrap_or_default();
    let end = text.iter().rev().take_while(|octet| is_blank(octet)).count();
    text.get(..text.len() - end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How the receipt's id finds the answer's: the place among the candidates, and whether it was converted.
    fn found(answer: &str, receipt: &str) -> Option<(usize, bool)> {
        let stored = key(answer.as_bytes());
        let all = candidates(receipt.as_bytes());
        let place = all.iter().position(|candidate| candidate.key == stored)?;
        Some((place, all[place].conversion.is_some()))
    }

    #[test]
    fn row_1_hexadecimal_on_one_side_decimal_on_the_other() {
        // Jasmin issues 20, 210 and 1034; jsmpp issue 56.
        assert_eq!(found("1A2B", "6699"), Some((1, true)));
        assert_eq!(found("6699", "1A2B"), Some((1, true)));
        assert_eq!(found("6699", "00001a2b"), Some((1, true)));
        // Digits alone may be either: decimal is tried first.
        assert_eq!(found("4d2", "1234"), Some((1, true)));
        assert_eq!(found("4660", "1234"), Some((2, true)));
        assert_eq!(found("1A2B", "6700"), None);
    }

    #[test]
    fn row_2_leading_zeros_dropped_or_kept() {
        // Jasmin issues 375, 423, 643 and 1129.
        assert_eq!(found("0000000123", "123"), Some((0, false)));
        assert_eq!(found("123", "0000000123"), Some((0, false)));
        assert_eq!(found("000", "0"), Some((0, false)));
        assert_eq!(found("0", ""), None);
        // Not a number: its zeros are its own.
        assert_eq!(found("00-x", "-x"), None);
    }

    #[test]
    fn row_3_case_changed_between_answer_and_receipt() {
        // Jasmin issues 405, 418 and 916.
        assert_eq!(found("5cc9BfE2-Xy", "5CC9bfe2-xy"), Some((0, false)));
    }

    #[test]
    fn row_4_ids_of_64_bits_and_more_do_not_overflow() {
        // Jasmin issue 586.
        assert_eq!(found("812FC7470000001B", "9308878062554710043"), Some((1, true)));
        assert_eq!(found("9308878062554710043", "812FC7470000001B"), Some((1, true)));
        assert_eq!(found(&format!("{:x}", u128::MAX / 16), &(u128::MAX / 16).to_string()), Some((1, true)));
        assert_eq!(candidates("9".repeat(39).as_bytes()).len(), 1);
        assert_eq!(candidates("9".repeat(200).as_bytes()).len(), 1);
    }

    #[test]
    fn what_looks_like_a_uuid_is_never_a_number() {
        for id in ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "f47ac10b58cc4372a5670e02b2c3d479", "12-34"] {
            assert_eq!(candidates(id.as_bytes()).len(), 1, "{id}");
        }
        // Digits alone, as many: a decimal number.
        assert_eq!(candidates(&[b'7'; 32]).len(), 2);
    }

    #[test]
    fn blanks_and_nuls_around_an_id_are_not_part_of_it() {
        assert_eq!(&*key(b" 00ABC\r\n\0"), b"abc");
        assert_eq!(&*key(b" \0"), b"");
        assert_eq!(candidates(b""), []);
        assert_eq!(candidates(b"\0 "), []);
    }

    #[test]
    fn keys_keep_any_octet() {
        assert_eq!(&*key(b"a\xFF\x11B"), b"a\xFF\x11b");
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(raw in proptest::collection::vec(any::<u8>(), 0..64)) {
            let once = key(&raw);
            prop_assert_eq!(key(&once), once.clone());
            prop_assert_eq!(candidates(&raw).first().map(|candidate| candidate.key.clone()).unwrap_or_default(), once);
        }

        #[test]
        fn whichever_side_is_converted_it_is_found(value in any::<u128>(), width in 0_usize..17, upper in any::<bool>()) {
            let value = value >> 5;
            let decimal = value.to_string();
            let hexadecimal = if upper { format!("{value:0width$X}") } else { format!("{value:0width$x}") };
            prop_assume!(hexadecimal.len() != UUID_DIGITS);
            prop_assert!(found(&decimal, &hexadecimal).is_some());
            prop_assert!(found(&hexadecimal, &decimal).is_some());
        }
    }
}
