//! The carriers as the engine holds them: the window and queue of each, and the way to hand parts over.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};

use metrics::{Counter, Histogram, counter, histogram};
use tokio::sync::Notify;
use whimbrel_carriers::{Ack, Carrier};
use whimbrel_core::part::DoubtRules;
use whimbrel_core::{AckToken, CarrierId, Span, Submission, Timestamp};

use crate::dispatch::{Dispatch, Pace};
use crate::learning::Learned;

/// The last number that was given to a link in this process: none is given twice, also not over the lives of a carrier.
static LINKS: LazyLock<Arc<AtomicU32>> = LazyLock::new(Arc::default);

/// What the engine does with a carrier. May change while parts wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarrierRules {
    /// What doubt does.
    pub doubt: DoubtRules,
    /// How fast parts leave.
    pub pace: Pace,
    /// How long parts wait for a carrier that takes none before they go on to another of their route.
    pub down_grace: Span,
}

/// One carrier. Its settings and the connection behind it may change while parts wait for it; the queue stays.
pub struct CarrierDesk {
    /// Its number.
    pub id: CarrierId,
    /// Its name in the configuration.
    pub name: Box<str>,
    /// Rings when the dispatcher should look again.
    pub bell: Notify,
    /// Numbers for its links, which rise over every carrier of the process.
    pub links: Arc<AtomicU32>,
    rules: Mutex<CarrierRules>,
    dispatch: Mutex<Dispatch>,
    learned: Mutex<Learned>,
    carrier: RwLock<Option<Arc<dyn Carrier>>>,
    /// Carriers that were replaced and are still ending: their links have deliveries to acknowledge.
    ending: Mutex<Vec<Weak<dyn Carrier>>>,
    retired: AtomicBool,
    meters: OnceLock<Meters>,
}

/// What is counted of every receipt that finds its part, looked up once.
pub(crate) struct Meters {
    pub(crate) found: Counter,
    /// From a part's acceptance to its receipt, in seconds.
    pub(crate) delay: Histogram,
}

impl CarrierDesk {
    /// A desk without a carrier behind it yet.
    #[must_use]
    pub fn new(id: CarrierId, name: Box<str>, rules: CarrierRules) -> Self {
        Self {
            id,
            name,
            bell: Notify::new(),
            links: Arc::clone(&LINKS),
            rules: Mutex::new(rules),
            dispatch: Mutex::new(Dispatch::new(rules.pace)),
            learned: Mutex::default(),
            carrier: RwLock::new(None),
            ending: Mutex::default(),
            retired: AtomicBool::new(false),
            meters: OnceLock::new(),
        }
    }

    /// Sets the carrier that parts are handed to, and answers the one before, which the caller closes.
    pub fn set_carrier(&self, carrier: Arc<dyn Carrier>) -> Option<Arc<dyn Carrier>> {
        let before = self.carrier.write().unwrap_or_else(PoisonError::into_inner).replace(carrier);
        self.note_ending(before.as_ref());
        before
    }

    /// Takes the carrier away, for the caller to close: nothing is handed over any more. What its open submissions come to is
    /// reported and settled all the same.
    pub fn vacate(&self) -> Option<Arc<dyn Carrier>> {
        self.dispatch().reset_links();
        let before = self.carrier.write().unwrap_or_else(PoisonError::into_inner).take();
        self.note_ending(before.as_ref());
        before
    }

    fn note_ending(&self, carrier: Option<&Arc<dyn Carrier>>) {
        let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        ending.retain(|carrier| carrier.strong_count() > 0);
        ending.extend(carrier.map(Arc::downgrade));
    }

    /// Answers a delivery, on whichever carrier its link belongs to.
    pub fn acknowledge(&self, token: AckToken, ack: Ack) {
        let ending: Vec<Arc<dyn Carrier>> = {
            let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
            ending.iter().filter_map(Weak::upgrade).collect()
        };
        for carrier in self.carrier().into_iter().chain(ending) {
            carrier.acknowledge(token, ack);
        }
    }

    /// What is counted of its receipts.
    pub(crate) fn meters(&self) -> &Meters {
        self.meters.get_or_init(|| {
            let carrier = || self.name.to_string();
            Meters {
                found: counter!("whimbrel_receipts_total", "carrier" => carrier(), "match" => "found"),
                delay: histogram!("whimbrel_receipt_delay_seconds", "carrier" => carrier()),
            }
        })
    }

    /// The carrier, once it was started.
    #[must_use]
    pub fn carrier(&self) -> Option<Arc<dyn Carrier>> {
        self.carrier.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the engine does with it.
    #[must_use]
    pub fn rules(&self) -> CarrierRules {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what the engine does with it. What waits goes on waiting.
    pub fn set_rules(&self, rules: CarrierRules) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        self.dispatch().set_pace(rules.pace);
        self.bell.notify_one();
    }

    /// The window and the queue. Never held over an await or a commit.
    pub fn dispatch(&self) -> MutexGuard<'_, Dispatch> {
        self.dispatch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its receipts taught of its ids.
    pub fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Frees places in the window and rings: whoever waits for one must hear of it.
    pub fn free_places(&self, count: usize) {
        self.dispatch().free_places(count);
        self.bell.notify_one();
    }

    /// The carrier took so many parts: as [`free_places`](Self::free_places), and its next pause is a first one, unless it is refusing.
    pub fn took(&self, count: usize, now: Timestamp) {
        let mut dispatch = self.dispatch();
        for _ in 0..count {
            dispatch.went_through(now);
            dispatch.free_places(1);
        }
        drop(dispatch);
        self.bell.notify_one();
    }

    /// Hands a claimed part over; gives it back if the carrier takes none.
    ///
    /// # Errors
    /// The submission: no byte of it has left.
    pub fn submit(&self, submission: Submission) -> Result<(), Box<Submission>> {
        match &*self.carrier.read().unwrap_or_else(PoisonError::into_inner) {
            Some(carrier) => carrier.submit(submission),
            None => Err(Box::new(submission)),
        }
    }

    /// The configuration does not name it any more: its dispatcher ends.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.dispatch().stop();
        self.bell.notify_one();
    }

    /// Whether it was [retired](Self::retire).
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }
}

/// Every carrier, by number.
#[derive(Default)]
pub struct Carriers {
    desks: RwLock<Vec<Arc<CarrierDesk>>>,
}

impl Carriers {
    /// The carriers of the configuration.
    #[must_use]
    pub fn new(desks: Vec<Arc<CarrierDesk>>) -> Self {
        Self { desks: RwLock::new(desks) }
    }

    /// The carrier with that number; `None` if the configuration does not name it any more.
    #[must_use]
    pub fn find(&self, id: CarrierId) -> Option<Arc<CarrierDesk>> {
        self.desks.read().unwrap_or_else(PoisonError::into_inner).iter().find(|desk| desk.id == id).cloned()
    }

    /// The carrier with that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<CarrierDesk>> {
        self.desks.read().unwrap_or_else(PoisonError::into_inner).iter().find(|desk| *desk.name == *name).cloned()
    }

    /// All of them, as they are now.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<CarrierDesk>> {
        self.desks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a carrier.
    pub(crate) fn add(&self, desk: Arc<CarrierDesk>) {
        self.desks.write().unwrap_or_else(PoisonError::into_inner).push(desk);
    }

    /// Forgets a carrier: what is still reported for it is dropped with its desk.
    pub(crate) fn remove(&self, id: CarrierId) {
        self.desks.write().unwrap_or_else(PoisonError::into_inner).retain(|desk| desk.id != id);
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::LinkId;

    use super::*;

    #[tokio::test]
    async fn a_freed_place_is_never_silent() {
        let pace = Pace { parts_per_second_max: 0 };
        let rules = CarrierRules { doubt: DoubtRules::default(), pace, down_grace: Span::ZERO };
        let desk = CarrierDesk::new(CarrierId(1), "acme".into(), rules);
        desk.dispatch().up(LinkId(1), 1);
        desk.dispatch().refill([], crate::dispatch::InStore::Nothing, Timestamp(0));
        assert!(desk.dispatch().reserve(1, Timestamp(0)));
        // The message was refused: what queued up behind its place may leave, and nothing else would say so.
        desk.free_places(1);
        tokio::select! {
            biased;
            () = desk.bell.notified() => {}
            () = std::future::ready(()) => panic!("the dispatcher sleeps on"),
        }
        assert_eq!(desk.dispatch().used(), 0);
    }
}
