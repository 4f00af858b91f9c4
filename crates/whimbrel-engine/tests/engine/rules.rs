//! What accounts may do, and where parts go that a carrier refuses for itself.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use whimbrel_carriers::Ack;
use whimbrel_core::{
    AccountRules, CarrierError, CarrierEvent, CarrierId, Cause, ListKind, Outcome, RateWindow, ReceiptStatus,
    Recipients, Refusal, RefusalScope, Senders, Span, Submission,
};
use whimbrel_store::{AccountPatch, OrphanReason, Store};

use crate::accepted;
use crate::support::{Folder, Gateway, Setup, attempt, soon};

pub(crate) async fn rule(gateway: &Gateway, rules: AccountRules) {
    let patch =
        AccountPatch { rules: Some(rules), ..AccountPatch::new(gateway.account(), gateway.engine.world().now()) };
    gateway.engine.patch_account(patch).await.expect("patched");
}

async fn list(gateway: &Gateway, whose: Whose, kind: ListKind, line: &str) {
    let account = match whose {
        Whose::Account => Some(gateway.account()),
        Whose::Everybody => None,
    };
    gateway.engine.change_list(account, kind, &[line.to_owned()], &[]).await.expect("changed");
}

#[derive(Clone, Copy)]
enum Whose {
    Account,
    Everybody,
}

async fn refused(gateway: &Gateway) -> Refusal {
    match soon(gateway.send("hello")).await.expect("no panic") {
        Outcome::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn lists_and_rules_are_judged_with_the_next_request_and_after_a_restart() {
    let folder = Folder::new("rules");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    accepted(gateway.send("hello")).await;
    rule(&gateway, AccountRules { senders: Senders::Listed, ..AccountRules::default() }).await;
    assert!(matches!(refused(&gateway).await, Refusal::SenderNotAllowed { .. }));
    list(&gateway, Whose::Account, ListKind::Senders, "44*:ACME").await;
    accepted(gateway.send("hello")).await;
    list(&gateway, Whose::Everybody, ListKind::Deactivated, "447700900123").await;
    assert!(matches!(refused(&gateway).await, Refusal::RecipientDeactivated { .. }));
    list(&gateway, Whose::Everybody, ListKind::Barred, "+4477*").await;
    assert!(matches!(refused(&gateway).await, Refusal::RecipientBarred { .. }));
    rule(&gateway, AccountRules { recipients: Recipients::Permitted, ..AccountRules::default() }).await;
    assert!(matches!(refused(&gateway).await, Refusal::RecipientNotPermitted { .. }));
    gateway.stop().await;
    let gateway = Gateway::start(&folder, Setup::default()).await;
    assert!(matches!(refused(&gateway).await, Refusal::RecipientNotPermitted { .. }));
    list(&gateway, Whose::Account, ListKind::Permitted, "447700900123").await;
    assert!(matches!(refused(&gateway).await, Refusal::RecipientBarred { .. }), "permitted does not mean not barred");
    gateway.stop().await;
}

#[tokio::test]
async fn a_rate_is_counted_for_requests_that_fail_too() {
    let folder = Folder::new("rate");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    rule(&gateway, AccountRules { requests_per_second_max: 1, ..AccountRules::default() }).await;
    list(&gateway, Whose::Account, ListKind::Barred, "447700900123").await;
    let (mut barred, mut limited) = (0, 0);
    for _ in 0..40 {
        match refused(&gateway).await {
            Refusal::RecipientBarred { .. } => barred += 1,
            Refusal::TooManyRequests(window) => {
                assert_eq!((window.requests_max, window.requests), (1, 1));
                limited += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(barred >= 1 && limited >= 1, "{barred} {limited}");
    gateway.stop().await;
}

#[tokio::test]
async fn only_who_asks_too_often_is_answered_later() {
    let folder = Folder::new("held-back");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let now = gateway.engine.world().now();
    let window =
        RateWindow { requests_max: 1, length: Span::seconds(1), requests: 1, began_at: now, elapsed: Span::ZERO };
    for (refusal, is_held) in [(Refusal::TooManyRequests(window), true), (Refusal::Overloaded, false)] {
        let mut held = pin!(gateway.engine.hold_back(&refusal));
        let at_once = held.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(at_once.is_pending(), is_held, "{refusal:?}");
        if is_held {
            held.await;
        }
    }
    gateway.stop().await;
}

/// The carrier refuses a part for good, as its own affair.
async fn refuse(gateway: &Gateway, part: &Submission) {
    let error = CarrierError::Permanent {
        cause: Cause::SenderFilter,
        status: ReceiptStatus::Rejected,
        code: "0x0a".into(),
        scope: RefusalScope::ThisCarrier,
    };
    let at = gateway.engine.world().now();
    let (part_id, attempt) = (part.part_id, part.attempt);
    gateway.tell(CarrierEvent::Refused { carrier: CarrierId(1), part_id, attempt, error, at }).await;
}

#[tokio::test]
async fn a_carrier_that_refuses_for_itself_ends_a_part_whose_route_has_no_other() {
    let folder = Folder::new("no-other-carrier");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let answer = accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    refuse(&gateway, &part).await;
    gateway.until(|| gateway.state_of(answer.parts[0].part_id) == "rejected").await;
    assert_eq!((attempt(&part), gateway.held_and_posted().0), (1, 0));
    gateway.stop().await;
}

#[tokio::test]
async fn row_29_a_receipt_for_a_refused_submission_is_taken_and_changes_nothing() {
    // kneodev/ksmppd issue 111: a centre that reports what it refused, by an id that it never gave.
    let folder = Folder::new("refused-and-reported");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let answer = accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    refuse(&gateway, &part).await;
    let id = answer.parts[0].part_id;
    gateway.until(|| gateway.state_of(id) == "rejected").await;
    let (_, webhook) = soon(gateway.webhooks.recv()).await.expect("the refusal is told");
    webhook.send(200).expect("awaited");
    let before = gateway.held_and_posted();
    let token = gateway.receipt("never-given", ReceiptStatus::Delivered).await;
    // Not asked for again and again: the carrier may forget it.
    assert_eq!(soon(gateway.acks.recv()).await, Some((token, Ack::Stored)));
    assert_eq!((gateway.state_of(id).as_str(), gateway.held_and_posted()), ("rejected", before));
    let orphans = gateway.store.orphans(None, 10).expect("readable");
    assert_eq!(orphans.iter().map(|orphan| orphan.reason).collect::<Vec<_>>(), [OrphanReason::UnknownId]);
    assert!(gateway.webhooks.try_recv().is_err(), "told once");
    gateway.stop().await;
}

#[tokio::test]
async fn the_same_key_is_answered_as_before_whatever_is_refused_by_now() {
    let folder = Folder::new("same-key");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let first = accepted(gateway.send_marked("hello", "k1")).await;
    gateway.next_submission().await;
    list(&gateway, Whose::Everybody, ListKind::Barred, "+4477*").await;
    let again = accepted(gateway.send_marked("hello", "k1")).await;
    assert_eq!((again.message_id, again.parts), (first.message_id, first.parts), "it was sent before it was barred");
    assert!(gateway.submissions.try_recv().is_err(), "and is not sent again");
    let other = soon(gateway.send_marked("bye", "k1")).await.expect("no panic");
    assert!(matches!(other, Outcome::Refused(Refusal::RecipientBarred { .. })), "another request: {other:?}");
    let new = soon(gateway.send_marked("hello", "k2")).await.expect("no panic");
    assert!(matches!(new, Outcome::Refused(Refusal::RecipientBarred { .. })), "another key: {new:?}");
    // A day later the answer is forgotten.
    gateway.set_clock(gateway.clock().now() + whimbrel_core::Span::hours(25));
    let late = soon(gateway.send_marked("hello", "k1")).await.expect("no panic");
    assert!(matches!(late, Outcome::Refused(Refusal::RecipientBarred { .. })), "{late:?}");
    gateway.stop().await;
}
