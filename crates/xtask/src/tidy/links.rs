//! Links of Markdown files lead somewhere: to a file or folder of the repository, and to a heading that exists.

use crate::tidy::{Finding, Tree};

/// Checks every relative link. Links to other hosts are not followed.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(".md") {
        for (line, target) in links(&file.text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let Some(full) = resolve(&file.path, path) else {
                findings.push(Finding::new(&file.path, line, format!("link `{target}` leaves the repository")));
                continue;
            };
            if !tree.holds(&full) {
                findings.push(Finding::new(&file.path, line, format!("link `{target}` leads nowhere")));
            } else if !anchor.is_empty() {
                let text = tree.file(&full).map_or("", |file| file.text.as_str());
                if !headings(text).any(|heading| slug(heading) == anchor) {
                    findings.push(Finding::new(&file.path, line, format!("link `{target}`: no such heading")));
                }
            }
        }
    }
    findings
}

/// Targets of `[text](target)` with their lines, outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        // Every second piece between backticks is code.
        let prose: Vec<&str> = text.split('`').collect();
        let prose = prose.iter().enumerate().map(|(index, piece)| if index % 2 == 0 { *piece } else { "code" });
        let prose: String = prose.collect();
        for piece in prose.split("](").skip(1) {
            if let Some((target, _)) = piece.split_once(')') {
                found.push((line, target.to_owned()));
            }
        }
    }
    found
}

/// The path that `target` means in the file `from`; `None` if it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(from.to_owned());
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            "" => return None,
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn headings(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim())
}

/// A heading as the usual renderers name it: lower case, dashes for spaces, no punctuation.
fn slug(heading: &str) -> String {
    let keep = |character: char| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        other if other.is_alphanumeric() => Some(other.to_ascii_lowercase()),
        _ => None,
    };
    heading.chars().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::{places, tree};

    #[test]
    fn good_links_pass() {
        let tree = tree(&[
            ("README.md", "[a](docs/a.md) [b](docs) [c](#quick-start) [d](https://example.com/x)\n## Quick start\n"),
            ("docs/a.md", "[up](../README.md#quick-start) `[code](nowhere)`\n```\n[also](nowhere)\n```\n"),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn planted_dead_links_are_found() {
        let tree = tree(&[
            ("README.md", "[a](docs/b.md)\n[b](#no-such)\n[c](../elsewhere.md)\n[d](/etc)"),
            ("docs/a.md", "[a](../README.md#gone)"),
        ]);
        assert_eq!(places(&check(&tree)), ["README.md:1", "README.md:2", "README.md:3", "README.md:4", "docs/a.md:1"]);
    }
}
