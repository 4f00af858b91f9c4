//! How many requests to send are worked on at once, so that overload makes nobody slow but those who cause it.
//!
//! The store's own bound ([`batcher`](crate::batcher)) is not enough: a request costs more before it gets there than after. So each
//! takes a place first, once it is known whose it is, and an account has no more than its share of the places ([`places`]). Whoever
//! finds none waits for [`PATIENCE`] and is refused then: it has used no nonce, no money and no place of a window. A client that
//! asks again as soon as it is answered is held up by that wait, and not answered so fast that refusals are all that is done: a
//! refusal costs nearly as much of a processor as an acceptance without its commit. For the same reason there is one refusal for a
//! few that are served, and no more: whoever would be one too many goes on waiting, and will often be served soon.

mod places;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use whimbrel_core::{AccountId, Refusal, Span, World};

use self::places::Places;

/// Requests that are worked on at once. Twice as many as keep the writer busy: one account alone has half of them.
const PLACES: usize = 256;
/// Requests that wait for a place, of all accounts; of one account half of that.
const WAITING_MAX: usize = 4_096;
/// How long a request waits for a place before it is refused.
const PATIENCE: Span = Span::millis(30);
/// How much longer at a time, while others were refused lately as often as is good for those who are served.
const PATIENCE_MORE: Span = Span::millis(10);
/// How often at most: nobody waits for ever.
const MORE_MAX: u32 = 20;

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
    /// A place for a request of `account`.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if there was none in time.
    pub(crate) async fn enter(&self, account: AccountId, world: &dyn World) -> Result<Place, Refusal> {
        let mut served = {
            let mut places = self.lock();
            if places.take(account) {
                return Ok(self.place(account));
            }
            let (waiter, served) = oneshot::channel();
            places.wait(account, waiter).map_err(|_| Refusal::Overloaded)?;
            served
        };
        let mut patience = PATIENCE;
        for _ in 0..MORE_MAX {
            tokio::select! {
                biased;
                place = &mut served => return place.map_err(|_| Refusal::Overloaded),
                () = world.lapse(patience) => {}
            }
            if self.lock().may_refuse() {
                break;
            }
            patience = PATIENCE_MORE;
        }
        Err(Refusal::Overloaded)
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
            admission.lock().give_back(self.account);
            admission.serve();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::{Context, Poll, Waker};

    use whimbrel_core::Timestamp;
    use whimbrel_core::world::BoxFuture;

    use super::*;

    const HOT: AccountId = AccountId(1);

    /// A world in which time does not pass, or is over at once, always or so often.
    enum Still {
        Waits,
        IsOver,
        IsOverFor(AtomicU32),
    }

    impl World for Still {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn sleep_until(&self, _: Timestamp) -> BoxFuture<'static, ()> {
            match self {
                Self::Waits => Box::pin(std::future::pending()),
                Self::IsOver => Box::pin(std::future::ready(())),
                Self::IsOverFor(left) => match left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
                    Ok(_) => Box::pin(std::future::ready(())),
                    Err(_) => Box::pin(std::future::pending()),
                },
            }
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
            .map(|_| poll(pin!(admission.enter(HOT, &Still::IsOver))).expect("at once").expect("free"))
            .collect()
    }

    #[test]
    fn whoever_finds_no_place_waits_for_one_or_is_refused_in_time() {
        let admission = Admission::default();
        let mut places = fill(&admission);
        assert!(matches!(poll(pin!(admission.enter(HOT, &Still::IsOver))), Some(Err(Refusal::Overloaded))));
        let mut waits = pin!(admission.enter(HOT, &Still::Waits));
        assert!(poll(waits.as_mut()).is_none());
        let other = poll(pin!(admission.enter(AccountId(2), &Still::IsOver)));
        assert!(matches!(other, Some(Ok(_))), "another account finds one");
        places.pop();
        assert!(matches!(poll(waits.as_mut()), Some(Ok(_))));
    }

    #[test]
    fn nobody_waits_for_ever_also_if_no_more_may_be_refused() {
        let admission = Admission::default();
        let places = fill(&admission);
        while admission.lock().may_refuse() {}
        let enter =
            |waits| poll(pin!(admission.enter(HOT, &Still::IsOverFor(AtomicU32::new(waits))))).map(|done| done.err());
        assert_eq!(enter(MORE_MAX - 1), None, "it waits once more");
        assert_eq!(enter(MORE_MAX), Some(Some(Refusal::Overloaded)));
        assert!(!admission.lock().may_refuse(), "this was not one of the refusals that may be");
        drop(places);
        assert_eq!(fill(&admission).len(), PLACES / 2, "both have left the line");
    }

    #[test]
    fn a_place_that_was_given_to_somebody_who_went_is_free_again() {
        let admission = Admission::default();
        let mut places = fill(&admission);
        let mut gone = Box::pin(admission.enter(HOT, &Still::Waits));
        let mut next = pin!(admission.enter(HOT, &Still::Waits));
        assert!(poll(gone.as_mut()).is_none() && poll(next.as_mut()).is_none());
        // It was given a place, and hangs up before it knows.
        places.pop();
        drop(gone);
        assert!(matches!(poll(next.as_mut()), Some(Ok(_))));
        drop(places);
        assert_eq!(fill(&admission).len(), PLACES / 2, "all are free again");
    }

    #[test]
    fn whoever_went_before_a_place_was_free_is_passed_over() {
        let admission = Admission::default();
        let mut places = fill(&admission);
        let mut gone = Box::pin(admission.enter(HOT, &Still::Waits));
        let mut next = pin!(admission.enter(HOT, &Still::Waits));
        assert!(poll(gone.as_mut()).is_none() && poll(next.as_mut()).is_none());
        drop(gone);
        places.pop();
        assert!(matches!(poll(next.as_mut()), Some(Ok(_))));
    }
}
