//! From a request to its outcome: who calls, how often, and what they want. Each kind of call is carried out in a file of its own.

use std::sync::{Arc, PoisonError};

use whimbrel_core::{Account, Call, Outcome, Refusal, Timestamp};
use whimbrel_dialects::{Claim, Dialect};

use crate::Engine;

impl Engine {
    /// Judges and carries out a request.
    pub async fn handle(
        self: &Arc<Self>,
        dialect: &'static dyn Dialect,
        claim: Result<Claim, Refusal>,
        call: Result<Call, Refusal>,
    ) -> Outcome {
        let begun_at = self.world.now();
        let name = dialect.descriptor().id;
        let judged = claim.and_then(|claim| self.judge(name, &claim, begun_at));
        if matches!(judged, Err(Refusal::BadCredentials)) {
            metrics::counter!("whimbrel_auth_failures_total", "dialect" => name).increment(1);
        }
        let outcome = match (judged, call) {
            (Err(refusal), _) => Outcome::Refused(refusal),
            (Ok(caller), call) => match self.within_rate(&caller.account, begun_at).and(call) {
                Ok(Call::Send(send)) => match self.send(&caller.account, send, name).await {
                    Ok(accepted) => Outcome::Sent(accepted),
                    Err(refusal) => Outcome::Refused(refusal),
                },
                Err(refusal) => Outcome::Refused(refusal),
            },
        };
        match &outcome {
            Outcome::Sent(accepted) => {
                metrics::counter!("whimbrel_messages_total", "dialect" => name, "outcome" => "accepted").increment(1);
                metrics::counter!("whimbrel_message_parts_total").increment(accepted.parts.len() as u64);
                let elapsed = self.world.now().since(begun_at);
                metrics::histogram!("whimbrel_accept_duration_seconds").record(elapsed.to_std());
            }
            Outcome::Refused(refusal) => {
                metrics::counter!("whimbrel_refusals_total", "dialect" => name, "rule" => rule(refusal)).increment(1);
                metrics::counter!("whimbrel_messages_total", "dialect" => name, "outcome" => "refused").increment(1);
            }
        }
        outcome
    }

    /// Counts a request of `account` in its present second; whatever comes of it, it counts.
    fn within_rate(&self, account: &Account, now: Timestamp) -> Result<(), Refusal> {
        let requests_max = account.rules.requests_per_second_max;
        if requests_max == 0 {
            return Ok(());
        }
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.take(account.id, requests_max, now).map_err(Refusal::TooManyRequests)
    }
}

/// The rule that refused, as the metric names it.
const fn rule(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Missing { .. } | Refusal::Invalid { .. } | Refusal::RecipientNotNumeric => "parameters",
        Refusal::InvalidValidity | Refusal::InvalidHandsetClass | Refusal::InvalidCallback(_) => "parameters",
        Refusal::InvalidNetwork => "parameters",
        Refusal::TooLong => "length",
        Refusal::FacilityNotAllowed => "facility",
        Refusal::BadCredentials | Refusal::ConflictingCredentials | Refusal::InvalidSignature => "credentials",
        Refusal::SignatureRequired | Refusal::SignatureTooWeak { .. } => "credentials",
        Refusal::MethodNotAllowed { .. } | Refusal::SourceNotAllowed | Refusal::ScopeNotAllowed { .. } => "policy",
        Refusal::TooManyFailures { .. } => "failures",
        Refusal::AccountBarred | Refusal::HttpNotAllowed => "account",
        Refusal::TooManyRequests(_) => "request-rate",
        Refusal::SenderThrottled { .. } => "sender-rate",
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
