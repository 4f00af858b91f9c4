//! What a command says when it fails: one sentence for the person at the terminal.

use std::fmt;

/// A failure, told as a sentence that says what was attempted and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

/// What a step returns.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Adds what was attempted to an error.
pub trait Attempted<T> {
    /// Names the attempt: `read tools.toml: no such file`.
    fn attempting(self, what: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> Attempted<T> for Result<T, E> {
    fn attempting(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }
}

/// Fails with `text` unless `truth` holds.
pub fn require(truth: bool, text: impl FnOnce() -> String) -> Outcome<()> {
    if truth { Ok(()) } else { Err(Failure(text())) }
}
