//! The test clock: `GET`, `POST`, `DELETE clock`. In development only.
//!
//! It is the clock of the whole process, put forward: what would have happened meanwhile happens at once. Parts expire, receipts and
//! webhooks that waited are sent, scheduled messages leave, signatures and tokens grow old. Whoever talks to this server has a clock of
//! its own: a request that is signed now is signed in this server's past once the clock is ahead of the window that its scheme allows.

use serde_json::{Value, json};
use whimbrel_core::Span;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::SystemWorld;

use super::json::{Fields, bad};
use super::wait::span;
use super::{Api, document};
use crate::server::{IncomingRequest, problem};

/// How far ahead the clock may be. Ids end in 2094, certificates much earlier.
pub(super) const AHEAD_MAX: Span = Span::hours(10 * 366 * 24);

pub(super) fn show(api: &Api) -> HttpResponse {
    match clock(api) {
        Ok(clock) => told(api, clock),
        Err(refused) => refused,
    }
}

/// `POST clock` with `advance`, such as `10m`.
pub(super) fn advance(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let advanced = || {
        let clock = clock(api)?;
        let mut fields = Fields::read(request.body(), &["advance"])?;
        let text = fields
            .text("advance")?
            .ok_or_else(|| bad("`advance` is missing: how far to put the clock forward, such as 10m"))?;
        let by = span(&text).ok_or_else(|| bad("`advance` must be a time such as 90s, 10m, 2h or 3d"))?;
        if clock.ahead().0.saturating_add(by.0) > AHEAD_MAX.0 {
            return Err(bad("the clock may be at most ten years ahead: put it back first (`DELETE clock`)"));
        }
        clock.advance(by);
        Ok(told(api, clock))
    };
    advanced().unwrap_or_else(|refused: HttpResponse| refused)
}

pub(super) fn reset(api: &Api) -> HttpResponse {
    match clock(api) {
        Ok(clock) => {
            clock.reset();
            told(api, clock)
        }
        Err(refused) => refused,
    }
}

fn clock(api: &Api) -> Result<&SystemWorld, HttpResponse> {
    api.test_clock.as_deref().ok_or_else(|| {
        problem(403, "Forbidden", "the clock of this server cannot be put forward: only that of `serve --dev` can")
    })
}

fn told(api: &Api, clock: &SystemWorld) -> HttpResponse {
    let now: Value = json!(api.engine.world().now().to_string());
    document(200, &json!({ "now": now, "ahead_ms": clock.ahead().as_millis() }))
}
