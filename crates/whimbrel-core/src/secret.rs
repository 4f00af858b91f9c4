//! Values that must not be seen: keys, and the texts of messages.

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
pub struct MessageText(Box<str>);

impl MessageText {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself; the caller keeps it from logs and errors.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
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
        write!(f, "[text of {} bytes]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_secret_nor_a_text_shows_itself() {
        assert_eq!(format!("{:?}", Secret::new("devSecret01")), "[secret]");
        assert_eq!(format!("{:?}", MessageText::new("Your code is 482917")), "[text of 19 bytes]");
        assert!(Secret::new("a") == Secret::new("a") && Secret::new("a") != Secret::new("ab"));
    }
}
