//! The native API: `/_whimbrel/v1`, health and metrics.
//!
//! For operators and tools; a customer's application speaks a dialect. Every call needs `Authorization: Bearer` with the admin
//! token; in development a caller on this very machine that is no foreign web page needs none. Owners of accounts may call what is
//! theirs, by their account's credentials ([`owner`]).

mod access;
mod accounts;
mod applications;
mod audit;
mod carriers;
mod chaos;
mod clock;
mod events;
mod gate;
mod health;
mod json;
mod keys;
mod leases;
mod ledger;
pub(crate) mod messages;
mod missed;
mod numbers;
mod oauth;
mod operators;
mod owner;
mod phones;
mod pool;
pub(crate) mod reference;
pub(crate) mod search;
mod secrets;
pub(crate) mod segments;
mod shares;
pub(crate) mod shown_to;
mod sign_up;
mod signing;
pub(crate) mod streams;
mod traffic;
mod usage;
mod wait;
mod webhooks;
mod wire;

use std::sync::Arc;

use serde_json::{Value, json};
use whimbrel_carriers::Order;
use whimbrel_core::{KeyMode, Secret, SourceNetwork};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_engine::{Engine, Origin, SystemWorld};
use whimbrel_simulator::Control;
use whimbrel_web::Links;

use search::Whose;

use crate::gateway::Reloader;
use crate::gateway::webhook_faults::WebhookChaos;
use crate::people::sessions::Sessions;
use crate::people::shares::Shares;
use crate::server::{Answer, IncomingRequest, Shutdown, problem};
use crate::telemetry::Metrics;
use crate::ui;

pub use access::{Access, Local};
pub(crate) use gate::{Called, Known};
pub use sign_up::{SignUpRules, SignUps};

/// The prefix of every path of the native API.
pub const PREFIX: &str = "/_whimbrel/v1/";

/// Where an account is made by its owner.
const SIGN_UP: &str = "/_whimbrel/v1/sign-up";

/// Where webhooks are streamed to those who develop a receiver.
const LISTEN: &str = "/_whimbrel/v1/webhooks/listen";

/// Where events are streamed.
const EVENTS: &str = "/_whimbrel/v1/events";

/// What the native API needs.
pub struct Api {
    /// The engine it shows and changes.
    pub engine: Arc<Engine>,
    /// The metrics it renders.
    pub metrics: Metrics,
    /// Who may call.
    pub access: Access,
    /// Changes the configuration, if this process can.
    pub reloader: Arc<Reloader>,
    /// The built-in simulator, if it runs.
    pub simulator: Option<Control>,
    /// The server stops.
    pub stop: Shutdown,
    /// Places for clients that listen to events.
    streams: Arc<streams::Streams>,
    /// Accounts that were made by their owners.
    pub sign_ups: SignUps,
    /// Who signed in.
    pub sessions: Arc<Sessions>,
    /// Links that show one message to whoever has them.
    pub(crate) shares: Shares,
    /// Proxies before us.
    pub proxies: Box<[SourceNetwork]>,
    /// What the audit log keeps in memory.
    audit: audit::Audit,
    /// Who waits for texts.
    waits: wait::Waits,
    /// Who holds which phone.
    leases: leases::Leases,
    /// The clock, if tests may put it forward.
    test_clock: Option<Arc<SystemWorld>>,
    /// Faults of webhooks on order, if they may be ordered.
    webhook_chaos: Option<Arc<WebhookChaos>>,
}

/// What [`Api::new`] is given.
pub struct ApiParts {
    /// The engine it shows and changes.
    pub engine: Arc<Engine>,
    /// The metrics it renders.
    pub metrics: Metrics,
    /// The token that opens it.
    pub admin_token: Secret,
    /// Whether callers on this machine need it.
    pub local: Local,
    /// Changes the configuration.
    pub reloader: Arc<Reloader>,
    /// The built-in simulator, if it runs.
    pub simulator: Option<Control>,
    /// The server stops.
    pub stop: Shutdown,
    /// Whether owners may make accounts.
    pub sign_up_rules: SignUpRules,
    /// The clock, if tests may put it forward: in development.
    pub test_clock: Option<Arc<SystemWorld>>,
    /// Faults of webhooks on order: in development.
    pub webhook_chaos: Option<Arc<WebhookChaos>>,
    /// Proxies before us.
    pub proxies: Box<[SourceNetwork]>,
}

impl Api {
    /// An API whose callers prove themselves by the admin token.
    #[must_use]
    pub fn new(parts: ApiParts) -> Self {
        let ApiParts {
            engine,
            metrics,
            admin_token,
            local,
            reloader,
            simulator,
            stop,
            sign_up_rules,
            proxies,
            test_clock,
            webhook_chaos,
        } = parts;
        let streams = Arc::default();
        let (access, sign_ups) = (Access::new(admin_token, local), SignUps::new(sign_up_rules));
        let shares = Shares::new(|| engine.world().random());
        Self {
            engine,
            metrics,
            access,
            reloader,
            simulator,
            stop,
            streams,
            sign_ups,
            sessions: Arc::default(),
            shares,
            proxies,
            audit: audit::Audit::default(),
            waits: wait::Waits::default(),
            leases: leases::Leases::default(),
            test_clock,
            webhook_chaos,
        }
    }

    /// Answers a request for one of our own paths; `None` if the path is not ours.
    pub async fn handle(&self, request: &IncomingRequest, origin: Origin) -> Option<Answer> {
        match request.path() {
            "/livez" => Some(text(200, "text/plain; charset=utf-8", "ok\n".to_owned()).into()),
            "/readyz" => Some(self.ready().into()),
            "/" if ui::wants_html(request) => Some(ui::go(&Links::from_path("/"), "")),
            "/" => Some(front_page().into()),
            path if ui::is_ours(path) => Some(ui::handle(self, request, origin).await),
            path if path.trim_end_matches('/') == SIGN_UP => Some(sign_up::sign_up(self, request, origin).await.into()),
            path if path == "/metrics" || path.starts_with("/_whimbrel") => {
                Some(self.answer_caller(request, origin).await)
            }
            _ => None,
        }
    }

    async fn route_operator(&self, request: &IncomingRequest) -> HttpResponse {
        if request.path() == "/metrics" {
            self.metrics.tidy();
            return text(200, "text/plain; version=0.0.4; charset=utf-8", self.metrics.render());
        }
        let Some(rest) = request.path().strip_prefix(PREFIX) else {
            return not_found(request.path());
        };
        let segments: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        self.route(&segments, request).await
    }

    /// Answers whoever may call what `segments` name, the path after the prefix.
    async fn route(&self, segments: &[&str], request: &IncomingRequest) -> HttpResponse {
        // What is not described is answered by nobody, so that the documents are whole.
        let methods = reference::methods(&format!("{PREFIX}{}", segments.join("/")));
        let method = if request.method() == "HEAD" { "GET" } else { request.method() };
        if methods.is_empty() {
            return not_found(request.path());
        }
        if !methods.contains(&method) {
            return other_methods(&methods);
        }
        match (request.method(), segments) {
            ("GET" | "HEAD", ["openapi"]) => reference::list(),
            ("GET" | "HEAD", ["openapi", file]) => reference::show(file).unwrap_or_else(|| not_found(request.path())),
            ("GET" | "HEAD", ["version"]) => document(200, &json!({ "version": env!("CARGO_PKG_VERSION") })),
            ("GET" | "HEAD", ["stats"]) => self.stats().await,
            ("GET" | "HEAD", ["clock"]) => clock::show(self),
            ("POST", ["clock"]) => clock::advance(self, request),
            ("DELETE", ["clock"]) => clock::reset(self),
            ("GET" | "HEAD", ["chaos"]) => chaos::show(self),
            ("PUT", ["chaos"]) => chaos::set(self, request),
            ("DELETE", ["chaos"]) => chaos::end(self),
            ("POST", ["leases"]) => leases::lease(self, request).await,
            ("GET" | "HEAD", ["leases"]) => leases::list(self),
            ("DELETE", ["leases", number]) => leases::release(self, number),
            ("GET", ["wait"]) => wait::wait(self, Whose::All, request).await,
            ("GET" | "HEAD", ["messages"]) => messages::list(self, Whose::All, request).await,
            ("GET" | "HEAD", ["messages", id]) => messages::show(self, Whose::All, id).await,
            ("POST", ["messages", id, "share"]) => shares::make(self, Whose::All, id, request).await,
            ("DELETE", ["shares"]) => shares::end_all(self),
            ("DELETE", ["messages"]) => messages::clear(self, request).await,
            (_, ["accounts", key, "messages" | "inbound" | "wait", ..]) => {
                self.route_texts(key, KeyMode::Live, &segments[2..], request).await
            }
            ("GET" | "HEAD", ["accounts"]) => accounts::list(self, request),
            ("GET" | "HEAD", ["accounts", key, "ledger"]) => ledger::show(self, key, request).await,
            ("GET" | "HEAD", ["traffic"]) => traffic::show(self, request).await,
            ("GET" | "HEAD", ["config"]) => health::config(self).await,
            ("GET" | "HEAD", ["check"]) => health::last_look(self),
            ("POST", ["check"]) => health::look(self).await,
            ("GET" | "HEAD", ["accounts", key, "usage"]) => usage::show(self, key, request).await,
            ("POST", ["accounts"]) => accounts::create(self, request).await,
            ("GET" | "HEAD", ["accounts", key]) => accounts::show(self, key).await,
            ("PATCH", ["accounts", key]) => accounts::patch(self, key, request).await,
            ("POST", ["accounts", key, "topup"]) => accounts::top_up(self, key, request).await,
            ("GET" | "HEAD", ["accounts", key, "applications"]) => applications::list(self, key, request).await,
            ("POST", ["accounts", key, "applications"]) => applications::create(self, key, request).await,
            ("DELETE", ["accounts", key, "applications", id]) => applications::remove(self, key, id).await,
            ("POST", ["accounts", key, "applications", id, "key"]) => {
                applications::rotate_key(self, key, id, request).await
            }
            (_, ["webhooks", ..] | ["accounts", _, "webhooks", ..] | ["messages", _, "wire" | "webhooks", ..]) => {
                self.route_wires(segments, request).await
            }
            ("PUT", ["accounts", key, "reload"]) => accounts::arrange_reload(self, key, request).await,
            ("DELETE", ["accounts", key, "reload"]) => accounts::end_reload(self, key).await,
            (_, ["accounts", key, "secrets" | "signing" | "policy" | "oauth", ..]) => {
                self.route_credentials(key, &segments[2..], request).await
            }
            (_, ["operators" | "audit", ..]) => self.route_people(segments, request).await,
            ("GET" | "HEAD", ["keys"]) => keys::list(self),
            ("POST", ["keys", "rotate"]) => keys::rotate(self).await,
            ("GET" | "HEAD", ["numbers"]) => numbers::list(self, request).await,
            ("POST", ["numbers"]) => numbers::assign(self, request).await,
            ("DELETE", ["numbers", number]) => numbers::release(self, number).await,
            ("GET" | "HEAD", ["pool"]) => pool::list(self, request).await,
            ("POST", ["pool"]) => pool::offer(self, request).await,
            ("DELETE", ["pool", number]) => pool::withdraw(self, number).await,
            ("GET" | "HEAD", ["lists", kind]) => numbers::entries(self, kind, request).await,
            ("POST" | "DELETE", ["lists", kind]) => numbers::change(self, kind, request).await,
            ("GET" | "HEAD", ["inbound"]) => phones::inbound(self, Whose::All, request).await,
            ("GET" | "HEAD", ["carriers"]) => carriers::list(self),
            ("GET" | "HEAD", ["orphans"]) => carriers::orphans(self, request).await,
            ("POST", ["carriers", name, "test"]) => carriers::test(self, name, request).await,
            ("POST", ["carriers", name, "bind"]) => carriers::order(self, name, Order::Bind),
            ("POST", ["carriers", name, "unbind"]) => carriers::order(self, name, Order::Unbind),
            ("POST", ["carriers", name, "drain"]) => carriers::order(self, name, Order::Drain),
            ("POST", ["segments"]) => segments::explain_text(request),
            ("POST", ["config", "reload"]) => self.reload().await,
            (_, ["simulator" | "phones", ..]) => phones::handle(self, segments, request),
            // What waits or streams has no `HEAD`.
            _ => other_methods(&methods),
        }
    }

    /// Below `accounts/{key}`: its texts, and nobody else's; for a key for trying out only what such keys sent.
    async fn route_texts(&self, key: &str, mode: KeyMode, below: &[&str], request: &IncomingRequest) -> HttpResponse {
        let whose = match Whose::of(self, key, mode) {
            Ok(whose) => whose,
            Err(refused) => return refused,
        };
        shown_to::owners(match (request.method(), below) {
            ("GET" | "HEAD", ["messages"]) => messages::list(self, whose, request).await,
            ("GET" | "HEAD", ["messages", id]) => messages::show(self, whose, id).await,
            ("POST", ["messages", id, "share"]) => shares::make(self, whose, id, request).await,
            ("GET" | "HEAD", ["inbound"]) => phones::inbound(self, whose, request).await,
            ("GET", ["wait"]) => wait::wait(self, whose, request).await,
            (_, ["wait"]) => other_methods(&["GET"]),
            _ => not_found(request.path()),
        })
    }

    /// What went over the wires, and webhooks in the hand.
    async fn route_wires(&self, segments: &[&str], request: &IncomingRequest) -> HttpResponse {
        match (request.method(), segments) {
            ("GET" | "HEAD", ["messages", id, "wire"]) => wire::show(self, id).await,
            ("POST", ["messages", id, "webhooks", "resend"]) => webhooks::of_message(self, id).await,
            ("GET" | "HEAD", ["webhooks"]) => webhooks::endpoints(self, None, request).await,
            ("HEAD", ["webhooks", "listen"]) => other_methods(&["GET"]),
            ("GET" | "HEAD", ["webhooks", "attempts"]) => webhooks::attempts(self, None, request),
            ("POST", ["webhooks", "attempts", id, "resend"]) => webhooks::resend(self, id, request).await,
            ("GET" | "HEAD", ["accounts", key, "webhooks"]) => webhooks::endpoints(self, Some(key), request).await,
            ("GET" | "HEAD", ["accounts", key, "webhooks", "attempts"]) => webhooks::attempts(self, Some(key), request),
            ("POST", ["accounts", key, "webhooks", "test"]) => webhooks::test(self, key, request).await,
            ("POST", ["accounts", key, "webhooks", "secret"]) => webhooks::secret(self, key),
            ("GET" | "HEAD", ["accounts", key, "webhooks", "trigger"]) => webhooks::samples(self, key),
            ("POST", ["accounts", key, "webhooks", "trigger"]) => webhooks::trigger(self, key, request).await,
            _ => not_found(request.path()),
        }
    }

    /// Who looks after the gateway, and what they did.
    async fn route_people(&self, segments: &[&str], request: &IncomingRequest) -> HttpResponse {
        match (request.method(), segments) {
            ("GET" | "HEAD", ["operators"]) => operators::list(self).await,
            ("POST", ["operators"]) => operators::add(self, request).await,
            ("DELETE", ["operators", name]) => operators::remove(self, name).await,
            ("POST", ["operators", name, "password"]) => operators::set_password(self, name, request).await,
            ("POST", ["operators", name, "totp"]) => operators::ask_for_codes(self, name).await,
            ("DELETE", ["operators", name, "totp"]) => operators::ask_for_no_codes(self, name).await,
            ("GET" | "HEAD", ["audit"]) => audit::list(self, request).await,
            _ => not_found(request.path()),
        }
    }

    /// Below `accounts/{key}`: what it proves itself by.
    async fn route_credentials(&self, key: &str, below: &[&str], request: &IncomingRequest) -> HttpResponse {
        match (request.method(), below) {
            ("GET" | "HEAD", ["secrets"]) => secrets::list(self, key),
            ("POST", ["secrets"]) => secrets::add(self, key, request).await,
            ("DELETE", ["secrets", id]) => secrets::revoke(self, key, id).await,
            ("GET" | "HEAD", ["signing"]) => signing::show(self, key),
            ("PATCH", ["signing"]) => signing::patch(self, key, request).await,
            ("POST", ["signing", "rotate"]) => signing::rotate(self, key, request).await,
            ("GET" | "HEAD", ["policy"]) => signing::show_policy(self, key),
            ("PATCH", ["policy"]) => signing::patch_policy(self, key, request).await,
            ("GET" | "HEAD", ["oauth", "consumers"]) => oauth::consumers(self, key).await,
            ("POST", ["oauth", "consumers"]) => oauth::add(self, key, request).await,
            ("DELETE", ["oauth", "consumers", consumer]) => oauth::remove(self, key, consumer).await,
            ("GET" | "HEAD", ["oauth", "grants"]) => oauth::grants(self, key).await,
            ("DELETE", ["oauth", "grants", token]) => oauth::revoke(self, key, token).await,
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

    /// `POST config/reload`.
    async fn reload(&self) -> HttpResponse {
        // A caller that hangs up must not leave it half done.
        let reloader = Arc::clone(&self.reloader);
        let reloaded = tokio::spawn(async move { reloader.reload().await }).await;
        match reloaded.unwrap_or_else(|_| Err("the reload failed inside the gateway: see the log".to_owned())) {
            Ok(applied) => {
                document(200, &json!({ "applied": applied.changes, "restart_needed": applied.restart_needed }))
            }
            Err(why) => {
                let mut refused =
                    problem(422, "Unprocessable Content", "the configuration was refused; the one before is in force");
                let errors: Vec<&str> = why.lines().collect();
                let document = json!({
                    "type": "about:blank", "title": "Unprocessable Content", "status": 422,
                    "detail": "the configuration was refused; the one before is in force", "errors": errors,
                });
                refused.body = document.to_string().into_bytes();
                refused
            }
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
                    "doubts_ever": stats.doubts,
                    "receipts_parked": stats.parked,
                    "notices": stats.notices,
                    "set_aside": stats.set_aside,
                    "inbound_parts": stats.inbound,
                }),
            ),
            Err(error) => unavailable(&error),
        }
    }
}

/// What a simulator that runs alone answers.
#[must_use]
pub fn simulator_answer(simulator: &Control, request: &IncomingRequest) -> HttpResponse {
    match request.path().strip_prefix(PREFIX) {
        Some(rest) => {
            let segments: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
            phones::control(simulator, &segments, request)
        }
        None => not_found(request.path()),
    }
}

fn front_page() -> HttpResponse {
    let titles: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.descriptor().title).collect();
    let body = format!(
        "Whimbrel {} is running.\n\nApplications find the API of {} at the vendor's own paths.\n\
         Pages for people are at {}, the native API is at {PREFIX}messages, health at /readyz, metrics at /metrics.\n",
        env!("CARGO_PKG_VERSION"),
        titles.join(", "),
        ui::PREFIX,
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

/// The answer to a method that a path does not have (RFC 9110 §15.5.6).
fn other_methods(methods: &[&'static str]) -> HttpResponse {
    let allowed = methods.join(", ");
    let mut response = problem(405, "Method Not Allowed", &format!("this path takes {allowed}"));
    response.headers.push(("Allow", allowed.into()));
    response
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
