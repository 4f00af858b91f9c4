//! Calling a message back: all of it, or nothing.

use whimbrel_core::{PartEvent, PartState};

use super::change::Happening;
use super::fault::Fault;
use super::rows;
use super::writer::Work;
use crate::op::{Answer, Cancel, OpResult};

impl Work<'_> {
    /// Ends every part of a message of which no carrier has had anything. The same operation again finds nothing to end.
    pub(super) fn cancel(&mut self, cancel: &Cancel) -> Result<OpResult, Fault> {
        self.saw(cancel.at, cancel.id.0);
        let nothing = OpResult::Cancelled(Vec::new());
        let message = rows::find_message(&self.db, cancel.message_id)?;
        let Some(_) = message.filter(|message| message.account_id == cancel.account_id) else { return Ok(nothing) };
        let mut parts = Vec::new();
        for id in rows::parts_of(&self.db, cancel.message_id)? {
            match rows::find_live(&self.db, id)? {
                Some(live) if live.record.is_unsent() => parts.push(live),
                _ => return Ok(nothing),
            }
        }
        let answer = Answer::default();
        let happening = Happening {
            event: &PartEvent::Cancelled,
            at: cancel.at,
            happened_at: cancel.at,
            notice_id: cancel.id,
            answer: &answer,
        };
        let mut ended = Vec::with_capacity(parts.len());
        for live in parts {
            let outcome = self.settle(live, &happening)?;
            ended.extend(
                outcome.after.filter(|after| matches!(after.state, PartState::Final(_))).map(|after| after.part_id),
            );
        }
        Ok(OpResult::Cancelled(ended))
    }
}
