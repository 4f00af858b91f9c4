//! The keys that guard secrets in the store: a file of root keys, and keys for each purpose derived from them.
//!
//! What authenticates a customer is kept as a digest only ([`SecretVerifier`]); what must be readable again (the secret that
//! signs webhooks) is sealed. Neither can be made or read without `secret.key`, so a copy of the database alone gives no secret
//! away.
//!
//! There is one *current* key, by which everything new is sealed and digested. A rotation makes another one current
//! ([`Keyring::begin_rotation`]), the store seals every row anew, and then the old one is given up
//! ([`Keyring::finish_rotation`]): it can open nothing any more. Of a key whose digests are still there only the part that
//! digests is kept, since a digest cannot be made anew without its secret.
//!
//! Follows RFC 2104 (HMAC) with SHA-256 for digests and derived keys, and XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha-03) with random 24-byte nonces for sealing. Nothing here shows itself in `Debug`.

mod error;
mod file;
mod verifier;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use whimbrel_core::Secret;
use zeroize::Zeroizing;

pub use error::KeyringError;
pub use file::KEY_FILE;
pub use verifier::{ChosenCost, KeyDigest, SecretDigest, SecretVerifier};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// The number of a key, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) u8);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a keyring knows of a key. Nothing here tells the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Seals and digests everything new.
    Current,
    /// Opens what was sealed by it until all of that is sealed anew.
    Retiring,
    /// Opens nothing; compares secrets that were digested by it.
    DigestsOnly,
}

/// Keys for digests and seals. Cheap to clone; clones see a rotation of any of them.
#[derive(Clone)]
pub struct Keyring(Arc<Shared>);

struct Shared {
    keys: RwLock<Arc<Keys>>,
    /// Where the keys are kept; `None` for keys that were at hand.
    path: Option<PathBuf>,
    /// Held while the file is replaced.
    changing: Mutex<()>,
    /// Digests what only memory knows; the same as long as the process runs.
    proof: DigestKey,
}

/// What the file holds, with what is derived from it.
#[derive(Clone)]
struct Keys {
    current: KeyId,
    roots: BTreeMap<KeyId, Root>,
    /// Of keys whose root was given up.
    digests: BTreeMap<KeyId, DigestKey>,
}

/// A root key with the keys derived from it.
#[derive(Clone)]
struct Root {
    root: KeyBytes,
    digest: DigestKey,
    seal: KeyBytes,
    check: [u8; KEY_BYTES],
}

/// A key that digests, with the half of each HMAC that is the same for every message.
#[derive(Clone)]
struct DigestKey {
    bytes: KeyBytes,
    begun: Hmac<Sha256>,
}

/// A secret that only the keyring can read: key id, nonce, ciphertext with tag.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(Vec<u8>);

impl DigestKey {
    fn new(bytes: KeyBytes) -> Self {
        let begun = begin_hmac(&bytes);
        Self { bytes, begun }
    }

    /// The HMAC of a message.
    fn digest(&self, message: &[u8]) -> [u8; 32] {
        end_hmac(self.begun.clone(), message)
    }
}

impl Root {
    fn new(root: KeyBytes) -> Self {
        // The 1 in the labels is the version of what is derived, not a key's number.
        let derived = |label: &[u8]| Zeroizing::new(hmac(&root, label));
        let (digest, seal) = (derived(b"whimbrel secret digest 1"), derived(b"whimbrel secret seal 1"));
        let digest = DigestKey::new(digest);
        let check = *derived(b"whimbrel key check 1");
        Self { root, digest, seal, check }
    }
}

impl Keys {
    fn one(root: KeyBytes) -> Self {
        let first = KeyId(1);
        Self { current: first, roots: BTreeMap::from([(first, Root::new(root))]), digests: BTreeMap::new() }
    }

    fn current(&self) -> &Root {
        // Invariant: the current key is among the roots; reading the file and rotating keep it so.
        self.roots.get(&self.current).expect("the current key is among the roots")
    }

    fn digest_key(&self, id: KeyId) -> Option<&DigestKey> {
        self.roots.get(&id).map(|root| &root.digest).or_else(|| self.digests.get(&id))
    }

    /// The next number that no key has.
    fn free_id(&self) -> Option<KeyId> {
        let taken = |id: &KeyId| self.roots.contains_key(id) || self.digests.contains_key(id);
        (1..=u8::MAX).map(|step| KeyId((self.current.0 - 1).wrapping_add(step) % u8::MAX + 1)).find(|id| !taken(id))
    }
}

impl Keyring {
    /// Reads `secret.key` in `folder`, or makes it with one random key, readable by its owner only.
    ///
    /// Two processes that start at once get the same key: the file appears complete or not at all.
    ///
    /// # Errors
    /// [`KeyringError`]: a file that others may read, or that makes no sense, is refused and left as it is.
    pub fn open(folder: &Path) -> Result<Self, KeyringError> {
        let path = folder.join(KEY_FILE);
        let keys = match file::read(&path) {
            Err(error) if error.is_not_found() => {
                file::create(&path, &Keys::one(random_key()?))?;
                // Read again: another process may have been faster.
                file::read(&path)?
            }
            other => other?,
        };
        Ok(Self::of(keys, Some(path)))
    }

    /// Reads `secret.key` in `folder`, which must be there.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn read(folder: &Path) -> Result<Self, KeyringError> {
        let path = folder.join(KEY_FILE);
        Ok(Self::of(file::read(&path)?, Some(path)))
    }

    /// Keys from 32 bytes that are at hand: for tests and for keys kept elsewhere. They rotate in memory only.
    #[must_use]
    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self::of(Keys::one(Zeroizing::new(key)), None)
    }

    fn of(keys: Keys, path: Option<PathBuf>) -> Self {
        let proof = DigestKey::new(Zeroizing::new(hmac(&keys.current().root, b"whimbrel proof 1")));
        Self(Arc::new(Shared { keys: RwLock::new(Arc::new(keys)), path, changing: Mutex::default(), proof }))
    }

    /// Every key with its state, by number.
    #[must_use]
    pub fn states(&self) -> Vec<(KeyId, KeyState)> {
        let keys = self.keys();
        let of_root = |id: &KeyId| if *id == keys.current { KeyState::Current } else { KeyState::Retiring };
        let roots = keys.roots.keys().map(|id| (*id, of_root(id)));
        let mut states: Vec<_> = roots.chain(keys.digests.keys().map(|id| (*id, KeyState::DigestsOnly))).collect();
        states.sort_by_key(|(id, _)| *id);
        states
    }

    /// The key that seals and digests what is new.
    #[must_use]
    pub fn current(&self) -> KeyId {
        self.keys().current
    }

    /// Whether a rotation was begun and not finished: there are keys that only open.
    #[must_use]
    pub fn is_rotating(&self) -> bool {
        self.keys().roots.len() > 1
    }

    /// Makes a new key current and keeps the others for opening. The file is on the disk when this returns, so that whatever is
    /// sealed by the new key can be read after any crash. While a rotation is under way nothing changes: it is to be finished.
    ///
    /// # Errors
    /// [`KeyringError`]; the old key stays current.
    pub fn begin_rotation(&self) -> Result<KeyId, KeyringError> {
        let _changing = self.changing();
        let mut keys = Keys::clone(&self.keys());
        if keys.roots.len() > 1 {
            return Ok(keys.current);
        }
        keys.current = keys.free_id().ok_or(KeyringError::TooManyKeys)?;
        keys.roots.insert(keys.current, Root::new(random_key()?));
        self.replace(keys)?;
        Ok(self.current())
    }

    /// Gives up every key but the current one. Of the keys in `digested` the part that digests is kept; others are gone.
    ///
    /// Only to be called once the store says durably that nothing is sealed by another key, and that its mark is that of the
    /// current one. Twice is harmless.
    ///
    /// # Errors
    /// [`KeyringError`]; all keys stay.
    pub(crate) fn finish_rotation(&self, digested: &[KeyId]) -> Result<(), KeyringError> {
        let _changing = self.changing();
        let before = self.keys();
        let kept = |id: &&KeyId| **id != before.current;
        let digests = digested.iter().filter(kept).filter_map(|id| Some((*id, before.digest_key(*id)?.clone())));
        let roots = BTreeMap::from([(before.current, before.current().clone())]);
        self.replace(Keys { current: before.current, roots, digests: digests.collect() })
    }

    /// Writes the file first: memory never knows a key that a crash would take away.
    fn replace(&self, keys: Keys) -> Result<(), KeyringError> {
        if let Some(path) = &self.0.path {
            file::replace(path, &keys)?;
        }
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    /// Seals `secret` by the current key for the place that `aad` names: it can be read only with the same `aad`.
    ///
    /// # Errors
    /// [`KeyringError::Random`] if there is no nonce to be had.
    pub fn seal(&self, secret: &Secret, aad: &[u8]) -> Result<SealedSecret, KeyringError> {
        let keys = self.keys();
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad };
        // Sealing fails only for texts beyond 2^38 bytes.
        let sealed = cipher(keys.current()).encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| KeyringError::Unreadable)?;
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        bytes.push(keys.current.0);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(SealedSecret(bytes))
    }

    /// Reads a sealed secret.
    ///
    /// # Errors
    /// [`KeyringError::Unreadable`] if it was sealed by a key that is not there, with another `aad`, or was changed.
    pub fn unseal(&self, sealed: &SealedSecret, aad: &[u8]) -> Result<Secret, KeyringError> {
        let keys = self.keys();
        let (&key_id, rest) = sealed.0.split_first().ok_or(KeyringError::Unreadable)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(KeyringError::Unreadable)?;
        let root = keys.roots.get(&KeyId(key_id)).ok_or(KeyringError::Unreadable)?;
        let payload = Payload { msg: ciphertext, aad };
        let clear = cipher(root).decrypt(&XNonce::from(*nonce), payload).map_err(|_| KeyringError::Unreadable)?;
        String::from_utf8(clear).map(Secret::new).map_err(|_| KeyringError::Unreadable)
    }

    /// A mark of the current key for a database to remember; it tells nothing of the key.
    pub(crate) fn check(&self) -> [u8; 32] {
        self.keys().current().check
    }

    /// Whether a database's mark is that of a key which is here.
    pub(crate) fn knows(&self, check: &[u8]) -> bool {
        self.keys().roots.values().any(|root| root.check == check)
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.0.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.0.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

    /// The key that sealed it; 0, which no key has, if it is empty.
    pub(crate) fn key_id(&self) -> KeyId {
        KeyId(self.0.first().copied().unwrap_or(0))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[keyring]")
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

fn cipher(root: &Root) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*root.seal).into())
}

fn hmac(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; 32] {
    end_hmac(begin_hmac(key), message)
}

fn begin_hmac(key: &[u8; KEY_BYTES]) -> Hmac<Sha256> {
    // HMAC fills a short key with zeros up to the block of 64 bytes (RFC 2104 §2).
    let mut block = Zeroizing::new([0; 64]);
    block[..KEY_BYTES].copy_from_slice(key);
    <Hmac<Sha256> as KeyInit>::new((&*block).into())
}

fn end_hmac(mut mac: Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn random(bytes: &mut [u8]) -> Result<(), KeyringError> {
    getrandom::fill(bytes).map_err(|_| KeyringError::Random)
}

fn random_key() -> Result<KeyBytes, KeyringError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    random(&mut *key)?;
    Ok(key)
}

#[cfg(test)]
mod tests;
