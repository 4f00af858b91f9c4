//! Numbers and senders.
//!
//! A [`PhoneNumber`] is E.164 digits without the plus; a [`SenderId`] is what the handset shows as origin. Neither shows
//! itself whole in `Debug`: logs may carry a country and two digits, no more.

use std::fmt;

/// E.164: 7 to 15 digits, country code first, no plus (ITU-T E.164 §6; seven is the shortest that dialects accept).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(Box<str>);

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneNumberError {
    /// Something else than digits, once the usual separators were taken out.
    NotNumeric,
    /// Fewer than 7 or more than 15 digits.
    Length,
}

impl PhoneNumber {
    /// Reads a number as people write it: one leading `+` or `00` and blanks, hyphens, dots and parentheses are dropped.
    ///
    /// # Errors
    /// [`PhoneNumberError::NotNumeric`] if another character remains, [`PhoneNumberError::Length`] outside 7 to 15 digits.
    pub fn parse(text: &str) -> Result<Self, PhoneNumberError> {
        let text = text.trim();
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with("00") {
            return Self::from_digits(digits);
        }
        let kept: String = digits.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        if kept.is_empty() || !kept.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PhoneNumberError::NotNumeric);
        }
        Self::from_digits(kept.strip_prefix("00").unwrap_or(&kept))
    }

    /// Takes digits as they are.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_digits(digits: &str) -> Result<Self, PhoneNumberError> {
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PhoneNumberError::NotNumeric);
        }
        if !(7..=15).contains(&digits.len()) {
            return Err(PhoneNumberError::Length);
        }
        Ok(Self(digits.into()))
    }

    /// The digits, country code first.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The number as logs may show it: `4477*******23`.
    #[must_use]
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// Keeps the first four and the last two characters of a long text, less of a short one.
#[must_use]
pub fn mask(text: &str) -> String {
    let count = text.chars().count();
    let (head, tail) = if count >= 10 { (4, 2) } else { (count.min(2), 0) };
    text.chars().enumerate().map(|(index, c)| if index < head || index >= count - tail { c } else { '*' }).collect()
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// What the handset shows as origin: a number, a short code, or a short name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum SenderId {
    /// An international number, 7 to 15 digits.
    Number(PhoneNumber),
    /// A short code: up to 6 digits.
    ShortCode(Box<str>),
    /// A name: any other text; 11 characters are what networks carry.
    Name(Box<str>),
}

impl SenderId {
    /// Reads a sender as customers write it: blanks of names are dropped, a `+` or `00` before digits too.
    ///
    /// Returns `None` for an empty text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if kept.is_empty() {
            return None;
        }
        let digits = kept.strip_prefix('+').or_else(|| kept.strip_prefix("00")).unwrap_or(&kept);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            if digits.len() <= 6 {
                return Some(Self::ShortCode(digits.into()));
            }
            if let Ok(number) = PhoneNumber::from_digits(digits) {
                return Some(Self::Number(number));
            }
        }
        Some(Self::Name(kept.into()))
    }

    /// The sender as text, without a plus.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.digits(),
            Self::ShortCode(text) | Self::Name(text) => text,
        }
    }
}

impl fmt::Debug for SenderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => fmt::Debug::fmt(number, f),
            Self::ShortCode(text) | Self::Name(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let digits = |text| PhoneNumber::parse(text).map(|number| number.digits().to_owned());
        assert_eq!(digits("447700900123").as_deref(), Ok("447700900123"));
        assert_eq!(digits("+44 7700 900-123").as_deref(), Ok("447700900123"));
        assert_eq!(digits("0044(7700)900123").as_deref(), Ok("447700900123"));
        assert_eq!(digits("abc"), Err(PhoneNumberError::NotNumeric));
        assert_eq!(digits(""), Err(PhoneNumberError::NotNumeric));
        assert_eq!(digits("++447700900123"), Err(PhoneNumberError::NotNumeric));
        assert_eq!(digits("123456"), Err(PhoneNumberError::Length));
        assert_eq!(digits("1234567890123456"), Err(PhoneNumberError::Length));
        assert_eq!(digits("٤٤٧٧٠٠٩٠٠١٢٣"), Err(PhoneNumberError::NotNumeric));
    }

    #[test]
    fn senders_fall_into_three_kinds() {
        assert_eq!(SenderId::parse("Acme Inc"), Some(SenderId::Name("AcmeInc".into())));
        assert_eq!(SenderId::parse("12345"), Some(SenderId::ShortCode("12345".into())));
        assert!(matches!(SenderId::parse("+447700900000"), Some(SenderId::Number(n)) if n.digits() == "447700900000"));
        assert_eq!(SenderId::parse("  "), None);
        assert_eq!(SenderId::parse("+"), Some(SenderId::Name("+".into())));
    }

    #[test]
    fn a_number_does_not_show_itself() {
        let number = PhoneNumber::parse("447700900123").expect("twelve digits");
        assert_eq!(format!("{number:?}"), "4477******23");
        assert_eq!(mask("1234567"), "12*****");
        assert_eq!(mask("1"), "1");
    }
}
