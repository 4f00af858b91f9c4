//! How much accounts may ask for: requests per second, and parts per second as one sender. Pure; bounded however many ask.

use std::collections::HashMap;

use whimbrel_core::{AccountId, RateWindow, Span, Timestamp};

/// The window in which requests are counted.
const WINDOW: Span = Span::seconds(1);
/// Entries looked after before those that say nothing any more are dropped.
const SWEEP_FROM: usize = 4_096;
/// A part in the bucket of a sender: millionths, so that microseconds times parts per second count them.
const PART: i64 = 1_000_000;

/// Requests of each account in its present window. Windows of an account follow each other without gaps while it asks, as the
/// vendors count them.
#[derive(Debug, Default)]
pub struct Requests {
    windows: HashMap<AccountId, Window>,
    sweep_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began_at: Timestamp,
    requests: u32,
}

impl Requests {
    /// Counts a request.
    ///
    /// # Errors
    /// The window, if it is full; the request does not count then.
    pub fn take(&mut self, account: AccountId, requests_max: u32, now: Timestamp) -> Result<(), RateWindow> {
        if self.windows.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.windows.retain(|_, window| now.since(window.began_at) < WINDOW);
            self.sweep_at = self.windows.len() * 2;
        }
        let window = self.windows.entry(account).or_insert(Window { began_at: now, requests: 0 });
        let age = now.since(window.began_at);
        if age >= WINDOW || now < window.began_at {
            // The next window begins where a last one ended, unless the account was silent for longer.
            let began_at = if age >= WINDOW && age.0 < 2 * WINDOW.0 { window.began_at + WINDOW } else { now };
            *window = Window { began_at, requests: 0 };
        }
        if window.requests >= requests_max {
            return Err(RateWindow {
                requests_max,
                length: WINDOW,
                requests: window.requests,
                began_at: window.began_at,
                elapsed: now.since(window.began_at),
            });
        }
        window.requests += 1;
        Ok(())
    }
}

/// Parts of each sender of each account: a bucket that holds what one second gives.
#[derive(Debug, Default)]
pub struct Senders {
    buckets: HashMap<(AccountId, Box<str>), Bucket>,
    sweep_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// May be negative: a message of more parts than the bucket holds goes out whole and is paid off later.
    tokens: i64,
    filled_at: Timestamp,
    per_second: i64,
}

impl Bucket {
    fn at(self, now: Timestamp) -> i64 {
        let elapsed = now.since(self.filled_at).0.clamp(0, 1_000_000_000);
        self.tokens.saturating_add(elapsed.saturating_mul(self.per_second)).min(self.per_second * PART)
    }
}

impl Senders {
    /// Takes `parts` for a sender.
    ///
    /// # Errors
    /// How long to wait, in whole milliseconds rounded up; nothing was taken then.
    pub fn take(
        &mut self,
        account: AccountId,
        sender: &str,
        parts: u32,
        parts_per_second_max: u32,
        now: Timestamp,
    ) -> Result<(), Span> {
        if self.buckets.len() >= self.sweep_at.max(SWEEP_FROM) {
            // A full bucket is as good as none.
            self.buckets.retain(|_, bucket| bucket.at(now) < bucket.per_second * PART);
            self.sweep_at = self.buckets.len() * 2;
        }
        let per_second = i64::from(parts_per_second_max.max(1));
        let fresh = Bucket { tokens: per_second * PART, filled_at: now, per_second };
        let bucket = self.buckets.entry((account, sender.to_lowercase().into())).or_insert(fresh);
        // A bucket whose rate was changed keeps what it holds, as far as that fits.
        let tokens = bucket.at(now).min(per_second * PART);
        *bucket = Bucket { tokens, filled_at: now, per_second };
        let wanted = i64::from(parts) * PART;
        let needed = wanted.min(per_second * PART);
        if tokens < needed {
            let micros = ceil_div(needed - tokens, per_second);
            return Err(Span::millis(ceil_div(micros, 1_000)));
        }
        bucket.tokens = tokens - wanted;
        Ok(())
    }
}

/// `dividend / divisor`, rounded up; both positive.
fn ceil_div(dividend: i64, divisor: i64) -> i64 {
    (dividend + divisor - 1) / divisor
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: i64 = 1_795_526_000_000_000;
    const A: AccountId = AccountId(1);

    fn at(millis: i64) -> Timestamp {
        Timestamp(T0 + millis * 1_000)
    }

    #[test]
    fn a_window_holds_so_many_requests_and_says_where_it_stands() {
        let mut requests = Requests::default();
        for _ in 0..30 {
            assert_eq!(requests.take(A, 30, at(0)), Ok(()));
        }
        let full = requests.take(A, 30, at(529)).expect_err("the window is full");
        assert_eq!((full.requests_max, full.requests, full.began_at, full.elapsed), (30, 30, at(0), Span::millis(529)));
        assert_eq!(requests.take(AccountId(2), 30, at(529)), Ok(()), "another account has its own");
        assert!(requests.take(A, 30, at(999)).is_err());
        assert_eq!(requests.take(A, 30, at(1_400)), Ok(()));
        let mut taken = 1;
        while requests.take(A, 30, at(1_900)).is_ok() {
            taken += 1;
        }
        assert_eq!(taken, 30);
        // The second window began when the first one ended, not with its first request.
        assert_eq!(requests.take(A, 30, at(2_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut requests = Requests::default();
        assert!((0..30).all(|_| requests.take(A, 30, at(10_000_000)).is_ok()));
        assert_eq!(requests.take(A, 30, at(0)), Ok(()));
    }

    #[test]
    fn a_sender_gets_its_rate_and_is_told_how_long_to_wait() {
        let mut senders = Senders::default();
        assert_eq!(senders.take(A, "15551234567", 1, 1, at(0)), Ok(()));
        assert_eq!(senders.take(A, "15551234567", 1, 1, at(298)), Err(Span::millis(702)));
        assert_eq!(senders.take(A, "Other", 1, 1, at(298)), Ok(()));
        assert_eq!(senders.take(A, "15551234567", 1, 1, at(1_000)), Ok(()));
        // More parts than a second gives go out whole, and the next one waits for all of them.
        assert_eq!(senders.take(A, "Acme", 3, 1, at(0)), Ok(()));
        assert_eq!(senders.take(A, "ACME", 1, 1, at(0)), Err(Span::millis(3_000)));
    }

    #[test]
    fn memory_is_bounded_by_what_still_says_something() {
        let (mut requests, mut senders) = (Requests::default(), Senders::default());
        for index in 0..100_000_i64 {
            let now = at(index * 10);
            assert_eq!(requests.take(AccountId(index), 1, now), Ok(()));
            assert_eq!(senders.take(A, &index.to_string(), 1, 10, now), Ok(()));
        }
        assert!(requests.windows.len() <= 2 * SWEEP_FROM, "{}", requests.windows.len());
        assert!(senders.buckets.len() <= 2 * SWEEP_FROM, "{}", senders.buckets.len());
    }
}
