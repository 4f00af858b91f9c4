//! What a shell's `printf` makes of a text that is given as its format: the vendor's own script does so.
//!
//! POSIX.1-2017, "printf", with no further arguments: a conversion of a text gives nothing, one of a number gives 0, `%%` is
//! `%`, and escapes are replaced. At a conversion that there is none such, bash complains and stops; what came before
//! was written.

/// The output, or nothing if the text holds a conversion whose output is not worth predicting.
pub(crate) fn output(format: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(format.len());
    let mut rest = format;
    while let Some((&octet, after)) = rest.split_first() {
        rest = match octet {
            b'%' => match conversion(after, &mut out) {
                Conversion::Done(after) => after,
                Conversion::Stop => return Some(out),
                Conversion::Unknown => return None,
            },
            b'\\' => escape(after, &mut out),
            _ => {
                out.push(octet);
                after
            }
        };
    }
    Some(out)
}

enum Conversion<'a> {
    /// Written; what follows it.
    Done(&'a [u8]),
    /// No such conversion.
    Stop,
    /// One that is not followed here.
    Unknown,
}

fn conversion<'a>(after: &'a [u8], out: &mut Vec<u8>) -> Conversion<'a> {
    if let Some(rest) = after.strip_prefix(b"%") {
        out.push(b'%');
        return Conversion::Done(rest);
    }
    let (flags, rest) = span(after, |octet| b" -+#0'".contains(&octet));
    let (width, rest) = span(rest, |octet| octet.is_ascii_digit());
    let mut digits = width.iter().map(|digit| usize::from(digit - b'0'));
    let Some(width) = digits.try_fold(0, |width, digit| Some(width * 10 + digit).filter(|width| *width <= WIDTH_MAX))
    else {
        return Conversion::Unknown;
    };
    // Lengths of C's types mean nothing to a shell.
    let (_, rest) = span(rest, |octet| b"hljtzL".contains(&octet));
    match rest.split_first() {
        Some((b's' | b'b', rest)) => done(b"", width, flags, out, rest),
        Some((b'd' | b'i', rest)) => {
            let sign: &[u8] = if flags.contains(&b'+') {
                b"+0"
            } else if flags.contains(&b' ') {
                b" 0"
            } else {
                b"0"
            };
            done(sign, width, flags, out, rest)
        }
        Some((b'u' | b'o' | b'x' | b'X', rest)) => done(b"0", width, flags, out, rest),
        Some((
            b'.' | b'*' | b'(' | b'c' | b'q' | b'Q' | b'n' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A',
            _,
        )) => Conversion::Unknown,
        _ => Conversion::Stop,
    }
}

/// The widest field that is written out.
const WIDTH_MAX: usize = 100;

/// The octets for which that holds, and the rest.
fn span(octets: &[u8], holds: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    octets.split_at(octets.iter().take_while(|octet| holds(**octet)).count())
}

fn done<'a>(text: &[u8], width: usize, flags: &[u8], out: &mut Vec<u8>, rest: &'a [u8]) -> Conversion<'a> {
    let blanks = std::iter::repeat_n(b' ', width.saturating_sub(text.len()));
    if flags.contains(&b'-') {
        out.extend(text);
        out.extend(blanks);
    } else if flags.contains(&b'0') && !text.is_empty() {
        return Conversion::Unknown;
    } else {
        out.extend(blanks);
        out.extend(text);
    }
    Conversion::Done(rest)
}

fn escape<'a>(after: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let Some((&octet, rest)) = after.split_first() else {
        out.push(b'\\');
        return after;
    };
    let replaced = match octet {
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' | b'"' | b'\'' | b'?' => octet,
        b'0'..=b'7' => return number(after, 8, 3, out),
        b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => return number(rest, 16, 2, out),
        _ => {
            out.extend([b'\\', octet]);
            return rest;
        }
    };
    out.push(replaced);
    rest
}

/// Reads up to `count` digits of that base as one octet.
fn number<'a>(digits: &'a [u8], base: u32, count: usize, out: &mut Vec<u8>) -> &'a [u8] {
    let digit = |octet: &u8| char::from(*octet).to_digit(base);
    let length = digits.iter().take(count).take_while(|octet| digit(octet).is_some()).count();
    let (number, rest) = digits.split_at(length);
    let value = number.iter().filter_map(digit).fold(0, |value, digit| value * base + digit);
    out.push(value.to_le_bytes()[0]);
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_bash_prints_it() {
        // `bash -c 'printf "$1"' - TEXT`, bash 5.2.
        for (text, printed) in [
            ("Hello World! :-)", Some("Hello World! :-)")),
            ("100% sure", Some("100ure")),
            ("100%% sure", Some("100% sure")),
            ("100%", Some("100")),
            ("50%!x", Some("50")),
            ("msg_id=77%2C78", Some("msg_id=77")),
            ("a%20Stop", Some("a")),
            ("[%5s|%-5s|%5d|%-5d|%+5d|%hd|%lld]", Some("[     |     |    0|0    |   +0|0|0]")),
            ("%99999999999999999999s", None),
            ("%.3d", None),
            ("%e", None),
            ("%d %+d % d %u", Some("0 +0  0 0")),
            (r#"{\"a\":\"b\\n\"}"#, Some("{\"a\":\"b\\n\"}")),
            (r"a\nb\tc\q\101\x41\/", Some("a\nb\tc\\qAA\\/")),
            ("\\", Some("\\")),
        ] {
            assert_eq!(output(text.as_bytes()).as_deref(), printed.map(str::as_bytes), "{text}");
        }
    }
}
