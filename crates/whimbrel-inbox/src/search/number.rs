//! Numbers as people type them.

/// Which numbers are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberPattern {
    /// This one, in digits with the country code first.
    Exact(Box<str>),
    /// Those that end so: a number typed without its country code.
    Ending(Box<str>),
    /// Digits with `*` for any digits.
    Wild(Box<str>),
}

/// From so many digits on, a number without `+` and without a 0 in front is a whole one.
const WHOLE_DIGITS_MIN: usize = 11;

impl NumberPattern {
    /// Reads what stands after `to:`. `+44 7700 900123`, `0044...` and `447700900123` are whole numbers; `07700 900123` and short ones
    /// are ends of numbers; `*` stands for any digits. `None` if it is no number.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_international = text.starts_with('+');
        let digits: String = text
            .strip_prefix('+')
            .unwrap_or(text)
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/'))
            .collect();
        if digits.is_empty() || digits.len() > 40 || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*') {
            return None;
        }
        let (digits, is_international) = match digits.strip_prefix("00") {
            Some(rest) if !rest.is_empty() && !is_international => (rest.to_owned(), true),
            _ => (digits, is_international),
        };
        Some(if digits.contains('*') {
            // What is typed with a trunk 0 has the country code in its place.
            match digits.strip_prefix('0') {
                Some(rest) if !is_international => Self::Wild(format!("*{rest}").into()),
                _ => Self::Wild(digits.into()),
            }
        } else if is_international {
            Self::Exact(digits.into())
        } else if let Some(national) = digits.strip_prefix('0').filter(|national| !national.is_empty()) {
            Self::Ending(national.into())
        } else if digits.len() >= WHOLE_DIGITS_MIN {
            Self::Exact(digits.into())
        } else {
            Self::Ending(digits.into())
        })
    }

    /// Whether `number`, digits with the country code first, is meant.
    #[must_use]
    pub fn fits(&self, number: &str) -> bool {
        match self {
            Self::Exact(exact) => number == &**exact,
            Self::Ending(end) => number.ends_with(&**end),
            Self::Wild(pattern) => wild(pattern, number),
        }
    }
}

/// Whether `pattern` with `*` for any characters is the whole of `text`.
pub(super) fn wild(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        // The earliest place is never worse than a later one.
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything_and_nothing_overlaps() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "ac", false),
            ("**", "x", true),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
        ] {
            assert_eq!(wild(pattern, text), fits, "{pattern} {text}");
        }
    }
}
