//! A receipt with an id that nobody knows proves that a part in doubt was taken, if no other part can be meant.

mod support;

use support::*;
use whimbrel_core::{DoubtPolicy, MessageClass, PartEvent, ReceiptStatus, id};
use whimbrel_store::{Claim, OpResult, OrphanReason, ReceiptOutcome, SqliteStore, Store};

const PLENTY: i64 = 1_000 * PRICE;
const POLICIES: [DoubtPolicy; 4] =
    [DoubtPolicy::Resend, DoubtPolicy::WaitThenResend, DoubtPolicy::HoldForReceipt, DoubtPolicy::FailUnknown];

/// Numbers of parts that were made at `NOW`: what is looked at is bounded by them.
fn numbered(offset: i64) -> i64 {
    id::lowest_at(NOW) + offset
}

/// A store with one part that was claimed at its acceptance.
fn with_one() -> (SqliteStore, i64) {
    let (store, part) = (store_with(PLENTY), numbered(100));
    run(&store, accept(a_plan(part, "hi"), Claim::Now));
    (store, part)
}

fn outcome(store: &dyn Store, seconds: i64, id: &str, status: ReceiptStatus) -> ReceiptOutcome {
    match run(store, receipt(report(id, status), seconds)) {
        OpResult::Receipt(outcome) => *outcome,
        other => panic!("not about a receipt: {other:?}"),
    }
}

fn is_parked(outcome: &ReceiptOutcome) -> bool {
    matches!(outcome, ReceiptOutcome::Parked(OrphanReason::UnknownId))
}

fn is_clean(store: &SqliteStore) {
    let audit = store.audit().expect("read");
    assert!(audit.is_clean(), "{:?}", audit.broken().collect::<Vec<_>>());
}

#[test]
fn a_receipt_that_came_before_the_doubt_settles_it_whatever_the_policy() {
    for policy in POLICIES {
        let (store, id) = with_one();
        assert!(is_parked(&outcome(&store, 1, "c1", ReceiptStatus::Delivered)));
        let done = part(&store, doubt(id, 2, 1, policy));
        assert_eq!(states(&store, id), ["delivered"], "{policy:?}");
        assert_eq!((done.record, done.notices.len()), (None, 1), "nothing is sent again, and the end is told");
        assert_eq!(money(&store), (PLENTY - PRICE, 0), "the carrier has it, so it is paid");
        assert!(story(&store, id).iter().any(|line| line == "evidence"), "{:?}", story(&store, id));
        assert_eq!(store.stats().expect("read").doubts, 1, "the doubt is on record all the same");
        is_clean(&store);
    }
}

#[test]
fn a_receipt_that_comes_while_a_part_waits_in_doubt_settles_it() {
    for policy in [DoubtPolicy::Resend, DoubtPolicy::WaitThenResend, DoubtPolicy::HoldForReceipt] {
        let (store, id) = with_one();
        part(&store, doubt(id, 2, 1, policy));
        let found = outcome(&store, 3, "c1", ReceiptStatus::Buffered);
        assert!(matches!(found, ReceiptOutcome::Matched { .. }), "{found:?}");
        assert_eq!(states(&store, id), ["submitted"], "{policy:?}");
        let late = part(&store, claimed(id, 4, 2));
        assert!(late.submission.is_none(), "the copy is called off");
        assert_eq!(matched(&store, receipt(report("c1", ReceiptStatus::Delivered), 5)).notices.len(), 1);
        assert_eq!(states(&store, id), ["delivered"]);
        is_clean(&store);
    }
}

#[test]
fn the_same_receipt_again_changes_nothing() {
    let (store, id) = with_one();
    part(&store, doubt(id, 2, 1, DoubtPolicy::WaitThenResend));
    outcome(&store, 3, "c1", ReceiptStatus::Delivered);
    let before = everything(&store);
    outcome(&store, 3, "c1", ReceiptStatus::Delivered);
    assert_eq!(everything(&store), before);
}

#[test]
fn what_could_be_another_parts_is_no_evidence() {
    // A second text to the same number is under way: the receipt may be its own, and its answer late.
    let (store, id) = with_one();
    run(&store, accept(a_plan(id + 1, "again"), Claim::Now));
    part(&store, doubt(id, 2, 1, DoubtPolicy::WaitThenResend));
    assert!(is_parked(&outcome(&store, 3, "c1", ReceiptStatus::Delivered)));
    assert_eq!(states(&store, id), ["uncertain"]);
    // Its answer comes, with another id: then only the first can be meant, and the look before the copy finds it.
    part(&store, sent(id + 1, 4, 1, "c2"));
    part(&store, event(id, 62, PartEvent::Clock));
    assert_eq!(states(&store, id), ["delivered"]);
    is_clean(&store);

    // Two texts in doubt: neither.
    let (store, id) = with_one();
    run(&store, accept(a_plan(id + 1, "again"), Claim::Now));
    part(&store, doubt(id, 2, 1, DoubtPolicy::HoldForReceipt));
    part(&store, doubt(id + 1, 2, 1, DoubtPolicy::HoldForReceipt));
    assert!(is_parked(&outcome(&store, 3, "c1", ReceiptStatus::Delivered)));

    // Two ids that nobody knows, one text: neither.
    let (store, id) = with_one();
    assert!(is_parked(&outcome(&store, 1, "c1", ReceiptStatus::Delivered)));
    assert!(is_parked(&outcome(&store, 2, "c2", ReceiptStatus::Failed)));
    part(&store, doubt(id, 3, 1, DoubtPolicy::HoldForReceipt));
    assert_eq!(states(&store, id), ["uncertain"]);
}

#[test]
fn a_receipt_from_before_the_text_or_for_another_number_is_no_evidence() {
    let (store, id) = (store_with(PLENTY), numbered(100));
    assert!(is_parked(&outcome(&store, -5, "old", ReceiptStatus::Delivered)));
    run(&store, accept(a_plan(id, "hi"), Claim::Now));
    let mut other = report("c9", ReceiptStatus::Delivered);
    other.recipient = "447700900999".into();
    run(&store, receipt(other, 1));
    part(&store, doubt(id, 2, 1, DoubtPolicy::HoldForReceipt));
    assert_eq!(states(&store, id), ["uncertain"]);
}

#[test]
fn each_class_has_its_own_policy() {
    for (class, state) in [(MessageClass::Otp, "queued"), (MessageClass::Bulk, "uncertain")] {
        let (store, id) = (store_with(PLENTY), numbered(100));
        let mut plan = a_plan(id, "hi");
        plan.class = class;
        run(&store, accept(plan, Claim::Now));
        let rules = whimbrel_core::part::DoubtRules {
            bulk: DoubtPolicy::HoldForReceipt,
            ..whimbrel_core::part::DoubtRules::default()
        };
        let attempt = whimbrel_core::AttemptNumber(1);
        part(&store, event(id, 2, PartEvent::Doubt { attempt, cause: whimbrel_core::DoubtCause::LinkLost, rules }));
        assert_eq!(states(&store, id), [state]);
    }
}
