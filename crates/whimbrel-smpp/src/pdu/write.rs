//! Puts fields at the end of a frame, refusing what a peer would misread.

use super::EncodeError;
use crate::tlv::Tlvs;

/// The frame being written.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    pub(super) fn octet(&mut self, octet: u8) {
        self.out.push(octet);
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }

    /// A text and its NUL; `octets_max` does not count the NUL.
    pub(super) fn text(&mut self, field: &'static str, text: &[u8], octets_max: usize) -> Result<(), EncodeError> {
        if text.len() > octets_max {
            return Err(EncodeError::TooLong { field, octets_max });
        }
        if text.contains(&0) {
            return Err(EncodeError::HasNul { field });
        }
        self.octets(text);
        self.octet(0);
        Ok(())
    }

    /// Optional parameters, in their order.
    pub(super) fn tlvs(&mut self, tlvs: &Tlvs) -> Result<(), EncodeError> {
        for tlv in tlvs {
            let length = u16::try_from(tlv.value.len())
                .map_err(|_| EncodeError::TooLong { field: "an optional parameter", octets_max: 0xFFFF })?;
            self.octets(&tlv.tag.to_be_bytes());
            self.octets(&length.to_be_bytes());
            self.octets(&tlv.value);
        }
        Ok(())
    }
}
