//! Networks of numbers that receipts told: kept over a restart, forgotten when they are wrong, old, or too many.

mod support;

use support::*;
use whimbrel_core::network::{NETWORK_KEPT, NUMBER_NETWORKS_MAX};
use whimbrel_core::{NumberNetwork, PhoneNumber, Span, Timestamp};
use whimbrel_store::{NetworkNews, Op, OpResult, Store};

fn number(index: usize) -> PhoneNumber {
    PhoneNumber::parse(&format!("{}", 84_900_000_000 + index)).expect("a number")
}

fn told(index: usize, at: Timestamp) -> Op {
    Op::Network(NetworkNews::Told(NumberNetwork { number: number(index), network: "45202".into(), at }))
}

fn known(store: &dyn Store) -> Vec<PhoneNumber> {
    store.number_networks(Timestamp(0)).expect("read").into_iter().map(|told| told.number).collect()
}

#[test]
fn what_was_told_last_is_there_after_a_restart_until_it_is_wrong() {
    let folder = Folder::new("networks");
    let store = folder.open();
    let later = NOW + Span::seconds(2);
    for op in [told(1, NOW), told(2, NOW + Span::seconds(1)), told(1, later)] {
        assert!(matches!(run(&store, op), OpResult::NetworkNoted));
    }
    drop(store);
    let store = folder.open();
    assert_eq!(known(&store), [number(2), number(1)], "in the order in which they were told");
    assert_eq!(store.number_networks(later).expect("read").len(), 1);
    for _ in 0..2 {
        run(&store, Op::Network(NetworkNews::Wrong(number(2))));
    }
    assert_eq!(known(&store), [number(1)]);
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn what_is_old_or_too_much_is_forgotten() {
    let store = store_with(PRICE);
    store.commit(&[told(0, NOW - NETWORK_KEPT), told(1, NOW - NETWORK_KEPT + Span(1))]).expect("committed");
    let mut ops: Vec<Op> = (2..NUMBER_NETWORKS_MAX + 300).map(|index| told(index, NOW)).collect();
    let rest = ops.split_off(254);
    store.commit(&ops).expect("committed");
    assert_eq!((known(&store).len(), known(&store)[0].clone()), (255, number(1)), "one was old");
    store.commit(&rest).expect("committed");
    let known = known(&store);
    assert_eq!(known.len(), NUMBER_NETWORKS_MAX);
    assert!(!known.contains(&number(1)), "the oldest went first");
}
