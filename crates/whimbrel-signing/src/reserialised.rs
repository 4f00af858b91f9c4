//! A JSON body as others would write it again: the mistake of signing what was parsed instead of what was received.
//!
//! The tokens are rewritten in their order, so that names and numbers stay what they were; sorted names are another form.

/// How a library writes JSON.
#[derive(Clone, Copy)]
struct Style {
    comma: &'static str,
    colon: &'static str,
    /// Blanks for each level; none: all on one line.
    indent: usize,
    escapes: Escapes,
    /// Whether `/` is written `\/`.
    slash: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// Only what must be.
    Few,
    /// Everything outside ASCII as `\uXXXX` in small letters.
    NonAscii,
}

const COMPACT: Style = Style { comma: ",", colon: ":", indent: 0, escapes: Escapes::Few, slash: false };

/// JavaScript, Go and most others; PHP; PHP without escaped slashes; Python; Python without escapes; pretty ones.
const STYLES: &[Style] = &[
    COMPACT,
    Style { escapes: Escapes::NonAscii, slash: true, ..COMPACT },
    Style { escapes: Escapes::NonAscii, ..COMPACT },
    Style { slash: true, ..COMPACT },
    Style { comma: ", ", colon: ": ", escapes: Escapes::NonAscii, ..COMPACT },
    Style { comma: ", ", colon: ": ", ..COMPACT },
    Style { colon: ": ", indent: 2, ..COMPACT },
    Style { colon: ": ", indent: 4, ..COMPACT },
    Style { colon: ": ", indent: 4, escapes: Escapes::NonAscii, ..COMPACT },
];

/// The deepest nesting that is followed.
const DEPTH_MAX: usize = 64;

/// The body in every style, those that change nothing left out; nothing if it is not JSON.
pub(crate) fn forms(body: &[u8]) -> Vec<Vec<u8>> {
    let Some(value) = std::str::from_utf8(body).ok().and_then(Value::read) else { return vec![] };
    let sorted = value.clone().sorted();
    let written = [&value, &sorted].into_iter().flat_map(|value| STYLES.iter().map(|style| value.write(*style)));
    let mut forms: Vec<Vec<u8>> = written.map(String::into_bytes).filter(|form| form != body).collect();
    let mut seen = Vec::new();
    forms.retain(|form| {
        let is_new = !seen.contains(form);
        seen.push(form.clone());
        is_new
    });
    forms
}

/// Names and values of a JSON object: numbers, `true` and `false` as they stand, `null` passed over. Nothing if it is no
/// object, or holds another one or a list.
pub(crate) fn fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let Value::Object(entries) = Value::read(std::str::from_utf8(body).ok()?)? else { return None };
    let set = entries.into_iter().filter(|(_, value)| !matches!(value, Value::Word(word) if word == "null"));
    set.map(|(name, value)| match value {
        Value::Text(text) | Value::Word(text) => Some((name, text)),
        Value::List(_) | Value::Object(_) => None,
    })
    .collect()
}

#[derive(Clone)]
enum Value {
    Text(String),
    /// Numbers, `true`, `false`, `null`: as they stood.
    Word(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text, depth: 0 };
        let value = reader.value()?;
        reader.blanks();
        reader.rest.is_empty().then_some(value)
    }

    fn sorted(self) -> Self {
        match self {
            Self::List(items) => Self::List(items.into_iter().map(Self::sorted).collect()),
            Self::Object(mut entries) => {
                entries.sort_by(|one, other| one.0.cmp(&other.0));
                Self::Object(entries.into_iter().map(|(name, value)| (name, value.sorted())).collect())
            }
            other => other,
        }
    }

    fn write(&self, style: Style) -> String {
        let mut out = String::new();
        self.write_into(&mut out, style, 0);
        out
    }

    fn write_into(&self, out: &mut String, style: Style, depth: usize) {
        match self {
            Self::Text(text) => quote(out, text, style),
            Self::Word(word) => out.push_str(word),
            Self::List(items) => block(out, style, depth, ('[', ']'), items, |out, item, depth| {
                item.write_into(out, style, depth);
            }),
            Self::Object(entries) => block(out, style, depth, ('{', '}'), entries, |out, (name, value), depth| {
                quote(out, name, style);
                out.push_str(style.colon);
                value.write_into(out, style, depth);
            }),
        }
    }
}

fn block<T>(
    out: &mut String,
    style: Style,
    depth: usize,
    (open, close): (char, char),
    items: &[T],
    write: impl Fn(&mut String, &T, usize),
) {
    let line = |out: &mut String, depth: usize| {
        if style.indent > 0 && !items.is_empty() {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', style.indent * depth));
        }
    };
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(style.comma);
        }
        line(out, depth + 1);
        write(out, item, depth + 1);
    }
    line(out, depth);
    out.push(close);
}

fn quote(out: &mut String, text: &str, style: Style) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if style.slash => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            _ if character < ' ' || (style.escapes == Escapes::NonAscii && !character.is_ascii()) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, character: char) -> Option<()> {
        self.blanks();
        self.rest = self.rest.strip_prefix(character)?;
        Some(())
    }

    fn value(&mut self) -> Option<Value> {
        self.blanks();
        match self.rest.chars().next()? {
            '"' => self.text().map(Value::Text),
            '[' => self.nested(']', Self::value).map(Value::List),
            '{' => self.nested('}', Self::entry).map(Value::Object),
            _ => self.word().map(Value::Word),
        }
    }

    fn entry(&mut self) -> Option<(String, Value)> {
        self.blanks();
        let name = self.text()?;
        self.take(':')?;
        Some((name, self.value()?))
    }

    fn nested<T>(&mut self, close: char, item: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        if self.take(close).is_none() {
            loop {
                items.push(item(self)?);
                if self.take(close).is_some() {
                    break;
                }
                self.take(',')?;
            }
        }
        self.depth -= 1;
        Some(items)
    }

    fn word(&mut self) -> Option<String> {
        let end = self.rest.find(|character: char| !matches!(character, '0'..='9' | 'a'..='z' | 'E' | '+' | '-' | '.'));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let is_word = matches!(word, "true" | "false" | "null") || word.parse::<f64>().is_ok_and(f64::is_finite);
        is_word.then(|| word.to_owned())
    }

    fn text(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix('"')?;
        let mut units = Vec::new();
        loop {
            let character = self.rest.chars().next()?;
            self.rest = &self.rest[character.len_utf8()..];
            match character {
                '"' => return String::from_utf16(&units).ok(),
                '\\' => units.push(self.escape()?),
                _ => units.extend_from_slice(character.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        let (escape, rest) = self.rest.split_at_checked(1)?;
        self.rest = rest;
        Some(u16::from(match escape {
            "\"" | "\\" | "/" => escape.as_bytes()[0],
            "b" => 8,
            "f" => 12,
            "n" => b'\n',
            "r" => b'\r',
            "t" => b'\t',
            "u" => {
                let (digits, rest) = self.rest.split_at_checked(4)?;
                self.rest = rest;
                return u16::from_str_radix(digits, 16).ok();
            }
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Vec<String> {
        forms(body.as_bytes()).into_iter().map(|form| String::from_utf8(form).expect("UTF-8")).collect()
    }

    #[test]
    fn each_library_s_form_is_among_them() {
        let body = r#"{ "to": "49170", "text": "ü/😀\n", "n": 1.50, "list": [1, {}], "a": null }"#;
        let forms = texts(body);
        // Printed by Node 20, PHP 8.2 and Python 3.11 from the same texts; they write 1.5, which is another mistake.
        for form in [
            r#"{"to":"49170","text":"ü/😀\n","n":1.50,"list":[1,{}],"a":null}"#,
            r#"{"to":"49170","text":"\u00fc\/\ud83d\ude00\n","n":1.50,"list":[1,{}],"a":null}"#,
            r#"{"to": "49170", "text": "\u00fc/\ud83d\ude00\n", "n": 1.50, "list": [1, {}], "a": null}"#,
            r#"{"to": "49170", "text": "ü/😀\n", "n": 1.50, "list": [1, {}], "a": null}"#,
            r#"{"a":null,"list":[1,{}],"n":1.50,"text":"ü/😀\n","to":"49170"}"#,
            "{\n  \"to\": \"49170\",\n  \"text\": \"ü/😀\\n\",\n  \"n\": 1.50,\n  \"list\": [\n    1,\n    {}\n  ],\n  \"a\": null\n}",
        ] {
            assert!(forms.iter().any(|each| each == form), "{form}");
        }
    }

    #[test]
    fn what_is_no_json_has_no_forms() {
        for body in
            ["", "{", "a=1&b=2", "{\"a\":}", "{\"a\":1,}", "{} x", "\"\\u12\"", "\"\\ud800\"", "nan", "1e999", "\u{e9}"]
        {
            assert_eq!(texts(body), [""; 0], "{body}");
        }
        assert!(forms("[".repeat(100_000).as_bytes()).is_empty());
        assert!(forms(&[0xff, 0xfe]).is_empty());
    }

    #[test]
    fn a_body_in_its_only_form_has_no_other() {
        assert_eq!(texts("{}"), [""; 0]);
        assert_eq!(texts("12"), [""; 0]);
    }
}
