//! What an account finds again: its parts by their numbers, or by the other side and the time.
//!
//! Ids rise with time, so a span of time is a range of ids; a day of slack on both sides covers clocks that were set back.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::call::history::{CameInPart, HistoryId, HistoryPart, SentPart, SentTo};
use whimbrel_core::{
    AccountId, Cause, Currency, Final, InboundContent, InboundId, KeyMode, MessageText, Money, PartId, ReceiptStatus,
    Span, Timestamp, id,
};
use whimbrel_sms::{Encoding, gsm7, ucs2};

use super::codes::{parsed, small};
use super::fault::Fault;
use super::inbound::{inbound_columns, inbound_part};
use super::reads::limit;
use super::rows::{self, MESSAGE_COLUMNS, MessageRow, message_columns, message_row};

/// Parts that one read gives at most.
const PARTS_MAX: usize = 1_000;
/// How far a clock may have been set back.
const SLACK: Span = Span::hours(24);

// By the primary keys.
const OF_PART: &str = concat!(
    "select ",
    message_columns!(),
    ", a.currency, p.number from (select message_id, number from live where part_id = ?1",
    " union all select message_id, number from ended where part_id = ?1) p",
    " join message m on m.id = p.message_id join account a on a.id = m.account_id where m.account_id = ?2"
);
// By the index message_by_recipient.
const SENT_WITHIN: &str = concat!(
    "select ",
    message_columns!(),
    ", a.currency from message m join account a on a.id = m.account_id",
    " where m.recipient = ?2 and m.id >= ?5 and m.id < ?6 and m.account_id = ?1",
    " and m.accepted_at >= ?3 and m.accepted_at < ?4 order by m.id limit ?7"
);
// By the primary key.
const ENDED: &str = "select status, cause, ended_at from ended where part_id = ?1";
// By the primary key.
const CAME_IN: &str =
    concat!("select i.id, i.at, ", inbound_columns!(), " from inbound i where i.id = ?1 and i.account_id = ?2");
// By the partial index inbound_by_number, and from there by the index inbound_of_group.
const CAME_IN_WITHIN: &str = concat!(
    "select i.id, i.at, ",
    inbound_columns!(),
    " from inbound g join inbound i on i.group_id = g.id",
    " where g.number = ?2 and g.group_id = g.id and g.id >= ?5 and g.id < ?6 and i.account_id = ?1",
    " and i.at >= ?3 and i.at < ?4 order by i.id limit ?7"
);

pub(super) fn by_ids(db: &Connection, account: AccountId, ids: &[HistoryId]) -> Result<Vec<HistoryPart>, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for HistoryId(id) in ids {
        let sent = db.prepare_cached(OF_PART)?.query_row(params![id, account.0], |row| {
            Ok((message_row(row)?, currency(row)?, small::<u8>(row, MESSAGE_COLUMNS + 1)?))
        });
        if let Some((message, currency, number)) = sent.optional()? {
            found.push(HistoryPart::Sent(sent_part(db, &message, currency, PartId(*id), number)?));
            continue;
        }
        let came = db.prepare_cached(CAME_IN)?.query_row(params![id, account.0], came_in).optional()?;
        found.extend(came.map(HistoryPart::CameIn));
    }
    Ok(found)
}

pub(super) fn within(db: &Connection, account: AccountId, within: &SentTo) -> Result<Vec<HistoryPart>, Fault> {
    let (first, last) = (id::lowest_at(within.from - SLACK), id::lowest_at(within.until + SLACK));
    let (from, until, most) = (within.from.0, within.until.0, limit(PARTS_MAX));
    let values = params![account.0, within.recipient, from, until, first, last, most];
    let messages: Vec<(MessageRow, Currency)> = db
        .prepare_cached(SENT_WITHIN)?
        .query_map(values, |row| Ok((message_row(row)?, currency(row)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut found = Vec::new();
    for (message, currency) in messages {
        for (part, number) in rows::parts_of(db, message.id)?.into_iter().zip(1..) {
            found.push(HistoryPart::Sent(sent_part(db, &message, currency, part, number)?));
        }
        if found.len() >= PARTS_MAX {
            break;
        }
    }
    let mut statement = db.prepare_cached(CAME_IN_WITHIN)?;
    for part in statement.query_map(values, came_in)? {
        found.push(HistoryPart::CameIn(part?));
    }
    found.truncate(PARTS_MAX);
    Ok(found)
}

fn currency(row: &Row<'_>) -> rusqlite::Result<Currency> {
    parsed(row, MESSAGE_COLUMNS, |code| code.parse().ok())
}

fn sent_part(
    db: &Connection,
    message: &MessageRow,
    currency: Currency,
    id: PartId,
    number: u8,
) -> Result<SentPart, Fault> {
    let end = db.prepare_cached(ENDED)?.query_row([id.0], |row| {
        let end = Final { status: parsed(row, 0, ReceiptStatus::parse)?, cause: parsed(row, 1, Cause::parse)? };
        Ok((end, Timestamp(row.get(2)?)))
    });
    Ok(SentPart {
        id,
        sender: message.sender.as_str().into(),
        recipient: message.recipient.digits().into(),
        network: message.network.clone(),
        text: said_by(message, number)?,
        price: Money::new(message.price, currency),
        mode: if message.is_trial() { KeyMode::Test } else { KeyMode::Live },
        accepted_at: message.accepted_at,
        client_ref: message.client_ref.clone(),
        end: end.optional()?,
    })
}

/// What one part of a message says, cut anew from what is stored.
fn said_by(message: &MessageRow, number: u8) -> Result<MessageText, Fault> {
    let (encoding, contents) = whimbrel_core::plan::parts_of(&message.content, message.cut)
        .map_err(|_| Fault::corrupt("the content of a message"))?;
    let index = usize::from(number).wrapping_sub(1);
    let part = contents.get(index).ok_or_else(|| Fault::corrupt("the number of a part"))?;
    Ok(MessageText::new(match encoding {
        Encoding::Gsm7 => gsm7::decode(part.body()),
        Encoding::Ucs2 => ucs2::decode(part.body()),
        Encoding::Binary => hexadecimal(part.body()),
    }))
}

fn came_in(row: &Row<'_>) -> rusqlite::Result<CameInPart> {
    let part = inbound_part(row, 2)?;
    Ok(CameInPart {
        id: InboundId(row.get(0)?),
        sender: part.sender.as_str().into(),
        // Known to whoever has the table of networks.
        network: "".into(),
        number: part.number,
        text: match part.content {
            InboundContent::Text { text, .. } => text,
            InboundContent::Binary(octets) => MessageText::new(hexadecimal(octets.expose())),
        },
        at: Timestamp(row.get(1)?),
    })
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}
