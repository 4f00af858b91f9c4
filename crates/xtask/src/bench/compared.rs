//! A row of a comparison: the same figures for every gateway, whoever wrote it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use super::figures::Figures;
use super::machine::Facts;
use crate::failure::{Attempted as _, Outcome};

/// The table's head.
pub const HEAD: &str = "\
| gateway | callers | receipts | accepted/s | to SMSC/s | webhooks/s | p50 ms | p99 ms | CPU us/msg | RSS MiB | missing |
|---|---|---|---|---|---|---|---|---|---|---|";

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub gateway: &'static str,
    /// Callers at the same time.
    pub callers: u32,
    /// Whether receipts and webhooks went with it.
    pub receipts: bool,
    /// Texts accepted per second, by what bodies said.
    pub accepted_per_second: f64,
    /// Texts per second at the sink, from its first to its last.
    pub smsc_per_second: f64,
    /// Webhooks per second at their receiver; 0 without receipts.
    pub webhooks_per_second: f64,
    /// From a request to its answer, as the caller sees it.
    pub p50_us: u64,
    /// See `p50_us`.
    pub p99_us: u64,
    /// Processor time of all its processes by texts that reached the sink.
    pub cpu_us_per_message: f64,
    /// The most memory they held, the sum.
    pub rss_peak_kib: u64,
    /// Texts accepted, the warm-up included.
    pub accepted: u64,
    /// Texts without a whole answer.
    pub broken: u64,
    /// Accepted texts that did not reach the sink.
    pub unsent: u64,
    /// Accepted texts whose webhook never came, in a row with receipts.
    pub untold: u64,
}

impl Compared {
    /// A row of our own bench, whose books were checked: nothing is missing.
    pub fn ours(figures: &Figures) -> Self {
        Self {
            gateway: "Whimbrel",
            callers: figures.callers,
            receipts: figures.receipts,
            accepted_per_second: figures.accepted_per_second,
            smsc_per_second: figures.smsc_per_second,
            webhooks_per_second: figures.webhooks_per_second,
            p50_us: figures.http_p50_us,
            p99_us: figures.http_p99_us,
            cpu_us_per_message: figures.cpu_us_per_message,
            rss_peak_kib: figures.rss_peak_kib,
            accepted: figures.books.accepted,
            broken: figures.books.broken,
            unsent: 0,
            untold: 0,
        }
    }

    /// The row of the table.
    pub fn table_row(&self) -> String {
        let webhooks = if self.receipts { format!("{:.0}", self.webhooks_per_second) } else { "-".to_owned() };
        let missing = match (self.unsent, self.untold, self.broken) {
            (0, 0, 0) => "-".to_owned(),
            (unsent, untold, broken) => format!("{unsent} texts, {untold} webhooks, {broken} answers"),
        };
        format!(
            "| {} | {} | {} | {:.0} | {:.0} | {webhooks} | {:.2} | {:.2} | {:.1} | {:.1} | {missing} |",
            self.gateway,
            self.callers,
            if self.receipts { "yes" } else { "no" },
            self.accepted_per_second,
            self.smsc_per_second,
            self.p50_us as f64 / 1000.0,
            self.p99_us as f64 / 1000.0,
            self.cpu_us_per_message,
            self.rss_peak_kib as f64 / 1024.0,
        )
    }
}

/// For each setting that several gateways were measured in: the medians, and how ours compares with the other.
pub fn ratios(rows: &[Compared]) -> Vec<String> {
    let mut settings: Vec<(u32, bool)> = rows.iter().map(|row| (row.callers, row.receipts)).collect();
    settings.sort_unstable();
    settings.dedup();
    settings.iter().filter_map(|setting| ratio(rows, *setting)).collect()
}

fn ratio(rows: &[Compared], (callers, receipts): (u32, bool)) -> Option<String> {
    let median = |ours: bool, figure: fn(&Compared) -> f64| {
        let of_setting = rows
            .iter()
            .filter(|row| (row.gateway == "Whimbrel") == ours && row.callers == callers && row.receipts == receipts);
        let mut figures: Vec<f64> = of_setting.map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    };
    let both = |figure| Some((median(true, figure)?, median(false, figure)?));
    let (our_cpu, their_cpu) = both(|row| row.cpu_us_per_message)?;
    let (our_rate, their_rate) = both(|row| row.accepted_per_second)?;
    let (our_sink, their_sink) = both(|row| row.smsc_per_second)?;
    let kind = if receipts { "with receipts and webhooks" } else { "without receipts" };
    Some(format!(
        "{callers} callers {kind}: {:.2} times the texts per processor second ({our_cpu:.1} to {their_cpu:.1} us), {:.2} times the \
         accepted rate, {:.2} times the rate to the SMSC (medians)",
        their_cpu / our_cpu,
        our_rate / their_rate,
        our_sink / their_sink
    ))
}

/// Adds a row with its facts to a file of JSON lines.
pub fn append(path: &Path, facts: &Facts, row: &Compared) -> Outcome<()> {
    let attempt = || format!("write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).attempting(attempt())?;
    }
    let line = serde_json::json!({ "machine": facts, "row": row });
    let mut file = OpenOptions::new().create(true).append(true).open(path).attempting(attempt())?;
    writeln!(file, "{line}").attempting(attempt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(gateway: &'static str, cpu_us_per_message: f64) -> Compared {
        Compared {
            gateway,
            callers: 64,
            receipts: false,
            accepted_per_second: 10_000.0,
            smsc_per_second: 9_000.0,
            webhooks_per_second: 0.0,
            p50_us: 1500,
            p99_us: 4000,
            cpu_us_per_message,
            rss_peak_kib: 51_200,
            accepted: 21_000,
            broken: 0,
            unsent: 0,
            untold: 0,
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_column_and_tells_what_is_missing() {
        let told = row("Kannel", 162.0).table_row();
        assert_eq!(told, "| Kannel | 64 | no | 10000 | 9000 | - | 1.50 | 4.00 | 162.0 | 50.0 | - |");
        for line in HEAD.lines() {
            assert_eq!(line.matches('|').count(), told.matches('|').count());
        }
        let missing = Compared { unsent: 3, ..row("Kannel", 1.0) }.table_row();
        assert!(missing.ends_with("| 3 texts, 0 webhooks, 0 answers |"), "{missing}");
    }

    #[test]
    fn ours_is_compared_by_medians_of_the_same_setting() {
        let rows = [
            row("Whimbrel", 50.0),
            row("Kannel", 100.0),
            row("Whimbrel", 60.0),
            row("Kannel", 150.0),
            row("Whimbrel", 55.0),
            row("Kannel", 110.0),
            Compared { callers: 1, ..row("Whimbrel", 1.0) },
        ];
        let told = ratios(&rows);
        assert_eq!(told.len(), 1, "a setting of one gateway is no comparison");
        assert!(told[0].starts_with("64 callers without receipts: 2.00 times the texts"), "{}", told[0]);
    }
}
