//! What an account sent and spent, by day.

use std::ops::Range;

use serde_json::{Value, json};
use whimbrel_core::{Currency, Money, Timestamp};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_store::{UsageDay, UsageFilter};

use super::json::bad;
use super::{Api, accounts, document, unavailable};
use crate::server::IncomingRequest;

/// Days that are shown if nothing is asked for, and at most.
const DAYS_DEFAULT: i64 = 31;
const DAYS_MAX: i64 = 366;
const MICROS: i64 = 86_400_000_000;

/// `GET accounts/{key}/usage?from=&to=`: both days count.
pub(super) async fn show(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let today = api.engine.world().now().0.div_euclid(MICROS);
    let read = || Ok((accounts::entry(api, key)?, days(request.query(), today)?));
    let (entry, days) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let filter = UsageFilter { account_id: entry.account.id, from_day: days.start, until_day: days.end };
    match api.engine.read(move |store| store.usage(&filter)).await {
        Ok(found) => document(200, &shown(&entry.account.key, entry.account.currency, &days, &found)),
        Err(error) => unavailable(&error),
    }
}

fn days(query: &str, today: i64) -> Result<Range<i64>, HttpResponse> {
    let (mut from, mut to) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let day = || day(&value).ok_or_else(|| bad(&format!("`{name}` must be a day such as 2026-11-28")));
        match &*name {
            "from" => from = Some(day()?),
            "to" => to = Some(day()?),
            _ => return Err(bad("the parameters are from and to, days such as 2026-11-28")),
        }
    }
    let to = to.unwrap_or(today);
    let from = from.unwrap_or(to - DAYS_DEFAULT + 1);
    if from > to || to - from >= DAYS_MAX {
        return Err(bad(&format!("`from` must be no later than `to`, and they name {DAYS_MAX} days at most")));
    }
    Ok(from..to + 1)
}

/// A day as people write it; counted from 1970.
fn day(text: &str) -> Option<i64> {
    let is_form = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let mut parts = text.split('-').filter(|_| is_form);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let at = Timestamp::of_day(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(at.0.div_euclid(MICROS))
}

pub(super) fn written(day: i64) -> String {
    Timestamp(day.saturating_mul(MICROS)).to_string().chars().take(10).collect()
}

fn shown(key: &str, currency: Currency, days: &Range<i64>, found: &[UsageDay]) -> Value {
    let counts = |messages: i64, parts: i64, delivered: i64, failed: i64, spent: Money| {
        json!({
            "messages": messages, "parts": parts, "delivered": delivered, "failed": failed,
            "spent": spent.eight_decimals(),
        })
    };
    let of_day = |one: &UsageDay| {
        let mut shown = counts(one.messages, one.parts, one.delivered, one.failed, one.spent);
        shown["day"] = json!(written(one.day));
        shown
    };
    let sum = |part: fn(&UsageDay) -> i64| found.iter().map(part).fold(0_i64, i64::saturating_add);
    let spent = Money::new(sum(|day| day.spent.units), currency);
    json!({
        "api_key": key,
        "currency": currency.as_str(),
        "from": written(days.start),
        "to": written(days.end - 1),
        "days": found.iter().map(of_day).collect::<Vec<_>>(),
        "total": counts(sum(|day| day.messages), sum(|day| day.parts), sum(|day| day.delivered), sum(|day| day.failed), spent),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_written_and_bounded() {
        assert_eq!(
            (day("1970-01-02"), day("2026-11-28"), written(20_785)),
            (Some(1), Some(20_785), "2026-11-28".into())
        );
        for wrong in ["", "2026-11", "2026-13-01", "2026-02-30", "26-11-28", "2026-11-28T", "+026-11-28", "2026/11/28"]
        {
            assert_eq!(day(wrong), None, "{wrong}");
        }
        assert_eq!(days("", 100).ok(), Some(70..101));
        assert_eq!(days("from=1970-01-02&to=1970-01-03", 100).ok(), Some(1..3));
        assert_eq!(days("to=1970-03-01", 100).ok(), Some(29..60));
        for wrong in ["from=1970-01-03&to=1970-01-02", "from=1970-01-01&to=1971-01-02", "day=1", "from=x"] {
            assert!(days(wrong, 100).is_err(), "{wrong}");
        }
    }
}
