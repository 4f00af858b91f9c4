//! Parameters in a JSON object: a value counts as it is spelled.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use whimbrel_core::Refusal;

use super::{Name, Origin, Pair, Params, UNKNOWN};

impl<'a> Params<'a> {
    /// The body as a JSON object; `None` if it is none.
    pub(super) fn from_json(body: &'a [u8]) -> Option<Self> {
        let first = body.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        if first != Some(&b'{') {
            return None;
        }
        match String::from_utf8_lossy(body) {
            Cow::Borrowed(text) => serde_json::from_str(text).ok(),
            Cow::Owned(text) => serde_json::from_str(&text).ok().map(Params::into_owned),
        }
    }

    fn into_owned(self) -> Params<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        let pair = |Pair { name, value, origin }| Pair { name: owned(name), value: owned(value), origin };
        Params { pairs: self.pairs.into_iter().map(pair).collect(), first: self.first, fault: self.fault }
    }

    /// Takes one JSON value: a string as it reads, a number or a boolean as it is spelled, nothing for null.
    fn add_json(&mut self, name: Cow<'a, str>, json: &'a str) {
        let value = match json.as_bytes().first() {
            Some(b'{' | b'[') => {
                let field = Name::of(&name).map_or(UNKNOWN, Name::as_str);
                self.fault.get_or_insert(Refusal::Invalid { field });
                return;
            }
            Some(b'n') => return,
            Some(b'"') => json_string(json),
            _ => Cow::Borrowed(json),
        };
        self.add(Pair { name, value, origin: Origin::Body });
    }
}

/// The text of a JSON string. Half of a surrogate pair, which JavaScript leaves where it cuts a text, is no Unicode and
/// becomes U+FFFD like every other octet that is none.
fn json_string(json: &str) -> Cow<'_, str> {
    if let Ok(Text(text)) = serde_json::from_str(json) {
        return text;
    }
    let bytes = serde_json::from_str::<Bytes>(json).map(|Bytes(bytes)| bytes).unwrap_or_default();
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

impl<'de> Deserialize<'de> for Params<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Params<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params<'de>, A::Error> {
        let mut params = Params::empty();
        while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            params.add_json(name, value.get());
        }
        Ok(params)
    }
}

/// A string, borrowed where it holds no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The octets of a string; halves of surrogate pairs come as the three octets that UTF-8 would have for them.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;
        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(BytesVisitor)
    }
}
