//! What an application's document says: its name, what it can do, and whether the vendor may learn from it.
//!
//! Names and ranges are those of the vendor's OpenAPI definition. Two of its names differ between the definition and what the
//! service answers (`connection_timeout`, `connect_timeout`): both are read, the latter is kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use whimbrel_core::{ApplicationEndpoint, ApplicationFacts, EndpointKind, FieldFault};

use super::super::messages::form;
use super::super::url;

const NAME_CHARS_MAX: usize = 255;
/// An application has a dozen URLs at most; this holds the longest of them.
const DOCUMENT_BYTES_MAX: usize = 32 * 1024;

const GET_OR_POST: &[&str] = &["GET", "POST"];
const POST: &[&str] = &["POST"];

/// A webhook of a capability.
struct Hook {
    name: &'static str,
    methods: &'static [&'static str],
    /// The method unless one is named.
    method: &'static str,
    /// The longest that an answer may take, in milliseconds.
    socket_timeout_max: i64,
}

impl Hook {
    const fn new(name: &'static str, methods: &'static [&'static str], method: &'static str) -> Self {
        Self { name, methods, method, socket_timeout_max: 5_000 }
    }
}

/// The capabilities that are checked, with their webhooks.
const CAPABILITIES: &[(&str, &[Hook])] = &[
    (
        "voice",
        &[
            Hook::new("answer_url", GET_OR_POST, "GET"),
            Hook::new("fallback_answer_url", GET_OR_POST, "GET"),
            Hook { socket_timeout_max: 10_000, ..Hook::new("event_url", GET_OR_POST, "POST") },
        ],
    ),
    ("rtc", &[Hook::new("event_url", GET_OR_POST, "POST")]),
    ("messages", &[Hook::new("inbound_url", POST, "POST"), Hook::new("status_url", POST, "POST")]),
    ("verify", &[Hook::new("status_url", POST, "POST")]),
    ("vbc", &[]),
];

const REGIONS: &[&str] = &["na-east", "na-west", "eu-east", "eu-west", "apac-sng", "apac-australia"];

/// A document as it is kept.
#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    capabilities: &'a Map<String, Value>,
    privacy: &'a Value,
}

/// A kept document, its halves as they were written.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) capabilities: &'a RawValue,
    #[serde(borrow)]
    pub(super) privacy: &'a RawValue,
}

impl<'a> Document<'a> {
    /// Reads a kept document; `None` if it is none of ours.
    pub(super) fn read(document: &'a str) -> Option<Self> {
        serde_json::from_str(document).ok()
    }
}

/// Checks what a request says of an application, its key apart, and writes the document.
///
/// # Errors
/// Every field that cannot be so.
pub(super) fn checked(mut body: Map<String, Value>) -> Result<Box<str>, Vec<FieldFault>> {
    let mut faults = Faults::default();
    let name = match body.remove("name") {
        Some(Value::String(name)) if !name.trim().is_empty() => {
            if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
                faults.add("name", "must have at most 255 characters, none of them control characters");
            }
            name
        }
        Some(Value::String(_) | Value::Null) | None => faults.instead("name", "Is required."),
        Some(_) => faults.instead("name", "must be a string"),
    };
    let privacy = privacy(body.remove("privacy"), &mut faults);
    let mut capabilities = match body.remove("capabilities") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(capabilities)) => capabilities,
        Some(_) => faults.instead("capabilities", "must be an object"),
    };
    // What is null is not there: libraries write it for what was not set.
    capabilities.retain(|_, capability| !capability.is_null());
    for (name, hooks) in CAPABILITIES {
        if let Some(capability) = capabilities.get_mut(*name) {
            check_capability(capability, name, hooks, &mut faults);
        }
    }
    let document = Written { name: &name, capabilities: &capabilities, privacy: &privacy };
    // Values that were read from JSON can be written as JSON.
    let document = serde_json::to_string(&document).unwrap_or_default();
    if document.len() > DOCUMENT_BYTES_MAX {
        faults.add("capabilities", "must be shorter than 32 KiB as a whole");
    }
    match faults.0.is_empty() {
        true => Ok(document.into()),
        false => Err(faults.0),
    }
}

fn privacy(privacy: Option<Value>, faults: &mut Faults) -> Value {
    let improve_ai = match privacy {
        None | Some(Value::Null) => None,
        Some(Value::Object(mut privacy)) => privacy.remove("improve_ai").filter(|value| !value.is_null()),
        Some(_) => faults.instead("privacy", "must be an object"),
    };
    let improve_ai = match improve_ai {
        None => true,
        Some(Value::Bool(improve_ai)) => improve_ai,
        Some(_) => faults.instead("privacy.improve_ai", "must be a boolean"),
    };
    json!({ "improve_ai": improve_ai })
}

fn check_capability(capability: &mut Value, name: &str, hooks: &[Hook], faults: &mut Faults) {
    let path = format!("capabilities.{name}");
    let Value::Object(capability) = capability else {
        return faults.add(path, "must be an object");
    };
    capability.retain(|_, value| !value.is_null());
    if let Some(webhooks) = capability.get_mut("webhooks") {
        match webhooks {
            Value::Object(webhooks) => check_webhooks(webhooks, &format!("{path}.webhooks"), hooks, faults),
            _ => faults.add(format!("{path}.webhooks"), "must be an object"),
        }
    }
    for (name, value) in capability.iter() {
        if let Some(reason) = wrong_setting(name, value) {
            faults.add(format!("{path}.{name}"), reason);
        }
    }
}

/// Settings of capabilities, whichever they belong to: no two capabilities use a name differently.
fn wrong_setting(name: &str, value: &Value) -> Option<String> {
    let within = |low: i64, high: i64| {
        let fits = value.as_i64().is_some_and(|number| (low..=high).contains(&number));
        (!fits).then(|| format!("must be between {low} and {high}"))
    };
    let one_of = |words: &[&str]| {
        let fits = value.as_str().is_some_and(|word| words.contains(&word));
        (!fits).then(|| format!("must be one of: {}", words.join(", ")))
    };
    match name {
        "signed_callbacks" | "authenticate_inbound_media" => {
            (!value.is_boolean()).then(|| "must be a boolean".to_owned())
        }
        "conversations_ttl" => within(1, 9_000),
        "leg_persistence_time" => within(1, 31),
        "region" => one_of(REGIONS),
        // `v2` is what the service answers for verify, and libraries send back.
        "version" => one_of(&["v1", "v0.1", "v2"]),
        _ => None,
    }
}

fn check_webhooks(webhooks: &mut Map<String, Value>, path: &str, hooks: &[Hook], faults: &mut Faults) {
    webhooks.retain(|_, webhook| !webhook.is_null());
    for hook in hooks {
        let path = format!("{path}.{}", hook.name);
        match webhooks.get_mut(hook.name) {
            None => {}
            Some(Value::Object(webhook)) => check_webhook(webhook, &path, hook, faults),
            Some(_) => faults.add(path, "must be an object"),
        }
    }
}

fn check_webhook(webhook: &mut Map<String, Value>, path: &str, hook: &Hook, faults: &mut Faults) {
    webhook.retain(|_, value| !value.is_null());
    match webhook.get("address") {
        None => faults.add(format!("{path}.address"), "Is required."),
        Some(address) => {
            // An empty one is how libraries write that there is none.
            if !address.as_str().is_some_and(|address| address.is_empty() || url::stored(address).is_ok()) {
                faults.add(format!("{path}.address"), "must be a valid http or https URL");
            }
        }
    }
    let method = webhook.entry("http_method").or_insert_with(|| hook.method.into());
    if !method.as_str().is_some_and(|method| hook.methods.contains(&method)) {
        faults.add(format!("{path}.http_method"), format!("must be one of: {}", hook.methods.join(", ")));
    }
    if let Some(timeout) = webhook.remove("connection_timeout") {
        webhook.entry("connect_timeout").or_insert(timeout);
    }
    for (name, low, high) in [("connect_timeout", 300, 1_000), ("socket_timeout", 1_000, hook.socket_timeout_max)] {
        let Some(timeout) = webhook.get(name) else { continue };
        if !timeout.as_i64().is_some_and(|timeout| (low..=high).contains(&timeout)) {
            faults.add(format!("{path}.{name}"), format!("must be between {low} and {high}"));
        }
    }
}

/// What was found.
#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    fn add(&mut self, name: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) {
        self.0.push(FieldFault { name: name.into(), reason: reason.into() });
    }

    /// Notes a fault; what stands for the value that the field should have had.
    fn instead<T: Default>(&mut self, name: &'static str, reason: &'static str) -> T {
        self.add(name, reason);
        T::default()
    }
}

/// What the engine must know of a document that [`checked`] or [`written`] made.
pub(in super::super) fn facts(document: &str) -> ApplicationFacts {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let messages = &document["capabilities"]["messages"];
    let form = form::of_version(messages["version"].as_str()).unwrap_or(form::V1);
    let endpoint = |kind, name: &str| {
        let url = messages["webhooks"][name]["address"].as_str().filter(|url| !url.is_empty())?;
        Some(ApplicationEndpoint { kind, url: url.into(), form })
    };
    let endpoints = [endpoint(EndpointKind::Receipt, "status_url"), endpoint(EndpointKind::Inbound, "inbound_url")];
    ApplicationFacts {
        name: document["name"].as_str().unwrap_or_default().into(),
        endpoints: endpoints.into_iter().flatten().collect(),
    }
}

/// The document of an application with those facts, for operators who make one.
///
/// # Errors
/// The fields that cannot be so.
pub(in super::super) fn written(facts: &ApplicationFacts) -> Result<Box<str>, Vec<FieldFault>> {
    let mut body = Map::new();
    body.insert("name".to_owned(), Value::from(&*facts.name));
    let mut webhooks = Map::new();
    for endpoint in &facts.endpoints {
        let name = match endpoint.kind {
            EndpointKind::Receipt => "status_url",
            EndpointKind::Inbound => "inbound_url",
        };
        webhooks.insert(name.to_owned(), json!({ "address": endpoint.url, "http_method": "POST" }));
    }
    if !webhooks.is_empty() {
        body.insert("capabilities".to_owned(), json!({ "messages": { "webhooks": webhooks, "version": "v1" } }));
    }
    checked(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str) -> Result<Value, Vec<(String, String)>> {
        let Ok(Value::Object(body)) = serde_json::from_str(body) else { panic!("no object: {body}") };
        match checked(body) {
            Ok(document) => Ok(serde_json::from_str(&document).expect("JSON")),
            Err(faults) => Err(faults.into_iter().map(|fault| (fault.name.into(), fault.reason.into())).collect()),
        }
    }

    fn names(body: &str) -> Vec<String> {
        check(body).expect_err("a fault").into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_name_is_enough() {
        let document = check(r#"{"name":"a","id":"x","_links":{}}"#).expect("fine");
        assert_eq!(document, json!({ "name": "a", "capabilities": {}, "privacy": { "improve_ai": true } }));
        for body in ["{}", r#"{"name":""}"#, r#"{"name":" "}"#, r#"{"name":null}"#] {
            assert_eq!(check(body), Err(vec![("name".to_owned(), "Is required.".to_owned())]), "{body}");
        }
        assert_eq!(names(r#"{"name":7,"privacy":1,"capabilities":[]}"#), ["name", "privacy", "capabilities"]);
    }

    #[test]
    fn capabilities_are_checked_as_the_definition_says() {
        let voice = |inner: &str| format!(r#"{{"name":"a","capabilities":{{"voice":{{"webhooks":{inner}}}}}}}"#);
        let hook = |inner: &str| voice(&format!(r#"{{"answer_url":{{"address":"https://a.example/x"{inner}}}}}"#));
        let place = "capabilities.voice.webhooks.answer_url";
        assert_eq!(
            check(&hook(r#","http_method":"PUT""#)),
            Err(vec![(format!("{place}.http_method"), "must be one of: GET, POST".to_owned())])
        );
        assert_eq!(names(&hook(r#","connection_timeout":299"#)), [format!("{place}.connect_timeout")]);
        assert_eq!(names(&hook(r#","socket_timeout":5001"#)), [format!("{place}.socket_timeout")]);
        assert_eq!(names(&voice(r#"{"answer_url":{"address":"ftp://a"}}"#)), [format!("{place}.address")]);
        assert_eq!(names(&voice(r#"{"answer_url":"x"}"#)), [place]);
        let kept = check(&hook(r#","connection_timeout":500"#)).expect("fine");
        let kept = &kept["capabilities"]["voice"]["webhooks"]["answer_url"];
        assert_eq!((&kept["connect_timeout"], &kept["http_method"]), (&json!(500), &json!("GET")));
        let messages = r#"{"name":"a","capabilities":{"messages":{"version":"v3","webhooks":
            {"status_url":{"address":"https://a.example","http_method":"GET"}}}}}"#;
        let place = "capabilities.messages";
        assert_eq!(names(messages), [format!("{place}.webhooks.status_url.http_method"), format!("{place}.version")]);
    }

    #[test]
    fn what_nobody_knows_is_kept_and_what_is_null_is_not_there() {
        let body = r#"{"name":"a","capabilities":{"video":{"x":[1,{"y":null}]},"rtc":null,"vbc":{}}}"#;
        let document = check(body).expect("fine");
        assert_eq!(document["capabilities"], json!({ "video": { "x": [1, { "y": null }] }, "vbc": {} }));
    }

    #[test]
    fn a_document_may_not_be_long_without_end() {
        let body = format!(r#"{{"name":"a","capabilities":{{"video":"{}"}}}}"#, "x".repeat(DOCUMENT_BYTES_MAX));
        assert_eq!(names(&body), ["capabilities"]);
    }

    #[test]
    fn the_facts_of_a_document_come_back() {
        let endpoint = |kind, url: &str| ApplicationEndpoint { kind, url: url.into(), form: form::V1 };
        let facts_of = ApplicationFacts {
            name: "Anmeldung".into(),
            endpoints: vec![
                endpoint(EndpointKind::Receipt, "https://a.example/status"),
                endpoint(EndpointKind::Inbound, "http://a.example/inbound"),
            ],
        };
        assert_eq!(facts(&written(&facts_of).expect("fine")), facts_of);
        assert_eq!(facts("no JSON"), ApplicationFacts::default());
        let old = r#"{"name":"a","capabilities":{"messages":{"version":"v0.1","webhooks":
            {"status_url":{"address":"https://a.example"},"inbound_url":{"address":""}}}}}"#;
        let old = facts(&check(old).expect("fine").to_string());
        assert_eq!(old.endpoints.len(), 1);
        assert_eq!(old.endpoints[0].form, form::V01);
    }
}
