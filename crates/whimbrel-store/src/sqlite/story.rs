//! Messages for people: a line of a list, or everything that happened to one.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::part::Funds;
use whimbrel_core::{Cause, Currency, Final, MessageId, Money, PartId, PartState, ReceiptStatus, Timestamp};

use super::codes::{coded, parsed, small, state_name};
use super::fault::Fault;
use super::reads::limit;
use super::rows::{self, LivePart, MESSAGE_COLUMNS, MessageRow, message_columns, message_row};
use crate::view::{MessageFilter, MessageSummary, MessageView, PartView, TimelineEntry};

/// Lines of a list at most.
const LIST_MAX: usize = 1_000;
/// Lines of a story at most.
const STORY_MAX: usize = 1_000;

const ONE: &str = concat!(
    "select ",
    message_columns!(),
    ", a.key, a.currency from message m join account a on a.id = m.account_id where m.id = ?1"
);
// By the primary key, newest first.
const ALL: &str = concat!(
    "select ",
    message_columns!(),
    ", a.key, a.currency from message m join account a on a.id = m.account_id",
    " where m.id < ?1 order by m.id desc limit ?2"
);
// By the index message_by_account.
const OF_ACCOUNT: &str = concat!(
    "select ",
    message_columns!(),
    ", a.key, a.currency from message m join account a on a.id = m.account_id",
    " where m.account_id = ?3 and m.id < ?1 order by m.id desc limit ?2"
);
// By the index message_by_recipient; an account narrows it further.
const TO_RECIPIENT: &str = concat!(
    "select ",
    message_columns!(),
    ", a.key, a.currency from message m join account a on a.id = m.account_id",
    " where m.recipient = ?4 and m.id < ?1 and (?3 is null or m.account_id = ?3) order by m.id desc limit ?2"
);
// As the three above, the other way round.
const ALL_NEWER: &str = concat!(
    "select ",
    message_columns!(),
    ", a.key, a.currency from message m join account a on a.id = m.account_id",
    " where m.id > ?1 order by m.id limit ?2"
);
const OF_ACCOUNT_NEWER: &str = concat!(
    "select ",
    message_columns!(),
    ", a.key, a.currency from message m join account a on a.id = m.account_id",
    " where m.account_id = ?3 and m.id > ?1 order by m.id limit ?2"
);
const TO_RECIPIENT_NEWER: &str = concat!(
    "select ",
    message_columns!(),
    ", a.key, a.currency from message m join account a on a.id = m.account_id",
    " where m.recipient = ?4 and m.id > ?1 and (?3 is null or m.account_id = ?3) order by m.id limit ?2"
);
// By the primary key, whose first column it is.
const LAST_WEBHOOK: &str =
    "select detail from event where message_id = ?1 and what = 'webhook' order by at desc, sequence desc limit 1";
// By the primary key.
const ENDED: &str = "select number, status, cause, funds, ended_at, ended_by, code, attempts, carrier_message_id
 from ended where part_id = ?1";
const ATTEMPTS: &str = "select number, claimed_at, answered_at, outcome, code, carrier_message_id
 from attempt where part_id = ?1 order by number limit ?2";
const EVENTS: &str =
    "select at, part_number, what, detail from event where message_id = ?1 order by at, sequence limit ?2";

/// A message with its account's key and currency.
struct Listed {
    row: MessageRow,
    account_key: Box<str>,
    currency: Currency,
}

/// A part, open or not.
enum Part {
    Open(LivePart),
    Ended { view: PartView, at: Timestamp, detail: String },
}

pub(super) fn messages(db: &Connection, filter: &MessageFilter) -> Result<Vec<MessageSummary>, Fault> {
    let (edge, is_newer) = match (filter.after, filter.before) {
        (Some(after), _) => (after.0, true),
        (None, before) => (before.map_or(i64::MAX, |id| id.0), false),
    };
    let count_max = limit(filter.count_max.min(LIST_MAX));
    let account = filter.account.map(|id| id.0);
    let mut listed: Vec<Listed> = match (&filter.recipient, account) {
        (Some(recipient), _) => db
            .prepare_cached(if is_newer { TO_RECIPIENT_NEWER } else { TO_RECIPIENT })?
            .query_map(params![edge, count_max, account, recipient.digits()], listed)?
            .collect::<rusqlite::Result<_>>()?,
        (None, Some(account)) => db
            .prepare_cached(if is_newer { OF_ACCOUNT_NEWER } else { OF_ACCOUNT })?
            .query_map(params![edge, count_max, account], listed)?
            .collect::<rusqlite::Result<_>>()?,
        (None, None) => db
            .prepare_cached(if is_newer { ALL_NEWER } else { ALL })?
            .query_map(params![edge, count_max], listed)?
            .collect::<rusqlite::Result<_>>()?,
    };
    if is_newer {
        listed.reverse();
    }
    listed.into_iter().map(|message| line(db, message)).collect()
}

/// The messages with these ids, in their order; unknown ones are left out.
pub(super) fn messages_named(db: &Connection, ids: &[MessageId]) -> Result<Vec<MessageSummary>, Fault> {
    ids.iter().take(LIST_MAX).filter_map(|id| one_line(db, *id).transpose()).collect()
}

/// One message as a line of a list; `None` if it is there no more.
pub(super) fn one_line(db: &Connection, id: MessageId) -> Result<Option<MessageSummary>, Fault> {
    let found = db.prepare_cached(ONE)?.query_row([id.0], listed).optional()?;
    found.map(|message| line(db, message)).transpose()
}

fn line(db: &Connection, message: Listed) -> Result<MessageSummary, Fault> {
    let states: Vec<Box<str>> = parts(db, &message.row)?.into_iter().map(|part| part.view().state).collect();
    summary(db, message, &states)
}

pub(super) fn message(db: &Connection, id: MessageId) -> Result<Option<MessageView>, Fault> {
    let Some(message) = db.prepare_cached(ONE)?.query_row([id.0], listed).optional()? else { return Ok(None) };
    let parts = parts(db, &message.row)?;
    let timeline = timeline(db, &message, &parts)?;
    let views: Vec<PartView> = parts.iter().map(Part::view).collect();
    let states: Vec<Box<str>> = views.iter().map(|part| part.state.clone()).collect();
    let row = &message.row;
    Ok(Some(MessageView {
        class: row.class,
        handset_class: row.handset_class,
        cut: row.cut,
        network: row.network.clone(),
        carrier: row.carrier,
        route: row.route.clone(),
        epoch: row.epoch,
        client_ref: row.client_ref.clone(),
        expires_at: row.expires_at,
        parts: views,
        timeline,
        summary: summary(db, message, &states)?,
    }))
}

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    Ok(Listed {
        row: message_row(row)?,
        account_key: row.get(MESSAGE_COLUMNS)?,
        currency: parsed(row, MESSAGE_COLUMNS + 1, |code| code.parse().ok())?,
    })
}

fn summary(db: &Connection, message: Listed, states: &[Box<str>]) -> Result<MessageSummary, Fault> {
    let Listed { row, account_key, currency } = message;
    let webhook = db.prepare_cached(LAST_WEBHOOK)?.query_row([row.id.0], |row| row.get(0)).optional()?;
    Ok(MessageSummary {
        encoding: row.encoding,
        price: Money::new(row.price, currency),
        webhook,
        id: row.id,
        serial: row.serial,
        account_id: row.account_id,
        account_key,
        dialect: row.dialect,
        recipient: row.recipient,
        sender: row.sender,
        content: row.content,
        accepted_at: row.accepted_at,
        part_count: row.part_count,
        status: folded(states).into(),
    })
}

/// The states of all parts in one word.
pub(super) fn folded(states: &[Box<str>]) -> &str {
    for open in ["queued", "submitting", "uncertain", "submitted"] {
        if states.iter().any(|state| &**state == open) {
            return open;
        }
    }
    match states {
        [] => "unknown",
        [first, rest @ ..] if rest.iter().all(|state| state == first) => first,
        _ => "mixed",
    }
}

fn parts(db: &Connection, message: &MessageRow) -> Result<Vec<Part>, Fault> {
    let ids = if message.part_count == 1 { vec![message.id.first_part()] } else { rows::parts_of(db, message.id)? };
    ids.into_iter().map(|id| part(db, id)).collect()
}

fn part(db: &Connection, id: PartId) -> Result<Part, Fault> {
    if let Some(live) = rows::find_live(db, id)? {
        return Ok(Part::Open(live));
    }
    let ended = db.prepare_cached(ENDED)?.query_row([id.0], |row| {
        let end = Final { status: parsed(row, 1, ReceiptStatus::parse)?, cause: parsed(row, 2, Cause::parse)? };
        let funds: Funds = coded(row, 3)?;
        let (by, code): (String, String) = (row.get(5)?, row.get(6)?);
        let mut detail = format!("{}, cause {}, by {by}", end.status.as_str(), end.cause.as_str());
        if !code.is_empty() {
            detail = format!("{detail}, code {code}");
        }
        let view = PartView {
            id,
            number: small(row, 0)?,
            state: end.status.as_str().into(),
            end: Some(end),
            funds,
            attempts: small(row, 7)?,
            carrier_message_id: row.get(8)?,
        };
        Ok(Part::Ended { view, at: Timestamp(row.get(4)?), detail: format!("{detail}, price {}", funds.as_str()) })
    });
    ended.optional()?.ok_or_else(|| Fault::corrupt("a message without its parts"))
}

impl Part {
    fn view(&self) -> PartView {
        match self {
            Self::Ended { view, .. } => view.clone(),
            Self::Open(live) => PartView {
                id: live.record.part_id,
                number: live.record.number,
                state: state_name(live.record.state).into(),
                end: None,
                funds: live.record.funds,
                attempts: live.record.attempt.0,
                carrier_message_id: live.carrier_message_id.clone(),
            },
        }
    }

    /// Where it is now, as a line: an attempt that is open, a queued part's due time, an end.
    fn line(&self) -> Option<(Timestamp, &'static str, String)> {
        match self {
            Self::Ended { at, detail, .. } => Some((*at, "ended", detail.clone())),
            Self::Open(live) => match live.record.state {
                PartState::Submitting { since } => {
                    Some((since, "submitting", format!("attempt {}", live.record.attempt.0)))
                }
                PartState::Queued { due_at } => Some((due_at, "queued", format!("due at {due_at}"))),
                PartState::Uncertain { resolve_at } => {
                    Some((resolve_at, "uncertain", format!("waits until {resolve_at}")))
                }
                PartState::Submitted { .. } | PartState::Final(_) => None,
            },
        }
    }
}

fn timeline(db: &Connection, message: &Listed, parts: &[Part]) -> Result<Vec<TimelineEntry>, Fault> {
    let row = &message.row;
    let price = Money::new(row.price, message.currency);
    let detail = format!("{} x {price}, route {}", row.part_count, row.route);
    let mut story = vec![entry(row.accepted_at, 0, "accepted", detail)];
    for part in parts {
        let view = part.view();
        attempts(db, &view, &mut story)?;
        if let Some((at, what, detail)) = part.line() {
            story.push(entry(at, view.number, what, detail));
        }
    }
    let mut events = db.prepare_cached(EVENTS)?;
    let mut rows = events.query(params![row.id.0, limit(STORY_MAX)])?;
    while let Some(row) = rows.next()? {
        story.push(entry(Timestamp(row.get(0)?), small(row, 1)?, &row.get::<_, Box<str>>(2)?, row.get(3)?));
    }
    // Stable: what happened at the same time stays in the order of its making.
    story.sort_by_key(|entry| entry.at);
    story.truncate(STORY_MAX);
    Ok(story)
}

fn attempts(db: &Connection, part: &PartView, story: &mut Vec<TimelineEntry>) -> Result<(), Fault> {
    let mut statement = db.prepare_cached(ATTEMPTS)?;
    let mut rows = statement.query(params![part.id.0, limit(STORY_MAX)])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let (outcome, code, id): (Box<str>, String, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
        story.push(entry(Timestamp(row.get(1)?), part.number, "submitting", format!("attempt {number}")));
        let mut detail = format!("attempt {number}");
        for (name, value) in [("code", code), ("id", id)] {
            if !value.is_empty() {
                detail = format!("{detail}, {name} {value}");
            }
        }
        story.push(entry(Timestamp(row.get(2)?), part.number, &outcome, detail));
    }
    Ok(())
}

fn entry(at: Timestamp, part_number: u8, what: &str, detail: String) -> TimelineEntry {
    TimelineEntry { at, part_number, what: what.into(), detail: detail.into() }
}
