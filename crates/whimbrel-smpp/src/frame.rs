//! Frames: cuts a stream of octets into PDUs by their first field, `command_length` (SMPP 3.4 §3.2).
//!
//! A frame is cut before anything in it is read, and dropped whole whatever reading it gave: no PDU, however broken,
//! can put the stream out of step. A length that cannot be right ends the stream, for nothing after it can be found.
//! At most one PDU and one push of octets are held.

use std::fmt;

/// The octets of a PDU's header, the least a PDU can have.
pub const HEADER_OCTETS: usize = 16;

/// The longest PDU by default: one with a whole `message_payload` fits.
pub const PDU_OCTETS_MAX_DEFAULT: usize = 70_000;

/// A `command_length` that cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameError {
    /// The length that the peer announced.
    pub command_length: u32,
    /// The most that is accepted.
    pub octets_max: usize,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command_length, octets_max } = self;
        write!(f, "a PDU of {command_length} octets was announced, {HEADER_OCTETS} to {octets_max} are accepted: close")
    }
}

impl std::error::Error for FrameError {}

/// Collects octets and gives out frames.
pub struct FrameReader {
    octets: Vec<u8>,
    start: usize,
    octets_max: usize,
    is_broken: bool,
}

impl FrameReader {
    /// Accepts PDUs of up to `octets_max` octets.
    #[must_use]
    pub fn new(octets_max: usize) -> Self {
        Self { octets: Vec::new(), start: 0, octets_max: octets_max.max(HEADER_OCTETS), is_broken: false }
    }

    /// Takes octets as they come. Take all frames out before the next push: what is held is then bounded.
    pub fn push(&mut self, octets: &[u8]) {
        if self.is_broken {
            return;
        }
        self.octets.drain(..self.start);
        self.start = 0;
        self.octets.extend_from_slice(octets);
    }

    /// The next whole frame, its length field included; `None` until more octets come.
    /// An error is given once, then nothing more.
    #[expect(clippy::should_implement_trait, reason = "a frame borrows from the reader; an iterator's item cannot")]
    pub fn next(&mut self) -> Option<Result<&[u8], FrameError>> {
        let held = self.octets.get(self.start..)?;
        let command_length = u32::from_be_bytes(*held.first_chunk::<4>()?);
        let octets_max = self.octets_max;
        let length = usize::try_from(command_length).unwrap_or(usize::MAX);
        if !(HEADER_OCTETS..=octets_max).contains(&length) {
            self.is_broken = true;
            self.octets = Vec::new();
            self.start = 0;
            return Some(Err(FrameError { command_length, octets_max }));
        }
        if held.len() < length {
            return None;
        }
        let from = self.start;
        self.start += length;
        self.octets.get(from..from + length).map(Ok)
    }

    /// Octets held of a PDU that is not whole yet.
    #[must_use]
    pub fn held(&self) -> usize {
        self.octets.len() - self.start
    }
}

impl fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReader").field("held", &self.held()).field("is_broken", &self.is_broken).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(reader: &mut FrameReader) -> Vec<Result<Vec<u8>, FrameError>> {
        let mut all = Vec::new();
        while let Some(frame) = reader.next() {
            all.push(frame.map(<[u8]>::to_vec));
        }
        all
    }

    fn enquire_link(sequence: u8) -> Vec<u8> {
        vec![0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, sequence]
    }

    #[test]
    fn several_pdus_in_one_segment_are_cut_apart() {
        let mut reader = FrameReader::new(100);
        reader.push(&[enquire_link(1), enquire_link(2), enquire_link(3)[..7].to_vec()].concat());
        assert_eq!(frames(&mut reader), [Ok(enquire_link(1)), Ok(enquire_link(2))]);
        assert_eq!(reader.held(), 7);
        reader.push(&enquire_link(3)[7..]);
        assert_eq!(frames(&mut reader), [Ok(enquire_link(3))]);
        assert_eq!(reader.held(), 0);
    }

    #[test]
    fn one_pdu_in_segments_of_one_octet_is_whole_with_the_last() {
        let mut reader = FrameReader::new(16);
        for (index, octet) in enquire_link(9).iter().enumerate() {
            reader.push(&[*octet]);
            assert_eq!(frames(&mut reader).len(), usize::from(index == 15));
        }
    }

    #[test]
    fn a_length_out_of_bounds_is_told_once_and_ends_the_stream() {
        for (length, is_good) in [(0_u32, false), (15, false), (16, true), (99, true), (100, false), (u32::MAX, false)]
        {
            let mut reader = FrameReader::new(99);
            let mut octets = length.to_be_bytes().to_vec();
            octets.resize(99, 0);
            reader.push(&octets);
            let first = frames(&mut reader);
            if is_good {
                assert!(first[0].is_ok(), "{length}");
                continue;
            }
            assert_eq!(first, [Err(FrameError { command_length: length, octets_max: 99 })]);
            reader.push(&enquire_link(1));
            assert_eq!(frames(&mut reader), []);
            assert_eq!(reader.held(), 0);
        }
    }
}
