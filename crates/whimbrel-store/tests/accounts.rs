//! Rules and lists of accounts.

mod support;

use std::sync::Arc;

use rusqlite::Connection;
use support::*;
use whimbrel_core::policy::{Owned, judge_recipient, judge_sender};
use whimbrel_core::{
    Account, AccountId, AccountRules, Facility, ListKind, Lists, PhoneNumber, Recipients, Refusal, SenderId, Senders,
    Unmappable,
};
use whimbrel_store::{AccountPatch, AccountRefused, ListChange, Op, OpResult, SqliteStore, Store};

fn patch(rules: Option<AccountRules>) -> Op {
    Op::PatchAccount(Box::new(AccountPatch { rules, ..AccountPatch::new(ACCOUNT, NOW) }))
}

fn list(account: Option<AccountId>, kind: ListKind, add: &[&str], remove: &[&str]) -> Op {
    let entries = |lines: &[&str]| lines.iter().map(|line| Lists::entry(kind, line).expect("a good line")).collect();
    Op::List(ListChange { account_id: account, kind, add: entries(add), remove: entries(remove), at: NOW })
}

fn lists(store: &dyn Store, op: Op) -> Arc<Lists> {
    match run(store, op) {
        OpResult::Lists(lists) => lists,
        other => panic!("not about a list: {other:?}"),
    }
}

fn account(store: &dyn Store) -> Account {
    store.account(ACCOUNT).expect("read").expect("there").account
}

fn strict() -> AccountRules {
    AccountRules {
        requests_per_second_max: 30,
        recipients: Recipients::Permitted,
        senders: Senders::Listed,
        unmappable: Unmappable::Unicode,
        binary: Facility::Denied,
        ..AccountRules::default()
    }
}

#[test]
fn rules_are_kept_and_what_is_not_named_stays() {
    let folder = Folder::new("rules");
    let store = folder.open();
    furnish(&store, 1);
    assert_eq!(account(&store).rules, AccountRules::default());
    let OpResult::Account(now) = run(&store, patch(Some(strict()))) else { panic!("unknown") };
    assert_eq!(now.rules, strict());
    run(&store, patch(None));
    let mut made = new_account(AccountId(6), "devkey02");
    made.account.rules = strict();
    run(&store, Op::NewAccount(Box::new(made)));
    drop(store);
    let store = folder.open();
    assert_eq!((account(&store).rules, store.credentials().expect("read")[1].account.rules), (strict(), strict()));
    drop(store);
    let raw = Connection::open(folder.file()).expect("opens");
    let column: String = raw.query_row("select rules from account where id = 5", [], |row| row.get(0)).expect("read");
    let readable = "recipients=permitted senders=listed unmappable=unicode binary=denied requests-per-second-max=30";
    assert_eq!(column, readable);
    // A rule of a newer program, or of nobody: the account is not taken to be free of it.
    raw.execute("update account set rules = 'weekdays=only' where id = 5", []).expect("changed");
    drop(raw);
    assert!(SqliteStore::open(folder.options()).is_err());
}

#[test]
fn lists_are_told_kept_and_judged() {
    let folder = Folder::new("lists");
    let store = folder.open();
    furnish(&store, 1);
    let number = PhoneNumber::parse("447700900123").expect("a number");
    let barred = lists(&store, list(None, ListKind::Barred, &["+44 7700 900123", "4930*"], &[]));
    assert_eq!(store.lists().expect("read"), barred);
    let rules = lists(&store, list(Some(ACCOUNT), ListKind::Senders, &["Acme", "44*:Bank"], &[]));
    run(&store, patch(Some(AccountRules { senders: Senders::Listed, ..AccountRules::default() })));
    assert_eq!(account(&store).lists, rules);
    let OpResult::Account(now) = run(&store, patch(None)) else { panic!("unknown") };
    assert_eq!(now.lists, rules);
    let verdict = |store: &dyn Store, sender: &str| {
        let (account, everybody) = (account(store), store.lists().expect("read"));
        let sender = SenderId::parse(sender).expect("a sender");
        let recipient = judge_recipient(&account, &everybody, &number);
        (recipient.is_ok(), judge_sender(&account, &everybody, &sender, Owned::No, &number).is_ok())
    };
    assert_eq!((verdict(&store, "ACME"), verdict(&store, "Other")), ((false, true), (false, false)));

    drop(store);
    let store = folder.open();
    assert_eq!((store.lists().expect("read"), account(&store).lists), (barred, rules.clone()));
    assert_eq!(store.credentials().expect("read")[0].account.lists, rules);
    lists(&store, list(None, ListKind::Barred, &[], &["447700900123"]));
    lists(&store, list(Some(ACCOUNT), ListKind::Senders, &["Other"], &["Acme"]));
    assert_eq!((verdict(&store, "Acme"), verdict(&store, "Other")), ((true, false), (true, true)));
}

#[test]
fn a_change_of_a_list_twice_is_once_and_both_ways_at_once_stays() {
    let store = store_with(1);
    let entries = || store.list_entries(None, ListKind::Barred, None, 10).expect("read");
    let ops = [
        list(None, ListKind::Barred, &["447700900123", "447700900124", "447700900123"], &[]),
        list(None, ListKind::Barred, &["447700900125"], &["447700900124", "447700900126"]),
        list(None, ListKind::Barred, &["447700900125"], &["447700900125"]),
    ];
    for op in ops {
        let first = lists(&store, op.clone());
        let listed = entries();
        assert_eq!(lists(&store, op), first);
        assert_eq!((store.lists().expect("read"), entries()), (first, listed));
    }
    assert_eq!(entries(), ["447700900123".into(), "447700900125".into()]);
    let page = |after: Option<&str>| store.list_entries(None, ListKind::Barred, after, 1).expect("read");
    assert_eq!((page(None), page(Some("447700900123"))), (vec!["447700900123".into()], vec!["447700900125".into()]));
    assert!(page(Some("447700900125")).is_empty());
    assert!(store.list_entries(Some(ACCOUNT), ListKind::Barred, None, 10).expect("read").is_empty());
    assert!(store.list_entries(None, ListKind::Deactivated, None, 10).expect("read").is_empty());
    let stranger = run(&store, list(Some(AccountId(77)), ListKind::Barred, &["447700900123"], &[]));
    assert!(matches!(stranger, OpResult::AccountRefused(AccountRefused::Unknown)));
}

#[test]
fn senders_that_differ_in_case_are_each_their_own_line() {
    let store = store_with(1);
    run(&store, patch(Some(AccountRules { senders: Senders::Listed, ..AccountRules::default() })));
    lists(&store, list(Some(ACCOUNT), ListKind::Senders, &["Acme", "ACME"], &[]));
    lists(&store, list(Some(ACCOUNT), ListKind::Senders, &[], &["Acme"]));
    let recipient = PhoneNumber::parse("447700900123").expect("a number");
    let sender = SenderId::parse("acme").expect("a sender");
    let judged = judge_sender(&account(&store), &Lists::default(), &sender, Owned::No, &recipient);
    assert_eq!(judged, Ok(()), "the other line still permits it");
    lists(&store, list(Some(ACCOUNT), ListKind::Senders, &[], &["ACME"]));
    let judged = judge_sender(&account(&store), &Lists::default(), &sender, Owned::No, &recipient);
    assert!(matches!(judged, Err(Refusal::SenderNotAllowed { .. })));
}

#[test]
fn a_list_of_a_batch_that_was_undone_is_undone() {
    let store = store_with(100 * PRICE);
    let mut poisoned = a_plan(300, &"a".repeat(161));
    poisoned.parts[1].part_id = whimbrel_core::PartId(300);
    let ops = [
        list(None, ListKind::Barred, &["447700900123"], &[]),
        accept(poisoned, whimbrel_store::Claim::Now),
        list(None, ListKind::Barred, &["447700900124"], &[]),
    ];
    let results = store.commit(&ops).expect("committed");
    assert!(matches!(results[1], OpResult::Failed(_)));
    let OpResult::Lists(last) = &results[2] else { panic!("{:?}", results[2]) };
    assert_eq!(&store.lists().expect("read"), last);
    assert_eq!(store.list_entries(None, ListKind::Barred, None, 10).expect("read").len(), 2);
}
