//! JSON as strict as a credential needs it: one object, no name twice at any depth, nothing behind it.
//!
//! RFC 7519 §4 leaves it to the reader which of two claims of one name counts. Two readers that choose differently can
//! be played against each other, so a name twice is a fault.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why octets are not such an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotStrict {
    /// Not JSON, not UTF-8, nested too deep, or octets follow.
    NotJson,
    /// JSON, but not an object.
    NotAnObject,
    /// The name that occurs twice.
    NameTwice(String),
}

/// Reads one object. The nesting is bounded by the parser at 128.
pub(super) fn object(octets: &[u8]) -> Result<Map<String, Value>, NotStrict> {
    let twice = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(octets);
    let value = Strict { twice: &twice }.deserialize(&mut reader).map_err(|_| NotStrict::NotJson)?;
    reader.end().map_err(|_| NotStrict::NotJson)?;
    if let Some(name) = twice.into_inner() {
        return Err(NotStrict::NameTwice(name));
    }
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(NotStrict::NotAnObject),
    }
}

/// Builds a [`Value`] and remembers a name that an object held before.
#[derive(Clone, Copy)]
struct Strict<'a> {
    twice: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if object.contains_key(&name) {
                *self.twice.borrow_mut() = Some(name);
            } else {
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_and_nothing_else() {
        let read = object(br#" {"a":1,"b":{"c":[null,true,-1,1.5,"x"]}} "#).expect("an object");
        assert_eq!(Value::Object(read).to_string(), r#"{"a":1,"b":{"c":[null,true,-1,1.5,"x"]}}"#);
        for text in ["", "{", "{}x", "{} {}", "{'a':1}", "{\"a\":1,}", "{\"a\":NaN}", "{\"a\":1e999}", "\u{feff}{}"] {
            assert_eq!(object(text.as_bytes()), Err(NotStrict::NotJson), "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(NotStrict::NotJson));
        assert_eq!(object("[".repeat(5_000).as_bytes()), Err(NotStrict::NotJson));
        for text in ["[]", "null", "1", "\"{}\""] {
            assert_eq!(object(text.as_bytes()), Err(NotStrict::NotAnObject), "{text}");
        }
    }

    #[test]
    fn a_name_twice_is_found_at_any_depth_and_in_any_spelling() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"a":2}}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(object(text.as_bytes()), Err(NotStrict::NameTwice("a".to_owned())), "{text}");
        }
    }
}
