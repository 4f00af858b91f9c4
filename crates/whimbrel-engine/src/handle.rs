//! From a request to its outcome: who calls, how often, and what they want. Each kind of call is carried out in a file of its own.

use std::sync::{Arc, PoisonError};

use whimbrel_core::call::many::{ManySent, Trial};
use whimbrel_core::{
    AccountId, Call, IdempotencyKey, KeyMode, OauthCall, Outcome, RecipientBrake, Refusal, Span, Timestamp,
};
use whimbrel_dialects::{Claim, Dialect};

use crate::Engine;
use crate::admission::Turn;
use crate::authenticate::{Caller, Origin};
use crate::lookup::lookup;
use crate::prices::prices;
use crate::replays::replayed;

/// So late the answer "too many requests" comes: who asks again as soon as it has one asks so much less often.
const TOO_MANY_AFTER: Span = Span::millis(25);

/// A request that was handled.
#[derive(Debug)]
pub struct Handled {
    /// What it came to.
    pub outcome: Outcome,
    /// Whose it was, if that was proved.
    pub account_id: Option<AccountId>,
}

impl Engine {
    /// Judges and carries out a request.
    pub async fn handle(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        origin: Origin,
        claim: Result<Claim, Refusal>,
        call: Result<Call, Refusal>,
    ) -> Outcome {
        self.handle_whose(dialect, origin, claim, call).await.outcome
    }

    /// The same, and says whose request it was.
    pub async fn handle_whose(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        origin: Origin,
        claim: Result<Claim, Refusal>,
        call: Result<Call, Refusal>,
    ) -> Handled {
        let begun_at = self.world.now();
        let name = dialect.descriptor().id;
        if let Ok(Call::Oauth(OauthCall::Look { token })) = &call {
            return Handled { outcome: Outcome::Oauth(self.asked(name, token)), account_id: None };
        }
        let judged = match claim {
            Ok(claim) => self.authenticate(name, &claim, origin, begun_at).await,
            Err(refusal) => Err(refusal),
        };
        if matches!(judged, Err(Refusal::BadCredentials | Refusal::InvalidSignature | Refusal::SignatureRefused { .. }))
        {
            metrics::counter!("whimbrel_auth_failures_total", "dialect" => name).increment(1);
        }
        // What cannot be read counts as a message: most of it wanted to be one.
        let is_message = matches!(call, Ok(Call::Send(_) | Call::SendMany(_)) | Err(_));
        let account_id = judged.as_ref().ok().map(|caller| caller.account.id);
        let outcome = match (judged, call) {
            (Err(refusal), _) => Outcome::Refused(refusal),
            (Ok(caller), call) => match self.may_ask(&caller, call, begun_at) {
                Ok(call) => self.in_its_turn(dialect, &caller, origin.waited, call).await,
                Err(refusal) => self.unless_answered(&caller, refusal).await,
            },
        };
        match &outcome {
            Outcome::Sent(accepted) => {
                metrics::counter!("whimbrel_messages_total", "dialect" => name, "outcome" => "accepted").increment(1);
                metrics::counter!("whimbrel_message_parts_total").increment(accepted.parts.len() as u64);
                let elapsed = self.world.now().since(begun_at);
                metrics::histogram!("whimbrel_accept_duration_seconds").record(elapsed.to_std());
            }
            Outcome::SentMany(sent) => count_many(name, sent, self.world.now().since(begun_at)),
            Outcome::Faulty(_) => {
                metrics::counter!("whimbrel_refusals_total", "dialect" => name, "rule" => "parameters").increment(1);
            }
            Outcome::Application(_) | Outcome::Message(_) | Outcome::Secrets(_) | Outcome::Oauth(_) => {}
            Outcome::Refused(refusal) => {
                metrics::counter!("whimbrel_refusals_total", "dialect" => name, "rule" => rule(refusal)).increment(1);
                if is_message {
                    let labels = [("dialect", name), ("outcome", "refused")];
                    metrics::counter!("whimbrel_messages_total", &labels).increment(1);
                }
            }
            Outcome::Account(_) | Outcome::Prices(_) | Outcome::History(_) | Outcome::Numbers(_) => {}
            Outcome::Journal(_) | Outcome::Totals(_) | Outcome::Lookup(_) | Outcome::Record(_) => {}
            Outcome::Subaccounts(_) => {}
        }
        Handled { outcome, account_id }
    }

    /// Ends when a request that came to this may be answered: at once, unless there were too many. To be awaited after all that is noted
    /// of the request, since a client may be gone by then.
    pub async fn hold_back(&self, refusal: &Refusal) {
        if matches!(refusal, Refusal::TooManyRequests(_)) {
            self.world.lapse(TOO_MANY_AFTER).await;
        }
    }

    /// Carries a call out once there is room for it; one that is turned away has used nothing up. A text that has to wait is planned before.
    async fn in_its_turn(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        caller: &Caller,
        waited: Span,
        call: Call,
    ) -> Outcome {
        let account = caller.account.id;
        let turn = match call {
            // A text is planned before it waits.
            Call::Send(_) => {
                let place = self.admission.knock(account, waited, &*self.world);
                place.map(|place| place.map_or(Turn::Later, |place| Turn::Now(Some(place))))
            }
            Call::SendMany(_) => {
                let place = self.admission.enter(account, waited, &*self.world).await;
                place.map(|place| Turn::Now(Some(place)))
            }
            _ => Ok(Turn::Now(None)),
        };
        let mut turn = match turn {
            Ok(turn) => turn,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        match self.use_nonce(caller, &call).await {
            Ok(()) => self.carry_out(dialect, caller, call, &mut turn).await,
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// Carries out what a caller may ask for; each family of calls in its own file.
    async fn carry_out(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        caller: &Caller,
        call: Call,
        turn: &mut Turn,
    ) -> Outcome {
        let account = &caller.account;
        let call = match caller.mode {
            KeyMode::Live => call,
            KeyMode::Test => match self.look_for_trial(account, call).await {
                Ok(answered) => return answered,
                Err(call) => call,
            },
        };
        match call {
            Call::Send(send) => {
                let send = self.addressed(caller, *send);
                let key = send.idempotency.clone();
                match self.send_once(account, caller.replay, send, dialect.descriptor().id, turn).await {
                    Ok(taken) => {
                        if taken.is_new {
                            self.note_first_use(caller);
                        }
                        Outcome::Sent(taken.accepted)
                    }
                    // Of a nonce, this is its second use.
                    Err(Refusal::InvalidSignature) => Outcome::Refused(replayed(caller.method)),
                    Err(refusal) => self.unless_sent_before(caller, key, refusal, turn).await,
                }
            }
            Call::SendMany(many) => self.send_many(dialect, caller, *many).await,
            Call::Journal(page) => {
                let id = account.id;
                let found = self.look(move |store| store.journal(id, &page)).await;
                found.map_or_else(Outcome::Refused, Outcome::Journal)
            }
            Call::Totals(call) => self.totals_call(account, call).await.map_or_else(Outcome::Refused, Outcome::Totals),
            Call::Lookup(call) => Outcome::Lookup(lookup(&self.snapshot(), call)),
            Call::Record(call) => {
                let done = self.record_call(dialect, account.id, call).await;
                done.map_or_else(Outcome::Refused, Outcome::Record)
            }
            Call::Faulty(faulty) => Outcome::Faulty(faulty),
            Call::Application(call) => match self.application_call(account.id, dialect, call).await {
                Ok(outcome) => Outcome::Application(outcome),
                Err(refusal) => Outcome::Refused(refusal),
            },
            Call::Oauth(call) => match self.oauth_call(dialect.descriptor().id, account, call).await {
                Ok(outcome) => Outcome::Oauth(outcome),
                Err(refusal) => Outcome::Refused(refusal),
            },
            Call::Subaccounts(call) => {
                let done = self.subaccounts_call(dialect, account, call).await;
                done.map_or_else(Outcome::Refused, Outcome::Subaccounts)
            }
            Call::Secrets(call) => match self.secrets_call(account, call).await {
                Ok(outcome) => Outcome::Secrets(outcome),
                Err(refusal) => Outcome::Refused(refusal),
            },
            Call::Message(call) => match self.message_call(account.id, call).await {
                Ok(outcome) => Outcome::Message(outcome),
                Err(refusal) => Outcome::Refused(refusal),
            },
            Call::Account(call) => self.account_call(dialect, account, call).await,
            Call::Prices(call) => Outcome::Prices(prices(&self.snapshot(), account.currency, &call)),
            Call::History(call) => self.history_call(account, call).await,
            Call::Numbers(call) => self.numbers_call(dialect, account, call).await,
        }
    }

    /// The answer that a refused text was given before, or the refusal. It has a place by then: the store may be asked, and in an overload a
    /// flood of what is refused waits its turn like everything else.
    async fn unless_sent_before(
        &self,
        caller: &Caller,
        key: Option<IdempotencyKey>,
        refusal: Refusal,
        turn: &mut Turn,
    ) -> Outcome {
        let account = caller.account.id;
        match turn {
            Turn::Now(Some(_)) => {}
            // There was no place for it, and so there is none to ask.
            Turn::Now(None) if refusal == Refusal::Overloaded => return Outcome::Refused(refusal),
            Turn::Now(None) => {}
            Turn::Later => match self.admission.wait_for_place(account, &*self.world).await {
                Ok(place) => *turn = Turn::Now(Some(place)),
                Err(overloaded) => return Outcome::Refused(overloaded),
            },
        }
        match self.unless_answered(caller, refusal).await {
            Outcome::Refused(refusal) => self.unless_answered_to_key(account, key, refusal).await,
            answered => answered,
        }
    }

    /// What the account wants, if it may ask for it, and now.
    fn may_ask(&self, caller: &Caller, call: Result<Call, Refusal>, now: Timestamp) -> Result<Call, Refusal> {
        self.within_rate(caller, now)?;
        if let Ok(call) = &call {
            let scope = call.scope();
            caller.by.policy.judge_scope(scope)?;
            if caller.mode == KeyMode::Test && !call.is_for_trying() {
                return Err(Refusal::ScopeNotAllowed { scope });
            }
        }
        call
    }

    /// Counts a request of an account, or of one of its secret keys, in its present second; whatever comes of it, it counts.
    pub(crate) fn within_rate(&self, caller: &Caller, now: Timestamp) -> Result<(), Refusal> {
        let rate = caller.by.rules.request_rate();
        if rate.per_second_max == 0 {
            return Ok(());
        }
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.take(caller.requester(), rate, now).map_err(Refusal::TooManyRequests)
    }
}

/// Counts each message of a text to several recipients; one that was only tried out is none.
fn count_many(dialect: &'static str, sent: &ManySent, elapsed: Span) {
    if sent.call.trial == Trial::Yes {
        return;
    }
    let mut parts = 0;
    for item in &sent.items {
        let outcome = if item.result.is_ok() { "accepted" } else { "refused" };
        metrics::counter!("whimbrel_messages_total", "dialect" => dialect, "outcome" => outcome).increment(1);
        match &item.result {
            Ok(message) => parts += message.parts.len() as u64,
            Err(refusal) => {
                metrics::counter!("whimbrel_refusals_total", "dialect" => dialect, "rule" => rule(refusal))
                    .increment(1);
            }
        }
    }
    metrics::counter!("whimbrel_message_parts_total").increment(parts);
    metrics::histogram!("whimbrel_accept_duration_seconds").record(elapsed.to_std());
}

/// The rule that refused, as the metric names it.
const fn rule(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Missing { .. } | Refusal::Invalid { .. } | Refusal::RecipientNotNumeric => "parameters",
        Refusal::InvalidValidity | Refusal::InvalidHandsetClass | Refusal::InvalidCallback(_) => "parameters",
        Refusal::InvalidNetwork => "parameters",
        Refusal::TooLong => "length",
        Refusal::FacilityNotAllowed => "facility",
        Refusal::BadCredentials | Refusal::CredentialExpired => "credentials",
        Refusal::ConflictingCredentials | Refusal::InvalidSignature => "credentials",
        Refusal::SignatureRefused { .. } => "credentials",
        Refusal::SignatureRequired | Refusal::SignatureTooWeak { .. } | Refusal::MethodNotAllowed { .. } => {
            "key-method"
        }
        Refusal::SourceNotAllowed => "key-network",
        Refusal::ScopeNotAllowed { .. } => "key-scope",
        Refusal::TooManyFailures { .. } => "failures",
        Refusal::AccountBarred | Refusal::HttpNotAllowed => "account",
        Refusal::TooManyRequests(_) => "request-rate",
        Refusal::SenderThrottled { .. } => "sender-rate",
        Refusal::RecipientThrottled { brake: RecipientBrake::Rate, .. } => "recipient-rate",
        Refusal::RecipientThrottled { brake: RecipientBrake::Repeat, .. } => "repeat",
        Refusal::RecipientNotPermitted { .. } => "permitted",
        Refusal::RecipientBarred { .. } => "barred",
        Refusal::RecipientDeactivated { .. } => "deactivated",
        Refusal::SenderNotAllowed { .. } => "sender",
        Refusal::Unroutable { .. } => "route",
        Refusal::InsufficientFunds { .. } => "funds",
        Refusal::SpendCapReached { .. } => "spend-cap",
        Refusal::IdempotencyConflict => "idempotency",
        Refusal::Overloaded => "overload",
        Refusal::Internal => "fault",
    }
}
