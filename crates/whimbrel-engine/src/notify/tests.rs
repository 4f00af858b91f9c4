use std::ops::Bound;

use proptest::prelude::*;
use whimbrel_core::{
    AccountId, Cause, Currency, Final, ForHook, MessageId, Money, NoticeForm, PartId, PhoneNumber, ReceiptStatus,
    ReceiptTold, SenderId, Told,
};

use super::*;

const NOW: Timestamp = Timestamp(0);

fn notice(id: i64, due_at: i64) -> Notice {
    Notice {
        id: NoticeId(id),
        account_id: AccountId(1),
        dialect: "plain".into(),
        url: None,
        form: NoticeForm::default(),
        application: None,
        hook: ForHook::No,
        told: Told::Receipt(ReceiptTold {
            serial: None,
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
    notify.refilling();
    notify.refilled([], NOW);
    for (id, due_at) in [(1, 10), (2, 5), (2, 5), (3, 20)] {
        notify.add("a".into(), notice(id, due_at), NOW);
    }
    assert_eq!(drain(&mut notify, 4), [0_i64; 0]);
    assert_eq!(notify.wake_at(), Some(Timestamp(5)));
    assert_eq!(drain(&mut notify, 10), [2, 1]);
    notify.add("a".into(), notice(2, 5), NOW);
    assert_eq!(drain(&mut notify, 10), [0_i64; 0], "it is under way");
    assert!(!notify.answered(&"a".into()), "nobody waits for the place");
    notify.done(&"a".into(), NoticeId(2), Some(notice(2, 30)), NOW);
    assert_eq!(notify.wake_at(), Some(Timestamp(20)));
    assert_eq!(drain(&mut notify, 30), [3, 2]);
}

#[test]
fn an_endpoint_that_hangs_holds_up_nobody_else() {
    let mut notify = Notify::new();
    for id in 0..100 {
        notify.add("slow".into(), notice(id, 1), NOW);
    }
    notify.add("good".into(), notice(100, 2), NOW);
    let taken = drain(&mut notify, 10);
    assert_eq!(taken.len(), IN_FLIGHT_OF_ENDPOINT_MAX + 1);
    assert!(taken.contains(&100));
    assert_eq!(drain(&mut notify, 10), [0_i64; 0]);
    assert!(notify.answered(&"slow".into()), "another waits for the place");
    let next = IN_FLIGHT_OF_ENDPOINT_MAX as i64;
    assert_eq!(drain(&mut notify, 10), [next], "one place was freed, the oldest takes it");
    for id in 0..=next {
        if id > 0 {
            _ = notify.answered(&"slow".into());
        }
        notify.done(&"slow".into(), NoticeId(id), None, NOW);
    }
    assert_eq!(drain(&mut notify, 10).len(), IN_FLIGHT_OF_ENDPOINT_MAX);
}

#[test]
fn an_endpoint_that_has_answered_gets_the_next_before_the_answer_is_written_down() {
    let mut notify = Notify::new();
    for id in 0..1_000 {
        notify.add("fast".into(), notice(id, 1), NOW);
    }
    let mut taken = drain(&mut notify, 10);
    let mut answered = 0;
    while answered < taken.len() {
        let has_place = notify.answered(&"fast".into());
        answered += 1;
        let next = drain(&mut notify, 10);
        assert_eq!(has_place, !next.is_empty());
        taken.extend(next);
    }
    assert_eq!((taken.len(), notify.in_flight()), (UNWRITTEN_OF_ENDPOINT_MAX, 0), "as many as may be repeated");
    notify.done(&"fast".into(), NoticeId(0), None, NOW);
    assert_eq!(drain(&mut notify, 10), [UNWRITTEN_OF_ENDPOINT_MAX as i64]);
    assert_eq!(drain(&mut notify, 10), [0_i64; 0]);
}

#[test]
fn results_may_be_written_down_later_while_few_are_not() {
    let mut notify = Notify::new();
    let fast: Lane = "fast".into();
    for id in 0..UNWRITTEN_OF_ENDPOINT_MAX as i64 {
        notify.add(fast.clone(), notice(id, 1), NOW);
    }
    let mut unwritten = 0;
    while notify.is_at_ease(&fast) {
        let (lane, _) = notify.take(Timestamp(2)).expect("a place");
        _ = notify.answered(&lane);
        unwritten += 1;
    }
    assert_eq!(unwritten, UNWRITTEN_OF_ENDPOINT_MAX / 2 + 1);
    assert!(notify.is_at_ease(&"another".into()), "its places are its own");
    notify.done(&fast, NoticeId(0), None, NOW);
    assert!(notify.is_at_ease(&fast));
}

#[test]
fn with_a_slow_disk_those_who_answer_fast_leave_room_for_the_others() {
    let mut notify = Notify::new();
    let lanes = 40;
    for id in 0..4_000 {
        notify.add(format!("fast {}", id % lanes).into(), notice(id, 1), NOW);
    }
    let (mut unwritten, mut late) = (VecDeque::new(), None);
    for step in 1..10_000 {
        if step == 5_000 {
            notify.add("z, who came late".into(), notice(9_999, step), Timestamp(step));
            late = Some(step);
        }
        while let Some((lane, notice)) = notify.take(Timestamp(step)) {
            if notice.id.0 == 9_999 {
                let waited = late.map(|since| step - since);
                assert!(waited.is_some_and(|waited| waited <= lanes), "{waited:?} answers were written down first");
                return;
            }
            _ = notify.answered(&lane);
            unwritten.push_back((lane, notice.id));
        }
        assert_eq!(unwritten.len(), UNWRITTEN_MAX);
        assert_eq!(notify.wake_at(), None);
        // One answer comes to the disk, and another notice to its endpoint.
        let (lane, id) = unwritten.pop_front().expect("they are many");
        notify.done(&lane, id, None, Timestamp(step));
        notify.add(lane, notice(10_000 + step, step), Timestamp(step));
    }
    panic!("it was never taken");
}

#[test]
fn endpoints_that_wait_for_a_place_take_turns_whatever_their_names_are() {
    let mut notify = Notify::new();
    // One after the other: by time alone, the first ones would be served first.
    for id in 0..4_000 {
        notify.add(format!("{:02}", id / 100).into(), notice(id, id / 100), NOW);
    }
    let mut under_way: VecDeque<(Lane, Notice)> = std::iter::from_fn(|| notify.take(Timestamp(100))).collect();
    assert_eq!(under_way.len(), IN_FLIGHT_MAX);
    let mut taken = BTreeMap::<Lane, usize>::new();
    for step in 0..2_000 {
        // Somebody new comes each time, with a name behind all others.
        notify.add(format!("new {step:04}").into(), notice(10_000 + step, 100), NOW);
        let (lane, notice) = under_way.pop_front().expect("they are many");
        _ = notify.answered(&lane);
        notify.done(&lane, notice.id, None, NOW);
        let (lane, notice) = notify.take(Timestamp(100)).expect("a place was freed");
        *taken.entry(lane.clone()).or_default() += 1;
        under_way.push_back((lane, notice));
    }
    let of_old: Vec<usize> = (0..40).map(|lane| taken.get(&*format!("{lane:02}")).copied().unwrap_or(0)).collect();
    assert!(of_old.iter().all(|count| *count >= 3), "{of_old:?}");
}

#[test]
fn a_place_that_is_freed_where_nobody_waits_is_told_to_the_others() {
    let mut notify = Notify::new();
    for id in 0..=IN_FLIGHT_MAX as i64 {
        notify.add(id.to_string().into(), notice(id, 1), NOW);
    }
    assert_eq!(drain(&mut notify, 10).len(), IN_FLIGHT_MAX);
    assert!(notify.answered(&"0".into()), "another endpoint waits");
    assert_eq!(drain(&mut notify, 10), [IN_FLIGHT_MAX as i64]);
    assert!(notify.answered(&"1".into()), "a place is free again, whoever may want it");
    assert!(!notify.answered(&"2".into()), "it was before");
}

#[test]
fn all_places_together_are_bounded() {
    let mut notify = Notify::new();
    for id in 0..1_000 {
        notify.add(format!("lane {}", id % 100).into(), notice(id, 1), NOW);
    }
    assert_eq!(drain(&mut notify, 10).len(), IN_FLIGHT_MAX);
    assert_eq!((notify.in_flight(), notify.wake_at()), (IN_FLIGHT_MAX, None));
    assert!(notify.answered(&"lane 0".into()), "others wait for any place");
    assert_eq!(drain(&mut notify, 10).len(), 1);
    notify.done(&"lane 0".into(), NoticeId(0), None, NOW);
    assert_eq!(drain(&mut notify, 10).len(), 0);
}

#[test]
fn who_waits_for_a_place_of_a_host_leaves_room_for_others() {
    let mut notify = Notify::new();
    for id in 0..4_000 {
        notify.add(format!("{}", id / 4).into(), notice(id, 0), NOW);
    }
    let mut aside_count = 0;
    let mut taken_count = drain(&mut notify, 10).len();
    assert_eq!(taken_count, IN_FLIGHT_MAX);
    while notify.steps_aside() {
        aside_count += 1;
        taken_count += drain(&mut notify, 10).len();
        assert_eq!(notify.in_flight(), IN_FLIGHT_MAX);
    }
    assert_eq!((aside_count, taken_count), (ASIDE_MAX, ASIDE_MAX + IN_FLIGHT_MAX));
    // Whoever has a place now is under way, above the bound if need be; who ends then makes room only below it.
    notify.goes_on();
    assert!(notify.in_flight() == IN_FLIGHT_MAX + 1 && notify.steps_aside());
    assert_eq!(drain(&mut notify, 10).len(), 0);
}

#[test]
fn nothing_begins_and_nobody_is_woken_after_the_end() {
    let mut notify = Notify::new();
    notify.add("a".into(), notice(1, 0), NOW);
    assert!(notify.wants_refill(NOW) && notify.wake_at().is_some());
    notify.end();
    assert!(notify.take(NOW).is_none() && !notify.wants_refill(NOW));
    assert_eq!(notify.wake_at(), None);
}

#[test]
fn a_full_memory_sends_for_the_rest_later() {
    let mut notify = Notify::new();
    assert!(notify.wants_refill(NOW));
    notify.refilling();
    notify.refilled([], NOW);
    assert!(!notify.wants_refill(NOW));
    for id in 0..=i64::try_from(NOTICES_MAX).expect("small") {
        notify.add(format!("lane {id}").into(), notice(id, 1_000), NOW);
    }
    assert_eq!(notify.len(), NOTICES_MAX);
    assert!(!notify.wants_refill(NOW), "there is no room yet");
}

/// As much for a lane as there may be at all; how many of them found room.
fn fill(notify: &mut Notify, lane: &str, number: i64) -> usize {
    let (before, count) = (notify.len(), NOTICES_MAX as i64);
    for id in number * count..(number + 1) * count {
        notify.add(lane.into(), notice(id, 1), NOW);
    }
    notify.len() - before
}

#[test]
fn an_endpoint_fills_half_of_the_memory_and_others_still_find_room() {
    let mut notify = Notify::new();
    notify.refilling();
    notify.refilled([], NOW);
    let half = NOTICES_MAX / 2;
    let lanes = [("hot", 1), ("second", 2), ("third", 3)];
    assert_eq!(lanes.map(|(lane, number)| fill(&mut notify, lane, number)), [half, half / 2, half / 4]);
    assert!(!notify.wants_refill(NOW), "what was left has no room yet");
}

#[test]
fn what_is_put_back_keeps_its_room_though_its_endpoint_has_too_much() {
    let mut notify = Notify::new();
    let slow: Lane = "slow".into();
    let half = NOTICES_MAX as i64 / 2;
    for id in 0..half + 2_000 {
        let lane = if id < half { slow.clone() } else { format!("other {id}").into() };
        notify.add(lane, notice(id, 1), NOW);
    }
    let (lane, tried) = notify.take(Timestamp(1)).expect("it is due");
    assert_eq!((lane, tried.id), (slow.clone(), NoticeId(0)));
    // The store is being asked, and its answer has the row as it stood.
    notify.refilling();
    _ = notify.answered(&slow);
    notify.put_back(&slow, Notice { due_at: Timestamp(1_000), ..tried.clone() }, Timestamp(1));
    notify.refilled([(slow.clone(), tried)], Timestamp(1));
    notify.held.clear();
    notify.turns.clear();
    let next = std::iter::from_fn(|| notify.take(Timestamp(1_000))).find(|(lane, _)| *lane == slow);
    assert!(next.is_some_and(|(_, notice)| notice.id == NoticeId(0)), "nobody else looks for it");
}

#[test]
fn endpoints_that_hang_with_all_that_they_may_have_keep_nobody_from_being_looked_for() {
    let mut notify = Notify::new();
    notify.refilling();
    notify.refilled([], NOW);
    for (lane, number) in [("first", 1), ("second", 2), ("third", 3), ("fourth", 4)] {
        fill(&mut notify, lane, number);
    }
    notify.add("good".into(), notice(-2, 1), NOW);
    assert!(!notify.wants_refill(NOW), "they have too much themselves");
    notify.add("good".into(), notice(-1, AHEAD.0 + 1), NOW);
    assert!(notify.wants_refill(NOW + AHEAD), "it is due soon");
}

#[test]
fn the_store_is_asked_for_as_much_as_then_finds_room() {
    let mut notify = Notify::new();
    notify.refilling();
    notify.refilled([], NOW);
    for id in 0..=NOTICES_MAX as i64 {
        notify.add("hot".into(), notice(id, 1), NOW);
    }
    let mut ended = 0;
    while !notify.wants_refill(NOW) {
        let (lane, notice) = notify.take(Timestamp(1)).expect("it is due");
        _ = notify.answered(&lane);
        notify.done(&lane, notice.id, None, NOW);
        ended += 1;
    }
    assert_eq!((ended, notify.len()), (PAGE_NOTICES_MAX, PAGE_NOTICES_MAX));
    let (_, NoticeId(after)) = notify.refilling();
    let page = (after + 1..).take(PAGE_NOTICES_MAX).map(|id| ("hot".into(), notice(id, 1)));
    notify.refilled(page, NOW);
    assert_eq!(notify.len(), 2 * PAGE_NOTICES_MAX, "all of it was kept");
}

#[test]
fn what_was_delivered_while_the_store_was_asked_is_not_sent_again() {
    let mut notify = Notify::new();
    for id in 1..=3 {
        notify.add("a".into(), notice(id, 1), NOW);
    }
    assert_eq!(drain(&mut notify, 1), [1, 2, 3]);
    notify.refilling();
    for _ in 0..2 {
        assert!(!notify.answered(&"a".into()));
    }
    notify.done(&"a".into(), NoticeId(1), None, NOW);
    notify.done(&"a".into(), NoticeId(2), Some(notice(2, 50)), NOW);
    // The store answers with what it held when it was asked.
    notify.refilled((1..=4).map(|id| ("a".into(), notice(id, 1))), NOW);
    assert_eq!(drain(&mut notify, 1), [4], "1 was delivered, 2 waits for its next try, 3 is under way");
    assert_eq!(drain(&mut notify, 50), [2]);
}

/// A store of notices, and endpoints that are up or down.
#[derive(Default)]
struct Model {
    notify: Notify,
    rows: BTreeMap<Key, (Lane, Notice)>,
    now: i64,
    made: i64,
    delivered: BTreeMap<i64, usize>,
    pages: usize,
    rows_read: usize,
    /// Tries that were answered: what is to be written down of each.
    unwritten: VecDeque<(Lane, Notice, Option<Notice>)>,
    /// So many of them there are before one is written down.
    lag: usize,
    /// How often, yet, something is made and something tried while the store is asked, so that its answer is old.
    late_answers: usize,
}

impl Model {
    fn new() -> Self {
        Self { notify: Notify::new(), ..Self::default() }
    }

    /// A notice is committed, and told to the reducer as by the process that made it.
    fn make(&mut self, lane: &str) {
        self.made += 1;
        let made = notice(self.made, self.now);
        self.rows.insert((made.due_at, made.id), (lane.into(), made.clone()));
        self.notify.add(lane.into(), made, Timestamp(self.now));
    }

    fn refill(&mut self, endpoints: Endpoints<'_>) {
        while self.notify.wants_refill(Timestamp(self.now)) {
            let after = self.notify.refilling();
            let page = self.rows.range((Bound::Excluded(after), Bound::Unbounded)).take(self.notify.page_max());
            let page: Vec<(Lane, Notice)> = page.map(|(_, row)| row.clone()).collect();
            self.rows_read += page.len();
            if self.late_answers > 0 {
                self.late_answers -= 1;
                self.make("a");
                self.try_one(endpoints);
            }
            self.notify.refilled(page, Timestamp(self.now));
            self.pages += 1;
        }
    }

    fn try_one(&mut self, endpoints: Endpoints<'_>) -> bool {
        let Some((lane, tried)) = self.notify.take(Timestamp(self.now)) else { return false };
        let id = tried.id;
        let again = if (endpoints.is_up)(&lane) {
            *self.delivered.entry(id.0).or_default() += 1;
            None
        } else {
            let due_at = Timestamp(self.now) + endpoints.pause;
            Some(Notice { due_at, failures: tried.failures + 1, ..tried.clone() })
        };
        _ = self.notify.answered(&lane);
        self.unwritten.push_back((lane, tried, again));
        if self.unwritten.len() > self.lag {
            self.write_one();
        }
        true
    }

    fn check(&self) {
        let notify = &self.notify;
        let sum = |count: fn(&Counts) -> usize| notify.lanes.values().map(count).sum::<usize>();
        assert_eq!((sum(|lane| lane.known), sum(|lane| lane.unwritten)), (notify.known.len(), notify.unwritten_count));
        assert_eq!(sum(|lane| lane.in_flight), notify.in_flight_count);
        assert!(notify.lanes.values().all(|lane| lane.in_flight + lane.unwritten <= UNWRITTEN_OF_ENDPOINT_MAX));
        let waits = |lane: &Lane| notify.held.contains_key(lane) && notify.places(lane) > 0;
        assert!(notify.lanes.iter().all(|(lane, counts)| counts.has_turn == waits(lane)));
        assert_eq!(notify.turns.len(), sum(|lane| usize::from(lane.has_turn)));
    }

    /// Writes one answer down.
    fn write_one(&mut self) -> bool {
        let Some((lane, tried, again)) = self.unwritten.pop_front() else { return false };
        self.rows.remove(&(tried.due_at, tried.id)).expect("a row for each try");
        if let Some(again) = &again {
            self.rows.insert((again.due_at, again.id), (lane.clone(), again.clone()));
        }
        self.notify.done(&lane, tried.id, again, Timestamp(self.now));
        self.check();
        assert!(self.notify.len() <= NOTICES_MAX);
        true
    }

    /// Tries what is due until nothing is.
    fn turn(&mut self, is_up: impl Fn(&str) -> bool, pause: Span) {
        let endpoints = Endpoints { is_up: &is_up, pause };
        self.refill(endpoints);
        while self.try_one(endpoints) || self.write_one() {
            self.refill(endpoints);
        }
    }
}

/// Which endpoints are up; what goes to the others is tried again after the pause.
#[derive(Clone, Copy)]
struct Endpoints<'a> {
    is_up: &'a dyn Fn(&str) -> bool,
    pause: Span,
}

#[test]
fn row_30_what_waits_for_an_endpoint_that_is_down_holds_up_no_other() {
    // kneodev/ksmppd issue 94: with very many waiting, nothing left any more.
    let mut model = Model::new();
    let hour = Span::hours(1);
    for _ in 0..50_000 {
        model.make("down");
    }
    // The store had them all before this process began.
    model.notify = Notify::new();
    for _ in 0..100 {
        model.make("up");
    }
    model.turn(|lane| lane == "up", hour);
    assert_eq!(model.delivered.len(), 100);
    assert!(model.notify.is_empty(), "what is tried in an hour takes no room");
    // Each row of the store was looked at a few times at most.
    assert!(model.pages < 100, "{} pages", model.pages);
    model.now += hour.0 - 1;
    model.make("up");
    model.turn(|lane| lane == "up", hour);
    assert_eq!(model.delivered.len(), 101);
    model.now += 1;
    model.turn(|_| true, hour);
    assert_eq!(model.delivered.len(), 50_101, "it came back");
    assert!(model.delivered.values().all(|times| *times == 1));
}

#[test]
fn a_backlog_of_many_endpoints_is_read_about_once() {
    let mut model = Model::new();
    let lanes: Vec<String> = (0..100).map(|lane| format!("lane {lane}")).collect();
    for number in 0..40_000 {
        model.make(&lanes[number % lanes.len()]);
    }
    // The store had them all before this process began.
    model.notify = Notify::new();
    model.turn(|_| true, Span::hours(1));
    assert_eq!(model.delivered.len(), 40_000);
    assert!(model.rows_read < 80_000, "{} rows", model.rows_read);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 10))]
    #[test]
    fn every_notice_is_delivered_once_whatever_goes_down_and_comes_back(
        steps in proptest::collection::vec((0..4_usize, 0..4_000_i64, 0..16_u8, 0..200_i64), 1..12),
    ) {
        let mut model = Model::new();
        let lanes = ["a", "b", "c", "d"];
        for (lane, count, up, seconds) in steps {
            for _ in 0..count {
                model.make(lanes[lane]);
            }
            model.late_answers = usize::try_from(seconds).expect("positive") % 5;
            model.lag = usize::from(up) * 40;
            let is_up = |lane: &str| lanes.iter().position(|other| *other == lane).is_some_and(|at| up >> at & 1 == 1);
            model.turn(is_up, Span::seconds(45));
            model.now += Span::seconds(seconds).0;
        }
        // Everything is up; what failed last is due within its pause.
        model.turn(|_| true, Span::seconds(45));
        model.now += Span::seconds(45).0;
        model.turn(|_| true, Span::seconds(45));
        prop_assert_eq!(model.delivered.len(), usize::try_from(model.made).expect("counted up"));
        prop_assert!(model.delivered.values().all(|times| *times == 1));
        prop_assert!(model.rows.is_empty() && model.notify.is_empty());
        prop_assert_eq!(model.notify.wake_at(), None);
    }
}
