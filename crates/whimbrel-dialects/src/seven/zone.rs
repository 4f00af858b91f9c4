//! The clock that customers write and read times by: that of their account's zone, or German time as at the vendor.

use whimbrel_core::zone::Zone;
use whimbrel_core::{Home, Span, Timestamp};

/// How far ahead of now a message may be scheduled.
pub(super) const DELAY_MAX: Span = Span::hours(10 * 366 * 24);

/// Where an account's clocks stand.
pub(super) fn of(home: &Home) -> Zone {
    home.zone.unwrap_or(Zone::BERLIN)
}

/// `2021-08-24 08:08:00`.
pub(super) fn seconds(zone: Zone, at: Timestamp) -> String {
    let civil = zone.local(at).civil();
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
    )
}

/// `2021-08-24 08:08:00.000000`.
pub(super) fn micros(zone: Zone, at: Timestamp) -> String {
    format!("{}.{:06}", seconds(zone, at), at.civil().micros)
}

/// `2024-02-13 05:50:58.802`.
pub(super) fn millis(zone: Zone, at: Timestamp) -> String {
    format!("{}.{:03}", seconds(zone, at), at.civil().micros / 1_000)
}

/// `2021-08-24T08:08:00+02:00`.
pub(super) fn with_offset(zone: Zone, at: Timestamp) -> String {
    let minutes = zone.offset(at).0 / 60_000_000;
    let (sign, minutes) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
    format!("{}{sign}{:02}:{:02}", seconds(zone, at).replace(' ', "T"), minutes / 60, minutes % 60)
}

/// The first instant of a local day, `YYYY-MM-DD`.
pub(super) fn day(zone: Zone, text: &str) -> Option<Timestamp> {
    let date = text.get(..10).filter(|date| text.len() == 10 || text.as_bytes().get(date.len()) == Some(&b' '))?;
    calendar_day(date).map(|day| zone.instant(day))
}

/// The first instant of the local day of an instant.
pub(super) fn day_of(zone: Zone, at: Timestamp) -> Timestamp {
    zone.instant(midnight(zone.local(at)))
}

/// The first instant of the local day after one that begins then.
pub(super) fn next_day(zone: Zone, day: Timestamp) -> Timestamp {
    // A day may begin at one o'clock, so it is its date that is counted on.
    zone.instant(midnight(zone.local(day)) + Span::hours(24))
}

/// The beginning of a local day, as clocks would show it.
fn midnight(local: Timestamp) -> Timestamp {
    const DAY_MICROS: i64 = 86_400_000_000;
    Timestamp(local.0.div_euclid(DAY_MICROS) * DAY_MICROS)
}

/// Reads when a message is to leave: seconds or, from 10^11 on, milliseconds since 1970; `YYYY-MM-DD HH:MM[:SS]` in local time, also
/// with a `T`; and ISO 8601 with an offset.
pub(super) fn delay(zone: Zone, text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        let millis = if number >= 100_000_000_000 { number } else { number.checked_mul(1_000)? };
        return millis.checked_mul(1_000).map(Timestamp);
    }
    let (date, time) = (text.get(..10)?, text.get(10..)?);
    let time = time.strip_prefix([' ', 'T'])?;
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => (time.get(..at)?.trim_end(), Some(time.get(at..)?)),
        None => (time, None),
    };
    let local = calendar_day(date)? + clock(time)?;
    match offset {
        None => Some(zone.instant(local)),
        Some("Z") => Some(local),
        Some(offset) => {
            let (sign, digits) = offset.split_at(1);
            let digits: String = digits.chars().filter(|c| *c != ':').collect();
            let (hours, minutes) = (two(digits.get(..2)?)?, two(digits.get(2..4)?)?);
            if digits.len() != 4 || hours > 14 || minutes > 59 {
                return None;
            }
            let span = Span::seconds(i64::from(hours) * 3_600 + i64::from(minutes) * 60);
            Some(if sign == "-" { local + span } else { local - span })
        }
    }
}

fn calendar_day(text: &str) -> Option<Timestamp> {
    let mut fields = text.split('-');
    let (year, month, day) = (fields.next()?, fields.next()?, fields.next()?);
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) || fields.next().is_some() {
        return None;
    }
    Timestamp::of_day(year.parse().ok()?, two(month)?, two(day)?)
}

/// `HH:MM`, `HH:MM:SS`, and that with a fraction, which is left out.
fn clock(text: &str) -> Option<Span> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let mut fields = whole.split(':');
    let (hour, minute) = (two(fields.next()?)?, two(fields.next()?)?);
    let second = fields.next().map_or(Some(0), two)?;
    if hour > 23 || minute > 59 || second > 59 || fields.next().is_some() {
        return None;
    }
    Some(Span::seconds(i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second)))
}

/// Two digits.
fn two(text: &str) -> Option<u8> {
    let is_two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_two_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_winter_and_summer() {
        // The vendor's own sample: 1634641200 "is 10/19/2021 at 13:00:00".
        assert_eq!(seconds(Zone::BERLIN, Timestamp(1_634_641_200_000_000)), "2021-10-19 13:00:00");
        assert_eq!(with_offset(Zone::BERLIN, Timestamp(1_629_785_280_000_000)), "2021-08-24T08:08:00+02:00");
        assert_eq!(with_offset(Zone::BERLIN, Timestamp(1_606_906_544_000_000)), "2020-12-02T11:55:44+01:00");
        assert_eq!(micros(Zone::BERLIN, Timestamp(1_629_785_280_000_007)), "2021-08-24 08:08:00.000007");
        // The hour in which clocks change, 2026-03-29 and 2026-10-25.
        assert_eq!(seconds(Zone::BERLIN, Timestamp(1_774_745_999_000_000)), "2026-03-29 01:59:59");
        assert_eq!(seconds(Zone::BERLIN, Timestamp(1_774_746_000_000_000)), "2026-03-29 03:00:00");
        assert_eq!(seconds(Zone::BERLIN, Timestamp(1_792_889_999_000_000)), "2026-10-25 02:59:59");
        assert_eq!(seconds(Zone::BERLIN, Timestamp(1_792_890_000_000_000)), "2026-10-25 02:00:00");
        let zone = |name| Zone::parse(name).expect("a zone");
        let at = Timestamp(1_629_785_280_000_000);
        assert_eq!(with_offset(zone("Asia/Kathmandu"), at), "2021-08-24T11:53:00+05:45");
        assert_eq!(with_offset(zone("America/St_Johns"), at), "2021-08-24T03:38:00-02:30");
        assert_eq!(with_offset(zone("UTC"), at), "2021-08-24T06:08:00+00:00");
    }

    #[test]
    fn days_follow_each_other() {
        // Days in a year of so many hours; in Cairo the day of 23 hours has no midnight.
        for (name, year, short, usual, long) in [
            ("Europe/Berlin", 2026, 1, 363, 1),
            ("Africa/Cairo", 2026, 1, 363, 1),
            ("Asia/Ho_Chi_Minh", 2026, 0, 365, 0),
            ("America/Santiago", 2026, 1, 363, 1),
        ] {
            let zone = Zone::parse(name).expect("a zone");
            let (mut at, mut hours) = (day(zone, &format!("{year}-01-01")).expect("a day"), Vec::new());
            while seconds(zone, at) < (year + 1).to_string() {
                let next = next_day(zone, at);
                assert_eq!(day_of(zone, next - Span::seconds(1)), at, "{name}");
                assert_ne!(seconds(zone, at)[..10], seconds(zone, next)[..10], "{name}");
                hours.push((next.0 - at.0) / Span::hours(1).0);
                at = next;
            }
            let of = |length| hours.iter().filter(|hours| **hours == length).count();
            assert_eq!((hours.len(), of(23), of(24), of(25)), (365, short, usual, long), "{name}");
        }
    }

    #[test]
    fn every_form_of_a_delay_is_read() {
        let at = Timestamp(1_893_456_000_000_000);
        for text in [
            "1893456000",
            "1893456000000",
            "2030-01-01 01:00:00",
            "2030-01-01 01:00",
            "2030-01-01T00:00:00Z",
            "2030-01-01T01:00:00+01:00",
            "2029-12-31T19:00:00.000-0500",
        ] {
            assert_eq!(delay(Zone::BERLIN, text), Some(at), "{text}");
        }
        assert_eq!(delay(Zone::BERLIN, "2026-07-01 12:00:00"), Some(Timestamp(1_782_900_000_000_000)));
        for bad in [
            "",
            "soon",
            "-5",
            "2030-02-30 10:00",
            "2030-01-01",
            "2030-01-01 24:00",
            "2030-01-01 10",
            "1e9",
            "9".repeat(30).as_str(),
        ] {
            assert_eq!(delay(Zone::BERLIN, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_local_time_and_its_instant_agree() {
        // Every half hour of 2026.
        for step in 0..(365 * 48) {
            let at = Timestamp(1_767_225_600_000_000 + step * 1_800_000_000);
            let again = delay(Zone::BERLIN, &seconds(Zone::BERLIN, at)).expect("our own form");
            assert!(again == at || again + Span::hours(1) == at, "{at}");
        }
    }
}
