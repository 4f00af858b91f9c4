//! `cargo xtask tidy`: reads the repository's files and runs every rule.

use crate::command;
use crate::failure::{Outcome, require};
use crate::tidy::{Tree, check};
use crate::workspace::Workspace;

/// Prints each finding; fails if there is one.
pub fn run(workspace: &Workspace) -> Outcome<()> {
    // Tracked files and new ones that are not ignored: what a commit could hold.
    let mut listing = command::program(
        workspace,
        "git",
        &["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
    );
    let tree = Tree::read(workspace.root(), &command::read(&mut listing)?);
    let findings = check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files, {} findings", tree.files().len(), findings.len());
    require(findings.is_empty(), || format!("tidy found {} violations", findings.len()))
}
