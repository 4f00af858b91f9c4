//! Rows that several verbs read: open parts, messages, accounts.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::plan::TEST_ROUTE;
use whimbrel_core::{
    Account, AccountId, AccountStatus, ApplicationId, AttemptNumber, Binary, CaptureOn, CarrierId, Cause, CodePlace,
    Content, Cut, Endpoint, EndpointKind, Final, HandsetClass, HttpMethodChoice, MessageClass, MessageId,
    MessageOctets, MessageText, NoticeForm, OtpSettings, PartId, PartRecord, PartState, PhoneNumber, ReceiptStatus,
    ReceiptWish, Registration, SenderId, Serial, Span, Timestamp,
};
use whimbrel_sms::Encoding;

use super::buckets::{PaidFrom, Shares};
use super::codes::{Tell, coded, cut_of, encoding_of, parsed, sender_of, small, state_of};
use super::fault::corrupt_column;
use super::memory::Spent;
use super::{policy, rules};

/// The columns of [`live_part`], in its order.
macro_rules! live_columns {
    () => {
        "part_id, message_id, number, account_id, carrier, state, state_at, attempt, failures, doubts, price, funds, \
         capture_on, expires_at, told, class, tell, carrier_message_id, bucket, has_code, reroutes, unclear_until"
    };
}
pub(super) use live_columns;

/// A row of `live`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LivePart {
    pub(super) record: PartRecord,
    pub(super) class: MessageClass,
    pub(super) tell: Tell,
    pub(super) carrier_message_id: Box<str>,
    pub(super) paid_from: PaidFrom,
    /// Whether the message has a one-time code, which is forgotten when it ends.
    pub(super) has_code: bool,
}

/// Reads [`live_columns`].
pub(super) fn live_part(row: &Row<'_>) -> rusqlite::Result<LivePart> {
    let told: Option<Box<str>> = row.get(14)?;
    let tell: Tell = coded(row, 16)?;
    let told = told.map(|name| ReceiptStatus::parse(&name).ok_or_else(|| corrupt_column(14))).transpose()?;
    Ok(LivePart {
        record: PartRecord {
            part_id: PartId(row.get(0)?),
            message_id: MessageId(row.get(1)?),
            number: small(row, 2)?,
            account_id: AccountId(row.get(3)?),
            class: coded(row, 15)?,
            carrier: CarrierId(small(row, 4)?),
            state: state_of(row.get(5)?, row.get(6)?).ok_or_else(|| corrupt_column(5))?,
            attempt: AttemptNumber(small(row, 7)?),
            failures: small(row, 8)?,
            doubts: small(row, 9)?,
            reroutes: small(row, 20)?,
            unclear_until: row.get::<_, Option<i64>>(21)?.map(Timestamp),
            price: row.get(10)?,
            funds: coded(row, 11)?,
            capture_on: coded(row, 12)?,
            expires_at: Timestamp(row.get(13)?),
            told,
            receipt: if matches!(tell, Tell::Nobody) { ReceiptWish::Unwanted } else { ReceiptWish::Wanted },
        },
        class: coded(row, 15)?,
        tell,
        carrier_message_id: row.get(17)?,
        paid_from: coded(row, 18)?,
        has_code: row.get(19)?,
    })
}

// By the primary key.
pub(super) const LIVE_PART: &str = concat!("select ", live_columns!(), " from live where part_id = ?1");

/// The open part `id`.
pub(super) fn find_live(db: &Connection, id: PartId) -> rusqlite::Result<Option<LivePart>> {
    db.prepare_cached(LIVE_PART)?.query_row([id.0], live_part).optional()
}

/// A row of `message`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MessageRow {
    pub(super) id: MessageId,
    pub(super) serial: Option<Serial>,
    pub(super) account_id: AccountId,
    pub(super) dialect: Box<str>,
    pub(super) class: MessageClass,
    pub(super) recipient: PhoneNumber,
    pub(super) sender: SenderId,
    pub(super) content: Content,
    pub(super) handset_class: Option<HandsetClass>,
    pub(super) registration: Registration,
    pub(super) cut: Cut,
    pub(super) encoding: Encoding,
    pub(super) part_count: u8,
    pub(super) price: i64,
    pub(super) balance_after: i64,
    pub(super) network: Box<str>,
    pub(super) carrier: CarrierId,
    pub(super) route: Box<str>,
    pub(super) epoch: u32,
    pub(super) receipt: ReceiptWish,
    pub(super) callback: Option<Box<str>>,
    pub(super) form: NoticeForm,
    pub(super) application: Option<ApplicationId>,
    pub(super) client_ref: Option<Box<str>>,
    pub(super) account_ref: Option<Box<str>>,
    pub(super) validity: Option<Span>,
    pub(super) accepted_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl MessageRow {
    /// Whether a key for trying out sent it.
    pub(super) fn is_trial(&self) -> bool {
        *self.route == *TEST_ROUTE && self.price == 0
    }
}

/// The columns of [`message_row`], in its order.
macro_rules! message_columns {
    () => {
        "m.id, m.account_id, m.dialect, m.class, m.recipient, m.sender_kind, m.sender, m.text, m.alphabet, \
         m.concat_reference, m.encoding, m.part_count, m.price, m.balance_after, m.network, m.carrier, m.route, m.epoch, \
         m.receipt_wanted, m.callback, m.client_ref, m.validity, m.accepted_at, m.expires_at, m.header, m.body, \
         m.protocol_id, m.handset_class, m.entity, m.template, m.form, m.application, m.account_ref, m.code_from, \
         m.code_length, m.serial"
    };
}
pub(super) use message_columns;

/// How many columns [`message_columns`] has: the index of the first one after them.
pub(super) const MESSAGE_COLUMNS: usize = 36;

/// Reads [`message_columns`].
pub(super) fn message_row(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    let wanted: bool = row.get(18)?;
    Ok(MessageRow {
        id: MessageId(row.get(0)?),
        serial: row.get::<_, Option<i64>>(35)?.and_then(|number| u64::try_from(number).ok()).map(Serial),
        account_id: AccountId(row.get(1)?),
        dialect: row.get(2)?,
        class: coded(row, 3)?,
        recipient: parsed(row, 4, |digits| PhoneNumber::from_digits(digits).ok())?,
        sender: sender_of(row.get(5)?, row.get(6)?).ok_or_else(|| corrupt_column(6))?,
        content: content(row)?,
        handset_class: handset_class(row)?,
        registration: Registration { entity: row.get(28)?, template: row.get(29)? },
        cut: cut_of(row.get(9)?).ok_or_else(|| corrupt_column(9))?,
        encoding: parsed(row, 10, encoding_of)?,
        part_count: small(row, 11)?,
        price: row.get(12)?,
        balance_after: row.get(13)?,
        network: row.get(14)?,
        carrier: CarrierId(small(row, 15)?),
        route: row.get(16)?,
        epoch: small(row, 17)?,
        receipt: if wanted { ReceiptWish::Wanted } else { ReceiptWish::Unwanted },
        callback: row.get(19)?,
        form: NoticeForm(small(row, 30)?),
        application: row.get::<_, Option<[u8; 16]>>(31)?.map(application),
        client_ref: row.get(20)?,
        account_ref: row.get(32)?,
        validity: row.get::<_, Option<i64>>(21)?.map(Span),
        accepted_at: Timestamp(row.get(22)?),
        expires_at: Timestamp(row.get(23)?),
    })
}

fn application(octets: [u8; 16]) -> ApplicationId {
    ApplicationId(u128::from_be_bytes(octets))
}

fn content(row: &Row<'_>) -> rusqlite::Result<Content> {
    let body: Option<Box<[u8]>> = row.get(25)?;
    Ok(match body {
        None => Content::Text { text: text(row)?, alphabet: coded(row, 8)? },
        Some(body) => Content::Binary(Binary {
            header: MessageOctets::new(row.get::<_, Option<Box<[u8]>>>(24)?.unwrap_or_default()),
            body: MessageOctets::new(body),
            protocol_id: small(row, 26)?,
        }),
    })
}

fn text(row: &Row<'_>) -> rusqlite::Result<MessageText> {
    let text: Box<str> = row.get(7)?;
    match row.get::<_, Option<u16>>(33)? {
        None => Ok(MessageText::new(text)),
        Some(from) => {
            let place = CodePlace { from, length: small(row, 34)? };
            MessageText::with_code_at(text, place).ok_or_else(|| corrupt_column(33))
        }
    }
}

fn handset_class(row: &Row<'_>) -> rusqlite::Result<Option<HandsetClass>> {
    let number: Option<u8> = row.get(27)?;
    number.map(|number| HandsetClass::from_value(number).ok_or_else(|| corrupt_column(27))).transpose()
}

// By the primary key.
pub(super) const MESSAGE: &str = concat!("select ", message_columns!(), " from message m where m.id = ?1");

/// The message `id`.
pub(super) fn find_message(db: &Connection, id: MessageId) -> rusqlite::Result<Option<MessageRow>> {
    db.prepare_cached(MESSAGE)?.query_row([id.0], message_row).optional()
}

// Each half by its primary key or, for parts after the first, by its partial index.
const PARTS_OF_MESSAGE: &str = "select part_id, number from live where part_id = ?1
 union all select part_id, number from ended where part_id = ?1
 union all select part_id, number from live where message_id = ?1 and number > 1
 union all select part_id, number from ended where message_id = ?1 and number > 1";

/// The ids of a message's parts in order.
pub(super) fn parts_of(db: &Connection, id: MessageId) -> rusqlite::Result<Vec<PartId>> {
    let mut statement = db.prepare_cached(PARTS_OF_MESSAGE)?;
    let rows = statement.query_map([id.0], |row| Ok((row.get(1)?, PartId(row.get(0)?))))?;
    let mut parts: Vec<(i64, PartId)> = rows.collect::<rusqlite::Result<_>>()?;
    parts.sort_unstable();
    Ok(parts.into_iter().map(|(_, id)| id).collect())
}

// As above.
const STATES_OF_MESSAGE: &str = "select part_id, number, iif(reroutes > 0, 3, state), state_at, null, null from live
 where part_id = ?1
 union all select part_id, number, null, null, status, cause from ended where part_id = ?1
 union all select part_id, number, iif(reroutes > 0, 3, state), state_at, null, null from live
 where message_id = ?1 and number > 1
 union all select part_id, number, null, null, status, cause from ended where message_id = ?1 and number > 1";

/// A message's parts in order, each with where it is as its customer knows: [`PartRecord::known_state`].
pub(super) fn states_of(db: &Connection, id: MessageId) -> rusqlite::Result<Vec<(PartId, PartState)>> {
    let mut statement = db.prepare_cached(STATES_OF_MESSAGE)?;
    let rows = statement.query_map([id.0], |row| {
        let state = match row.get::<_, Option<i64>>(2)? {
            Some(code) => state_of(code, row.get(3)?).ok_or_else(|| corrupt_column(2))?,
            None => PartState::Final(Final {
                status: parsed(row, 4, ReceiptStatus::parse)?,
                cause: parsed(row, 5, Cause::parse)?,
            }),
        };
        Ok((row.get::<_, i64>(1)?, PartId(row.get(0)?), state))
    })?;
    let mut states: Vec<(i64, PartId, PartState)> = rows.collect::<rusqlite::Result<_>>()?;
    states.sort_unstable_by_key(|(number, ..)| *number);
    Ok(states.into_iter().map(|(_, id, state)| (id, state)).collect())
}

/// An account with what stands beside it in its row. Its lists are not read here.
#[derive(Debug)]
pub(super) struct AccountRow {
    pub(super) account: Account,
    pub(super) dialect: Box<str>,
    pub(super) posted: i64,
    pub(super) held: i64,
    pub(super) floor: i64,
    pub(super) spent: Spent,
    pub(super) credit: Shares,
}

const ACCOUNTS: &str =
    "select a.id, a.key, a.name, a.currency, a.status, a.default_class, a.capture_on, a.webhook_method,
 a.dialect, a.policy, w.posted, w.held, w.floor, a.rules, w.spent_day, w.spent, w.free_credit,
 w.bonus_credit, a.otp_template, a.otp_sender
 from account a join wallet w on w.account_id = a.id
 where ?1 is null or a.id = ?1
 order by a.id";
const ENDPOINTS: &str = "select kind, url from endpoint where account_id = ?1 order by kind";

/// Every account, or the one.
pub(super) fn accounts(db: &Connection, only: Option<AccountId>) -> rusqlite::Result<Vec<AccountRow>> {
    let mut rows: Vec<AccountRow> =
        db.prepare_cached(ACCOUNTS)?.query_map([only.map(|id| id.0)], account_row)?.collect::<rusqlite::Result<_>>()?;
    let mut endpoints = db.prepare_cached(ENDPOINTS)?;
    for row in &mut rows {
        row.account.endpoints = endpoints
            .query_map(params![row.account.id.0], |row| {
                Ok(Endpoint { kind: parsed(row, 0, EndpointKind::parse)?, url: row.get(1)? })
            })?
            .collect::<rusqlite::Result<_>>()?;
    }
    Ok(rows)
}

fn account_row(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    let currency = parsed(row, 3, |code| code.parse().ok())?;
    let (signing, policy) = policy::parse(row.get_ref(9)?.as_str()?, currency).ok_or_else(|| corrupt_column(9))?;
    Ok(AccountRow {
        account: Account {
            id: AccountId(row.get(0)?),
            key: row.get(1)?,
            name: row.get(2)?,
            currency,
            status: parsed(row, 4, AccountStatus::parse)?,
            default_class: parsed(row, 5, MessageClass::parse)?,
            capture_on: parsed(row, 6, CaptureOn::parse)?,
            webhook_method: parsed(row, 7, HttpMethodChoice::parse)?,
            endpoints: Vec::new(),
            rules: parsed(row, 13, rules::parse)?,
            otp: OtpSettings {
                template: row.get(18)?,
                sender: row.get::<_, Option<Box<str>>>(19)?.map(|_| parsed(row, 19, SenderId::parse)).transpose()?,
            },
            signing,
            policy: Arc::new(policy),
            lists: Arc::default(),
        },
        dialect: row.get(8)?,
        posted: row.get(10)?,
        held: row.get(11)?,
        floor: row.get(12)?,
        spent: Spent { day: row.get(14)?, units: row.get(15)? },
        credit: Shares { free_credit: row.get(16)?, bonus_credit: row.get(17)? },
    })
}
