//! Why there are no keys, or a secret cannot be read.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::KEY_FILE;

/// Why there are no keys, or a secret cannot be read.
#[derive(Debug)]
pub enum KeyringError {
    /// The file cannot be read or made.
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner may read or write it.
    Permissions {
        /// Where.
        path: PathBuf,
        /// The mode it has.
        mode: u32,
    },
    /// It is no file of keys.
    Malformed {
        /// Where.
        path: PathBuf,
        /// Which line, from 1; `None`: the file as a whole.
        line: Option<usize>,
    },
    /// There are 255 keys.
    TooManyKeys,
    /// The operating system gave no random bytes.
    Random,
    /// A sealed secret was made with another key, for another place, or was changed.
    Unreadable,
}

impl KeyringError {
    /// Whether there simply is no file.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => {
                write!(
                    f,
                    "cannot use the key file {}; check that its folder exists and belongs to this user",
                    path.display()
                )
            }
            Self::Permissions { path, mode } => write!(
                f,
                "the key file {} is open to others (mode {mode:04o}); run `chmod 600 {}`, and change the secrets if others had access",
                path.display(),
                path.display()
            ),
            Self::Malformed { path, line: Some(line) } => write!(
                f,
                "line {line} of the key file {} makes no sense; put the right file back from a backup",
                path.display()
            ),
            Self::Malformed { path, line: None } => {
                write!(f, "{} is no key file; put the right file back from a backup", path.display())
            }
            Self::TooManyKeys => f.write_str(
                "there are 255 keys whose digests are in use; give accounts new secrets and revoke old ones",
            ),
            Self::Random => f.write_str("the operating system gave no random bytes; try again"),
            Self::Unreadable => {
                write!(
                    f,
                    "a stored secret cannot be read with this {KEY_FILE}; put back the one that it was stored with"
                )
            }
        }
    }
}

impl std::error::Error for KeyringError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}
