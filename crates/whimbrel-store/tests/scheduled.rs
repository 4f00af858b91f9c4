//! Messages that leave later or not at all, numbers, and notices for hooks.

mod support;

use support::*;
use whimbrel_core::call::journal::{CauseWanted, JournalCall, JournalOutcome, JournalSide, StateWanted};
use whimbrel_core::{
    AccountId, AttemptNumber, CarrierId, ForHook, FormNamed, MessageId, Notice, NoticeForm, NoticeId, NoticeScope,
    PartEvent, PartId, PartState, Plan, ReceiptStatus, Serial, Span, Telling, Timestamp,
};
use whimbrel_store::{
    Cancel, Claim, DocumentChange, DocumentFate, DocumentKind, DocumentPlace, NoticeResult, NoticeTried, Op, OpResult,
    PartOutcome, Spread, SqliteStore, Store, TakesTexts,
};

const LATER: Timestamp = Timestamp(NOW.0 + 3_600_000_000);

/// A message of that number, told to hooks.
fn numbered(id: i64, text: &str, serial: u64) -> Plan {
    let telling = Telling { form: NoticeForm(0), named: FormNamed::ByRequest, scope: NoticeScope::Progress };
    Plan { serial: Some(Serial(serial)), telling, ..a_plan(id, text) }
}

/// The same, not to leave before an hour has passed.
fn scheduled(id: i64, text: &str, serial: u64) -> Plan {
    Plan { due_at: LATER, expires_at: LATER + Span::hours(1), ..numbered(id, text, serial) }
}

fn queued(store: &dyn Store, until: Timestamp) -> Vec<i64> {
    store.queued(CARRIER, until, 100).expect("read").into_iter().map(|part| part.record.part_id.0).collect()
}

fn cancel(message: i64, operation: i64) -> Op {
    let (message_id, id) = (MessageId(message), NoticeId(operation));
    Op::Cancel(Cancel { account_id: ACCOUNT, message_id, id, at: NOW + Span::seconds(1) })
}

fn cancelled(store: &dyn Store, op: Op) -> Vec<i64> {
    match run(store, op) {
        OpResult::Cancelled(parts) => parts.into_iter().map(|part| part.0).collect(),
        other => panic!("not about a message to call back: {other:?}"),
    }
}

#[test]
fn a_scheduled_message_is_kept_over_a_crash_and_not_due_before_its_time() {
    let folder = Folder::new("scheduled");
    let store = folder.open();
    furnish(&store, 100_000_000);
    run(&store, accept(scheduled(100, "later", 1), Claim::Later));
    run(&store, accept(numbered(200, "now", 2), Claim::Later));
    let store = folder.crashed("scheduled-crashed").open();
    assert_eq!(queued(&store, NOW), [200]);
    assert_eq!(queued(&store, LATER), [200, 100]);
    assert_eq!(store.next_due(CARRIER, NOW).expect("read"), Some(LATER));
    assert_eq!(store.next_due(CARRIER, LATER).expect("read"), None);
    // Its validity counts from its time: when that comes nothing has expired, an hour later it has.
    assert_eq!(store.clock_due(LATER, 10).expect("read"), []);
    assert_eq!(store.clock_due(LATER + Span::hours(1), 10).expect("read"), [PartId(100)]);
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn another_carrier_gets_a_scheduled_message_no_earlier() {
    let store = store_with(100_000_000);
    run(&store, Op::NameCarrier { name: "tele-2".into() });
    run(&store, accept(scheduled(100, "later", 1), Claim::Later));
    let next = CarrierId(2);
    let outcome = part(&store, event(100, 5, PartEvent::HandedOn { attempt: AttemptNumber(1), next }));
    let record = outcome.record.expect("open");
    assert_eq!((record.carrier, record.state), (next, PartState::Queued { due_at: LATER }));
}

#[test]
fn a_message_that_nobody_has_is_called_back_once_with_its_money() {
    let store = store_with(100_000_000);
    run(&store, accept(scheduled(100, &"a".repeat(200), 1), Claim::Later));
    let (posted, held) = money(&store);
    assert_eq!(held, 2 * PRICE);
    let other =
        Op::Cancel(Cancel { account_id: AccountId(6), message_id: MessageId(100), id: NoticeId(5_000), at: NOW });
    assert_eq!(cancelled(&store, other), [0_i64; 0], "another account's");
    assert_eq!(cancelled(&store, cancel(100, 5_001)), [100, 101]);
    assert_eq!(cancelled(&store, cancel(100, 5_001)), [0_i64; 0], "the same again");
    assert_eq!(money(&store), (posted, 0));
    assert_eq!(states(&store, 100), ["failed", "failed"]);
    assert!(part(&store, claimed(100, 9, 1)).submission.is_none(), "nothing leaves any more");
    assert_eq!(store.notices(None, 10).expect("read"), [], "who called it back is told nothing");
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_message_of_which_a_part_has_left_is_not_called_back() {
    let store = store_with(100_000_000);
    run(&store, accept(numbered(100, &"a".repeat(200), 1), Claim::Later));
    let before = money(&store);
    part(&store, claimed(101, 1, 1));
    assert_eq!(cancelled(&store, cancel(100, 5_000)), [0_i64; 0]);
    assert_eq!((money(&store), states(&store, 100)), (before, vec!["queued".into(), "submitting".into()]));
}

#[test]
fn numbers_find_their_messages_and_go_on_after_a_restart() {
    let folder = Folder::new("numbers");
    let store = folder.open();
    furnish(&store, 100_000_000);
    assert_eq!(store.serial_high().expect("read"), 0);
    run(&store, accept(numbered(100, "one", 7), Claim::Later));
    make_hook(&store, "9");
    drop(store);
    let store = folder.open();
    assert_eq!(store.serial_high().expect("read"), 9, "documents count as well");
    assert_eq!(store.message_of_serial(ACCOUNT, Serial(7)).expect("read"), Some(MessageId(100)));
    assert_eq!(store.message_of_serial(AccountId(6), Serial(7)).expect("read"), None, "another account's");
    assert_eq!(store.message_of_any(Serial(8)).expect("read"), None);
    // The very same operation is answered as the first time, its number too.
    match run(&store, accept(numbered(100, "one", 7), Claim::Later)) {
        OpResult::Accepted { accepted, repeated: true } => assert_eq!(accepted.serial, Some(Serial(7))),
        other => panic!("{other:?}"),
    }
    // A number that is given twice is a fault of ours, and nothing is stored.
    assert!(matches!(run(&store, accept(numbered(300, "two", 7), Claim::Later)), OpResult::Failed(_)));
    assert!(store.audit().expect("read").is_clean());
}

fn place(key: &str) -> DocumentPlace {
    DocumentPlace { dialect: "plain".into(), kind: DocumentKind::Hook, key: key.into() }
}

fn make_hook(store: &SqliteStore, key: &str) {
    let fate =
        DocumentFate::Make { json: "{}".into(), public_key: None, secret: None, texts: TakesTexts::No, count_max: 10 };
    let change = DocumentChange { place: place(key), account_id: ACCOUNT, fate, at: NOW };
    assert!(matches!(run(store, Op::Document(Box::new(change))), OpResult::Document(_)));
}

fn statuses(outcome: &PartOutcome) -> Vec<ReceiptStatus> {
    outcome.notices.iter().map(|notice| told(notice).report.status).collect()
}

#[test]
fn hooks_are_told_of_each_step_and_nobody_is_where_there_are_none() {
    let store = store_with(100_000_000);
    run(&store, accept(numbered(100, "one", 1), Claim::Now));
    assert_eq!(statuses(&part(&store, sent(100, 1, 1, "a"))), [], "there is no hook");
    make_hook(&store, "9");
    run(&store, accept(numbered(200, "two", 2), Claim::Now));
    assert_eq!(statuses(&part(&store, sent(200, 1, 1, "b"))), [ReceiptStatus::Submitted]);
    assert_eq!(statuses(&matched(&store, receipt(report("b", ReceiptStatus::Buffered), 2))), [ReceiptStatus::Buffered]);
    let progress = |serial| store.progress(ACCOUNT, Serial(serial)).expect("read").expect("there").report;
    assert_eq!(progress(2).map(|report| report.status), Some(ReceiptStatus::Buffered));
    assert_eq!(statuses(&matched(&store, receipt(report("b", ReceiptStatus::Buffered), 3))), [], "again");
    assert_eq!(
        statuses(&matched(&store, receipt(report("b", ReceiptStatus::Delivered), 4))),
        [ReceiptStatus::Delivered]
    );
    assert_eq!(progress(2).map(|report| report.status), Some(ReceiptStatus::Delivered));
    assert_eq!(progress(1).map(|report| report.status), Some(ReceiptStatus::Submitted));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_message_that_was_called_back_is_told_to_no_hook() {
    let store = store_with(100_000_000);
    make_hook(&store, "9");
    run(&store, accept(scheduled(100, &"a".repeat(200), 1), Claim::Later));
    assert_eq!(cancelled(&store, cancel(100, 5_000)), [100, 101]);
    assert_eq!(store.notices(None, 10).expect("read"), [], "who called it back was answered");
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_text_of_several_parts_is_told_as_one() {
    let store = store_with(100_000_000);
    make_hook(&store, "9");
    run(&store, accept(numbered(100, &"a".repeat(200), 1), Claim::Now));
    assert_eq!(statuses(&part(&store, sent(100, 1, 1, "a"))), []);
    assert_eq!(statuses(&part(&store, sent(101, 2, 1, "b"))), [ReceiptStatus::Submitted]);
    assert_eq!(
        statuses(&matched(&store, receipt(report("b", ReceiptStatus::Buffered), 3))),
        [],
        "of its first part only"
    );
    assert_eq!(statuses(&matched(&store, receipt(report("a", ReceiptStatus::Delivered), 4))), []);
    assert_eq!(
        statuses(&matched(&store, receipt(report("b", ReceiptStatus::Delivered), 5))),
        [ReceiptStatus::Delivered]
    );
}

#[test]
fn a_report_for_both_parts_that_outran_the_second_answer_is_told_after_it() {
    let store = store_with(100_000_000);
    make_hook(&store, "9");
    run(&store, accept(numbered(100, &"a".repeat(200), 1), Claim::Now));
    assert_eq!(statuses(&part(&store, sent(100, 1, 1, "one"))), []);
    assert_eq!(statuses(&matched(&store, receipt(report("one", ReceiptStatus::Delivered), 2))), []);
    let answer = sent(101, 3, 1, "one");
    let both = [ReceiptStatus::Submitted, ReceiptStatus::Delivered];
    assert_eq!(statuses(&part(&store, answer.clone())), both);
    let kept: Vec<ReceiptStatus> =
        store.notices(None, 10).expect("read").iter().map(|notice| told(notice).report.status).collect();
    assert_eq!(kept, both, "in the order in which they are sent");
    assert_eq!((states(&store, 100), money(&store)), (vec!["delivered".into(); 2], (100_000_000 - 2 * PRICE, 0)));
    let before = everything(&store);
    part(&store, answer);
    assert_eq!(everything(&store), before, "the same answer again");
    assert!(store.audit().expect("read").is_clean());
}

fn one_for_all(store: &SqliteStore) -> Notice {
    make_hook(store, "8");
    make_hook(store, "9");
    run(store, accept(numbered(100, "one", 1), Claim::Now));
    let notice = part(store, sent(100, 1, 1, "a")).notices.pop().expect("told");
    assert_eq!(notice.hook, ForHook::Every);
    notice
}

fn spread(notice: &Notice) -> Op {
    let hooks = vec![(NoticeId(9_000), "8".into()), (NoticeId(9_001), "9".into())];
    Op::Spread(Box::new(Spread { id: notice.id, hooks, at: NOW + Span::seconds(2) }))
}

fn waiting(store: &SqliteStore) -> Vec<(i64, ForHook, u32)> {
    let notices = store.notices(None, 10).expect("read").into_iter();
    notices.map(|notice| (notice.id.0, notice.hook, notice.failures)).collect()
}

#[test]
fn each_hook_has_a_notice_with_tries_of_its_own_over_a_crash() {
    let folder = Folder::new("spread");
    let store = folder.open();
    furnish(&store, 100_000_000);
    let notice = one_for_all(&store);
    let (one, two) = (ForHook::One("8".into()), ForHook::One("9".into()));
    for _ in 0..2 {
        // The very same operation twice makes no more of them.
        match run(&store, spread(&notice)) {
            OpResult::Spread(notices) => {
                assert_eq!(notices.iter().map(|notice| &notice.hook).collect::<Vec<_>>(), [&one, &two]);
                assert!(notices.iter().all(|spread| spread.told == notice.told));
            }
            other => panic!("{other:?}"),
        }
    }
    let try_at = |id, result| {
        let tried = NoticeTried { id: NoticeId(id), at: NOW + Span::seconds(3), result, detail: "HTTP 500".into() };
        Op::Notice(tried)
    };
    run(&store, try_at(9_000, NoticeResult::RetryAt(NOW + Span::seconds(60))));
    let store = folder.crashed("spread-crashed").open();
    assert_eq!(waiting(&store), [(9_001, two, 0), (9_000, one.clone(), 1)]);
    run(&store, try_at(9_001, NoticeResult::Delivered));
    assert_eq!(waiting(&store), [(9_000, one, 1)]);
    assert_eq!(store.stats().expect("read").notices, 1);
    assert!(store.audit().expect("read").is_clean());
    // After all of them ended, the operation of before still makes none.
    run(&store, try_at(9_000, NoticeResult::GivenUp));
    assert!(matches!(run(&store, spread(&notice)), OpResult::Spread(notices) if notices.is_empty()));
    assert_eq!(waiting(&store), []);
}

fn journal(store: &SqliteStore, account: AccountId, change: impl FnOnce(&mut JournalCall)) -> Vec<u64> {
    let mut page = JournalCall {
        side: JournalSide::Sent,
        id: None,
        from: None,
        until: None,
        to: None,
        state: None,
        skip: 0,
        count_max: 100,
    };
    change(&mut page);
    match store.journal(account, &page).expect("read") {
        JournalOutcome::Sent(lines) => lines.iter().filter_map(|line| Some(line.serial?.0)).collect(),
        JournalOutcome::CameIn(lines) => lines.iter().map(|line| line.id.0.unsigned_abs()).collect(),
        JournalOutcome::TooMuch => panic!("too much"),
    }
}

#[test]
fn a_journal_has_the_accounts_own_messages_the_newest_first() {
    let store = store_with(100_000_000);
    for (serial, id) in [(1, 100), (2, 200), (3, 300)] {
        run(&store, accept(numbered(id, "text", serial), Claim::Later));
    }
    assert_eq!(journal(&store, ACCOUNT, |_| {}), [3, 2, 1]);
    assert_eq!(journal(&store, ACCOUNT, |page| (page.skip, page.count_max) = (1, 1)), [2]);
    assert_eq!(journal(&store, ACCOUNT, |page| page.id = Some(2)), [2]);
    assert_eq!(journal(&store, ACCOUNT, |page| page.id = Some(0)), [0_u64; 0]);
    assert_eq!(journal(&store, ACCOUNT, |page| page.to = Some(RECIPIENT.into())), [3, 2, 1]);
    assert_eq!(journal(&store, ACCOUNT, |page| page.to = Some("447700900124".into())), [0_u64; 0]);
    assert_eq!(journal(&store, AccountId(6), |_| {}), [0_u64; 0], "another account's");
    assert_eq!(journal(&store, AccountId(6), |page| page.id = Some(2)), [0_u64; 0], "another account's");
    assert_eq!(journal(&store, ACCOUNT, |page| page.side = JournalSide::CameIn), [0_u64; 0]);
}

fn so_far(status: ReceiptStatus) -> Option<StateWanted> {
    Some(StateWanted { status, cause: CauseWanted::Any })
}

#[test]
fn a_journal_by_state_pages_over_what_is_so_far_alone() {
    let store = store_with(1_000_000_000_000);
    let plans = (1..=250_u64).map(|serial| numbered(i64::try_from(serial).expect("small") * 100, "text", serial));
    store.commit(&plans.map(|plan| accept(plan, Claim::Later)).collect::<Vec<_>>()).expect("committed");
    let delivered = [30_u64, 120, 121, 240];
    for serial in delivered {
        let (part, id) = (i64::try_from(serial).expect("small") * 100, serial.to_string());
        run(&store, claimed(part, 1, 1));
        run(&store, sent(part, 2, 1, &id));
        run(&store, receipt(report(&id, ReceiptStatus::Delivered), 3));
    }
    let page = |skip, count_max| {
        journal(&store, ACCOUNT, |page| {
            (page.state, page.skip, page.count_max) = (so_far(ReceiptStatus::Delivered), skip, count_max);
        })
    };
    assert_eq!(
        (page(0, 100), page(0, 2), page(2, 2), page(3, 2)),
        (vec![240, 121, 120, 30], vec![240, 121], vec![120, 30], vec![30])
    );
    assert_eq!(page(4, 2), [0_u64; 0]);
    let one =
        |id| journal(&store, ACCOUNT, |page| (page.state, page.id) = (so_far(ReceiptStatus::Delivered), Some(id)));
    assert_eq!((one(120), one(119)), (vec![120], vec![]));
    assert_eq!(journal(&store, AccountId(6), |page| page.state = so_far(ReceiptStatus::Delivered)), [0_u64; 0]);
}

#[test]
fn a_journal_is_not_searched_without_end() {
    let store = store_with(1_000_000_000_000);
    let plans = (1..=5_100_u64).map(|serial| numbered(i64::try_from(serial).expect("small") * 100, "text", serial));
    store.commit(&plans.map(|plan| accept(plan, Claim::Later)).collect::<Vec<_>>()).expect("committed");
    let mut page = JournalCall {
        side: JournalSide::Sent,
        id: None,
        from: None,
        until: None,
        to: None,
        state: so_far(ReceiptStatus::Delivered),
        skip: 0,
        count_max: 100,
    };
    assert_eq!(store.journal(ACCOUNT, &page).expect("read"), JournalOutcome::TooMuch);
    // Who the few are to whom it went is soon known.
    page.to = Some("447700900124".into());
    assert_eq!(store.journal(ACCOUNT, &page).expect("read"), JournalOutcome::Sent(Vec::new()));
}
