//! The engine over a real store, with a carrier and a way out that a test holds in its hand.

mod applications;
mod clock;
mod credentials;
mod crowd;
mod faults;
mod hostile;
mod inbound;
mod many;
mod networks;
mod oauth;
mod otp;
mod proofs;
mod resources;
mod rules;
mod secret_keys;
mod signed;
mod strangers;
mod subaccounts;
mod support;
mod webhooks;
mod wire;

use support::{Folder, Gateway, PRICE, Setup, attempt, soon};
use whimbrel_carriers::Ack;
use whimbrel_core::account::AccountStatus;
use whimbrel_core::part::DoubtPolicy;
use whimbrel_core::{
    AnswerTiming, CarrierError, CarrierEvent, CarrierId, DoubtCause, MessageClass, Outcome, ReceiptStatus, Refusal,
    Span,
};
use whimbrel_store::{AccountPatch, Store};

pub(crate) async fn accepted(task: tokio::task::JoinHandle<Outcome>) -> whimbrel_core::Accepted {
    match soon(task).await.expect("no panic") {
        Outcome::Sent(accepted) => accepted,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_text_goes_all_the_way() {
    let folder = Folder::new("all-the-way");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let answer = accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    assert_eq!((part.part_id, attempt(&part)), (answer.parts[0].part_id, 1));
    assert_eq!((gateway.state_of(part.part_id), gateway.held_and_posted().0), ("submitting".to_owned(), PRICE));
    gateway.sent(&part, "c1", AnswerTiming::InTime).await;
    let token = gateway.receipt("c1", ReceiptStatus::Delivered).await;
    assert_eq!(soon(gateway.acks.recv()).await, Some((token, Ack::Stored)));
    assert_eq!(gateway.state_of(part.part_id), "delivered", "stored before it was acknowledged");
    assert_eq!(gateway.held_and_posted(), (0, 100 * 100_000_000 - PRICE));
    let (request, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    assert!(request.url.contains("status=delivered"), "{}", request.url);
    answer.send(200).expect("awaited");
    let again = gateway.receipt("c1", ReceiptStatus::Delivered).await;
    assert_eq!(soon(gateway.acks.recv()).await, Some((again, Ack::Stored)), "a repeated receipt is acknowledged too");
    let store = gateway.stop().await;
    let stats = store.stats().expect("readable");
    assert_eq!((stats.messages, stats.notices, stats.submitted, stats.parked), (1, 0, 0, 0));
}

#[tokio::test]
async fn a_caller_that_hangs_up_strands_nothing() {
    let folder = Folder::new("hang-up");
    let mut gateway = Gateway::start(&folder, Setup { window_max: 1, ..Setup::default() }).await;
    for round in 0..50 {
        let call = gateway.send("hello");
        tokio::task::yield_now().await;
        call.abort();
        // Whether it was taken before it was aborted is open; what was taken is submitted.
        let taken = call.await.is_ok();
        let count = usize::try_from(gateway.store.stats().expect("readable").messages).expect("small");
        if taken {
            assert!(count > 0);
        }
        if let Ok(part) = gateway.submissions.try_recv() {
            gateway.sent(&part, &format!("c{round}"), AnswerTiming::InTime).await;
        }
    }
    // All that the store took leaves, one by one through the window of one.
    loop {
        let stats = gateway.store.stats().expect("readable");
        if stats.queued + stats.submitting == 0 {
            break;
        }
        let part = gateway.next_submission().await;
        gateway.sent(&part, &format!("late{}", part.part_id), AnswerTiming::InTime).await;
        gateway.until(|| gateway.state_of(part.part_id) == "submitted").await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_window_holds_back_what_does_not_fit_and_a_freed_place_lets_it_go() {
    let folder = Folder::new("window");
    let mut gateway = Gateway::start(&folder, Setup { window_max: 2, ..Setup::default() }).await;
    let long = accepted(gateway.send(&"a".repeat(400))).await;
    assert_eq!(long.parts.len(), 3);
    let first = gateway.next_submission().await;
    let second = gateway.next_submission().await;
    assert_eq!([first.part_id, second.part_id], [long.parts[0].part_id, long.parts[1].part_id], "in order");
    assert!(gateway.submissions.try_recv().is_err(), "the window is full");
    gateway.sent(&first, "c1", AnswerTiming::InTime).await;
    assert_eq!(gateway.next_submission().await.part_id, long.parts[2].part_id);
    gateway.stop().await;
}

#[tokio::test]
async fn doubt_resends_the_same_octets_once_and_a_late_answer_frees_no_second_place() {
    let folder = Folder::new("doubt");
    let mut gateway = Gateway::start(&folder, Setup { window_max: 1, ..Setup::default() }).await;
    accepted(gateway.send("hello €")).await;
    let first = gateway.next_submission().await;
    gateway.doubt(&first, DoubtCause::AnswerTimedOut).await;
    let second = gateway.next_submission().await;
    assert_eq!((attempt(&second), second.part_id), (2, first.part_id));
    assert_eq!(second.content.user_data(), first.content.user_data());
    gateway.sent(&first, "c1", AnswerTiming::Late).await;
    gateway.until(|| gateway.engine.carriers().all().iter().all(|desk| desk.dispatch().used() == 1)).await;
    accepted(gateway.send("next")).await;
    assert!(gateway.submissions.try_recv().is_err(), "the second submission still holds the only place");
    gateway.sent(&second, "c2", AnswerTiming::InTime).await;
    assert_eq!(attempt(&gateway.next_submission().await), 1);
    let store = gateway.stop().await;
    assert_eq!(store.stats().expect("readable").doubts, 1);
}

#[tokio::test]
async fn a_restart_finds_what_was_under_way_in_doubt() {
    let folder = Folder::new("restart");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let answer = accepted(gateway.send("hello")).await;
    let first = gateway.next_submission().await;
    // The process ends without a word: no carrier event, the submission is open.
    let store = gateway.stop().await;
    assert_eq!(store.stats().expect("readable").submitting, 1);
    drop(store);
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let again = gateway.next_submission().await;
    assert_eq!((again.part_id, attempt(&again)), (answer.parts[0].part_id, 2));
    assert_eq!(again.content.user_data(), first.content.user_data());
    gateway.stop().await;
}

#[tokio::test]
async fn a_policy_that_never_resends_waits_for_the_receipt() {
    let folder = Folder::new("hold-for-receipt");
    let mut gateway = Gateway::start(&folder, Setup { policy: DoubtPolicy::HoldForReceipt, ..Setup::default() }).await;
    accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    gateway.doubt(&part, DoubtCause::LinkLost).await;
    gateway.until(|| gateway.state_of(part.part_id) == "uncertain").await;
    assert!(gateway.submissions.try_recv().is_err());
    assert_eq!(gateway.held_and_posted().0, PRICE, "the hold stays while nobody knows");
    gateway.stop().await;
}

#[tokio::test]
async fn a_carrier_that_takes_nothing_gives_everything_back() {
    let folder = Folder::new("gives-back");
    let gateway = Gateway::start(&folder, Setup { takes_none: true, ..Setup::default() }).await;
    accepted(gateway.send("hello")).await;
    let store = gateway.stop().await;
    let stats = store.stats().expect("readable");
    assert_eq!((stats.queued, stats.submitting, stats.doubts), (1, 0, 0), "queued again, never in doubt");
}

#[tokio::test]
async fn a_carrier_that_takes_nothing_is_not_asked_again_and_again() {
    let folder = Folder::new("pauses");
    let gateway = Gateway::start(&folder, Setup { takes_none: true, ..Setup::default() }).await;
    let desk = gateway.engine.carriers().all().pop().expect("one carrier");
    let before = gateway.engine.world().now();
    let answer = accepted(gateway.send("hello")).await;
    gateway.until(|| gateway.state_of(answer.parts[0].part_id) == "queued" && desk.dispatch().backlog() == 1).await;
    let next = desk.dispatch().wake_at(before).expect("it is tried again");
    assert!(next >= before + Span::seconds(1), "each turn costs two flushes");
    gateway.stop().await;
}

#[tokio::test]
async fn a_throttled_part_waits_and_keeps_its_hold() {
    let folder = Folder::new("throttled");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    let at = gateway.engine.world().now();
    let error = CarrierError::Throttled { pause: Span::millis(1), code: "ESME_RTHROTTLED".into() };
    let (part_id, attempt_number) = (part.part_id, part.attempt);
    gateway.tell(CarrierEvent::Refused { carrier: CarrierId(1), part_id, attempt: attempt_number, error, at }).await;
    let again = gateway.next_submission().await;
    assert_eq!((again.part_id, attempt(&again), gateway.held_and_posted().0), (part_id, 2, PRICE));
    gateway.stop().await;
}

#[tokio::test]
async fn nothing_is_accepted_while_the_disk_is_full_and_all_goes_on_once_there_is_room() {
    let folder = Folder::new("full");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    gateway.store.limit_pages(1).expect("the limit is taken");
    let mut refused = 0;
    // What still fits into pages that are there may be accepted; then nothing is, for as long as there is no room.
    for _ in 0..2_000 {
        match soon(gateway.send(&"x".repeat(600))).await.expect("no panic") {
            Outcome::Refused(refusal) => {
                assert_eq!(refusal, Refusal::Overloaded, "come again later");
                refused += 1;
            }
            Outcome::Sent(_) => assert_eq!(refused, 0, "accepted while there was no room"),
            other => panic!("{other:?}"),
        }
        if refused == 3 {
            break;
        }
    }
    assert_eq!(refused, 3);
    let why = gateway.engine.store_stopped().expect("readiness tells it");
    assert!(matches!(why, whimbrel_store::StoreError::Full { .. }), "{why}");
    while gateway.submissions.try_recv().is_ok() {}
    assert_eq!(gateway.state_of(part.part_id), "submitting", "reads go on");
    let token = gateway.receipt("nobody", ReceiptStatus::Delivered).await;
    gateway.sent(&part, "c1", AnswerTiming::InTime).await;
    assert!(gateway.acks.try_recv().is_err(), "what is not stored is not acknowledged");
    gateway.store.limit_pages(1_000_000).expect("the limit is taken");
    assert_eq!(soon(gateway.acks.recv()).await, Some((token, Ack::Stored)), "what waited is stored");
    gateway.until(|| gateway.state_of(part.part_id) == "submitted").await;
    assert!(gateway.engine.store_stopped().is_none());
    accepted(gateway.send("hello again")).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_store_that_stopped_beside_its_commits_is_noticed_without_any() {
    let folder = Folder::new("idle");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    gateway.until(|| gateway.engine.store_stopped().is_none()).await;
    gateway.store.fail_log("a flush failed").expect("it runs");
    gateway.until(|| gateway.engine.store_stopped().is_some()).await;
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_old_is_forgotten_while_the_gateway_runs() {
    let folder = Folder::new("retention");
    let retention = whimbrel_engine::retention::Retention {
        texts: Some(whimbrel_core::Span::ZERO),
        messages: Some(whimbrel_core::Span::hours(24 * 7)),
    };
    let mut gateway = Gateway::start(&folder, Setup { retention, ..Setup::default() }).await;
    let message = accepted(gateway.send("hello")).await.message_id;
    let part = gateway.next_submission().await;
    gateway.sent(&part, "c1", AnswerTiming::InTime).await;
    gateway.receipt("c1", ReceiptStatus::Delivered).await;
    let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    answer.send(200).expect("awaited");
    let posted = gateway.held_and_posted();
    gateway.set_clock(gateway.clock().now() + whimbrel_core::Span::hours(24 * 8));
    let store = std::sync::Arc::clone(&gateway.store);
    gateway.until(|| store.message(message).expect("readable").is_none()).await;
    assert_eq!((gateway.held_and_posted(), store.stats().expect("readable").messages), (posted, 0));
    assert!(store.audit().expect("readable").is_clean());
    drop(store);
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_whose_disk_is_full_stops_all_the_same() {
    let folder = Folder::new("full-stop");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    gateway.store.limit_pages(1).expect("the limit is taken");
    for _ in 0..2_000 {
        if let Outcome::Refused(_) = soon(gateway.send(&"x".repeat(600))).await.expect("no panic") {
            break;
        }
    }
    gateway.sent(&part, "c1", AnswerTiming::InTime).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_webhook_is_tried_again_after_a_failure_and_over_a_restart() {
    let folder = Folder::new("webhook");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    gateway.sent(&part, "c1", AnswerTiming::InTime).await;
    gateway.receipt("c1", ReceiptStatus::Delivered).await;
    let (_, answer) = soon(gateway.webhooks.recv()).await.expect("a webhook");
    answer.send(500).expect("awaited");
    let store = std::sync::Arc::clone(&gateway.store);
    gateway
        .until(|| store.notices(None, 10).expect("readable").first().is_some_and(|notice| notice.failures == 1))
        .await;
    drop(store);
    drop(gateway.stop().await);
    let gateway = Gateway::start(&folder, Setup::default()).await;
    assert_eq!(gateway.store.stats().expect("readable").notices, 1, "it is still to be told");
    gateway.stop().await;
}

#[tokio::test]
async fn money_is_never_spent_twice_by_callers_at_once() {
    let folder = Folder::new("money");
    // One euro pays for 30 parts of 0.0333.
    let gateway = Gateway::start(&folder, Setup { balance: 1, window_max: 1_000, ..Setup::default() }).await;
    let calls: Vec<_> = (0..64).map(|_| gateway.send("hello")).collect();
    let mut count = 0;
    for call in calls {
        match soon(call).await.expect("no panic") {
            Outcome::Sent(_) => count += 1,
            Outcome::Refused(Refusal::InsufficientFunds { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((count, gateway.held_and_posted().0), (30, 30 * PRICE));
    gateway.stop().await;
}

#[tokio::test]
async fn changes_of_an_account_are_seen_in_the_order_in_which_they_were_stored() {
    let folder = Folder::new("patches");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let patch = |status, default_class| AccountPatch {
        status,
        default_class,
        ..AccountPatch::new(gateway.account(), gateway.engine.world().now())
    };
    let engine = std::sync::Arc::clone(&gateway.engine);
    let first = engine.patch_account(patch(None, Some(MessageClass::Bulk)));
    let second = engine.patch_account(patch(Some(AccountStatus::Suspended), None));
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    // Both are handed over in order; the caller of the first hears last.
    let heard = tokio::select! {
        biased;
        result = first.as_mut() => Some(result),
        () = std::future::ready(()) => None,
    };
    soon(second.as_mut()).await.expect("stored");
    // On a busy machine the commit may be over before the first look.
    match heard {
        Some(result) => result,
        None => soon(first.as_mut()).await,
    }
    .expect("stored");
    let refused = soon(gateway.send("hello")).await.expect("no panic");
    assert!(matches!(refused, Outcome::Refused(Refusal::AccountBarred)), "{refused:?}");
    gateway.stop().await;
}
