//! A file has one subject: past 800 lines it has two, unless it is a table.

use crate::tidy::{Finding, Tree};

/// Where a file must be split.
const LINES_MAX: usize = 800;

/// Finds source files that are too long.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let source = |path: &str| [".rs", ".py", ".sql", ".c", ".sh"].iter().any(|end| path.ends_with(end));
    let table = |path: &str| path.ends_with("/table.rs") || path.ends_with("/tables.rs");
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| source(&file.path) && !table(&file.path)) {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            let problem =
                format!("{lines} lines: split it at its second subject (at most {LINES_MAX}; tables are `table.rs`)");
            findings.push(Finding::new(&file.path, 0, problem));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    #[test]
    fn the_line_past_the_bound_is_found() {
        let (fits, long) = ("x\n".repeat(LINES_MAX), "x\n".repeat(LINES_MAX + 1));
        let tree = tree(&[
            ("a.rs", &fits),
            ("b.rs", &long),
            ("gsm7/table.rs", &long),
            ("data/networks.csv", &long),
            ("t.py", &long),
        ]);
        assert_eq!(places(&check(&tree)), ["b.rs:0", "t.py:0"]);
    }
}
