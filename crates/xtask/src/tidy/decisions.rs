//! Decision records are numbered from 0001 without gaps, titled alike, and say what was chosen.

use crate::tidy::{Finding, Tree};

const FOLDER: &str = "docs/adr/";
const SECTIONS: &[&str] = &["## Context", "## Choice", "## What we gave up", "## When to look again"];

/// Checks names, numbers, titles and sections.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers = Vec::new();
    for file in tree.files() {
        let Some(name) = file.path.strip_prefix(FOLDER) else { continue };
        let Some(number) =
            name.get(..4).and_then(|digits| digits.parse::<u32>().ok()).filter(|_| name.get(4..5) == Some("-"))
        else {
            findings.push(Finding::new(&file.path, 0, "a record is named `NNNN-what-was-decided.md`"));
            continue;
        };
        numbers.push((number, file.path.clone()));
        if !file.text.starts_with(&format!("# {number:04}. ")) {
            findings.push(Finding::new(&file.path, 1, format!("the first line must begin with `# {number:04}. `")));
        }
        for section in SECTIONS.iter().filter(|section| !file.text.lines().any(|line| line == **section)) {
            findings.push(Finding::new(&file.path, 0, format!("section `{section}` is missing")));
        }
    }
    numbers.sort();
    for (expected, (number, path)) in (1..).zip(&numbers) {
        if *number != expected {
            findings.push(Finding::new(path, 0, format!("number {expected:04} belongs here: no gaps, none twice")));
            break;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    fn record(number: u32) -> String {
        format!("# {number:04}. Title\n\n{}\n", SECTIONS.join("\n\ntext\n\n"))
    }

    #[test]
    fn records_in_order_pass() {
        let (one, two) = (record(1), record(2));
        assert_eq!(check(&tree(&[("docs/adr/0002-b.md", &two), ("docs/adr/0001-a.md", &one)])), []);
    }

    #[test]
    fn planted_faults_are_found() {
        let (one, two, three) = (record(1), record(2), record(3));
        let places = |files: &[(&str, &str)]| places(&check(&tree(files)));
        assert_eq!(places(&[("docs/adr/0001-a.md", &one), ("docs/adr/0003-c.md", &three)]), ["docs/adr/0003-c.md:0"]);
        assert_eq!(places(&[("docs/adr/0001-a.md", &one), ("docs/adr/0001-b.md", &one)]), ["docs/adr/0001-b.md:0"]);
        assert_eq!(places(&[("docs/adr/0001-a.md", &two)]), ["docs/adr/0001-a.md:1"]);
        assert_eq!(places(&[("docs/adr/notes.md", "x")]), ["docs/adr/notes.md:0"]);
        assert_eq!(places(&[("docs/adr/0001-a.md", "# 0001. Title\n")]).len(), SECTIONS.len());
    }
}
