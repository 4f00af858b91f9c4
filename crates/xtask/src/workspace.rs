//! Where the repository is, and what lies where in it.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// The repository that the current folder belongs to.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Looks upwards from the current folder for the folder that holds `tools.toml` and `crates/`.
    #[expect(clippy::disallowed_methods, reason = "CARGO_TARGET_DIR is cargo's own way to say where it builds")]
    pub fn find() -> Outcome<Self> {
        let start = std::env::current_dir()?;
        let root = start
            .ancestors()
            .find(|folder| folder.join("tools.toml").is_file() && folder.join("crates").is_dir())
            .ok_or_else(|| Failure::new("not inside the repository: change into it and call again"))?
            .to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |path| start.join(path));
        Ok(Self { root, target })
    }

    /// The top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the top folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Where cargo builds, and where everything else that is made goes.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The built `whimbrel` of a profile (`debug` or `release`).
    pub fn product(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("whimbrel")
    }

    /// A built example of a profile.
    pub fn example(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join("examples").join(name)
    }

    /// A fresh, empty folder for a harness run below the target folder.
    pub fn scratch(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.target.join("harness").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}
