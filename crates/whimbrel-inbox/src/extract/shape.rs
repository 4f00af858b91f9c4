//! What has the shape of a code: digits, groups of digits, capitals with digits.

use std::ops::Range;

use super::fold::Folded;

/// Something with the shape of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Where it stands.
    pub glyphs: Range<usize>,
    /// As it is typed in.
    pub code: String,
    pub kind: ShapeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShapeKind {
    /// Digits in a row, or in groups.
    Digits,
    /// Digits after letters and a hyphen.
    Prefixed,
    /// Letters and digits.
    Mixed,
    /// Small and capital letters with digits: a password more than a code.
    MixedCase,
}

/// A run of letters and digits of ASCII.
struct Run {
    glyphs: Range<usize>,
    digit_count: usize,
}

impl Run {
    fn len(&self) -> usize {
        self.glyphs.len()
    }

    fn is_digits(&self) -> bool {
        self.digit_count == self.len()
    }
}

/// Every shape of a text, in order.
pub(super) fn shapes(folded: &Folded) -> Vec<Shape> {
    let runs = runs(folded);
    let mut found = Vec::new();
    let mut index = 0;
    while index < runs.len() {
        if let Some(count) = group_count(folded, &runs[index..]) {
            let glyphs = runs[index].glyphs.start..runs[index + count - 1].glyphs.end;
            let code = runs[index..index + count].iter().map(|run| folded.text(run.glyphs.clone())).collect::<String>();
            if (4..=8).contains(&code.len()) {
                found.push(Shape { glyphs, code, kind: ShapeKind::Digits });
            }
            index += count;
            continue;
        }
        if let Some(joined) = joined(folded, &runs[index..]) {
            found.push(joined);
            index += 2;
            continue;
        }
        found.extend(shape(folded, &runs, index));
        index += 1;
    }
    found
}

/// Two short runs of capitals and digits with a hyphen between: `J7M-4PX`, `N5-208`.
fn joined(folded: &Folded, runs: &[Run]) -> Option<Shape> {
    let [first, second, ..] = runs else { return None };
    let is_short = |run: &Run| (2..=4).contains(&run.len());
    let is_capital =
        |run: &Run| folded.glyphs[run.glyphs.clone()].iter().all(|glyph| glyph.is_capital || glyph.c.is_ascii_digit());
    let is_one = second.glyphs.start == first.glyphs.end + 1 && folded.c(first.glyphs.end) == Some('-');
    // Letters alone before the hyphen, or digits alone on both sides, are other shapes.
    let is_mixed = first.digit_count > 0 && first.digit_count + second.digit_count < first.len() + second.len();
    let is_end = folded.c(second.glyphs.end) != Some('-');
    let glyphs = first.glyphs.start..second.glyphs.end;
    (is_one && is_mixed && is_end && [first, second].iter().all(|run| is_short(run) && is_capital(run)))
        .then(|| Shape { code: folded.text(glyphs.clone()).to_uppercase(), glyphs, kind: ShapeKind::Mixed })
}

fn runs(folded: &Folded) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open: Option<Run> = None;
    for (index, glyph) in folded.glyphs.iter().enumerate() {
        if glyph.c.is_ascii_alphanumeric() && !glyph.is_address {
            let run = open.get_or_insert(Run { glyphs: index..index, digit_count: 0 });
            run.glyphs.end = index + 1;
            run.digit_count += usize::from(glyph.c.is_ascii_digit());
        } else {
            runs.extend(open.take());
        }
    }
    runs.extend(open);
    // A run that touches a letter of a script with blanks between its words is part of a word.
    runs.retain(|run| {
        let touches = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && is_of_words(c));
        !touches(folded.before(run.glyphs.start)) && !touches(folded.c(run.glyphs.end))
    });
    runs
}

/// Letters of Latin, Greek and Cyrillic.
fn is_of_words(c: char) -> bool {
    c.is_alphabetic() && matches!(c, '\u{c0}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}')
}

/// How many runs from the first on are groups of one number: `123 456`, `12-34-56`, `4 8 2 9`. `None` if it is alone.
fn group_count(folded: &Folded, runs: &[Run]) -> Option<usize> {
    let first = runs.first().filter(|run| run.is_digits() && run.len() <= 4)?;
    let separator = folded.c(first.glyphs.end).filter(|c| matches!(c, ' ' | '-'))?;
    let goes_on = |pair: &[Run]| {
        let [before, after] = pair else { return false };
        after.glyphs.start == before.glyphs.end + 1
            && folded.c(before.glyphs.end) == Some(separator)
            && after.is_digits()
            && after.len() == first.len()
    };
    let count = 1 + runs.windows(2).take_while(|pair| goes_on(pair)).count();
    let digits = count * first.len();
    // A last group of another length makes it the number of something else; four in a row are never two years or two prices.
    (count > 1 && digits <= 19 && (first.len() > 1 || count >= 4)).then_some(count)
}

fn shape(folded: &Folded, runs: &[Run], index: usize) -> Option<Shape> {
    let run = &runs[index];
    let code = folded.text(run.glyphs.clone());
    if run.is_digits() {
        if !(4..=8).contains(&run.len()) {
            return None;
        }
        if let Some(prefix) = prefix(folded, runs, index) {
            // One letter stands in the form already; more belong to the code.
            let code =
                if prefix.len() == 1 { code } else { format!("{}-{code}", folded.text(prefix.clone()).to_uppercase()) };
            return Some(Shape { glyphs: prefix.start..run.glyphs.end, code, kind: ShapeKind::Prefixed });
        }
        return Some(Shape { glyphs: run.glyphs.clone(), code, kind: ShapeKind::Digits });
    }
    let letter_count = run.len() - run.digit_count;
    let glyphs = &folded.glyphs[run.glyphs.clone()];
    let all = |wanted: bool| {
        glyphs.iter().filter(|glyph| glyph.c.is_ascii_alphabetic()).all(|glyph| glyph.is_capital == wanted)
    };
    let is_masked = glyphs.iter().all(|glyph| glyph.c.is_ascii_digit() || glyph.c == 'x');
    // Digits, then the first letters of the next word or a unit: no code.
    let ends_in_unit =
        run.digit_count >= 4 && !all(true) && glyphs[..run.digit_count].iter().all(|glyph| glyph.c.is_ascii_digit());
    let is_code = (4..=10).contains(&run.len())
        && run.digit_count >= 1
        && letter_count >= 1
        && (all(true) || (all(false) && run.digit_count >= 2 && run.len() >= 5))
        && !is_masked
        && !ends_in_unit
        && !is_ordinal(&code);
    if is_code {
        let code = if all(true) { code.to_uppercase() } else { code };
        return Some(Shape { glyphs: run.glyphs.clone(), code, kind: ShapeKind::Mixed });
    }
    let is_password =
        (6..=12).contains(&run.len()) && run.digit_count >= 1 && letter_count >= 3 && !all(true) && !all(false);
    let as_written = |glyph: &super::fold::Glyph| if glyph.is_capital { glyph.c.to_ascii_uppercase() } else { glyph.c };
    is_password.then(|| Shape {
        glyphs: run.glyphs.clone(),
        code: glyphs.iter().map(as_written).collect(),
        kind: ShapeKind::MixedCase,
    })
}

/// One to three capitals and a hyphen before the digits.
fn prefix(folded: &Folded, runs: &[Run], index: usize) -> Option<Range<usize>> {
    let letters = &runs[index.checked_sub(1)?];
    let is_prefix = letters.digit_count == 0
        && letters.len() <= 3
        && folded.glyphs[letters.glyphs.clone()].iter().all(|glyph| glyph.is_capital)
        && letters.glyphs.end + 1 == runs[index].glyphs.start
        && folded.c(letters.glyphs.end) == Some('-');
    is_prefix.then(|| letters.glyphs.clone())
}

/// 1st, 22nd; 10am; 24h.
fn is_ordinal(code: &str) -> bool {
    let letters = code.trim_start_matches(|c: char| c.is_ascii_digit());
    matches!(
        letters,
        "st" | "nd" | "rd" | "th" | "am" | "pm" | "h" | "hrs" | "min" | "gb" | "mb" | "kb" | "km" | "kg" | "ml"
    )
}
