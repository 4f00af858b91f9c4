//! When the next text is due: at once, or at a fixed rate by a thread that sleeps between texts. Its sleep is exact to some ten
//! microseconds, where the runtime's own timers count milliseconds.
//!
//! What nobody was free to send stays due, so that a gateway that stalls is measured by those who would have waited.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::loader::Pace;
use crate::clock::{monotonic_us, sleep};

/// Time between the order and the first text at a fixed rate: callers connect meanwhile.
const LEAD_US: u64 = 20_000;

/// The texts of one order. Instants are microseconds of the machine's clock.
#[derive(Debug)]
pub struct Due {
    pace: Pace,
    start_us: u64,
    length_us: u64,
    told: Mutex<Told>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Told {
    waiting: VecDeque<u64>,
    is_all: bool,
}

impl Due {
    /// An order that begins now.
    pub fn new(pace: Pace, length: Duration) -> Self {
        let length_us = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Self { pace, start_us: monotonic_us(), length_us, told: Mutex::default(), news: Notify::new() }
    }

    /// Waits for the next text; when it is due, or `None` when there is none any more.
    pub async fn next(&self) -> Option<u64> {
        if self.pace == Pace::Answers {
            let now = monotonic_us();
            return (now - self.start_us < self.length_us).then_some(now);
        }
        loop {
            // It hears of news from here on.
            let news = self.news.notified();
            {
                let mut told = self.told();
                if let Some(due) = told.waiting.pop_front() {
                    return Some(due);
                }
                if told.is_all {
                    return None;
                }
            }
            news.await;
        }
    }

    /// Tells whoever waits, text by text, to the end of the order; for a thread of its own.
    pub fn tell(&self) {
        let Pace::PerSecond(rate) = self.pace else { return };
        let (rate, first_us) = (u64::from(rate.max(1)), self.start_us + LEAD_US);
        for text in 0..self.length_us * rate / 1_000_000 {
            let due_us = first_us + text * 1_000_000 / rate;
            sleep(Duration::from_micros(due_us.saturating_sub(monotonic_us())));
            self.told().waiting.push_back(due_us);
            self.news.notify_one();
        }
        self.told().is_all = true;
        self.news.notify_waiters();
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // Nothing that holds it can fail half-way.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    async fn all(due: &Due) -> Vec<u64> {
        let mut all = Vec::new();
        while let Some(next) = due.next().await {
            all.push(next);
        }
        all
    }

    #[tokio::test]
    async fn a_fixed_rate_is_shared_by_all_and_told_to_its_end() {
        let due = Arc::new(Due::new(Pace::PerSecond(2000), Duration::from_millis(50)));
        let telling = due.clone();
        let teller = tokio::task::spawn_blocking(move || telling.tell());
        let (one, other) = tokio::join!(all(&due), all(&due));
        teller.await.unwrap();
        let mut both = [one, other].concat();
        both.sort_unstable();
        assert_eq!(both.len(), 100);
        assert!(both.windows(2).all(|pair| pair[1] - pair[0] == 500), "{both:?}");
    }

    #[tokio::test]
    async fn without_a_rate_time_alone_ends_it() {
        assert_eq!(Due::new(Pace::Answers, Duration::ZERO).next().await, None);
        assert!(Due::new(Pace::Answers, Duration::from_secs(3600)).next().await.is_some());
    }
}
