//! What an account finds again.

use whimbrel_core::call::history::{HistoryCall, HistoryOutcome, HistoryPart};
use whimbrel_core::{Account, Outcome, PhoneNumber, Refusal};

use crate::Engine;

impl Engine {
    /// Carries out such a request.
    pub(crate) async fn history_call(&self, account: &Account, call: HistoryCall) -> Outcome {
        self.found(account, call).await.map_or_else(Outcome::Refused, Outcome::History)
    }

    async fn found(&self, account: &Account, call: HistoryCall) -> Result<HistoryOutcome, Refusal> {
        let (id, key) = (account.id, account.key.clone());
        let mut parts = match call {
            HistoryCall::ByIds(ids) => self.look(move |store| store.history(id, &ids)).await?,
            HistoryCall::Within(within) => self.look(move |store| store.history_within(id, &within)).await?,
            HistoryCall::RefusedWithin(within) => {
                let sends = self.look(move |store| store.rejections(id, &within)).await?;
                return Ok(HistoryOutcome::Refused { key, sends });
            }
        };
        let snapshot = self.snapshot();
        for part in &mut parts {
            if let HistoryPart::CameIn(part) = part
                && let Ok(sender) = PhoneNumber::from_digits(&part.sender)
                && let Some(network) = snapshot.networks.find(&sender)
            {
                part.network = network.code.clone();
            }
        }
        Ok(HistoryOutcome::Parts { key, parts })
    }
}
