//! Every metric has a line in `docs/operations/metrics.md`; neither that page nor the table that `/metrics` describes itself
//! by names a metric that nothing records.

use std::collections::BTreeMap;

use crate::tidy::{Finding, Tree, is_test, product_lines};

/// The page that explains each metric.
const PAGE: &str = "docs/operations/metrics.md";

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
    findings
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
        ]);
        let found = [
            "crates/whimbrel-engine/src/a.rs:2",
            "crates/whimbrel/src/telemetry/metric.rs:2",
            "docs/operations/metrics.md:3",
        ];
        assert_eq!(places(&check(&tree)), found);
    }
}
