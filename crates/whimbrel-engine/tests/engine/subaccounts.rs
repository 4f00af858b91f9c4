//! Accounts below others: calls on their behalf, by the key of the account above.

use whimbrel_core::{AccountRules, Recipients, Senders};
use whimbrel_dialects::http::HttpRequest;
use whimbrel_dialects::{Dialect, Match, registry};
use whimbrel_engine::Origin;
use whimbrel_store::AccountPatch;

use crate::support::{Folder, Gateway, PRICE, Setup, soon};

const KEY: &str = "7700000000000000000000000000000000000000000000000000000000000009";
const SIGNING_KEY: &str = "testsigningkey";

fn dialect() -> &'static dyn Dialect {
    registry::by_name("seven").expect("it is built in")
}

/// A gateway with an account that has 100 and a key.
async fn started(folder: &Folder) -> Gateway {
    let mut gateway = Gateway::start(folder, Setup::default()).await;
    gateway.dialect = dialect();
    gateway.open_with_secret_key("key", KEY, SIGNING_KEY).await;
    gateway
}

/// Asks with these headers besides the key, and gives status and body.
async fn ask(gateway: &Gateway, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut all: Vec<(&str, &[u8])> =
        vec![("host", b"sms.example:8080"), ("x-api-key", KEY.as_bytes()), ("accept", b"application/json")];
    all.extend(headers.iter().map(|(name, value)| (*name, value.as_bytes())));
    let request = HttpRequest { method, path, query, headers: &all, body: body.as_bytes() };
    let Match::Parsed(parsed) = dialect().read(&request, 1, gateway.engine.world().now()) else { panic!("{line}") };
    let outcome = soon(gateway.engine.handle(dialect(), Origin::default(), parsed.claim, parsed.call)).await;
    let answer = dialect().render(&outcome, &parsed.reply);
    (answer.status, String::from_utf8(answer.body).expect("UTF-8"))
}

/// Makes a subaccount and names it.
async fn made(gateway: &Gateway, name: &str) -> String {
    let (_, body) =
        ask(gateway, "POST /api/subaccounts/create", &[], &format!("name={name}&email={name}@a.example")).await;
    let made: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    made["subaccount"]["id"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

async fn balance(gateway: &Gateway, headers: &[(&str, &str)]) -> String {
    ask(gateway, "GET /api/balance", headers, "").await.1
}

#[tokio::test]
async fn who_calls_on_behalf_of_a_subaccount_spends_its_money_and_sees_its_things() {
    let folder = Folder::new("subaccounts");
    let mut gateway = started(&folder).await;
    let below = made(&gateway, "ada").await;
    let behalf = [("x-account-id", &*below)];
    assert_eq!(balance(&gateway, &behalf).await, r#"{"amount":0.0,"currency":"EUR"}"#);
    let (_, refused) = ask(&gateway, "POST /api/sms", &behalf, "to=447700900001&text=hi").await;
    assert!(refused.contains("\"success\":\"500\""), "it has nothing: {refused}");
    let moved = ask(&gateway, "POST /api/subaccounts/transfer_credits", &[], &format!("id={below}&amount=2.5")).await;
    assert_eq!(moved, (200, r#"{"error":null,"success":true}"#.to_owned()));
    assert_eq!(balance(&gateway, &behalf).await, r#"{"amount":2.5,"currency":"EUR"}"#);
    assert_eq!(balance(&gateway, &[]).await, r#"{"amount":97.5,"currency":"EUR"}"#);
    let (_, sent) = ask(&gateway, "POST /api/sms", &behalf, "to=447700900001&text=hi").await;
    assert!(sent.contains("\"success\":\"100\""), "{sent}");
    gateway.next_submission().await;
    assert_eq!(
        balance(&gateway, &behalf).await,
        format!("{{\"amount\":{},\"currency\":\"EUR\"}}", 2.5 - PRICE as f64 / 1e8)
    );
    assert_eq!(balance(&gateway, &[]).await, r#"{"amount":97.5,"currency":"EUR"}"#);
    // What it sent is in its journal, and in nobody else's.
    let journal = "GET /api/journal/outbound";
    assert!(ask(&gateway, journal, &behalf, "").await.1.contains("447700900001"));
    assert_eq!(ask(&gateway, journal, &[], "").await.1, "[]");
    // It has none below itself, and what is more than the account has is not moved.
    let own = ask(&gateway, "POST /api/subaccounts/create", &behalf, "name=x&email=x@a.example").await.1;
    assert!(own.contains("subaccount itself"), "{own}");
    let too_much = format!("id={below}&amount=97.6");
    assert!(
        ask(&gateway, "POST /api/subaccounts/transfer_credits", &[], &too_much).await.1.contains("not have that much")
    );
    // Nobody, and nothing that is a number, is nobody's subaccount.
    for nobody in ["", "0", "7", "-1", "x", "18446744073709551616"] {
        let told = ask(&gateway, "GET /api/balance", &[("x-account-id", nobody)], "").await;
        assert_eq!(told, (403, "\"902\"".to_owned()), "{nobody:?}");
    }
    // Over a restart it is the same; once it is given up, its money is back and it is nobody's.
    gateway.stop().await;
    let gateway = started(&folder).await;
    assert!(balance(&gateway, &behalf).await.contains("2.46"));
    assert!(ask(&gateway, "POST /api/subaccounts/delete", &[], &format!("id={below}")).await.1.contains("true"));
    assert_eq!(ask(&gateway, "GET /api/balance", &behalf, "").await, (403, "\"902\"".to_owned()));
    assert_eq!(ask(&gateway, "GET /api/subaccounts/list", &[], "").await.1, "[]");
    assert!(balance(&gateway, &[]).await.contains("99.9"));
    let store = gateway.stop().await;
    let audit = store.audit().expect("readable");
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_the_operator_forbids_an_account_its_subaccounts_may_not_do_either() {
    let folder = Folder::new("subaccounts-rules");
    let gateway = started(&folder).await;
    let below = made(&gateway, "eve").await;
    let behalf = [("x-account-id", &*below)];
    ask(&gateway, "POST /api/subaccounts/transfer_credits", &[], &format!("id={below}&amount=10")).await;
    let send = |text: &'static str| ask(&gateway, "POST /api/sms", &behalf, text);
    assert!(send("to=447700900001&from=Evil&text=a").await.1.contains("\"success\":\"100\""));
    let above = gateway.engine.directory().by_key("seven", "key").expect("there").account.id;
    for (rules, refused) in [
        (AccountRules { recipients: Recipients::Permitted, ..AccountRules::default() }, "to=447700900001&text=b"),
        (AccountRules { senders: Senders::Listed, ..AccountRules::default() }, "to=447700900001&from=Evil&text=c"),
    ] {
        let patch = AccountPatch { rules: Some(rules), ..AccountPatch::new(above, gateway.engine.world().now()) };
        gateway.engine.patch_account(patch).await.expect("stored");
        let (_, told) = send(refused).await;
        assert!(!told.contains("\"success\":\"100\""), "{rules:?}: {told}");
    }
}

#[tokio::test]
async fn a_subaccount_is_refilled_as_long_as_the_account_above_has_money() {
    let folder = Folder::new("subaccounts-refill");
    let mut gateway = started(&folder).await;
    let below = made(&gateway, "bob").await;
    let behalf = [("x-account-id", &*below)];
    let update = |threshold: &str, amount: &str| format!("id={below}&threshold={threshold}&amount={amount}");
    // It has less already.
    ask(&gateway, "POST /api/subaccounts/update", &[], &update("1", "30")).await;
    assert!(balance(&gateway, &behalf).await.contains("30.0"));
    ask(&gateway, "POST /api/subaccounts/update", &[], &update("29.99", "40")).await;
    assert!(balance(&gateway, &behalf).await.contains("30.0"), "it has more");
    let (_, sent) = ask(&gateway, "POST /api/sms", &behalf, "to=447700900001&text=hi").await;
    assert!(sent.contains("\"success\":\"100\""), "{sent}");
    gateway.next_submission().await;
    assert!(balance(&gateway, &behalf).await.contains("69.9667"));
    assert!(balance(&gateway, &[]).await.contains("30.0"));
    // What the account above lacks is not moved, and hinders nothing.
    ask(&gateway, "POST /api/subaccounts/update", &[], &update("80", "40")).await;
    let (_, sent) = ask(&gateway, "POST /api/sms", &behalf, "to=447700900001&text=hi").await;
    assert!(sent.contains("\"success\":\"100\"") && balance(&gateway, &[]).await.contains("30.0"), "{sent}");
    let store = gateway.stop().await;
    let audit = store.audit().expect("readable");
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_signed_request_counts_once_on_whosesoever_behalf_it_is_sent() {
    use whimbrel_signing::UnixSeconds;
    use whimbrel_signing::seven::{Nonce, Request, Stamp, sign};
    let folder = Folder::new("subaccounts-signed");
    let gateway = started(&folder).await;
    let (one, two) = (made(&gateway, "one").await, made(&gateway, "two").await);
    let now = gateway.engine.world().now().unix_seconds();
    let nonce = "00112233445566778899aabbccddeeff";
    let stamp = Stamp { timestamp: UnixSeconds(now), nonce: Nonce::new(nonce).expect("a nonce") };
    let request = Request { method: "GET", url: "https://sms.example:8080/api/balance", body: b"" };
    let signature = sign(&request, stamp, whimbrel_signing::Secret::new(SIGNING_KEY)).into_string();
    let now = now.to_string();
    let signed =
        |below| [("x-account-id", below), ("x-signature", &*signature), ("x-timestamp", &*now), ("x-nonce", nonce)];
    assert_eq!(ask(&gateway, "GET /api/balance", &signed(&one), "").await.0, 200);
    // The signature does not cover the header that names the subaccount.
    assert_eq!(ask(&gateway, "GET /api/balance", &signed(&two), "").await, (401, "\"901\"".to_owned()));
    gateway.stop().await;
}
