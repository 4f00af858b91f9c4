//! What every store must do, written against the trait alone.

mod support;

use support::*;
use whimbrel_core::part::{Funds, Ignored};
use whimbrel_core::{
    AccountId, AccountStatus, AttemptNumber, CaptureOn, CarrierError, CarrierId, Cause, DoubtPolicy, EndpointKind,
    KeyForm, MessageClass, MessageId, NoticeId, PartEvent, PartId, PartState, PhoneNumber, ReceiptKey, ReceiptStatus,
    ReceiptWish, Refusal, RefusalScope, Secret, Span,
};
use whimbrel_store::{
    AccountPatch, AccountRefused, Claim, MessageFilter, NoticeResult, NoticeTried, Op, OpResult, OrphanReason,
    QueuePlace, ReceiptIn, ReceiptOutcome, Store,
};

const PLENTY: i64 = 1_000 * PRICE;

#[test]
fn a_message_goes_its_way_and_is_paid_once() {
    let store = store_with(PLENTY);
    let OpResult::Accepted { accepted, repeated } = run(&store, accept(a_plan(100, "Your code is 482917"), Claim::Now))
    else {
        panic!("refused");
    };
    assert_eq!((accepted.parts.len(), repeated, accepted.parts[0].part_id), (1, false, PartId(100)));
    assert_eq!(accepted.parts[0].balance.units, PLENTY - PRICE);
    assert_eq!((money(&store), states(&store, 100)), ((PLENTY, PRICE), vec!["submitting".to_owned()]));

    let outcome = part(&store, sent(100, 1, 1, "AB12"));
    assert!(matches!(outcome.record.expect("open").state, PartState::Submitted { .. }));
    assert!(outcome.notices.is_empty());
    assert_eq!(money(&store), (PLENTY - PRICE, 0));

    let outcome = matched(&store, receipt(report("ab12", ReceiptStatus::Delivered), 2));
    assert!(outcome.record.is_none() && outcome.ignored.is_none());
    let notice = outcome.notices.first().expect("told");
    assert_eq!(
        (told(notice).report.status, told(notice).client_ref.as_deref()),
        (ReceiptStatus::Delivered, Some("order 7"))
    );
    assert_eq!(store.notices(None, 10).expect("read"), outcome.notices);
    assert_eq!(states(&store, 100), ["delivered"]);
    assert_eq!(story(&store, 100), ["accepted", "submitting", "sent", "ended"]);
    let stats = store.stats().expect("read");
    assert_eq!((stats.messages, stats.submitted, stats.notices), (1, 0, 1));
    let part = &view(&store, 100).parts[0];
    assert_eq!((part.funds, part.attempts, &*part.carrier_message_id), (Funds::Captured, 1, "AB12"));
}

#[test]
fn every_operation_twice_changes_nothing() {
    let store = store_with(PLENTY);
    let retry = NoticeTried {
        id: NoticeId(2_000_000_030),
        at: NOW + Span::seconds(31),
        result: NoticeResult::RetryAt(NOW + Span::seconds(36)),
        detail: "status 500".into(),
    };
    let delivered = NoticeTried { at: NOW + Span::seconds(36), result: NoticeResult::Delivered, ..retry.clone() };
    let throttled = CarrierError::Throttled { pause: Span::seconds(1), code: "88".into() };
    let refused = PartEvent::Refused {
        attempt: AttemptNumber(1),
        error: throttled,
        retry_at: NOW + Span::seconds(4),
        next: None,
    };
    let ops = [
        accept(keyed(a_plan(100, &"a".repeat(200)), "k", 1), Claim::Now),
        event(100, 2, refused),
        claimed(100, 5, 2),
        doubt(100, 6, 2, DoubtPolicy::Resend),
        claimed(100, 7, 3),
        sent(100, 8, 3, "x1"),
        doubt(101, 9, 1, DoubtPolicy::HoldForReceipt),
        sent(101, 10, 1, "x2"),
        receipt(report("x1", ReceiptStatus::Accepted), 20),
        receipt(report("x1", ReceiptStatus::Buffered), 21),
        receipt(report("x1", ReceiptStatus::Delivered), 30),
        receipt(report("x1", ReceiptStatus::Failed), 31),
        receipt(report("nobody", ReceiptStatus::Delivered), 32),
        Op::Notice(retry),
        Op::Notice(delivered),
        top_up(ACCOUNT, 5, "second"),
        Op::NewAccount(Box::new(new_account(AccountId(6), "devkey02"))),
        Op::NameCarrier { name: "tele-2".into() },
    ];
    for op in &ops {
        let first = run(&store, op.clone());
        assert!(
            !matches!(first, OpResult::Failed(_) | OpResult::Refused(_) | OpResult::AccountRefused(_)),
            "{first:?}"
        );
        if let OpResult::Part(outcome) = &first {
            assert_eq!(outcome.ignored, None, "{op:?}");
        }
        let before = everything(&store);
        let second = run(&store, op.clone());
        assert_eq!(everything(&store), before, "{op:?}");
        match (&first, second) {
            (OpResult::Accepted { accepted, .. }, OpResult::Accepted { accepted: again, repeated: true }) => {
                assert_eq!(accepted, &again);
            }
            (_, OpResult::Part(outcome)) => assert!(outcome.ignored.is_some() && outcome.notices.is_empty(), "{op:?}"),
            (_, OpResult::Receipt(outcome)) => match *outcome {
                ReceiptOutcome::Matched { outcome, .. } => {
                    assert!(outcome.ignored.is_some() && outcome.notices.is_empty())
                }
                other => assert!(matches!(other, ReceiptOutcome::ParkedBefore(_))),
            },
            (first, second) => assert_eq!(format!("{first:?}"), format!("{second:?}")),
        }
    }
    assert_eq!(states(&store, 100), ["delivered", "submitted"]);
    assert_eq!(money(&store), (PLENTY + 5 - 2 * PRICE, 0));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_receipt_that_outruns_the_answer_waits_for_it() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    let early = receipt(report("Z9", ReceiptStatus::Buffered), 1);
    assert!(matches!(run(&store, early), OpResult::Receipt(outcome) if matches!(*outcome, ReceiptOutcome::Parked(_))));
    run(&store, receipt(report("Z9", ReceiptStatus::Delivered), 2));
    assert_eq!(store.stats().expect("read").parked, 2);

    let outcome = part(&store, sent(100, 3, 1, "Z9"));
    assert!(outcome.record.is_none(), "the waiting receipt ended it");
    let told: Vec<_> = outcome.notices.iter().map(|notice| (notice.id.0, told(notice).report.status)).collect();
    assert_eq!(told, [(2_000_000_001, ReceiptStatus::Buffered), (2_000_000_002, ReceiptStatus::Delivered)]);
    assert_eq!(store.stats().expect("read").parked, 0);
    assert_eq!(states(&store, 100), ["delivered"]);
    assert_eq!(money(&store), (PLENTY - PRICE, 0));
    let late = matched(&store, receipt(report("Z9", ReceiptStatus::Failed), 9));
    assert_eq!(late.ignored, Some(Ignored::Late));
    assert!(story(&store, 100).contains(&"late-receipt".to_owned()));
    assert_eq!(states(&store, 100), ["delivered"]);
}

#[test]
fn a_converted_id_counts_only_if_the_recipient_agrees() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    run(&store, sent(100, 1, 1, "255"));
    let hex = |recipient: &str| {
        let mut report = report("ff", ReceiptStatus::Delivered);
        report.keys.push(ReceiptKey { key: (*b"255").into(), form: KeyForm::ToDecimal });
        report.recipient = recipient.into();
        report
    };
    for (stranger, seconds) in [("", 1), ("447700900124", 2)] {
        assert!(matches!(
            run(&store, receipt(hex(stranger), seconds)),
            OpResult::Receipt(outcome) if matches!(*outcome, ReceiptOutcome::Parked(OrphanReason::OtherRecipient))
        ));
    }
    assert!(matched(&store, receipt(hex(RECIPIENT), 3)).record.is_none());

    // Parked under its converted key: the answer finds it only for the same recipient.
    run(&store, accept(a_plan(200, "hi"), Claim::Now));
    let mut other = hex("447700900124");
    other.keys[0].key = (*b"309").into();
    other.keys[1].key = (*b"777").into();
    let mut same = hex(RECIPIENT);
    same.keys[0].key = (*b"309").into();
    same.keys[1].key = (*b"777").into();
    run(&store, receipt(other, 4));
    run(&store, receipt(same, 5));
    let outcome = part(&store, sent(200, 6, 1, "777"));
    assert_eq!(outcome.notices.iter().map(|notice| notice.id.0).collect::<Vec<_>>(), [2_000_000_005]);
    assert_eq!(store.stats().expect("read").parked, 3);
}

#[test]
fn an_id_used_again_means_the_open_part() {
    let store = store_with(PLENTY);
    for (id, seconds) in [(100, 1), (200, 2)] {
        run(&store, accept(a_plan(id, "hi"), Claim::Now));
        run(&store, sent(id, seconds, 1, "7"));
    }
    assert!(matched(&store, receipt(report("7", ReceiptStatus::Delivered), 3)).record.is_none());
    assert_eq!((states(&store, 100), states(&store, 200)), (vec!["submitted".into()], vec!["delivered".into()]));
    matched(&store, receipt(report("7", ReceiptStatus::Failed), 4));
    assert_eq!(states(&store, 100), ["failed"]);
    // Another carrier's ids are its own.
    let receipt = ReceiptIn {
        carrier: CarrierId(2),
        receipt: report("7", ReceiptStatus::Delivered),
        at: NOW,
        notice_id: NoticeId(3_000_000_000),
        onward: Vec::new(),
    };
    let outcome = run(&store, Op::Receipt(Box::new(receipt)));
    assert!(matches!(outcome, OpResult::Receipt(outcome) if matches!(*outcome, ReceiptOutcome::Parked(_))));
}

#[test]
fn the_first_copys_late_answer_and_receipt_settle_the_part_and_the_seconds_answer_changes_nothing() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    run(&store, doubt(100, 1, 1, DoubtPolicy::Resend));
    let resend = part(&store, claimed(100, 2, 2));
    assert_eq!(resend.submission.expect("resent").attempt, AttemptNumber(2));
    // The first copy's answer comes after all, while the second is on its way: its id is known from now on.
    let taken = part(&store, sent(100, 3, 1, "first"));
    assert!(matches!(taken.record.expect("open").state, PartState::Submitted { .. }));
    assert!(matched(&store, receipt(report("first", ReceiptStatus::Delivered), 4)).record.is_none());
    let late = part(&store, sent(100, 5, 2, "second"));
    assert_eq!((late.ignored, late.record.is_none()), (Some(Ignored::Late), true));
    let again = matched(&store, receipt(report("second", ReceiptStatus::Delivered), 6));
    assert_eq!(again.ignored, Some(Ignored::Late), "the second copy's receipt is known, not parked");
    assert_eq!(money(&store), (PLENTY - PRICE, 0));
    let story = story(&store, 100).join(" ");
    assert_eq!(story, "accepted submitting doubt submitting overtaken late-answer ended late-answer late-receipt");
    assert_eq!(store.stats().expect("read").doubts, 1);
}

#[test]
fn a_resend_has_the_same_bytes() {
    let store = store_with(PLENTY);
    let plan = a_plan(100, &"é€ long ".repeat(60));
    let count = plan.parts.len();
    assert!(count > 2);
    run(&store, accept(plan.clone(), Claim::Now));
    for index in 0..count {
        let id = 100 + index as i64;
        run(&store, doubt(id, 1, 1, DoubtPolicy::Resend));
        let mut resent = part(&store, claimed(id, 2, 2)).submission.expect("resent");
        assert_eq!(resent.attempt, AttemptNumber(2));
        resent.attempt = AttemptNumber(1);
        assert_eq!(Some(*resent), plan.submission(index));
    }
}

#[test]
fn the_same_key_is_answered_the_same_and_another_request_with_it_is_refused() {
    let store = store_with(PLENTY);
    let long = "a".repeat(161);
    let OpResult::Accepted { accepted, .. } = run(&store, accept(keyed(a_plan(100, &long), "k", 1), Claim::Now)) else {
        panic!("refused")
    };
    run(&store, accept(a_plan(150, "between"), Claim::Now));
    let again = run(&store, accept(keyed(a_plan(200, &long), "k", 1), Claim::Now));
    assert!(matches!(&again, OpResult::Accepted { accepted: same, repeated: true } if *same == accepted), "{again:?}");
    let other = run(&store, accept(keyed(a_plan(300, &long), "k", 2), Claim::Now));
    assert!(matches!(other, OpResult::Refused(Refusal::IdempotencyConflict)));
    assert_eq!((store.stats().expect("read").messages, money(&store)), (2, (PLENTY, 3 * PRICE)));

    // After its day the key is free again.
    let mut later = keyed(a_plan(400, &long), "k", 2);
    later.accepted_at = NOW + Span::hours(24);
    assert!(matches!(run(&store, accept(later, Claim::Now)), OpResult::Accepted { repeated: false, .. }));
}

#[test]
fn within_a_batch_exactly_as_many_are_accepted_as_the_wallet_pays_for() {
    let store = store_with(5 * PRICE + 1);
    let batch: Vec<Op> = (0..8).map(|n| accept(a_plan(100 + 10 * n, "hi"), Claim::Later)).collect();
    let results = store.commit(&batch).expect("committed");
    let balances: Vec<i64> = results
        .iter()
        .filter_map(|result| match result {
            OpResult::Accepted { accepted, .. } => Some(accepted.parts[0].balance.units),
            _ => None,
        })
        .collect();
    assert_eq!(balances, [4 * PRICE + 1, 3 * PRICE + 1, 2 * PRICE + 1, PRICE + 1, 1]);
    for refused in &results[5..] {
        let OpResult::Refused(Refusal::InsufficientFunds { price, balance, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((price.units, balance.units), (PRICE, 1));
    }
    assert_eq!(store.stats().expect("read").queued, 5);
    // A long text is taken whole or not at all, and a repeated accept is known even without money.
    let long = run(&store, accept(a_plan(300, &"a".repeat(161)), Claim::Later));
    assert!(matches!(long, OpResult::Refused(Refusal::InsufficientFunds { .. })));
    assert!(matches!(run(&store, batch[0].clone()), OpResult::Accepted { repeated: true, .. }));
}

#[test]
fn one_poisoned_operation_is_left_out_and_the_others_stand() {
    let store = store_with(PLENTY);
    let mut poisoned = a_plan(300, &"a".repeat(161));
    poisoned.parts[1].part_id = PartId(100);
    let results = store
        .commit(&[
            accept(a_plan(100, "one"), Claim::Now),
            accept(keyed(poisoned, "k", 1), Claim::Now),
            accept(a_plan(200, "two"), Claim::Now),
            sent(100, 1, 1, "ok"),
        ])
        .expect("committed");
    assert!(matches!(results[0], OpResult::Accepted { .. }) && matches!(results[2], OpResult::Accepted { .. }));
    assert!(matches!(&results[1], OpResult::Failed(why) if why.contains("live.part_id")), "{:?}", results[1]);
    assert!(matches!(&results[3], OpResult::Part(outcome) if outcome.ignored.is_none()));
    assert!(store.message(MessageId(300)).expect("read").is_none());
    assert_eq!((money(&store), store.stats().expect("read").messages), ((PLENTY - PRICE, PRICE), 2));
    assert!(store.audit().expect("read").is_clean());
    // Its key was not taken, and the store goes on.
    assert!(matches!(run(&store, accept(keyed(a_plan(400, "x"), "k", 2), Claim::Now)), OpResult::Accepted { .. }));
}

#[test]
fn an_operation_on_nothing_is_answered_and_hinders_nobody() {
    let store = store_with(PLENTY);
    let outcome = part(&store, claimed(999, 1, 1));
    assert!(outcome.record.is_none() && outcome.ignored.is_some() && outcome.submission.is_none());
    let mut stranger = a_plan(100, "hi");
    stranger.account_id = AccountId(77);
    assert!(matches!(run(&store, accept(stranger, Claim::Now)), OpResult::Refused(Refusal::Internal)));
    let tried = NoticeTried { id: NoticeId(1), at: NOW, result: NoticeResult::GivenUp, detail: "".into() };
    assert!(matches!(run(&store, Op::Notice(tried)), OpResult::NoticeNoted));
    assert!(matches!(run(&store, top_up(AccountId(77), 1, "x")), OpResult::AccountRefused(AccountRefused::Unknown)));
    assert!(matches!(run(&store, top_up(ACCOUNT, 0, "x")), OpResult::AccountRefused(AccountRefused::Amount)));
    assert!(matches!(run(&store, top_up(ACCOUNT, i64::MAX, "x")), OpResult::AccountRefused(AccountRefused::Amount)));
    let taken = new_account(AccountId(9), "devkey01");
    let taken = run(&store, Op::NewAccount(Box::new(taken)));
    assert!(matches!(taken, OpResult::AccountRefused(AccountRefused::KeyTaken)));
    assert!(store.commit(&[]).expect("committed").is_empty());
    assert!(store.message(MessageId(999)).expect("read").is_none());
    assert!(store.account(AccountId(77)).expect("read").is_none());
}

#[test]
fn holds_are_released_when_the_part_ends_without_the_carrier() {
    let store = store_with(PLENTY);
    let permanent = CarrierError::Permanent {
        cause: Cause::IllegalNumber,
        status: ReceiptStatus::Rejected,
        code: "11".into(),
        scope: RefusalScope::Everywhere,
    };
    let refused = PartEvent::Refused { attempt: AttemptNumber(1), error: permanent, retry_at: NOW, next: None };
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    let outcome = part(&store, event(100, 1, refused));
    assert_eq!(told(&outcome.notices[0]).report.status, ReceiptStatus::Rejected);
    assert_eq!((money(&store), states(&store, 100)), ((PLENTY, 0), vec!["rejected".into()]));
    assert!(view(&store, 100).timeline.iter().any(|line| line.detail.contains("code 11")));

    run(&store, accept(a_plan(200, "hi"), Claim::Now));
    part(&store, doubt(200, 1, 1, DoubtPolicy::FailUnknown));
    assert_eq!((money(&store), states(&store, 200)), ((PLENTY, 0), vec!["unknown".into()]));

    let mut on_delivery = a_plan(300, "hi");
    on_delivery.capture_on = CaptureOn::Delivery;
    run(&store, accept(on_delivery, Claim::Now));
    run(&store, sent(300, 1, 1, "d"));
    assert_eq!(money(&store), (PLENTY, PRICE));
    matched(&store, receipt(report("d", ReceiptStatus::Failed), 2));
    assert_eq!(money(&store), (PLENTY, 0));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn the_clock_finds_what_is_due_and_ends_it() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, "queued"), Claim::Later));
    run(&store, accept(a_plan(200, "submitting"), Claim::Now));
    run(&store, accept(a_plan(300, "waits"), Claim::Now));
    run(&store, doubt(300, 0, 1, DoubtPolicy::WaitThenResend));
    assert_eq!(store.clock_due(NOW + Span::seconds(59), 10).expect("read"), []);
    assert_eq!(store.clock_due(NOW + Span::seconds(60), 10).expect("read"), [PartId(300)]);
    let later = NOW + Span::hours(72);
    assert_eq!(store.clock_due(later, 10).expect("read"), [PartId(100), PartId(300)], "an answer is awaited for 200");
    assert_eq!(store.clock_due(later, 1).expect("read").len(), 1);
    let outcome = part(&store, event(100, 72 * 3_600, PartEvent::Clock));
    assert_eq!(told(&outcome.notices[0]).report.status, ReceiptStatus::Expired);
    assert_eq!(states(&store, 100), ["expired"]);
    // A claim that comes too late ends the part as well.
    run(&store, accept(a_plan(400, "hi"), Claim::Later));
    let outcome = part(&store, claimed(400, 72 * 3_600, 1));
    assert!(outcome.record.is_none() && outcome.submission.is_none() && outcome.notices.len() == 1);
    assert_eq!(money(&store), (PLENTY, 2 * PRICE));
}

#[test]
fn the_queue_has_codes_first_and_then_what_is_due_first() {
    let store = store_with(PLENTY);
    let bulk = |id, seconds| {
        let mut plan = a_plan(id, "hi");
        plan.class = MessageClass::Bulk;
        plan.accepted_at = NOW + Span::seconds(seconds);
        accept(plan, Claim::Later)
    };
    let mut elsewhere = a_plan(500, "hi");
    elsewhere.carrier = CarrierId(2);
    let mut late_code = a_plan(400, "code");
    late_code.accepted_at = NOW + Span::seconds(60);
    let ops = [
        bulk(100, 5),
        bulk(200, 3),
        accept(a_plan(300, "now"), Claim::Now),
        accept(late_code, Claim::Later),
        accept(elsewhere, Claim::Later),
    ];
    store.commit(&ops).expect("committed");
    let ids = |parts: Vec<whimbrel_store::OpenPart>| parts.iter().map(|part| part.record.part_id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.queued(CARRIER, NOW + Span::hours(1), 10).expect("read")), [400, 200, 100]);
    assert_eq!(ids(store.queued(CARRIER, NOW + Span::hours(1), 1).expect("read")), [400]);
    assert_eq!(ids(store.queued(CarrierId(2), NOW + Span::hours(1), 10).expect("read")), [500]);
    // Nothing is due before the first of them, and each time names the next one.
    let before = NOW - Span::hours(1);
    assert_eq!(ids(store.queued(CARRIER, before, 10).expect("read")), [0_i64; 0]);
    let mut dues = vec![before];
    while let Some(next) = store.next_due(CARRIER, dues[dues.len() - 1]).expect("read") {
        dues.push(next);
    }
    let last = dues.pop().expect("some are due");
    assert_eq!(store.queued(CARRIER, last, 10).expect("read").len(), 3);
    assert!(dues.last().is_none_or(|due| store.queued(CARRIER, *due, 10).expect("read").len() < 3));
    assert_eq!(ids(store.submitting(PartId(0), 10).expect("read")), [300]);
    assert_eq!(ids(store.submitting(PartId(300), 10).expect("read")), []);
    let record = store.submitting(PartId(0), 1).expect("read")[0].record;
    assert_eq!((record.attempt, record.price, record.funds), (AttemptNumber(1), PRICE, Funds::Held));
}

#[test]
fn notices_are_made_for_those_who_want_them_only() {
    let store = store_with(PLENTY);
    let life = |id: i64, change: &dyn Fn(&mut whimbrel_core::Plan)| {
        let mut plan = a_plan(id, "hi");
        change(&mut plan);
        run(&store, accept(plan, Claim::Now));
        run(&store, sent(id, id, 1, &id.to_string()));
        matched(&store, receipt(report(&id.to_string(), ReceiptStatus::Delivered), id)).notices.len()
    };
    assert_eq!(life(100, &|_| ()), 1);
    assert_eq!(life(200, &|plan| plan.receipt = ReceiptWish::Unwanted), 0);
    let patch = AccountPatch {
        endpoints: vec![(EndpointKind::Receipt, "".into())],
        status: Some(AccountStatus::Suspended),
        ..AccountPatch::new(ACCOUNT, NOW)
    };
    let OpResult::Account(account) = run(&store, Op::PatchAccount(Box::new(patch))) else { panic!("unknown") };
    assert_eq!((account.status, account.endpoints.len()), (AccountStatus::Suspended, 0));
    assert_eq!(life(300, &|_| ()), 0, "nowhere to tell it");
    assert_eq!(life(400, &|plan| plan.callback = Some("http://127.0.0.1/own".into())), 1);
    let notices = store.notices(None, 10).expect("read");
    assert_eq!(notices.iter().map(|notice| told(notice).message_id.0).collect::<Vec<_>>(), [100, 400]);
    assert_eq!(notices[1].url.as_deref(), Some("http://127.0.0.1/own"));
}

#[test]
fn a_notice_is_tried_until_it_is_delivered() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    run(&store, sent(100, 1, 1, "n"));
    let notice = matched(&store, receipt(report("n", ReceiptStatus::Delivered), 2)).notices.remove(0);
    let due_at = NOW + Span::seconds(7);
    let tried = |result, seconds: i64| {
        let tried =
            NoticeTried { id: notice.id, at: NOW + Span::seconds(seconds), result, detail: "status 503".into() };
        run(&store, Op::Notice(tried));
    };
    tried(NoticeResult::RetryAt(due_at), 2);
    let waiting = store.notices(None, 10).expect("read");
    assert_eq!((waiting[0].failures, waiting[0].due_at, waiting[0].first_at), (1, due_at, notice.first_at));
    assert_eq!(store.notices(Some((due_at, notice.id)), 10).expect("read"), []);
    tried(NoticeResult::GivenUp, 7);
    assert_eq!((store.notices(None, 10).expect("read").len(), store.stats().expect("read").notices), (0, 0));
    assert_eq!(story(&store, 100).iter().filter(|line| *line == "webhook").count(), 2);
    let line = &store.messages_named(&[MessageId(100)]).expect("read")[0];
    assert!(line.webhook.as_deref().is_some_and(|last| last.starts_with("given up")), "{:?}", line.webhook);
}

fn to_recipient() -> MessageFilter {
    MessageFilter { recipient: Some(PhoneNumber::parse(RECIPIENT).expect("a number")), ..MessageFilter::default() }
}

#[test]
fn messages_are_listed_newest_first_with_their_state_in_one_word() {
    let store = store_with(PLENTY);
    let mut other = a_plan(300, "to another");
    other.recipient = PhoneNumber::parse("447700900999").expect("a number");
    let ops = [
        accept(a_plan(100, "one"), Claim::Now),
        accept(a_plan(200, &"a".repeat(161)), Claim::Later),
        accept(other, Claim::Now),
    ];
    store.commit(&ops).expect("committed");
    run(
        &store,
        event(
            100,
            1,
            PartEvent::Receipt(whimbrel_core::Report {
                carrier: CARRIER,
                status: ReceiptStatus::Delivered,
                cause: Cause::None,
                next: None,
            }),
        ),
    );
    let list = |filter: MessageFilter| {
        let messages = store.messages(&filter).expect("read");
        messages.iter().map(|message| (message.id.0, message.status.to_string())).collect::<Vec<_>>()
    };
    let all = MessageFilter { count_max: 10, ..MessageFilter::default() };
    let line = |id, status: &str| (id, status.to_owned());
    assert_eq!(list(all.clone()), [line(300, "submitting"), line(200, "queued"), line(100, "delivered")]);
    let recipient = Some(PhoneNumber::parse(RECIPIENT).expect("a number"));
    let to = MessageFilter { recipient, ..all.clone() };
    assert_eq!(list(to.clone()), [line(200, "queued"), line(100, "delivered")]);
    assert_eq!(list(MessageFilter { account: Some(AccountId(1)), ..to }), []);
    assert_eq!(
        list(MessageFilter { account: Some(ACCOUNT), before: Some(MessageId(300)), count_max: 1, ..all }),
        [line(200, "queued")]
    );
    // What is newer comes newest first as well, but it is the nearest that comes.
    let after =
        |id, count_max, filter: MessageFilter| MessageFilter { after: Some(MessageId(id)), count_max, ..filter };
    assert_eq!(list(after(100, 1, MessageFilter::default())), [line(200, "queued")]);
    assert_eq!(list(after(0, 9, to_recipient())), [line(200, "queued"), line(100, "delivered")]);
    let of_account = MessageFilter { account: Some(ACCOUNT), ..MessageFilter::default() };
    assert_eq!(list(after(200, 9, of_account)), [line(300, "submitting")]);
    let named = [MessageId(100), MessageId(7), MessageId(300)];
    let named = store.messages_named(&named).expect("read");
    assert_eq!(named.iter().map(|message| message.id.0).collect::<Vec<_>>(), [100, 300]);
    // Parts that ended differently are mixed.
    run(
        &store,
        event(
            200,
            1,
            PartEvent::Receipt(whimbrel_core::Report {
                carrier: CARRIER,
                status: ReceiptStatus::Delivered,
                cause: Cause::None,
                next: None,
            }),
        ),
    );
    assert_eq!(view(&store, 200).summary.status.as_ref(), "queued");
    run(
        &store,
        event(
            201,
            1,
            PartEvent::Receipt(whimbrel_core::Report {
                carrier: CARRIER,
                status: ReceiptStatus::Failed,
                cause: Cause::General,
                next: None,
            }),
        ),
    );
    assert_eq!(view(&store, 200).summary.status.as_ref(), "mixed");
    assert_eq!(store.message_of_part(PartId(201)).expect("read"), Some(MessageId(200)));
    assert_eq!(store.message_of_part(PartId(300)).expect("read"), Some(MessageId(300)));
    assert_eq!(store.message_of_part(PartId(7)).expect("read"), None);
}

#[test]
fn credentials_can_be_checked_and_signatures_made() {
    let store = store_with(1);
    let credentials = store.credentials().expect("read");
    let [credential] = &credentials[..] else { panic!("{credentials:?}") };
    let [secret] = &credential.secrets[..] else { panic!("{credential:?}") };
    assert!(keyring().proves(&secret.verifier, &Secret::new("devSecret01")));
    assert!(!keyring().proves(&secret.verifier, &Secret::new("devSecret02")));
    let signs = &credential.signature_secrets;
    assert!(signs.current.secret == Secret::new("devSignature01") && signs.previous.is_none());
    assert_eq!(&*credentials[0].dialect, "plain");
    assert_eq!(store.carriers().expect("read"), [(CARRIER, "tele-1".into())]);
}

#[test]
fn ids_go_on_above_the_highest_that_was_seen() {
    let store = store_with(PLENTY);
    let before = store.high_water().expect("read");
    run(&store, accept(a_plan(100, &"a".repeat(161)), Claim::Now));
    assert_eq!(store.high_water().expect("read"), before.max(101));
    run(&store, receipt(report("x", ReceiptStatus::Delivered), 0));
    assert_eq!(store.high_water().expect("read"), 2_000_000_000);
}

#[test]
fn a_reference_that_was_paid_is_not_paid_with_another_amount() {
    let store = store_with(PLENTY);
    for _ in 0..2 {
        assert!(
            matches!(run(&store, top_up(ACCOUNT, 5, "march")), OpResult::Wallet(_)),
            "the same payment again is one"
        );
    }
    let other = run(&store, top_up(ACCOUNT, 6, "march"));
    assert!(matches!(other, OpResult::AccountRefused(AccountRefused::CauseTaken)), "{other:?}");
    assert_eq!(money(&store), (PLENTY + 5, 0));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn an_acceptance_that_comes_late_counts_although_the_part_is_on_its_way_again() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, "hello"), Claim::Now));
    part(&store, doubt(100, 1, 1, DoubtPolicy::Resend));
    part(&store, claimed(100, 2, 2));
    part(&store, sent(100, 3, 1, "c1"));
    assert_eq!((states(&store, 100), money(&store)), (vec!["submitted".to_owned()], (PLENTY - PRICE, 0)));
    // The carrier refuses the copy as one: that says nothing of the part.
    let error = CarrierError::Permanent {
        cause: Cause::Spam,
        status: ReceiptStatus::Rejected,
        code: "0x66".into(),
        scope: RefusalScope::Everywhere,
    };
    let copy = PartEvent::Refused { attempt: AttemptNumber(2), error, retry_at: NOW, next: None };
    assert_eq!(part(&store, event(100, 4, copy)).ignored, Some(Ignored::Stale));
    matched(&store, receipt(report("c1", ReceiptStatus::Delivered), 5));
    assert_eq!((states(&store, 100), money(&store)), (vec!["delivered".to_owned()], (PLENTY - PRICE, 0)));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn parts_that_another_carrier_may_get_are_read_in_their_order_from_any_place_on() {
    let store = store_with(PLENTY);
    for id in [100, 200, 300, 400] {
        run(&store, accept(a_plan(id, "hi"), Claim::Later));
    }
    // One is under way, and one is in doubt: its carrier may have it.
    run(&store, claimed(200, 1, 1));
    run(&store, claimed(300, 1, 1));
    run(&store, doubt(300, 2, 1, DoubtPolicy::Resend));
    let read = |after, count| {
        let parts = store.movable(CARRIER, after, count).expect("read");
        parts.iter().map(|part| (part.part_id.0, part.attempt.0, part.place())).collect::<Vec<_>>()
    };
    let ids = |parts: &[(i64, u16, QueuePlace)]| parts.iter().map(|part| part.0).collect::<Vec<_>>();
    let all = read(None, 10);
    assert_eq!(ids(&all), [100, 400]);
    assert_eq!(ids(&read(None, 1)), [100]);
    assert_eq!(ids(&read(Some(all[0].2), 10)), [400]);
    assert_eq!(ids(&read(Some(all[1].2), 10)), [0_i64; 0]);
    let other = match run(&store, Op::NameCarrier { name: "tele-2".into() }) {
        OpResult::Carrier(id) => id,
        other => panic!("{other:?}"),
    };
    let hand_on = event(100, 3, PartEvent::HandedOn { attempt: AttemptNumber(1), next: other });
    assert_eq!(part(&store, hand_on.clone()).record.expect("open").carrier, other);
    assert_eq!(part(&store, hand_on).ignored, Some(Ignored::Repeated));
    // The claim of the carrier before comes too late.
    assert_eq!(part(&store, claimed(100, 4, 1)).ignored, Some(Ignored::Stale));
    assert_eq!((ids(&read(None, 10)), store.movable(other, None, 10).expect("read").len()), (vec![400], 1));
    assert!(part(&store, claimed(100, 5, 2)).submission.is_some());
}
