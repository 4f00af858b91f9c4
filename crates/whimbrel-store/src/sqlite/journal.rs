//! An account's journal: its messages and the texts that came in for it, the newest first, and how far a message is.

use rusqlite::{Connection, OptionalExtension, params};
use whimbrel_core::call::journal::{
    CameInLine, JournalCall, JournalOutcome, JournalSide, LINES_MAX, LOOKED_AT_MAX, Progress, SKIP_MAX, SentLine,
    StateWanted,
};
use whimbrel_core::{
    AccountId, Cause, Content, Currency, Final, InboundContent, MessageId, MessageText, Money, PartState,
    ReceiptStatus, Serial, Span, Timestamp, Whole, id,
};

use super::codes::parsed;
use super::fault::Fault;
use super::inbox;
use super::rows::{self, MESSAGE_COLUMNS, MessageRow, message_columns, message_row};
use crate::view::InboundView;

/// How far a clock may have been set back.
const SLACK: Span = Span::hours(24);

// By the unique index message_by_serial.
const OF_SERIAL: &str = "select id from message where serial = ?1 and (?2 is null or account_id = ?2)";
// By the index message_by_account from its end on.
const SENT: &str = concat!(
    "select ",
    message_columns!(),
    ", a.currency from message m join account a on a.id = m.account_id",
    " where m.account_id = ?1 and m.id >= ?2 and m.id < ?3 and m.accepted_at >= ?4 and m.accepted_at < ?5",
    " and (?6 is null or m.recipient = ?6) order by m.id desc limit ?7 offset ?8"
);
// By the unique index message_by_serial.
const SENT_ONE: &str = concat!(
    "select ",
    message_columns!(),
    ", a.currency from message m join account a on a.id = m.account_id where m.serial = ?1 and m.account_id = ?2"
);
// By the primary keys and the partial indexes of parts after the first.
const LAST_KNOWN: &str = "select max(at) from (
 select state_at as at from live where part_id = ?1 and state = 3
 union all select ended_at from ended where part_id = ?1
 union all select state_at from live where message_id = ?1 and number > 1 and state = 3
 union all select ended_at from ended where message_id = ?1 and number > 1)";
const TOLD: &str = "select told from live where part_id = ?1";

/// The message of a number; of that account, if one is given.
pub(super) fn of_serial(
    db: &Connection,
    account: Option<AccountId>,
    Serial(serial): Serial,
) -> Result<Option<MessageId>, Fault> {
    let Ok(serial) = i64::try_from(serial) else { return Ok(None) };
    let row = params![serial, account.map(|account| account.0)];
    Ok(db.prepare_cached(OF_SERIAL)?.query_row(row, |row| Ok(MessageId(row.get(0)?))).optional()?)
}

/// How far the account's message of that number is.
pub(super) fn progress(db: &Connection, account: AccountId, serial: Serial) -> Result<Option<Progress>, Fault> {
    let Some(id) = of_serial(db, Some(account), serial)? else { return Ok(None) };
    let message = rows::find_message(db, id)?.ok_or_else(|| Fault::corrupt("a message of a number"))?;
    progress_of(db, &message).map(Some)
}

/// What the customer was told last: of the first part on the way, and of the message as a whole.
fn progress_of(db: &Connection, message: &MessageRow) -> Result<Progress, Fault> {
    let states = rows::states_of(db, message.id)?;
    let whole = Whole::of(states.iter().map(|(_, state)| *state));
    let known_at: Option<i64> = db.prepare_cached(LAST_KNOWN)?.query_row([message.id.0], |row| row.get(0))?;
    let at = known_at.map_or(message.accepted_at, Timestamp);
    let on_the_way = |status| Final { status, cause: Cause::None };
    let report = match whole {
        Whole::Ended(end) => Some(end),
        Whole::Submitted => {
            let told: Option<Option<String>> =
                db.prepare_cached(TOLD)?.query_row([message.id.0], |row| row.get(0)).optional()?;
            let told = told.flatten().and_then(|name| ReceiptStatus::parse(&name));
            Some(on_the_way(told.unwrap_or(ReceiptStatus::Submitted)))
        }
        Whole::Open => None,
    };
    let is_open = states.iter().any(|(_, state)| !matches!(state, PartState::Final(_) | PartState::Submitted { .. }));
    Ok(Progress { report, at: if report.is_none() && is_open { message.accepted_at } else { at } })
}

/// A page.
pub(super) fn page(db: &Connection, account: AccountId, page: &JournalCall) -> Result<JournalOutcome, Fault> {
    match page.side {
        JournalSide::Sent => match page.state {
            None => sent(db, account, page).map(JournalOutcome::Sent),
            Some(state) => {
                let found = sent_so_far(db, account, page, state)?;
                Ok(found.map_or(JournalOutcome::TooMuch, JournalOutcome::Sent))
            }
        },
        JournalSide::CameIn => came_in(db, account, page).map(JournalOutcome::CameIn),
        JournalSide::Nothing => Ok(JournalOutcome::CameIn(Vec::new())),
    }
}

fn sent(db: &Connection, account: AccountId, page: &JournalCall) -> Result<Vec<SentLine>, Fault> {
    let found = match page.id {
        Some(serial) => sent_one(db, account, serial)?.into_iter().collect(),
        None => {
            let piece = Piece { before: i64::MAX, count: page.count_max.min(LINES_MAX), skip: page.skip.min(SKIP_MAX) };
            sent_piece(db, account, page, &piece)?
        }
    };
    found.into_iter().map(|(message, currency)| line(db, message, currency)).collect()
}

/// Those of a page that are so far; `None` if too many would have to be looked at to know which these are.
fn sent_so_far(
    db: &Connection,
    account: AccountId,
    page: &JournalCall,
    state: StateWanted,
) -> Result<Option<Vec<SentLine>>, Fault> {
    if let Some(serial) = page.id {
        let one = sent_one(db, account, serial)?.into_iter();
        let lines = one.map(|(message, currency)| line(db, message, currency)).collect::<Result<Vec<_>, _>>()?;
        let fitting = lines.into_iter().filter(|line| state.fits(line.progress.report));
        return Ok(Some(fitting.skip(page.skip as usize).collect()));
    }
    let (mut before, mut passed_over, mut looked_at, mut found) = (i64::MAX, 0, 0, Vec::new());
    loop {
        let messages = sent_piece(db, account, page, &Piece { before, count: LINES_MAX, skip: 0 })?;
        let is_last = messages.len() < LINES_MAX as usize;
        for (message, currency) in messages {
            (before, looked_at) = (message.id.0, looked_at + 1);
            if !state.fits(progress_of(db, &message)?.report) {
                continue;
            }
            if passed_over < page.skip {
                passed_over += 1;
                continue;
            }
            found.push(line(db, message, currency)?);
            if found.len() >= page.count_max.min(LINES_MAX) as usize {
                return Ok(Some(found));
            }
        }
        if is_last {
            return Ok(Some(found));
        }
        if looked_at >= LOOKED_AT_MAX {
            return Ok(None);
        }
    }
}

/// Some rows of a journal.
struct Piece {
    /// Only messages with lower ids.
    before: i64,
    count: u32,
    skip: u32,
}

fn sent_piece(
    db: &Connection,
    account: AccountId,
    page: &JournalCall,
    piece: &Piece,
) -> Result<Vec<(MessageRow, Currency)>, Fault> {
    let (from, until) = (page.from.unwrap_or(Timestamp(i64::MIN)), page.until.unwrap_or(Timestamp(i64::MAX)));
    let first = page.from.map_or(0, |from| id::lowest_at(from - SLACK));
    let last = page.until.map_or(i64::MAX, |until| id::lowest_at(until + SLACK)).min(piece.before);
    let row = params![account.0, first, last, from.0, until.0, page.to, piece.count, piece.skip];
    Ok(db.prepare_cached(SENT)?.query_map(row, row_of)?.collect::<rusqlite::Result<_>>()?)
}

fn sent_one(db: &Connection, account: AccountId, serial: u64) -> Result<Option<(MessageRow, Currency)>, Fault> {
    let Ok(serial) = i64::try_from(serial) else { return Ok(None) };
    Ok(db.prepare_cached(SENT_ONE)?.query_row(params![serial, account.0], row_of).optional()?)
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<(MessageRow, Currency)> {
    Ok((message_row(row)?, parsed(row, MESSAGE_COLUMNS, |code| code.parse::<Currency>().ok())?))
}

fn line(db: &Connection, message: MessageRow, currency: Currency) -> Result<SentLine, Fault> {
    let progress = progress_of(db, &message)?;
    let price = Money::new(message.price, currency).times(u16::from(message.part_count));
    Ok(SentLine {
        message_id: message.id,
        serial: message.serial,
        sender: message.sender.as_str().into(),
        recipient: message.recipient.digits().into(),
        network: message.network,
        text: match message.content {
            Content::Text { text, .. } => text,
            Content::Binary(binary) => MessageText::new(hexadecimal(binary.body.expose())),
        },
        price: price.ok_or_else(|| Fault::corrupt("the price of a message"))?,
        client_ref: message.client_ref,
        account_ref: message.account_ref,
        accepted_at: message.accepted_at,
        progress,
    })
}

/// Texts that came in, joined.
fn came_in(db: &Connection, account: AccountId, page: &JournalCall) -> Result<Vec<CameInLine>, Fault> {
    let one = match page.id.map(i64::try_from) {
        Some(Ok(id)) => Some(id..id.saturating_add(1)),
        Some(Err(_)) => return Ok(Vec::new()),
        None => None,
    };
    let (from, until) = (page.from.unwrap_or(Timestamp(i64::MIN)), page.until.unwrap_or(Timestamp(i64::MAX)));
    let first = page.from.map_or(0, |from| id::lowest_at(from - SLACK));
    let last = page.until.map_or(i64::MAX, |until| id::lowest_at(until + SLACK));
    let wanted = inbox::Page {
        account,
        skip: if one.is_some() { 0 } else { page.skip.min(SKIP_MAX) },
        ids: one.unwrap_or(first..last),
        times: from..until,
        number: page.to.as_deref(),
        count_max: page.count_max.min(LINES_MAX),
    };
    Ok(inbox::page(db, &wanted)?.into_iter().map(came_in_line).collect())
}

fn came_in_line(view: InboundView) -> CameInLine {
    CameInLine {
        id: view.id,
        sender: view.sender.as_str().into(),
        number: view.number,
        text: match view.content {
            InboundContent::Text { text, .. } => text,
            InboundContent::Binary(octets) => MessageText::new(hexadecimal(octets.expose())),
        },
        at: view.at,
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}
