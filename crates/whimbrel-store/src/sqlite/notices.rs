//! Notices: made in the transaction that changes the part, kept until they are delivered or given up.

use rusqlite::{OptionalExtension, params};
use whimbrel_core::{EndpointKind, Final, ForHook, InboundTold, MessageId, Notice, NoticeId, PartEvent, PartId};

use super::change::Happening;
use super::codes::{Tell, small};
use super::fault::Fault;
use super::reads;
use super::rows::LivePart;
use super::writer::Work;
use crate::op::{Answer, NoticeResult, NoticeTried, OpResult, Spread};

const INSERT: &str = "insert into notice (id, part_id, message_id, part_number, status, cause, happened_at, failures,
 first_at, due_at, hook, indexed) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?8, ?9, ?10)";
// The story of a text that came in is kept under the id of its first part.
const FIND: &str = "select coalesce(n.message_id, i.group_id), n.part_number
 from notice n left join inbound i on i.id = n.inbound_id where n.id = ?1";
const DELETE: &str = "delete from notice where id = ?1";
const RENUMBER: &str = "update notice set id = ?2, indexed = 1 where id = ?1";
// The same try again finds the time that it has set and changes nothing.
const RETRY: &str =
    "update notice set failures = failures + 1, due_at = ?2, indexed = 1 where id = ?1 and due_at <> ?2";

// All but its id and its hook as the one that it comes from.
const SPREAD: &str = "insert into notice (id, hook, part_id, message_id, part_number, status, cause, happened_at, failures, first_at, due_at,
 inbound_id)
 select ?2, ?3, part_id, message_id, part_number, status, cause, happened_at, failures, first_at, due_at, inbound_id
 from notice where id = ?1 and hook = '' on conflict (id) do nothing";

const INSERT_INBOUND: &str = "insert into notice (id, part_number, inbound_id, happened_at, failures, first_at, due_at,
 application, hook) values (?1, ?2, ?3, ?4, 0, ?5, ?5, ?6, ?7)";

/// As the column has it: nothing for a notice that is for no hook, and an empty key for one that is for every hook.
fn hook_column(hook: &ForHook) -> Option<&str> {
    match hook {
        ForHook::No => None,
        ForHook::Every => Some(""),
        ForHook::One(key) => Some(key),
    }
}

impl Work<'_> {
    /// Makes the notice if somebody wants to hear: no row is written for nobody.
    pub(super) fn make_notice(
        &mut self,
        live: &LivePart,
        report: Final,
        happening: &Happening<'_>,
    ) -> Result<Option<Notice>, Fault> {
        let wanted = match live.tell {
            Tell::Nobody => false,
            Tell::Callback | Tell::CallbackWhole | Tell::CallbackEnd => true,
            Tell::Hooks => {
                let message = self.message(live.record.message_id)?;
                self.has_hook(&message.dialect, live.record.account_id)?
            }
            Tell::Account | Tell::AccountWhole | Tell::AccountEnd => self
                .memory
                .purse(live.record.account_id)
                .is_some_and(|purse| purse.account.endpoint(EndpointKind::Receipt).is_some()),
        };
        if !wanted {
            return Ok(None);
        }
        let notice = self.notice(live, report, happening)?;
        let is_young = self.memory.young(|young| young.has_room_for_notice());
        self.db.prepare_cached(INSERT)?.execute(params![
            notice.id.0,
            live.record.part_id.0,
            live.record.message_id.0,
            live.record.number,
            report.status.as_str(),
            report.cause.as_str(),
            notice.happened_at.0,
            notice.due_at.0,
            hook_column(&notice.hook),
            !is_young,
        ])?;
        if is_young {
            self.memory.young(|young| young.put_notice(notice.id, notice.due_at));
        }
        self.memory.counts.stats.notices += 1;
        self.memory.recent.put_notice(notice.id, live.record.message_id, live.record.number);
        Ok(Some(notice))
    }

    /// Gives a notice of this transaction another id, so that a second one of the same operation finds its own free and is sent after
    /// it: of two that are due at once the lower id goes first. Ids of parts and notices are of one sequence, so a part's own is lower
    /// and no other notice's; where an operation that we made up has that one already, its negative is.
    pub(super) fn make_room_after(&mut self, notice: &mut Notice, part_id: PartId) -> Result<(), Fault> {
        let lower = if notice.id.0 == part_id.0 { NoticeId(-part_id.0) } else { NoticeId(part_id.0) };
        self.db.prepare_cached(RENUMBER)?.execute([notice.id.0, lower.0])?;
        self.forget_notice(notice.id);
        notice.id = lower;
        Ok(())
    }

    /// Its row is gone, or has another id.
    fn forget_notice(&mut self, id: NoticeId) {
        self.memory.recent.drop_notice(id);
        self.memory.young(|young| young.drop_notice(id));
    }

    /// Keeps a notice of a text that came in.
    pub(super) fn keep_inbound_notice(&mut self, notice: &Notice, told: &InboundTold) -> Result<(), Fault> {
        let sequence = told.part.concat.map_or(1, |concat| concat.sequence().value());
        self.db.prepare_cached(INSERT_INBOUND)?.execute(params![
            notice.id.0,
            sequence,
            told.id.0,
            notice.happened_at.0,
            notice.due_at.0,
            notice.application.map(|application| application.0.to_be_bytes()),
            hook_column(&notice.hook),
        ])?;
        self.memory.counts.stats.notices += 1;
        Ok(())
    }

    /// Puts a notice for each hook that wants it in the place of the one for all. The same operation again finds them there.
    pub(super) fn spread(&mut self, spread: &Spread) -> Result<OpResult, Fault> {
        let last = spread.hooks.iter().map(|(id, _)| id.0).max().unwrap_or(spread.id.0);
        self.saw(spread.at, last);
        let mut spread_to = Vec::with_capacity(spread.hooks.len());
        for (id, hook) in &spread.hooks {
            if self.db.prepare_cached(SPREAD)?.execute(params![spread.id.0, id.0, hook])? == 1 {
                self.memory.counts.stats.notices += 1;
            }
            spread_to.extend(reads::notice_of(&self.db, *id)?);
        }
        self.forget_notice(spread.id);
        if self.db.prepare_cached(DELETE)?.execute([spread.id.0])? == 1 {
            let notices = &mut self.memory.counts.stats.notices;
            *notices = notices.saturating_sub(1);
        }
        Ok(OpResult::Spread(spread_to))
    }

    /// Of which message a notice tells, if of any, and which of its parts; `None`: there is no such notice.
    fn find_notice(&self, id: NoticeId) -> Result<Option<(Option<MessageId>, u8)>, Fault> {
        let mut statement = self.db.prepare_cached(FIND)?;
        let found =
            statement.query_row([id.0], |row| Ok((row.get::<_, Option<i64>>(0)?.map(MessageId), small::<u8>(row, 1)?)));
        Ok(found.optional()?)
    }

    /// Writes down how a try went. A notice that is gone already (the same try again) changes nothing.
    pub(super) fn note_try(&mut self, tried: &NoticeTried) -> Result<OpResult, Fault> {
        self.saw(tried.at, tried.id.0);
        let known = self.memory.recent.notice(tried.id).map(|(message_id, number)| (Some(message_id), number));
        debug_assert!(
            known.is_none() || self.find_notice(tried.id).ok().flatten() == known,
            "a notice as it was written"
        );
        let found = if known.is_some() { known } else { self.find_notice(tried.id)? };
        let Some((message_id, number)) = found else { return Ok(OpResult::NoticeNoted) };
        let word = match tried.result {
            NoticeResult::RetryAt(due_at) => {
                if self.db.prepare_cached(RETRY)?.execute(params![tried.id.0, due_at.0])? == 0 {
                    return Ok(OpResult::NoticeNoted);
                }
                self.memory.young(|young| young.drop_notice(tried.id));
                "failed"
            }
            NoticeResult::Delivered | NoticeResult::GivenUp => {
                self.db.prepare_cached(DELETE)?.execute([tried.id.0])?;
                self.forget_notice(tried.id);
                let notices = &mut self.memory.counts.stats.notices;
                *notices = notices.saturating_sub(1);
                if tried.result == NoticeResult::Delivered { "delivered" } else { "given up" }
            }
        };
        let detail = if tried.detail.is_empty() { word.to_owned() } else { format!("{word}: {}", tried.detail) };
        let happening = Happening {
            event: &PartEvent::Clock,
            at: tried.at,
            happened_at: tried.at,
            notice_id: tried.id,
            answer: &Answer::default(),
        };
        // One that tells of nothing has no story.
        if let Some(message_id) = message_id {
            self.write_event(message_id, number, "webhook", &happening, &detail)?;
        }
        Ok(OpResult::NoticeNoted)
    }
}
