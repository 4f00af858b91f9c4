//! What customers ask about messages that they sent.

use std::sync::Arc;

use whimbrel_core::{AccountId, MessageCall, MessageOutcome, Refusal};

use crate::Engine;

impl Engine {
    /// Carries out a customer's call about a message.
    pub(crate) async fn message_call(
        self: &Arc<Self>,
        account_id: AccountId,
        call: MessageCall,
    ) -> Result<MessageOutcome, Refusal> {
        let MessageCall::Mark { id, message } = call;
        let Some(message) = message else { return Ok(MessageOutcome::Unknown { id }) };
        match self.read(move |store| store.message(message)).await {
            Ok(Some(view)) if view.summary.account_id == account_id => Ok(MessageOutcome::NotMarkable),
            Ok(_) => Ok(MessageOutcome::Unknown { id }),
            Err(error) => {
                tracing::error!(%account_id, %error, "a message could not be read");
                Err(Refusal::Internal)
            }
        }
    }
}
