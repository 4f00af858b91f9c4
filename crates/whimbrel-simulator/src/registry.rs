//! Who is connected and what they did: counters and wishes of the control, without locks where messages pass.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use whimbrel_core::Timestamp;
use whimbrel_smpp::session::Instant;

use crate::scenario::Mode;

/// How many names are remembered without a session; names are chosen by clients.
const CLIENTS_MAX: usize = 4_096;

/// How a session is ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disconnect {
    /// The simulator unbinds, and waits for the answer.
    Unbind,
    /// The connection ends without a word.
    Close,
    /// The connection is reset.
    Reset,
    /// Half a PDU goes out, then the connection is reset.
    HalfPdu,
}

/// What happened, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Messages that were accepted.
    pub accepted: u64,
    /// Messages that were refused with ESME_RTHROTTLED.
    pub throttled: u64,
    /// Messages that were refused otherwise.
    pub refused: u64,
    /// Messages that got no answer.
    pub unanswered: u64,
    /// Receipts and parts of phones' texts that were sent.
    pub delivered: u64,
    /// Those that the client took.
    pub acknowledged: u64,
    /// Those that were given up.
    pub dropped: u64,
}

/// [`Counters`] that many may count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    accepted: AtomicU64,
    throttled: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
    delivered: AtomicU64,
    acknowledged: AtomicU64,
    dropped: AtomicU64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// A message was accepted.
    Accepted,
    /// A message was throttled.
    Throttled,
    /// A message was refused.
    Refused,
    /// A message got no answer.
    Unanswered,
    /// Something was sent to a receiver.
    Delivered,
    /// The receiver took it.
    Acknowledged,
    /// It was given up.
    Dropped,
}

impl Tally {
    fn counter(&self, what: Count) -> &AtomicU64 {
        match what {
            Count::Accepted => &self.accepted,
            Count::Throttled => &self.throttled,
            Count::Refused => &self.refused,
            Count::Unanswered => &self.unanswered,
            Count::Delivered => &self.delivered,
            Count::Acknowledged => &self.acknowledged,
            Count::Dropped => &self.dropped,
        }
    }

    fn add(&self, what: Count) {
        self.counter(what).fetch_add(1, Ordering::Relaxed);
    }

    fn counters(&self) -> Counters {
        let count = |what| self.counter(what).load(Ordering::Relaxed);
        Counters {
            accepted: count(Count::Accepted),
            throttled: count(Count::Throttled),
            refused: count(Count::Refused),
            unanswered: count(Count::Unanswered),
            delivered: count(Count::Delivered),
            acknowledged: count(Count::Acknowledged),
            dropped: count(Count::Dropped),
        }
    }
}

/// A session, for whoever looks from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStatus {
    /// The number of the connection, from 1; the journal has it too.
    pub session: u64,
    /// The client's address.
    pub peer: String,
    /// The name it is bound with; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
    /// How it is bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Since when: RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound_since: Option<String>,
    /// What it did.
    pub counters: Counters,
}

/// A client, for whoever looks from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientStatus {
    /// Its name.
    pub system_id: String,
    /// How many sessions it has.
    pub session_count: u32,
    /// What all of its sessions did, the ended ones too.
    pub counters: Counters,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Member {
    number: u64,
    peer: SocketAddr,
    bound: OnceLock<(Arc<[u8]>, Mode, Timestamp)>,
    tally: Tally,
    wish: AtomicU8,
    wake: Arc<Notify>,
}

impl Member {
    /// Ends a wait of the session's driver.
    pub fn wake(&self) -> &Arc<Notify> {
        &self.wake
    }

    /// The session is bound.
    pub fn bound(&self, system_id: &Arc<[u8]>, mode: Mode, at: Timestamp) {
        // A session binds once.
        let _ = self.bound.set((Arc::clone(system_id), mode, at));
    }

    /// How the session is to end, if anybody wants it to; told once.
    pub fn wish(&self) -> Option<Disconnect> {
        if self.wish.load(Ordering::Relaxed) == 0 {
            return None;
        }
        match self.wish.swap(0, Ordering::AcqRel) {
            1 => Some(Disconnect::Unbind),
            2 => Some(Disconnect::Close),
            3 => Some(Disconnect::Reset),
            4 => Some(Disconnect::HalfPdu),
            _ => None,
        }
    }

    fn disconnect(&self, how: Disconnect) {
        let wish = match how {
            Disconnect::Unbind => 1,
            Disconnect::Close => 2,
            Disconnect::Reset => 3,
            Disconnect::HalfPdu => 4,
        };
        self.wish.store(wish, Ordering::Release);
        self.wake.notify_one();
    }

    /// Counts for the session and its client.
    pub fn count(&self, what: Count, client: Option<&ClientState>) {
        self.tally.add(what);
        if let Some(client) = client {
            client.tally.add(what);
        }
    }

    fn status(&self) -> SessionStatus {
        let bound = self.bound.get();
        SessionStatus {
            session: self.number,
            peer: self.peer.to_string(),
            system_id: bound.map(|(name, ..)| String::from_utf8_lossy(name).into_owned()),
            mode: bound.map(|(_, mode, _)| *mode),
            bound_since: bound.map(|(.., at)| at.to_string()),
            counters: self.tally.counters(),
        }
    }
}

/// A `system_id` and what its sessions share.
#[derive(Debug, Default)]
pub(crate) struct ClientState {
    tally: Tally,
    /// How many sessions it has.
    pub sessions: AtomicU32,
    /// How many of its binds were refused on purpose.
    pub binds_refused: AtomicU32,
    bucket: Mutex<Option<Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    parts: f64,
    at: Instant,
}

impl ClientState {
    /// Whether so many parts are within the rate (parts a second) and the burst now; if so, they are taken.
    pub fn may_send(&self, parts: u32, (rate, burst): (f64, f64), now: Instant) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = bucket.get_or_insert(Bucket { parts: burst, at: now });
        let elapsed = now.since(bucket.at).as_secs_f64();
        bucket.parts = elapsed.mul_add(rate, bucket.parts).min(burst);
        bucket.at = bucket.at.max(now);
        // More parts than fit at once pass when the bucket is full: they would never pass otherwise.
        let needed = f64::from(parts).min(burst);
        // A thousandth of a part is what rounding may cost.
        let is_allowed = bucket.parts + 0.001 >= needed;
        if is_allowed {
            bucket.parts -= f64::from(parts);
        }
        is_allowed
    }
}

/// Everybody.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    members: Mutex<BTreeMap<u64, Arc<Member>>>,
    clients: Mutex<HashMap<Arc<[u8]>, Arc<ClientState>>>,
}

impl Registry {
    /// A new connection.
    pub fn enter(&self, number: u64, peer: SocketAddr) -> Arc<Member> {
        let member = Member {
            number,
            peer,
            bound: OnceLock::new(),
            tally: Tally::default(),
            wish: AtomicU8::new(0),
            wake: Arc::default(),
        };
        let member = Arc::new(member);
        self.members().insert(number, Arc::clone(&member));
        member
    }

    /// The connection has ended.
    pub fn leave(&self, number: u64) {
        self.members().remove(&number);
    }

    /// What a name's sessions share.
    pub fn client(&self, system_id: &Arc<[u8]>) -> Arc<ClientState> {
        let mut clients = self.clients();
        if clients.len() >= CLIENTS_MAX && !clients.contains_key(system_id) {
            clients.retain(|_, state| Arc::strong_count(state) > 1);
        }
        Arc::clone(clients.entry(Arc::clone(system_id)).or_default())
    }

    /// Every session, by number.
    pub fn sessions(&self) -> Vec<SessionStatus> {
        self.members().values().map(|member| member.status()).collect()
    }

    /// Every client, by name.
    pub fn client_statuses(&self) -> Vec<ClientStatus> {
        let status = |(name, state): (&Arc<[u8]>, &Arc<ClientState>)| ClientStatus {
            system_id: String::from_utf8_lossy(name).into_owned(),
            session_count: state.sessions.load(Ordering::Relaxed),
            counters: state.tally.counters(),
        };
        let mut statuses: Vec<_> = self.clients().iter().map(status).collect();
        statuses.sort_by(|a, b| a.system_id.cmp(&b.system_id));
        statuses
    }

    /// Ends the sessions that `which` is true for; tells how many.
    pub fn disconnect(&self, how: Disconnect, which: impl Fn(u64, Option<&[u8]>) -> bool) -> usize {
        let members = self.members();
        let name = |member: &Member| member.bound.get().map(|(name, ..)| Arc::clone(name));
        let chosen = members.values().filter(|member| which(member.number, name(member).as_deref()));
        chosen.map(|member| member.disconnect(how)).count()
    }

    /// Ends every wait: the rules have changed.
    pub fn wake_all(&self) {
        self.members().values().for_each(|member| member.wake.notify_one());
    }

    fn members(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<Arc<[u8]>, Arc<ClientState>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_lets_the_burst_pass_and_then_the_rate() {
        let client = ClientState::default();
        let allowed = |parts, millis: i64| client.may_send(parts, (10.0, 2.0), Instant(millis * 1_000));
        assert_eq!([allowed(1, 0), allowed(1, 0), allowed(1, 0)], [true, true, false]);
        assert_eq!([allowed(1, 99), allowed(1, 100), allowed(1, 100)], [false, true, false]);
        // A message of more parts than the burst passes when the bucket is full, and is paid for afterwards.
        assert_eq!([allowed(4, 250), allowed(4, 300), allowed(1, 500), allowed(1, 600)], [false, true, false, true]);
        // An hour later no more than the burst has gathered.
        assert_eq!([allowed(2, 3_600_000), allowed(1, 3_600_000)], [true, false]);
    }

    #[test]
    fn names_without_a_session_are_forgotten_when_there_are_many() {
        let registry = Registry::default();
        let kept = registry.client(&b"kept".as_slice().into());
        for number in 0..CLIENTS_MAX * 2 {
            registry.client(&number.to_string().into_bytes().into());
        }
        assert!(registry.client_statuses().len() <= CLIENTS_MAX);
        assert!(Arc::ptr_eq(&kept, &registry.client(&b"kept".as_slice().into())));
    }
}
