//! One text to several recipients: planned one by one, made durable together, and answered one by one.
//!
//! All messages are one batch: they share a flush, and whoever is told that theirs was accepted has it on the disk. A recipient who
//! cannot be served hinders nobody else. Names are looked up among the account's contacts and groups first, so that the bound on
//! recipients holds for whom they stand for.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::oneshot;
use whimbrel_core::call::many::{Addressee, ManyCall, ManyItem, ManyMessage, ManySent, RECIPIENTS_MAX, Repeats, Trial};
use whimbrel_core::{
    Account, IdempotencyKey, KeyMode, Money, Outcome, PhoneNumber, Refusal, SendCall, Serial, Timestamp,
};
use whimbrel_dialects::Dialect;
use whimbrel_store::{Accept, Op, OpResult};

use crate::Engine;
use crate::accept::{Counted, Ready, Taken};
use crate::authenticate::Caller;
use crate::batcher::CommitError;

/// Whom a text goes to.
struct Target {
    /// Digits, or what the request had in the place of a number.
    recipient: Box<str>,
    number: Result<PhoneNumber, Refusal>,
}

/// A message on its way to the store, or why there is none.
type Decided = Result<Ready, Refusal>;

impl Engine {
    /// Takes a text for several recipients.
    pub(crate) async fn send_many(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        caller: &Caller,
        mut call: ManyCall,
    ) -> Outcome {
        if caller.mode == KeyMode::Test {
            call.trial = Trial::Yes;
        }
        let sent = match self.targets(dialect, caller, &call.addressees).await {
            Ok(targets) if call.trial == Trial::Yes => self.try_many(dialect, caller, call, targets).await,
            Ok(targets) => self.take_many(dialect, caller, call, targets).await,
            Err(refusal) => Err(refusal),
        };
        match sent {
            Ok(sent) => whole(sent),
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// Whom the text goes to, each once, in the order of the request.
    async fn targets(
        &self,
        dialect: &'static dyn Dialect,
        caller: &Caller,
        addressees: &[Addressee],
    ) -> Result<Vec<Target>, Refusal> {
        let mut targets = Vec::with_capacity(addressees.len());
        let mut known = HashSet::new();
        let unreadable = |text: &str| Target { recipient: text.into(), number: Err(Refusal::RecipientNotNumeric) };
        for addressee in addressees {
            let found = match addressee {
                Addressee::Number(number) => vec![of_number(number.clone())],
                Addressee::Unreadable(text) => vec![unreadable(text)],
                Addressee::Name(name) => match self.numbers_of_name(dialect, caller.account.id, name).await? {
                    numbers if numbers.is_empty() => vec![unreadable(name)],
                    numbers => numbers.into_iter().map(of_number).collect(),
                },
            };
            targets.extend(found.into_iter().filter(|target| known.insert(target.recipient.clone())));
            if targets.len() > RECIPIENTS_MAX {
                return Err(Refusal::Invalid { field: "to" });
            }
        }
        Ok(targets)
    }

    /// Judges and plans, and does nothing. It costs nothing either.
    async fn try_many(
        &self,
        dialect: &'static dyn Dialect,
        caller: &Caller,
        call: ManyCall,
        targets: Vec<Target>,
    ) -> Result<ManySent, Refusal> {
        let (account, now) = (&caller.account, self.world.now());
        let balance = self.balance_of(account.id).await?;
        let item = |target: Target| {
            let plan = target
                .number
                .and_then(|number| self.planned(account, call.to(number), dialect.descriptor().id, None, now));
            let result = plan.map(|plan| ManyMessage {
                serial: None,
                encoding: plan.encoding,
                parts: plan.said(),
                price: Money::new(0, balance.currency),
            });
            ManyItem { recipient: target.recipient, result }
        };
        let items = targets.into_iter().map(item).collect();
        Ok(ManySent { call: Box::new(call), items, balance, repeated: false })
    }

    async fn take_many(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        caller: &Caller,
        call: ManyCall,
        targets: Vec<Target>,
    ) -> Result<ManySent, Refusal> {
        let now = self.world.now();
        let name = dialect.descriptor().id;
        let decide = |(place, target): (usize, Target)| {
            let decided = target.number.and_then(|number| {
                let send = of_place(call.to(number), place);
                let plan = self.planned(&caller.account, send, name, Some(self.next_serial()), now)?;
                let counted = self.within_recipient_rules(&caller.account, &plan, call.repeats, now)?;
                let ready = self.ready(&caller.account, plan, now);
                ready.inspect_err(|_| self.forget_recipient(&caller.account, &counted, now))
            });
            (target.recipient, decided)
        };
        let mut decided: Vec<(Box<str>, Decided)> = targets.into_iter().enumerate().map(decide).collect();
        // The first says whether the same key came with another request: then nobody gets anything.
        let first = if call.idempotency.is_some() && decided.len() > 1 { 1 } else { decided.len() };
        let rest = decided.split_off(first);
        let mut items = self.commit_many(&caller.account, decided).await;
        match items.iter().find(|item| matches!(item.result, Err(Refusal::IdempotencyConflict))) {
            Some(_) => {
                self.give_up(&caller.account, rest, now);
                return Err(Refusal::IdempotencyConflict);
            }
            None if rest.is_empty() => {}
            None => items.extend(self.commit_many(&caller.account, rest).await),
        }
        let balance = self.balance_of(caller.account.id).await?;
        let taken = items.iter().filter_map(|item| item.result.as_ref().ok());
        let repeated = taken.clone().next().is_some() && taken.clone().all(|(_, is_new)| !is_new);
        let items = items
            .into_iter()
            .map(|Answered { recipient, result }| ManyItem { recipient, result: result.map(|(message, _)| message) })
            .collect();
        Ok(ManySent { call: Box::new(call), items, balance, repeated })
    }

    /// Makes messages durable together; each gets its own answer.
    async fn commit_many(self: &Arc<Self>, account: &Arc<Account>, decided: Vec<(Box<str>, Decided)>) -> Vec<Answered> {
        let ops: Vec<Op> = decided
            .iter()
            .filter_map(|(_, decided)| decided.as_ref().ok())
            .map(|ready| Op::Accept(Box::new(Accept { plan: ready.plan.clone(), claim: ready.claim, replay: None })))
            .collect();
        let refused = |decided: Vec<(Box<str>, Decided)>, why: Refusal| {
            let all = decided.into_iter();
            all.map(|(recipient, decided)| Answered { recipient, result: Err(decided.err().unwrap_or(why.clone())) })
                .collect()
        };
        if ops.is_empty() {
            return refused(decided, Refusal::Internal);
        }
        let recipients: Vec<Box<str>> = decided.iter().map(|(recipient, _)| recipient.clone()).collect();
        let (answer, answered) = oneshot::channel();
        let (engine, account) = (Arc::clone(self), Arc::clone(account));
        let after = move |results: Result<Vec<OpResult>, CommitError>| {
            _ = answer.send(engine.answered_many(&account, decided, results));
        };
        self.batcher.push(ops, Box::new(after));
        answered.await.unwrap_or_else(|_| {
            let lost = |recipient| Answered { recipient, result: Err(Refusal::Internal) };
            recipients.into_iter().map(lost).collect()
        })
    }

    /// Runs after the commit, on the writer thread.
    fn answered_many(
        self: &Arc<Self>,
        account: &Account,
        decided: Vec<(Box<str>, Decided)>,
        results: Result<Vec<OpResult>, CommitError>,
    ) -> Vec<Answered> {
        let mut results = results.map(Vec::into_iter);
        let each = decided.into_iter().map(|(recipient, decided)| {
            let result = decided.and_then(|ready| {
                let result = match &mut results {
                    Ok(results) => Ok(results.next()),
                    Err(error) => Err(error.clone()),
                };
                let taken = self.accepted(&ready, result);
                if !taken.as_ref().is_ok_and(|taken| taken.is_new) {
                    // Of a repeat that was meant nothing was counted, and so there is nothing that would be taken back.
                    let counted = Counted::of(account, &ready.plan, Repeats::Judged);
                    self.forget_recipient(account, &counted, ready.plan.accepted_at);
                }
                let Taken { accepted, is_new } = taken?;
                let units = accepted.parts.iter().map(|part| part.price.units).sum();
                let message = ManyMessage {
                    serial: accepted.serial,
                    encoding: ready.plan.encoding,
                    parts: ready.plan.said(),
                    price: Money::new(units, ready.plan.price.currency),
                };
                Ok((message, is_new))
            });
            Answered { recipient, result }
        });
        each.collect()
    }

    /// Frees what was taken for messages that are not committed.
    fn give_up(&self, account: &Account, decided: Vec<(Box<str>, Decided)>, now: Timestamp) {
        for ready in decided.into_iter().filter_map(|(_, decided)| decided.ok()) {
            self.forget_recipient(account, &Counted::of(account, &ready.plan, Repeats::Judged), now);
        }
    }

    /// The next number of a message or document.
    pub(crate) fn next_serial(&self) -> Serial {
        Serial(self.serials.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1)
    }
}

/// What became of the message to one recipient.
struct Answered {
    recipient: Box<str>,
    /// The message, and whether this request had it taken.
    result: Result<(ManyMessage, bool), Refusal>,
}

fn of_number(number: PhoneNumber) -> Target {
    Target { recipient: number.digits().into(), number: Ok(number) }
}

/// The message with an idempotency key of its own: that of the request, and from the second one on its place.
fn of_place(send: SendCall, place: usize) -> SendCall {
    let own = |key: IdempotencyKey| match place {
        0 => key,
        place => IdempotencyKey { key: format!("{} {place}", key.key).into(), ..key },
    };
    SendCall { idempotency: send.idempotency.map(own), ..send }
}

/// What was refused for everybody because of the gateway is refused as a whole.
fn whole(sent: ManySent) -> Outcome {
    let is_ours = |item: &ManyItem| matches!(item.result, Err(Refusal::Internal | Refusal::Overloaded));
    match sent.items.first() {
        Some(ManyItem { result: Err(refusal), .. }) if sent.items.iter().all(is_ours) => {
            Outcome::Refused(refusal.clone())
        }
        _ => Outcome::SentMany(Box::new(sent)),
    }
}
