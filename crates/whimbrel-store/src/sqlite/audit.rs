//! Adding up the ledger: what wallets say against what the rows say.

use rusqlite::Connection;
use whimbrel_core::AccountId;

use super::fault::Fault;

/// What an audit found. Everything is well if both lists are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Rows of the ledger.
    pub transfer_count: u64,
    /// Accounts whose posted amount is not the sum of their transfers, with that sum and the wallet's figure, in units.
    pub posted_wrong: Vec<(AccountId, i64, i64)>,
    /// Accounts whose held amount is not the sum of their open holds, with that sum and the wallet's figure, in units.
    pub held_wrong: Vec<(AccountId, i64, i64)>,
    /// Captures of a part that is not there or is not marked as captured, and parts marked as captured without one.
    pub captures_wrong: u64,
    /// Payments for numbers without a purchase of that amount, and purchases without their payment.
    pub purchases_wrong: u64,
}

impl Audit {
    /// Whether everything adds up.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.posted_wrong.is_empty()
            && self.held_wrong.is_empty()
            && self.captures_wrong == 0
            && self.purchases_wrong == 0
    }
}

const POSTED_WRONG: &str = "select w.account_id, coalesce(s.total, 0), w.posted
 from wallet w left join
 (select account_id, sum(amount) as total from
  (select credit as account_id, amount from transfer union all select debit, -amount from transfer)
  group by account_id) s on s.account_id = w.account_id
 where coalesce(s.total, 0) <> w.posted order by w.account_id";
const HELD_WRONG: &str = "select w.account_id, coalesce(s.total, 0), w.held
 from wallet w left join
 (select account_id, sum(price) as total from live where funds = 0 group by account_id) s
 on s.account_id = w.account_id
 where coalesce(s.total, 0) <> w.held order by w.account_id";
const CAPTURES_WRONG: &str = "select
 (select count(*) from transfer t where t.kind = 1
  and not exists (select 1 from live where part_id = t.cause and funds = 1)
  and not exists (select 1 from ended where part_id = t.cause and funds = 1))
 + (select count(*) from live l where l.funds = 1 and l.price > 0
  and not exists (select 1 from transfer where kind = 1 and cause = l.part_id))
 + (select count(*) from ended e join message m on m.id = e.message_id where e.funds = 1 and m.price > 0
  and not exists (select 1 from transfer where kind = 1 and cause = e.part_id))
 + (select count(*) from ended where funds = 0)";

const PURCHASES_WRONG: &str = "select
 (select count(*) from transfer t where t.kind = 3
  and not exists (select 1 from purchase where id = t.cause and account_id = t.debit and amount = t.amount))
 + (select count(*) from purchase p where p.amount > 0
  and not exists (select 1 from transfer where kind = 3 and cause = p.id))
 + (select count(*) from purchase p where p.ended_at is null
  and not exists (select 1 from number where number = p.number and account_id = p.account_id))";

pub(super) fn audit(db: &Connection) -> Result<Audit, Fault> {
    let wrong = |sql: &str| -> Result<Vec<(AccountId, i64, i64)>, Fault> {
        let mut statement = db.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((AccountId(row.get(0)?), row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|count| count.unsigned_abs());
    Ok(Audit {
        transfer_count: count("select count(*) from transfer")?,
        posted_wrong: wrong(POSTED_WRONG)?,
        held_wrong: wrong(HELD_WRONG)?,
        captures_wrong: count(CAPTURES_WRONG)?,
        purchases_wrong: count(PURCHASES_WRONG)?,
    })
}
