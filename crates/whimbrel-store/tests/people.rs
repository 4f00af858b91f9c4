//! Operators, their codes and the audit log; the ledger and sums that pages show.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::{AccountId, ReceiptStatus, Secret, Timestamp, id};
use whimbrel_store::{
    AuditEntry, Claim, LedgerKind, NewOperator, Op, OpResult, OperatorId, OperatorRole, PeopleDone, PeopleOp,
    PeopleRefused, Store, TotpChange, Used,
};

/// Ids as they are made at `NOW`.
const BASE: i64 = ((NOW.0 / 1_000 - 1_735_689_600_000) << 19) + 1;
const ANN: OperatorId = OperatorId(BASE);

fn people(store: &dyn Store, op: PeopleOp) -> PeopleDone {
    match run(store, Op::People(op)) {
        OpResult::People(done) => done,
        other => panic!("{other:?}"),
    }
}

fn add(id: OperatorId, name: &str) -> PeopleOp {
    let verifier = keyring().chosen_verifier(&Secret::new("a long password")).expect("chance");
    PeopleOp::Add(NewOperator { id, name: name.into(), role: OperatorRole::Operator, verifier, at: NOW })
}

fn refused(done: &PeopleDone) -> Option<PeopleRefused> {
    if let PeopleDone::Refused(why) = done { Some(*why) } else { None }
}

fn with_app(codes: &[&str]) -> PeopleOp {
    let recovery_codes = codes.iter().map(|code| keyring().verifier(&Secret::new(*code))).collect();
    let totp = TotpChange::On { secret: Secret::new("GEZDGNBVGY3TQOJQ"), recovery_codes };
    PeopleOp::SetTotp { id: ANN, totp, at: NOW }
}

fn recovery(code: &str) -> PeopleOp {
    PeopleOp::UseRecoveryCode { id: ANN, digests: keyring().digests(&Secret::new(code)), at: NOW }
}

fn is_first(done: &PeopleDone) -> bool {
    matches!(done, PeopleDone::Code(Used::First))
}

#[test]
fn a_name_is_one_persons_and_the_same_operation_again_changes_nothing() {
    let store = store_with(1);
    let op = add(ANN, "ann");
    for _ in 0..2 {
        assert!(matches!(people(&store, op.clone()), PeopleDone::Operator(ann) if &*ann.name == "ann"));
    }
    assert_eq!(refused(&people(&store, add(OperatorId(BASE + 1), "ann"))), Some(PeopleRefused::NameTaken));
    assert_eq!(store.operators().expect("readable").len(), 1);
    let verifier = keyring().chosen_verifier(&Secret::new("another password")).expect("chance");
    people(&store, PeopleOp::SetPassword { id: ANN, verifier, at: NOW });
    let kept = store.operators().expect("readable").remove(0).verifier;
    assert!(keyring().proves(&kept, &Secret::new("another password")));
    assert!(!keyring().proves(&kept, &Secret::new("a long password")));
    for _ in 0..2 {
        assert!(matches!(people(&store, PeopleOp::Remove { id: ANN, at: NOW }), PeopleDone::Removed));
    }
    assert!(store.operators().expect("readable").is_empty());
    assert!(store.audit().expect("readable").is_clean());
}

#[test]
fn a_step_and_a_recovery_code_are_used_once_also_over_a_restart() {
    let folder = Folder::new("people-codes");
    let store = folder.open();
    people(&store, add(ANN, "ann"));
    let step = |step| PeopleOp::UseStep { id: ANN, step, at: NOW };
    assert!(!is_first(&people(&store, step(7))), "nobody is asked for codes");
    people(&store, with_app(&["one", "two"]));
    let used = [7, 7, 6, 8].map(|number| is_first(&people(&store, step(number))));
    assert_eq!(used, [true, false, false, true]);
    let used = ["one", "one", "none"].map(|code| is_first(&people(&store, recovery(code))));
    assert_eq!(used, [true, false, false]);
    drop(store);
    let store = folder.open();
    let used = [step(8), step(9), recovery("one"), recovery("two")].map(|op| is_first(&people(&store, op)));
    assert_eq!(used, [false, true, false, true]);
    let ann = store.operators().expect("readable").remove(0);
    let totp = ann.totp.expect("on");
    assert_eq!((totp.used_step, totp.recovery_codes, totp.secret.expose()), (9, 0, "GEZDGNBVGY3TQOJQ"));
    assert!(store.audit().expect("readable").is_clean());
    people(&store, PeopleOp::SetTotp { id: ANN, totp: TotpChange::Off, at: NOW });
    assert!(store.audit().expect("readable").is_clean(), "nothing is sealed for nobody");
    people(&store, with_app(&["three"]));
    people(&store, PeopleOp::Remove { id: ANN, at: NOW });
    assert!(store.audit().expect("readable").is_clean(), "nothing is left of who is gone");
}

#[test]
fn what_was_done_is_completed_once_and_read_newest_first() {
    let store = store_with(1);
    let entry = |place: i64, status| AuditEntry {
        id: BASE + place,
        at: NOW,
        person: "operator:ann".into(),
        source: "192.0.2.1".into(),
        act: "POST config/reload".into(),
        subject: "".into(),
        status,
    };
    for (place, status) in [(1, 0), (2, 0), (2, 200), (3, 0), (3, 422), (3, 200)] {
        assert!(matches!(run(&store, Op::Audit(Box::new(entry(place, status)))), OpResult::Audited));
    }
    let read = |before, count| store.audit_log(before, count).expect("readable");
    let told: Vec<_> = read(None, 10).iter().map(|line| (line.id - BASE, line.status)).collect();
    assert_eq!(told, [(3, 422), (2, 200), (1, 0)], "an answer that stands is not written over");
    assert_eq!(read(Some(BASE + 3), 1), [entry(2, 200)]);
    // A line that counts acts is written again with each, and one that was overtaken takes nothing back.
    for count in [1, 2, 10, 9] {
        let subject = format!("{count} more").into();
        run(&store, Op::Audit(Box::new(AuditEntry { subject, ..entry(4, 0) })));
    }
    assert_eq!(&*read(None, 1)[0].subject, "10 more");
    // After thirteen months a line goes as others come.
    let later = AuditEntry { at: Timestamp(NOW.0 + 398 * 86_400_000_000), id: BASE + 9, ..entry(9, 0) };
    run(&store, Op::Audit(Box::new(later)));
    assert_eq!(read(None, 10).len(), 1);
}

#[test]
fn the_ledger_is_read_newest_first_in_pages_and_for_its_account_alone() {
    let store = store_with(100 * PRICE);
    let other = AccountId(0x55);
    run(&store, Op::NewAccount(Box::new(new_account(other, "other001"))));
    run(&store, top_up(other, 7, "dev"));
    for message in 0..5 {
        run(&store, accept(a_plan(BASE + message, "hello"), Claim::Now));
        part(&store, sent(BASE + message, 1, 1, &format!("AB{message}")));
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.ledger(ACCOUNT, before, 2).expect("readable");
        seen.extend(page.entries);
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    let charges: Vec<_> = seen.iter().filter(|entry| matches!(entry.kind, LedgerKind::Part(_))).collect();
    assert_eq!(charges.len(), 5);
    assert!(charges.iter().all(|entry| entry.amount.units == -PRICE));
    assert!(seen.windows(2).all(|pair| pair[0].place >= pair[1].place), "newest first");
    let sum: i64 = seen.iter().map(|entry| entry.amount.units).sum();
    assert_eq!(sum, wallet(&store, ACCOUNT).posted.units, "what is read adds up to the wallet");
    let of_other = store.ledger(other, None, 10).expect("readable").entries;
    assert_eq!(of_other.iter().map(|entry| entry.amount.units).collect::<Vec<_>>(), [7]);
    assert!(store.ledger(AccountId(999), None, 10).expect("readable").entries.is_empty());
}

#[test]
fn carriers_are_counted_by_hour_and_what_was_there_before_is_found() {
    let folder = Folder::new("people-traffic");
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    for message in 0..3 {
        run(&store, accept(a_plan(BASE + message, "hello"), Claim::Now));
    }
    part(&store, sent(BASE, 1, 1, "AB01"));
    matched(&store, receipt(report("AB01", ReceiptStatus::Delivered), 2));
    let hour = id::made_at(BASE).unix_seconds() / 3_600;
    let counts = |store: &dyn Store| {
        let rows = store.traffic(hour..hour + 1).expect("readable");
        rows.iter().map(|row| (row.carrier, row.messages, row.parts, row.delivered, row.failed)).collect::<Vec<_>>()
    };
    assert_eq!(counts(&store), [(CARRIER, 3, 3, 1, 0)]);
    assert!(store.traffic(hour + 1..i64::MAX).expect("readable").is_empty());
    let day = hour / 24;
    let of_accounts = store.traffic_of_accounts(day..day + 1, 10).expect("readable");
    assert_eq!((of_accounts.len(), of_accounts[0].parts, of_accounts[0].delivered), (1, 3, 1));
    assert!(store.audit().expect("readable").is_clean());
    drop(store);
    // What carriers did is counted from the messages when the table is made.
    let db = Connection::open(folder.file()).expect("opens");
    let made = include_str!("../migrations/sqlite/0013_people.sql");
    let (_, traffic) = made.split_once("-- What carriers did in an hour").expect("in the file");
    db.execute_batch(&format!("drop table traffic_hour; -- {traffic}")).expect("made anew");
    drop(db);
    assert_eq!(counts(&folder.open()), [(CARRIER, 3, 3, 1, 0)]);
}
