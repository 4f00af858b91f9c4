//! A part that cannot go on is set aside: it ends, its money is understood, and nothing else is hindered.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::part::Ignored;
use whimbrel_core::{NoticeId, NoticeScope, PartEvent, PartId, Plan, ReceiptStatus, Span, Telling};
use whimbrel_store::{
    Claim, NoticeResult, NoticeTried, Op, OpResult, OrphanReason, PartOutcome, Prune, ReceiptOutcome, SqliteStore,
    Store,
};

const PLENTY: i64 = 1_000 * PRICE;

/// A store with parts 100 (waiting), 200 (claimed), 300 (sent as c3), and then `sql`.
fn spoilt(folder: &Folder, sql: &str) -> SqliteStore {
    let store = folder.open();
    furnish(&store, PLENTY);
    run(&store, accept(a_plan(100, "waits"), Claim::Later));
    run(&store, accept(a_plan(200, "leaves"), Claim::Now));
    run(&store, accept(a_plan(300, "left"), Claim::Now));
    part(&store, sent(300, 1, 1, "c3"));
    drop(store);
    Connection::open(folder.file())
        .expect("opens")
        .execute_batch(&format!("pragma ignore_check_constraints = on; {sql}"))
        .expect("spoilt");
    folder.open()
}

/// What the check finds broken.
fn broken(store: &SqliteStore) -> Vec<&'static str> {
    store.audit().expect("read").broken().map(|verdict| verdict.name).collect()
}

fn end(store: &SqliteStore, id: i64) -> (String, &'static str) {
    let view = view(store, id);
    let [part] = view.parts.as_slice() else { panic!("{view:?}") };
    (part.state.to_string(), part.funds.as_str())
}

#[test]
fn a_row_that_makes_no_sense_ends_and_the_others_of_its_batch_go_on() {
    let folder = Folder::new("aside-row");
    let store = spoilt(&folder, "update live set told = 'sideways' where part_id = 200");
    let results = store.commit(&[claimed(100, 2, 1), sent(200, 2, 1, "c2")]).expect("committed");
    assert!(matches!(&results[0], OpResult::Part(outcome) if outcome.submission.is_some()));
    // As for a part that is not open: its place in the window is free, and nothing waits for it.
    assert!(matches!(&results[1], OpResult::Part(o) if o.record.is_none() && o.ignored == Some(Ignored::Late)));
    assert_eq!(end(&store, 200), ("unknown".into(), "released"));
    assert_eq!(money(&store), (PLENTY - PRICE, PRICE), "its hold was given back, 100 is held, 300 is paid");
    let stats = store.stats().expect("read");
    assert_eq!((stats.set_aside, stats.submitting, stats.queued, stats.submitted), (1, 1, 0, 1));
    assert_eq!(broken(&store), ["nothing-is-set-aside"], "it is named, and all else holds");
    // Twice is once, and a restart knows it.
    part(&store, sent(200, 2, 1, "c2"));
    drop(store);
    let store = folder.open();
    assert_eq!(store.stats().expect("read").set_aside, 1);
    let row = Connection::open(folder.file()).expect("opens");
    let kept: (String, i64, String) = row
        .query_row("select row ->> 'told', row ->> 'state', reason from set_aside where part_id = 200", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .expect("kept as it was");
    assert_eq!((&*kept.0, kept.1), ("sideways", 1));
    assert!(!kept.2.is_empty());
}

#[test]
fn a_message_that_cannot_be_read_ends_its_part_when_the_clock_comes_by() {
    let folder = Folder::new("aside-message");
    let store = spoilt(&folder, "update message set recipient = 'nobody' where id = 100");
    let due = NOW + Span::hours(80);
    assert!(store.clock_due(due, 10).expect("read").contains(&PartId(100)));
    part(&store, event(100, 80 * 3_600, PartEvent::Clock));
    assert!(!store.clock_due(due, 10).expect("read").contains(&PartId(100)), "and never again");
    assert_eq!(money(&store), (PLENTY - PRICE, PRICE), "200 is still under way");
}

#[test]
fn a_constraint_that_hinders_an_answer_ends_the_part_and_charges_nothing_twice() {
    let folder = Folder::new("aside-charge");
    // A charge for 200 is there already: its capture would be the second.
    let store = spoilt(
        &folder,
        "insert into transfer values (1, 200, 5, -1, 3330000, 1, 0); update wallet set posted = posted - 3330000",
    );
    let outcome = part(&store, sent(200, 2, 1, "c2"));
    assert_eq!(outcome.record, None);
    assert_eq!(end(&store, 200), ("unknown".into(), "captured"));
    assert_eq!(money(&store), (PLENTY - 2 * PRICE, PRICE), "charged once");
    assert_eq!(broken(&store), ["nothing-is-set-aside"]);
}

#[test]
fn a_wallet_that_bears_nothing_is_left_as_it_is() {
    let folder = Folder::new("aside-wallet");
    let store = spoilt(&folder, "update wallet set held = 0");
    part(&store, sent(200, 2, 1, "c2"));
    assert_eq!(end(&store, 200), ("unknown".into(), "held"));
    assert_eq!(money(&store), (PLENTY - PRICE, 0));
    assert!(broken(&store).contains(&"wallet-holds-what-is-open"), "it was wrong before, and is told");
}

#[test]
fn a_receipt_for_a_part_that_cannot_be_read_is_kept_and_acknowledged() {
    let folder = Folder::new("aside-receipt");
    let store = spoilt(&folder, "update live set told = 'sideways' where part_id = 300");
    let came = receipt(report("c3", ReceiptStatus::Delivered), 3);
    let OpResult::Receipt(outcome) = run(&store, came) else { panic!("no receipt") };
    // The part has ended by now: the receipt is late, or waits where nothing finds it. It is stored either way.
    let is_stored = matches!(
        &*outcome,
        ReceiptOutcome::Matched { .. } | ReceiptOutcome::Parked(OrphanReason::UnknownId | OrphanReason::OtherRecipient)
    );
    assert!(is_stored, "{outcome:?}");
    assert_eq!(end(&store, 300), ("unknown".into(), "captured"), "what was paid for its acceptance stays paid");
}

#[test]
fn a_notice_that_cannot_be_read_is_given_up_and_the_next_one_is_told() {
    let folder = Folder::new("aside-notice");
    let store = spoilt(&folder, "");
    matched(&store, receipt(report("c3", ReceiptStatus::Delivered), 3));
    part(&store, sent(200, 2, 1, "c2"));
    matched(&store, receipt(report("c2", ReceiptStatus::Delivered), 4));
    drop(store);
    Connection::open(folder.file())
        .expect("opens")
        .execute_batch("update notice set status = 'sideways' where message_id = 300")
        .expect("spoilt");
    let store = folder.open();
    let told_of: Vec<i64> =
        store.notices(None, 10).expect("read").iter().map(|notice| told(notice).message_id.0).collect();
    assert_eq!(told_of, [200]);
    let [id] = store.unreadable_notices().try_into().expect("one");
    let tried = NoticeTried { id, at: NOW, result: NoticeResult::GivenUp, detail: "its row cannot be read".into() };
    assert!(matches!(run(&store, Op::Notice(tried)), OpResult::NoticeNoted));
    assert_eq!((store.stats().expect("read").notices, id), (1, NoticeId(id.0)));
    assert!(story(&store, 300).iter().any(|line| line == "webhook"));
    assert_eq!(broken(&store), [""; 0]);
}

const SECOND_UNREADABLE: &str = "update live set told = 'sideways' where part_id = 101";

/// A text of three parts, of which customers are told as one, and then `sql`.
fn whole(folder: &Folder, scope: NoticeScope, sql: &str) -> SqliteStore {
    let store = folder.open();
    furnish(&store, PLENTY);
    let telling = Telling { scope, ..Telling::default() };
    let callback = Some("https://example.com/told".into());
    run(&store, accept(Plan { telling, callback, ..a_plan(100, &"a".repeat(400)) }, Claim::Now));
    drop(store);
    Connection::open(folder.file()).expect("opens").execute_batch(sql).expect("spoilt");
    folder.open()
}

fn statuses(outcome: &PartOutcome) -> Vec<ReceiptStatus> {
    outcome.notices.iter().map(|notice| told(notice).report.status).collect()
}

fn reported(store: &SqliteStore, id: &str, status: ReceiptStatus, seconds: i64) -> Vec<ReceiptStatus> {
    statuses(&matched(store, receipt(report(id, status), seconds)))
}

#[test]
fn a_whole_of_which_a_part_was_set_aside_is_told_of_what_the_others_come_to() {
    use ReceiptStatus::{Accepted, Delivered, Failed, Unknown};
    for (scope, on_the_way) in [(NoticeScope::Message, vec![Accepted]), (NoticeScope::End, vec![])] {
        let folder = Folder::new("aside-whole");
        let store = whole(&folder, scope, SECOND_UNREADABLE);
        assert_eq!(statuses(&part(&store, sent(101, 1, 1, "c2"))), []);
        assert_eq!(statuses(&part(&store, sent(100, 2, 1, "c1"))), []);
        assert_eq!(statuses(&part(&store, sent(102, 3, 1, "c3"))), on_the_way);
        assert_eq!(reported(&store, "c1", Delivered, 4), []);
        assert_eq!(reported(&store, "c3", Delivered, 5), [Unknown], "not known to have arrived as a whole");
        assert_eq!(states(&store, 100), ["delivered", "unknown", "delivered"]);
        assert_eq!(broken(&store), ["nothing-is-set-aside"]);
    }
    // A part that failed ends the whole, once.
    let folder = Folder::new("aside-whole-failed");
    let store = whole(&folder, NoticeScope::End, SECOND_UNREADABLE);
    part(&store, sent(101, 1, 1, "c2"));
    part(&store, sent(100, 2, 1, "c1"));
    part(&store, sent(102, 3, 1, "c3"));
    assert_eq!(reported(&store, "c1", Failed, 4), [Failed]);
    assert_eq!(reported(&store, "c3", Delivered, 5), []);
}

#[test]
fn the_text_of_an_old_message_goes_when_its_last_part_is_set_aside() {
    let folder = Folder::new("aside-text");
    let store = spoilt(&folder, "update live set told = 'sideways' where part_id = 200");
    let texts_before = Some(NOW + Span::hours(1));
    run(&store, Op::Prune(Prune { at: NOW, texts_before, messages_before: None, count_max: 10 }));
    let text = || -> String {
        let db = Connection::open(folder.file()).expect("opens");
        db.query_row("select text from message where id = 200", [], |row| row.get(0)).expect("read")
    };
    assert_eq!(text(), "leaves", "a part is open");
    part(&store, sent(200, 2, 1, "c2"));
    assert_eq!(text(), "");
}

#[test]
fn a_whole_whose_last_part_is_set_aside_is_told_of_its_end() {
    let folder = Folder::new("aside-last");
    // A charge for the second part is there already: its capture would be the second.
    let charged =
        "insert into transfer values (1, 101, 5, -1, 3330000, 1, 0); update wallet set posted = posted - 3330000";
    let store = whole(&folder, NoticeScope::Message, charged);
    for (id, name) in [(100, "c1"), (102, "c3")] {
        part(&store, sent(id, 1, 1, name));
        assert_eq!(reported(&store, name, ReceiptStatus::Delivered, id), []);
    }
    let answer = sent(101, 200, 1, "c2");
    assert_eq!(statuses(&part(&store, answer.clone())), [ReceiptStatus::Unknown]);
    assert_eq!(statuses(&part(&store, answer)), [], "once");
    assert_eq!(store.notices(None, 10).expect("read").len(), 1);
    assert_eq!(broken(&store), ["nothing-is-set-aside"]);
}
