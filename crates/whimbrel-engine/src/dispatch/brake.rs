//! The pauses that a carrier asks for.
//!
//! A pause stops the whole carrier. It is doubled each time the carrier asks again before it took anything, up to 30 seconds, or 60
//! where its first pause is 5 seconds or longer. After the second pause in a row one part goes ahead alone, and the others follow when it was
//! taken: a carrier that refuses everything is asked once at the end of each pause, not once for each place of its window.

use whimbrel_core::{Span, Timestamp};

/// First pauses of this length and more may be doubled up to [`LONG_MAX`].
const LONG_FROM: Span = Span::seconds(5);
const SHORT_MAX: Span = Span::seconds(30);
const LONG_MAX: Span = Span::seconds(60);
/// How long the part that went ahead is waited for; a lost answer must not stop the carrier.
const AHEAD_FOR: Span = Span::seconds(5);

/// Whether and until when a carrier is stopped.
#[derive(Debug)]
pub(super) struct Brake {
    until: Timestamp,
    /// The last pause; zero after a part was taken.
    length: Span,
    /// Pauses since a part was taken.
    in_a_row: u32,
    /// A part went ahead, and the others wait for its answer until then.
    ahead_until: Option<Timestamp>,
}

impl Brake {
    pub(super) const fn new() -> Self {
        Self { until: Timestamp(i64::MIN), length: Span::ZERO, in_a_row: 0, ahead_until: None }
    }

    pub(super) const fn until(&self) -> Timestamp {
        self.until
    }

    /// Pauses since a part was taken.
    pub(super) const fn in_a_row(&self) -> u32 {
        self.in_a_row
    }

    pub(super) fn is_on(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// Stops the carrier: for `start` the first time, then twice as long as before. `asked` decides how long it may become.
    pub(super) fn stop(&mut self, asked: Span, start: Span, now: Timestamp) {
        let longest = if asked < LONG_FROM { SHORT_MAX } else { LONG_MAX };
        self.length = Span(self.length.0.saturating_mul(2).clamp(start.0.min(longest.0), longest.0));
        self.until = now + self.length;
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.ahead_until = None;
    }

    /// The carrier took a part.
    pub(super) fn went_through(&mut self) {
        self.length = Span::ZERO;
        self.in_a_row = 0;
        self.ahead_until = None;
    }

    /// A submission was answered, however: the next one may go ahead.
    pub(super) fn answered(&mut self) {
        self.ahead_until = None;
    }

    /// Parts that may leave, as far as the brake is concerned.
    pub(super) fn allows(&self, now: Timestamp) -> usize {
        match self.ahead_until {
            _ if self.is_on(now) => 0,
            _ if self.in_a_row < 2 => usize::MAX,
            Some(until) if now < until => 0,
            _ => 1,
        }
    }

    /// Parts left.
    pub(super) fn left(&mut self, now: Timestamp) {
        if self.in_a_row >= 2 {
            self.ahead_until = Some(now + AHEAD_FOR);
        }
    }

    /// When it may allow more than now by the passing of time alone.
    pub(super) fn allows_at(&self) -> Timestamp {
        self.ahead_until.map_or(self.until, |ahead_until| self.until.max(ahead_until))
    }
}
