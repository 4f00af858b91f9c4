//! Frames of HTTP/2 by hand, right or wrong, and what a server's frames say, without I/O (RFC 9113, RFC 7541).
//!
//! Answers are read as far as their status. That needs a client that forbids a dynamic table (`SETTINGS_HEADER_TABLE_SIZE` of 0): the
//! first field of a head can be told by itself then.

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;
/// A flag of HEADERS and DATA.
pub const END_STREAM: u8 = 1;
/// A flag of HEADERS and CONTINUATION.
pub const END_HEADERS: u8 = 4;
/// A flag of HEADERS and DATA.
pub const PADDED: u8 = 8;
/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `SETTINGS_HEADER_TABLE_SIZE`.
pub const TABLE_SIZE: u16 = 1;
/// `SETTINGS_INITIAL_WINDOW_SIZE`.
pub const INITIAL_WINDOW: u16 = 4;
/// Octets before a frame's payload.
const FRAME_HEAD: usize = 9;

/// One frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    // Payloads are ours and shorter than 2^14.
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The payload of SETTINGS with one setting.
pub fn setting(identifier: u16, value: u32) -> Vec<u8> {
    [&identifier.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// A head of literals without Huffman coding and without the dynamic table (RFC 7541 §6.2.2).
pub fn fields<'a>(fields: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> Vec<u8> {
    fields.into_iter().flat_map(|(name, value)| literal(name.as_bytes(), value.as_bytes())).collect()
}

/// One field, whatever its octets.
pub fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0], string(name).as_slice(), &string(value)].concat()
}

/// A string with its length as an integer of seven bits (RFC 7541 §5.1, §5.2).
pub fn string(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    match u8::try_from(text.len()) {
        Ok(length) if length < 0x7F => octets.push(length),
        _ => {
            octets.push(0x7F);
            let mut rest = text.len() - 0x7F;
            while rest >= 0x80 {
                octets.push(0x80 | u8::try_from(rest % 0x80).unwrap_or(0));
                rest /= 0x80;
            }
            octets.push(u8::try_from(rest).unwrap_or(0));
        }
    }
    octets.extend_from_slice(text);
    octets
}

/// What a server said of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// A final status.
    Status(u16),
    /// RST_STREAM with this code, before a status.
    Reset(u32),
    /// GOAWAY with this code: the connection ends.
    GoAway(u32),
}

/// The first thing that octets of a server say of a stream; `None` while they say nothing.
pub fn said(mut octets: &[u8], stream: u32) -> Option<Said> {
    while let Some((head, rest)) = octets.split_at_checked(FRAME_HEAD) {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (payload, rest) = rest.split_at_checked(length)?;
        let of = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match head[3] {
            HEADERS if of == stream => {
                // An interim answer (100) is not the last word.
                if let Some(status) = status(payload).filter(|status| *status >= 200) {
                    return Some(Said::Status(status));
                }
            }
            RST_STREAM if of == stream => return code(payload).map(Said::Reset),
            GOAWAY => return code(payload.get(4..)?).map(Said::GoAway),
            _ => {}
        }
        octets = rest;
    }
    None
}

fn code(octets: &[u8]) -> Option<u32> {
    octets.first_chunk().map(|octets| u32::from_be_bytes(*octets))
}

/// The status, which is the first field of an answer's head. Neither side's table is used.
fn status(mut block: &[u8]) -> Option<u16> {
    // Changes of the table's size come first (RFC 7541 §6.3).
    while let Some((first, rest)) = block.split_first().filter(|(first, _)| **first & 0xE0 == 0x20) {
        block = if first & 0x1F == 0x1F { &rest[rest.iter().position(|octet| octet & 0x80 == 0)? + 1..] } else { rest };
    }
    let (first, rest) = block.split_first()?;
    match first {
        // Fields 8 to 14 of the static table (RFC 7541 appendix A).
        0x88..=0x8E => Some([200, 204, 206, 304, 400, 404, 500][usize::from(first - 0x88)]),
        // A literal with the name of field 8, to be remembered, or not, or never.
        0x48 | 0x08 | 0x18 => {
            let (length, text) = rest.split_first()?;
            let text = text.get(..usize::from(length & 0x7F))?;
            let digits = if length & 0x80 == 0 { text.to_vec() } else { unpacked_digits(text)? };
            std::str::from_utf8(&digits).ok()?.parse().ok()
        }
        _ => None,
    }
}

/// Three digits in Huffman's code (RFC 7541 appendix B): `0`, `1` and `2` in five bits, 0 to 2; the others in six, 0x19 to 0x1F.
fn unpacked_digits(packed: &[u8]) -> Option<Vec<u8>> {
    let bit = |at: usize| packed.get(at / 8).map(|octet| u32::from(octet >> (7 - at % 8) & 1));
    let number = |from: usize, count: usize| (from..from + count).try_fold(0, |sum, at| Some(sum << 1 | bit(at)?));
    let (mut digits, mut at) = (Vec::new(), 0);
    while digits.len() < 3 {
        let short = number(at, 5)?;
        let (digit, count) = if short <= 2 { (short, 5) } else { (number(at, 6)?.checked_sub(0x16)?, 6) };
        digits.push(u8::try_from(digit).ok().filter(|digit| *digit <= 9)? + b'0');
        at += count;
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_strings_are_those_of_the_standards() {
        assert_eq!(frame(PING, 0, 0, b"whimbrel"), b"\0\0\x08\x06\0\0\0\0\0whimbrel");
        assert_eq!(frame(RST_STREAM, 0, 5, &[0, 0, 0, 8]), [0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 8]);
        // RFC 7541 appendix C.2.2 has this literal with an indexed name; ours spells the name.
        assert_eq!(literal(b":path", b"/sample/path"), b"\0\x05:path\x0c/sample/path");
        // The integer 1337 with a prefix of five bits is 31, 154, 10 (appendix C.1.2); with seven bits 127, 186, 9.
        assert_eq!(string("a".repeat(1337).as_bytes())[..3], [127, 186, 9]);
    }

    #[test]
    fn statuses_are_read_in_each_coding() {
        // RFC 7541 appendix C.5.1 and C.6.1: 302 as a literal, plain and in Huffman's code.
        assert_eq!(status(b"\x48\x03302"), Some(302));
        assert_eq!(status(b"\x48\x82\x64\x02"), Some(302));
        // Appendix C.6.2: 307.
        assert_eq!(status(b"\x48\x83\x64\x0e\xff"), Some(307));
        assert_eq!(status(b"\x20\x88rest"), Some(200));
        assert_eq!(status(b"\x3f\xe1\x1f\x8c"), Some(400));
        for broken in [&b""[..], b"\x20", b"\x48", b"\x48\x03", b"\x48\x81\x64", b"\x82", b"\x3f\xe1"] {
            assert_eq!(status(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn the_first_word_on_a_stream_counts() {
        let settings = frame(SETTINGS, 0, 0, &[]);
        let other = frame(HEADERS, END_HEADERS, 3, b"\x88");
        let interim = frame(HEADERS, END_HEADERS, 5, b"\x08\x03100");
        let ours = frame(HEADERS, END_HEADERS, 5, b"\x8c");
        let reset = frame(RST_STREAM, 0, 5, &[0, 0, 0, 1]);
        let all = [settings, other.clone(), interim, ours, reset.clone()].concat();
        assert_eq!(said(&all, 5), Some(Said::Status(400)));
        assert_eq!(said(&[other, reset].concat(), 5), Some(Said::Reset(1)));
        assert_eq!(said(&frame(GOAWAY, 0, 0, &[0, 0, 0, 5, 0, 0, 0, 9, b'x']), 5), Some(Said::GoAway(9)));
        assert_eq!((said(&all[..all.len() - 20], 5), said(b"", 5), said(&all, 7)), (None, None, None));
    }
}
