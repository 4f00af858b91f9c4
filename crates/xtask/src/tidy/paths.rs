//! No path of one person's machine in the repository.

use crate::tidy::{Finding, Tree};

/// Starts of paths that exist on one machine only. Cut in two, so that this file passes its own rule.
const STARTS: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];

/// Finds absolute paths of a machine.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (line, text) in (1..).zip(file.text.lines()) {
            for start in STARTS {
                if text.match_indices(start).any(|(at, _)| begins_a_path(text, at)) {
                    let problem = format!("names a path below `{start}`, which exists on one machine only");
                    findings.push(Finding::new(&file.path, line, problem));
                }
            }
        }
    }
    findings
}

/// A slash after a letter, a dot or another slash goes on with a path; after a blank or a quote it begins one.
fn begins_a_path(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && !"._-/}".contains(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    #[test]
    fn planted_paths_are_found_and_others_are_not() {
        let home = format!("let a = \"{}someone/x\";", STARTS[0]);
        let work = format!("fine\ncd {}x", STARTS[3]);
        let tree = tree(&[
            ("a.rs", home.as_str()),
            ("b.md", work.as_str()),
            ("c.md", "see https://example.com/home/page, crates/work/x, ~/x, /tmp/x and /var/lib/whimbrel"),
        ]);
        assert_eq!(places(&check(&tree)), ["a.rs:1", "b.md:2"]);
    }
}
