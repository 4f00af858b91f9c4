//! What is old is forgotten in small steps: the ledger keeps its sums, every invariant holds at each step, and what is not finished
//! stays.

mod support;

use support::*;
use whimbrel_core::{
    Bucket, Content, DoubtPolicy, InboundAlphabet, InboundContent, InboundId, InboundPart, MessageId, MessageText,
    NoticeId, PartEvent, ReceiptStatus, Refusal, ReplayKey, ReplayKind, ReplayMark, SenderId, Span, id,
};
use whimbrel_store::{
    Accept, Claim, Forget, InboundIn, Marked, NoticeResult, NoticeTried, NumberChange, NumberFate, Op, OpResult,
    OrphanReason, Prune, Pruned, ReceiptOutcome, SqliteStore, Store, TopUp,
};

const PLENTY: i64 = 1_000 * PRICE;

fn days(count: i64) -> Span {
    Span::hours(24 * count)
}

/// The id of the n-th message, which is accepted on the n-th day.
fn numbered(day: i64) -> i64 {
    id::lowest_at(NOW + days(day)) + 16
}

/// A message that is accepted on that day; its events are told in seconds after it.
fn accepted_on(store: &dyn Store, day: i64, text: &str) -> i64 {
    let id = numbered(day);
    let mut plan = a_plan(id, text);
    plan.accepted_at = NOW + days(day);
    // Some are to leave much later than they were accepted.
    plan.expires_at = plan.accepted_at + if text.contains("open") { days(300) } else { Span::hours(72) };
    let taken = run(store, accept(keyed(plan, &format!("key {day}"), 1), Claim::Now));
    assert!(matches!(taken, OpResult::Accepted { repeated: false, .. }));
    id
}

/// Gives an operation about a part a time and an id of its own, on the day of its part and so many seconds later.
fn on(mut op: Op, day: i64, seconds: i64) -> Op {
    let (at, own) = (NOW + days(day) + Span::seconds(seconds), NoticeId(numbered(day) + 1_000 + seconds));
    match &mut op {
        Op::Part(change) => (change.at, change.notice_id) = (at, own),
        Op::Receipt(receipt) => (receipt.at, receipt.notice_id) = (at, own),
        other => panic!("has no id: {other:?}"),
    }
    op
}

/// Accepted, sent, reported, told: nothing is left to do.
fn finished_on(store: &dyn Store, day: i64, text: &str) -> i64 {
    let id = accepted_on(store, day, text);
    let count = view(store, id).parts.len() as i64;
    for number in 0..count {
        let name = format!("c{day}x{number}");
        part(store, on(sent(id + number, 0, 1, &name), day, 10 * number + 1));
        let told = matched(store, on(receipt(report(&name, ReceiptStatus::Delivered), 0), day, 10 * number + 2));
        for notice in told.notices {
            let at = NOW + days(day) + Span::seconds(3);
            let tried = NoticeTried { id: notice.id, at, result: NoticeResult::Delivered, detail: "HTTP 200".into() };
            run(store, Op::Notice(tried));
        }
    }
    id
}

fn prune(store: &dyn Store, day: i64, texts: Option<i64>, messages: Option<i64>, count_max: usize) -> Pruned {
    let before = |age: i64| NOW + days(day - age);
    let (texts_before, messages_before) = (texts.map(before), messages.map(before));
    match run(store, Op::Prune(Prune { at: NOW + days(day), texts_before, messages_before, count_max })) {
        OpResult::Pruned(pruned) => pruned,
        other => panic!("{other:?}"),
    }
}

/// Steps until nothing is left to do; every invariant holds after each.
fn prune_all(store: &SqliteStore, day: i64, texts: Option<i64>, messages: Option<i64>) -> Vec<Pruned> {
    let mut steps = Vec::new();
    loop {
        let step = prune(store, day, texts, messages, 2);
        is_clean(store);
        steps.push(step);
        if !step.more {
            return steps;
        }
        assert!(steps.len() < 100, "it ends");
    }
}

fn is_clean(store: &SqliteStore) {
    let audit = store.audit().expect("read");
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
}

fn text(store: &dyn Store, id: i64) -> String {
    match view(store, id).summary.content {
        Content::Text { text, .. } => text.expose().to_owned(),
        Content::Binary(_) => panic!("a text"),
    }
}

fn is_there(store: &dyn Store, id: i64) -> bool {
    store.message(whimbrel_core::MessageId(id)).expect("read").is_some()
}

#[test]
fn old_messages_go_in_steps_and_the_ledger_stays() {
    let store = store_with(PLENTY);
    let ids: Vec<i64> =
        (0..9).map(|day| finished_on(&store, day, &"a".repeat(if day == 3 { 400 } else { 4 }))).collect();
    let doubtful = accepted_on(&store, 9, "x");
    part(&store, on(doubt(doubtful, 0, 1, DoubtPolicy::FailUnknown), 9, 5));
    let notice = store.notices(None, 10).expect("read").pop().expect("its end is to be told");
    let waits = accepted_on(&store, 10, "is open");
    let new = finished_on(&store, 95, "new");
    is_clean(&store);
    let (paid, high_water) = (money(&store), store.high_water().expect("read"));

    let steps = prune_all(&store, 100, None, Some(90));
    assert!(steps.len() >= 5 && steps.iter().all(|step| step.messages <= 2 && step.rows <= 40), "{steps:?}");
    assert_eq!(steps.iter().map(|step| step.messages).sum::<u64>(), 9);
    assert!(ids.iter().all(|id| !is_there(&store, *id)));
    assert!(is_there(&store, doubtful), "its webhook waits, and keeps it");
    assert!(is_there(&store, waits) && is_there(&store, new));
    let stats = store.stats().expect("read");
    assert_eq!((stats.messages, stats.doubts), (3, 1), "the counts are those of what is there");
    assert_eq!((money(&store), store.high_water().expect("read")), (paid, high_water), "no id is given again");

    // The webhook is given up: then its message goes, with its doubt. What is not finished stays, and goes once it is.
    let tried = NoticeTried { id: notice.id, at: NOW + days(100), result: NoticeResult::GivenUp, detail: "".into() };
    run(&store, Op::Notice(tried));
    assert_eq!(prune_all(&store, 101, None, Some(90)).iter().map(|step| step.messages).sum::<u64>(), 1);
    assert_eq!(store.stats().expect("read").doubts, 0);
    let told = part(
        &store,
        on(
            event(
                waits,
                0,
                PartEvent::Doubt {
                    attempt: whimbrel_core::AttemptNumber(1),
                    cause: whimbrel_core::DoubtCause::LinkLost,
                    rules: whimbrel_core::part::DoubtRules::all(DoubtPolicy::FailUnknown),
                },
            ),
            10,
            9,
        ),
    );
    for notice in told.notices {
        let tried =
            NoticeTried { id: notice.id, at: NOW + days(101), result: NoticeResult::Delivered, detail: "".into() };
        run(&store, Op::Notice(tried));
    }
    prune_all(&store, 102, None, Some(90));
    assert_eq!((is_there(&store, waits), is_there(&store, new)), (false, true));
    assert_eq!(money(&store).1, 0);
}

#[test]
fn what_credit_paid_is_known_after_its_message_is_gone() {
    let folder = Folder::new("prune-buckets");
    let store = folder.open();
    furnish(&store, PLENTY);
    // Two messages fall between buckets: one takes the last of the free credit, one the last of the bonus credit.
    for (bucket, units) in [(Bucket::FreeCredit, PRICE + PRICE / 2), (Bucket::BonusCredit, PRICE)] {
        let Op::TopUp(payment) = top_up(ACCOUNT, units, bucket.as_str()) else { panic!("a payment") };
        run(&store, Op::TopUp(TopUp { bucket, ..payment }));
    }
    let credit = |store: &dyn Store| wallet(store, ACCOUNT).buckets();
    let ids: Vec<i64> = (0..4).map(|day| finished_on(&store, day, "x")).collect();
    let given_back = accepted_on(&store, 4, "x");
    part(&store, on(doubt(given_back, 0, 1, DoubtPolicy::FailUnknown), 4, 5));
    is_clean(&store);
    let (left, paid) = (credit(&store), money(&store));
    assert_eq!((left.free_credit.units, left.bonus_credit.units), (0, 0));
    assert_eq!(paid.0, PLENTY + PRICE * 5 / 2 - 4 * PRICE);

    prune_all(&store, 100, None, Some(90));
    assert!(ids.iter().all(|id| !is_there(&store, *id)));
    assert_eq!((credit(&store), money(&store)), (left, paid));
    // A start reads the wallet anew, and what comes after finds the books as they were.
    drop(store);
    let store = folder.open();
    assert_eq!((credit(&store), money(&store)), (left, paid));
    is_clean(&store);
}

#[test]
fn a_late_receipt_for_what_was_removed_is_kept_and_told_to_nobody() {
    let store = store_with(PLENTY);
    let id = finished_on(&store, 0, "gone");
    prune_all(&store, 100, None, Some(90));
    assert!(!is_there(&store, id));
    let came = on(receipt(report("c0x0", ReceiptStatus::Failed), 0), 100, 7);
    let OpResult::Receipt(outcome) = run(&store, came.clone()) else { panic!("no receipt") };
    assert!(matches!(*outcome, ReceiptOutcome::Parked(OrphanReason::UnknownId)), "{outcome:?}");
    is_clean(&store);
    let OpResult::Receipt(again) = run(&store, came) else { panic!("no receipt") };
    assert!(matches!(*again, ReceiptOutcome::ParkedBefore(_)));
    assert_eq!(store.notices(None, 10).expect("read"), []);
}

#[test]
fn texts_are_erased_before_the_facts_are() {
    let folder = Folder::new("prune-texts");
    let store = folder.open();
    furnish(&store, PLENTY);
    let (old, open, new) =
        (finished_on(&store, 0, "old secret"), accepted_on(&store, 1, "open secret"), finished_on(&store, 40, "new"));
    let steps = prune_all(&store, 50, Some(30), Some(90));
    assert_eq!(
        steps.iter().map(|step| (step.texts, step.messages)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        (1, 0)
    );
    assert_eq!((text(&store, old), text(&store, new)), (String::new(), "new".into()));
    assert_eq!((states(&store, old), text(&store, open)), (vec!["delivered".to_owned()], "open secret".into()));
    // It can be sent again with the same octets as long as it is open; once it ends, its text goes at once.
    part(&store, on(doubt(open, 0, 1, DoubtPolicy::Resend), 1, 5));
    let copy = part(&store, on(claimed(open, 0, 2), 1, 6)).submission.expect("claimed");
    assert!(!copy.content.user_data().is_empty());
    part(&store, on(doubt(open, 0, 2, DoubtPolicy::FailUnknown), 1, 7));
    assert_eq!(text(&store, open), "");
    is_clean(&store);
    // Nothing is looked at twice, and a restart knows how far it was.
    drop(store);
    let store = folder.open();
    assert_eq!(prune(&store, 50, Some(30), Some(90), 100), Pruned::default());
}

#[test]
fn a_text_with_a_code_reads_after_it_was_erased() {
    let store = store_with(PLENTY);
    let id = numbered(0);
    let code = MessageText::with_code("{code} is your code", "482917").expect("a code");
    let mut plan = a_plan(id, "x");
    plan.content = Content::Text { text: code, alphabet: whimbrel_core::Alphabet::Gsm7Lossy };
    run(&store, accept(keyed(plan, "key", 1), Claim::Now));
    part(&store, on(sent(id, 0, 1, "a"), 0, 1));
    matched(&store, on(receipt(report("a", ReceiptStatus::Delivered), 0), 0, 2));
    prune_all(&store, 60, Some(30), None);
    assert_eq!(text(&store, id), "");
    assert_eq!(
        store.messages(&whimbrel_store::MessageFilter { count_max: 9, ..Default::default() }).expect("read").len(),
        1
    );
    is_clean(&store);
}

#[test]
fn a_text_that_came_in_stays_until_its_webhook_was_told() {
    let store = store_with(PLENTY);
    let change =
        NumberFate::Assign { account_id: ACCOUNT, inbound_url: Some("http://127.0.0.1/in".into()), country: None };
    run(&store, Op::Number(NumberChange { number: "447700900999".into(), change, at: NOW }));
    let content = InboundContent::Text { text: MessageText::new("came in"), alphabet: InboundAlphabet::Gsm7 };
    let sender = SenderId::parse(RECIPIENT).expect("a sender");
    let part = InboundPart { sender, number: "447700900999".into(), header: Box::default(), concat: None, content };
    let (id, notice_id) = (InboundId(numbered(0)), NoticeId(numbered(0) + 1));
    run(&store, Op::Inbound(Box::new(InboundIn { id, carrier: CARRIER, part, at: NOW, notice_id })));
    let erased = |store: &SqliteStore| prune_all(store, 60, Some(30), None).iter().map(|step| step.texts).sum::<u64>();
    assert_eq!(erased(&store), 0, "the customer has not had it");
    let at = NOW + days(60);
    run(&store, Op::Notice(NoticeTried { id: notice_id, at, result: NoticeResult::Delivered, detail: "".into() }));
    assert_eq!(erased(&store), 1);
}

#[test]
fn texts_that_came_in_are_erased_and_removed_too() {
    let store = store_with(PLENTY);
    let change = NumberFate::Assign { account_id: ACCOUNT, inbound_url: None, country: None };
    run(&store, Op::Number(NumberChange { number: "447700900999".into(), change, at: NOW }));
    for day in [0, 50] {
        let content = InboundContent::Text { text: MessageText::new("came in"), alphabet: InboundAlphabet::Gsm7 };
        let part = InboundPart {
            sender: SenderId::parse(RECIPIENT).expect("a sender"),
            number: "447700900999".into(),
            header: Box::default(),
            concat: None,
            content,
        };
        let (id, notice_id) = (InboundId(numbered(day)), NoticeId(numbered(day) + 1));
        run(&store, Op::Inbound(Box::new(InboundIn { id, carrier: CARRIER, part, at: NOW + days(day), notice_id })));
    }
    let texts = |store: &SqliteStore| {
        let filter = whimbrel_store::InboundFilter { count_max: 10, ..Default::default() };
        let views = store.inbound(&filter).expect("read");
        views
            .iter()
            .map(|view| match &view.content {
                InboundContent::Text { text, .. } => text.expose().to_owned(),
                InboundContent::Binary { .. } => panic!("a text"),
            })
            .collect::<Vec<_>>()
    };
    let erased = prune_all(&store, 60, Some(30), Some(90));
    assert_eq!(erased.iter().map(|step| step.texts).sum::<u64>(), 1);
    assert_eq!(texts(&store), ["came in", ""]);
    let removed = prune_all(&store, 120, Some(30), Some(90));
    assert_eq!(removed.iter().map(|step| step.inbound).sum::<u64>(), 1);
    assert_eq!((texts(&store), store.stats().expect("read").inbound), (vec![String::new()], 1));
}

#[test]
fn what_somebody_clears_is_forgotten_as_far_as_it_has_ended_and_been_told() {
    let store = store_with(PLENTY);
    let (ended, long) = (finished_on(&store, 1, "ended"), finished_on(&store, 2, &"long ".repeat(60)));
    let open = accepted_on(&store, 3, "open");
    // Ended, and its webhook waits.
    let untold = accepted_on(&store, 4, "untold");
    part(&store, on(sent(untold, 0, 1, "c4"), 4, 1));
    matched(&store, on(receipt(report("c4", ReceiptStatus::Delivered), 0), 4, 2));
    let stays = finished_on(&store, 5, "nobody asked for this one");
    let before = money(&store);
    let all: Box<[MessageId]> = [ended, long, open, untold, 7].map(MessageId).into();
    for expected in [2, 0] {
        let forget = Forget { at: NOW + days(6), messages: all.clone() };
        let OpResult::Pruned(gone) = run(&store, Op::Forget(forget)) else { panic!("not forgotten") };
        assert_eq!(gone.messages, expected, "the second time there is nothing to do");
        let audit = store.audit().expect("read");
        assert!(audit.is_clean(), "{:?}", audit.broken().collect::<Vec<_>>());
    }
    for (id, is_there) in [(ended, false), (long, false), (open, true), (untold, true), (stays, true)] {
        assert_eq!(store.message(MessageId(id)).expect("read").is_some(), is_there, "{id}");
    }
    assert_eq!((money(&store), store.stats().expect("read").messages), (before, 3));
    assert!(store.ledger(ACCOUNT, None, 100).expect("read").entries.len() >= 4, "the ledger keeps what it cost");
    // What was left goes on as if nothing had been.
    part(&store, on(sent(open, 0, 1, "c3"), 6, 1));
    assert_eq!(states(&store, open), ["submitted"]);
}

#[test]
fn what_was_cleared_is_not_sent_again_under_its_key() {
    let store = store_with(PLENTY);
    let id = finished_on(&store, 1, "ended");
    let before = money(&store);
    let forget = Forget { at: NOW + days(1) + Span::hours(1), messages: [MessageId(id)].into() };
    let OpResult::Pruned(gone) = run(&store, Op::Forget(forget)) else { panic!("not forgotten") };
    assert_eq!(gone.messages, 1);
    let again = |after: Span| {
        let mut plan = keyed(a_plan(id + 500 + after.0, "ended"), "key 1", 1);
        plan.accepted_at = NOW + days(1) + after;
        plan
    };
    let retried = again(Span::hours(2));
    let key = retried.idempotency.clone().expect("a key");
    let marked = store.answered_to_key(ACCOUNT, &key, retried.accepted_at).expect("read");
    assert_eq!(marked, Marked::Forgotten, "it was used, and there is no answer any more");
    let refused = run(&store, accept(retried, Claim::Now));
    assert!(matches!(refused, OpResult::Refused(Refusal::IdempotencyConflict)), "{refused:?}");
    assert_eq!((money(&store), store.stats().expect("read").messages), (before, 0), "nothing is charged again");
    is_clean(&store);
    // The key's time is over as it would have been.
    let later = run(&store, accept(again(Span::hours(24)), Claim::Now));
    assert!(matches!(later, OpResult::Accepted { repeated: false, .. }), "{later:?}");
}

#[test]
fn a_signature_whose_message_was_cleared_is_refused() {
    let store = store_with(PLENTY);
    let key = ReplayKey {
        kind: ReplayKind::Signature,
        mark: ReplayMark::dated(NOW.unix_seconds(), [1; 32]),
        expires_at: NOW + Span::seconds(301),
    };
    let signed =
        |id: i64| Op::Accept(Box::new(Accept { plan: a_plan(id, "hi").into(), claim: Claim::Now, replay: Some(key) }));
    let id = numbered(0);
    assert!(matches!(run(&store, signed(id)), OpResult::Accepted { repeated: false, .. }));
    part(&store, on(sent(id, 0, 1, "c"), 0, 1));
    let told = matched(&store, on(receipt(report("c", ReceiptStatus::Delivered), 0), 0, 2));
    for notice in told.notices {
        let at = NOW + Span::seconds(3);
        run(&store, Op::Notice(NoticeTried { id: notice.id, at, result: NoticeResult::Delivered, detail: "".into() }));
    }
    let forget = Forget { at: NOW + Span::seconds(4), messages: [MessageId(id)].into() };
    let OpResult::Pruned(gone) = run(&store, Op::Forget(forget)) else { panic!("not forgotten") };
    assert_eq!(gone.messages, 1);
    let before = money(&store);
    let again = run(&store, signed(id + 500));
    assert!(matches!(again, OpResult::Refused(Refusal::InvalidSignature)), "{again:?}");
    assert_eq!((money(&store), store.stats().expect("read").messages), (before, 0));
    is_clean(&store);
}
