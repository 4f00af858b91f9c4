//! No test is switched off: one that cannot run today is either fixed or removed.

use crate::tidy::{Finding, Tree};

/// Marks of a test that does not run. Cut in two, so that this file passes its own rule.
const MARKS: &[&str] =
    &[concat!("#[ig", "nore"), concat!("pytest.mark.", "skip"), concat!("pytest.", "skip("), concat!("mark.x", "fail")];

/// Finds tests that are switched off.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(".rs").chain(tree.ending(".py")) {
        for (line, text) in (1..).zip(file.text.lines()) {
            if MARKS.iter().any(|mark| text.contains(mark)) {
                findings.push(Finding::new(&file.path, line, "a test that is switched off: fix it or remove it"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    #[test]
    fn planted_marks_are_found() {
        let rust = format!("#[test]\n{}]\nfn a() {{}}", MARKS[0]);
        let tree = tree(&[("a.rs", &rust), ("b.py", &format!("@{}", MARKS[1])), ("c.md", MARKS[0])]);
        assert_eq!(places(&check(&tree)), ["a.rs:2", "b.py:1"]);
    }
}
