//! What was counted, and what it comes to.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::time::Instant;
use whimbrel_dialects::client::ClientAnswer;

use super::plan::{Loop, Plan};
use crate::cli::output::{Color, Out, printable};
use crate::cli::{Exit, Failure};

/// Different reasons that are told apart; the rest is counted together.
const REASONS_MAX: usize = 32;
/// Latencies are kept in microseconds with three digits, up to ten minutes.
const MICROS_MAX: u64 = 600_000_000;

/// The counts of all callers.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default, Clone)]
struct Counts {
    accepted: u64,
    parts: u64,
    refused: BTreeMap<String, u64>,
    failed: BTreeMap<String, u64>,
    latency: Option<Histogram<u64>>,
}

impl Tally {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A caller that panicked left counts behind that are as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answered(&self, answer: &ClientAnswer, latency: Duration) {
        let mut counts = self.counts();
        match answer {
            ClientAnswer::Accepted { ids } => {
                counts.accepted += 1;
                counts.parts += ids.len() as u64;
            }
            ClientAnswer::Refused { why } => count(&mut counts.refused, why),
            ClientAnswer::Unreadable => count(&mut counts.failed, "the answer is none of the dialect"),
        }
        if counts.latency.is_none() {
            counts.latency = Histogram::new_with_bounds(1, MICROS_MAX, 3).ok();
        }
        if let Some(histogram) = &mut counts.latency {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(MICROS_MAX).max(1));
        }
    }

    pub(super) fn failed(&self, why: &str) {
        count(&mut self.counts().failed, why);
    }

    /// One line of progress.
    pub(super) fn line(&self, elapsed: Duration) -> String {
        let counts = self.counts();
        let bad: u64 = counts.refused.values().chain(counts.failed.values()).sum();
        let rate = counts.accepted as f64 / elapsed.as_secs_f64().max(0.001);
        format!("accepted {}  {rate:.0}/s  refused or failed {bad}  {:.0} s", counts.accepted, elapsed.as_secs_f64())
    }
}

fn count(reasons: &mut BTreeMap<String, u64>, why: &str) {
    let why = if reasons.contains_key(why) || reasons.len() < REASONS_MAX { why } else { "other reasons" };
    *reasons.entry(why.to_owned()).or_default() += 1;
}

/// The end of a run.
#[derive(Debug)]
pub(super) struct Report {
    kind: Loop,
    callers: usize,
    elapsed: Duration,
    counts: Counts,
    /// Requests of an open loop that were due but never sent.
    missed: u64,
}

impl Report {
    pub(super) fn of(plan: &Plan, callers: usize, tally: &Tally, now: Instant) -> Self {
        let counts = tally.counts().clone();
        let sent = counts.accepted + counts.bad();
        let missed = if plan.is_stopped() { 0 } else { plan.owed().map_or(0, |owed| owed.saturating_sub(sent)) };
        Self { kind: plan.kind, callers, elapsed: plan.elapsed(now), counts, missed }
    }

    pub(super) fn to_json(&self) -> Value {
        let (mode, rate) = match self.kind {
            Loop::Closed => ("closed", Value::Null),
            Loop::Open { rate } => ("open", json!(rate)),
        };
        let latency = self.latencies().map(|(name, micros)| (name.to_owned(), json!(micros)));
        json!({
            "mode": mode,
            "callers": self.callers,
            "rate": rate,
            "seconds": self.elapsed.as_secs_f64(),
            "sent": self.counts.accepted + self.counts.bad(),
            "accepted": self.counts.accepted,
            "parts": self.counts.parts,
            "refused": self.counts.refused,
            "failed": self.counts.failed,
            "missed": self.missed,
            "accepted_per_second": self.per_second(),
            "latency_us": Value::Object(latency.into_iter().collect()),
        })
    }

    pub(super) fn told(&self, out: &Out) -> String {
        let how = match self.kind {
            Loop::Closed => format!("closed loop, {} callers", self.callers),
            Loop::Open { rate } => format!("open loop, {rate}/s, up to {} at once", self.callers),
        };
        let seconds = self.elapsed.as_secs_f64();
        let accepted = out.colored(Color::Green, "accepted");
        let mut lines =
            vec![how, format!("  {accepted}  {} in {seconds:.2} s, {:.1}/s", self.counts.accepted, self.per_second())];
        for (what, reasons) in [("refused", &self.counts.refused), ("failed", &self.counts.failed)] {
            for (why, count) in reasons {
                lines.push(format!("  {:<8}  {count}  {}", out.colored(Color::Red, what), printable(why)));
            }
        }
        if self.missed > 0 {
            lines.push(format!(
                "  {:<8}  {}  due, but all callers were waiting: raise --callers",
                "missed", self.missed
            ));
        }
        let since = if self.kind == Loop::Closed { "sent" } else { "due" };
        let latencies = self.latencies().map(|(name, micros)| format!("{name} {:.1} ms", micros as f64 / 1_000.0));
        lines.push(format!("  latency   {}  (since it was {since})", latencies.join("  ")));
        lines.join("\n")
    }

    /// All, some or none were accepted.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let bad = self.counts.bad() + self.missed;
        let refused: u64 = self.counts.refused.values().sum();
        match (self.counts.accepted, bad) {
            (_, 0) => Ok(()),
            (0, _) if refused > 0 => Err(Failure::new(Exit::Rejected, format!("none was accepted, {bad} were not"))),
            (0, _) => Err(Failure::new(Exit::Unreachable, format!("none was answered, {bad} failed"))),
            (accepted, _) => Err(Failure::new(Exit::Partial, format!("{accepted} were accepted, {bad} were not"))),
        }
    }

    fn per_second(&self) -> f64 {
        self.counts.accepted as f64 / self.elapsed.as_secs_f64().max(0.001)
    }

    fn latencies(&self) -> [(&'static str, u64); 5] {
        let at = |quantile| self.counts.latency.as_ref().map_or(0, |latency| latency.value_at_quantile(quantile));
        let max = self.counts.latency.as_ref().map_or(0, Histogram::max);
        [("p50", at(0.5)), ("p90", at(0.9)), ("p99", at(0.99)), ("p99.9", at(0.999)), ("max", max)]
    }
}

impl Counts {
    fn bad(&self) -> u64 {
        self.refused.values().chain(self.failed.values()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(tally: &Tally, owed: Option<u64>) -> Report {
        let counts = tally.counts().clone();
        let missed = owed.map_or(0, |owed| owed - counts.accepted - counts.bad());
        Report { kind: Loop::Closed, callers: 1, elapsed: Duration::from_secs(2), counts, missed }
    }

    #[test]
    fn acceptance_is_what_the_body_says_and_reasons_are_told_apart() {
        let tally = Tally::default();
        let accepted = ClientAnswer::Accepted { ids: vec!["A".to_owned(), "B".to_owned()] };
        for millis in 1..=100 {
            tally.answered(&accepted, Duration::from_millis(millis));
        }
        assert!(report(&tally, None).verdict().is_ok());
        assert_eq!(report(&tally, Some(101)).verdict().unwrap_err().exit, Exit::Partial, "one was due and not sent");
        tally.answered(&ClientAnswer::Refused { why: "status 1".to_owned() }, Duration::from_millis(1));
        tally.failed("connection refused");
        let report = report(&tally, None);
        let json = report.to_json();
        assert_eq!((&json["accepted"], &json["parts"], &json["sent"]), (&json!(100), &json!(200), &json!(102)));
        assert_eq!((&json["refused"]["status 1"], &json["failed"]["connection refused"]), (&json!(1), &json!(1)));
        assert_eq!(json["accepted_per_second"], 50.0);
        let p50 = json["latency_us"]["p50"].as_u64().unwrap();
        assert!((49_000..=51_000).contains(&p50), "{p50}");
        assert!(json["latency_us"]["max"].as_u64().unwrap() >= 100_000);
        assert_eq!(report.verdict().unwrap_err().exit, Exit::Partial);
    }

    #[test]
    fn nothing_accepted_is_refusal_or_nobody_there() {
        let tally = Tally::default();
        tally.failed("connection refused");
        assert_eq!(report(&tally, None).verdict().unwrap_err().exit, Exit::Unreachable);
        tally.answered(&ClientAnswer::Refused { why: "status 4".to_owned() }, Duration::ZERO);
        assert_eq!(report(&tally, None).verdict().unwrap_err().exit, Exit::Rejected);
    }

    #[test]
    fn reasons_are_bounded() {
        let tally = Tally::default();
        for number in 0..1_000 {
            tally.failed(&format!("reason {number}"));
        }
        assert!(tally.counts().failed.len() <= REASONS_MAX + 1);
    }
}
