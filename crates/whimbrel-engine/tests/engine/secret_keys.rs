//! Secret keys: credentials that name their account by themselves.

use std::sync::Arc;

use whimbrel_core::call::account::{AccountCall, SettingsChange};
use whimbrel_core::policy::Signable;
use whimbrel_core::{
    AuthMethod, Call, Choice, KeyMode, KeyPolicy, MessageCall, Outcome, Refusal, ReplayKey, ReplayKind, ReplayMark,
    Scope, Secret, SecretId, SecretRefusal, SignatureRule, Span,
};
use whimbrel_dialects::Claim;
use whimbrel_dialects::claim::{Explained, KeySignature, SignatureFault, SigningKeys, Verified};
use whimbrel_engine::failures::FailureRules;
use whimbrel_engine::{AddedSecret, Origin, SecretError};
use whimbrel_store::{AccountPatch, Keyring};

use crate::support::{Folder, Gateway, Setup, soon};

/// What a request with that key comes to; the balance is asked for.
async fn with(gateway: &Gateway, key: &str, source: &str) -> Result<(), Refusal> {
    let (engine, dialect) = (Arc::clone(&gateway.engine), gateway.dialect);
    let claim = Claim::SecretKey { secret: Secret::new(key), method: AuthMethod::SecretKey, signable: Signable::No };
    let origin = Origin { address: source.parse().ok(), ..Origin::default() };
    match soon(engine.handle(dialect, origin, Ok(claim), Ok(Call::Account(AccountCall::Balance)))).await {
        Outcome::Account(_) => Ok(()),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("a question for the balance was answered with {other:?}"),
    }
}

async fn add(gateway: &Gateway, key: &str, mode: KeyMode) -> Result<SecretId, SecretRefusal> {
    match gateway.engine.add_secret(gateway.account(), AddedSecret::Key(Secret::new(key), mode)).await {
        Ok(known) => Ok(known.id),
        Err(SecretError::Refused(why)) => Err(why),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_key_is_good_from_its_making_to_its_end_over_restarts_and_changes_of_keys() {
    let folder = Folder::new("secret-keys");
    let keyring = Keyring::from_bytes([7; 32]);
    let gateway = Gateway::start_with(&folder, Setup::default(), keyring.clone()).await;
    assert_eq!(with(&gateway, "live_1", "::1").await, Err(Refusal::BadCredentials));
    let live = add(&gateway, "live_1", KeyMode::Live).await.expect("added");
    add(&gateway, "test_1", KeyMode::Test).await.expect("added");
    assert_eq!(add(&gateway, "live_1", KeyMode::Live).await, Err(SecretRefusal::InUse));
    // A half is no key, and a key is no half.
    assert_eq!(with(&gateway, "secret", "::1").await, Err(Refusal::BadCredentials));
    let as_half = soon(gateway.send_as("key", "live_1", "::1", "hello")).await.expect("no panic");
    assert_eq!(as_half, Outcome::Refused(Refusal::BadCredentials));

    gateway.engine.rotate_keys().await.expect("rotated");
    assert_eq!(
        add(&gateway, "live_1", KeyMode::Live).await,
        Err(SecretRefusal::InUse),
        "digested by the key of before"
    );
    add(&gateway, "live_2", KeyMode::Live).await.expect("added");
    for key in ["live_1", "live_2", "test_1"] {
        assert_eq!(with(&gateway, key, "::1").await, Ok(()), "{key}");
    }
    gateway.engine.revoke_secret(gateway.account(), live).await.expect("revoked");
    assert_eq!(with(&gateway, "live_1", "::1").await, Err(Refusal::BadCredentials));
    gateway.stop().await;
    let gateway = Gateway::start_with(&folder, Setup::default(), keyring).await;
    assert_eq!(with(&gateway, "live_1", "::1").await, Err(Refusal::BadCredentials));
    for key in ["live_2", "test_1"] {
        assert_eq!(with(&gateway, key, "::1").await, Ok(()), "{key}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_key_keeps_to_the_policy_and_a_guess_learns_nothing_of_it() {
    let folder = Folder::new("secret-key-policy");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    add(&gateway, "live_1", KeyMode::Live).await.expect("added");
    let allow = async |policy: KeyPolicy| {
        let now = gateway.engine.world().now();
        let patch = AccountPatch { policy: Some(policy), ..AccountPatch::new(gateway.account(), now) };
        gateway.engine.patch_account(patch).await.expect("patched");
    };
    allow(KeyPolicy { networks: vec!["192.0.2.0/24".parse().expect("a network")], ..KeyPolicy::default() }).await;
    assert_eq!(with(&gateway, "live_1", "192.0.2.9").await, Ok(()));
    assert_eq!(with(&gateway, "live_1", "::1").await, Err(Refusal::SourceNotAllowed));
    assert_eq!(with(&gateway, "live_2", "::1").await, Err(Refusal::BadCredentials));
    allow(KeyPolicy { methods: Choice::only(&[AuthMethod::Basic]), ..KeyPolicy::default() }).await;
    let method = AuthMethod::SecretKey;
    assert_eq!(with(&gateway, "live_1", "::1").await, Err(Refusal::MethodNotAllowed { method }));
    // This dialect's keys cannot be signed with.
    allow(KeyPolicy { signature: SignatureRule::WherePossible, ..KeyPolicy::default() }).await;
    assert_eq!(with(&gateway, "live_1", "::1").await, Ok(()));
    allow(KeyPolicy { signature: SignatureRule::Required, ..KeyPolicy::default() }).await;
    assert_eq!(with(&gateway, "live_1", "::1").await, Err(Refusal::SignatureRequired));
    gateway.stop().await;
}

#[tokio::test]
async fn who_guesses_keys_closes_a_source_and_no_key() {
    let folder = Folder::new("secret-key-guesses");
    let failure_rules = FailureRules { per_key_max: 1, per_source_max: 3 };
    let gateway = Gateway::start(&folder, Setup { failure_rules, ..Setup::default() }).await;
    add(&gateway, "live_1", KeyMode::Live).await.expect("added");
    for guess in 0..3 {
        assert_eq!(with(&gateway, &format!("guess_{guess}"), "192.0.2.1").await, Err(Refusal::BadCredentials));
    }
    assert!(matches!(with(&gateway, "live_1", "192.0.2.1").await, Err(Refusal::TooManyFailures { .. })));
    assert_eq!(with(&gateway, "live_1", "192.0.2.2").await, Ok(()));
    gateway.stop().await;
}

#[tokio::test]
async fn a_key_for_trying_out_reads_and_changes_nothing() {
    let folder = Folder::new("secret-key-modes");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    add(&gateway, "live_1", KeyMode::Live).await.expect("added");
    add(&gateway, "test_1", KeyMode::Test).await.expect("added");
    let claim = |key: &str| Claim::SecretKey {
        secret: Secret::new(key),
        method: AuthMethod::SecretKey,
        signable: Signable::No,
    };
    let origin = Origin { address: "::1".parse().ok(), ..Origin::default() };
    let name = gateway.dialect.descriptor().id;
    for scope in [Scope::Account, Scope::Secrets, Scope::Applications, Scope::Numbers, Scope::Send] {
        let refused = gateway.engine.owner(name, &claim("test_1"), origin, scope).await;
        assert_eq!(refused.err(), Some(Refusal::ScopeNotAllowed { scope }));
        assert!(gateway.engine.owner(name, &claim("live_1"), origin, scope).await.is_ok());
    }
    assert!(gateway.engine.owner(name, &claim("test_1"), origin, Scope::Read).await.is_ok());
    // The same through the vendor's API.
    for (call, scope) in [
        (Call::Message(MessageCall::Cancel(Vec::new())), Scope::Send),
        (Call::Account(AccountCall::Settings(SettingsChange::default())), Scope::Account),
    ] {
        let outcome = soon(gateway.engine.handle(gateway.dialect, origin, Ok(claim("test_1")), Ok(call))).await;
        assert_eq!(outcome, Outcome::Refused(Refusal::ScopeNotAllowed { scope }));
    }
    assert_eq!(with(&gateway, "test_1", "::1").await, Ok(()));
    gateway.stop().await;
}

/// A request that is signed beside its key, well or not.
#[derive(Debug)]
struct Beside(Result<Verified, SignatureFault>);

impl KeySignature for Beside {
    fn verify(&self, _: &SigningKeys<'_>) -> Result<Verified, SignatureFault> {
        self.0
    }

    fn explain(&self, _: &SigningKeys<'_>) -> Option<Explained> {
        None
    }
}

#[tokio::test]
async fn who_guesses_keys_with_signatures_closes_nobody_elses() {
    let folder = Folder::new("signed-key-guesses");
    let failure_rules = FailureRules { per_key_max: 2, per_source_max: 100 };
    let gateway = Gateway::start(&folder, Setup { failure_rules, ..Setup::default() }).await;
    add(&gateway, "live_1", KeyMode::Live).await.expect("added");
    let ask = async |key: &str, source: &str, verified| {
        let claim = Claim::SignedKey {
            secret: Secret::new(key),
            method: AuthMethod::SecretKey,
            signed: Box::new(Beside(verified)),
        };
        let origin = Origin { address: source.parse().ok(), ..Origin::default() };
        let call = Call::Account(AccountCall::Balance);
        soon(gateway.engine.handle(gateway.dialect, origin, Ok(claim), Ok(call))).await
    };
    for _ in 0..20 {
        let outcome = ask("guessed", "192.0.2.1", Err(SignatureFault::Mismatch)).await;
        assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    }
    let now = gateway.engine.world().now();
    let mark = ReplayMark::new([7; 32]);
    let replay = ReplayKey { kind: ReplayKind::Nonce, mark, expires_at: now + Span::seconds(60) };
    let outcome = ask("live_1", "192.0.2.2", Ok(Verified { replay, form: "plain" })).await;
    assert!(matches!(outcome, Outcome::Account(_)), "{outcome:?}");
    gateway.stop().await;
}
