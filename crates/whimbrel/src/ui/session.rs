//! Signing in and out.
//!
//! A name that there is not and a wrong password are answered alike and after the same work. Whoever signs in gets a new session,
//! whatever their browser brought along. Where it leads to afterwards is a page of ours, nothing else.

use whimbrel_core::{Refusal, Secret};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_engine::{SignIn, SignInRefused};
use whimbrel_web::login::{LoginKind, LoginPage, Offer};
use whimbrel_web::{Flash, Frame};

use super::form::{Form, is_page};
use super::{Door, Visit, moved, page, rights, say, set_theme, share, wants_html};
use crate::api::{Api, Local};
use crate::people::cookie::Way;
use crate::people::sessions::{CHANCE_BYTES, Chance};
use crate::people::{Person, codes};
use crate::server::Answer;

/// What somebody types who signs in; longer is no name.
const TYPED_CHARS_MAX: usize = 100;

const WRONG: &str = "That was not right: look at name, password and code. A code is good once.";
const WRONG_OWNER: &str = "No account has this key and this secret, or not from here or in this way.";

/// What strangers may ask for as well; `None`: something else.
pub(super) async fn before_signing_in(api: &Api, door: &Door<'_>, method: &str, path: &[&str]) -> Option<Answer> {
    if !rights::is_for_strangers(method, path) {
        return None;
    }
    let is_form = method == "POST";
    match path {
        ["login"] if method == "GET" => Some(show(api, door)),
        ["login" | "theme"] if is_form && !api.is_own(door.request) => {
            let frame = stranger(door, "This form is not from here");
            Some(say(403, frame, &["Nothing was changed: the request came from a page that is not this server's."]))
        }
        ["login"] if is_form => Some(sign_in(api, door).await),
        ["theme"] if is_form => Some(set_theme(door.request)),
        ["shared", token] => Some(share::show(api, door, token).await),
        _ => None,
    }
}

/// What somebody gets who asks for a page and is not known: the way to sign in and back, or for a program what it was told.
pub(super) fn ask(api: &Api, door: &Door<'_>, refused: HttpResponse) -> Answer {
    let is_read = matches!(door.request.method(), "GET" | "HEAD");
    match (api.access.local(), wants_html(door.request)) {
        (_, false) => refused.into(),
        (Local::NeedsToken, true) if is_read => {
            let query = door.request.query();
            let here =
                if query.is_empty() { door.links.own().to_owned() } else { format!("{}?{query}", door.links.own()) };
            let next =
                if is_page(&here) { format!("?next={}", whimbrel_web::links::encoded(&here)) } else { String::new() };
            moved(&format!("{}{next}", door.links.page("login"))).into()
        }
        (Local::NeedsToken, true) => say(
            401,
            stranger(door, "You are signed out"),
            &[
                "Nothing was changed: your session has ended. Go back, open the page anew, sign in and send the form again.",
            ],
        ),
        (Local::Trusted, true) => say(
            401,
            stranger(door, "Who are you?"),
            &[
                "On a development server these pages open for whoever is at the machine itself, by the name localhost, 127.0.0.1 or [::1].",
                "Programs send `Authorization: Bearer` with the admin token, which stands in the file admin.token of the data folder.",
            ],
        ),
    }
}

/// `POST logout`.
pub(super) async fn sign_out(api: &Api, visit: &Visit<'_>) -> Answer {
    if let Some(session) = &visit.known.session {
        api.sessions.end(&session.number);
        // The session is over whether or not that could be written down.
        _ = api.write_act(&visit.known.person, visit.origin, "sign-out", 303).await;
    }
    let mut answer = moved(&visit.links.page("login"));
    answer.headers.push(("Set-Cookie", Way::of(visit.request, &api.proxies).clear().into()));
    answer.into()
}

fn stranger(door: &Door<'_>, title: &str) -> Frame {
    Frame { theme: door.theme, ..Frame::new(title, door.links.clone()) }
}

/// `GET login`.
fn show(api: &Api, door: &Door<'_>) -> Answer {
    let next = Form::of_query(door.request).value("next").map(str::to_owned);
    login_page(api, door, Tried { next, ..Tried::default() })
}

/// What somebody tried, and how it went.
struct Tried {
    kind: LoginKind,
    next: Option<String>,
    typed: String,
    failed: Option<(u16, String)>,
}

impl Default for Tried {
    fn default() -> Self {
        Self { kind: LoginKind::Operator, next: None, typed: String::new(), failed: None }
    }
}

fn login_page(api: &Api, door: &Door<'_>, tried: Tried) -> Answer {
    let way = Way::of(door.request, &api.proxies);
    let mut frame = stranger(door, "Sign in");
    let status = match (&tried.failed, way) {
        (_, Way::Open) => 403,
        (Some((status, why)), _) => {
            frame.flash = Some(Flash::failed(why));
            *status
        }
        (None, _) => 200,
    };
    let dialects = DIALECTS.iter().map(|dialect| (dialect.descriptor().id, dialect.descriptor().title)).collect();
    let login = LoginPage {
        frame,
        offer: if way == Way::Open { Offer::NeedsEncryption } else { Offer::Form },
        next: tried.next.filter(|next| is_page(next)).unwrap_or_default().into(),
        typed: tried.typed.into(),
        used: tried.kind,
        dialects,
    };
    page(status, &login).into()
}

/// `POST login`.
async fn sign_in(api: &Api, door: &Door<'_>) -> Answer {
    let form = Form::read(door.request);
    let kind = if form.value("kind") == Some("owner") { LoginKind::Owner } else { LoginKind::Operator };
    let next = form.value("next").map(str::to_owned);
    let field = if kind == LoginKind::Owner { "key" } else { "name" };
    let typed: String = form.filled(field).unwrap_or_default().chars().take(TYPED_CHARS_MAX).collect();
    let way = Way::of(door.request, &api.proxies);
    let tried = Tried { kind, next, typed, failed: None };
    if way == Way::Open {
        return login_page(api, door, tried);
    }
    let person = match kind {
        LoginKind::Operator => operator(api, door, &tried.typed, &form).await,
        LoginKind::Owner => owner(api, door, &tried.typed, &form).await,
    };
    match person {
        Ok(person) => begin(api, door, way, person, tried.next.as_deref()).await,
        Err(failed) => login_page(api, door, Tried { failed: Some(failed), ..tried }),
    }
}

async fn operator(api: &Api, door: &Door<'_>, name: &str, form: &Form) -> Result<Person, (u16, String)> {
    let shown = |field| Secret::new(form.value(field).unwrap_or_default());
    let sign_in = SignIn { name, password: shown("password"), code: shown("code"), code_step: codes::step };
    match api.engine.sign_in(sign_in, door.origin).await {
        Ok(operator) => Ok(Person::Operator { id: operator.id, name: operator.name, role: operator.role }),
        Err(SignInRefused::Wrong) => Err((401, WRONG.to_owned())),
        Err(SignInRefused::TooManyFailures { wait }) => {
            let seconds = wait.0.max(0).unsigned_abs().div_ceil(1_000_000);
            Err((429, format!("Too many tries went wrong: wait {seconds} seconds.")))
        }
        Err(SignInRefused::Overloaded) => Err((503, "Too many sign in just now: try again.".to_owned())),
        Err(SignInRefused::Store(why)) => {
            tracing::error!(why = &*why, "nobody can sign in: the store does not answer");
            Err((503, "The store does not answer: see the log.".to_owned()))
        }
    }
}

async fn owner(api: &Api, door: &Door<'_>, key: &str, form: &Form) -> Result<Person, (u16, String)> {
    let secret = Secret::new(form.value("secret").unwrap_or_default());
    let Some(signed_in) = api.sign_in_owner(form.filled("dialect"), key, secret, door.origin).await else {
        return Err((401, WRONG_OWNER.to_owned()));
    };
    match signed_in {
        Ok((dialect, account, owner)) => Ok(Person::Owner { owner, dialect, key: account.key.clone() }),
        Err(Refusal::TooManyFailures { .. } | Refusal::TooManyRequests(_)) => {
            Err((429, "Too many tries went wrong: wait a minute.".to_owned()))
        }
        Err(Refusal::Overloaded) => Err((503, "Too many sign in just now: try again.".to_owned())),
        Err(Refusal::AccountBarred) => Err((403, "The account is suspended: ask the operator.".to_owned())),
        Err(Refusal::ScopeNotAllowed { .. } | Refusal::HttpNotAllowed) => {
            Err((403, "The account's policy does not allow this: ask the operator.".to_owned()))
        }
        Err(_) => Err((401, WRONG_OWNER.to_owned())),
    }
}

/// Begins a session, always a new one.
async fn begin(api: &Api, door: &Door<'_>, way: Way, person: Person, next: Option<&str>) -> Answer {
    let mut chance: Chance = [0; 2 * CHANCE_BYTES];
    if getrandom::fill(&mut chance).is_err() {
        return say(500, stranger(door, "Sign in"), &["The system gives no random numbers: see the log."]);
    }
    if let Err(refused) = api.write_act(&person, door.origin, "sign-in", 303).await {
        return refused.into();
    }
    if let Some(before) = way.read(door.request) {
        api.sessions.end(&before);
    }
    let number = api.sessions.begin(person, &chance, api.engine.world().now());
    let next = next.filter(|next| is_page(next)).unwrap_or("ui");
    // `next` stands below our own paths, as this page does: one step up is there.
    let mut answer = moved(&format!("../{next}"));
    answer.headers.push(("Set-Cookie", way.set(&number).into()));
    answer.into()
}
