//! What went through, by hour and day, carrier and account: from sums that are kept, however many messages there are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use whimbrel_core::Timestamp;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_store::TrafficHour;

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
        let traffic = store.traffic(from..until)?;
        Ok((traffic, store.traffic_of_accounts(days, ACCOUNTS_MAX)?))
    });
    let (traffic, accounts) = match read.await {
        Ok(read) => read,
        Err(error) => return unavailable(&error),
    };
    let (by_step, by_carrier) = sums(&traffic, from, step);
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
fn sums(traffic: &[TrafficHour], from: i64, step: i64) -> (BTreeMap<i64, Sums>, BTreeMap<u16, Sums>) {
    let (mut by_step, mut by_carrier) = (BTreeMap::new(), BTreeMap::new());
    for hour in traffic {
        for sums in [
            by_step.entry((hour.hour - from).div_euclid(step)).or_insert_with(Sums::default),
            by_carrier.entry(hour.carrier.0).or_insert_with(Sums::default),
        ] {
            sums.messages += hour.messages;
            sums.parts += hour.parts;
            sums.delivered += hour.delivered;
            sums.failed += hour.failed;
        }
    }
    (by_step, by_carrier)
}

fn told(mut named: Value, sums: Sums) -> Value {
    let Sums { messages, parts, delivered, failed } = sums;
    for (name, count) in [("messages", messages), ("parts", parts), ("delivered", delivered), ("failed", failed)] {
        named[name] = json!(count);
    }
    named
}
