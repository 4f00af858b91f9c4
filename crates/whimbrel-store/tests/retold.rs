//! What a message told can be told again: from its rows alone, changing nothing but a bounded number of lines of its story.

mod support;

use support::*;
use whimbrel_core::{MessageId, NoticeId, ReceiptStatus, Span};
use whimbrel_store::{Claim, Op, OpResult, Resent, Store};

const PLENTY: i64 = 1_000 * PRICE;

fn resent(id: i64, message: i64) -> Op {
    Op::Resent(Box::new(Resent {
        message_id: MessageId(message),
        part_number: 0,
        id: NoticeId(id),
        at: NOW + Span::seconds(60),
        detail: "sent by hand: HTTP 200".into(),
    }))
}

fn lines(store: &dyn Store, message: i64) -> usize {
    story(store, message).iter().filter(|line| *line == "webhook-resent").count()
}

#[test]
fn each_part_that_has_ended_is_told_as_it_was() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, &"x".repeat(200)), Claim::Now));
    assert_eq!(store.ends(MessageId(100)).expect("readable"), Some(Vec::new()));
    run(&store, sent(100, 1, 1, "a"));
    run(&store, sent(101, 1, 1, "b"));
    let first = matched(&store, receipt(report("a", ReceiptStatus::Delivered), 2));
    let [end] = store.ends(MessageId(100)).expect("readable").expect("there").try_into().expect("one has ended");
    assert_eq!(told(&end), told(&first.notices[0]));
    assert_eq!((end.id, end.happened_at), (first.notices[0].id, first.notices[0].happened_at));
    run(&store, receipt(report("b", ReceiptStatus::Failed), 3));
    let ends = store.ends(MessageId(100)).expect("readable").expect("there");
    let reports: Vec<_> = ends.iter().map(|end| told(end).report.status).collect();
    assert_eq!(reports, [ReceiptStatus::Delivered, ReceiptStatus::Failed]);
    assert_eq!(store.ends(MessageId(999)).expect("readable"), None);
}

#[test]
fn a_line_of_the_story_is_all_that_changes_and_there_are_not_many() {
    let store = store_with(PLENTY);
    run(&store, accept(a_plan(100, "hi"), Claim::Now));
    run(&store, sent(100, 1, 1, "a"));
    run(&store, receipt(report("a", ReceiptStatus::Delivered), 2));
    let (before, notices) = (money(&store), store.stats().expect("readable").notices);
    for _ in 0..2 {
        assert!(matches!(run(&store, resent(5_000, 100)), OpResult::NoticeNoted));
        assert_eq!(lines(&store, 100), 1, "the same operation again");
    }
    assert_eq!((money(&store), store.stats().expect("readable").notices), (before, notices));
    assert_eq!(states(&store, 100), ["delivered"]);
    for id in 5_001..5_200 {
        run(&store, resent(id, 100));
    }
    assert_eq!(lines(&store, 100), 100);
    run(&store, resent(6_000, 999));
    assert_eq!(lines(&store, 100), 100, "of a message that there is not, nothing is kept");
}
