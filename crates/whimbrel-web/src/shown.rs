//! Small things that many pages show: instants, numbers of phones, states, how a webhook went.

use whimbrel_core::{SenderId, Span, Timestamp};

/// An instant: for people, and for scripts that put it into the visitor's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instant {
    /// RFC 3339, UTC, with microseconds.
    pub exact: Box<str>,
    /// As short as the day allows: `02:20:25`, or `Nov 28 02:20:25` on another day than the one on which the page is made.
    pub short: Box<str>,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Instant {
    /// `at` as it is shown on a page that is made at `now`.
    #[must_use]
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let (civil, today) = (at.civil(), now.civil());
        let time = format!("{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second);
        let month = MONTHS.get(usize::from(civil.month.saturating_sub(1))).unwrap_or(&"");
        let short = if (civil.year, civil.month, civil.day) == (today.year, today.month, today.day) {
            time
        } else if civil.year == today.year {
            format!("{month} {} {time}", civil.day)
        } else {
            format!("{month} {} {} {time}", civil.day, civil.year)
        };
        Self { exact: at.to_string().into(), short: short.into() }
    }
}

/// A span as people read it: `0.4 ms`, `18.6 ms`, `1.94 s`, `3 min 20 s`, `2 h 5 min`.
#[must_use]
pub fn span(span: Span) -> String {
    let micros = span.0.max(0);
    let (millis, seconds) = (micros / 1_000, micros / 1_000_000);
    match micros {
        0 => "0 ms".to_owned(),
        1..1_000_000 => format!("{millis}.{} ms", micros % 1_000 / 100),
        1_000_000..60_000_000 => format!("{seconds}.{:02} s", millis % 1_000 / 10),
        60_000_000..3_600_000_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600_000_000..86_400_000_000 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// Codes of countries with two digits; those that begin with 1 and 7 have one, all others three (ITU-T E.164, annexed list).
const TWO_DIGITS: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
];

/// A number in groups, as people read it: `+44 7700 900123`.
#[must_use]
pub fn number(digits: &str) -> String {
    if digits.len() < 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.to_owned();
    }
    let code_length = match digits {
        one if one.starts_with(['1', '7']) => 1,
        two if TWO_DIGITS.contains(&&two[..2]) => 2,
        _ => 3,
    };
    let (code, rest) = digits.split_at(code_length);
    let groups: &[usize] = match (code, rest.len()) {
        ("1", 10) => &[3, 3, 4],
        ("44", 10) => &[4, 6],
        _ => &[3, 3],
    };
    let mut shown = format!("+{code}");
    let mut left = rest;
    for group in groups {
        // A last group of one or two digits stays with the one before it.
        let take = if left.len() <= group + 2 { left.len() } else { *group };
        let (head, tail) = left.split_at(take);
        if !head.is_empty() {
            shown.push(' ');
            shown.push_str(head);
        }
        left = tail;
    }
    if !left.is_empty() {
        shown.push(' ');
        shown.push_str(left);
    }
    shown
}

/// A sender as people read it.
#[must_use]
pub fn sender(sender: &SenderId) -> String {
    match sender {
        SenderId::Number(digits) => number(digits.digits()),
        SenderId::ShortCode(_) | SenderId::Name(_) => sender.as_str().to_owned(),
    }
}

/// A state: an icon and a word, so that colour is never all there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The word, the same as in the API.
    pub word: Box<str>,
    /// Its sign.
    pub icon: &'static str,
    /// Its colour: a class of the stylesheet.
    pub tone: &'static str,
}

impl State {
    /// The state of a message or part by its word.
    #[must_use]
    pub fn of_message(word: &str) -> Self {
        let (icon, tone) = match word {
            "delivered" => ("✔", "good"),
            "expired" | "failed" | "rejected" => ("✘", "bad"),
            "unknown" | "uncertain" | "mixed" => ("!", "warn"),
            "submitted" | "accepted" | "buffered" => ("↗", "calm"),
            _ => ("…", "calm"),
        };
        Self { word: word.into(), icon, tone }
    }

    /// Whether it may still change.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(&*self.word, "queued" | "submitting" | "uncertain" | "submitted")
    }

    /// How the last try of a webhook went, by its line of the message's story: `failed: HTTP 500`.
    #[must_use]
    pub fn of_webhook(line: &str) -> Self {
        let (result, detail) = line.split_once(": ").unwrap_or((line, ""));
        let status = detail
            .strip_prefix("HTTP ")
            .filter(|status| status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit()));
        let (icon, tone, word) = match (result, status) {
            ("delivered", Some(status)) => ("✔", "good", status.to_owned()),
            ("delivered", None) => ("✔", "good", "delivered".to_owned()),
            ("failed", Some(status)) => ("↻", "warn", format!("{status}, again")),
            ("failed", None) => ("↻", "warn", "no answer, again".to_owned()),
            (_, Some(status)) => ("✘", "bad", format!("{status}, given up")),
            _ => ("✘", "bad", "given up".to_owned()),
        };
        Self { word: word.into(), icon, tone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (digits, shown) in [
            ("447700900123", "+44 7700 900123"),
            ("12025550191", "+1 202 555 0191"),
            ("84980000000", "+84 980 000 000"),
            ("4915228817300", "+49 152 288 17300"),
            ("35312345678", "+353 123 45678"),
            ("1234567", "+1 234 567"),
            ("12345", "12345"),
            ("Acme", "Acme"),
        ] {
            assert_eq!(number(digits), shown);
            let kept: String = shown.chars().filter(|c| !matches!(c, ' ' | '+')).collect();
            assert_eq!(kept, digits, "every digit is there");
        }
    }

    #[test]
    fn instants_are_as_short_as_their_day_allows() {
        let at = |day| Timestamp::of_day(2026, 11, day).expect("a day") + Span::millis(8_425_193);
        let shown = |at, now| Instant::new(at, now).short.to_string();
        assert_eq!(shown(at(29), at(29)), "02:20:25");
        assert_eq!(shown(at(28), at(29)), "Nov 28 02:20:25");
        let year_ago = Timestamp::of_day(2025, 1, 2).expect("a day");
        assert_eq!(shown(year_ago, at(29)), "Jan 2 2025 00:00:00");
    }

    #[test]
    fn spans_are_readable() {
        for (micros, shown) in [
            (0, "0 ms"),
            (420, "0.4 ms"),
            (18_640, "18.6 ms"),
            (1_941_000, "1.94 s"),
            (200_000_000, "3 min 20 s"),
            (7_500_000_000, "2 h 5 min"),
            (180_000_000_000, "2 d 2 h"),
            (-5, "0 ms"),
        ] {
            assert_eq!(span(Span(micros)), shown);
        }
    }

    #[test]
    fn webhooks_show_what_was_answered() {
        for (line, word, tone) in [
            ("delivered: HTTP 200", "200", "good"),
            ("failed: HTTP 500", "500, again", "warn"),
            ("failed: connection refused", "no answer, again", "warn"),
            ("given up: HTTP 404", "404, given up", "bad"),
            ("given up: HTTP <b>", "given up", "bad"),
        ] {
            let state = State::of_webhook(line);
            assert_eq!((&*state.word, state.tone), (word, tone), "{line}");
        }
    }
}
