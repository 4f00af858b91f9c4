//! The limit that a carrier's refusals teach: how many parts per second it takes, though it never says.
//!
//! There is none until the carrier refuses parts for being too many; one refusal alone teaches nothing, for it may have been meant for
//! that part. Then the limit starts at what the carrier took of late, and from there the control looks for the rate that it bears: fast
//! while it knows nothing (search), then by rare small probes.
//!
//! - A *series* is the refusal that comes first and all that is answered of the submissions that were out then: they left before the
//!   limit was cut and say nothing of it. Its share of refusals says by how much the rate was too high.
//! - A *probe* raises the limit by 1, 2, 4 ... per cent each second, but only while parts wait for it. If it is refused, the limit falls
//!   back most of the way to the rate that held before, and the next probe waits twice as long.
//! - Refusals are paid for: each delays the next probe by [`PARTS_FOR_REFUSAL`] accepted parts, up to [`DEBT_MAX`] and half a minute. That
//!   keeps the share of refusals low at any rate.
//! - A carrier that refuses at the rate that held takes what it took since the last series, and not less than in the last second.
//! - A carrier that refuses *everything* is not too slow but stopped for a while: the limit is cut by a third and climbs back at a tenth
//!   per second.
//!
//! Pure and of fixed size. It counts answers, not parts: which submission an answer belongs to is taken from their number.

use whimbrel_core::{Span, Timestamp};

use super::bucket::Rate;
use super::taken::Taken;

/// Parts to be accepted for each refusal before the next probe.
const PARTS_FOR_REFUSAL: i64 = 90;
/// Debts are never larger: a carrier that became faster must be found out.
const DEBT_MAX: i64 = 2 * PARTS_FOR_REFUSAL;
/// Debts are forgiven after this time, or that of as many parts at the full rate: a carrier that became faster must be found out.
const PROBE_WITHIN: Span = Span::seconds(30);
/// The time between probes; doubled up to [`HOLD_MAX`] by each that is refused.
const HOLD_MIN: Span = Span::seconds(3);
const HOLD_MAX: Span = Span::seconds(20);
/// The first raise of a probe, in thousandths; doubled by each that holds.
const STEP_MIN: i64 = 10;
const STEP_MAX: i64 = 160;
/// A raise while nothing is known but a lower bound.
const STEP_SEARCH: i64 = 500;
/// The time between raises.
const RAISE_EVERY: Span = Span::seconds(1);
/// What is left of the limit after a refusal that says nothing else, by the number of such series in quick succession.
const CUTS: [i64; 5] = [970, 940, 880, 760, CUT_MOST];
/// No series leaves less.
const CUT_MOST: i64 = 667;
/// Parts between two series from which on they say something of the rate.
const CYCLE_FROM: u64 = 20;
/// A carrier that takes nothing for this long is stopped, and not at the end of a second's parts.
const STOPPED_FROM: Span = Span::millis(1_500);
/// Answers in a series from which on the share of refusals counts.
const SHARE_FROM: u64 = 8;
/// The limit aims a little below what the carrier takes.
const AIM: i64 = 980;
/// A probe that went further than this found another carrier than the one that was known.
const SHIFT: i64 = 1_250;
/// A refusal that comes alone teaches nothing but this long after another one: the carrier may have refused that part, not the rate.
const ALONE: Span = Span::seconds(60);
/// A series ends at the latest then: an answer may be lost.
const SERIES_MAX: Span = Span::seconds(5);

/// What is known of a carrier's limit.
#[derive(Debug)]
pub(super) struct Control {
    limit: Option<Limit>,
    series: Option<Series>,
    taken: Taken,
    /// When a refusal that came alone came last.
    alone_at: Option<Timestamp>,
}

#[derive(Debug)]
struct Limit {
    rate: Rate,
    /// The rate before the probe under way; the limit falls back to it.
    base: Rate,
    mode: Mode,
    step: i64,
    raise_at: Timestamp,
    hold: Span,
    /// Parts to be accepted before the next probe.
    debt: i64,
    /// When the debt is forgiven.
    forgiven_at: Timestamp,
    /// The rate before the last cut.
    before: Rate,
    cut_at: Timestamp,
    /// Parts accepted since the last cut.
    since_cut: i64,
    /// Series in quick succession.
    in_a_row: usize,
    /// The limit kept parts back since it was raised.
    kept_back: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing is known but a lower bound.
    Search,
    /// The carrier was stopped; the base held before.
    Return,
    /// The base holds, or is being tried.
    Hold,
}

#[derive(Debug)]
struct Series {
    began_at: Timestamp,
    /// Answers that are still to come of what was out when it began.
    open: usize,
    accepted: u64,
    refused: u64,
    in_a_row: u32,
    /// What the carrier took until then; the limit for as long as there is no better one.
    taken: Rate,
}

impl Control {
    pub(super) const fn new() -> Self {
        Self { limit: None, series: None, taken: Taken::new(), alone_at: None }
    }

    /// The rate that the carrier's refusals taught, if they did.
    pub(super) fn rate(&self) -> Option<Rate> {
        match &self.limit {
            Some(limit) => Some(limit.rate),
            None => self.series.as_ref().map(|series| series.taken),
        }
    }

    /// Lets a probe begin at once: somebody says that the carrier has changed.
    pub(super) fn look_again(&mut self) {
        if let Some(limit) = &mut self.limit {
            limit.raise_at = Timestamp(i64::MIN);
            limit.debt = 0;
        }
    }

    /// Whether answers are still to come of what was out when the last series began: a refusal among them asks for nothing new.
    pub(super) fn in_series(&self, now: Timestamp) -> bool {
        self.series.as_ref().is_some_and(|series| !series.is_over(now))
    }

    /// The carrier refused a part for being too many, while `out` submissions, this one included, were not yet answered for.
    /// `pauses`: how often in a row, this one included, it asked for a pause.
    pub(super) fn refused(&mut self, out: usize, pauses: u32, configured: Option<Rate>, now: Timestamp) {
        self.end_series(configured, now);
        match &mut self.series {
            Some(series) => series.refused += 1,
            None => {
                let taken = self.taken.rate(now).max(Rate::START);
                self.series =
                    Some(Series { began_at: now, open: out.max(1), accepted: 0, refused: 1, in_a_row: pauses, taken });
            }
        }
    }

    /// The carrier took a part.
    pub(super) fn accepted(&mut self, now: Timestamp) {
        self.taken.count(now);
        if let Some(series) = &mut self.series {
            series.accepted += 1;
        }
        if let Some(limit) = &mut self.limit {
            limit.debt = (limit.debt - 1).max(0);
            limit.since_cut += 1;
        }
    }

    /// So many submissions were answered, however.
    pub(super) fn answered(&mut self, count: usize) {
        if let Some(series) = &mut self.series {
            series.open = series.open.saturating_sub(count);
        }
    }

    /// Parts waited for nothing but the rate.
    pub(super) fn kept_back(&mut self) {
        if let Some(limit) = &mut self.limit {
            limit.kept_back = true;
        }
    }

    /// Raises the limit if its time has come, up to what is configured. It is kept there: the next refusal finds what was learned.
    pub(super) fn pass(&mut self, configured: Option<Rate>, now: Timestamp) {
        self.end_series(configured, now);
        if let Some(limit) = &mut self.limit
            && self.series.is_none()
        {
            limit.pass(now);
            limit.rate = limit.rate.min(configured.unwrap_or(Rate::HIGHEST));
            limit.base = limit.base.min(limit.rate);
        }
    }

    /// Draws the conclusion from a series that is over.
    fn end_series(&mut self, configured: Option<Rate>, now: Timestamp) {
        let Some(series) = self.series.take_if(|series| series.is_over(now)) else { return };
        match &mut self.limit {
            Some(limit) => limit.cut(&series, self.taken.of_late(now), now),
            None => {
                let alone = series.refused == 1 && self.alone_at.is_none_or(|at| now.since(at) >= ALONE);
                self.alone_at = Some(now);
                if !alone {
                    let taken = self.taken.rate(now).max(Rate::START);
                    let rate = configured.map_or(taken, |configured| taken.min(configured.permille(CUTS[0])));
                    self.limit = Some(Limit::found(rate, now));
                }
            }
        }
    }
}

impl Series {
    fn is_over(&self, now: Timestamp) -> bool {
        self.open == 0 || now.since(self.began_at) >= SERIES_MAX
    }
}

impl Limit {
    fn found(rate: Rate, now: Timestamp) -> Self {
        Self {
            rate,
            base: rate,
            mode: Mode::Search,
            step: STEP_SEARCH,
            raise_at: now + RAISE_EVERY,
            hold: HOLD_MIN,
            debt: 0,
            forgiven_at: now,
            before: rate,
            cut_at: now,
            since_cut: 0,
            in_a_row: 0,
            kept_back: false,
        }
    }

    fn pass(&mut self, now: Timestamp) {
        let may_probe = self.mode != Mode::Hold || self.debt == 0 || now >= self.forgiven_at;
        if now < self.raise_at || !may_probe || !self.kept_back {
            return;
        }
        self.kept_back = false;
        self.raise_at = now + Span(RAISE_EVERY.0.max(self.rate.span_of(3).0));
        match self.mode {
            Mode::Search => self.rate = self.rate.permille(1_000 + self.step),
            Mode::Return => {
                self.rate = self.rate.permille(1_100).min(self.base);
                if self.rate == self.base {
                    self.mode = Mode::Hold;
                    self.step = STEP_MIN;
                    self.raise_at = now + self.hold;
                }
            }
            Mode::Hold => {
                if self.step == STEP_MIN {
                    self.base = self.rate;
                }
                self.rate = self.rate.permille(1_000 + self.step);
                self.step = (self.step * 2).min(STEP_MAX);
            }
        }
    }

    /// `of_late`: what the carrier took in the last second, if that says something.
    fn cut(&mut self, series: &Series, of_late: Option<Rate>, now: Timestamp) {
        if series.in_a_row >= 2 {
            // Nothing was taken since the last series: it was no question of the rate. A third is cut once.
            if now.since(self.cut_at) >= STOPPED_FROM && self.mode != Mode::Return {
                self.rate = self.rate.max(self.before.permille(CUT_MOST));
                self.base = self.before.max(self.rate);
                self.mode = Mode::Return;
                self.step = STEP_MIN;
            }
            self.raise_at = now + RAISE_EVERY;
            return;
        }
        let estimate = self.estimate(series, of_late, now);
        let probing = self.mode == Mode::Hold && self.rate > self.base;
        let far = self.rate > self.base.permille(SHIFT) || self.mode != Mode::Hold;
        (self.hold, self.debt) = match far {
            true => (HOLD_MIN, 0),
            false => (
                if probing { Span((self.hold.0 * 2).min(HOLD_MAX.0)) } else { HOLD_MIN },
                (self.debt + i64::try_from(series.refused.min(2)).unwrap_or(2) * PARTS_FOR_REFUSAL).min(DEBT_MAX),
            ),
        };
        let before = self.before;
        self.before = if probing { self.base } else { self.rate };
        self.rate = match probing {
            // What the carrier bears lies between; a probe that went not far is refused late, so it is nearer to the base.
            true if !far => Rate::between(self.base, self.rate),
            true => estimate.max(self.base),
            // What was too much right after a probe: the rate before it was not.
            false if self.in_a_row > 0 && before >= self.rate.permille(800) => estimate.min(before),
            false => estimate,
        };
        self.base = self.rate;
        self.mode = Mode::Hold;
        self.step = STEP_MIN;
        self.raise_at = now + self.hold;
        self.kept_back = false;
        self.forgiven_at = now + PROBE_WITHIN.max(self.rate.span_of(self.debt));
        self.cut_at = now;
        self.since_cut = 0;
    }

    /// The rate that the carrier would have borne, or a little less.
    fn estimate(&mut self, series: &Series, of_late: Option<Rate>, now: Timestamp) -> Rate {
        let quick = self.since_cut < self.rate.parts_in(Span::seconds(2)).max(10);
        self.in_a_row = if quick { self.in_a_row + 1 } else { 0 };
        let answers = series.accepted + series.refused;
        let cut = if answers >= SHARE_FROM && series.accepted > 0 {
            i64::try_from(series.accepted * AIM as u64 / answers).unwrap_or(AIM)
        } else {
            CUTS[self.in_a_row.min(CUTS.len() - 1)]
        };
        let mut estimate = self.rate.permille(cut.clamp(CUT_MOST, CUTS[0]));
        // Between two series at one rate the carrier took what it takes: it had nothing left at both ends.
        let since = now.since(self.cut_at);
        let parts = u64::try_from(self.since_cut).unwrap_or(0);
        if self.rate == self.base && parts >= CYCLE_FROM && since >= Span::seconds(1) {
            estimate = estimate.min(Rate::of(parts, since).permille(AIM)).max(self.rate.permille(CUT_MOST));
        }
        // What it took in a second it will take again.
        of_late.map_or(estimate, |rate| estimate.max(rate.permille(AIM)).min(self.rate.permille(CUTS[0])))
    }
}
