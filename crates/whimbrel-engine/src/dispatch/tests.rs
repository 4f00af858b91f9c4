use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_000_000_000);
const LINK: LinkId = LinkId(1);

fn carrier(window_max: u16, parts_per_second_max: u32) -> Dispatch {
    let mut dispatch = Dispatch::new(Pace { parts_per_second_max });
    dispatch.refill([], InStore::Nothing, NOW);
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
    dispatch.refill([], InStore::Nothing, NOW);
    assert!(dispatch.reserve(1, NOW));
    dispatch.down(LINK);
    assert!(!dispatch.reserve(1, NOW));
}

#[test]
fn nothing_leaves_while_the_store_is_asked() {
    let mut dispatch = carrier(10, 0);
    dispatch.enqueue(waiting(MessageClass::Bulk, 1), NOW, NOW);
    assert!(dispatch.asks_to_leave(NOW));
    dispatch.left_for_later(NOW, NOW);
    assert!(dispatch.asks_store(NOW));
    assert!(!dispatch.asks_to_leave(NOW), "it may be among what the store says");
    assert_eq!(parts(dispatch.take(10, NOW)), [0; 0]);
    dispatch.refill([(waiting(MessageClass::Bulk, 1), NOW)], InStore::Nothing, NOW);
    assert_eq!(parts(dispatch.take(10, NOW)), [1], "once");
    dispatch.left_for_later(NOW, NOW);
    assert!(!dispatch.asks_store(NOW), "the store would say that it waits");
    dispatch.enqueue(waiting(MessageClass::Bulk, 2), NOW, NOW);
    assert!(!dispatch.asks_to_leave(NOW), "however many wait, the store is asked some time");
    dispatch.claimed(1);
    assert!(dispatch.asks_store(NOW));
    dispatch.not_answered(NOW);
    assert_eq!((parts(dispatch.take(10, NOW)), dispatch.wants_look(NOW)), (vec![2], true));
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
fn a_window_is_full_if_nothing_else_hinders() {
    let mut dispatch = carrier(3, 0);
    assert!(!dispatch.is_full(3, NOW), "there is room");
    assert!(dispatch.reserve(2, NOW));
    assert_eq!([1, 2, 3, 4].map(|count| dispatch.is_full(count, NOW)), [false, true, true, false], "4 never fit");
    assert!(dispatch.reserve(1, NOW));
    dispatch.enqueue(waiting(MessageClass::Bulk, 1), NOW, NOW);
    assert!(dispatch.is_full(1, NOW), "also for those behind others");
    dispatch.throttled(Span::seconds(1), NOW);
    assert!(!dispatch.is_full(1, NOW), "a pause is on");
    let later = NOW + Span::seconds(9);
    assert!(dispatch.is_full(1, later), "it is over");
    dispatch.down(LINK);
    assert!(!dispatch.is_full(1, later), "no link");
    dispatch.up(LINK, 9);
    assert!(!dispatch.is_full(1, later) && !dispatch.reserve(1, later), "what waits goes first, and there is room");
    let mut rated = carrier(1, 1);
    assert!(rated.reserve(1, NOW));
    assert!(!rated.is_full(1, NOW), "the rate hinders too");
    assert!(rated.is_full(1, NOW + Span::seconds(1)));
    rated.stop();
    assert!(!rated.is_full(1, NOW + Span::seconds(1)));
}

#[test]
fn a_place_that_was_freed_by_mistake_is_held_beyond_the_window() {
    let mut dispatch = carrier(1, 0);
    assert!(dispatch.reserve(1, NOW));
    dispatch.free_places(1);
    assert!(dispatch.reserve(1, NOW));
    dispatch.occupy();
    dispatch.free_places(1);
    assert!(!dispatch.reserve(1, NOW), "one is held still");
    dispatch.free_places(1);
    assert!(dispatch.reserve(1, NOW));
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

/// Refuses what is taken at `now`, and puts it back.
fn refuse_one(dispatch: &mut Dispatch, now: Timestamp) -> Timestamp {
    let taken = dispatch.take(1, now);
    assert_eq!(taken.len(), 1, "at {now}");
    let until = dispatch.throttled(Span::seconds(1), now);
    dispatch.free_places(1);
    dispatch.enqueue(taken[0], until, now);
    until
}

#[test]
fn a_throttled_carrier_pauses_whole_and_keeps_the_order() {
    let mut dispatch = carrier(10, 0);
    for part in 1..=3 {
        dispatch.enqueue(waiting(MessageClass::Bulk, part), NOW, NOW);
    }
    let until = refuse_one(&mut dispatch, NOW);
    assert_eq!((until, dispatch.paused_until()), (NOW + Span::seconds(1), until));
    assert_eq!(parts(dispatch.take(10, until + Span(-1))), [0_i64; 0]);
    assert!(!dispatch.reserve(1, NOW));
    assert_eq!(dispatch.wake_at(NOW), Some(until));
    assert_eq!(parts(dispatch.take(10, until)), [1, 2, 3], "one refusal alone teaches no limit");
}

#[test]
fn answers_to_what_was_under_way_are_one_request() {
    let mut dispatch = carrier(10, 0);
    for part in 0..20 {
        dispatch.enqueue(waiting(MessageClass::Bulk, part), NOW, NOW);
    }
    assert_eq!(dispatch.take(10, NOW).len(), 10);
    let until = dispatch.throttled(Span::seconds(1), NOW);
    assert_eq!(dispatch.throttled(Span::seconds(1), NOW + Span(10)), until);
    // One that comes after the pause was sent before it all the same: its part may leave at once.
    let late = until + Span(5);
    assert_eq!(dispatch.throttled(Span::seconds(1), late), late);
    assert_eq!(dispatch.paused_until(), until);
    dispatch.free_places(10);
    assert!(!dispatch.take(1, late).is_empty());
    assert!(dispatch.throttled(Span::seconds(1), late) > late, "this one was sent after the pause");
}

#[test]
fn pauses_double_up_to_their_bound_and_start_again_when_a_part_went_through() {
    for (first, bound) in [(1, 30), (5, 60), (90, 60)] {
        let mut dispatch = carrier(10, 0);
        let mut now = NOW;
        let mut lengths = Vec::new();
        for _ in 0..8 {
            let until = dispatch.throttled(Span::seconds(first), now);
            lengths.push(until.since(now).0 / 1_000_000);
            // Its place is free: the next refusal is that of another part.
            dispatch.control.answered(1);
            now = until;
        }
        let mut expected = first;
        for length in lengths {
            assert_eq!(length, expected.min(bound), "first {first}");
            expected *= 2;
        }
        dispatch.went_through(now);
        let brief = dispatch.throttled(Span::seconds(first), now).since(now);
        assert!(brief <= Span::seconds(first), "{brief:?}");
    }
}

#[test]
fn one_part_goes_ahead_after_the_second_pause() {
    let mut dispatch = carrier(10, 0);
    for part in 1..=20 {
        dispatch.enqueue(waiting(MessageClass::Bulk, part), NOW, NOW);
    }
    let until = refuse_one(&mut dispatch, NOW);
    let until = refuse_one(&mut dispatch, until);
    assert_eq!(parts(dispatch.take(10, until)), [1]);
    assert_eq!(parts(dispatch.take(10, until)), [0_i64; 0], "the others wait for its answer");
    assert!(!dispatch.reserve(1, until));
    let lost = dispatch.wake_at(until).expect("an answer may be lost");
    assert!(lost > until && lost <= until + Span::seconds(5));
    dispatch.went_through(until + Span(9));
    dispatch.free_places(1);
    let now = until + Span::seconds(2);
    assert_eq!(parts(dispatch.take(1, now)), [2]);
    let next = dispatch.wake_at(now).expect("more wait");
    assert!(next < now + Span::seconds(1), "the brake is off, the rate holds: {next}");
}

#[test]
fn a_carrier_that_took_nothing_for_a_reason_of_its_own_teaches_no_limit() {
    let mut dispatch = carrier(10, 0);
    for second in [0, 1, 3] {
        let now = NOW + Span::seconds(second);
        dispatch.not_taken(Span::seconds(1), now);
        dispatch.not_taken(Span::seconds(1), now);
        assert_eq!(dispatch.paused_until().since(now), Span::seconds(1 << (second + 1).ilog2()));
    }
    assert_eq!(dispatch.learned_rate(), None);
}

#[test]
fn row_28_another_pace_keeps_the_queue_and_zero_is_no_limit() {
    let mut dispatch = carrier(1_000, 10);
    for part in 0..100 {
        dispatch.enqueue(waiting(MessageClass::Bulk, part), NOW, NOW);
    }
    assert_eq!((dispatch.take(100, NOW).len(), dispatch.rate_now()), (1, Some(10.0)));
    dispatch.set_pace(Pace { parts_per_second_max: 200 });
    assert_eq!(dispatch.take(100, NOW + Span::seconds(1)).len(), 20);
    dispatch.set_pace(Pace { parts_per_second_max: 0 });
    assert_eq!((dispatch.rate_now(), dispatch.take(100, NOW + Span::seconds(1)).len()), (None, 79));
}

#[test]
fn links_that_are_gone_leave_the_queue() {
    let mut dispatch = carrier(10, 0);
    dispatch.enqueue(waiting(MessageClass::Bulk, 1), NOW, NOW);
    dispatch.reset_links();
    assert_eq!((dispatch.window_max(), dispatch.backlog(), dispatch.wake_at(NOW)), (0, 1, None));
    dispatch.up(LINK, 1);
    assert_eq!(parts(dispatch.take(9, NOW)), [1]);
}

#[test]
fn a_store_that_holds_only_what_is_not_due_is_not_read_again_before() {
    let mut dispatch = Dispatch::new(Pace { parts_per_second_max: 0 });
    dispatch.up(LINK, 10);
    let due = |part: i64| (waiting(MessageClass::Bulk, part), NOW + Span::seconds(part));
    dispatch.refill((3..=8).map(due), InStore::More, NOW);
    assert!(!dispatch.wants_refill());
    assert!(dispatch.take(10, NOW).is_empty() && !dispatch.wants_refill(), "a look changes nothing");
    assert_eq!(dispatch.wake_at(NOW), Some(NOW + Span::seconds(3)));
    assert_eq!(parts(dispatch.take(10, NOW + Span::seconds(3))), [3]);
    assert!(!dispatch.wants_refill(), "the rest of the store is due after the last of these");
    assert_eq!(parts(dispatch.take(10, NOW + Span::seconds(8))), [4, 5, 6, 7, 8]);
    dispatch.claimed(6);
    assert!(dispatch.asks_store(NOW + Span::seconds(8)));
    // Far away: it is looked at again after ten seconds all the same, and the driver is woken for it.
    dispatch.refill([(waiting(MessageClass::Otp, 9), NOW + Span::hours(1))], InStore::More, NOW);
    let again = NOW + Span::seconds(10);
    assert_eq!((dispatch.wants_refill(), dispatch.wake_at(NOW)), (false, Some(again)));
    assert!(dispatch.take(10, again).is_empty());
    assert_eq!((dispatch.wants_refill(), dispatch.wake_at(again)), (true, Some(again)));
    dispatch.refill([], InStore::More, again);
    assert!(!dispatch.wants_refill(), "rows that cannot be read are not read in a circle");
}

#[test]
fn the_store_is_asked_though_others_come_whenever_it_could_be() {
    let mut dispatch = carrier(10, 0);
    dispatch.refill([(waiting(MessageClass::Bulk, 1), NOW)], InStore::More, NOW);
    for part in 1..=3 {
        assert_eq!(parts(dispatch.take(10, NOW)), [part]);
        // What a commit has accepted waits before the driver sees that its claims have ended.
        dispatch.claimed(1);
        dispatch.enqueue(waiting(MessageClass::Bulk, part + 1), NOW, NOW);
    }
    assert!(dispatch.asks_store(NOW));
    assert_eq!(parts(dispatch.take(10, NOW)), [0; 0]);
}

#[test]
fn what_is_due_tomorrow_stays_in_the_store_and_holds_nobody_up() {
    let mut dispatch = Dispatch::new(Pace { parts_per_second_max: 0 });
    dispatch.up(LINK, 10);
    assert!(!dispatch.reserve(1, NOW), "what the store holds is not known yet");
    dispatch.refill([(waiting(MessageClass::Bulk, 1), NOW)], InStore::DueAt(NOW + Span::hours(24)), NOW);
    assert!(!dispatch.reserve(1, NOW), "one is due before it");
    assert_eq!(parts(dispatch.take(10, NOW)), [1]);
    assert!(!dispatch.wants_refill() && dispatch.reserve(1, NOW), "a new part leaves at once");
    assert_eq!(dispatch.wake_at(NOW), Some(NOW + QUIET_MAX), "a clock may be set");
    let soon = NOW + Span::seconds(4);
    dispatch.refill([], InStore::DueAt(soon), NOW);
    assert_eq!((dispatch.wake_at(NOW), dispatch.reserve(1, soon)), (Some(soon), false));
}

#[test]
fn a_throttled_part_keeps_its_place_in_a_full_memory() {
    let mut dispatch = carrier(1, 0);
    for part in 0..=BACKLOG_MAX {
        dispatch.enqueue(waiting(MessageClass::Bulk, part as i64), NOW, NOW);
    }
    let first = dispatch.take(1, NOW)[0];
    dispatch.enqueue(waiting(MessageClass::Bulk, 1_000_000), NOW, NOW);
    assert_eq!(dispatch.backlog(), BACKLOG_MAX);
    let until = dispatch.throttled(Span::seconds(1), NOW);
    dispatch.free_places(1);
    dispatch.enqueue(first, until, NOW);
    assert_eq!(dispatch.backlog(), BACKLOG_MAX);
    assert_eq!(dispatch.take(1, until), [first]);
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
    dispatch.refill([(waiting(MessageClass::Bulk, 9), NOW)], InStore::Nothing, NOW);
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
fn what_is_due_now_passes_what_is_scheduled_and_fills_the_memory() {
    let mut dispatch = carrier(10, 0);
    let soon = NOW + Span::seconds(100);
    for part in 0..=BACKLOG_MAX {
        dispatch.enqueue(waiting(MessageClass::Bulk, part as i64), soon, NOW);
    }
    assert_eq!(dispatch.backlog(), BACKLOG_MAX);
    dispatch.enqueue(waiting(MessageClass::Otp, 1_000_000), NOW, NOW);
    dispatch.enqueue(waiting(MessageClass::Bulk, 1_000_001), NOW + Span::seconds(1), NOW);
    assert_eq!(dispatch.backlog(), BACKLOG_MAX, "two of those scheduled wait in the store");
    assert_eq!(parts(dispatch.take(10, NOW)), [1_000_000]);
    assert_eq!(parts(dispatch.take(10, NOW + Span::seconds(1))), [1_000_001]);
    assert!(!dispatch.wants_look(NOW + Span::seconds(1)), "the store is not read in a circle meanwhile");
    assert!(dispatch.wants_look(soon), "and is asked for them when their time has come");
}

#[test]
fn row_8_the_rate_counts_parts() {
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
    /// Whatever is answered when: no part leaves before one of its class with a lower number that is ready, nothing leaves during a
    /// pause, nothing is lost or sent twice, and the window holds.
    #[test]
    fn order_and_window_hold_whatever_the_carrier_answers(
        window_max in 1_u16..20,
        rate in prop_oneof![Just(0_u32), 1_u32..200],
        steps in proptest::collection::vec((0_u8..6, 1_usize..8, 0_i64..400_000), 1..300),
    ) {
        let mut dispatch = carrier(window_max, rate);
        let (mut now, mut next) = (NOW, 0_i64);
        let mut queued: BTreeSet<(Waiting, Timestamp)> = BTreeSet::new();
        let mut out: Vec<Waiting> = Vec::new();
        for (step, count, micros) in steps {
            now = now + Span(micros);
            match step {
                0 | 1 => for _ in 0..count {
                    let class = if next % 3 == 0 { MessageClass::Otp } else { MessageClass::Bulk };
                    let part = waiting(class, next);
                    next += 1;
                    dispatch.enqueue(part, now, now);
                    queued.insert((part, now));
                },
                2 => {
                    let taken = dispatch.take(count, now);
                    prop_assert!(taken.is_empty() || now >= dispatch.paused_until());
                    for part in taken {
                        let first = queued.iter().find(|(_, due_at)| *due_at <= now).copied();
                        prop_assert_eq!(first.map(|first| first.0), Some(part));
                        queued.retain(|(waiting, _)| *waiting != part);
                        out.push(part);
                    }
                }
                3 if !out.is_empty() => {
                    out.remove(count % out.len());
                    dispatch.went_through(now);
                    dispatch.free_places(1);
                }
                4 | 5 if !out.is_empty() => {
                    let part = out.remove(count % out.len());
                    let due_at = dispatch.throttled(Span::seconds(if step == 4 { 1 } else { 5 }), now);
                    prop_assert!(due_at >= now && due_at <= now + Span::seconds(60));
                    dispatch.free_places(1);
                    dispatch.enqueue(part, due_at, now);
                    queued.insert((part, due_at));
                }
                _ => {}
            }
            prop_assert_eq!(dispatch.used(), out.len());
            prop_assert!(out.len() <= usize::from(window_max));
            prop_assert_eq!(dispatch.backlog(), queued.len());
            if let Some(rate) = dispatch.rate_now() {
                prop_assert!(rate >= 1.0 && (dispatch.pace.parts_per_second_max == 0 || rate <= f64::from(dispatch.pace.parts_per_second_max)));
            }
        }
        // Whoever only follows the clock gets everything out in the end.
        for _ in 0..10_000 {
            if queued.is_empty() && out.is_empty() { break; }
            if let Some(at) = dispatch.wake_at(now) { now = now.max(at); }
            for part in dispatch.take(usize::MAX, now) {
                queued.retain(|(waiting, _)| *waiting != part);
                out.push(part);
            }
            for _ in 0..std::mem::take(&mut out).len() {
                dispatch.went_through(now);
                dispatch.free_places(1);
            }
        }
        prop_assert_eq!((queued.len(), dispatch.used()), (0, 0));
    }

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
