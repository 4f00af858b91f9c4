//! Percent-encoding, exactly (RFC 3986 §2.1, §2.3; RFC 5849 §3.6; the form encoding of the URL standard).

/// How text is percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Everything but `A-Z a-z 0-9 - . _ ~`, in capitals: OAuth, PHP's `rawurlencode`.
    Strict,
    /// As `Strict`, with digits in small letters.
    StrictSmall,
    /// `! * ' ( )` are left as well: JavaScript's `encodeURIComponent`.
    Component,
    /// As `Strict`, with `~` encoded: libraries older than RFC 3986, PHP's `rawurlencode` before 5.3.
    Old,
    /// A blank is `+`, `~` is encoded: PHP's `urlencode`.
    Plus,
    /// A blank is `+`, `*` is left and `~` is encoded: HTML forms, Java.
    Form,
    /// A blank is `+`, `~` is left: Python's `quote_plus`, Node's old `querystring` apart from its marks.
    PlusTilde,
}

/// Appends the encoded octets.
pub(crate) fn encode_into(out: &mut Vec<u8>, octets: &[u8], style: Style) {
    let digits: &[u8; 16] = if style == Style::StrictSmall { b"0123456789abcdef" } else { b"0123456789ABCDEF" };
    for &octet in octets {
        if octet == b' ' && matches!(style, Style::Plus | Style::Form | Style::PlusTilde) {
            out.push(b'+');
        } else if stays(octet, style) {
            out.push(octet);
        } else {
            out.extend([b'%', digits[usize::from(octet >> 4)], digits[usize::from(octet & 15)]]);
        }
    }
}

fn stays(octet: u8, style: Style) -> bool {
    match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => true,
        b'~' => !matches!(style, Style::Old | Style::Plus | Style::Form),
        b'*' => matches!(style, Style::Component | Style::Form),
        b'!' | b'\'' | b'(' | b')' => style == Style::Component,
        _ => false,
    }
}

/// The encoded octets.
pub(crate) fn encode(octets: &[u8], style: Style) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 2);
    encode_into(&mut out, octets, style);
    out
}

/// What `+` is when text is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plus {
    /// A blank, as in forms.
    Blank,
    /// Itself, as in addresses.
    Itself,
}

/// The decoded octets; a `%` that starts no escape stays as it is.
pub(crate) fn decode(octets: &[u8], plus: Plus) -> Vec<u8> {
    let digit = |octet: Option<&u8>| octet.and_then(|octet| char::from(*octet).to_digit(16)).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(octets.len());
    let mut index = 0;
    while let Some(&octet) = octets.get(index) {
        let escape = (octet == b'%').then(|| digit(octets.get(index + 1)).zip(digit(octets.get(index + 2)))).flatten();
        match (octet, escape) {
            (_, Some((high, low))) => {
                out.push(high << 4 | low);
                index += 2;
            }
            (b'+', None) if plus == Plus::Blank => out.push(b' '),
            _ => out.push(octet),
        }
        index += 1;
    }
    out
}

/// The decoded names and values of a form or query: empty pairs are passed over, one without `=` has an empty value.
pub(crate) fn form(octets: &[u8], plus: Plus) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    octets.split(|octet| *octet == b'&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let equals = pair.iter().position(|octet| *octet == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(equals);
        (decode(name, plus), decode(value.strip_prefix(b"=").unwrap_or_default(), plus))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_is_its_language_s() {
        let text = "a Z~*!'()+/é%".as_bytes();
        let check =
            |style: Style, expected: &str| assert_eq!(String::from_utf8(encode(text, style)).unwrap(), expected);
        // Printed by Node 20 (encodeURIComponent, URLSearchParams) and Python 3 (quote, quote_plus); PHP's manual, "urlencode".
        check(Style::Strict, "a%20Z~%2A%21%27%28%29%2B%2F%C3%A9%25");
        check(Style::StrictSmall, "a%20Z~%2a%21%27%28%29%2b%2f%c3%a9%25");
        check(Style::Component, "a%20Z~*!'()%2B%2F%C3%A9%25");
        check(Style::Old, "a%20Z%7E%2A%21%27%28%29%2B%2F%C3%A9%25");
        check(Style::Plus, "a+Z%7E%2A%21%27%28%29%2B%2F%C3%A9%25");
        check(Style::Form, "a+Z%7E*%21%27%28%29%2B%2F%C3%A9%25");
        check(Style::PlusTilde, "a+Z~%2A%21%27%28%29%2B%2F%C3%A9%25");
    }

    #[test]
    fn a_percent_sign_that_starts_no_escape_stays() {
        assert_eq!(decode(b"%", Plus::Blank), b"%");
        assert_eq!(decode(b"%4", Plus::Blank), b"%4");
        assert_eq!(decode(b"%zz%41+%2b", Plus::Blank), b"%zzA +");
        assert_eq!(decode(b"+%2B", Plus::Itself), b"++");
    }
}
