//! Parts that cannot go on: a row that makes no sense, or one whose next step breaks a constraint.
//!
//! Such a part would fail each operation about it for ever, hold its customer's money and a place in its carrier's window. It ends as
//! unknown, by `fault`; its row is kept as it was, with the reason, for whoever mends the bug. A hold is given back: a fault of ours
//! is not the customer's cost. `whimbrel check` names each one.

use rusqlite::{OptionalExtension, params};
use whimbrel_core::id::made_at;
use whimbrel_core::part::Funds;
use whimbrel_core::{
    AccountId, Bucket, Cause, Final, MessageId, Notice, NoticeId, NoticeScope, PartEvent, PartId, PartState,
    ReceiptStatus, Timestamp, Whole,
};

use super::buckets::PaidFrom;
use super::change::Happening;
use super::codes::{Code, state_of};
use super::fault::Fault;
use super::rows::{self, LivePart};
use super::writer::Work;
use crate::op::Answer;

// The columns as they are in this version, whatever it has added to them.
const COLUMNS: &str = "select group_concat(format('''%s'', \"%s\"', name, name), ', ') from pragma_table_info('live')";
const ROW: &str =
    "select message_id, number, account_id, carrier, state, state_at, attempt, price, funds, carrier_message_id,
 bucket from live where part_id = ?1";
// The plus: a cause has no type of its own.
const IS_CHARGED: &str = "select 1 from transfer where kind = 1 and cause = +?1";
// By the primary keys and the partial index ended_of_message.
const ASIDE: &str = "select part_id from ended where part_id = ?1 and ended_by = 'fault'
 union all select part_id from ended where message_id = ?1 and number > 1 and ended_by = 'fault'";
const DELETE: &str = "delete from live where part_id = ?1";
const INSERT_ATTEMPT: &str =
    "insert into attempt (part_id, number, claimed_at, answered_at, outcome, code, carrier_message_id, carrier)
 values (?1, ?2, ?3, ?4, 'overtaken', 'fault', '', ?5) on conflict do nothing";
const INSERT_ENDED: &str = "insert into ended (part_id, message_id, number, status, cause, funds, ended_at, ended_by,
 operation, code, attempts, carrier_message_id) values (?1, ?2, ?3, 'unknown', 'unknown', ?4, ?5, 'fault', ?1, '', ?6, ?7)";

/// How such a part ends.
pub(super) const UNKNOWN: Final = Final { status: ReceiptStatus::Unknown, cause: Cause::Unknown };

/// What becomes of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It is given back.
    GivenBack,
    /// The wallet does not bear even that.
    LeftAsItIs,
}

/// The columns that must be numbers whatever else is wrong: the table allows nothing else.
struct Row {
    message_id: i64,
    number: i64,
    account_id: AccountId,
    carrier: i64,
    state: Option<PartState>,
    attempt: i64,
    price: i64,
    funds: i64,
    paid_from: PaidFrom,
    carrier_message_id: Box<str>,
}

impl Work<'_> {
    /// Ends a part that cannot go on, as far as it is open. What there is to tell of its message comes back.
    pub(super) fn set_aside(&mut self, part_id: PartId, why: &str, hold: Hold) -> Result<Option<Notice>, Fault> {
        let live = rows::find_live(&self.db, part_id).ok().flatten();
        let found = self.db.prepare_cached(ROW)?.query_row([part_id.0], |row| {
            Ok(Row {
                message_id: row.get(0)?,
                number: row.get(1)?,
                account_id: AccountId(row.get(2)?),
                carrier: row.get(3)?,
                state: state_of(row.get(4)?, row.get(5)?),
                attempt: row.get(6)?,
                price: row.get(7)?,
                funds: row.get(8)?,
                carrier_message_id: row.get(9)?,
                paid_from: PaidFrom::from_code(row.get(10)?).unwrap_or(PaidFrom::One(Bucket::Balance)),
            })
        });
        let row = found.optional()?.ok_or_else(|| Fault::corrupt("a part that is not open"))?;
        let now = self.memory.counts.now;
        self.keep_row(part_id, why)?;
        if let Some(PartState::Submitting { since: Timestamp(since) }) = row.state {
            let attempt = params![part_id.0, row.attempt, since, now.0, row.carrier];
            self.db.prepare_cached(INSERT_ATTEMPT)?.execute(attempt)?;
        }
        let funds = self.settle_hold(part_id, &row, hold)?;
        self.db.prepare_cached(DELETE)?.execute([part_id.0])?;
        self.memory.recent.drop_part(part_id);
        self.memory.young(|young| young.drop_part(part_id));
        let end = params![part_id.0, row.message_id, row.number, funds, now.0, row.attempt, row.carrier_message_id];
        self.db.prepare_cached(INSERT_ENDED)?.execute(end)?;
        if let Some(state) = row.state {
            self.memory.counts.moved(Some(state), PartState::Final(UNKNOWN));
        }
        self.memory.counts.stats.set_aside += 1;
        self.erase_if_due(MessageId(row.message_id))?;
        // What cannot be read cannot be told to hold a code, nor can it be told of.
        as_far_as_readable(self.forget_code(MessageId(row.message_id)))?;
        let told = live.map_or(Ok(None), |live| self.tell_of_last(&live));
        as_far_as_readable(told).map(Option::flatten)
    }

    /// A message's parts without those that were set aside, and whether these are all.
    pub(super) fn not_set_aside(&self, message_id: MessageId) -> Result<(Vec<(PartId, PartState)>, bool), Fault> {
        let mut states = rows::states_of(&self.db, message_id)?;
        if self.memory.counts.stats.set_aside == 0 {
            return Ok((states, true));
        }
        let part_count = states.len();
        let mut statement = self.db.prepare_cached(ASIDE)?;
        let aside: Vec<PartId> =
            statement.query_map([message_id.0], |row| Ok(PartId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?;
        states.retain(|(id, _)| !aside.contains(id));
        let is_whole = states.len() == part_count;
        Ok((states, is_whole))
    }

    /// What nobody else would tell of the whole: its last part was set aside, and the others have all arrived.
    fn tell_of_last(&mut self, live: &LivePart) -> Result<Option<Notice>, Fault> {
        if live.tell.scope() == NoticeScope::Part {
            return Ok(None);
        }
        let (others, _) = self.not_set_aside(live.record.message_id)?;
        match Whole::of(others.into_iter().map(|(_, state)| state)) {
            Whole::Ended(end) if end.status == ReceiptStatus::Delivered => {
                let (now, answer) = (self.memory.counts.now, Answer::default());
                // As its end: by nothing that happened.
                let (event, notice_id) = (&PartEvent::Clock, NoticeId(live.record.part_id.0));
                let happening = Happening { event, at: now, happened_at: now, notice_id, answer: &answer };
                self.make_notice(live, UNKNOWN, &happening)
            }
            _ => Ok(None),
        }
    }

    /// Keeps the row as it is.
    fn keep_row(&self, part_id: PartId, why: &str) -> Result<(), Fault> {
        let columns: String = self.db.query_row(COLUMNS, [], |row| row.get(0))?;
        let keep = format!(
            "insert into set_aside select part_id, ?2, ?3, json_object({columns}) from live where part_id = ?1
             on conflict do nothing"
        );
        self.db.execute(&keep, params![part_id.0, self.memory.counts.now.0, why])?;
        Ok(())
    }

    /// Where the price is from now on.
    fn settle_hold(&mut self, part_id: PartId, row: &Row, hold: Hold) -> Result<i64, Fault> {
        if row.funds != Funds::Held.code() || hold == Hold::LeftAsItIs {
            return Ok(row.funds);
        }
        if self.db.prepare_cached(IS_CHARGED)?.exists([part_id.0])? {
            // What was set aside for it was taken already.
            self.memory.move_money(row.account_id, 0, row.price.checked_neg().ok_or_else(Fault::overflow)?)?;
            return Ok(Funds::Captured.code());
        }
        self.memory.unspend(row.account_id, row.price, made_at(part_id.0))?;
        self.memory.usage.given_back(row.account_id, MessageId(row.message_id), row.price);
        let shares = self.taken_back(part_id, row.price, row.paid_from)?;
        self.memory.release(row.account_id, row.price, shares)?;
        Ok(Funds::Released.code())
    }
}

/// What a row that makes no sense hinders is left out; a store that does not work is not.
fn as_far_as_readable<T>(done: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Fault::Op(_) | Fault::Part(..)) => Ok(None),
        Err(fatal) => Err(fatal),
    }
}
