//! How often a key and a source may fail to prove who is calling. Pure; bounded however many try.
//!
//! Each failure fills a bucket that empties with time; while it is full, nothing more is looked at. A key that others try to
//! guess stays open to those who have proved themselves with it: a stranger cannot lock a customer out.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use whimbrel_core::{Span, Timestamp};

/// Entries of one generation; two generations are kept.
const ENTRIES_MAX: usize = 32_768;
const MINUTE: i64 = 60_000_000;

/// How many failures are taken. 0: any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FailureRules {
    /// With one key at once, and again each minute.
    pub per_key_max: u32,
    /// From one source at once, and again each minute.
    pub per_source_max: u32,
}

impl FailureRules {
    /// What is taken where nothing else is said.
    pub const USUAL: Self = Self { per_key_max: 20, per_source_max: 100 };
}

/// Where a request comes from, as far as it is counted: an IPv4 address, or the network of 64 bits that an IPv6 address is
/// in, since one customer of a provider has all of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source(Option<u64>);

impl Source {
    /// The source of an address; addresses that are not known are one source.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        // 2^63 is a bit that stands in no global IPv6 network (2000::/3) and keeps the two kinds apart.
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V4(address) => 1 << 63 | u64::from(address.to_bits()),
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        }))
    }
}

/// A key among the customers of a dialect, as a number: keys are the caller's own and may be long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(u64);

impl KeyName {
    /// The name of `key`.
    #[must_use]
    pub fn of(dialect: &str, key: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (dialect, key).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Failures that are not forgotten yet.
#[derive(Debug, Default)]
pub struct Failures {
    rules: FailureRules,
    keys: Generations<KeyName, Bucket>,
    sources: Generations<Source, Bucket>,
    /// Who has proved themselves with which key.
    proved: Generations<(KeyName, Source), ()>,
}

impl Failures {
    /// Nothing yet.
    #[must_use]
    pub fn new(rules: FailureRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Whether a request is looked at.
    ///
    /// # Errors
    /// How long to wait, above zero.
    pub fn judge(&mut self, key: KeyName, source: Source, now: Timestamp) -> Result<(), Span> {
        let of_source =
            self.sources.find(&source).map_or(Span::ZERO, |bucket| bucket.wait(self.rules.per_source_max, now));
        let of_key = self.keys.find(&key).map_or(Span::ZERO, |bucket| bucket.wait(self.rules.per_key_max, now));
        let of_key =
            if of_key > Span::ZERO && self.proved.find(&(key, source)).is_some() { Span::ZERO } else { of_key };
        match of_source.max(of_key) {
            Span::ZERO => Ok(()),
            wait => Err(wait),
        }
    }

    /// Counts a failure.
    pub fn failed(&mut self, key: KeyName, source: Source, now: Timestamp) {
        if self.rules.per_key_max > 0 {
            self.keys.entry(key).add(self.rules.per_key_max, now);
        }
        if self.rules.per_source_max > 0 {
            self.sources.entry(source).add(self.rules.per_source_max, now);
        }
    }

    /// Takes a failure back that was counted before it was known to be none: what is tried side by side is counted at once.
    pub fn forgiven(&mut self, key: KeyName, source: Source, now: Timestamp) {
        self.keys.entry(key).take_back(self.rules.per_key_max, now);
        self.sources.entry(source).take_back(self.rules.per_source_max, now);
    }

    /// Notes that a request proved itself.
    pub fn proved(&mut self, key: KeyName, source: Source) {
        if self.rules.per_key_max > 0 {
            self.proved.entry((key, source));
        }
    }
}

/// Failures not forgotten yet, in parts of [`MINUTE`] each.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    level: i64,
    at: Timestamp,
}

impl Bucket {
    /// The level at `now`. `max` failures are forgotten each minute.
    fn level(self, max: u32, now: Timestamp) -> i64 {
        let forgotten = now.since(self.at).0.min(MINUTE).saturating_mul(i64::from(max));
        self.level.saturating_sub(forgotten).max(0)
    }

    fn add(&mut self, max: u32, now: Timestamp) {
        // Never above what is full: an attack that goes on does not lengthen what comes after it.
        let full = i64::from(max).saturating_mul(MINUTE);
        *self = Self { level: self.level(max, now).saturating_add(MINUTE).min(full), at: now };
    }

    fn take_back(&mut self, max: u32, now: Timestamp) {
        *self = Self { level: self.level(max, now).saturating_sub(MINUTE).max(0), at: now };
    }

    /// How long until one more is taken.
    fn wait(self, max: u32, now: Timestamp) -> Span {
        let max_level = (i64::from(max) - 1).saturating_mul(MINUTE);
        let above = self.level(max, now).saturating_sub(max_level);
        if max == 0 || above <= 0 { Span::ZERO } else { Span((above + i64::from(max) - 1) / i64::from(max)) }
    }
}

/// A map that forgets what was not touched for longest, in two steps: when the young ones are too many, they become the old ones
/// and the old ones go.
#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash + Copy, V: Copy + Default> Generations<K, V> {
    fn find(&self, key: &K) -> Option<V> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn entry(&mut self, key: K) -> &mut V {
        if self.young.len() >= ENTRIES_MAX && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        let before = self.old.remove(&key).unwrap_or_default();
        self.young.entry(key).or_insert(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: FailureRules = FailureRules { per_key_max: 3, per_source_max: 6 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp((1_795_526_000 + seconds) * 1_000_000)
    }

    fn source(text: &str) -> Source {
        Source::of(text.parse().ok())
    }

    #[test]
    fn what_was_no_failure_is_taken_back_and_no_more() {
        let mut failures = Failures::new(RULES);
        let (key, here) = (KeyName::of("plain", "key"), source("192.0.2.1"));
        for _ in 0..3 {
            failures.failed(key, here, at(0));
        }
        failures.forgiven(key, here, at(0));
        assert_eq!(failures.judge(key, here, at(0)), Ok(()), "one place is free again");
        failures.failed(key, here, at(0));
        assert!(failures.judge(key, here, at(0)).is_err());
        for _ in 0..10 {
            failures.forgiven(key, here, at(0));
        }
        for _ in 0..3 {
            failures.failed(key, here, at(0));
        }
        assert!(failures.judge(key, here, at(0)).is_err(), "nobody gains credit");
    }

    #[test]
    fn a_key_closes_and_opens_with_time() {
        let mut failures = Failures::new(RULES);
        let (key, here) = (KeyName::of("plain", "key"), source("192.0.2.1"));
        for _ in 0..3 {
            assert_eq!(failures.judge(key, here, at(0)), Ok(()));
            failures.failed(key, here, at(0));
        }
        assert_eq!(failures.judge(key, here, at(0)), Err(Span::seconds(20)), "three a minute");
        assert_eq!(failures.judge(key, source("192.0.2.2"), at(5)), Err(Span::seconds(15)), "from anywhere");
        assert_eq!(
            failures.judge(KeyName::of("other", "key"), here, at(0)),
            Ok(()),
            "another dialect's key is another"
        );
        assert_eq!(failures.judge(key, here, at(20)), Ok(()));
        failures.failed(key, here, at(20));
        assert_eq!(failures.judge(key, here, at(20)), Err(Span::seconds(20)));
        assert_eq!(
            failures.judge(key, here, at(-100)),
            Err(Span::seconds(20)),
            "a clock that is set back opens nothing"
        );
        assert_eq!(failures.judge(key, here, at(80)), Ok(()));
    }

    #[test]
    fn a_source_closes_whatever_keys_it_tries() {
        let mut failures = Failures::new(RULES);
        let here = source("2001:db8:1:2::1");
        for number in 0..6 {
            failures.failed(KeyName::of("plain", &number.to_string()), here, at(0));
        }
        let fresh = KeyName::of("plain", "fresh");
        for near in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::"] {
            assert_eq!(failures.judge(fresh, source(near), at(0)), Err(Span::seconds(10)), "{near}");
        }
        for far in ["2001:db8:1:3::1", "192.0.2.1", "nowhere"] {
            assert_eq!(failures.judge(fresh, source(far), at(0)), Ok(()), "{far}");
        }
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("::"), source("0.0.0.0"));
    }

    #[test]
    fn a_stranger_cannot_lock_a_customer_out() {
        let mut failures = Failures::new(RULES);
        let (key, customer, stranger) = (KeyName::of("plain", "key"), source("192.0.2.1"), source("192.0.2.2"));
        failures.proved(key, customer);
        for second in 0..1_000 {
            failures.failed(key, stranger, at(second));
        }
        assert!(failures.judge(key, stranger, at(1_000)).is_err());
        assert!(failures.judge(key, source("192.0.2.3"), at(1_000)).is_err());
        assert_eq!(failures.judge(key, customer, at(1_000)), Ok(()));
        // But having proved oneself is no licence to guess.
        (0..6).for_each(|_| failures.failed(key, customer, at(1_000)));
        assert!(failures.judge(key, customer, at(1_000)).is_err());
    }

    #[test]
    fn without_rules_nothing_is_counted() {
        let mut failures = Failures::new(FailureRules::default());
        let (key, here) = (KeyName::of("plain", "key"), source("::1"));
        (0..1_000).for_each(|_| failures.failed(key, here, at(0)));
        assert_eq!(failures.judge(key, here, at(0)), Ok(()));
        assert!(failures.keys.young.is_empty() && failures.sources.young.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_who_still_fails_is_not_forgotten() {
        let mut failures = Failures::new(RULES);
        let key = KeyName::of("plain", "key");
        for number in 0..200_000_u64 {
            let from = Source(Some(number));
            failures.failed(KeyName(number), from, at(0));
            failures.proved(KeyName(number), from);
            if number % 10_000 == 0 {
                failures.failed(key, from, at(0));
            }
        }
        for size in [failures.keys.young.len(), failures.sources.old.len(), failures.proved.young.len()] {
            assert!(size <= ENTRIES_MAX, "{size}");
        }
        assert!(failures.judge(key, source("::1"), at(0)).is_err());
    }
}
