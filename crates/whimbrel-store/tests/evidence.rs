//! A receipt with an id that nobody knows proves that a part in doubt was taken, if no other part can be meant.

mod support;

use support::*;
use whimbrel_core::{
    AttemptNumber, CarrierError, CarrierId, Cause, DoubtPolicy, MessageClass, MessageId, PartEvent, Plan,
    ReceiptStatus, RefusalScope, Span, Timestamp, id,
};
use whimbrel_store::{
    Claim, Forget, NoticeResult, NoticeTried, Op, OpResult, OrphanReason, Prune, ReceiptOutcome, SqliteStore, Store,
};

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

/// A text that was accepted so many hours ago, to leave now.
fn scheduled(hours_ago: i64) -> (i64, Op) {
    let accepted_at = NOW - Span::hours(hours_ago);
    let id = id::lowest_at(accepted_at) + 100;
    (id, accept(Plan { accepted_at, ..a_plan(id, "long planned") }, Claim::Later))
}

fn refused(part: i64, seconds: i64, attempt: u16, scope: RefusalScope, next: Option<CarrierId>) -> Op {
    let (cause, code) = (Cause::Spam, "9".into());
    let error = match next {
        Some(_) => CarrierError::Permanent { cause, status: ReceiptStatus::Rejected, code, scope },
        None => CarrierError::Temporary { code, retries_max: 3 },
    };
    let attempt = AttemptNumber(attempt);
    event(part, seconds, PartEvent::Refused { attempt, error, retry_at: NOW, next })
}

#[test]
fn a_text_planned_long_ago_is_a_rival_like_any_other() {
    for hours_ago in [1, 95, 97, 24 * 300] {
        let (store, id) = with_one();
        let (rival, planned) = scheduled(hours_ago);
        run(&store, planned);
        part(&store, claimed(rival, 0, 1));
        part(&store, doubt(rival, 1, 1, DoubtPolicy::HoldForReceipt));
        part(&store, doubt(id, 2, 1, DoubtPolicy::HoldForReceipt));
        let found = outcome(&store, 3, "c1", ReceiptStatus::Delivered);
        assert!(is_parked(&found), "accepted {hours_ago} hours ago: {found:?}");
    }
    // And it is proven like any other.
    let store = store_with(PLENTY);
    let (id, planned) = scheduled(24 * 300);
    run(&store, planned);
    part(&store, claimed(id, 0, 1));
    part(&store, doubt(id, 1, 1, DoubtPolicy::HoldForReceipt));
    assert!(matches!(outcome(&store, 3, "c1", ReceiptStatus::Delivered), ReceiptOutcome::Matched { .. }));
    is_clean(&store);
}

#[test]
fn a_carrier_that_never_had_the_part_proves_nothing() {
    let (store, id) = with_one();
    run(&store, Op::NameCarrier { name: "tele-2".into() });
    part(&store, doubt(id, 1, 1, DoubtPolicy::Resend));
    part(&store, claimed(id, 2, 2));
    part(&store, refused(id, 3, 2, RefusalScope::ThisCarrier, Some(CarrierId(2))));
    let Op::Receipt(mut incoming) = receipt(report("another's", ReceiptStatus::Delivered), 4) else { panic!("none") };
    incoming.carrier = CarrierId(2);
    run(&store, Op::Receipt(incoming));
    let claimed = part(&store, claimed(id, 5, 3));
    assert!(claimed.submission.is_some(), "it goes to the second carrier: {:?}", states(&store, id));
}

#[test]
fn a_receipt_from_before_the_try_in_doubt_proves_nothing() {
    let (store, id) = with_one();
    part(&store, refused(id, 1, 1, RefusalScope::ThisCarrier, None));
    assert!(is_parked(&outcome(&store, 2, "c1", ReceiptStatus::Delivered)), "the first try was refused");
    part(&store, claimed(id, 3, 2));
    part(&store, doubt(id, 4, 2, DoubtPolicy::HoldForReceipt));
    assert_eq!(states(&store, id), ["uncertain"]);
}

#[test]
fn a_text_that_was_taken_without_an_id_is_a_rival() {
    let (store, id) = with_one();
    run(&store, accept(a_plan(id + 1, "again"), Claim::Now));
    part(&store, event(id + 1, 1, PartEvent::Sent { attempt: AttemptNumber(1) }));
    part(&store, doubt(id, 2, 1, DoubtPolicy::HoldForReceipt));
    let found = outcome(&store, 3, "c1", ReceiptStatus::Delivered);
    assert!(is_parked(&found), "{found:?}");
    assert_eq!(states(&store, id), ["uncertain"]);
}

/// How long a planned text's name at the carrier is known, when it has ended long after its acceptance.
#[test]
fn an_id_is_known_for_a_while_after_the_end_however_long_ago_the_text_was_accepted() {
    let store = store_with(PLENTY);
    let (early, planned) = scheduled(24 * 10);
    run(&store, planned);
    part(&store, claimed(early, 0, 1));
    part(&store, sent(early, 1, 1, "c1"));
    matched(&store, receipt(report("c1", ReceiptStatus::Delivered), 2));
    // Enough traffic for the sweep to come by.
    let with_ids = |from: i64, at: Timestamp| {
        for n in from..from + 300 {
            let mut plan = a_plan(id::lowest_at(at) + n, "hi");
            plan.recipient = whimbrel_core::PhoneNumber::parse("447700900999").expect("a number");
            (plan.accepted_at, plan.due_at, plan.expires_at) = (at, at, at + Span::hours(72));
            let part = plan.message_id.0;
            run(&store, accept(plan, Claim::Now));
            run(&store, sent(part, at.since(NOW).0 / 1_000_000 + 1, 1, &format!("n{n}")));
        }
    };
    with_ids(1_000, NOW + Span::hours(1));
    let (id, hour) = (id::lowest_at(NOW + Span::hours(1)) + 100, 3_600);
    let mut plan = a_plan(id, "in doubt");
    plan.accepted_at = NOW + Span::hours(1);
    run(&store, accept(plan, Claim::Now));
    part(&store, doubt(id, hour + 1, 1, DoubtPolicy::HoldForReceipt));
    let again = outcome(&store, hour + 2, "c1", ReceiptStatus::Delivered);
    assert!(matches!(again, ReceiptOutcome::Matched { .. }), "{again:?}");
    assert_eq!(states(&store, id), ["uncertain"], "it says nothing of another text");
    with_ids(2_000, NOW + Span::hours(109));
    assert!(is_parked(&outcome(&store, 109 * hour + 2, "c1", ReceiptStatus::Delivered)), "forgotten in the end");
}

#[test]
fn an_id_of_a_text_that_was_removed_proves_no_other() {
    let folder = Folder::new("evidence-removed");
    let store = folder.open();
    furnish(&store, PLENTY);
    let gone = id::lowest_at(NOW - Span::hours(2)) + 100;
    run(&store, accept(a_plan(gone, "hi"), Claim::Now));
    part(&store, sent(gone, 1, 1, "c1"));
    let end = matched(&store, receipt(report("c1", ReceiptStatus::Delivered), 2));
    for notice in end.notices {
        let detail = "200".into();
        run(&store, Op::Notice(NoticeTried { id: notice.id, at: NOW, result: NoticeResult::Delivered, detail }));
    }
    let id = numbered(100);
    run(&store, accept(a_plan(id, "in doubt"), Claim::Now));
    let before = NOW - Span::hours(1);
    let prune = Prune { at: NOW, texts_before: None, messages_before: Some(before), count_max: 10 };
    assert!(matches!(run(&store, Op::Prune(prune)), OpResult::Pruned(pruned) if pruned.messages == 1));
    part(&store, doubt(id, 3, 1, DoubtPolicy::HoldForReceipt));
    assert!(is_parked(&outcome(&store, 4, "c1", ReceiptStatus::Delivered)));
    assert_eq!(states(&store, id), ["uncertain"]);
    is_clean(&store);
}

#[test]
fn what_was_cleared_may_not_be_taken_for_another() {
    let forget = |store: &SqliteStore, id: i64, after: Span| {
        let forget = Forget { at: NOW + after, messages: [MessageId(id)].into() };
        let OpResult::Pruned(gone) = run(store, Op::Forget(forget)) else { panic!("not about forgetting") };
        gone.messages
    };
    // One text ended in doubt; another to the same number is in doubt. Who would clear the first.
    let (store, ended) = with_one();
    let told = part(&store, doubt(ended, 1, 1, DoubtPolicy::FailUnknown));
    for notice in told.notices {
        let tried = NoticeTried { id: notice.id, at: NOW, result: NoticeResult::Delivered, detail: "".into() };
        run(&store, Op::Notice(tried));
    }
    run(&store, accept(a_plan(ended + 1, "again"), Claim::Now));
    part(&store, doubt(ended + 1, 2, 1, DoubtPolicy::WaitThenResend));
    assert_eq!(forget(&store, ended, Span::seconds(3)), 0, "a receipt may be for it");
    assert!(is_parked(&outcome(&store, 4, "c1", ReceiptStatus::Delivered)), "of two, nobody knows for which");
    part(&store, event(ended + 1, 62, PartEvent::Clock));
    assert_eq!((states(&store, ended), states(&store, ended + 1)), (vec!["unknown".into()], vec!["queued".into()]));
    // Nobody looks back so far.
    let week = 7 * 24 * 3_600;
    let gone = [week, week + 1].map(|seconds| forget(&store, ended, Span::seconds(seconds)));
    assert_eq!(gone, [0, 1]);
    is_clean(&store);
}
