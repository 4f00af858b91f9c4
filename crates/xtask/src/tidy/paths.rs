//! No path of one person's machine in the repository.

use crate::tidy::{Finding, Tree, is_test};

/// Starts of paths that exist on one machine only. Cut in two, so that this file passes its own rule.
const STARTS: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
/// The last so many are folders of people, whom a test may invent.
const PEOPLE: usize = 2;

/// Finds absolute paths of a machine.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (line, text) in (1..).zip(file.text.lines()) {
            let looked_for = if is_test(&file.path) { &STARTS[..STARTS.len() - PEOPLE] } else { STARTS };
            for start in looked_for {
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
        let home = format!("let a = \"{}someone/x\";", STARTS[2]);
        let work = format!("fine\ncd {}x", STARTS[1]);
        let tree = tree(&[
            ("a.rs", home.as_str()),
            ("b.md", work.as_str()),
            ("config/tests.rs", home.as_str()),
            ("tests/t.rs", work.as_str()),
            ("c.md", "see https://example.com/home/page, crates/work/x, ~/x, /tmp/x and /var/lib/whimbrel"),
        ]);
        assert_eq!(places(&check(&tree)), ["a.rs:1", "b.md:2", "tests/t.rs:2"]);
    }
}
