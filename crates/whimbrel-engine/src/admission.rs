//! How many requests to send are worked on at once, so that overload makes nobody slow but those who cause it.
//!
//! The store's own bound ([`batcher`](crate::batcher)) is not enough: a request costs more before it gets there than after. So each takes a
//! place once it is known whose it is, and an account has no more than its share of the places ([`places`]). Whoever finds none
//! waits in line, and is refused at once if the line is late already and it has just come: it has used no nonce, no money and no place of a
//! window. Who has waited before anybody could look at it (a thousand clients connect at once) is no newcomer, and would hear "too many"
//! too late: it waits like the rest of the line. A refusal costs nearly as much of a processor as an acceptance without its commit, and a
//! client that asks again at once would keep the gateway busy with nothing else. So there is one refusal for a few that are served and no
//! more: whoever would be one too many waits too, and will be served soon.
//!
//! Who waits in line has done all that it could before, and what is left is done for it when it has a place ([`Waiter`]): the request itself
//! is woken once, when it can be answered. Nor has it a timer. One driver has those go on who have a place, and lets those go who have
//! waited for too long ([`run`]): nobody's answer waits for a stranger's turn.

mod clock;
mod places;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use whimbrel_core::{AccountId, Refusal, Span, World};

use self::clock::LineClock;
use self::places::{LineFull, Places};
use crate::Engine;

/// Requests that are worked on at once. Twice as many as keep the writer busy: one account alone has half of them.
const PLACES: usize = 256;
/// Requests that wait for a place, of all accounts; of one account half of that.
const WAITING_MAX: usize = 4_096;
/// How long a request may have waited before others of its account are refused, unless these have waited as long elsewhere.
const LATE: Span = Span::millis(30);
/// Nobody waits for longer than until somebody looks after that.
const PATIENCE: Span = Span::millis(250);
/// How often the line is looked at while somebody waits, whatever the clock says.
const LOOK_EVERY: Span = Span::millis(50);

/// Who waits for a place. It may be dropped wherever it stands.
pub(crate) trait Waiter: Send {
    /// Whether nobody wants it any more.
    fn is_gone(&self) -> bool;

    /// Goes on with a place. Others wait for their turn meanwhile.
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
    /// Somebody waits and nobody did before, or there are places for those who wait.
    bell: Notify,
}

struct Hall {
    places: Places<Box<dyn Waiter>>,
    clock: LineClock,
    /// The engine stops: nobody waits any more.
    is_closed: bool,
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
        let places = Places::new(PLACES, WAITING_MAX);
        let hall = Hall { places, clock: LineClock::default(), is_closed: false };
        Self { shared: Arc::new(Shared { hall: Mutex::new(hall), bell: Notify::new() }) }
    }
}

impl Admission {
    /// A place for a request of `account` that has waited for so long already; `None` if it has to wait.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if it would wait for too long, or the line is as long as it may be.
    pub(crate) fn knock(&self, account: AccountId, waited: Span, world: &dyn World) -> Result<Option<Place>, Refusal> {
        let mut hall = self.lock();
        if hall.places.take(account) {
            return Ok(Some(self.place(account)));
        }
        if hall.is_closed || !hall.places.has_room(account) {
            return Err(Refusal::Overloaded);
        }
        let now = hall.clock.read(world.steady_now());
        if waited < LATE && hall.places.is_late(account, now, LATE) && hall.places.may_refuse() {
            return Err(Refusal::Overloaded);
        }
        Ok(None)
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
        let now = hall.clock.read(world.steady_now());
        let put = if hall.is_closed { Err(LineFull(waiter)) } else { hall.places.wait(account, waiter, now) };
        drop(hall);
        match put {
            Ok(()) if is_first => self.shared.bell.notify_one(),
            Ok(()) => {}
            Err(LineFull(waiter)) => waiter.give_up(),
        }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if there was none in time.
    pub(crate) async fn wait_for_place(&self, account: AccountId, world: &dyn World) -> Result<Place, Refusal> {
        let (waiter, served) = oneshot::channel();
        self.wait(account, Box::new(waiter), world);
        served.await.map_err(|_| Refusal::Overloaded)
    }

    /// A place for a request of `account` that has waited for so long already.
    ///
    /// # Errors
    /// [`Refusal::Overloaded`] if there was none in time.
    pub(crate) async fn enter(&self, account: AccountId, waited: Span, world: &dyn World) -> Result<Place, Refusal> {
        match self.knock(account, waited, world)? {
            Some(place) => Ok(place),
            None => self.wait_for_place(account, world).await,
        }
    }

    /// Lets those go who have waited for so long. Whether others still wait.
    fn let_go(&self, patience: Span, world: &dyn World) -> bool {
        let mut hall = self.lock();
        let now = hall.clock.read(world.steady_now());
        let gone = hall.places.let_go(now, patience);
        let is_empty = hall.places.nobody_waits();
        drop(hall);
        gone.into_iter().for_each(|waiter| waiter.give_up());
        !is_empty
    }

    /// Lets everybody go: nobody waits from now on.
    fn close(&self, world: &dyn World) {
        self.lock().is_closed = true;
        self.let_go(Span::ZERO, world);
    }

    fn lock(&self) -> MutexGuard<'_, Hall> {
        self.shared.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, account: AccountId) -> Place {
        Place { admission: self.clone(), account }
    }

    /// Gives places to those who wait, as long as there are some, and has them go on.
    fn serve(&self) {
        loop {
            let (gone, next) = self.lock().places.serve(|waiter| waiter.is_gone());
            // Not under the lock: however many they are, whoever comes does not wait for it.
            drop(gone);
            let Some((account, waiter)) = next else { return };
            let place = self.place(account);
            // The others wait for their turn all the same.
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
            self.admission.shared.bell.notify_one();
        }
    }
}

/// Has those who wait go on when there are places for them, and lets those go who have waited for too long, until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let (admission, world) = (&engine.admission, &*engine.world);
    while !engine.is_stopping() {
        admission.serve();
        let somebody_waits = admission.let_go(PATIENCE, world);
        let pause = async {
            if somebody_waits {
                world.lapse(LOOK_EVERY).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = engine.stopping() => {}
            () = admission.shared.bell.notified() => {}
            () = pause => {}
        }
    }
    // Requests have ended before: what is left in line waits for nobody, and holds the engine.
    admission.close(world);
}

#[cfg(test)]
mod tests;
