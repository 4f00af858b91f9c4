//! Values as tshark prints them, turned into what the generator of PDUs writes.
//!
//! Numbers in decimal, octets in hexadecimal, spans and moments in seconds. What cannot be read stays as it is, so that a
//! comparison shows it.

/// Stands between the values of one field; no text holds it.
pub const SEPARATOR: char = '\u{1}';

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Octets,
    Span,
    Moment,
    Number,
}

const TEXTS: &[&str] = &[
    "smpp.system_id",
    "smpp.password",
    "smpp.system_type",
    "smpp.service_type",
    "smpp.address_range",
    "smpp.source_addr",
    "smpp.destination_addr",
    "smpp.message_id",
    "smpp.receipted_message_id",
    "smpp.additional_status_info_text",
];
const OCTETS: &[&str] = &["smpp.message", "smpp.message_payload", "smpp.vendor_op"];
const MOMENTS: &[&str] = &["smpp.schedule_delivery_time", "smpp.validity_period", "smpp.final_date"];

fn kind(field: &str) -> Kind {
    match field {
        field if TEXTS.contains(&field) => Kind::Text,
        field if OCTETS.contains(&field) => Kind::Octets,
        field if MOMENTS.contains(&field) => Kind::Moment,
        field if field.ends_with("_r") => Kind::Span,
        _ => Kind::Number,
    }
}

/// A value of `field` in the generator's form.
pub fn normal(field: &str, value: &str) -> String {
    let read = match kind(field) {
        Kind::Text => None,
        Kind::Octets => (value == "<none>").then(String::new),
        Kind::Span => value.strip_suffix(".000000000").map(str::to_owned),
        Kind::Moment => moment(value).map(|seconds| seconds.to_string()),
        Kind::Number => number(value).map(|number| number.to_string()),
    };
    read.unwrap_or_else(|| value.to_owned())
}

fn number(value: &str) -> Option<u64> {
    match value.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => value.parse().ok(),
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH_DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Seconds since 1970 of `Dec  9, 2036 08:07:46.000000000 UTC`.
fn moment(value: &str) -> Option<u64> {
    let mut words = value.strip_suffix(".000000000 UTC")?.split_whitespace();
    let (month, day, year, clock) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)?;
    let day: u64 = day.strip_suffix(',')?.parse().ok()?;
    let year: u64 = year.parse().ok()?;
    let mut days = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum::<u64>() + day.checked_sub(1)?;
    days += MONTH_DAYS.iter().take(month).sum::<u64>() + u64::from(month > 1 && is_leap(year));
    let mut seconds = 0;
    for part in clock.split(':') {
        seconds = seconds * 60 + part.parse::<u64>().ok()?;
    }
    Some(days * 86_400 + seconds)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_the_generators_form() {
        let check = |field, value, wanted| assert_eq!(normal(field, value), wanted, "{field} {value}");
        check("smpp.command_id", "0x80000004", "2147483652");
        check("smpp.sm_length", "17", "17");
        check("smpp.source_addr", "0x12", "0x12");
        check("smpp.message_id", "007", "007");
        check("smpp.message", "00ff", "00ff");
        check("smpp.vendor_op", "<none>", "");
        check("smpp.validity_period_r", "943295.000000000", "943295");
        check("smpp.schedule_delivery_time", "Aug 14, 2019 16:59:15.000000000 UTC", "1565801955");
        check("smpp.validity_period", "Dec  9, 2036 08:07:46.000000000 UTC", "2112422866");
        check("smpp.final_date", "Mar  1, 2000 00:00:00.000000000 UTC", "951868800");
        // What is not understood is shown.
        check("smpp.final_date", "yesterday", "yesterday");
        check("smpp.sm_length", "?", "?");
    }
}
