//! How rows are told: a table for people, a line of JSON for machines.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use super::figures::Figures;
use super::machine::Facts;
use crate::failure::{Attempted as _, Outcome};

/// The table's head.
pub const HEAD: &str = "\
| callers | receipts | signed | accepted/s | to SMSC/s | webhooks/s | p50 ms | p99 ms | p99.9 ms | CPU us/msg | RSS MiB | ops/commit | store B/msg |
|---|---|---|---|---|---|---|---|---|---|---|---|---|";

/// One row of the table.
pub fn table_row(row: &Figures) -> String {
    let ms = |us: u64| us as f64 / 1000.0;
    let webhooks = if row.receipts { format!("{:.0}", row.webhooks_per_second) } else { "-".to_owned() };
    format!(
        "| {} | {} | {} | {:.0} | {:.0} | {webhooks} | {:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {:.1} | {:.0} |",
        row.callers,
        if row.receipts { "yes" } else { "no" },
        if row.signed { "yes" } else { "no" },
        row.accepted_per_second,
        row.smsc_per_second,
        ms(row.http_p50_us),
        ms(row.http_p99_us),
        ms(row.http_p999_us),
        row.cpu_us_per_message,
        row.rss_peak_kib as f64 / 1024.0,
        row.ops_per_commit,
        row.store_bytes_per_message,
    )
}

/// What a person must know besides the table.
pub fn remarks(facts: &Facts, rows: &[Figures]) -> Vec<String> {
    let mut remarks = vec![format!(
        "{} build of {}, {} cores ({}), kernel {}, load {:.2} before",
        facts.profile, facts.commit, facts.cores, facts.processor, facts.kernel, facts.load_before
    )];
    if facts.was_busy() {
        remarks.push("the machine was busy: compare CPU time per message, not rates".to_owned());
    }
    for row in rows.iter().filter(|row| row.refused > 0) {
        remarks.push(format!("{} callers: {} texts were refused and count nowhere", row.callers, row.refused));
    }
    for row in rows.iter().filter(|row| row.books.copies() > 0) {
        remarks.push(format!("{} callers: {} copies at the sink", row.callers, row.books.copies()));
    }
    remarks
}

/// What signing costs: rates and processor time of all signed rows against all others of the same run.
pub fn signing_cost(rows: &[Figures]) -> Option<String> {
    let mean = |signed: bool, figure: fn(&Figures) -> f64| {
        let figures: Vec<f64> = rows.iter().filter(|row| row.signed == signed).map(figure).collect();
        (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
    };
    let rate = |signed| mean(signed, |row| row.accepted_per_second);
    let cpu = |signed| mean(signed, |row| row.cpu_us_per_message);
    let (plain, signed, plain_us, signed_us) = (rate(false)?, rate(true)?, cpu(false)?, cpu(true)?);
    Some(format!(
        "signed: {signed:.0} accepted/s of {plain:.0} unsigned ({:.1} %); processor {signed_us:.1} us per message, unsigned \
         {plain_us:.1} ({:.1} %)",
        100.0 * signed / plain,
        100.0 * signed_us / plain_us
    ))
}

/// Adds a row with its facts to a file of JSON lines.
pub fn append(path: &Path, facts: &Facts, row: &Figures) -> Outcome<()> {
    let attempt = || format!("write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).attempting(attempt())?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).attempting(attempt())?;
    file.write_all(line(facts, row)?.as_bytes()).attempting(attempt())
}

fn line(facts: &Facts, row: &Figures) -> Outcome<String> {
    #[derive(Serialize)]
    struct Line<'a> {
        machine: &'a Facts,
        row: &'a Figures,
    }
    let mut line = serde_json::to_string(&Line { machine: facts, row }).attempting("write a row as JSON")?;
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::figures;
    use crate::bench::figures::tests::seen;

    fn facts(load_before: f64) -> Facts {
        Facts {
            unix_seconds: 1,
            cores: 2,
            processor: "cpu".into(),
            kernel: "6.1".into(),
            load_before,
            commit: "abc+".into(),
            profile: "release",
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let row = table_row(&figures(seen()).unwrap());
        assert_eq!(row, "| 64 | no | no | 10000 | 8000 | - | 1.50 | 4.00 | 9.00 | 50.0 | 50.0 | 30.0 | 1000 |");
        for line in HEAD.lines() {
            assert_eq!(line.matches('|').count(), row.matches('|').count());
        }
    }

    #[test]
    fn signing_is_compared_with_what_was_measured_beside_it() {
        let plain = figures(seen()).unwrap();
        let signed = Figures { signed: true, accepted_per_second: 9_000.0, cpu_us_per_message: 55.0, ..plain.clone() };
        let told = signing_cost(&[plain.clone(), signed]).unwrap();
        let wanted = "signed: 9000 accepted/s of 10000 unsigned (90.0 %); processor 55.0 us per message, unsigned 50.0 (110.0 %)";
        assert_eq!(told, wanted);
        assert_eq!(signing_cost(&[plain]), None);
    }

    #[test]
    fn a_raw_line_is_one_line_of_json() {
        let line = line(&facts(0.0), &figures(seen()).unwrap()).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["machine"]["cores"], 2);
        assert_eq!(value["row"]["books"]["accepted"], 21_000);
    }

    #[test]
    fn refusals_copies_and_a_busy_machine_are_told() {
        let mut row = figures(seen()).unwrap();
        assert_eq!(remarks(&facts(0.5), &[row.clone()]).len(), 1);
        row.refused = 3;
        row.books.submissions += 2;
        assert_eq!(remarks(&facts(9.0), &[row]).len(), 4);
    }
}
