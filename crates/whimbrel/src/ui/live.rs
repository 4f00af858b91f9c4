//! `GET live`: rows of the inbox as they come and change, as server-sent events.
//!
//! Ten times a second what happened meanwhile is gathered, read and sent as one event, so that neither a store nor a browser is asked
//! once for each message. More rows than a person can follow are only counted. The id of an event is the newest message that
//! was told, so a connection that was lost goes on there, over restarts too. A row may come twice: whoever draws it looks at its id.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc;
use whimbrel_core::{MessageId, Span, Timestamp};
use whimbrel_engine::Engine;
use whimbrel_engine::events::{About, Event, Heard, Listener};
use whimbrel_store::{Found, MessageSummary, SearchEnd};
use whimbrel_web::Links;

use super::Visit;
use super::form::Form;
use super::rows::Lines;
use super::search::{Place, Wanted};
use crate::api::Api;
use crate::api::streams::{self, Begun};
use crate::server::{Answer, Shutdown, problem};

/// What happened meanwhile is sent so often.
const BATCH: Span = Span::millis(100);
/// New rows that are sent with one batch on average: fifty a second. What comes faster is only counted.
const ROWS_PER_BATCH: usize = 5;
/// Rows that may come at once after quiet.
const ROWS_SAVED_MAX: usize = 50;
/// Changes of rows that are sent with one batch; others of the same batch wait for the next one.
const CHANGES_PER_BATCH: usize = 20;
/// New messages of one batch that are read at most; what comes beside them is counted.
const READ_MAX: usize = 200;
/// Messages whose change waits; those that are the oldest are forgotten, for nobody sees so many rows.
const CHANGED_MAX: usize = 500;
/// A comment goes out after so long without anything, so that both ends know that the other one lives.
const HEARTBEAT: Span = Span::seconds(15);
/// A stream ends after so long, and the browser comes back: whoever is not signed in any more is found out then.
const LIFE: Span = Span::seconds(15 * 60);
/// Messages with an id of so much before the last one told may have been committed after it: they are told again.
const OVERLAP: i64 = 2_000 << 19;
/// Messages that are told at once when somebody comes back; of more only the count is told.
const MISSED_MAX: usize = 200;

/// `GET live?q=&after=`, from `Last-Event-ID` on if that is sent.
pub(super) async fn stream(api: &Api, visit: &Visit<'_>) -> Answer {
    let fields = Form::of_query(visit.request);
    let Ok(wanted) = Wanted::read(api, fields.value("q").unwrap_or_default(), visit.account(), visit.texts()).await
    else {
        return problem(400, "Bad Request", "the search cannot be read").into();
    };
    let seat = match api.stream_place(&visit.known, visit.origin) {
        Ok(seat) => seat,
        Err(refused) => return refused.into(),
    };
    let listener = api.engine.events().listen(None);
    let after = visit.request.header("last-event-id").or(fields.value("after"));
    let after = after.and_then(|id| i64::from_str_radix(id.trim().trim_start_matches('m'), 16).ok()).map(MessageId);
    // Rows are drawn on the inbox, whose links lead from one step higher.
    let lines = Lines::new(api, visit, Links::from_path(super::PREFIX));
    let Begun { sender, answer } = streams::begin();
    let (engine, stop) = (Arc::clone(&api.engine), api.stop.clone());
    let feed = Feed { engine, stop, wanted, lines, newest: after.map_or(0, |id| id.0), saved: ROWS_SAVED_MAX };
    tokio::spawn(async move {
        feed.run(listener, after, &seat, &sender).await;
    });
    answer
}

/// One open page.
struct Feed {
    engine: Arc<Engine>,
    stop: Shutdown,
    wanted: Wanted,
    lines: Lines,
    /// The newest message that was told.
    newest: i64,
    /// New rows that may still be sent.
    saved: usize,
}

/// What happened since the last batch.
#[derive(Default)]
struct Batch {
    accepted: BTreeSet<MessageId>,
    changed: BTreeSet<MessageId>,
    /// New ones beside those.
    counted: u64,
    /// Events that this listener was too slow for.
    missed: u64,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.changed.is_empty() && self.counted + self.missed == 0
    }

    fn take(&mut self, event: &Event) {
        match &event.about {
            About::Message { message_id, .. } if event.kind == "message.accepted" => {
                self.accepted.insert(*message_id);
                if self.accepted.len() > READ_MAX {
                    self.accepted.pop_first();
                    self.counted += 1;
                }
            }
            About::Message { message_id, .. } | About::Part { message_id, .. } => {
                self.changed.insert(*message_id);
                if self.changed.len() > CHANGED_MAX {
                    self.changed.pop_first();
                }
            }
            About::Inbound { .. } | About::Carrier { .. } | About::Account { .. } | About::Gateway => {}
        }
    }
}

impl Feed {
    /// Sends until the browser goes away or the server stops.
    async fn run(
        mut self,
        mut listener: Listener,
        after: Option<MessageId>,
        seat: &streams::Place,
        browser: &mpsc::Sender<Bytes>,
    ) {
        let mut stop = self.stop.clone();
        let world = Arc::clone(self.engine.world());
        if let Some(after) = after
            && !self.send_missed(after, browser).await
        {
            return;
        }
        let ends_at = world.now() + LIFE;
        let (mut batch, mut send_at) = (Batch::default(), world.now() + HEARTBEAT);
        while world.now() < ends_at {
            let is_due = tokio::select! {
                biased;
                () = stop.requested() => return,
                () = browser.closed() => return,
                () = world.sleep_until(send_at) => true,
                heard = listener.next() => {
                    match heard {
                        Heard::Event(event) => batch.take(&event),
                        Heard::Missed(count) => batch.missed += count,
                        Heard::End => return,
                    }
                    false
                }
            };
            if is_due && !seat.holds() {
                return;
            }
            if is_due {
                let piece = self.piece(&mut batch).await;
                if browser.send(piece.into()).await.is_err() {
                    return;
                }
            }
            send_at = next(world.now(), &batch, send_at, is_due);
        }
    }

    /// What a page missed before it listened.
    async fn send_missed(&mut self, after: MessageId, browser: &mpsc::Sender<Bytes>) -> bool {
        let from = MessageId(after.0.saturating_sub(OVERLAP).max(0));
        let Ok(mut found) = self.wanted.find(&self.engine, Place::After(from), MISSED_MAX).await else { return true };
        if found.end != SearchEnd::Everything {
            // So many came shortly before that the page has most of them already: what counts is what it has not.
            let Ok(newer) = self.wanted.find(&self.engine, Place::After(after), MISSED_MAX).await else { return true };
            found = newer;
        }
        let Found { found, end, .. } = found;
        let piece = match found.len() {
            // Too many to draw, or to look at: the page is to be opened anew.
            _ if end != SearchEnd::Everything => self.written(&[], &[], 0, 1),
            0 => return true,
            _ => {
                self.newest = found.iter().map(|message| message.id.0).fold(self.newest, i64::max);
                self.written(&found, &[], 0, 0)
            }
        };
        browser.send(piece.into()).await.is_ok()
    }

    /// One event with what is in the batch, or a sign of life.
    async fn piece(&mut self, batch: &mut Batch) -> String {
        if batch.is_empty() {
            return ": nothing happened\n\n".to_owned();
        }
        self.saved = (self.saved + ROWS_PER_BATCH).min(ROWS_SAVED_MAX);
        let accepted: Vec<MessageId> = std::mem::take(&mut batch.accepted).into_iter().collect();
        let (mut counted, mut missed) = (std::mem::take(&mut batch.counted), std::mem::take(&mut batch.missed));
        self.newest = accepted.last().map_or(self.newest, |last| self.newest.max(last.0));
        // Without a search every message counts; with one, those that were not read may or may not.
        let mut told = if self.wanted.is_narrow() {
            (counted, missed) = (0, missed + counted);
            self.found_among(&accepted).await
        } else {
            let newest = accepted.len().saturating_sub(self.saved);
            counted += newest as u64;
            self.read(accepted[newest..].to_vec()).await
        };
        told.sort_by_key(|message| message.id);
        if told.len() > self.saved {
            let newest = told.len() - self.saved;
            counted += newest as u64;
            told.drain(..newest);
        }
        self.saved -= told.len();
        // A change of a message that is told here is in what is told.
        let mut changed: Vec<MessageId> = Vec::new();
        while changed.len() < CHANGES_PER_BATCH
            && let Some(id) = batch.changed.pop_last()
        {
            if told.iter().all(|message| message.id != id) {
                changed.push(id);
            }
        }
        let changed = self.read(changed).await;
        self.written(&told, &changed, counted, missed)
    }

    /// Those of the messages that are looked for.
    async fn found_among(&self, accepted: &[MessageId]) -> Vec<MessageSummary> {
        let Some(first) = accepted.first() else { return Vec::new() };
        let place = Place::After(MessageId(first.0 - 1));
        match self.wanted.find(&self.engine, place, READ_MAX).await {
            Ok(found) => found.found.into_iter().filter(|message| accepted.contains(&message.id)).collect(),
            Err(_) => Vec::new(),
        }
    }

    async fn read(&self, ids: Vec<MessageId>) -> Vec<MessageSummary> {
        if ids.is_empty() {
            return Vec::new();
        }
        let read = self.engine.read(move |store| store.messages_named(&ids)).await;
        read.unwrap_or_default().into_iter().filter(|message| self.wanted.may_see(message)).collect()
    }

    /// An event: rows that are new, rows that are not, how many new ones are only counted, and whether some were missed.
    fn written(&self, told: &[MessageSummary], changed: &[MessageSummary], counted: u64, missed: u64) -> String {
        let now = self.engine.world().now();
        let html = |message: &MessageSummary| self.lines.row(message, now).to_string();
        let mut told: Vec<&MessageSummary> = told.iter().collect();
        told.sort_by_key(|message| message.id);
        let rows: Vec<String> = told.into_iter().map(html).collect();
        let changed: Vec<String> = changed.iter().map(html).collect();
        let data = json!({ "rows": rows, "changed": changed, "more": counted, "missed": missed });
        format!("id: m{:x}\ndata: {data}\n\n", self.newest)
    }
}

/// When the next piece goes out: soon if there is something to send, else as a sign of life.
fn next(now: Timestamp, batch: &Batch, send_at: Timestamp, was_sent: bool) -> Timestamp {
    match (batch.is_empty(), was_sent) {
        (false, _) => send_at.min(now + BATCH),
        (true, true) => now + HEARTBEAT,
        (true, false) => send_at,
    }
}
