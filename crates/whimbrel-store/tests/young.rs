//! Parts that expire, and webhooks that are due, are found whether the store remembers their times or has them in an index.

mod support;

use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;
use rusqlite::Connection;
use support::lives::{BLOCKED, a_step, ops_of, plan_of};
use support::*;
use whimbrel_core::{NoticeId, PartEvent, PartId, Plan, ReceiptStatus, Span, Timestamp, id};
use whimbrel_store::{Claim, NoticeResult, NoticeTried, Op, SqliteStore, Store, StoreError};

/// After every expiry, and every time that is given for a receipt after it.
const LATE: Timestamp = Timestamp(NOW.0 + Span::hours(300).0);

/// All that time may change, at times between and at the end, and all webhooks in order, read in pages of so many.
fn times(store: &SqliteStore, page: usize) -> (Vec<Vec<PartId>>, Vec<(Timestamp, NoticeId)>) {
    let mut notices: Vec<(Timestamp, NoticeId)> = Vec::new();
    loop {
        let found = store.notices(notices.last().copied(), page).expect("read");
        if found.is_empty() {
            break;
        }
        assert!(found.len() <= page);
        notices.extend(found.iter().map(|notice| (notice.due_at, notice.id)));
    }
    assert!(notices.is_sorted());
    let times = [NOW, NOW + Span::hours(72), NOW + Span::seconds(72 * 3_600 + 300), LATE];
    (times.map(|at| store.clock_due(at, 1_000).expect("read")).into(), notices)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]
    #[test]
    fn what_is_young_is_found_like_what_is_in_an_index(
        steps in proptest::collection::vec(a_step(), 1..60),
        size in 1usize..5,
        bound in 1usize..8,
        page in 1usize..4,
        restart in 1usize..6,
    ) {
        let stores = [(); 3].map(|()| store_with(1_000_000_000));
        let [remembers, ages, indexes] = &stores;
        // Numbers of these messages are low: by them, all are very old.
        let set = || {
            remembers.remember_young(10_000, Span::hours(1_000_000)).expect("set");
            ages.remember_young(bound, Span::ZERO).expect("set");
            indexes.remember_young(0, Span::ZERO).expect("set");
        };
        for store in &stores {
            run(store, Op::NameCarrier { name: "tele-2".into() });
        }
        set();
        for store in &stores {
            run(store, accept(plan_of(BLOCKED, 0), Claim::Later));
        }
        for (number, batch) in ops_of(&steps).chunks(size).enumerate() {
            for store in &stores {
                store.commit(batch).expect("committed");
            }
            let expected = times(indexes, page);
            prop_assert_eq!(times(remembers, page), expected.clone());
            prop_assert_eq!(times(ages, page), expected.clone());
            if number % restart == 0 {
                for store in &stores {
                    store.restart().expect("read anew");
                }
                set();
                prop_assert_eq!(times(remembers, page), expected);
            }
        }
    }
}

fn raw<T: rusqlite::types::FromSql>(folder: &Folder, sql: &str) -> Vec<T> {
    let db = Connection::open(folder.file()).expect("opens");
    let mut statement = db.prepare(sql).expect("right");
    statement.query_map([], |row| row.get(0)).expect("read").map(|value| value.expect("read")).collect()
}

#[test]
fn what_grows_old_is_put_into_its_index() {
    let folder = Folder::new("young-old");
    let store = folder.open();
    furnish(&store, 1_000_000_000);
    store.remember_young(8, Span::seconds(60)).expect("set");
    // One in each ten seconds.
    let id = |number: i64| id::lowest_at(NOW + Span::seconds(number * 10));
    let made = |number: i64| Plan { accepted_at: NOW + Span::seconds(number * 10), ..a_plan(id(number), "one") };
    let unindexed = || raw::<i64>(&folder, "select part_id from live where indexed = 0 order by part_id");
    for number in 1..=20 {
        run(&store, accept(made(number), Claim::Now));
    }
    assert_eq!(unindexed(), (14..=20).map(id).collect::<Vec<_>>(), "those of the last minute");
    for number in 1..=20 {
        // The second of two in a moment finds no room here, and needs none.
        run(&store, accept(Plan { accepted_at: NOW, ..a_plan(id(20) + number, "more") }, Claim::Now));
    }
    assert_eq!(unindexed().len(), 8);
    assert_eq!(store.clock_due(LATE, 100).expect("read"), [], "an answer is awaited first");
    for number in 1..=20 {
        run(&store, sent(id(number), 200, 1, &format!("id{number}")));
    }
    assert_eq!(store.clock_due(LATE, 100).expect("read").len(), 20);
    assert_eq!(store.clock_due(LATE, 3).expect("read").len(), 3);
    assert_eq!(store.clock_due(NOW + Span::hours(72), 100).expect("read"), [], "a receipt may come for a while");
    drop(store);
    assert_eq!(folder.open().clock_due(LATE, 100).expect("read").len(), 20, "after a restart");
}

#[test]
fn a_batch_that_finds_no_room_leaves_no_young_rows_behind() {
    let folder = Folder::new("young-full");
    let store = folder.open();
    furnish(&store, 1_000_000_000_000);
    store.limit_pages(150).expect("limited");
    let full = (1..2_000).find_map(|id| {
        let failed = store.commit(&[accept(a_plan(id * 1_000, &"x".repeat(10_000)), Claim::Later)]).err();
        failed.map(|error| (id, error))
    });
    let (refused, error) = full.expect("the disk is full");
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    let due = store.clock_due(LATE, 100_000).expect("read");
    assert!(!due.contains(&PartId(refused * 1_000)));
    let ends = event(1_000, Span::hours(300).0 / 1_000_000, PartEvent::Clock);
    let error = store.commit(&[ends, accept(a_plan(refused * 1_000, &"x".repeat(10_000)), Claim::Later)]).err();
    assert!(matches!(error, Some(StoreError::Full { .. })), "{error:?}");
    assert_eq!(store.clock_due(LATE, 100_000).expect("read"), due, "nobody has ended");
    store.limit_pages(1_000_000).expect("more");
    run(&store, accept(a_plan(refused * 1_000, "now there is room"), Claim::Later));
    assert_eq!(store.clock_due(LATE, 100_000).expect("read").len(), due.len() + 1);
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_reader_misses_nothing_that_was_there_before_it_read() {
    const COUNT: i64 = 400;
    let folder = Folder::new("young-race");
    let store = folder.open();
    furnish(&store, 1_000_000_000_000);
    // By their numbers all are old: as soon as they are made they are put into their index, in small steps.
    store.remember_young(6, Span::ZERO).expect("set");
    let made = AtomicI64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=COUNT {
                let id = number * 100;
                run(&store, accept(a_plan(id + 50, "one that waits"), Claim::Later));
                run(&store, accept(a_plan(id, "one"), Claim::Now));
                run(&store, sent(id, 1, 1, &format!("id{id}")));
                // Its webhook, and with it one that is tried again: both leave the young sooner or later.
                run(&store, receipt(report(&format!("id{id}"), ReceiptStatus::Delivered), number));
                made.store(number, Ordering::Release);
                if number % 3 == 0 {
                    let (at, result) = (NOW, NoticeResult::RetryAt(NOW + Span::hours(1)));
                    let id = NoticeId(2_000_000_000 + number);
                    run(&store, Op::Notice(NoticeTried { id, at, result, detail: "HTTP 500".into() }));
                }
            }
        });
        while made.load(Ordering::Acquire) < COUNT {
            let before = made.load(Ordering::Acquire);
            let due = store.clock_due(LATE, 100_000).expect("read");
            for number in 1..=before {
                assert!(due.contains(&PartId(number * 100 + 50)), "part {number} of {before} is missing");
            }
            let found = store.notices(None, 100_000).expect("read");
            // Those which are tried again in this moment are known to whoever tries them.
            let quiet = (1..=before).filter(|number| number % 3 != 0);
            for number in quiet {
                let id = NoticeId(2_000_000_000 + number);
                assert!(found.iter().any(|notice| notice.id == id), "notice {number} of {before} is missing");
            }
        }
    });
    assert_eq!(times(&store, 7).1.len(), COUNT as usize);
    assert!(raw::<i64>(&folder, "select count(*) from notice where indexed = 0")[0] < 3);
}
