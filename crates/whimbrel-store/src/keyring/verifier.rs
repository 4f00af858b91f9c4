//! What proves a secret without telling it.
//!
//! A generated secret has more chance in it than anybody can try: an HMAC is enough, and it is quick. A chosen one is guessed by
//! trying likely ones, so each try must be dear: Argon2id (RFC 9106) with a salt of its own, and keyed besides, so that who has
//! the database without `secret.key` cannot try at all. The cost is that of OWASP's "Password Storage Cheat Sheet", read
//! 2026-11: 19 MiB, two passes, one lane. It stands in each row, so that it can be raised.

use std::fmt;
use std::hash::{Hash, Hasher};

use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;
use whimbrel_core::{Secret, SecretKind};
use zeroize::Zeroizing;

use super::{DigestKey, KeyId, Keyring, KeyringError, random};

/// Octets of a salt.
const SALT_BYTES: usize = 16;
/// Above this a row was not written by us, and computing it would be a way to bring us down.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;

/// What proves a secret without telling it. Equality takes constant time.
#[derive(Clone, Copy)]
pub struct SecretDigest(pub(super) [u8; 32]);

/// The digest of a secret by one key: what a secret key is found by. Who sends secrets cannot tell which digests are near each
/// other, so that a look-up tells a guesser nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyDigest(pub(crate) KeyId, pub(crate) SecretDigest);

/// What is kept of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretVerifier {
    /// Of a generated secret: a keyed digest.
    Digest {
        /// Whose key.
        key: KeyId,
        /// The digest.
        digest: SecretDigest,
    },
    /// Of a chosen secret: Argon2id, keyed.
    Chosen {
        /// Whose key.
        key: KeyId,
        /// What it costs to try.
        cost: ChosenCost,
        /// Chance of its own.
        salt: [u8; SALT_BYTES],
        /// What Argon2id gave.
        digest: SecretDigest,
    },
}

/// What one run of Argon2id costs; one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenCost {
    /// Memory in KiB.
    pub(crate) memory_kib: u32,
    /// Passes over it.
    pub(crate) passes: u32,
}

impl ChosenCost {
    /// What new secrets cost.
    pub const NEW: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// A cost from a row; `None` if no version of ours wrote it.
    pub(crate) fn of(memory_kib: u32, passes: u32) -> Option<Self> {
        let cost = Self { memory_kib, passes };
        (memory_kib <= MEMORY_KIB_MAX && passes <= PASSES_MAX && cost.params().is_some()).then_some(cost)
    }

    fn params(self) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, 1, Some(32)).ok()
    }
}

impl SecretVerifier {
    /// Where the secret comes from.
    #[must_use]
    pub const fn kind(&self) -> SecretKind {
        match self {
            Self::Digest { .. } => SecretKind::Generated,
            Self::Chosen { .. } => SecretKind::Chosen,
        }
    }

    /// What the secret is found by, if it is kept as a digest.
    #[must_use]
    pub const fn key_digest(&self) -> Option<KeyDigest> {
        match self {
            Self::Digest { key, digest } => Some(KeyDigest(*key, *digest)),
            Self::Chosen { .. } => None,
        }
    }

    /// Whose key it was made with.
    pub(crate) const fn key(&self) -> KeyId {
        match self {
            Self::Digest { key, .. } | Self::Chosen { key, .. } => *key,
        }
    }
}

impl Keyring {
    /// What is kept of a generated secret.
    #[must_use]
    pub fn verifier(&self, secret: &Secret) -> SecretVerifier {
        let keys = self.keys();
        let digest = SecretDigest(keys.current().digest.digest(secret.expose().as_bytes()));
        SecretVerifier::Digest { key: keys.current, digest }
    }

    /// What is kept of a chosen secret. Takes tens of milliseconds and [`ChosenCost::NEW`] of memory: not for a thread that
    /// others wait for.
    ///
    /// # Errors
    /// [`KeyringError::Random`] if there is no salt to be had.
    pub fn chosen_verifier(&self, secret: &Secret) -> Result<SecretVerifier, KeyringError> {
        let mut salt = [0; SALT_BYTES];
        random(&mut salt)?;
        let (key, cost) = (self.current(), ChosenCost::NEW);
        let digest = self.argon2id(secret, key, cost, &salt).ok_or(KeyringError::Unreadable)?;
        Ok(SecretVerifier::Chosen { key, cost, salt, digest })
    }

    /// The digest of `secret` by every key that is here, by number: a secret key is found by one of them. Costs the same whatever
    /// the secret is.
    #[must_use]
    pub fn digests(&self, secret: &Secret) -> Vec<KeyDigest> {
        let keys = self.keys();
        let of_key =
            |(id, key): (&KeyId, &DigestKey)| KeyDigest(*id, SecretDigest(key.digest(secret.expose().as_bytes())));
        let roots = keys.roots.iter().map(|(id, root)| (id, &root.digest));
        roots.chain(&keys.digests).map(of_key).collect()
    }

    /// Whether `secret` is the one that the verifier was made of. Dear for a chosen one, as [`chosen_verifier`](Self::chosen_verifier).
    #[must_use]
    pub fn proves(&self, verifier: &SecretVerifier, secret: &Secret) -> bool {
        match verifier {
            SecretVerifier::Digest { key, digest } => {
                let keys = self.keys();
                keys.digest_key(*key).is_some_and(|key| SecretDigest(key.digest(secret.expose().as_bytes())) == *digest)
            }
            SecretVerifier::Chosen { key, cost, salt, digest } => {
                self.argon2id(secret, *key, *cost, salt).is_some_and(|found| found == *digest)
            }
        }
    }

    /// What stands for `secret` in memory once it was proved, so that it need not be proved dearly again. Never stored.
    #[must_use]
    pub fn proof(&self, secret: &Secret) -> SecretDigest {
        SecretDigest(self.0.proof.digest(secret.expose().as_bytes()))
    }

    /// Does the work of comparing with a chosen secret that is not there.
    pub fn prove_nothing(&self, secret: &Secret) {
        let found = self.argon2id(secret, self.current(), ChosenCost::NEW, &[0; SALT_BYTES]);
        std::hint::black_box(found.is_some());
    }

    /// `None` if the key is not there or there is no memory.
    fn argon2id(&self, secret: &Secret, key: KeyId, cost: ChosenCost, salt: &[u8]) -> Option<SecretDigest> {
        let pepper = Zeroizing::new(self.keys().digest_key(key)?.digest(b"whimbrel argon2id key 1"));
        let argon2 = Argon2::new_with_secret(&*pepper, Algorithm::Argon2id, Version::V0x13, cost.params()?).ok()?;
        let mut digest = [0; 32];
        argon2.hash_password_into(secret.expose().as_bytes(), salt, &mut digest).ok()?;
        Some(SecretDigest(digest))
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

impl Hash for SecretDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

impl fmt::Debug for SecretVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} secret]", self.kind().as_str())
    }
}
