//! OAuth 1.0a by whole requests: from a consumer to a text that it sends on behalf of another account.

use std::cell::Cell;

use whimbrel_core::policy::{KeyPolicy, SignatureRule};
use whimbrel_core::{AccountId, AccountStatus, AuthMethod, Choice, Member};
use whimbrel_dialects::Match;
use whimbrel_dialects::http::{HttpRequest, HttpResponse};
use whimbrel_engine::Origin;
use whimbrel_engine::failures::FailureRules;
use whimbrel_engine::oauth::OauthError;
use whimbrel_signing::oauth1::{Keys, Method, Protocol, Request, authorization};
use whimbrel_signing::{Secret, UnixSeconds};
use whimbrel_store::{AccountPatch, DocumentKind};

use crate::support::{Folder, Gateway, PRICE, Setup, soon};

const HOST: &str = "sms.example:8080";
const FORM: &str = "application/x-www-form-urlencoded";
const BACK: &str = "https://planner.example/back?a=b";

/// Asks and gives the answer.
async fn ask(gateway: &Gateway, line: &str, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = HttpRequest { method, path, query: Some(query), headers: &headers, body: body.as_bytes() };
    let dialect = whimbrel_dialects::registry::DIALECTS[0];
    match dialect.read(&request, 1, gateway.engine.world().now()) {
        Match::Parsed(parsed) => {
            let outcome = gateway.engine.handle(dialect, Origin::default(), parsed.claim, parsed.call).await;
            dialect.render(&outcome, &parsed.reply)
        }
        Match::Answered(response) => response,
        Match::NotMine => panic!("{line} is nobody's"),
    }
}

fn text(response: &HttpResponse) -> &str {
    std::str::from_utf8(&response.body).expect("UTF-8")
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> &'a str {
    response.headers.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value)
}

/// One value of a form.
fn value(form: &str, name: &str) -> String {
    let found = form_urlencoded::parse(form.as_bytes()).find(|(found, _)| found == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {form}")).1.into_owned()
}

/// What a consumer has.
struct Consumer {
    key: Box<str>,
    secret: Box<str>,
    token: Option<(String, String)>,
    nonce: Cell<u32>,
}

/// What stands beside the usual in a signature.
#[derive(Default, Clone, Copy)]
struct Beside<'a> {
    callback: Option<&'a str>,
    verifier: Option<&'a str>,
    method: Option<Method>,
    back_seconds: i64,
}

impl Consumer {
    async fn new(gateway: &Gateway) -> (AccountId, Self) {
        let account = gateway.open("planner1", "Plann3rSecret", "other").await;
        let (key, secret) = gateway.engine.create_consumer(account, "Planner & co".into()).await.expect("made");
        (account, Self { key, secret: secret.expose().into(), token: None, nonce: Cell::new(0) })
    }

    /// The header that signs a request.
    fn sign(&self, gateway: &Gateway, line: &str, form: &str, beside: Beside<'_>) -> String {
        self.sign_for(gateway, HOST, line, form, beside)
    }

    /// The same for the server of that name.
    fn sign_for(&self, gateway: &Gateway, host: &str, line: &str, form: &str, beside: Beside<'_>) -> String {
        let (method, target) = line.split_once(' ').expect("a method and a target");
        let url = format!("https://{host}{target}");
        self.nonce.set(self.nonce.get() + 1);
        let nonce = format!("n{}", self.nonce.get());
        let protocol = Protocol {
            consumer_key: &self.key,
            token: self.token.as_ref().map(|(token, _)| token.as_str()),
            timestamp: UnixSeconds(gateway.engine.world().now().unix_seconds() - beside.back_seconds),
            nonce: &nonce,
            method: beside.method.unwrap_or(Method::HmacSha1),
            callback: beside.callback,
            verifier: beside.verifier,
        };
        let token = self.token.as_ref().map(|(_, secret)| Secret::new(secret));
        let keys = Keys { consumer: Secret::new(&*self.secret), token };
        let form = (!form.is_empty()).then_some(form.as_bytes());
        authorization(&Request { method, url: &url, authorization: None, form }, &protocol, keys).expect("signed")
    }

    async fn signed(&self, gateway: &Gateway, line: &str, form: &str, beside: Beside<'_>) -> HttpResponse {
        let header = self.sign(gateway, line, form, beside);
        ask(gateway, line, &[("host", HOST), ("authorization", &header), ("content-type", FORM)], form).await
    }

    /// Asks for a request token and takes it.
    async fn begin(&mut self, gateway: &Gateway, callback: &str) -> String {
        let beside = Beside { callback: Some(callback), ..Beside::default() };
        let given = self.signed(gateway, "POST /oauth/request_token", "", beside).await;
        assert_eq!(given.status, 200, "{}", text(&given));
        let token = value(text(&given), "oauth_token");
        self.token = Some((token.clone(), value(text(&given), "oauth_token_secret")));
        token
    }

    /// Exchanges the request token.
    async fn exchange(&mut self, gateway: &Gateway, verifier: &str) -> u16 {
        let beside = Beside { verifier: Some(verifier), ..Beside::default() };
        let given = self.signed(gateway, "POST /oauth/access_token", "", beside).await;
        if given.status == 200 {
            self.token = Some((value(text(&given), "oauth_token"), value(text(&given), "oauth_token_secret")));
        }
        given.status
    }
}

/// Opens the page and sends its form, as a browser would.
async fn grant(gateway: &Gateway, token: &str, key: &str, secret: &str) -> HttpResponse {
    let page = ask(gateway, &format!("GET /oauth/authorize?oauth_token={token}"), &[("host", HOST)], "").await;
    assert_eq!(page.status, 200, "{}", text(&page));
    assert!(text(&page).contains("<h1>Planner &amp; co asks for access</h1>"), "{}", text(&page));
    let cookie = header(&page, "Set-Cookie").split(';').next().expect("a cookie");
    let mark = cookie.split_once('=').expect("a value").1;
    let form = format!("oauth_token={token}&mark={mark}&api_key={key}&api_secret={secret}");
    let origin = format!("https://{HOST}");
    let headers = [("host", HOST), ("cookie", cookie), ("content-type", FORM), ("origin", &origin)];
    ask(gateway, "POST /oauth/authorize", &headers, &form).await
}

/// A consumer to which `key` granted what it asked for.
async fn granted(gateway: &Gateway) -> (AccountId, Consumer) {
    let (account, mut consumer) = Consumer::new(gateway).await;
    let token = consumer.begin(gateway, BACK).await;
    let answer = grant(gateway, &token, "key", "secret").await;
    let back = header(&answer, "Location");
    let form = back.strip_prefix("https://planner.example/back?").expect("back to the consumer");
    assert_eq!((answer.status, value(form, "a"), value(form, "oauth_token")), (303, "b".to_owned(), token));
    assert_eq!(consumer.exchange(gateway, &value(form, "oauth_verifier")).await, 200);
    (account, consumer)
}

const SEND: &str = "/sms/json?from=Acme&to=447700900123&text=hello%20there";

#[tokio::test]
async fn a_consumer_sends_a_text_that_somebody_else_pays_for() {
    let folder = Folder::new("oauth-sends");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, consumer) = granted(&gateway).await;
    let sent = consumer.signed(&gateway, &format!("GET {SEND}"), "", Beside::default()).await;
    assert!(text(&sent).contains(r#""status": "0""#), "{}", text(&sent));
    soon(gateway.next_submission()).await;
    assert_eq!(gateway.held_and_posted().0, PRICE, "held by the account that granted");
    let form = "from=Acme&to=447700900123&text=two";
    let sent = consumer.signed(&gateway, "POST /sms/json", form, Beside::default()).await;
    assert!(text(&sent).contains(r#""status": "0""#), "{}", text(&sent));
    let balance = consumer.signed(&gateway, "GET /account/get-balance", "", Beside::default()).await;
    assert_eq!(balance.status, 200, "{}", text(&balance));
    let other = Beside { method: Some(Method::Plaintext), ..Beside::default() };
    let plain = consumer.signed(&gateway, &format!("GET {SEND}"), "", other).await;
    assert!(text(&plain).contains(r#""status": "4""#), "{}", text(&plain));
}

#[tokio::test]
async fn what_is_not_as_it_was_signed_is_refused() {
    let folder = Folder::new("oauth-tampered");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, mut consumer) = granted(&gateway).await;
    let line = format!("GET {SEND}");
    let by = |authorization: String, line: String, host: &'static str| {
        let gateway = &gateway;
        async move {
            let answer = ask(gateway, &line, &[("host", host), ("authorization", &authorization)], "").await;
            text(&answer).contains(r#""status": "4""#)
        }
    };
    let good = consumer.sign(&gateway, &line, "", Beside::default());
    assert!(by(good.clone(), line.replace("there", "where"), HOST).await, "another text");
    assert!(!by(good.clone(), line.clone(), HOST).await, "as signed");
    assert!(by(good, line.clone(), HOST).await, "the nonce again");
    for (back_seconds, is_refused) in [(299, false), (301, true), (-301, true)] {
        let stale = consumer.sign(&gateway, &line, "", Beside { back_seconds, ..Beside::default() });
        assert_eq!(by(stale, line.clone(), HOST).await, is_refused, "{back_seconds}");
    }
    let json = r#"{"from":"Acme","to":"447700900123","text":"hello"}"#;
    let header = consumer.sign(&gateway, "POST /sms/json", "", Beside::default());
    let headers = [("host", HOST), ("authorization", header.as_str()), ("content-type", "application/json")];
    let unsigned = ask(&gateway, "POST /sms/json", &headers, json).await;
    assert!(text(&unsigned).contains(r#""status": "4""#), "a body that no signature covers: {}", text(&unsigned));
    consumer.token = None;
    let without = consumer.sign(&gateway, &line, "", Beside::default());
    assert!(by(without, line.clone(), HOST).await, "no token");
    consumer.token = Some(("unknown".into(), "secret".into()));
    let unknown = consumer.sign(&gateway, &line, "", Beside::default());
    assert!(by(unknown, line, HOST).await, "an unknown token");
}

#[tokio::test]
async fn a_signature_for_another_server_is_none_of_ours_whatever_the_host_says() {
    let folder = Folder::new("oauth-address");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, consumer) = granted(&gateway).await;
    let line = "GET /account/get-balance";
    for (signed_for, host, status) in [
        (HOST, HOST, 200),
        // A proxy rewrote it.
        (HOST, "127.0.0.1:7670", 200),
        ("evil.example", "evil.example", 401),
        ("evil.example", HOST, 401),
    ] {
        let header = consumer.sign_for(&gateway, signed_for, line, "", Beside::default());
        let answer = ask(&gateway, line, &[("host", host), ("authorization", &header)], "").await;
        assert_eq!(answer.status, status, "signed for {signed_for}, sent to {host}");
    }
}

#[tokio::test]
async fn a_token_sends_texts_and_asks_for_the_balance_and_nothing_else() {
    let folder = Folder::new("oauth-scope");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, consumer) = granted(&gateway).await;
    for (line, form) in [
        ("POST /account/settings", "drCallBackUrl="),
        ("POST /account/top-up", "trx=T1"),
        ("GET /account/numbers", ""),
        ("GET /number/search?country=GB", ""),
        ("POST /number/buy", "country=GB&msisdn=447700900901"),
        ("GET /search/messages?date=2026-11-28&to=447700900123", ""),
        ("GET /account/get-pricing/outbound/sms?country=GB", ""),
        ("GET /v2/applications", ""),
        ("GET /accounts/key/secrets", ""),
    ] {
        assert_eq!(consumer.signed(&gateway, line, form, Beside::default()).await.status, 401, "{line}");
    }
    assert_eq!(consumer.signed(&gateway, "GET /account/get-balance", "", Beside::default()).await.status, 200);
}

#[tokio::test]
async fn a_grant_needs_the_account_and_its_verifier() {
    let folder = Folder::new("oauth-grant");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, mut consumer) = Consumer::new(&gateway).await;
    let token = consumer.begin(&gateway, "oob").await;
    assert_eq!(consumer.exchange(&gateway, "anything").await, 401, "not granted yet");
    assert_eq!(grant(&gateway, &token, "key", "wrong").await.status, 401);
    let answer = grant(&gateway, &token, "key", "secret").await;
    assert_eq!(answer.status, 200);
    let (_, after) = text(&answer).split_once("<b>").expect("the verifier is shown");
    let verifier = after.split_once("</b>").expect("to its end").0;
    let again = ask(&gateway, &format!("GET /oauth/authorize?oauth_token={token}"), &[("host", HOST)], "").await;
    assert_eq!(again.status, 401, "it was granted already");
    assert_eq!(consumer.exchange(&gateway, "wrong").await, 401);
    assert_eq!(consumer.exchange(&gateway, verifier).await, 200);
    let (request_token, access) = (token, consumer.token.clone());
    consumer.token = Some((request_token, access.expect("exchanged").1));
    assert_eq!(consumer.exchange(&gateway, verifier).await, 401, "exchanged already");
    let unknown = ask(&gateway, "GET /oauth/authorize?oauth_token=x", &[("host", HOST)], "").await;
    assert_eq!(unknown.status, 401);
}

#[tokio::test]
async fn grants_outlive_a_restart_and_end_when_they_are_revoked() {
    let folder = Folder::new("oauth-revoked");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (owner, consumer) = granted(&gateway).await;
    gateway.stop().await;
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let line = "GET /account/get-balance";
    assert_eq!(consumer.signed(&gateway, line, "", Beside::default()).await.status, 200);
    let grantor = gateway.account();
    let grants = gateway.engine.oauth_documents(grantor, DocumentKind::OauthGrant).await.expect("read");
    let tokens: Vec<_> = grants.iter().map(|grant| (&*grant.place.key, &*grant.json)).collect();
    let token = consumer.token.as_ref().map(|(token, _)| token.clone()).expect("granted");
    assert_eq!(tokens, [(token.as_str(), &*consumer.key)]);

    assert!(matches!(gateway.engine.revoke_grant(owner, &token).await, Err(OauthError::Unknown)), "not its own");
    gateway.engine.revoke_grant(grantor, &token).await.expect("revoked");
    assert_eq!(consumer.signed(&gateway, line, "", Beside::default()).await.status, 401);
}

#[tokio::test]
async fn a_consumer_that_is_removed_takes_its_grants_along() {
    let folder = Folder::new("oauth-removed");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (owner, consumer) = granted(&gateway).await;
    gateway.engine.remove_consumer(owner, &consumer.key).await.expect("removed");
    let line = "GET /account/get-balance";
    assert_eq!(consumer.signed(&gateway, line, "", Beside::default()).await.status, 401);
    let begin = consumer.signed(&gateway, "POST /oauth/request_token", "", Beside::default()).await;
    assert_eq!(begin.status, 401);
    let grants = gateway.engine.oauth_documents(gateway.account(), DocumentKind::OauthGrant).await.expect("read");
    assert!(grants.is_empty(), "{grants:?}");
}

#[tokio::test]
async fn a_consumer_whose_account_is_suspended_does_not_go_on_by_what_others_granted() {
    let folder = Folder::new("oauth-suspended");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (owner, consumer) = granted(&gateway).await;
    let now = gateway.engine.world().now();
    let suspend = AccountPatch { status: Some(AccountStatus::Suspended), ..AccountPatch::new(owner, now) };
    gateway.engine.patch_account(suspend).await.expect("suspended");
    let line = "GET /account/get-balance";
    assert_eq!(consumer.signed(&gateway, line, "", Beside::default()).await.status, 401);
}

/// Refuses or takes a request by its policy.
async fn allow(gateway: &Gateway, policy: KeyPolicy) {
    let now = gateway.engine.world().now();
    let patch = AccountPatch { policy: Some(policy), ..AccountPatch::new(gateway.account(), now) };
    gateway.engine.patch_account(patch).await.expect("patched");
}

#[tokio::test]
async fn a_request_that_is_refused_uses_no_nonce_up() {
    let folder = Folder::new("oauth-refused-nonce");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, consumer) = granted(&gateway).await;
    let methods: Vec<_> = AuthMethod::ALL.iter().copied().filter(|method| *method != AuthMethod::OAuth).collect();
    let closed = KeyPolicy { methods: Choice::only(&methods), ..KeyPolicy::default() };
    for line in ["GET /account/get-balance".to_owned(), format!("GET {SEND}")] {
        let header = consumer.sign(&gateway, &line, "", Beside::default());
        let headers = [("host", HOST), ("authorization", header.as_str())];
        let taken = async || {
            let answer = ask(&gateway, &line, &headers, "").await;
            answer.status == 200 && !text(&answer).contains(r#""status": "4""#)
        };
        allow(&gateway, closed.clone()).await;
        assert!(!taken().await, "{line}: by policy");
        allow(&gateway, KeyPolicy::default()).await;
        assert!(taken().await, "{line}: it may now, as it was signed");
        assert!(!taken().await, "{line}: the nonce again");
    }
}

#[tokio::test]
async fn what_was_good_once_is_no_guess() {
    let folder = Folder::new("oauth-no-guess");
    let failure_rules = FailureRules { per_key_max: 2, per_source_max: 2 };
    let gateway = Gateway::start(&folder, Setup { failure_rules, ..Setup::default() }).await;
    let (_, consumer) = granted(&gateway).await;
    let line = "GET /account/get-balance";
    let used = consumer.sign(&gateway, line, "", Beside::default());
    let token = consumer.token.as_ref().map(|(token, _)| token.clone()).expect("granted");
    for expected in [200, 401, 401, 401, 401] {
        let again = ask(&gateway, line, &[("host", HOST), ("authorization", &used)], "").await;
        assert_eq!(again.status, expected, "a nonce that was used");
    }
    assert_eq!(consumer.signed(&gateway, line, "", Beside::default()).await.status, 200);
    gateway.engine.revoke_grant(gateway.account(), &token).await.expect("revoked");
    for _ in 0..5 {
        assert_eq!(consumer.signed(&gateway, line, "", Beside::default()).await.status, 401, "a token that is over");
    }
    // 429 would say that the source is closed.
    let balance = "GET /account/get-balance?api_key=key&api_secret=secret";
    assert_eq!(ask(&gateway, balance, &[("host", HOST)], "").await.status, 200);
    let mut forged = consumer;
    forged.secret = "wrong".into();
    forged.token = None;
    let statuses = [401, 401, 429];
    for expected in statuses {
        let begin = forged.signed(&gateway, "POST /oauth/request_token", "", Beside::default()).await;
        assert_eq!(begin.status, expected, "a wrong secret is a guess");
    }
}

#[tokio::test]
async fn where_signatures_are_required_key_and_secret_grant_nothing_and_change_nothing() {
    let folder = Folder::new("oauth-required");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (_, mut consumer) = Consumer::new(&gateway).await;
    let basic = [("host", HOST), ("authorization", "Basic a2V5OnNlY3JldA=="), ("content-type", "application/json")];
    let unsigned = [
        ("GET /v2/applications", ""),
        ("POST /v2/applications", r#"{"name":"Mine"}"#),
        ("GET /accounts/key/secrets", ""),
        ("POST /accounts/key/secrets", r#"{"secret":"Another123"}"#),
        ("GET /account/get-balance", ""),
        ("POST /account/settings", "drCallBackUrl="),
        ("GET /account/numbers", ""),
        ("GET /search/messages?date=2026-11-28&to=1", ""),
    ];
    for (rule, is_open) in [(SignatureRule::Required, false), (SignatureRule::WherePossible, true)] {
        allow(&gateway, KeyPolicy { signature: rule, ..KeyPolicy::default() }).await;
        for (line, body) in unsigned {
            let status = ask(&gateway, line, &basic, body).await.status;
            assert_eq!(status != 401, is_open, "{rule:?} {line}: {status}");
        }
        let token = consumer.begin(&gateway, "oob").await;
        assert_eq!(grant(&gateway, &token, "key", "secret").await.status == 200, is_open, "{rule:?}: a grant");
        let sent = ask(&gateway, &format!("GET {SEND}"), &basic[..2], "").await;
        assert!(text(&sent).contains(r#""status": "14""#), "{rule:?}: a text could be signed: {}", text(&sent));
        consumer.token = None;
    }
}
