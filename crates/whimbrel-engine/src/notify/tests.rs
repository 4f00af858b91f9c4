use whimbrel_core::{
    AccountId, Cause, Currency, Final, MessageId, Money, NoticeForm, PartId, PhoneNumber, ReceiptStatus, ReceiptTold,
    SenderId, Told,
};

use super::*;

fn notice(id: i64, due_at: i64) -> Notice {
    Notice {
        id: NoticeId(id),
        account_id: AccountId(1),
        dialect: "plain".into(),
        url: None,
        form: NoticeForm::default(),
        application: None,
        told: Told::Receipt(ReceiptTold {
            part_id: PartId(id),
            message_id: MessageId(id),
            part_count: 1,
            recipient: PhoneNumber::parse("447700900123").expect("a number"),
            sender: SenderId::parse("Acme").expect("a sender"),
            network: "23420".into(),
            price: Money::new(1, Currency::EUR),
            client_ref: None,
            report: Final { status: ReceiptStatus::Delivered, cause: Cause::None },
        }),
        happened_at: Timestamp(0),
        failures: 0,
        first_at: Timestamp(due_at),
        due_at: Timestamp(due_at),
    }
}

fn drain(notify: &mut Notify, now: i64) -> Vec<i64> {
    std::iter::from_fn(|| notify.take(Timestamp(now))).map(|(_, notice)| notice.id.0).collect()
}

#[test]
fn notices_leave_when_they_are_due_and_only_once() {
    let mut notify = Notify::new();
    for (id, due_at) in [(1, 10), (2, 5), (2, 5), (3, 20)] {
        notify.add("a".into(), notice(id, due_at));
    }
    assert_eq!(drain(&mut notify, 4), [0_i64; 0]);
    assert_eq!(notify.wake_at(), Some(Timestamp(5)));
    assert_eq!(drain(&mut notify, 10), [2, 1]);
    notify.add("a".into(), notice(2, 5));
    assert_eq!(drain(&mut notify, 10), [0_i64; 0], "it is under way");
    notify.done(&"a".into(), NoticeId(2), Some(notice(2, 30)));
    assert_eq!(notify.wake_at(), Some(Timestamp(20)));
    assert_eq!(drain(&mut notify, 30), [3, 2]);
}

#[test]
fn an_endpoint_that_hangs_holds_up_nobody_else() {
    let mut notify = Notify::new();
    for id in 0..100 {
        notify.add("slow".into(), notice(id, 1));
    }
    notify.add("good".into(), notice(100, 2));
    let taken = drain(&mut notify, 10);
    assert_eq!(taken.len(), IN_FLIGHT_OF_ENDPOINT_MAX + 1);
    assert_eq!(taken.last(), Some(&100));
    assert_eq!(drain(&mut notify, 10), [0_i64; 0]);
    notify.done(&"slow".into(), NoticeId(0), None);
    assert_eq!(drain(&mut notify, 10), [32], "one place was freed, the oldest takes it");
    for id in 1..=32 {
        notify.done(&"slow".into(), NoticeId(id), None);
    }
    assert_eq!(drain(&mut notify, 10).len(), 32);
}

#[test]
fn all_places_together_are_bounded() {
    let mut notify = Notify::new();
    for id in 0..1_000 {
        notify.add(format!("lane {}", id % 100).into(), notice(id, 1));
    }
    assert_eq!(drain(&mut notify, 10).len(), IN_FLIGHT_MAX);
    assert_eq!((notify.in_flight(), notify.wake_at()), (IN_FLIGHT_MAX, None));
    notify.done(&"lane 0".into(), NoticeId(0), None);
    assert_eq!(drain(&mut notify, 10).len(), 1);
}

#[test]
fn a_full_memory_sends_for_the_rest_later() {
    let mut notify = Notify::new();
    assert!(notify.wants_refill());
    notify.refilled([], true);
    assert!(!notify.wants_refill());
    for id in 0..=i64::try_from(NOTICES_MAX).expect("small") {
        notify.add("a".into(), notice(id, 1_000));
    }
    assert_eq!(notify.len(), NOTICES_MAX);
    assert!(!notify.wants_refill(), "there is no room yet");
}

#[test]
fn what_was_delivered_while_the_store_was_asked_is_not_sent_again() {
    let mut notify = Notify::new();
    for id in 1..=3 {
        notify.add("a".into(), notice(id, 1));
    }
    assert_eq!(drain(&mut notify, 1), [1, 2, 3]);
    notify.refilling();
    notify.done(&"a".into(), NoticeId(1), None);
    notify.done(&"a".into(), NoticeId(2), Some(notice(2, 50)));
    // The store answers with what it held when it was asked.
    notify.refilled((1..=4).map(|id| ("a".into(), notice(id, 1))), true);
    assert_eq!(drain(&mut notify, 1), [4], "1 was delivered, 2 waits for its next try, 3 is under way");
    assert_eq!(drain(&mut notify, 50), [2]);
}
