//! The accounts as requests are judged by them: in memory, replaced one by one as they change.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use whimbrel_core::{Account, AccountId, AccountStatus, Refusal, Secret};
use whimbrel_dialects::Claim;
use whimbrel_store::{Credential, Keyring};

/// Every account, by the credential it shows and by number.
pub struct Directory {
    keyring: Arc<Keyring>,
    entries: RwLock<Entries>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Box<str>, HashMap<Box<str>, Arc<Entry>>>,
    by_id: HashMap<AccountId, Arc<Entry>>,
}

/// An account with its credentials.
pub struct Entry {
    /// The account.
    pub account: Arc<Account>,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// The secret that signs its webhooks.
    pub signature_secret: Secret,
    secrets: Vec<whimbrel_store::SecretDigest>,
}

impl Directory {
    /// A directory of `credentials`; `keyring` made their digests.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, credentials: Vec<Credential>) -> Self {
        let directory = Self { keyring, entries: RwLock::default() };
        for credential in credentials {
            directory.put(credential);
        }
        directory
    }

    /// The digest under which a secret is compared.
    #[must_use]
    pub fn digest(&self, secret: &Secret) -> whimbrel_store::SecretDigest {
        self.keyring.digest(secret)
    }

    /// Adds or replaces an account.
    pub fn put(&self, credential: Credential) {
        let entry = Arc::new(Entry {
            account: Arc::new(credential.account),
            dialect: credential.dialect,
            signature_secret: credential.signature_secret,
            secrets: credential.secrets,
        });
        self.insert(&entry);
    }

    /// Replaces what is known of an account, keeping its secrets. An unknown account is left alone.
    pub fn update(&self, account: Account) {
        let Some(old) = self.by_id(account.id) else { return };
        let entry = Arc::new(Entry {
            account: Arc::new(account),
            dialect: old.dialect.clone(),
            signature_secret: old.signature_secret.clone(),
            secrets: old.secrets.clone(),
        });
        self.insert(&entry);
    }

    fn insert(&self, entry: &Arc<Entry>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.by_id.insert(entry.account.id, Arc::clone(entry));
        let of_dialect = entries.by_key.entry(entry.dialect.clone()).or_default();
        of_dialect.insert(entry.account.key.clone(), Arc::clone(entry));
    }

    /// The account with that number.
    #[must_use]
    pub fn by_id(&self, id: AccountId) -> Option<Arc<Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// The account with that key among the customers of `dialect`.
    #[must_use]
    pub fn by_key(&self, dialect: &str, key: &str) -> Option<Arc<Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).by_key.get(dialect)?.get(key).cloned()
    }

    /// Every account with that key, whatever its dialect.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_key.values().filter_map(|of_dialect| of_dialect.get(key).cloned()).collect()
    }

    /// Judges who calls.
    ///
    /// # Errors
    /// [`Refusal::BadCredentials`] for an unknown key and for a wrong secret alike, both after the same work;
    /// [`Refusal::AccountBarred`] for a suspended account that proved itself.
    pub fn authenticate(&self, dialect: &str, claim: &Claim) -> Result<Arc<Account>, Refusal> {
        let Claim::KeyAndSecret { key, secret } = claim;
        let presented = self.keyring.digest(secret);
        let entry = self.by_key(dialect, key).ok_or(Refusal::BadCredentials)?;
        if !entry.secrets.iter().fold(false, |found, digest| found | (*digest == presented)) {
            return Err(Refusal::BadCredentials);
        }
        match entry.account.status {
            AccountStatus::Active => Ok(Arc::clone(&entry.account)),
            AccountStatus::Suspended => Err(Refusal::AccountBarred),
        }
    }
}
