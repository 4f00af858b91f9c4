//! The answers of the account, pricing, numbers and search APIs: their names against the vendor's definitions (`tests/schema`), their
//! two forms against each other, and the sizes that were captured.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use whimbrel_core::{Outcome, Timestamp};
use whimbrel_dialects::http::HttpRequest;
use whimbrel_dialects::nexmo::Nexmo;
use whimbrel_dialects::{Dialect, Match};

use super::file::File;
use super::{body, folder, open, xml};

const DIALECT: &str = "nexmo";
const SCHEMA: &str = include_str!("../schema/nexmo-resources.txt");
const FOLDERS: [&str; 4] = ["account", "pricing", "numbers", "search"];
const IN_XML: &str = "-in-xml";

/// Names that the definitions do not have: seen elsewhere, or ours. Each with the reason.
const BESIDE: [(&str, &[&str]); 4] = [
    ("account", &[]),
    // The old form of a prefix, as captured; `error-code` for the libraries; the form of one number, which is ours.
    ("pricing", &["prices", "country", "name", "prefix", "mt", "code", "network", "mtPrice", "error-code", "phone"]),
    // The libraries read the first two; the third is a field of an update, shown again.
    ("numbers", &["app_id", "voiceStatusCallback", "moSmppSysType"]),
    ("search", &[]),
];
/// Of refusals in every folder.
const REFUSAL: [&str; 9] = [
    "error-code",
    "error-code-label",
    "type",
    "error_title",
    "invalid_parameters",
    // Of a problem document.
    "title",
    "detail",
    "instance",
    "code",
];

fn stems(of: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder(DIALECT).join(of)).expect("the folder can be read");
    let mut stems: Vec<String> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_owned()
        })
        .collect();
    stems.sort();
    stems
}

fn file(of: &str, stem: &str) -> File {
    open(DIALECT, &Path::new(of).join(stem).to_string_lossy())
}

/// Every name of an object, however deep.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                names(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

fn json_body(file: &File) -> Option<Value> {
    let text = body(file);
    text.starts_with('{').then(|| serde_json::from_str(text).expect("JSON"))
}

#[test]
fn answers_have_the_names_of_the_definitions() {
    for (of, beside) in BESIDE {
        let defined: BTreeSet<&str> = SCHEMA
            .lines()
            .filter_map(|line| line.strip_prefix(of)?.strip_prefix(' ')?.split_once(' ').map(|(_, name)| name))
            .collect();
        assert!(!defined.is_empty(), "{of}: nothing is defined");
        let mut seen = BTreeSet::new();
        for stem in stems(of) {
            let file = file(of, &stem);
            let Some(value) = json_body(&file) else { continue };
            let mut found = BTreeSet::new();
            // Parameters are named by the request.
            let is_parameter = value.get("invalid_parameters").is_some();
            names(&value, &mut found);
            for name in found.iter().filter(|_| !is_parameter) {
                let known = defined.contains(name.as_str()) || beside.contains(&name.as_str());
                let refuses = !file.get("response").starts_with("200") && REFUSAL.contains(&name.as_str());
                assert!(known || refuses, "{of}/{stem}: {name}");
            }
            seen.extend(found);
        }
        for name in defined {
            assert!(seen.contains(name), "{of}: no answer shows {name}");
        }
    }
}

/// What stands at the ends of an answer, sorted.
fn json_leaves(value: &Value, leaves: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.values().for_each(|value| json_leaves(value, leaves)),
        Value::Array(values) => values.iter().for_each(|value| json_leaves(value, leaves)),
        Value::String(text) => leaves.push(text.clone()),
        other => leaves.push(other.to_string()),
    }
}

fn xml_leaves(element: &xml::Element, leaves: &mut Vec<String>) {
    match element.children.is_empty() {
        true => leaves.push(element.text.clone()),
        false => element.children.iter().for_each(|child| xml_leaves(child, leaves)),
    }
}

#[test]
fn both_forms_say_the_same() {
    let mut pairs = 0;
    for of in FOLDERS {
        for stem in stems(of).iter().filter_map(|stem| stem.strip_suffix(IN_XML)) {
            let (json, in_xml) = (file(of, stem), file(of, &format!("{stem}{IN_XML}")));
            let status = |file: &File| file.get("response").lines().next().unwrap_or_default().to_owned();
            assert_eq!(status(&json), status(&in_xml), "{of}/{stem}");
            let root = xml::read(body(&in_xml)).unwrap_or_else(|error| panic!("{of}/{stem}: {error}"));
            let value = json_body(&json).expect("JSON");
            let (mut left, mut right) = (Vec::new(), Vec::new());
            json_leaves(&value, &mut left);
            xml_leaves(&root, &mut right);
            if value.get("invalid_parameters").is_some() {
                // In JSON the parameter is a name.
                names_of_parameters(&value, &mut left);
            }
            // Amounts and prices of countries differ between the forms on purpose; lists in XML may be empty elements.
            if of != "pricing" && value.get("value").is_none() {
                let sorted = |mut leaves: Vec<String>| {
                    leaves.retain(|leaf| !leaf.is_empty());
                    leaves.sort();
                    leaves
                };
                assert_eq!(sorted(left), sorted(right), "{of}/{stem}");
            }
            pairs += 1;
        }
    }
    assert!(pairs > 50, "only {pairs} pairs were found");
}

fn names_of_parameters(value: &Value, leaves: &mut Vec<String>) {
    let parameters = value["invalid_parameters"].as_object().expect("an object");
    leaves.extend(parameters.keys().cloned());
}

#[test]
fn captured_refusals_have_their_captured_sizes() {
    let size = |of: &str, stem: &str| body(&file(of, stem)).len();
    assert_eq!(size("search", "a-search-for-nobody-is-no-download"), 63);
    assert_eq!(size("search", "an-empty-id-is-wrong"), 58);
    assert_eq!(size("numbers", "a-number-that-is-not-for-sale"), 55);
}

proptest! {
    #[test]
    fn any_request_gets_an_answer_that_can_be_read(
        method in "GET|POST|HEAD|PUT|[A-Z]{0,5}",
        base in prop::sample::select(vec![
            "/account/get-balance", "/account/top-up", "/account/settings", "/account/numbers", "/number/search", "/number/buy",
            "/number/cancel", "/number/update", "/search/message", "/search/messages", "/search/rejections",
            "/account/get-pricing/outbound", "/account/get-full-pricing/outbound", "/account/get-prefix-pricing/outbound",
            "/account/get-phone-pricing/outbound",
        ]),
        tail in "(/[^/?]{0,6}){0,5}/?",
        names in prop::collection::vec(
            prop::sample::select(vec![
                "api_key", "api_secret", "trx", "moCallBackUrl", "country", "msisdn", "pattern", "search_pattern", "size", "index",
                "features", "ids", "id", "date", "to", "prefix", "phone", "app_id", "voiceCallbackType", "voiceCallbackValue",
            ]),
            0..6,
        ),
        value in any::<String>(),
        accept in "[a-z*/;=.,0-9 ]{0,30}|application/xml|text/xml",
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let query: String = names.iter().map(|name| format!("{name}={encoded}&")).collect();
        let path = format!("{base}{tail}");
        let headers: [(&str, &[u8]); 1] = [("accept", accept.as_bytes())];
        let request = HttpRequest { method: &method, path: &path, query: Some(&query), headers: &headers, body: &body };
        let response = match Nexmo.read(&request, 7, Timestamp(0)) {
            Match::NotMine => return Ok(()),
            Match::Answered(response) => response,
            Match::Parsed(parsed) => {
                let refusal = parsed.claim.err().or(parsed.call.err());
                let Some(refusal) = refusal else { return Ok(()) };
                Nexmo.render(&Outcome::Refused(refusal), &parsed.reply)
            }
        };
        prop_assert!(response.status >= 400);
        let text = std::str::from_utf8(&response.body).expect("UTF-8");
        match text.as_bytes().first() {
            Some(b'<') => prop_assert!(xml::read(text).is_ok(), "{text}"),
            _ => prop_assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}"),
        }
    }
}
