//! The keys that guard secrets in the store: one file of 32 random bytes, and keys for each purpose derived from it.
//!
//! What authenticates a customer is kept as a digest only; what must be readable again (the secret that signs webhooks) is
//! sealed. Neither can be made or read without `secret.key`, so a copy of the database alone gives no secret away.
//!
//! Follows RFC 2104 (HMAC) with SHA-256 for digests and derived keys, and XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha-03) with random 24-byte nonces for sealing. Nothing here shows itself in `Debug`.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use whimbrel_core::Secret;
use zeroize::Zeroizing;

/// The file's name.
pub const KEY_FILE: &str = "secret.key";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Names the key that sealed a secret; another number will come with the first change of keys.
const KEY_ID: u8 = 1;

/// Keys for digests and seals. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

struct Keys {
    digest: Zeroizing<[u8; KEY_BYTES]>,
    seal: Zeroizing<[u8; KEY_BYTES]>,
    check: [u8; KEY_BYTES],
}

/// What proves a secret without telling it. Equality takes constant time.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

/// A secret that only the keyring can read: key id, nonce, ciphertext with tag.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(Vec<u8>);

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
    /// It is no regular file of 32 bytes.
    Length {
        /// Where.
        path: PathBuf,
        /// How long it is.
        size_bytes: u64,
    },
    /// The operating system gave no random bytes.
    Random,
    /// A sealed secret was made with another key, for another place, or was changed.
    Unreadable,
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
            Self::Length { path, size_bytes } => write!(
                f,
                "the key file {} has {size_bytes} bytes where {KEY_BYTES} belong; put the right file back from a backup",
                path.display()
            ),
            Self::Random => write!(f, "the operating system gave no random bytes; try again"),
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

impl Keyring {
    /// Reads `secret.key` in `folder`, or makes it with 32 random bytes, readable by its owner only.
    ///
    /// Two processes that start at once get the same key: the file appears complete or not at all.
    ///
    /// # Errors
    /// [`KeyringError`]: a file that others may read, or of another length, is refused and left as it is.
    pub fn open(folder: &Path) -> Result<Self, KeyringError> {
        let path = folder.join(KEY_FILE);
        let failed = |source| KeyringError::File { path: path.clone(), source };
        match read_key(&path) {
            Err(KeyringError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let mut key = Zeroizing::new([0; KEY_BYTES]);
                random(&mut *key)?;
                create_key(folder, &path, &key).map_err(failed)?;
            }
            Err(error) => return Err(error),
            Ok(key) => return Ok(Self::from_bytes(*key)),
        }
        // Read again: another process may have been faster.
        read_key(&path).map(|key| Self::from_bytes(*key))
    }

    /// Reads `secret.key` in `folder`, which must be there.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn read(folder: &Path) -> Result<Self, KeyringError> {
        read_key(&folder.join(KEY_FILE)).map(|key| Self::from_bytes(*key))
    }

    /// Keys from 32 bytes that are at hand: for tests and for keys kept elsewhere.
    #[must_use]
    pub fn from_bytes(key: [u8; 32]) -> Self {
        let key = Zeroizing::new(key);
        let derived = |label: &[u8]| Zeroizing::new(hmac(&key, label));
        Self(Arc::new(Keys {
            digest: derived(b"whimbrel secret digest 1"),
            seal: derived(b"whimbrel secret seal 1"),
            check: *derived(b"whimbrel key check 1"),
        }))
    }

    /// What proves `secret`: the same secret always gives the same digest under the same key.
    #[must_use]
    pub fn digest(&self, secret: &Secret) -> SecretDigest {
        SecretDigest(hmac(&self.0.digest, secret.expose().as_bytes()))
    }

    /// Seals `secret` for the place that `aad` names: it can be read only with the same `aad`.
    ///
    /// # Errors
    /// [`KeyringError::Random`] if there is no nonce to be had.
    pub fn seal(&self, secret: &Secret, aad: &[u8]) -> Result<SealedSecret, KeyringError> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad };
        // Sealing fails only for texts beyond 2^38 bytes.
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| KeyringError::Unreadable)?;
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        bytes.push(KEY_ID);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(SealedSecret(bytes))
    }

    /// Reads a sealed secret.
    ///
    /// # Errors
    /// [`KeyringError::Unreadable`] if it was sealed with another key or `aad`, or was changed.
    pub fn unseal(&self, sealed: &SealedSecret, aad: &[u8]) -> Result<Secret, KeyringError> {
        let (&key_id, rest) = sealed.0.split_first().ok_or(KeyringError::Unreadable)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(KeyringError::Unreadable)?;
        if key_id != KEY_ID {
            return Err(KeyringError::Unreadable);
        }
        let payload = Payload { msg: ciphertext, aad };
        let clear = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| KeyringError::Unreadable)?;
        String::from_utf8(clear).map(Secret::new).map_err(|_| KeyringError::Unreadable)
    }

    /// A mark of this key for a database to remember; it tells nothing of the key.
    pub(crate) fn check(&self) -> &[u8; 32] {
        &self.0.check
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0.seal).into())
    }
}

impl SecretDigest {
    /// The digest from a row.
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest for a row.
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretDigest {}

impl SealedSecret {
    /// The sealed secret from a row.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The sealed secret for a row.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[keyring]")
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

fn hmac(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; 32] {
    // HMAC fills a short key with zeros up to the block of 64 bytes (RFC 2104 §2).
    let mut block = Zeroizing::new([0; 64]);
    block[..KEY_BYTES].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn random(bytes: &mut [u8]) -> Result<(), KeyringError> {
    getrandom::fill(bytes).map_err(|_| KeyringError::Random)
}

fn read_key(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyringError> {
    let failed = |source| KeyringError::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyringError::Permissions { path: path.to_owned(), mode });
        }
    }
    if !metadata.is_file() || metadata.len() != KEY_BYTES as u64 {
        return Err(KeyringError::Length { path: path.to_owned(), size_bytes: metadata.len() });
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    file.read_exact(&mut *key).map_err(failed)?;
    Ok(key)
}

/// Writes the key beside its place and links it there: a link fails if the name is taken, and never shows half a file.
fn create_key(folder: &Path, path: &Path, key: &[u8; KEY_BYTES]) -> io::Result<()> {
    let mut mark = [0; 8];
    random(&mut mark).map_err(io::Error::other)?;
    let draft = folder.join(format!("{KEY_FILE}.{:016x}.draft", u64::from_le_bytes(mark)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let linked = file.write_all(key).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests;
