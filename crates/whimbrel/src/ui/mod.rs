//! The pages: `/_whimbrel/ui`. Here requests become what a page shows; `whimbrel-web` writes the HTML.
//!
//! Everything works without scripts: whatever changes something is a form that is answered by a redirect to a page. A new page is a
//! line in [`route`] and one in [`rights`], a file here that fills it and a struct with a template in `whimbrel-web`.

mod accounts;
mod answer;
mod carriers;
mod clock;
mod document;
mod faults;
mod form;
mod inbox;
mod live;
mod message;
mod own;
mod phones;
mod reference;
mod rights;
mod rows;
mod sample;
mod search;
mod session;
mod settings;
mod share;
mod stats;
mod viewer;
mod webhooks;
mod wires;

use whimbrel_core::AccountId;
use whimbrel_engine::Origin;
use whimbrel_web::frame::{Frame, Mode, Theme, Viewer};
use whimbrel_web::{Links, Section};

use crate::api::{Api, Known};
use crate::people::{Person, Right};
use crate::server::{Answer, IncomingRequest};

pub(crate) use answer::{go, moved, page, say, wants_html};

/// What every path of the pages begins with.
pub const PREFIX: &str = "/_whimbrel/ui";

/// Styles and scripts, below [`PREFIX`]; strangers get them too, for the page that asks them to sign in.
const ASSETS: &str = "/_whimbrel/ui/assets/";

/// A request for a page, and what is known of who asks.
pub(crate) struct Visit<'a> {
    /// The request.
    pub request: &'a IncomingRequest,
    /// The path below [`PREFIX`], in pieces; percent-encoded.
    pub path: Vec<&'a str>,
    /// Where links of the page lead.
    pub links: Links,
    /// How the visitor wants to see pages.
    pub theme: Theme,
    /// Who it is.
    pub viewer: Viewer,
    /// The same for what is done in their name.
    pub known: Known,
    /// Where the request comes from.
    pub origin: Origin,
}

/// Whether texts and codes may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// They may.
    Shown,
    /// They may not.
    Hidden,
}

/// A request of somebody who may not be known.
pub(crate) struct Door<'a> {
    /// The request.
    pub request: &'a IncomingRequest,
    /// Where it comes from.
    pub origin: Origin,
    /// Where links of the page lead.
    pub links: &'a Links,
    /// How the visitor wants to see pages.
    pub theme: Theme,
}

/// Whether a path is one of the pages'.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request below [`PREFIX`].
pub async fn handle(api: &Api, request: &IncomingRequest, origin: Origin) -> Answer {
    if let Some(name) = request.path().strip_prefix(ASSETS) {
        return answer::asset(name);
    }
    let links = Links::from_path(request.path());
    let theme = form::cookie(request, THEME_COOKIE).and_then(Theme::parse).unwrap_or_default();
    let path: Vec<&str> =
        request.path()[PREFIX.len()..].trim_matches('/').split('/').filter(|piece| !piece.is_empty()).collect();
    let method = if is_read(request) { "GET" } else { request.method() };
    let door = Door { request, origin, links: &links, theme };
    if let Some(answer) = session::before_signing_in(api, &door, method, &path).await {
        return answer;
    }
    let known = match viewer::judge(api, request) {
        Ok(known) => known,
        Err(refused) => return session::ask(api, &door, refused),
    };
    // Whoever reached the bound may still leave.
    let rate = if matches!((method, path.as_slice()), ("POST", ["logout"])) { Ok(()) } else { api.within_rate(&known) };
    let visit = Visit { viewer: viewer::shown(api, &known), request, origin, path, links, theme, known };
    if let Err(refused) = rate {
        let why = "This account's pages were asked for very often just now. Wait a second and load the page again.";
        return say(refused.status, visit.frame("Slow down a little"), &[why]);
    }
    match rights::of(method, &visit.path) {
        Some(needs) if !needs.has(visit.known.person.right()) => {
            return say(403, visit.frame("This is not for you"), &[needs.told()]);
        }
        Some(_) => {}
        None => return nothing_here(&visit),
    }
    if !is_read(request) && !viewer::is_own_form(api, request, &visit.known) {
        return say(
            403,
            visit.frame("This form is not from here"),
            &[
                "Nothing was changed: the request came from a page that is not this server's, or the form is an old one. \
               Open the page anew and send the form again.",
            ],
        );
    }
    route(api, &visit).await
}

fn nothing_here(visit: &Visit<'_>) -> Answer {
    match visit.method() {
        "GET" => say(
            404,
            visit.frame("There is no such page"),
            &["The link may be old, or a letter may be missing at its end."],
        ),
        _ => say(405, visit.frame("That cannot be done here"), &["This page is only for reading."]),
    }
}

/// A page is reached if [`rights`] has a line for it.
async fn route(api: &Api, visit: &Visit<'_>) -> Answer {
    match (visit.method(), visit.path.as_slice()) {
        ("GET", []) => inbox::show(api, visit).await,
        ("GET", ["m", id]) => message::show(api, visit, id).await,
        ("POST", ["m", id, "share"]) => share::make(api, visit, id).await,
        ("GET", ["phones"]) => phones::list(api, visit).await,
        ("GET", ["phones", number]) => phones::show(api, visit, number).await,
        ("POST", ["phones", number, "reply"]) => phones::reply(api, visit, number).await,
        ("POST", ["phones", "lease"]) => phones::lease(api, visit).await,
        ("POST", ["phones", number, "release"]) => phones::release(api, visit, number).await,
        ("GET", ["api"]) => reference::show(visit),
        ("POST", ["phones", number, "setting"]) => phones::set(api, visit, number).await,
        ("GET", ["live"]) => live::stream(api, visit).await,
        ("POST", ["sample"]) => sample::send(api, visit).await,
        ("POST", ["clear"]) => inbox::clear(api, visit).await,
        (_, ["webhooks", ..]) => webhooks::route(api, visit).await,
        ("GET", ["accounts"]) => accounts::list_all(api, visit, None).await,
        ("POST", ["accounts"]) => accounts::create(api, visit).await,
        ("GET", ["accounts", account]) => accounts::one(api, visit, account, None).await,
        ("POST", ["accounts", account, "secrets", "revoke"]) => accounts::act(api, visit, account, "revoke").await,
        ("POST", ["accounts", account, act]) => accounts::act(api, visit, account, act).await,
        ("GET", ["carriers"]) => carriers::show(api, visit, None).await,
        ("POST", ["carriers", name, act]) => carriers::act(api, visit, name, act).await,
        ("GET", ["stats"]) => stats::show(api, visit).await,
        ("GET", ["settings"]) => settings::show(api, visit, None).await,
        ("GET", ["settings", "audit"]) => settings::audit(api, visit).await,
        ("POST", ["settings", "password"]) => own::change(api, visit).await,
        ("POST", ["settings", "operators"]) => settings::add_operator(api, visit).await,
        ("POST", ["settings", "clock"]) => clock::set(api, visit).await,
        ("POST", ["settings", "faults"]) => faults::order(api, visit).await,
        ("POST", ["settings", act]) => settings::act(api, visit, act).await,
        ("POST", ["settings", "operators", name, act]) => settings::change_operator(api, visit, name, act).await,
        ("POST", ["logout"]) => session::sign_out(api, visit).await,
        _ => nothing_here(visit),
    }
}

impl Visit<'_> {
    /// The method; a request for a head alone is one for the page.
    pub fn method(&self) -> &str {
        if is_read(self.request) { "GET" } else { self.request.method() }
    }

    /// Whether the server is one for development.
    pub fn is_dev(&self) -> bool {
        self.viewer.mode == Mode::Development
    }

    /// Whose things alone may be seen; `None`: everybody's.
    pub const fn account(&self) -> Option<AccountId> {
        match &self.known.person {
            Person::Owner { owner, .. } => Some(owner.account_id),
            Person::AdminToken | Person::ThisMachine | Person::Operator { .. } => None,
        }
    }

    /// Whether texts and codes may be seen.
    pub const fn texts(&self) -> Texts {
        match self.known.person.right() {
            Right::All | Right::OwnAccount => Texts::Shown,
            Right::Look => Texts::Hidden,
        }
    }

    /// Whether the simulator's phones are there, and may be looked at.
    pub fn has_phones(&self, api: &Api) -> bool {
        api.simulator.is_some() && self.known.person.right() == Right::All
    }

    /// What stands around a page with that heading.
    pub fn frame(&self, title: &str) -> Frame {
        let mut frame = Frame::new(title, self.links.clone());
        frame.viewer = Some(self.viewer.clone());
        frame.theme = self.theme;
        frame
    }

    /// The same for a page of a section of the navigation.
    pub fn frame_in(&self, section: Section, title: &str) -> Frame {
        Frame { section: Some(section), ..self.frame(title) }
    }
}

fn is_read(request: &IncomingRequest) -> bool {
    matches!(request.method(), "GET" | "HEAD")
}

/// Where the colours are kept: with the visitor, so that the first byte of a page has them.
const THEME_COOKIE: &str = "whimbrel-theme";

/// `POST theme`: keeps the colours and leads back to the page. For strangers too: the page where they sign in has colours.
fn set_theme(request: &IncomingRequest) -> Answer {
    let fields = form::Form::read(request);
    let theme = fields.value("theme").and_then(Theme::parse).unwrap_or_default();
    let back = fields.value("back").filter(|back| form::is_page(back)).unwrap_or("ui");
    let mut answer = moved(&format!("../{back}"));
    // Without a path it holds for the folder of this request, whatever prefix stands before it.
    let cookie = format!("{THEME_COOKIE}={}; Max-Age=31536000; SameSite=Lax", theme.as_str());
    answer.headers.push(("Set-Cookie", cookie.into()));
    answer.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pages_paths_are_ours() {
        for path in ["/_whimbrel/ui", "/_whimbrel/ui/", "/_whimbrel/ui/m/1"] {
            assert!(is_ours(path), "{path}");
        }
        for path in ["/_whimbrel", "/_whimbrel/uix", "/_whimbrel/v1/messages", "/ui"] {
            assert!(!is_ours(path), "{path}");
        }
    }
}
