//! The octets on their way to the socket, and what is known of them when the connection ends.
//!
//! A submission of which not one octet was written cannot have reached the carrier; of any other nobody knows. This is the
//! only place that can tell the two apart, so all that is written passes through it. Pure.

use std::collections::HashSet;

use whimbrel_smpp::{HEADER_OCTETS, command_id};

/// Written octets that are kept before they are dropped: moving the rest to the front costs, so it is not done often.
const WRITTEN_OCTETS_MAX: usize = 64 * 1024;

/// PDUs in the order in which they are written.
#[derive(Default)]
pub(super) struct Outgoing {
    /// Invariant: starts with a whole PDU.
    octets: Vec<u8>,
    /// How many of `octets` were written.
    written: usize,
}

impl Outgoing {
    /// Takes whole PDUs, and leaves `pdus` empty.
    pub(super) fn take(&mut self, pdus: &mut Vec<u8>) {
        if self.octets.is_empty() {
            std::mem::swap(&mut self.octets, pdus);
        } else {
            self.octets.append(pdus);
        }
    }

    /// What is to be written next.
    pub(super) fn unwritten(&self) -> &[u8] {
        self.octets.get(self.written..).unwrap_or_default()
    }

    /// Notes that `count` octets more were written.
    pub(super) fn advance(&mut self, count: usize) {
        self.written = self.written.saturating_add(count).min(self.octets.len());
        if self.written == self.octets.len() {
            self.octets.clear();
            self.written = 0;
        } else if self.written > WRITTEN_OCTETS_MAX {
            let boundary = self.frames().map(|(start, _)| start).take_while(|start| *start <= self.written).last();
            let boundary = boundary.unwrap_or(0);
            self.octets.drain(..boundary);
            self.written -= boundary;
        }
    }

    /// The sequence numbers of the `submit_sm` of which not one octet was written.
    pub(super) fn unsent_submits(&self) -> HashSet<u32> {
        self.unwritten_frames().filter(|frame| is_submit(frame)).filter_map(|frame| word(frame, 12)).collect()
    }

    /// What may still be written once the session is over: the rest of a PDU that was begun, and answers, but no submission
    /// that is not on its way yet, for that one is given back.
    pub(super) fn farewell(&self) -> Vec<u8> {
        let mut rest = Vec::new();
        for (start, frame) in self.frames() {
            if start < self.written {
                rest.extend_from_slice(frame.get(self.written - start..).unwrap_or_default());
            } else if !is_submit(frame) {
                rest.extend_from_slice(frame);
            }
        }
        rest
    }

    fn unwritten_frames(&self) -> impl Iterator<Item = &[u8]> {
        self.frames().filter(|(start, _)| *start >= self.written).map(|(_, frame)| frame)
    }

    /// Where each PDU starts, and its octets.
    fn frames(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let rest = self.octets.get(start..)?;
            let length = usize::try_from(word(rest, 0)?).ok()?.max(HEADER_OCTETS).min(rest.len());
            let frame = (start, rest.get(..length)?);
            start += length;
            Some(frame)
        })
    }
}

fn is_submit(frame: &[u8]) -> bool {
    word(frame, 4) == Some(command_id::SUBMIT_SM)
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use whimbrel_smpp::{Body, Pdu, ShortMessage};

    use super::*;

    fn pdu(sequence: u32, body: Body) -> Vec<u8> {
        let mut octets = Vec::new();
        Pdu::request(sequence, body).encode(&mut octets).expect("an empty body can be written");
        octets
    }

    fn submit(sequence: u32) -> Vec<u8> {
        let message = ShortMessage { short_message: vec![b'a'; 20], ..ShortMessage::default() };
        pdu(sequence, Body::SubmitSm(Box::new(message)))
    }

    fn outgoing(pdus: &[Vec<u8>]) -> Outgoing {
        let mut outgoing = Outgoing::default();
        for pdu in pdus {
            outgoing.take(&mut pdu.clone());
        }
        outgoing
    }

    #[test]
    fn one_octet_makes_the_difference() {
        let length = submit(1).len();
        for (written, unsent) in [(0, &[1, 2][..]), (1, &[2]), (length - 1, &[2]), (length, &[2]), (length + 1, &[])] {
            let mut outgoing = outgoing(&[submit(1), submit(2), pdu(7, Body::EnquireLink)]);
            outgoing.advance(written);
            assert_eq!(outgoing.unsent_submits(), unsent.iter().copied().collect(), "{written}");
        }
    }

    #[test]
    fn a_farewell_ends_what_was_begun_and_begins_no_submission() {
        let mut outgoing = outgoing(&[submit(1), submit(2), pdu(7, Body::UnbindResp), submit(3)]);
        assert_eq!(outgoing.farewell(), pdu(7, Body::UnbindResp));
        outgoing.advance(5);
        assert_eq!(outgoing.farewell(), [&submit(1)[5..], &pdu(7, Body::UnbindResp)].concat());
    }

    #[test]
    fn written_octets_are_dropped_at_a_boundary() {
        let mut outgoing = Outgoing::default();
        let mut wanted = Vec::new();
        let mut got = Vec::new();
        for sequence in 1..4_000 {
            outgoing.take(&mut submit(sequence));
            wanted.extend_from_slice(&submit(sequence));
            // One octet less than comes in, so that something is always left.
            let count = submit(sequence).len() - usize::from(sequence % 7 == 0);
            got.extend_from_slice(&outgoing.unwritten()[..count]);
            outgoing.advance(count);
            assert!(outgoing.octets.len() <= WRITTEN_OCTETS_MAX + 2_000);
        }
        let unsent = outgoing.unsent_submits().len();
        assert!(unsent > 1 && !outgoing.unwritten().is_empty());
        got.extend_from_slice(outgoing.unwritten());
        assert_eq!(got, wanted);
        outgoing.advance(outgoing.unwritten().len());
        assert!(outgoing.unwritten().is_empty() && outgoing.unsent_submits().is_empty());
    }
}
