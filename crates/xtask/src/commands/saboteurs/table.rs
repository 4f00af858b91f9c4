//! The table of saboteurs: what each does, what found it, and how soon.

use super::Caught;
use crate::failure::Outcome;
use crate::page;
use crate::workspace::Workspace;

const PAGE: &str = "docs/reliability.md";
const MARKS: (&str, &str) =
    ("<!-- saboteurs: written by `cargo xtask saboteurs --tests --write` -->", "<!-- end of saboteurs -->");

/// As Markdown. Those that ordinary tests let pass come first; among equals their order is that of their list.
pub fn of(caught: &[Caught]) -> String {
    let mut text =
        "| mistake | what it does | found by | seed | seconds | ordinary tests that fail |\n|---|---|---|---|---|---|\n".to_owned();
    let mut rows: Vec<&Caught> = caught.iter().collect();
    rows.sort_by_key(|caught| caught.tests_failed.is_some_and(|count| count > 0));
    for Caught { name, what, found, seconds, tests_failed } in rows {
        let tests = tests_failed.map_or("not run".to_owned(), |count| count.to_string());
        let (check, seed) = (&found.check, found.seed);
        text.push_str(&format!("| `{name}` | {what} | {check} | {seed} | {seconds:.1} | {tests} |\n"));
    }
    text
}

/// Writes it into the page.
pub fn write(workspace: &Workspace, caught: &[Caught]) -> Outcome<()> {
    let section = format!("{}\n\n{}\n{}", MARKS.0, of(caught), MARKS.1);
    let page = page::with_section(&page::read(workspace, PAGE)?, MARKS, &section)?;
    Ok(std::fs::write(workspace.path(PAGE), page)?)
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

    #[test]
    fn what_ordinary_tests_let_pass_comes_first() {
        let text = of(&[caught("loud", 3), caught("quiet", 0)]);
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(rows[0], "| `quiet` | it does | P-3 money-moves-once | 7 | 1.2 | 0 |");
        assert!(rows[1].starts_with("| `loud` |"), "{text}");
    }
}
