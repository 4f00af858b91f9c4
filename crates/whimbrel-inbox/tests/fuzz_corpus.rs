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
fn queries_of_the_corpus_hold() {
    each("search_query", whimbrel_inbox::probe::query);
}

#[test]
fn texts_of_the_corpus_hold() {
    each("extract_code", whimbrel_inbox::probe::text);
}
