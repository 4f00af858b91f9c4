//! What `--dev` opens: one account for each dialect, with credentials that are fixed and said in the banner.

use std::sync::Arc;

use whimbrel_core::account::AccountStatus;
use whimbrel_core::call::numbers::{Features, NumberKind};
use whimbrel_core::{
    Account, AccountId, AccountRules, Bucket, CountryCode, Currency, HttpMethodChoice, KeyMode, MessageClass, Money,
    Secret, SecretRefusal, SecretRole, Signing,
};
use whimbrel_dialects::Descriptor;
use whimbrel_dialects::address::Addresses;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_engine::{AccountError, AddedSecret, Engine, ListError, NewCustomer, SecretError};
use whimbrel_store::{AccountRefused, Offer, TopUp};

use crate::config::Listen;

/// What the ledger starts with, in whole units of currency.
const OPENING_BALANCE: i64 = 1_000_000;

/// Numbers that a development server sells: of ranges that are kept for fiction (Ofcom's for mobile and London numbers, the
/// North American one behind 555-01).
const POOL: [(&str, &str, NumberKind, Features, i64); 6] = [
    ("447700900901", "GB", NumberKind::Mobile, Features::SMS.and(Features::VOICE), 125),
    ("447700900902", "GB", NumberKind::Mobile, Features::SMS.and(Features::VOICE), 125),
    ("447700900903", "GB", NumberKind::Mobile, Features::SMS, 90),
    ("442079460901", "GB", NumberKind::Landline, Features::VOICE, 80),
    ("12025550191", "US", NumberKind::Mobile, Features::SMS.and(Features::VOICE).and(Features::MMS), 100),
    ("18005550192", "US", NumberKind::TollFree, Features::SMS.and(Features::VOICE), 1_200),
];

/// Fills the pool, unless there is one.
pub(super) async fn fill_pool(engine: &Arc<Engine>) -> Result<(), ListError> {
    let is_empty = engine.read(|store| store.pool(None, 1)).await.is_ok_and(|pool| pool.is_empty());
    if !is_empty {
        return Ok(());
    }
    let offer = |(number, country, kind, features, cents): (&str, &str, _, _, i64)| {
        let monthly = Money::new(cents * whimbrel_core::money::UNITS_PER_WHOLE / 100, Currency::EUR);
        let country = CountryCode::parse(country)?;
        Some(Offer { number: number.into(), country, kind, features, monthly, purchase: monthly })
    };
    engine.offer_numbers(POOL.into_iter().filter_map(offer).collect()).await.map(|_| ())
}

/// The free credit of who signs up with a dialect; `None`: none in that currency.
pub(crate) fn welcome_credit(descriptor: &Descriptor, currency: Currency) -> Option<Money> {
    let usual = descriptor.new_accounts;
    let amount = usual.welcome_credit.filter(|_| usual.currency == currency.as_str())?;
    Money::parse(amount, currency).ok()
}

/// What the secret of an account is for that is made for customers of the dialect.
pub(crate) const fn role(descriptor: &Descriptor) -> SecretRole {
    match descriptor.secret_keys {
        Some(_) => SecretRole::Key(KeyMode::Live),
        None => SecretRole::Half,
    }
}

/// The addresses for which signatures count: those of any server, and the vendors' own, by which `whimbrel run` lets unmodified
/// clients come here.
pub(super) fn addresses(listen: &Listen) -> Addresses {
    let hosts = DIALECTS.iter().flat_map(|dialect| dialect.descriptor().vendor_hosts);
    listen.addresses().and_names(hosts.map(|host| Box::from(*host)))
}

/// Makes the development accounts that are not there yet, and pays into each once.
pub(super) async fn open_accounts(engine: &Arc<Engine>) -> Result<(), AccountError> {
    for descriptor in DIALECTS.iter().map(|dialect| dialect.descriptor()) {
        let dev = descriptor.dev_account;
        let currency = dev.currency.parse::<Currency>().unwrap_or(Currency::EUR);
        let customer = NewCustomer {
            account: Account {
                id: AccountId(engine.world().next_id()),
                key: dev.key.into(),
                name: "development".into(),
                currency,
                status: AccountStatus::Active,
                default_class: MessageClass::Otp,
                capture_on: descriptor.new_accounts.capture_on,
                webhook_method: HttpMethodChoice::Get,
                endpoints: Vec::new(),
                rules: AccountRules::default(),
                signing: Signing::default(),
                policy: Default::default(),
                otp: Default::default(),
                lists: Arc::default(),
            },
            dialect: descriptor.id.into(),
            secret: Secret::new(dev.secret),
            role: role(descriptor),
            free_credit: welcome_credit(descriptor, currency),
            signature_secret: Secret::new(dev.signature_secret),
        };
        match engine.create_account(customer).await {
            Ok(_) | Err(AccountError::Refused(AccountRefused::KeyTaken)) => {}
            Err(error) => return Err(error),
        }
        let Some(entry) = engine.directory().by_key(descriptor.id, dev.key) else { continue };
        if let Some(test_key) = dev.test_key {
            let test_key = AddedSecret::Key(Secret::new(test_key), KeyMode::Test);
            match engine.add_secret(entry.account.id, test_key).await {
                Ok(_) | Err(SecretError::Refused(SecretRefusal::InUse)) => {}
                Err(SecretError::Commit(error)) => return Err(AccountError::Commit(error)),
                Err(error) => return Err(AccountError::Bug(error.to_string().into())),
            }
        }
        let amount = Money::new(OPENING_BALANCE * whimbrel_core::money::UNITS_PER_WHOLE, currency);
        let at = engine.world().now();
        let top_up = TopUp { account_id: entry.account.id, amount, bucket: Bucket::Balance, cause: "dev".into(), at };
        match engine.top_up(top_up).await {
            // An older version may have opened it with another amount.
            Ok(_) | Err(AccountError::Refused(AccountRefused::CauseTaken)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
