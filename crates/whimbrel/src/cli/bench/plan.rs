//! When each request is due. Knows no clock: `now` is an argument.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long after its end an open loop may work off what was due before it.
const BACKLOG_TIME_MAX: Duration = Duration::from_secs(30);

/// What makes a request due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Loop {
    /// The answer to the one before.
    Closed,
    /// The clock.
    Open {
        /// Requests per second.
        rate: f64,
    },
}

/// What a caller does next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Turn {
    /// It sends at once.
    Now {
        /// Which request it is, from 0.
        number: u64,
    },
    /// It sends when the time has come, which may be past.
    At {
        /// Which request it is, from 0.
        number: u64,
        /// When it is due.
        due: Instant,
    },
    /// It is done.
    Done,
}

/// The whole run; shared by all callers.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) kind: Loop,
    start: Instant,
    time: Option<Duration>,
    count: Option<u64>,
    next: AtomicU64,
    is_stopped: AtomicBool,
}

impl Plan {
    pub(super) fn new(kind: Loop, start: Instant, time: Option<Duration>, count: Option<u64>) -> Self {
        let (next, is_stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { kind, start, time, count, next, is_stopped }
    }

    /// The next request that no other caller took.
    pub(super) fn take(&self, now: Instant) -> Turn {
        if self.is_stopped() {
            return Turn::Done;
        }
        let elapsed = now.saturating_duration_since(self.start);
        match self.kind {
            Loop::Closed if self.time.is_some_and(|time| elapsed >= time) => return Turn::Done,
            Loop::Open { .. } if self.time.is_some_and(|time| elapsed >= time + BACKLOG_TIME_MAX) => return Turn::Done,
            Loop::Closed | Loop::Open { .. } => {}
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if self.count.is_some_and(|count| number >= count) {
            return Turn::Done;
        }
        match self.kind {
            Loop::Closed => Turn::Now { number },
            Loop::Open { rate } => {
                let after = Duration::try_from_secs_f64(number as f64 / rate).unwrap_or(Duration::MAX);
                let is_late = self.time.is_some_and(|time| after >= time);
                let due = self.start.checked_add(after).filter(|_| !is_late);
                due.map_or(Turn::Done, |due| Turn::At { number, due })
            }
        }
    }

    /// How many requests an open loop of a fixed time owes in all.
    pub(super) fn owed(&self) -> Option<u64> {
        match (self.kind, self.time, self.count) {
            (Loop::Open { .. }, _, Some(count)) => Some(count),
            (Loop::Open { rate }, Some(time), None) => Some((time.as_secs_f64() * rate).ceil() as u64),
            _ => None,
        }
    }

    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }

    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_closed_loop_ends_by_count_or_by_time() {
        let start = Instant::now();
        let plan = Plan::new(Loop::Closed, start, None, Some(2));
        assert_eq!([(); 3].map(|()| plan.take(start)), [Turn::Now { number: 0 }, Turn::Now { number: 1 }, Turn::Done]);
        let plan = Plan::new(Loop::Closed, start, Some(SECOND), None);
        assert_eq!(plan.take(start + SECOND - Duration::from_millis(1)), Turn::Now { number: 0 });
        assert_eq!(plan.take(start + SECOND), Turn::Done);
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_loop_is_due_by_the_clock_however_late_it_is() {
        let start = Instant::now();
        let plan = Plan::new(Loop::Open { rate: 4.0 }, start, Some(SECOND), None);
        assert_eq!(plan.owed(), Some(4));
        // Taken late, after the server was slow: still due when they were due.
        let late = start + SECOND * 5;
        let due = |number| Turn::At { number, due: start + Duration::from_millis(250) * number as u32 };
        assert_eq!([(); 5].map(|()| plan.take(late)), [due(0), due(1), due(2), due(3), Turn::Done]);
        let plan = Plan::new(Loop::Open { rate: 4.0 }, start, Some(SECOND), None);
        assert_eq!(plan.take(start + SECOND + BACKLOG_TIME_MAX), Turn::Done, "what is left then is missed");
        let plan = Plan::new(Loop::Open { rate: 4.0 }, start, None, Some(1));
        assert_eq!([plan.take(start), plan.take(start)], [due(0), Turn::Done]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_plan_gives_nothing_more() {
        let start = Instant::now();
        let plan = Plan::new(Loop::Closed, start, None, None);
        assert_eq!(plan.take(start), Turn::Now { number: 0 });
        plan.stop();
        assert_eq!(plan.take(start), Turn::Done);
    }
}
