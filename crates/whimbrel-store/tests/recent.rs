//! What the writer remembers of rows changes nothing: whatever happens, a store that forgets all of it before each batch answers the
//! same and holds the same.

mod support;

use proptest::prelude::*;
use support::lives::{BLOCKED, a_step, ops_of, plan_of, taken};
use support::*;
use whimbrel_core::{ReceiptStatus, Span};
use whimbrel_store::{Claim, Op, OpResult, Prune, SqliteStore, Store};

#[test]
fn a_message_of_as_many_parts_as_there_can_be_is_remembered_like_any() {
    let store = store_with(1_000_000_000_000);
    run(&store, accept(a_plan(1_000, &"x".repeat(255 * 153)), Claim::Now));
    let last = part(&store, sent(1_254, 1, 1, "the last one")).record.expect("it is open");
    assert_eq!((last.number, last.message_id), (255, whimbrel_core::MessageId(1_000)));
}

#[test]
fn more_rows_than_are_kept_are_read_again() {
    let store = store_with(1_000_000_000_000);
    let ids = (0..4_000).map(|number| 10_000 + number * 10);
    let accepts: Vec<Op> = ids.clone().map(|id| accept(a_plan(id, "one of many"), Claim::Now)).collect();
    store.commit(&accepts).expect("committed");
    let answers: Vec<Op> = ids.map(|id| sent(id, 1, 1, &format!("id{id}"))).collect();
    let outcomes = store.commit(&answers).expect("committed");
    let is_sent = |outcome: &OpResult| matches!(outcome, OpResult::Part(outcome) if outcome.ignored.is_none());
    assert!(outcomes.iter().all(is_sent));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_text_that_was_erased_is_erased_here_too() {
    let store = store_with(100_000_000);
    run(&store, accept(plan_of(1_000, 1), Claim::Now));
    for part in [1_000, 1_001] {
        run(&store, sent(part, 1, 1, &format!("id{part}")));
        run(&store, receipt(report(&format!("id{part}"), ReceiptStatus::Delivered), part));
    }
    let at = NOW + Span::hours(1_000);
    run(&store, Op::Prune(Prune { at, texts_before: Some(at), messages_before: None, count_max: 10 }));
    // A debug build compares.
    assert_eq!(part(&store, claimed(1_000, 2, 2)).record, None);
    assert!(!everything(&store).contains("goes on and on"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]
    #[test]
    fn what_is_remembered_changes_nothing(
        steps in proptest::collection::vec(a_step(), 1..60),
        size in 1usize..5,
    ) {
        let (remembers, forgets) = (store_with(1_000_000_000), store_with(1_000_000_000));
        for store in [&remembers, &forgets] {
            run(store, Op::NameCarrier { name: "tele-2".into() });
            run(store, accept(plan_of(BLOCKED, 0), Claim::Later));
        }
        let ops = ops_of(&steps);
        for batch in ops.chunks(size) {
            // What is undone is forgotten.
            let undone = forgets.commit(&[taken()]).expect("committed");
            prop_assert!(matches!(undone[..], [OpResult::Failed(_)]), "{undone:?}");
            let answers = |store: &SqliteStore| format!("{:#?}", store.commit(batch).expect("committed"));
            prop_assert_eq!(answers(&remembers), answers(&forgets));
        }
        prop_assert_eq!(everything(&remembers), everything(&forgets));
        let audit = remembers.audit().expect("read");
        prop_assert!(audit.is_clean(), "{audit:?}");
    }
}
