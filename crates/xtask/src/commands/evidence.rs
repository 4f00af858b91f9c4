//! `cargo xtask evidence`: the published figures are those of the kept lines; `--keep` adds this machine's lines first.

use clap::Args;

use crate::evidence::{END, KEPT, Line, START, append, read, section};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

const PAGE: &str = "docs/reliability.md";

/// Whether lines are added.
#[derive(Args)]
pub struct Options {
    /// Keep the lines of `target/evidence.jsonl` that speak of a commit, and write the figures of the page anew.
    #[arg(long)]
    keep: bool,
}

/// Compares, or keeps and writes.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let kept_path = workspace.path(KEPT);
    let mut kept = read(&kept_path)?;
    let seen = read(&workspace.target().join("evidence.jsonl"))?;
    let (fresh, unsaid): (Vec<Line>, Vec<Line>) =
        seen.into_iter().filter(|line| !kept.contains(line)).partition(|line| is_of_a_commit(&line.commit));
    if options.keep {
        append(&kept_path, &fresh)?;
        kept.extend(fresh);
        let page = page(workspace)?;
        std::fs::write(workspace.path(PAGE), with_section(&page, &section(&kept))?)?;
        println!("{} lines are kept; {} speak of no commit and are not", kept.len(), unsaid.len());
        return Ok(());
    }
    println!("{} lines are kept, {} of this machine could be (--keep)", kept.len(), fresh.len());
    let page = page(workspace)?;
    require(with_section(&page, &section(&kept))? == page, || {
        format!("the figures of {PAGE} are not those of {KEPT}: run `cargo xtask evidence --keep`")
    })
}

/// What was run from changed sources cannot be run again by anybody.
fn is_of_a_commit(commit: &str) -> bool {
    !commit.is_empty() && !commit.ends_with('+')
}

fn page(workspace: &Workspace) -> Outcome<String> {
    std::fs::read_to_string(workspace.path(PAGE)).attempting(format_args!("read {PAGE}"))
}

fn with_section(page: &str, section: &str) -> Outcome<String> {
    let missing = || Failure::new(format!("{PAGE} has no place for the figures: `{START}` and `{END}`"));
    let (before, rest) = page.split_once(START).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_is_replaced() {
        let page = format!("a\n{START}\nold\n{END}\nb\n");
        let section = format!("{START}\nnew\n{END}");
        assert_eq!(with_section(&page, &section).expect("marked"), format!("a\n{section}\nb\n"));
        assert!(with_section("a\n", &section).is_err());
    }

    #[test]
    fn changed_sources_are_no_commit() {
        assert!(is_of_a_commit("0123456789ab"));
        assert!(!is_of_a_commit("0123456789ab+") && !is_of_a_commit(""));
    }
}
