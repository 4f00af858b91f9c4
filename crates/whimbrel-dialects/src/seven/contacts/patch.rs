//! A change of what a document says: a JSON merge patch.

use serde_json::Value;

/// A document with a merge patch applied (RFC 7396); `None` if either is no JSON.
pub(in crate::seven) fn patched(document: &str, patch: &str) -> Option<Box<str>> {
    let mut document = serde_json::from_str(document).ok()?;
    merge(&mut document, serde_json::from_str(patch).ok()?);
    Some(document.to_string().into())
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        match value {
            Value::Null => _ = members.remove(&name),
            value => merge(members.entry(name).or_insert(Value::Null), value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_what_it_names() {
        let document = r#"{"a":{"b":"1","c":"2"},"d":[1,2]}"#;
        let after = |patch| patched(document, patch);
        let changed = after(r#"{"a":{"b":"x","c":null,"e":{"f":null}},"d":[3]}"#);
        assert_eq!(changed.as_deref(), Some(r#"{"a":{"b":"x","e":{}},"d":[3]}"#));
        assert_eq!(after("{}").as_deref(), Some(document));
        assert_eq!(after("broken"), None);
    }
}
