//! Texts that came in, for people: the parts of a long one joined.

use std::ops::Range;

use rusqlite::{Connection, Row, params};
use whimbrel_core::{
    AccountId, CarrierId, InboundAlphabet, InboundContent, InboundId, InboundPart, InboundTold, MessageOctets,
    MessageText, Timestamp,
};
use whimbrel_sms::PartCount;
use whimbrel_sms::incoming::Content;
use whimbrel_sms::reassembly::{JoinPart, join};

use super::codes::small;
use super::fault::Fault;
use super::inbound::{inbound_columns, inbound_part};
use super::reads::limit;
use crate::view::{InboundFilter, InboundView, SearchOrder};

/// Lines of a list at most.
const LIST_MAX: usize = 1_000;

// Parts after the first are passed over.
macro_rules! select_firsts {
    ($narrowed:literal, $order:literal) => {
        concat!(
            "select i.id, i.account_id, i.carrier, i.at, i.total, ",
            inbound_columns!(),
            " from inbound i where ",
            $narrowed,
            " and i.group_id = i.id and i.id > ?1 and i.id < ?2 order by i.id ",
            $order,
            " limit ?5"
        )
    };
}
// By the primary key.
const ALL: [&str; 2] =
    [select_firsts!("?3 is null and ?4 is null", "desc"), select_firsts!("?3 is null and ?4 is null", "asc")];
// By the partial index inbound_by_account.
const OF_ACCOUNT: [&str; 2] = [
    select_firsts!("i.account_id = ?3 and ?4 is null", "desc"),
    select_firsts!("i.account_id = ?3 and ?4 is null", "asc"),
];
// By the partial index inbound_by_number; an account narrows it further.
const TO_NUMBER: [&str; 2] = [
    select_firsts!("i.number = ?4 and (?3 is null or i.account_id = ?3)", "desc"),
    select_firsts!("i.number = ?4 and (?3 is null or i.account_id = ?3)", "asc"),
];
// By the partial index inbound_by_account from its end on.
const PAGE: &str = concat!(
    "select i.id, i.account_id, i.carrier, i.at, i.total, ",
    inbound_columns!(),
    " from inbound i where i.account_id = ?1 and i.group_id = i.id and i.id >= ?2 and i.id < ?3 and i.at >= ?4 and i.at < ?5",
    " and (?6 is null or i.number = ?6) order by i.id desc limit ?7 offset ?8"
);
// By the index inbound_of_group.
const PARTS: &str =
    concat!("select ", inbound_columns!(), " from inbound i where i.group_id = ?1 order by i.sequence limit 255");

/// The first part to arrive, with what holds for the whole text.
struct First {
    view: InboundView,
    total: u8,
}

pub(super) fn inbound(db: &Connection, filter: &InboundFilter) -> Result<Vec<InboundView>, Fault> {
    let ids = -1..filter.before.map_or(i64::MAX, |id| id.0);
    let (number, account) = (filter.number.as_deref(), filter.account);
    piece(db, &Piece { number, account, ids, order: SearchOrder::NewestFirst, count_max: filter.count_max })
}

/// Some of the texts.
pub(super) struct Piece<'a> {
    /// Only those to it.
    pub(super) number: Option<&'a str>,
    pub(super) account: Option<AccountId>,
    /// Both ends left out.
    pub(super) ids: Range<i64>,
    pub(super) order: SearchOrder,
    pub(super) count_max: usize,
}

/// Those that come first in that order.
pub(super) fn piece(db: &Connection, piece: &Piece<'_>) -> Result<Vec<InboundView>, Fault> {
    let account = piece.account.map(|id| id.0);
    let [newest_first, oldest_first] = match (piece.number, account) {
        (Some(_), _) => TO_NUMBER,
        (None, Some(_)) => OF_ACCOUNT,
        (None, None) => ALL,
    };
    let statement = match piece.order {
        SearchOrder::NewestFirst => newest_first,
        SearchOrder::OldestFirst => oldest_first,
    };
    let count_max = limit(piece.count_max.min(LIST_MAX));
    let row = params![piece.ids.start, piece.ids.end, account, piece.number, count_max];
    let firsts: Vec<First> = db.prepare_cached(statement)?.query_map(row, first)?.collect::<rusqlite::Result<_>>()?;
    firsts.into_iter().map(|first| whole(db, first)).collect()
}

/// A page of an account's texts.
pub(super) struct Page<'a> {
    pub(super) account: AccountId,
    pub(super) ids: Range<i64>,
    pub(super) times: Range<Timestamp>,
    /// Only those to it.
    pub(super) number: Option<&'a str>,
    /// So many are passed over, the newest first.
    pub(super) skip: u32,
    pub(super) count_max: u32,
}

/// A page, the newest first. What is passed over is not joined.
pub(super) fn page(db: &Connection, page: &Page<'_>) -> Result<Vec<InboundView>, Fault> {
    let Page { account, ids, times, number, skip, count_max } = page;
    let row = params![account.0, ids.start, ids.end, times.start.0, times.end.0, number, count_max, skip];
    let firsts: Vec<First> = db.prepare_cached(PAGE)?.query_map(row, first)?.collect::<rusqlite::Result<_>>()?;
    firsts.into_iter().map(|first| whole(db, first)).collect()
}

fn first(row: &Row<'_>) -> rusqlite::Result<First> {
    let InboundPart { sender, number, content, .. } = inbound_part(row, 5)?;
    let total = small(row, 4)?;
    let view = InboundView {
        id: InboundId(row.get(0)?),
        account_id: row.get::<_, Option<i64>>(1)?.map(AccountId),
        carrier: CarrierId(small(row, 2)?),
        sender,
        number,
        content,
        parts: (1, total),
        at: Timestamp(row.get(3)?),
    };
    Ok(First { view, total })
}

fn whole(db: &Connection, First { mut view, total }: First) -> Result<InboundView, Fault> {
    if total == 1 {
        return Ok(view);
    }
    let parts = parts_of(db, view.id)?;
    view.parts.0 = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    view.content = joined(&parts);
    Ok(view)
}

/// The parts of a text, in order.
pub(super) fn parts_of(db: &Connection, group: InboundId) -> Result<Vec<InboundPart>, Fault> {
    let mut statement = db.prepare_cached(PARTS)?;
    let rows = statement.query_map([group.0], |row| inbound_part(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A whole text as an application is told of it: the first part, with what all say together.
pub(super) fn told_whole(db: &Connection, group: InboundId) -> Result<InboundTold, Fault> {
    let parts = parts_of(db, group)?;
    let first = parts.first().ok_or_else(|| Fault::corrupt("a text that came in without its parts"))?;
    let part = InboundPart { content: joined(&parts), concat: None, header: Box::default(), ..first.clone() };
    Ok(InboundTold { id: group, part, part_count: u8::try_from(parts.len()).unwrap_or(u8::MAX) })
}

/// What is there, in order. Texts have the wider of their alphabets.
fn joined(parts: &[InboundPart]) -> InboundContent {
    let mut widest = InboundAlphabet::Gsm7;
    let contents = parts.iter().map(|part| match &part.content {
        InboundContent::Text { text, alphabet } => {
            if *alphabet == InboundAlphabet::Ucs2 {
                widest = InboundAlphabet::Ucs2;
            }
            Content::Text(text.expose().to_owned())
        }
        InboundContent::Binary(octets) => Content::Binary(octets.expose().to_vec()),
    });
    let contents: Vec<Content> = contents.collect();
    // The read gives no more than 255.
    let numbered = (1..=u8::MAX).filter_map(PartCount::new).zip(&contents);
    let numbered: Vec<JoinPart<'_>> = numbered.map(|(sequence, content)| JoinPart { sequence, content }).collect();
    match join(&numbered, PartCount::MAX).content {
        Content::Text(text) => InboundContent::Text { text: MessageText::new(text), alphabet: widest },
        Content::Binary(octets) => InboundContent::Binary(MessageOctets::new(octets)),
    }
}
