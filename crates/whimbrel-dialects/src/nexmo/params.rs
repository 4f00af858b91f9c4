//! A request's parameters: one flat map of names to texts, wherever they came from.
//!
//! The vendor takes them from the query, a form or a JSON object, and its own libraries label bodies wrongly: Python's
//! keeps `Content-Type: application/json` for its forms once it has sent JSON (vonage 4.9.1). So the label is not read: a body
//! that is a JSON object is one, and every other body is a form. Charset is always UTF-8; what is not becomes U+FFFD.
//!
//! Where a name comes twice, the first wins, and the body wins over the query. Names that the API does not know are dropped.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use whimbrel_core::Refusal;

macro_rules! names {
    ($($variant:ident = $text:literal,)+) => {
        /// The parameters that this step of the API knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Name { $($variant),+ }

        impl Name {
            /// All of them, in a fixed order.
            pub(super) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire; case counts.
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            fn of(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

names! {
    ApiKey = "api_key",
    ApiSecret = "api_secret",
    Sig = "sig",
    From = "from",
    To = "to",
    Type = "type",
    Text = "text",
    StatusReportReq = "status-report-req",
    Callback = "callback",
    MessageClass = "message-class",
    Ttl = "ttl",
    ClientRef = "client-ref",
    AccountRef = "account-ref",
}

/// The names whose values prove who is calling.
pub(super) const CREDENTIALS: &[Name] = &[Name::ApiKey, Name::ApiSecret, Name::Sig];

/// What a refusal names if a parameter that we do not know holds an object or an array.
const UNKNOWN: &str = "parameter";

/// The decoded parameters of one request. They are not shown in `Debug`: texts and secrets are among them.
#[derive(Default)]
pub(super) struct Params<'a> {
    values: [Option<Cow<'a, str>>; Name::ALL.len()],
    nested: Option<&'static str>,
}

impl<'a> Params<'a> {
    /// Decodes body and query.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a JSON object that holds another object or an array.
    pub(super) fn read(query: &'a str, body: &'a [u8]) -> Result<Self, Refusal> {
        let mut params = Self::from_json(body).unwrap_or_else(|| {
            let mut params = Self::default();
            params.add_form(body);
            params
        });
        params.add_form(query.as_bytes());
        match params.nested {
            Some(field) => Err(Refusal::Invalid { field }),
            None => Ok(params),
        }
    }

    /// The value, unless it is absent or empty: the API makes no difference between these.
    pub(super) fn get(&self, name: Name) -> Option<&str> {
        self.values[name as usize].as_deref().filter(|value| !value.is_empty())
    }

    /// Pairs between ampersands, of which there may be too many; `%` that starts no escape stays as it is.
    fn add_form(&mut self, form: &'a [u8]) {
        for (name, value) in form_urlencoded::parse(form) {
            if let Some(name) = Name::of(&name) {
                self.add(name, value);
            }
        }
    }

    fn add(&mut self, name: Name, value: Cow<'a, str>) {
        let slot = &mut self.values[name as usize];
        if slot.is_none() {
            *slot = Some(value);
        }
    }

    /// The body as a JSON object; `None` if it is none.
    fn from_json(body: &'a [u8]) -> Option<Self> {
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
        Params { values: self.values.map(|value| value.map(|text| text.into_owned().into())), nested: self.nested }
    }

    /// Takes one JSON value: a string as it reads, a number or a boolean as it is spelled, nothing for null.
    fn add_json(&mut self, name: Option<Name>, json: &'a str) {
        let value = match json.as_bytes().first() {
            Some(b'{' | b'[') => {
                self.nested.get_or_insert(name.map_or(UNKNOWN, Name::as_str));
                return;
            }
            Some(b'n') => return,
            Some(b'"') => json_string(json),
            _ => Cow::Borrowed(json),
        };
        if let Some(name) = name {
            self.add(name, value);
        }
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
        let mut params = Params::default();
        while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            params.add_json(Name::of(&name), value.get());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn value(query: &str, body: &[u8], name: Name) -> Result<Option<String>, Refusal> {
        Params::read(query, body).map(|params| params.get(name).map(str::to_owned))
    }

    fn text_of(body: &[u8]) -> Option<String> {
        value("", body, Name::Text).expect("no nested value")
    }

    #[test]
    fn every_name_is_read_back() {
        for name in Name::ALL {
            assert_eq!(Name::of(name.as_str()), Some(*name));
        }
        assert_eq!(Name::of("API_KEY"), None);
    }

    #[test]
    fn forms_are_read_as_clients_write_them() {
        let cases: &[(&str, &str)] = &[
            ("text=a+b%20c", "a b c"),
            ("text=A text message&", "A text message"),
            ("&&text=a&&", "a"),
            ("text=100%&to=1", "100%"),
            ("text=%zz%4", "%zz%4"),
            ("te%78t=a", "a"),
            ("text=a=b", "a=b"),
            ("text=first&text=second", "first"),
            ("text=%C3%A9%E2%82%AC", "é€"),
            ("text=é€", "é€"),
            ("text=%FF%FEa", "\u{FFFD}\u{FFFD}a"),
            ("text=a%00b", "a\0b"),
            ("text=a;b", "a;b"),
        ];
        for (form, text) in cases {
            assert_eq!(text_of(form.as_bytes()).as_deref(), Some(*text), "{form}");
            assert_eq!(value(form, b"", Name::Text), Ok(Some((*text).to_owned())), "{form}");
        }
        for empty in ["", "text", "text=", "text=&text=late", "TEXT=a", "=a", "&", "?", "\"a\""] {
            assert_eq!(text_of(empty.as_bytes()), None, "{empty}");
        }
        assert_eq!(text_of(b"text=a\xffb").as_deref(), Some("a\u{FFFD}b"));
    }

    #[test]
    fn json_values_are_read_as_they_are_spelled() {
        let cases: &[(&str, &str)] = &[
            (r#"{"text":"a\u00e9\n\"b"}"#, "aé\n\"b"),
            (" \r\n\t{\"text\" : 1}", "1"),
            (r#"{"text":447700900000}"#, "447700900000"),
            (r#"{"text":123456789012345678901234567890}"#, "123456789012345678901234567890"),
            (r#"{"text":-1.50e3}"#, "-1.50e3"),
            (r#"{"text":true}"#, "true"),
            (r#"{"text":false}"#, "false"),
            (r#"{"text":null,"text":"b"}"#, "b"),
            (r#"{"text":"a","text":"b"}"#, "a"),
            (r#"{"te\u0078t":"a"}"#, "a"),
            (r#"{"text":"\ud83d\ude00"}"#, "😀"),
        ];
        for (json, text) in cases {
            assert_eq!(text_of(json.as_bytes()).as_deref(), Some(*text), "{json}");
        }
        let cut = text_of(br#"{"text":"cut \ud83d"}"#).expect("half a pair is text");
        assert!(cut.starts_with("cut \u{FFFD}"), "{cut:?}");
        assert_eq!(text_of(b"{\"text\":\"a\xffb\"}").as_deref(), Some("a\u{FFFD}b"));
    }

    #[test]
    fn what_is_no_object_is_a_form() {
        for body in ["{", "{}x&text=a", "[1]&text=a", "{\"a\":1,}&text=a", "\"\"&text=a", "{\"text\":1&text=a"] {
            let expected = body.contains("text=a").then_some("a");
            assert_eq!(text_of(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn nested_values_are_refused_however_deep() {
        let refused = |field| Err(Refusal::Invalid { field });
        assert_eq!(value("", br#"{"to":["1","2"],"text":"a"}"#, Name::Text), refused("to"));
        assert_eq!(value("", br#"{"text":{"a":1}}"#, Name::Text), refused("text"));
        assert_eq!(value("", br#"{"x":{},"text":"a"}"#, Name::Text), refused("parameter"));
        let deep = format!("{{\"text\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(value("", deep.as_bytes(), Name::Text), refused("text"));
    }

    #[test]
    fn the_body_wins_over_the_query() {
        assert_eq!(value("text=query", b"text=body", Name::Text), Ok(Some("body".into())));
        assert_eq!(value("text=query", br#"{"text":"body"}"#, Name::Text), Ok(Some("body".into())));
        assert_eq!(value("text=query", br#"{"text":null}"#, Name::Text), Ok(Some("query".into())));
        assert_eq!(value("text=query", b"text=", Name::Text), Ok(None));
    }
}
