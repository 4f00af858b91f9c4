//! Who calls, what they may call, and that it is written down before it is done.
//!
//! Somebody is known by the admin token, by an account's credentials, by a session, or in development by being on this machine. A
//! session is a cookie, which browsers send along whoever wrote the page: so whatever may change something needs the session's token
//! besides, in a header that no other site can make a browser send.

use bytes::Bytes;
use serde_json::Value;
use whimbrel_core::policy::Signable;
use whimbrel_core::{Scope, Secret};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::Origin;

use super::audit::Lined;
use super::{Api, EVENTS, LISTEN, Local, PREFIX, events, owner, shown_to, webhooks};
use crate::gateway::origin;
use crate::people::cookie::Way;
use crate::people::{Person, Right, foreign};
use crate::server::{Answer, IncomingRequest, problem};

/// Carries a session's token where there is no form.
const TOKEN_HEADER: &str = "x-whimbrel-csrf";

/// What a viewer may read, below [`PREFIX`]; `*` is anything. No texts and no secrets are in any of it.
const LOOKS: &[&[&str]] = &[
    &["version"],
    &["stats"],
    &["accounts"],
    &["accounts", "*"],
    &["accounts", "*", "usage"],
    &["accounts", "*", "secrets"],
    &["accounts", "*", "signing"],
    &["accounts", "*", "policy"],
    &["accounts", "*", "ledger"],
    &["accounts", "*", "applications"],
    &["carriers"],
    &["orphans"],
    &["numbers"],
    &["pool"],
    &["keys"],
    &["traffic"],
    &["config"],
    &["check"],
    &["events"],
];

/// Somebody who is known.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Who.
    pub person: Person,
    /// The session that says so, if one does.
    pub session: Option<InSession>,
}

/// The session by which somebody is known.
#[derive(Debug, Clone)]
pub(crate) struct InSession {
    /// Its number, which the cookie holds.
    pub number: Secret,
    /// What forms carry.
    pub form_token: Secret,
}

impl Api {
    /// Who calls.
    ///
    /// # Errors
    /// The answer to send to somebody who is not known: 401 with what to do.
    pub(crate) fn who(&self, request: &IncomingRequest) -> Result<Known, HttpResponse> {
        if request.header("authorization").is_none()
            && let Some(known) = self.by_session(request)
        {
            return Ok(known);
        }
        self.access.judge(request).map(|()| self.without_session(request))
    }

    /// Who opens a page: a browser in development may follow a link of another site to it.
    ///
    /// # Errors
    /// As [`who`](Self::who).
    pub(crate) fn who_opens(&self, request: &IncomingRequest) -> Result<Known, HttpResponse> {
        self.who(request).or_else(|_| self.access.judge_navigation(request).map(|()| self.without_session(request)))
    }

    fn without_session(&self, request: &IncomingRequest) -> Known {
        let is_token = request.header("authorization").is_some();
        let person = if is_token { Person::AdminToken } else { Person::ThisMachine };
        Known { person, session: None }
    }

    fn by_session(&self, request: &IncomingRequest) -> Option<Known> {
        let number = Way::of(request, &self.proxies).read(request)?;
        let session = self.sessions.find(&number, self.engine.world().now())?;
        if let Person::Owner { owner, .. } = &session.person {
            let origin = Origin { address: Some(origin::address(request, &self.proxies)), ..Origin::default() };
            if self.engine.owner_again(owner, origin, Scope::Read, Signable::No).is_err() {
                self.sessions.end(&number);
                return None;
            }
        }
        let form_token = session.form_token;
        Some(Known { person: session.person, session: Some(InSession { number, form_token }) })
    }

    /// Counts a request of an owner who signed in, also where it asks for a page. A development server counts nobody's.
    ///
    /// # Errors
    /// The answer that there were too many.
    pub(crate) fn within_rate(&self, known: &Known) -> Result<(), HttpResponse> {
        match &known.person {
            Person::Owner { owner, .. } if self.access.local() == Local::NeedsToken => {
                self.engine.within_page_rate(owner.account_id).map_err(|refusal| owner::refused(&refusal))
            }
            _ => Ok(()),
        }
    }

    /// Whether a request comes from a page of ours or from a program, by the name that the browser called.
    pub(crate) fn is_own(&self, request: &IncomingRequest) -> bool {
        foreign::is_own(request, &origin::called(request, &self.proxies))
    }

    /// Answers a call of the native API.
    pub(super) async fn answer_caller(&self, request: &IncomingRequest, origin: Origin) -> Answer {
        let known = match self.who(request) {
            Ok(known) => known,
            Err(refused) => {
                return match owner::read(self, request) {
                    Some(owner) => self.handle_owner(owner, request, origin).await.into(),
                    None => refused.into(),
                };
            }
        };
        if let Err(refused) = self.within_rate(&known) {
            return refused.into();
        }
        if let Some(session) = &known.session
            && !is_read(request)
        {
            let shown = request.header(TOKEN_HEADER).map(Secret::new);
            if shown.as_ref() != Some(&session.form_token) || !self.is_own(request) {
                return problem(403, "Forbidden", "a session needs its token in the header X-Whimbrel-CSRF for this")
                    .into();
            }
        }
        if request.path().trim_end_matches('/') == EVENTS && request.method() == "GET" {
            return events::stream(self, request, &known, origin).await;
        }
        // It has whole webhooks, signatures and all: for operators.
        if request.path().trim_end_matches('/') == LISTEN
            && request.method() == "GET"
            && known.person.right() == Right::All
        {
            return webhooks::listen(self, request, &known, origin);
        }
        self.act(&known.person, request, origin).await.into()
    }

    /// Answers a call of somebody who is known, as far as they may make it. What may change something is written down first.
    pub(crate) async fn act(&self, person: &Person, request: &IncomingRequest, origin: Origin) -> HttpResponse {
        match (person, person.right()) {
            (Person::Owner { owner, dialect, .. }, _) => {
                self.handle_signed_in_owner((dialect, owner), request, origin).await
            }
            (_, Right::Look) if !may_look(request) => {
                problem(403, "Forbidden", "a viewer may look at figures only: ask an operator")
            }
            (_, right) => {
                let who = (&*person.audit_name(), Lined::Each);
                let answer = self.written_down(who, request, origin, self.route_operator(request)).await;
                if right == Right::Look { shown_to::viewers(answer) } else { answer }
            }
        }
    }

    /// The same for a page: the call is made from what the page knows. Answers its status and its document.
    pub(crate) async fn call(&self, person: &Person, call: Called<'_>, origin: Origin) -> (u16, Value) {
        let Called { method, path, body } = call;
        let uri = format!("{PREFIX}{path}");
        let built = http::Request::builder().method(method).uri(uri).body(());
        let Ok((head, ())) = built.map(http::Request::into_parts) else {
            return (404, Value::Null);
        };
        let octets = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let peer = std::net::SocketAddr::new(origin.address.unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into()), 0);
        let request = IncomingRequest::new(head, octets, peer, crate::server::Scheme::Http);
        let answer = self.act(person, &request, origin).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }
}

/// A call of the native API that a page makes for whoever looks at it.
pub(crate) struct Called<'a> {
    /// In capitals.
    pub method: &'static str,
    /// Below [`PREFIX`], with its query; pieces percent-encoded.
    pub path: &'a str,
    /// The document that it carries.
    pub body: Option<Value>,
}

impl<'a> Called<'a> {
    /// A call that reads.
    pub(crate) const fn read(path: &'a str) -> Self {
        Self { method: "GET", path, body: None }
    }
}

pub(super) fn is_read(request: &IncomingRequest) -> bool {
    matches!(request.method(), "GET" | "HEAD")
}

fn may_look(request: &IncomingRequest) -> bool {
    let Some(rest) = request.path().strip_prefix(PREFIX) else { return request.path() == "/metrics" };
    let segments: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let fits = |pattern: &&[&str]| {
        pattern.len() == segments.len()
            && pattern.iter().zip(&segments).all(|(part, segment)| *part == "*" || part == segment)
    };
    is_read(request) && LOOKS.iter().any(fits)
}
