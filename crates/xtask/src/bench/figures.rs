//! What a row is worth: rates, latencies, and the gateway's own cost per message.

use std::time::Duration;

use serde::Serialize;

use super::books::Books;
use super::loader::Tally;
use super::peer::AtSink;
use crate::failure::{Outcome, require};

/// What the gateway has used and committed so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// User and system time of all its threads.
    pub cpu: Duration,
    /// Operations committed.
    pub operations: f64,
    /// Commits.
    pub commits: f64,
    /// The size of the store's files.
    pub store_bytes: u64,
}

/// A stream of messages as its receiver saw it since the mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// How many.
    pub count: u64,
    /// From the first to the last.
    pub span_us: u64,
}

impl Arrivals {
    /// Messages per second; 0 for fewer than two.
    pub fn per_second(&self) -> f64 {
        if self.span_us == 0 { 0.0 } else { self.count as f64 * 1e6 / self.span_us as f64 }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Callers at the same time.
    pub callers: u32,
    /// Whether receipts and webhooks went with it.
    pub receipts: bool,
    /// Whether texts were signed.
    pub signed: bool,
    /// Texts accepted per second, by what bodies said.
    pub accepted_per_second: f64,
    /// Texts per second at the sink, from its first to its last.
    pub smsc_per_second: f64,
    /// Webhooks per second at their receiver; 0 without receipts.
    pub webhooks_per_second: f64,
    /// From a request to its durable answer, as the caller sees it.
    pub http_p50_us: u64,
    /// See `http_p50_us`.
    pub http_p99_us: u64,
    /// See `http_p50_us`.
    pub http_p999_us: u64,
    /// See `http_p50_us`.
    pub http_max_us: u64,
    /// From a request (at a fixed rate: from its due time) to the text's coming to the sink.
    pub transit_p50_us: u64,
    /// See `transit_p50_us`.
    pub transit_p99_us: u64,
    /// Processor time of the gateway by messages that reached the sink, from the first request to the drained store.
    pub cpu_us_per_message: f64,
    /// The most memory it held, its warm-up included.
    pub rss_peak_kib: u64,
    /// Operations in a commit, on average.
    pub ops_per_commit: f64,
    /// Commits.
    pub commits: f64,
    /// By how much the store's files grew, by messages accepted: the log of the warm-up is there already.
    pub store_bytes_per_message: f64,
    /// Texts that were not accepted.
    pub refused: u64,
    /// What was accepted, stored and received, its warm-up included.
    pub books: Books,
    /// Texts measured, without the warm-up.
    pub measured: u64,
    /// How long they were sent.
    pub seconds: f64,
}

/// What was seen of a row.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Callers at the same time.
    pub callers: u32,
    /// Whether texts were signed.
    pub signed: bool,
    /// The loader's tally of the measured run.
    pub tally: Tally,
    /// Texts at the sink in it.
    pub at_sink: AtSink,
    /// Webhooks at their receiver in it.
    pub webhooks: Arrivals,
    /// Before its first request.
    pub before: Usage,
    /// After the drain.
    pub after: Usage,
    /// The peak of the gateway's memory.
    pub rss_peak_kib: u64,
    /// All counts.
    pub books: Books,
}

/// Makes a row of what was seen. Fails if counts do not agree or a metric is missing.
pub fn figures(seen: Seen) -> Outcome<Figures> {
    let Seen { callers, signed, tally, at_sink, webhooks, before, after, rss_peak_kib, books } = seen;
    books.check()?;
    let commits = after.commits - before.commits;
    require(commits > 0.0, || "the gateway's metrics show no commit (whimbrel_commit_batch_ops)".to_owned())?;
    require(at_sink.texts.count > 0, || "nothing reached the sink in the measured time".to_owned())?;
    let cpu_us = after.cpu.saturating_sub(before.cpu).as_micros();
    Ok(Figures {
        callers,
        receipts: books.receipts.is_some(),
        signed,
        accepted_per_second: tally.accepted as f64 / tally.seconds,
        smsc_per_second: at_sink.texts.per_second(),
        webhooks_per_second: webhooks.per_second(),
        http_p50_us: tally.p50_us,
        http_p99_us: tally.p99_us,
        http_p999_us: tally.p999_us,
        http_max_us: tally.max_us,
        transit_p50_us: at_sink.transit_p50_us,
        transit_p99_us: at_sink.transit_p99_us,
        cpu_us_per_message: cpu_us as f64 / at_sink.texts.count as f64,
        rss_peak_kib,
        ops_per_commit: (after.operations - before.operations) / commits,
        commits,
        store_bytes_per_message: after.store_bytes.saturating_sub(before.store_bytes) as f64 / tally.accepted as f64,
        refused: tally.refused,
        measured: tally.accepted,
        seconds: tally.seconds,
        books,
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A row that was seen well.
    pub fn seen() -> Seen {
        let tally =
            Tally { accepted: 20_000, seconds: 2.0, p50_us: 1500, p99_us: 4000, p999_us: 9000, ..Tally::default() };
        let books = Books {
            accepted: 21_000,
            stored: 21_000,
            submissions: 21_000,
            numbers: 21_000,
            texts: 21_000,
            ..Books::default()
        };
        Seen {
            callers: 64,
            signed: false,
            tally,
            at_sink: AtSink {
                texts: Arrivals { count: 20_000, span_us: 2_500_000 },
                transit_p50_us: 1800,
                transit_p99_us: 5000,
            },
            webhooks: Arrivals::default(),
            before: Usage {
                cpu: Duration::from_millis(100),
                operations: 1000.0,
                commits: 50.0,
                store_bytes: 5_000_000,
            },
            after: Usage {
                cpu: Duration::from_millis(1100),
                operations: 61_000.0,
                commits: 2050.0,
                store_bytes: 25_000_000,
            },
            rss_peak_kib: 51_200,
            books,
        }
    }

    #[test]
    fn a_row_is_made_of_differences() {
        let row = figures(seen()).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(row.accepted_per_second, 10_000.0);
        near(row.smsc_per_second, 8000.0);
        near(row.webhooks_per_second, 0.0);
        near(row.cpu_us_per_message, 50.0);
        near(row.ops_per_commit, 30.0);
        near(row.store_bytes_per_message, 1000.0);
    }

    #[test]
    fn no_figure_is_made_of_counts_that_disagree_or_of_a_missing_metric() {
        let mut lost = seen();
        lost.books.numbers -= 1;
        assert!(figures(lost).is_err());
        let mut unmeasured = seen();
        unmeasured.after.commits = unmeasured.before.commits;
        assert!(figures(unmeasured).unwrap_err().to_string().contains("whimbrel_commit_batch_ops"));
    }
}
