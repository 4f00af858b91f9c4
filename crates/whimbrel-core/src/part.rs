//! The life of one part: a total, pure state machine.
//!
//! ```text
//! Queued ──claim──> Submitting ──answer ok──> Submitted ──receipt──> Final
//!    ^                 │  │  └──permanent──────────────────────────> Final
//!    ├──temporary──────┘  └──answer lost──> (policy) Queued again, or Uncertain ──> Final
//!    └──the receipt says that the number is in another network: once, to another carrier
//! ```
//!
//! [`apply`] takes any event in any state: the result is a change, or nothing with a reason to write down. Final states
//! never change. The hold of a part is captured or released exactly once, in the transition that ends its reason.

use crate::account::{CaptureOn, text_forms};
use crate::call::{MessageClass, ReceiptWish};
use crate::carrier::{CarrierError, DoubtCause, RefusalScope};
use crate::id::{AccountId, AttemptNumber, CarrierId, MessageId, PartId};
use crate::retry;
use crate::saboteur::{Saboteur, acts};
use crate::time::{Span, Timestamp};

mod doubt;
mod status;
mod whole;

pub use doubt::{DoubtPolicy, DoubtRules};
pub use status::{Cause, Final, ReceiptStatus};
pub use whole::Whole;

/// How long after a part's expiry a receipt is still waited for: the carrier counts the validity from the submission, we from
/// the acceptance, and its last word takes its time.
pub const RECEIPT_GRACE: Span = Span::seconds(300);

/// How long better news is waited for after a receipt that says no more than that nobody knows, where delivery is what is paid for.
pub const BETTER_NEWS_WITHIN: Span = Span::seconds(60);

/// Where a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// Waiting for its turn, not before `due_at`.
    Queued {
        /// Earliest submission.
        due_at: Timestamp,
    },
    /// Claimed: its bytes may have left since then.
    Submitting {
        /// When it was claimed.
        since: Timestamp,
    },
    /// The answer was lost, and the policy says wait.
    Uncertain {
        /// When the policy acts; the part's expiry if it only waits.
        resolve_at: Timestamp,
    },
    /// The carrier took it; a receipt may come.
    Submitted {
        /// When it did.
        at: Timestamp,
    },
    /// It ended.
    Final(Final),
}

/// A part as the store holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRecord {
    /// The part.
    pub part_id: PartId,
    /// Its message.
    pub message_id: MessageId,
    /// Its place in the message, from 1.
    pub number: u8,
    /// Who pays.
    pub account_id: AccountId,
    /// Its class.
    pub class: MessageClass,
    /// The carrier it goes to.
    pub carrier: CarrierId,
    /// Where it is.
    pub state: PartState,
    /// The last claim, or handing on; 0 before the first.
    pub attempt: AttemptNumber,
    /// Temporary refusals so far.
    pub failures: u8,
    /// Doubts so far.
    pub doubts: u8,
    /// How often it went to another carrier because a receipt said that its number is in another network: 0 or 1.
    pub reroutes: u8,
    /// When it ends as unknown, since its carrier reported that it does not know.
    pub unclear_until: Option<Timestamp>,
    /// The price, in units of the account's currency.
    pub price: i64,
    /// Where the money is.
    pub funds: Funds,
    /// When a hold becomes a charge.
    pub capture_on: CaptureOn,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// The last intermediate status that the customer was told.
    pub told: Option<ReceiptStatus>,
    /// Whether a receipt was asked of the carrier.
    pub receipt: ReceiptWish,
}

impl PartRecord {
    /// Whether no byte of it can have left: it waits, and no carrier answered for it.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(self.state, PartState::Queued { .. }) && self.doubts == 0 && self.reroutes == 0
    }

    /// Where it is as its customer knows: what a receipt sent to another carrier is with one still.
    #[must_use]
    pub const fn known_state(&self) -> PartState {
        match self.state {
            PartState::Queued { due_at: at }
            | PartState::Submitting { since: at }
            | PartState::Uncertain { resolve_at: at }
                if self.reroutes > 0 =>
            {
                PartState::Submitted { at }
            }
            state => state,
        }
    }

    /// Whether it is at its carrier with this attempt, and the answer is still to come.
    #[must_use]
    pub fn awaits(&self, attempt: AttemptNumber) -> bool {
        matches!(self.state, PartState::Submitting { .. }) && self.attempt == attempt
    }
}

/// Where a part's price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funds {
    /// Set aside.
    Held,
    /// Taken.
    Captured,
    /// Given back.
    Released,
}

text_forms! { Funds { Held = "held", Captured = "captured", Released = "released" } }

/// What can happen to a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartEvent {
    /// A window slot was found: the part may leave after this is durable.
    Claimed {
        /// The number the claim gets: one more than the record's.
        attempt: AttemptNumber,
    },
    /// The carrier took it.
    Sent {
        /// The try.
        attempt: AttemptNumber,
    },
    /// The carrier refused it.
    Refused {
        /// The try.
        attempt: AttemptNumber,
        /// Why.
        error: CarrierError,
        /// When a throttled part may be tried again.
        retry_at: Timestamp,
        /// The carrier that gets the part if this one will not take it and speaks for itself only.
        next: Option<CarrierId>,
    },
    /// The answer was lost.
    Doubt {
        /// The try.
        attempt: AttemptNumber,
        /// Why.
        cause: DoubtCause,
        /// What to do about it.
        rules: DoubtRules,
    },
    /// No byte had left.
    GivenBack {
        /// The try.
        attempt: AttemptNumber,
    },
    /// Its carrier takes nothing: it waits for another one instead.
    HandedOn {
        /// The number this gets, as a claim would: what the carrier before knows of the part is then out of date.
        attempt: AttemptNumber,
        /// The carrier from now on.
        next: CarrierId,
    },
    /// A carrier reported.
    Receipt(Report),
    /// The customer wants it not to be sent.
    Cancelled,
    /// Time passed.
    Clock,
}

/// What a carrier's receipt says of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The carrier that says so: the part may have left it.
    pub carrier: CarrierId,
    /// The status.
    pub status: ReceiptStatus,
    /// Why.
    pub cause: Cause,
    /// Who gets the part if this says that its number is in another network.
    pub next: Option<CarrierId>,
}

/// What [`apply`] made of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The part changed.
    Changed {
        /// The part from now on.
        record: PartRecord,
        /// What moves in the wallet.
        money: Option<MoneyMove>,
        /// What the customer is told.
        tell: Option<Final>,
    },
    /// Nothing changes.
    Ignored(Ignored),
}

/// Why an event changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// The same thing was known already.
    Repeated,
    /// The part had ended: the event belongs in its story.
    Late,
    /// It speaks of a try that is not the open one.
    Stale,
    /// There was nothing to do.
    NotDue,
}

/// What moves in the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyMove {
    /// The hold becomes a charge.
    Capture,
    /// The hold is given back.
    Release,
}

/// The next state of a part, and what comes with it.
#[must_use]
pub fn apply(record: &PartRecord, event: &PartEvent, now: Timestamp) -> Transition {
    if let PartState::Final(_) = record.state {
        return Transition::Ignored(Ignored::Late);
    }
    match event {
        PartEvent::Claimed { attempt } => claimed(record, *attempt, now),
        PartEvent::Sent { attempt } => sent(record, *attempt, now),
        PartEvent::Refused { attempt, error, retry_at, next } => {
            refused(record, *attempt, error, Retry { at: *retry_at, next: *next }, now)
        }
        PartEvent::Doubt { attempt, rules, .. } => doubted(record, *attempt, *rules, now),
        PartEvent::GivenBack { attempt } => given_back(record, *attempt, now),
        PartEvent::HandedOn { attempt, next } => handed_on_unsent(record, *attempt, *next, now),
        PartEvent::Receipt(report) => receipt(record, *report, now),
        PartEvent::Cancelled => cancelled(record),
        PartEvent::Clock => clock(record, now),
    }
}

/// Only what no carrier ever had can be called back. The customer knows that it ended: nothing is told.
fn cancelled(record: &PartRecord) -> Transition {
    match record.state {
        PartState::Queued { .. } if record.is_unsent() => {
            let end = Final { status: ReceiptStatus::Failed, cause: Cause::General };
            finish(record, end, MoneyMove::Release, None)
        }
        _ => Transition::Ignored(Ignored::Stale),
    }
}

fn claimed(record: &PartRecord, attempt: AttemptNumber, now: Timestamp) -> Transition {
    match record.state {
        PartState::Queued { .. } if attempt == record.attempt.next() => {
            if now >= record.expires_at && !acts(Saboteur::ExpiredClaim) {
                return clock(record, now);
            }
            changed(PartRecord { state: PartState::Submitting { since: now }, attempt, ..*record })
        }
        PartState::Submitting { .. } if attempt == record.attempt => Transition::Ignored(Ignored::Repeated),
        _ => Transition::Ignored(Ignored::Stale),
    }
}

/// A positive answer counts whenever it comes: the carrier has the part, so a planned resend is called off, and what becomes of a
/// resend that is on its way (often refused, as a copy) says nothing of the part any more.
///
/// Where no receipt was asked for, nothing more will be known: the part ends as accepted by the carrier.
fn sent(record: &PartRecord, attempt: AttemptNumber, now: Timestamp) -> Transition {
    let open = match record.state {
        PartState::Submitting { .. } => attempt == record.attempt || (record.doubts > 0 && attempt < record.attempt),
        PartState::Queued { .. } | PartState::Uncertain { .. } => record.doubts > 0 && attempt <= record.attempt,
        PartState::Submitted { .. } => return Transition::Ignored(Ignored::Repeated),
        PartState::Final(_) => false,
    };
    let (is_late, is_bulk) = (attempt < record.attempt, record.class == MessageClass::Bulk);
    if !open || (is_late && is_bulk && acts(Saboteur::LateAnswerIgnored)) {
        return Transition::Ignored(Ignored::Stale);
    }
    if record.receipt == ReceiptWish::Unwanted && record.capture_on == CaptureOn::CarrierAccept {
        let end = Final { status: ReceiptStatus::Accepted, cause: Cause::None };
        return finish(record, end, MoneyMove::Capture, None);
    }
    let next = PartRecord { state: PartState::Submitted { at: now }, ..*record };
    match (record.capture_on, record.funds) {
        (CaptureOn::CarrierAccept, Funds::Held) => Transition::Changed {
            record: PartRecord { funds: Funds::Captured, ..next },
            money: Some(MoneyMove::Capture),
            tell: None,
        },
        _ => changed(next),
    }
}

/// What can be done with a part that was refused.
#[derive(Clone, Copy)]
struct Retry {
    at: Timestamp,
    next: Option<CarrierId>,
}

fn refused(
    record: &PartRecord,
    attempt: AttemptNumber,
    error: &CarrierError,
    retry: Retry,
    now: Timestamp,
) -> Transition {
    if !matches!(record.state, PartState::Submitting { .. }) || attempt != record.attempt {
        return Transition::Ignored(Ignored::Stale);
    }
    match error {
        CarrierError::Permanent { cause, status, scope, .. } => match (scope, retry.next) {
            (RefusalScope::ThisCarrier, Some(next)) => handed_on(record, next, now),
            (RefusalScope::ThisCarrier, None) | (RefusalScope::Everywhere, _) => {
                ended(record, Final { status: *status, cause: *cause })
            }
        },
        CarrierError::Throttled { .. } => requeued(record, retry.at, Cause::NetworkFault),
        CarrierError::Temporary { retries_max, .. } => {
            let pause = retry::after_temporary_refusal(record.failures).filter(|_| {
                record.failures < *retries_max || (record.failures == *retries_max && acts(Saboteur::TemporaryOnceMore))
            });
            match (pause, retry.next) {
                (Some(pause), _) => {
                    let counted = PartRecord { failures: record.failures + 1, ..*record };
                    requeued(&counted, now + pause, Cause::NetworkFault)
                }
                (None, Some(next)) => handed_on(record, next, now),
                (None, None) => ended(record, Final { status: ReceiptStatus::Failed, cause: Cause::NetworkFault }),
            }
        }
    }
}

/// Into the queue of another carrier, which has refused nothing yet.
fn handed_on(record: &PartRecord, next: CarrierId, due_at: Timestamp) -> Transition {
    let failures = if record.failures > 0 && acts(Saboteur::FailuresKept) { record.failures } else { 0 };
    requeued(&PartRecord { carrier: next, failures, ..*record }, due_at, Cause::NetworkFault)
}

/// Into the queue of another carrier before its own had it. A part in doubt stays: its carrier may have it, and another would not
/// know it for a copy.
fn handed_on_unsent(record: &PartRecord, attempt: AttemptNumber, next: CarrierId, now: Timestamp) -> Transition {
    match record.state {
        // What is to leave later leaves no earlier by another carrier.
        PartState::Queued { due_at }
            if attempt == record.attempt.next() && record.is_unsent() && next != record.carrier =>
        {
            handed_on(&PartRecord { attempt, ..*record }, next, due_at.max(now))
        }
        PartState::Queued { .. } if attempt == record.attempt && next == record.carrier => {
            Transition::Ignored(Ignored::Repeated)
        }
        _ => Transition::Ignored(Ignored::Stale),
    }
}

/// Back into the queue, unless the part will have expired by then.
fn requeued(record: &PartRecord, due_at: Timestamp, cause: Cause) -> Transition {
    if due_at >= record.expires_at && !acts(Saboteur::ExpiryIgnoredByRetry) {
        return ended(record, Final { status: ReceiptStatus::Expired, cause });
    }
    changed(PartRecord { state: PartState::Queued { due_at }, ..*record })
}

fn doubted(record: &PartRecord, attempt: AttemptNumber, rules: DoubtRules, now: Timestamp) -> Transition {
    if !matches!(record.state, PartState::Submitting { .. }) || attempt != record.attempt {
        return Transition::Ignored(Ignored::Stale);
    }
    let is_bulk = record.class == MessageClass::Bulk;
    let counts = !(is_bulk && acts(Saboteur::DoubtUncounted));
    let doubts = record.doubts.saturating_add(counts.into());
    let counted = PartRecord { doubts, ..*record };
    let may_resend = counted.doubts <= rules.resends_max
        || (counted.doubts == rules.resends_max + 1 && is_bulk && acts(Saboteur::ResendOnceMore));
    let wait_until = |at: Timestamp| changed(PartRecord { state: PartState::Uncertain { resolve_at: at }, ..counted });
    match rules.policy(record.class) {
        DoubtPolicy::FailUnknown if is_bulk && acts(Saboteur::UnknownCharged) => {
            let end = Final { status: ReceiptStatus::Unknown, cause: Cause::Unknown };
            finish(&counted, end, MoneyMove::Capture, Some(end))
        }
        DoubtPolicy::FailUnknown => ended(&counted, Final { status: ReceiptStatus::Unknown, cause: Cause::Unknown }),
        DoubtPolicy::Resend if may_resend && (now < record.expires_at || acts(Saboteur::ResendAfterExpiry)) => {
            changed(PartRecord { state: PartState::Queued { due_at: now }, ..counted })
        }
        DoubtPolicy::WaitThenResend if may_resend => {
            let until = now + rules.wait;
            let is_beyond = until > record.expires_at && acts(Saboteur::WaitBeyondExpiry);
            wait_until(if is_beyond { until } else { until.min(record.expires_at) })
        }
        DoubtPolicy::Resend | DoubtPolicy::WaitThenResend | DoubtPolicy::HoldForReceipt => {
            wait_until(record.expires_at)
        }
    }
}

fn given_back(record: &PartRecord, attempt: AttemptNumber, now: Timestamp) -> Transition {
    if !matches!(record.state, PartState::Submitting { .. }) || attempt != record.attempt {
        return Transition::Ignored(Ignored::Stale);
    }
    requeued(record, now, Cause::Unknown)
}

/// A receipt settles a part in any open state: it proves that the carrier has it. A carrier that the part has left because of its own
/// receipt has one thing left to say: that it arrived after all.
fn receipt(record: &PartRecord, report: Report, now: Timestamp) -> Transition {
    let Report { carrier, status, cause, next } = report;
    let has_left = record.reroutes > 0 && carrier != record.carrier;
    let is_bulk = record.class == MessageClass::Bulk;
    if has_left && status != ReceiptStatus::Delivered && !(is_bulk && acts(Saboteur::LeftCarrierBelieved)) {
        return Transition::Ignored(Ignored::Stale);
    }
    if let (true, Some(next)) = (is_rerouted_by(record, report) && now < record.expires_at, next) {
        let rerouted = PartRecord { reroutes: record.reroutes + 1, unclear_until: None, ..*record };
        return handed_on(&rerouted, next, now);
    }
    if is_unclear(record, status) {
        return match record.unclear_until {
            Some(_) if !acts(Saboteur::UnclearPutOff) => Transition::Ignored(Ignored::Repeated),
            _ => changed(PartRecord { unclear_until: Some(now + BETTER_NEWS_WITHIN), ..*record }),
        };
    }
    if status.is_final() {
        return ended_by_receipt(record, Final { status, cause });
    }
    let is_told = record.told == Some(status) && !(record.number > 1 && acts(Saboteur::ReportTwice));
    if is_told && record.unclear_until.is_none() {
        return Transition::Ignored(Ignored::Repeated);
    }
    // The carrier knows of it again, so that it did not is no end any more.
    let unclear_until = record.unclear_until.filter(|_| is_bulk && acts(Saboteur::UnclearKept));
    Transition::Changed {
        record: PartRecord { told: Some(status), unclear_until, ..*record },
        money: None,
        tell: (!is_told).then_some(Final { status, cause: Cause::None }),
    }
}

/// Whether a receipt sends a part to another carrier: it did not arrive because its number is in another network, and that is the
/// carrier's one word for it. After a doubt the carrier may have it twice, and the other copy might arrive.
fn is_rerouted_by(record: &PartRecord, report: Report) -> bool {
    let is_elsewhere = report.cause == Cause::Ported
        && matches!(report.status, ReceiptStatus::Failed | ReceiptStatus::Rejected | ReceiptStatus::Expired);
    let is_undoubted = record.doubts == 0 || (is_elsewhere && acts(Saboteur::DoubtfulRerouted));
    let may_go = record.reroutes == 0 && is_undoubted && report.next != Some(record.carrier);
    let may_go = may_go || (record.class == MessageClass::Bulk && acts(Saboteur::RerouteAgain));
    is_elsewhere && may_go && matches!(record.state, PartState::Submitted { .. })
}

/// Whether a report that nobody knows is no end yet. Where the carrier's acceptance is what is paid for, nothing hangs on it.
fn is_unclear(record: &PartRecord, status: ReceiptStatus) -> bool {
    status == ReceiptStatus::Unknown
        && record.capture_on == CaptureOn::Delivery
        && matches!(record.state, PartState::Submitted { .. })
}

/// The end that a receipt reports. The carrier took the part, so a hold is captured, or, where delivery is what is paid for,
/// captured on delivery only.
fn ended_by_receipt(record: &PartRecord, end: Final) -> Transition {
    let paid = record.capture_on == CaptureOn::CarrierAccept || end.status == ReceiptStatus::Delivered;
    finish(record, end, if paid { MoneyMove::Capture } else { MoneyMove::Release }, Some(end))
}

/// The end without a receipt: what is still held is given back.
fn ended(record: &PartRecord, end: Final) -> Transition {
    finish(record, end, MoneyMove::Release, Some(end))
}

fn finish(record: &PartRecord, end: Final, held_becomes: MoneyMove, tell: Option<Final>) -> Transition {
    let (funds, money) = match (record.funds, held_becomes) {
        (Funds::Held, MoneyMove::Capture) => (Funds::Captured, Some(MoneyMove::Capture)),
        (Funds::Held, MoneyMove::Release) => (Funds::Released, Some(MoneyMove::Release)),
        (settled, _) => (settled, None),
    };
    Transition::Changed { record: PartRecord { state: PartState::Final(end), funds, ..*record }, money, tell }
}

fn clock(record: &PartRecord, now: Timestamp) -> Transition {
    let expired = now >= record.expires_at;
    match record.state {
        PartState::Queued { .. } if expired => {
            ended(record, Final { status: ReceiptStatus::Expired, cause: Cause::Unknown })
        }
        PartState::Submitted { .. } if record.unclear_until.is_some_and(|until| now >= until) => {
            ended(record, Final { status: ReceiptStatus::Unknown, cause: Cause::Unknown })
        }
        // No receipt in all that time: the carrier was paid, the customer is told that it expired.
        PartState::Submitted { .. } if now >= record.expires_at + RECEIPT_GRACE => {
            ended(record, Final { status: ReceiptStatus::Expired, cause: Cause::Unknown })
        }
        PartState::Uncertain { .. } if expired => {
            ended(record, Final { status: ReceiptStatus::Unknown, cause: Cause::Unknown })
        }
        PartState::Uncertain { resolve_at } if now >= resolve_at => {
            changed(PartRecord { state: PartState::Queued { due_at: now }, ..*record })
        }
        _ => Transition::Ignored(Ignored::NotDue),
    }
}

const fn changed(record: PartRecord) -> Transition {
    Transition::Changed { record, money: None, tell: None }
}

#[cfg(test)]
mod tests;
