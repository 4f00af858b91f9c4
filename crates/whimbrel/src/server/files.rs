//! Private files, written whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner (mode 0600).
    Owner,
    /// Everyone (mode 0644).
    Everyone,
}

/// Writes a file so that a reader sees the old content or the new, and a power cut leaves one of them.
///
/// # Errors
/// What the kernel says, with the path.
pub fn write_whole(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everyone => 0o644,
    };
    let temporary = temporary_beside(path);
    let write = || -> io::Result<()> {
        // A leftover of a process that died may have any mode.
        remove_if_there(&temporary)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder_of(path)
    };
    write().map_err(|error| {
        // The first error is the one that tells.
        let _ = remove_if_there(&temporary);
        with_path("write", path, &error)
    })
}

/// Reads a text file.
///
/// # Errors
/// What the kernel says, with the path; `NotFound` keeps its kind.
pub fn read_text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path).map_err(|error| with_path("read", path, &error))
}

/// Removes a file; harmless if there is none.
///
/// # Errors
/// What the kernel says, with the path.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(with_path("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Makes a folder that only its owner may enter (mode 0700), parents included. An existing one keeps its mode.
///
/// # Errors
/// What the kernel says, with the path.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| with_path("create", path, &error))
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn with_path(verb: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {verb} {}: {error}", path.display()))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A folder of one test, removed at its end.
    pub(crate) struct TestFolder(PathBuf);

    impl TestFolder {
        pub(crate) fn new() -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let name = format!("whimbrel-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            make_private_folder(&path).unwrap();
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for TestFolder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_mode() {
        let folder = TestFolder::new();
        assert_eq!(mode(folder.path()), 0o700);
        let path = folder.path().join("a.key");
        fs::write(temporary_beside(&path), "left by a process that died").unwrap();
        write_whole(&path, b"one", Readers::Owner).unwrap();
        assert_eq!((read_text(&path).unwrap().as_str(), mode(&path)), ("one", 0o600));
        write_whole(&path, b"two", Readers::Everyone).unwrap();
        assert_eq!((read_text(&path).unwrap().as_str(), mode(&path)), ("two", 0o644));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_file() {
        let folder = TestFolder::new();
        let missing = folder.path().join("none").join("a");
        let error = write_whole(&missing, b"", Readers::Owner).unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot write {}", missing.display())), "{error}");
        assert_eq!(read_text(&missing).unwrap_err().kind(), io::ErrorKind::NotFound);
        remove_if_there(&missing).unwrap();
    }
}
