//! What counts as a proof and what as a guess, and what work a request makes whose caller nobody knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use whimbrel_core::call::account::AccountCall;
use whimbrel_core::{ApplicationId, Call, Outcome, Refusal, ReplayKey, ReplayKind, ReplayMark, Secret, Span, Uuid};
use whimbrel_dialects::Claim;
use whimbrel_dialects::claim::{
    BearerToken, DelegatedKeys, DelegatedRequest, Delegation, SignatureFault, TokenFault, TokenKeys,
};
use whimbrel_engine::Origin;
use whimbrel_engine::failures::FailureRules;
use whimbrel_signing::jwt::PublicKey;

use crate::support::{Folder, Gateway, Setup, soon};
use crate::wire::{Pairs, Request, signed, status};

/// How often something was verified, and with what.
#[derive(Debug, Default, Clone)]
struct Work {
    verified: Arc<AtomicUsize>,
    /// Bits of the keys, or octets of the secrets, that it was verified with.
    size: Arc<AtomicUsize>,
}

impl Work {
    fn done(&self, size: usize) {
        self.verified.fetch_add(1, Ordering::Relaxed);
        self.size.fetch_add(size, Ordering::Relaxed);
    }

    fn taken(&self) -> (usize, usize) {
        (self.verified.swap(0, Ordering::Relaxed), self.size.swap(0, Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct CountedToken {
    application: ApplicationId,
    work: Work,
    verdict: Result<(), TokenFault>,
}

impl BearerToken for CountedToken {
    fn application(&self) -> ApplicationId {
        self.application
    }

    fn verify(&self, keys: &TokenKeys<'_>) -> Result<(), TokenFault> {
        let bits = |pem: &str| PublicKey::from_pem(pem).expect("a key that can be used").bits();
        self.work.done(keys.public_keys.iter().map(|pem| bits(pem)).sum::<u32>() as usize);
        self.verdict
    }
}

#[derive(Debug)]
struct CountedRequest {
    consumer: Box<str>,
    token: Option<Box<str>>,
    work: Work,
    verdict: Result<ReplayKey, SignatureFault>,
}

impl DelegatedRequest for CountedRequest {
    fn consumer(&self) -> &str {
        &self.consumer
    }

    fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    fn delegation(&self) -> Delegation {
        Delegation::Call
    }

    fn verify(&self, keys: &DelegatedKeys<'_>) -> Result<ReplayKey, SignatureFault> {
        let octets = |secret: &Secret| secret.expose().len();
        self.work.done(octets(keys.consumer) + keys.token.map_or(0, octets));
        self.verdict
    }
}

async fn ask(gateway: &Gateway, source: &str, claim: Claim) -> Result<(), Refusal> {
    let origin = Origin { address: source.parse().ok(), ..Origin::default() };
    let call = Call::Account(AccountCall::Balance);
    match soon(gateway.engine.handle(gateway.dialect, origin, Ok(claim), Ok(call))).await {
        Outcome::Account(_) => Ok(()),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

const BASIC: &str = "Basic a2V5OnNlY3JldA==";

/// An application of the account, by its API.
async fn application(gateway: &Gateway) -> ApplicationId {
    let request =
        Request { http: "POST", path: "/v2/applications", body: b"{\"name\":\"Shop\"}".to_vec(), ..Request::form(&[]) };
    let made = gateway.body_of(&request.with_header("authorization", BASIC), 201).await;
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    ApplicationId(Uuid::parse(made["id"].as_str().expect("an id")).expect("a UUID").0)
}

#[tokio::test]
async fn an_unknown_application_makes_the_work_of_a_wrong_signature() {
    let folder = Folder::new("proofs-token");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (known, work) = (application(&gateway).await, Work::default());
    let token =
        |application, verdict| Claim::Token(Box::new(CountedToken { application, work: work.clone(), verdict }));
    let wrong = Err(TokenFault::Invalid("mismatch"));
    assert_eq!(ask(&gateway, "::1", token(known, wrong)).await, Err(Refusal::BadCredentials));
    let of_known = work.taken();
    // Whatever a key of nobody says.
    for verdict in [wrong, Ok(()), Err(TokenFault::Expired), Err(TokenFault::Forbidden)] {
        assert_eq!(ask(&gateway, "::1", token(ApplicationId(1), verdict)).await, Err(Refusal::BadCredentials));
        assert_eq!(work.taken(), of_known, "as many keys, and as long");
    }
    assert_eq!(of_known, (1, 2_048));
}

#[tokio::test]
async fn an_unknown_consumer_or_token_makes_the_work_of_a_wrong_signature() {
    let folder = Folder::new("proofs-delegated");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let (consumer, _) = gateway.engine.create_consumer(gateway.account(), "Planner".into()).await.expect("made");
    let work = Work::default();
    let now = gateway.engine.world().now();
    let good = ReplayKey { kind: ReplayKind::Nonce, mark: ReplayMark::new([1; 32]), expires_at: now + Span::hours(1) };
    for (consumer, verdict) in
        [(&*consumer, Ok(good)), (&*consumer, Err(SignatureFault::Mismatch)), ("nobody", Ok(good))]
    {
        let request =
            CountedRequest { consumer: consumer.into(), token: Some("none".into()), work: work.clone(), verdict };
        let asked = ask(&gateway, "::1", Claim::Delegated(Box::new(request))).await;
        assert_eq!(
            (asked, work.taken()),
            (Err(Refusal::BadCredentials), (1, 64)),
            "{consumer}: two secrets of 32 octets"
        );
    }
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_told_so_and_is_no_guess() {
    let folder = Folder::new("proofs-expired");
    let failure_rules = FailureRules { per_key_max: 1, per_source_max: 2 };
    let gateway = Gateway::start(&folder, Setup { failure_rules, ..Setup::default() }).await;
    let (application, work) = (application(&gateway).await, Work::default());
    let token = |verdict| Claim::Token(Box::new(CountedToken { application, work: work.clone(), verdict }));
    for _ in 0..5 {
        let expired = ask(&gateway, "192.0.2.9", token(Err(TokenFault::Expired))).await;
        assert_eq!(expired, Err(Refusal::CredentialExpired));
    }
    assert_eq!(ask(&gateway, "192.0.2.9", token(Ok(()))).await, Ok(()));
    let wrong = Err(TokenFault::Invalid("mismatch"));
    assert_eq!(ask(&gateway, "192.0.2.8", token(wrong)).await, Err(Refusal::BadCredentials));
    let closed = ask(&gateway, "192.0.2.8", token(wrong)).await;
    assert!(matches!(closed, Err(Refusal::TooManyFailures { .. })), "a wrong one is a guess: {closed:?}");
}

#[tokio::test]
async fn a_stranger_with_a_copy_of_a_signed_request_proves_nothing() {
    let folder = Folder::new("proofs-copy");
    let failure_rules = FailureRules { per_key_max: 1, per_source_max: 100 };
    let gateway = Gateway::start(&folder, Setup { failure_rules, ..Setup::default() }).await;
    let now = gateway.clock().now().unix_seconds().to_string();
    let pairs: Pairs =
        [("api_key", "key"), ("to", "447700900123"), ("from", "Acme"), ("text", "hi"), ("timestamp", &now)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
    let request = Request::form(&signed(&pairs, whimbrel_core::SignatureMethod::Md5Hash, "signature"));
    let (customer, stranger) = ("192.0.2.1", "198.51.100.1");
    let first = gateway.answer_from(customer, &request).await;
    assert_eq!((status(&first), gateway.answer_from(stranger, &request).await), ("0", first.clone()));
    let try_as = async |source: &str, secret: &str| match soon(gateway.send_as("key", secret, source, "hi"))
        .await
        .expect("no panic")
    {
        Outcome::Sent(_) => Ok(()),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("{other:?}"),
    };
    assert_eq!(try_as("203.0.113.1", "wrong").await, Err(Refusal::BadCredentials));
    assert_eq!(try_as(customer, "secret").await, Ok(()), "the customer proved itself before the key was closed");
    let guess = try_as(stranger, "guess").await;
    assert!(matches!(guess, Err(Refusal::TooManyFailures { .. })), "a copy opens nothing: {guess:?}");
}
