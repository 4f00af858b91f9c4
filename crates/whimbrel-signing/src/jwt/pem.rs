//! The text form of keys (RFC 7468), as people paste it: line ends of any kind, blanks around, one block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// As many characters as a line of the text form holds.
const LINE_CHARACTERS: usize = 64;

/// One block of the text form.
pub(super) struct Block<'a> {
    /// What the first line names, such as `PUBLIC KEY`.
    pub(super) label: &'a str,
    /// The octets.
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// Reads the only block of `text`; `None` if there is none, more than one, or its octets are not base64.
pub(super) fn read(text: &str) -> Option<Block<'_>> {
    let text = text.trim();
    let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let end = format!("-----END {label}-----");
    let body = rest.strip_suffix(&end)?;
    // Room for everything from the start: growing would leave copies of a private key behind.
    let mut characters = Zeroizing::new(String::with_capacity(body.len()));
    body.split_ascii_whitespace().for_each(|line| characters.push_str(line));
    let der = STANDARD.decode(characters.as_bytes()).ok()?;
    Some(Block { label, der: Zeroizing::new(der) })
}

/// Writes a block with lines of 64 characters, each ended by LF, the last one too.
pub(super) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / LINE_CHARACTERS + 128));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE_CHARACTERS));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_with_any_line_ends() {
        let der: Vec<u8> = (0..=255).collect();
        let text = write("PUBLIC KEY", &der);
        assert!(text.lines().all(|line| line.len() <= LINE_CHARACTERS));
        let forms =
            [text.to_string(), text.replace('\n', "\r\n"), text.replace('\n', " "), format!("\n  {}\n", text.trim())];
        for form in forms {
            let block = read(&form).expect("a block");
            assert_eq!((block.label, block.der.as_slice()), ("PUBLIC KEY", der.as_slice()));
        }
    }

    #[test]
    fn what_is_not_one_block_is_nothing() {
        let text = write("PUBLIC KEY", b"abc");
        let forms = [
            String::new(),
            "PUBLIC KEY".to_owned(),
            format!("{}{}", *text, *text),
            text.replace("END PUBLIC", "END PRIVATE"),
            text.replace("YWJj", "YW-j"),
            text.replace("YWJj", "YWJ"),
            format!("{}x", *text),
        ];
        for form in forms {
            assert!(read(&form).is_none(), "{form}");
        }
    }
}
