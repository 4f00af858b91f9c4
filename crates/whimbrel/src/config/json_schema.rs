//! The table of settings as a JSON Schema (draft 2020-12), for editors.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, SECTIONS};
use super::schema::Key;
use super::value::{Kind, Raw};

/// A JSON Schema of the configuration file.
#[must_use]
pub fn json_schema() -> Value {
    let mut sections = Map::new();
    for section in SECTIONS {
        let mut properties = Map::new();
        let mut needed = Vec::new();
        for key in KEYS.iter().filter(|key| key.section() == section.path) {
            properties.insert(key.name().to_owned(), property(key));
            if key.is_needed {
                needed.push(key.name());
            }
        }
        let mut object = json!({
            "description": section.help, "type": "object", "properties": properties, "additionalProperties": false,
        });
        if !needed.is_empty() {
            object["required"] = json!(needed);
        }
        let (name, schema) = match section.path.split_once('.') {
            Some(("routes", _)) => {
                object["oneOf"] = json!([{ "required": ["carrier"] }, { "required": ["carriers"] }]);
                ("routes", json!({ "type": "array", "items": object }))
            }
            Some((above, _)) => {
                // The environment may give what the file leaves out, so that an editor must not insist.
                object.as_object_mut().map(|object| object.remove("required"));
                let names = json!({ "pattern": "^[a-z][a-z0-9_-]{0,31}$" });
                (above, json!({ "type": "object", "propertyNames": names, "additionalProperties": object }))
            }
            None => (section.path, object),
        };
        sections.insert(name.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Whimbrel's configuration",
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut property = of_kind(key.kind);
    property["description"] = json!(key.help);
    let default = key.default.and_then(|default| key.kind.read(&Raw::Text(default.to_owned())).ok());
    if let Some(default) = default {
        property["default"] = default.json();
    }
    property
}

fn of_kind(kind: Kind) -> Value {
    let digits = json!({ "type": "string", "pattern": "^[0-9]+$" });
    match kind {
        Kind::Text | Kind::Secret => json!({ "type": "string" }),
        Kind::Address => json!({ "type": "string", "pattern": "^(off|.+:[0-9]{1,5})$" }),
        Kind::Choice(words) => {
            let numbers: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
            let mut all: Vec<Value> = words.iter().map(|word| json!(word)).collect();
            all.extend(numbers.into_iter().map(|number| json!(number)));
            json!({ "enum": all })
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count { min, max } => {
            json!({ "anyOf": [{ "type": "integer", "minimum": min, "maximum": max }, digits] })
        }
        Kind::Size { min, max } => json!({ "anyOf": [
            { "type": "integer", "minimum": min, "maximum": max },
            { "type": "string", "pattern": "^[0-9]+( ?(KiB|MiB))?$" },
        ] }),
        Kind::Time { .. } => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
        Kind::Rate { max } => json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": max },
            { "type": "string", "pattern": "^[0-9]+(/s)?$" },
        ] }),
        Kind::TonNpi => json!({ "type": "string", "pattern": "^[0-9]{1,3}/[0-9]{1,3}$" }),
        Kind::Code { max } => json!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": max },
            { "type": "string", "pattern": "^(0[xX][0-9a-fA-F]+|[0-9]+)$" },
        ] }),
        Kind::List => json!({ "anyOf": [{ "type": "array", "items": { "type": "string" } }, { "type": "string" }] }),
        Kind::Codes { words, .. } => json!({ "anyOf": [
            {
                "type": "object",
                "propertyNames": { "pattern": "^(0[xX][0-9a-fA-F]+|[0-9]+)$" },
                "additionalProperties": { "enum": words },
            },
            { "type": "string" },
        ] }),
    }
}
