//! How many requests to send are worked on at once, so that overload makes nobody slow but those who cause it.
//!
//! The store's own bound ([`batcher`](crate::batcher)) is not enough: a request costs more before it gets there than after. So each takes a
//! place first, once it is known whose it is, and an account has no more than its share of the places ([`places`]). Whoever finds none
//! waits in line, and is refused at once if the line is late already and it has just come: it has used no nonce, no money and no place of a
//! window. Who has waited before anybody could look at it (a thousand clients connect at once) is no newcomer, and would hear "too many"
//! too late: it waits like the rest of the line. A refusal costs nearly as much of a processor as an acceptance without its commit, and a
//! client that asks again at once would keep the gateway busy with nothing else. So there is one refusal for a few that are served and no
//! more: whoever would be one too many waits too, and will be served soon.
//!
//! Who waits in line has done all that it could before, and what is left is done by whoever gives it a place ([`Waiter`]): the request itself
//! is woken once, when it can be answered. Nor has it a timer: one for all lets those go who have waited for too long ([`run`]).

mod places;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use whimbrel_core::{AccountId, Refusal, Span, Timestamp, World};

use self::places::{LineFull, Places};
use crate::Engine;

/// Requests that are worked on at once. Twice as many as keep the writer busy: one account alone has half of them.
const PLACES: usize = 256;
/// Requests that wait for a place, of all accounts; of one account half of that.
const WAITING_MAX: usize = 4_096;
/// How long a request may have waited before others of its account are refused, unless these have waited as long elsewhere.
const LATE: Span = Span::millis(30);
/// Nobody waits for longer.
const PATIENCE: Span = Span::millis(250);

/// Who waits for a place.
pub(crate) trait Waiter: Send {
    /// Whether nobody wants it any more.
    fn is_gone(&self) -> bool;

    /// Goes on with a place. Called by whoever gave one back, so that it must not take long.
    fn go_on(self: Box<Self>, place: Place);

    /// There is none in time. Nothing was done that would have to be undone.
    fn give_up(self: Box<Self>);
}

impl Waiter for oneshot::Sender<Place> {
    fn is_gone(&self) -> bool {
        self.is_closed()
    }

    fn go_on(self: Box<Self>, place: Place) {
        // Whoever waited may have gone just now: then the place is given back here.
        _ = self.send(place);
    }

    fn give_up(self: Box<Self>) {
        // Whoever waits hears that nobody will send it one.
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Admission {
    shared: Arc<Shared>,
}

struct Shared {
    hall: Mutex<Hall>,
    /// Somebody waits, and nobody did before.
    someone_waits: Notify,
}

struct Hall {
    places: Places<Box<dyn Waiter>>,
    /// Somebody gives places to those who wait: one at a time, since who goes on may end at once and give its place back.
    is_serving: bool,
}

/// A place, given back when it is dropped.
pub(crate) struct Place {
    admission: Admission,
    account: AccountId,
}

/// Whether a request is worked on.
pub(crate) enum Turn {
    /// It has a place, or needs none.
    Now(Option<Place>),
    /// It waits for one once all is done that can be done before.
    Later,
}

impl Default for Admission {
    fn default() -> Self {
        let hall = Hall { places: Places::new(PLACES, WAITING_MAX), is_serving: false };
        Self { shared: Arc::new(Shared { hall: Mutex::new(hall), someone_waits: Notify::new() }) }
    }
}

impl Admission {
    /// Whether it is the turn of a request of `account` that has waited for so long already.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if it would wait for too long.
    pub(crate) fn knock(&self, account: AccountId, waited: Span, world: &dyn World) -> Result<Turn, Refusal> {
        let mut hall = self.lock();
        if hall.places.take(account) {
            return Ok(Turn::Now(Some(self.place(account))));
        }
        let is_late = || hall.places.is_late(account, world.steady_now(), LATE);
        if waited < LATE && is_late() && hall.places.may_refuse() {
            return Err(Refusal::Overloaded);
        }
        Ok(Turn::Later)
    }

    /// Puts a request in its account's line; it goes on at once if there is a place after all, and gives up if the line is as long as it
    /// may be.
    pub(crate) fn wait(&self, account: AccountId, waiter: Box<dyn Waiter>, world: &dyn World) {
        let mut hall = self.lock();
        if hall.places.take(account) {
            drop(hall);
            return waiter.go_on(self.place(account));
        }
        let is_first = hall.places.nobody_waits();
        let put = hall.places.wait(account, waiter, world.steady_now());
        drop(hall);
        match put {
            Ok(()) if is_first => self.shared.someone_waits.notify_one(),
            Ok(()) => {}
            Err(LineFull(waiter)) => waiter.give_up(),
        }
    }

    /// A place for a request of `account` that has waited for so long already.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if there was none in time.
    pub(crate) async fn enter(
        &self,
        account: AccountId,
        waited: Span,
        world: &dyn World,
    ) -> Result<Option<Place>, Refusal> {
        match self.knock(account, waited, world)? {
            Turn::Now(place) => Ok(place),
            Turn::Later => {
                let (waiter, served) = oneshot::channel();
                self.wait(account, Box::new(waiter), world);
                served.await.map(Some).map_err(|_| Refusal::Overloaded)
            }
        }
    }

    /// Lets those go who have waited since `since` or longer. Since when those wait who have waited longest of all others.
    fn let_go(&self, since: Timestamp) -> Option<Timestamp> {
        let mut hall = self.lock();
        let gone = hall.places.let_go(since);
        let oldest = hall.places.oldest();
        drop(hall);
        gone.into_iter().for_each(|waiter| waiter.give_up());
        oldest
    }

    fn lock(&self) -> MutexGuard<'_, Hall> {
        self.shared.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, account: AccountId) -> Place {
        Place { admission: self.clone(), account }
    }

    /// Gives places to those who wait, as long as there are some.
    fn serve(&self) {
        if std::mem::replace(&mut self.lock().is_serving, true) {
            // Whoever is at it looks again before it ends.
            return;
        }
        loop {
            let mut hall = self.lock();
            let Some((account, waiter)) = hall.places.serve(|waiter| waiter.is_gone()) else {
                hall.is_serving = false;
                return;
            };
            drop(hall);
            let place = self.place(account);
            // Whoever gave the place back has nothing to do with it, and may be the store's writer.
            if catch_unwind(AssertUnwindSafe(|| waiter.go_on(place))).is_err() {
                tracing::error!(
                    "a request that had waited panicked, and its client is told that it failed; report this with the panic's message"
                );
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let is_due = self.admission.lock().places.give_back(self.account);
        if is_due {
            self.admission.serve();
        }
    }
}

/// Lets those go who have waited for too long, until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let admission = &engine.admission;
    while !engine.is_stopping() {
        let now = engine.world.steady_now();
        let next = admission.let_go(Timestamp(now.0 - PATIENCE.0));
        let pause = async {
            match next {
                Some(since) => engine.world.lapse((since + PATIENCE).since(now)).await,
                None => admission.shared.someone_waits.notified().await,
            }
        };
        tokio::select! {
            biased;
            () = engine.stopping() => {}
            () = pause => {}
        }
    }
    // Requests have ended before: what is left in line waits for nobody, and holds the engine.
    admission.let_go(Timestamp(i64::MAX));
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};

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

    fn knock(admission: &Admission, account: AccountId, waited: Span, world: &Still) -> Result<Option<Place>, ()> {
        match admission.knock(account, waited, world) {
            Ok(Turn::Now(place)) => Ok(place),
            Ok(Turn::Later) => Ok(None),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::Overloaded);
                Err(())
            }
        }
    }

    /// All the places that one account gets.
    fn fill(admission: &Admission) -> Vec<Place> {
        let take = |_| knock(admission, HOT, Span::ZERO, &NOW).expect("not refused").expect("free");
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
        assert!(matches!(knock(&admission, QUIET, Span::ZERO, &NOW), Ok(Some(_))), "another account finds one");
        places.truncate(places.len() - GIVEN_AT_ONCE);
        assert!(matches!(poll(waits.as_mut()), Some(Ok(Some(_)))));
    }

    #[test]
    fn whoever_comes_to_a_line_that_is_late_is_refused_at_once_if_it_is_not_one_too_many() {
        let admission = Admission::default();
        let places = fill(&admission);
        let waiter = Brief::default();
        wait(&admission, &waiter, &NOW);
        let (early, late) = (after(Span(LATE.0 - 1)), after(LATE));
        let waits = |account, waited, world| matches!(knock(&admission, account, waited, world), Ok(None));
        assert!(waits(HOT, Span::ZERO, &early), "the line is not late yet");
        assert!(knock(&admission, HOT, Span::ZERO, &late).is_err());
        assert!(!waits(QUIET, Span::ZERO, &late), "another account is not refused for it");
        assert!(waits(HOT, LATE, &late), "it has waited as long as the line, and goes on with it");
        while admission.lock().places.may_refuse() {}
        assert!(waits(HOT, Span::ZERO, &late), "it would be one refusal too many");
        drop(places);
        assert_eq!(waiter.fates.told(), (1, 0));
    }

    #[test]
    fn whoever_gives_a_place_back_has_those_who_wait_go_on() {
        let admission = Admission::default();
        let mut places = fill(&admission);
        let waiter = Brief::default();
        (0..3).for_each(|_| wait(&admission, &waiter, &NOW));
        places.truncate(places.len() - GIVEN_AT_ONCE + 1);
        assert_eq!(waiter.fates.told(), (0, 0), "in groups");
        places.pop();
        assert_eq!(waiter.fates.told(), (3, 0));
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
        wait(&admission, &waiter, &NOW);
        assert_eq!(waiter.fates.told(), (0, 1), "the line is full");
        // One inside the other they would need megabytes.
        let ending = std::thread::Builder::new().stack_size(128 * 1024).spawn(move || drop(places));
        ending.expect("a thread").join().expect("no overflow");
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
        assert_eq!(waiter.fates.told(), (1, 0));
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
        wait(&admission, &waiter, &after(Span(1)));
        assert_eq!(admission.let_go(Timestamp(-1)), Some(Timestamp(0)), "so long have the first waited");
        assert_eq!(admission.let_go(Timestamp(0)), Some(Timestamp(1)), "so long those behind them");
        assert_eq!(waiter.fates.told(), (0, 1));
        assert!(matches!(poll(enters.as_mut()), Some(Err(Refusal::Overloaded))));
        drop(places);
        assert_eq!((waiter.fates.told(), admission.let_go(Timestamp(i64::MAX))), ((1, 1), None));
    }

    #[test]
    fn whoever_is_the_first_to_wait_is_noticed() {
        let admission = Admission::default();
        let _places = fill(&admission);
        let mut noticed = pin!(admission.shared.someone_waits.notified());
        assert!(poll(noticed.as_mut()).is_none());
        wait(&admission, &Brief::default(), &NOW);
        assert!(poll(noticed.as_mut()).is_some());
        let mut noticed = pin!(admission.shared.someone_waits.notified());
        wait(&admission, &Brief::default(), &NOW);
        assert!(poll(noticed.as_mut()).is_none(), "whoever looks after the first looks after all");
    }
}
