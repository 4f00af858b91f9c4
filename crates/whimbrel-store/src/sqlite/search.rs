//! Finding messages by a query of the search grammar.
//!
//! SQL narrows by what an index serves (a recipient, an account, a message, a span of time, which is a range of ids); what is left is
//! judged row by row, from the newest or the oldest on, by the one evaluator that every reader of queries has. A text never becomes a part
//! of a statement. The work is bounded: after so many rows a search ends and says how far it came. When it found as many as were asked
//! for it looks for one more, so that whoever is told that there is more finds it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::{
    AccountId, CodePlace, InboundAlphabet, InboundContent, MessageId, MessageText, Span, Timestamp, id,
};
use whimbrel_inbox::search::{
    Candidate, Direction, NumberPattern, PartProgress, Progress, Query, Test, WebhookProgress,
};

use super::codes::{coded, small, state_name, state_of};
use super::fault::{Fault, corrupt_column};
use super::inbox::{self, Piece};
use super::story;
use super::walk::Walk;
use crate::view::{Found, InboundView, MessageSummary, Search, SearchEnd, SearchOrder, Sight};

/// Texts that came in are read so many at a time.
const INBOUND_PAGE: usize = 500;
/// How far the clock may have been set back when an id was made: no id is behind the time of what it names by more.
const IDS_BEHIND_MAX: Span = Span::hours(24);
/// Waiting webhooks that a search looks at.
const PENDING_MAX: i64 = 1_000_000;

// By the primary key.
const ALL: &str = "?3 is null and ?4 is null";
// By the index message_by_account.
const OF_ACCOUNT: &str = "m.account_id = ?3 and ?4 is null";
// By the index message_by_recipient.
const TO_RECIPIENT: &str = "m.recipient = ?4 and ?3 is null";

const ACCOUNTS: &str = "select id, dialect, key from account";
const CARRIERS: &str = "select id, name from carrier";
// The rows of all that wait, and of an account's search each one's message by its primary key: no index has notices by account, because
// every receipt would write it.
const PENDING: &str = "select n.message_id from (select message_id from notice where message_id is not null limit ?1) n
 where ?2 is null or exists (select 1 from message m where m.id = n.message_id and m.account_id = ?2)";
// By the primary key, from its end on.
const LAST_WEBHOOK: &str =
    "select detail from event where message_id = ?1 and what = 'webhook' order by at desc, sequence desc limit 1";
// Each half by its primary key or, for parts after the first, by its partial index.
const PROGRESS: &str = "select number, state, state_at, null, null, null from live where part_id = ?1
 union all select number, null, null, status, cause, code from ended where part_id = ?1
 union all select number, state, state_at, null, null, null from live where message_id = ?1 and number > 1
 union all select number, null, null, status, cause, code from ended where message_id = ?1 and number > 1";

/// Whether a message was sent by a key for trying out, from what was planned for it.
const IS_TRIAL: &str = ", m.price = 0 and m.route = 'test key' as is_trial";

/// The statement that gives candidates. No value is a part of it, and what a query does not look at is not read: neither a text nor, by
/// the primary keys of `ended` and `live`, how far the first part is, which is the only one of most messages.
fn statement(narrowed: &str, search: &Search) -> String {
    let text = if search.query.needs_text() { "m.text" } else { "''" };
    let order = match search.order {
        SearchOrder::NewestFirst => "desc",
        SearchOrder::OldestFirst => "asc",
    };
    let (columns, joined) = match search.query.needs_progress() {
        true => (
            ", e.status, e.cause, e.code, l.state, l.state_at",
            " left join ended e on e.part_id = m.id left join live l on l.part_id = m.id",
        ),
        false => ("", ""),
    };
    let trial = if search.sight == Sight::Everything { "" } else { IS_TRIAL };
    format!(
        "select m.id, m.account_id, m.dialect, m.carrier, m.recipient, m.sender, {text}, m.encoding, m.network, m.class,
 m.part_count, m.price, m.client_ref, m.accepted_at, m.code_from, m.code_length{columns}{trial} from message m{joined}
 where {narrowed} and m.id > ?1 and m.id < ?2 order by m.id {order}"
    )
}

/// What a search knows besides the rows.
struct Names {
    accounts: BTreeMap<i64, (Box<str>, Box<str>)>,
    carriers: BTreeMap<u16, Box<str>>,
    pending: BTreeSet<i64>,
}

pub(super) fn messages(db: &Connection, search: &Search) -> Result<Found<MessageSummary>, Fault> {
    let names = Names::read(db, search)?;
    let Found { found, end, newest } = candidates(db, search, &names)?;
    let messages = found.into_iter().map(|id| story::one_line(db, id)).collect::<Result<Vec<_>, _>>()?;
    // One that was removed meanwhile is not there any more.
    Ok(Found { found: messages.into_iter().flatten().collect(), end, newest })
}

/// What an index narrows a search by: one of both at most. Whatever else a query says is judged row by row, and each row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Narrowing<'a> {
    account: Option<AccountId>,
    recipient: Option<&'a str>,
}

impl<'a> Narrowing<'a> {
    /// Whoever may see one account only comes by no row of another, so that neither the answer nor the time it takes tells how many
    /// there are. Else a number goes before an account that the query names: it has fewer rows.
    fn of(search: &'a Search, names: &Names) -> Self {
        if search.account.is_some() {
            return Self { account: search.account, recipient: None };
        }
        let recipient = search.query.holding().find_map(|test| match test {
            Test::To(NumberPattern::Exact(digits)) => Some(&**digits),
            _ => None,
        });
        let account = if recipient.is_none() { names.only_account(&search.query) } else { None };
        Self { account, recipient }
    }
}

/// The ids of what is found.
fn candidates(db: &Connection, search: &Search, names: &Names) -> Result<Found<MessageId>, Fault> {
    let narrowing = Narrowing::of(search, names);
    let narrowed = match narrowing {
        Narrowing { recipient: Some(_), .. } => TO_RECIPIENT,
        Narrowing { account: Some(_), .. } => OF_ACCOUNT,
        Narrowing { account: None, recipient: None } => ALL,
    };
    let Range { start, end } = id_range(search);
    let mut statement = db.prepare_cached(&statement(narrowed, search))?;
    let mut rows = statement.query(params![start, end, narrowing.account.map(|id| id.0), narrowing.recipient])?;
    let mut walk = Walk::new(search.order, search.count_max, search.rows_max);
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if let Some(end) = walk.come_to(id, Timestamp(row.get(13)?)) {
            return Ok(walk.ended(end));
        }
        if matches!(search.sight, Sight::Trials(_)) && !row.get::<_, bool>("is_trial")? {
            continue;
        }
        if fits(db, row, search, names)?
            && let Some(end) = walk.find(id, || MessageId(id))
        {
            return Ok(walk.ended(end));
        }
    }
    Ok(walk.ended(SearchEnd::Everything))
}

/// The ids that may be meant, both ends left out.
fn id_range(search: &Search) -> Range<i64> {
    let mut range = search.after.unwrap_or(-1)..search.before.unwrap_or(i64::MAX);
    for test in search.query.holding() {
        match test {
            Test::After(at) => range.start = range.start.max(id::lowest_at(*at - IDS_BEHIND_MAX) - 1),
            Test::Before(at) => range.end = range.end.min(id::lowest_at(*at + search.ids_ahead_max).max(1)),
            Test::Id { number: Some(number), .. } => {
                range = range.start.max(*number - 1)..range.end.min(number.saturating_add(1));
            }
            _ => {}
        }
    }
    range
}

fn fits(db: &Connection, row: &Row<'_>, search: &Search, names: &Names) -> Result<bool, Fault> {
    let candidate = candidate(row, names)?;
    if !search.query.fits(&candidate) {
        return Ok(false);
    }
    if !search.query.needs_progress() {
        return Ok(true);
    }
    let id = MessageId(candidate.id);
    let last_webhook = if search.query.needs_webhooks() { last_webhook(db, id)? } else { None };
    let has_pending_webhook = names.pending.contains(&candidate.id);
    if candidate.part_count == 1 {
        let (status, part) = only_part(row)?;
        let parts = part.into_iter().collect();
        return Ok(search.query.fits_progress(&Progress { status, parts, has_pending_webhook, last_webhook }));
    }
    let became = became(db, id)?;
    let parts =
        became.parts.iter().map(|part| PartProgress { cause: part.cause.as_deref(), code: &part.code }).collect();
    let status = &became.status;
    Ok(search.query.fits_progress(&Progress { status, parts, has_pending_webhook, last_webhook }))
}

/// How far the only part of a message is, from its own row.
fn only_part<'a>(row: &'a Row<'_>) -> Result<(&'a str, Option<PartProgress<'a>>), Fault> {
    if let ValueRef::Text(_) = row.get_ref(16)? {
        return Ok((text(row, 16)?, Some(PartProgress { cause: Some(text(row, 17)?), code: text(row, 18)? })));
    }
    let Some(state) = row.get::<_, Option<i64>>(19)? else { return Ok((story::folded(&[]), None)) };
    let state = state_of(state, row.get(20)?).map_or("unknown", state_name);
    Ok((state, Some(PartProgress { cause: None, code: "" })))
}

/// A column's text; empty for null.
fn text<'a>(row: &'a Row<'_>, index: usize) -> Result<&'a str, Fault> {
    match row.get_ref(index)? {
        ValueRef::Null => Ok(""),
        value => value.as_str().map_err(|_| corrupt_column(index).into()),
    }
}

fn candidate<'a>(row: &'a Row<'_>, names: &'a Names) -> Result<Candidate<'a>, Fault> {
    let text = |index: usize| text(row, index);
    let shown = text(6)?;
    let (account_dialect, account_key) = names.account(row.get(1)?);
    let part_count: u8 = small(row, 10)?;
    let price: i64 = row.get(11)?;
    Ok(Candidate {
        direction: Direction::Sent,
        id: row.get(0)?,
        account_key,
        account_dialect,
        dialect: text(2)?,
        carrier: names.carriers.get(&small(row, 3)?).map_or("", |name| name),
        to: text(4)?,
        from: text(5)?,
        // One that was not read has no code to mask.
        text: if shown.is_empty() { Cow::Borrowed(shown) } else { masked(row, shown)? },
        is_unicode: text(7)? == "ucs2",
        network: text(8)?,
        class: Some(coded(row, 9)?),
        part_count,
        price: price.checked_mul(i64::from(part_count)),
        client_ref: text(12)?,
        at: Timestamp(row.get(13)?),
    })
}

/// A text as it may be shown: with its one-time code masked, so that nobody finds out a code by searching.
fn masked<'a>(row: &Row<'_>, text: &'a str) -> Result<Cow<'a, str>, Fault> {
    let Some(from) = row.get::<_, Option<u16>>(14)? else { return Ok(Cow::Borrowed(text)) };
    let place = CodePlace { from, length: small(row, 15)? };
    let text = MessageText::with_code_at(text, place).ok_or_else(|| corrupt_column(14))?;
    Ok(Cow::Owned(text.masked().into_owned()))
}

impl Names {
    fn read(db: &Connection, Search { query, account, .. }: &Search) -> Result<Self, Fault> {
        let mut names = Self { accounts: BTreeMap::new(), carriers: BTreeMap::new(), pending: BTreeSet::new() };
        if query.terms.iter().any(|term| matches!(term.test, Test::Account(_))) {
            let mut statement = db.prepare_cached(ACCOUNTS)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
            names.accounts = rows.collect::<rusqlite::Result<_>>()?;
        }
        let mut statement = db.prepare_cached(CARRIERS)?;
        let rows = statement.query_map([], |row| Ok((small(row, 0)?, row.get(1)?)))?;
        names.carriers = rows.collect::<rusqlite::Result<_>>()?;
        // Only of the account whose messages are looked at: those of others are neither kept in memory nor do they crowd these out.
        if query.terms.iter().any(|term| term.test == Test::Webhook(WebhookProgress::Pending)) {
            let mut statement = db.prepare_cached(PENDING)?;
            let rows = statement.query_map(params![PENDING_MAX, account.map(|id| id.0)], |row| row.get(0))?;
            names.pending = rows.collect::<rusqlite::Result<_>>()?;
        }
        Ok(names)
    }

    /// Dialect and key; empty if they are not asked for.
    fn account(&self, id: Option<i64>) -> (&str, &str) {
        id.and_then(|id| self.accounts.get(&id)).map_or(("", ""), |(dialect, key)| (dialect, key))
    }

    /// The one account that the query allows, if it names one and no other has its key.
    fn only_account(&self, query: &Query) -> Option<AccountId> {
        let name = query.holding().find_map(|test| match test {
            Test::Account(name) => Some(&**name),
            _ => None,
        })?;
        let is_it = |(dialect, key): &(Box<str>, Box<str>)| match name.split_once(':') {
            Some((named, named_key)) => **dialect == *named && **key == *named_key,
            None => **key == *name,
        };
        let mut ids = self.accounts.iter().filter(|(_, names)| is_it(names)).map(|(id, _)| AccountId(*id));
        ids.next().filter(|_| ids.next().is_none())
    }
}

/// What became of a message of several parts.
struct Became {
    status: String,
    parts: Vec<Part>,
}

struct Part {
    state: Box<str>,
    cause: Option<Box<str>>,
    code: Box<str>,
}

fn became(db: &Connection, id: MessageId) -> Result<Became, Fault> {
    let mut statement = db.prepare_cached(PROGRESS)?;
    let rows = statement.query_map([id.0], |row| {
        Ok(match row.get::<_, Option<i64>>(1)? {
            Some(state) => {
                let state = state_of(state, row.get(2)?).map_or("unknown", state_name);
                Part { state: state.into(), cause: None, code: Box::default() }
            }
            None => Part { state: row.get(3)?, cause: row.get(4)?, code: row.get(5)? },
        })
    })?;
    let parts: Vec<Part> = rows.collect::<rusqlite::Result<_>>()?;
    let states: Vec<Box<str>> = parts.iter().map(|part| part.state.clone()).collect();
    Ok(Became { status: story::folded(&states).to_owned(), parts })
}

/// How the last try went: a line of the story begins with it.
fn last_webhook(db: &Connection, id: MessageId) -> Result<Option<WebhookProgress>, Fault> {
    let detail: Option<String> = db.prepare_cached(LAST_WEBHOOK)?.query_row([id.0], |row| row.get(0)).optional()?;
    Ok(detail.map(|detail| match detail.starts_with("delivered") {
        true => WebhookProgress::Delivered,
        false => WebhookProgress::Failed,
    }))
}

/// Texts that came in.
pub(super) fn inbound(db: &Connection, search: &Search) -> Result<Found<InboundView>, Fault> {
    let names = Names::read(db, search)?;
    let Narrowing { account, recipient: number } = Narrowing::of(search, &names);
    let mut ids = id_range(search);
    let mut walk = Walk::new(search.order, search.count_max, search.rows_max);
    loop {
        let piece = Piece { number, account, ids: ids.clone(), order: search.order, count_max: INBOUND_PAGE };
        let page = inbox::piece(db, &piece)?;
        let is_last = page.len() < INBOUND_PAGE;
        for view in page {
            let id = view.id.0;
            match search.order {
                SearchOrder::NewestFirst => ids.end = id,
                SearchOrder::OldestFirst => ids.start = id,
            }
            if let Some(end) = walk.come_to(id, view.at) {
                return Ok(walk.ended(end));
            }
            let is_seen = match search.sight {
                Sight::Everything => true,
                Sight::Trials(carrier) => carrier == Some(view.carrier),
            };
            if is_seen
                && search.query.fits(&inbound_candidate(&view, &names))
                && let Some(end) = walk.find(id, || view)
            {
                return Ok(walk.ended(end));
            }
        }
        if is_last {
            return Ok(walk.ended(SearchEnd::Everything));
        }
    }
}

fn inbound_candidate<'a>(view: &'a InboundView, names: &'a Names) -> Candidate<'a> {
    let (account_dialect, account_key) = names.account(view.account_id.map(|id| id.0));
    let (text, is_unicode) = match &view.content {
        InboundContent::Text { text, alphabet } => (text.masked(), *alphabet == InboundAlphabet::Ucs2),
        InboundContent::Binary(_) => (Cow::Borrowed(""), false),
    };
    Candidate {
        direction: Direction::CameIn,
        id: view.id.0,
        account_key,
        account_dialect,
        dialect: "",
        carrier: names.carriers.get(&view.carrier.0).map_or("", |name| name),
        to: &view.number,
        from: view.sender.as_str(),
        text,
        is_unicode,
        network: "",
        class: None,
        part_count: view.parts.1,
        price: None,
        client_ref: "",
        at: view.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_for_trying_out_is_known_by_the_name_of_its_rule() {
        assert!(IS_TRIAL.contains(&format!("'{}'", whimbrel_core::plan::TEST_ROUTE)));
    }
}
