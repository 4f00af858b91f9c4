//! Instants as people type them.

use whimbrel_core::{Span, Timestamp};

/// Reads an instant: RFC 3339 (`2026-11-28T10:00:00Z`, an offset or none, which is UTC), a date (its first instant in UTC), `now`,
/// `today`, `yesterday`, or so long before `now`: `-15m`, `15m`, with s, m, h, d and w. `None` if it is none of these.
#[must_use]
pub fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    let day = |at: Timestamp| {
        let civil = at.civil();
        Timestamp::of_day(civil.year, civil.month, civil.day)
    };
    match &*text.to_ascii_lowercase() {
        "now" => Some(now),
        "today" => day(now),
        "yesterday" => day(now - Span::hours(24)),
        _ => relative(text, now).or_else(|| calendar(text)),
    }
}

fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    if number.is_empty() || number.len() > 9 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(now - Span::seconds(number.parse::<i64>().ok()?.checked_mul(seconds)?))
}

/// RFC 3339, where the seconds and the zone may be left out.
fn calendar(text: &str) -> Option<Timestamp> {
    let (date, time) = match text.split_at_checked(10)? {
        (date, "") => (date, None),
        (date, rest) => (date, Some(rest.strip_prefix(['T', 't', ' '])?)),
    };
    let [year, month, day] = fields(date, '-')?;
    let midnight = Timestamp::of_day(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    let Some(time) = time else { return Some(midnight) };
    let (clock, offset_minutes) = zone(time)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] = match clock.len() {
        5 => {
            let [hour, minute] = fields(clock, ':')?;
            [hour, minute, 0]
        }
        8 => fields(clock, ':')?,
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 60 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let seconds = hour * 3_600 + (minute - offset_minutes) * 60 + second;
    Some(midnight + Span(seconds * 1_000_000 + micros))
}

/// Digits between separators, all of them two wide but a first one of four.
fn fields<const COUNT: usize>(text: &str, separator: char) -> Option<[i64; COUNT]> {
    let parts: Vec<i64> = text
        .split(separator)
        .map(|part| part.parse().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit())))
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// The clock without its zone, and how many minutes the zone is east of UTC.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let [hours, minutes] = fields(&time[at + 1..], ':')?;
    let east = if time[at..].starts_with('+') { 1 } else { -1 };
    (hours <= 23 && minutes <= 59).then_some((&time[..at], east * (hours * 60 + minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_people_write_them() {
        let now = Timestamp::of_day(2026, 11, 28).expect("a day") + Span::hours(10);
        for (text, wanted) in [
            ("now", "2026-11-28T10:00:00.000000Z"),
            ("today", "2026-11-28T00:00:00.000000Z"),
            ("yesterday", "2026-11-27T00:00:00.000000Z"),
            ("-15m", "2026-11-28T09:45:00.000000Z"),
            ("15m", "2026-11-28T09:45:00.000000Z"),
            ("-90s", "2026-11-28T09:58:30.000000Z"),
            ("2h", "2026-11-28T08:00:00.000000Z"),
            ("1w", "2026-11-21T10:00:00.000000Z"),
            ("2026-02-28", "2026-02-28T00:00:00.000000Z"),
            ("2026-11-28T09:30", "2026-11-28T09:30:00.000000Z"),
            ("2026-11-28T09:30:05Z", "2026-11-28T09:30:05.000000Z"),
            ("2026-11-28T09:30:05.25Z", "2026-11-28T09:30:05.250000Z"),
            ("2026-11-28T09:30:05+01:00", "2026-11-28T08:30:05.000000Z"),
            ("2026-11-28T23:30:00-05:30", "2026-11-29T05:00:00.000000Z"),
        ] {
            assert_eq!(instant(text, now).map(|at| at.to_string()).as_deref(), Some(wanted), "{text}");
        }
        for wrong in [
            "",
            "-",
            "m",
            "15",
            "-15x",
            "2026-02-30",
            "2026-13-01",
            "28.11.2026",
            "2026-11-28T25:00",
            "2026-11-28T9:30",
            "2026-11-28T09:30+1",
            "9999999999w",
            "--5m",
            "2026-11-2\u{e9}",
            "\u{e9}m",
            "2026-11-28Tx",
        ] {
            assert_eq!(instant(wrong, now), None, "{wrong}");
        }
    }
}
