use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_000_000_000);
const LINK: LinkId = LinkId(1);

fn carrier(window_max: u16, parts_per_second_max: u32) -> Dispatch {
    let mut dispatch = Dispatch::new(Pace { parts_per_second_max });
    dispatch.refill([], true, NOW);
    dispatch.up(LINK, window_max);
    dispatch
}

fn waiting(class: MessageClass, part: i64) -> Waiting {
    Waiting { class, part_id: PartId(part), attempt: AttemptNumber(0) }
}

fn parts(taken: Vec<Waiting>) -> Vec<i64> {
    taken.into_iter().map(|part| part.part_id.0).collect()
}

#[test]
fn nothing_is_reserved_before_the_store_was_asked_or_a_link_is_up() {
    let mut dispatch = Dispatch::new(Pace { parts_per_second_max: 0 });
    dispatch.up(LINK, 10);
    assert!(!dispatch.reserve(1, NOW), "older parts may wait in the store");
    dispatch.refill([], true, NOW);
    assert!(dispatch.reserve(1, NOW));
    dispatch.down(LINK);
    assert!(!dispatch.reserve(1, NOW));
}

#[test]
fn a_message_is_reserved_whole_or_not_at_all() {
    let mut dispatch = carrier(3, 0);
    assert!(dispatch.reserve(2, NOW));
    assert!(!dispatch.reserve(2, NOW), "one place is left");
    assert!(dispatch.reserve(1, NOW));
    dispatch.free_places(3);
    assert_eq!(dispatch.used(), 0);
}

#[test]
fn nobody_overtakes_what_waits() {
    let mut dispatch = carrier(1, 0);
    dispatch.enqueue(waiting(MessageClass::Bulk, 5), NOW, NOW);
    assert!(!dispatch.reserve(1, NOW));
    assert_eq!(parts(dispatch.take(10, NOW)), [5]);
}

#[test]
fn one_time_codes_go_first_then_the_order_of_acceptance() {
    let mut dispatch = carrier(10, 0);
    dispatch.enqueue(waiting(MessageClass::Bulk, 2), NOW, NOW);
    dispatch.enqueue(waiting(MessageClass::Bulk, 1), NOW + Span(5), NOW);
    dispatch.enqueue(waiting(MessageClass::Otp, 3), NOW, NOW);
    assert_eq!(dispatch.wake_at(NOW), Some(NOW));
    assert_eq!(parts(dispatch.take(10, NOW)), [3, 2]);
    assert_eq!(dispatch.wake_at(NOW), Some(NOW + Span(5)));
    assert_eq!(parts(dispatch.take(10, NOW + Span(5))), [1]);
    assert_eq!(dispatch.wake_at(NOW), None);
}

#[test]
fn a_throttled_carrier_pauses_whole_doubles_and_keeps_the_order() {
    let mut dispatch = carrier(10, 0);
    for part in 1..=3 {
        dispatch.enqueue(waiting(MessageClass::Bulk, part), NOW, NOW);
    }
    assert_eq!(parts(dispatch.take(1, NOW)), [1]);
    let until = dispatch.throttled(Span::seconds(1), NOW);
    assert_eq!(until, NOW + Span::seconds(1));
    assert_eq!(dispatch.throttled(Span::seconds(1), NOW + Span(10)), until, "a burst of refusals is one request");
    dispatch.free_places(1);
    dispatch.enqueue(waiting(MessageClass::Bulk, 1), until, NOW);
    assert_eq!(parts(dispatch.take(10, until + Span(-1))), [0_i64; 0]);
    assert!(!dispatch.reserve(1, NOW));
    assert_eq!(dispatch.wake_at(NOW), Some(until));
    assert_eq!(parts(dispatch.take(10, until)), [1, 2, 3]);
    let again = dispatch.throttled(Span::seconds(1), until);
    assert_eq!(again, until + Span::seconds(2));
    dispatch.went_through(again);
    assert_eq!(dispatch.throttled(Span::seconds(1), again), again + Span::seconds(1));
    let mut now = again + Span::seconds(1);
    for _ in 0..10 {
        now = dispatch.throttled(Span::seconds(1), now);
    }
    assert_eq!(dispatch.throttled(Span::seconds(1), now), now + Span::seconds(30));
}

#[test]
fn a_full_memory_sends_for_the_rest_later() {
    let mut dispatch = carrier(1, 0);
    for part in 0..=BACKLOG_MAX {
        dispatch.enqueue(waiting(MessageClass::Bulk, part as i64), NOW, NOW);
    }
    assert_eq!(dispatch.backlog(), BACKLOG_MAX);
    assert!(!dispatch.wants_refill(), "not before memory is empty");
    dispatch.up(LINK, u16::MAX);
    assert_eq!(dispatch.take(usize::MAX, NOW).len(), BACKLOG_MAX);
    assert!(dispatch.wants_refill() && !dispatch.reserve(1, NOW));
    dispatch.refill([(waiting(MessageClass::Bulk, 9), NOW)], true, NOW);
    assert_eq!(parts(dispatch.take(10, NOW)), [9]);
}

#[test]
fn a_one_time_code_passes_a_campaign_that_fills_the_memory() {
    let mut dispatch = carrier(1, 0);
    for part in 0..=BACKLOG_MAX {
        dispatch.enqueue(waiting(MessageClass::Bulk, part as i64), NOW, NOW);
    }
    dispatch.enqueue(waiting(MessageClass::Otp, 1_000_000), NOW, NOW);
    assert_eq!(dispatch.backlog(), BACKLOG_MAX, "the last of the campaign waits in the store");
    assert_eq!(parts(dispatch.take(1, NOW)), [1_000_000]);
    assert!(!dispatch.reserve(1, NOW), "the store holds more than memory");
}

#[test]
fn the_rate_counts_parts() {
    let mut dispatch = carrier(1_000, 10);
    for part in 0..100 {
        dispatch.enqueue(waiting(MessageClass::Bulk, part), NOW, NOW);
    }
    let mut now = NOW;
    let mut sent = 0;
    while let Some(at) = dispatch.wake_at(now)
        && at <= NOW + Span::seconds(5)
    {
        now = at;
        sent += dispatch.take(usize::MAX, now).len();
    }
    // One at once, then ten each second.
    assert_eq!(sent, 51);
    assert!(!dispatch.reserve(1, now));
}

proptest! {
    #[test]
    fn the_window_is_never_exceeded(window_max in 1_u16..20, steps in proptest::collection::vec((0_u8..4, 1_usize..5), 1..200)) {
        let mut dispatch = carrier(window_max, 0);
        let (mut in_use, mut next) = (0_usize, 0_i64);
        for (step, count) in steps {
            match step {
                0 => if dispatch.reserve(count, NOW) { in_use += count },
                1 => { dispatch.enqueue(waiting(MessageClass::Otp, next), NOW, NOW); next += 1; }
                2 => in_use += dispatch.take(count, NOW).len(),
                _ => { let freed = count.min(in_use); dispatch.free_places(freed); in_use -= freed; }
            }
            prop_assert!(in_use <= usize::from(window_max));
            prop_assert_eq!(dispatch.used(), in_use);
        }
    }
}
