//! What accounts ask of themselves: URLs are tested before they are stored, numbers are usable once they are bought.

use whimbrel_core::call::account::{AccountCall, AccountOutcome, AccountRefusal, SettingsChange};
use whimbrel_core::call::history::{RefusedSend, SentTo};
use whimbrel_core::call::numbers::{
    Features, NumberChoice, NumberKind, NumberSettings, NumbersCall, NumbersOutcome, NumbersRefusal,
};
use whimbrel_core::policy::Owned;
use whimbrel_core::{Call, CountryCode, Currency, EndpointKind, Money, Outcome, Refusal, Timestamp};
use whimbrel_engine::NewReload;
use whimbrel_store::{Offer, Store};

use super::support::{Folder, Gateway, Setup, soon};

const NUMBER: &str = "447700900901";

fn settings(inbound: Option<&str>, receipts: Option<&str>) -> Call {
    let (inbound_url, receipt_url) = (inbound.map(Box::from), receipts.map(Box::from));
    Call::Account(AccountCall::Settings(SettingsChange { inbound_url, receipt_url }))
}

fn choice() -> NumberChoice {
    NumberChoice { country: CountryCode::parse("GB").expect("two letters"), number: NUMBER.into(), target: None }
}

async fn offer(gateway: &Gateway, whole: i64) {
    let monthly = Money::new(whole * whimbrel_core::money::UNITS_PER_WHOLE, Currency::EUR);
    let NumberChoice { country, number, .. } = choice();
    let (kind, features) = (NumberKind::Mobile, Features::SMS);
    let offer = Offer { number, country, kind, features, monthly, purchase: monthly };
    assert_eq!(gateway.engine.offer_numbers(vec![offer]).await.expect("offered"), 1);
}

async fn ask(gateway: &Gateway, call: Call) -> Outcome {
    soon(gateway.ask(call)).await.expect("no panic")
}

fn endpoint(gateway: &Gateway, kind: EndpointKind) -> Option<String> {
    let entry = gateway.engine.directory().by_id(gateway.account()).expect("there");
    entry.account.endpoint(kind).map(|endpoint| endpoint.url.to_string())
}

#[tokio::test]
async fn a_url_is_stored_once_it_answered_its_test() {
    let folder = Folder::new("settings");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let before = endpoint(&gateway, EndpointKind::Receipt);

    let asked = gateway.ask(settings(Some("http://127.0.0.1:9/mo"), Some("http://127.0.0.1:9/dr")));
    let (test, answer) = soon(gateway.webhooks.recv()).await.expect("a test");
    assert_eq!((test.method, test.url.as_str(), test.body.len()), ("GET", "http://127.0.0.1:9/mo", 0));
    assert_eq!(endpoint(&gateway, EndpointKind::Inbound), None, "nothing is stored before the test is over");
    answer.send(200).expect("awaited");
    let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a test");
    answer.send(204).expect("awaited");
    let refused = AccountOutcome::Refused(AccountRefusal::EndpointUnreachable);
    assert_eq!(soon(asked).await.expect("no panic"), Outcome::Account(refused), "200 and nothing else");
    assert_eq!(endpoint(&gateway, EndpointKind::Inbound), None, "both or neither");
    assert_eq!(endpoint(&gateway, EndpointKind::Receipt), before);

    let asked = gateway.ask(settings(Some("http://127.0.0.1:9/mo"), None));
    let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a test");
    answer.send(200).expect("awaited");
    assert!(matches!(soon(asked).await, Ok(Outcome::Account(AccountOutcome::Settings(_)))));
    assert_eq!(endpoint(&gateway, EndpointKind::Inbound).as_deref(), Some("http://127.0.0.1:9/mo"));

    // What is there already is not tested again, nor is an end of it.
    for call in [settings(Some("http://127.0.0.1:9/mo"), None), settings(Some(""), None), settings(None, None)] {
        assert!(matches!(ask(&gateway, call).await, Outcome::Account(AccountOutcome::Settings(_))));
    }
    assert_eq!(endpoint(&gateway, EndpointKind::Inbound), None);
    assert!(gateway.webhooks.try_recv().is_err());
    gateway.stop().await;
}

#[tokio::test]
async fn an_account_cannot_start_many_tests_at_once() {
    let folder = Folder::new("url-tests");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let mut under_way = Vec::new();
    for index in 0..2 {
        let asked = gateway.ask(settings(Some(&format!("http://127.0.0.1:9/{index}")), None));
        under_way.push((asked, soon(gateway.webhooks.recv()).await.expect("a test").1));
    }
    let third = ask(&gateway, settings(Some("http://127.0.0.1:9/3"), None)).await;
    assert_eq!(third, Outcome::Refused(Refusal::Overloaded));
    for (asked, answer) in under_way {
        answer.send(200).expect("awaited");
        assert!(matches!(soon(asked).await, Ok(Outcome::Account(AccountOutcome::Settings(_)))));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_bought_number_is_the_accounts_at_once_and_after_a_restart() {
    let folder = Folder::new("numbers");
    let mut gateway = Gateway::start(&folder, Setup { balance: 5, ..Setup::default() }).await;
    offer(&gateway, 6).await;
    let refused = |refusal| Outcome::Numbers(NumbersOutcome::Refused(refusal));
    let buy = || Call::Numbers(NumbersCall::Buy(choice()));
    assert_eq!(ask(&gateway, buy()).await, refused(NumbersRefusal::InsufficientFunds));
    offer(&gateway, 2).await;
    let foreign = NumberChoice { target: Some("another".into()), ..choice() };
    assert_eq!(ask(&gateway, Call::Numbers(NumbersCall::Buy(foreign))).await, refused(NumbersRefusal::OtherAccount));

    // Whoever does not own a number makes us fetch nothing.
    let change = NumberSettings { inbound_url: Some("http://127.0.0.1:9/in".into()), ..NumberSettings::default() };
    let update = || Call::Numbers(NumbersCall::Update(choice(), Box::new(change.clone())));
    assert_eq!(ask(&gateway, update()).await, refused(NumbersRefusal::NotOwned));
    assert!(gateway.webhooks.try_recv().is_err());

    let at_once = [gateway.ask(buy()), gateway.ask(buy()), gateway.ask(buy())];
    let mut done = 0;
    for asked in at_once {
        match soon(asked).await.expect("no panic") {
            Outcome::Numbers(NumbersOutcome::Done) => done += 1,
            other => assert_eq!(other, refused(NumbersRefusal::NotForSale)),
        }
    }
    assert_eq!((done, gateway.held_and_posted().1), (1, 3 * 100_000_000), "sold and paid once");
    assert_eq!(gateway.engine.directory().owns(gateway.account(), NUMBER), Owned::Yes);

    let unknown = Some("aaaaaaaa-bbbb-cccc-dddd-0123456789ab".into());
    let unknown = Box::new(NumberSettings { application: unknown, ..NumberSettings::default() });
    let update_to_it = Call::Numbers(NumbersCall::Update(choice(), unknown));
    assert_eq!(ask(&gateway, update_to_it).await, refused(NumbersRefusal::UnknownApplication));

    let asked = gateway.ask(update());
    let (test, answer) = soon(gateway.webhooks.recv()).await.expect("a test");
    assert_eq!(test.url, "http://127.0.0.1:9/in");
    answer.send(200).expect("awaited");
    assert_eq!(soon(asked).await.expect("no panic"), Outcome::Numbers(NumbersOutcome::Done));
    let store = gateway.stop().await;
    assert!(store.audit().expect("readable").is_clean());
    drop(store);

    let gateway = Gateway::start(&folder, Setup { balance: 5, ..Setup::default() }).await;
    assert_eq!(gateway.engine.directory().owns(gateway.account(), NUMBER), Owned::Yes);
    let cancel = || Call::Numbers(NumbersCall::Cancel(choice()));
    assert_eq!(ask(&gateway, cancel()).await, Outcome::Numbers(NumbersOutcome::Done));
    assert_eq!(gateway.engine.directory().owns(gateway.account(), NUMBER), Owned::No);
    assert_eq!(ask(&gateway, cancel()).await, refused(NumbersRefusal::NotOwned));
    gateway.stop().await;
}

#[tokio::test]
async fn an_arranged_payment_is_called_up_by_its_reference() {
    let folder = Folder::new("reload");
    let gateway = Gateway::start(&folder, Setup { balance: 1, ..Setup::default() }).await;
    let top_up = |reference: &str| Call::Account(AccountCall::TopUp { reference: reference.into() });
    let none = Outcome::Account(AccountOutcome::Refused(AccountRefusal::NoReload));
    assert_eq!(ask(&gateway, top_up("T1")).await, none);
    let amount = Money::new(10 * 100_000_000, Currency::EUR);
    let reload = NewReload { account_id: gateway.account(), reference: "T1".into(), amount, times: 1 };
    gateway.engine.arrange_reload(reload).await.expect("arranged");
    assert_eq!(ask(&gateway, top_up("T1")).await, Outcome::Account(AccountOutcome::ToppedUp));
    let used_up = Outcome::Account(AccountOutcome::Refused(AccountRefusal::ReloadUsedUp));
    assert_eq!(ask(&gateway, top_up("T1")).await, used_up);
    assert_eq!(gateway.held_and_posted().1, 11 * 100_000_000);
    let dollars = Money::new(1, Currency::USD);
    let reload = NewReload { account_id: gateway.account(), reference: "T1".into(), amount: dollars, times: 1 };
    assert!(gateway.engine.arrange_reload(reload).await.is_err(), "a wallet has one currency");
    gateway.stop().await;
}

#[tokio::test]
async fn refused_requests_that_wait_are_written_when_the_engine_stops() {
    let folder = Folder::new("rejections");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (account, at) = (gateway.account(), gateway.engine.world().now());
    for _ in 0..10_000 {
        let send = RefusedSend {
            sender: "Acme".into(),
            recipient: "447700900123".into(),
            at,
            code: "7".into(),
            told: "barred".into(),
        };
        gateway.engine.note_rejection(account, send);
    }
    let store = gateway.stop().await;
    let within = SentTo { from: at, until: Timestamp(at.0 + 1), recipient: "447700900123".into() };
    let kept = store.rejections(account, &within).expect("readable").len();
    assert!((1..10_000).contains(&kept), "the last second's, and no flood: {kept}");
}
