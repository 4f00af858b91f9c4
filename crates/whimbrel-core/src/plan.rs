//! From a call to a plan: network, alphabet, parts, price and route, decided before anything is written.
//!
//! A plan is what the accept transaction stores. It says which snapshot it was made from, so that it can be explained later.

use std::sync::Arc;

use whimbrel_sms::{ConcatRef, Encoding, EncodingChoice, Part, PartCount, SplitOptions};

use crate::account::{Account, CaptureOn};
use crate::call::{Alphabet, IdempotencyKey, MessageClass, ReceiptWish, Refusal, SendCall};
use crate::carrier::Submission;
use crate::id::{AccountId, AttemptNumber, CarrierId, MessageId, PartId};
use crate::money::{Currency, Money};
use crate::network::{Networks, Prices};
use crate::phone::{PhoneNumber, SenderId};
use crate::secret::MessageText;
use crate::time::{Span, Timestamp};

/// How long a message is tried unless the request says otherwise: 72 hours.
pub const VALIDITY_DEFAULT: Span = Span::hours(72);

/// Everything a plan is decided from. Immutable; swapped whole when the configuration changes.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Rises with every change.
    pub epoch: u32,
    /// Prefix to network.
    pub networks: Arc<Networks>,
    /// Network to price.
    pub prices: Arc<Prices>,
    /// Rules in order; the first that matches decides.
    pub routes: Vec<Route>,
}

/// One rule: numbers with a prefix go to a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The rule's name, for people.
    pub name: Box<str>,
    /// Digits a recipient must start with; empty for all.
    pub prefix: Box<str>,
    /// The carrier.
    pub carrier: CarrierId,
}

/// One part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPart {
    /// Its id.
    pub part_id: PartId,
    /// What is sent.
    pub content: Part,
}

/// A message, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The message.
    pub message_id: MessageId,
    /// Who pays.
    pub account_id: AccountId,
    /// In whose words it was asked for.
    pub dialect: &'static str,
    /// Its class.
    pub class: MessageClass,
    /// To whom.
    pub recipient: PhoneNumber,
    /// From whom.
    pub sender: SenderId,
    /// The text as the customer gave it.
    pub text: MessageText,
    /// The alphabet asked for.
    pub alphabet: Alphabet,
    /// What the parts share, if there is more than one.
    pub concat_reference: u8,
    /// The alphabet of the parts.
    pub encoding: Encoding,
    /// The parts in order; at least one.
    pub parts: Vec<PlannedPart>,
    /// What each part costs.
    pub price: Money,
    /// When holds become charges.
    pub capture_on: CaptureOn,
    /// The recipient's network code.
    pub network: Box<str>,
    /// The carrier it goes to.
    pub carrier: CarrierId,
    /// The rule that chose the carrier.
    pub route: Box<str>,
    /// The snapshot's number.
    pub epoch: u32,
    /// Whether receipts are wanted.
    pub receipt: ReceiptWish,
    /// Where receipts go instead of the account's endpoint.
    pub callback: Option<Box<str>>,
    /// The customer's mark.
    pub client_ref: Option<Box<str>>,
    /// The customer's second mark.
    pub account_ref: Option<Box<str>>,
    /// The validity asked for.
    pub validity: Option<Span>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// The caller's mark for "the same request".
    pub idempotency: Option<IdempotencyKey>,
}

/// What the plan takes from the world.
pub struct Chances<'a> {
    /// The time of acceptance.
    pub now: Timestamp,
    /// Gives ids.
    pub next_id: &'a mut dyn FnMut() -> i64,
    /// The concatenation reference if the text needs more than one part.
    pub concat_reference: u8,
}

/// Decides how `call` is carried out.
///
/// # Errors
/// [`Refusal::Unroutable`] if no prefix or no route is known, [`Refusal::TooLong`] above 255 parts, [`Refusal::Internal`] if
/// there is no price in the account's currency: the operator's table lacks a default, and nothing is sent for free by mistake.
pub fn plan(
    call: SendCall,
    account: &Account,
    dialect: &'static str,
    snapshot: &Snapshot,
    chances: Chances<'_>,
) -> Result<Plan, Refusal> {
    let unroutable = || Refusal::Unroutable { recipient: call.recipient.clone() };
    let network = snapshot.networks.find(&call.recipient).ok_or_else(unroutable)?;
    let digits = call.recipient.digits();
    let route = snapshot.routes.iter().find(|route| digits.starts_with(&*route.prefix)).ok_or_else(unroutable)?;
    let price = snapshot.prices.of_part(network, account.currency).ok_or(Refusal::Internal)?;
    let (encoding, contents) = contents(&call.text, call.alphabet, chances.concat_reference).ok_or(Refusal::TooLong)?;
    let part_count = u16::try_from(contents.len()).map_err(|_| Refusal::TooLong)?;
    price.times(part_count).ok_or(Refusal::Internal)?;
    let parts: Vec<PlannedPart> =
        contents.into_iter().map(|content| PlannedPart { part_id: PartId((chances.next_id)()), content }).collect();
    let first = parts.first().ok_or(Refusal::Internal)?;
    Ok(Plan {
        message_id: MessageId(first.part_id.0),
        account_id: account.id,
        dialect,
        class: call.class.unwrap_or(account.default_class),
        network: network.code.clone(),
        sender: call.sender,
        text: call.text,
        alphabet: call.alphabet,
        concat_reference: chances.concat_reference,
        encoding,
        parts,
        price,
        capture_on: account.capture_on,
        carrier: route.carrier,
        route: route.name.clone(),
        epoch: snapshot.epoch,
        receipt: call.receipt,
        callback: call.callback,
        client_ref: call.client_ref,
        account_ref: call.account_ref,
        validity: call.validity,
        accepted_at: chances.now,
        expires_at: chances.now + call.validity.unwrap_or(VALIDITY_DEFAULT),
        idempotency: call.idempotency,
        recipient: call.recipient,
    })
}

/// The parts of a text. The same text, alphabet and reference always give the same octets: that is what a resend relies on.
///
/// `None` if it needs more than 255 parts.
#[must_use]
pub fn contents(text: &MessageText, alphabet: Alphabet, concat_reference: u8) -> Option<(Encoding, Vec<Part>)> {
    let encoding = match alphabet {
        Alphabet::Gsm7Lossy => EncodingChoice::Gsm7,
        Alphabet::Ucs2 => EncodingChoice::Ucs2,
    };
    let options =
        SplitOptions { encoding, reference: ConcatRef::Octet(concat_reference), part_count_max: PartCount::MAX };
    let parts = whimbrel_sms::split(text.expose(), options).ok()?;
    Some((parts.encoding(), parts.into_iter().collect()))
}

impl Plan {
    /// The currency of the price.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.price.currency
    }

    /// The first submission of the part at `index` (from 0); `None` beyond the last part.
    #[must_use]
    pub fn submission(&self, index: usize) -> Option<Submission> {
        let part = self.parts.get(index)?;
        Some(Submission {
            part_id: part.part_id,
            attempt: AttemptNumber(1),
            sender: self.sender.clone(),
            recipient: self.recipient.clone(),
            encoding: self.encoding,
            content: part.content.clone(),
            receipt: self.receipt,
            validity: self.validity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountStatus, HttpMethodChoice};

    fn account(currency: Currency) -> Account {
        Account {
            id: AccountId(1),
            key: "devkey01".into(),
            name: "dev".into(),
            currency,
            status: AccountStatus::Active,
            default_class: MessageClass::Otp,
            capture_on: CaptureOn::CarrierAccept,
            webhook_method: HttpMethodChoice::Get,
            endpoints: Vec::new(),
        }
    }

    fn snapshot() -> Snapshot {
        let networks = "prefix,mccmnc,country,name\n447700900,23420,GB,Fictional\n1,310-US,US,North America\n";
        Snapshot {
            epoch: 3,
            networks: Arc::new(Networks::parse(networks).expect("good")),
            prices: Arc::new(Prices::parse("country,mccmnc,price,currency\n*,,0.0333,EUR\n").expect("good")),
            routes: vec![Route { name: "britain".into(), prefix: "44".into(), carrier: CarrierId(1) }],
        }
    }

    fn planned(to: &str, text: &str, currency: Currency) -> Result<Plan, Refusal> {
        let call = SendCall {
            recipient: PhoneNumber::parse(to).expect("a number"),
            sender: SenderId::parse("Acme").expect("a sender"),
            text: MessageText::new(text),
            alphabet: Alphabet::Gsm7Lossy,
            receipt: ReceiptWish::Wanted,
            callback: None,
            client_ref: None,
            account_ref: None,
            validity: None,
            class: None,
            idempotency: None,
        };
        let mut last = 100;
        let mut next_id = || {
            last += 1;
            last
        };
        let chances = Chances { now: Timestamp(1_000), next_id: &mut next_id, concat_reference: 9 };
        plan(call, &account(currency), "plain", &snapshot(), chances)
    }

    #[test]
    fn a_long_text_gets_an_id_for_each_part_and_the_first_is_the_messages_own() {
        let plan = planned("447700900123", &"a".repeat(161), Currency::EUR).expect("planned");
        assert_eq!(plan.message_id, MessageId(101));
        assert_eq!(plan.parts.iter().map(|part| part.part_id.0).collect::<Vec<_>>(), [101, 102]);
        assert_eq!((plan.price.units, &*plan.network, &*plan.route), (3_330_000, "23420", "britain"));
        assert_eq!(plan.expires_at, Timestamp(1_000) + Span::hours(72));
        assert_eq!(
            plan.submission(1).map(|submission| submission.content.header().to_vec()),
            Some(vec![5, 0, 3, 9, 2, 2])
        );
        assert_eq!(plan.submission(2), None);
    }

    #[test]
    fn what_cannot_be_routed_or_priced_is_refused() {
        assert!(matches!(planned("999000000", "x", Currency::EUR), Err(Refusal::Unroutable { .. })), "no prefix");
        assert!(matches!(planned("12025550100", "x", Currency::EUR), Err(Refusal::Unroutable { .. })), "no route");
        assert!(matches!(planned("447700900123", "x", Currency::USD), Err(Refusal::Internal)), "no price in dollars");
        let endless = "a".repeat(255 * 153 + 1);
        assert!(matches!(planned("447700900123", &endless, Currency::EUR), Err(Refusal::TooLong)));
    }

    #[test]
    fn the_same_text_always_gives_the_same_octets() {
        let text = MessageText::new("é€".repeat(120));
        let once = contents(&text, Alphabet::Ucs2, 200).expect("fits");
        assert_eq!(Some(once), contents(&text, Alphabet::Ucs2, 200));
    }
}
