//! The accounts as requests are judged by them: in memory, replaced one by one as they change.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use whimbrel_core::policy::Owned;
use whimbrel_core::{
    Account, AccountId, KeyMode, Lists, SECRETS_MAX, Secret, SecretId, SecretKind, SecretRole, Serial, Timestamp,
};
use whimbrel_dialects::standard;
use whimbrel_store::{Credential, KeyDigest, KnownSecret, OwnedNumber, SecretDigest, SignatureSecrets, SubaccountView};

/// Every account, by the credential it shows and by number.
#[derive(Default)]
pub struct Directory {
    entries: RwLock<Entries>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Box<str>, HashMap<Box<str>, Arc<Entry>>>,
    by_id: HashMap<AccountId, Arc<Entry>>,
    /// Secret keys, by dialect and digest.
    by_digest: HashMap<Box<str>, HashMap<KeyDigest, (AccountId, KeyMode)>>,
    /// Accounts below others, by the account above and the number by which it names them.
    subaccounts: HashMap<(AccountId, Serial), AccountId>,
    /// The account above, of each that is or was below one.
    above: HashMap<AccountId, AccountId>,
    /// Numbers of ours and who owns them.
    numbers: HashMap<Box<str>, AccountId>,
    /// Lists that hold for every account.
    everybody: Arc<Lists>,
    /// Chosen secrets of all accounts.
    chosen_count: usize,
    /// Not after the first overlap of signature secrets ends; `None`: there is none.
    overlap_ends_at: Option<Timestamp>,
}

/// What a directory is made from.
pub struct Known {
    /// Every account.
    pub credentials: Vec<Credential>,
    /// Every number that an account owns.
    pub numbers: Vec<OwnedNumber>,
    /// Every account below another.
    pub subaccounts: Vec<SubaccountView>,
    /// Lists that hold for every account.
    pub everybody: Arc<Lists>,
}

/// An account with its credentials.
pub struct Entry {
    /// The account.
    pub account: Arc<Account>,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// The secrets that sign its requests and webhooks.
    pub signature_secrets: SignatureSecrets,
    /// The secrets that authenticate it, the oldest first.
    pub secrets: Vec<LiveSecret>,
    /// See [`Entry::standard_secrets`].
    standard: OnceLock<Vec<Secret>>,
}

/// A secret that authenticates an account.
#[derive(Clone)]
pub struct LiveSecret {
    /// What is known of it.
    pub known: KnownSecret,
    /// What stands for the secret itself once it was shown and proved, so that a chosen one is proved dearly once only. It goes
    /// with the secret, so that one that is revoked is good no more at once; and since there is one right text and wrong ones
    /// are not remembered, nobody can fill it.
    proof: Arc<OnceLock<SecretDigest>>,
}

impl LiveSecret {
    /// Whether `proof` is that of a text which was proved to be this secret.
    pub(crate) fn is_proved_by(&self, proof: SecretDigest) -> bool {
        self.proof.get().is_some_and(|known| *known == proof)
    }

    /// Remembers the proof of the right text.
    pub(crate) fn remember(&self, proof: SecretDigest) {
        // A second text that proves the same secret would be a collision of Argon2id.
        _ = self.proof.set(proof);
    }
}

impl Entry {
    /// The secrets that are shown beside the account's key, each of its kind; at most [`SECRETS_MAX`] in all.
    pub(crate) fn secrets_of(&self, kind: SecretKind) -> impl Iterator<Item = &LiveSecret> {
        let halves = self.secrets.iter().filter(|secret| secret.known.role == SecretRole::Half).take(SECRETS_MAX);
        halves.filter(move |secret| secret.known.verifier.kind() == kind)
    }

    /// What its secret keys are found by.
    fn key_digests(&self) -> impl Iterator<Item = (KeyDigest, KeyMode)> {
        let known = self.secrets.iter().map(|secret| &secret.known);
        known.filter_map(|known| Some((known.verifier.key_digest()?, known.role.mode()?)))
    }

    /// The live secret with that id.
    pub(crate) fn secret(&self, id: SecretId) -> Option<&LiveSecret> {
        self.secrets.iter().find(|secret| secret.known.id == id)
    }

    /// What comes of the signature secrets that are good at `now` for Standard Webhooks, in the order of those; made once.
    pub(crate) fn standard_secrets(&self, now: Timestamp) -> &[Secret] {
        let made = self.standard.get_or_init(|| {
            let SignatureSecrets { current, previous } = &self.signature_secrets;
            let all = [Some(&current.secret), previous.as_ref().map(|previous| &previous.secret.secret)];
            all.into_iter().flatten().map(standard::secret).collect()
        });
        // The one before ends first.
        let good = self.signature_secrets.good_at(now).count();
        made.get(..good).unwrap_or_default()
    }

    fn overlap_ends_at(&self) -> Option<Timestamp> {
        self.signature_secrets.previous.as_ref().map(|previous| previous.ends_at)
    }

    fn of(credential: Credential, old: Option<&Self>) -> Self {
        let live = |known: KnownSecret| {
            let before = old.and_then(|old| old.secret(known.id)).filter(|before| before.known == known);
            LiveSecret { proof: before.map(|before| Arc::clone(&before.proof)).unwrap_or_default(), known }
        };
        Self {
            account: Arc::new(credential.account),
            dialect: credential.dialect,
            signature_secrets: credential.signature_secrets,
            secrets: credential.secrets.into_iter().map(live).collect(),
            standard: OnceLock::new(),
        }
    }
}

impl Directory {
    /// A directory of what is known.
    #[must_use]
    pub fn new(known: Known) -> Self {
        let numbers = known.numbers.into_iter().map(|owned| (owned.number, owned.account_id)).collect();
        let entries = Entries { numbers, everybody: known.everybody, ..Entries::default() };
        let directory = Self { entries: RwLock::new(entries) };
        for credential in known.credentials {
            directory.put(credential);
        }
        for view in known.subaccounts {
            directory.put_subaccount(view.parent, view.number, view.account.account.id);
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

    /// The subaccount that an account names so.
    #[must_use]
    pub fn subaccount(&self, parent: AccountId, number: Serial) -> Option<AccountId> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).subaccounts.get(&(parent, number)).copied()
    }

    /// The account above, if there is one.
    #[must_use]
    pub fn above(&self, account: AccountId) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_id.get(entries.above.get(&account)?).map(Arc::clone)
    }

    /// Notes that an account has a subaccount.
    pub(crate) fn put_subaccount(&self, parent: AccountId, number: Serial, account: AccountId) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.subaccounts.insert((parent, number), account);
        entries.above.insert(account, parent);
    }

    /// Notes that it has it no more.
    pub(crate) fn remove_subaccount(&self, parent: AccountId, number: Serial) {
        self.entries.write().unwrap_or_else(PoisonError::into_inner).subaccounts.remove(&(parent, number));
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

    /// Adds or replaces an account. Its chosen secrets that were proved stay so as long as they are there.
    pub fn put(&self, credential: Credential) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let old = entries.by_id.get(&credential.account.id).cloned();
        entries.insert(Entry::of(credential, old.as_deref()));
    }

    /// Replaces what is known of an account, keeping its secrets. An unknown account is left alone.
    pub fn update(&self, account: Account) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let Some(old) = entries.by_id.get(&account.id).cloned() else { return };
        entries.insert(Entry {
            account: Arc::new(account),
            dialect: old.dialect.clone(),
            signature_secrets: old.signature_secrets.clone(),
            secrets: old.secrets.clone(),
            standard: old.standard.clone(),
        });
    }

    /// Whether any account has a chosen secret. If none has, no request costs a dear comparison.
    pub(crate) fn has_chosen_secrets(&self) -> bool {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).chosen_count > 0
    }

    /// Whether an overlap of signature secrets may be over at `now`.
    pub(crate) fn may_have_ended(&self, now: Timestamp) -> bool {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.overlap_ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    /// Looks anew for the first overlap that ends.
    pub(crate) fn note_overlaps(&self) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.overlap_ends_at = entries.by_id.values().filter_map(|entry| entry.overlap_ends_at()).min();
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

    /// The account among the customers of `dialect` that one of the digests of a secret key is known of, and what the key is for.
    /// All digests are looked for, so that it takes as long whichever it is, and if it is none.
    pub(crate) fn by_digests(&self, dialect: &str, digests: &[KeyDigest]) -> Option<(Arc<Entry>, KeyMode)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let keys = entries.by_digest.get(dialect)?;
        let (id, mode) = digests.iter().fold(None, |found, digest| keys.get(digest).copied().or(found))?;
        Some((entries.by_id.get(&id).cloned()?, mode))
    }

    /// Accounts after `after`, in the order of `dialect:key`; so many at most.
    #[must_use]
    pub fn after(&self, after: &str, count_max: usize) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let named = entries.by_id.values().map(|entry| (format!("{}:{}", entry.dialect, entry.account.key), entry));
        let mut named: Vec<_> = named.filter(|(name, _)| name.as_str() > after).collect();
        named.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        named.into_iter().take(count_max).map(|(_, entry)| Arc::clone(entry)).collect()
    }

    /// Every account with that key, whatever its dialect.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_key.values().filter_map(|of_dialect| of_dialect.get(key).cloned()).collect()
    }
}

impl Entries {
    fn insert(&mut self, entry: Entry) {
        let entry = Arc::new(entry);
        let chosen = |entry: &Arc<Entry>| entry.secrets_of(SecretKind::Chosen).count();
        self.chosen_count += chosen(&entry);
        self.overlap_ends_at = self.overlap_ends_at.into_iter().chain(entry.overlap_ends_at()).min();
        if let Some(old) = self.by_id.insert(entry.account.id, Arc::clone(&entry)) {
            self.chosen_count -= chosen(&old);
            if let Some(keys) = self.by_digest.get_mut(&old.dialect) {
                old.key_digests().for_each(|(digest, _)| _ = keys.remove(&digest));
            }
        }
        if entry.key_digests().next().is_some() {
            let keys = self.by_digest.entry(entry.dialect.clone()).or_default();
            keys.extend(entry.key_digests().map(|(digest, mode)| (digest, (entry.account.id, mode))));
        }
        self.by_key.entry(entry.dialect.clone()).or_default().insert(entry.account.key.clone(), entry);
    }
}
