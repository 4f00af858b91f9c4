//! Values of settings: what a kind of setting takes, how people write it, and how it is written back.

use std::net::SocketAddr;
use std::time::Duration;

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Text that is never shown.
    Secret,
    /// IP:PORT or "off".
    Address,
    Choice(&'static [&'static str]),
    /// true or false.
    Flag,
    Count {
        min: u64,
        max: u64,
    },
    /// Bytes.
    Size {
        min: u64,
        max: u64,
    },
    Time {
        min_ms: u64,
        max_ms: u64,
    },
    /// Things per second, from 1.
    Rate {
        max: u64,
    },
    /// Type of number and numbering plan, 5/0.
    TonNpi,
    /// A number of a protocol: 0x34, or in decimal.
    Code {
        max: u32,
    },
    /// Texts.
    List,
    /// Words by number of a protocol.
    Codes {
        max: u32,
        words: &'static [&'static str],
    },
}

/// A value as a file or the environment gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    Text(String),
    Integer(i64),
    Flag(bool),
    List(Vec<String>),
    /// Texts by name.
    Table(Vec<(String, String)>),
    /// Something that no setting takes; its TOML type.
    Other(&'static str),
}

/// A value, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Address(Option<SocketAddr>),
    Flag(bool),
    Count(u64),
    Size(u64),
    Time(Duration),
    Rate(u64),
    TonNpi(u8, u8),
    Code(u32),
    List(Vec<String>),
    /// Sorted by number, each once.
    Codes(Vec<(u32, String)>),
}

impl Kind {
    /// Reads a value, or says what is expected.
    pub(super) fn read(self, raw: &Raw) -> Result<Value, String> {
        let value = match (self, raw) {
            (Self::Text | Self::Secret, Raw::Text(text)) => Some(Value::Text(text.clone())),
            (Self::Address, Raw::Text(text)) if text == "off" => Some(Value::Address(None)),
            (Self::Address, Raw::Text(text)) => text.parse().ok().map(|addr| Value::Address(Some(addr))),
            (Self::Choice(words), Raw::Text(text)) => choice(words, text),
            (Self::Choice(words), Raw::Integer(number)) => choice(words, &number.to_string()),
            (Self::Flag, Raw::Flag(flag)) => Some(Value::Flag(*flag)),
            (Self::Flag, Raw::Text(text)) => text.parse().ok().map(Value::Flag),
            (Self::Count { min, max }, raw) => within(read_count(raw), min, max).map(Value::Count),
            (Self::Size { min, max }, raw) => within(read_size(raw), min, max).map(Value::Size),
            (Self::Time { min_ms, max_ms }, Raw::Text(text)) => {
                within(read_millis(text), min_ms, max_ms).map(|millis| Value::Time(Duration::from_millis(millis)))
            }
            (Self::Rate { max }, Raw::Text(text)) => {
                let number = text.strip_suffix("/s").unwrap_or(text);
                within(digits(number), 1, max).map(Value::Rate)
            }
            (Self::Rate { max }, raw) => within(read_count(raw), 1, max).map(Value::Rate),
            (Self::TonNpi, Raw::Text(text)) => read_ton_npi(text),
            (Self::Code { max }, Raw::Text(text)) => read_code(text, max).map(Value::Code),
            (Self::Code { max }, raw) => within(read_count(raw), 0, u64::from(max)).and_then(code).map(Value::Code),
            (Self::List, Raw::List(list)) => Some(Value::List(list.clone())),
            (Self::List, Raw::Text(text)) => Some(Value::List(words_of(text).map(str::to_owned).collect())),
            (Self::Codes { max, words }, Raw::Table(table)) => {
                read_codes(table.iter().map(|(code, word)| (code.as_str(), word.as_str())), max, words)
            }
            (Self::Codes { max, words }, Raw::Text(text)) => {
                let pairs: Option<Vec<_>> = words_of(text).map(|word| word.split_once('=')).collect();
                pairs.and_then(|pairs| read_codes(pairs.into_iter(), max, words))
            }
            _ => None,
        };
        value.ok_or_else(|| self.expected())
    }

    fn expected(self) -> String {
        match self {
            Self::Text | Self::Secret => "write a text in quotes".to_owned(),
            Self::Flag => "write true or false".to_owned(),
            _ => format!("write {}", self.describe()),
        }
    }

    /// Whether there is nothing to say of what it takes.
    pub(super) fn is_plain(self) -> bool {
        matches!(self, Self::Text | Self::Secret | Self::Address | Self::Flag | Self::List | Self::TonNpi)
    }

    /// What it takes, for people.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Text | Self::Secret => "a text".to_owned(),
            Self::Address => "an address and a port, like 127.0.0.1:7670, or off".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Flag => "true or false".to_owned(),
            Self::Count { min, max } => format!("a number from {min} to {max}"),
            Self::Size { min, max } => format!("a size from {} to {}", show_size(min), show_size(max)),
            Self::Time { min_ms, max_ms } => format!("a time from {} to {}", show_millis(min_ms), show_millis(max_ms)),
            Self::Rate { max } => format!("a rate from 1/s to {max}/s"),
            Self::TonNpi => "type of number and numbering plan, like 5/0, each from 0 to 255".to_owned(),
            Self::Code { max } => format!("a code like {}, up to {max:#x}", show_code(max.min(0x34))),
            Self::List => "a list of texts in brackets".to_owned(),
            Self::Codes { max, words } => {
                format!("codes up to {max:#x} with words, like {{ \"0x08\" = \"{}\" }}: {}", words[0], words.join(", "))
            }
        }
    }
}

impl Raw {
    /// For people; the caller hides secrets.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(list) => format!("{list:?}"),
            Self::Table(table) => {
                let pairs: Vec<_> = table.iter().map(|(name, value)| format!("{name:?} = {value:?}")).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

impl Value {
    /// As TOML; equal values are written alike.
    pub(super) fn toml(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Address(address) => quoted(&address.map_or("off".to_owned(), |address| address.to_string())),
            Self::Flag(flag) => flag.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Size(bytes) => match show_size(*bytes) {
                size if size.ends_with('B') => quoted(&size),
                size => size,
            },
            Self::Time(time) => quoted(&show_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))),
            Self::Rate(rate) => quoted(&format!("{rate}/s")),
            Self::TonNpi(ton, npi) => quoted(&format!("{ton}/{npi}")),
            Self::Code(code) => quoted(&show_code(*code)),
            Self::List(list) => {
                let texts: Vec<_> = list.iter().map(|text| quoted(text)).collect();
                format!("[{}]", texts.join(", "))
            }
            Self::Codes(codes) if codes.is_empty() => "{}".to_owned(),
            Self::Codes(codes) => {
                let pair = |(code, word): &(u32, String)| format!("{} = {}", quoted(&show_code(*code)), quoted(word));
                format!("{{ {} }}", codes.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// As JSON, in the form that the JSON Schema describes.
    pub(super) fn json(&self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Text(text) => json!(text),
            Self::Flag(flag) => json!(flag),
            Self::Count(count) => json!(count),
            Self::List(list) => json!(list),
            Self::Codes(codes) => codes
                .iter()
                .map(|(code, word)| (show_code(*code), json!(word)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Self::Size(bytes) => match show_size(*bytes) {
                size if size.ends_with('B') => json!(size),
                _ => json!(bytes),
            },
            Self::Address(_) | Self::Time(_) | Self::Rate(_) | Self::TonNpi(..) | Self::Code(_) => {
                json!(self.toml().trim_matches('"'))
            }
        }
    }
}

/// A text as a TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn choice(words: &[&str], text: &str) -> Option<Value> {
    words.contains(&text).then(|| Value::Text(text.to_owned()))
}

fn code(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}

fn read_code(text: &str, max: u32) -> Option<u32> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if !hex.is_empty() && hex.bytes().all(|octet| octet.is_ascii_hexdigit()) => {
            u32::from_str_radix(hex, 16).ok()?
        }
        Some(_) => return None,
        None => code(digits(text)?)?,
    };
    (number <= max).then_some(number)
}

fn read_codes<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, max: u32, words: &[&str]) -> Option<Value> {
    let mut codes = std::collections::BTreeMap::new();
    for (code, word) in pairs {
        let (code, word) = (read_code(code.trim(), max)?, word.trim());
        // The same code in two spellings would leave it to chance which word holds.
        if !words.contains(&word) || codes.insert(code, word.to_owned()).is_some() {
            return None;
        }
    }
    Some(Value::Codes(codes.into_iter().collect()))
}

fn read_ton_npi(text: &str) -> Option<Value> {
    let (ton, npi) = text.split_once('/')?;
    let octet = |text: &str| u8::try_from(digits(text)?).ok();
    Some(Value::TonNpi(octet(ton)?, octet(npi)?))
}

fn within(number: Option<u64>, min: u64, max: u64) -> Option<u64> {
    number.filter(|number| (min..=max).contains(number))
}

fn read_count(raw: &Raw) -> Option<u64> {
    match raw {
        Raw::Integer(number) => u64::try_from(*number).ok(),
        Raw::Text(text) => digits(text),
        Raw::Flag(_) | Raw::List(_) | Raw::Table(_) | Raw::Other(_) => None,
    }
}

fn read_size(raw: &Raw) -> Option<u64> {
    let Raw::Text(text) = raw else { return read_count(raw) };
    for (unit, shift) in [("KiB", 10), ("MiB", 20)] {
        if let Some(number) = text.strip_suffix(unit) {
            return digits(number.trim_end())?.checked_mul(1 << shift);
        }
    }
    digits(text)
}

fn read_millis(text: &str) -> Option<u64> {
    // "ms" before "s" and "m".
    for (unit, millis) in [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)] {
        if let Some(number) = text.strip_suffix(unit) {
            return digits(number)?.checked_mul(millis);
        }
    }
    None
}

/// Digits and nothing else: no sign, no space.
fn digits(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

fn show_size(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        _ => bytes.to_string(),
    }
}

fn show_millis(millis: u64) -> String {
    match millis {
        0 => "0ms".to_owned(),
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}

fn show_code(code: u32) -> String {
    format!("0x{code:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Raw {
        Raw::Text(text.to_owned())
    }

    #[test]
    fn times_and_sizes_are_written_with_their_unit() {
        let time = Kind::Time { min_ms: 10, max_ms: 3_600_000 };
        for (written, millis) in [("10ms", 10), ("75s", 75_000), ("5m", 300_000), ("1h", 3_600_000)] {
            assert_eq!(time.read(&text(written)), Ok(Value::Time(Duration::from_millis(millis))), "{written}");
        }
        for wrong in ["", "s", "9ms", "2h", "10", "-1s", "+1s", "1 s", "1.5s", "99999999999999999999d", "1w"] {
            assert_eq!(time.read(&text(wrong)), Err("write a time from 10ms to 1h".to_owned()), "{wrong}");
        }
        let size = Kind::Size { min: 1024, max: 1 << 20 };
        for (raw, bytes) in
            [(text("1KiB"), 1024), (text("1MiB"), 1 << 20), (Raw::Integer(5000), 5000), (text("5000"), 5000)]
        {
            assert_eq!(size.read(&raw), Ok(Value::Size(bytes)), "{raw:?}");
        }
        for wrong in [text("1023"), text("2MiB"), text("1kb"), Raw::Integer(-1), text("99999999999999MiB")] {
            assert_eq!(size.read(&wrong), Err("write a size from 1KiB to 1MiB".to_owned()), "{wrong:?}");
        }
    }

    #[test]
    fn other_kinds_take_their_own_and_nothing_else() {
        assert_eq!(Kind::Address.read(&text("off")), Ok(Value::Address(None)));
        assert!(Kind::Address.read(&text("[::1]:0")).is_ok());
        for wrong in ["localhost:80", "127.0.0.1", "", ":80"] {
            assert!(Kind::Address.read(&text(wrong)).is_err(), "{wrong}");
        }
        let choice = Kind::Choice(&["a", "b"]);
        assert!(choice.read(&text("a")).is_ok());
        assert_eq!(choice.read(&text("c")), Err("write one of a, b".to_owned()));
        let count = Kind::Count { min: 1, max: 10 };
        assert_eq!(count.read(&text("10")), Ok(Value::Count(10)));
        for wrong in [
            text("0"),
            text("11"),
            Raw::Integer(-1),
            text("1e1"),
            Raw::Other("date"),
            Raw::Flag(true),
            Raw::List(Vec::new()),
        ] {
            assert!(count.read(&wrong).is_err(), "{wrong:?}");
        }
        let words = Value::List(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(Kind::List.read(&text(" a, b,")), Ok(words));
        assert!(Kind::Text.read(&Raw::Integer(1)).is_err());
    }

    #[test]
    fn rates_codes_and_address_forms_are_read_in_every_spelling() {
        let rate = Kind::Rate { max: 1000 };
        for raw in [text("100/s"), text("100"), Raw::Integer(100)] {
            assert_eq!(rate.read(&raw), Ok(Value::Rate(100)), "{raw:?}");
        }
        for wrong in [text("0/s"), text("1001/s"), text("100/m"), text("/s"), text("100 /s"), Raw::Integer(-1)] {
            assert_eq!(rate.read(&wrong), Err("write a rate from 1/s to 1000/s".to_owned()), "{wrong:?}");
        }
        assert_eq!(Kind::TonNpi.read(&text("5/0")), Ok(Value::TonNpi(5, 0)));
        for wrong in ["5", "5/", "256/0", "5/0/1", "-1/0", "0x1/0"] {
            assert!(Kind::TonNpi.read(&text(wrong)).is_err(), "{wrong}");
        }
        let code = Kind::Code { max: 0xffff };
        for raw in [text("0x1400"), text("0X1400"), text("5120"), Raw::Integer(0x1400)] {
            assert_eq!(code.read(&raw), Ok(Value::Code(0x1400)), "{raw:?}");
        }
        for wrong in ["0x", "0x10000", "65536", "1400h", "0x+1", "0x-1"] {
            assert!(code.read(&text(wrong)).is_err(), "{wrong}");
        }
        let id = Kind::Choice(&["auto", "0", "3"]);
        assert_eq!(id.read(&Raw::Integer(3)), Ok(Value::Text("3".to_owned())));
        assert!(id.read(&Raw::Integer(4)).is_err());
    }

    #[test]
    fn codes_stand_once_and_have_a_known_word() {
        let codes = Kind::Codes { max: 0xffff, words: &["retry", "reject"] };
        let table = |pairs: &[(&str, &str)]| {
            Raw::Table(pairs.iter().map(|(code, word)| ((*code).to_owned(), (*word).to_owned())).collect())
        };
        let read = Value::Codes(vec![(8, "retry".to_owned()), (0x400, "reject".to_owned())]);
        assert_eq!(codes.read(&table(&[("0x400", "reject"), ("8", "retry")])), Ok(read.clone()));
        assert_eq!(codes.read(&text("0x0400=reject, 8=retry")), Ok(read));
        for wrong in
            [table(&[("8", "retry"), ("0x8", "reject")]), table(&[("8", "perhaps")]), text("8"), text("x=retry")]
        {
            assert!(codes.read(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_text_is_quoted_so_that_toml_reads_it_back() {
        for text in ["", "a\"b", "back\\slash", "line\nend\tand \u{1b} \u{7f} \u{85}", "ü€😀"] {
            let document: toml::Table = format!("x = {}", quoted(text)).parse().unwrap();
            assert_eq!(document["x"].as_str(), Some(text));
        }
    }
}
