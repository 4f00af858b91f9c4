//! The receipts that are due, those that wait for somebody to take them, and who takes them. Pure.
//!
//! A receipt belongs to a `system_id`. When it falls due it goes to one of that name's receiving sessions in turn, to none
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

use crate::receipt::Receipt;

/// A receiving session, as the receipts know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receiver(u64);

/// Everything about receipts that is not on a session.
#[derive(Debug)]
pub struct Receipts {
    receipts_max: usize,
    held: usize,
    serial: u64,
    later: BinaryHeap<Later>,
    owners: HashMap<Arc<[u8]>, Owner>,
    receivers: HashMap<Receiver, Place>,
}

/// The receipts were too many to take another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

#[derive(Debug)]
struct Later {
    due: Instant,
    serial: u64,
    receipt: Receipt,
}

#[derive(Debug, Default)]
struct Owner {
    ready: VecDeque<Receipt>,
    receivers: VecDeque<Receiver>,
}

#[derive(Debug)]
struct Place {
    owner: Arc<[u8]>,
    free: usize,
    inbox: VecDeque<Receipt>,
    wake: Arc<Notify>,
}

impl Receipts {
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
        }
    }

    /// Keeps a new receipt until `due`.
    ///
    /// # Errors
    /// [`Full`] if `receipts_max` are held.
    pub fn schedule(&mut self, due: Instant, receipt: Receipt) -> Result<(), Full> {
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
    pub fn postpone(&mut self, due: Instant, receipt: Receipt) {
        self.serial += 1;
        self.later.push(Later { due, serial: self.serial, receipt });
    }

    /// Keeps a receipt that a session took and did not answer; every other session of that name has its turn before.
    pub fn pass_on(&mut self, receiver: Receiver, due: Instant, receipt: Receipt) {
        if let Some(owner) = self.owners.get_mut(&receipt.origin.system_id)
            && let Some(place) = owner.receivers.iter().position(|other| *other == receiver)
        {
            owner.receivers.remove(place);
            owner.receivers.push_back(receiver);
        }
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
        self.receivers.insert(receiver, Place { owner: Arc::clone(owner), free: 0, inbox: VecDeque::new(), wake });
        receiver
    }

    /// The session has ended; `unsettled` is what it took and nobody acknowledged, oldest first.
    pub fn detach(&mut self, receiver: Receiver, unsettled: impl DoubleEndedIterator<Item = Receipt>) {
        let Some(place) = self.receivers.remove(&receiver) else { return };
        let owner = self.owners.entry(Arc::clone(&place.owner)).or_default();
        owner.receivers.retain(|other| *other != receiver);
        for receipt in unsettled.chain(place.inbox).rev() {
            owner.ready.push_front(receipt);
        }
        self.deal(&place.owner);
        self.forget_if_idle(&place.owner);
    }

    /// Deals out what is due at `now`.
    pub fn release(&mut self, now: Instant) {
        while self.next_due().is_some_and(|due| due <= now) {
            let Some(Later { receipt, .. }) = self.later.pop() else { return };
            let name = Arc::clone(&receipt.origin.system_id);
            self.owners.entry(Arc::clone(&name)).or_default().ready.push_back(receipt);
            self.deal(&name);
        }
    }

    /// What lies in the inbox of a session that has room for `free` receipts; at most that many.
    pub fn take(&mut self, receiver: Receiver, free: usize) -> VecDeque<Receipt> {
        let Some(place) = self.receivers.get_mut(&receiver) else { return VecDeque::new() };
        place.free = free;
        let name = Arc::clone(&place.owner);
        self.deal(&name);
        let Some(place) = self.receivers.get_mut(&receiver) else { return VecDeque::new() };
        let count = place.inbox.len().min(free);
        place.free -= count;
        place.inbox.drain(..count).collect()
    }

    /// Hands what is ready to the owner's sessions in turn, as far as they have room.
    fn deal(&mut self, name: &Arc<[u8]>) {
        let Some(owner) = self.owners.get_mut(name) else { return };
        let mut passed_over = 0;
        while passed_over < owner.receivers.len() && !owner.ready.is_empty() {
            let Some(receiver) = owner.receivers.pop_front() else { return };
            owner.receivers.push_back(receiver);
            match self.receivers.get_mut(&receiver) {
                Some(place) if place.inbox.len() < place.free => {
                    place.inbox.extend(owner.ready.pop_front());
                    place.wake.notify_one();
                    passed_over = 0;
                }
                _ => passed_over += 1,
            }
        }
    }

    /// Names are chosen by clients: one that nobody uses takes no room.
    fn forget_if_idle(&mut self, name: &Arc<[u8]>) {
        if self.owners.get(name).is_some_and(|owner| owner.receivers.is_empty() && owner.ready.is_empty()) {
            self.owners.remove(name);
        }
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}

impl Eq for Later {}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Later {
    /// The standard heap gives the greatest first: here the one that is due first is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.serial).cmp(&(self.due, self.serial))
    }
}

#[cfg(test)]
mod tests;
