//! Words of a [`table`](super::table) in a text, found in one pass.
//!
//! A text is looked at by searches over a hundred thousand of them, and a table has some hundred words: so words are looked up by their
//! first character, and those that begin a word are not tried in the middle of one.

use std::sync::LazyLock;

use super::fold::Folded;
use super::table::{self, Match};

/// A table, by the first character of its words.
pub(super) struct Words(Vec<(char, Vec<(Match, &'static str)>)>);

/// Words that mean a code.
pub(super) static CODE: LazyLock<Words> = LazyLock::new(|| Words::of(table::CODE));
/// Words of texts that have a code.
pub(super) static HINT: LazyLock<Words> = LazyLock::new(|| Words::of(table::HINT));
/// Words before numbers of something else.
pub(super) static OTHER_NUMBER: LazyLock<Words> = LazyLock::new(|| Words::of(table::OTHER_NUMBER));

/// A word of a table in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub glyphs: std::ops::Range<usize>,
}

impl Words {
    fn of(table: &[(Match, &'static str)]) -> Self {
        let mut words: Vec<(char, Match, &'static str)> = Vec::new();
        for (how, list) in table {
            words.extend(list.split('|').filter_map(|word| Some((word.chars().next()?, *how, word))));
        }
        words.sort_by_key(|(first, _, _)| *first);
        let chunks = words.chunk_by(|(one, _, _), (other, _, _)| one == other);
        let by_first = chunks.map(|chunk| (chunk[0].0, chunk.iter().map(|(_, how, word)| (*how, *word)).collect()));
        Self(by_first.collect())
    }

    fn beginning_with(&self, first: char) -> &[(Match, &'static str)] {
        match self.0.binary_search_by_key(&first, |(known, _)| *known) {
            Ok(place) => &self.0[place].1,
            Err(_) => &[],
        }
    }

    /// Where they stand, in order.
    pub(super) fn in_text(&self, folded: &Folded) -> Vec<Found> {
        let mut found = Vec::new();
        for (start, glyph) in folded.glyphs.iter().enumerate().filter(|(_, glyph)| !glyph.is_address) {
            let words = self.beginning_with(glyph.c);
            let is_within = is_letter(Some(glyph.c)) && is_letter(folded.before(start));
            for (how, word) in words.iter().filter(|(how, _)| *how == Match::Anywhere || !is_within) {
                let Some(end) = folded.end_of(start, word) else { continue };
                let ends = || !is_letter(folded.c(end)) || !is_letter(word.chars().next_back());
                if *how != Match::Word || ends() {
                    found.push(Found { glyphs: start..end });
                }
            }
        }
        found.sort_by_key(|found| (found.glyphs.start, found.glyphs.end));
        found
    }
}

pub(super) fn is_letter(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the rule is told: each word of the table is looked for in the whole text.
    fn one_by_one(folded: &Folded, table: &[(Match, &str)]) -> Vec<Found> {
        let mut found = Vec::new();
        for (how, word) in table.iter().flat_map(|(how, words)| words.split('|').map(move |word| (how, word))) {
            for (at, _) in folded.lower.match_indices(word) {
                let glyphs = folded.glyph_at(at)..folded.glyph_at(at + word.len());
                let begins = !is_letter(folded.before(glyphs.start)) || !is_letter(word.chars().next());
                let ends = !is_letter(folded.c(glyphs.end)) || !is_letter(word.chars().next_back());
                let is_there = match how {
                    Match::Word => begins && ends,
                    Match::Stem => begins,
                    Match::Anywhere => true,
                };
                if is_there && !folded.glyphs[glyphs.start].is_address {
                    found.push(Found { glyphs });
                }
            }
        }
        found.sort_by_key(|found| (found.glyphs.start, found.glyphs.end));
        found
    }

    #[test]
    fn one_pass_finds_what_one_word_after_the_other_finds() {
        let corpus = [
            include_str!("../../tests/corpus/positive.tsv"),
            include_str!("../../tests/corpus/negative.tsv"),
            include_str!("../../tests/corpus/unseen_positive.tsv"),
            include_str!("../../tests/corpus/unseen_negative.tsv"),
        ]
        .concat();
        let mut count = 0;
        for line in corpus.lines() {
            let folded = Folded::new(line);
            for (words, table) in [(&CODE, table::CODE), (&HINT, table::HINT), (&OTHER_NUMBER, table::OTHER_NUMBER)] {
                let found = words.in_text(&folded);
                count += found.len();
                assert_eq!(found, one_by_one(&folded, table), "{line}");
            }
        }
        assert!(count > 1_000, "the texts have many such words: {count}");
    }
}
