//! One try of a webhook: where it goes, what it says, the call, and what the tape keeps of it.

use std::sync::Arc;

use whimbrel_core::{Account, EndpointKind, ForHook, Notice, NoticeForm, NoticeId, NoticeScope, Span, Timestamp, Told};
use whimbrel_dialects::edit::{Edit, EditFault};
use whimbrel_dialects::http::WebhookRequest;
use whimbrel_dialects::standard::{self, StandardHeaders};
use whimbrel_dialects::{CannotSign, Dialect, Hidden, HookTarget, Moment, WebhookTarget, registry};
use whimbrel_store::StoreError;

use crate::Engine;
use crate::directory::Entry;
use crate::ports::{Answered, CallPlace, Timing, Watched};
use crate::tape::{AttemptEnd, BODY_BYTES_MAX, News, Seen, SeenHttp, SeenWebhook, TapeId, Why};

/// How long a call waits for a place. Its request is signed before it waits, and receivers take no old ones: the strictest that are known
/// allow five minutes.
const PLACE_WAIT_MAX: Span = Span::seconds(10);

/// Why a call was not made.
#[derive(Debug)]
pub(crate) enum NoPlace {
    /// Others keep its host, or the way out, busy: no fault of the endpoint's.
    Busy,
    /// It may not be made, in words that hold no secret.
    Refused(Box<str>),
}

/// A webhook that is ready to be sent.
pub(crate) struct Rendered {
    pub(crate) dialect: &'static dyn Dialect,
    /// In the form in which it is told.
    pub(crate) notice: Notice,
    pub(crate) request: WebhookRequest,
    pub(crate) begun_at: Timestamp,
}

/// How a try differs from the usual one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wish<'a> {
    /// Where it goes instead.
    pub(crate) url: Option<&'a str>,
    /// What is changed.
    pub(crate) edit: Option<&'a Edit>,
}

/// Why there is nothing to send.
#[derive(Debug)]
pub(crate) enum Unrendered {
    /// This build does not know the dialect.
    NoDialect,
    /// The account is gone.
    NoAccount,
    /// Nobody has a URL for it any more.
    NoUrl,
    /// It must be signed and cannot be.
    CannotSign(CannotSign),
    /// It cannot be changed so.
    Edit(EditFault),
    /// Its hook could not be read.
    Store(StoreError),
}

/// A try that was made.
pub(crate) struct Called {
    /// The status, or what went wrong in words that hold no secret.
    pub(crate) status: Result<u16, Box<str>>,
    /// What the tape keeps of it, and who asked for the try sees.
    pub(crate) watched: Option<Watched>,
}

impl Called {
    /// A call that could not be made.
    pub(crate) fn not_made(why: Box<str>, watch: Watch) -> Self {
        let watched = Watched { answer: Err(why.clone()), timing: Timing::default() };
        Self { status: Err(why), watched: (watch == Watch::Yes).then_some(watched) }
    }
}

/// A try as people see it.
pub(crate) struct Shown {
    pub(crate) url: Box<str>,
    pub(crate) request: SeenHttp,
}

/// Whether somebody wants to see a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    /// The tape keeps it, or somebody asked for it.
    Yes,
    /// Nobody does.
    No,
}

impl Engine {
    /// Renders and signs a notice as it is to be sent now.
    pub(crate) async fn rendered(self: &Arc<Self>, notice: &Notice, wish: Wish<'_>) -> Result<Rendered, Unrendered> {
        let dialect = registry::by_name(&notice.dialect).ok_or(Unrendered::NoDialect)?;
        let entry = self.directory.by_id(notice.account_id).ok_or(Unrendered::NoAccount)?;
        let hook = self.hook_of(notice).await.map_err(Unrendered::Store)?;
        let of_hook =
            hook.as_ref().zip(dialect.hooks()).and_then(|(hook, hooks)| Some((hooks.url(&hook.json)?, notice.form)));
        let usual = match notice.hook {
            ForHook::No => destination(self, &entry.account, notice),
            ForHook::Every | ForHook::One(_) => of_hook,
        };
        let (url, form) = match wish.url {
            Some(url) => (url.into(), usual.map_or(notice.form, |(_, form)| form)),
            None => usual.ok_or(Unrendered::NoUrl)?,
        };
        let notice = Notice { form, ..notice.clone() };
        let chance = u128::from(self.world.random()) << 64 | u128::from(self.world.random());
        let moment = Moment { now: self.world.now(), chance };
        let target = WebhookTarget {
            url: &url,
            account: &entry.account,
            hook: hook.as_ref().map(|hook| HookTarget { document: &hook.json, secret: hook.secret.as_ref() }),
            signature_secret: &entry.signature_secrets.current.secret,
        };
        let mut request = dialect.webhook(&notice, target, moment).map_err(Unrendered::CannotSign)?;
        if let Some(edit) = wish.edit {
            edit.apply(&mut request).map_err(Unrendered::Edit)?;
            request = dialect.sign_again(&notice, request, target, moment).map_err(Unrendered::CannotSign)?;
        }
        // What somebody changed is another event: a receiver that knows the one of before must not take it for that.
        let id = match wish.edit {
            Some(_) => standard::id(NoticeId(self.world.next_id())),
            None => event_id(dialect, &notice),
        };
        self.add_standard_headers(&mut request, &id, &entry, moment.now);
        Ok(Rendered { dialect, notice, request, begun_at: moment.now })
    }

    pub(crate) fn add_standard_headers(&self, request: &mut WebhookRequest, id: &str, entry: &Entry, now: Timestamp) {
        if self.standard_headers == StandardHeaders::Added {
            standard::add(request, id, entry.standard_secrets(now), now);
        }
    }

    /// Waits for a place for a call to a URL, not for ever.
    pub(crate) async fn place(&self, url: &str) -> Result<CallPlace, NoPlace> {
        tokio::select! {
            biased;
            placed = self.egress.place(url) => placed.map_err(NoPlace::Refused),
            () = self.world.lapse(PLACE_WAIT_MAX) => Err(NoPlace::Busy),
        }
    }

    /// Sends it at its place. `watch`: somebody wants to see what comes back. `within`: how long the endpoint has from now on: that others
    /// kept the way out busy before is not its fault.
    pub(crate) async fn call(&self, place: CallPlace, request: WebhookRequest, watch: Watch, within: Span) -> Called {
        let begun_at = self.world.steady_now();
        let call = async {
            match watch {
                Watch::No => Called { status: self.egress.send(place, request).await, watched: None },
                Watch::Yes => {
                    let watched = self.egress.watch(place, request).await;
                    let status = watched.answer.as_ref().map(|answer| answer.status).map_err(Clone::clone);
                    Called { status, watched: Some(watched) }
                }
            }
        };
        tokio::select! {
            biased;
            called = call => called,
            () = self.world.lapse(within) => {
                let why: Box<str> = format!("no answer within {} s", within.0 / 1_000_000).into();
                let timing = Timing { total: self.world.steady_now().since(begun_at), ..Timing::default() };
                let watched = Watched { answer: Err(why.clone()), timing };
                Called { status: Err(why), watched: (watch == Watch::Yes).then_some(watched) }
            }
        }
    }

    /// Whether tries are kept.
    pub(crate) fn watch(&self) -> Watch {
        if self.tape.is_on() { Watch::Yes } else { Watch::No }
    }

    /// Keeps a try on the tape, if it is on.
    pub(crate) fn keep_attempt(
        &self,
        tried: Tried<'_>,
        shown: Shown,
        watched: Watched,
        end: AttemptEnd,
    ) -> Option<TapeId> {
        let Tried { notice, begun_at, why, hidden } = tried;
        let answer = watched.answer.map(|answer| masked(answer, hidden));
        let attempt = notice.failures.saturating_add(1);
        let Shown { url, request } = shown;
        let timing: Timing = watched.timing;
        let seen = SeenWebhook { notice: notice.clone(), why, attempt, url, request, answer, timing, end };
        let account_id = Some(notice.account_id);
        let seen = Seen::Webhook(Box::new(seen));
        self.tape.keep(News { at: begun_at, account_id, message_id: None, delivery: None, seen })
    }
}

/// What was tried.
#[derive(Clone, Copy)]
pub(crate) struct Tried<'a> {
    pub(crate) notice: &'a Notice,
    pub(crate) begun_at: Timestamp,
    pub(crate) why: Why,
    pub(crate) hidden: Hidden,
}

impl Rendered {
    /// As people may see it.
    pub(crate) fn shown(&self) -> Shown {
        let hidden = self.dialect.hidden();
        Shown { url: hidden.url(&self.request.url).into(), request: shown_request(&self.request, hidden) }
    }
}

/// The id of the event that a notice tells: the same for all its tries, and when it is told again from the store. A hook's notice has an
/// id that was made when hooks were looked for, so its event is named by what it says, to whom.
fn event_id(dialect: &dyn Dialect, notice: &Notice) -> String {
    match (&notice.hook, &notice.told) {
        (ForHook::One(hook), Told::Receipt(told)) => {
            let subject = match dialect.scope(notice.form) {
                NoticeScope::Part => told.part_id.0,
                NoticeScope::Message | NoticeScope::Progress | NoticeScope::End => told.message_id.0,
            };
            standard::id_for_hook(subject, told.report.status.as_str(), hook)
        }
        _ => standard::id(notice.id),
    }
}

/// Where a notice goes now, and in which form. A text for an application goes to no one else.
fn destination(engine: &Engine, account: &Account, notice: &Notice) -> Option<(Box<str>, NoticeForm)> {
    if let (Told::Inbound(_), Some(id)) = (&notice.told, notice.application) {
        let application = engine.applications.find(id)?;
        let endpoint = application.facts.endpoint(EndpointKind::Inbound)?;
        return Some((endpoint.url.clone(), endpoint.form));
    }
    let endpoint = || account.endpoint(notice.endpoint()).map(|endpoint| endpoint.url.clone());
    Some((notice.url.clone().or_else(endpoint)?, notice.form))
}

/// What is sent, its secrets masked. Headers that a customer chose are there to prove us to their receiver: none of them is shown.
fn shown_request(request: &WebhookRequest, hidden: Hidden) -> SeenHttp {
    let ours =
        request.headers.iter().map(|(name, value)| ((*name).into(), hidden.header(name, value.as_bytes()).into()));
    let custom = request.custom.iter().map(|(name, _)| (name.clone(), whimbrel_dialects::mask::MASK.into()));
    SeenHttp {
        line: Some((request.method.into(), hidden.url(&request.url).into())),
        headers: ours.chain(custom).collect(),
        body: shown_body(&request.body, hidden),
        body_bytes: request.body.len(),
    }
}

/// A body's beginning as it may be seen. It is masked whole, and cut then.
pub(crate) fn shown_body(body: &[u8], hidden: Hidden) -> Option<Box<str>> {
    let mut shown = hidden.body(body)?;
    if shown.len() > BODY_BYTES_MAX {
        shown.truncate(shown.floor_char_boundary(BODY_BYTES_MAX));
    }
    Some(shown.into())
}

/// An endpoint's answer without what it sets for itself.
pub(crate) fn masked(answer: Answered, hidden: Hidden) -> Answered {
    let headers = answer.headers.into_iter().map(|(name, value)| {
        let shown = hidden.header(&name, value.as_bytes()).into();
        (name, shown)
    });
    Answered { headers: headers.collect(), ..answer }
}
