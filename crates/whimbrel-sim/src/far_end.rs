//! The far end of one carrier: what it makes of the parts that reach it, and what it reports of them.
//!
//! Towards the engine it keeps the contract of a carrier: each submission is reported once. All else may be as bad as it likes.

use std::collections::{BTreeMap, BTreeSet};

use whimbrel_core::{
    AckToken, CarrierError, CarrierId, CarrierMessageId, CarrierReceipt, Cause, DoubtCause, KeyForm, LinkId, PartId,
    ReceiptKey, ReceiptStatus, RefusalScope, Span, Submission,
};

use crate::chance::Chance;
use crate::setup::Habits;

/// How long an answer is awaited.
const ANSWER_WITHIN: Span = Span::seconds(10);
/// The first pause of a carrier that says "slow down".
const THROTTLE_PAUSE: Span = Span::seconds(1);

/// A submission by its part and try.
pub type Try = (PartId, u16);

/// What becomes of a submission.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Taken, with its id.
    Taken(Box<str>),
    /// The same, after it was reported as in doubt.
    Late(Box<str>),
    /// Refused.
    Refused(CarrierError),
    /// No answer.
    Lost(DoubtCause),
    /// No byte had left.
    GivenBack,
}

/// What a part that arrived leads to: answers and deliveries with their times from now.
#[derive(Debug, Default)]
pub struct Fate {
    /// The id under which the far end has the part now, if it has.
    pub taken_as: Option<Box<str>>,
    /// What the engine hears of the submission.
    pub answers: Vec<(Span, Answer)>,
    /// Deliveries that will be tried.
    pub deliveries: Vec<(Span, u32)>,
}

/// See the module.
pub struct FarEnd {
    /// Its number.
    pub id: CarrierId,
    /// The link that is up.
    pub link: Option<LinkId>,
    /// Submissions that wait for their report.
    pub open: BTreeSet<Try>,
    /// How it behaves.
    pub habits: Habits,
    deliveries: BTreeMap<u32, CarrierReceipt>,
    delivery_count: u32,
    id_count: u32,
}

/// The carrier that gave an id.
pub fn carrier_of(raw: &str) -> Option<CarrierId> {
    raw.strip_prefix('c')?.split_once('x')?.0.parse().ok().map(CarrierId)
}

impl FarEnd {
    /// A far end without a link.
    pub fn new(id: CarrierId, habits: Habits) -> Self {
        let (open, deliveries) = (BTreeSet::new(), BTreeMap::new());
        Self { id, link: None, open, habits, deliveries, delivery_count: 0, id_count: 0 }
    }

    /// A part arrives.
    pub fn arrives(&mut self, submission: &Submission, chance: &mut Chance) -> Fate {
        self.open.insert((submission.part_id, submission.attempt.0));
        let habits = self.habits;
        let after = chance.millis(1, habits.latency_ms_max);
        let mut roll = chance.below(100);
        let mut is = |percent: u64| {
            let hit = roll < percent;
            roll = roll.saturating_sub(percent);
            if hit {
                roll = u64::MAX;
            }
            hit
        };
        let refused = |error| Fate { answers: vec![(after, Answer::Refused(error))], ..Fate::default() };
        if is(habits.refuses) {
            return refused(permanent(RefusalScope::Everywhere));
        }
        if is(habits.refuses_itself) {
            return refused(permanent(RefusalScope::ThisCarrier));
        }
        if is(habits.refuses_for_now) {
            let retries_max = u8::try_from(chance.below(3)).unwrap_or(0);
            return refused(CarrierError::Temporary { code: "8".into(), retries_max });
        }
        if is(habits.throttles) {
            return refused(CarrierError::Throttled { pause: THROTTLE_PAUSE, code: "88".into() });
        }
        let lost = (ANSWER_WITHIN, Answer::Lost(DoubtCause::AnswerTimedOut));
        if is(habits.loses_part) {
            return Fate { answers: vec![lost], ..Fate::default() };
        }
        self.id_count += 1;
        let raw: Box<str> = format!("c{}x{}", self.id.0, self.id_count).into();
        let mut fate = Fate { taken_as: Some(raw.clone()), ..Fate::default() };
        if is(habits.loses_answer) {
            fate.answers.push(lost);
            if chance.percent(habits.answers_late) {
                let late = Span(ANSWER_WITHIN.0 + chance.millis(10, 20_000).0);
                fate.answers.push((late, Answer::Late(raw.clone())));
            }
        } else {
            fate.answers.push((after, Answer::Taken(raw.clone())));
        }
        let number = if chance.percent(habits.names_numbers) { submission.recipient.digits() } else { "" };
        self.report(&raw, number, after, chance, &mut fate);
        fate
    }

    fn report(&mut self, raw: &str, number: &str, answered: Span, chance: &mut Chance, fate: &mut Fate) {
        let habits = self.habits;
        if chance.percent(habits.reports_strangers) {
            let stranger = format!("c{}xstranger{}", self.id.0, self.id_count);
            fate.deliveries.push((answered, self.delivery(&stranger, "", ReceiptStatus::Delivered)));
            fate.deliveries.push((Span(answered.0 * 2), self.delivery_count));
        }
        if chance.percent(habits.never_reports) {
            return;
        }
        let ends = [
            ReceiptStatus::Delivered,
            ReceiptStatus::Delivered,
            ReceiptStatus::Delivered,
            ReceiptStatus::Failed,
            ReceiptStatus::Expired,
            ReceiptStatus::Rejected,
            ReceiptStatus::Unknown,
        ];
        let mut at =
            if chance.percent(habits.reports_early) { Span(0) } else { Span(answered.0 + chance.millis(0, 3_000).0) };
        for status in [ReceiptStatus::Accepted, ReceiptStatus::Buffered] {
            if chance.percent(20) {
                fate.deliveries.push((at, self.delivery(raw, number, status)));
                at = Span(at.0 + chance.millis(1, 2_000).0);
            }
        }
        let end = match chance.percent(habits.reports_moves) {
            true => self.moved(raw, number),
            false => self.delivery(raw, number, chance.one_of(&ends)),
        };
        fate.deliveries.push((at, end));
        if chance.percent(habits.reports_twice) {
            fate.deliveries.push((Span(at.0 + chance.millis(0, 5_000).0), end));
        }
        if chance.percent(habits.contradicts) {
            // Also that it is on its way: after an end, or after nobody knew.
            let others = [&ends[..], &[ReceiptStatus::Accepted, ReceiptStatus::Buffered]].concat();
            let other = self.delivery(raw, number, chance.one_of(&others));
            let then = Span(at.0 + chance.millis(1, 5_000).0);
            fate.deliveries.push((then, other));
            let last = self.delivery(raw, number, chance.one_of(&ends));
            fate.deliveries.push((Span(then.0 + chance.millis(1, 90_000).0), last));
        }
    }

    fn delivery(&mut self, raw: &str, number: &str, status: ReceiptStatus) -> u32 {
        self.delivery_count += 1;
        let receipt = CarrierReceipt {
            keys: vec![ReceiptKey { key: raw.as_bytes().into(), form: KeyForm::Plain }],
            raw_id: raw.into(),
            status,
            cause: if status == ReceiptStatus::Delivered { Cause::None } else { Cause::General },
            // Names the delivery, so that what is stored can be told apart.
            code: format!("{}.{}", self.id.0, self.delivery_count).into(),
            recipient: number.into(),
            network: None,
        };
        self.deliveries.insert(self.delivery_count, receipt);
        self.delivery_count
    }

    /// The delivery of a report that the number is in another network.
    fn moved(&mut self, raw: &str, number: &str) -> u32 {
        let delivery = self.delivery(raw, number, ReceiptStatus::Failed);
        if let Some(receipt) = self.deliveries.get_mut(&delivery) {
            receipt.cause = Cause::Ported;
        }
        delivery
    }

    /// A delivery with the token that acknowledges it; `None` if it is done, or no link is up.
    pub fn deliver(&self, number: u32) -> Option<(CarrierReceipt, AckToken)> {
        let (receipt, link) = (self.deliveries.get(&number)?, self.link?);
        Some((receipt.clone(), AckToken { link, sequence: number }))
    }

    /// Whether a delivery was not acknowledged yet.
    pub fn is_waiting(&self, number: u32) -> bool {
        self.deliveries.contains_key(&number)
    }

    /// Whether any delivery was not acknowledged yet.
    pub fn has_waiting(&self) -> bool {
        !self.deliveries.is_empty()
    }

    /// A delivery is acknowledged: it is forgotten. Answers its code.
    pub fn acknowledged(&mut self, number: u32) -> Option<Box<str>> {
        self.deliveries.remove(&number).map(|receipt| receipt.code)
    }
}

fn permanent(scope: RefusalScope) -> CarrierError {
    CarrierError::Permanent { cause: Cause::Spam, status: ReceiptStatus::Rejected, code: "69".into(), scope }
}

/// An id as the engine gets it.
pub fn message_id(raw: &str) -> CarrierMessageId {
    CarrierMessageId { raw: raw.into(), key: raw.as_bytes().into() }
}
