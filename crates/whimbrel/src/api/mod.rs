//! The native API: `/_whimbrel/v1`, health and metrics.
//!
//! For operators and tools; a customer's application speaks a dialect. Every call needs `Authorization: Bearer` with the admin
//! token; in development a caller on this very machine that is no foreign web page needs none.

mod access;
mod accounts;
mod json;
mod messages;

use std::sync::Arc;

use serde_json::{Value, json};
use whimbrel_core::Secret;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_engine::Engine;

use crate::server::{IncomingRequest, problem};
use crate::telemetry::Metrics;

pub use access::{Access, Local};

/// The prefix of every path of the native API.
pub const PREFIX: &str = "/_whimbrel/v1/";

/// What the native API needs.
pub struct Api {
    /// The engine it shows and changes.
    pub engine: Arc<Engine>,
    /// The metrics it renders.
    pub metrics: Metrics,
    /// Who may call.
    pub access: Access,
}

impl Api {
    /// An API whose callers prove themselves by `admin_token`.
    #[must_use]
    pub const fn new(engine: Arc<Engine>, metrics: Metrics, admin_token: Secret, local: Local) -> Self {
        Self { engine, metrics, access: Access::new(admin_token, local) }
    }

    /// Answers a request for one of our own paths; `None` if the path is not ours.
    pub async fn handle(&self, request: &IncomingRequest) -> Option<HttpResponse> {
        match request.path() {
            "/livez" => Some(text(200, "text/plain; charset=utf-8", "ok\n".to_owned())),
            "/readyz" => Some(self.ready()),
            "/" => Some(front_page()),
            path if path == "/metrics" || path.starts_with("/_whimbrel") => Some(match self.access.judge(request) {
                Ok(()) => self.route(request).await,
                Err(refused) => refused,
            }),
            _ => None,
        }
    }

    async fn route(&self, request: &IncomingRequest) -> HttpResponse {
        if request.path() == "/metrics" {
            self.metrics.tidy();
            return text(200, "text/plain; version=0.0.4; charset=utf-8", self.metrics.render());
        }
        let Some(rest) = request.path().strip_prefix(PREFIX) else {
            return not_found(request.path());
        };
        let segments: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        match (request.method(), segments.as_slice()) {
            ("GET" | "HEAD", ["version"]) => document(200, &json!({ "version": env!("CARGO_PKG_VERSION") })),
            ("GET" | "HEAD", ["stats"]) => self.stats().await,
            ("GET" | "HEAD", ["messages"]) => messages::list(self, request).await,
            ("GET" | "HEAD", ["messages", id]) => messages::show(self, id).await,
            ("POST", ["accounts"]) => accounts::create(self, request).await,
            ("GET" | "HEAD", ["accounts", key]) => accounts::show(self, key).await,
            ("PATCH", ["accounts", key]) => accounts::patch(self, key, request).await,
            ("POST", ["accounts", key, "topup"]) => accounts::top_up(self, key, request).await,
            (
                _,
                ["version" | "stats" | "messages" | "accounts"]
                | ["messages" | "accounts", _]
                | ["accounts", _, "topup"],
            ) => problem(405, "Method Not Allowed", "this path has other methods: see docs/api.md"),
            _ => not_found(request.path()),
        }
    }

    /// Ready: what is accepted now will be kept.
    fn ready(&self) -> HttpResponse {
        match self.engine.store_stopped() {
            None => document(200, &json!({ "ready": true })),
            Some(error) => document(503, &json!({ "ready": false, "why": error.to_string() })),
        }
    }

    async fn stats(&self) -> HttpResponse {
        match self.engine.read(|store| store.stats()).await {
            Ok(stats) => document(
                200,
                &json!({
                    "messages": stats.messages,
                    "open_parts": stats.queued + stats.submitting + stats.uncertain + stats.submitted,
                    "queued": stats.queued,
                    "submitting": stats.submitting,
                    "uncertain": stats.uncertain,
                    "submitted": stats.submitted,
                    "doubts": stats.doubts,
                    "receipts_parked": stats.parked,
                    "notices": stats.notices,
                }),
            ),
            Err(error) => unavailable(&error),
        }
    }
}

fn front_page() -> HttpResponse {
    let titles: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.descriptor().title).collect();
    let body = format!(
        "Whimbrel {} is running.\n\nApplications find the API of {} at the vendor's own paths.\n\
         The native API is at {PREFIX}messages, health at /readyz, metrics at /metrics.\n",
        env!("CARGO_PKG_VERSION"),
        titles.join(", "),
    );
    text(200, "text/plain; charset=utf-8", body)
}

/// A JSON answer.
fn document(status: u16, value: &Value) -> HttpResponse {
    text(status, "application/json", format!("{value:#}\n"))
}

fn text(status: u16, content_type: &'static str, body: String) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![
            ("Content-Type", content_type.into()),
            ("Cache-Control", "no-store".into()),
            ("X-Content-Type-Options", "nosniff".into()),
        ],
        body: body.into_bytes(),
    }
}

fn not_found(path: &str) -> HttpResponse {
    // Shown as given, bounded: a path is the caller's own.
    let shown: String = path.chars().take(100).collect();
    problem(404, "Not Found", &format!("there is nothing at `{shown}`"))
}

fn unavailable(error: &dyn std::error::Error) -> HttpResponse {
    tracing::error!(%error, "the native API could not read or write the store");
    problem(503, "Service Unavailable", &error.to_string())
}
