//! Secrets, signature secrets, policies, the cap on spending, and a change of keys.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::{
    AccountId, AuthMethod, Choice, Currency, KeyMode, KeyPolicy, Money, PartEvent, PartId, Refusal, SECRET_KEYS_MAX,
    Secret, SecretId, SecretRefusal, SecretRole, SignatureMethod, SignatureRule, Signing, Span, Timestamp,
    WebhookSigning,
};
use whimbrel_store::{
    AccountPatch, AccountRefused, AddSecret, Claim, Credential, KeyState, Keyring, NewSecret, Op, OpResult, Rest,
    RevokeSecret, RotateSignatureSecret, SqliteOptions, SqliteStore, Store,
};

fn add(id: u128, secret: &str) -> Op {
    add_new(generated(id, secret))
}

fn add_new(secret: NewSecret) -> Op {
    Op::AddSecret(Box::new(AddSecret { account_id: ACCOUNT, secret, at: NOW }))
}

fn revoke(id: u128) -> Op {
    Op::RevokeSecret(RevokeSecret { account_id: ACCOUNT, id: SecretId(id), at: NOW })
}

fn rotate(id: i64, secret: &str, at: Timestamp, overlap: Span) -> Op {
    Op::RotateSignatureSecret(Box::new(RotateSignatureSecret {
        account_id: ACCOUNT,
        id,
        secret: Secret::new(secret),
        previous_until: at + overlap,
        at,
    }))
}

fn changed(store: &dyn Store, op: Op) -> Credential {
    match run(store, op) {
        OpResult::Credential(credential) => *credential,
        other => panic!("not changed: {other:?}"),
    }
}

fn refused(store: &dyn Store, op: Op) -> SecretRefusal {
    match run(store, op) {
        OpResult::SecretRefused(why) => why,
        other => panic!("not refused: {other:?}"),
    }
}

fn credential(store: &dyn Store) -> Credential {
    let of_account = |credential: &Credential| credential.account.id == ACCOUNT;
    store.credentials().expect("read").into_iter().find(of_account).expect("there")
}

fn ids(credential: &Credential) -> Vec<u128> {
    credential.secrets.iter().map(|secret| secret.id.0).collect()
}

fn signs(credential: &Credential, now: Timestamp) -> Vec<String> {
    credential.signature_secrets.good_at(now).map(|secret| secret.expose().to_owned()).collect()
}

#[test]
fn an_account_has_one_or_two_secrets_over_restarts() {
    let folder = Folder::new("two-secrets");
    let store = folder.open();
    furnish(&store, 1);
    // The account was made with the secret that has its number.
    assert_eq!(refused(&store, revoke(5)), SecretRefusal::Last);
    let chosen = NewSecret {
        id: SecretId(8),
        role: SecretRole::Half,
        verifier: keyring().chosen_verifier(&Secret::new("Abcdefg123")).expect("a salt"),
    };
    for _ in 0..2 {
        let now = changed(&store, add_new(chosen.clone()));
        assert_eq!(ids(&now), [5, 8], "twice is once");
    }
    assert_eq!(refused(&store, add(9, "third")), SecretRefusal::TooMany);
    drop(store);
    let store = folder.open();
    let now = credential(&store);
    let proves = |index: usize, text: &str| keyring().proves(&now.secrets[index].verifier, &Secret::new(text));
    assert!(proves(0, "devSecret01") && proves(1, "Abcdefg123") && !proves(1, "devSecret01"));
    assert_eq!((now.secrets[1].created_at, &now.secrets[1].verifier), (NOW, &chosen.verifier));

    assert_eq!(ids(&changed(&store, revoke(5))), [8]);
    assert_eq!(refused(&store, revoke(5)), SecretRefusal::UnknownSecret);
    assert_eq!(refused(&store, revoke(8)), SecretRefusal::Last);
    assert_eq!(ids(&changed(&store, add(9, "third"))), [8, 9]);
    drop(store);
    assert_eq!(ids(&credential(&folder.open())), [8, 9]);
    let stranger = Op::RevokeSecret(RevokeSecret { account_id: AccountId(77), id: SecretId(8), at: NOW });
    assert_eq!(refused(&folder.open(), stranger), SecretRefusal::UnknownAccount);
}

#[test]
fn two_stay_two_and_one_stays_one_however_many_ask_at_once() {
    let store = store_with(1);
    std::thread::scope(|scope| {
        for thread in 0..8_u128 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..50 {
                    let id = 1_000 + thread * 1_000 + round;
                    let added = run(store, add(id, "secret"));
                    let live = credential(store).secrets.len();
                    assert!((1..=2).contains(&live), "{live}");
                    if matches!(added, OpResult::Credential(_)) {
                        // Whichever is oldest: others may have been faster.
                        let oldest = credential(store).secrets[0].id.0;
                        run(store, revoke(oldest));
                    }
                }
            });
        }
    });
    assert!((1..=2).contains(&credential(&store).secrets.len()));
}

#[test]
fn signature_secrets_overlap_and_end() {
    let folder = Folder::new("overlap");
    let store = folder.open();
    furnish(&store, 1);
    let at = |seconds| NOW + Span::seconds(seconds);
    for _ in 0..2 {
        let now = changed(&store, rotate(50, "second", at(0), Span::seconds(10)));
        assert_eq!(signs(&now, at(9)), ["second", "devSignature01"], "twice is once");
        assert_eq!(signs(&now, at(10)), ["second"]);
    }
    let now = changed(&store, rotate(51, "third", at(1), Span::seconds(10)));
    assert_eq!(signs(&now, at(1)), ["third", "second"], "the one before the last ends at once");
    drop(store);
    let store = folder.open();
    assert_eq!(signs(&credential(&store), at(10)), ["third", "second"]);

    let ended = |at| match run(&store, Op::EndSignatureSecrets { at }) {
        OpResult::Ended(ended) => ended,
        other => panic!("{other:?}"),
    };
    assert!(ended(at(10)).is_empty());
    let [now] = &ended(at(11))[..] else { panic!("one account") };
    assert!(now.signature_secrets.previous.is_none() && ended(at(11)).is_empty());
    let now = changed(&store, rotate(52, "fourth", at(20), Span::ZERO));
    assert_eq!(signs(&now, at(20)), ["fourth"], "no overlap");
    assert!(store.high_water().expect("read") >= 52);
    drop(store);
    // What has ended is not there any more, sealed or not.
    let raw = Connection::open(folder.file()).expect("opens");
    let count = |sql: &str| raw.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("read");
    assert_eq!((count("select count(*) from sealed"), count("select count(*) from signature_secret")), (1, 1));
}

#[test]
fn a_sealed_secret_is_of_no_use_at_another_place() {
    let folder = Folder::new("swapped");
    let store = folder.open();
    furnish(&store, 1);
    run(&store, Op::NewAccount(Box::new(new_account(AccountId(6), "devkey02"))));
    drop(store);
    let raw = Connection::open(folder.file()).expect("opens");
    raw.execute(
        "update sealed set value = (select value from sealed where place like '%account 6')
         where place like '%account 5'",
        [],
    )
    .expect("changed");
    drop(raw);
    let error = folder.open().credentials().expect_err("swapped").to_string();
    assert!(error.contains("signature secret 5 of account 5"), "{error}");
}

#[test]
fn policies_are_kept_and_what_is_not_named_stays() {
    let folder = Folder::new("policy");
    let store = folder.open();
    furnish(&store, 1);
    let signing = Signing { method: SignatureMethod::HmacSha256, webhooks: WebhookSigning::Signed };
    let policy = KeyPolicy {
        methods: Choice::only(&[AuthMethod::Signature]),
        signature: SignatureRule::Required,
        networks: vec!["10.0.0.0/8".parse().expect("a network")],
        spend_per_day_max: Some(Money::new(5, Currency::EUR)),
        ..KeyPolicy::default()
    };
    let patch =
        AccountPatch { signing: Some(signing), policy: Some(policy.clone()), ..AccountPatch::new(ACCOUNT, NOW) };
    run(&store, Op::PatchAccount(Box::new(patch)));
    run(&store, Op::PatchAccount(Box::new(AccountPatch::new(ACCOUNT, NOW))));
    drop(store);
    let account = credential(&folder.open()).account;
    assert_eq!((account.signing, (*account.policy).clone()), (signing, policy));
}

fn cap(units: i64) -> Op {
    let policy = KeyPolicy { spend_per_day_max: Some(Money::new(units, Currency::EUR)), ..KeyPolicy::default() };
    Op::PatchAccount(Box::new(AccountPatch { policy: Some(policy), ..AccountPatch::new(ACCOUNT, NOW) }))
}

/// A plan accepted at an instant, with the id of that instant.
fn a_plan_at(at: Timestamp, text: &str) -> whimbrel_core::Plan {
    let id = whimbrel_core::IdSource::new(0, 0).next(at);
    let mut plan = a_plan(id, text);
    (plan.accepted_at, plan.expires_at) = (at, at + Span::hours(72));
    plan
}

#[test]
fn a_day_spends_what_its_cap_allows_and_gets_back_what_is_released() {
    let folder = Folder::new("cap");
    let store = folder.open();
    furnish(&store, 1_000 * PRICE);
    run(&store, cap(3 * PRICE));
    // 2026-11-24 began at 1,795,478,400.
    let at = |seconds: i64| Timestamp((1_795_478_400 + seconds) * 1_000_000);
    let send = |store: &dyn Store, seconds: i64, text: &str| {
        let plan = a_plan_at(at(seconds), text);
        let id = plan.message_id.0;
        let result = run(store, accept(plan, Claim::Now));
        match result {
            OpResult::Accepted { .. } => Some(id),
            OpResult::Refused(Refusal::SpendCapReached { price, balance, .. }) => {
                assert_eq!((price.units, balance.units), (PRICE, wallet(store, ACCOUNT).available().units));
                None
            }
            other => panic!("{other:?}"),
        }
    };
    assert!(send(&store, 0, "one").is_some());
    let two = send(&store, 1, &"two parts ".repeat(20)).expect("both fit");
    assert!(send(&store, 2, "four").is_none());
    drop(store);
    let store = folder.open();
    assert!(send(&store, 3, "four").is_none(), "a restart does not open it");
    // The same message again is answered as it was.
    let again = run(&store, accept(a_plan_at(at(0), "one"), Claim::Now));
    assert!(matches!(again, OpResult::Accepted { repeated: true, .. }));

    // A part of it fails, and its price comes back once.
    let gone = || {
        let error = whimbrel_core::CarrierError::Permanent {
            cause: whimbrel_core::Cause::Barred,
            status: whimbrel_core::ReceiptStatus::Rejected,
            code: "0x0b".into(),
            scope: whimbrel_core::RefusalScope::Everywhere,
        };
        let attempt = whimbrel_core::AttemptNumber(1);
        let event = PartEvent::Refused { attempt, error, retry_at: NOW, next: None };
        let Op::Part(mut change) = event_of(two, event) else { unreachable!("about a part") };
        change.part_id = PartId(two);
        part(&store, Op::Part(change));
    };
    gone();
    gone();
    assert!(send(&store, 10, "four").is_some());
    assert!(send(&store, 11, "five").is_none());
    assert!(send(&store, 86_399, "five").is_none());
    assert!(send(&store, 86_400, "tomorrow").is_some());
    assert!(send(&store, 86_401, &"two parts ".repeat(20)).is_some());
    assert!(send(&store, 86_402, "too much").is_none());
    assert!(send(&store, 20, "the clock was set back").is_none());
    assert!(store.audit().expect("read").is_clean());
}

fn event_of(id: i64, happening: PartEvent) -> Op {
    event(id, 12, happening)
}

#[test]
fn no_two_requests_pass_the_cap_together() {
    let store = store_with(1_000 * PRICE);
    run(&store, cap(10 * PRICE));
    let plans = (0..50).map(|index| accept(a_plan(1_000 + index * 10, "hi"), Claim::Now)).collect::<Vec<_>>();
    let results = store.commit(&plans).expect("committed");
    let accepted = results.iter().filter(|result| matches!(result, OpResult::Accepted { .. })).count();
    assert_eq!((accepted, wallet(&store, ACCOUNT).held.units), (10, 10 * PRICE));
    run(&store, cap(0));
    assert!(matches!(run(&store, accept(a_plan(9_000, "hi"), Claim::Now)), OpResult::Refused(_)));
}

fn reseal(store: &dyn Store) -> (usize, Rest) {
    match run(store, Op::Reseal { count_max: 3 }) {
        OpResult::Resealed(resealed) => (resealed.count, resealed.rest),
        other => panic!("{other:?}"),
    }
}

fn retire(store: &dyn Store) -> Result<(), Box<str>> {
    match run(store, Op::RetireKeys) {
        OpResult::KeysRetired(retired) => retired,
        other => panic!("{other:?}"),
    }
}

/// Opens the store with the key file of its folder.
fn open_with_file(folder: &Folder) -> (SqliteStore, Keyring) {
    let keyring = Keyring::open(folder.path()).expect("a key file");
    let options = SqliteOptions { path: folder.file(), keyring: keyring.clone(), reader_count: 2 };
    (SqliteStore::open(options).expect("opens"), keyring)
}

#[test]
fn a_change_of_keys_can_be_cut_short_anywhere_and_goes_on() {
    let folder = Folder::new("key-rotation");
    let (store, keyring) = open_with_file(&folder);
    for id in 5..12 {
        let mut account = new_account(AccountId(id), &format!("devkey{id:02}"));
        let verifier = keyring.verifier(&Secret::new("devSecret01"));
        account.secrets = vec![NewSecret { id: SecretId(5), role: SecretRole::Half, verifier }];
        run(&store, Op::NewAccount(Box::new(account)));
    }
    let good = |store: &SqliteStore, keyring: &Keyring| {
        let credentials = store.credentials().expect("read");
        assert_eq!(credentials.len(), 7);
        for credential in &credentials {
            assert_eq!(signs(credential, NOW), ["devSignature01"]);
            assert!(keyring.proves(&credential.secrets[0].verifier, &Secret::new("devSecret01")));
        }
    };
    // At every step, what a kill would leave is copied away and opened there: all is readable, and the change is finished.
    let check_crash = |step: &str| {
        let left = folder.crashed(&format!("key-rotation-{step}"));
        let (store, keyring) = open_with_file(&left);
        good(&store, &keyring);
        keyring.begin_rotation().expect("goes on, or begins");
        while reseal(&store).1 == Rest::Some {}
        retire(&store).expect("nothing is left");
        good(&store, &keyring);
        assert!(!keyring.is_rotating(), "{step}");
        drop(store);
        let (store, keyring) = open_with_file(&left);
        good(&store, &keyring);
    };
    check_crash("before");
    keyring.begin_rotation().expect("begun");
    check_crash("begun");
    assert!(retire(&store).is_err(), "secrets are sealed by the old key");
    assert_eq!(reseal(&store), (3, Rest::Some));
    check_crash("three");
    // What is made meanwhile is sealed by the new key.
    run(&store, rotate(100, "devSignature01", NOW, Span::ZERO));
    assert_eq!(reseal(&store), (3, Rest::Some));
    assert_eq!(reseal(&store), (1, Rest::None));
    check_crash("resealed");
    retire(&store).expect("nothing is left");
    check_crash("retired");
    let states = keyring.states();
    assert_eq!(states.iter().map(|(_, state)| *state).collect::<Vec<_>>(), [KeyState::DigestsOnly, KeyState::Current]);
    good(&store, &keyring);
}

#[test]
fn a_database_wants_a_key_that_it_was_marked_with() {
    let folder = Folder::new("mark");
    let (store, keyring) = open_with_file(&folder);
    furnish(&store, 1);
    let before = folder.crashed("mark-before");
    keyring.begin_rotation().expect("begun");
    while reseal(&store).1 == Rest::Some {}
    retire(&store).expect("nothing is left");
    drop(store);
    // A backup of the database from before, with the key file of now.
    std::fs::copy(folder.path().join("secret.key"), before.path().join("secret.key")).expect("copied");
    let keyring = Keyring::open(before.path()).expect("a key file");
    let options = SqliteOptions { path: before.file(), keyring, reader_count: 1 };
    let error = SqliteStore::open(options).expect_err("another key").to_string();
    assert!(error.contains("another secret.key"), "{error}");
}

#[test]
fn a_key_stays_until_the_end_of_its_last_secret_is_durable() {
    let folder = Folder::new("key-durable");
    let (store, keyring) = open_with_file(&folder);
    run(&store, Op::NameCarrier { name: "tele-1".into() });
    let secret = |id: u128, text: &str| NewSecret {
        id: SecretId(id),
        role: SecretRole::Half,
        verifier: keyring.verifier(&Secret::new(text)),
    };
    let mut account = new_account(ACCOUNT, "devkey01");
    account.secrets = vec![secret(5, "devSecret01")];
    run(&store, Op::NewAccount(Box::new(account)));
    run(&store, top_up(ACCOUNT, 1_000 * PRICE, "dev"));
    keyring.begin_rotation().expect("begun");
    assert_eq!(reseal(&store), (1, Rest::None));
    retire(&store).expect("nothing is left");
    changed(&store, add_new(secret(8, "devSecret02")));
    // The disk is full: nothing of the batch is kept, and so the first secret is as good as before.
    store.limit_pages(1).expect("limited");
    let long = "a".repeat(1_500);
    let mut batch = vec![revoke(5), Op::RetireKeys];
    batch.extend((0..100).map(|index| accept(a_plan(1_000 + index * 100, &long), Claim::Later)));
    assert!(store.commit(&batch).is_err());
    drop(store);
    let (store, keyring) = open_with_file(&folder);
    let now = credential(&store);
    assert_eq!(ids(&now), [5, 8]);
    assert!(keyring.proves(&now.secrets[0].verifier, &Secret::new("devSecret01")));
    // Once it is durable the key goes, in the very same batch.
    let done = store.commit(&[revoke(5), Op::RetireKeys]).expect("committed");
    assert!(matches!(done[1], OpResult::KeysRetired(Ok(()))));
    assert_eq!(keyring.states().len(), 1);
}

#[test]
fn a_verifier_of_a_key_that_is_gone_is_not_stored() {
    let folder = Folder::new("key-gone");
    let (store, keyring) = open_with_file(&folder);
    run(&store, Op::NameCarrier { name: "tele-1".into() });
    let stale =
        NewSecret { id: SecretId(5), role: SecretRole::Half, verifier: keyring.verifier(&Secret::new("devSecret01")) };
    keyring.begin_rotation().expect("begun");
    assert_eq!(reseal(&store), (0, Rest::None));
    retire(&store).expect("nothing is left");
    let mut account = new_account(ACCOUNT, "devkey01");
    account.secrets = vec![stale.clone()];
    assert!(matches!(run(&store, Op::NewAccount(Box::new(account.clone()))), OpResult::KeyGone));
    account.secrets = vec![NewSecret {
        id: SecretId(5),
        role: SecretRole::Half,
        verifier: keyring.verifier(&Secret::new("devSecret01")),
    }];
    assert!(matches!(run(&store, Op::NewAccount(Box::new(account))), OpResult::Credential(_)));
    assert!(matches!(run(&store, add_new(stale)), OpResult::KeyGone));
}

fn key(id: u128, text: &str, mode: KeyMode) -> NewSecret {
    NewSecret { role: SecretRole::Key(mode), ..generated(id, text) }
}

#[test]
fn a_secret_key_names_one_account_and_is_counted_by_itself() {
    let folder = Folder::new("secret-keys");
    let store = folder.open();
    furnish(&store, 1);
    let other = AccountId(6);
    run(&store, Op::NewAccount(Box::new(new_account(other, "devkey02"))));
    let now = changed(&store, add_new(key(8, "live_1", KeyMode::Live)));
    assert_eq!(now.secrets.last().map(|secret| secret.role), Some(SecretRole::Key(KeyMode::Live)));
    changed(&store, add_new(key(8, "live_1", KeyMode::Live)));
    // Whoever it is for, and whatever for: the same text would name two accounts.
    for account_id in [ACCOUNT, other] {
        let again = AddSecret { account_id, secret: key(9, "live_1", KeyMode::Test), at: NOW };
        assert_eq!(refused(&store, Op::AddSecret(Box::new(again))), SecretRefusal::InUse);
    }
    let mut taken = new_account(AccountId(7), "devkey03");
    taken.secrets = vec![key(10, "live_1", KeyMode::Live)];
    let refusal = run(&store, Op::NewAccount(Box::new(taken)));
    assert!(matches!(refusal, OpResult::AccountRefused(AccountRefused::KeyTaken)), "{refusal:?}");
    // Secrets beside the key are no keys: two accounts may have the same.
    changed(&store, add(11, "live_1"));
    for more in 1..SECRET_KEYS_MAX as u128 {
        changed(&store, add_new(key(100 + more, &format!("test_{more}"), KeyMode::Test)));
    }
    assert_eq!(refused(&store, add_new(key(12, "one_more", KeyMode::Live))), SecretRefusal::TooMany);
    drop(store);
    let store = folder.open();
    let modes: Vec<_> = credential(&store).secrets.iter().map(|secret| secret.role.mode()).collect();
    assert_eq!(modes.iter().filter(|mode| **mode == Some(KeyMode::Test)).count(), SECRET_KEYS_MAX - 1);
    // One that is revoked may come again.
    changed(&store, revoke(8));
    changed(&store, add_new(key(13, "live_1", KeyMode::Live)));
}

#[test]
fn a_secret_key_is_found_by_its_digest_whichever_key_made_it() {
    let folder = Folder::new("secret-key-digest");
    let (_store, keyring) = open_with_file(&folder);
    let secret = Secret::new("live_1");
    let before = keyring.verifier(&secret).key_digest().expect("a digest");
    keyring.begin_rotation().expect("begun");
    let after = keyring.verifier(&secret).key_digest().expect("a digest");
    assert_ne!(before, after);
    assert_eq!(keyring.digests(&secret), [before, after]);
    assert!(!keyring.digests(&Secret::new("live_2")).contains(&before));
    assert_eq!(keyring.chosen_verifier(&secret).expect("a salt").key_digest(), None);
}
