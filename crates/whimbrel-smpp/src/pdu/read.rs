//! Takes fields from the front of a body, never past its end.

use crate::tlv::Tlvs;

/// The most octets of any text in a PDU: more than the specification allows for each, since carriers send more.
pub const TEXT_OCTETS_MAX: usize = 255;

/// What is wrong, for people.
pub(super) type What = &'static str;

/// The rest of a body.
pub(super) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    /// How many octets were taken.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    /// An integer of one octet; `what` says that it is missing.
    pub(super) fn octet(&mut self, what: What) -> Result<u8, What> {
        let octet = *self.rest().first().ok_or(what)?;
        self.at += 1;
        Ok(octet)
    }

    /// A text up to its NUL or the end of the frame, of any length.
    pub(super) fn text(&mut self) -> Vec<u8> {
        let rest = self.rest();
        let length = rest.iter().position(|octet| *octet == 0);
        let text = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        self.at += text.len() + usize::from(length.is_some());
        text.to_vec()
    }

    /// A text that is kept or looked up, and so bounded; `what` says that it is too long.
    pub(super) fn short_text(&mut self, what: What) -> Result<Vec<u8>, What> {
        let start = self.at;
        let text = self.text();
        if text.len() > TEXT_OCTETS_MAX {
            self.at = start;
            return Err(what);
        }
        Ok(text)
    }

    /// Exactly `count` octets.
    pub(super) fn octets(&mut self, count: usize, what: What) -> Result<Vec<u8>, What> {
        let octets = self.rest().get(..count).ok_or(what)?;
        self.at += count;
        Ok(octets.to_vec())
    }

    /// The optional parameters, which take all that is left. What forms none, such as a stray NUL, is dropped.
    pub(super) fn tlvs(&mut self) -> Tlvs {
        let (tlvs, _) = Tlvs::read(self.rest());
        self.at = self.octets.len();
        tlvs
    }
}
