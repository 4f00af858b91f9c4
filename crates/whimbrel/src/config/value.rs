//! Values of settings: what a kind of setting takes, and how people write it.

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
    /// Texts.
    List,
}

/// A value as a file or the environment gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    Text(String),
    Integer(i64),
    List(Vec<String>),
    /// Something that no setting takes; its TOML type.
    Other(&'static str),
}

/// A value, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Address(Option<SocketAddr>),
    Count(u64),
    Time(Duration),
    List(Vec<String>),
}

impl Kind {
    /// Reads a value, or says what is expected.
    pub(super) fn read(self, raw: &Raw) -> Result<Value, String> {
        let value = match (self, raw) {
            (Self::Text | Self::Secret, Raw::Text(text)) => Some(Value::Text(text.clone())),
            (Self::Address, Raw::Text(text)) if text == "off" => Some(Value::Address(None)),
            (Self::Address, Raw::Text(text)) => text.parse().ok().map(|addr| Value::Address(Some(addr))),
            (Self::Choice(words), Raw::Text(text)) if words.contains(&text.as_str()) => Some(Value::Text(text.clone())),
            (Self::Count { min, max }, raw) => within(read_count(raw), min, max).map(Value::Count),
            (Self::Size { min, max }, raw) => within(read_size(raw), min, max).map(Value::Count),
            (Self::Time { min_ms, max_ms }, Raw::Text(text)) => {
                within(read_millis(text), min_ms, max_ms).map(|millis| Value::Time(Duration::from_millis(millis)))
            }
            (Self::List, Raw::List(list)) => Some(Value::List(list.clone())),
            (Self::List, Raw::Text(text)) => {
                let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                Some(Value::List(words.map(str::to_owned).collect()))
            }
            _ => None,
        };
        value.ok_or_else(|| self.expected())
    }

    fn expected(self) -> String {
        match self {
            Self::Text | Self::Secret => "write a text in quotes".to_owned(),
            Self::Address => "write an address and a port, like 127.0.0.1:7670, or off".to_owned(),
            Self::Choice(words) => format!("write one of {}", words.join(", ")),
            Self::Count { min, max } => format!("write a number from {min} to {max}"),
            Self::Size { min, max } => format!("write a size from {} to {}", show_size(min), show_size(max)),
            Self::Time { min_ms, max_ms } => {
                format!("write a time from {} to {}", show_millis(min_ms), show_millis(max_ms))
            }
            Self::List => "write a list of texts in brackets".to_owned(),
        }
    }
}

impl Raw {
    /// For people; the caller hides secrets.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::List(list) => format!("{list:?}"),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

fn within(number: Option<u64>, min: u64, max: u64) -> Option<u64> {
    number.filter(|number| (min..=max).contains(number))
}

fn read_count(raw: &Raw) -> Option<u64> {
    match raw {
        Raw::Integer(number) => u64::try_from(*number).ok(),
        Raw::Text(text) => digits(text),
        Raw::List(_) | Raw::Other(_) => None,
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
        _ if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        _ => bytes.to_string(),
    }
}

fn show_millis(millis: u64) -> String {
    match millis {
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
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
            assert_eq!(size.read(&raw), Ok(Value::Count(bytes)), "{raw:?}");
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
        for wrong in
            [text("0"), text("11"), Raw::Integer(-1), text("1e1"), Raw::Other("boolean"), Raw::List(Vec::new())]
        {
            assert!(count.read(&wrong).is_err(), "{wrong:?}");
        }
        let words = Value::List(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(Kind::List.read(&text(" a, b,")), Ok(words));
        assert!(Kind::Text.read(&Raw::Integer(1)).is_err());
    }
}
