//! What a reader wants out of a text: its one-time code, or its link.
//!
//! A code is told from prices, years, dates, times, and numbers of phones, orders and cards by its shape and by the words around it, in
//! some forty languages ([`table`]); each candidate has a score and the reasons for it, so that a wrong guess can be understood. What is
//! told: the code as it is typed in, without blanks and hyphens between its groups.
//!
//! The line `@host #code` at the end of a text is that of the specification "Origin-bound one-time codes delivered via SMS" (WICG, read
//! 2026); a line of eleven characters at the end, often after `<#>`, is the hash by which Android finds the app (its page "Verification
//! of phone numbers with the SMS Retriever API", read 2026), never a code.

mod around;
mod fold;
mod link;
mod score;
mod shape;
mod table;
mod words;

use std::ops::Range;

pub use link::link;
pub use score::Reason;

/// Texts are looked at up to here, in octets: no message has more.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What may be a one-time code. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// As it is typed in: digits are those of ASCII; what stands between groups is left out.
    pub code: String,
    /// Where it stands in the text, in octets.
    pub span: Range<usize>,
    /// How much speaks for it; [`SCORE_MIN`](Self::SCORE_MIN) is enough.
    pub score: i32,
    /// What speaks for and against it.
    pub reasons: Vec<Reason>,
}

impl Code {
    /// The score from which a candidate is taken for a code.
    pub const SCORE_MIN: i32 = 50;

    /// Whether it is `other`, written in capitals without blanks and hyphens.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.code.chars().filter(|c| *c != '-').map(|c| c.to_ascii_uppercase()).eq(other.chars())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("score", &self.score).field("reasons", &self.reasons).finish_non_exhaustive()
    }
}

/// The one-time code of a text; `None` if nothing in it looks enough like one.
#[must_use]
pub fn otp(text: &str) -> Option<Code> {
    candidates(text).into_iter().next().filter(|best| best.score >= Code::SCORE_MIN)
}

/// Whether the one-time code of a text is `code`, written in capitals without blanks and hyphens.
///
/// Most texts have not even its characters, and are not looked at any further.
#[must_use]
pub fn is_otp(text: &str, code: &str) -> bool {
    // Other scripts have digits of their own, and what stands between groups is left out of a code.
    let bare = |text: &str| -> String {
        text.chars().map(fold::fold).filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    };
    bare(text).contains(&bare(code)) && otp(text).is_some_and(|found| found.is(code))
}

/// Everything in a text that has the shape of a code, the best first; of equals the earlier one.
#[must_use]
pub fn candidates(text: &str) -> Vec<Code> {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    // A code has a digit, or stands behind the sign of an origin-bound one (which has a wide form).
    if !text
        .contains(|c: char| c.is_ascii_digit() || c == '#' || (!c.is_ascii() && (c.is_numeric() || c == '\u{ff03}')))
    {
        return Vec::new();
    }
    let folded = fold::Folded::new(text);
    let mut found = score::scored(&folded);
    found.sort_by_key(|code| (-code.score, code.span.start));
    found
}
