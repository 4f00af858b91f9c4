//! Reads of parts, notices, accounts and carriers. All of them bounded.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::part::RECEIPT_GRACE;
use whimbrel_core::{
    AccountId, ApplicationId, AttemptNumber, CarrierId, Cause, EndpointKind, Final, ForHook, InboundId, InboundTold,
    MessageClass, MessageId, Money, Notice, NoticeForm, NoticeId, PartId, PhoneNumber, ReceiptStatus, ReceiptTold,
    Timestamp, Told,
};

use super::codes::{Code, coded, cut_of, parsed, small};
use super::credentials::credential;
use super::fault::{Fault, corrupt_column};
use super::inbound::{inbound_columns, inbound_part};
use super::inbox;
use super::reload::reload;
use super::rows::{self, MESSAGE_COLUMNS, live_columns, live_part, message_columns, message_row};
use super::unreadable::{Unreadable, Wanted, What};
use crate::keyring::Keyring;
use crate::op::Wallet;
use crate::view::{AccountView, Credential, MovablePart, OpenPart, PartRoute, QueuePlace, WaitingNotices};

/// Rows that one read gives at most, whatever is asked for.
const ROWS_MAX: usize = 100_000;

const CARRIERS: &str = "select id, name from carrier order by id";
// By the primary key from the mark on; run once after a start, so the few that are submitting have no index.
const SUBMITTING: &str =
    concat!("select ", live_columns!(), " from live where part_id > ?1 and state = 1 order by part_id");
// By the partial index live_queued, which has this order.
const QUEUED: &str = concat!(
    "select ",
    live_columns!(),
    " from live where state = 0 and carrier = ?1 and class = ?2 and state_at <= ?3 order by state_at, part_id"
);
const NEXT_DUE: &str =
    "select min(state_at) from live where state = 0 and carrier = ?1 and class = ?2 and state_at > ?3";
// By the partial index live_queued, which has this order; each leads to its message by the primary key.
const MOVABLE: &str = "select l.part_id, l.class, l.state_at, l.attempt, m.route, m.concat_reference
 from live l join message m on m.id = l.message_id
 where l.state = 0 and l.carrier = ?1 and (l.class, l.state_at, l.part_id) > (?2, ?3, ?4) and l.doubts = 0
 and l.reroutes = 0
 order by l.class, l.state_at, l.part_id limit ?5";
// By the partial index live_expiry; young parts by the primary key. A part that is submitting waits for its answer first.
const EXPIRED: &str = "select part_id from live
 where indexed = 1 and expires_at <= ?1 and (state in (0, 2) or (state = 3 and expires_at <= ?3))
 order by expires_at limit ?2";
const YOUNG_EXPIRED: &str = "select part_id from live
 where part_id = ?1 and (state in (0, 2) or (state = 3 and expires_at <= ?2))";
// By the partial index live_uncertain.
const UNRESOLVED: &str = "select part_id from live where state = 2 and state_at <= ?1 order by state_at limit ?2";
// By the partial index live_unclear. Whose state is another has its answer or its turn to come first.
const UNCLEAR: &str =
    "select part_id from live where unclear_until <= ?1 and state = 3 order by unclear_until limit ?2";
// By the partial index notice_due; each row leads to a message or to a text that came in, and to its account, by their primary keys.
macro_rules! select_notice {
    ($rest:literal) => {
        concat!(
            "select ",
            message_columns!(),
            ", n.id, n.part_id, n.status, n.cause, n.happened_at, n.failures, n.first_at, n.due_at, n.inbound_id,",
            " a.id, a.currency, a.dialect, o.inbound_url, ",
            inbound_columns!(),
            ", n.application, n.hook from notice n left join message m on m.id = n.message_id",
            " left join inbound i on i.id = n.inbound_id left join account a on a.id = coalesce(m.account_id, i.account_id)",
            " left join number o on o.number = i.number and o.account_id = i.account_id",
            $rest
        )
    };
}
const NOTICES: &str = select_notice!(" where n.indexed = 1 and (n.due_at, n.id) > (?1, ?2) order by n.due_at, n.id");
// By the partial index notice_due, and young ones by the primary key; each row leads to its account by a primary key.
macro_rules! select_waiting {
    ($rest:literal) => {
        concat!(
            "select n.id, n.due_at, coalesce(m.account_id, i.account_id), n.inbound_id is not null from notice n",
            " left join message m on m.id = n.message_id left join inbound i on i.id = n.inbound_id",
            $rest
        )
    };
}
const WAITING_NOTICES: &str = select_waiting!(" where n.indexed = 1 order by n.due_at, n.id limit ?1");
const WAITING_NOTICE: &str = select_waiting!(" where n.id = ?1");
// By the primary keys.
const NOTICE: &str = select_notice!(" where n.id = ?1");
// By the primary keys.
const MESSAGE_OF_PART: &str = "select message_id from live where part_id = ?1
 union all select message_id from ended where part_id = ?1 limit 1";

/// In the order of the queue.
const CLASSES: [MessageClass; 2] = [MessageClass::Otp, MessageClass::Bulk];

/// A limit as SQLite takes it.
pub(super) fn limit(count_max: usize) -> i64 {
    count_max.min(ROWS_MAX) as i64
}

pub(super) fn credentials(db: &Connection, keyring: &Keyring) -> Result<Vec<Credential>, Fault> {
    rows::accounts(db, None)?.into_iter().map(|row| credential(db, keyring, row)).collect()
}

pub(super) fn account(db: &Connection, id: AccountId) -> Result<Option<AccountView>, Fault> {
    let Some(row) = rows::accounts(db, Some(id))?.pop() else { return Ok(None) };
    let currency = row.account.currency;
    let wallet = Wallet {
        posted: Money::new(row.posted, currency),
        held: Money::new(row.held, currency),
        bonus_credit: Money::new(row.credit.bonus_credit, currency),
        free_credit: Money::new(row.credit.free_credit, currency),
    };
    let reload = reload(db, id, currency)?;
    Ok(Some(AccountView { account: row.account, dialect: row.dialect, wallet, reload }))
}

pub(super) fn carriers(db: &Connection) -> Result<Vec<(CarrierId, Box<str>)>, Fault> {
    let mut statement = db.prepare_cached(CARRIERS)?;
    let rows = statement.query_map([], |row| Ok((CarrierId(small(row, 0)?), row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn submitting(
    db: &Connection,
    unreadable: &Unreadable,
    after: PartId,
    count_max: usize,
) -> Result<Vec<OpenPart>, Fault> {
    let mut statement = db.prepare_cached(SUBMITTING)?;
    unreadable.left_out(statement.query([after.0])?, open_parts(count_max), open_part)
}

pub(super) fn queued(
    db: &Connection,
    unreadable: &Unreadable,
    (CarrierId(carrier), until): (CarrierId, Timestamp),
    count_max: usize,
) -> Result<Vec<OpenPart>, Fault> {
    let mut statement = db.prepare_cached(QUEUED)?;
    let mut parts = Vec::new();
    for class in CLASSES {
        let rows = statement.query(params![carrier, class.code(), until.0])?;
        parts.extend(unreadable.left_out(rows, open_parts(count_max - parts.len()), open_part)?);
    }
    Ok(parts)
}

pub(super) fn next_due(
    db: &Connection,
    CarrierId(carrier): CarrierId,
    until: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let mut statement = db.prepare_cached(NEXT_DUE)?;
    let mut next = None;
    for class in CLASSES {
        let due_at: Option<i64> = statement.query_row(params![carrier, class.code(), until.0], |row| row.get(0))?;
        next = next.into_iter().chain(due_at.map(Timestamp)).min();
    }
    Ok(next)
}

pub(super) fn movable(
    db: &Connection,
    unreadable: &Unreadable,
    (CarrierId(carrier), after): (CarrierId, Option<QueuePlace>),
    count_max: usize,
) -> Result<Vec<MovablePart>, Fault> {
    let (class, due_at, part_id) =
        after.map_or((-1, 0, 0), |place| (place.class.code(), place.due_at.0, place.part_id.0));
    let mut statement = db.prepare_cached(MOVABLE)?;
    let rows = statement.query(params![carrier, class, due_at, part_id, limit(count_max)])?;
    unreadable.left_out(rows, open_parts(count_max), movable_part)
}

fn movable_part(row: &Row<'_>) -> rusqlite::Result<MovablePart> {
    Ok(MovablePart {
        part_id: PartId(row.get(0)?),
        class: coded(row, 1)?,
        due_at: Timestamp(row.get(2)?),
        attempt: AttemptNumber(small(row, 3)?),
        route: row.get(4)?,
        cut: cut_of(row.get(5)?).ok_or_else(|| corrupt_column(5))?,
    })
}

fn open_parts(count_max: usize) -> Wanted {
    Wanted { what: What::Part, id_column: 0, count_max: count_max.min(ROWS_MAX) }
}

fn open_part(row: &Row<'_>) -> rusqlite::Result<OpenPart> {
    live_part(row).map(|live| OpenPart { record: live.record, class: live.class })
}

/// `young`: the young parts that have expired, as they were before this.
pub(super) fn clock_due(
    db: &Connection,
    young: &[PartId],
    now: Timestamp,
    count_max: usize,
) -> Result<Vec<PartId>, Fault> {
    let mut due = Vec::new();
    let receipts_until = now - RECEIPT_GRACE;
    let part_id = |row: &Row<'_>| Ok(PartId(row.get(0)?));
    let mut young_expired = db.prepare_cached(YOUNG_EXPIRED)?;
    for id in young {
        due.extend(young_expired.query_row(params![id.0, receipts_until.0], part_id).optional()?);
        if due.len() == count_max {
            break;
        }
    }
    let mut expired = db.prepare_cached(EXPIRED)?;
    for id in expired.query_map(params![now.0, limit(count_max), receipts_until.0], part_id)? {
        due.push(id?);
    }
    let mut unresolved = db.prepare_cached(UNRESOLVED)?;
    for id in unresolved.query_map(params![now.0, limit(count_max)], part_id)? {
        due.push(id?);
    }
    let mut unclear = db.prepare_cached(UNCLEAR)?;
    for id in unclear.query_map(params![now.0, limit(count_max)], part_id)? {
        due.push(id?);
    }
    // An uncertain or unclear part that has expired is in two; and so is one that was young a moment ago.
    due.sort_unstable();
    due.dedup();
    due.truncate(count_max);
    Ok(due)
}

/// `young`: the places of the young notices behind `after`, in order, as they were before this.
pub(super) fn notices(
    db: &Connection,
    unreadable: &Unreadable,
    young: &[(Timestamp, NoticeId)],
    after: (Timestamp, NoticeId),
    count_max: usize,
) -> Result<Vec<Notice>, Fault> {
    let count_max = count_max.min(ROWS_MAX);
    let mut statement = db.prepare_cached(NOTICES)?;
    let wanted = Wanted { what: What::Notice, id_column: MESSAGE_COLUMNS, count_max };
    let mut notices = unreadable.left_out(statement.query([after.0.0, after.1.0])?, wanted, notice)?;
    // Behind a full page of the others none belongs to it.
    let last = notices.last().filter(|_| notices.len() == count_max).map(|notice| (notice.due_at, notice.id));
    let young = young.iter().take_while(|place| last.is_none_or(|last| **place < last));
    if young.clone().next().is_some() {
        let mut statement = db.prepare_cached(NOTICE)?;
        let mut count = 0;
        for (due_at, id) in young {
            let found = unreadable.left_out(statement.query([id.0])?, wanted, notice)?;
            // One that was tried meanwhile stands in the index, at its new place.
            let same = found.into_iter().filter(|notice| notice.due_at == *due_at);
            notices.extend(same.inspect(|_| count += 1));
            if count == count_max {
                break;
            }
        }
        notices.sort_unstable_by_key(|notice| (notice.due_at, notice.id));
        notices.dedup_by_key(|notice| notice.id);
        notices.truncate(count_max);
    }
    for notice in &mut notices {
        complete_notice(db, notice)?;
    }
    Ok(notices)
}

/// How many notices wait for which endpoint. `young`: the places of the young ones, in order, as they were before this.
pub(super) fn waiting_notices(
    db: &Connection,
    young: &[(Timestamp, NoticeId)],
    count_max: usize,
) -> Result<Vec<WaitingNotices>, Fault> {
    let count_max = count_max.min(ROWS_MAX);
    let waiting = |row: &Row<'_>| {
        let kind = if row.get(3)? { EndpointKind::Inbound } else { EndpointKind::Receipt };
        let account: Option<i64> = row.get(2)?;
        Ok((Timestamp(row.get(1)?), NoticeId(row.get(0)?), account.map(|id| (AccountId(id), kind))))
    };
    let mut statement = db.prepare_cached(WAITING_NOTICES)?;
    let mut found = statement.query_map([limit(count_max)], waiting)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut statement = db.prepare_cached(WAITING_NOTICE)?;
    for (_, id) in young.iter().take(count_max) {
        found.extend(statement.query_row([id.0], waiting).optional()?);
    }
    found.sort_unstable_by_key(|(due_at, id, _)| (*due_at, *id));
    found.dedup_by_key(|(_, id, _)| *id);
    found.truncate(count_max);
    let mut endpoints: Vec<WaitingNotices> = Vec::new();
    for (next_at, _, of) in found {
        let Some((account_id, kind)) = of else { continue };
        match endpoints.iter_mut().find(|known| (known.account_id, known.kind) == (account_id, kind)) {
            Some(known) => known.count += 1,
            None => endpoints.push(WaitingNotices { account_id, kind, count: 1, next_at }),
        }
    }
    endpoints.sort_unstable_by_key(|waiting| (waiting.account_id, waiting.kind == EndpointKind::Inbound));
    Ok(endpoints)
}

/// One notice; `None` if it is there no more.
pub(super) fn notice_of(db: &Connection, NoticeId(id): NoticeId) -> Result<Option<Notice>, Fault> {
    let found = db.prepare_cached(NOTICE)?.query_row([id], notice).optional()?;
    let Some(mut notice) = found else { return Ok(None) };
    complete_notice(db, &mut notice)?;
    Ok(Some(notice))
}

/// What is told whole has all of its parts.
fn complete_notice(db: &Connection, notice: &mut Notice) -> Result<(), Fault> {
    if let Told::Inbound(told) = &mut notice.told
        && (notice.application.is_some() || notice.hook != ForHook::No)
    {
        *told = inbox::told_whole(db, told.id)?;
    }
    Ok(())
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    const AT: usize = MESSAGE_COLUMNS;
    let inbound: Option<i64> = row.get(AT + 8)?;
    let (dialect, url, form, application, told) = match inbound {
        None => {
            let currency = parsed(row, AT + 10, |code| code.parse().ok())?;
            let status = parsed(row, AT + 2, ReceiptStatus::parse)?;
            let report = Final { status, cause: parsed(row, AT + 3, Cause::parse)? };
            let message = message_row(row)?;
            let told = ReceiptTold {
                part_id: PartId(row.get(AT + 1)?),
                message_id: message.id,
                serial: message.serial,
                part_count: message.part_count,
                recipient: message.recipient,
                sender: message.sender,
                network: message.network,
                price: Money::new(message.price, currency),
                client_ref: message.client_ref,
                report,
            };
            (message.dialect, message.callback, message.form, message.application, Told::Receipt(told))
        }
        Some(id) => {
            let part = inbound_part(row, AT + 13)?;
            let told = Told::Inbound(InboundTold { id: InboundId(id), part, part_count: 1 });
            let application: Option<[u8; 16]> = row.get(AT + 23)?;
            let application = application.map(|octets| ApplicationId(u128::from_be_bytes(octets)));
            // Of an application: where it goes is known when it goes.
            let url = if application.is_some() { None } else { row.get(AT + 12)? };
            (row.get(AT + 11)?, url, NoticeForm::default(), application, told)
        }
    };
    Ok(Notice {
        id: NoticeId(row.get(AT)?),
        account_id: AccountId(row.get(AT + 9)?),
        dialect,
        url,
        form,
        application,
        hook: match row.get::<_, Option<Box<str>>>(AT + 24)? {
            None => ForHook::No,
            Some(key) if key.is_empty() => ForHook::Every,
            Some(key) => ForHook::One(key),
        },
        told,
        happened_at: Timestamp(row.get(AT + 4)?),
        failures: small(row, AT + 5)?,
        first_at: Timestamp(row.get(AT + 6)?),
        due_at: Timestamp(row.get(AT + 7)?),
    })
}

pub(super) fn message_of_part(db: &Connection, id: PartId) -> Result<Option<MessageId>, Fault> {
    let mut statement = db.prepare_cached(MESSAGE_OF_PART)?;
    Ok(statement.query_row([id.0], |row| Ok(MessageId(row.get(0)?))).optional()?)
}

// By the primary keys.
const ROUTE: &str =
    "select m.route, m.recipient from live l join message m on m.id = l.message_id where l.part_id = ?1";

/// The rules that chose the carriers of open parts.
pub(super) fn routes_of(db: &Connection, parts: &[PartId]) -> Result<Vec<PartRoute>, Fault> {
    let mut statement = db.prepare_cached(ROUTE)?;
    let mut routes = Vec::with_capacity(parts.len());
    for part in parts {
        let found = statement.query_row([part.0], |row| {
            let (route, recipient): (Box<str>, Box<str>) = (row.get(0)?, row.get(1)?);
            // One that makes no sense is no reason to ask again for all of them.
            let recipient = PhoneNumber::parse(&recipient).ok();
            Ok(recipient.map(|recipient| PartRoute { part_id: *part, route, recipient }))
        });
        routes.extend(found.optional()?.flatten());
    }
    Ok(routes)
}
