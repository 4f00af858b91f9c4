use std::cell::Cell;

use whimbrel_core::Timestamp;
use whimbrel_smpp::{Address, MessageState};

use super::*;
use crate::ids::SimulatedId;
use crate::receipt::{Origin, Receipt};

fn owner(name: &str) -> Arc<[u8]> {
    name.as_bytes().into()
}

fn receipt(owner: &Arc<[u8]>, id: i64) -> Receipt {
    let origin = Origin {
        system_id: Arc::clone(owner),
        id: SimulatedId::from_id(id),
        source: Address::default(),
        destination: Address::default(),
        text: Box::default(),
        submitted: Timestamp(0),
        rules: None,
    };
    Receipt {
        origin: Arc::new(origin),
        state: MessageState::Delivered,
        map_error: None,
        intermediate: false,
        done: Timestamp(0),
        refused: 0,
        preferred: Preferred::Any,
    }
}

fn numbers<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> Vec<String> {
    receipts.into_iter().map(|receipt| receipt.origin.id.to_string()[14..].to_owned()).collect()
}

#[test]
fn receipts_fall_due_by_time_then_by_age() {
    let mut receipts = Receipts::new(10);
    let one = owner("one");
    for (due, id) in [(30, 1), (10, 2), (20, 3), (10, 4)] {
        receipts.schedule(Instant(due), receipt(&one, id)).expect("there is room");
    }
    let receiver = receipts.attach(&one, Arc::default());
    assert_eq!(receipts.next_due(), Some(Instant(10)));
    receipts.release(Instant(9));
    assert!(receipts.take(receiver, 10).is_empty());
    receipts.release(Instant(20));
    assert_eq!(numbers(&receipts.take(receiver, 10)), ["02", "04", "03"]);
    assert_eq!(receipts.next_due(), Some(Instant(30)));
}

#[test]
fn sessions_of_a_name_take_turns_and_no_more_than_they_have_room_for() {
    let mut receipts = Receipts::new(100);
    let (one, two) = (owner("one"), owner("two"));
    let (a, b, other) = (
        receipts.attach(&one, Arc::default()),
        receipts.attach(&one, Arc::default()),
        receipts.attach(&two, Arc::default()),
    );
    for receiver in [a, b, other] {
        assert!(receipts.take(receiver, 3).is_empty());
    }
    for id in 1..=8 {
        receipts.schedule(Instant(0), receipt(&one, id)).expect("there is room");
    }
    receipts.release(Instant(0));
    assert!(receipts.take(other, 3).is_empty(), "another name gets none");
    assert_eq!(numbers(&receipts.take(a, 3)), ["01", "03", "05"]);
    // Session b has its three; the last two wait for room and for order.
    assert_eq!(numbers(&receipts.take(b, 3)), ["02", "04", "06"]);
    assert_eq!(numbers(&receipts.take(b, 1)), ["07"]);
    assert_eq!(numbers(&receipts.take(a, 5)), ["08"]);
}

#[test]
fn what_a_session_leaves_behind_goes_to_the_front() {
    let mut receipts = Receipts::new(100);
    let one = owner("one");
    let a = receipts.attach(&one, Arc::default());
    assert!(receipts.take(a, 3).is_empty());
    for id in 1..=4 {
        receipts.schedule(Instant(0), receipt(&one, id)).expect("there is room");
    }
    receipts.release(Instant(0));
    let taken = receipts.take(a, 2);
    assert_eq!(numbers(&taken), ["01", "02"]);
    receipts.detach(a, taken.into_iter());
    let b = receipts.attach(&one, Arc::default());
    assert_eq!(numbers(&receipts.take(b, 10)), ["01", "02", "03", "04"]);
}

#[test]
fn what_a_session_does_not_answer_goes_to_another() {
    let mut receipts = Receipts::new(100);
    let one = owner("one");
    let (a, b) = (receipts.attach(&one, Arc::default()), receipts.attach(&one, Arc::default()));
    assert!(receipts.take(b, 1).is_empty());
    for (giver, taker, id) in [(a, b, 1), (b, a, 2), (b, a, 3)] {
        receipts.hold().expect("there is room");
        receipts.pass_on(giver, Instant(0), receipt(&one, id));
        for receiver in [a, b] {
            assert!(receipts.take(receiver, 1).is_empty());
        }
        receipts.release(Instant(0));
        assert_eq!(receipts.take(taker, 1).len(), 1, "receipt {id}");
    }
}

#[test]
fn what_is_held_is_bounded_until_it_is_settled() {
    let mut receipts = Receipts::<Receipt>::new(2);
    let one = owner("one");
    receipts.schedule(Instant(0), receipt(&one, 1)).expect("there is room");
    receipts.hold().expect("there is room");
    assert_eq!(receipts.schedule(Instant(0), receipt(&one, 3)), Err(Full));
    // Sending again is no new receipt.
    receipts.postpone(Instant(5), receipt(&one, 2));
    assert_eq!(receipts.hold(), Err(Full));
    receipts.settled();
    assert_eq!((receipts.held(), receipts.hold()), (1, Ok(())));
}

#[test]
fn names_that_nobody_uses_take_no_room() {
    let mut receipts = Receipts::<Receipt>::new(2);
    for number in 0..100 {
        let receiver = receipts.attach(&owner(&number.to_string()), Arc::default());
        receipts.detach(receiver, std::iter::empty());
    }
    assert!(receipts.owners.is_empty() && receipts.receivers.is_empty());
}

#[test]
fn a_receipt_goes_to_the_session_it_prefers_while_that_is_there() {
    let mut receipts = Receipts::new(10);
    let one = owner("one");
    let (a, b) = (receipts.attach(&one, Arc::default()), receipts.attach(&one, Arc::default()));
    for (id, preferred) in [
        (1, Preferred::Only(b)),
        (2, Preferred::Not(a)),
        (3, Preferred::Only(a)),
        (4, Preferred::Any),
        (5, Preferred::Not(b)),
    ] {
        receipts.schedule(Instant(0), Receipt { preferred, ..receipt(&one, id) }).expect("there is room");
    }
    assert!(receipts.take(a, 10).is_empty() && receipts.take(b, 10).is_empty());
    receipts.release(Instant(0));
    let (mut at_a, mut at_b) = (numbers(&receipts.take(a, 10)), numbers(&receipts.take(b, 10)));
    assert_eq!((at_b.remove(0), at_b.remove(0)), ("01".to_owned(), "02".to_owned()));
    assert_eq!((at_a.remove(0), at_a.pop()), ("03".to_owned(), Some("05".to_owned())));
    // What a session that is gone preferred goes to whoever is left.
    receipts.detach(b, std::iter::empty());
    for (id, preferred) in [(6, Preferred::Only(b)), (7, Preferred::Not(a))] {
        receipts.schedule(Instant(0), Receipt { preferred, ..receipt(&one, id) }).expect("there is room");
    }
    receipts.release(Instant(0));
    assert_eq!(numbers(&receipts.take(a, 10)), ["06", "07"]);
}

/// A parcel that counts how often anybody looks at it.
struct Counted<'a> {
    owner: Arc<[u8]>,
    looks: &'a Cell<usize>,
}

impl Parcel for Counted<'_> {
    fn owner(&self) -> Option<&Arc<[u8]>> {
        self.looks.set(self.looks.get() + 1);
        Some(&self.owner)
    }

    fn preferred(&self) -> Preferred {
        self.looks.set(self.looks.get() + 1);
        Preferred::Any
    }
}

#[test]
fn row_30_a_million_that_wait_for_one_name_hold_up_no_other_and_flow_when_it_comes() {
    // kneodev/ksmppd issue 94: with millions waiting, nothing was delivered any more.
    const COUNT: usize = 1_000_000;
    let looks = Cell::new(0);
    let (absent, present) = (owner("absent"), owner("present"));
    let mut receipts = Receipts::new(COUNT + 1);
    let parcel = |owner: &Arc<[u8]>| Counted { owner: Arc::clone(owner), looks: &looks };
    for _ in 0..COUNT {
        receipts.schedule(Instant(0), parcel(&absent)).expect("there is room");
    }
    receipts.release(Instant(0));
    let there = receipts.attach(&present, Arc::default());
    assert!(receipts.take(there, 10).is_empty());
    receipts.schedule(Instant(1), parcel(&present)).expect("there is room");
    looks.set(0);
    receipts.release(Instant(1));
    assert_eq!(receipts.take(there, 10).len(), 1);
    assert!(looks.get() < 10, "{} looks for one", looks.get());
    looks.set(0);
    let back = receipts.attach(&absent, Arc::default());
    let mut taken = 0;
    while taken < COUNT {
        let some = receipts.take(back, 10).len();
        assert_eq!(some, 10);
        taken += some;
    }
    assert!(looks.get() < 3 * COUNT, "{} looks for {COUNT}", looks.get());
}
