//! The link of a text.

/// The first address of the web in a text, as it stands there: with its scheme, or `www.` in front. Punctuation that ends the sentence
/// is not part of it.
#[must_use]
pub fn link(text: &str) -> Option<&str> {
    let start = ["https://", "http://", "www."]
        .iter()
        .filter_map(|beginning| find(text, beginning).map(|at| (at, beginning.len())))
        .filter(|(at, length)| text[at + length..].starts_with(|c: char| c.is_alphanumeric() || c == '['))
        .min()?
        .0;
    let rest = &text[start..];
    let end = rest.find(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '\u{3000}'..='\u{3002}' | '\u{ff0c}')
    });
    Some(trimmed(&rest[..end.unwrap_or(rest.len())]))
}

/// Where `beginning` stands, in capitals or not, and not within a word.
fn find(text: &str, beginning: &str) -> Option<usize> {
    let (octets, wanted) = (text.as_bytes(), beginning.as_bytes());
    octets.windows(wanted.len()).enumerate().find_map(|(at, window)| {
        let is_within = at > 0 && octets[at - 1].is_ascii_alphanumeric();
        (window.eq_ignore_ascii_case(wanted) && !is_within).then_some(at)
    })
}

/// Without what ends the sentence, or a bracket that was opened before it.
fn trimmed(link: &str) -> &str {
    let mut link = link;
    while let Some(last) = link.chars().next_back() {
        let opened = match last {
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            _ => None,
        };
        let count = |wanted: char| link.chars().filter(|c| *c == wanted).count();
        let is_end = match opened {
            Some(opened) => count(last) > count(opened),
            None => matches!(
                last,
                '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '\u{2026}' | '\u{2019}' | '\u{201d}' | '\u{bb}'
            ),
        };
        if !is_end {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_end_where_their_sentence_goes_on() {
        for (text, wanted) in [
            ("Log in: https://a.example/l?t=1&x=%20 (10 min)", Some("https://a.example/l?t=1&x=%20")),
            ("See (https://a.example/x_(y)).", Some("https://a.example/x_(y)")),
            ("Open HTTP://A.EXAMPLE/b.", Some("HTTP://A.EXAMPLE/b")),
            ("www.a.example, or https://b.example", Some("www.a.example")),
            ("<https://a.example/x>", Some("https://a.example/x")),
            ("https://[::1]:7670/l", Some("https://[::1]:7670/l")),
            ("\u{9ede}\u{6b64}https://a.example/\u{3002}\u{8b1d}", Some("https://a.example/")),
            ("no https:// here", None),
            ("xhttps://a.example", None),
            ("a.example", None),
            ("", None),
        ] {
            assert_eq!(link(text), wanted, "{text}");
        }
    }
}
