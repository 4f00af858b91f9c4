//! Customers: the accounts, the table of prices and routes, and the texts that they send.

use std::sync::Arc;

use whimbrel_core::plan::Route;
use whimbrel_core::{
    Account, AccountId, AccountRules, AccountStatus, Alphabet, Bucket, CaptureOn, CarrierId, Content, Currency,
    Endpoint, EndpointKind, HttpMethodChoice, IdempotencyKey, MessageClass, MessageText, Money, Networks, PhoneNumber,
    Prices, ReceiptWish, Registration, RouteCarrier, Secret, SecretId, SecretRole, SendCall, SenderId, Signing,
    Snapshot, Telling, Timestamp,
};
use whimbrel_dialects::registry;
use whimbrel_sms::RefWidth;
use whimbrel_store::{NewAccount, NewSecret, Op, TopUp};

use crate::chance::Chance;
use crate::store::keyring;

/// What a part costs, in 10^-8 of a euro.
pub const PRICE: i64 = 3_330_000;

/// Two accounts: one pays when the carrier takes a part, one when it is delivered.
pub const ACCOUNTS: [AccountId; 2] = [AccountId(11), AccountId(12)];

/// The numbers that customers write to.
const RECIPIENTS: [&str; 4] = ["447700900123", "447700900124", "447700900125", "447700900126"];

/// A request of a customer.
#[derive(Clone)]
pub struct Request {
    /// Whose.
    pub account: AccountId,
    /// What is sent.
    pub call: SendCall,
}

/// Draws a request.
pub fn request(number: u64, chance: &mut Chance) -> Request {
    let length = if chance.percent(20) { 200 + chance.below(200) } else { 5 + chance.below(40) };
    let digest = [number.to_le_bytes()[0]; 32];
    let is_wanted = chance.percent(80);
    let call = SendCall {
        // Few enough that two texts in doubt often have the same.
        recipient: PhoneNumber::parse(chance.one_of(&RECIPIENTS)).expect("digits of a known length"),
        sender: SenderId::parse("Acme").expect("four letters"),
        content: Content::Text {
            text: MessageText::new("x".repeat(usize::try_from(length).unwrap_or(1))),
            alphabet: Alphabet::Gsm7Lossy,
        },
        handset_class: None,
        network: None,
        registration: Registration::default(),
        receipt: if is_wanted { ReceiptWish::Wanted } else { ReceiptWish::Unwanted },
        callback: (is_wanted && chance.percent(30)).then(|| "http://127.0.0.1:9/own".into()),
        client_ref: None,
        account_ref: None,
        validity: Some(if chance.percent(70) { chance.millis(5_000, 60_000) } else { chance.millis(60_000, 400_000) }),
        class: Some(if chance.percent(50) { MessageClass::Otp } else { MessageClass::Bulk }),
        idempotency: chance
            .percent(50)
            .then(|| IdempotencyKey { key: format!("key {number}").into(), request_digest: digest }),
        due_at: None,
        carrier: None,
        mode: whimbrel_core::KeyMode::Live,
        telling: Telling::default(),
        application: None,
    };
    Request { account: chance.one_of(&ACCOUNTS), call }
}

/// What is in the store before the first start.
pub fn furnishing(carrier_count: u16, funds: u64, at: Timestamp) -> Vec<Op> {
    let mut ops: Vec<Op> =
        (1..=carrier_count).map(|id| Op::NameCarrier { name: format!("carrier-{id}").into() }).collect();
    let plans = [CaptureOn::CarrierAccept, CaptureOn::Delivery];
    for (id, capture_on) in ACCOUNTS.into_iter().zip(plans) {
        let account = Account {
            id,
            key: format!("key{}", id.0).into(),
            name: "".into(),
            currency: Currency::EUR,
            status: AccountStatus::Active,
            default_class: MessageClass::Otp,
            capture_on,
            webhook_method: HttpMethodChoice::Get,
            endpoints: vec![Endpoint { kind: EndpointKind::Receipt, url: "http://127.0.0.1:9/account".into() }],
            rules: AccountRules::default(),
            signing: Signing::default(),
            policy: Arc::default(),
            otp: Default::default(),
            lists: Arc::default(),
        };
        ops.push(Op::NewAccount(Box::new(NewAccount {
            account,
            dialect: registry::DIALECTS[0].descriptor().id.into(),
            secrets: vec![NewSecret {
                id: SecretId(id.0.unsigned_abs().into()),
                role: SecretRole::Half,
                verifier: keyring().verifier(&Secret::new("secret")),
            }],
            signature_secret: Secret::new("signature"),
            at,
        })));
        let amount = Money::new(i64::try_from(funds).unwrap_or(0) * PRICE, Currency::EUR);
        ops.push(Op::TopUp(TopUp { account_id: id, amount, bucket: Bucket::Balance, cause: "opening".into(), at }));
    }
    ops
}

/// Networks, prices and the one route over all carriers.
pub fn snapshot(carrier_count: u16) -> Snapshot {
    let networks = "prefix,mccmnc,country,name\n447700900,23420,GB,Fictional\n";
    let carrier = |id| RouteCarrier { id: CarrierId(id), reference_width: RefWidth::Bits8, part_slack: 0 };
    Snapshot {
        epoch: 1,
        networks: Arc::new(Networks::parse(networks).expect("a table as it should be")),
        prices: Arc::new(Prices::parse("country,mccmnc,price,currency\n*,,0.0333,EUR\n").expect("the same")),
        test_carrier: None,
        routes: vec![Route {
            name: "all".into(),
            prefix: "".into(),
            networks: Vec::new(),
            carriers: (1..=carrier_count).map(carrier).collect(),
        }],
    }
}
