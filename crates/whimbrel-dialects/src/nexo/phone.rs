//! Vietnamese mobile numbers: `+84` and nine digits, of which the first is 3, 5, 7, 8 or 9.
//!
//! Numbers of eleven digits (`012x`, `016x`, `018x`, `0199`) went out of use on 30 June 2019 and are refused, not rewritten: whoever
//! still has one may mean somebody else. Landlines begin with 2, machines with 1. (Notice of the Ministry of Information and
//! Communications on the change of prefixes, 2018; public metadata of libphonenumber, read 2026.)

use whimbrel_core::PhoneNumber;

/// Digits after the country code.
const NATIONAL_DIGITS: usize = 9;

/// Reads a number as customers write it: `+84981234567` as documented, and by our choice also `84...`, `0...`, and with blanks, dots
/// and hyphens in between. `None` if it is no mobile number of Viet Nam.
pub(super) fn parse(text: &str) -> Option<PhoneNumber> {
    let kept: String = text.chars().filter(|letter| !matches!(letter, ' ' | '.' | '-')).collect();
    let national = match kept.strip_prefix('+') {
        Some(digits) => digits.strip_prefix("84")?,
        None => match kept.strip_prefix('0') {
            Some(national) => national,
            None => kept.strip_prefix("84")?,
        },
    };
    let is_mobile = matches!(national.as_bytes().first(), Some(b'3' | b'5' | b'7' | b'8' | b'9'));
    if national.len() != NATIONAL_DIGITS || !is_mobile || !national.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    PhoneNumber::from_digits(&format!("84{national}")).ok()
}

/// A number as answers and webhooks show it.
pub(super) fn shown(digits: &str) -> String {
    format!("+{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_all_its_forms() {
        for text in ["+84981234567", "84981234567", "0981234567", "+84 98 123 45 67", "098.123-4567", "+84-981234567"] {
            assert_eq!(parse(text).map(|number| number.digits().to_owned()).as_deref(), Some("84981234567"), "{text}");
        }
        for prefix in ["032", "051", "059", "070", "087", "099"] {
            assert!(parse(&format!("{prefix}1234567")).is_some(), "{prefix}");
        }
    }

    #[test]
    fn anything_else_is_no_number() {
        for text in [
            "",
            "+84",
            "+8498123456",
            "+849812345678",
            "+442079460000",
            "+840981234567",
            "981234567",
            "00841234567",
            // Landlines and machines.
            "+842412345678",
            "0241234567",
            "+84112345678",
            // The old form of eleven digits.
            "01681234567",
            "+841681234567",
            "+84９81234567",
            "+84(98)1234567",
            "+84981234567\n",
            "++84981234567",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
