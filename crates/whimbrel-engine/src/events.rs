//! What happens, as it happens: for people and programs that watch.
//!
//! A report, not a record: the record is the store. Whoever is slow misses events and is told how many. Nothing is made while
//! nobody listens, so that watching costs only while it is done. Texts, codes and secrets are never in an event.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;
use whimbrel_core::{AccountId, InboundId, MessageId, PartId, Timestamp};

/// Events that a listener may be behind before it misses some.
const BEHIND_MAX: usize = 4_096;
/// Events kept for listeners that come back.
const KEPT_MAX: usize = 1_024;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Rises by one with each event of the process, from 1.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What, such as `message.accepted`, `part.delivered`, `carrier.up`.
    pub kind: &'static str,
    /// Whose, if it is about a customer.
    pub account_id: Option<AccountId>,
    /// What it is about.
    pub about: About,
    /// More, for people: names and codes.
    pub detail: Box<str>,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A message.
    Message {
        /// The message.
        message_id: MessageId,
        /// In whose words.
        dialect: Box<str>,
        /// How many parts it has.
        part_count: usize,
    },
    /// A part of a message.
    Part {
        /// The message.
        message_id: MessageId,
        /// The part.
        part_id: PartId,
        /// Its place, from 1.
        number: u8,
        /// In whose words.
        dialect: Box<str>,
    },
    /// A text that came in.
    Inbound {
        /// Its id.
        inbound_id: InboundId,
        /// The number it came to.
        number: Box<str>,
    },
    /// A carrier.
    Carrier {
        /// Its name.
        name: Box<str>,
    },
    /// An account.
    Account {
        /// Its key.
        key: Box<str>,
    },
    /// The gateway.
    Gateway,
}

/// Where events go to and come from.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<Arc<Event>>,
    next: AtomicU64,
    kept: Mutex<VecDeque<Arc<Event>>>,
}

/// A listener.
pub struct Listener {
    /// Kept events that it asked for, oldest first.
    missed: VecDeque<Arc<Event>>,
    /// The last event that it was given.
    last: u64,
    receiver: broadcast::Receiver<Arc<Event>>,
}

/// What a listener gets.
#[derive(Debug, Clone)]
pub enum Heard {
    /// An event.
    Event(Arc<Event>),
    /// It was too slow: so many events were missed.
    Missed(u64),
    /// There will be no more.
    End,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND_MAX), next: AtomicU64::new(1), kept: Mutex::default() }
    }
}

impl Events {
    /// Tells an event, if anybody listens; `make` says what happened.
    pub fn tell(&self, at: Timestamp, make: impl FnOnce() -> (&'static str, Option<AccountId>, About, Box<str>)) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        let (kind, account_id, about, detail) = make();
        // Numbers rise in the order of sending, so both happen under the lock.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = self.next.fetch_add(1, Ordering::Relaxed);
        let event = Arc::new(Event { sequence, at, kind, account_id, about, detail });
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(&event));
        // An error says that the last listener has just gone.
        _ = self.sender.send(event);
    }

    /// Listens from now on, or, with the number of the last event heard before, from there as far as events are kept.
    #[must_use]
    pub fn listen(&self, after: Option<u64>) -> Listener {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.sender.subscribe();
        let missed = match after {
            Some(after) => kept.iter().filter(|event| event.sequence > after).cloned().collect(),
            None => VecDeque::new(),
        };
        Listener { missed, last: 0, receiver }
    }
}

impl Listener {
    /// The next event.
    pub async fn next(&mut self) -> Heard {
        if let Some(event) = self.missed.pop_front() {
            self.last = event.sequence;
            return Heard::Event(event);
        }
        loop {
            match self.receiver.recv().await {
                // Told while the kept ones were copied: known already.
                Ok(event) if event.sequence <= self.last => {}
                Ok(event) => {
                    self.last = event.sequence;
                    return Heard::Event(event);
                }
                Err(broadcast::error::RecvError::Lagged(count)) => return Heard::Missed(count),
                Err(broadcast::error::RecvError::Closed) => return Heard::End,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(events: &Events, detail: &str) {
        let detail = detail.into();
        events.tell(Timestamp(1), || ("carrier.up", None, About::Gateway, detail));
    }

    async fn details(listener: &mut Listener, count: usize) -> Vec<String> {
        let mut heard = Vec::new();
        for _ in 0..count {
            match listener.next().await {
                Heard::Event(event) => heard.push(event.detail.to_string()),
                Heard::Missed(count) => heard.push(format!("missed {count}")),
                Heard::End => heard.push("end".to_owned()),
            }
        }
        heard
    }

    #[tokio::test]
    async fn nothing_is_made_while_nobody_listens() {
        let events = Events::default();
        events.tell(Timestamp(1), || panic!("made for nobody"));
        let mut listener = events.listen(None);
        tell(&events, "a");
        assert_eq!(details(&mut listener, 1).await, ["a"]);
    }

    #[tokio::test]
    async fn a_listener_that_comes_back_hears_what_it_missed_once() {
        let events = Events::default();
        let mut first = events.listen(None);
        for detail in ["a", "b", "c"] {
            tell(&events, detail);
        }
        assert_eq!(details(&mut first, 3).await, ["a", "b", "c"]);
        let mut back = events.listen(Some(1));
        tell(&events, "d");
        assert_eq!(details(&mut back, 3).await, ["b", "c", "d"]);
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_how_much_it_missed() {
        let events = Events::default();
        let mut slow = events.listen(None);
        for _ in 0..BEHIND_MAX + 5 {
            tell(&events, "x");
        }
        assert_eq!(details(&mut slow, 2).await, ["missed 5", "x"]);
        drop(events);
        let left = BEHIND_MAX - 1;
        assert_eq!(details(&mut slow, left + 1).await.last().map(String::as_str), Some("end"));
    }
}
