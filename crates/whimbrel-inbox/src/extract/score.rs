//! How much speaks for each candidate.

use super::Code;
use super::around;
use super::fold::Folded;
use super::shape::{Shape, ShapeKind, shapes};
use super::words::{Found, HINT, OTHER_NUMBER};

/// What speaks for a candidate, or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The last line is `@host #code`.
    OriginBound,
    /// A word for a code stands right beside it.
    CodeWordBeside,
    /// A word for a code stands in its sentence.
    CodeWordInSentence,
    /// A word for a code stands elsewhere in the text.
    CodeWordInText,
    /// A word of such texts stands near.
    Hint,
    /// It stands alone in its line, or first in the text.
    Apart,
    /// The text has hardly anything else.
    Alone,
    /// Its shape is usual for codes.
    Shape,
    /// It is an amount of money.
    Money,
    /// It is an amount of something else, or a part of a decimal.
    Amount,
    /// It is a date, a year or a time.
    Date,
    /// It is a number of a phone.
    PhoneNumber,
    /// Texts are sent to it.
    ShortCode,
    /// It is the end of a number whose beginning is hidden.
    Masked,
    /// A word beside it says that it is the number of something.
    OtherNumber,
    /// It is what shops give away.
    Voucher,
    /// It is the hash by which an app is found.
    AppHash,
}

impl Reason {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OriginBound => "origin-bound",
            Self::CodeWordBeside => "code-word-beside",
            Self::CodeWordInSentence => "code-word-in-sentence",
            Self::CodeWordInText => "code-word-in-text",
            Self::Hint => "hint",
            Self::Apart => "apart",
            Self::Alone => "alone",
            Self::Shape => "shape",
            Self::Money => "money",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::PhoneNumber => "phone-number",
            Self::ShortCode => "short-code",
            Self::Masked => "masked",
            Self::OtherNumber => "other-number",
            Self::Voucher => "voucher",
            Self::AppHash => "app-hash",
        }
    }
}

/// Characters between a candidate and a word that are read.
const GAP_MAX: usize = 240;
/// Against another kind of number nothing helps.
const OTHER_KIND: i32 = -100;

/// Words that a text may have besides its code if it is taken for one without a word that says so.
const ALONE_WORDS_MAX: usize = 2;

/// Every candidate with its score.
pub(super) fn scored(folded: &Folded) -> Vec<Code> {
    let shapes = shapes(folded);
    let mut codes: Vec<Code> = Vec::new();
    // Where nothing has the shape of a code, no word is looked for: so it is with most texts.
    if !shapes.is_empty() {
        let words =
            Words { code: around::code_words(folded), hint: HINT.in_text(folded), other: OTHER_NUMBER.in_text(folded) };
        codes.extend(shapes.iter().map(|shape| words.judge(folded, shape, shapes.len())));
    }
    codes.extend(origin_bound(folded));
    codes
}

/// `@host #code` in the last line.
fn origin_bound(folded: &Folded) -> Option<Code> {
    let end = folded.glyphs.iter().rposition(|glyph| !glyph.c.is_whitespace())? + 1;
    let start = (0..end).rev().find(|index| folded.c(*index) == Some('\n')).map_or(0, |index| index + 1);
    let line = folded.text(start..end);
    let (host, rest) = line.strip_prefix('@')?.split_once(" #")?;
    let length = rest.chars().take_while(|c| !c.is_whitespace()).count();
    let is_host =
        host.contains('.') && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let from = start + 1 + host.chars().count() + 2;
    let glyphs = &folded.glyphs[from..from + length];
    // What nobody can type as it stands is no code.
    let is_code = length > 0 && glyphs.iter().all(|glyph| glyph.c.is_ascii_graphic());
    if !is_host || !is_code {
        return None;
    }
    let code =
        glyphs.iter().map(|glyph| if glyph.is_capital { glyph.c.to_ascii_uppercase() } else { glyph.c }).collect();
    Some(Code { code, span: folded.span(from..from + length), score: 100, reasons: vec![Reason::OriginBound] })
}

/// Words of the text that say something about numbers.
struct Words {
    code: Vec<Found>,
    hint: Vec<Found>,
    other: Vec<Found>,
}

impl Words {
    fn judge(&self, folded: &Folded, shape: &Shape, shape_count: usize) -> Code {
        let mut code = Code {
            code: shape.code.clone(),
            span: folded.span(shape.glyphs.clone()),
            score: base(shape),
            reasons: vec![Reason::Shape],
        };
        let mut add = |score: i32, reason: Reason| {
            code.score += score;
            code.reasons.push(reason);
        };
        if let Some(reason) = around::other_kind(folded, shape) {
            add(OTHER_KIND, reason);
        }
        let near = nearest(folded, &self.code, shape);
        let other = nearest_before(folded, &self.other, shape);
        if near.is_none_or(|near| near.reason() != Reason::CodeWordBeside)
            && let Some(hint) = nearest(folded, &self.hint, shape)
        {
            add(hint.score() / 2, Reason::Hint);
        }
        match near {
            Some(near) => add(near.score(), near.reason()),
            None => {
                let words = folded.lower.split_whitespace().count();
                if words <= ALONE_WORDS_MAX + shape_words(folded, shape)
                    && shape_count == 1
                    && shape.kind == ShapeKind::Digits
                {
                    add(26, Reason::Alone);
                }
            }
        }
        // The word that stands nearer before it says what it is.
        if let Some(other) = other
            && near.is_none_or(|near| near.is_after || near.words > other.words)
        {
            add(-50, Reason::OtherNumber);
        }
        // A password is told by the word right before it, and by nothing else.
        if shape.kind == ShapeKind::MixedCase && !near.is_some_and(|near| near.words == 0 && !near.is_after) {
            add(OTHER_KIND, Reason::OtherNumber);
        }
        let is_said = |near: Near| near.words <= 1 || (near.is_in_sentence && shape.glyphs.start == 0);
        if around::is_year(&shape.code) && !near.is_some_and(is_said) {
            add(-40, Reason::Date);
        }
        if is_apart(folded, shape) {
            add(8, Reason::Apart);
        }
        code
    }
}

fn base(shape: &Shape) -> i32 {
    let length = shape.code.chars().filter(|c| *c != '-').count();
    match (shape.kind, length) {
        (ShapeKind::Prefixed, _) => 36,
        (ShapeKind::Digits, 6) => 32,
        (ShapeKind::Digits, 4 | 5) => 28,
        (ShapeKind::Digits, _) => 27,
        (ShapeKind::Mixed, 5..=8) => 20,
        (ShapeKind::Mixed | ShapeKind::MixedCase, _) => 14,
    }
}

fn shape_words(folded: &Folded, shape: &Shape) -> usize {
    folded.text(shape.glyphs.clone()).split_whitespace().count()
}

/// How a word stands to a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Near {
    /// Words between them.
    words: usize,
    is_in_sentence: bool,
    /// Whether the word stands after the candidate.
    is_after: bool,
}

impl Near {
    fn score(self) -> i32 {
        match (self.is_in_sentence, self.words) {
            (true, 0..=3) => 46,
            (true, 4..=8) => 36,
            (true, _) => 28,
            (false, 0..=4) => 30,
            (false, _) => 16,
        }
    }

    fn reason(self) -> Reason {
        match (self.is_in_sentence, self.words) {
            (true, 0..=3) => Reason::CodeWordBeside,
            (true, _) => Reason::CodeWordInSentence,
            (false, _) => Reason::CodeWordInText,
        }
    }
}

/// The word that counts most: the nearest, and of two equals the one before.
fn nearest(folded: &Folded, words: &[Found], shape: &Shape) -> Option<Near> {
    words
        .iter()
        .filter_map(|found| near(folded, found, shape))
        .max_by_key(|near| (near.score(), std::cmp::Reverse(near.words), !near.is_after))
}

/// The nearest word in the same sentence before the candidate, with at most two words between.
fn nearest_before(folded: &Folded, words: &[Found], shape: &Shape) -> Option<Near> {
    // A number between them is the one that the word speaks of.
    let is_free = |found: &Found| {
        if shape.glyphs.start.saturating_sub(found.glyphs.end) > GAP_MAX {
            return false;
        }
        let mut between = found.glyphs.end..shape.glyphs.start;
        !between.any(|index| folded.c(index).is_some_and(|c| c.is_ascii_digit()))
    };
    let before = words.iter().filter(|found| is_free(found)).filter_map(|found| near(folded, found, shape));
    before.filter(|near| !near.is_after && near.is_in_sentence && near.words <= 2).min_by_key(|near| near.words)
}

fn near(folded: &Folded, found: &Found, shape: &Shape) -> Option<Near> {
    let (is_after, gap) = if found.glyphs.end <= shape.glyphs.start {
        (false, found.glyphs.end..shape.glyphs.start)
    } else if found.glyphs.start >= shape.glyphs.end {
        (true, shape.glyphs.end..found.glyphs.start)
    } else {
        return None;
    };
    // A word so far away is in another sentence, and what stands between is not read for each of many pairs.
    if gap.len() > GAP_MAX {
        return Some(Near { words: GAP_MAX, is_in_sentence: false, is_after });
    }
    let is_in_sentence = !gap.clone().any(|index| around::is_sentence_end(folded, index));
    let text = folded.text(gap.clone());
    // Where there are no blanks between words, some four characters are one.
    let wide = text.chars().filter(|c| is_without_blanks(*c)).count();
    let separate =
        text.split(|c: char| !c.is_alphanumeric() || is_without_blanks(c)).filter(|word| !word.is_empty()).count();
    // The rest of the word that the find is a part of does not count.
    let rest = if is_after { folded.before(found.glyphs.start) } else { folded.c(found.glyphs.end) };
    let rest = usize::from(rest.is_some_and(|c| c.is_alphanumeric() && !is_without_blanks(c)));
    Some(Near { words: (separate + wide / 4).saturating_sub(rest), is_in_sentence, is_after })
}

fn is_without_blanks(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

/// Alone in its line, or the first thing in the text.
fn is_apart(folded: &Folded, shape: &Shape) -> bool {
    let line_start = (0..shape.glyphs.start).rev().take_while(|index| folded.c(*index) != Some('\n'));
    let line_end = (shape.glyphs.end..folded.glyphs.len()).take_while(|index| folded.c(*index) != Some('\n'));
    let is_blank = |index: usize| folded.c(index).is_none_or(|c| !c.is_alphanumeric());
    shape.glyphs.start == 0 || (line_start.into_iter().all(is_blank) && line_end.into_iter().all(is_blank))
}
