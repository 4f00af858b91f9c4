//! What is wrong with a query, and where.

use std::fmt;
use std::ops::Range;

/// A query that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchError {
    /// The token that is wrong, in octets of the query.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl SearchError {
    pub(super) fn new(span: Range<usize>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { span, problem: problem.into(), remedy: remedy.into() }
    }

    /// The query with the wrong token underlined: two lines for a font whose characters have one width.
    #[must_use]
    pub fn underlined(&self, query: &str) -> String {
        // Where a character is two columns wide the mark is a little off; what it marks is named in the message as well.
        let before = query.get(..self.span.start).unwrap_or(query).chars().count();
        let marked = query.get(self.span.clone()).map_or(1, |token| token.chars().count().max(1));
        let shown: String = query.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        format!("{shown}\n{}{}", " ".repeat(before), "^".repeat(marked))
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem, self.remedy)
    }
}

impl std::error::Error for SearchError {}

/// The word among `known` that is most like `word`, if one is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let is_beginning = |candidate: &str| word.len() >= 2 && candidate.starts_with(word);
    let by_distance = known
        .into_iter()
        .map(|candidate| (usize::from(!is_beginning(candidate)) * distance(word, candidate), candidate));
    let (distance, nearest) = by_distance.min()?;
    (distance <= 1 + word.chars().count() / 4).then_some(nearest)
}

/// Letters to add, leave out, change, or swap with their neighbour, to make the one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_one_that_may_have_been_meant() {
        let known = ["status", "sender", "to"];
        assert_eq!(nearest("staus", known), Some("status"));
        assert_eq!(nearest("statsu", known), Some("status"));
        assert_eq!(nearest("ot", known), Some("to"));
        assert_eq!(nearest("sen", known), Some("sender"), "a beginning");
        assert_eq!(nearest("zebra", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn the_mark_stands_below_the_token() {
        let query = "\u{fc}ber stat:x";
        let error = SearchError::new(6..12, "p", "r");
        assert_eq!(error.underlined(query), "\u{fc}ber stat:x\n     ^^^^^^");
        assert_eq!(SearchError::new(3..3, "p", "r").underlined("a\u{7}b"), "a\u{fffd}b\n   ^");
    }
}
