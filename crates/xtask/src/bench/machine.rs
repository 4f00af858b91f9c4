//! What a figure cannot be read without: the machine, the kernel, the commit, and how busy the machine was.

use serde::Serialize;

use crate::command;
use crate::failure::{Attempted as _, Outcome};
use crate::workspace::Workspace;

/// Facts of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// When it began, in seconds of Unix time.
    pub unix_seconds: u64,
    /// Processors that this process may use.
    pub cores: usize,
    /// The processor's name.
    pub processor: String,
    /// The kernel's release.
    pub kernel: String,
    /// Runnable processes in the last minute before the run.
    pub load_before: f64,
    /// The commit that was built; with `+` if the tree has changes.
    pub commit: String,
    /// `release` or `debug`.
    pub profile: &'static str,
}

impl Facts {
    /// Reads them. `unix_seconds` is now.
    pub fn read(workspace: &Workspace, profile: &'static str, unix_seconds: u64) -> Outcome<Self> {
        let text = |path: &str| std::fs::read_to_string(path).attempting(format_args!("read {path}"));
        let git = |arguments: &[&str]| command::read(&mut command::program(workspace, "git", arguments));
        let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.trim().is_empty();
        let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
        Ok(Self {
            unix_seconds,
            cores: std::thread::available_parallelism()?.get(),
            processor: processor(&text("/proc/cpuinfo")?).unwrap_or("unknown").to_owned(),
            kernel: text("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            load_before: load(&text("/proc/loadavg")?).unwrap_or(f64::NAN),
            commit: format!("{}{}", commit.trim(), if changed { "+" } else { "" }),
            profile,
        })
    }

    /// Whether others used the machine so much that rates say little.
    pub fn was_busy(&self) -> bool {
        self.load_before > self.cores as f64 / 2.0
    }
}

fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn load(loadavg: &str) -> Option<f64> {
    loadavg.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let cpuinfo =
            "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2.70GHz\n\nprocessor\t: 1\nmodel name\t: Other\n";
        assert_eq!(processor(cpuinfo), Some("Some CPU @ 2.70GHz"));
        assert_eq!(processor("processor : 0\n"), None);
        assert_eq!(load("1.25 0.80 0.40 2/345 6789\n"), Some(1.25));
        assert_eq!(load(""), None);
    }
}
