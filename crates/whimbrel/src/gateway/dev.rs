//! What `--dev` opens: one account for each dialect, with credentials that are fixed and said in the banner.

use std::sync::Arc;

use whimbrel_core::account::{AccountStatus, CaptureOn};
use whimbrel_core::{Account, AccountId, AccountRules, Currency, HttpMethodChoice, MessageClass, Money, Secret};
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_engine::{AccountError, Engine, NewCustomer};
use whimbrel_store::{AccountRefused, TopUp};

/// What the ledger starts with, in whole units of currency.
const OPENING_BALANCE: i64 = 1_000_000;

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
                capture_on: CaptureOn::CarrierAccept,
                webhook_method: HttpMethodChoice::Get,
                endpoints: Vec::new(),
                rules: AccountRules::default(),
                signing: Default::default(),
                policy: Default::default(),
                lists: Arc::default(),
            },
            dialect: descriptor.id.into(),
            secret: Secret::new(dev.secret),
            signature_secret: Secret::new(dev.signature_secret),
        };
        match engine.create_account(customer).await {
            Ok(_) | Err(AccountError::Refused(AccountRefused::KeyTaken)) => {}
            Err(error) => return Err(error),
        }
        let Some(entry) = engine.directory().by_key(descriptor.id, dev.key) else { continue };
        let amount = Money::new(OPENING_BALANCE * whimbrel_core::money::UNITS_PER_WHOLE, currency);
        let at = engine.world().now();
        let top_up = TopUp { account_id: entry.account.id, amount, cause: "dev".into(), at };
        match engine.top_up(top_up).await {
            // An older version may have opened it with another amount.
            Ok(_) | Err(AccountError::Refused(AccountRefused::CauseTaken)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
