//! Accounts below others: every change twice is one, and money moves between two wallets and nowhere else.

mod support;

use support::*;
use whimbrel_core::call::subaccounts::SubaccountsRefusal;
use whimbrel_core::{AccountId, AccountStatus, Refusal, Serial};
use whimbrel_store::{Claim, Op, OpResult, Refill, SqliteStore, Store, SubaccountChange, SubaccountDone, SubaccountOp};

const BELOW: AccountId = AccountId(6);
const NUMBER: Serial = Serial(7);

fn make(id: AccountId, number: Serial, count_max: u32) -> Op {
    let new = Box::new(new_account(id, &format!("devkey01-{}", number.0)));
    Op::Subaccount(SubaccountOp::Make { parent: ACCOUNT, number, email: "ada@a.example".into(), new, count_max })
}

fn change(id: i64, change: SubaccountChange) -> Op {
    Op::Subaccount(SubaccountOp::Change { id, parent: ACCOUNT, number: NUMBER, change, at: NOW })
}

fn done(store: &dyn Store, op: Op) -> Result<&'static str, SubaccountsRefusal> {
    match run(store, op) {
        OpResult::Subaccount(SubaccountDone::Refused(why)) => Err(why),
        OpResult::Subaccount(SubaccountDone::Made(_)) => Ok("made"),
        OpResult::Subaccount(SubaccountDone::Changed) => Ok("changed"),
        OpResult::Subaccount(SubaccountDone::Ended(account)) if account.status == AccountStatus::Suspended => {
            Ok("ended")
        }
        other => panic!("{other:?}"),
    }
}

fn left(store: &SqliteStore) -> (i64, i64) {
    let of = |id| store.account(id).expect("read").expect("there").wallet.available().units;
    (of(ACCOUNT), of(BELOW))
}

fn sound(store: &SqliteStore) {
    let audit = store.audit().expect("read");
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
}

#[test]
fn every_change_twice_is_one() {
    let folder = Folder::new("subaccounts");
    let store = folder.open();
    furnish(&store, 100);
    for _ in 0..2 {
        assert_eq!(done(&store, make(BELOW, NUMBER, 1)), Ok("made"));
    }
    let other = make(AccountId(8), Serial(9), 1);
    assert_eq!(done(&store, other), Err(SubaccountsRefusal::TooMany { count_max: 1 }));
    for _ in 0..2 {
        assert_eq!(done(&store, change(50, SubaccountChange::Credit { amount: 70 })), Ok("changed"));
        assert_eq!(left(&store), (30, 70));
    }
    assert_eq!(done(&store, change(51, SubaccountChange::Credit { amount: 31 })), Err(SubaccountsRefusal::Funds));
    assert_eq!(done(&store, change(52, SubaccountChange::Credit { amount: 30 })), Ok("changed"));
    // Though nothing is left to move, what was moved was moved.
    assert_eq!(done(&store, change(52, SubaccountChange::Credit { amount: 30 })), Ok("changed"));
    drop(store);
    let store = folder.open();
    assert_eq!(left(&store), (0, 100));
    for _ in 0..2 {
        assert_eq!(done(&store, change(53, SubaccountChange::End)), Ok("ended"));
        assert_eq!(left(&store), (100, 0));
    }
    assert_eq!(done(&store, change(54, SubaccountChange::End)), Err(SubaccountsRefusal::Unknown));
    assert!(store.subaccounts(None).expect("read").is_empty());
    sound(&store);
}

#[test]
fn a_message_that_leaves_less_than_the_threshold_brings_the_next_money() {
    let folder = Folder::new("subaccounts-refill");
    let store = folder.open();
    furnish(&store, 10 * PRICE);
    done(&store, make(BELOW, NUMBER, 9)).expect("made");
    let refill = Refill { threshold: PRICE + 1, amount: 2 * PRICE };
    for _ in 0..2 {
        done(&store, change(50, SubaccountChange::Refill(refill))).expect("changed");
        assert_eq!(left(&store), (8 * PRICE, 2 * PRICE), "it has less already");
    }
    let send = |id: i64| {
        let mut plan = a_plan(id, "hi");
        plan.account_id = BELOW;
        match run(&store, accept(plan, Claim::Later)) {
            OpResult::Accepted { accepted, .. } => accepted.parts[0].balance.units,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(send(100), PRICE, "what is told is what the message left");
    assert_eq!(left(&store), (6 * PRICE, 3 * PRICE));
    assert_eq!((send(100), left(&store)), (PRICE, (6 * PRICE, 3 * PRICE)), "the same message again");
    assert_eq!((send(200), left(&store)), (2 * PRICE, (6 * PRICE, 2 * PRICE)));
    // After a restart it goes on; what an account above lacks is not moved.
    drop(store);
    let store = folder.open();
    let view = store.subaccounts(Some(ACCOUNT)).expect("read").remove(0);
    assert_eq!((view.number, view.refill, view.spent.units), (NUMBER, refill, 2 * PRICE));
    done(&store, change(51, SubaccountChange::Refill(Refill { threshold: 9 * PRICE, amount: 7 * PRICE })))
        .expect("set");
    assert_eq!(left(&store), (6 * PRICE, 2 * PRICE));
    sound(&store);
}

#[test]
fn an_empty_subaccount_sends_again_once_the_account_above_has_money() {
    let folder = Folder::new("subaccounts-refill-empty");
    let store = folder.open();
    furnish(&store, PRICE);
    done(&store, make(BELOW, NUMBER, 9)).expect("made");
    let refill = Refill { threshold: PRICE, amount: 2 * PRICE };
    done(&store, change(50, SubaccountChange::Refill(refill))).expect("changed");
    assert_eq!(left(&store), (PRICE, 0), "the account above lacks it");
    let send = |id: i64| {
        let mut plan = a_plan(id, "hi");
        plan.account_id = BELOW;
        run(&store, accept(plan, Claim::Later))
    };
    assert!(matches!(send(100), OpResult::Refused(Refusal::InsufficientFunds { .. })));
    assert_eq!(left(&store), (PRICE, 0));
    run(&store, top_up(ACCOUNT, PRICE, "more"));
    for repeated in [false, true] {
        let OpResult::Accepted { accepted, repeated: said } = send(101) else { panic!("refused") };
        assert_eq!((accepted.parts[0].balance.units, said), (PRICE, repeated));
        assert_eq!(left(&store), (0, PRICE), "moved once, paid once");
    }
    sound(&store);
}
