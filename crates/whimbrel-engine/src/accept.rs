//! From a text to send to an answer: a plan, one commit, and only then "accepted".
//!
//! If the carrier has room, the first claim is part of the same commit and the parts leave right after it; else they wait in the
//! queue. What follows the commit does not depend on the caller still being there.

mod planned;
mod ready;

use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use whimbrel_core::call::many::Repeats;
use whimbrel_core::plan::{Chances, plan};
use whimbrel_core::policy::Owned;
use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{
    Accepted, AcceptedPart, Account, AccountId, AttemptNumber, IdempotencyKey, KeyMode, Outcome, PartId, PhoneNumber,
    Plan, RecipientBrake, Refusal, ReplayKey, ReplayKind, SendCall, Serial, Span, Timestamp, policy,
};
use whimbrel_store::{Marked, OpResult};

use self::planned::PlannedText;
pub(crate) use self::ready::Ready;
use crate::Engine;
use crate::admission::Turn;
use crate::authenticate::Caller;
use crate::batcher::CommitError;
use crate::carriers::CarrierDesk;
use crate::dispatch::Waiting;
use crate::events::About;
use crate::limiter::{RecipientRule, Recipients};
use crate::repeats::{Repeats as SentJustNow, Sending};
use crate::settle::{GiveBack, give_back};

/// A message that was taken, now or before.
pub(crate) struct Taken {
    /// What is answered.
    pub(crate) accepted: Accepted,
    /// Whether this request had it taken; else it is one that was answered before.
    pub(crate) is_new: bool,
}

/// What was counted for a message to a recipient.
pub(crate) struct Counted {
    recipient: PhoneNumber,
    /// `None`: repeats are not judged.
    sending: Option<Sending>,
}

impl Counted {
    /// What is counted for a message. A request with an idempotency key says itself what is the same again.
    pub(crate) fn of(account: &Account, plan: &Plan, repeats: Repeats) -> Self {
        let is_judged =
            account.rules.repeat_seconds_min > 0 && repeats == Repeats::Judged && plan.idempotency.is_none();
        Self { recipient: plan.recipient.clone(), sending: is_judged.then(|| Sending::of(plan)) }
    }
}

impl Engine {
    /// Takes one message for `account`.
    ///
    /// # Errors
    /// The refusal; nothing was stored or charged then.
    pub async fn send(
        self: &Arc<Self>,
        account: &Arc<Account>,
        call: SendCall,
        dialect: &'static str,
    ) -> Result<Accepted, Refusal> {
        self.send_once(account, None, call, dialect, &mut Turn::Now(None)).await.map(|taken| taken.accepted)
    }

    /// Takes one message for `account`, whose request uses `replay` up, when it is its turn; with the place that it had then.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn send_once(
        self: &Arc<Self>,
        account: &Arc<Account>,
        replay: Option<ReplayKey>,
        call: SendCall,
        dialect: &'static str,
        turn: &mut Turn,
    ) -> Result<Taken, Refusal> {
        let now = self.world.now();
        let plan = self.planned(account, call, dialect, None, now)?;
        let (answer, answered) = oneshot::channel();
        let text = PlannedText { engine: Arc::clone(self), account: Arc::clone(account), plan, replay, answer };
        match std::mem::replace(turn, Turn::Now(None)) {
            Turn::Now(place) => text.hand_over(place),
            Turn::Later => self.admission.wait(account.id, Box::new(text), &*self.world),
        }
        let (taken, place) = answered.await.unwrap_or((Err(Refusal::Internal), None));
        *turn = Turn::Now(place);
        if matches!(taken, Err(Refusal::InvalidSignature)) {
            self.tell_replayed(account, now);
        }
        taken
    }

    /// Counts a message that was decided to its sender, and finds its carrier. What is ready must be committed, and
    /// [`accepted`](Self::accepted) follows.
    ///
    /// # Errors
    /// The refusal; nothing was taken then.
    pub(crate) fn ready(&self, account: &Account, plan: Plan, now: Timestamp) -> Result<Ready, Refusal> {
        let desk = self.carriers.find(plan.carrier).ok_or(Refusal::Internal)?;
        if desk.is_retired() {
            // Planned before a reload took the carrier away: the next try is planned with the routes of now.
            return Err(Refusal::Overloaded);
        }
        self.within_sender_rate(account, &plan, now)?;
        Ok(Ready::new(plan, desk))
    }

    /// Decides how a message is carried out. Takes nothing.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn planned(
        &self,
        account: &Account,
        call: SendCall,
        dialect: &'static str,
        serial: Option<Serial>,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let snapshot = self.snapshot();
        let mut next_id = || self.world.next_id();
        let everybody = self.directory.everybody();
        policy::judge_recipient(account, &everybody, &call.recipient)?;
        // What the operator set for an account holds for those that it makes below itself, whoever calls.
        let above = self.directory.above(account.id);
        if let Some(above) = &above {
            policy::judge_recipient(&above.account, &everybody, &call.recipient)?;
        }
        // Of a random word: parts of two texts to one handset rarely share a reference.
        let [low, high, ..] = self.world.random().to_le_bytes();
        let concat_reference = u16::from_le_bytes([low, high]);
        // A key for trying out reaches nobody: what it is told must not come from texts that somebody was sent.
        let network_told = match call.mode {
            KeyMode::Live => self.network_told(&call.recipient, now),
            KeyMode::Test => None,
        };
        let chances = Chances { now, next_id: &mut next_id, concat_reference, serial, network_told };
        let plan = plan(call, account, dialect, &snapshot, chances).inspect_err(|refusal| {
            if *refusal == Refusal::Internal {
                let currency = account.currency.as_str();
                tracing::error!(
                    currency,
                    "there is no price in the account's currency: add a default row to prices.csv"
                );
            }
        })?;
        let owned = self.directory.owns(account.id, plan.sender.as_str());
        policy::judge_sender(account, &everybody, &plan.sender, owned, &plan.recipient)?;
        if let Some(above) = &above {
            let owned = match owned {
                Owned::Yes => Owned::Yes,
                Owned::No => self.directory.owns(above.account.id, plan.sender.as_str()),
            };
            policy::judge_sender(&above.account, &everybody, &plan.sender, owned, &plan.recipient)?;
        }
        Ok(plan)
    }

    /// The answer that the very same request was given before, if it is proved by a signature that was used: prices, routes and
    /// limits may have changed since, what was sent has not. Else the refusal.
    pub(crate) async fn unless_answered(&self, caller: &Caller, refusal: Refusal) -> Outcome {
        let Some(key) = caller.replay.filter(|key| key.kind == ReplayKind::Signature) else {
            return Outcome::Refused(refusal);
        };
        let account = caller.account.id;
        match self.read(move |store| store.answered(account, &key)).await {
            Ok(Some(accepted)) => Outcome::Sent(accepted),
            Ok(None) => Outcome::Refused(refusal),
            Err(error) => {
                tracing::error!(%error, "cannot look for the answer to a signed request; it is answered as a new one");
                Outcome::Refused(refusal)
            }
        }
    }

    /// The answer that the very same request was given before, if it is marked by an idempotency key: what would be refused now was
    /// sent then. Else the refusal.
    pub(crate) async fn unless_answered_to_key(
        &self,
        account: AccountId,
        key: Option<IdempotencyKey>,
        refusal: Refusal,
    ) -> Outcome {
        let Some(key) = key.filter(|_| refusal != Refusal::IdempotencyConflict) else {
            return Outcome::Refused(refusal);
        };
        let now = self.world.now();
        match self.read(move |store| store.answered_to_key(account, &key, now)).await {
            Ok(Marked::This(accepted)) => Outcome::Sent(*accepted),
            // Nothing is sent either way, and why not is what helps.
            Ok(Marked::Another | Marked::Forgotten | Marked::Nothing) => Outcome::Refused(refusal),
            Err(error) => {
                tracing::error!(%error, "cannot look for the answer to an idempotency key; it is answered as a new one");
                Outcome::Refused(refusal)
            }
        }
    }

    /// Takes the parts out of what the account may send as one sender.
    fn within_sender_rate(&self, account: &Account, plan: &Plan, now: Timestamp) -> Result<(), Refusal> {
        let parts_max = account.rules.sender_parts_per_second_max;
        if parts_max == 0 {
            return Ok(());
        }
        let parts = u32::try_from(plan.parts.len()).unwrap_or(u32::MAX);
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        senders.take(account.id, plan.sender.as_str(), parts, parts_max, now).map_err(|wait| Refusal::SenderThrottled {
            recipient: plan.recipient.clone(),
            network: plan.network.clone(),
            wait: Some(wait),
        })
    }

    /// Counts a message to its recipient, where the account has rules for that.
    ///
    /// # Errors
    /// The refusal; it does not count then.
    pub(crate) fn within_recipient_rules(
        &self,
        account: &Account,
        plan: &Plan,
        repeats: Repeats,
        now: Timestamp,
    ) -> Result<Counted, Refusal> {
        let counted = Counted::of(account, plan, repeats);
        self.within_recipient_rate(account, plan, now)?;
        if let Some(sending) = &counted.sending {
            let pause_min = Span::seconds(account.rules.repeat_seconds_min.into());
            let taken = self.repeats().take(sending.clone(), pause_min, now);
            if let Err(wait) = taken {
                self.recipients().give_back(account.id, plan.recipient.digits(), now);
                let (recipient, brake) = (plan.recipient.clone(), RecipientBrake::Repeat);
                return Err(Refusal::RecipientThrottled { recipient, brake, wait });
            }
        }
        Ok(counted)
    }

    fn within_recipient_rate(&self, account: &Account, plan: &Plan, now: Timestamp) -> Result<(), Refusal> {
        let pause_min = Span::seconds(account.rules.recipient_seconds_min.into());
        let rule = RecipientRule { pause_min, per_hour_max: account.rules.recipient_per_hour_max };
        if rule.pause_min == Span::ZERO && rule.per_hour_max == 0 {
            return Ok(());
        }
        let taken = self.recipients().take(account.id, plan.recipient.digits(), rule, now);
        let brake = RecipientBrake::Rate;
        taken.map_err(|wait| Refusal::RecipientThrottled { recipient: plan.recipient.clone(), brake, wait })
    }

    /// Counts a message to a recipient no more: what sends nothing new counts for nothing.
    pub(crate) fn forget_recipient(&self, account: &Account, counted: &Counted, now: Timestamp) {
        self.recipients().give_back(account.id, counted.recipient.digits(), now);
        if let Some(sending) = &counted.sending {
            self.repeats().give_back(sending, now);
        }
    }

    fn repeats(&self) -> MutexGuard<'_, SentJustNow> {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recipients(&self) -> MutexGuard<'_, Recipients> {
        self.recipients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs after the commit, on the writer thread: the parts leave or queue up, and the answer is made.
    pub(crate) fn accepted(
        self: &Arc<Self>,
        ready: &Ready,
        taken: Result<Option<OpResult>, CommitError>,
    ) -> Result<Taken, Refusal> {
        let Ready { plan, desk, .. } = ready;
        let is_new = matches!(&taken, Ok(Some(OpResult::Accepted { repeated: false, .. })));
        // Of what is not new, places are free again once it is dropped.
        if is_new && ready.take_places() {
            self.hand_over(desk, plan);
        } else if is_new {
            let mut dispatch = desk.dispatch();
            for part in &plan.parts {
                dispatch.enqueue(waiting(plan, part.part_id), plan.due_at, plan.accepted_at);
            }
            drop(dispatch);
            desk.bell.notify_one();
        }
        match taken {
            Ok(Some(OpResult::Accepted { accepted, .. })) => {
                if is_new {
                    self.events.tell(plan.accepted_at, || {
                        let about = About::Message {
                            message_id: plan.message_id,
                            dialect: plan.dialect.into(),
                            part_count: plan.parts.len(),
                        };
                        let detail = format!("to {} by {}", plan.recipient.masked(), desk.name);
                        ("message.accepted", Some(plan.account_id), about, detail.into())
                    });
                }
                Ok(Taken { accepted: *accepted, is_new })
            }
            Ok(Some(OpResult::Refused(refusal))) => Err(refusal),
            Ok(Some(OpResult::Failed(why))) => {
                tracing::error!(message_id = %plan.message_id, why, "a message could not be stored; report this as a bug");
                Err(Refusal::Internal)
            }
            Ok(_) => {
                tracing::error!(message_id = %plan.message_id, "the store gave another operation's answer; report this as a bug");
                Err(Refusal::Internal)
            }
            Err(CommitError::Full | CommitError::NoSpace(_)) => Err(Refusal::Overloaded),
            Err(_) if acts(Saboteur::AnswerAfterFailedCommit) => Ok(Taken { accepted: as_if_stored(plan), is_new }),
            Err(CommitError::Stopped(_) | CommitError::Closed) => Err(Refusal::Internal),
        }
    }

    /// The parts were claimed in the commit that took them.
    fn hand_over(self: &Arc<Self>, desk: &Arc<CarrierDesk>, plan: &Plan) {
        let mut given_back = Vec::new();
        for submission in (0..plan.parts.len()).filter_map(|index| plan.submission(index)) {
            if let Err(submission) = desk.submit(submission) {
                given_back.push(GiveBack { part_id: submission.part_id, attempt: submission.attempt });
            }
        }
        if !given_back.is_empty() {
            give_back(self, desk, given_back);
        }
    }
}

/// What a commit would have said: for a saboteur.
fn as_if_stored(plan: &Plan) -> Accepted {
    let ids = plan.parts.iter().map(|part| part.part_id);
    let parts = ids.map(|part_id| AcceptedPart { part_id, price: plan.price, balance: plan.price }).collect();
    Accepted {
        message_id: plan.message_id,
        serial: plan.serial,
        recipient: plan.recipient.clone(),
        network: plan.network.clone(),
        parts,
        client_ref: plan.client_ref.clone(),
        account_ref: plan.account_ref.clone(),
    }
}

fn waiting(plan: &Plan, part_id: PartId) -> Waiting {
    Waiting { class: plan.class, part_id, attempt: AttemptNumber(0) }
}
