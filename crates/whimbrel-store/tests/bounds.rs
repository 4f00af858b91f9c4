//! Tables that grow with traffic are emptied in small steps by the batches that fill them.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::{IdSource, PartId, ReceiptStatus, Span, Timestamp};
use whimbrel_store::{Claim, Op, OpResult, ReceiptOutcome, Store};

const PLENTY: i64 = 10_000 * PRICE;

fn rows(folder: &Folder, table: &str) -> i64 {
    let raw = Connection::open(folder.file()).expect("opens");
    raw.query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).expect("counted")
}

/// An accept at `at` with its ids and its time of expiry.
fn accept_at(ids: &mut IdSource, at: Timestamp) -> (i64, Op) {
    let id = ids.next(at);
    let mut plan = a_plan(id, "hi");
    plan.accepted_at = at;
    plan.expires_at = at + Span::hours(72);
    (id, accept(plan, Claim::Now))
}

fn answered(part: i64, at: Timestamp) -> Op {
    let Op::Part(mut change) = sent(part, 0, 1, &part.to_string()) else { unreachable!("sent is about a part") };
    change.at = at;
    change.notice_id.0 = part;
    Op::Part(change)
}

#[test]
fn ids_of_carriers_are_forgotten_after_their_time_unless_the_part_is_open() {
    let folder = Folder::new("sweep");
    let store = folder.open();
    furnish(&store, PLENTY);
    let mut ids = IdSource::new(0, 0);
    let mut fill = |at: Timestamp| -> Vec<i64> {
        let (parts, mut ops): (Vec<i64>, Vec<Op>) = (0..300).map(|_| accept_at(&mut ids, at)).unzip();
        ops.extend(parts.iter().map(|id| answered(*id, at)));
        store.commit(&ops).expect("committed");
        parts
    };
    let early = fill(NOW);
    let (ended, open) = (early[0], early[1]);
    matched(&store, receipt(report(&ended.to_string(), ReceiptStatus::Delivered), 5));
    let known = matched(&store, receipt(report(&ended.to_string(), ReceiptStatus::Delivered), 6));
    assert!(known.ignored.is_some(), "known while it is young");
    assert_eq!(rows(&folder, "pidx"), 300);

    fill(NOW + Span::hours(109));
    assert_eq!(rows(&folder, "pidx"), 599, "all but one of the old parts are still open");
    let forgotten = run(&store, receipt(report(&ended.to_string(), ReceiptStatus::Delivered), 7));
    assert!(matches!(forgotten, OpResult::Receipt(outcome) if matches!(*outcome, ReceiptOutcome::Parked(_))));
    assert!(matched(&store, receipt(report(&open.to_string(), ReceiptStatus::Delivered), 8)).record.is_none());
    assert_eq!(store.message_of_part(PartId(ended)).expect("read").map(|id| id.0), Some(ended), "the message stays");
}

#[test]
fn parked_receipts_are_dropped_after_a_day() {
    let folder = Folder::new("parked");
    let store = folder.open();
    furnish(&store, PLENTY);
    for n in 0..20 {
        run(&store, receipt(report(&format!("early{n}"), ReceiptStatus::Delivered), n));
    }
    run(&store, receipt(report("next", ReceiptStatus::Delivered), 24 * 3_600 - 1));
    assert_eq!(store.stats().expect("read").parked, 21);
    // Any batch whose time has come removes them, not only one that brings a receipt.
    run(&store, top_up(ACCOUNT, 1, "earlier"));
    assert_eq!(store.stats().expect("read").parked, 21);
    let Op::TopUp(mut payment) = top_up(ACCOUNT, 1, "later") else { unreachable!("a payment") };
    payment.at = NOW + Span::hours(25);
    run(&store, Op::TopUp(payment));
    assert_eq!(store.stats().expect("read").parked, 1);
    assert_eq!((rows(&folder, "parked"), rows(&folder, "parked_key")), (1, 1));
}

#[test]
fn stored_answers_are_removed_after_a_day() {
    let folder = Folder::new("answers");
    let store = folder.open();
    furnish(&store, PLENTY);
    let mut id = 1_000;
    let mut fill = |at: Timestamp, count: usize| {
        for _ in 0..count {
            id += 10;
            let mut plan = keyed(a_plan(id, "hi"), &format!("key {id}"), 1);
            plan.accepted_at = at;
            run(&store, accept(plan, Claim::Later));
        }
    };
    fill(NOW, 100);
    assert_eq!(rows(&folder, "dedupe"), 100);
    fill(NOW + Span::hours(25), 64);
    assert_eq!(rows(&folder, "dedupe"), 64);
}
