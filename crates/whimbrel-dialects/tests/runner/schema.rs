//! The names that our answers and webhooks have, against those of the vendor's OpenAPI definition (`tests/schema`).

use std::collections::BTreeSet;

use super::file::File;
use super::{body, folder, open, xml};

const DIALECT: &str = "nexmo";
const SCHEMA: &str = include_str!("../schema/nexmo-sms.txt");
/// Captured refusals have these; the definition gives refusals a status and a text only.
const BESIDE_A_REFUSAL: [&str; 4] = ["to", "network", "remaining-balance", "message-price"];
/// The definition gives these no name of their own in XML; the names are ours.
const OURS_IN_XML: [&str; 3] = ["errorText", "clientRef", "accountRef"];
/// Webhooks of accounts that sign have these; the definition leaves some of them out.
const SIGNED: [&str; 3] = ["timestamp", "nonce", "sig"];

/// A field of the definition.
struct Field {
    name: &'static str,
    in_xml: &'static str,
    required: bool,
}

fn fields(schema: &str) -> Vec<Field> {
    let rows = SCHEMA.lines().filter_map(|line| line.strip_prefix(schema)?.strip_prefix(' '));
    let fields: Vec<Field> = rows
        .map(|row| {
            let mut words = row.split(' ');
            let name = words.next().expect("a name");
            let mut field = Field { name, in_xml: name, required: false };
            for word in words {
                match word.strip_prefix("xml=") {
                    Some(in_xml) => field.in_xml = in_xml,
                    None => field.required = word == "required",
                }
            }
            field
        })
        .collect();
    assert!(!fields.is_empty(), "no {schema} in the definition");
    fields
}

fn names(schema: &str) -> BTreeSet<&'static str> {
    fields(schema).iter().map(|field| field.name).collect()
}

fn files() -> Vec<(String, File)> {
    let entries = std::fs::read_dir(folder(DIALECT)).expect("the folder can be read");
    let mut stems: Vec<String> = entries
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_file()))
        .map(|entry| {
            entry.expect("an entry").path().file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_owned()
        })
        .collect();
    stems.sort();
    stems.into_iter().map(|stem| (stem.clone(), open(DIALECT, &stem))).collect()
}

#[test]
fn answers_have_the_names_of_the_definition() {
    let accepted = names("Message");
    let refused: BTreeSet<&str> = names("ErrorMessage").into_iter().chain(BESIDE_A_REFUSAL).collect();
    let in_xml: BTreeSet<&str> = fields("Message").iter().map(|field| field.in_xml).chain(OURS_IN_XML).collect();
    let mut seen = BTreeSet::new();
    for (stem, file) in files() {
        let text = if file.has("response") && file.get("response").starts_with("200\n") { body(&file) } else { "" };
        if text.starts_with('{') {
            let document: serde_json::Value = serde_json::from_str(text).expect("JSON");
            for message in document["messages"].as_array().expect("messages") {
                let known = if message["status"] == "0" { &accepted } else { &refused };
                for name in message.as_object().expect("an object").keys() {
                    assert!(known.contains(name.as_str()), "{stem}: {name}");
                    seen.insert(name.clone());
                }
            }
        } else if text.starts_with('<') {
            let root = xml::read(text).unwrap_or_else(|error| panic!("{stem}: {error}"));
            for field in root.child("messages").children.iter().flat_map(|message| &message.children) {
                assert!(in_xml.contains(field.name.as_str()), "{stem}: {}", field.name);
            }
        }
    }
    for name in accepted.union(&names("ErrorMessage")) {
        assert!(seen.contains(*name), "no answer shows {name}");
    }
}

fn is_sent(file: &File) -> bool {
    file.has("webhook") && !file.get("webhook").starts_with("not sent")
}

/// The names and values that a webhook carries, wherever it does.
fn pushed(file: &File) -> Vec<(String, String)> {
    let webhook = file.get("webhook");
    let (head, body) = webhook.split_once("\n\n").expect("a head");
    if body.starts_with('{') {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body).expect("an object");
        return object.into_iter().map(|(name, value)| (name, value.as_str().expect("a string").to_owned())).collect();
    }
    let target = head.lines().next().unwrap_or_default();
    let form = if body.is_empty() { target.split_once('?').expect("a query").1 } else { body };
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

#[test]
fn webhooks_have_the_names_of_the_definition() {
    let (receipt, inbound) = (names("DeliveryReceipt"), names("InboundMessage"));
    let required: Vec<&str> =
        fields("InboundMessage").iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut seen: [BTreeSet<String>; 2] = Default::default();
    for (stem, file) in files().into_iter().filter(|(_, file)| is_sent(file)) {
        let is_receipt = file.get("notice").starts_with("part: ");
        let mut pairs = pushed(&file);
        // Those of the customer's own URL.
        pairs.retain(|(name, _)| !file.get("given").contains(&format!("{name}=")));
        let known = if is_receipt { &receipt } else { &inbound };
        for (name, _) in &pairs {
            assert!(known.contains(name.as_str()) || SIGNED.contains(&name.as_str()), "{stem}: {name}");
            seen[usize::from(!is_receipt)].insert(name.clone());
        }
        if !is_receipt {
            let value = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str());
            // The definition requires a text and a keyword of all, but shows binary messages without either.
            let without = |name: &str| match value("type") {
                Some("binary") => matches!(name, "text" | "keyword"),
                _ => name == "keyword" && value("text").is_some_and(|text| text.trim().is_empty()),
            };
            for name in &required {
                assert_eq!(value(name).is_some(), !without(name), "{stem}: {name}");
            }
        }
    }
    for (seen, known) in seen.iter().zip([receipt, inbound]) {
        for name in known.into_iter().chain(SIGNED) {
            assert!(seen.contains(name), "{name}");
        }
    }
}
