//! What was told of a message, again: its ends as notices, and a line in its story for each time that one was sent again.
//!
//! Nothing of it changes a state, a wallet or a notice that waits.

use rusqlite::{Connection, OptionalExtension};
use whimbrel_core::{
    Cause, Currency, Final, ForHook, MessageId, Money, Notice, NoticeId, PartEvent, ReceiptStatus, ReceiptTold,
    Timestamp, Told,
};

use super::change::Happening;
use super::codes::parsed;
use super::fault::Fault;
use super::rows;
use super::writer::Work;
use crate::op::{Answer, OpResult, Resent};

/// Lines of this kind that one message's story holds.
const RESENT_MAX: i64 = 100;

// By the primary keys.
const CURRENCY: &str = "select a.currency from account a where a.id = ?1";
const ENDED: &str = "select status, cause, ended_at, operation from ended where part_id = ?1";
const RESENT_COUNT: &str = "select count(*) from event where message_id = ?1 and what = 'webhook-resent'";

/// A notice for each part of a message that has ended, in their order, with the id by which it was told then; `None` if there is no such
/// message.
pub(super) fn ends(db: &Connection, id: MessageId) -> Result<Option<Vec<Notice>>, Fault> {
    let Some(message) = rows::find_message(db, id)? else { return Ok(None) };
    let currency: Currency = db
        .prepare_cached(CURRENCY)?
        .query_row([message.account_id.0], |row| parsed(row, 0, |code| code.parse().ok()))?;
    let mut notices = Vec::new();
    for part_id in rows::parts_of(db, id)? {
        let ended = db.prepare_cached(ENDED)?.query_row([part_id.0], |row| {
            let report = Final { status: parsed(row, 0, ReceiptStatus::parse)?, cause: parsed(row, 1, Cause::parse)? };
            Ok((report, Timestamp(row.get(2)?), NoticeId(row.get(3)?)))
        });
        let Some((report, ended_at, operation)) = ended.optional()? else { continue };
        notices.push(Notice {
            id: operation,
            account_id: message.account_id,
            dialect: message.dialect.clone(),
            url: message.callback.clone(),
            form: message.form,
            application: message.application,
            hook: ForHook::No,
            told: Told::Receipt(ReceiptTold {
                part_id,
                message_id: id,
                serial: message.serial,
                part_count: message.part_count,
                recipient: message.recipient.clone(),
                sender: message.sender.clone(),
                network: message.network.clone(),
                price: Money::new(message.price, currency),
                client_ref: message.client_ref.clone(),
                report,
            }),
            happened_at: ended_at,
            failures: 0,
            first_at: ended_at,
            due_at: ended_at,
        });
    }
    Ok(Some(notices))
}

impl Work<'_> {
    /// Writes the line. The same operation again finds it there; of a message that is gone, or has been told too often, there is none.
    pub(super) fn note_resent(&mut self, resent: &Resent) -> Result<OpResult, Fault> {
        self.saw(resent.at, resent.id.0);
        let count: i64 = self.db.prepare_cached(RESENT_COUNT)?.query_row([resent.message_id.0], |row| row.get(0))?;
        if count < RESENT_MAX && rows::find_message(&self.db, resent.message_id)?.is_some() {
            let happening = Happening {
                event: &PartEvent::Clock,
                at: resent.at,
                happened_at: resent.at,
                notice_id: resent.id,
                answer: &Answer::default(),
            };
            self.write_event(resent.message_id, resent.part_number, "webhook-resent", &happening, &resent.detail)?;
        }
        Ok(OpResult::NoticeNoted)
    }
}
