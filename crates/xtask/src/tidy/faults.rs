//! Every fault in the list of faults seen elsewhere has a test, and every test that the list names exists.

use crate::tidy::{Finding, Tree};

const LIST: &str = "docs/smpp-faults.md";
/// From the list's folder to the top folder.
const UP: &str = "../";

/// Checks the rows of the list: numbered without gaps, each with tests that their files hold.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.file(LIST) else { return vec![Finding::new(LIST, 0, "the list of faults is missing")] };
    let mut findings = Vec::new();
    let rows = (1..).zip(list.text.lines()).filter_map(|(line, text)| Some((line, row(text)?)));
    for (expected, (line, (number, tests))) in (1..).zip(rows) {
        let mut found = |problem: String| findings.push(Finding::new(LIST, line, problem));
        if number != expected {
            found(format!("row {expected} belongs here: no gaps, none twice"));
        }
        let tests: Vec<_> = named(tests).collect();
        if tests.is_empty() {
            found(format!("row {number} names no test"));
        }
        for (name, path) in tests {
            let text = tree.file(path).map_or("", |file| file.text.as_str());
            if !is_test_in(text, name) {
                found(format!("`{path}` has no test `{name}`"));
            }
        }
    }
    findings
}

/// The number of a row, and its last column.
fn row(line: &str) -> Option<(usize, &str)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    Some((cells.first()?.parse().ok()?, *cells.last()?))
}

/// Name and file of each `[name](../file)`.
fn named(cell: &str) -> impl Iterator<Item = (&str, &str)> {
    cell.split('[').skip(1).filter_map(|piece| {
        let (name, rest) = piece.split_once("](")?;
        let (target, _) = rest.split_once(')')?;
        Some((name, target.strip_prefix(UP)?))
    })
}

/// Whether a file has a test of that name: by its attribute, or by pytest's prefix.
fn is_test_in(text: &str, name: &str) -> bool {
    let mut is_marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_marked = true;
        } else if let Some(rest) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
            if is_marked && begins_with(rest, name) {
                return true;
            }
            is_marked = false;
        } else if line.strip_prefix("def ").is_some_and(|rest| name.starts_with("test_") && begins_with(rest, name)) {
            return true;
        }
    }
    false
}

fn begins_with(definition: &str, name: &str) -> bool {
    definition.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    const HEAD: &str = "| row | fault | tests |\n|---|---|---|\n";
    const RUST: &str = "#[test]\nfn one() {}\nfn helper() {}\n#[tokio::test(start_paused = true)]\nasync fn two() {}\n";
    const PYTHON: &str = "def test_three(centre):\n    pass\n\ndef helper():\n    pass\n";

    fn found(rows: &str) -> Vec<String> {
        let list = format!("{HEAD}{rows}");
        places(&check(&tree(&[(LIST, &list), ("a.rs", RUST), ("b.py", PYTHON)])))
    }

    #[test]
    fn rows_with_their_tests_pass() {
        let none: [String; 0] = [];
        assert_eq!(found("| 1 | x | [one](../a.rs); [two](../a.rs) |\n| 2 | y | [test_three](../b.py) |\n"), none);
    }

    #[test]
    fn planted_faults_are_found() {
        let at = |line: usize| vec![format!("{LIST}:{line}")];
        assert_eq!(found("| 1 | x | none yet |\n"), at(3));
        assert_eq!(found("| 1 | x | [one](../a.rs) |\n| 3 | y | [two](../a.rs) |\n"), at(4));
        for gone in ["[on](../a.rs)", "[helper](../a.rs)", "[helper](../b.py)", "[one](../c.rs)", "[three](../b.py)"] {
            assert_eq!(found(&format!("| 1 | x | {gone} |\n")), at(3), "{gone}");
        }
        assert_eq!(places(&check(&tree(&[("a.rs", RUST)]))), [format!("{LIST}:0")]);
    }
}
