//! Tries of webhooks that somebody asks for: one of before again, also changed; what was told of a message, from the store; and made-up
//! events to try a receiver with.
//!
//! They go through the same guards as any other, few at once, and change nothing: no state, no money, no notice that waits. The message's
//! story says that they were made.

use std::fmt;
use std::sync::Arc;

use whimbrel_core::part::Whole;
use whimbrel_core::{AccountId, ForHook, MessageId, Notice, NoticeId, NoticeScope, PartState, Told};
use whimbrel_dialects::edit::{Edit, EditFault};
use whimbrel_dialects::{CannotSign, registry};
use whimbrel_store::{Op, Resent, StoreError};

use crate::Engine;
use crate::listeners::News;
use crate::ports::Watched;
use crate::tape::{AttemptEnd, Seen, SeenHttp, TapeId, Why};
use crate::webhooks::{Called, NoPlace, Tried, Unrendered, Watch, Wish, masked};

/// Webhooks that one order sends.
const AGAIN_MAX: usize = 300;

/// A try that was asked for, as it went.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// Its id on the tape, if that is on.
    pub id: Option<TapeId>,
    /// Where it went, secrets masked.
    pub url: Box<str>,
    /// What was sent, secrets masked.
    pub request: SeenHttp,
    /// What came back.
    pub watched: Watched,
    /// Whether the endpoint took it.
    pub end: AttemptEnd,
}

/// Why nothing was sent.
#[derive(Debug)]
pub enum ResendError {
    /// The tape has no such attempt: it fell off, or there never was one.
    Unknown,
    /// There is no such message, or it has not ended.
    NothingTold,
    /// There is no such account.
    UnknownAccount,
    /// The dialect has no such event; it has these.
    UnknownEvent(Vec<&'static str>),
    /// Nobody has a URL for it.
    NoUrl,
    /// It cannot be signed.
    CannotSign(CannotSign),
    /// It cannot be changed so.
    Edit(EditFault),
    /// Too many are under way.
    Busy,
    /// The store could not be read.
    Store(StoreError),
}

impl fmt::Display for ResendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str(
                "the tape has no attempt with that id: it keeps the last ones, in memory; send what the message tells again instead \
                 (messages/{id}/webhooks/resend)",
            ),
            Self::NothingTold => f.write_str("no part of that message has ended, so there is nothing to tell"),
            Self::UnknownAccount => f.write_str("there is no such account"),
            Self::UnknownEvent(known) => write!(f, "the dialect has no such event; it has {}", known.join(", ")),
            Self::NoUrl => f.write_str("nobody has a URL for it: set one for the account, or give one"),
            Self::CannotSign(why) => why.fmt(f),
            Self::Edit(why) => why.fmt(f),
            Self::Busy => f.write_str("too many webhooks are sent by hand, or to this host, just now: try again"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ResendError {}

impl From<Unrendered> for ResendError {
    fn from(why: Unrendered) -> Self {
        match why {
            Unrendered::NoDialect | Unrendered::NoAccount => Self::UnknownAccount,
            Unrendered::NoUrl => Self::NoUrl,
            Unrendered::CannotSign(why) => Self::CannotSign(why),
            Unrendered::Edit(why) => Self::Edit(why),
            Unrendered::Store(error) => Self::Store(error),
        }
    }
}

/// An event to make up.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Whose webhooks it is like.
    pub account_id: AccountId,
    /// Its name in the account's dialect.
    pub event: Box<str>,
    /// Where it goes instead of the account's endpoint.
    pub url: Option<Box<str>>,
    /// What is changed before it is signed.
    pub edit: Edit,
}

impl Engine {
    /// Sends a webhook of the tape again: the same notice, signed by the secret and the time of now.
    ///
    /// # Errors
    /// [`ResendError`]; nothing was sent then.
    pub async fn resend(self: &Arc<Self>, id: TapeId, edit: &Edit) -> Result<Attempted, ResendError> {
        let entry = self.tape.entry(id).ok_or(ResendError::Unknown)?;
        let Seen::Webhook(webhook) = &entry.seen else { return Err(ResendError::Unknown) };
        let why = if edit.is_empty() { Why::Resent } else { Why::Edited };
        // The tries before it were of the notice, and this one is of nobody's schedule.
        let notice = Notice { failures: 0, ..webhook.notice.clone() };
        let edit = Some(edit).filter(|edit| !edit.is_empty());
        self.send_by_hand(&notice, Wish { url: None, edit }, why).await
    }

    /// Sends again what was told of a message: of each part that ended, or of the message, as its dialect tells. From the store, so
    /// whether the tape has it or not.
    ///
    /// # Errors
    /// [`ResendError`]; nothing was sent then.
    pub async fn retell(self: &Arc<Self>, message: MessageId) -> Result<Vec<Attempted>, ResendError> {
        let ends = self.read(move |store| store.ends(message)).await.map_err(ResendError::Store)?;
        let told = told_again(ends.unwrap_or_default());
        let mut notices = Vec::new();
        for notice in told {
            notices.extend(self.for_hooks(notice).await?);
        }
        if notices.is_empty() {
            return Err(ResendError::NothingTold);
        }
        self.send_all_by_hand(&notices, Wish::default(), Why::Resent).await
    }

    /// Sends an event of no message, as the account's dialect tells such events: to each of its hooks that wants it, where it has those.
    ///
    /// # Errors
    /// [`ResendError`]; nothing was sent then.
    pub async fn trigger(self: &Arc<Self>, trigger: &Trigger) -> Result<Vec<Attempted>, ResendError> {
        let entry = self.directory.by_id(trigger.account_id).ok_or(ResendError::UnknownAccount)?;
        let dialect = registry::by_name(&entry.dialect).ok_or(ResendError::UnknownAccount)?;
        let samples = dialect.samples();
        let sample = samples.iter().find(|sample| sample.name == &*trigger.event);
        let sample =
            sample.ok_or_else(|| ResendError::UnknownEvent(samples.iter().map(|sample| sample.name).collect()))?;
        let id = self.world.next_id();
        let notice = sample.notice(&entry.account, dialect.descriptor().id, id, self.world.now());
        let edit = Some(&trigger.edit).filter(|edit| !edit.is_empty());
        let notices = match &trigger.url {
            // As a callback, so that it goes there too when it is sent again.
            Some(url) => vec![Notice { url: Some(url.clone()), ..notice }],
            None if dialect.hooks().is_some() => {
                let notices = self.for_hooks(Notice { hook: ForHook::Every, ..notice }).await?;
                // To each hook it is an event of its own: a receiver behind two of them must not take the second for a repeat.
                notices.into_iter().map(|notice| Notice { id: NoticeId(self.world.next_id()), ..notice }).collect()
            }
            None => vec![notice],
        };
        self.send_all_by_hand(&notices, Wish { url: None, edit }, Why::Triggered).await
    }

    /// Sends one after the other, as many as one order may.
    async fn send_all_by_hand(
        self: &Arc<Self>,
        notices: &[Notice],
        wish: Wish<'_>,
        why: Why,
    ) -> Result<Vec<Attempted>, ResendError> {
        let mut attempted = Vec::with_capacity(notices.len().min(AGAIN_MAX));
        for notice in notices.iter().take(AGAIN_MAX) {
            match self.send_by_hand(notice, wish, why).await {
                Ok(tried) => attempted.push(tried),
                // What was sent is told all the same.
                Err(_) if !attempted.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(attempted)
    }

    async fn send_by_hand(
        self: &Arc<Self>,
        notice: &Notice,
        wish: Wish<'_>,
        why: Why,
    ) -> Result<Attempted, ResendError> {
        let _place = self.url_tests.start(notice.account_id).ok_or(ResendError::Busy)?;
        let rendered = self.rendered(notice, wish).await?;
        let shown = rendered.shown();
        let rules = rendered.dialect.webhook_rules(&rendered.notice);
        let placed = match self.place(&rendered.request.url).await {
            Ok(place) => Ok(place),
            Err(NoPlace::Busy) => return Err(ResendError::Busy),
            Err(NoPlace::Refused(why)) => Err(why),
        };
        self.listeners.tell(|| News::Sent(Box::new(rendered.notice.clone())));
        let called = match placed {
            Ok(place) => self.call(place, rendered.request.clone(), Watch::Yes, rules.answer_within).await,
            Err(why) => Called::not_made(why, Watch::Yes),
        };
        let end = match &called.status {
            Ok(status) if rules.success.contains(status) => AttemptEnd::Taken,
            Ok(_) | Err(_) => AttemptEnd::Refused,
        };
        if why != Why::Triggered {
            self.note_resent(notice, why, &called.status).await;
        }
        // A call that is watched has been.
        let mut watched = called.watched.unwrap_or_else(|| Watched {
            answer: Err("nobody watched".into()),
            timing: crate::ports::Timing::default(),
        });
        let hidden = rendered.dialect.hidden();
        watched.answer = watched.answer.map(|answer| masked(answer, hidden));
        let (url, request) = (shown.url.clone(), shown.request.clone());
        let tried = Tried { notice: &rendered.notice, begun_at: rendered.begun_at, why, hidden };
        let id = self.keep_attempt(tried, shown, watched.clone(), end);
        Ok(Attempted { id, url, request, watched, end })
    }

    /// The line in the message's story. That it cannot be written hinders nobody.
    async fn note_resent(self: &Arc<Self>, notice: &Notice, why: Why, status: &Result<u16, Box<str>>) {
        let Told::Receipt(told) = &notice.told else { return };
        let word = if why == Why::Edited { "edited and " } else { "" };
        let detail = match status {
            Ok(status) => format!("{word}sent by hand: HTTP {status}"),
            Err(fault) => format!("{word}sent by hand: {fault}"),
        };
        let resent = Resent {
            message_id: told.message_id,
            part_number: 0,
            id: NoticeId(self.world.next_id()),
            at: self.world.now(),
            detail: detail.into(),
        };
        if let Err(error) = self.batcher.settle(vec![Op::Resent(Box::new(resent))]).await {
            tracing::error!(%error, "that a webhook was sent again could not be written down");
        }
    }

    /// A notice for hooks as one for each that wants it; any other as it is.
    async fn for_hooks(self: &Arc<Self>, notice: Notice) -> Result<Vec<Notice>, ResendError> {
        let dialect = registry::by_name(&notice.dialect).ok_or(ResendError::UnknownAccount)?;
        let Some(hooks) = dialect.hooks().filter(|_| notice.hook == ForHook::Every) else { return Ok(vec![notice]) };
        let wanting = self.hooks_wanting(dialect, hooks, &notice).await.map_err(ResendError::Store)?;
        match wanting.is_empty() {
            true => Err(ResendError::NoUrl),
            false => Ok(wanting.into_iter().map(|key| Notice { hook: ForHook::One(key), ..notice.clone() }).collect()),
        }
    }
}

/// What is told of these ends: each of them, or the one of the whole message, once it has ended.
pub(crate) fn told_again(ends: Vec<Notice>) -> Vec<Notice> {
    let Some(first) = ends.first() else { return ends };
    let Some(dialect) = registry::by_name(&first.dialect) else { return Vec::new() };
    let scope = dialect.scope(first.form);
    let of_hooks = |notice: Notice| {
        // A callback of the message goes before the account's hooks.
        let is_for_hooks = scope == NoticeScope::Progress && notice.url.is_none();
        Notice { hook: if is_for_hooks { ForHook::Every } else { ForHook::No }, ..notice }
    };
    if scope == NoticeScope::Part {
        return ends;
    }
    let reports = ends.iter().filter_map(|end| match &end.told {
        Told::Receipt(told) => Some((told.report, told.part_count)),
        Told::Inbound(_) => None,
    });
    let (states, counts): (Vec<_>, Vec<_>) =
        reports.map(|(report, count)| (PartState::Final(report), usize::from(count))).unzip();
    let Whole::Ended(whole) = Whole::of(states) else { return Vec::new() };
    if counts.first() != Some(&ends.len()) {
        return Vec::new();
    }
    // As the part that ended it: the last one.
    let Some(mut last) = ends.into_iter().max_by_key(|end| (end.happened_at, end.id)) else { return Vec::new() };
    if let Told::Receipt(told) = &mut last.told {
        told.report = whole;
    }
    vec![of_hooks(last)]
}
