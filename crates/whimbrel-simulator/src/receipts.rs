//! The receipts and texts that are due, those that wait for somebody to take them, and who takes them. Pure.
//!
//! "Receipt" stands for both here: what is said of the one holds for the other. A receipt belongs to a `system_id`; a text
//! may belong to whoever receives. When it falls due it goes to one of that name's receiving sessions in turn, to none
//! that has no room in its window, and waits in order while there is no such session. What a session took and did not get
//! acknowledged goes back to the front when the session ends.
//!
//! Invariant: `held` counts every receipt from [`schedule`](Receipts::schedule) to [`settled`](Receipts::settled), wherever
//! it is, and never passes `receipts_max`. A receipt takes about 250 bytes.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::Notify;
use whimbrel_smpp::session::Instant;

/// What is kept here.
pub trait Parcel {
    /// Whom it belongs to; to anybody if `None`.
    fn owner(&self) -> Option<&Arc<[u8]>>;

    /// Which of the owner's sessions should get it.
    fn preferred(&self) -> Preferred;
}

/// Which session should get a receipt. Where that session is not to be had, any gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preferred {
    /// Each in turn.
    #[default]
    Any,
    /// Another one than this.
    Not(Receiver),
    /// This one.
    Only(Receiver),
}

impl Preferred {
    fn suits(self, receiver: Receiver, receivers: &VecDeque<Receiver>) -> bool {
        match self {
            Self::Any => true,
            Self::Not(other) => receiver != other || receivers.len() == 1,
            Self::Only(wanted) => receiver == wanted || !receivers.contains(&wanted),
        }
    }
}

/// A receiving session, as the receipts know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receiver(u64);

/// Everything about receipts that is not on a session.
#[derive(Debug)]
pub struct Receipts<T> {
    receipts_max: usize,
    held: usize,
    serial: u64,
    later: BinaryHeap<Later<T>>,
    owners: HashMap<Arc<[u8]>, Owner<T>>,
    receivers: HashMap<Receiver, Place<T>>,
    /// What belongs to anybody, and everybody in turn.
    anybodys: VecDeque<T>,
    everybody: VecDeque<Receiver>,
}

/// The receipts were too many to take another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

#[derive(Debug)]
struct Later<T> {
    due: Instant,
    serial: u64,
    receipt: T,
}

#[derive(Debug)]
struct Owner<T> {
    ready: VecDeque<T>,
    receivers: VecDeque<Receiver>,
}

#[derive(Debug)]
struct Place<T> {
    owner: Arc<[u8]>,
    free: usize,
    inbox: VecDeque<T>,
    wake: Arc<Notify>,
}

impl<T> Default for Owner<T> {
    fn default() -> Self {
        Self { ready: VecDeque::new(), receivers: VecDeque::new() }
    }
}

impl<T: Parcel> Receipts<T> {
    /// No receipts, and room for `receipts_max`.
    #[must_use]
    pub fn new(receipts_max: usize) -> Self {
        Self {
            receipts_max,
            held: 0,
            serial: 0,
            later: BinaryHeap::new(),
            owners: HashMap::new(),
            receivers: HashMap::new(),
            anybodys: VecDeque::new(),
            everybody: VecDeque::new(),
        }
    }

    /// Keeps a new receipt until `due`.
    ///
    /// # Errors
    /// [`Full`] if `receipts_max` are held.
    pub fn schedule(&mut self, due: Instant, receipt: T) -> Result<(), Full> {
        self.hold()?;
        self.postpone(due, receipt);
        Ok(())
    }

    /// Counts a new receipt that a session keeps itself.
    ///
    /// # Errors
    /// [`Full`] if `receipts_max` are held.
    pub fn hold(&mut self) -> Result<(), Full> {
        if self.held >= self.receipts_max {
            return Err(Full);
        }
        self.held += 1;
        Ok(())
    }

    /// Keeps a receipt that a session took until `due`, to be sent again.
    pub fn postpone(&mut self, due: Instant, receipt: T) {
        self.serial += 1;
        self.later.push(Later { due, serial: self.serial, receipt });
    }

    /// Keeps a receipt that a session took and did not answer; every other session of that name has its turn before.
    pub fn pass_on(&mut self, receiver: Receiver, due: Instant, receipt: T) {
        let to_the_end = |receivers: &mut VecDeque<Receiver>| {
            if let Some(place) = receivers.iter().position(|other| *other == receiver) {
                receivers.remove(place);
                receivers.push_back(receiver);
            }
        };
        if let Some(owner) = self.receivers.get(&receiver).and_then(|place| self.owners.get_mut(&place.owner)) {
            to_the_end(&mut owner.receivers);
        }
        to_the_end(&mut self.everybody);
        self.postpone(due, receipt);
    }

    /// A receipt that a session took needs no more care.
    pub fn settled(&mut self) {
        self.held = self.held.saturating_sub(1);
    }

    /// When the next receipt falls due.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.later.peek().map(|later| later.due)
    }

    /// How many receipts are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// A session of `owner` that receives; `wake` is told when something lies in its inbox.
    pub fn attach(&mut self, owner: &Arc<[u8]>, wake: Arc<Notify>) -> Receiver {
        self.serial += 1;
        let receiver = Receiver(self.serial);
        self.owners.entry(Arc::clone(owner)).or_default().receivers.push_back(receiver);
        self.everybody.push_back(receiver);
        self.receivers.insert(receiver, Place { owner: Arc::clone(owner), free: 0, inbox: VecDeque::new(), wake });
        receiver
    }

    /// The session has ended; `unsettled` is what it took and nobody acknowledged, oldest first.
    pub fn detach(&mut self, receiver: Receiver, unsettled: impl DoubleEndedIterator<Item = T>) {
        let Some(place) = self.receivers.remove(&receiver) else { return };
        let owner = self.owners.entry(Arc::clone(&place.owner)).or_default();
        owner.receivers.retain(|other| *other != receiver);
        self.everybody.retain(|other| *other != receiver);
        for receipt in unsettled.chain(place.inbox).rev() {
            let ready = if receipt.owner().is_some() { &mut owner.ready } else { &mut self.anybodys };
            ready.push_front(receipt);
        }
        self.deal(&place.owner);
        self.deal_to_anybody();
        self.forget_if_idle(&place.owner);
    }

    /// Deals out what is due at `now`.
    pub fn release(&mut self, now: Instant) {
        while self.next_due().is_some_and(|due| due <= now) {
            let Some(Later { receipt, .. }) = self.later.pop() else { return };
            let Some(name) = receipt.owner().map(Arc::clone) else {
                self.anybodys.push_back(receipt);
                self.deal_to_anybody();
                continue;
            };
            self.owners.entry(Arc::clone(&name)).or_default().ready.push_back(receipt);
            self.deal(&name);
        }
    }

    /// What lies in the inbox of a session that has room for `free` receipts; at most that many.
    pub fn take(&mut self, receiver: Receiver, free: usize) -> VecDeque<T> {
        let Some(place) = self.receivers.get_mut(&receiver) else { return VecDeque::new() };
        place.free = free;
        let name = Arc::clone(&place.owner);
        self.deal(&name);
        self.deal_to_anybody();
        let Some(place) = self.receivers.get_mut(&receiver) else { return VecDeque::new() };
        let count = place.inbox.len().min(free);
        place.free -= count;
        place.inbox.drain(..count).collect()
    }

    /// Hands what is ready to the owner's sessions in turn, as far as they have room.
    fn deal(&mut self, name: &Arc<[u8]>) {
        if let Some(owner) = self.owners.get_mut(name) {
            deal(&mut owner.ready, &mut owner.receivers, &mut self.receivers);
        }
    }

    /// The same, for what belongs to anybody.
    fn deal_to_anybody(&mut self) {
        deal(&mut self.anybodys, &mut self.everybody, &mut self.receivers);
    }

    /// Names are chosen by clients: one that nobody uses takes no room.
    fn forget_if_idle(&mut self, name: &Arc<[u8]>) {
        if self.owners.get(name).is_some_and(|owner| owner.receivers.is_empty() && owner.ready.is_empty()) {
            self.owners.remove(name);
        }
    }
}

fn deal<T: Parcel>(
    ready: &mut VecDeque<T>,
    receivers: &mut VecDeque<Receiver>,
    places: &mut HashMap<Receiver, Place<T>>,
) {
    let mut passed_over = 0;
    while passed_over < receivers.len() {
        let Some(preferred) = ready.front().map(Parcel::preferred) else { return };
        let Some(receiver) = receivers.pop_front() else { return };
        receivers.push_back(receiver);
        match places.get_mut(&receiver) {
            Some(place) if place.inbox.len() < place.free && preferred.suits(receiver, receivers) => {
                place.inbox.extend(ready.pop_front());
                place.wake.notify_one();
                passed_over = 0;
            }
            _ => passed_over += 1,
        }
    }
}

impl<T> PartialEq for Later<T> {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}

impl<T> Eq for Later<T> {}

impl<T> PartialOrd for Later<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Later<T> {
    /// The standard heap gives the greatest first: here the one that is due first is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.serial).cmp(&(self.due, self.serial))
    }
}

#[cfg(test)]
mod tests;
