//! A row of a comparison: the same figures for every gateway, whoever wrote it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::figures::Figures;
use super::loader::Pace;
use super::machine::Facts;
use crate::failure::{Attempted as _, Outcome};

/// The table's head.
pub const HEAD: &str = "\
| gateway | load | receipts | accepted/s | to SMSC/s | webhooks/s | HTTP p50 / p99 ms | to SMSC p50 / p99 ms | CPU us/msg | RSS MiB | missing |
|---|---|---|---|---|---|---|---|---|---|---|";

/// The name of ours in tables.
pub const OURS: &str = "Whimbrel";

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub gateway: &'static str,
    /// Callers at the same time.
    pub callers: u32,
    /// When texts were sent.
    pub pace: Pace,
    /// Whether receipts and webhooks went with it.
    pub receipts: bool,
    /// Texts accepted per second, by what bodies said.
    pub accepted_per_second: f64,
    /// Texts per second at the sink, from its first to its last; `None` where none is sent on.
    pub smsc_per_second: Option<f64>,
    /// Webhooks per second at their receiver; 0 without receipts.
    pub webhooks_per_second: f64,
    /// From a request (at a fixed rate: from its due time) to its answer, as the caller sees it.
    pub p50_us: u64,
    /// See `p50_us`.
    pub p99_us: u64,
    /// From a request (at a fixed rate: from its due time) to the text's coming to the sink.
    pub transit_p50_us: Option<u64>,
    /// See `transit_p50_us`.
    pub transit_p99_us: Option<u64>,
    /// Processor time of all its processes by texts that reached the sink.
    pub cpu_us_per_message: f64,
    /// The most memory they held, the sum.
    pub rss_peak_kib: u64,
    /// Texts accepted, the warm-up included.
    pub accepted: u64,
    /// Texts with any other answer.
    pub refused: u64,
    /// Texts without a whole answer.
    pub broken: u64,
    /// Accepted texts that did not reach the sink.
    pub unsent: u64,
    /// Accepted texts whose webhook never came, in a row with receipts.
    pub untold: u64,
}

impl Compared {
    /// A row of our own bench, whose books were checked: nothing is missing.
    pub fn ours(figures: &Figures, pace: Pace) -> Self {
        Self {
            gateway: OURS,
            callers: figures.callers,
            pace,
            receipts: figures.receipts,
            accepted_per_second: figures.accepted_per_second,
            smsc_per_second: Some(figures.smsc_per_second),
            webhooks_per_second: figures.webhooks_per_second,
            p50_us: figures.http_p50_us,
            p99_us: figures.http_p99_us,
            transit_p50_us: Some(figures.transit_p50_us),
            transit_p99_us: Some(figures.transit_p99_us),
            cpu_us_per_message: figures.cpu_us_per_message,
            rss_peak_kib: figures.rss_peak_kib,
            accepted: figures.books.accepted,
            refused: figures.refused,
            broken: figures.books.broken,
            unsent: 0,
            untold: 0,
        }
    }

    /// Whether every accepted text reached the sink.
    pub fn is_whole(&self) -> bool {
        self.unsent == 0
    }

    /// What rows have in common that are compared with each other.
    pub fn load(&self) -> String {
        match self.pace {
            Pace::Answers => format!("{} callers", self.callers),
            Pace::PerSecond(rate) => format!("{rate}/s"),
        }
    }

    /// The row of the table.
    pub fn table_row(&self) -> String {
        let ms = |us: u64| us as f64 / 1000.0;
        let dash = || "-".to_owned();
        let webhooks = if self.receipts { format!("{:.0}", self.webhooks_per_second) } else { dash() };
        let at_sink = self.smsc_per_second.map_or_else(dash, |rate| format!("{rate:.0}"));
        let transit = self.transit_p50_us.zip(self.transit_p99_us);
        let transit = transit.map_or_else(dash, |(p50, p99)| format!("{:.2} / {:.2}", ms(p50), ms(p99)));
        format!(
            "| {} | {} | {} | {:.0} | {at_sink} | {webhooks} | {:.2} / {:.2} | {transit} | {:.1} | {:.1} | {} |",
            self.gateway,
            self.load(),
            if self.receipts { "yes" } else { "no" },
            self.accepted_per_second,
            ms(self.p50_us),
            ms(self.p99_us),
            self.cpu_us_per_message,
            self.rss_peak_kib as f64 / 1024.0,
            self.missing()
        )
    }

    fn missing(&self) -> String {
        let kinds = [
            (self.unsent, "texts"),
            (self.untold, "webhooks"),
            (self.refused, "refused"),
            (self.broken, "broken answers"),
        ];
        let told: Vec<String> =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if told.is_empty() { "-".to_owned() } else { told.join(", ") }
    }
}

/// The rows of the same gateway, load and receipts, made one of medians; in the order of their first ones.
pub fn medians(rows: &[Compared]) -> Vec<Compared> {
    let mut kinds: Vec<Vec<&Compared>> = Vec::new();
    for row in rows {
        let is_of = |kind: &&mut Vec<&Compared>| {
            let first = kind[0];
            (first.gateway, first.load(), first.receipts) == (row.gateway, row.load(), row.receipts)
        };
        match kinds.iter_mut().find(is_of) {
            Some(kind) => kind.push(row),
            None => kinds.push(vec![row]),
        }
    }
    kinds.iter().map(|kind| median(kind)).collect()
}

/// Each figure by itself; what is missing is summed up, so that one bad round shows. `rows` has at least one.
fn median(rows: &[&Compared]) -> Compared {
    let real = |figure: fn(&Compared) -> f64| {
        let mut figures: Vec<f64> = rows.iter().map(|row| figure(row)).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let whole = |figure: fn(&Compared) -> u64| {
        let mut figures: Vec<u64> = rows.iter().map(|row| figure(row)).collect();
        figures.sort_unstable();
        figures[figures.len() / 2]
    };
    let sum = |figure: fn(&Compared) -> u64| rows.iter().map(|row| figure(row)).sum();
    let first = rows[0];
    Compared {
        accepted_per_second: real(|row| row.accepted_per_second),
        smsc_per_second: first.smsc_per_second.map(|_| real(|row| row.smsc_per_second.unwrap_or_default())),
        webhooks_per_second: real(|row| row.webhooks_per_second),
        p50_us: whole(|row| row.p50_us),
        p99_us: whole(|row| row.p99_us),
        transit_p50_us: first.transit_p50_us.map(|_| whole(|row| row.transit_p50_us.unwrap_or_default())),
        transit_p99_us: first.transit_p99_us.map(|_| whole(|row| row.transit_p99_us.unwrap_or_default())),
        cpu_us_per_message: real(|row| row.cpu_us_per_message),
        rss_peak_kib: whole(|row| row.rss_peak_kib),
        accepted: sum(|row| row.accepted),
        refused: sum(|row| row.refused),
        broken: sum(|row| row.broken),
        unsent: sum(|row| row.unsent),
        untold: sum(|row| row.untold),
        ..first.clone()
    }
}

/// For each row of ours, how it compares with the others of the same load: of medians.
pub fn ratios(medians: &[Compared]) -> Vec<String> {
    let ours = medians.iter().filter(|row| row.gateway == OURS);
    ours.flat_map(|our| {
        let others = medians
            .iter()
            .filter(|row| row.gateway != OURS && row.load() == our.load() && row.receipts == our.receipts);
        others.map(|other| ratio(our, other))
    })
    .collect()
}

fn ratio(ours: &Compared, other: &Compared) -> String {
    let kind = if ours.receipts { "with receipts and webhooks" } else { "without receipts" };
    let at_sink = match ours.smsc_per_second.zip(other.smsc_per_second) {
        Some((our_rate, their_rate)) => format!(", {:.2} times the rate to the SMSC", our_rate / their_rate),
        None => String::new(),
    };
    format!(
        "{}, {kind}, beside {}: {:.2} times the texts per processor second ({:.1} to {:.1} us), {:.2} times the accepted rate{at_sink}",
        ours.load(),
        other.gateway,
        other.cpu_us_per_message / ours.cpu_us_per_message,
        ours.cpu_us_per_message,
        other.cpu_us_per_message,
        ours.accepted_per_second / other.accepted_per_second,
    )
}

/// The figures of medians as evidence, each under the gateway's name and the load's.
pub fn evidence(medians: &[Compared]) -> Value {
    let mut counts = Map::new();
    for row in medians {
        let load = match row.pace {
            Pace::Answers => String::new(),
            Pace::PerSecond(rate) => format!("_at_{rate}"),
        };
        let receipts = if row.receipts { "_with_receipts" } else { "" };
        let name = |figure: &str| format!("{}{load}{receipts}_{figure}", row.gateway.to_lowercase().replace(' ', "_"));
        counts.insert(name("accepted_per_s"), json!(row.accepted_per_second));
        if let Some(rate) = row.smsc_per_second {
            counts.insert(name("to_smsc_per_s"), json!(rate));
        }
        counts.insert(name("processor_us"), json!(row.cpu_us_per_message));
        counts.insert(name("p99_us"), json!(row.p99_us));
        if let Some(transit) = row.transit_p99_us.filter(|_| row.pace != Pace::Answers) {
            counts.insert(name("to_smsc_p99_us"), json!(transit));
        }
        counts.insert(name("memory_mb"), json!(row.rss_peak_kib as f64 / 1024.0));
    }
    Value::Object(counts)
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
            pace: Pace::Answers,
            receipts: false,
            accepted_per_second: 10_000.0,
            smsc_per_second: Some(9_000.0),
            webhooks_per_second: 0.0,
            p50_us: 1500,
            p99_us: 4000,
            transit_p50_us: Some(1700),
            transit_p99_us: Some(5000),
            cpu_us_per_message,
            rss_peak_kib: 51_200,
            accepted: 21_000,
            refused: 0,
            broken: 0,
            unsent: 0,
            untold: 0,
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_column_and_tells_what_is_missing() {
        let told = row("Kannel", 162.0).table_row();
        let wanted = "| Kannel | 64 callers | no | 10000 | 9000 | - | 1.50 / 4.00 | 1.70 / 5.00 | 162.0 | 50.0 | - |";
        assert_eq!(told, wanted);
        for line in HEAD.lines() {
            assert_eq!(line.matches('|').count(), told.matches('|').count());
        }
        let poor = Compared { unsent: 3, refused: 1, ..row("Kannel", 1.0) };
        assert!(poor.table_row().ends_with("| 3 texts, 1 refused |") && !poor.is_whole(), "{}", poor.table_row());
        let bare = Compared { smsc_per_second: None, transit_p50_us: None, ..row("bare server", 9.0) };
        assert!(bare.table_row().contains("| 10000 | - | - | 1.50 / 4.00 | - | 9.0 |"), "{}", bare.table_row());
    }

    #[test]
    fn ours_is_compared_by_medians_of_the_same_load() {
        let rows = [
            row(OURS, 50.0),
            row("Kannel", 100.0),
            row(OURS, 60.0),
            Compared { unsent: 2, ..row("Kannel", 150.0) },
            row(OURS, 55.0),
            row("Kannel", 110.0),
            Compared { pace: Pace::PerSecond(1000), ..row(OURS, 1.0) },
        ];
        let medians = medians(&rows);
        assert_eq!(
            medians.iter().map(|row| (row.gateway, row.unsent)).collect::<Vec<_>>(),
            [(OURS, 0), ("Kannel", 2), (OURS, 0)]
        );
        let told = ratios(&medians);
        assert_eq!(told.len(), 1, "a load of one gateway is no comparison");
        let wanted =
            "64 callers, without receipts, beside Kannel: 2.00 times the texts per processor second (55.0 to 110.0 us)";
        assert!(told[0].starts_with(wanted), "{}", told[0]);
    }

    #[test]
    fn evidence_names_gateway_load_and_figure() {
        let counts = evidence(&[
            Compared { receipts: true, ..row("Kannel", 162.0) },
            Compared { pace: Pace::PerSecond(1000), ..row(OURS, 60.0) },
        ]);
        assert_eq!(counts["kannel_with_receipts_processor_us"], 162.0);
        assert_eq!(counts["whimbrel_at_1000_to_smsc_p99_us"], 5000);
        assert_eq!(counts["kannel_with_receipts_to_smsc_p99_us"], Value::Null);
    }
}
