//! Numbers as customers and operators list them: owned, for sale, or all of the pool.

use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, params};
use whimbrel_core::call::numbers::{
    ApplicationFilter, Features, NumberKind, NumberPattern, NumberSettings, OwnedEntry, OwnedQuery, Page, PatternPlace,
    SaleEntry,
};
use whimbrel_core::{AccountId, CountryCode};

use super::codes::{parsed, small};
use super::fault::{Fault, corrupt_column};
use super::offers::{offer, offer_columns};
use super::reads::limit;
use crate::op::Offer;
use crate::view::{PooledNumber, SaleFilter};

/// A page of an operator's list, at most.
const POOL_PAGE_MAX: usize = 10_000;

// By the index number_by_account. What is not known of a number is a mobile one for texts.
const OWNED: &str = "select number, country, coalesce(kind, 'mobile'), coalesce(features, 1), inbound_url, application,
 system_type, voice_kind, voice_value, voice_status_url, count(*) over () from number
 where account_id = ?1 and (?2 is null or country = ?2) and (coalesce(features, 1) & ?3) = ?3";
// By the index offer_by_country, where a country is named.
const ON_SALE: &str = concat!(
    "select ",
    offer_columns!(),
    ", count(*) over () from offer o where o.currency = ?2 and (o.features & ?3) = ?3",
    " and (?4 is null or o.kind = ?4) and not exists (select 1 from number n where n.number = o.number)"
);
// By the primary keys.
const POOL: &str = concat!(
    "select ",
    offer_columns!(),
    ", n.account_id from offer o left join number n on n.number = o.number where o.number > ?1 order by o.number limit ?2"
);

/// The clause that finds a pattern's digits, parameter 5, in a column of numbers.
fn matching(pattern: &NumberPattern, column: &str) -> String {
    match pattern.place {
        PatternPlace::Exactly => format!(" and {column} = ?5"),
        _ if pattern.digits.is_empty() => String::new(),
        // A colon follows the nine, so that this is a range of an index.
        PatternPlace::Start => format!(" and {column} >= ?5 and {column} < ?5 || ':'"),
        PatternPlace::Anywhere => format!(" and instr({column}, ?5) > 0"),
        PatternPlace::End => format!(" and substr({column}, -length(?5)) = ?5"),
    }
}

/// Runs a query with five parameters and then limit and offset, whose last column is the count of all.
fn page<T>(
    db: &Connection,
    sql: &str,
    values: [&dyn ToSql; 5],
    page: Page,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<(Vec<T>, u64), Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let count_column = statement.column_count() - 1;
    let (size, offset) = (i64::from(page.size), i64::try_from(page.offset()).unwrap_or(i64::MAX));
    let [a, b, c, d, e] = values;
    let rows = statement
        .query_map(params![a, b, c, d, e, size, offset], |row| Ok((read(row)?, row.get::<_, i64>(count_column)?)))?;
    let (mut entries, mut total) = (Vec::new(), 0);
    for row in rows {
        let (entry, count) = row?;
        entries.push(entry);
        total = count.unsigned_abs();
    }
    Ok((entries, total))
}

pub(super) fn owned(db: &Connection, account: AccountId, query: &OwnedQuery) -> Result<(Vec<OwnedEntry>, u64), Fault> {
    let (clause, application) = match &query.application {
        ApplicationFilter::Any => ("", None),
        ApplicationFilter::Linked => (" and application is not null", None),
        ApplicationFilter::Unlinked => (" and application is null", None),
        ApplicationFilter::Exactly(id) => (" and application = ?4", Some(id)),
    };
    let digits = matching(&query.pattern, "number");
    let sql = format!("{OWNED}{clause}{digits} order by number limit ?6 offset ?7");
    let country = query.country.as_ref().map(CountryCode::as_str);
    let values: [&dyn ToSql; 5] = [&account.0, &country, &query.features.bits(), &application, &query.pattern.digits];
    page(db, &sql, values, query.page, owned_entry)
}

fn owned_entry(row: &Row<'_>) -> rusqlite::Result<OwnedEntry> {
    let country: Option<Box<str>> = row.get(1)?;
    Ok(OwnedEntry {
        number: row.get(0)?,
        country: country.map(|code| CountryCode::parse(&code).ok_or_else(|| corrupt_column(1))).transpose()?,
        kind: parsed(row, 2, NumberKind::parse)?,
        features: Features::from_bits(small(row, 3)?).ok_or_else(|| corrupt_column(3))?,
        settings: NumberSettings {
            inbound_url: row.get(4)?,
            application: row.get(5)?,
            system_type: row.get(6)?,
            voice_kind: row.get(7)?,
            voice_value: row.get(8)?,
            voice_status_url: row.get(9)?,
        },
    })
}

pub(super) fn on_sale(db: &Connection, filter: &SaleFilter) -> Result<(Vec<SaleEntry>, u64), Fault> {
    let query = &filter.query;
    let digits = matching(&query.pattern, "o.number");
    let of_country = if query.country.is_some() { " and o.country = ?1" } else { "" };
    let country = query.country.as_ref().map(CountryCode::as_str);
    let sql = format!("{ON_SALE}{of_country}{digits} order by o.number limit ?6 offset ?7");
    let kind = query.kind.map(NumberKind::as_str);
    let values: [&dyn ToSql; 5] =
        [&country, &filter.currency.as_str(), &query.features.bits(), &kind, &query.pattern.digits];
    page(db, &sql, values, query.page, |row| {
        let Offer { number, country, kind, features, monthly, purchase } = offer(row)?;
        Ok(SaleEntry { number, country, kind, features, monthly, purchase })
    })
}

pub(super) fn pool(db: &Connection, after: Option<&str>, count_max: usize) -> Result<Vec<PooledNumber>, Fault> {
    let mut statement = db.prepare_cached(POOL)?;
    let rows = statement.query_map(params![after.unwrap_or_default(), limit(count_max.min(POOL_PAGE_MAX))], |row| {
        Ok(PooledNumber { offer: offer(row)?, owner: row.get::<_, Option<i64>>(7)?.map(AccountId) })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
