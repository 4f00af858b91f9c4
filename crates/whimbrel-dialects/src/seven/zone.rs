//! The vendor's clock: local time in Germany. Customers write and read times in it.
//!
//! Since 1996 summer time runs from the last Sunday of March to that of October, 01:00 UTC both (directive 2000/84/EC). Times before
//! are told by the same rule.

use whimbrel_core::{Span, Timestamp};

const HOUR: Span = Span::hours(1);
const DAY_SECONDS: i64 = 86_400;
/// How far ahead of now a message may be scheduled.
pub(super) const DELAY_MAX: Span = Span::hours(10 * 366 * 24);

/// Whether summer time holds then.
fn is_summer(at: Timestamp) -> bool {
    let year = at.civil().year;
    match (change(year, 3), change(year, 10)) {
        (Some(from), Some(until)) => from <= at && at < until,
        _ => false,
    }
}

/// 01:00 UTC of the last Sunday of a month with 31 days.
fn change(year: i64, month: u8) -> Option<Timestamp> {
    let last = Timestamp::of_day(year, month, 31)?;
    // 1970-01-01 was a Thursday: days since then plus 4 are a multiple of 7 on Sundays.
    let after_sunday = (last.unix_seconds() / DAY_SECONDS + 4).rem_euclid(7);
    Some(last - Span::hours(24 * after_sunday) + HOUR)
}

/// Local time as if it were UTC, for its calendar fields.
fn local(at: Timestamp) -> Timestamp {
    if is_summer(at) { at + HOUR + HOUR } else { at + HOUR }
}

/// The instant that a local time means. One that comes twice in autumn is the first; one that spring leaves out is an hour later.
fn instant(local: Timestamp) -> Timestamp {
    let summer = local - HOUR - HOUR;
    if is_summer(summer) { summer } else { local - HOUR }
}

/// `2021-08-24 08:08:00`.
pub(super) fn seconds(at: Timestamp) -> String {
    let civil = local(at).civil();
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
    )
}

/// `2021-08-24 08:08:00.000000`.
pub(super) fn micros(at: Timestamp) -> String {
    format!("{}.{:06}", seconds(at), at.civil().micros)
}

/// `2024-02-13 05:50:58.802`.
pub(super) fn millis(at: Timestamp) -> String {
    format!("{}.{:03}", seconds(at), at.civil().micros / 1_000)
}

/// `2021-08-24T08:08:00+02:00`.
pub(super) fn with_offset(at: Timestamp) -> String {
    let offset = if is_summer(at) { "+02:00" } else { "+01:00" };
    format!("{}{offset}", seconds(at).replace(' ', "T"))
}

/// The first instant of a local day, `YYYY-MM-DD`.
pub(super) fn day(text: &str) -> Option<Timestamp> {
    let date = text.get(..10).filter(|date| text.len() == 10 || text.as_bytes().get(date.len()) == Some(&b' '))?;
    calendar_day(date).map(instant)
}

/// The first instant of the local day of an instant.
pub(super) fn day_of(at: Timestamp) -> Timestamp {
    day(&seconds(at)[..10]).unwrap_or(at)
}

/// The first instant of the local day after one that begins then.
pub(super) fn next_day(day: Timestamp) -> Timestamp {
    // A day has 23 to 25 hours: so many after its beginning it is between 1 and 3 o'clock of the next.
    day_of(day + Span::hours(26))
}

/// Reads when a message is to leave: seconds or, from 10^11 on, milliseconds since 1970; `YYYY-MM-DD HH:MM[:SS]` in local time, also
/// with a `T`; and ISO 8601 with an offset.
pub(super) fn delay(text: &str) -> Option<Timestamp> {
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
        None => Some(instant(local)),
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
        assert_eq!(seconds(Timestamp(1_634_641_200_000_000)), "2021-10-19 13:00:00");
        assert_eq!(with_offset(Timestamp(1_629_785_280_000_000)), "2021-08-24T08:08:00+02:00");
        assert_eq!(with_offset(Timestamp(1_606_906_544_000_000)), "2020-12-02T11:55:44+01:00");
        assert_eq!(micros(Timestamp(1_629_785_280_000_007)), "2021-08-24 08:08:00.000007");
        // The hour in which clocks change, 2026-03-29 and 2026-10-25.
        assert_eq!(seconds(Timestamp(1_774_745_999_000_000)), "2026-03-29 01:59:59");
        assert_eq!(seconds(Timestamp(1_774_746_000_000_000)), "2026-03-29 03:00:00");
        assert_eq!(seconds(Timestamp(1_792_889_999_000_000)), "2026-10-25 02:59:59");
        assert_eq!(seconds(Timestamp(1_792_890_000_000_000)), "2026-10-25 02:00:00");
    }

    #[test]
    fn days_follow_each_other() {
        // A year, with a day of 23 hours and one of 25.
        let (mut at, mut hours) = (day("2026-01-01").expect("a day"), Vec::new());
        while seconds(at).as_str() < "2027" {
            let next = next_day(at);
            assert_eq!((&seconds(at)[10..], day_of(next - Span::seconds(1))), (" 00:00:00", at));
            hours.push((next.0 - at.0) / HOUR.0);
            at = next;
        }
        let of = |length| hours.iter().filter(|hours| **hours == length).count();
        assert_eq!((hours.len(), of(23), of(24), of(25)), (365, 1, 363, 1));
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
            assert_eq!(delay(text), Some(at), "{text}");
        }
        assert_eq!(delay("2026-07-01 12:00:00"), Some(Timestamp(1_782_900_000_000_000)));
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
            assert_eq!(delay(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_local_time_and_its_instant_agree() {
        // Every half hour of 2026.
        for step in 0..(365 * 48) {
            let at = Timestamp(1_767_225_600_000_000 + step * 1_800_000_000);
            let again = delay(&seconds(at)).expect("our own form");
            assert!(again == at || again + HOUR == at, "{at}");
        }
    }
}
