//! How much fits in one part.
//!
//! The user data of a short message is 140 octets (3GPP TS 23.040 §9.2.3.16 with §9.2.3.24). A user data header is
//! taken from them, and what is left holds 8 septets per 7 octets, or one 16-bit unit per 2.
//!
//! In this module `udh_octets` is always the size of the whole header, its length octet included, and 0 means that
//! there is none.

/// The octets of user data in one part, header included.
pub const USER_DATA_OCTETS_MAX: usize = 140;

/// The octets of a header that holds a concatenation element with an 8-bit reference and nothing else.
pub const CONCAT_8_UDH_OCTETS: usize = 6;
/// The octets of a header that holds a concatenation element with a 16-bit reference and nothing else.
pub const CONCAT_16_UDH_OCTETS: usize = 7;

/// Septets in a message of one part.
pub const GSM7_SINGLE: usize = septets_max(0);
/// Septets in each part of several, 8-bit reference.
pub const GSM7_CONCAT_8: usize = septets_max(CONCAT_8_UDH_OCTETS);
/// Septets in each part of several, 16-bit reference.
pub const GSM7_CONCAT_16: usize = septets_max(CONCAT_16_UDH_OCTETS);

/// 16-bit units in a message of one part.
pub const UCS2_SINGLE: usize = ucs2_units_max(0);
/// 16-bit units in each part of several, 8-bit reference.
pub const UCS2_CONCAT_8: usize = ucs2_units_max(CONCAT_8_UDH_OCTETS);
/// 16-bit units in each part of several, 16-bit reference.
pub const UCS2_CONCAT_16: usize = ucs2_units_max(CONCAT_16_UDH_OCTETS);

/// Octets in a binary message of one part.
pub const BINARY_SINGLE: usize = octets_max(0);
/// Octets in each binary part of several, 8-bit reference.
pub const BINARY_CONCAT_8: usize = octets_max(CONCAT_8_UDH_OCTETS);
/// Octets in each binary part of several, 16-bit reference.
pub const BINARY_CONCAT_16: usize = octets_max(CONCAT_16_UDH_OCTETS);

/// The septets that fit beside a header: `floor((140 - udh_octets) * 8 / 7)`, and 0 if the header leaves no room.
///
/// The fill bits that bring the text to a septet boundary are accounted for by rounding down: 140 octets are 160 whole septets.
#[must_use]
pub const fn septets_max(udh_octets: usize) -> usize {
    septets_max_with_slack(udh_octets, 0)
}

/// The septets that fit beside a header if `slack_octets` are to stay free at the end.
///
/// Free octets are not like a longer header: the header is followed by fill bits up to a septet boundary, which depend on its own
/// length alone. `floor((140 - slack_octets) * 8 / 7) - ceil(udh_octets * 8 / 7)`, and 0 if nothing is left.
#[must_use]
pub const fn septets_max_with_slack(udh_octets: usize, slack_octets: usize) -> usize {
    (octets_max(slack_octets) * 8 / 7).saturating_sub(udh_octets.saturating_mul(8).div_ceil(7))
}

/// The 16-bit units that fit beside a header: `floor((140 - udh_octets) / 2)`.
#[must_use]
pub const fn ucs2_units_max(udh_octets: usize) -> usize {
    octets_max(udh_octets) / 2
}

/// The octets that fit beside a header: `140 - udh_octets`.
#[must_use]
pub const fn octets_max(udh_octets: usize) -> usize {
    USER_DATA_OCTETS_MAX.saturating_sub(udh_octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of the limits: single, 8-bit reference, 16-bit reference. A national single shift element adds 3
    /// octets, and alone it needs the length octet as well. Sources: 3GPP TS 23.040 §9.2.3.24.1 (153 and 134 octets
    /// or 67 units), the others by the formula, written out by hand.
    #[test]
    fn every_row_of_the_limits() {
        let row = |f: fn(usize) -> usize| [f(0), f(6), f(7)];
        assert_eq!(row(septets_max), [160, 153, 152]);
        assert_eq!(row(octets_max), [140, 134, 133]);
        assert_eq!(row(ucs2_units_max), [70, 67, 66]);
        assert_eq!([septets_max(1 + 3), septets_max(6 + 3), septets_max(7 + 3)], [155, 149, 148]);
    }

    /// Worked out in bits: 124 octets are 141 septets, a header of 4 octets takes 5 of them; 139 octets are 158, one of 6 takes 7.
    #[test]
    fn free_octets_do_not_count_as_header() {
        assert_eq!(septets_max_with_slack(4, 16), 136);
        assert_eq!([0, 6, 7].map(|udh| septets_max_with_slack(udh, 1)), [158, 151, 150]);
        for udh_octets in 0..=140_usize {
            for slack_octets in 0..=16_usize {
                let filled =
                    |septets: usize| ((udh_octets * 8).div_ceil(7) * 7 + septets * 7).div_ceil(8) + slack_octets;
                let septets = septets_max_with_slack(udh_octets, slack_octets);
                assert!(septets == 0 || filled(septets) <= 140, "{udh_octets} {slack_octets} {septets}");
                assert!(filled(septets + 1) > 140, "{udh_octets} {slack_octets} {septets}");
            }
        }
    }

    #[test]
    fn the_constants_are_the_rows() {
        assert_eq!([GSM7_SINGLE, GSM7_CONCAT_8, GSM7_CONCAT_16], [160, 153, 152]);
        assert_eq!([UCS2_SINGLE, UCS2_CONCAT_8, UCS2_CONCAT_16], [70, 67, 66]);
        assert_eq!([BINARY_SINGLE, BINARY_CONCAT_8, BINARY_CONCAT_16], [140, 134, 133]);
    }

    #[test]
    fn a_header_that_fills_the_part_leaves_nothing() {
        for udh_octets in [140, 141, usize::MAX] {
            assert_eq!([septets_max(udh_octets), octets_max(udh_octets), ucs2_units_max(udh_octets)], [0, 0, 0]);
        }
        assert_eq!([septets_max(139), octets_max(139), ucs2_units_max(139)], [1, 1, 0]);
    }
}
