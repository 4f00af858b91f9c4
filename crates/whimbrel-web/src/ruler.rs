//! How a text lies in its parts, and which characters make it longer than it need be.

use whimbrel_sms::{
    Encoding, EncodingChoice, Explanation, RefWidth, explain, gsm7, transliterate, transliterate_to_fit,
};

use crate::text::name_of;

/// A text cut into its parts, for people.
#[derive(Debug, Clone)]
pub struct Ruler {
    /// `GSM 7-bit` or `UCS-2`.
    pub alphabet: &'static str,
    /// What is counted: `septets` or `16-bit units`.
    pub unit: &'static str,
    /// Units of the whole text.
    pub units: usize,
    /// How many parts; not all are shown if they are more than the text can be sent in.
    pub part_count: usize,
    /// Units that fit in each part.
    pub units_per_part: usize,
    /// Units still free in the last one.
    pub units_left: usize,
    /// The parts in order.
    pub parts: Vec<RulerPart>,
    /// What would make it shorter or cheaper.
    pub advice: Option<Advice>,
}

/// A part.
#[derive(Debug, Clone)]
pub struct RulerPart {
    /// Its place, from 1.
    pub number: usize,
    /// What is in it.
    pub pieces: Vec<RulerPiece>,
}

/// Characters of one kind beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulerPiece {
    /// The characters; the name of one that cannot be seen.
    pub shown: String,
    /// What they are.
    pub kind: Kind,
    /// More about them, for a tooltip; empty if there is nothing.
    pub about: String,
}

/// What characters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ordinary.
    Plain,
    /// Outside of the GSM alphabet: they make the text UCS-2.
    Culprit,
    /// Two septets each.
    Double,
    /// They cannot be seen, and are named.
    Unseen,
    /// The end of a line.
    Break,
}

impl Kind {
    /// The class of the stylesheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain | Self::Break => "",
            Self::Culprit => "culprit",
            Self::Double => "double",
            Self::Unseen => "unseen-char",
        }
    }
}

/// What would make a text shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The characters to replace, with what stands for each: `“ → "`.
    pub replacements: Vec<(String, String)>,
    /// The parts that the text would have then.
    pub part_count: usize,
}

/// Characters that advice names at most.
const REPLACEMENTS_MAX: usize = 8;
/// Code points that a tooltip names at most.
const NAMED_MAX: usize = 4;

impl Ruler {
    /// The ruler of `text`, which is the one that `explanation` explains.
    #[must_use]
    pub fn new(text: &str, explanation: &Explanation) -> Self {
        let is_ucs2 = explanation.encoding == Encoding::Ucs2;
        let parts = explanation.parts.iter().enumerate().map(|(index, range)| RulerPart {
            number: index + 1,
            pieces: pieces(text.get(range.clone()).unwrap_or_default(), is_ucs2),
        });
        Self {
            alphabet: if is_ucs2 { "UCS-2" } else { "GSM 7-bit" },
            unit: if is_ucs2 { "16-bit units" } else { "septets" },
            units: explanation.units,
            part_count: explanation.part_count,
            units_per_part: explanation.part_units_max,
            units_left: explanation.units_left,
            parts: parts.collect(),
            advice: advice(text, explanation),
        }
    }

    /// How full the last part is, in percent.
    #[must_use]
    pub fn fill(&self) -> usize {
        (self.units_per_part - self.units_left.min(self.units_per_part)) * 100 / self.units_per_part.max(1)
    }
}

/// What the text would be if it went as GSM 7-bit, whatever was asked for.
fn advice(text: &str, explanation: &Explanation) -> Option<Advice> {
    if explanation.encoding != Encoding::Ucs2 {
        return None;
    }
    let written = transliterate_to_fit(text)?;
    let part_count = explain(&written, EncodingChoice::Gsm7, RefWidth::Bits8).part_count;
    if part_count >= explanation.part_count {
        return None;
    }
    let replacements = explanation.outside.distinct.iter().filter_map(|found| {
        let twin = twin(found.character)?;
        let shown = name_of(found.character).map_or_else(|| found.character.to_string(), |name| format!("⟨{name}⟩"));
        Some((shown, twin))
    });
    Some(Advice { replacements: replacements.take(REPLACEMENTS_MAX).collect(), part_count })
}

/// What stands for a character in the GSM alphabet; empty if it is left out.
fn twin(character: char) -> Option<String> {
    let alone = character.to_string();
    let written = transliterate(&alone);
    (written != alone && gsm7::first_unmappable(&written).is_none()).then(|| written.into_owned())
}

fn pieces(text: &str, is_ucs2: bool) -> Vec<RulerPiece> {
    let mut pieces: Vec<RulerPiece> = Vec::new();
    let mut buffer = [0; 4];
    for character in text.chars() {
        let septets = gsm7::encode(character.encode_utf8(&mut buffer)).map_or(0, |septets| septets.len());
        let is_outside = septets == 0;
        let (shown, kind) = match (character, name_of(character)) {
            ('\n', _) => (String::new(), Kind::Break),
            ('\r', _) => continue,
            (_, Some(name)) if is_outside && is_ucs2 => (format!("⟨{name}⟩"), Kind::Culprit),
            (_, Some(name)) => (format!("⟨{name}⟩"), Kind::Unseen),
            _ if is_outside && is_ucs2 => (character.to_string(), Kind::Culprit),
            _ if !is_ucs2 && septets == 2 => (character.to_string(), Kind::Double),
            _ => (character.to_string(), Kind::Plain),
        };
        match pieces
            .last_mut()
            .filter(|last| last.kind == kind && matches!(kind, Kind::Plain | Kind::Culprit | Kind::Double))
        {
            Some(last) => last.shown.push_str(&shown),
            None => pieces.push(RulerPiece { shown, kind, about: String::new() }),
        }
        if let Some(last) = pieces.last_mut().filter(|last| last.kind == Kind::Culprit) {
            name_culprit(&mut last.about, character);
        }
    }
    pieces
}

/// Adds a character to the tooltip of a piece.
fn name_culprit(about: &mut String, character: char) {
    let name = match twin(character) {
        Some(twin) if twin.is_empty() => format!("U+{:04X}, to leave out", u32::from(character)),
        Some(twin) => format!("U+{:04X}, in GSM 7-bit: {twin}", u32::from(character)),
        None => format!("U+{:04X}", u32::from(character)),
    };
    if about.contains(&name) {
        return;
    }
    match about.matches("U+").count() {
        0 => about.push_str(&name),
        named if named < NAMED_MAX => {
            about.push_str("; ");
            about.push_str(&name);
        }
        _ if !about.ends_with('…') => about.push_str("; …"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let ruler = Ruler::new(text, &explain(text, EncodingChoice::Detect, RefWidth::Bits8));
        let piece = |piece: &RulerPiece| match piece.kind {
            Kind::Plain => piece.shown.clone(),
            Kind::Culprit => format!("[{}]", piece.shown),
            Kind::Double => format!("({})", piece.shown),
            Kind::Unseen => piece.shown.clone(),
            Kind::Break => "¶".to_owned(),
        };
        let part = |part: &RulerPart| part.pieces.iter().map(piece).collect::<String>();
        ruler.parts.iter().map(part).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn the_characters_that_cost_are_marked() {
        assert_eq!(shown("price: 5€ or {6}"), "price: 5(€) or ({)6(})");
        assert_eq!(shown("“Hi”\nyou"), "[“]Hi[”]¶you");
        assert_eq!(shown("a\u{200B}b"), "a[⟨ZWSP⟩]b");
    }

    #[test]
    fn every_character_is_in_one_part() {
        let text = format!("{}“{}", "a".repeat(69), "b".repeat(80));
        let ruler = Ruler::new(&text, &explain(&text, EncodingChoice::Detect, RefWidth::Bits8));
        let shown: String =
            ruler.parts.iter().flat_map(|part| &part.pieces).map(|piece| piece.shown.as_str()).collect();
        assert_eq!(shown, text);
        assert_eq!((ruler.part_count, ruler.parts.len(), ruler.alphabet), (3, 3, "UCS-2"));
    }

    #[test]
    fn advice_names_what_to_replace_and_what_it_saves() {
        let text = format!("“{}”", "a".repeat(100));
        let ruler = Ruler::new(&text, &explain(&text, EncodingChoice::Detect, RefWidth::Bits8));
        let advice = ruler.advice.expect("advice");
        assert_eq!(advice.part_count, 1);
        assert_eq!(advice.replacements, [("“".to_owned(), "\"".to_owned()), ("”".to_owned(), "\"".to_owned())]);
        let emoji = Ruler::new("hi 👋", &explain("hi 👋", EncodingChoice::Detect, RefWidth::Bits8));
        assert_eq!(emoji.advice, None);
    }

    #[test]
    fn a_tooltip_stays_short() {
        let text = "קוד אימות שלך הוא";
        let ruler = Ruler::new(text, &explain(text, EncodingChoice::Detect, RefWidth::Bits8));
        assert!(ruler.parts[0].pieces.iter().all(|piece| piece.about.len() < 120));
    }
}
