//! What customers ask about messages that they sent.

use std::sync::Arc;

use whimbrel_core::{AccountId, MessageCall, MessageId, MessageName, MessageOutcome, NoticeId, Refusal, Serial};
use whimbrel_store::{Cancel, Op, OpResult, StoreError};

use crate::Engine;
use crate::events::About;

impl Engine {
    /// Carries out a customer's call about messages.
    pub(crate) async fn message_call(
        self: &Arc<Self>,
        account_id: AccountId,
        call: MessageCall,
    ) -> Result<MessageOutcome, Refusal> {
        match call {
            MessageCall::Mark { id, message } => self.mark(account_id, id, message).await,
            MessageCall::Progress(names) => {
                let found = self.look(move |store| {
                    let progress = |serial: Option<Serial>| match serial {
                        Some(serial) => store.progress(account_id, serial),
                        None => Ok(None),
                    };
                    names
                        .into_iter()
                        .map(|name| Ok((name.id, progress(name.serial)?)))
                        .collect::<Result<_, StoreError>>()
                });
                found.await.map(MessageOutcome::Progress)
            }
            MessageCall::Cancel(names) => self.cancel(account_id, names).await.map(MessageOutcome::Cancelled),
        }
    }

    async fn mark(
        self: &Arc<Self>,
        account_id: AccountId,
        id: Box<str>,
        message: Option<MessageId>,
    ) -> Result<MessageOutcome, Refusal> {
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

    /// Calls back those that no carrier has had anything of. Answers which.
    async fn cancel(
        self: &Arc<Self>,
        account_id: AccountId,
        names: Vec<MessageName>,
    ) -> Result<Vec<Box<str>>, Refusal> {
        let found = self.look(move |store| {
            let named = names.into_iter().filter_map(|name| Some((name.id, name.serial?)));
            let message = |(id, serial)| Ok(store.message_of_serial(account_id, serial)?.map(|message| (id, message)));
            named.map(message).collect::<Result<Vec<_>, StoreError>>()
        });
        let messages: Vec<(Box<str>, MessageId)> = found.await?.into_iter().flatten().collect();
        let mut cancelled = Vec::new();
        for (id, message_id) in messages {
            let at = self.world.now();
            let cancel = Cancel { account_id, message_id, id: NoticeId(self.world.next_id()), at };
            match self.ask(Op::Cancel(cancel), |_| {}).await? {
                OpResult::Cancelled(parts) if parts.is_empty() => {}
                OpResult::Cancelled(parts) => {
                    // What a queue in memory still has of it is refused by the store when it is claimed.
                    self.events.tell(at, || {
                        let dialect = self.directory.by_id(account_id).map(|entry| entry.dialect.clone());
                        let dialect = dialect.unwrap_or_default();
                        let about = About::Message { message_id, dialect, part_count: parts.len() };
                        ("message.cancelled", Some(account_id), about, "by the customer".into())
                    });
                    cancelled.push(id);
                }
                other => {
                    tracing::error!(%account_id, ?other, "a message could not be called back; report this as a bug");
                    return Err(Refusal::Internal);
                }
            }
        }
        Ok(cancelled)
    }
}
