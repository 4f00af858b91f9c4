//! What a key for trying out finds when it asks by a vendor's API: what such keys sent, and nothing else of what its account keeps.
//!
//! It is handed around more freely than a key for real messages: into tests, to whoever helps. What it may read at all is judged before;
//! here texts, numbers, names and URLs of the account's real life are left out of answers, in the form that they have for an account
//! that has none. What the account as a whole has left, what things cost and which numbers it has is answered as always.

use std::sync::Arc;

use whimbrel_core::call::history::{HistoryCall, HistoryOutcome, HistoryPart};
use whimbrel_core::call::journal::{JournalOutcome, JournalSide};
use whimbrel_core::call::record::{RecordCall, RecordOutcome};
use whimbrel_core::call::subaccounts::{SubaccountsCall, SubaccountsOutcome};
use whimbrel_core::call::totals::TotalsOf;
use whimbrel_core::{Account, Call, KeyMode, MessageCall, MessageOutcome, Outcome, Refusal};

use crate::Engine;

impl Engine {
    /// Answers a call of a key for trying out that would look at what its account keeps.
    ///
    /// # Errors
    /// Any other call, which is carried out as for every key.
    pub(crate) async fn look_for_trial(&self, account: &Arc<Account>, call: Call) -> Result<Outcome, Call> {
        Ok(match call {
            Call::History(call) => self.trials_found(account, call).await,
            // What such keys send through an API that has these has no number and is not kept.
            Call::Journal(page) => Outcome::Journal(match page.side {
                JournalSide::Sent => JournalOutcome::Sent(Vec::new()),
                JournalSide::CameIn | JournalSide::Nothing => JournalOutcome::CameIn(Vec::new()),
            }),
            Call::Message(MessageCall::Progress(names)) => {
                let nothing = names.into_iter().map(|name| (name.id, None)).collect();
                Outcome::Message(MessageOutcome::Progress(nothing))
            }
            Call::Totals(call) => match call.of {
                TotalsOf::Own | TotalsOf::All => Outcome::Totals(self.no_totals(account, &call)),
                TotalsOf::Below(_) => Outcome::Refused(Refusal::FacilityNotAllowed),
            },
            Call::Record(RecordCall::List { skip, count_max, .. }) => {
                Outcome::Record(RecordOutcome::Page { records: Vec::new(), total: 0, skip, count_max })
            }
            Call::Record(RecordCall::Show(_)) => Outcome::Record(RecordOutcome::Unknown),
            Call::Subaccounts(SubaccountsCall::List { .. }) => {
                Outcome::Subaccounts(SubaccountsOutcome::Listed(Vec::new()))
            }
            // What sends comes to nobody. What tells of the account as a whole may be told; what changes something was refused before.
            call @ (Call::Send(_)
            | Call::SendMany(_)
            | Call::Account(_)
            | Call::Prices(_)
            | Call::Lookup(_)
            | Call::Numbers(_)
            | Call::Faulty(_)
            | Call::Application(_)
            | Call::Message(MessageCall::Mark { .. } | MessageCall::Cancel(_))
            | Call::Record(
                RecordCall::Make { .. }
                | RecordCall::Patch(..)
                | RecordCall::Remove(_)
                | RecordCall::RemoveWithMembers(_),
            )
            | Call::Secrets(_)
            | Call::Oauth(_)
            | Call::Subaccounts(
                SubaccountsCall::Make { .. }
                | SubaccountsCall::Credit { .. }
                | SubaccountsCall::Refill { .. }
                | SubaccountsCall::End { .. },
            )) => return Err(call),
        })
    }

    async fn trials_found(&self, account: &Account, call: HistoryCall) -> Outcome {
        let is_trial = |part: &HistoryPart| matches!(part, HistoryPart::Sent(part) if part.mode == KeyMode::Test);
        match self.history_call(account, call).await {
            Outcome::History(HistoryOutcome::Parts { key, mut parts }) => {
                parts.retain(is_trial);
                Outcome::History(HistoryOutcome::Parts { key, parts })
            }
            // Which of them a key for trying out made is not known.
            Outcome::History(HistoryOutcome::Refused { key, .. }) => {
                Outcome::History(HistoryOutcome::Refused { key, sends: Vec::new() })
            }
            other => other,
        }
    }
}
