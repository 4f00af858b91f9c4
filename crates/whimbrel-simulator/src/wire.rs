//! What happens to octets between a session and its socket, when a scenario wants it: nothing else touches them there.
//!
//! PDUs come in whole and go out changed, late, merged, in pieces, or not at all. The session knows nothing of it. Without
//! such rules the driver writes the session's octets itself and this module is not asked.
//!
//! Bounds: no more than [`QUEUE_PAUSE_OCTETS`] and one output of the session are held; the rest stays in the session, which
//! closes when too much waits there.

use whimbrel_core::Span;
use whimbrel_smpp::command_id as id;
use whimbrel_smpp::session::Instant;

use crate::chance::Chance;
use crate::clock::after;
use crate::scenario::WireRules;

/// Nothing more is taken from the session while this much waits here.
const QUEUE_PAUSE_OCTETS: usize = 64 * 1024;
const HEADER_OCTETS: usize = 16;
/// A vendor's parameter that nobody knows: tag 0x3FFE, two octets.
const UNKNOWN_TLV: &[u8] = &[0x3F, 0xFE, 0x00, 0x02, b'h', b'i'];
/// A parameter that claims eight octets and has two.
const TRUNCATED_TLV: &[u8] = &[0x3F, 0xFD, 0x00, 0x08, b'h', b'a'];

/// The octets of one connection on their way out.
pub struct Wire {
    rules: WireRules,
    answers_enquiries: bool,
    states_version: bool,
    /// Whether anything of the above changes what passes.
    changes: bool,
    chance: Chance,
    queue: Vec<u8>,
    /// How many PDUs of the queue no octet has been written of; for merging.
    merged: usize,
    merge_until: Option<Instant>,
    write_after: Option<Instant>,
    /// How many PDUs came after the bind_resp.
    pdus: u64,
    ending: Ending,
}

/// How a connection ends that does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It goes on.
    None,
    /// It is reset when the queue is written.
    Reset,
    /// Nothing more is written, and it stays open.
    Hang,
}

/// What the driver may do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Write these octets, and say how many were written.
    Write(&'a [u8]),
    /// Wait: until this moment, or for more PDUs.
    Wait(Option<Instant>),
    /// Reset the connection.
    Reset,
}

impl Wire {
    /// A wire that changes nothing.
    pub fn new() -> Self {
        Self {
            rules: WireRules::default(),
            answers_enquiries: true,
            states_version: true,
            changes: false,
            chance: Chance::new(0, 0),
            queue: Vec::new(),
            merged: 0,
            merge_until: None,
            write_after: None,
            pdus: 0,
            ending: Ending::None,
        }
    }

    /// Other rules from now on.
    pub fn obey(&mut self, rules: WireRules, answers_enquiries: bool, states_version: bool, chance: Chance) {
        self.changes = !answers_enquiries || !states_version || rules != WireRules::default();
        self.rules = rules;
        self.answers_enquiries = answers_enquiries;
        self.states_version = states_version;
        self.chance = chance;
    }

    /// Whether the octets have to pass here.
    pub fn is_active(&self) -> bool {
        self.changes || !self.queue.is_empty() || self.ending != Ending::None
    }

    /// The connection is gone: nothing more is written.
    pub fn discard(&mut self) {
        self.queue.clear();
        self.ending = Ending::Hang;
    }

    /// Resets the connection, in the middle of a PDU if wanted.
    pub fn reset(&mut self, half_a_pdu: bool) {
        self.ending = Ending::Reset;
        self.queue.clear();
        self.merge_until = None;
        if half_a_pdu {
            // Half an enquire_link.
            self.queue.extend_from_slice(&[0, 0, 0, 16, 0, 0, 0, 0x15]);
        }
    }

    /// Whether the session's octets should be handed over now.
    pub fn has_room(&self) -> bool {
        self.queue.len() < QUEUE_PAUSE_OCTETS
    }

    /// Whether anything waits to be written, and will be.
    pub fn has_output(&self) -> bool {
        self.ending != Ending::Hang && !self.queue.is_empty() || self.ending == Ending::Reset
    }

    /// Takes whole PDUs from the session.
    pub fn push(&mut self, output: &[u8], now: Instant) {
        let mut rest = output;
        while let Some((pdu, after_it)) = cut(rest) {
            rest = after_it;
            if self.ending == Ending::None {
                self.push_pdu(pdu, now);
            }
        }
    }

    fn push_pdu(&mut self, pdu: &[u8], now: Instant) {
        let command = word(pdu, 4);
        let is_bind_resp =
            matches!(command & !id::RESPONSE, id::BIND_RECEIVER | id::BIND_TRANSMITTER | id::BIND_TRANSCEIVER);
        if command == id::ENQUIRE_LINK | id::RESPONSE && !self.answers_enquiries {
            return;
        }
        if !is_bind_resp && self.chance.happens(self.rules.drop_rate) {
            return;
        }
        let begin = self.queue.len();
        self.queue.extend_from_slice(pdu);
        if is_bind_resp {
            self.cut_version(begin);
        } else {
            self.pdus += 1;
            self.lengthen(begin, command);
        }
        self.merged += 1;
        // Who waits for a bind_resp sends nothing that could be merged with it.
        if self.rules.merge_pdus > 0 && !is_bind_resp && self.merge_until.is_none() {
            self.merge_until = Some(after(now, millis(self.rules.merge_ms)));
        }
        let ends_in = |wanted: u64| !is_bind_resp && wanted > 0 && self.pdus >= wanted;
        let ending = match (ends_in(self.rules.reset_in_pdu), ends_in(self.rules.hang_in_pdu)) {
            (true, _) => Ending::Reset,
            (_, true) => Ending::Hang,
            _ => return,
        };
        let half = (self.queue.len() - begin) / 2;
        self.queue.truncate(begin + half);
        // Half a PDU waits for no others.
        self.merge_until = None;
        self.ending = ending;
    }

    /// Leaves the parameters of a bind_resp out.
    fn cut_version(&mut self, begin: usize) {
        let body = self.queue.get(begin + HEADER_OCTETS..).unwrap_or_default();
        if let (false, Some(nul)) = (self.states_version, body.iter().position(|octet| *octet == 0)) {
            self.queue.truncate(begin + HEADER_OCTETS + nul + 1);
            self.set_length(begin);
        }
    }

    /// Adds what does not belong to a PDU.
    fn lengthen(&mut self, begin: usize, command: u32) {
        let carries_message = matches!(command & !id::RESPONSE, id::SUBMIT_SM | id::DELIVER_SM | id::DATA_SM);
        if carries_message && self.rules.unknown_tlv {
            self.queue.extend_from_slice(UNKNOWN_TLV);
        }
        if carries_message && self.rules.truncated_tlv {
            self.queue.extend_from_slice(TRUNCATED_TLV);
        }
        if self.rules.trailing_nul {
            self.queue.push(0);
        }
        self.set_length(begin);
    }

    fn set_length(&mut self, begin: usize) {
        let length = u32::try_from(self.queue.len() - begin).unwrap_or(u32::MAX);
        if let Some(field) = self.queue.get_mut(begin..begin + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// What may be done now.
    pub fn next(&mut self, now: Instant) -> Next<'_> {
        if self.queue.is_empty() {
            return if self.ending == Ending::Reset { Next::Reset } else { Next::Wait(None) };
        }
        if self.write_after.is_some_and(|until| until > now) {
            return Next::Wait(self.write_after);
        }
        if let Some(until) = self.merge_until {
            if self.merged < self.rules.merge_pdus && until > now {
                return Next::Wait(Some(until));
            }
            self.merge_until = None;
        }
        let count = match self.rules.segment_octets {
            0 => self.queue.len(),
            octets => octets.min(self.queue.len()),
        };
        Next::Write(self.queue.get(..count).unwrap_or_default())
    }

    /// So many octets were written.
    pub fn written(&mut self, count: usize, now: Instant) {
        self.queue.drain(..count.min(self.queue.len()));
        self.merged = 0;
        if self.rules.write_delay_ms > 0 {
            self.write_after = Some(after(now, millis(self.rules.write_delay_ms)));
        }
    }
}

fn millis(count: u64) -> Span {
    Span::millis(i64::try_from(count).unwrap_or(i64::MAX / 1_000))
}

/// The first PDU, and what follows it. The session hands over whole PDUs only.
fn cut(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::try_from(word(octets, 0)).ok()?;
    (length >= HEADER_OCTETS).then(|| octets.split_at_checked(length)).flatten()
}

fn word(octets: &[u8], at: usize) -> u32 {
    octets.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |word| u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests;
