//! Every metric has a line in `docs/operations/metrics.md`; neither that page nor the table that `/metrics` describes itself
//! by, nor the dashboard and the alert rules name a metric that nothing records. Every alert has a section that says what to do.

use std::collections::BTreeMap;

use crate::tidy::{Finding, Tree, is_test, product_lines};

/// The page that explains each metric.
const PAGE: &str = "docs/operations/metrics.md";

/// The page that says what to do about each alert.
const ALERTS: &str = "docs/operations/alerts.md";

/// Dashboards and alert rules stand below this folder.
const OPERATIONS: &str = "ops/";

/// Where `/metrics` gets its descriptions. A name in it is a promise, not a recording, unless it is a constant or in a macro.
const DESCRIPTIONS: &str = "crates/whimbrel/src/telemetry/metric.rs";

/// Compares the names in the sources with those on the page and in the table of descriptions.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut used: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut described = Vec::new();
    let product = |path: &str| path.starts_with("crates/") && !path.starts_with("crates/xtask/") && !is_test(path);
    for file in tree.ending(".rs").filter(|file| product(&file.path)) {
        for (line, text) in product_lines(&file.text) {
            for name in quoted_names(text) {
                if file.path == DESCRIPTIONS && !(text.contains("const ") || text.contains("!(")) {
                    described.push((line, name));
                } else if !tree.holds(&format!("crates/{}", name.replace('_', "-"))) {
                    used.entry(name).or_insert_with(|| (file.path.clone(), line));
                }
            }
        }
    }
    let page = tree.file(PAGE).map_or("", |file| file.text.as_str());
    let mut findings: Vec<Finding> = used
        .iter()
        .filter(|(name, _)| !page.contains(&format!("`{name}`")))
        .map(|(name, (path, line))| Finding::new(path, *line, format!("metric `{name}` is not explained in {PAGE}")))
        .collect();
    for (line, name) in described.iter().filter(|(_, name)| !used.contains_key(name)) {
        findings.push(Finding::new(DESCRIPTIONS, *line, format!("describes `{name}`, which nothing records")));
    }
    for (line, text) in (1..).zip(page.lines()) {
        let Some(name) = text.strip_prefix("| `").and_then(|rest| rest.split('`').next()) else { continue };
        if name.starts_with("whimbrel_") && !used.contains_key(name) {
            findings.push(Finding::new(PAGE, line, format!("explains `{name}`, which nothing records")));
        }
    }
    for file in tree.below(OPERATIONS) {
        for (line, text) in (1..).zip(file.text.lines()) {
            for name in named(text).filter(|name| !is_recorded(name, &used)) {
                findings.push(Finding::new(&file.path, line, format!("asks for `{name}`, which nothing records")));
            }
        }
    }
    findings.extend(alerts_without_section(tree));
    findings
}

/// Alerts that the page does not speak of.
fn alerts_without_section(tree: &Tree) -> Vec<Finding> {
    let page = tree.file(ALERTS).map_or("", |file| file.text.as_str());
    let has_section = |alert: &str| page.lines().any(|line| line.strip_prefix("## ") == Some(alert));
    let mut findings = Vec::new();
    for file in tree.below(OPERATIONS) {
        for (line, text) in (1..).zip(file.text.lines()) {
            let Some(alert) = text.trim_start().strip_prefix("- alert: ") else { continue };
            if !has_section(alert) {
                findings.push(Finding::new(&file.path, line, format!("alert `{alert}` has no section in {ALERTS}")));
            }
        }
    }
    findings
}

/// Names of metrics in a query, wherever they stand.
fn named(text: &str) -> impl Iterator<Item = String> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    let words = text.split(move |character: char| !character.is_ascii() || !word(character as u8));
    words.filter(|word| word.starts_with("whimbrel_")).map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Histograms are asked for by the names of their series.
fn is_recorded(name: &str, used: &BTreeMap<String, (String, usize)>) -> bool {
    let series = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
    used.contains_key(name) || series.is_some_and(|name| used.contains_key(name))
}

/// Names such as `"whimbrel_parts_total"` that stand alone between double quotes.
fn quoted_names(line: &str) -> Vec<String> {
    let metric = |text: &str| {
        let rest = text.strip_prefix("whimbrel_")?;
        let plain = !rest.is_empty()
            && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        plain.then(|| text.to_owned())
    };
    line.split('"').skip(1).step_by(2).filter_map(metric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    #[test]
    fn planted_metrics_are_found() {
        let tree = tree(&[
            ("crates/whimbrel-engine/src/a.rs", "x\ncounter!(\"whimbrel_parts_total\", \"carrier\" => c);"),
            ("crates/whimbrel-engine/src/b.rs", "counter!(\"whimbrel_known_total\");"),
            ("crates/whimbrel-engine/src/c.rs", "EnvFilter::new(\"whimbrel_engine\"); \"whimbrel_store=debug\""),
            (DESCRIPTIONS, "pub const K: &str = \"whimbrel_known_total\";\n    \"whimbrel_promised_total\","),
            (PAGE, "| name | what |\n| `whimbrel_known_total` | yes |\n| `whimbrel_gone_total` | no |"),
            (
                "ops/a.yml",
                "- alert: Known\n  expr: rate(whimbrel_known_total[5m])\n- alert: Unknown\n  expr: whimbrel_absent > 0",
            ),
            (ALERTS, "# Alerts\n## Known\nDo this.\n"),
        ]);
        let found = [
            "crates/whimbrel-engine/src/a.rs:2",
            "crates/whimbrel/src/telemetry/metric.rs:2",
            "docs/operations/metrics.md:3",
            "ops/a.yml:4",
            "ops/a.yml:3",
        ];
        assert_eq!(places(&check(&tree)), found);
    }
}
