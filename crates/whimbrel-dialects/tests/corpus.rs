//! The fuzzers' corpus holds what once mattered: every test run goes over it, fuzzer or none.

use std::path::{Path, PathBuf};

use whimbrel_dialects::probe;

fn each(target: &str, check: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let inputs: Vec<Vec<u8>> = files(&folder).iter().map(|path| std::fs::read(path).expect("readable")).collect();
    assert!(inputs.len() >= 5, "{target} has {} cases", inputs.len());
    inputs.iter().map(Vec::as_slice).for_each(check);
}

/// All files of a folder and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is in the repository");
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn requests_of_the_corpus_hold() {
    each("dialect_request", probe::request);
}

#[test]
fn secrets_of_the_corpus_stay_hidden() {
    each("masking", probe::masking);
}

/// A secret in the wrong place is not shown either: each word of each request is one in its turn.
#[test]
fn a_secret_is_hidden_wherever_it_stands() {
    let mut requests = Vec::new();
    each("dialect_request", |octets| requests.extend(std::str::from_utf8(octets).ok().map(str::to_owned)));
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges")) {
        let exchange = std::fs::read_to_string(path).expect("UTF-8");
        let request = exchange.split_once("--- request\n").map(|(_, rest)| rest.split("\n--- ").next().unwrap_or(rest));
        requests.extend(request.map(str::to_owned));
    }
    assert!(requests.len() > 500, "{} requests", requests.len());
    requests.iter().for_each(|request| plant_everywhere(request));
}

fn plant_everywhere(request: &str) {
    let is_between = |sign: char| sign.is_whitespace() || "/?&=\",:".contains(sign);
    let mut from = 0;
    while let Some(begin) = request[from..].find(|sign| !is_between(sign)).map(|at| from + at) {
        let end = request[begin..].find(is_between).map_or(request.len(), |at| begin + at);
        probe::request([&request[..begin], probe::PLANTED, &request[end..]].concat().as_bytes());
        from = end;
    }
}
