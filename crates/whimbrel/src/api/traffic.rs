//! What went through, by hour and day, carrier and account: from sums that are kept, however many messages there are.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};
use whimbrel_core::Timestamp;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_store::{StoreError, TrafficHour};

use super::json::bad;
use super::{Api, document, unavailable};
use crate::server::IncomingRequest;

const HOUR_MICROS: i64 = 3_600_000_000;
const HOURS_DEFAULT: i64 = 24;
/// A quarter of a year.
const HOURS_MAX: i64 = 24 * 92;
/// Above so many hours the sums are of days.
const HOURS_SHOWN_MAX: i64 = 72;
/// Accounts that are named, those with the most parts.
const ACCOUNTS_MAX: usize = 100;

/// Counts of parts, and of the messages they are of.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    messages: i64,
    parts: i64,
    delivered: i64,
    failed: i64,
}

/// `GET traffic?hours=`: the last hours, this one too. More than 72 are told by day (UTC).
pub(super) async fn show(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let mut hours = HOURS_DEFAULT;
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match (&*name, value.parse().ok().filter(|hours| (1..=HOURS_MAX).contains(hours))) {
            ("hours", Some(wanted)) => hours = wanted,
            _ => return bad(&format!("the parameter is hours, a number from 1 to {HOURS_MAX}")),
        }
    }
    let until = api.engine.world().now().0.div_euclid(HOUR_MICROS) + 1;
    let step = if hours > HOURS_SHOWN_MAX { 24 } else { 1 };
    // Whole days where days are told, so that the accounts' sums are of the same time.
    let from = if step == 24 { (until - hours).div_euclid(24) * 24 } else { until - hours };
    let days = from.div_euclid(24)..(until - 1).div_euclid(24) + 1;
    let read = api.engine.read(move |store| {
        let sums = sums(|hours| store.traffic(hours), from..until, step)?;
        Ok((sums, store.traffic_of_accounts(days, ACCOUNTS_MAX)?))
    });
    let ((by_step, by_carrier), accounts) = match read.await {
        Ok(read) => read,
        Err(error) => return unavailable(&error),
    };
    let count = (until - from + step - 1) / step;
    let steps: Vec<Value> = (0..count)
        .map(|place| {
            let at = Timestamp((from + place * step) * HOUR_MICROS).to_string();
            told(json!({ "from": at }), by_step.get(&place).copied().unwrap_or_default())
        })
        .collect();
    let carriers: Vec<Value> = by_carrier
        .iter()
        .map(|(carrier, sums)| {
            let desk = api.engine.carriers().find(whimbrel_core::CarrierId(*carrier));
            let name = desk
                .map_or_else(|| format!("carrier {carrier}, not configured any more"), |desk| desk.name.to_string());
            told(json!({ "carrier": name }), *sums)
        })
        .collect();
    let accounts: Vec<Value> = accounts
        .iter()
        .map(|one| {
            let named = json!({
                "account": format!("{}:{}", one.dialect, one.key), "name": one.name,
                "spent": one.spent.eight_decimals(), "currency": one.spent.currency.as_str(),
            });
            let (messages, parts) = (one.messages, one.parts);
            told(named, Sums { messages, parts, delivered: one.delivered, failed: one.failed })
        })
        .collect();
    let step = if step == 24 { "day" } else { "hour" };
    document(200, &json!({ "step": step, "steps": steps, "carriers": carriers, "accounts": accounts }))
}

/// By step from the first one, and by carrier.
type ByStepAndCarrier = (BTreeMap<i64, Sums>, BTreeMap<u16, Sums>);

/// Sums of `hours`, which are read a day at a time: a read has a bound, and a quarter of a year of many carriers would be cut by it.
fn sums(
    read: impl Fn(Range<i64>) -> Result<Vec<TrafficHour>, StoreError>,
    hours: Range<i64>,
    step: i64,
) -> Result<ByStepAndCarrier, StoreError> {
    let (mut by_step, mut by_carrier) = (BTreeMap::new(), BTreeMap::new());
    let mut from = hours.start;
    while from < hours.end {
        let until = (from + 24).min(hours.end);
        for hour in read(from..until)? {
            for sums in [
                by_step.entry((hour.hour - hours.start).div_euclid(step)).or_insert_with(Sums::default),
                by_carrier.entry(hour.carrier.0).or_insert_with(Sums::default),
            ] {
                sums.messages += hour.messages;
                sums.parts += hour.parts;
                sums.delivered += hour.delivered;
                sums.failed += hour.failed;
            }
        }
        from = until;
    }
    Ok((by_step, by_carrier))
}

fn told(mut named: Value, sums: Sums) -> Value {
    let Sums { messages, parts, delivered, failed } = sums;
    for (name, count) in [("messages", messages), ("parts", parts), ("delivered", delivered), ("failed", failed)] {
        named[name] = json!(count);
    }
    named
}

#[cfg(test)]
mod tests {
    use whimbrel_core::CarrierId;

    use super::*;

    /// The store's bound on one read.
    const ROWS_MAX: usize = 50_000;

    #[test]
    fn a_quarter_of_a_year_of_many_carriers_is_summed_whole() {
        const CARRIERS: u16 = 40;
        let read = |hours: Range<i64>| {
            let rows = hours.flat_map(|hour| (1..=CARRIERS).map(move |carrier| (hour, CarrierId(carrier))));
            let row = |(hour, carrier)| TrafficHour { hour, carrier, messages: 1, parts: 2, delivered: 1, failed: 1 };
            Ok(rows.map(row).take(ROWS_MAX).collect())
        };
        let (by_step, by_carrier) = sums(read, 24..24 + HOURS_MAX, 24).expect("read");
        assert_eq!((by_step.len() as i64, by_carrier.len()), (HOURS_MAX / 24, usize::from(CARRIERS)));
        assert!(by_step.values().all(|day| day.parts == 2 * 24 * i64::from(CARRIERS)));
        assert!(by_carrier.values().all(|one| one.messages == HOURS_MAX));
    }
}
