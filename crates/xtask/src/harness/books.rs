//! What the clients of a harness were told, kept by many threads and compared at the end.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::harness::account::Told;

/// The first recipient. A harness gives each request its own number, so that a copy at the far end is known as one.
pub const FIRST_RECIPIENT: u64 = 4_917_000_000_000;

/// Counts and answers, shared by all callers.
#[derive(Debug, Default)]
pub struct Books {
    next: AtomicU64,
    open: AtomicUsize,
    accepted: Mutex<BTreeMap<u64, (String, i64)>>,
    refused: Mutex<BTreeMap<String, u64>>,
    unknown: Mutex<BTreeMap<String, u64>>,
}

impl Books {
    /// The next number that nobody has used.
    pub fn next_recipient(&self) -> u64 {
        FIRST_RECIPIENT + self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// How many requests were begun.
    pub fn begun(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Marks a request as open until the value is dropped.
    pub fn open(&self) -> OpenRequest<'_> {
        self.open.fetch_add(1, Ordering::Relaxed);
        OpenRequest(self)
    }

    /// Requests without an answer right now.
    pub fn open_count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Writes down what a caller was told; or why no answer came, so that the text's fate is not known.
    pub fn write(&self, to: u64, told: Result<Told, String>) {
        match told {
            Ok(Told::Accepted { id, price }) => {
                lock(&self.accepted).insert(to, (id, price));
            }
            Ok(Told::Refused(status)) => *lock(&self.refused).entry(status).or_default() += 1,
            Err(why) => *lock(&self.unknown).entry(why).or_default() += 1,
        }
    }

    /// Recipient to public id and price of all accepted texts.
    pub fn accepted(&self) -> BTreeMap<u64, (String, i64)> {
        lock(&self.accepted).clone()
    }

    /// How many texts were accepted.
    pub fn accepted_count(&self) -> usize {
        lock(&self.accepted).len()
    }

    /// Refusals by status.
    pub fn refused(&self) -> BTreeMap<String, u64> {
        lock(&self.refused).clone()
    }

    /// Requests without an answer, by reason.
    pub fn unknown(&self) -> BTreeMap<String, u64> {
        lock(&self.unknown).clone()
    }
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct OpenRequest<'a>(&'a Books);

impl Drop for OpenRequest<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A caller that panicked must not hide what the others were told.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
