//! The carriers as the engine holds them: the window and queue of each, and the way to hand parts over.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use whimbrel_carriers::Carrier;
use whimbrel_core::part::DoubtRules;
use whimbrel_core::{CarrierId, Submission};

use crate::dispatch::{Dispatch, Pace};

/// One carrier.
pub struct CarrierDesk {
    /// Its number.
    pub id: CarrierId,
    /// Its name in the configuration.
    pub name: Box<str>,
    /// What doubt does there.
    pub doubt: DoubtRules,
    /// Rings when the dispatcher should look again.
    pub bell: Notify,
    dispatch: Mutex<Dispatch>,
    carrier: OnceLock<Arc<dyn Carrier>>,
}

impl CarrierDesk {
    /// A desk without a carrier behind it yet.
    #[must_use]
    pub fn new(id: CarrierId, name: Box<str>, doubt: DoubtRules, pace: Pace) -> Self {
        Self {
            id,
            name,
            doubt,
            bell: Notify::new(),
            dispatch: Mutex::new(Dispatch::new(pace)),
            carrier: OnceLock::new(),
        }
    }

    /// Sets the carrier that parts are handed to. Only the first call counts.
    pub fn set_carrier(&self, carrier: Arc<dyn Carrier>) {
        _ = self.carrier.set(carrier);
    }

    /// The carrier, once it was started.
    #[must_use]
    pub fn carrier(&self) -> Option<&Arc<dyn Carrier>> {
        self.carrier.get()
    }

    /// The window and the queue. Never held over an await or a commit.
    pub fn dispatch(&self) -> MutexGuard<'_, Dispatch> {
        self.dispatch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Frees places in the window and rings: whoever waits for one must hear of it. The only way to free a place.
    pub fn free_places(&self, count: usize) {
        self.dispatch().free_places(count);
        self.bell.notify_one();
    }

    /// Hands a claimed part over; gives it back if the carrier takes none.
    ///
    /// # Errors
    /// The submission: no byte of it has left.
    pub fn submit(&self, submission: Submission) -> Result<(), Box<Submission>> {
        match self.carrier.get() {
            Some(carrier) => carrier.submit(submission),
            None => Err(Box::new(submission)),
        }
    }
}

/// Every carrier, by number.
#[derive(Default)]
pub struct Carriers {
    desks: Vec<Arc<CarrierDesk>>,
}

impl Carriers {
    /// The carriers of the configuration.
    #[must_use]
    pub fn new(desks: Vec<Arc<CarrierDesk>>) -> Self {
        Self { desks }
    }

    /// The carrier with that number; `None` if the configuration does not name it any more.
    #[must_use]
    pub fn find(&self, id: CarrierId) -> Option<&Arc<CarrierDesk>> {
        self.desks.iter().find(|desk| desk.id == id)
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<CarrierDesk>> {
        self.desks.iter()
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::{LinkId, Timestamp};

    use super::*;

    #[tokio::test]
    async fn a_freed_place_is_never_silent() {
        let desk =
            CarrierDesk::new(CarrierId(1), "acme".into(), DoubtRules::default(), Pace { parts_per_second_max: 0 });
        desk.dispatch().up(LinkId(1), 1);
        desk.dispatch().refill([], true, Timestamp(0));
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
