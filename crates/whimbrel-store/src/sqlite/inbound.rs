//! Taking a part of a text that came in: its row, its place among the parts of a long text, and the notice.
//!
//! Parts belong together if carrier, sender, number, owner, reference and total agree and the first of them came within a day.
//! The same part with the same content again, while its text is not complete, is the carrier's repetition: no row, no notice.
//! With another content it belongs to another text, since networks use references again; so does any part of a text that
//! is complete.

use rusqlite::{OptionalExtension, Row, params};
use whimbrel_core::{
    AccountId, CarrierId, EndpointKind, ForHook, InboundContent, InboundId, InboundPart, InboundTold, MessageOctets,
    MessageText, Notice, NoticeForm, Span, Told,
};
use whimbrel_sms::udh::Place;
use whimbrel_sms::{Concat, PartCount};

use super::codes::{Code, coded, reference_code, reference_of, sender_kind, sender_of, small};
use super::fault::{Fault, corrupt_column};
use super::inbox;
use super::writer::Work;
use crate::document::{DocumentKind, DocumentPlace};
use crate::op::{InboundIn, InboundOutcome, OpResult, OwnedNumber};

/// How long after the first part of a long text others may follow.
const GROUP_OPEN: Span = Span::hours(24);
/// Rows looked at to find the text that a part belongs to: four whole ones of the longest.
const ALIKE_MAX: usize = 1_024;

const INSERT: &str =
    "insert into inbound (id, group_id, account_id, carrier, sender_kind, sender, number, header, reference,
 total, sequence, alphabet, text, body, at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
// By the primary key, then by the index inbound_of_group.
const KNOWN: &str = "select i.account_id, i.total, (select count(*) from inbound o where o.group_id = i.group_id),
 i.number from inbound i where i.id = ?1";
// By the index inbound_alike, newest first; each row's group by the primary key.
const ALIKE: &str = "select i.id, i.group_id, i.sequence, i.alphabet is ?8 and i.text = ?9 and i.body = ?10
 from inbound i join inbound g on g.id = i.group_id
 where i.sender = ?1 and i.number = ?2 and i.carrier = ?3 and i.reference = ?4 and i.total = ?5
 and i.account_id is ?6 and g.at > ?7 order by i.id desc limit ?11";
const DIALECT: &str = "select dialect from account where id = ?1";

/// The columns of [`inbound_part`], in its order.
macro_rules! inbound_columns {
    () => {
        "i.sender_kind, i.sender, i.number, i.header, i.reference, i.total, i.sequence, i.alphabet, i.text, i.body"
    };
}
pub(super) use inbound_columns;

/// Reads [`inbound_columns`], which begin at column `at`.
pub(super) fn inbound_part(row: &Row<'_>, at: usize) -> rusqlite::Result<InboundPart> {
    let reference: Option<i64> = row.get(at + 4)?;
    let concat = match reference {
        None => None,
        Some(code) => {
            let count = |column| PartCount::new(small(row, column)?).ok_or_else(|| corrupt_column(column));
            let place = Place { sequence: count(at + 6)?, total: count(at + 5)? };
            let concat = reference_of(code).and_then(|reference| Concat::new(reference, place));
            Some(concat.ok_or_else(|| corrupt_column(at + 4))?)
        }
    };
    let content = match row.get_ref(at + 7)? {
        rusqlite::types::ValueRef::Null => InboundContent::Binary(MessageOctets::new(row.get::<_, Box<[u8]>>(at + 9)?)),
        _ => InboundContent::Text {
            text: MessageText::new(row.get::<_, Box<str>>(at + 8)?),
            alphabet: coded(row, at + 7)?,
        },
    };
    Ok(InboundPart {
        sender: sender_of(row.get(at)?, row.get(at + 1)?).ok_or_else(|| corrupt_column(at + 1))?,
        number: row.get(at + 2)?,
        header: row.get(at + 3)?,
        concat,
        content,
    })
}

/// The columns of a content: alphabet, text, body.
fn content_columns(content: &InboundContent) -> (Option<i64>, &str, &[u8]) {
    match content {
        InboundContent::Text { text, alphabet } => (Some(alphabet.code()), text.expose(), &[]),
        InboundContent::Binary(octets) => (None, "", octets.expose()),
    }
}

/// Where a part belongs.
enum Belongs {
    /// To a text that has so many parts already.
    To { group: InboundId, there: usize },
    /// Nowhere: it is stored already.
    Repeats(InboundId),
}

/// A text that a part may belong to: its stored parts.
struct Group {
    id: InboundId,
    parts: Vec<(InboundId, u8, bool)>,
}

impl Work<'_> {
    pub(super) fn take_inbound(&mut self, incoming: &InboundIn) -> Result<OpResult, Fault> {
        self.saw(incoming.at, incoming.id.0.max(incoming.notice_id.0));
        if let Some(known) = self.known_inbound(incoming.id)? {
            return Ok(OpResult::Inbound(Box::new(known)));
        }
        let part = &incoming.part;
        let owner = self.owned_number(&part.number)?;
        let account_id = owner.as_ref().map(|owned| owned.account_id);
        let (group, there) = match part.concat {
            None => (incoming.id, 0),
            Some(concat) => match self.place_of(incoming, concat, account_id)? {
                Belongs::To { group, there } => (group, there),
                Belongs::Repeats(first) => {
                    let known = self.known_inbound(first)?.ok_or_else(|| Fault::corrupt("a text that came in"))?;
                    return Ok(OpResult::Inbound(Box::new(known)));
                }
            },
        };
        self.insert_inbound(incoming, group, account_id)?;
        self.memory.counts.stats.inbound += 1;
        let total = part.concat.map_or(1, |concat| usize::from(concat.total().value()));
        let complete = there + 1 == total;
        let notice = match &owner {
            Some(owned) => self.tell_inbound(incoming, owned, group, complete)?,
            None => None,
        };
        let (id, number) = (incoming.id, part.number.clone());
        let outcome = InboundOutcome { id, number, account_id, repeated: false, complete, notice };
        Ok(OpResult::Inbound(Box::new(outcome)))
    }

    /// What is answered for a part that is stored already.
    fn known_inbound(&self, id: InboundId) -> Result<Option<InboundOutcome>, Fault> {
        let mut statement = self.db.prepare_cached(KNOWN)?;
        let known = statement.query_row([id.0], |row| {
            let account_id: Option<i64> = row.get(0)?;
            let (total, there): (i64, i64) = (row.get(1)?, row.get(2)?);
            let account_id = account_id.map(AccountId);
            let number = row.get(3)?;
            Ok(InboundOutcome { id, number, account_id, repeated: true, complete: there == total, notice: None })
        });
        Ok(known.optional()?)
    }

    fn place_of(&self, incoming: &InboundIn, concat: Concat, account_id: Option<AccountId>) -> Result<Belongs, Fault> {
        let (sequence, total) = (concat.sequence().value(), usize::from(concat.total().value()));
        let groups = self.groups_alike(incoming, concat, account_id)?;
        let repeated = groups.iter().filter(|group| group.parts.len() < total).find_map(|group| {
            group.parts.iter().find(|(_, stored, same)| *stored == sequence && *same).map(|(id, ..)| *id)
        });
        if let Some(id) = repeated {
            return Ok(Belongs::Repeats(id));
        }
        let lacking = groups.iter().find(|group| group.parts.iter().all(|(_, stored, _)| *stored != sequence));
        Ok(match lacking {
            Some(group) => Belongs::To { group: group.id, there: group.parts.len() },
            None => Belongs::To { group: incoming.id, there: 0 },
        })
    }

    /// Texts that the part may belong to, the one with the newest part first.
    fn groups_alike(
        &self,
        incoming: &InboundIn,
        concat: Concat,
        account_id: Option<AccountId>,
    ) -> Result<Vec<Group>, Fault> {
        let part = &incoming.part;
        let (alphabet, text, body) = content_columns(&part.content);
        let mut statement = self.db.prepare_cached(ALIKE)?;
        let mut rows = statement.query(params![
            part.sender.as_str(),
            part.number,
            incoming.carrier.0,
            reference_code(concat.reference()),
            concat.total().value(),
            account_id.map(|id| id.0),
            (incoming.at - GROUP_OPEN).0,
            alphabet,
            text,
            body,
            ALIKE_MAX as i64,
        ])?;
        let mut groups: Vec<Group> = Vec::new();
        let mut seen = 0;
        while let Some(row) = rows.next()? {
            seen += 1;
            let group_id = InboundId(row.get(1)?);
            let stored = (InboundId(row.get(0)?), small(row, 2)?, row.get(3)?);
            match groups.iter_mut().find(|group| group.id == group_id) {
                Some(group) => group.parts.push(stored),
                None => groups.push(Group { id: group_id, parts: vec![stored] }),
            }
        }
        if seen == ALIKE_MAX {
            // The last one may have more parts than were read.
            groups.pop();
        }
        Ok(groups)
    }

    fn insert_inbound(
        &self,
        incoming: &InboundIn,
        group: InboundId,
        account_id: Option<AccountId>,
    ) -> Result<(), Fault> {
        let (part, CarrierId(carrier)) = (&incoming.part, incoming.carrier);
        let (alphabet, text, body) = content_columns(&part.content);
        self.db.prepare_cached(INSERT)?.execute(params![
            incoming.id.0,
            group.0,
            account_id.map(|id| id.0),
            carrier,
            sender_kind(&part.sender),
            part.sender.as_str(),
            part.number,
            part.header,
            part.concat.map(|concat| reference_code(concat.reference())),
            part.concat.map_or(1, |concat| concat.total().value()),
            part.concat.map_or(1, |concat| concat.sequence().value()),
            alphabet,
            text,
            body,
            incoming.at.0,
        ])?;
        Ok(())
    }

    /// Makes the notice if there is somewhere to send it: of each part; or of the whole text, when all of it is there, to the
    /// application that the number belongs to, or to the account's hooks.
    fn tell_inbound(
        &mut self,
        incoming: &InboundIn,
        owned: &OwnedNumber,
        group: InboundId,
        complete: bool,
    ) -> Result<Option<Notice>, Fault> {
        let account_id = owned.account_id;
        let purse = self.memory.purse(account_id).ok_or_else(|| Fault::corrupt("a number without an account"))?;
        let has_endpoint = owned.inbound_url.is_some() || purse.account.endpoint(EndpointKind::Inbound).is_some();
        let dialect: Box<str> = self.db.prepare_cached(DIALECT)?.query_row([account_id.0], |row| row.get(0))?;
        let application = match owned.application {
            Some(id) => {
                let key = id.to_string().into();
                let place = DocumentPlace { dialect: dialect.clone(), kind: DocumentKind::Application, key };
                self.takes_texts(&place, account_id)?.then_some(id)
            }
            None => None,
        };
        let has_hook = application.is_none() && !has_endpoint && self.has_hook(&dialect, account_id)?;
        let (told, url) = match application {
            Some(_) if !complete => return Ok(None),
            Some(_) => (inbox::told_whole(&self.db, group)?, None),
            None if has_hook && !complete => return Ok(None),
            None if has_hook => (inbox::told_whole(&self.db, group)?, None),
            None if !has_endpoint => return Ok(None),
            None => {
                let told = InboundTold { id: incoming.id, part: incoming.part.clone(), part_count: 1 };
                (told, owned.inbound_url.clone())
            }
        };
        let notice = Notice {
            id: incoming.notice_id,
            account_id,
            dialect,
            url,
            form: NoticeForm::default(),
            application,
            hook: if has_hook { ForHook::Every } else { ForHook::No },
            told: Told::Inbound(told.clone()),
            happened_at: incoming.at,
            failures: 0,
            first_at: incoming.at,
            due_at: incoming.at,
        };
        self.keep_inbound_notice(&notice, &told)?;
        Ok(Some(notice))
    }
}
