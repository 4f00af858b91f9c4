//! Reading small JSON documents: unknown names and wrong types are answered by name, value and remedy.

use serde_json::{Map, Value};
use whimbrel_dialects::http::HttpResponse;

use crate::server::problem;

/// The fields of a document, each taken once.
pub(super) struct Fields {
    fields: Map<String, Value>,
    known: &'static [&'static str],
}

impl Fields {
    /// Reads an object whose names are all among `known`.
    pub(super) fn read(body: &[u8], known: &'static [&'static str]) -> Result<Self, HttpResponse> {
        let fields = match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(bad("the body must be a JSON object")),
            Err(error) => return Err(bad(&format!("the body is no JSON: {error}"))),
        };
        Self::of(fields, known)
    }

    /// Takes an object whose names are all among `known`.
    pub(super) fn of(fields: Map<String, Value>, known: &'static [&'static str]) -> Result<Self, HttpResponse> {
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => {
                let unknown: String = unknown.chars().take(40).collect();
                Err(bad(&format!("`{unknown}` is no field here; the fields are {}", known.join(", "))))
            }
            None => Ok(Self { fields, known }),
        }
    }

    /// A text; `None` if the field is absent or null.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, HttpResponse> {
        debug_assert!(self.known.contains(&name), "{name} is not among the known fields");
        match self.fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad(&format!("`{name}` must be a text"))),
        }
    }

    /// Texts in an array; `None` if the field is absent or null.
    pub(super) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, HttpResponse> {
        debug_assert!(self.known.contains(&name), "{name} is not among the known fields");
        let wrong = || bad(&format!("`{name}` must be an array of texts"));
        match self.fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(texts)) => texts
                .into_iter()
                .map(|text| match text {
                    Value::String(text) => Ok(text),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// Objects in an array; `None` if the field is absent or null.
    pub(super) fn objects(&mut self, name: &'static str) -> Result<Option<Vec<Map<String, Value>>>, HttpResponse> {
        debug_assert!(self.known.contains(&name), "{name} is not among the known fields");
        let wrong = || bad(&format!("`{name}` must be an array of objects"));
        match self.fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(values)) => values
                .into_iter()
                .map(|value| match value {
                    Value::Object(object) => Ok(object),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A whole number from 0 to `max`; `None` if the field is absent or null.
    pub(super) fn count(&mut self, name: &'static str, max: u32) -> Result<Option<u32>, HttpResponse> {
        debug_assert!(self.known.contains(&name), "{name} is not among the known fields");
        match self.fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                match value.as_u64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count <= max) {
                    Some(count) => Ok(Some(count)),
                    None => Err(bad(&format!("`{name}` must be a whole number from 0 to {max}"))),
                }
            }
        }
    }

    /// One of a few words; `None` if the field is absent or null.
    pub(super) fn word<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        words: &str,
    ) -> Result<Option<T>, HttpResponse> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => match parse(&text) {
                Some(value) => Ok(Some(value)),
                None => {
                    let text: String = text.chars().take(40).collect();
                    Err(bad(&format!("`{name}` is `{text}`; it must be one of {words}")))
                }
            },
        }
    }
}

/// 400 with what is wrong.
pub(super) fn bad(detail: &str) -> HttpResponse {
    problem(400, "Bad Request", detail)
}
