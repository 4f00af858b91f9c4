//! The fuzzers' corpus holds what once mattered: every test run goes over it, fuzzer or none.

use std::path::Path;

fn each(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus is in the repository") {
        check(&std::fs::read(entry.expect("readable").path()).expect("readable"));
        count += 1;
    }
    assert!(count >= 5, "{target} has {count} cases");
}

#[test]
fn requests_of_the_corpus_hold() {
    each("dialect_request", whimbrel_dialects::probe::request);
}

#[test]
fn secrets_of_the_corpus_stay_hidden() {
    each("masking", whimbrel_dialects::probe::masking);
}
