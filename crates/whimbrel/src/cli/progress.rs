//! A bar for work that somebody waits for at a terminal: on stderr, in one line that is written over, and gone when the work is done.
//! It appears once the work takes longer than a second, so that nothing flickers by.
//!
//! Where stderr is no terminal, as in CI, there is a whole line every ten seconds instead; with `--quiet` and `--json` nothing.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use whimbrel_core::{Span, Timestamp, World};
use whimbrel_engine::SystemWorld;

use super::output::{LINES_EVERY, Out, Progress};

/// Cells of a bar.
const CELLS: u64 = 24;
/// How often work is looked at that cannot tell by itself how far it is, and how often a line is written over at most.
const LOOK: Duration = Duration::from_millis(100);

/// Shows how far some work is.
pub(super) struct Bar<'a> {
    out: &'a Out,
    what: &'static str,
    way: Option<Progress>,
    clock: SystemWorld,
    pace: Pace,
    /// The line that stands there now; empty if there is none.
    shown: String,
}

/// How far some work is.
pub(super) enum Far {
    /// So much of so much; the unit stands behind the numbers.
    Of { done: u64, total: u64, unit: &'static str },
    /// So much of nobody knows how much.
    Count { done: u64, unit: &'static str },
}

impl<'a> Bar<'a> {
    /// A bar for `what`, such as "copying", that begins now.
    pub(super) fn new(out: &'a Out, what: &'static str) -> Self {
        let way = out.progress().filter(|_| !out.is_json());
        let clock = SystemWorld::new(0, 0);
        let every = if way == Some(Progress::Lines) { LINES_EVERY } else { Span::millis(100) };
        let pace = Pace { begun_at: clock.now(), patience: out.patience(), every, said_at: None };
        Self { out, what, way, clock, pace, shown: String::new() }
    }

    /// Says how far it is, if it is time to.
    pub(super) fn at(&mut self, far: &Far) {
        let Some(way) = self.way else { return };
        if !self.pace.is_time(self.clock.now()) {
            return;
        }
        let line = line(self.what, far);
        match way {
            Progress::Lines => self.out.hint(&line),
            Progress::Rewritten if line != self.shown => {
                self.out.rewrite(&line);
                self.shown = line;
            }
            Progress::Rewritten => {}
        }
    }

    /// Does `work`, and meanwhile says again and again how `far` it is.
    pub(super) fn beside<T>(&mut self, far: impl Fn() -> Far + Send, work: impl FnOnce() -> T) -> T {
        if self.way.is_none() {
            return work();
        }
        std::thread::scope(|scope| {
            let (ended, watched) = sync_channel::<()>(1);
            scope.spawn(move || {
                loop {
                    self.at(&far());
                    // The other end is dropped when the work is done.
                    if watched.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            });
            let done = work();
            drop(ended);
            done
        })
    }

    /// Makes room for a line of the answer.
    pub(super) fn clear(&mut self) {
        if !self.shown.is_empty() {
            self.out.rewrite("");
            self.shown.clear();
            self.pace.said_at = None;
        }
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// When something is said: not before the patience is over, and then not more often than so.
struct Pace {
    begun_at: Timestamp,
    patience: Span,
    every: Span,
    said_at: Option<Timestamp>,
}

impl Pace {
    /// Whether it is time; if so, it is said.
    fn is_time(&mut self, now: Timestamp) -> bool {
        let is_time = match self.said_at {
            None => now.since(self.begun_at) >= self.patience,
            Some(said_at) => now.since(said_at) >= self.every,
        };
        if is_time {
            self.said_at = Some(now);
        }
        is_time
    }
}

fn line(what: &str, far: &Far) -> String {
    let (done, total, unit) = match *far {
        Far::Count { done, unit } => return format!("{what} {done} {unit}"),
        Far::Of { done, total, unit } => (done.min(total), total.max(1), unit),
    };
    let share = |of: u64| u128::from(done) * u128::from(of) / u128::from(total);
    // Both are at most `CELLS`.
    let full = share(CELLS) as usize;
    let rest = CELLS as usize - full;
    format!("{what} [{}{}] {:>3}%  {done} of {total} {unit}", "#".repeat(full), ".".repeat(rest), share(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_the_work_is_far() {
        for (done, total, wanted) in [
            (0, 4, "copying [........................]   0%  0 of 4 MB"),
            (1, 4, "copying [######..................]  25%  1 of 4 MB"),
            (4, 4, "copying [########################] 100%  4 of 4 MB"),
            (9, 4, "copying [########################] 100%  4 of 4 MB"),
            (0, 0, "copying [........................]   0%  0 of 1 MB"),
        ] {
            assert_eq!(line("copying", &Far::Of { done, total, unit: "MB" }), wanted);
        }
        assert!(line("x", &Far::Of { done: u64::MAX, total: u64::MAX, unit: "" }).contains("100%"));
        assert_eq!(line("reading", &Far::Count { done: 7, unit: "messages" }), "reading 7 messages");
    }

    /// The milliseconds at which something is said of work that is looked at each fifty.
    fn said(patience: Span, every: Span, end_ms: i64) -> Vec<i64> {
        let at = |millis| Timestamp(0) + Span::millis(millis);
        let mut pace = Pace { begun_at: at(0), patience, every, said_at: None };
        (0..=end_ms / 50).map(|look| look * 50).filter(|millis| pace.is_time(at(*millis))).collect()
    }

    #[test]
    fn nothing_is_said_within_a_second_and_then_ten_times_in_one() {
        let (second, tenth) = (Span::seconds(1), Span::millis(100));
        assert_eq!(said(second, tenth, 950), [0; 0]);
        assert_eq!(said(second, tenth, 1_250), [1_000, 1_100, 1_200]);
        assert_eq!(said(Span::ZERO, tenth, 150), [0, 100]);
        assert_eq!(said(LINES_EVERY, LINES_EVERY, 31_000), [10_000, 20_000, 30_000]);
    }

    #[test]
    fn nobody_who_does_not_look_on_gets_one() {
        let out = Out::plain();
        let mut bar = Bar::new(&out, "copying");
        bar.pace.patience = Span::ZERO;
        bar.at(&Far::Count { done: 1, unit: "MB" });
        assert!(bar.shown.is_empty() && bar.pace.said_at.is_none());
        assert_eq!(bar.beside(|| Far::Count { done: 1, unit: "MB" }, || 7), 7);
    }
}
