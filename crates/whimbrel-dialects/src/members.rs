//! JSON as it was written: the members of an object in their order, each value as its own text.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The members of an object, in their order; names may repeat.
#[derive(Debug, Default)]
pub(crate) struct Members(pub(crate) Vec<(String, Box<RawValue>)>);

impl Members {
    /// Reads an object; `None` for anything else.
    pub(crate) fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The object on one line.
    pub(crate) fn written(&self) -> String {
        let name = |name: &String| serde_json::to_string(name).unwrap_or_default();
        let members: Vec<_> = self.0.iter().map(|(key, value)| format!("{}:{}", name(key), value.get())).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// A text as a JSON value.
pub(crate) fn text(text: &str) -> Box<RawValue> {
    raw(serde_json::to_string(text).unwrap_or_default())
}

/// JSON that is known to be whole; `null` for anything else.
pub(crate) fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(member) = map.next_entry()? {
                    members.0.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
