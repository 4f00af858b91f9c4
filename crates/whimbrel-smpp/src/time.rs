//! Times as SMPP writes them (SMPP 3.4 §7.1.1): `YYMMDDhhmmsstnnp`, sixteen characters.
//!
//! `t` is *one* digit of tenths, `nn` the offset in quarter hours, `p` the sign, or `R` for a span from now. Written
//! here are spans and UTC only, both with no tenths and no offset. What carriers send is never read as a time: the
//! zone they mean is unknown.

/// Writes a span: how long to try a message. At least a second; days beyond thirty-one count as months of thirty.
#[must_use]
pub fn relative_validity(seconds: u64) -> Vec<u8> {
    let seconds = seconds.clamp(1, 99 * 360 * 86_400);
    let days = seconds / 86_400;
    let (months, days) = if days <= 31 { (0, days) } else { (days / 30, days % 30) };
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{:02}{:02}{days:02}{hour:02}{minute:02}{second:02}000R", months / 12, months % 12).into_bytes()
}

/// Writes a moment, in UTC, for carriers that do not take spans.
#[must_use]
pub fn absolute(unix_seconds: u64) -> Vec<u8> {
    let civil = Civil::from_unix(unix_seconds);
    let Civil { year, month, day, hour, minute, second } = civil;
    format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}000+", year % 100).into_bytes()
}

/// A moment on the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

impl Civil {
    /// Counts in years that begin in March, so that a leap day is the last of its year.
    pub(crate) const fn from_unix(unix_seconds: u64) -> Self {
        const DAYS_FROM_MARCH_OF_YEAR_0: u64 = 719_468;
        const DAYS_IN_400_YEARS: u64 = 146_097;
        let days = unix_seconds / 86_400 + DAYS_FROM_MARCH_OF_YEAR_0;
        let of_era = days % DAYS_IN_400_YEARS;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: days / DAYS_IN_400_YEARS * 400 + year_of_era + if month <= 2 { 1 } else { 0 },
            month,
            day: of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: unix_seconds / 3600 % 24,
            minute: unix_seconds / 60 % 60,
            second: unix_seconds % 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(seconds: u64) -> String {
        String::from_utf8_lossy(&relative_validity(seconds)).into_owned()
    }

    #[test]
    fn row_9_spans_have_one_digit_of_tenths_and_no_offset() {
        // Jasmin issue 1179.
        assert_eq!(span(48 * 3600), "000002000000000R");
        assert_eq!(span(600), "000000001000000R");
        assert_eq!(span(0), "000000000001000R");
        assert_eq!(span(86_399), "000000235959000R");
        assert_eq!(span(31 * 86_400), "000031000000000R");
        assert_eq!(span(32 * 86_400), "000102000000000R");
        assert_eq!(span(365 * 86_400), "010005000000000R");
        assert_eq!(span(u64::MAX), "990000000000000R");
    }

    #[test]
    fn moments_are_utc() {
        // `date -u -d @1709251199` and neighbours: the leap day of 2024 and its ends.
        let text = |seconds| String::from_utf8_lossy(&absolute(seconds)).into_owned();
        assert_eq!(text(0), "700101000000000+");
        assert_eq!(text(1_709_164_800), "240229000000000+");
        assert_eq!(text(1_709_251_199), "240229235959000+");
        assert_eq!(text(1_709_251_200), "240301000000000+");
        assert_eq!(text(951_782_400), "000229000000000+");
        assert_eq!(text(4_102_444_799), "991231235959000+");
    }

    proptest! {
        #[test]
        fn every_time_has_sixteen_characters(seconds in 0_u64..1 << 40) {
            prop_assert_eq!(relative_validity(seconds).len(), 16);
            prop_assert_eq!(absolute(seconds).len(), 16);
        }

        #[test]
        fn later_moments_are_later(seconds in 0_u64..4_000_000_000) {
            prop_assert!(absolute(seconds) < absolute(seconds + 1) || absolute(seconds).starts_with(b"991231235959"));
        }
    }
}
