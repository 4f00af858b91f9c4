//! The accounts as requests are judged by them: in memory, replaced one by one as they change.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use whimbrel_core::policy::Owned;
use whimbrel_core::{Account, AccountId, Lists, Refusal, Secret};
use whimbrel_store::{Credential, Keyring, OwnedNumber};

/// Every account, by the credential it shows and by number.
pub struct Directory {
    keyring: Arc<Keyring>,
    entries: RwLock<Entries>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Box<str>, HashMap<Box<str>, Arc<Entry>>>,
    by_id: HashMap<AccountId, Arc<Entry>>,
    /// Numbers of ours and who owns them.
    numbers: HashMap<Box<str>, AccountId>,
    /// Lists that hold for every account.
    everybody: Arc<Lists>,
}

/// What a directory is made from.
pub struct Known {
    /// Every account.
    pub credentials: Vec<Credential>,
    /// Every number that an account owns.
    pub numbers: Vec<OwnedNumber>,
    /// Lists that hold for every account.
    pub everybody: Arc<Lists>,
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
    /// A directory of what is known; `keyring` made the digests.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, known: Known) -> Self {
        let numbers = known.numbers.into_iter().map(|owned| (owned.number, owned.account_id)).collect();
        let entries = Entries { numbers, everybody: known.everybody, ..Entries::default() };
        let directory = Self { keyring, entries: RwLock::new(entries) };
        for credential in known.credentials {
            directory.put(credential);
        }
        directory
    }

    /// Lists that hold for every account.
    #[must_use]
    pub fn everybody(&self) -> Arc<Lists> {
        Arc::clone(&self.entries.read().unwrap_or_else(PoisonError::into_inner).everybody)
    }

    /// Whether the account owns that number.
    #[must_use]
    pub fn owns(&self, account: AccountId, number: &str) -> Owned {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        if entries.numbers.get(number) == Some(&account) { Owned::Yes } else { Owned::No }
    }

    /// Notes whose a number is.
    pub(crate) fn set_owner(&self, number: &str, owner: Option<AccountId>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match owner {
            Some(owner) => _ = entries.numbers.insert(number.into(), owner),
            None => _ = entries.numbers.remove(number),
        }
    }

    /// Replaces an account's lists, or everybody's.
    pub(crate) fn set_lists(&self, account: Option<AccountId>, lists: Arc<Lists>) {
        match account.map(|id| self.by_id(id)) {
            None => self.entries.write().unwrap_or_else(PoisonError::into_inner).everybody = lists,
            Some(Some(entry)) => self.update(Account { lists, ..(*entry.account).clone() }),
            Some(None) => {}
        }
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

    /// Whose key and secret they are. Whether the account may do anything is judged elsewhere.
    ///
    /// # Errors
    /// [`Refusal::BadCredentials`] for an unknown key and for a wrong secret alike, both after the same work.
    pub(crate) fn with_secret(&self, dialect: &str, key: &str, secret: &Secret) -> Result<Arc<Entry>, Refusal> {
        let presented = self.keyring.digest(secret);
        let entry = self.by_key(dialect, key).ok_or(Refusal::BadCredentials)?;
        match entry.secrets.iter().fold(false, |found, digest| found | (*digest == presented)) {
            true => Ok(entry),
            false => Err(Refusal::BadCredentials),
        }
    }
}
