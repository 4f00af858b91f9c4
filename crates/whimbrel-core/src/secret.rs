//! Values that must not be seen: keys, and the texts of messages.

use std::borrow::Cow;
use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A key or password. `Debug` shows nothing, equality takes constant time, memory is wiped.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself; the caller keeps it from logs and errors.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The text of a message. It may hold a one-time code, so `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MessageText {
    text: Box<str>,
    code: Option<CodePlace>,
}

/// Where a one-time code stands in a text, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePlace {
    /// Where it begins.
    pub from: u16,
    /// How long it is.
    pub length: u8,
}

/// What stands for a code in a template.
pub const CODE_MARK: &str = "{code}";

impl MessageText {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), code: None }
    }

    /// A template with a code in the place of its first [`CODE_MARK`]; `None` if it has none, or is longer than any text.
    #[must_use]
    pub fn with_code(template: &str, code: &str) -> Option<Self> {
        let from = u16::try_from(template.find(CODE_MARK)?).ok()?;
        let place = CodePlace { from, length: u8::try_from(code.len()).ok()? };
        Some(Self { text: template.replacen(CODE_MARK, code, 1).into(), code: Some(place) })
    }

    /// A text with a code at that place; `None` if there is no such place.
    #[must_use]
    pub fn with_code_at(text: impl Into<Box<str>>, place: CodePlace) -> Option<Self> {
        let text = text.into();
        let (from, length) = (usize::from(place.from), usize::from(place.length));
        text.get(from..from + length).is_some().then_some(Self { text, code: Some(place) })
    }

    /// Where its one-time code stands, if it is known to have one.
    #[must_use]
    pub const fn code_place(&self) -> Option<CodePlace> {
        self.code
    }

    /// Its one-time code; the caller keeps it from logs and errors.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let CodePlace { from, length } = self.code?;
        self.text.get(usize::from(from)..usize::from(from) + usize::from(length))
    }

    /// The text as people other than its recipient may see it: a star for each character of the code.
    #[must_use]
    pub fn masked(&self) -> Cow<'_, str> {
        let (Some(code), Some(place)) = (self.code(), self.code) else { return Cow::Borrowed(&self.text) };
        let from = usize::from(place.from);
        let (before, after) = (&self.text[..from], &self.text[from + code.len()..]);
        Cow::Owned(format!("{before}{}{after}", "*".repeat(code.chars().count())))
    }

    /// The text itself; the caller keeps it from logs and errors.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// The octets of a binary message. They may be anything, so `Debug` shows their number only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MessageOctets(Box<[u8]>);

impl MessageOctets {
    /// Wraps octets.
    #[must_use]
    pub fn new(octets: impl Into<Box<[u8]>>) -> Self {
        Self(octets.into())
    }

    /// The octets themselves; the caller keeps them from logs and errors.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MessageOctets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} octets]", self.0.len())
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[text of {} bytes]", self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_masked_and_nothing_else() {
        let text = MessageText::with_code("Mã {code}, {code}!", "482917").expect("a code");
        assert_eq!((text.expose(), text.code()), ("Mã 482917, {code}!", Some("482917")));
        assert_eq!(text.masked(), "Mã ******, {code}!");
        let place = text.code_place().expect("a place");
        assert_eq!(MessageText::with_code_at("Mã 482917, {code}!", place), Some(text));
        assert_eq!(MessageText::with_code_at("Mã 48", place), None);
        assert_eq!(MessageText::with_code("no mark", "482917"), None);
        let plain = MessageText::new("482917");
        assert_eq!((plain.masked().as_ref(), plain.code()), ("482917", None));
    }

    #[test]
    fn neither_a_secret_nor_a_text_shows_itself() {
        assert_eq!(format!("{:?}", Secret::new("devSecret01")), "[secret]");
        assert_eq!(format!("{:?}", MessageText::new("Your code is 482917")), "[text of 19 bytes]");
        assert!(Secret::new("a") == Secret::new("a") && Secret::new("a") != Secret::new("ab"));
    }
}
