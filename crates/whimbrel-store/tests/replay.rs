//! What may be used once: signatures answer again, nonces do not, and neither a restart nor a clock that is set back makes one
//! fresh that was forgotten.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::{Accepted, AccountId, Plan, Refusal, ReplayKey, ReplayKind, ReplayMark, Span, Timestamp};
use whimbrel_store::{Accept, Claim, Op, OpResult, Store, UseOnce, Used};

const WINDOW: Span = Span::seconds(301);

/// A signature that was made so many seconds after `NOW`.
fn signature(seconds: i64, octet: u8) -> ReplayKey {
    let signed_at = NOW + Span::seconds(seconds);
    let mark = ReplayMark::dated(signed_at.unix_seconds(), [octet; 32]);
    ReplayKey { kind: ReplayKind::Signature, mark, expires_at: signed_at + WINDOW }
}

fn nonce(octet: u8) -> ReplayKey {
    ReplayKey { kind: ReplayKind::Nonce, mark: ReplayMark::new([octet; 32]), expires_at: NOW + WINDOW }
}

fn at(mut plan: Plan, seconds: i64) -> Plan {
    plan.accepted_at = NOW + Span::seconds(seconds);
    plan
}

fn proved(plan: Plan, key: ReplayKey) -> Op {
    Op::Accept(Box::new(Accept { plan: plan.into(), claim: Claim::Later, replay: Some(key) }))
}

fn taken(result: OpResult) -> Accepted {
    match result {
        OpResult::Accepted { accepted, repeated: false } => *accepted,
        other => panic!("not taken: {other:?}"),
    }
}

fn repeated(result: OpResult) -> Accepted {
    match result {
        OpResult::Accepted { accepted, repeated: true } => *accepted,
        other => panic!("not repeated: {other:?}"),
    }
}

fn refused(result: &OpResult) -> bool {
    matches!(result, OpResult::Refused(Refusal::InvalidSignature))
}

/// 65 uses, so that what is old by then is forgotten.
fn much_later(store: &dyn Store, id: i64, seconds: i64) {
    for n in 0..65 {
        let key = signature(seconds, u8::try_from(100 + n).expect("small"));
        taken(run(store, proved(at(a_plan(id + n, "later"), seconds), key)));
    }
}

#[test]
fn a_signature_is_answered_as_the_first_time_and_nothing_else_happens() {
    let store = store_with(10 * PRICE);
    let mut plan = a_plan(100, &"a".repeat(200));
    plan.account_ref = Some("7".into());
    let first = taken(run(&store, proved(plan.clone(), signature(0, 1))));
    let before = (money(&store), store.stats().expect("read"));
    // Routes and prices may have changed since: the answer is that of the first.
    let mut again = a_plan(900, "another text");
    again.network = "23410".into();
    again.price.units = 1;
    assert_eq!(repeated(run(&store, proved(again, signature(0, 1)))), first);
    assert_eq!(repeated(run(&store, proved(plan, signature(0, 1)))), first, "the very same operation");
    assert_eq!(store.answered(ACCOUNT, &signature(0, 1)).expect("read"), Some(first));
    assert_eq!((money(&store), store.stats().expect("read")), before);

    assert_eq!(store.answered(ACCOUNT, &signature(0, 2)).expect("read"), None);
    assert_eq!(store.answered(AccountId(6), &signature(0, 1)).expect("read"), None);
    taken(run(&store, proved(a_plan(950, "another"), signature(0, 2))));
    taken(run(&store, proved(a_plan(960, "another second"), signature(1, 1))));
}

#[test]
fn of_two_in_one_commit_one_is_first() {
    let store = store_with(10 * PRICE);
    let batch: Vec<Op> = (0..8).map(|n| proved(a_plan(100 + n, "hi"), signature(0, 1))).collect();
    let mut results = store.commit(&batch).expect("stored").into_iter();
    let first = taken(results.next().expect("eight"));
    assert!(results.all(|result| repeated(result) == first));
    assert_eq!((money(&store), store.stats().expect("read").messages), ((10 * PRICE, PRICE), 1));
}

#[test]
fn a_refused_request_uses_nothing_up() {
    let store = store_with(1);
    let op = proved(a_plan(100, "hi"), signature(0, 1));
    assert!(matches!(run(&store, op.clone()), OpResult::Refused(Refusal::InsufficientFunds { .. })));
    assert_eq!(store.answered(ACCOUNT, &signature(0, 1)).expect("read"), None);
    run(&store, top_up(ACCOUNT, PRICE, "late"));
    taken(run(&store, op));
}

#[test]
fn a_signature_counts_before_and_besides_an_idempotency_key() {
    let store = store_with(10 * PRICE);
    let first = taken(run(&store, proved(keyed(a_plan(100, "hi"), "k", 1), signature(0, 1))));
    // Whoever reads the wire may leave the key out, or put another in.
    assert_eq!(repeated(run(&store, proved(a_plan(200, "hi"), signature(0, 1)))), first);
    assert_eq!(repeated(run(&store, proved(keyed(a_plan(300, "hi"), "other", 1), signature(0, 1)))), first);
    // The caller signs the same request anew: that signature is used up by the same message.
    assert_eq!(repeated(run(&store, proved(keyed(a_plan(400, "hi"), "k", 1), signature(9, 2)))), first);
    assert_eq!(repeated(run(&store, proved(a_plan(500, "hi"), signature(9, 2)))), first);
    let conflict = run(&store, proved(keyed(a_plan(600, "hi"), "k", 2), signature(9, 3)));
    assert!(matches!(conflict, OpResult::Refused(Refusal::IdempotencyConflict)));
    assert_eq!(store.stats().expect("read").messages, 1);
}

#[test]
fn a_nonce_is_good_once() {
    let store = store_with(10 * PRICE);
    let op = proved(a_plan(100, "hi"), nonce(1));
    let first = taken(run(&store, op.clone()));
    assert_eq!(repeated(run(&store, op)), first, "the very same operation is no second use");
    assert!(refused(&run(&store, proved(a_plan(200, "hi"), nonce(1)))));
    let once = |key, used_by| Op::UseOnce(UseOnce { account_id: ACCOUNT, key, used_by, at: NOW });
    assert!(matches!(run(&store, once(nonce(1), 300)), OpResult::Used(Used::Again)));
    assert!(matches!(run(&store, once(nonce(2), 300)), OpResult::Used(Used::First)));
    assert!(matches!(run(&store, once(nonce(2), 300)), OpResult::Used(Used::First)));
    assert!(matches!(run(&store, once(nonce(2), 301)), OpResult::Used(Used::Again)));
    assert!(refused(&run(&store, proved(a_plan(400, "hi"), nonce(2)))));
    // A signature with the same mark is something else.
    let signature = ReplayKey { kind: ReplayKind::Signature, ..nonce(2) };
    taken(run(&store, proved(a_plan(500, "hi"), signature)));
}

#[test]
fn nonces_are_forgotten_by_their_expiry_whatever_their_digest() {
    let folder = Folder::new("replay-nonces");
    let store = folder.open();
    furnish(&store, PRICE);
    let used = |n: i64| {
        let octet = u8::try_from(n * 37 % 251).expect("small");
        let mut digest = [octet; 32];
        digest[..8].copy_from_slice(&(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())).to_be_bytes());
        let at = NOW + Span::seconds(n);
        let key =
            ReplayKey { kind: ReplayKind::Nonce, mark: ReplayMark::new(digest), expires_at: at + Span::seconds(120) };
        Op::UseOnce(UseOnce { account_id: ACCOUNT, key, used_by: 1_000 + n, at })
    };
    for start in (0..1_280).step_by(64) {
        let batch: Vec<_> = (start..start + 64).map(used).collect();
        let results = store.commit(&batch).expect("stored");
        assert!(results.iter().all(|result| matches!(result, OpResult::Used(Used::First))));
    }
    drop(store);
    let db = Connection::open(folder.file()).expect("opens");
    let count: i64 = db.query_row("select count(*) from replay", [], |row| row.get(0)).expect("read");
    assert!((120..=120 + 128).contains(&count), "{count} rows");
}

#[test]
fn what_was_forgotten_stays_used_when_the_clock_goes_back() {
    let folder = Folder::new("replay-clock");
    let store = folder.open();
    furnish(&store, 1_000 * PRICE);
    let old = signature(0, 1);
    taken(run(&store, proved(a_plan(100, "hi"), old)));
    much_later(&store, 1_000, 302);
    assert_eq!(store.answered(ACCOUNT, &old).expect("read"), None, "it was forgotten");
    assert!(refused(&run(&store, proved(a_plan(200, "hi"), old))), "the clock of that request is back at the start");
    // Even one that was never used, as it cannot be told apart. Later ones are not touched.
    assert!(refused(&run(&store, proved(a_plan(300, "hi"), signature(-1, 2)))));
    taken(run(&store, proved(a_plan(400, "hi"), signature(1, 3))));
    drop(store);

    let store = folder.open();
    assert!(refused(&run(&store, proved(a_plan(500, "hi"), old))), "over a restart as well");
    taken(run(&store, proved(a_plan(600, "hi"), signature(2, 4))));
}

#[test]
fn a_clock_that_was_ahead_for_a_moment_forgets_nothing_afterwards() {
    let store = store_with(1_000 * PRICE);
    taken(run(&store, proved(at(a_plan(100, "ahead"), 3_600), signature(3_600, 1))));
    let first = taken(run(&store, proved(a_plan(200, "hi"), signature(0, 2))));
    much_later(&store, 1_000, 10);
    assert_eq!(repeated(run(&store, proved(a_plan(300, "hi"), signature(0, 2)))), first);
    taken(run(&store, proved(a_plan(400, "an honest client is a little behind"), signature(-200, 3))));
}

#[test]
fn a_crash_loses_no_signature() {
    let folder = Folder::new("replay-crash");
    let store = folder.open();
    furnish(&store, 10 * PRICE);
    let first = taken(run(&store, proved(a_plan(100, "hi"), signature(0, 1))));
    let crashed = folder.crashed("replay-crash-copy");
    let again = crashed.open();
    assert_eq!(repeated(run(&again, proved(a_plan(200, "hi"), signature(0, 1)))), first);
    assert_eq!(again.stats().expect("read").messages, 1);
}

#[test]
fn the_table_holds_a_window_and_no_more() {
    let folder = Folder::new("replay-size");
    let store = folder.open();
    furnish(&store, 100_000 * PRICE);
    // Two a second for 40 minutes; each is good for 301 s.
    for step in 0..75_i64 {
        let batch = (0..64_i64).map(|n| {
            let id = 10_000 + step * 64 + n;
            let second = (step * 64 + n) / 2;
            let key = UseOnce {
                account_id: ACCOUNT,
                key: signature(second, u8::try_from(n).expect("small")),
                used_by: id,
                at: NOW + Span::seconds(second),
            };
            Op::UseOnce(key)
        });
        let results = store.commit(&batch.collect::<Vec<_>>()).expect("stored");
        assert!(results.iter().all(|result| matches!(result, OpResult::Used(Used::First))));
    }
    drop(store);
    let db = Connection::open(folder.file()).expect("opens");
    let count: i64 = db.query_row("select count(*) from replay", [], |row| row.get(0)).expect("read");
    assert!((602..=602 + 128).contains(&count), "{count} rows");
    let forgotten: i64 = db.query_row("select replay_forgotten from meta", [], |row| row.get(0)).expect("read");
    assert!(Timestamp(forgotten) <= NOW + Span::seconds(2_400), "never above the clock");
}
