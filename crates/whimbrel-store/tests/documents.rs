//! Documents that only a dialect understands: made, changed, removed; kept apart by account; the same over a restart.

mod support;

use support::*;
use whimbrel_core::{AccountId, Secret, Timestamp};
use whimbrel_store::{
    Document, DocumentChange, DocumentFate, DocumentFilter, DocumentKind, DocumentPlace, DocumentRefused, NewContent,
    NewKey, Op, OpResult, Store, TakesTexts,
};

const OTHER: AccountId = AccountId(6);

fn place(key: &str) -> DocumentPlace {
    DocumentPlace { dialect: "plain".into(), kind: DocumentKind::Application, key: key.into() }
}

fn change(account_id: AccountId, key: &str, at: i64, fate: DocumentFate) -> Op {
    Op::Document(Box::new(DocumentChange { place: place(key), account_id, fate, at: Timestamp(at) }))
}

fn make(account_id: AccountId, key: &str, at: i64) -> Op {
    let fate = DocumentFate::Make {
        json: format!("{{\"name\":\"{key}\"}}").into(),
        public_key: Some("key 1".into()),
        secret: Some(Secret::new("planted-secret-7f3a")),
        texts: TakesTexts::No,
        count_max: 3,
    };
    change(account_id, key, at, fate)
}

fn new_key(key: &str, old_until: i64) -> DocumentFate {
    let public_key = Some(NewKey { public_key: key.into(), old_until: Timestamp(old_until) });
    DocumentFate::Replace { json: None, public_key }
}

fn document(result: &OpResult) -> &Document {
    match result {
        OpResult::Document(document) => document,
        other => panic!("{other:?}"),
    }
}

fn refused(result: &OpResult) -> DocumentRefused {
    match result {
        OpResult::DocumentRefused(why) => *why,
        other => panic!("{other:?}"),
    }
}

fn keys(store: &dyn Store, account_id: AccountId, skip: u64, count_max: usize) -> (Vec<String>, u64) {
    let (dialect, kind) = ("plain".into(), DocumentKind::Application);
    let page = store.documents(&DocumentFilter { dialect, kind, account_id, skip, count_max }).expect("read");
    (page.documents.iter().map(|document| document.place.key.to_string()).collect(), page.total)
}

#[test]
fn a_document_lives_and_every_change_twice_is_one() {
    let folder = Folder::new("documents");
    let store = folder.open();
    furnish(&store, 1);
    let made = run(&store, make(ACCOUNT, "a", 10));
    assert_eq!((document(&made).version, &*document(&made).json), (1, "{\"name\":\"a\"}"));
    assert_eq!(document(&run(&store, make(ACCOUNT, "a", 10))), document(&made));

    let fate = || DocumentFate::Replace {
        json: Some(NewContent { json: "{}".into(), texts: TakesTexts::Yes }),
        public_key: None,
    };
    let replaced = run(&store, change(ACCOUNT, "a", 20, fate()));
    assert_eq!((document(&replaced).version, document(&replaced).public_key.as_deref()), (2, Some("key 1")));
    assert_eq!(document(&run(&store, change(ACCOUNT, "a", 20, fate()))), document(&replaced));

    drop(store);
    let store = folder.open();
    let found = store.document(&place("a")).expect("read").expect("there");
    assert_eq!(&found, document(&replaced));
    assert_eq!(found.secret, Some(Secret::new("planted-secret-7f3a")));

    for _ in 0..2 {
        let removed = run(&store, change(ACCOUNT, "a", 30, DocumentFate::Remove));
        assert!(matches!(removed, OpResult::DocumentRemoved | OpResult::DocumentRefused(DocumentRefused::Unknown)));
    }
    assert!(store.document(&place("a")).expect("read").is_none());
}

#[test]
fn an_old_key_counts_for_a_while_if_it_is_to() {
    let store = Folder::new("documents-keys").open();
    furnish(&store, 1);
    run(&store, make(ACCOUNT, "a", 10));
    let kept = run(&store, change(ACCOUNT, "a", 20, new_key("key 2", 50)));
    assert_eq!(document(&kept).old_key, Some(("key 1".into(), Timestamp(50))));
    assert_eq!(document(&run(&store, change(ACCOUNT, "a", 20, new_key("key 2", 50)))), document(&kept));
    let at_once = run(&store, change(ACCOUNT, "a", 30, new_key("key 3", 30)));
    assert_eq!((document(&at_once).public_key.as_deref(), &document(&at_once).old_key), (Some("key 3"), &None));
}

#[test]
fn accounts_do_not_meet() {
    let store = Folder::new("documents-apart").open();
    furnish(&store, 1);
    run(&store, Op::NewAccount(Box::new(new_account(OTHER, "other"))));
    run(&store, make(ACCOUNT, "a", 10));
    assert_eq!(refused(&run(&store, make(OTHER, "a", 11))), DocumentRefused::Taken);
    assert_eq!(refused(&run(&store, change(OTHER, "a", 12, new_key("mine", 0)))), DocumentRefused::Unknown);
    assert_eq!(refused(&run(&store, change(OTHER, "a", 13, DocumentFate::Remove))), DocumentRefused::Unknown);
    assert_eq!(keys(&store, OTHER, 0, 10), (Vec::new(), 0));
    assert_eq!(keys(&store, ACCOUNT, 0, 10), (vec!["a".to_owned()], 1));
    let nobody = run(&store, make(AccountId(99), "n", 14));
    assert!(matches!(nobody, OpResult::Failed(_)), "{nobody:?}");
}

#[test]
fn a_list_has_the_order_in_which_they_were_made_and_an_end() {
    let store = Folder::new("documents-list").open();
    furnish(&store, 1);
    for (key, at) in [("z", 10), ("a", 20), ("m", 20)] {
        document(&run(&store, make(ACCOUNT, key, at)));
    }
    assert_eq!(refused(&run(&store, make(ACCOUNT, "b", 30))), DocumentRefused::TooMany);
    // One that is there is answered also when there is no room for another.
    document(&run(&store, make(ACCOUNT, "z", 10)));
    assert_eq!(keys(&store, ACCOUNT, 0, 10), (vec!["z".to_owned(), "a".to_owned(), "m".to_owned()], 3));
    assert_eq!(keys(&store, ACCOUNT, 1, 1), (vec!["a".to_owned()], 3));
    assert_eq!(keys(&store, ACCOUNT, 3, 10), (Vec::new(), 3));
    assert_eq!(keys(&store, ACCOUNT, u64::MAX, 10), (Vec::new(), 3));
    let after = store.documents_after(&place("a"), 10).expect("read");
    assert_eq!(after.iter().map(|document| &*document.place.key).collect::<Vec<_>>(), ["m", "z"]);
}

#[test]
fn a_secret_is_not_in_the_file() {
    let folder = Folder::new("documents-secret");
    let store = folder.open();
    furnish(&store, 1);
    run(&store, make(ACCOUNT, "a", 10));
    drop(store);
    let mut file = std::fs::read(folder.file()).expect("read");
    let log = format!("{}-wal", folder.file().display());
    file.extend(std::fs::read(log).unwrap_or_default());
    assert!(!file.windows(14).any(|window| window == b"planted-secret"));
}
