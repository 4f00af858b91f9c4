//! A text as it is compared: small letters, the digits of ASCII, no invisible marks. Every character knows where it came from.

use std::ops::Range;

/// One character.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    /// As it is compared.
    pub c: char,
    /// Whether it is a capital letter in the text.
    pub is_capital: bool,
    /// Where it stands in the text, in octets.
    at: usize,
    /// Where it stands in [`Folded::lower`], in octets.
    lower_at: usize,
    /// Whether it belongs to an address of the web or of mail.
    pub is_address: bool,
}

/// The text, folded.
#[derive(Debug)]
pub(super) struct Folded {
    pub glyphs: Vec<Glyph>,
    /// The characters in one text, to look for words in.
    pub lower: String,
    text_len: usize,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        let mut folded = Self { glyphs: Vec::new(), lower: String::with_capacity(text.len()), text_len: text.len() };
        for (at, raw) in text.char_indices().filter(|(_, c)| !is_invisible(*c)) {
            let c = fold(raw);
            folded.glyphs.push(Glyph {
                c,
                is_capital: raw.is_uppercase(),
                at,
                lower_at: folded.lower.len(),
                is_address: false,
            });
            folded.lower.push(c);
        }
        folded.mark_addresses();
        folded
    }

    /// Where glyphs stand in the text, in octets.
    pub(super) fn span(&self, glyphs: Range<usize>) -> Range<usize> {
        let start = self.glyphs.get(glyphs.start).map_or(self.text_len, |glyph| glyph.at);
        // What follows the last one may be an invisible mark; it belongs to nothing.
        let end = self.glyphs.get(glyphs.end.saturating_sub(1)).map_or(self.text_len, |glyph| glyph.at);
        let width = self.glyphs.get(glyphs.end).map_or(self.text_len, |glyph| glyph.at);
        start..end.max(start).max(width)
    }

    /// The index of the glyph at an octet of [`lower`](Self::lower).
    pub(super) fn glyph_at(&self, lower_at: usize) -> usize {
        self.glyphs.partition_point(|glyph| glyph.lower_at < lower_at)
    }

    /// Where a word ends that stands at a glyph; `None` if it does not stand there.
    pub(super) fn end_of(&self, start: usize, word: &str) -> Option<usize> {
        let at = self.glyphs.get(start)?.lower_at;
        self.lower[at..].starts_with(word).then(|| self.glyph_at(at + word.len()))
    }

    pub(super) fn c(&self, index: usize) -> Option<char> {
        self.glyphs.get(index).map(|glyph| glyph.c)
    }

    pub(super) fn before(&self, index: usize) -> Option<char> {
        index.checked_sub(1).and_then(|index| self.c(index))
    }

    /// Characters of a range.
    pub(super) fn text(&self, glyphs: Range<usize>) -> String {
        self.glyphs[glyphs].iter().map(|glyph| glyph.c).collect()
    }

    fn mark_addresses(&mut self) {
        let mut start = 0;
        while start < self.glyphs.len() {
            let end = (start..self.glyphs.len()).find(|index| self.glyphs[*index].c.is_whitespace());
            let end = end.unwrap_or(self.glyphs.len());
            if let Some(from) = address_in(&self.text(start..end)) {
                for glyph in &mut self.glyphs[start + from..end] {
                    glyph.is_address = true;
                }
            }
            start = end + 1;
        }
    }
}

/// Where in a word an address begins, in characters.
fn address_in(word: &str) -> Option<usize> {
    let at = |octet: usize| word[..octet].chars().count();
    if let Some(scheme) = word.find("://") {
        let name = word[..scheme].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        return Some(at(scheme - name));
    }
    if let Some(www) = word.find("www.") {
        return Some(at(www));
    }
    let (name, host) = word.split_once('@').unwrap_or(("", word));
    if !name.is_empty() && host.contains('.') {
        return Some(0);
    }
    // A host with a path, or one with an ending that is common in texts.
    let host_len = host.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-')).unwrap_or(host.len());
    let (host, rest) = host.split_at(host_len);
    let (labels, ending) = host.trim_end_matches('.').rsplit_once('.')?;
    let is_host = labels.bytes().any(|byte| byte.is_ascii_alphabetic())
        && ending.len() >= 2
        && ending.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_known = [
        "com", "net", "org", "io", "co", "me", "de", "uk", "vn", "ru", "in", "ly", "app", "link", "gl", "example",
        "test",
    ];
    (is_host && (rest.starts_with('/') || is_known.contains(&ending))).then_some(0)
}

/// Marks of direction, joiners and the like, which some senders put between digits.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

pub(super) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    if let Some(digit) = digit(c) {
        return digit;
    }
    match c {
        // Forms that are as wide as an ideograph.
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' => {
            char::from_u32(u32::from(c) - 0xfee0).map_or(c, |c| c.to_ascii_lowercase())
        }
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{66b}' => '.',
        '\u{66c}' => ',',
        // Arabic and Persian write two letters in two ways each.
        '\u{64a}' | '\u{649}' => '\u{6cc}',
        '\u{643}' => '\u{6a9}',
        c => c.to_lowercase().next().unwrap_or(c),
    }
}

/// The digit of ASCII for one of another script (Unicode's general category Nd: ten in a row from each of these).
fn digit(c: char) -> Option<char> {
    const ZEROS: &[u32] = &[
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
        0x1040, 0x1090, 0x17e0, 0x1810, 0xff10,
    ];
    let code = u32::from(c);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_other_scripts_and_invisible_marks() {
        let folded = Folded::new("\u{200e}\u{661}\u{200b}\u{6f2}\u{ff13}\u{e54} ABC");
        assert_eq!(folded.lower, "1234 abc");
        assert_eq!(folded.span(0..4), 3..16);
        assert!(folded.glyphs[5].is_capital);
    }

    #[test]
    fn addresses_are_marked() {
        for (text, marked) in [
            ("go to https://a.example/482917 now", "https://a.example/482917"),
            ("(http://x.test/1)", "http://x.test/1)"),
            ("mail me@a.example", "me@a.example"),
            ("acme.com/1234 ok", "acme.com/1234"),
            ("bit.ly/482917", "bit.ly/482917"),
            ("code 482917.Please", ""),
            ("482917.com", ""),
            ("@acme.example #482917", "@acme.example"),
        ] {
            let folded = Folded::new(text);
            let found: String = folded.glyphs.iter().filter(|glyph| glyph.is_address).map(|glyph| glyph.c).collect();
            assert_eq!(found, marked, "{text}");
        }
    }
}
