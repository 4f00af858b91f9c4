//! Finding the part that a receipt speaks of, though carriers write one id in several ways and use ids again.
//!
//! A key is an id up to case and leading zeros; receipts bring the key of their id and those of the id converted between
//! decimal and hexadecimal. In the order of trust stand: the very id, the id but for case, the id but for leading zeros, the
//! converted id. The first of these under which a part has the receipt's recipient is taken. Some carriers name recipients
//! in a way of their own: so an id that names parts of one message only counts, as it stands or but for case, even with
//! another recipient, if nothing else fits. Neither zeros nor a conversion ever outweigh another recipient.

use rusqlite::{OptionalExtension, params};
use whimbrel_core::{CarrierId, CarrierReceipt, KeyForm, MessageId, NoticeId, PartId, ReceiptKey};

use super::change::EndedPart;
use super::fault::Fault;
use super::rows::LivePart;
use super::writer::Work;
use crate::op::OrphanReason;

/// Parts looked at for one key, the newest first: carriers that use ids again may have several.
const HITS_MAX: i64 = 64;

// By the primary key.
const FIND_PARTS: &str = "select part_id, raw from pidx where carrier = ?1 and key = ?2 order by part_id desc limit ?3";
const RECIPIENT: &str = "select recipient from message where id = ?1";
// The first part by its primary key, the others by the partial index live_of_message.
const SIBLINGS: &str = "select part_id from live
 where part_id = ?1 and carrier = ?2 and carrier_message_id = ?3 and part_id <> ?4
 union all select part_id from live
 where message_id = ?1 and number > 1 and carrier = ?2 and carrier_message_id = ?3 and part_id <> ?4";

/// Where a part is.
pub(super) enum Hit {
    Open(LivePart),
    Ended(EndedPart),
}

impl Hit {
    pub(super) const fn part_id(&self) -> PartId {
        match self {
            Self::Open(live) => live.record.part_id,
            Self::Ended(part) => part.part_id,
        }
    }

    pub(super) const fn message_id(&self) -> MessageId {
        match self {
            Self::Open(live) => live.record.message_id,
            Self::Ended(part) => part.message_id,
        }
    }

    pub(super) const fn number(&self) -> u8 {
        match self {
            Self::Open(live) => live.record.number,
            Self::Ended(part) => part.number,
        }
    }

    fn was_ended_by(&self, operation: NoticeId) -> bool {
        matches!(self, Self::Ended(part) if part.operation == operation)
    }

    fn carrier_message_id(&self) -> &str {
        match self {
            Self::Open(live) => &live.carrier_message_id,
            Self::Ended(part) => &part.carrier_message_id,
        }
    }
}

/// What a receipt speaks of.
pub(super) enum Found {
    /// A part, open or not.
    Part { hit: Hit, form: KeyForm, siblings: Vec<PartId> },
    /// None.
    Nothing(OrphanReason),
}

/// How much an id that a part has is like the receipt's, the most like first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Same,
    SameButCase,
    SameButZeros,
    Converted,
}

const LIKENESSES: [Likeness; 4] = [Likeness::Same, Likeness::SameButCase, Likeness::SameButZeros, Likeness::Converted];

/// A part under a key.
struct Candidate {
    hit: Hit,
    /// The part's id at the carrier.
    raw: Box<str>,
    likeness: Likeness,
}

/// The best of the candidates under one key.
enum Best {
    None,
    /// Only parts with another recipient.
    OtherRecipient,
    /// Certain enough.
    Sure(Candidate),
    /// The id as it stands, with another recipient.
    Doubtful(Candidate),
}

impl Work<'_> {
    /// See the module. A part that this very operation ended before is what it speaks of, whatever else fits by now.
    pub(super) fn find_part(
        &self,
        carrier: CarrierId,
        receipt: &CarrierReceipt,
        operation: NoticeId,
    ) -> Result<Found, Fault> {
        let mut reason = OrphanReason::NoId;
        let mut doubtful = None;
        for key in receipt.keys.iter().filter(|key| !key.key.is_empty()) {
            if reason == OrphanReason::NoId {
                reason = OrphanReason::UnknownId;
            }
            let mut candidates = self.candidates(carrier, key, &receipt.raw_id)?;
            let several = candidates.len() > 1;
            if let Some(index) = candidates.iter().position(|candidate| candidate.hit.was_ended_by(operation)) {
                return self.found(carrier, candidates.swap_remove(index), key.form, several);
            }
            match self.best(candidates, receipt)? {
                Best::None => {}
                Best::OtherRecipient => reason = OrphanReason::OtherRecipient,
                Best::Sure(found) => return self.found(carrier, found, key.form, several),
                Best::Doubtful(found) => doubtful = doubtful.or(Some((found, key.form, several))),
            }
        }
        match doubtful {
            Some((found, form, several)) => self.found(carrier, found, form, several),
            None => Ok(Found::Nothing(reason)),
        }
    }

    fn candidates(&self, carrier: CarrierId, key: &ReceiptKey, raw_id: &str) -> Result<Vec<Candidate>, Fault> {
        let mut statement = self.db.prepare_cached(FIND_PARTS)?;
        let ids: Vec<(PartId, Option<Box<str>>)> = statement
            .query_map(params![carrier.0, key.key, HITS_MAX], |row| Ok((PartId(row.get(0)?), row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut candidates = Vec::with_capacity(ids.len());
        for (part_id, raw) in ids {
            let Some(hit) = self.hit(part_id)? else { continue };
            let raw: Box<str> = match raw {
                // Empty: the key itself.
                Some(raw) if raw.is_empty() => String::from_utf8_lossy(&key.key).into(),
                Some(raw) => raw,
                None => hit.carrier_message_id().into(),
            };
            let likeness = if key.form.is_converted() { Likeness::Converted } else { likeness(&raw, raw_id) };
            candidates.push(Candidate { hit, raw, likeness });
        }
        Ok(candidates)
    }

    fn best(&self, mut candidates: Vec<Candidate>, receipt: &CarrierReceipt) -> Result<Best, Fault> {
        // The usual case, one part under the very id that nothing else could mean, needs no look at the message.
        let unquestioned = !receipt.keys.iter().any(|key| key.form.is_converted());
        if let ([only], true) = (&*candidates, unquestioned)
            && only.likeness <= Likeness::SameButCase
        {
            return Ok(candidates.pop().map_or(Best::None, Best::Sure));
        }
        let mut best = Best::None;
        for likeness in LIKENESSES {
            let (alike, others): (Vec<_>, Vec<_>) =
                candidates.into_iter().partition(|candidate| candidate.likeness == likeness);
            candidates = others;
            let one_message = alike.windows(2).all(|pair| pair[0].hit.message_id() == pair[1].hit.message_id());
            let (mut agreeing, mut differing) = (Vec::new(), Vec::new());
            for candidate in alike {
                let agrees = match likeness {
                    Likeness::Converted => self.recipient_agrees(candidate.hit.message_id(), &receipt.recipient)?,
                    _ => {
                        receipt.recipient.is_empty()
                            || self.recipient_agrees(candidate.hit.message_id(), &receipt.recipient)?
                    }
                };
                if agrees { agreeing.push(candidate) } else { differing.push(candidate) }
            }
            if let Some(found) = open_or_newest(agreeing) {
                return Ok(Best::Sure(found));
            }
            let as_it_stands = likeness <= Likeness::SameButCase && one_message;
            best = match (best, open_or_newest(differing)) {
                (Best::None | Best::OtherRecipient, Some(found)) if as_it_stands => Best::Doubtful(found),
                (Best::None, Some(_)) => Best::OtherRecipient,
                (best, _) => best,
            };
        }
        Ok(best)
    }

    /// Where a part is; `None` if there is none.
    pub(super) fn hit(&self, part_id: PartId) -> Result<Option<Hit>, Fault> {
        if let Some(live) = self.open_part(part_id)? {
            return Ok(Some(Hit::Open(live)));
        }
        Ok(self.ended_part(part_id)?.map(Hit::Ended))
    }

    fn recipient_agrees(&self, message_id: MessageId, recipient: &str) -> Result<bool, Fault> {
        if recipient.is_empty() {
            return Ok(false);
        }
        if let Some(message) = self.known_message(message_id) {
            return Ok(message.recipient.digits() == recipient);
        }
        let stored: Option<Box<str>> =
            self.db.prepare_cached(RECIPIENT)?.query_row([message_id.0], |row| row.get(0)).optional()?;
        Ok(stored.as_deref() == Some(recipient))
    }

    /// A part with those that the carrier took together with it. `several`: its key has other parts as well.
    fn found(&self, carrier: CarrierId, found: Candidate, form: KeyForm, several: bool) -> Result<Found, Fault> {
        let Candidate { hit, raw, .. } = found;
        let siblings = if several {
            let mut statement = self.db.prepare_cached(SIBLINGS)?;
            let ids = statement.query_map(params![hit.message_id().0, carrier.0, raw, hit.part_id().0], |row| {
                Ok(PartId(row.get(0)?))
            })?;
            ids.collect::<rusqlite::Result<_>>()?
        } else {
            Vec::new()
        };
        Ok(Found::Part { hit, form, siblings })
    }
}

/// The newest open one, else the newest: candidates come with the newest first.
fn open_or_newest(mut candidates: Vec<Candidate>) -> Option<Candidate> {
    let open = candidates.iter().position(|candidate| matches!(candidate.hit, Hit::Open(_))).unwrap_or(0);
    (open < candidates.len()).then(|| candidates.swap_remove(open))
}

fn likeness(stored: &str, raw_id: &str) -> Likeness {
    if stored == raw_id {
        Likeness::Same
    } else if stored.is_empty() || stored.eq_ignore_ascii_case(raw_id) {
        // Empty: an answer from before ids were kept beside their keys, whose part was named by another answer.
        Likeness::SameButCase
    } else {
        Likeness::SameButZeros
    }
}
