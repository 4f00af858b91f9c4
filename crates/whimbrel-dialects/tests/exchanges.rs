//! Every exchange file below `exchanges/`: one case a file, one folder a dialect, and in it one for each further API of the vendor.
//!
//! A file is a list of sections, each opened by a line `--- name`. A request has the sections `source` (where the case comes
//! from), `given` (the instant and the trace id), `request` (as on the wire, headers in any case), `call` (what was read),
//! `outcome` (what the engine says) and `response`; a signed one is given the account's method and secrets as well. A webhook has `source`, `given` (the instant, the account and its URL),
//! `notice` (a receipt or a text that came in) and `webhook`. Of these, `call`, `response` and `webhook` are checked;
//! `UPDATE_EXPECT=1` writes them instead.

mod runner;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use whimbrel_dialects::{Dialect, registry};

use runner::file::File;
use runner::{requests, webhooks};

#[test]
fn every_exchange_goes_as_its_file_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    let mut count = 0;
    let mut wrong = String::new();
    for folder in entries(&root) {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
        let dialect = registry::by_name(name).unwrap_or_else(|| panic!("no dialect `{name}`"));
        for path in files(&folder) {
            count += 1;
            check(dialect, &path, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nread these, and if they are right run again with UPDATE_EXPECT=1");
    assert!(count >= 40, "only {count} exchanges were found");
}

/// The codes stand in the sources: one that is added there is looked for here.
#[test]
fn every_code_of_a_dialect_has_its_exchange() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    let answers = |dialect: &str| -> Vec<String> {
        let texts = files(&root.join(dialect)).into_iter().map(|path| std::fs::read_to_string(path).expect("UTF-8"));
        texts.filter_map(|text| text.split_once("--- response\n").map(|(_, answer)| answer.to_owned())).collect()
    };
    let mut missing = Vec::new();
    let nexo = answers("nexo");
    for (status, word) in pairs(include_str!("../src/nexo/refusal.rs"), "Fault::new(") {
        let is_it = |answer: &String| answer.starts_with(&status) && answer.contains(&format!("\"error\":{word},"));
        if !nexo.iter().any(is_it) {
            missing.push(format!("nexo: {status} {word}"));
        }
    }
    let seven = answers("seven");
    for (code, status) in pairs(include_str!("../src/seven/codes.rs"), "Self::new(") {
        let body =
            |answer: &String| answer.split_once("\n\n").map_or(String::new(), |(_, body)| body.trim().to_owned());
        let is_of_one = |answer: &String| answer.contains(&format!("\"success\":\"{code}\""));
        let in_json = |answer: &String| {
            (answer.starts_with(&status) && body(answer) == format!("\"{code}\"")) || is_of_one(answer)
        };
        let in_text =
            |answer: &String| answer.starts_with(&status) && answer.contains("text/plain") && body(answer) == code;
        for (form, has) in [("JSON", seven.iter().any(in_json)), ("text", seven.iter().any(in_text))] {
            if !has {
                missing.push(format!("seven: {code} with status {status} in {form}"));
            }
        }
    }
    assert!(missing.is_empty(), "no exchange has\n{}", missing.join("\n"));
}

/// The first two arguments of every call that begins so; words keep their quotes.
fn pairs(source: &str, call: &str) -> std::collections::BTreeSet<(String, String)> {
    let arguments = source.match_indices(call).map(|(at, _)| &source[at + call.len()..]);
    let pairs = arguments.filter_map(|arguments| {
        let mut arguments = arguments.split([',', ')']).map(|argument| argument.trim().to_owned());
        Some((arguments.next()?, arguments.next()?))
    });
    let pairs: std::collections::BTreeSet<_> =
        pairs.filter(|(first, _)| first.bytes().all(|octet| octet.is_ascii_digit())).collect();
    assert!(pairs.len() > 10, "the table of `{call}` is not where it was");
    pairs
}

fn check(dialect: &dyn Dialect, path: &Path, wrong: &mut String) {
    let text = std::fs::read_to_string(path).expect("the file is UTF-8");
    let mut file = File::parse(&text);
    assert!(!file.get("source").is_empty(), "{}: no source", path.display());
    match file.has("notice") {
        true => webhooks::push_webhook(dialect, &mut file),
        false => requests::answer(dialect, &mut file),
    }
    let now = file.print();
    if now == text {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "the one switch of this runner")]
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    if update {
        std::fs::write(path, now).expect("the file can be written");
        return;
    }
    let _ = writeln!(wrong, "== {}\n{now}", path.display());
}

/// Files of a folder, and of the folders in it: one for each API of a vendor that has several.
fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.expect("the entry can be read").path()).collect();
    paths.sort();
    paths
}
