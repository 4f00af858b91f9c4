//! One-time codes: they are in the store as long as a part may be sent again, and not longer.

mod support;

use support::*;
use whimbrel_core::{Alphabet, Content, MessageText, ReceiptStatus};
use whimbrel_sms::ConcatRef;
use whimbrel_store::{Claim, OpResult, Store};

/// A template with `length` letters around the code.
fn take(store: &dyn Store, id: i64, length: usize) {
    let text = MessageText::with_code(&format!("{{code}}{}", "a".repeat(length)), "482917").expect("a code");
    let content = Content::Text { text, alphabet: Alphabet::Gsm7Lossy };
    let taken = run(store, accept(a_plan_of(id, content, ConcatRef::Octet(9)), Claim::Now));
    assert!(matches!(taken, OpResult::Accepted { repeated: false, .. }));
}

/// The text as the store has it, and as people see it.
fn texts(store: &dyn Store, id: i64) -> (String, String) {
    match view(store, id).summary.content {
        Content::Text { text, .. } => (text.expose().to_owned(), text.masked().into_owned()),
        Content::Binary(_) => panic!("a text was stored"),
    }
}

#[test]
fn a_code_is_forgotten_when_its_message_ends() {
    let folder = Folder::new("codes");
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    take(&store, 1_000, 5);
    let shown = "******aaaaa".to_owned();
    assert_eq!(texts(&store, 1_000), ("482917aaaaa".to_owned(), shown.clone()));
    part(&store, sent(1_000, 1, 1, "AB"));
    drop(store);
    let store = folder.open();
    assert_eq!(texts(&store, 1_000), ("482917aaaaa".to_owned(), shown.clone()), "a receipt may still ask for it");
    matched(&store, receipt(report("AB", ReceiptStatus::Delivered), 2));
    assert_eq!(texts(&store, 1_000), (shown.clone(), shown));
    assert!(store.audit().expect("read").is_clean());
}

/// How often the code stands in the files of the store.
fn found(folder: &Folder) -> usize {
    let files = std::fs::read_dir(folder.path()).expect("there").map(|file| file.expect("readable").path());
    let count = |octets: Vec<u8>| octets.windows(6).filter(|window| window == b"482917").count();
    files.map(|file| count(std::fs::read(file).expect("readable"))).sum()
}

#[test]
fn a_code_that_was_forgotten_stands_in_no_file_once_the_log_is_emptied() {
    let folder = Folder::new("codes-in-files");
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    for id in [1_000, 2_000, 3_000] {
        take(&store, id, 5);
        part(&store, sent(id, 1, 1, &id.to_string()));
    }
    assert!(found(&folder) > 0, "they are in the store while they may be needed");
    for id in [1_000, 2_000, 3_000] {
        matched(&store, receipt(report(&id.to_string(), ReceiptStatus::Delivered), id));
    }
    store.empty_log().expect("emptied");
    assert_eq!(found(&folder), 0);
    take(&store, 4_000, 5);
    assert!(found(&folder) > 0, "the log goes on");
}

#[test]
fn a_code_stays_until_the_last_part_has_ended() {
    let store = store_with(100 * PRICE);
    take(&store, 1_000, 200);
    for (part_id, name, at) in [(1_001, "CD", 1), (1_000, "AB", 5)] {
        assert!(texts(&store, 1_000).0.starts_with("482917"), "{name} has not ended");
        part(&store, sent(part_id, at, 1, name));
        matched(&store, receipt(report(name, ReceiptStatus::Failed), at + 1));
    }
    assert!(texts(&store, 1_000).0.starts_with("******a"));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_text_without_a_known_code_stays_as_it_is() {
    let store = store_with(100 * PRICE);
    run(&store, accept(a_plan(1_000, "482917"), Claim::Now));
    part(&store, sent(1_000, 1, 1, "AB"));
    matched(&store, receipt(report("AB", ReceiptStatus::Delivered), 2));
    assert_eq!(texts(&store, 1_000), ("482917".to_owned(), "482917".to_owned()));
}
