//! `cargo xtask test`: installs what the tests need, then runs all of them.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::command::{self, cargo, program};
use crate::commands::{install, packages};
use crate::failure::{Attempted as _, Outcome};
use crate::workspace::Workspace;

/// Which tests, and how.
#[derive(Args, Default)]
pub struct Options {
    /// Only the black-box tests against the built binary; words after `--` go to pytest.
    #[arg(long)]
    blackbox: bool,
    /// Only the tests of the pages in a browser; words after `--` go to Playwright.
    #[arg(long, conflicts_with = "blackbox")]
    browser: bool,
    /// Passed on to pytest, such as `-k webhook`, or to Playwright, such as `-g keyboard`.
    #[arg(last = true)]
    more: Vec<String>,
}

/// Unit and property tests, doc tests, then black-box and browser tests against the debug binary.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    if options.browser {
        command::run(&mut cargo(workspace, &["build", "--package", "whimbrel", "--locked"]))?;
        return browser(workspace, &options.more);
    }
    if !options.blackbox {
        install::cargo_tool(workspace, "cargo-nextest")?;
        command::run(&mut cargo(workspace, &["nextest", "run", "--workspace", "--locked"]))?;
        command::run(&mut cargo(workspace, &["test", "--doc", "--workspace", "--locked"]))?;
    }
    build(workspace)?;
    let mut line = vec!["tests/blackbox"];
    line.extend(options.more.iter().map(String::as_str));
    command::run(&mut packages::pinned(workspace)?.pytest(workspace, &line))?;
    if options.blackbox { Ok(()) } else { browser(workspace, &[]) }
}

/// The tests of the pages, in Debian's Chromium.
fn browser(workspace: &Workspace, more: &[String]) -> Outcome<()> {
    let folder = browser_suite(workspace)?;
    let mut line = vec!["--no-install", "playwright", "test"];
    line.extend(more.iter().map(String::as_str));
    let mut playwright = program(workspace, "npx", &line);
    playwright.current_dir(&folder);
    playwright.env("BROWSER_BINARY", workspace.product("debug"));
    playwright.env("BROWSER_SEARCH_CASES", workspace.path("crates/whimbrel-inbox/tests/search/cases.tsv"));
    playwright.env("BROWSER_OUTPUT", folder.join("results"));
    playwright.env("BROWSER_SHOTS", folder.join("shots"));
    playwright.env("BROWSER_LOOKS", workspace.path("tests/browser/looks"));
    playwright.env("BROWSER_STORIES", workspace.path("docs/guide/stories.md"));
    command::run(&mut playwright)
}

/// Copies the scripts of the tests beside their packages, where Node looks for them; gives the folder.
pub fn browser_suite(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = packages::browser(workspace)?;
    let (tests, suite) = (workspace.path("tests/browser"), folder.join("suite"));
    if suite.exists() {
        fs::remove_dir_all(&suite)?;
    }
    fs::create_dir_all(&suite)?;
    fs::copy(tests.join("playwright.config.mjs"), folder.join("playwright.config.mjs"))?;
    for file in fs::read_dir(tests.join("suite")).attempting("list tests/browser/suite")? {
        let file = file?;
        fs::copy(file.path(), suite.join(file.file_name()))?;
    }
    Ok(folder)
}

/// What the black-box tests start: the product, and the centre that is not ours. Apart, so that what the centre needs of
/// libraries does not change the product.
pub fn build(workspace: &Workspace) -> Outcome<()> {
    command::run(&mut cargo(workspace, &["build", "--package", "whimbrel", "--locked"]))?;
    let centre = ["build", "--package", "whimbrel-carriers", "--example", "centre", "--locked"];
    command::run(&mut cargo(workspace, &centre))
}
