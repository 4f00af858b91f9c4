//! The files behind a configuration. The only part of it that touches the world.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Octets of a configuration file.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// Octets of a file with a secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

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
    fn a_huge_or_missing_file_is_named() {
        let folder = TestFolder::new();
        let path = folder.path().join("huge");
        fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
        let error = read_config_file(&path).unwrap_err().to_string();
        assert!(error.contains("huge") && error.contains("1048576"), "{error}");
        assert!(read_config_file(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
    }
}
