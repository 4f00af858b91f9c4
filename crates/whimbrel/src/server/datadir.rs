//! The data folder: it belongs to one process at a time.
//!
//! The lock is the kernel's (`flock` on the file `lock`), so it ends with the process whatever its end. The file also holds
//! the pid, for people and for the refusal of a second process.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::fs::{FlockOperation, flock};
use whimbrel_core::Secret;

use super::files::{Readers, make_private_folder, read_text, write_whole};

/// Octets of chance in an admin token.
const TOKEN_BYTES: usize = 32;

/// Why a data folder cannot be used.
#[derive(Debug)]
pub enum DataDirError {
    /// Another process has it.
    Taken {
        /// The folder.
        folder: PathBuf,
        /// Who has it, if the lock file tells.
        pid: Option<u32>,
    },
    /// A file cannot be read or written.
    File(io::Error),
    /// The system gave no random octets.
    Chance(getrandom::Error),
}

impl std::fmt::Display for DataDirError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken { folder, pid: Some(pid) } => write!(
                f,
                "the data folder {} is in use by the process with pid {pid}; stop it or choose another folder with --data-dir",
                folder.display()
            ),
            Self::Taken { folder, pid: None } => write!(
                f,
                "the data folder {} is in use by another process; stop it or choose another folder with --data-dir",
                folder.display()
            ),
            Self::File(error) => write!(f, "{error}; check the data folder's path, owner and free space"),
            Self::Chance(error) => write!(f, "the system gives no random numbers: {error}"),
        }
    }
}

impl std::error::Error for DataDirError {}

/// A data folder that this process holds until the value is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if there is none (mode 0700) and takes it for the process `pid`.
    ///
    /// # Errors
    /// [`DataDirError::Taken`] if another process has it, else what the kernel says.
    pub fn open(path: &Path, pid: u32) -> Result<Self, DataDirError> {
        make_private_folder(path).map_err(DataDirError::File)?;
        let path = path.canonicalize().map_err(DataDirError::File)?;
        let lock_path = path.join("lock");
        let named = |error: io::Error| {
            DataDirError::File(io::Error::new(error.kind(), format!("cannot lock {}: {error}", lock_path.display())))
        };
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(named)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // Whoever has the lock may be about to write its pid; then the refusal goes without it.
                let _ = lock.read_to_string(&mut text);
                return Err(DataDirError::Taken { folder: path, pid: text.trim().parse().ok() });
            }
            Err(error) => return Err(named(error.into())),
        }
        lock.set_len(0).map_err(named)?;
        writeln!(lock, "{pid}").map_err(named)?;
        Ok(Self { path, _lock: lock })
    }

    /// The folder, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The admin token of this folder: made once, kept in `admin.token` (mode 0600).
    ///
    /// # Errors
    /// [`DataDirError`].
    pub fn admin_token(&self) -> Result<Secret, DataDirError> {
        let path = self.path.join("admin.token");
        match read_text(&path) {
            // A shorter one is what a full disk or a stray hand left.
            Ok(text) if text.trim().len() >= TOKEN_BYTES => return Ok(Secret::new(text.trim())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(DataDirError::File(error)),
        }
        let mut chance = [0; TOKEN_BYTES];
        getrandom::fill(&mut chance).map_err(DataDirError::Chance)?;
        let token = URL_SAFE_NO_PAD.encode(chance);
        write_whole(&path, format!("{token}\n").as_bytes(), Readers::Owner).map_err(DataDirError::File)?;
        Ok(Secret::new(token))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::files::tests::TestFolder;
    use super::*;

    #[test]
    fn a_second_taker_is_refused_with_the_pid_until_the_first_lets_go() {
        let folder = TestFolder::new();
        let path = folder.path().join("deep").join("data");
        let first = DataDir::open(&path, 4711).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let error = DataDir::open(&path, 4712).unwrap_err();
        assert!(matches!(error, DataDirError::Taken { pid: Some(4711), .. }), "{error}");
        assert!(error.to_string().contains("pid 4711"), "{error}");
        drop(first);
        let second = DataDir::open(&path, 4712).unwrap();
        assert_eq!(fs::read_to_string(second.path().join("lock")).unwrap(), "4712\n");
    }

    #[test]
    fn the_admin_token_is_made_once_and_private() {
        let folder = TestFolder::new();
        let data = DataDir::open(folder.path(), 1).unwrap();
        let token = data.admin_token().unwrap();
        assert_eq!(token.expose().len(), 43);
        assert_eq!(data.admin_token().unwrap(), token);
        let path = data.path().join("admin.token");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert_eq!(data.admin_token().unwrap().expose().len(), 43);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = TestFolder::new();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let error = DataDir::open(&path, 1).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains("check"), "{error}");
    }
}
