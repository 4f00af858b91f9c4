//! The octets that wait to be written, cut so that an answer to `enquire_link` may overtake them.

use crate::pdu::Pdu;

/// Three buffers: what the driver is writing, what goes next, and the rest.
///
/// Invariant: `urgent` and `queued` hold whole PDUs; only `handed` may start in the middle of one.
#[derive(Default)]
pub(super) struct Output {
    handed: Vec<u8>,
    urgent: Vec<u8>,
    queued: Vec<u8>,
}

impl Output {
    /// What to write next. Empty only if nothing waits.
    pub(super) fn next(&mut self) -> &mut Vec<u8> {
        if self.handed.is_empty() {
            if self.urgent.is_empty() {
                std::mem::swap(&mut self.handed, &mut self.queued);
            } else {
                std::mem::swap(&mut self.handed, &mut self.urgent);
                self.handed.append(&mut self.queued);
            }
        }
        &mut self.handed
    }

    pub(super) fn len(&self) -> usize {
        self.handed.len() + self.urgent.len() + self.queued.len()
    }

    /// Where all but answers to `enquire_link` go.
    pub(super) fn queued(&mut self) -> &mut Vec<u8> {
        &mut self.queued
    }

    /// Writes a PDU that is a header alone, ahead of what waits.
    pub(super) fn push_urgent(&mut self, pdu: &Pdu) {
        // A body without fields has nothing that cannot be written.
        let _ = pdu.encode(&mut self.urgent);
    }

    /// Writes a header, and a NUL where a text is expected.
    pub(super) fn push_bare(&mut self, command_id: u32, status: u32, sequence: u32, nul: Nul) {
        let length: u32 = if nul == Nul::Yes { 17 } else { 16 };
        for word in [length, command_id, status, sequence] {
            self.queued.extend_from_slice(&word.to_be_bytes());
        }
        if nul == Nul::Yes {
            self.queued.push(0);
        }
    }

    /// Forgets all of it.
    pub(super) fn discard(&mut self) {
        *self = Self::default();
    }
}

/// Whether a bare PDU ends in a NUL: an empty text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nul {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::Body;

    #[test]
    fn an_urgent_pdu_overtakes_what_was_not_handed_out_and_cuts_nothing_apart() {
        let mut output = Output::default();
        output.push_bare(1, 0, 1, Nul::No);
        output.next().drain(..5);
        output.push_bare(2, 0, 2, Nul::Yes);
        output.push_urgent(&Pdu { status: crate::CommandStatus::ROK, sequence: 3, body: Body::EnquireLinkResp });
        assert_eq!(output.len(), 11 + 17 + 16);
        assert_eq!(output.next().len(), 11);
        output.next().clear();
        let next = output.next();
        assert_eq!(next.len(), 33);
        assert_eq!((next[15], next[31]), (3, 2));
        next.clear();
        assert_eq!(output.len(), 0);
        assert!(output.next().is_empty());
    }
}
