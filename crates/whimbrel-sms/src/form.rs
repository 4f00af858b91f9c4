//! What shapes the parts of a text beside its encoding: national tables, and room that a carrier wants left free.

use crate::national::NationalTables;
use crate::{Encoding, RefWidth};

/// The most octets that can be left free in a part.
const SLACK_OCTETS_MAX: u8 = 16;

/// What shapes the parts of a text beside its encoding. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PartForm {
    /// The tables that GSM 7-bit is written with. Others than the default ones are named in the header of every part,
    /// also of the only one. UCS-2 does not use them.
    pub tables: NationalTables,
    /// Octets left free in every part, up to 16; more counts as 16. Some centres convert Latin-1 and then find a full
    /// part too long by one (telenordigital/sms-smpp#173).
    pub slack_octets: u8,
}

impl PartForm {
    /// The units that fit in the only part of a message.
    #[must_use]
    pub fn units_single(self, encoding: Encoding) -> usize {
        let elements = self.element_octets(encoding);
        let udh_octets = if elements == 0 { 0 } else { 1 + elements };
        encoding.units_max_with_slack(udh_octets, self.slack())
    }

    /// The units that fit in each part of several.
    #[must_use]
    pub fn units_concat(self, encoding: Encoding, width: RefWidth) -> usize {
        encoding.units_max_with_slack(width.udh_octets() + self.element_octets(encoding), self.slack())
    }

    pub(crate) fn element_octets(self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::Gsm7 => self.tables.element_octets(),
            Encoding::Ucs2 | Encoding::Binary => 0,
        }
    }

    fn slack(self) -> usize {
        self.slack_octets.min(SLACK_OCTETS_MAX).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::national::Language;

    #[track_caller]
    fn check(form: PartForm, encoding: Encoding, wanted: [usize; 3]) {
        let units = |width| form.units_concat(encoding, width);
        assert_eq!([form.units_single(encoding), units(RefWidth::Bits8), units(RefWidth::Bits16)], wanted);
    }

    #[test]
    fn elements_and_slack_take_room() {
        let single = NationalTables::single(Language::Turkish);
        let both = NationalTables::new(Some(Language::Turkish), Some(Language::Turkish)).expect("has both");
        check(PartForm::default(), Encoding::Gsm7, [160, 153, 152]);
        check(PartForm { tables: single, slack_octets: 0 }, Encoding::Gsm7, [155, 149, 148]);
        check(PartForm { tables: both, slack_octets: 0 }, Encoding::Gsm7, [152, 146, 145]);
        check(PartForm { tables: both, slack_octets: 0 }, Encoding::Ucs2, [70, 67, 66]);
        check(PartForm { tables: NationalTables::DEFAULT, slack_octets: 1 }, Encoding::Gsm7, [158, 151, 150]);
        // Free octets are no header: 124 octets are 141 septets, and a header of 4 octets takes 5 of them.
        check(PartForm { tables: single, slack_octets: 16 }, Encoding::Gsm7, [136, 130, 129]);
        let widest = PartForm { tables: NationalTables::DEFAULT, slack_octets: 255 };
        check(widest, Encoding::Ucs2, [62, 59, 58]);
    }
}
