//! The guarded client as the engine asks for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use whimbrel_core::Span;
use whimbrel_core::world::BoxFuture;
use whimbrel_dialects::http::WebhookRequest;
use whimbrel_engine::ports::{Answered, NewUrls, Timing, Tried, Watched};

use super::{GatewayError, While};
use crate::config::{EgressConfig, read_config_file};
use crate::egress::{Egress, EgressAnswer, Notes, RequestLimits, SystemResolver};

/// The one way out for webhooks.
pub(super) struct WayOut {
    egress: Egress,
    limits: RequestLimits,
    new_urls: NewUrls,
}

/// Opens it as configured.
pub(super) fn open(config: &EgressConfig) -> Result<Arc<WayOut>, GatewayError> {
    let extra_ca = config.extra_ca.as_deref().map(read_config_file).transpose().when("cannot use egress.extra_ca")?;
    let egress = Egress::new(config.policy.clone(), config.limits, SystemResolver, extra_ca.as_deref())
        .when("cannot set up the way out for webhooks")?;
    Ok(Arc::new(WayOut { egress, limits: config.request_limits, new_urls: config.new_urls }))
}

impl WayOut {
    /// Closes connections that were idle for too long.
    pub(super) fn tidy(&self) {
        self.egress.tidy();
    }
}

impl whimbrel_engine::ports::Egress for WayOut {
    fn send(&self, request: WebhookRequest) -> BoxFuture<'_, Result<u16, Box<str>>> {
        Box::pin(async move {
            let answer = self.egress.send(request, self.limits).await;
            answer.map(|answer| answer.status).map_err(|error| error.to_string().into())
        })
    }

    fn try_out(&self, request: WebhookRequest) -> BoxFuture<'_, Result<Tried, Box<str>>> {
        Box::pin(async move {
            let answer = self.egress.send(request, self.limits).await;
            let tried = answer.map(|answer| Tried { status: answer.status, beginning: answer.beginning });
            tried.map_err(|error| error.to_string().into())
        })
    }

    fn watch(&self, request: WebhookRequest) -> BoxFuture<'_, Watched> {
        Box::pin(async move {
            let begun_at = Instant::now();
            let mut notes = Notes::wanted();
            let answer = self.egress.send_noted(request, self.limits, &mut notes).await;
            let Notes { headers, steps, .. } = notes;
            let timing = Timing {
                resolved: steps.resolved.map(span),
                connected: steps.connected.map(span),
                secured: steps.secured.map(span),
                first_byte: steps.first_byte.map(span),
                total: span(begun_at.elapsed()),
            };
            let answered =
                |answer: EgressAnswer| Answered { status: answer.status, headers, beginning: answer.beginning };
            Watched { answer: answer.map(answered).map_err(|error| error.to_string().into()), timing }
        })
    }

    fn new_urls(&self) -> NewUrls {
        self.new_urls
    }
}

fn span(time: Duration) -> Span {
    Span(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}
