//! The driver of webhooks: takes what is due, renders it anew, sends it through the guarded way out, writes down the result.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify as Bell;
use tokio::task::JoinSet;
use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{ForHook, Notice, Span, Timestamp, Told};
use whimbrel_dialects::{Dialect, registry};
use whimbrel_store::{NoticeResult, NoticeTried, Op, StoreError};

use crate::Engine;
use crate::events::About;
use crate::hooks::NotSpread;
use crate::listeners::News;
use crate::notify::{Lane, Notify};
use crate::ports::CallPlace;
use crate::tape::{AttemptEnd, Why};
use crate::webhooks::{Called, NoPlace, Rendered, Tried, Unrendered, Watch, Wish};

/// How long a notice waits whose host had no place for so long, or too many others waited.
const AGAIN_WHEN_BUSY: Span = Span::seconds(10);
/// How long a notice waits that could not be prepared; not longer than what is kept in memory is due.
const AGAIN_AFTER_FAULT: Span = Span::seconds(60);

/// The notices in memory, shared by those who make them and the task that sends them.
pub(crate) struct Notifier {
    notify: Mutex<Notify>,
    pub(crate) bell: Bell,
}

impl Notifier {
    pub(crate) fn new() -> Self {
        Self { notify: Mutex::new(Notify::new()), bell: Bell::new() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, Notify> {
        self.notify.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds notices that are durable.
    pub(crate) fn add(&self, notices: Vec<Notice>, now: Timestamp) {
        let mut state = self.state();
        for notice in notices {
            state.add(lane(&notice), notice, now);
        }
        drop(state);
        self.bell.notify_one();
    }
}

/// Notices of one account to one place share a lane. A callback's place is its host and port: a path or query of its own for each
/// message must not give a slow host a lane for each message.
fn lane(notice: &Notice) -> Lane {
    match (&notice.hook, &notice.url) {
        // A hook that is slow or down holds up no other one.
        (ForHook::One(key), _) => format!("{} hook {key}", notice.account_id).into(),
        (_, Some(url)) => format!("{} {}", notice.account_id, host(url)).into(),
        (_, None) => notice.account_id.to_string().into(),
    }
}

/// Host and port as written; never parsed for anything but fairness.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest)
}

/// Sends notices until the engine stops; what is under way then is given `Engine::stop`'s time and stays in the store.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut tries = JoinSet::new();
    while !engine.is_stopping() {
        if engine.notifier.state().wants_refill(engine.world.now()) {
            refill(&engine).await;
        }
        loop {
            let taken = engine.notifier.state().take(engine.world.now());
            let Some((lane, notice)) = taken else { break };
            let engine = Arc::clone(&engine);
            tries.spawn(async move { attempt(&engine, lane, notice).await });
        }
        while tries.try_join_next().is_some() {}
        let wake_at = engine.notifier.state().wake_at();
        tokio::select! {
            biased;
            () = engine.notifier.bell.notified() => {}
            () = sleep_until(&engine, wake_at) => {}
        }
    }
    tokio::select! {
        biased;
        () = async { while tries.join_next().await.is_some() {} } => {}
        () = engine.world.lapse(Span::seconds(5)) => tries.abort_all(),
    }
}

async fn sleep_until(engine: &Engine, wake_at: Option<Timestamp>) {
    match wake_at {
        Some(at) => engine.world.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn refill(engine: &Arc<Engine>) {
    let (after, count_max) = {
        let mut state = engine.notifier.state();
        (state.refilling(), state.page_max())
    };
    let page = engine.read(move |store| store.notices(Some(after), count_max)).await;
    match page {
        Ok(notices) => {
            let notices = notices.into_iter().map(|notice| (lane(&notice), notice));
            engine.notifier.state().refilled(notices, engine.world.now());
            give_up_unreadable(engine).await;
        }
        Err(error) => {
            tracing::error!(%error, "cannot read the webhooks that are due; trying again in a second");
            engine.world.sleep(Span::seconds(1)).await;
            engine.notifier.state().not_refilled();
        }
    }
}

/// Gives up what no read can make sense of: it is on record in the message's story, and hinders the others no more.
async fn give_up_unreadable(engine: &Arc<Engine>) {
    let (at, result) = (engine.world.now(), NoticeResult::GivenUp);
    let detail: Box<str> = "its row cannot be read".into();
    let give_up = |id| Op::Notice(NoticeTried { id, at, result, detail: detail.clone() });
    let ops: Vec<Op> = engine.store.unreadable_notices().into_iter().map(give_up).collect();
    if let Err(error) = engine.batcher.settle(ops).await {
        tracing::error!(%error, "webhooks that cannot be read could not be given up");
    }
}

/// One try, from the row to the row.
async fn attempt(engine: &Arc<Engine>, lane: Lane, notice: Notice) {
    let dialect = registry::by_name(&notice.dialect);
    if notice.hook == ForHook::Every
        && let Some((dialect, hooks)) = dialect.and_then(|dialect| Some((dialect, dialect.hooks()?)))
    {
        let spread_to = engine.spread(dialect, hooks, &notice).await;
        return spread(engine, &lane, &notice, spread_to);
    }
    let (result, detail) = match send(engine, &notice).await {
        Ok(tried) => {
            // Its endpoint need not wait for our disk.
            if engine.notifier.state().answered(&lane) {
                engine.notifier.bell.notify_one();
            }
            tried
        }
        Err(NotTried::Fault(error)) => return put_back_after_fault(engine, &lane, &notice, &error),
        Err(NotTried::Busy | NotTried::Ended) => return put_back(engine, &lane, &notice, AGAIN_WHEN_BUSY),
    };
    let now = engine.world.now();
    let word = match result {
        NoticeResult::Delivered => "delivered",
        NoticeResult::RetryAt(_) => "retry",
        NoticeResult::GivenUp => "given-up",
    };
    let dialect = registry::by_name(&notice.dialect).map_or("unknown", |dialect| dialect.descriptor().id);
    metrics::counter!("whimbrel_webhook_attempts_total", "dialect" => dialect, "outcome" => word).increment(1);
    engine.events.tell(now, || {
        let kind = match result {
            NoticeResult::Delivered => "webhook.delivered",
            NoticeResult::RetryAt(_) => "webhook.retried",
            NoticeResult::GivenUp => "webhook.given-up",
        };
        let about = match &notice.told {
            Told::Receipt(told) => {
                About::Message { message_id: told.message_id, dialect: notice.dialect.clone(), part_count: 1 }
            }
            Told::Inbound(told) => About::Inbound { inbound_id: told.id, number: told.part.number.clone() },
        };
        (kind, Some(notice.account_id), about, detail.clone())
    });
    let op = Op::Notice(NoticeTried { id: notice.id, at: now, result, detail });
    let is_at_ease = engine.notifier.state().is_at_ease(&lane);
    let written = match is_at_ease {
        true => engine.batcher.settle_in_passing(vec![op]).await,
        false => engine.batcher.settle(vec![op]).await,
    };
    let again = match (written, result) {
        (Ok(_), NoticeResult::RetryAt(_)) if acts(Saboteur::WebhookOnce) => None,
        (Ok(_), NoticeResult::RetryAt(due_at)) => {
            Some(Notice { due_at, failures: notice.failures + 1, ..notice.clone() })
        }
        (Ok(_), _) => None,
        // The row is as it was: after a restart the webhook is tried again. So would be whatever is sent from now on.
        (Err(error), _) => {
            tracing::error!(%error, "the result of a webhook could not be stored; no more are sent until a restart");
            // It stays among those that a restart repeats.
            return engine.notifier.state().end();
        }
    };
    engine.notifier.state().done(&lane, notice.id, again, engine.world.now());
    engine.notifier.bell.notify_one();
}

/// Puts a notice for each hook in the place of the one for all.
fn spread(engine: &Engine, all: &Lane, notice: &Notice, notices: Result<Vec<Notice>, NotSpread>) {
    let now = engine.world.now();
    let mut state = engine.notifier.state();
    match notices {
        Ok(notices) => {
            // The bell is rung below.
            _ = state.answered(all);
            state.done(all, notice.id, None, now);
            for notice in notices {
                state.add(lane(&notice), notice, now);
            }
        }
        Err(NotSpread::Read(error)) => {
            drop(state);
            return put_back_after_fault(engine, all, notice, &error);
        }
        Err(NotSpread::Commit(error)) => {
            tracing::error!(%error, "a webhook for hooks could not be stored; no more are sent until a restart");
            state.end();
            drop(state);
            return put_back(engine, all, notice, AGAIN_AFTER_FAULT);
        }
    }
    drop(state);
    engine.notifier.bell.notify_one();
}

/// The fault is ours.
fn put_back_after_fault(engine: &Engine, lane: &Lane, notice: &Notice, error: &dyn std::fmt::Display) {
    tracing::error!(%error, "a webhook cannot be prepared; trying again in a minute");
    put_back(engine, lane, notice, AGAIN_AFTER_FAULT);
}

/// Looks at a notice again in a while. Nothing is written down: it was no try of the customer's endpoint.
fn put_back(engine: &Engine, lane: &Lane, notice: &Notice, after: Span) {
    let now = engine.world.now();
    let again = Notice { due_at: now + after, ..notice.clone() };
    let mut state = engine.notifier.state();
    _ = state.answered(lane);
    state.put_back(lane, again, now);
    drop(state);
    engine.notifier.bell.notify_one();
}

/// Why nothing was tried.
enum NotTried {
    /// A fault of ours.
    Fault(StoreError),
    /// The host had no place.
    Busy,
    /// Nothing more is sent before a restart.
    Ended,
}

/// A place for a try. Who must wait for it steps aside, so that a slow host takes no more of what may be under way than its places.
async fn place(engine: &Engine, url: &str) -> Result<CallPlace, NoPlace> {
    let mut placed = std::pin::pin!(engine.place(url));
    tokio::select! {
        biased;
        placed = &mut placed => return placed,
        () = std::future::ready(()) => {}
    }
    if !engine.notifier.state().steps_aside() {
        return Err(NoPlace::Busy);
    }
    engine.notifier.bell.notify_one();
    let placed = placed.await;
    engine.notifier.state().goes_on();
    placed
}

/// One try.
///
/// # Errors
/// [`NotTried`].
async fn send(engine: &Arc<Engine>, notice: &Notice) -> Result<(NoticeResult, Box<str>), NotTried> {
    let rendered = match engine.rendered(notice, Wish::default()).await {
        Ok(rendered) => rendered,
        Err(Unrendered::Store(error)) => return Err(NotTried::Fault(error)),
        Err(why) => return Ok(unsent(engine, notice, why)),
    };
    let placed = match place(engine, &rendered.request.url).await {
        Ok(place) => Ok(place),
        Err(NoPlace::Busy) => return Err(NotTried::Busy),
        Err(NoPlace::Refused(why)) => Err(why),
    };
    if engine.notifier.state().has_ended() {
        return Err(NotTried::Ended);
    }
    if notice.failures == 0 {
        engine.listeners.tell(|| News::Sent(Box::new(rendered.notice.clone())));
    }
    let watch = engine.watch();
    // Made before it is sent: what is sent is given away.
    let shown = (watch == Watch::Yes).then(|| rendered.shown());
    let Rendered { dialect, notice: told, request, begun_at } = rendered;
    let called = match placed {
        Ok(place) => engine.call(place, request, watch, dialect.webhook_rules(&told).answer_within).await,
        Err(why) => Called::not_made(why, watch),
    };
    let (result, detail) = judged(engine, &told, dialect, called.status);
    if let (Some(shown), Some(watched)) = (shown, called.watched) {
        let end = match result {
            NoticeResult::Delivered => AttemptEnd::Taken,
            NoticeResult::RetryAt(at) => AttemptEnd::RetryAt(at),
            NoticeResult::GivenUp => AttemptEnd::Refused,
        };
        engine.keep_attempt(
            Tried { notice: &told, begun_at, why: Why::Due, hidden: dialect.hidden() },
            shown,
            watched,
            end,
        );
    }
    Ok((result, detail))
}

/// What becomes of a notice of which nothing could be sent.
fn unsent(engine: &Engine, notice: &Notice, why: Unrendered) -> (NoticeResult, Box<str>) {
    match why {
        Unrendered::NoDialect => (NoticeResult::GivenUp, "this build does not know the dialect".into()),
        Unrendered::NoAccount => (NoticeResult::GivenUp, "the account is gone".into()),
        Unrendered::NoUrl => (NoticeResult::GivenUp, "nobody has a URL for it any more".into()),
        Unrendered::CannotSign(why) => {
            tracing::error!(account_id = %notice.account_id, %why, "a webhook cannot be signed: it is not sent");
            match registry::by_name(&notice.dialect) {
                Some(dialect) => judged(engine, notice, dialect, Err(why.to_string().into())),
                None => (NoticeResult::GivenUp, "this build does not know the dialect".into()),
            }
        }
        // Nobody edits what is due, and what the store cannot give is looked for again.
        Unrendered::Edit(why) => (NoticeResult::GivenUp, why.to_string().into()),
        Unrendered::Store(why) => (NoticeResult::GivenUp, why.to_string().into()),
    }
}

/// What an answer says of a notice, by the rules of its dialect.
fn judged(
    engine: &Engine,
    notice: &Notice,
    dialect: &dyn Dialect,
    answer: Result<u16, Box<str>>,
) -> (NoticeResult, Box<str>) {
    let rules = dialect.webhook_rules(notice);
    let detail: Box<str> = match answer {
        Ok(status) if rules.success.contains(&status) => {
            return (NoticeResult::Delivered, format!("HTTP {status}").into());
        }
        Ok(status) if !rules.is_retried(status) => return (NoticeResult::GivenUp, format!("HTTP {status}").into()),
        Ok(status) => format!("HTTP {status}").into(),
        Err(_) if acts(Saboteur::WebhookHalfDone) => return (NoticeResult::Delivered, "no answer".into()),
        Err(why) => why,
    };
    let now = engine.world.now();
    match rules.backoff.next_try(notice.failures + 1, notice.first_at, now, engine.world.random()) {
        Some(at) => (NoticeResult::RetryAt(at), detail),
        None => (NoticeResult::GivenUp, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn callbacks_of_one_host_share_a_place() {
        for url in
            ["http://a.example:8/x/1", "http://a.example:8/x/2?id=2", "http://a.example:8?id=3", "http://a.example:8#4"]
        {
            assert_eq!(host(url), "a.example:8", "{url}");
        }
        assert_ne!(host("http://a.example/x"), host("http://b.example/x"));
    }
}
