//! Texts as they are shown: what cannot be seen is named, because it is what makes one part three.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Characters as they are.
    Plain(String),
    /// One that cannot be seen, by its name: `ZWJ`.
    Named(String),
    /// The end of a line.
    Break,
}

/// Characters that have no picture or that change the order of others, with their names as Unicode abbreviates them.
const NAMES: &[(char, &str)] = &[
    ('\u{00A0}', "NBSP"),
    ('\u{00AD}', "SHY"),
    ('\u{034F}', "CGJ"),
    ('\u{061C}', "ALM"),
    ('\u{180E}', "MVS"),
    ('\u{200B}', "ZWSP"),
    ('\u{200C}', "ZWNJ"),
    ('\u{200D}', "ZWJ"),
    ('\u{200E}', "LRM"),
    ('\u{200F}', "RLM"),
    ('\u{2028}', "LSEP"),
    ('\u{2029}', "PSEP"),
    ('\u{202A}', "LRE"),
    ('\u{202B}', "RLE"),
    ('\u{202C}', "PDF"),
    ('\u{202D}', "LRO"),
    ('\u{202E}', "RLO"),
    ('\u{202F}', "NNBSP"),
    ('\u{2060}', "WJ"),
    ('\u{2066}', "LRI"),
    ('\u{2067}', "RLI"),
    ('\u{2068}', "FSI"),
    ('\u{2069}', "PDI"),
    ('\u{FEFF}', "BOM"),
    ('\u{FFFD}', "REPLACEMENT"),
];

/// What stands in for a character that cannot be seen; `None` if it can.
#[must_use]
pub fn name_of(character: char) -> Option<String> {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == character) {
        return Some((*name).to_owned());
    }
    let code = u32::from(character);
    // Controls, variation selectors, tags and the plane of private use.
    let unseen = character.is_control()
        || matches!(code, 0x2000..=0x200A | 0x205F..=0x206F | 0x3000 | 0xE000..=0xF8FF | 0xFE00..=0xFE0E | 0xE0000..=0x10_FFFF);
    unseen.then(|| format!("U+{code:04X}"))
}

/// A text in pieces. Joiners inside emoji stay as they are: without them the picture falls apart.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let joins_pictures =
            character == '\u{200D}' && is_picture(before) && characters.peek().is_some_and(|next| is_picture(*next));
        let named = if joins_pictures { None } else { name_of(character) };
        match (character, named) {
            ('\r', _) if characters.peek() == Some(&'\n') => {}
            ('\n', _) => {
                finish(&mut plain, &mut pieces);
                pieces.push(Piece::Break);
            }
            ('\t', _) | (_, None) => plain.push(character),
            (_, Some(name)) => {
                finish(&mut plain, &mut pieces);
                pieces.push(Piece::Named(name));
            }
        }
        before = character;
    }
    finish(&mut plain, &mut pieces);
    pieces
}

/// The first `chars_max` characters on one line, and whether there are more. Spaces of any kind are one space; what else cannot be seen is
/// named there too, so that no text puts what stands in a list into another order.
#[must_use]
pub fn start(text: &str, chars_max: usize) -> (String, bool) {
    let end = text.char_indices().nth(chars_max).map_or(text.len(), |(index, _)| index);
    let line = text[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = pieces(&line).into_iter().map(|piece| match piece {
        Piece::Plain(text) => text,
        Piece::Named(name) => format!("⟨{name}⟩"),
        Piece::Break => " ".to_owned(),
    });
    (shown.collect(), end < text.len())
}

fn is_picture(character: char) -> bool {
    matches!(u32::from(character), 0x2190..=0x2BFF | 0xFE0F | 0x1F000..=0x1FAFF)
}

fn finish(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Plain(std::mem::take(plain)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let piece = |piece: Piece| match piece {
            Piece::Plain(text) => text,
            Piece::Named(name) => format!("⟨{name}⟩"),
            Piece::Break => "¶".to_owned(),
        };
        pieces(text).into_iter().map(piece).collect()
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        assert_eq!(shown("a\u{200B}b\u{00A0}c"), "a⟨ZWSP⟩b⟨NBSP⟩c");
        assert_eq!(shown("pay \u{202E}dlog\u{202C}"), "pay ⟨RLO⟩dlog⟨PDF⟩");
        assert_eq!(shown("nul\0 bell\u{7} tag\u{E0041}"), "nul⟨U+0000⟩ bell⟨U+0007⟩ tag⟨U+E0041⟩");
        assert_eq!(shown("one\r\ntwo\nthree\rfour"), "one¶two¶three⟨U+000D⟩four");
        assert_eq!(shown("مرحبا שלום ქართული"), "مرحبا שלום ქართული");
    }

    #[test]
    fn families_stay_together() {
        assert_eq!(shown("👨\u{200D}👩\u{200D}👧 ❤\u{FE0F}"), "👨\u{200D}👩\u{200D}👧 ❤\u{FE0F}");
        assert_eq!(shown("a\u{200D}👧"), "a⟨ZWJ⟩👧");
    }

    #[test]
    fn starts_are_cut_between_characters() {
        assert_eq!(start("Grüße\n  an alle", 7), ("Grüße".to_owned(), true));
        assert_eq!(start("ok", 2), ("ok".to_owned(), false));
        assert_eq!(start("pay\u{A0}\u{202E}dlog\u{7}", 20), ("pay ⟨RLO⟩dlog⟨U+0007⟩".to_owned(), false));
        assert_eq!(start("👨\u{200D}👩 ok", 5), ("👨\u{200D}👩 o".to_owned(), true));
    }
}
