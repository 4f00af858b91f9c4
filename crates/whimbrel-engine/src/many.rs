//! One text to several recipients: planned one by one, made durable together, and answered one by one.
//!
//! All messages are one batch: they share a flush, and whoever is told that theirs was accepted has it on the disk. A recipient who
//! cannot be served hinders nobody else. Names are looked up among the account's contacts and groups first, so that the bound on
//! recipients holds for whom they stand for.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::oneshot;
use whimbrel_core::call::many::{Addressee, ManyCall, ManyItem, ManyMessage, ManySent, RECIPIENTS_MAX, Repeats, Trial};
use whimbrel_core::plan::said_by;
use whimbrel_core::{
    Accepted, Account, AccountId, Content, IdempotencyKey, KeyMode, Money, Outcome, PhoneNumber, Refusal, SendCall,
    Serial, Timestamp,
};
use whimbrel_dialects::Dialect;
use whimbrel_store::{Marked, Op, OpResult};

use crate::Engine;
use crate::accept::{Counted, Ready, Taken};
use crate::authenticate::Caller;
use crate::batcher::{CommitError, Windows};

/// Whom a text goes to.
struct Target {
    /// Digits, or what the request had in the place of a number.
    recipient: Box<str>,
    number: Result<PhoneNumber, Refusal>,
}

/// A message on its way to the store, or why there is none.
type Decided = Result<Arc<Ready>, Refusal>;

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
        // Before anything is looked up: who names many costs no more than who names a thousand.
        let mut named = HashSet::new();
        let addressees: Vec<&Addressee> =
            addressees.iter().filter(|addressee| named.insert(written(addressee))).take(RECIPIENTS_MAX + 1).collect();
        within_bound(addressees.len())?;
        let name = |addressee: &&Addressee| match addressee {
            Addressee::Name(name) => Some(name.clone()),
            Addressee::Number(_) | Addressee::Unreadable(_) => None,
        };
        let names: Vec<Box<str>> = addressees.iter().filter_map(name).collect();
        let mut meant = match caller.mode {
            KeyMode::Live => self.numbers_of_names(dialect, caller.account.id, names).await?,
            // Whose number is whose is not told to a key for trying out, which reads no contacts either.
            KeyMode::Test => vec![None; names.len()],
        }
        .into_iter();
        let mut targets = Vec::with_capacity(addressees.len());
        let mut known = HashSet::new();
        let unreadable = |text: &str| Target { recipient: text.into(), number: Err(Refusal::RecipientNotNumeric) };
        for addressee in addressees {
            let found = match addressee {
                Addressee::Number(number) => vec![of_number(number.clone())],
                Addressee::Unreadable(text) => vec![unreadable(text)],
                Addressee::Name(name) => match meant.next().flatten() {
                    None => vec![unreadable(name)],
                    Some(numbers) => numbers.into_iter().map(of_number).collect(),
                },
            };
            targets.extend(found.into_iter().filter(|target| known.insert(target.recipient.clone())));
            within_bound(targets.len())?;
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
        let key_of = |target: &Target| {
            call.idempotency.as_ref().zip(target.number.as_ref().ok()).map(|(key, number)| key.of_recipient(number))
        };
        let keys: Vec<Option<IdempotencyKey>> = targets.iter().map(key_of).collect();
        let decide = |(target, key): (Target, &Option<IdempotencyKey>)| {
            let decided = target.number.and_then(|number| {
                let send = SendCall { idempotency: key.clone(), ..call.to(number) };
                let plan = self.planned(&caller.account, send, name, Some(self.next_serial()), now)?;
                let counted = self.within_recipient_rules(&caller.account, &plan, call.repeats, now)?;
                let ready = self.ready(&caller.account, plan, now);
                ready.map(Arc::new).inspect_err(|_| self.forget_recipient(&caller.account, &counted, now))
            });
            (target.recipient, decided)
        };
        let decided: Vec<(Box<str>, Decided)> = targets.into_iter().zip(&keys).map(decide).collect();
        let mut items = self.commit_many(&caller.account, decided).await;
        self.recall(caller.account.id, &call.content, keys, &mut items).await?;
        // Of a message that was forgotten since its first request there is nothing to tell; of the others there is.
        if items.iter().all(|item| matches!(item.result, Err(Refusal::IdempotencyConflict))) {
            return Err(Refusal::IdempotencyConflict);
        }
        let taken = items.iter().filter_map(|item| item.result.as_ref().ok());
        let repeated = taken.clone().next().is_some() && taken.clone().all(|taken| taken.balance.is_none());
        let told = taken.filter_map(|taken| taken.balance).next_back();
        let balance = self.balance_after(caller.account.id, told).await?;
        let items = items
            .into_iter()
            .map(|Answered { recipient, result }| ManyItem { recipient, result: result.map(|taken| taken.message) })
            .collect();
        Ok(ManySent { call: Box::new(call), items, balance, repeated })
    }

    /// What is left. If that cannot be read, what the last message was told is answered: all were sent, and whoever is told otherwise
    /// sends them again.
    async fn balance_after(&self, account: AccountId, told: Option<Money>) -> Result<Money, Refusal> {
        match (self.balance_of(account).await, told) {
            (Err(refusal), Some(balance)) => {
                tracing::warn!(account_id = %account, ?refusal, "a balance cannot be read: what the last message was told is answered");
                Ok(balance)
            }
            (read, _) => read,
        }
    }

    /// Makes messages durable together; each gets its own answer.
    async fn commit_many(self: &Arc<Self>, account: &Arc<Account>, decided: Vec<(Box<str>, Decided)>) -> Vec<Answered> {
        let ready: Vec<Arc<Ready>> = decided.iter().filter_map(|(_, decided)| decided.as_ref().ok()).cloned().collect();
        let ops: Vec<Op> = ready.iter().map(|ready| ready.op(None)).collect();
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
        let decide = move |ops: &mut [Op], now: Timestamp| {
            Windows::all(ops.iter_mut().zip(ready).map(|(op, ready)| ready.decide(op, now)))
        };
        self.batcher.push_undecided(ops, Box::new(decide), Box::new(after));
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
                let balance = accepted.parts.last().map(|part| part.balance).filter(|_| is_new);
                Ok(TakenOne { message, balance })
            });
            Answered { recipient, result }
        });
        each.collect()
    }

    /// Of those who are refused, finds whom the very same request was answered before: prices, routes and limits may have changed since,
    /// what was sent has not. Whose message was forgotten meanwhile stays refused: it was sent, and is not sent again.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyConflict`] if another request had the key. All have the same digest, and one commit, so that nothing was sent
    /// to anybody then.
    async fn recall(
        &self,
        account: AccountId,
        content: &Content,
        keys: Vec<Option<IdempotencyKey>>,
        items: &mut [Answered],
    ) -> Result<(), Refusal> {
        let refused = items.iter().zip(keys).enumerate();
        let refused = refused.filter_map(|(place, (item, key))| Some((place, key.filter(|_| item.result.is_err())?)));
        let refused: Vec<(usize, IdempotencyKey)> = refused.collect();
        if refused.is_empty() {
            return Ok(());
        }
        let now = self.world.now();
        let found = self.read(move |store| {
            let answered =
                refused.into_iter().map(|(place, key)| Ok((place, store.answered_to_key(account, &key, now)?)));
            answered.collect::<Result<Vec<_>, _>>()
        });
        match found.await {
            Ok(found) => {
                for (place, marked) in found {
                    let message = match marked {
                        Marked::Another => return Err(Refusal::IdempotencyConflict),
                        Marked::This(accepted) => recalled(content, &accepted).map(Ok),
                        Marked::Forgotten => Some(Err(Refusal::IdempotencyConflict)),
                        Marked::Nothing => None,
                    };
                    if let Some((item, message)) = items.get_mut(place).zip(message) {
                        item.result = message.map(|message| TakenOne { message, balance: None });
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "cannot look for the answers to an idempotency key; it is answered as a new one");
            }
        }
        Ok(())
    }

    /// The next number of a message or document.
    pub(crate) fn next_serial(&self) -> Serial {
        Serial(self.serials.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1)
    }
}

/// What became of the message to one recipient.
struct Answered {
    recipient: Box<str>,
    result: Result<TakenOne, Refusal>,
}

/// A message that was taken, by this request or by the very same one before.
struct TakenOne {
    message: ManyMessage,
    /// What was left after it; `None` if it was taken before.
    balance: Option<Money>,
}

/// An addressee as the request has it, but for how a number is written.
fn written(addressee: &Addressee) -> &str {
    match addressee {
        Addressee::Number(number) => number.digits(),
        Addressee::Name(text) | Addressee::Unreadable(text) => text,
    }
}

fn within_bound(recipients: usize) -> Result<(), Refusal> {
    if recipients > RECIPIENTS_MAX { Err(Refusal::Invalid { field: "to" }) } else { Ok(()) }
}

fn of_number(number: PhoneNumber) -> Target {
    Target { recipient: number.digits().into(), number: Ok(number) }
}

/// A message that was taken before, told from the same content.
fn recalled(content: &Content, accepted: &Accepted) -> Option<ManyMessage> {
    let (encoding, parts) = said_by(content).ok()?;
    let currency = accepted.parts.first()?.price.currency;
    let units = accepted.parts.iter().map(|part| part.price.units).sum();
    Some(ManyMessage { serial: accepted.serial, encoding, parts, price: Money::new(units, currency) })
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
