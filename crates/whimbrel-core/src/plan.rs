//! From a call to a plan: network, alphabet, parts, price and route, decided before anything is written.
//!
//! A plan is what the accept transaction stores. It says which snapshot it was made from, so that it can be explained later.

use std::borrow::Cow;
use std::sync::Arc;

use whimbrel_sms::{
    BinaryContent, BinaryRefused, ConcatRef, Encoding, EncodingChoice, Part, PartCount, PartForm, Parts, RefWidth,
    SplitOptions, gsm7, ucs2,
};

use crate::account::{Account, CaptureOn, Facility, Unmappable};
use crate::call::{
    Alphabet, Content, HandsetClass, IdempotencyKey, MessageClass, ReceiptWish, Refusal, Registration, SendCall,
};
use crate::carrier::Submission;
use crate::credential::KeyMode;
use crate::id::{AccountId, ApplicationId, AttemptNumber, CarrierId, MessageId, PartId, Serial};
use crate::money::{Currency, Money};
use crate::network::{Network, Networks, Prices};
use crate::notice::Telling;
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
    /// The carrier of what is sent for trying out, by a test key. It reaches no handset.
    pub test_carrier: Option<RouteCarrier>,
}

/// One rule: numbers with a prefix, in some networks or in any, go to a carrier, or to the next one if it refuses for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The rule's name, for people.
    pub name: Box<str>,
    /// Digits a recipient must start with; empty for all.
    pub prefix: Box<str>,
    /// Codes of the networks that it is for; empty for all.
    pub networks: Vec<Box<str>>,
    /// The carriers, in the order in which they are tried; at least one.
    pub carriers: Vec<RouteCarrier>,
}

/// A carrier of a route, with what a plan must know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteCarrier {
    /// The carrier.
    pub id: CarrierId,
    /// How wide the references are by which it knows the parts of a long text.
    pub reference_width: RefWidth,
    /// Octets that it wants free in every part: 0 to 16.
    pub part_slack: u8,
}

/// How a text is cut into parts. The same text cut in the same way gives the same octets: that is what a resend relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// What the parts share, if there is more than one.
    pub reference: ConcatRef,
    /// Octets left free in every part.
    pub slack: u8,
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
    /// Its number, where its dialect names it by one.
    pub serial: Option<Serial>,
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
    /// What is sent, as the customer gave it; the alphabet is the one that was decided on.
    pub content: Content,
    /// How the handset is to treat it.
    pub handset_class: Option<HandsetClass>,
    /// What regulators want to travel along.
    pub registration: Registration,
    /// How it is cut.
    pub cut: Cut,
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
    /// How receipts are told.
    pub telling: Telling,
    /// The application that sends.
    pub application: Option<ApplicationId>,
    /// The customer's mark.
    pub client_ref: Option<Box<str>>,
    /// The customer's second mark.
    pub account_ref: Option<Box<str>>,
    /// The validity asked for.
    pub validity: Option<Span>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it may leave: when it was accepted, or later.
    pub due_at: Timestamp,
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
    /// The concatenation reference if the text needs more than one part; a narrow one is its low octet.
    pub concat_reference: u16,
    /// The message's number, where its dialect names messages by one.
    pub serial: Option<Serial>,
    /// The recipient's network, where a receipt told another one than its prefix does.
    pub network_told: Option<Box<str>>,
}

/// Decides how `call` is carried out.
///
/// # Errors
/// [`Refusal::Unroutable`] if no prefix or no route is known, [`Refusal::InvalidNetwork`] if the call names a network that is
/// unknown or of another country, [`Refusal::FacilityNotAllowed`] for what the account may not use, [`Refusal::TooLong`] above 255
/// parts or 140 binary octets, [`Refusal::Invalid`] for a header whose lengths do not add up, [`Refusal::Internal`] if
/// there is no price in the account's currency: the operator's table lacks a default, and nothing is sent for free by mistake.
pub fn plan(
    call: SendCall,
    account: &Account,
    dialect: &'static str,
    snapshot: &Snapshot,
    chances: Chances<'_>,
) -> Result<Plan, Refusal> {
    let unroutable = || Refusal::Unroutable { recipient: call.recipient.clone() };
    allowed(&call, account)?;
    let network = snapshot.networks.find_told(&call.recipient, chances.network_told.as_deref());
    let network = network.ok_or_else(unroutable)?;
    if let Some(named) = &call.network
        && snapshot.networks.country_of(named) != Some(network.country)
    {
        return Err(Refusal::InvalidNetwork);
    }
    let (route, carrier) = snapshot.carrier_for(&call, network).ok_or_else(unroutable)?;
    let price = match call.mode {
        KeyMode::Live => snapshot.prices.of_part(network, account.currency).ok_or(Refusal::Internal)?,
        KeyMode::Test => Money::new(0, account.currency),
    };
    let reference = match carrier.reference_width {
        RefWidth::Bits8 => ConcatRef::Octet(chances.concat_reference.to_be_bytes()[1]),
        RefWidth::Bits16 => ConcatRef::Word(chances.concat_reference),
    };
    let content = decided(worded(call.content, account), account.rules.unmappable);
    let cut = Cut { reference, slack: carrier.part_slack };
    let sender = match (&content, &account.otp.sender) {
        (Content::Text { text, .. }, Some(sender)) if text.code().is_some() => sender.clone(),
        _ => call.sender,
    };
    let (encoding, contents) = parts_of(&content, cut)?;
    let part_count = u16::try_from(contents.len()).map_err(|_| Refusal::TooLong)?;
    price.times(part_count).ok_or(Refusal::Internal)?;
    let parts: Vec<PlannedPart> =
        contents.into_iter().map(|content| PlannedPart { part_id: PartId((chances.next_id)()), content }).collect();
    let first = parts.first().ok_or(Refusal::Internal)?;
    let due_at = call.due_at.map_or(chances.now, |due_at| due_at.max(chances.now));
    Ok(Plan {
        message_id: MessageId(first.part_id.0),
        serial: chances.serial,
        account_id: account.id,
        dialect,
        class: call.class.unwrap_or(account.default_class),
        network: network.code.clone(),
        sender,
        content,
        handset_class: call.handset_class,
        registration: call.registration,
        cut,
        encoding,
        parts,
        price,
        capture_on: account.capture_on,
        carrier: carrier.id,
        route: route.into(),
        epoch: snapshot.epoch,
        receipt: call.receipt,
        callback: call.callback,
        telling: call.telling,
        application: call.application,
        client_ref: call.client_ref,
        account_ref: call.account_ref,
        validity: call.validity,
        accepted_at: chances.now,
        due_at,
        expires_at: due_at + call.validity.unwrap_or(VALIDITY_DEFAULT),
        idempotency: call.idempotency,
        recipient: call.recipient,
    })
}

/// The name of the rule that a caller makes who names a carrier.
const FORCED_ROUTE: &str = "as asked for";
/// The name of the rule for what is sent for trying out. A rule of the configuration may have that name, but what it sends has a price.
pub const TEST_ROUTE: &str = "test key";

impl Snapshot {
    /// The rule for a call, and the first of its carriers.
    fn carrier_for(&self, call: &SendCall, network: &Network) -> Option<(&str, RouteCarrier)> {
        if call.mode == KeyMode::Test {
            return Some((TEST_ROUTE, self.test_carrier?));
        }
        if let Some(forced) = call.carrier {
            let known = self.routes.iter().flat_map(|route| &route.carriers).find(|carrier| carrier.id == forced);
            let unrouted = RouteCarrier { id: forced, reference_width: RefWidth::Bits8, part_slack: 0 };
            return Some((FORCED_ROUTE, known.copied().unwrap_or(unrouted)));
        }
        let digits = call.recipient.digits();
        let is_for = |route: &&Route| digits.starts_with(&*route.prefix) && route.is_for(&network.code);
        let route = self.routes.iter().find(is_for)?;
        Some((&route.name, *route.carriers.first()?))
    }

    /// The carriers that may take a part, as it is cut, instead of `carrier`: those that its route tries after it, in order; all of
    /// them if the route does not name it any more. None if there is no such route any more.
    pub fn carriers_instead(&self, route: &str, carrier: CarrierId, cut: Cut) -> impl Iterator<Item = CarrierId> {
        let route = self.routes.iter().find(|candidate| *candidate.name == *route);
        let carriers = route.map_or(&[][..], |route| &route.carriers);
        let from = carriers.iter().position(|candidate| candidate.id == carrier).map_or(0, |at| at + 1);
        let wanted = (cut.reference.width(), cut.slack);
        let rest = carriers.iter().skip(from).filter(move |other| (other.reference_width, other.part_slack) == wanted);
        rest.map(|other| other.id)
    }

    /// Who gets a part instead of `carrier`, which says that its number is in another network: the carrier that the route tries next,
    /// or, where the route is for some networks only, one of the first rule after it that is for any network of those numbers.
    #[must_use]
    pub fn carrier_for_ported(&self, route: &str, carrier: CarrierId) -> Option<CarrierId> {
        self.carrier_after(route, carrier).or_else(|| {
            let at = self.routes.iter().position(|candidate| *candidate.name == *route)?;
            let own = self.routes.get(at).filter(|own| !own.networks.is_empty())?;
            let cut = |carrier: &RouteCarrier| (carrier.reference_width, carrier.part_slack);
            let wanted = cut(own.carriers.iter().find(|candidate| candidate.id == carrier)?);
            let is_for_all = |other: &&Route| other.networks.is_empty() && own.prefix.starts_with(&*other.prefix);
            let carriers = &self.routes.get(at + 1..)?.iter().find(is_for_all)?.carriers;
            // None that the route names: it has had the part, or would say the same.
            let is_new = |next: &&RouteCarrier| own.carriers.iter().all(|tried| tried.id != next.id);
            carriers.iter().filter(is_new).find(|next| cut(next) == wanted).map(|next| next.id)
        })
    }

    /// The carrier that a route tries after `carrier`, among those that want texts cut in the same way: the parts stay as they
    /// are. `None` if there is none, or no such route any more.
    #[must_use]
    pub fn carrier_after(&self, route: &str, carrier: CarrierId) -> Option<CarrierId> {
        let carriers = &self.routes.iter().find(|candidate| *candidate.name == *route)?.carriers;
        let at = carriers.iter().position(|candidate| candidate.id == carrier)?;
        let cut = |carrier: &RouteCarrier| (carrier.reference_width, carrier.part_slack);
        let wanted = cut(carriers.get(at)?);
        carriers.get(at + 1..)?.iter().find(|next| cut(next) == wanted).map(|next| next.id)
    }
}

impl Route {
    fn is_for(&self, network: &str) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|code| **code == *network)
    }
}

/// What the account may use.
fn allowed(call: &SendCall, account: &Account) -> Result<(), Refusal> {
    let denied = |facility| facility == Facility::Denied;
    let rules = &account.rules;
    let is_binary = matches!(call.content, Content::Binary(_));
    match is_binary && denied(rules.binary) || call.handset_class.is_some() && denied(rules.handset_class) {
        true => Err(Refusal::FacilityNotAllowed),
        false => Ok(()),
    }
}

/// The content in the account's words, if it is a code and the account has words of its own.
fn worded(content: Content, account: &Account) -> Content {
    match (content, &account.otp.template) {
        (Content::Text { text, alphabet }, Some(template)) => {
            let own = text.code().and_then(|code| MessageText::with_code(template, code));
            Content::Text { text: own.unwrap_or(text), alphabet }
        }
        (content, _) => content,
    }
}

/// The content with the alphabet that the account's rule gives to a text without a wish of its own.
fn decided(content: Content, rule: Unmappable) -> Content {
    match content {
        Content::Text { text, alphabet: Alphabet::Gsm7Lossy } => {
            let alphabet = match rule {
                Unmappable::Replace => Alphabet::Gsm7Lossy,
                Unmappable::Transliterate => Alphabet::Gsm7Transliterated,
                Unmappable::Unicode => Alphabet::Detect,
            };
            Content::Text { text, alphabet }
        }
        content @ (Content::Text { .. } | Content::Binary(_)) => content,
    }
}

/// The parts of a content.
///
/// # Errors
/// [`Refusal::TooLong`] above 255 parts or 140 binary octets, [`Refusal::Invalid`] for a header whose lengths do not add up.
pub fn parts_of(content: &Content, cut: Cut) -> Result<(Encoding, Vec<Part>), Refusal> {
    let parts = match content {
        Content::Text { text, alphabet } => {
            let (text, encoding) = spelled(text.expose(), *alphabet);
            let options = SplitOptions { encoding, reference: cut.reference, part_count_max: PartCount::MAX };
            let form = PartForm { slack_octets: cut.slack, ..PartForm::default() };
            whimbrel_sms::split_with(&text, options, form).map_err(|_| Refusal::TooLong)?
        }
        Content::Binary(binary) => {
            let octets = BinaryContent { udh: binary.header.expose(), body: binary.body.expose() };
            Parts::binary(octets).map_err(|refused| match refused {
                BinaryRefused::TooLong { .. } => Refusal::TooLong,
                BinaryRefused::MalformedHeader => Refusal::Invalid { field: "udh" },
            })?
        }
    };
    Ok((parts.encoding(), parts.into_iter().collect()))
}

/// What the parts of a content say, where nothing is left free in them; see [`Plan::said`].
///
/// # Errors
/// As [`parts_of`].
pub fn said_by(content: &Content) -> Result<(Encoding, Vec<MessageText>), Refusal> {
    // Which reference the parts share is not said.
    let (encoding, parts) = parts_of(content, Cut { reference: ConcatRef::Octet(0), slack: 0 })?;
    Ok((encoding, said(encoding, &parts)))
}

fn said<'a>(encoding: Encoding, parts: impl IntoIterator<Item = &'a Part>) -> Vec<MessageText> {
    let text = |part: &Part| {
        let body = part.body();
        MessageText::new(match encoding {
            Encoding::Gsm7 => gsm7::decode(body),
            Encoding::Ucs2 => ucs2::decode(body),
            Encoding::Binary => body.iter().map(|octet| format!("{octet:02X}")).collect(),
        })
    };
    parts.into_iter().map(text).collect()
}

/// The text as it is sent, and how its encoding is chosen.
fn spelled(text: &str, alphabet: Alphabet) -> (Cow<'_, str>, EncodingChoice) {
    match alphabet {
        Alphabet::Gsm7Lossy => (Cow::Borrowed(text), EncodingChoice::Gsm7),
        Alphabet::Ucs2 => (Cow::Borrowed(text), EncodingChoice::Ucs2),
        Alphabet::Gsm7Transliterated => (whimbrel_sms::transliterate(text), EncodingChoice::Gsm7),
        Alphabet::Detect => (Cow::Borrowed(text), EncodingChoice::Detect),
        Alphabet::DetectTransliterated => match whimbrel_sms::transliterate_to_fit(text) {
            Some(spelled) => (spelled, EncodingChoice::Gsm7),
            None => (Cow::Borrowed(text), EncodingChoice::Ucs2),
        },
    }
}

/// Whether a receipt is asked of the carrier: also where nobody wants to be told, if delivery is what is paid for. Nothing else says
/// that a part was delivered.
#[must_use]
pub fn asked_of_carrier(wish: ReceiptWish, capture_on: CaptureOn) -> ReceiptWish {
    match capture_on {
        CaptureOn::Delivery => ReceiptWish::Wanted,
        CaptureOn::CarrierAccept => wish,
    }
}

impl Plan {
    /// The currency of the price.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.price.currency
    }

    /// What each part says, in order; octets that are no text as hexadecimal digits.
    #[must_use]
    pub fn said(&self) -> Vec<MessageText> {
        said(self.encoding, self.parts.iter().map(|part| &part.content))
    }

    /// The first submission of the part at `index` (from 0); `None` beyond the last part.
    #[must_use]
    pub fn submission(&self, index: usize) -> Option<Submission> {
        let part = self.parts.get(index)?;
        Some(Submission {
            part_id: part.part_id,
            message_id: self.message_id,
            // A plan has 255 parts at most.
            number: u8::try_from(index + 1).ok()?,
            part_count: u8::try_from(self.parts.len()).ok()?,
            class: self.class,
            attempt: AttemptNumber(1),
            sender: self.sender.clone(),
            recipient: self.recipient.clone(),
            encoding: self.encoding,
            content: part.content.clone(),
            handset_class: self.handset_class,
            protocol_id: self.content.protocol_id(),
            registration: self.registration.clone(),
            receipt: asked_of_carrier(self.receipt, self.capture_on),
            has_code: self.content.has_code(),
            validity: self.validity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountRules, AccountStatus, HttpMethodChoice};

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
            rules: AccountRules::default(),
            signing: Default::default(),
            policy: Default::default(),
            otp: Default::default(),
            lists: Arc::default(),
        }
    }

    fn snapshot() -> Snapshot {
        let networks = "prefix,mccmnc,country,name\n447700900,23420,GB,Fictional\n1,310-US,US,North America\n";
        Snapshot {
            epoch: 3,
            networks: Arc::new(Networks::parse(networks).expect("good")),
            prices: Arc::new(Prices::parse("country,mccmnc,price,currency\n*,,0.0333,EUR\n").expect("good")),
            test_carrier: None,
            routes: vec![Route {
                name: "britain".into(),
                prefix: "44".into(),
                networks: Vec::new(),
                carriers: [1, 2, 3]
                    .map(|id| carrier(id, if id == 2 { RefWidth::Bits16 } else { RefWidth::Bits8 }))
                    .into(),
            }],
        }
    }

    const fn carrier(id: u16, reference_width: RefWidth) -> RouteCarrier {
        RouteCarrier { id: CarrierId(id), reference_width, part_slack: 0 }
    }

    fn planned(to: &str, text: &str, currency: Currency) -> Result<Plan, Refusal> {
        let call = SendCall {
            recipient: PhoneNumber::parse(to).expect("a number"),
            sender: SenderId::parse("Acme").expect("a sender"),
            content: Content::Text { text: MessageText::new(text), alphabet: Alphabet::Gsm7Lossy },
            handset_class: None,
            network: None,
            registration: Registration::default(),
            receipt: ReceiptWish::Wanted,
            callback: None,
            telling: Telling::default(),
            application: None,
            client_ref: None,
            account_ref: None,
            validity: None,
            class: None,
            idempotency: None,
            due_at: None,
            carrier: None,
            mode: KeyMode::Live,
        };
        let mut last = 100;
        let mut next_id = || {
            last += 1;
            last
        };
        let chances = Chances {
            now: Timestamp(1_000),
            next_id: &mut next_id,
            concat_reference: 9,
            serial: None,
            network_told: None,
        };
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
        let content = Content::Text { text: MessageText::new("é€".repeat(120)), alphabet: Alphabet::Ucs2 };
        for (reference, slack) in [(ConcatRef::Octet(200), 0), (ConcatRef::Word(0x1234), 1)] {
            let cut = Cut { reference, slack };
            assert_eq!(parts_of(&content, cut), parts_of(&content, cut));
        }
    }

    #[test]
    fn slack_leaves_octets_free_in_every_part() {
        let content = Content::Text { text: MessageText::new("a".repeat(153)), alphabet: Alphabet::Gsm7Lossy };
        let count = |slack| {
            let parts = parts_of(&content, Cut { reference: ConcatRef::Octet(1), slack }).expect("it can be cut").1;
            (parts.len(), parts.iter().map(|part| part.user_data().len()).max())
        };
        assert_eq!(count(0), (1, Some(153)));
        assert_eq!(count(8).0, 2, "153 septets need 134 octets, and 132 are left");
    }

    #[test]
    fn a_network_that_was_told_goes_before_the_prefix_in_price_and_route() {
        let mut snapshot = snapshot();
        let networks = "prefix,mccmnc,country,name\n4477,23420,GB,One\n4478,23410,GB,Two\n1,31026,US,Three\n";
        snapshot.networks = Arc::new(Networks::parse(networks).expect("good"));
        let number = PhoneNumber::parse("447700900123").expect("a number");
        let told = |code| snapshot.networks.find_told(&number, code).map(|network| &*network.code);
        assert_eq!((told(None), told(Some("23410"))), (Some("23420"), Some("23410")));
        assert_eq!((told(Some("31026")), told(Some("99999"))), (Some("23420"), Some("23420")), "none of its country");
        let for_two = Route {
            name: "two".into(),
            prefix: "44".into(),
            networks: vec!["23410".into()],
            carriers: [4, 1].map(|id| carrier(id, RefWidth::Bits8)).into(),
        };
        snapshot.routes.insert(0, for_two);
        let route =
            |network: &str| snapshot.routes.iter().find(|route| route.is_for(network)).map(|route| &*route.name);
        assert_eq!((route("23410"), route("23420")), (Some("two"), Some("britain")));
        // What the network's carriers all refuse goes on to a carrier for any network that has not had it, and no further.
        let ported = |route, id| snapshot.carrier_for_ported(route, CarrierId(id)).map(|next| next.0);
        assert_eq!((ported("two", 4), ported("two", 1), ported("two", 3)), (Some(1), Some(3), None));
        assert_eq!((ported("britain", 1), ported("britain", 3), ported("nowhere", 1)), (Some(3), None, None));
    }

    #[test]
    fn a_route_goes_on_to_the_next_carrier_that_takes_the_parts_as_they_are() {
        let snapshot = snapshot();
        let after = |route, id| snapshot.carrier_after(route, CarrierId(id));
        assert_eq!(after("britain", 1), Some(CarrierId(3)));
        assert_eq!(after("britain", 3), None);
        assert_eq!(after("britain", 9), None);
        assert_eq!(after("nowhere", 1), None);
    }

    #[test]
    fn a_part_that_waits_has_the_carriers_after_its_own_or_all_if_that_is_gone() {
        let snapshot = snapshot();
        let instead = |route, id, reference, slack| {
            let cut = Cut { reference, slack };
            snapshot.carriers_instead(route, CarrierId(id), cut).map(|id| id.0).collect::<Vec<_>>()
        };
        let octet = ConcatRef::Octet(1);
        assert_eq!(instead("britain", 1, octet, 0), [3]);
        assert_eq!(instead("britain", 3, octet, 0), [0_u16; 0]);
        assert_eq!(instead("britain", 9, octet, 0), [1, 3]);
        assert_eq!(instead("britain", 9, ConcatRef::Word(1), 0), [2]);
        assert_eq!(instead("britain", 9, octet, 1), [0_u16; 0]);
        assert_eq!(instead("nowhere", 1, octet, 0), [0_u16; 0]);
    }
}
