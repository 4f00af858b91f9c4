//! Those who listen to the webhooks of accounts while they develop a receiver: each webhook that is sent is told to them too.
//!
//! Beside the endpoint and never in its place: what a listener does with it changes nothing, and who is slow misses some. Where an account
//! has no endpoint, nothing is sent and no notice is made; the ends of its messages are told to listeners all the same.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast;
use whimbrel_core::{MessageId, Notice, PartId, Told};
use whimbrel_dialects::http::WebhookRequest;

use crate::Engine;
use crate::resend::{ResendError, told_again};
use crate::webhooks::Wish;

/// Webhooks that a listener may be behind before it misses some.
const BEHIND_MAX: usize = 256;

/// Where webhooks are told to listeners.
#[derive(Debug)]
pub(crate) struct Listeners(broadcast::Sender<Arc<News>>);

/// What is told.
#[derive(Debug)]
pub(crate) enum News {
    /// It is sent now.
    Sent(Box<Notice>),
    /// A part ended, and nobody is told of it.
    Untold(MessageId, PartId),
}

/// Hears the webhooks of every account, as they are sent.
pub struct WebhookListener {
    receiver: broadcast::Receiver<Arc<News>>,
    /// Read from the store, and not given yet.
    read: VecDeque<Notice>,
}

/// What a listener gets.
#[derive(Debug)]
pub enum WebhookHeard {
    /// A webhook.
    Webhook(Box<Notice>),
    /// It was too slow: so many were missed.
    Missed(u64),
    /// There will be no more.
    End,
}

impl Default for Listeners {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND_MAX))
    }
}

impl Listeners {
    /// Tells a webhook, if anybody listens.
    pub(crate) fn tell(&self, make: impl FnOnce() -> News) {
        if self.0.receiver_count() > 0 {
            // An error says that the last listener has just gone.
            _ = self.0.send(Arc::new(make()));
        }
    }
}

impl WebhookListener {
    /// The next webhook.
    pub async fn next(&mut self, engine: &Arc<Engine>) -> WebhookHeard {
        loop {
            if let Some(notice) = self.read.pop_front() {
                return WebhookHeard::Webhook(Box::new(notice));
            }
            match self.receiver.recv().await {
                Ok(news) => match &*news {
                    News::Sent(notice) => return WebhookHeard::Webhook(notice.clone()),
                    News::Untold(message, part) => self.read = engine.untold(*message, *part).await.into(),
                },
                Err(broadcast::error::RecvError::Lagged(count)) => return WebhookHeard::Missed(count),
                Err(broadcast::error::RecvError::Closed) => return WebhookHeard::End,
            }
        }
    }
}

impl Engine {
    /// Listens to webhooks from now on.
    #[must_use]
    pub fn listen_to_webhooks(&self) -> WebhookListener {
        WebhookListener { receiver: self.listeners.0.subscribe(), read: VecDeque::new() }
    }

    /// A webhook as it would be sent to that address now.
    ///
    /// # Errors
    /// [`ResendError`].
    pub async fn webhook_for(self: &Arc<Self>, notice: &Notice, url: &str) -> Result<WebhookRequest, ResendError> {
        let rendered = self.rendered(notice, Wish { url: Some(url), edit: None }).await?;
        Ok(rendered.request)
    }

    /// What would be told now that a part has ended.
    async fn untold(self: &Arc<Self>, message: MessageId, part: PartId) -> Vec<Notice> {
        match self.read(move |store| store.ends(message)).await {
            Ok(ends) => {
                let is_of_part = |notice: &Notice| matches!(&notice.told, Told::Receipt(told) if told.part_id == part);
                told_again(ends.unwrap_or_default()).into_iter().filter(is_of_part).collect()
            }
            Err(error) => {
                tracing::error!(%error, "listeners could not be told of a message");
                Vec::new()
            }
        }
    }
}
