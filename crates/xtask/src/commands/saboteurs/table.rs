//! The table of saboteurs: what each does, what found it, and how soon.

use std::collections::BTreeMap;

use super::Caught;
use crate::failure::Outcome;
use crate::page;
use crate::workspace::Workspace;

const PAGE: &str = "docs/reliability.md";
const MARKS: (&str, &str) =
    ("<!-- saboteurs: written by `cargo xtask saboteurs --tests --write` -->", "<!-- end of saboteurs -->");
const HEAD: &str =
    "| mistake | what it does | found by | seed | seconds | ordinary tests that fail |\n|---|---|---|---|---|---|\n";

/// As Markdown: how many there are, and a row for each. Those that ordinary tests let pass come first; among equals their order is
/// that of `names`. A mistake that was not played keeps its row of `page`.
pub fn of(names: &[String], caught: &[Caught], left_out: Option<&str>, page: &str) -> String {
    let mut rows: BTreeMap<&str, String> =
        page.lines().filter_map(|line| Some((name_in(line)?, format!("{line}\n")))).collect();
    rows.extend(caught.iter().map(|caught| (caught.name.as_str(), row(caught))));
    let mut rows: Vec<&String> = names.iter().filter_map(|name| rows.get(name.as_str())).collect();
    let passes = |row: &&String| row.ends_with("| 0 |\n");
    let passing = rows.iter().filter(|row| passes(row)).count();
    rows.sort_by_key(|row| !passes(row));
    let without = left_out.map_or(String::new(), |tests| format!(" Not run: `{tests}`."));
    let count = rows.len();
    let mut text = format!("{count} mistakes, of which the ordinary tests let {passing} pass.{without}\n\n{HEAD}");
    rows.into_iter().for_each(|row| text.push_str(row));
    text
}

fn row(Caught { name, what, found, seconds, tests_failed }: &Caught) -> String {
    let tests = tests_failed.map_or("not run".to_owned(), |count| count.to_string());
    let (check, seed) = (&found.check, found.seed);
    format!("| `{name}` | {what} | {check} | {seed} | {seconds:.1} | {tests} |\n")
}

/// The mistake that a row is about.
fn name_in(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once("` |").map(|(name, _)| name)
}

/// Writes it into the page.
pub fn write(workspace: &Workspace, names: &[String], caught: &[Caught], left_out: Option<&str>) -> Outcome<()> {
    let text = page::read(workspace, PAGE)?;
    let before = text.split_once(MARKS.0).and_then(|(_, rest)| rest.split_once(MARKS.1)).map_or("", |(rows, _)| rows);
    let section = format!("{}\n\n{}\n{}", MARKS.0, of(names, caught, left_out, before), MARKS.1);
    Ok(std::fs::write(workspace.path(PAGE), page::with_section(&text, MARKS, &section)?)?)
}

#[cfg(test)]
mod tests {
    use super::super::Found;
    use super::*;

    fn caught(name: &str, tests_failed: usize) -> Caught {
        let found = Found { seed: 7, check: "P-3 money-moves-once".to_owned(), fault: String::new() };
        Caught {
            name: name.to_owned(),
            what: "it does".to_owned(),
            found,
            seconds: 1.25,
            tests_failed: Some(tests_failed),
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_ordinary_tests_let_pass_comes_first() {
        let text = of(&names(&["loud", "quiet"]), &[caught("loud", 3), caught("quiet", 0)], None, "");
        assert!(text.starts_with("2 mistakes, of which the ordinary tests let 1 pass.\n"), "{text}");
        let rows: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(rows[0], "| `quiet` | it does | P-3 money-moves-once | 7 | 1.2 | 0 |");
        assert!(rows[1].starts_with("| `loud` |"), "{text}");
    }

    #[test]
    fn what_was_not_played_keeps_its_row_as_long_as_there_is_one_of_its_name() {
        let all = names(&["a", "b", "c"]);
        let before = of(&all, &[caught("a", 3), caught("b", 0)], None, "");
        let after = of(&all, &[caught("a", 0), caught("c", 10)], None, &before);
        assert_eq!(after, of(&all, &[caught("a", 0), caught("b", 0), caught("c", 10)], None, ""));
        assert!(!of(&names(&["a", "c"]), &[], None, &after).contains("`b`"));
    }
}
