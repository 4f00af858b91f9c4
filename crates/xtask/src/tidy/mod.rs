//! Rules that no compiler knows, as pure functions over a tree of files.
//!
//! Each rule takes a [`Tree`] and returns [`Finding`]s; each has a test with a planted violation, so that a rule that
//! finds nothing is known to look. Reading the repository into a tree is the only I/O.

pub mod budget;
pub mod decisions;
pub mod dependencies;
pub mod faults;
pub mod links;
pub mod metrics;
pub mod paths;
pub mod sizes;
pub mod tests_rule;
pub mod vendors;

use std::fmt;
use std::path::Path;

/// A file of the repository.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path from the top folder, with `/`.
    pub path: String,
    /// Its text; empty for a picture, which only links look for.
    pub text: String,
}

/// The repository's files.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    files: Vec<SourceFile>,
}

impl Tree {
    /// A tree of these files.
    pub fn new(files: Vec<SourceFile>) -> Self {
        Self { files }
    }

    /// Reads the files named in `listing` (one path a line, from the top folder); what is not UTF-8 text has none.
    pub fn read(root: &Path, listing: &str) -> Self {
        let read = |path: &str| {
            let octets = std::fs::read(root.join(path)).ok()?;
            Some(SourceFile { path: path.to_owned(), text: String::from_utf8(octets).unwrap_or_default() })
        };
        Self::new(listing.lines().filter_map(read).collect())
    }

    /// All files.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether `path` is a file, or a folder with a file in it.
    pub fn holds(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty() || self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// Files in a folder, named with its final slash.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(move |file| file.path.starts_with(folder))
    }

    /// Files whose name ends so.
    pub fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(move |file| file.path.ends_with(end))
    }
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// The line, from 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong and what belongs there.
    pub problem: String,
}

impl Finding {
    /// A finding at a line (from 1; 0 for the whole file).
    pub fn new(path: &str, line: usize, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, problem: problem.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.problem),
            line => write!(f, "{}:{line}: {}", self.path, self.problem),
        }
    }
}

/// Runs every rule.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let rules: [fn(&Tree) -> Vec<Finding>; 10] = [
        dependencies::check,
        vendors::check,
        paths::check,
        sizes::check,
        budget::check,
        metrics::check,
        decisions::check,
        links::check,
        tests_rule::check,
        faults::check,
    ];
    rules.iter().flat_map(|rule| rule(tree)).collect()
}

/// The lines of a Rust file with their numbers from 1, without what is for tests alone: items behind `#[cfg(test)]`, each to its end
/// as rustfmt writes it, and nothing after them.
pub fn product_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = Inside::Product;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let indent = line.len() - line.trim_start().len();
        match inside {
            Inside::Product if line.trim() == "#[cfg(test)]" => inside = Inside::Head(indent),
            Inside::Product => return true,
            Inside::Head(at) if indent == at && line.trim_end().ends_with([';', ',']) => inside = Inside::Product,
            Inside::Head(at) if line.trim_end().ends_with('{') => inside = Inside::Body(at),
            Inside::Head(at) | Inside::Body(at) if indent == at && line.trim_start().starts_with('}') => {
                inside = Inside::Product;
            }
            Inside::Head(_) | Inside::Body(_) => {}
        }
        false
    })
}

/// Where a line is.
#[derive(Clone, Copy)]
enum Inside {
    Product,
    /// Behind `#[cfg(test)]` with so many blanks before it, up to the item's first brace or its end.
    Head(usize),
    /// In the braces of that item.
    Body(usize),
}

/// Whether a path belongs to tests: a `tests` folder or a `tests.rs`.
pub fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

#[cfg(test)]
pub mod fake {
    //! Makes small trees for the rules' tests.

    use super::{Finding, SourceFile, Tree};

    /// A tree of these paths and texts.
    pub fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() };
        Tree::new(files.iter().map(file).collect())
    }

    /// `path:line` of each finding.
    pub fn places(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::fake::tree;
    use super::product_lines;

    #[test]
    fn a_folder_is_held_and_a_prefix_of_a_name_is_not() {
        let tree = tree(&[("docs/adr/0001-a.md", "")]);
        assert!(tree.holds("docs/adr"));
        assert!(tree.holds("docs/adr/0001-a.md"));
        assert!(!tree.holds("docs/ad"));
    }

    #[test]
    fn what_is_for_tests_ends_where_its_item_does() {
        let text = "one\n#[cfg(test)]\nmod tests;\ntwo\n    #[cfg(test)]\n    #[expect(x)]\n    pub fn a(\n        b: c,\n    ) {\n        d\n    }\nthree\n\
                    #[cfg(test)]\nmod e {\n    fn f() {}\n}\nfour\n    #[cfg(test)]\n    field: u8,\nfive\n";
        let lines: Vec<_> = product_lines(text).map(|(_, line)| line).collect();
        assert_eq!(lines, ["one", "two", "three", "four", "five"]);
    }
}
