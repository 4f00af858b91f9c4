//! What one-time codes need of the engine: brakes, words of the account, test keys, payment on delivery, and who signs up.

use std::sync::Arc;

use whimbrel_core::account::{AccountStatus, CaptureOn, OtpSettings};
use whimbrel_core::policy::Signable;
use whimbrel_core::{
    Account, AccountId, AccountRules, Alphabet, AuthMethod, Call, Content, Currency, HttpMethodChoice, IdempotencyKey,
    KeyMode, KeyPolicy, MessageClass, MessageText, Money, NoticeScope, Outcome, PhoneNumber, ReceiptWish, Refusal,
    Registration, Secret, SecretRole, SendCall, SenderId, Telling,
};
use whimbrel_dialects::Claim;
use whimbrel_engine::{AddedSecret, NewCustomer, Origin, Reload};
use whimbrel_store::{AccountPatch, Store};

use crate::PRICE;
use crate::support::{Folder, Gateway, Setup, soon};

fn send(code: &str, idempotency: Option<IdempotencyKey>) -> Call {
    Call::Send(Box::new(SendCall {
        recipient: PhoneNumber::parse("447700900123").expect("a number"),
        sender: SenderId::parse("OTP").expect("a sender"),
        content: Content::Text {
            text: MessageText::with_code("{code} is it", code).expect("a code"),
            alphabet: Alphabet::Detect,
        },
        handset_class: None,
        network: None,
        registration: Registration::default(),
        receipt: ReceiptWish::Wanted,
        callback: None,
        telling: Telling { scope: NoticeScope::End, ..Telling::default() },
        application: None,
        client_ref: None,
        account_ref: None,
        validity: None,
        due_at: None,
        class: None,
        idempotency,
        carrier: None,
        mode: KeyMode::Live,
    }))
}

async fn with_key(gateway: &Gateway, key: &str, call: Call) -> Outcome {
    let claim = Claim::SecretKey { secret: Secret::new(key), method: AuthMethod::SecretKey, signable: Signable::No };
    let (engine, dialect) = (Arc::clone(&gateway.engine), gateway.dialect);
    soon(engine.handle(dialect, Origin::default(), Ok(claim), Ok(call))).await
}

async fn patch(gateway: &Gateway, change: impl FnOnce(AccountPatch) -> AccountPatch) {
    let now = gateway.engine.world().now();
    gateway.engine.patch_account(change(AccountPatch::new(gateway.account(), now))).await.expect("patched");
}

#[tokio::test]
async fn a_recipient_is_braked_and_a_repeated_request_is_not() {
    let folder = Folder::new("otp-brake");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let rules = AccountRules { recipient_seconds_min: 20, ..AccountRules::OPEN };
    patch(&gateway, |patch| AccountPatch { rules: Some(rules), ..patch }).await;
    let key = IdempotencyKey { key: "order 7".into(), request_digest: [1; 32] };
    let first = soon(gateway.ask(send("482917", Some(key.clone())))).await.expect("no panic");
    assert!(matches!(first, Outcome::Sent(_)), "{first:?}");
    let again = soon(gateway.ask(send("482917", Some(key.clone())))).await.expect("no panic");
    assert_eq!(again, first, "the stored answer");
    let other = IdempotencyKey { request_digest: [2; 32], ..key };
    for call in [send("482917", None), send("482918", Some(other))] {
        let refused = soon(gateway.ask(call)).await.expect("no panic");
        assert!(matches!(refused, Outcome::Refused(Refusal::RecipientThrottled { .. })), "{refused:?}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn what_was_not_sent_does_not_count_for_the_brake() {
    let folder = Folder::new("otp-brake-money");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let rules = AccountRules { recipient_seconds_min: 20, ..AccountRules::OPEN };
    let cap = |units| KeyPolicy { spend_per_day_max: Some(Money::new(units, Currency::EUR)), ..KeyPolicy::default() };
    patch(&gateway, |patch| AccountPatch { rules: Some(rules), policy: Some(cap(0)), ..patch }).await;
    for _ in 0..2 {
        let refused = soon(gateway.ask(send("482917", None))).await.expect("no panic");
        assert!(matches!(refused, Outcome::Refused(Refusal::SpendCapReached { .. })), "{refused:?}");
    }
    patch(&gateway, |patch| AccountPatch { policy: Some(cap(PRICE)), ..patch }).await;
    assert!(matches!(soon(gateway.ask(send("482917", None))).await.expect("no panic"), Outcome::Sent(_)));
    gateway.stop().await;
}

#[tokio::test]
async fn an_account_words_its_codes_and_nothing_else() {
    let folder = Folder::new("otp-words");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let otp = OtpSettings { template: Some("Acme: {code}".into()), sender: SenderId::parse("Acme") };
    patch(&gateway, |patch| AccountPatch { otp: Some(otp.clone()), ..patch }).await;
    let entry = gateway.engine.directory().by_id(gateway.account()).expect("there");
    assert_eq!(entry.account.otp, otp);
    let said = |part: &whimbrel_core::Submission| whimbrel_sms::gsm7::decode(part.content.body());
    assert!(matches!(soon(gateway.ask(send("482917", None))).await.expect("no panic"), Outcome::Sent(_)));
    let part = gateway.next_submission().await;
    assert_eq!((said(&part).as_str(), part.sender.as_str()), ("Acme: 482917", "Acme"));
    assert!(matches!(soon(gateway.send("hello")).await.expect("no panic"), Outcome::Sent(_)));
    assert_eq!(said(&gateway.next_submission().await), "hello");
    gateway.stop().await;
}

#[tokio::test]
async fn a_test_key_needs_a_simulator_and_never_touches_the_wallet() {
    let folder = Folder::new("otp-test-key");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let test_key = AddedSecret::Key(Secret::new("test_1"), KeyMode::Test);
    gateway.engine.add_secret(gateway.account(), test_key).await.expect("added");
    // The only carrier of this gateway may be a real one.
    let refused = with_key(&gateway, "test_1", send("482917", None)).await;
    assert!(matches!(refused, Outcome::Refused(Refusal::Unroutable { .. })), "{refused:?}");
    let snapshot = gateway.engine.snapshot();
    let carrier = snapshot.routes[0].carriers[0];
    let snapshot = whimbrel_core::Snapshot { test_carrier: Some(carrier), ..(*snapshot).clone() };
    gateway.engine.reload(Reload { snapshot, carriers: Vec::new(), summary: "".into() }).await;
    let (held, posted) = gateway.held_and_posted();
    let Outcome::Sent(accepted) = with_key(&gateway, "test_1", send("482917", None)).await else { panic!("refused") };
    assert_eq!(accepted.parts[0].price.units, 0);
    assert_eq!(gateway.held_and_posted(), (held, posted));
    gateway.stop().await;
}

#[tokio::test]
async fn who_signs_up_has_the_account_and_its_credit_at_once() {
    let folder = Folder::new("otp-sign-up");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let id = AccountId(gateway.engine.world().next_id());
    let account = Account {
        id,
        key: "fresh".into(),
        name: "".into(),
        currency: Currency::EUR,
        status: AccountStatus::Active,
        default_class: MessageClass::Otp,
        capture_on: CaptureOn::Delivery,
        webhook_method: HttpMethodChoice::PostJson,
        endpoints: Vec::new(),
        rules: AccountRules::OPEN,
        otp: OtpSettings::default(),
        signing: Default::default(),
        policy: Default::default(),
        lists: Arc::default(),
    };
    let customer = NewCustomer {
        account,
        dialect: gateway.dialect.descriptor().id.into(),
        secret: Secret::new("live_fresh"),
        role: SecretRole::Key(KeyMode::Live),
        signature_secret: Secret::new("signature"),
        free_credit: Some(Money::new(2 * PRICE, Currency::EUR)),
    };
    gateway.engine.create_account(customer).await.expect("made");
    for _ in 0..2 {
        let sent = with_key(&gateway, "live_fresh", send("482917", None)).await;
        assert!(matches!(sent, Outcome::Sent(_)), "{sent:?}");
    }
    let refused = with_key(&gateway, "live_fresh", send("482917", None)).await;
    assert!(matches!(refused, Outcome::Refused(Refusal::InsufficientFunds { .. })), "{refused:?}");
    let view = gateway.store.account(id).expect("readable").expect("there");
    assert_eq!((view.wallet.free_credit.units, view.wallet.held.units), (0, 2 * PRICE));
    gateway.stop().await;
}
