//! A copy that is made while a store is written is one state of it, complete and for its owner only.

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicI64, Ordering};

use support::*;
use whimbrel_store::check::{Audit, CheckedStore, INVARIANTS};
use whimbrel_store::{Claim, MessageFilter, SqliteStore, Store as _, copy_store};

#[test]
fn what_was_committed_before_the_copy_began_is_in_it() {
    let (folder, target) = (Folder::new("copy-from"), Folder::new("copy-to"));
    let store = folder.open();
    furnish(&store, 10_000 * PRICE);
    let (committed, copied) = (AtomicI64::new(0), std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for message in (1..2_000).take_while(|_| !copied.load(Ordering::Acquire)) {
                run(&store, accept(a_plan(1_000 + message * 2, "hello"), Claim::Later));
                committed.store(message, Ordering::Release);
            }
        });
        while committed.load(Ordering::Acquire) < 100 {
            std::thread::yield_now();
        }
        let before = committed.load(Ordering::Acquire);
        let size = copy_store(&folder.file(), &target.file(), &keyring()).expect("copied");
        copied.store(true, Ordering::Release);
        let copy = SqliteStore::open(target.options()).expect("opens as a store");
        let there = copy.stats().expect("read").messages;
        assert!(there >= before as u64, "{before} were committed, {there} are in the copy");
        let ids: Vec<i64> = copy
            .messages(&MessageFilter { count_max: 5_000, ..Default::default() })
            .expect("read")
            .iter()
            .map(|message| message.id.0)
            .collect();
        assert_eq!(ids.len() as u64, there, "all of them, and nothing in between is missing");
        assert!(size > 0);
    });
    let mode = std::fs::metadata(target.file()).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let looked = CheckedStore::open(&target.file(), keyring()).expect("opens");
    let audit = Audit(INVARIANTS.iter().map(|invariant| looked.judge(invariant).expect("read")).collect());
    assert!(audit.is_clean(), "{:?}", audit.broken().collect::<Vec<_>>());
}

#[test]
fn a_copy_never_replaces_a_file_and_a_failed_one_leaves_none() {
    let (folder, target) = (Folder::new("copy-refused-from"), Folder::new("copy-refused-to"));
    furnish(&folder.open(), PRICE);
    std::fs::write(target.file(), "precious").expect("written");
    let refused = copy_store(&folder.file(), &target.file(), &keyring()).expect_err("refused");
    assert!(refused.to_string().contains("it is there already"), "{refused}");
    assert_eq!(std::fs::read(target.file()).expect("there"), b"precious");
    let nowhere = target.path().join("none").join("whimbrel.db");
    assert!(copy_store(&folder.file(), &nowhere, &keyring()).is_err());
    let elsewhere = target.path().join("other.db");
    let other = whimbrel_store::Keyring::from_bytes([8; 32]);
    assert!(copy_store(&folder.file(), &elsewhere, &other).is_err());
    assert_eq!(std::fs::read_dir(target.path()).expect("there").count(), 1, "nothing is left beside it");
}
