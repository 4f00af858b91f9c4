//! More texts at once than are worked on at once: some wait in line, some are told to come again, some hang up meanwhile.

use rusqlite::Connection;
use tokio::task::JoinHandle;
use whimbrel_core::account::AccountRules;
use whimbrel_core::{Outcome, Refusal};

use crate::accepted;
use crate::rules::rule;
use crate::support::{Folder, Gateway, PRICE, Setup, soon};

/// Texts of one account that are worked on at once.
const AT_ONCE: usize = 128;

/// How many were accepted, and how many told to come again; nothing else may have come of them.
async fn told(tasks: Vec<JoinHandle<Outcome>>) -> (usize, usize) {
    let (mut sent, mut refused) = (0, 0);
    for task in tasks {
        match soon(task).await.expect("no panic") {
            Outcome::Sent(_) => sent += 1,
            Outcome::Refused(Refusal::Overloaded) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    (sent, refused)
}

/// Lets every task come as far as it does without waiting; there are some hundred, and the runtime takes sixty at a time.
async fn all_have_begun() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn units(parts: usize) -> i64 {
    i64::try_from(parts).expect("few") * PRICE
}

#[tokio::test]
async fn whoever_waits_for_too_long_is_told_so_and_nothing_of_it_is_left() {
    let folder = Folder::new("patience");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    gateway.open("other", "Oth3rSecret", "other signature").await;
    // Nothing can be committed meanwhile.
    let raw = Connection::open(folder.0.join("whimbrel.db")).expect("opens");
    raw.execute_batch("begin immediate").expect("nobody else writes");
    let waiting: Vec<_> = (0..AT_ONCE + 72).map(|number| gateway.send(&format!("text {number}"))).collect();
    let quiet = gateway.send_as("other", "Oth3rSecret", "127.0.0.1", "hello");
    let finished = || waiting.iter().filter(|task| task.is_finished()).count();
    gateway.until(|| finished() == 72).await;
    raw.execute_batch("rollback").expect("ended");
    assert_eq!(told(waiting).await, (AT_ONCE, 72), "who has a place is served, however long that takes");
    accepted(quiet).await;
    assert_eq!(gateway.held_and_posted().0, units(AT_ONCE));
    accepted(gateway.send("hello again")).await;
    gateway.stop().await;
}

#[tokio::test]
async fn who_hangs_up_in_line_has_sent_nothing_that_would_be_a_repeat() {
    let folder = Folder::new("hung-up");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let rules = AccountRules { repeat_seconds_min: 3_600, ..AccountRules::default() };
    rule(&gateway, rules).await;
    let raw = Connection::open(folder.0.join("whimbrel.db")).expect("opens");
    raw.execute_batch("begin immediate").expect("nobody else writes");
    let at_work: Vec<_> = (0..AT_ONCE).map(|number| gateway.send(&format!("text {number}"))).collect();
    let in_line = gateway.send("hello");
    all_have_begun().await;
    in_line.abort();
    assert!(in_line.await.is_err_and(|ended| ended.is_cancelled()));
    // It asks again at once, long before anybody has noticed.
    let again = gateway.send("hello");
    all_have_begun().await;
    raw.execute_batch("rollback").expect("ended");
    assert_eq!(told(at_work).await, (AT_ONCE, 0));
    accepted(again).await;
    assert!(matches!(soon(gateway.send("hello")).await, Ok(Outcome::Refused(Refusal::RecipientThrottled { .. }))));
    gateway.stop().await;
}

#[tokio::test]
async fn a_crowd_is_served_in_turn_and_who_hangs_up_takes_nobodys_place() {
    let folder = Folder::new("crowd");
    let gateway = Gateway::start(&folder, Setup { balance: 1_000, ..Setup::default() }).await;
    let tasks: Vec<_> = (0..900).map(|number| gateway.send(&format!("text {number}"))).collect();
    // All are at work or in line once; then each third hangs up.
    all_have_begun().await;
    let (gone, stay): (Vec<_>, Vec<_>) = tasks.into_iter().enumerate().partition(|(number, _)| number % 3 == 0);
    gone.iter().for_each(|(_, task)| task.abort());
    let (sent, refused) = told(stay.into_iter().map(|(_, task)| task).collect()).await;
    assert_eq!(sent + refused, 600);
    assert!(sent > AT_ONCE, "{sent} sent, {refused} refused: those in line are served");
    // Of those who hung up some had been handed over, and were sent: what is held is what is stored, each once.
    let held = gateway.held_and_posted().0;
    assert!((units(sent)..=units(sent + 300)).contains(&held) && held % PRICE == 0, "{held} for {sent}");
    // All places are free again: as many as there are find one.
    let again: Vec<_> = (0..AT_ONCE).map(|number| gateway.send(&format!("again {number}"))).collect();
    assert_eq!(told(again).await, (AT_ONCE, 0));
    assert_eq!(gateway.held_and_posted().0, held + units(AT_ONCE));
    gateway.stop().await;
}
