//! The sweep over carriers' ids: it looks through them in small steps, in the order of their table, and removes the old ones.
//!
//! A pass looks at four ids for each that comes, so that the table holds little more than what is young. Where a pass has left nothing
//! that is old, the next one has nothing to find for a while, and does not begin before.

use rusqlite::params;
use whimbrel_core::{Span, Timestamp, id};

use super::fault::Fault;
use super::writer::Work;

/// How long a carrier's id is known after its part has ended, however long that took; and at least so long after its part was made.
const KEPT: Span = Span::hours(96);
/// How much longer it may be known for the sake of fewer passes.
const KEPT_OVER: Span = Span::hours(12);
/// A step comes after so many new ids and looks at so many.
const IDS_PER_STEP: u32 = 256;
const SEEN_MAX: i64 = 1_024;

const STEP: &str = "select carrier, key, part_id from pidx where (carrier, key, part_id) > (?1, ?2, ?3)
 order by carrier, key, part_id limit ?4";
const DELETE: &str = "delete from pidx where carrier = ?1 and key = ?2 and part_id = ?3
 and not exists (select 1 from live where live.part_id = ?3)
 and not exists (select 1 from ended where ended.part_id = ?3 and ended.ended_at >= ?4)";

/// Where the sweep is. Nothing of it is stored: after a start it begins anew.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// The id that the pass has seen last; `None` between two passes.
    at: Option<(i64, Vec<u8>, i64)>,
    /// When the next id that the pass has left may be old.
    next_old_at: Option<Timestamp>,
    /// No pass begins before.
    rests_until: Timestamp,
}

impl Sweep {
    /// An id is left that may be removed at that time.
    fn left(&mut self, old_at: Timestamp) {
        self.next_old_at = Some(self.next_old_at.map_or(old_at, |next| next.min(old_at)));
    }

    /// The pass has come to the end of the table.
    fn end(&mut self, now: Timestamp) {
        // What was made while the clock was ahead is old no later than what is made now.
        let next_old_at = self.next_old_at.map_or(now + KEPT, |next| next.min(now + KEPT));
        *self = Self { at: None, next_old_at: None, rests_until: next_old_at + KEPT_OVER };
    }
}

impl Work<'_> {
    /// The next step, if it is time for one.
    pub(super) fn sweep_carrier_ids(&mut self) -> Result<(), Fault> {
        let now = self.memory.counts.now;
        if self.memory.counts.ids_since_sweep < IDS_PER_STEP {
            return Ok(());
        }
        self.memory.counts.ids_since_sweep = 0;
        if self.memory.sweep.at.is_none() && now < self.memory.sweep.rests_until {
            return Ok(());
        }
        let kept_from = now - KEPT;
        let (carrier, key, part_id) = self.memory.sweep.at.take().unwrap_or((-1, Vec::new(), 0));
        let seen: Vec<(i64, Vec<u8>, i64)> = self
            .db
            .prepare_cached(STEP)?
            .query_map(params![carrier, key, part_id, SEEN_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut delete = self.db.prepare_cached(DELETE)?;
        for (carrier, key, part_id) in &seen {
            let made_at = id::made_at(*part_id);
            if made_at >= kept_from {
                self.memory.sweep.left(made_at + KEPT);
            } else if delete.execute(params![carrier, key, part_id, kept_from.0])? == 0 {
                // Its part is open, or ended not long ago.
                self.memory.sweep.left(now);
            }
        }
        match seen.len() as i64 == SEEN_MAX {
            true => self.memory.sweep.at = seen.into_iter().last(),
            false => self.memory.sweep.end(now),
        }
        Ok(())
    }
}
