//! `cargo xtask evidence`: the published figures are those of the kept lines; `--keep` adds this machine's lines first.

use clap::Args;

use crate::evidence::{END, KEPT, Line, START, append, read, section};
use crate::failure::{Outcome, require};
use crate::page::{self, with_section};
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
        let page = page::read(workspace, PAGE)?;
        std::fs::write(workspace.path(PAGE), with_section(&page, (START, END), &section(&kept))?)?;
        println!("{} lines are kept; {} speak of no commit and are not", kept.len(), unsaid.len());
        return Ok(());
    }
    println!("{} lines are kept, {} of this machine could be (--keep)", kept.len(), fresh.len());
    let page = page::read(workspace, PAGE)?;
    require(with_section(&page, (START, END), &section(&kept))? == page, || {
        format!("the figures of {PAGE} are not those of {KEPT}: run `cargo xtask evidence --keep`")
    })
}

/// What was run from changed sources cannot be run again by anybody.
fn is_of_a_commit(commit: &str) -> bool {
    !commit.is_empty() && !commit.ends_with('+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_sources_are_no_commit() {
        assert!(is_of_a_commit("0123456789ab"));
        assert!(!is_of_a_commit("0123456789ab+") && !is_of_a_commit(""));
    }
}
