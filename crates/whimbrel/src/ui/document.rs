//! Documents of the native API as pages read them.
//!
//! Pages of operators show and do what the API does: they call it in the name of whoever looks, so that rights, checks and the audit log
//! are the same, and nothing can be done on a page that a program cannot do.

use serde_json::Value;
use whimbrel_web::frame::Flash;
use whimbrel_web::shown::Instant;

use super::Visit;
use crate::api::{Api, Called};

/// What the API answered.
pub(super) struct Answered {
    pub status: u16,
    pub document: Value,
}

impl Visit<'_> {
    /// Reads something in the name of the viewer.
    pub(super) async fn read(&self, api: &Api, path: &str) -> Answered {
        self.call(api, Called::read(path)).await
    }

    /// Does something in the name of the viewer.
    pub(super) async fn call(&self, api: &Api, call: Called<'_>) -> Answered {
        let (status, document) = api.call(&self.known.person, call, self.origin).await;
        Answered { status, document }
    }
}

impl Answered {
    /// Whether it was done.
    pub const fn is_done(&self) -> bool {
        self.status < 300
    }

    /// Why it was not.
    pub fn failed(&self) -> Flash {
        let detail = text(&self.document, "detail");
        let errors: Vec<&str> = list(&self.document, "errors").iter().filter_map(Value::as_str).collect();
        let told = if detail.is_empty() { format!("It was answered with {}.", self.status) } else { sentence(&detail) };
        Flash::failed(&[&*told].into_iter().chain(errors).collect::<Vec<_>>().join(" "))
    }
}

/// A field as text; empty if it is not there.
pub(super) fn text(document: &Value, name: &str) -> Box<str> {
    match &document[name] {
        Value::String(text) => text.as_str().into(),
        Value::Null => "".into(),
        other => other.to_string().into(),
    }
}

/// A list; empty if it is not there.
pub(super) fn list<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document[name].as_array().map_or(&[], Vec::as_slice)
}

/// Texts of a list, with commas.
pub(super) fn joined(document: &Value, name: &str) -> Box<str> {
    list(document, name).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ").into()
}

/// A count; 0 if it is not there.
pub(super) fn count(document: &Value, name: &str) -> u64 {
    document[name].as_u64().unwrap_or(0)
}

/// An instant as it stands there: `2026-11-28T02:20:25.123456Z`.
pub(super) fn instant(document: &Value, name: &str) -> Instant {
    let exact = text(document, name);
    let short = exact.get(..19).unwrap_or(&exact).replace('T', " ").into();
    Instant { exact, short }
}

/// An amount without the zeros at its end, but with two digits: `10.00`, `0.0333`.
pub(super) fn amount(document: &Value, name: &str) -> Box<str> {
    let text = text(document, name);
    let Some((whole, fraction)) = text.split_once('.') else { return text };
    let kept = fraction.trim_end_matches('0').len().max(2).min(fraction.len());
    format!("{whole}.{}", &fraction[..kept]).into()
}

/// Words of the API as a sentence of their own.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_as_people_want_them() {
        let document = json!({
            "a": "10.00000000", "b": "0.03330000", "c": "-7", "d": "1.12345678", "at": "2026-11-28T02:20:25.123456Z", "n": 3, "x": null,
        });
        let amounts = ["a", "b", "c", "d", "x", "y"].map(|name| amount(&document, name));
        assert_eq!(amounts.each_ref().map(|text| &**text), ["10.00", "0.0333", "-7", "1.12345678", "", ""]);
        assert_eq!(&*instant(&document, "at").short, "2026-11-28 02:20:25");
        assert_eq!((&*instant(&document, "y").short, &*text(&document, "n"), count(&document, "n")), ("", "3", 3));
        assert_eq!(sentence("`amount` is wrong"), "`amount` is wrong.");
        assert_eq!(sentence("there is none."), "There is none.");
    }
}
