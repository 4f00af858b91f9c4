//! What an account sent and what came in for it, added up on request: by networks, marks or not at all.
//!
//! When something was sent or came in is told by its id. What retention has removed is not counted: [`usage`](super::usage) keeps that.

use rusqlite::{Connection, params};
use whimbrel_core::call::totals::{TotalsBy, TotalsCall};
use whimbrel_core::{AccountId, id};

use super::fault::Fault;
use super::reads::limit;
use crate::view::{Tallies, Tally};

/// Messages, and texts that came in, that one read counts at most: they are looked at one by one.
const LOOKED_AT_MAX: i64 = 500_000;
/// Rows that one read gives at most.
const ROWS_MAX: usize = 10_000;

// By the indexes message_by_account and inbound_by_account alone.
const COUNT_SENT: &str =
    "select count(*) from (select 1 from message where account_id = ?1 and id >= ?2 and id < ?3 limit ?4)";
const COUNT_CAME_IN: &str = "select count(*) from (
 select 1 from inbound where account_id = ?1 and id >= ?2 and id < ?3 and group_id = id limit ?4)";
// By the index message_by_account; what was given back by the primary keys, and the partial indexes of parts after the first.
const SENT: &str = "select case ?4 when 1 then m.network when 2 then coalesce(m.account_ref, '') else '' end, count(*),
 sum(m.price * (m.part_count
  - (select count(*) from live where part_id = m.id and funds = 2)
  - (select count(*) from ended where part_id = m.id and funds = 2)
  - case m.part_count when 1 then 0 else
   (select count(*) from live where message_id = m.id and number > 1 and funds = 2)
   + (select count(*) from ended where message_id = m.id and number > 1 and funds = 2) end))
 from message m
 where m.account_id = ?1 and m.id >= ?2 and m.id < ?3 and (?5 is null or m.account_ref = ?5)
 group by 1 order by 1 limit ?6";
// By the index inbound_by_account.
const CAME_IN: &str = "select case ?4 when 1 then sender else '' end, count(*), 0 from inbound
 where account_id = ?1 and id >= ?2 and id < ?3 and group_id = id and ?5 is null
 group by 1 order by 1 limit ?6";

/// What the account did in each span; `None` if that is more than is counted on request.
pub(super) fn totals(db: &Connection, account: AccountId, call: &TotalsCall) -> Result<Option<Tallies>, Fault> {
    let (Some(first), Some(last)) = (call.bounds.first(), call.bounds.last()) else {
        return Ok(Some(Tallies::default()));
    };
    let whole = params![account.0, id::lowest_at(*first), id::lowest_at(*last), LOOKED_AT_MAX + 1];
    let mut found = Tallies::default();
    for count in [COUNT_SENT, COUNT_CAME_IN] {
        let count: i64 = db.prepare_cached(count)?.query_row(whole, |row| row.get(0))?;
        if count > LOOKED_AT_MAX {
            return Ok(None);
        }
        found.looked_at += count.unsigned_abs();
    }
    for (span, bounds) in call.bounds.windows(2).enumerate() {
        let (from, until) = (id::lowest_at(bounds[0]), id::lowest_at(bounds[1]));
        for (sql, tallies) in [(SENT, &mut found.sent), (CAME_IN, &mut found.came_in)] {
            let row = params![account.0, from, until, code(call.by), call.account_ref, limit(ROWS_MAX + 1)];
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map(row, |row| {
                Ok(Tally { span, name: row.get(0)?, count: row.get::<_, i64>(1)?.unsigned_abs(), spent: row.get(2)? })
            })?;
            for row in rows {
                tallies.push(row?);
                if tallies.len() > ROWS_MAX {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(found))
}

/// What rows are told apart by, as the statements have it.
const fn code(by: TotalsBy) -> i64 {
    match by {
        TotalsBy::Span | TotalsBy::Account => 0,
        TotalsBy::Country => 1,
        TotalsBy::AccountRef => 2,
    }
}
