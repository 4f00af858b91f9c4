//! How many requests to send are worked on at once, so that overload makes nobody slow but those who cause it.
//!
//! The store's own bound ([`batcher`](crate::batcher)) is not enough: a request costs more before it gets there than after. So each takes a
//! place first, once it is known whose it is, and an account has no more than its share of the places ([`places`]). Whoever finds none
//! waits in line, and is refused at once if the line is late already and it has just come: it has used no nonce, no money and no place of a
//! window. Who has waited before anybody could look at it (a thousand clients connect at once) is no newcomer, and would hear "too many"
//! too late: it waits like the rest of the line. A refusal costs nearly as much of a processor as an acceptance without its commit, and a
//! client that asks again at once would keep the gateway busy with nothing else. So there is one refusal for a few that are served and no
//! more: whoever would be one too many waits too, and will be served soon. Nothing wakes those who wait but their turn, and one timer each.

mod places;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use whimbrel_core::{AccountId, Refusal, Span, World};

use self::places::Places;

/// Requests that are worked on at once. Twice as many as keep the writer busy: one account alone has half of them.
const PLACES: usize = 256;
/// Requests that wait for a place, of all accounts; of one account half of that.
const WAITING_MAX: usize = 4_096;
/// How long a request may have waited before others of its account are refused, unless these have waited as long elsewhere.
const LATE: Span = Span::millis(30);
/// Nobody waits for longer.
const PATIENCE: Span = Span::millis(250);

type Waiter = oneshot::Sender<Place>;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Admission {
    places: Arc<Mutex<Places<Waiter>>>,
}

/// A place, given back when it is dropped.
pub(crate) struct Place {
    /// `None` once it was given back.
    admission: Option<Admission>,
    account: AccountId,
}

impl Default for Admission {
    fn default() -> Self {
        Self { places: Arc::new(Mutex::new(Places::new(PLACES, WAITING_MAX))) }
    }
}

impl Admission {
    /// A place for a request of `account` that has waited for so long already.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if there was none in time.
    pub(crate) async fn enter(&self, account: AccountId, waited: Span, world: &dyn World) -> Result<Place, Refusal> {
        let served = {
            let mut places = self.lock();
            if places.take(account) {
                return Ok(self.place(account));
            }
            let now = world.now();
            if waited < LATE && places.is_late(account, now, LATE) && places.may_refuse() {
                return Err(Refusal::Overloaded);
            }
            let (waiter, served) = oneshot::channel();
            places.wait(account, waiter, now).map_err(|_| Refusal::Overloaded)?;
            served
        };
        tokio::select! {
            biased;
            place = served => place.map_err(|_| Refusal::Overloaded),
            () = world.lapse(PATIENCE) => Err(Refusal::Overloaded),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Places<Waiter>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, account: AccountId) -> Place {
        Place { admission: Some(self.clone()), account }
    }

    /// Gives places to those who wait, as long as there are some.
    fn serve(&self) {
        loop {
            let next = self.lock().serve(oneshot::Sender::is_closed);
            let Some((account, waiter)) = next else { return };
            // Whoever waited may have gone just now: then the place is free again, and this loop finds the next.
            if let Err(mut place) = waiter.send(self.place(account)) {
                place.admission = None;
                self.lock().give_back(account);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(admission) = &self.admission {
            let is_due = admission.lock().give_back(self.account);
            if is_due {
                admission.serve();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use whimbrel_core::Timestamp;
    use whimbrel_core::world::BoxFuture;

    use super::places::GIVEN_AT_ONCE;
    use super::*;

    const HOT: AccountId = AccountId(1);

    /// A world at an instant, in which waiting is over at once or never.
    struct Still {
        now: Timestamp,
        is_over: bool,
    }

    const WAITS: Still = Still { now: Timestamp(0), is_over: false };
    const IS_OVER: Still = Still { now: Timestamp(0), is_over: true };

    impl World for Still {
        fn now(&self) -> Timestamp {
            self.now
        }

        fn sleep_until(&self, _: Timestamp) -> BoxFuture<'static, ()> {
            if self.is_over { Box::pin(std::future::ready(())) } else { Box::pin(std::future::pending()) }
        }

        fn random(&self) -> u64 {
            0
        }

        fn next_id(&self) -> i64 {
            0
        }
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// All the places that one account gets.
    fn fill(admission: &Admission) -> Vec<Place> {
        (0..PLACES / 2)
            .map(|_| poll(pin!(admission.enter(HOT, Span::ZERO, &IS_OVER))).expect("at once").expect("free"))
            .collect()
    }

    #[test]
    fn whoever_finds_no_place_waits_for_one_or_is_refused_in_time() {
        let admission = Admission::default();
        let mut places = fill(&admission);
        assert!(matches!(poll(pin!(admission.enter(HOT, Span::ZERO, &IS_OVER))), Some(Err(Refusal::Overloaded))));
        let mut waits = pin!(admission.enter(HOT, Span::ZERO, &WAITS));
        assert!(poll(waits.as_mut()).is_none());
        let other = poll(pin!(admission.enter(AccountId(2), Span::ZERO, &IS_OVER)));
        assert!(matches!(other, Some(Ok(_))), "another account finds one");
        places.truncate(places.len() - GIVEN_AT_ONCE);
        assert!(matches!(poll(waits.as_mut()), Some(Ok(_))));
    }

    #[test]
    fn whoever_comes_to_a_line_that_is_late_is_refused_at_once_if_it_is_not_one_too_many() {
        let admission = Admission::default();
        let places = fill(&admission);
        let later = |span: Span| Still { now: WAITS.now + span, is_over: false };
        let mut first = pin!(admission.enter(HOT, Span::ZERO, &WAITS));
        assert!(poll(first.as_mut()).is_none());
        let (early, late) = (later(Span(LATE.0 - 1)), later(LATE));
        assert!(poll(pin!(admission.enter(HOT, Span::ZERO, &early))).is_none(), "the line is not late yet");
        assert!(matches!(poll(pin!(admission.enter(HOT, Span::ZERO, &late))), Some(Err(Refusal::Overloaded))));
        let other = poll(pin!(admission.enter(AccountId(2), Span::ZERO, &late)));
        assert!(matches!(other, Some(Ok(_))), "another account is not refused for it");
        let mut old = pin!(admission.enter(HOT, LATE, &late));
        assert!(poll(old.as_mut()).is_none(), "it has waited as long as the line, and goes on with it");
        while admission.lock().may_refuse() {}
        let mut waits = pin!(admission.enter(HOT, Span::ZERO, &late));
        assert!(poll(waits.as_mut()).is_none(), "it would be one refusal too many");
        drop(places);
        assert!(matches!((poll(first), poll(old), poll(waits)), (Some(Ok(_)), Some(Ok(_)), Some(Ok(_)))));
    }

    #[test]
    fn a_place_that_was_given_to_somebody_who_went_is_free_again() {
        let admission = Admission::default();
        let mut places = fill(&admission);
        let mut gone = Box::pin(admission.enter(HOT, Span::ZERO, &WAITS));
        let mut next = pin!(admission.enter(HOT, Span::ZERO, &WAITS));
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
        let mut gone = Box::pin(admission.enter(HOT, Span::ZERO, &WAITS));
        let mut next = pin!(admission.enter(HOT, Span::ZERO, &WAITS));
        assert!(poll(gone.as_mut()).is_none() && poll(next.as_mut()).is_none());
        drop(gone);
        places.truncate(places.len() - GIVEN_AT_ONCE);
        assert!(matches!(poll(next.as_mut()), Some(Ok(_))));
    }
}
