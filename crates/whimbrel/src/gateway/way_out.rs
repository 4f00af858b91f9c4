//! The guarded client as the engine asks for it.

use std::sync::Arc;

use tokio::time::Instant;
use whimbrel_core::Span;
use whimbrel_core::world::BoxFuture;
use whimbrel_dialects::http::WebhookRequest;
use whimbrel_engine::ports::{self, Answered, NewUrls, Timing, Tried, Watched};

use super::webhook_faults::{Meets, WebhookChaos};
use super::{GatewayError, While};
use crate::config::{EgressConfig, read_config_file};
use crate::egress::{CallPlace, Egress, EgressAnswer, Notes, RequestLimits, SystemResolver};

/// The one way out for webhooks.
pub(super) struct WayOut {
    egress: Egress,
    limits: RequestLimits,
    new_urls: NewUrls,
    /// Faults on order, in development.
    chaos: Option<Arc<WebhookChaos>>,
}

/// Opens it as configured.
pub(super) fn open(config: &EgressConfig, chaos: Option<Arc<WebhookChaos>>) -> Result<Arc<WayOut>, GatewayError> {
    let extra_ca = config.extra_ca.as_deref().map(read_config_file).transpose().when("cannot use egress.extra_ca")?;
    let egress = Egress::new(config.policy.clone(), config.limits, SystemResolver::default(), extra_ca.as_deref())
        .when("cannot set up the way out for webhooks")?;
    Ok(Arc::new(WayOut { egress, limits: config.request_limits, new_urls: config.new_urls, chaos }))
}

impl WayOut {
    /// Closes connections that were idle for too long.
    pub(super) fn tidy(&self) {
        self.egress.tidy();
    }

    async fn call(
        &self,
        place: ports::CallPlace,
        request: WebhookRequest,
        notes: &mut Notes,
    ) -> Result<EgressAnswer, Box<str>> {
        // Places are this client's own; whoever has none by mistake waits for one.
        let place = match place.downcast::<CallPlace>() {
            Ok(place) => *place,
            Err(_) => self.egress.place(&request.url).await.map_err(|error| error.to_string())?,
        };
        let answer = self.egress.send_noted(&place, request, self.limits, notes).await;
        drop(place);
        self.as_ordered(answer.map_err(|error| error.to_string().into())).await
    }

    /// The answer with the fault that was ordered for it, if one was. What never came is not lost: its own fault is told.
    async fn as_ordered(&self, answer: Result<EgressAnswer, Box<str>>) -> Result<EgressAnswer, Box<str>> {
        match self.chaos.as_ref().map_or(Meets::Nothing, |chaos| chaos.next()) {
            Meets::Nothing => answer,
            Meets::Lost => answer.and(Err("the answer was lost, as `whimbrel chaos` ordered".into())),
            Meets::Failed => answer.map(|answer| EgressAnswer { status: 500, ..answer }),
            Meets::Delayed(delay) => {
                tokio::time::sleep(delay.to_std()).await;
                answer
            }
        }
    }
}

impl whimbrel_engine::ports::Egress for WayOut {
    fn place<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<ports::CallPlace, Box<str>>> {
        Box::pin(async move {
            let placed = self.egress.place(url).await;
            placed.map(|place| Box::new(place) as ports::CallPlace).map_err(|error| error.to_string().into())
        })
    }

    fn send(&self, place: ports::CallPlace, request: WebhookRequest) -> BoxFuture<'_, Result<u16, Box<str>>> {
        Box::pin(async move { self.call(place, request, &mut Notes::default()).await.map(|answer| answer.status) })
    }

    fn try_out(&self, place: ports::CallPlace, request: WebhookRequest) -> BoxFuture<'_, Result<Tried, Box<str>>> {
        Box::pin(async move {
            let answer = self.call(place, request, &mut Notes::default()).await;
            answer.map(|answer| Tried { status: answer.status, beginning: answer.beginning })
        })
    }

    fn watch(&self, place: ports::CallPlace, request: WebhookRequest) -> BoxFuture<'_, Watched> {
        Box::pin(async move {
            let begun_at = Instant::now();
            let mut notes = Notes::wanted();
            let answer = self.call(place, request, &mut notes).await;
            let Notes { headers, steps, .. } = notes;
            let timing = Timing {
                resolved: steps.resolved.map(Span::from_std),
                connected: steps.connected.map(Span::from_std),
                secured: steps.secured.map(Span::from_std),
                first_byte: steps.first_byte.map(Span::from_std),
                total: Span::from_std(begun_at.elapsed()),
            };
            let answered =
                |answer: EgressAnswer| Answered { status: answer.status, headers, beginning: answer.beginning };
            Watched { answer: answer.map(answered), timing }
        })
    }

    fn new_urls(&self) -> NewUrls {
        self.new_urls
    }
}
