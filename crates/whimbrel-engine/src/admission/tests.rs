//! The line before the places, with those who wait as simple as they can be.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use whimbrel_core::Timestamp;
use whimbrel_core::world::BoxFuture;

use super::places::GIVEN_AT_ONCE;
use super::*;

const HOT: AccountId = AccountId(1);
const QUIET: AccountId = AccountId(2);

/// A world at an instant, in which no waiting is over.
struct Still(Timestamp);

const NOW: Still = Still(Timestamp(0));

impl World for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn sleep_until(&self, _: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn random(&self) -> u64 {
        0
    }

    fn next_id(&self) -> i64 {
        0
    }
}

const fn after(span: Span) -> Still {
    Still(Timestamp(span.0))
}

/// What became of those who wait.
#[derive(Default)]
struct Fates {
    went_on: AtomicU32,
    gave_up: AtomicU32,
}

impl Fates {
    fn told(&self) -> (u32, u32) {
        (self.went_on.load(Ordering::Relaxed), self.gave_up.load(Ordering::Relaxed))
    }
}

/// Ends as soon as it goes on, or panics.
#[derive(Clone, Default)]
struct Brief {
    fates: Arc<Fates>,
    is_gone: Arc<AtomicBool>,
    panics: bool,
}

impl Waiter for Brief {
    fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    fn go_on(self: Box<Self>, place: Place) {
        assert!(!self.panics, "on purpose");
        self.fates.went_on.fetch_add(1, Ordering::Relaxed);
        drop(place);
    }

    fn give_up(self: Box<Self>) {
        self.fates.gave_up.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Does what the driver does when it is rung for; whether it was.
fn drive(admission: &Admission) -> bool {
    let is_rung = poll(pin!(admission.shared.bell.notified())).is_some();
    if is_rung {
        admission.serve();
    }
    is_rung
}

/// All the places that one account gets.
fn fill(admission: &Admission) -> Vec<Place> {
    let take = |_| admission.knock(HOT, Span::ZERO, &NOW).expect("not refused").expect("free");
    (0..PLACES / 2).map(take).collect()
}

fn wait(admission: &Admission, waiter: &Brief, world: &Still) {
    admission.wait(HOT, Box::new(waiter.clone()), world);
}

#[test]
fn whoever_finds_no_place_waits_for_one() {
    let admission = Admission::default();
    let mut places = fill(&admission);
    let mut waits = pin!(admission.enter(HOT, Span::ZERO, &NOW));
    assert!(poll(waits.as_mut()).is_none());
    assert!(matches!(admission.knock(QUIET, Span::ZERO, &NOW), Ok(Some(_))), "another account finds one");
    places.truncate(places.len() - GIVEN_AT_ONCE);
    assert!(drive(&admission) && matches!(poll(waits.as_mut()), Some(Ok(_))));
}

#[test]
fn whoever_comes_to_a_line_that_is_late_is_refused_at_once_if_it_is_not_one_too_many() {
    let admission = Admission::default();
    let places = fill(&admission);
    let waiter = Brief::default();
    wait(&admission, &waiter, &NOW);
    assert!(drive(&admission));
    let (early, late) = (after(Span(LATE.0 - 1)), after(LATE));
    let waits = |account, waited, world| matches!(admission.knock(account, waited, world), Ok(None));
    assert!(waits(HOT, Span::ZERO, &early), "the line is not late yet");
    assert!(matches!(admission.knock(HOT, Span::ZERO, &late), Err(Refusal::Overloaded)));
    assert!(!waits(QUIET, Span::ZERO, &late), "another account is not refused for it");
    assert!(waits(HOT, LATE, &late), "it has waited as long as the line, and goes on with it");
    while admission.lock().places.may_refuse() {}
    assert!(waits(HOT, Span::ZERO, &late), "it would be one refusal too many");
    drop(places);
    assert!(drive(&admission) && waiter.fates.told() == (1, 0));
}

#[test]
fn those_who_wait_go_on_when_a_group_of_places_was_given_back() {
    let admission = Admission::default();
    let mut places = fill(&admission);
    let waiter = Brief::default();
    (0..3).for_each(|_| wait(&admission, &waiter, &NOW));
    assert!(drive(&admission), "the first to wait is heard of");
    places.truncate(places.len() - GIVEN_AT_ONCE + 1);
    assert!(!drive(&admission) && waiter.fates.told() == (0, 0), "in groups");
    places.pop();
    assert_eq!(waiter.fates.told(), (0, 0), "whoever gives one back does no more than that");
    assert!(drive(&admission) && waiter.fates.told() == (3, 0));
    wait(&admission, &waiter, &NOW);
    assert_eq!(waiter.fates.told(), (4, 0), "there is a place meanwhile");
    drop(places);
    assert_eq!(fill(&admission).len(), PLACES / 2, "all are free again");
}

#[test]
fn those_who_end_as_soon_as_they_go_on_do_not_stand_on_each_other() {
    let admission = Admission::default();
    let places = fill(&admission);
    let waiter = Brief::default();
    let most = u32::try_from(WAITING_MAX / 2).expect("few");
    (0..most).for_each(|_| wait(&admission, &waiter, &NOW));
    assert!(
        admission.knock(HOT, LATE, &NOW).is_err(),
        "the line is full, and that is known before anything is planned"
    );
    wait(&admission, &waiter, &NOW);
    assert_eq!(waiter.fates.told(), (0, 1), "nor does it get longer");
    drop(places);
    // One inside the other they would need megabytes.
    let served = admission.clone();
    let serving = std::thread::Builder::new().stack_size(128 * 1024).spawn(move || served.serve());
    serving.expect("a thread").join().expect("no overflow");
    assert_eq!(waiter.fates.told(), (most, 1));
    assert_eq!(fill(&admission).len(), PLACES / 2, "all are free again");
}

#[test]
fn a_panic_of_one_that_goes_on_is_nobody_elses() {
    let admission = Admission::default();
    let places = fill(&admission);
    let (waiter, spoiler) = (Brief::default(), Brief { panics: true, ..Brief::default() });
    wait(&admission, &spoiler, &NOW);
    wait(&admission, &waiter, &NOW);
    drop(places);
    assert!(drive(&admission) && waiter.fates.told() == (1, 0));
    assert_eq!(fill(&admission).len(), PLACES / 2, "the one that panicked gave its place back too");
}

#[test]
fn a_place_that_was_given_to_somebody_who_went_is_free_again() {
    let admission = Admission::default();
    let mut places = fill(&admission);
    let mut gone = Box::pin(admission.enter(HOT, Span::ZERO, &NOW));
    let mut next = pin!(admission.enter(HOT, Span::ZERO, &NOW));
    assert!(poll(gone.as_mut()).is_none() && poll(next.as_mut()).is_none());
    // It was given a place, and hangs up before it knows.
    places.truncate(places.len() - GIVEN_AT_ONCE);
    assert!(drive(&admission));
    drop(gone);
    assert!(matches!(poll(next.as_mut()), Some(Ok(_))));
    drop(places);
    assert_eq!(fill(&admission).len(), PLACES / 2, "all are free again");
}

#[test]
fn whoever_went_before_a_place_was_free_is_passed_over() {
    let admission = Admission::default();
    let mut places = fill(&admission);
    let (gone, next) = (Brief::default(), Brief::default());
    wait(&admission, &gone, &NOW);
    wait(&admission, &next, &NOW);
    gone.is_gone.store(true, Ordering::Relaxed);
    places.truncate(places.len() - GIVEN_AT_ONCE);
    assert!(drive(&admission));
    assert_eq!((gone.fates.told(), next.fates.told()), ((0, 0), (1, 0)));
}

#[test]
fn nobody_waits_for_longer_than_patience_lasts() {
    let admission = Admission::default();
    let places = fill(&admission);
    let waiter = Brief::default();
    wait(&admission, &waiter, &NOW);
    let mut enters = pin!(admission.enter(HOT, Span::ZERO, &NOW));
    assert!(poll(enters.as_mut()).is_none());
    let step = |millis| after(Span::millis(millis));
    for millis in [50, 100, 150, 200] {
        assert!(admission.let_go(PATIENCE, &step(millis)));
    }
    wait(&admission, &waiter, &step(249));
    assert!(admission.let_go(PATIENCE, &step(249)) && waiter.fates.told() == (0, 0), "not yet");
    assert!(admission.let_go(PATIENCE, &step(250)), "somebody has come since");
    assert_eq!(waiter.fates.told(), (0, 1));
    assert!(matches!(poll(enters.as_mut()), Some(Err(Refusal::Overloaded))));
    drop(places);
    assert!(drive(&admission));
    assert!(waiter.fates.told() == (1, 1) && !admission.let_go(PATIENCE, &step(250)));
}

#[test]
fn a_clock_that_is_set_makes_nobody_wait_for_longer_or_shorter() {
    let admission = Admission::default();
    let _places = fill(&admission);
    let waiter = Brief::default();
    let hour = Span::hours(1).0;
    wait(&admission, &waiter, &after(Span(hour)));
    assert!(admission.let_go(PATIENCE, &after(Span(3 * hour))) && waiter.fates.told() == (0, 0), "set on");
    assert!(admission.let_go(PATIENCE, &NOW), "set back");
    for millis in [50, 100] {
        assert!(admission.let_go(PATIENCE, &after(Span::millis(millis))));
    }
    assert!(!admission.let_go(PATIENCE, &after(Span::millis(150))));
    assert_eq!(waiter.fates.told(), (0, 1));
}

#[test]
fn the_driver_is_rung_for_once_and_not_for_each() {
    let admission = Admission::default();
    let mut places = fill(&admission);
    assert!(!drive(&admission), "nobody waits");
    let waiter = Brief::default();
    wait(&admission, &waiter, &NOW);
    assert!(drive(&admission));
    wait(&admission, &waiter, &NOW);
    assert!(!drive(&admission), "whoever looks after the first looks after all");
    places.truncate(GIVEN_AT_ONCE);
    assert!(drive(&admission) && !drive(&admission));
}

#[test]
fn when_the_engine_stops_nobody_waits_any_more() {
    let admission = Admission::default();
    let places = fill(&admission);
    let waiter = Brief::default();
    wait(&admission, &waiter, &NOW);
    admission.close(&NOW);
    assert_eq!(waiter.fates.told(), (0, 1));
    assert!(admission.knock(HOT, LATE, &NOW).is_err());
    wait(&admission, &waiter, &NOW);
    assert_eq!(waiter.fates.told(), (0, 2));
    drop(places);
    admission.serve();
    assert_eq!(waiter.fates.told(), (0, 2));
}

/// Four threads come, wait, hang up, serve and let go as they like: in the end everybody was told once, and all places are free.
#[test]
fn whoever_does_what_at_once_nobody_is_forgotten() {
    let admission = Admission::default();
    let fates = Arc::new(Fates::default());
    let work = |thread: u32| {
        let (admission, fates) = (admission.clone(), Arc::clone(&fates));
        move || {
            let (mut places, mut waited) = (Vec::new(), 0);
            for step in 0..20_000_u32 {
                let account = AccountId(i64::from((thread + step / 7) % 3));
                match admission.knock(account, LATE, &NOW) {
                    Ok(Some(place)) => places.push(place),
                    Ok(None) => {
                        let waiter = Brief::default();
                        if step % 5 == 0 {
                            waiter.is_gone.store(true, Ordering::Relaxed);
                            admission.wait(account, Box::new(waiter), &NOW);
                        } else {
                            waited += 1;
                            let waiter = Brief { fates: Arc::clone(&fates), ..waiter };
                            admission.wait(account, Box::new(waiter), &NOW);
                        }
                    }
                    Err(_) => _ = places.pop(),
                }
                // So seldom that one thread alone has others wait: how they take turns is the system's.
                match step % 389 {
                    0 => places.clear(),
                    2 | 100 => _ = admission.let_go(PATIENCE, &NOW),
                    3 | 103 | 203 | 303 => admission.serve(),
                    _ => {}
                }
            }
            waited
        }
    };
    let waited: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    admission.serve();
    let (went_on, gave_up) = fates.told();
    assert_eq!(went_on + gave_up, waited, "{went_on} went on");
    assert!(went_on > 1_000, "{went_on} of {waited}");
    assert!(!admission.let_go(Span::hours(1), &NOW), "nobody waits");
    assert_eq!(fill(&admission).len(), PLACES / 2, "all are free again");
}
