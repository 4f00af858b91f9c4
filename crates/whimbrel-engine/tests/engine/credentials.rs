//! Who may call: secrets of both kinds, their policy, failures, and changes of secrets and keys under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use whimbrel_core::{
    AccountId, AuthMethod, Choice, KeyPolicy, Outcome, Refusal, Scope, Secret, SecretId, SecretKind, SecretRefusal,
    SignatureRule, Span,
};
use whimbrel_engine::failures::FailureRules;
use whimbrel_engine::{AddedSecret, SecretError};
use whimbrel_store::{AccountPatch, Keyring};

use crate::support::{Folder, Gateway, Setup, soon};

const HERE: &str = "192.0.2.1";

/// What a request with that secret comes to.
async fn try_as(gateway: &Gateway, key: &str, secret: &str, source: &str) -> Result<(), Refusal> {
    match soon(gateway.send_as(key, secret, source, "hello")).await.expect("no panic") {
        Outcome::Sent(_) => Ok(()),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("a text was answered with {other:?}"),
    }
}

async fn with(gateway: &Gateway, secret: &str) -> Result<(), Refusal> {
    try_as(gateway, "key", secret, HERE).await
}

async fn add(gateway: &Gateway, secret: &str, kind: SecretKind) -> Result<SecretId, SecretRefusal> {
    let secret = match kind {
        SecretKind::Generated => AddedSecret::Generated(Secret::new(secret)),
        SecretKind::Chosen => AddedSecret::Chosen(Secret::new(secret)),
    };
    match gateway.engine.add_secret(gateway.account(), secret).await {
        Ok(known) => Ok(known.id),
        Err(SecretError::Refused(why)) => Err(why),
        Err(error) => panic!("{error}"),
    }
}

async fn revoke(gateway: &Gateway, id: SecretId) -> Result<(), SecretRefusal> {
    match gateway.engine.revoke_secret(gateway.account(), id).await {
        Ok(()) => Ok(()),
        Err(SecretError::Refused(why)) => Err(why),
        Err(error) => panic!("{error}"),
    }
}

async fn allow(gateway: &Gateway, policy: KeyPolicy) {
    let now = gateway.engine.world().now();
    let patch = AccountPatch { policy: Some(policy), ..AccountPatch::new(gateway.account(), now) };
    gateway.engine.patch_account(patch).await.expect("patched");
}

#[tokio::test]
async fn secrets_come_and_go_and_what_is_gone_is_gone_at_once() {
    let folder = Folder::new("secrets");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let first = gateway.engine.secrets(gateway.account()).expect("there")[0].id;
    assert_eq!(revoke(&gateway, first).await, Err(SecretRefusal::Last));
    for (weak, _) in [("short1A", ()), ("nocapital1", ()), ("Nodigits", ())] {
        assert!(matches!(add(&gateway, weak, SecretKind::Chosen).await, Err(SecretRefusal::Weak(_))), "{weak}");
    }
    let chosen = add(&gateway, "Chosen123", SecretKind::Chosen).await.expect("added");
    assert_eq!(add(&gateway, "Another123", SecretKind::Chosen).await, Err(SecretRefusal::TooMany));
    assert_eq!(
        add(&gateway, "Chosen123", SecretKind::Chosen).await,
        Err(SecretRefusal::TooMany),
        "the limit comes first"
    );
    // Cold, then from memory.
    for _ in 0..2 {
        assert_eq!(with(&gateway, "Chosen123").await, Ok(()));
        assert_eq!(with(&gateway, "secret").await, Ok(()));
        assert_eq!(with(&gateway, "Chosen124").await, Err(Refusal::BadCredentials));
        assert_eq!(try_as(&gateway, "nokey", "Chosen123", HERE).await, Err(Refusal::BadCredentials));
    }
    revoke(&gateway, first).await.expect("revoked");
    assert_eq!(with(&gateway, "secret").await, Err(Refusal::BadCredentials));
    assert_eq!(add(&gateway, "Chosen123", SecretKind::Chosen).await, Err(SecretRefusal::InUse));
    gateway.stop().await;

    let gateway = Gateway::start(&folder, Setup::default()).await;
    assert_eq!(with(&gateway, "Chosen123").await, Ok(()));
    assert_eq!(with(&gateway, "secret").await, Err(Refusal::BadCredentials));
    let second = add(&gateway, "Second123", SecretKind::Chosen).await.expect("added");
    assert_eq!(with(&gateway, "Second123").await, Ok(()));
    revoke(&gateway, chosen).await.expect("revoked");
    assert_eq!(with(&gateway, "Chosen123").await, Err(Refusal::BadCredentials), "its proof went with it");
    assert_eq!(with(&gateway, "Second123").await, Ok(()));
    assert_eq!(revoke(&gateway, second).await, Err(SecretRefusal::Last));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_secret_that_is_revoked_while_it_is_compared_is_refused() {
    let folder = Folder::new("revoked-meanwhile");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    for round in 0..2 {
        let secret = format!("Chosen{round:03}");
        let id = add(&gateway, &secret, SecretKind::Chosen).await.expect("added");
        // Others are compared first, so that the secret is gone by the time that it is its turn. They are new ones each time: who has
        // guessed before waits behind those who have not.
        let others: Vec<_> = (0..8)
            .map(|other| gateway.send_as("nokey", "guess", &format!("198.51.{round}.{other}"), "hello"))
            .collect();
        // Their requests are on their way before the one that is to wait behind them.
        tokio::task::yield_now().await;
        let cold = gateway.send_as("key", &secret, HERE, "hello");
        assert_eq!(revoke(&gateway, id).await, Ok(()));
        let answer = soon(cold).await.expect("no panic");
        assert_eq!(answer, Outcome::Refused(Refusal::BadCredentials));
        assert_eq!(with(&gateway, &secret).await, Err(Refusal::BadCredentials));
        for other in others {
            soon(other).await.expect("no panic");
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_guesses_keeps_no_proved_or_generated_secret_out() {
    let folder = Folder::new("flood");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    add(&gateway, "Chosen123", SecretKind::Chosen).await.expect("added");
    assert_eq!(with(&gateway, "Chosen123").await, Ok(()));
    let guesses: Vec<_> = (0..200_u8)
        .map(|guess| gateway.send_as("nokey", &format!("Guess{guess:04}"), &format!("198.51.100.{guess}"), "hello"))
        .collect();
    // The queue for dear comparisons is full; these need none.
    for _ in 0..20 {
        assert_eq!(with(&gateway, "secret").await, Ok(()));
        assert_eq!(with(&gateway, "Chosen123").await, Ok(()));
    }
    // What does not fit is told so at once; the rest need not be waited for.
    let finished = || guesses.iter().filter(|guess| guess.is_finished()).count();
    gateway.until(|| finished() >= 100).await;
    let mut overloaded = 0;
    for guess in guesses {
        if !guess.is_finished() {
            guess.abort();
            continue;
        }
        match guess.await.expect("no panic") {
            Outcome::Refused(Refusal::BadCredentials) => {}
            Outcome::Refused(Refusal::Overloaded) => overloaded += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(overloaded >= 50, "{overloaded} of 200 did not fit");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_as_many_secrets_as_may_be_is_told_so_without_dear_work() {
    let folder = Folder::new("limits-first");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    add(&gateway, "Chosen123", SecretKind::Chosen).await.expect("added");
    let mut guesses = Vec::new();
    let mut turned_away = false;
    for round in 0..20 {
        let stranger = gateway.open(&format!("other{round:03}"), "Oth3rSecret", &format!("other {round}")).await;
        let more: Vec<_> = (0..100_u8)
            .map(|guess| {
                let source = format!("198.51.{round}.{guess}");
                gateway.send_as("nokey", &format!("Guess{guess:04}"), &source, "hello")
            })
            .collect();
        gateway.until(|| more.iter().any(tokio::task::JoinHandle::is_finished)).await;
        guesses.extend(more);
        // Whatever needs dear work is turned away while as much as may be waits; a place may just have become free.
        match gateway.engine.add_secret(stranger, AddedSecret::Chosen(Secret::new("Chosen123"))).await {
            Err(SecretError::Overloaded) => turned_away = true,
            Ok(_) => continue,
            Err(other) => panic!("{other}"),
        }
        break;
    }
    assert!(turned_away, "two thousand guesses left a place free every time");
    assert_eq!(add(&gateway, "Third1234", SecretKind::Chosen).await, Err(SecretRefusal::TooMany));
    for guess in guesses {
        guess.abort();
    }
    gateway.stop().await;
}

#[tokio::test]
async fn who_fails_too_often_is_not_looked_at() {
    let folder = Folder::new("failures");
    let failure_rules = FailureRules { per_key_max: 1, per_source_max: 2 };
    let gateway = Gateway::start(&folder, Setup { failure_rules, ..Setup::default() }).await;
    assert_eq!(with(&gateway, "secret").await, Ok(()));
    let elsewhere = "192.0.2.2";
    for key in ["key", "nokey"] {
        assert_eq!(try_as(&gateway, key, "wrong", elsewhere).await, Err(Refusal::BadCredentials));
        // Known or not, a key closes alike; also to the right secret from a place that was never seen with it.
        let closed = try_as(&gateway, key, "secret", "192.0.2.3").await;
        assert!(matches!(closed, Err(Refusal::TooManyFailures { wait }) if wait > Span::ZERO), "{closed:?}");
        if key == "key" {
            assert_eq!(with(&gateway, "secret").await, Ok(()), "who proved himself before is let in");
        }
    }
    assert!(
        matches!(try_as(&gateway, "fresh", "wrong", elsewhere).await, Err(Refusal::TooManyFailures { .. })),
        "the source is closed for every key"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_policy_says_how_from_where_and_what_for() {
    let folder = Folder::new("policy");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let networks = vec!["192.0.2.0/24".parse().expect("a network")];
    allow(&gateway, KeyPolicy { networks, ..KeyPolicy::default() }).await;
    assert_eq!(with(&gateway, "secret").await, Ok(()));
    for source in ["198.51.100.1", "::1", "nowhere"] {
        assert_eq!(try_as(&gateway, "key", "secret", source).await, Err(Refusal::SourceNotAllowed), "{source}");
        // Before the secret is proved the policy tells nothing.
        assert_eq!(try_as(&gateway, "key", "wrong", source).await, Err(Refusal::BadCredentials), "{source}");
    }
    allow(&gateway, KeyPolicy { methods: Choice::only(&[AuthMethod::Basic]), ..KeyPolicy::default() }).await;
    let method = AuthMethod::Parameters;
    assert_eq!(with(&gateway, "secret").await, Err(Refusal::MethodNotAllowed { method }));
    allow(&gateway, KeyPolicy { signature: SignatureRule::Required, ..KeyPolicy::default() }).await;
    assert_eq!(with(&gateway, "secret").await, Err(Refusal::SignatureRequired));
    allow(&gateway, KeyPolicy { scopes: Choice::only(&[Scope::Read]), ..KeyPolicy::default() }).await;
    assert_eq!(with(&gateway, "secret").await, Err(Refusal::ScopeNotAllowed { scope: Scope::Send }));
    let spend_per_day_max = Some(whimbrel_core::Money::new(crate::PRICE, whimbrel_core::Currency::EUR));
    allow(&gateway, KeyPolicy { spend_per_day_max, ..KeyPolicy::default() }).await;
    // One text was accepted today already.
    assert!(matches!(with(&gateway, "secret").await, Err(Refusal::SpendCapReached { .. })));
    gateway.stop().await;
}

#[tokio::test]
async fn the_overlap_of_signature_secrets_ends_by_itself() {
    let folder = Folder::new("overlap");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let account = gateway.account();
    let entry = || gateway.engine.directory().by_id(account).expect("there");
    let now = gateway.engine.rotate_signature_secret(account, Secret::new("next"), Span::millis(200)).await;
    let now = now.expect("rotated");
    assert_eq!(now, entry().signature_secrets);
    assert!(now.current.secret == Secret::new("next"));
    assert!(now.previous.expect("overlaps").secret.secret == Secret::new("signature"));
    gateway.until(|| entry().signature_secrets.previous.is_none()).await;
    let stranger = gateway.engine.rotate_signature_secret(AccountId(1), Secret::new("next"), Span::ZERO).await;
    assert!(stranger.is_err());
    let store = gateway.stop().await;
    drop(store);
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let entry = gateway.engine.directory().by_id(account).expect("there");
    assert!(
        entry.signature_secrets.current.secret == Secret::new("next") && entry.signature_secrets.previous.is_none()
    );
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_and_keys_rotate_under_load_without_one_refusal() {
    let folder = Folder::new("rotation");
    let gateway = Arc::new(Gateway::start(&folder, Setup { balance: 100_000, ..Setup::default() }).await);
    let secret = Arc::new(tokio::sync::RwLock::new("secret".to_owned()));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (gateway, secret, stop) = (Arc::clone(&gateway), Arc::clone(&secret), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut count = 0_u32;
                while !stop.load(Ordering::Acquire) {
                    // Held while the request is open, so that a revocation waits for those who still use the secret.
                    let now = secret.read().await;
                    assert_eq!(with(&gateway, &now).await, Ok(()), "after {count} requests");
                    count += 1;
                }
                count
            })
        })
        .collect();
    for round in 0..10 {
        let (kind, next) = match round % 2 {
            0 => (SecretKind::Generated, format!("generated{round}")),
            _ => (SecretKind::Chosen, format!("Chosen{round:03}")),
        };
        let old = gateway.engine.secrets(gateway.account()).expect("there").last().expect("one").id;
        add(&gateway, &next, kind).await.expect("added");
        *secret.write().await = next;
        revoke(&gateway, old).await.expect("revoked");
        gateway
            .engine
            .rotate_signature_secret(gateway.account(), Secret::new(format!("sign{round}")), Span::seconds(60))
            .await
            .expect("rotated");
        let rotated = gateway.engine.rotate_keys().await.expect("rotated");
        assert_eq!(rotated.resealed_count, 2, "the current signature secret and the one before");
    }
    stop.store(true, Ordering::Release);
    let mut count = 0;
    for client in clients {
        count += soon(client).await.expect("no refusal");
    }
    assert!(count >= 40, "{count} requests are no load");
    let keys = gateway.engine.keys();
    // Each key but the current one is there for the digests that were made with it, if at all.
    assert!(keys.len() <= 3, "{keys:?}");
    Arc::into_inner(gateway).expect("the clients are gone").stop().await;
}

#[tokio::test]
async fn a_change_of_keys_that_was_cut_short_goes_on_at_the_start() {
    let folder = Folder::new("keys-resume");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let account = gateway.account();
    gateway.stop().await;
    // A new key was made current, and the process ended.
    let keyring = Keyring::from_bytes([7; 32]);
    keyring.begin_rotation().expect("begun");
    let gateway = Gateway::start_with(&folder, Setup::default(), keyring.clone()).await;
    gateway.until(|| !keyring.is_rotating()).await;
    assert_eq!(with(&gateway, "secret").await, Ok(()));
    let entry = gateway.engine.directory().by_id(account).expect("there");
    assert!(entry.signature_secrets.current.secret == Secret::new("signature"));
    gateway.stop().await;
}
