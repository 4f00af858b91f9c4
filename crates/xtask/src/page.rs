//! A part of a page that a command writes, between two marks.

use crate::failure::{Attempted as _, Failure, Outcome};
use crate::workspace::Workspace;

/// Reads a page of the repository.
pub fn read(workspace: &Workspace, path: &str) -> Outcome<String> {
    std::fs::read_to_string(workspace.path(path)).attempting(format_args!("read {path}"))
}

/// The page with `section`, which begins and ends with the marks, in the place of what stands between them.
///
/// # Errors
/// If the page has no such marks.
pub fn with_section(page: &str, (start, end): (&str, &str), section: &str) -> Outcome<String> {
    let missing = || Failure::new(format!("the page has no place for the figures: `{start}` and `{end}`"));
    let (before, rest) = page.split_once(start).ok_or_else(missing)?;
    let (_, after) = rest.split_once(end).ok_or_else(missing)?;
    Ok(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_is_replaced() {
        let marks = ("<!-- start -->", "<!-- end -->");
        let page = format!("a\n{}\nold\n{}\nb\n", marks.0, marks.1);
        let section = format!("{}\nnew\n{}", marks.0, marks.1);
        assert_eq!(with_section(&page, marks, &section).expect("marked"), format!("a\n{section}\nb\n"));
        assert!(with_section("a\n", marks, &section).is_err());
    }
}
