//! From lines to the table that is published.

use std::collections::BTreeMap;

use super::Line;

/// What stands before the table in the page.
pub const START: &str = "<!-- evidence: written by `cargo xtask evidence --keep` -->";
/// What stands after it.
pub const END: &str = "<!-- end of evidence -->";

/// The section of the page, its marks included.
pub fn section(lines: &[Line]) -> String {
    let mut text =
        format!("{START}\n\n| harness | runs | figures | runs that failed | last commit |\n|---|---|---|---|---|\n");
    let mut by_harness: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        by_harness.entry(&line.harness).or_default().push(line);
    }
    for (harness, runs) in &by_harness {
        let faults: u64 = runs.iter().map(|line| line.violations).sum();
        let last = runs.last().map_or("", |line| &line.commit);
        let figures = figures(runs);
        text.push_str(&format!("| `{harness}` | {} | {figures} | {faults} | {last} |\n", runs.len()));
    }
    if by_harness.is_empty() {
        text.push_str("| none yet | 0 | | 0 | |\n");
    }
    for line in lines.iter().filter(|line| line.violations > 0) {
        let seeds = line.seeds.map_or(String::new(), |(first, last)| format!(", seeds {first} to {last}"));
        text.push_str(&format!(
            "\nA run of `{}` at {}{seeds} failed: {}\n",
            line.harness,
            line.commit,
            one_line(&line.failure)
        ));
    }
    text.push_str(&format!("\n{END}"));
    text
}

/// Sums of what was counted, and the last value of what was measured, in the order of their names.
fn figures(runs: &[&Line]) -> String {
    let mut figures: BTreeMap<&str, f64> = BTreeMap::new();
    for line in runs.iter().filter(|line| line.violations == 0) {
        for (name, value) in &line.counts {
            let Some(value) = value.as_f64() else { continue };
            let figure = figures.entry(name).or_default();
            *figure = if is_measured(name) { value } else { *figure + value };
        }
    }
    let told: Vec<String> = figures
        .iter()
        .map(|(name, value)| {
            let (name, unit) =
                UNITS.iter().find_map(|(ending, unit)| Some((name.strip_suffix(ending)?, *unit))).unwrap_or((name, ""));
            // A thousandth of a second is much for some things, and a millionth of it for a text.
            let (value, unit) = match *value {
                value if unit == " s" && value < 1e-3 => (value * 1e6, " µs"),
                value if unit == " s" && value < 1.0 => (value * 1e3, " ms"),
                value => (value, unit),
            };
            let words = name.replace('_', " ");
            if unit.is_empty() { format!("{words} {}", grouped(value)) } else { format!("{words} {value:.1}{unit}") }
        })
        .collect();
    told.join(", ")
}

/// How the names of measured values end, and what is written behind them. The longer ending of two that fit comes first.
const UNITS: [(&str, &str); 6] =
    [("_per_s", "/s"), ("_s", " s"), ("_us", " µs"), ("_mb", " MB"), ("_mib", " MiB"), ("_percent", " %")];

/// What was measured is not added up: the last value counts.
fn is_measured(name: &str) -> bool {
    UNITS.iter().any(|(ending, _)| name.ends_with(ending))
}

/// A count with commas between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(str_of).collect();
    groups.join(",")
}

/// Digits are ASCII.
fn str_of(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(harness: &str, counts: serde_json::Value, violations: u64) -> Line {
        let failure = if violations > 0 { "one\ntext was lost".to_owned() } else { String::new() };
        let serde_json::Value::Object(counts) = counts else { panic!("an object") };
        Line {
            at: 1,
            commit: "abc".into(),
            harness: harness.into(),
            profile: "release".into(),
            cores: 2,
            seeds: Some((1, 9)),
            counts,
            violations,
            failure,
            seconds: 1.0,
        }
    }

    #[test]
    fn counts_are_added_up_measures_are_the_last_and_faults_stay_listed() {
        let lines = [
            line("sim", json!({ "seeds": 900, "rate_per_s": 90.0 }), 0),
            line("sim", json!({}), 1),
            line("sim", json!({ "seeds": 1_200, "rate_per_s": 120.04 }), 0),
            line("stored", json!({ "few_p99_s": 0.0054, "checked_s": 16.52, "memory_mib": 60 }), 0),
            line("stored", json!({ "few_p99_s": 0.0064, "checked_s": 15.52, "memory_mib": 66 }), 0),
            line("backlog", json!({ "cost_small_s": 35.24e-6, "longest_s": 0.0, "at_0_ms_s": 0.001 }), 0),
            line("overload", json!({ "overloaded_of_the_peak_percent": 93.0 }), 0),
            line("overload", json!({ "overloaded_of_the_peak_percent": 91.25 }), 0),
        ];
        let text = section(&lines);
        assert!(text.contains("| `sim` | 3 | rate 120.0/s, seeds 2,100 | 1 | abc |"), "{text}");
        assert!(text.contains("checked 15.5 s, few p99 6.4 ms, memory 66.0 MiB |"), "{text}");
        assert!(text.contains("| at 0 ms 1.0 ms, cost small 35.2 µs, longest 0.0 µs |"), "{text}");
        assert!(text.contains("| overloaded of the peak 91.2 % |"), "the last one: {text}");
        assert!(text.contains("A run of `sim` at abc, seeds 1 to 9 failed: one text was lost"), "{text}");
        assert!(text.starts_with(START) && text.ends_with(END));
    }
}
