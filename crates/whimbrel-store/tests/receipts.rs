//! Receipts find their parts, whatever forms their ids have, and speak for the parts that a carrier took as one.

mod support;

use support::*;
use whimbrel_core::part::Ignored;
use whimbrel_core::{
    CarrierError, CarrierId, Cause, DoubtPolicy, EndpointKind, KeyForm, NoticeId, PartEvent, PartId, PhoneNumber,
    ReceiptKey, ReceiptStatus, RefusalScope,
};
use whimbrel_store::{
    Claim, Onward, Op, OpResult, OrphanReason, PartOutcome, ReceiptIn, ReceiptOutcome, SqliteStore, Store,
    WaitingNotices,
};

const PLENTY: i64 = 1_000 * PRICE;
const OTHER: &str = "447700900999";

#[test]
fn receipts_of_every_form_find_exactly_their_part() {
    // One in ten of the figure that `cargo run --example receipts` prints, from another seed.
    let figures = field::run(10_000, 7);
    assert_eq!(figures.wrong.len(), 0, "{:?}", &figures.wrong[..figures.wrong.len().min(10)]);
    assert!(figures.receipts > 10_000 && figures.early > 500 && figures.repeated > 500, "{figures:?}");
    assert!(figures.orphans.len() == 3 && figures.orphans.values().all(|count| *count > 50), "{figures:?}");
}

fn to(id: i64, recipient: &str) -> Op {
    let mut plan = a_plan(id, "hi");
    plan.recipient = PhoneNumber::parse(recipient).expect("a number");
    accept(plan, Claim::Now)
}

/// An answer whose key is the given one: ids that differ in zeros have the same.
fn named(part: i64, raw: &str, key: &str) -> Op {
    let Op::Part(mut change) = sent(part, 1, 1, raw) else { unreachable!("about a part") };
    if let Some(id) = &mut change.answer.id {
        id.key = key.as_bytes().into();
    }
    Op::Part(change)
}

fn reported(raw: &str, key: &str, recipient: &str, seconds: i64) -> Op {
    let mut report = report(raw, ReceiptStatus::Delivered);
    report.keys = vec![ReceiptKey { key: key.as_bytes().into(), form: KeyForm::Plain }];
    report.recipient = recipient.into();
    receipt(report, seconds)
}

fn outcome(store: &dyn Store, op: Op) -> ReceiptOutcome {
    match run(store, op) {
        OpResult::Receipt(outcome) => *outcome,
        other => panic!("not about a receipt: {other:?}"),
    }
}

fn found(store: &dyn Store, op: Op) -> i64 {
    matched(store, op).after.expect("open before").part_id.0
}

#[test]
fn ids_that_differ_in_zeros_or_case_only_are_told_apart() {
    let store = store_with(PLENTY);
    for (id, raw, key) in [(100, "007", "7"), (200, "7", "7"), (300, "AB", "ab"), (400, "ab", "ab")] {
        run(&store, accept(a_plan(id, "hi"), Claim::Now));
        run(&store, named(id, raw, key));
    }
    assert_eq!(found(&store, reported("007", "7", RECIPIENT, 2)), 100);
    assert_eq!(found(&store, reported("7", "7", RECIPIENT, 3)), 200);
    assert_eq!(found(&store, reported("AB", "ab", "", 4)), 300);
    assert_eq!(found(&store, reported("ab", "ab", RECIPIENT, 5)), 400);
}

#[test]
fn an_id_used_again_for_another_recipient_is_told_apart_by_it() {
    let store = store_with(PLENTY);
    run(&store, to(100, RECIPIENT));
    run(&store, to(200, OTHER));
    run(&store, sent(100, 1, 1, "x7"));
    run(&store, sent(200, 1, 1, "x7"));
    assert_eq!(found(&store, reported("x7", "x7", RECIPIENT, 2)), 100, "not the newest");
    // The report comes again: the part that is open is another's.
    assert_eq!(matched(&store, reported("x7", "x7", RECIPIENT, 3)).ignored, Some(Ignored::Late));
    assert_eq!(states(&store, 200), ["submitted"]);
    let lost = outcome(&store, reported("x7", "x7", "447700900555", 4));
    assert!(matches!(lost, ReceiptOutcome::Parked(OrphanReason::OtherRecipient)), "{lost:?}");
    assert_eq!(found(&store, reported("x7", "x7", OTHER, 5)), 200);
}

#[test]
fn an_id_as_it_stands_counts_whoever_the_carrier_names_and_zeros_do_not() {
    let store = store_with(PLENTY);
    for (id, raw, key) in [(100, "as-it-stands", "as-it-stands"), (200, "0042", "42")] {
        run(&store, accept(a_plan(id, "hi"), Claim::Now));
        run(&store, named(id, raw, key));
    }
    assert_eq!(found(&store, reported("AS-IT-STANDS", "as-it-stands", "07700900123", 2)), 100);
    let lost = outcome(&store, reported("42", "42", OTHER, 3));
    assert!(matches!(lost, ReceiptOutcome::Parked(OrphanReason::OtherRecipient)), "{lost:?}");
    let orphans = store.orphans(None, 10).expect("read");
    assert_eq!((orphans.len(), &*orphans[0].raw_id, orphans[0].reason), (1, "42", OrphanReason::OtherRecipient));
    assert_eq!(found(&store, reported("42", "42", "", 4)), 200);
}

#[test]
fn orphans_say_why_and_a_receipt_without_an_id_is_kept_once() {
    let store = store_with(PLENTY);
    let mut nameless = report("", ReceiptStatus::Delivered);
    nameless.keys.clear();
    let nameless = receipt(nameless, 1);
    assert!(matches!(outcome(&store, nameless.clone()), ReceiptOutcome::Parked(OrphanReason::NoId)));
    assert!(matches!(outcome(&store, nameless), ReceiptOutcome::ParkedBefore(OrphanReason::NoId)));
    run(&store, receipt(report("nobody", ReceiptStatus::Failed), 2));
    let elsewhere = ReceiptIn {
        carrier: CarrierId(2),
        receipt: report("there", ReceiptStatus::Failed),
        at: NOW,
        notice_id: NoticeId(3_000_000_000),
        onward: Vec::new(),
    };
    run(&store, Op::Receipt(Box::new(elsewhere)));
    let orphans = |carrier, count| {
        let orphans = store.orphans(carrier, count).expect("read");
        orphans.iter().map(|orphan| (orphan.raw_id.to_string(), orphan.reason)).collect::<Vec<_>>()
    };
    let line = |raw: &str, reason| (raw.to_owned(), reason);
    let (there, nobody) = (line("there", OrphanReason::UnknownId), line("nobody", OrphanReason::UnknownId));
    assert_eq!(orphans(None, 10), [there.clone(), nobody.clone(), line("", OrphanReason::NoId)]);
    assert_eq!(orphans(Some(CARRIER), 1), [nobody]);
    assert_eq!(orphans(Some(CarrierId(2)), 10), [there]);
}

#[test]
fn one_id_does_not_fill_the_store() {
    let store = store_with(PLENTY);
    for n in 0..200 {
        let mut report = report("same", ReceiptStatus::Delivered);
        report.code = n.to_string().into();
        report.raw_id = format!("same{}", "x".repeat(100_000)).into();
        run(&store, receipt(report, n));
    }
    let orphans = store.orphans(None, 1_000).expect("read");
    assert_eq!((orphans.len(), &*orphans[0].code, orphans[63].code.as_ref()), (64, "199", "136"));
    assert!(orphans.iter().all(|orphan| orphan.raw_id.len() == 255));
    assert_eq!(store.stats().expect("read").parked, 64);
}

/// A message of three parts, all answered with the same id unless another is given.
fn taken_as_one(store: &dyn Store, ids: [&str; 3]) {
    run(store, accept(a_plan(100, &"a".repeat(400)), Claim::Now));
    for (part, id) in (100..).zip(ids) {
        run(store, sent(part, 1, 1, id));
    }
}

fn with_siblings(store: &dyn Store, op: Op) -> (PartOutcome, Vec<i64>) {
    match outcome(store, op) {
        ReceiptOutcome::Matched { outcome, siblings, .. } => (outcome, siblings.iter().map(|id| id.0).collect()),
        other => panic!("found no part: {other:?}"),
    }
}

#[test]
fn a_receipt_names_the_parts_that_the_carrier_took_as_one() {
    let store = store_with(PLENTY);
    taken_as_one(&store, ["one", "one", "ONE"]);
    let delivered = receipt(report("one", ReceiptStatus::Delivered), 2);
    let (outcome, siblings) = with_siblings(&store, delivered.clone());
    assert_eq!(outcome.after.expect("open before").part_id, PartId(101), "the newest whose id is the very same");
    assert_eq!(siblings, [100], "not the part whose id has another case");
    // Killed before the siblings were settled: the receipt comes again and still names them.
    let (outcome, siblings) = with_siblings(&store, delivered.clone());
    assert_eq!((outcome.ignored, siblings), (Some(Ignored::Late), vec![100]));
    let event = event(
        100,
        3,
        PartEvent::Receipt(whimbrel_core::Report {
            carrier: CARRIER,
            status: ReceiptStatus::Delivered,
            cause: Cause::None,
            next: None,
        }),
    );
    assert_eq!(part(&store, event).notices.len(), 1);
    assert_eq!(with_siblings(&store, delivered).1, []);
    assert_eq!(states(&store, 100), ["delivered", "delivered", "submitted"]);
}

#[test]
fn a_part_named_after_the_report_of_its_sibling_ends_with_it() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, &"a".repeat(400)), Claim::Now));
    run(&store, receipt(report("one", ReceiptStatus::Failed), 1));
    for part_id in 100..103 {
        let answer = sent(part_id, 2, 1, "one");
        let outcome = part(&store, answer.clone());
        assert_eq!((outcome.record, outcome.notices.len()), (None, 1));
        assert_eq!(part(&store, answer).ignored, Some(Ignored::Late));
    }
    assert_eq!(states(&store, 100), ["failed", "failed", "failed"]);
    let notices = store.notices(None, 10).expect("read");
    let waiting = |count_max| store.waiting_notices(count_max).expect("read");
    let of =
        |count| WaitingNotices { account_id: ACCOUNT, kind: EndpointKind::Receipt, count, next_at: notices[0].due_at };
    assert_eq!((notices.len(), waiting(10), waiting(2), waiting(0)), (3, vec![of(3)], vec![of(2)], vec![]));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_part_that_was_handed_on_belongs_to_its_new_carrier() {
    let store = store_with(PLENTY);
    run(&store, Op::NameCarrier { name: "tele-2".into() });
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    run(&store, doubt(100, 1, 1, DoubtPolicy::Resend));
    run(&store, claimed(100, 2, 2));
    let error = CarrierError::Permanent {
        cause: Cause::Spam,
        status: ReceiptStatus::Rejected,
        code: "9".into(),
        scope: RefusalScope::ThisCarrier,
    };
    let attempt = whimbrel_core::AttemptNumber(2);
    let refused = event(100, 3, PartEvent::Refused { attempt, error, retry_at: NOW, next: Some(CarrierId(2)) });
    let handed_on = part(&store, refused.clone());
    assert_eq!(handed_on.record.expect("open").carrier, CarrierId(2));
    assert_eq!(part(&store, refused).ignored, Some(Ignored::Stale));
    assert_eq!(store.queued(CARRIER, NOW + whimbrel_core::Span::hours(1), 10).expect("read").len(), 0);
    assert_eq!(store.queued(CarrierId(2), NOW + whimbrel_core::Span::hours(1), 10).expect("read").len(), 1);
    let line = view(&store, 100).timeline.into_iter().find(|line| &*line.what == "handed-on").expect("told");
    assert_eq!(&*line.detail, "from tele-1 to tele-2");
    run(&store, claimed(100, 4, 3));
    // Both answer: each id is known at the carrier that gave it.
    run(&store, sent(100, 5, 1, "first"));
    run(&store, sent(100, 6, 3, "third"));
    let at = |carrier, id: &str, seconds: i64| {
        let receipt = report(id, ReceiptStatus::Buffered);
        let notice_id = NoticeId(4_000_000_000 + seconds);
        Op::Receipt(Box::new(ReceiptIn {
            carrier: CarrierId(carrier),
            receipt,
            at: NOW,
            notice_id,
            onward: Vec::new(),
        }))
    };
    assert!(matches!(outcome(&store, at(1, "first", 1)), ReceiptOutcome::Matched { .. }));
    assert!(matches!(outcome(&store, at(2, "third", 2)), ReceiptOutcome::Matched { .. }));
    assert!(matches!(outcome(&store, at(2, "first", 3)), ReceiptOutcome::Parked(_)));
    assert!(matches!(outcome(&store, at(1, "third", 4)), ReceiptOutcome::Parked(_)));
}

/// What the check finds broken.
fn broken(store: &SqliteStore) -> Vec<&'static str> {
    store.audit().expect("read").broken().map(|verdict| verdict.name).collect()
}

#[test]
fn a_receipt_of_another_network_sends_the_part_to_the_next_carrier_of_its_route_once() {
    let store = store_with(PLENTY);
    run(&store, Op::NameCarrier { name: "acme".into() });
    run(&store, Op::NameCarrier { name: "other".into() });
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    run(&store, sent(100, 1, 1, "first"));
    let next = CarrierId(2);
    let moved = |seconds, onward: &[(&str, CarrierId)]| {
        let mut moved = report("first", ReceiptStatus::Failed);
        moved.cause = Cause::Ported;
        let Op::Receipt(mut incoming) = receipt(moved, seconds) else { unreachable!("a receipt") };
        incoming.onward = onward.iter().map(|(route, next)| Onward { route: (*route).into(), next: *next }).collect();
        Op::Receipt(incoming)
    };
    let route = store.message(whimbrel_core::MessageId(100)).expect("read").expect("there").route;
    let first = moved(2, &[("nowhere", CarrierId(9)), (&route, next)]);
    let outcome = matched(&store, first.clone());
    let after = outcome.record.expect("open");
    assert_eq!((after.carrier, after.reroutes, outcome.notices.len()), (next, 1, 0));
    assert_eq!(states(&store, 100), ["queued"]);
    // The very same operation, and the same report again.
    assert_eq!(matched(&store, first).ignored, Some(Ignored::Stale));
    assert_eq!(matched(&store, moved(3, &[(&route, next)])).ignored, Some(Ignored::Stale));
    assert_eq!(broken(&store), [""; 0]);
    // It waits for nobody else, and is found by the id that its carrier gives it.
    assert!(store.movable(next, None, 10).is_ok_and(|parts| parts.is_empty()), "it was sent before");
    run(&store, event(100, 4, PartEvent::Claimed { attempt: whimbrel_core::AttemptNumber(2) }));
    run(&store, sent(100, 5, 2, "second"));
    let mut arrived = report("second", ReceiptStatus::Delivered);
    arrived.recipient = RECIPIENT.into();
    let Op::Receipt(mut arrived) = receipt(arrived, 6) else { unreachable!("a receipt") };
    arrived.carrier = next;
    assert_eq!(matched(&store, Op::Receipt(arrived)).ignored, None);
    assert_eq!(states(&store, 100), ["delivered"]);
    let message = store.message(whimbrel_core::MessageId(100)).expect("read").expect("there");
    let told: Vec<&str> = message.timeline.iter().map(|line| &*line.what).collect();
    assert_eq!(told, ["accepted", "submitting", "sent", "rerouted", "late-receipt", "submitting", "sent", "ended"]);
    assert_eq!(broken(&store), [""; 0]);
}

#[test]
fn of_a_text_of_several_parts_nothing_goes_on_whatever_comes_first() {
    let moved = |store: &SqliteStore| {
        let mut moved = report("one", ReceiptStatus::Failed);
        moved.cause = Cause::Ported;
        let Op::Receipt(mut incoming) = receipt(moved, 9) else { unreachable!("a receipt") };
        let route = store.message(whimbrel_core::MessageId(100)).expect("read").expect("there").route;
        incoming.onward = vec![Onward { route, next: CarrierId(2) }];
        Op::Receipt(incoming)
    };
    let both_failed = |store: &SqliteStore| {
        assert_eq!(states(store, 100), ["failed", "failed"]);
        assert_eq!(broken(store), [""; 0]);
    };
    let open = || {
        let store = store_with(PLENTY);
        run(&store, Op::NameCarrier { name: "other".into() });
        run(&store, accept(a_plan(100, &"a".repeat(200)), Claim::Now));
        run(&store, sent(100, 1, 1, "one"));
        store
    };
    // The carrier took both as one and reports before it has answered for the second.
    let store = open();
    assert_eq!(matched(&store, moved(&store)).record, None);
    run(&store, sent(101, 10, 1, "one"));
    both_failed(&store);
    // Killed between the first that ended and the other: the receipt comes again, by another operation.
    let store = open();
    run(&store, sent(101, 1, 1, "one"));
    let (outcome, siblings) = with_siblings(&store, moved(&store));
    assert_eq!((outcome.record, siblings), (None, vec![100]));
    let Op::Receipt(mut again) = moved(&store) else { unreachable!("a receipt") };
    again.notice_id = NoticeId(again.notice_id.0 + 1);
    assert_eq!(matched(&store, Op::Receipt(again)).record, None);
    both_failed(&store);
    // Each has a name of its own, and the second was refused: what is left is half of it.
    let store = open();
    run(&store, sent(101, 1, 1, "two"));
    run(&store, receipt(report("two", ReceiptStatus::Failed), 2));
    assert_eq!(matched(&store, moved(&store)).record, None);
    both_failed(&store);
}
