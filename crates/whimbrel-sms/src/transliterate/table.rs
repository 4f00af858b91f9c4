//! What stands for a character.
//!
//! [`ROWS`] is made from the canonical decompositions of the Unicode Character Database by the rule in the parent
//! module; the rest is written by hand.

/// What is written in place of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replacement {
    /// One character.
    One(char),
    /// Some characters, perhaps none.
    Text(&'static str),
}

impl Replacement {
    pub(super) fn write(self, text: &mut String) {
        match self {
            Self::One(character) => text.push(character),
            Self::Text(characters) => text.push_str(characters),
        }
    }
}

/// The letter that GSM 7-bit has for `base` with `mark`.
pub(super) fn composed(base: char, mark: char) -> Option<char> {
    let row = match mark {
        '\u{0300}' => "aàeèiìoòuù",
        '\u{0301}' => "EÉeé",
        '\u{0303}' => "NÑnñ",
        '\u{0308}' => "AÄOÖUÜaäoöuü",
        '\u{030A}' => "AÅaå",
        '\u{0327}' => "CÇ",
        _ => return None,
    };
    let mut letters = row.chars();
    while let (Some(plain), Some(marked)) = (letters.next(), letters.next()) {
        if plain == base {
            return Some(marked);
        }
    }
    None
}

/// What stands for `character`; `None` if it stays.
pub(super) fn replacement(character: char) -> Option<Replacement> {
    if character.is_ascii() && character != '`' && character != '\t' {
        return None;
    }
    by_hand(character).map(Replacement::Text).or_else(|| letter(character).map(Replacement::One))
}

fn by_hand(character: char) -> Option<&'static str> {
    let written = match character {
        // Quotes, primes, and the marks of quotation.
        '`' | '´' | '‘' | '’' | '‚' | '‛' | '′' | '‵' | '‹' | '›' => "'",
        '\u{02B9}' | '\u{02BB}'..='\u{02BD}' | '\u{0374}' | '\u{1FEF}' | '\u{1FFD}' => "'",
        '“' | '”' | '„' | '‟' | '″' | '‶' | '«' | '»' => "\"",
        // Hyphens, dashes, the minus sign.
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => "-",
        '…' => "...",
        '‥' => "..",
        '\t' | '\u{00A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        '\u{0085}' | '\u{2028}' | '\u{2029}' => "\n",
        // No width: soft hyphen, joiners, directions, invisible operators, variation selectors, the byte order mark.
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' => "",
        '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' => "",
        // The blocks of combining marks. The vowel signs of Indian scripts are in none of them and stay.
        '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' => "",
        '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}' => "",
        'Œ' => "OE",
        'œ' => "oe",
        'Þ' => "TH",
        'þ' => "th",
        'ẞ' => "SS",
        'Ĳ' => "IJ",
        'ĳ' => "ij",
        'Ŀ' => "L",
        'ŀ' => "l",
        'ŉ' => "'n",
        // Letters that are the same by definition.
        '\u{2126}' => "Ω",
        '\u{212A}' => "K",
        '\u{212B}' => "Å",
        _ => return None,
    };
    Some(written)
}

fn letter(character: char) -> Option<char> {
    let scalar = u32::from(character);
    let row = ROWS.binary_search_by_key(&(scalar >> 4), |&(row, _)| row).ok()?;
    let (_, letters) = ROWS.get(row)?;
    letters.chars().nth((scalar & 0xF) as usize).filter(|&letter| letter != STAYS)
}

/// A place of [`ROWS`] whose character stays.
const STAYS: char = '.';

/// Rows of 16: the scalar values from sixteen times the number, and what is written for each. Sorted.
#[rustfmt::skip]
pub(super) static ROWS: &[(u32, &str)] = &[
    (0x00C, "AAAA....E.EEIIII"),
    (0x00D, "D.OOOO...UUU.Y.."),
    (0x00E, ".aaa...c..ee.iii"),
    (0x00F, "d..ooo....uu.y.y"),
    (0x010, "AaAaAaCcCcCcCcDd"),
    (0x011, "DdEeEeEeEeEeGgGg"),
    (0x012, "GgGgHhHhIiIiIiIi"),
    (0x013, "Ii..JjKkkLlLlLl."),
    (0x014, ".LlNnNnNn.NnOoOo"),
    (0x015, "Oo..RrRrRrSsSsSs"),
    (0x016, "SsTtTtTtUuUuUuUu"),
    (0x017, "UuUuWwYyYZzZzZzs"),
    (0x018, "bBBb...CcDDDd..."),
    (0x019, ".FfG...IKkl..NnO"),
    (0x01A, "Oo..Pp.....tTtTU"),
    (0x01B, "u.VYyZz........."),
    (0x01C, ".............AaI"),
    (0x01D, "iOoUuÜüÜüÜüÜü.Ää"),
    (0x01E, "AaÆæGgGgKkOoOo.."),
    (0x01F, "j...Gg..NnÅåÆæØø"),
    (0x020, "AaAaEeEeIiIiOoOo"),
    (0x021, "RrRrUuUuSsTt..Hh"),
    (0x022, "Nd..ZzAaEeÖöOoOo"),
    (0x023, "OoYylntj..ACcLTs"),
    (0x024, "z..BU.EeJj..RrYy"),
    (0x037, "..............;."),
    (0x038, "......A.EHI.O.YΩ"),
    (0x039, "IAB..EZH.IK.MN.O"),
    (0x03A, ".P..TY.X..IYAEHI"),
    (0x03B, "YABΓΔEZHΘIKΛMNΞO"),
    (0x03C, "ΠPΣΣTYΦXΨΩIYOYΩ."),
    (0x03D, "BΘ...ΦΠ........."),
    (0x03F, "KPΣ.ΘE...Σ......"),
    (0x1E0, "AaBbBbBbÇcDdDdDd"),
    (0x1E1, "DdDdEeEeEeEeEeFf"),
    (0x1E2, "GgHhHhHhHhHhIiIi"),
    (0x1E3, "KkKkKkLlLlLlLlMm"),
    (0x1E4, "MmMmNnNnNnNnOoOo"),
    (0x1E5, "OoOoPpPpRrRrRrRr"),
    (0x1E6, "SsSsSsSsSsTtTtTt"),
    (0x1E7, "TtUuUuUuUuUuVvVv"),
    (0x1E8, "WwWwWwWwWwXxXxYy"),
    (0x1E9, "ZzZzZzhtwy.sss.."),
    (0x1EA, "AaAaAaAaAaAaAaAa"),
    (0x1EB, "AaAaAaAaEeEeEeEe"),
    (0x1EC, "EeEeEeEeIiIiOoOo"),
    (0x1ED, "OoOoOoOoOoOoOoOo"),
    (0x1EE, "OoOoUuUuUuUuUuUu"),
    (0x1EF, "UuYyYyYyYy......"),
    (0x1F0, "AAAAAAAAAAAAAAAA"),
    (0x1F1, "EEEEEE..EEEEEE.."),
    (0x1F2, "HHHHHHHHHHHHHHHH"),
    (0x1F3, "IIIIIIIIIIIIIIII"),
    (0x1F4, "OOOOOO..OOOOOO.."),
    (0x1F5, "YYYYYYYY.Y.Y.Y.Y"),
    (0x1F6, "ΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩ"),
    (0x1F7, "AAEEHHIIOOYYΩΩ.."),
    (0x1F8, "AAAAAAAAAAAAAAAA"),
    (0x1F9, "HHHHHHHHHHHHHHHH"),
    (0x1FA, "ΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩ"),
    (0x1FB, "AAAAA.AAAAAAA.I."),
    (0x1FC, "..HHH.HHEEHHH..."),
    (0x1FD, "IIII..IIIIII...."),
    (0x1FE, "YYYYPPYYYYYYP..."),
    (0x1FF, "..ΩΩΩ.ΩΩOOΩΩΩ..."),
];
