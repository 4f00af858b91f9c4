//! What went over the wires, for people who look for a reason: a bounded memory of requests, PDUs and webhooks.
//!
//! An explanation and never the truth, which is the store: it ends with the process, and the oldest falls off when it is full. Nothing is
//! made or copied while it is off. Whoever writes waits for nobody but another writer, for the time of a push; nothing that goes wrong
//! here reaches what it watches. Secrets are masked before they come here, and what may show a one-time code never comes.

mod seen;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use whimbrel_carriers::{WatchedPdu, Watcher, Way};
use whimbrel_core::{AccountId, AckToken, CarrierId, MessageId, PartId, Serial, Timestamp};

pub use seen::{AttemptEnd, Direction, Entry, Seen, SeenHttp, SeenPdu, SeenRequest, SeenWebhook, TapeId, Why};

/// Octets of a body that are kept.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TapeBounds {
    /// Things; 0: the tape is off.
    pub entries_max: usize,
    /// Octets of memory, about.
    pub bytes_max: usize,
}

/// The tape.
#[derive(Debug, Default)]
pub struct Tape {
    bounds: TapeBounds,
    reel: Mutex<Reel>,
}

#[derive(Debug, Default)]
struct Reel {
    /// Oldest first, by rising id.
    slots: VecDeque<Slot>,
    bytes: usize,
    last: u64,
    /// Deliveries of carriers whose part is not known yet, or was found.
    deliveries: HashMap<(CarrierId, AckToken), Owner>,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<Entry>,
    messages: Vec<MessageId>,
    delivery: Option<(CarrierId, AckToken)>,
    size: usize,
}

/// Whose a delivery is.
#[derive(Debug, Default)]
struct Owner {
    message: Option<MessageId>,
    /// Slots that name it.
    slots: usize,
}

/// What is to be kept.
pub struct News {
    /// When it began.
    pub at: Timestamp,
    /// Whose, if that is known.
    pub account_id: Option<AccountId>,
    /// The message it is about, where the thing itself does not say.
    pub message_id: Option<MessageId>,
    /// The delivery that it belongs to: whose that is becomes known later.
    pub delivery: Option<(CarrierId, AckToken)>,
    /// What it was.
    pub seen: Seen,
}

/// By what the things on the tape may name a message.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Its id.
    pub id: MessageId,
    /// Its number, where its dialect names it by one.
    pub serial: Option<Serial>,
    /// Its parts.
    pub parts: &'a [PartId],
}

/// Messages that are gone, by all that the things on the tape may name them by.
#[derive(Debug, Default)]
pub struct Gone {
    /// Their ids.
    pub ids: HashSet<MessageId>,
    /// Their numbers, where their dialects name them by such.
    pub serials: HashSet<Serial>,
    /// Their parts.
    pub parts: HashSet<PartId>,
}

/// Which webhooks are wanted, newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct AttemptFilter {
    /// Of that account.
    pub account_id: Option<AccountId>,
    /// That were not taken.
    pub failed: bool,
    /// That began at that time or later.
    pub since: Option<Timestamp>,
    /// So many at most.
    pub count_max: usize,
}

impl Tape {
    /// A tape that keeps as much as `bounds` say.
    #[must_use]
    pub fn new(bounds: TapeBounds) -> Self {
        Self { bounds, reel: Mutex::default() }
    }

    /// Whether anything is kept: who would only make something to keep should not.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.bounds.entries_max > 0 && self.bounds.bytes_max > 0
    }

    /// Keeps something; `None` if the tape is off.
    pub fn keep(&self, news: News) -> Option<TapeId> {
        if !self.is_on() {
            return None;
        }
        let News { at, account_id, message_id, delivery, seen } = news;
        let size = seen.size();
        let messages: Vec<MessageId> = message_id.into_iter().chain(seen.messages()).collect();
        let mut reel = self.reel();
        reel.last += 1;
        let id = TapeId(reel.last);
        if let Some(delivery) = delivery {
            reel.deliveries.entry(delivery).or_default().slots += 1;
        }
        reel.bytes += size;
        let entry = Arc::new(Entry { id, at, account_id, seen });
        reel.slots.push_back(Slot { entry, messages, delivery, size });
        while reel.slots.len() > self.bounds.entries_max || reel.bytes > self.bounds.bytes_max {
            reel.drop_first();
        }
        Some(id)
    }

    /// A delivery turned out to be of that message.
    pub fn found(&self, delivery: (CarrierId, AckToken), message: MessageId) {
        if self.is_on()
            && let Some(owner) = self.reel().deliveries.get_mut(&delivery)
        {
            owner.message = Some(message);
        }
    }

    /// What is kept of a message, oldest first.
    #[must_use]
    pub fn of_message(&self, message: &Names<'_>) -> Vec<Arc<Entry>> {
        let reel = self.reel();
        let mut found: Vec<_> =
            (reel.slots.iter()).filter(|slot| reel.is_of(slot, message)).map(|slot| Arc::clone(&slot.entry)).collect();
        found.sort_by_key(|entry| (entry.at, entry.id));
        found
    }

    /// Webhooks, newest first.
    #[must_use]
    pub fn attempts(&self, filter: &AttemptFilter) -> Vec<Arc<Entry>> {
        let is_wanted = |entry: &Arc<Entry>| match &entry.seen {
            Seen::Webhook(webhook) => {
                (filter.account_id.is_none() || filter.account_id == entry.account_id)
                    && (!filter.failed || webhook.end != AttemptEnd::Taken)
                    && filter.since.is_none_or(|since| entry.at >= since)
            }
            Seen::Request(_) | Seen::Pdu(_) => false,
        };
        let reel = self.reel();
        let entries = reel.slots.iter().rev().map(|slot| Arc::clone(&slot.entry));
        entries.filter(is_wanted).take(filter.count_max).collect()
    }

    /// One thing by its id.
    #[must_use]
    pub fn entry(&self, id: TapeId) -> Option<Arc<Entry>> {
        let reel = self.reel();
        let place = reel.slots.binary_search_by_key(&id, |slot| slot.entry.id).ok()?;
        reel.slots.get(place).map(|slot| Arc::clone(&slot.entry))
    }

    /// Forgets what began before `at`: texts are not kept longer here than in the store.
    pub fn forget_before(&self, at: Timestamp) {
        let mut reel = self.reel();
        while reel.slots.front().is_some_and(|slot| slot.entry.at < at) {
            reel.drop_first();
        }
    }

    /// Forgets what it has of these messages. A request that sent others too goes as a whole: their text is the same.
    pub fn forget_messages(&self, gone: &Gone) {
        if self.is_on() {
            self.reel().drop_those_of(gone);
        }
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.reel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher for Tape {
    fn is_watching(&self) -> bool {
        self.is_on()
    }

    fn see(&self, pdu: WatchedPdu) {
        let WatchedPdu { carrier, link, at, way, parts, delivery, octets, hidden } = pdu;
        let direction = match way {
            Way::Out => Direction::Out,
            Way::In => Direction::In,
        };
        let seen = Seen::Pdu(Box::new(SeenPdu { carrier, link, direction, parts, octets: octets.into(), hidden }));
        let delivery = delivery.map(|token| (carrier, token));
        self.keep(News { at, account_id: None, message_id: None, delivery, seen });
    }
}

impl Reel {
    fn is_of(&self, slot: &Slot, message: &Names<'_>) -> bool {
        let owner = || self.deliveries.get(&slot.delivery?)?.message;
        let is_named = match &slot.entry.seen {
            Seen::Pdu(pdu) => pdu.parts.iter().any(|part| message.parts.contains(part)),
            Seen::Request(request) => message.serial.is_some_and(|serial| request.serials.contains(&serial)),
            Seen::Webhook(_) => false,
        };
        is_named || slot.messages.contains(&message.id) || owner() == Some(message.id)
    }

    fn drop_those_of(&mut self, gone: &Gone) {
        let is_gone = |slot: &Slot| {
            let owner = || self.deliveries.get(&slot.delivery?)?.message;
            let is_named = match &slot.entry.seen {
                Seen::Pdu(pdu) => pdu.parts.iter().any(|part| gone.parts.contains(part)),
                Seen::Request(request) => request.serials.iter().any(|serial| gone.serials.contains(serial)),
                Seen::Webhook(_) => false,
            };
            is_named || slot.messages.iter().chain(&owner()).any(|message| gone.ids.contains(message))
        };
        let (dropped, kept): (VecDeque<Slot>, VecDeque<Slot>) =
            std::mem::take(&mut self.slots).into_iter().partition(is_gone);
        self.slots = kept;
        for slot in &dropped {
            self.let_go(slot);
        }
    }

    fn drop_first(&mut self) {
        if let Some(slot) = self.slots.pop_front() {
            self.let_go(&slot);
        }
    }

    fn let_go(&mut self, slot: &Slot) {
        self.bytes -= slot.size;
        if let Some(delivery) = slot.delivery
            && let Some(owner) = self.deliveries.get_mut(&delivery)
        {
            owner.slots -= 1;
            if owner.slots == 0 {
                self.deliveries.remove(&delivery);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::LinkId;

    use super::*;

    const CARRIER: CarrierId = CarrierId(1);
    const PARTS: [PartId; 1] = [PartId(1)];
    const FIVE: Names<'_> = Names { id: MessageId(5), serial: None, parts: &[] };

    const fn part(id: i64) -> Names<'static> {
        Names { id: MessageId(id), serial: None, parts: &PARTS }
    }

    fn pdu(octets: usize, part: i64) -> Seen {
        Seen::Pdu(Box::new(SeenPdu {
            carrier: CARRIER,
            link: LinkId(1),
            direction: Direction::Out,
            parts: vec![PartId(part)],
            octets: vec![0; octets].into(),
            hidden: 0,
        }))
    }

    fn news(at: i64, seen: Seen) -> News {
        News { at: Timestamp(at), account_id: None, message_id: None, delivery: None, seen }
    }

    fn ids(entries: &[Arc<Entry>]) -> Vec<u64> {
        entries.iter().map(|entry| entry.id.0).collect()
    }

    #[test]
    fn the_oldest_falls_off_by_count_and_by_size() {
        let tape = Tape::new(TapeBounds { entries_max: 3, bytes_max: 4_000 });
        for at in 1..=5 {
            tape.keep(news(at, pdu(10, 1)));
        }
        assert_eq!(ids(&tape.of_message(&part(1))), [3, 4, 5]);
        tape.keep(news(6, pdu(3_000, 1)));
        assert_eq!(ids(&tape.of_message(&part(1))), [6], "512 for each beside its octets");
        tape.keep(news(7, pdu(5_000, 1)));
        assert!(tape.entry(TapeId(7)).is_none() && tape.reel().bytes == 0, "too large for the whole of it");
    }

    #[test]
    fn a_tape_that_is_off_keeps_nothing() {
        let tape = Tape::default();
        assert_eq!(tape.keep(news(1, pdu(1, 1))), None);
        assert!(tape.of_message(&part(1)).is_empty());
    }

    #[test]
    fn a_delivery_is_its_messages_once_that_is_known_and_forgotten_with_it() {
        let tape = Tape::new(TapeBounds { entries_max: 10, bytes_max: 1 << 20 });
        let delivery = (CARRIER, AckToken { link: LinkId(1), sequence: 7 });
        tape.keep(News { delivery: Some(delivery), ..news(1, pdu(1, 0)) });
        assert!(tape.of_message(&FIVE).is_empty());
        tape.found(delivery, MessageId(5));
        // The answer to it goes out later.
        tape.keep(News { delivery: Some(delivery), ..news(2, pdu(1, 0)) });
        assert_eq!(ids(&tape.of_message(&FIVE)), [1, 2]);
        tape.forget_before(Timestamp(9));
        assert!(tape.of_message(&FIVE).is_empty() && tape.reel().deliveries.is_empty());
    }

    #[test]
    fn what_it_has_of_messages_that_are_gone_goes_with_them() {
        let tape = Tape::new(TapeBounds { entries_max: 10, bytes_max: 1 << 20 });
        let delivery = (CARRIER, AckToken { link: LinkId(1), sequence: 7 });
        let half = SeenHttp::default();
        let request = SeenRequest {
            messages: Vec::new(),
            serials: vec![Serial(9)],
            dialect: "seven",
            request: half.clone(),
            answer: half,
            status: 200,
            elapsed: whimbrel_core::Span(1),
        };
        tape.keep(news(1, pdu(1, 1)));
        tape.keep(news(2, pdu(1, 2)));
        tape.keep(News { delivery: Some(delivery), ..news(3, pdu(1, 0)) });
        tape.found(delivery, MessageId(5));
        tape.keep(news(4, Seen::Request(Box::new(request))));
        tape.keep(News { message_id: Some(MessageId(6)), ..news(5, pdu(1, 0)) });
        let left = |tape: &Tape| (1..=5).filter(|id| tape.entry(TapeId(*id)).is_some()).collect::<Vec<_>>();
        tape.forget_messages(&Gone::default());
        assert_eq!(left(&tape), [1, 2, 3, 4, 5]);
        let ids = [MessageId(5), MessageId(6)].into();
        tape.forget_messages(&Gone { ids, serials: [Serial(9)].into(), parts: [PartId(1)].into() });
        assert_eq!(left(&tape), [2], "by its part, its delivery, its number and its id");
        assert!(tape.reel().deliveries.is_empty() && tape.reel().bytes == pdu(1, 2).size());
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let tape = Tape::new(TapeBounds { entries_max: 10, bytes_max: 1 << 20 });
        for at in 1..=4 {
            tape.keep(news(at, pdu(1, 1)));
        }
        tape.forget_before(Timestamp(3));
        assert_eq!(ids(&tape.of_message(&part(1))), [3, 4]);
        assert!(tape.entry(TapeId(2)).is_none() && tape.entry(TapeId(3)).is_some());
    }
}
