//! How much accounts may ask for: requests per second, by each key where keys are secret, parts per second as one sender, and messages
//! to one recipient. Pure; bounded however many ask.

use std::collections::HashMap;

use whimbrel_core::{AccountId, RateWindow, RequestRate, Span, Timestamp};

use crate::failures::KeyName;

/// The window in which requests are counted.
const WINDOW: Span = Span::seconds(1);
/// Entries looked after before those that say nothing any more are dropped.
const SWEEP_FROM: usize = 4_096;
/// A part in the bucket of a sender: millionths, so that microseconds times parts per second count them.
const PART: i64 = 1_000_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Requester {
    /// The account.
    pub account: AccountId,
    /// Which of its keys, where keys are secret: each has the account's rate to itself.
    pub key: Option<KeyName>,
}

/// Requests of each who asks in the present window. Windows of one follow each other without gaps while it asks, as the
/// vendors count them.
#[derive(Debug, Default)]
pub struct Requests {
    windows: HashMap<Requester, Window>,
    sweep_at: usize,
    /// Of those of whom it is said how many requests they may make at once.
    bursts: HashMap<Requester, Bucket>,
    bursts_sweep_at: usize,
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
    pub fn take(&mut self, requester: Requester, rate: RequestRate, now: Timestamp) -> Result<(), RateWindow> {
        if rate.burst_max > 0 {
            return self.take_of_burst(requester, rate, now);
        }
        let requests_max = rate.per_second_max;
        if self.windows.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.windows.retain(|_, window| now.since(window.began_at) < WINDOW);
            self.sweep_at = self.windows.len() * 2;
        }
        let window = self.windows.entry(requester).or_insert(Window { began_at: now, requests: 0 });
        let age = now.since(window.began_at);
        if age >= WINDOW || now < window.began_at {
            // The next window begins where a last one ended, unless it was silent for longer.
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

    /// The same where a burst is named: a bucket that holds it, filled at the rate. A small one keeps who asks for too much from taking what
    /// a second gives in its first moments, beside others.
    fn take_of_burst(&mut self, requester: Requester, rate: RequestRate, now: Timestamp) -> Result<(), RateWindow> {
        if self.bursts.len() >= self.bursts_sweep_at.max(SWEEP_FROM) {
            self.bursts.retain(|_, bucket| !bucket.is_full(now));
            self.bursts_sweep_at = self.bursts.len() * 2;
        }
        let (per_second, holds) = (i64::from(rate.per_second_max.max(1)), i64::from(rate.burst_max));
        let bucket = self.bursts.entry(requester).or_insert(Bucket::full(per_second, holds, now));
        *bucket = Bucket { tokens: bucket.at(now).min(holds * PART), filled_at: now, per_second, holds };
        if bucket.tokens < PART {
            let elapsed = Span(WINDOW.0 - ceil_div(PART - bucket.tokens, per_second));
            let began_at = now - elapsed;
            let (requests_max, requests) = (rate.per_second_max, rate.per_second_max);
            return Err(RateWindow { requests_max, length: WINDOW, requests, began_at, elapsed });
        }
        bucket.tokens -= PART;
        Ok(())
    }
}

/// How often one recipient may be sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecipientRule {
    /// Between two messages; zero: no limit.
    pub pause_min: Span,
    /// In an hour; 0: no limit.
    pub per_hour_max: u32,
}

/// When each account last sent something to each of its recipients, as far as a rule asks for it. Not kept over a restart.
#[derive(Debug, Default)]
pub struct Recipients {
    sends: HashMap<(AccountId, Box<str>), Vec<Timestamp>>,
    sweep_at: usize,
}

const HOUR: Span = Span::hours(1);
/// Sends to one recipient that are remembered, whatever the rule says.
const SENDS_MAX: usize = 1_000;

impl Recipients {
    /// Counts a message to a recipient.
    ///
    /// # Errors
    /// How long to wait; it does not count then.
    pub fn take(
        &mut self,
        account: AccountId,
        recipient: &str,
        rule: RecipientRule,
        now: Timestamp,
    ) -> Result<(), Span> {
        let is_recent = |at: &Timestamp| *at <= now && now.since(*at) < HOUR;
        if self.sends.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.sends.retain(|_, sends| sends.last().is_some_and(is_recent));
            self.sweep_at = self.sends.len() * 2;
        }
        let sends = self.sends.entry((account, recipient.into())).or_default();
        sends.retain(is_recent);
        let of_pause = sends.last().map_or(Span::ZERO, |last| Span(rule.pause_min.0 - now.since(*last).0));
        let count_max = (rule.per_hour_max as usize).min(SENDS_MAX);
        let of_hour = match count_max > 0 && sends.len() >= count_max {
            // The hour has room again when the oldest of the last so many is over.
            true => sends.get(sends.len() - count_max).map_or(Span::ZERO, |oldest| Span(HOUR.0 - now.since(*oldest).0)),
            false => Span::ZERO,
        };
        match of_pause.max(of_hour) {
            wait if wait > Span::ZERO => Err(wait),
            _ => {
                if sends.len() >= SENDS_MAX {
                    sends.remove(0);
                }
                sends.push(now);
                Ok(())
            }
        }
    }

    /// What was counted at `at` was not sent after all.
    pub fn give_back(&mut self, account: AccountId, recipient: &str, at: Timestamp) {
        if let Some(sends) = self.sends.get_mut(&(account, recipient.into()))
            && let Some(place) = sends.iter().rposition(|sent| *sent == at)
        {
            sends.remove(place);
        }
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
    /// Tokens that fit in, in whole ones.
    holds: i64,
}

impl Bucket {
    fn at(self, now: Timestamp) -> i64 {
        let elapsed = now.since(self.filled_at).0.clamp(0, 1_000_000_000);
        self.tokens.saturating_add(elapsed.saturating_mul(self.per_second)).min(self.holds * PART)
    }

    const fn full(per_second: i64, holds: i64, now: Timestamp) -> Self {
        Self { tokens: holds * PART, filled_at: now, per_second, holds }
    }

    /// Whether it is as good as none.
    fn is_full(self, now: Timestamp) -> bool {
        self.at(now) >= self.holds * PART
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
            self.buckets.retain(|_, bucket| !bucket.is_full(now));
            self.sweep_at = self.buckets.len() * 2;
        }
        let per_second = i64::from(parts_per_second_max.max(1));
        let fresh = Bucket::full(per_second, per_second, now);
        let bucket = self.buckets.entry((account, sender.to_lowercase().into())).or_insert(fresh);
        // A bucket whose rate was changed keeps what it holds, as far as that fits.
        let tokens = bucket.at(now).min(per_second * PART);
        *bucket = Bucket { tokens, filled_at: now, per_second, holds: per_second };
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
    const REQUESTER: Requester = by(A);

    const fn by(account: AccountId) -> Requester {
        Requester { account, key: None }
    }

    const EVEN: RequestRate = RequestRate { per_second_max: 30, burst_max: 0 };

    fn at(millis: i64) -> Timestamp {
        Timestamp(T0 + millis * 1_000)
    }

    #[test]
    fn a_window_holds_so_many_requests_and_says_where_it_stands() {
        let mut requests = Requests::default();
        for _ in 0..30 {
            assert_eq!(requests.take(REQUESTER, EVEN, at(0)), Ok(()));
        }
        let full = requests.take(REQUESTER, EVEN, at(529)).expect_err("the window is full");
        assert_eq!((full.requests_max, full.requests, full.began_at, full.elapsed), (30, 30, at(0), Span::millis(529)));
        assert_eq!(requests.take(by(AccountId(2)), EVEN, at(529)), Ok(()), "another account has its own");
        assert!(requests.take(REQUESTER, EVEN, at(999)).is_err());
        assert_eq!(requests.take(REQUESTER, EVEN, at(1_400)), Ok(()));
        let mut taken = 1;
        while requests.take(REQUESTER, EVEN, at(1_900)).is_ok() {
            taken += 1;
        }
        assert_eq!(taken, 30);
        // The second window began when the first one ended, not with its first request.
        assert_eq!(requests.take(REQUESTER, EVEN, at(2_000)), Ok(()));
    }

    #[test]
    fn a_burst_goes_first_and_then_the_rate_holds() {
        let mut requests = Requests::default();
        let rate = RequestRate { per_second_max: 20, burst_max: 1_000 };
        assert!((0..1_000).all(|_| requests.take(REQUESTER, rate, at(0)).is_ok()));
        let full = requests.take(REQUESTER, rate, at(0)).expect_err("the burst is used up");
        assert_eq!(full.length.0 - full.elapsed.0, 50_000, "one in 50 ms");
        assert_eq!(requests.take(REQUESTER, rate, at(50)), Ok(()));
        assert!(requests.take(REQUESTER, rate, at(99)).is_err());
        let second = (0..1_000).filter(|_| requests.take(REQUESTER, rate, at(1_050)).is_ok()).count();
        assert_eq!(second, 20);
        assert!((0..1_000).all(|_| requests.take(REQUESTER, rate, at(100_000)).is_ok()), "and fills up again");
    }

    #[test]
    fn a_burst_below_the_rate_spreads_it_over_the_second() {
        let mut requests = Requests::default();
        let rate = RequestRate { per_second_max: 1_000, burst_max: 10 };
        let mut taken_in = |millis: std::ops::Range<i64>| {
            let asked = millis.flat_map(|milli| [at(milli); 10]);
            asked.filter(|now| requests.take(REQUESTER, rate, *now).is_ok()).count()
        };
        assert_eq!(taken_in(0..1), 10);
        assert_eq!(taken_in(1..101), 100);
        assert_eq!(taken_in(101..1_001), 900);
    }

    #[test]
    fn each_key_has_the_rate_to_itself() {
        let mut requests = Requests::default();
        let key = |name: &str| Requester { account: A, key: Some(KeyName::of("a dialect", name)) };
        for rate in [EVEN, RequestRate { per_second_max: 20, burst_max: 30 }] {
            assert!((0..30).all(|_| requests.take(key("one"), rate, at(0)).is_ok()));
            assert!(requests.take(key("one"), rate, at(0)).is_err());
            assert_eq!(requests.take(key("other"), rate, at(0)), Ok(()));
        }
    }

    #[test]
    fn a_recipient_is_left_in_peace() {
        let mut recipients = Recipients::default();
        let rule = RecipientRule { pause_min: Span::seconds(20), per_hour_max: 3 };
        let mut take = |number: &str, seconds: i64| recipients.take(A, number, rule, at(seconds * 1_000));
        assert_eq!(take("84981234567", 0), Ok(()));
        assert_eq!(take("84981234567", 5), Err(Span::seconds(15)));
        assert_eq!(take("84981234568", 5), Ok(()), "another recipient");
        assert_eq!(take("84981234567", 20), Ok(()), "what was refused does not count");
        assert_eq!(take("84981234567", 40), Ok(()));
        assert_eq!(take("84981234567", 60), Err(Span::seconds(3_540)));
        assert_eq!(take("84981234567", 3_600), Ok(()));
        recipients.give_back(A, "84981234567", at(3_600_000));
        assert_eq!(recipients.take(A, "84981234567", rule, at(3_601_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut requests = Requests::default();
        assert!((0..30).all(|_| requests.take(REQUESTER, EVEN, at(10_000_000)).is_ok()));
        assert_eq!(requests.take(REQUESTER, EVEN, at(0)), Ok(()));
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
        let (mut requests, mut senders, mut recipients) =
            (Requests::default(), Senders::default(), Recipients::default());
        let bursty = RequestRate { per_second_max: 20, burst_max: 30 };
        let rule = RecipientRule { pause_min: Span::seconds(20), per_hour_max: 3 };
        for index in 0..100_000_i64 {
            let now = at(index * 10);
            assert_eq!(requests.take(by(AccountId(index)), EVEN, now), Ok(()));
            assert_eq!(senders.take(A, &index.to_string(), 1, 10, now), Ok(()));
            assert_eq!(requests.take(by(AccountId(-index)), bursty, now), Ok(()));
            assert_eq!(recipients.take(A, &index.to_string(), rule, at(index * 1_000)), Ok(()));
        }
        assert!(requests.windows.len() <= 2 * SWEEP_FROM, "{}", requests.windows.len());
        assert!(senders.buckets.len() <= 2 * SWEEP_FROM, "{}", senders.buckets.len());
        assert!(requests.bursts.len() <= 2 * SWEEP_FROM, "{}", requests.bursts.len());
        assert!(recipients.sends.len() <= 2 * SWEEP_FROM + 3_600, "{}", recipients.sends.len());
    }
}
