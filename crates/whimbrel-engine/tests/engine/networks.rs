//! A network that a receipt told goes before the prefix, until a carrier says that it is wrong.

use whimbrel_core::call::lookup::{LookedUp, LookupCall, Question};
use whimbrel_core::call::prices::{PriceScope, PricesCall, PricesOutcome, Product};
use whimbrel_core::{
    Accepted, Call, CarrierError, CarrierEvent, CarrierId, Cause, Outcome, PhoneNumber, ReceiptStatus, RefusalScope,
    Submission, Timestamp,
};
use whimbrel_store::Store;

use crate::accepted;
use crate::support::*;

const BY_PREFIX: (&str, i64) = ("23420", 3_330_000);
const TOLD: (&str, i64) = ("23433", 5_000_000);

/// The network and the price of a part.
fn planned(answer: &Accepted) -> (&str, i64) {
    (&answer.network, answer.parts[0].price.units)
}

/// Sends a text that is delivered; its receipt tells a network.
async fn deliver(gateway: &mut Gateway, id: &str, network: &str) {
    accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    gateway.sent(&part, id, whimbrel_core::AnswerTiming::InTime).await;
    gateway.receipt_of(id, ReceiptStatus::Delivered, Some(network)).await;
    gateway.until(|| gateway.state_of(part.part_id) == "delivered").await;
}

async fn refuse(gateway: &Gateway, part: &Submission, carrier: u16) {
    let error = CarrierError::Permanent {
        cause: Cause::Ported,
        status: ReceiptStatus::Failed,
        code: "wrong network".into(),
        scope: RefusalScope::ThisCarrier,
    };
    let (part_id, attempt, at) = (part.part_id, part.attempt, gateway.engine.world().now());
    gateway.tell(CarrierEvent::Refused { carrier: CarrierId(carrier), part_id, attempt, error, at }).await;
}

fn told_count(gateway: &Gateway) -> usize {
    gateway.store.number_networks(Timestamp(0)).expect("readable").len()
}

#[tokio::test]
async fn a_network_that_a_receipt_told_decides_over_a_restart() {
    let folder = Folder::new("networks");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    deliver(&mut gateway, "a1", BY_PREFIX.0).await;
    assert_eq!(told_count(&gateway), 0, "the prefix says so already");
    deliver(&mut gateway, "a2", TOLD.0).await;
    assert_eq!(told_count(&gateway), 1);
    assert_eq!(planned(&accepted(gateway.send("hello")).await), TOLD);
    gateway.stop().await;

    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    assert_eq!(planned(&accepted(gateway.send("hello")).await), TOLD);
    // It moved back.
    while gateway.next_submission().await.attempt.0 != 1 {}
    gateway.receipt_of("a2", ReceiptStatus::Delivered, Some(BY_PREFIX.0)).await;
    gateway.until(|| told_count(&gateway) == 0).await;
    assert_eq!(planned(&accepted(gateway.send("hello")).await), BY_PREFIX);
    gateway.stop().await;
}

/// Where a number is found in another network by what a receipt told, whoever asks about it learns that somebody sent it a text.
#[tokio::test]
async fn what_receipts_told_is_told_to_nobody_who_only_asks() {
    let folder = Folder::new("networks-asked");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    deliver(&mut gateway, "a1", TOLD.0).await;
    assert_eq!(told_count(&gateway), 1);
    let number = || PhoneNumber::parse("447700900123").expect("a number");
    for question in [Question::Format, Question::Network, Question::Reach, Question::Name] {
        let call = Call::Lookup(LookupCall { question, numbers: vec![Ok(number())] });
        let Outcome::Lookup(answer) = soon(gateway.ask(call)).await.expect("no panic") else { panic!("no look-up") };
        let [LookedUp { range: Some(range), moved_to: None, .. }] = &*answer.numbers else { panic!("{answer:?}") };
        assert_eq!(&*range.code, BY_PREFIX.0);
    }
    let call = Call::Prices(PricesCall { product: Product::Text, scope: PriceScope::Number(number()) });
    let Outcome::Prices(PricesOutcome::Number(price)) = soon(gateway.ask(call)).await.expect("no panic") else {
        panic!("no price")
    };
    assert_eq!((&*price.network, price.price.map(|price| price.units)), (BY_PREFIX.0, Some(BY_PREFIX.1)));
    // A text is sent by it: that costs, and its receipt would tell the same.
    assert_eq!(planned(&accepted(gateway.send("hello")).await), TOLD);
    gateway.stop().await;
}

#[tokio::test]
async fn a_refusal_for_the_network_forgets_it_and_the_part_goes_on_to_the_next_carrier() {
    let folder = Folder::new("ported");
    let mut gateway = Gateway::start(&folder, Setup { carrier_count: 2, ..Setup::default() }).await;
    deliver(&mut gateway, "a1", TOLD.0).await;
    assert_eq!(planned(&accepted(gateway.send("hello")).await), TOLD);
    let first = gateway.next_submission().await;
    refuse(&gateway, &first, 1).await;
    let second = gateway.next_submission().await;
    assert_eq!((second.part_id, attempt(&second)), (first.part_id, 2));
    assert_eq!(told_count(&gateway), 0, "stored together with the refusal");
    assert_eq!(planned(&accepted(gateway.send("again")).await), BY_PREFIX);
    // There is no third carrier.
    refuse(&gateway, &second, 2).await;
    gateway.until(|| gateway.state_of(first.part_id) == "failed").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_receipt_that_says_wrong_network_forgets_it() {
    let folder = Folder::new("ported-receipt");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    deliver(&mut gateway, "a1", TOLD.0).await;
    accepted(gateway.send("hello")).await;
    let part = gateway.next_submission().await;
    gateway.sent(&part, "a2", whimbrel_core::AnswerTiming::InTime).await;
    gateway.receipt_for("a2", ReceiptStatus::Failed, Cause::Ported).await;
    gateway.until(|| gateway.state_of(part.part_id) == "failed").await;
    assert_eq!(told_count(&gateway), 0);
    assert_eq!(planned(&accepted(gateway.send("again")).await), BY_PREFIX);
    gateway.stop().await;
}

#[tokio::test]
async fn a_receipt_that_says_wrong_network_sends_the_part_to_the_next_carrier_once_for_one_price() {
    let folder = Folder::new("ported-on");
    let mut gateway = Gateway::start(&folder, Setup { carrier_count: 2, ..Setup::default() }).await;
    let answer = accepted(gateway.send("hello")).await;
    let first = gateway.next_submission().await;
    gateway.sent(&first, "a1", whimbrel_core::AnswerTiming::InTime).await;
    gateway.receipt_for("a1", ReceiptStatus::Failed, Cause::Ported).await;
    let second = gateway.next_submission().await;
    assert_eq!((second.part_id, attempt(&second)), (first.part_id, 2));
    assert_eq!(second.content.user_data(), first.content.user_data());
    // The report comes again: the part is another carrier's now.
    gateway.receipt_for("a1", ReceiptStatus::Failed, Cause::Ported).await;
    let (part_id, attempt, at) = (second.part_id, second.attempt, gateway.engine.world().now());
    let id = whimbrel_core::CarrierMessageId { raw: "b1".into(), key: b"b1".as_slice().into() };
    let timing = whimbrel_core::AnswerTiming::InTime;
    let charged = gateway.held_and_posted();
    gateway.tell(CarrierEvent::Sent { carrier: CarrierId(2), part_id, attempt, id, timing, at }).await;
    gateway.until(|| gateway.state_of(part_id) == "submitted").await;
    gateway.receipt_by(2, "b1", ReceiptStatus::Delivered).await;
    gateway.until(|| gateway.state_of(part_id) == "delivered").await;
    assert_eq!(
        (planned(&answer), gateway.held_and_posted()),
        (BY_PREFIX, charged),
        "charged when the first carrier took it"
    );
    gateway.stop().await;
}
