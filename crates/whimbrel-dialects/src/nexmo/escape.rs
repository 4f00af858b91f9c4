//! Texts inside documents: what JSON strings and XML elements cannot hold as it is.

/// Escapes what JSON strings cannot hold (RFC 8259 §7) and nothing else.
pub(super) fn json(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(length) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        let (run, tail) = rest.split_at(length);
        out.extend_from_slice(run);
        match tail[0] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            byte => {
                let _ = std::io::Write::write_fmt(out, format_args!("\\u{byte:04x}"));
            }
        }
        rest = &tail[1..];
    }
    out.extend_from_slice(rest);
}

/// Escapes what would be read as markup; a carriage return too, which readers turn into a line feed (XML 1.0 §2.11). What XML
/// cannot hold at all (§2.2) becomes U+FFFD.
pub(super) fn xml(out: &mut Vec<u8>, text: &str) {
    let mut run = 0;
    for (index, character) in text.char_indices() {
        let instead = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\r' => "&#13;",
            '\t' | '\n' => continue,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[run..index]);
        out.extend_from_slice(instead.as_bytes());
        run = index + character.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[run..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_what_xml_cannot_hold_are_replaced() {
        let escaped = |text| {
            let mut out = Vec::new();
            xml(&mut out, text);
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(escaped("a & b < c > 'd' \"e\" é€😀"), "a &amp; b &lt; c &gt; 'd' \"e\" é€😀");
        assert_eq!(escaped("]]>"), "]]&gt;");
        assert_eq!(escaped("\t\n\r"), "\t\n&#13;");
        assert_eq!(escaped("\0a\u{1f}\u{fffe}\u{ffff}\u{7f}"), "\u{fffd}a\u{fffd}\u{fffd}\u{fffd}\u{7f}");
        assert_eq!(escaped(""), "");
    }
}
