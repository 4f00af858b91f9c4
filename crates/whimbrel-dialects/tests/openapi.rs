//! The documents against the routes and the answers: what a router takes is described and what is described is taken; every answer of
//! the exchange files is one of the described ones.

#[path = "runner/file.rs"]
#[expect(dead_code, reason = "the other runner uses the rest")]
mod file;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use whimbrel_core::Timestamp;
use whimbrel_dialects::http::HttpRequest;
use whimbrel_dialects::openapi::{Document, Exchange, Operation, Place, Webhook};
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_dialects::{Dialect, Match};

use file::File;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Vendors whose pages take methods that nobody documents, and answer them as the documented ones.
const TOLERANT: [&str; 1] = ["seven"];

/// Whether the router reads a request as one for a page of its own.
fn is_read(dialect: &dyn Dialect, method: &str, path: &str) -> bool {
    let headers: &[(&str, &[u8])] = &[("host", b"localhost")];
    // Where a parameter says which page is meant.
    let query = if path == "/api/journal" { "type=inbound" } else { "type=format" };
    let request = HttpRequest { method, path, query: Some(query), headers, body: b"" };
    matches!(dialect.read(&request, 7, Timestamp(0)), Match::Parsed(_))
}

/// A path of a template, with the examples of its parameters.
fn filled(operation: &Operation, template: &str) -> String {
    let piece = |piece: &str| match piece.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        None => piece.to_owned(),
        Some(name) => {
            let field = operation.parameters_in(Place::Path).find(|field| field.name == name);
            // Only other paths have parameters that are described elsewhere: credentials.
            field.and_then(|field| field.example.as_ref()?.as_str()).unwrap_or("GB").to_owned()
        }
    };
    template.split('/').map(piece).collect::<Vec<_>>().join("/")
}

#[test]
fn what_is_described_is_taken_and_nothing_else_at_the_same_paths() {
    for dialect in DIALECTS {
        let (id, document) = (dialect.descriptor().id, dialect.reference());
        let mut names = BTreeSet::new();
        for operation in &document.operations {
            assert!(names.insert(operation.name), "{id}: two operations are called {}", operation.name);
            for template in operation.paths() {
                let path = filled(operation, template);
                // The form of a page is taken from that page only.
                let is_taken = operation.name == "grant" || is_read(*dialect, operation.method.as_str(), &path);
                assert!(is_taken, "{id}: {} {path} is described and not taken", operation.method.as_str());
                for method in METHODS.into_iter().filter(|_| !TOLERANT.contains(&id)) {
                    let is_described = document.find(method, &path).is_some();
                    assert!(
                        is_described || !is_read(*dialect, method, &path),
                        "{id}: {method} {path} is taken and not described"
                    );
                }
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the entry can be read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What an exchange file shows that the document does not say.
fn differences(dialect: &dyn Dialect, document: &Document, text: &str) -> Vec<String> {
    let file = File::parse(text);
    let request = file.get("request");
    let mut words = request.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let form = request.split_once("\n\n").map_or("", |(_, body)| body);
    let headers: &[(&str, &[u8])] = &[("host", b"localhost"), ("accept", b"application/json")];
    let asked = HttpRequest { method, path, query, headers, body: form.as_bytes() };
    let is_read = matches!(dialect.read(&asked, 7, Timestamp(0)), Match::Parsed(_));
    let Some(operation) = document.find(method, path) else {
        // A request for a head alone is one for the page; what is not offered has no page; what there is none of is told by one.
        let is_beside = method == "HEAD"
            || file.get("response").starts_with("403\n")
            || file.get("response").contains("there is list, create");
        return if is_read && !is_beside { vec![format!("{method} {path} is not described")] } else { Vec::new() };
    };
    let given = Exchange::read(text).answer();
    let Some(answer) = operation.answer(given.status, given.media) else {
        return vec![format!("{}: no answer {} in {:?}", operation.name, given.status, given.media)];
    };
    match &answer.content {
        Some((media, schema)) if media.contains("json") => schema.faults(&given.value),
        _ => Vec::new(),
    }
}

#[test]
fn every_answer_of_the_exchange_files_is_described() {
    let (mut wrong, mut count) = (String::new(), 0);
    for dialect in DIALECTS {
        let document = dialect.reference();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges").join(dialect.descriptor().id);
        for path in files(&root) {
            let text = std::fs::read_to_string(&path).expect("the file is UTF-8");
            let file = File::parse(&text);
            if !file.has("request") || !file.has("response") || file.get("response").starts_with("none") {
                continue;
            }
            count += 1;
            for fault in differences(*dialect, &document, &text) {
                let _ = writeln!(wrong, "{}: {fault}", path.strip_prefix(&root).unwrap_or(&path).display());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 300, "only {count} exchanges were looked at");
}

/// Every webhook of the exchange files is one of those that are described: some description takes what it holds.
#[test]
fn every_webhook_of_the_exchange_files_is_described() {
    let (mut wrong, mut count) = (String::new(), 0);
    for dialect in DIALECTS {
        let document = dialect.reference();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges").join(dialect.descriptor().id);
        for path in files(&root) {
            let text = std::fs::read_to_string(&path).expect("the file is UTF-8");
            let file = File::parse(&text);
            if !file.has("webhook") || file.get("webhook").starts_with("not sent") {
                continue;
            }
            let sent = Exchange::read(&text).sent();
            // Forms of nested members, and parameters that the customer's own URL has, are not of the schema.
            if !sent.media.contains("json") {
                continue;
            }
            count += 1;
            let faults = |webhook: &Webhook| webhook.schema.faults(&sent.value);
            if !document.webhooks.iter().any(|webhook| faults(webhook).is_empty()) {
                let all: Vec<_> = document.webhooks.iter().map(|webhook| (webhook.name, faults(webhook))).collect();
                let _ = writeln!(wrong, "{}: {all:?}", path.strip_prefix(&root).unwrap_or(&path).display());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 20, "only {count} webhooks were looked at");
}

#[test]
fn every_example_is_of_its_schema_and_every_proof_is_explained() {
    for dialect in DIALECTS {
        let document = dialect.reference();
        for operation in &document.operations {
            for answer in &operation.answers {
                let Some((media, schema)) = &answer.content else { continue };
                for (name, value) in answer.examples.iter().filter(|_| media.contains("json")) {
                    assert_eq!(schema.faults(value), Vec::<String>::new(), "{} {name}", operation.name);
                }
            }
            for field in operation.parameters.iter().map(|parameter| &parameter.field) {
                if let Some(example) = &field.example {
                    assert_eq!(field.schema.faults(example), Vec::<String>::new(), "{} {}", operation.name, field.name);
                }
            }
            if let (Some(body), Some(example)) = (&operation.body, operation.body_example()) {
                let needed = |fault: &String| fault.contains("is missing");
                let faults: Vec<_> = body.schema.faults(&example).into_iter().filter(|fault| !needed(fault)).collect();
                assert_eq!(faults, Vec::<String>::new(), "{}", operation.name);
            }
            for name in operation.proofs.iter().copied().flatten() {
                assert!(document.proofs.iter().any(|proof| proof.name == *name), "{}: {name}", operation.name);
            }
        }
        for webhook in &document.webhooks {
            assert!(!webhook.examples.is_empty(), "{}", webhook.name);
            for (name, sent) in &webhook.examples {
                assert_eq!(webhook.schema.faults(&sent.value), Vec::<String>::new(), "{} {name}", webhook.name);
            }
        }
        let written = document.json("1.2.3");
        let paths = written["paths"].as_object().map_or(0, serde_json::Map::len);
        assert!(paths > 2 && written["info"]["version"] == "1.2.3", "{}", dialect.descriptor().id);
    }
}
