//! Networks of numbers that receipts told: the writer's side of what the engine holds in memory.

use rusqlite::{Connection, params};
use whimbrel_core::network::{NETWORK_KEPT, NUMBER_NETWORKS_MAX};
use whimbrel_core::{NumberNetwork, PhoneNumber, Timestamp};

use super::fault::Fault;
use super::writer::Work;
use crate::op::{NetworkNews, OpResult};

/// Old ones are forgotten after so many new ones, and at most four times as many at a time: the table stays bounded.
const NOTED_PER_PRUNE: u32 = 256;
const FORGOTTEN_MAX: i64 = 1_024;

// By the primary key.
const PUT: &str = "insert into number_network (number, network, told_at) values (?1, ?2, ?3)
 on conflict (number) do update set network = excluded.network, told_at = excluded.told_at";
const REMOVE: &str = "delete from number_network where number = ?1";
// By the index number_network_by_age, the oldest first; the count is read once in `NOTED_PER_PRUNE` new rows.
const FORGET_OLD: &str = "delete from number_network where number in
 (select number from number_network where told_at <= ?1 order by told_at limit ?2)";
const FORGET_SURPLUS: &str = "delete from number_network where number in
 (select number from number_network order by told_at
  limit min(max((select count(*) from number_network) - ?1, 0), ?2))";
const TOLD_SINCE: &str = "select number, network, told_at from number_network where told_at >= ?1 order by told_at";

/// What was told at `since` or later, the oldest first.
pub(super) fn told_since(db: &Connection, since: Timestamp) -> Result<Vec<NumberNetwork>, Fault> {
    let mut statement = db.prepare_cached(TOLD_SINCE)?;
    let told = statement.query_map([since.0], |row| {
        let (digits, network, at): (Box<str>, Box<str>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // What makes no sense is not known: the prefix tells.
        let number = PhoneNumber::parse(&digits).ok();
        Ok(number.map(|number| NumberNetwork { number, network, at: Timestamp(at) }))
    })?;
    told.filter_map(Result::transpose).map(|told| Ok(told?)).collect()
}

impl Work<'_> {
    pub(super) fn note_network(&mut self, news: &NetworkNews) -> Result<OpResult, Fault> {
        match news {
            NetworkNews::Told(told) => {
                let row = params![told.number.digits(), told.network, told.at.0];
                self.db.prepare_cached(PUT)?.execute(row)?;
                let counts = &mut self.memory.counts;
                counts.networks_since_prune += 1;
                // Not the latest time of all: a clock that was ahead for a moment must not make everything old.
                counts.network_told_at = told.at;
            }
            NetworkNews::Wrong(number) => {
                self.db.prepare_cached(REMOVE)?.execute([number.digits()])?;
            }
        }
        Ok(OpResult::NetworkNoted)
    }

    /// Forgets what is old and what is too much.
    pub(super) fn forget_networks(&mut self) -> Result<(), Fault> {
        let counts = &mut self.memory.counts;
        if counts.networks_since_prune < NOTED_PER_PRUNE {
            return Ok(());
        }
        counts.networks_since_prune = 0;
        let before = counts.network_told_at - NETWORK_KEPT;
        self.db.prepare_cached(FORGET_OLD)?.execute(params![before.0, FORGOTTEN_MAX])?;
        self.db.prepare_cached(FORGET_SURPLUS)?.execute(params![NUMBER_NETWORKS_MAX as i64, FORGOTTEN_MAX])?;
        Ok(())
    }
}
