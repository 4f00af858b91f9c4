//! What only a store on a disk must do: survive a kill, refuse what it cannot read, keep secrets out of the file, and stop
//! for good when the disk is full.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::{DoubtPolicy, MessageId, ReceiptStatus, Secret};
use whimbrel_store::{Claim, Keyring, Op, OpResult, SqliteOptions, SqliteStore, Store, StoreError};

const PLENTY: i64 = 1_000 * PRICE;

fn some_life(store: &dyn Store) {
    let ops = [
        accept(keyed(a_plan(100, "delivered"), "k", 1), Claim::Now),
        accept(a_plan(200, &"queued ".repeat(30)), Claim::Later),
        accept(a_plan(300, "doubted"), Claim::Now),
        accept(a_plan(400, "submitting"), Claim::Now),
        sent(100, 1, 1, "A1"),
        receipt(report("a1", ReceiptStatus::Delivered), 2),
        receipt(report("early", ReceiptStatus::Delivered), 3),
        doubt(300, 4, 1, DoubtPolicy::HoldForReceipt),
    ];
    for result in store.commit(&ops).expect("committed") {
        assert!(!matches!(result, OpResult::Failed(_) | OpResult::Refused(_)), "{result:?}");
    }
}

#[test]
fn a_killed_process_finds_everything_it_was_told_is_stored() {
    let folder = Folder::new("killed");
    let store = folder.open();
    furnish(&store, PLENTY);
    some_life(&store);
    let before = everything(&store);
    // The files as they are while the store is open: nothing was closed or written back.
    let copy = folder.crashed("killed-copy");
    let again = copy.open();
    assert_eq!(everything(&again), before);
    assert!(again.audit().expect("read").is_clean());
    // It knows what came before: the answer that a parked receipt waits for, and the stored answer.
    let outcome = part(&again, sent(400, 9, 1, "early"));
    assert_eq!((outcome.record, outcome.notices.len()), (None, 1));
    let same = run(&again, accept(keyed(a_plan(900, "delivered"), "k", 1), Claim::Now));
    assert!(matches!(same, OpResult::Accepted { accepted, repeated: true } if accepted.parts[0].part_id.0 == 100));
    // And a close and a new start are the same.
    let before = everything(&again);
    drop(again);
    assert_eq!(everything(&copy.open()), before);
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = Folder::new("lock");
    let store = folder.open();
    let error = SqliteStore::open(folder.options()).expect_err("in use");
    assert!(matches!(&error, StoreError::Open { why } if why.contains("another process")), "{error}");
    drop(store);
    folder.open();
}

#[test]
fn what_cannot_be_understood_is_refused_with_what_to_do() {
    let folder = Folder::new("refused");
    drop(folder.open());
    let other_key = SqliteOptions { keyring: Keyring::from_bytes([8; 32]), ..folder.options() };
    let error = SqliteStore::open(other_key).expect_err("another key").to_string();
    assert!(error.contains("secret.key") && error.contains("put that file back"), "{error}");

    let raw = Connection::open(folder.file()).expect("opens");
    raw.execute_batch("pragma user_version = 99").expect("set");
    drop(raw);
    let error = SqliteStore::open(folder.options()).expect_err("newer").to_string();
    assert!(error.contains("version 99") && error.contains("start the newer program"), "{error}");

    let strange = Folder::new("strange");
    let raw = Connection::open(strange.file()).expect("opens");
    raw.execute_batch("create table theirs (id integer)").expect("made");
    drop(raw);
    let error = SqliteStore::open(strange.options()).expect_err("not ours").to_string();
    assert!(error.contains("another program"), "{error}");

    let text = Folder::new("text");
    std::fs::write(text.file(), "this is no database, only a long enough text ".repeat(40)).expect("written");
    assert!(matches!(SqliteStore::open(text.options()), Err(StoreError::Open { .. })));
}

#[test]
fn secrets_are_nowhere_in_the_files() {
    let folder = Folder::new("secrets");
    let store = folder.open();
    furnish(&store, PLENTY);
    let mut account = new_account(whimbrel_core::AccountId(6), "devkey02");
    account.secrets = vec![generated(11, "plantedSecretOne"), generated(12, "plantedSecretTwo")];
    account.signature_secret = Secret::new("plantedSignature");
    run(&store, Op::NewAccount(Box::new(account)));
    let scan = |what: &str| {
        for file in std::fs::read_dir(folder.path()).expect("there") {
            let path = file.expect("readable").path();
            let bytes = std::fs::read(&path).expect("readable");
            for planted in ["plantedSecretOne", "plantedSecretTwo", "plantedSignature", "devSecret01"] {
                let found = bytes.windows(planted.len()).any(|window| window == planted.as_bytes());
                assert!(!found, "{planted} in {} {what}", path.display());
            }
        }
    };
    scan("while it is open");
    assert_eq!(store.credentials().expect("read").len(), 2);
    drop(store);
    scan("after it was closed");
}

#[cfg(unix)]
#[test]
fn the_files_belong_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("modes");
    let store = folder.open();
    furnish(&store, 1);
    for file in std::fs::read_dir(folder.path()).expect("there") {
        let file = file.expect("readable");
        let mode = file.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[test]
fn a_full_disk_undoes_the_batch_and_the_store_goes_on_once_there_is_room() {
    let folder = Folder::new("full");
    let store = folder.open();
    furnish(&store, i64::MAX / 2);
    store.limit_pages(96).expect("set");
    let text = "a".repeat(1_000);
    let (mut id, mut told) = (1_000, Vec::new());
    let failed = loop {
        assert!(id < 100_000, "the limit was never reached");
        let batch: Vec<Op> = (0..16).map(|n| accept(a_plan(id + n * 10, &text), Claim::Later)).collect();
        match store.commit(&batch) {
            Ok(results) => {
                assert!(results.iter().all(|result| matches!(result, OpResult::Accepted { .. })));
                told.extend((0..16).map(|n| id + n * 10));
            }
            Err(error) => break error,
        }
        id += 160;
    };
    assert!(matches!(failed, StoreError::Full { .. }), "{failed}");
    assert!(!told.is_empty());
    let wallet_before = money(&store);
    let again: Vec<Op> = (0..16).map(|n| accept(a_plan(id + n * 10, &text), Claim::Later)).collect();
    assert!(matches!(store.commit(&again), Err(StoreError::Full { .. })), "as long as there is none");
    assert_eq!(money(&store), wallet_before, "nothing is held for what was not taken");
    let check = |store: &SqliteStore| {
        assert!(told.iter().all(|id| store.message(MessageId(*id)).expect("read").is_some()));
        assert!((0..16).all(|n| store.message(MessageId(id + n * 10)).expect("read").is_none()));
        assert_eq!(store.stats().expect("read").messages, told.len() as u64);
        assert!(store.audit().expect("read").is_clean());
    };
    check(&store);
    let elsewhere = folder.crashed("full-crashed");
    check(&elsewhere.open());
    store.limit_pages(1_000_000).expect("set");
    assert!(store.commit(&[]).expect("there is room").is_empty());
    let results = store.commit(&again).expect("the very batch");
    assert!(results.iter().all(|result| matches!(result, OpResult::Accepted { repeated: false, .. })));
    drop(store);
    assert!(folder.open().audit().expect("read").is_clean());
}

#[test]
fn a_fault_of_the_database_stops_the_store_for_good() {
    let folder = Folder::new("stopped");
    let store = folder.open();
    furnish(&store, PLENTY);
    let other = rusqlite::Connection::open(folder.file()).expect("opens");
    other.execute_batch("drop table wallet").expect("dropped");
    for op in [accept(a_plan(100, "hi"), Claim::Later), top_up(ACCOUNT, 1, "more")] {
        assert!(matches!(store.commit(&[op]), Err(StoreError::Stopped { .. })));
    }
    assert!(matches!(store.commit(&[]), Err(StoreError::Stopped { .. })), "asking changes nothing");
    assert!(store.message(MessageId(100)).expect("read").is_none());
}

#[test]
fn reads_go_on_while_a_batch_is_written() {
    let folder = Folder::new("readers");
    let store = folder.open();
    furnish(&store, PLENTY);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    // Whatever moment is read, the message is there whole or not at all.
                    (0..200)
                        .all(|_| store.message(MessageId(100)).expect("read").is_none_or(|view| view.parts.len() == 2))
                })
            })
            .collect();
        for n in 0..20 {
            run(&store, accept(a_plan(100 + n * 10, &"a".repeat(161)), Claim::Now));
        }
        assert!(readers.into_iter().all(|reader| reader.join().expect("no panic")));
    });
    assert_eq!(store.stats().expect("read").submitting, 40);
}
