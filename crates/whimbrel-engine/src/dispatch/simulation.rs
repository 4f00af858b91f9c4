//! Carriers as they are in the field, in virtual time: what is used of what they allow, and how many parts they refuse.
//!
//! The driver here does as the real one does: it takes what may leave, and after an answer and a commit frees the place and puts a
//! throttled part back into the queue.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::*;

const START: Timestamp = Timestamp(1_795_000_000_000_000);
/// Between the answer and the end of its commit.
const COMMIT: Span = Span::millis(4);
const LINK: LinkId = LinkId(1);

/// How a carrier counts what it allows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A token bucket that holds a tenth of a second's parts.
    Bucket,
    /// A token bucket that holds a whole second's parts.
    DeepBucket,
    /// So many in each second by the clock.
    Windows,
    /// So many in any second, counted at each submission.
    Sliding,
    /// A queue of two seconds' parts in front of a worker that stops for three seconds in each minute.
    Queue,
    /// A token bucket whose rate is half for a minute.
    Halving,
    /// Takes everything, but for five minutes nothing.
    Shut,
}

const KINDS: [Kind; 6] = [Kind::Bucket, Kind::DeepBucket, Kind::Windows, Kind::Sliding, Kind::Queue, Kind::Halving];

struct Carrier {
    kind: Kind,
    rate: f64,
    tokens: f64,
    at: Timestamp,
    window: i64,
    times: VecDeque<Timestamp>,
}

fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e6
}

impl Carrier {
    fn new(kind: Kind, rate: f64) -> Self {
        // The queue's tokens are its free places.
        let mut carrier = Self { kind, rate, tokens: 0.0, at: START, window: 0, times: VecDeque::new() };
        carrier.tokens = carrier.depth();
        carrier
    }

    fn depth(&self) -> f64 {
        match self.kind {
            Kind::DeepBucket => self.rate,
            Kind::Queue => self.rate * 2.0,
            _ => (self.rate / 10.0).max(1.0),
        }
    }

    /// Parts per second that it allows at an instant.
    fn rate_at(&self, at: Timestamp) -> f64 {
        let second = at.since(START).0 / 1_000_000;
        match self.kind {
            Kind::Halving if (120..180).contains(&second) => self.rate / 2.0,
            Kind::Queue if second % 60 >= 57 => 0.0,
            _ => self.rate,
        }
    }

    fn fill(&mut self, now: Timestamp) {
        // Whole steps of at most a second, so that a change of the rate is seen.
        while self.at < now {
            let boundary = Timestamp((self.at.0.div_euclid(1_000_000) + 1) * 1_000_000);
            let next = boundary.min(now);
            self.tokens = (self.tokens + seconds(next.since(self.at)) * self.rate_at(self.at)).min(self.depth());
            self.at = next;
        }
    }

    fn takes(&mut self, now: Timestamp) -> bool {
        match self.kind {
            Kind::Shut => return !(60..360).contains(&(now.since(START).0 / 1_000_000)),
            Kind::Windows => {
                if now.unix_seconds() != self.window {
                    self.window = now.unix_seconds();
                    self.tokens = self.rate;
                }
            }
            Kind::Sliding => {
                while self.times.front().is_some_and(|first| now.since(*first) >= Span::seconds(1)) {
                    self.times.pop_front();
                }
                if (self.times.len() as f64) < self.rate {
                    self.times.push_back(now);
                    return true;
                }
                return false;
            }
            _ => self.fill(now),
        }
        let takes = self.tokens >= 1.0;
        if takes {
            self.tokens -= 1.0;
        }
        takes
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Arrives,
    Answered { taken: bool },
    Settled { taken: bool, due_at: Timestamp },
}

#[derive(Debug, Clone, Copy)]
struct Case {
    kind: Kind,
    /// Parts per second that the carrier allows.
    allows: u32,
    /// Parts per second that are configured.
    configured: u32,
    window: u16,
    /// The time from a submission to its answer, shortest and longest.
    latency: (Span, Span),
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome {
    used: f64,
    throttled: f64,
}

impl Case {
    /// What is left out at the beginning: twenty seconds, or the time of 300 parts.
    fn start_up(&self) -> Span {
        Span::seconds((300 / i64::from(self.allows)).max(20))
    }

    /// Two minutes and more after it, or the time of 1,200 parts.
    fn length(&self) -> Span {
        let seconds = if self.kind == Kind::Halving { 280 } else { 120.max(1_200 / i64::from(self.allows)) };
        Span(self.start_up().0 + seconds * 1_000_000)
    }
}

/// A random number generator for latencies: SplitMix64.
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

struct World {
    now: Timestamp,
    dispatch: Dispatch,
    carrier: Carrier,
    events: BinaryHeap<Reverse<(Timestamp, u64, What, Waiting)>>,
    number: u64,
    next_part: i64,
    random: u64,
    latency: (Span, Span),
    from: Timestamp,
    accepted: u64,
    refused: u64,
    /// Refusals of the whole run, start-up included.
    refusals: u64,
    order: Order,
}

/// The parts that are ready by the driver's own books: nothing may overtake among them.
#[derive(Default)]
struct Order {
    ready: BTreeSet<Waiting>,
    delayed: BTreeSet<(Timestamp, Waiting)>,
}

impl Order {
    fn enqueue(&mut self, part: Waiting, due_at: Timestamp) {
        self.delayed.insert((due_at, part));
    }

    fn took(&mut self, parts: &[Waiting], now: Timestamp) {
        while let Some(first) = self.delayed.first().copied()
            && first.0 <= now
        {
            self.delayed.pop_first();
            self.ready.insert(first.1);
        }
        for part in parts {
            assert_eq!(self.ready.pop_first().as_ref(), Some(part), "a part was overtaken");
        }
    }
}

impl World {
    fn new(case: Case) -> Self {
        let mut dispatch = Dispatch::new(Pace { parts_per_second_max: case.configured });
        dispatch.refill([], InStore::Nothing, START);
        dispatch.up(LINK, case.window);
        Self {
            now: START,
            dispatch,
            carrier: Carrier::new(case.kind, f64::from(case.allows)),
            events: BinaryHeap::new(),
            number: 0,
            next_part: 0,
            random: case.seed,
            latency: case.latency,
            from: START + case.start_up(),
            accepted: 0,
            refused: 0,
            refusals: 0,
            order: Order::default(),
        }
    }

    fn push(&mut self, at: Timestamp, what: What, part: Waiting) {
        self.number += 1;
        self.events.push(Reverse((at, self.number, what, part)));
    }

    /// There is always more to send.
    fn top_up(&mut self, now: Timestamp) {
        while self.dispatch.backlog() < 500 {
            self.next_part += 1;
            let class = if self.next_part % 10 == 0 { MessageClass::Otp } else { MessageClass::Bulk };
            let part = Waiting { class, part_id: PartId(self.next_part), attempt: AttemptNumber(0) };
            self.dispatch.enqueue(part, now, now);
            self.order.enqueue(part, now);
        }
    }

    fn send(&mut self, now: Timestamp) {
        let taken = self.dispatch.take(512, now);
        self.order.took(&taken, now);
        for part in taken {
            // A connection keeps the order.
            self.push(now + Span(self.latency.0.0 / 2), What::Arrives, part);
        }
    }

    fn happen(&mut self, now: Timestamp, what: What, part: Waiting) {
        match what {
            What::Arrives => {
                let taken = self.carrier.takes(now);
                self.refusals += u64::from(!taken);
                if now >= self.from {
                    self.accepted += u64::from(taken);
                    self.refused += u64::from(!taken);
                }
                let (shortest, longest) = self.latency;
                let back = shortest.0 + (next_random(&mut self.random) % (longest.0 - shortest.0 + 1) as u64) as i64;
                self.push(now + Span(back - shortest.0 / 2), What::Answered { taken }, part);
            }
            What::Answered { taken } => {
                let first = if self.carrier.kind == Kind::Queue { Span::seconds(5) } else { Span::seconds(1) };
                let due_at = if taken { now } else { self.dispatch.throttled(first, now) };
                self.push(now + COMMIT, What::Settled { taken, due_at }, part);
            }
            What::Settled { taken, due_at } => {
                if taken {
                    self.dispatch.went_through(now);
                }
                self.dispatch.free_places(1);
                if !taken {
                    self.dispatch.enqueue(part, due_at, now);
                    self.order.enqueue(part, due_at);
                }
            }
        }
    }
}

fn run(world: &mut World, end: Timestamp) {
    let mut now = world.now;
    loop {
        world.top_up(now);
        world.send(now);
        let wake_at = world.dispatch.wake_at(now);
        let event_at = world.events.peek().map(|Reverse(event)| event.0);
        let Some(next) = wake_at.into_iter().chain(event_at).min() else { panic!("nothing happens any more") };
        assert!(next >= now, "time goes backwards");
        if next >= end {
            break;
        }
        now = next;
        world.now = now;
        while let Some(Reverse((at, _, what, part))) = world.events.peek().copied()
            && at <= now
        {
            world.events.pop();
            world.happen(at, what, part);
        }
    }
}

fn simulate(case: Case) -> Outcome {
    let mut world = World::new(case);
    run(&mut world, START + case.length());
    let carrier = Carrier::new(case.kind, f64::from(case.allows));
    let allowed: f64 = (case.start_up().0 / 1_000_000..case.length().0 / 1_000_000)
        .map(|second| carrier.rate_at(START + Span::seconds(second)))
        .sum();
    Outcome {
        used: world.accepted as f64 / allowed,
        throttled: world.refused as f64 / (world.accepted + world.refused) as f64,
    }
}

const MS: fn(i64) -> Span = Span::millis;

/// At least so much of what is allowed must be used.
const USED_MIN: f64 = 0.95;
/// At most so many of the submissions may be refused.
const THROTTLED_MAX: f64 = 0.02;

/// Every window and latency with which the carrier's rate can be reached at all.
fn check(kinds: &[Kind], allows: u32, configured: &[u32]) {
    let mut misses = Vec::new();
    for &kind in kinds {
        for &configured in configured {
            for (window, latency) in
                [(10, (MS(5), MS(5))), (100, (MS(5), MS(20))), (100, (MS(20), MS(200))), (50, (MS(200), MS(200)))]
            {
                let case = Case { kind, allows, configured, window, latency, seed: 7 };
                let outcome = simulate(case);
                if outcome.used < USED_MIN || outcome.throttled > THROTTLED_MAX {
                    misses.push(format!("{case:?}: {outcome:?}"));
                }
            }
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn a_carriers_rate_is_found_where_none_is_configured() {
    check(&KINDS, 100, &[0]);
    check(&[Kind::Bucket, Kind::DeepBucket, Kind::Windows, Kind::Sliding, Kind::Queue], 20, &[0]);
}

#[test]
fn a_carriers_rate_is_found_where_as_much_or_more_is_configured() {
    check(&KINDS, 100, &[100, 101, 300]);
}

#[test]
fn a_carrier_that_takes_one_part_a_second_is_not_asked_more_often() {
    check(&[Kind::Bucket, Kind::DeepBucket, Kind::Windows, Kind::Sliding], 1, &[0, 2, 10]);
}

#[test]
fn a_carrier_that_never_refuses_is_never_slowed() {
    for configured in [0, 90, 100] {
        let case =
            Case { kind: Kind::Bucket, allows: 100, configured, window: 10, latency: (MS(150), MS(200)), seed: 1 };
        let mut world = World::new(case);
        run(&mut world, START + Span::seconds(60));
        assert_eq!(world.refusals, 0);
        assert_eq!(world.dispatch.learned_rate(), None);
        assert_eq!(world.dispatch.rate_now(), (configured > 0).then_some(f64::from(configured)));
        assert_eq!(world.dispatch.paused_until(), Timestamp(i64::MIN));
        // The window, or the configured rate: 10 places for 0.179 s each at most.
        assert!(world.accepted > 2_000, "{}", world.accepted);
    }
}

#[test]
fn a_carrier_that_refuses_everything_is_asked_rarely_and_found_again() {
    let case = Case { kind: Kind::Shut, allows: 100, configured: 0, window: 100, latency: (MS(40), MS(60)), seed: 3 };
    let mut world = World::new(case);
    run(&mut world, START + Span::seconds(60));
    assert_eq!(world.refusals, 0);
    run(&mut world, START + Span::seconds(360));
    // What was under way, twice, and then one at the end of each pause: 2, 4, 8, 16, 30, 30 ... seconds in five minutes.
    assert!((100..=215).contains(&world.refusals), "{}", world.refusals);
    run(&mut world, START + Span::seconds(400));
    let accepted = world.accepted;
    run(&mut world, START + Span::seconds(410));
    assert!(world.accepted - accepted > 900, "{}", world.accepted - accepted);
}

#[test]
fn the_same_course_gives_the_same_numbers() {
    let case = Case { kind: Kind::Sliding, allows: 50, configured: 0, window: 30, latency: (MS(5), MS(90)), seed: 11 };
    assert_eq!(simulate(case), simulate(case));
}
