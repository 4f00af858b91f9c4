//! The files behind a configuration. The only part of it that touches the world.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, ConfigErrors, Fault};
use super::{Config, Inputs, Profile, load};

/// Octets of a configuration file.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// Octets of a file with a secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Files of a folder.
const FILES_MAX: usize = 256;

/// Where a configuration comes from. Loading it a second time is a reload.
#[derive(Debug, Clone)]
pub struct Source {
    /// For what the process runs.
    pub profile: Profile,
    /// The file, or a folder of `*.toml`.
    pub path: Option<PathBuf>,
    /// What the command line sets: paths (`listen.http`) and values.
    pub flags: Vec<(String, String)>,
    /// The whole environment, as it was when the process began.
    pub env: Vec<(String, String)>,
}

impl Source {
    /// Reads the files and makes a configuration. Blocks while it reads.
    ///
    /// # Errors
    /// All faults that were found; the first may be that a file cannot be read.
    pub fn load(&self) -> Result<Config, ConfigErrors> {
        let files = match &self.path {
            None => Vec::new(),
            Some(path) => read_config_files(path).map_err(|error| {
                let (field, problem) = ("the file".to_owned(), error.to_string());
                let remedy = "give a file, or a folder with files *.toml, that this user may read".to_owned();
                ConfigErrors(vec![ConfigError { fault: Fault::Unreadable, field, origin: None, problem, remedy }])
            })?,
        };
        load(&Inputs {
            profile: self.profile,
            files: &files,
            env: &self.env,
            flags: &self.flags,
            read_secret: &read_secret_file,
        })
    }
}

/// Reads a configuration file; or all files `*.toml` of a folder by name, and after them those of its `conf.d`. Names and texts.
///
/// # Errors
/// As [`read_config_file`]; a folder without such files, or with more than 256.
pub fn read_config_files(path: &Path) -> io::Result<Vec<(String, String)>> {
    let mut paths = Vec::new();
    if path.is_dir() {
        for folder in [path.to_owned(), path.join("conf.d")] {
            paths.extend(toml_files(&folder)?);
        }
        if paths.is_empty() || paths.len() > FILES_MAX {
            let problem = format!("{} has {} files *.toml; 1 to {FILES_MAX} can be read", path.display(), paths.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
    } else {
        paths.push(path.to_owned());
    }
    paths.iter().map(|path| Ok((path.display().to_string(), read_config_file(path)?))).collect()
}

/// The files `*.toml` of a folder by name; none if there is no such folder.
fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io::Error::new(error.kind(), format!("cannot read {}: {error}", folder.display()))),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads a configuration file.
///
/// # Errors
/// What the kernel says, with the path; a file of more than 1 MiB or that is not UTF-8.
pub fn read_config_file(path: &Path) -> io::Result<String> {
    read_bounded(path, CONFIG_BYTES_MAX, |_| Ok(()))
}

/// Reads a file that holds a secret. It must be readable by its owner alone (a group of systemd's credentials excepted:
/// those are mode 0440 and owned by root).
///
/// # Errors
/// As [`read_config_file`], and if others may read the file.
pub fn read_secret_file(path: &Path) -> io::Result<String> {
    read_bounded(path, SECRET_BYTES_MAX, |file| {
        let mode = file.metadata()?.mode() & 0o777;
        if mode & 0o007 != 0 || (mode & 0o070 != 0 && mode != 0o440) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("others may read it (mode {mode:04o}); chmod 600 it"),
            ));
        }
        Ok(())
    })
}

fn read_bounded(path: &Path, bytes_max: u64, check: impl Fn(&File) -> io::Result<()>) -> io::Result<String> {
    let read = || -> io::Result<String> {
        let file = File::open(path)?;
        check(&file)?;
        let mut text = String::new();
        file.take(bytes_max + 1).read_to_string(&mut text)?;
        if text.len() as u64 > bytes_max {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {bytes_max} bytes")));
        }
        Ok(text)
    };
    read().map_err(|error| io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::server::files::tests::TestFolder;

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let folder = TestFolder::new();
        let path = folder.path().join("secret");
        fs::write(&path, "hush\n").unwrap();
        for (mode, is_good) in
            [(0o600, true), (0o400, true), (0o440, true), (0o640, false), (0o644, false), (0o604, false)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let result = read_secret_file(&path);
            assert_eq!(result.is_ok(), is_good, "{mode:o}: {result:?}");
            if let Err(error) = result {
                assert!(error.to_string().contains("chmod 600"), "{error}");
            }
        }
        assert_eq!(read_config_file(&path).unwrap(), "hush\n");
    }

    #[test]
    fn a_folder_is_read_by_name_and_its_conf_d_last() {
        let folder = TestFolder::new();
        fs::create_dir(folder.path().join("conf.d")).unwrap();
        for name in ["b.toml", "a.toml", "note.txt", "conf.d/0.toml"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let files = read_config_files(folder.path()).unwrap();
        let texts: Vec<_> = files.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["a.toml", "b.toml", "conf.d/0.toml"]);
        assert!(files[2].0.ends_with("conf.d/0.toml"));
        assert_eq!(read_config_files(&folder.path().join("a.toml")).unwrap().len(), 1);
        let empty = TestFolder::new();
        assert!(read_config_files(empty.path()).unwrap_err().to_string().contains("0 files"));
    }

    #[test]
    fn a_huge_or_missing_file_is_named() {
        let folder = TestFolder::new();
        let path = folder.path().join("huge");
        fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
        let error = read_config_file(&path).unwrap_err().to_string();
        assert!(error.contains("huge") && error.contains("1048576"), "{error}");
        assert!(read_config_file(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
    }
}
