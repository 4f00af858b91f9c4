//! `whimbrel completion` and `whimbrel man`: made from the tree of commands.

use std::path::Path;

use clap_complete::Shell;

use super::output::{self, Out};
use super::{Exit, Failure, examples};
use crate::server::files::{Readers, write_whole};

pub(super) fn completion(shell: Shell, _: &Out) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut examples::command(), "whimbrel", &mut script);
    output::octets(&script);
    Ok(())
}

pub(super) fn man(folder: Option<&Path>, out: &Out) -> Result<(), Failure> {
    let pages = pages().map_err(|error| Failure::from_error(Exit::Failed, "cannot make the manual", &error))?;
    let Some(folder) = folder else {
        if let Some((_, page)) = pages.first() {
            output::octets(page);
        }
        return Ok(());
    };
    let failed = |error: std::io::Error| Failure::from_error(Exit::Failed, "cannot write the manual", &error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, page) in &pages {
        write_whole(&folder.join(name), page, Readers::Everyone).map_err(failed)?;
    }
    out.hint(&format!("wrote {} pages into {}", pages.len(), folder.display()));
    Ok(())
}

/// Every command's page by its file name, that of the whole program first.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = examples::command();
    command.build();
    let mut pages = Vec::new();
    collect(&command, "whimbrel", &mut pages)?;
    Ok(pages)
}

fn collect(command: &clap::Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone().display_name(name)).title(name.to_uppercase()).render(&mut page)?;
    pages.push((format!("{name}.1"), page));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        collect(below, &format!("{name}-{}", below.get_name()), pages)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_manual_page() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["whimbrel.1", "whimbrel-send.1", "whimbrel-carrier-test.1", "whimbrel-config-explain.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert!(pages.iter().all(|(_, page)| String::from_utf8_lossy(page).contains(".SH NAME")));
    }

    #[test]
    fn every_shell_has_a_script() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut examples::command(), "whimbrel", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("whimbrel") && script.contains("carrier"), "{shell}");
        }
    }
}
