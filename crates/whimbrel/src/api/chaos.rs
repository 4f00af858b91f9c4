//! Faults on order: `GET`, `PUT`, `DELETE chaos`. Switches over the scenario of the simulator, and over the answers that webhooks get, for
//! those who test that they cope.
//!
//! They change what the scenario says for everybody, and only that; the scenario as a whole is `simulator/scenario`. Webhooks have faults in
//! development only.

use serde_json::{Value, json};
use whimbrel_core::Span;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_simulator::{Control, Scenario};

use super::json::{Fields, bad};
use super::wait::span;
use super::{Api, document};
use crate::gateway::webhook_faults::WebhookFaults;
use crate::server::{IncomingRequest, problem};

/// ESME_RTHROTTLED (SMPP 3.4 §5.1.3).
const THROTTLED: u32 = 0x58;
/// A percentage in this many steps.
const STEPS: u32 = 100;
const FIELDS: &[&str] = &[
    "throttle",
    "drop_receipts",
    "disconnect_every",
    "webhook_lost",
    "webhook_failed",
    "webhook_delayed",
    "webhook_delay",
    "seed",
];
/// How late a webhook's answer comes where nobody says.
const DELAY_DEFAULT: Span = Span::seconds(5);
const DELAY_MAX: Span = Span::seconds(60);

pub(super) fn show(api: &Api) -> HttpResponse {
    match simulator(api) {
        Ok(simulator) => document(200, &told(api, &simulator.scenario())),
        Err(refused) => refused,
    }
}

/// `PUT chaos` with `throttle`, `drop_receipts` (percent) and `disconnect_every` (a time), and those of [`webhook_faults`]; what is left
/// out is off.
pub(super) fn set(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let set = || {
        let simulator = simulator(api)?;
        let mut fields = Fields::read(request.body(), FIELDS)?;
        let throttle = percent(&mut fields, "throttle")?;
        let drop_receipts = percent(&mut fields, "drop_receipts")?;
        let disconnect_every = fields.text("disconnect_every")?.map(|text| {
            let span = span(&text).filter(|span| (100..=86_400_000).contains(&span.as_millis()));
            span.ok_or_else(|| bad("`disconnect_every` must be a time from 100ms to 24h, such as 30s"))
        });
        let disconnect_every = disconnect_every.transpose()?;
        let faults = webhook_faults(&mut fields)?;
        if faults != WebhookFaults::default() && api.webhook_chaos.is_none() {
            return Err(problem(409, "Conflict", "webhooks have faults on order in development only (`serve --dev`)"));
        }
        let mut scenario = (*simulator.scenario()).clone();
        calm(&mut scenario);
        if throttle > 0 {
            let common = greatest_common_divisor(throttle, STEPS);
            scenario.answers.refuse_status = Some(Some(THROTTLED));
            scenario.answers.refuse_every = Some(STEPS / common);
            scenario.answers.refuse_burst = Some(throttle / common);
        }
        if drop_receipts > 0 {
            scenario.receipts.drop_rate = Some(f64::from(drop_receipts) / f64::from(STEPS));
        }
        let millis = disconnect_every.and_then(|span| u64::try_from(span.as_millis()).ok());
        scenario.session.disconnect_after_ms = millis;
        put(api, simulator, scenario, faults)
    };
    set().unwrap_or_else(|refused: HttpResponse| refused)
}

pub(super) fn end(api: &Api) -> HttpResponse {
    let ended = || {
        let simulator = simulator(api)?;
        let mut scenario = (*simulator.scenario()).clone();
        calm(&mut scenario);
        put(api, simulator, scenario, WebhookFaults::default())
    };
    ended().unwrap_or_else(|refused: HttpResponse| refused)
}

/// Without any of the faults that are ordered here.
fn calm(scenario: &mut Scenario) {
    scenario.answers.refuse_status = None;
    scenario.answers.refuse_every = None;
    scenario.answers.refuse_burst = None;
    scenario.receipts.drop_rate = None;
    scenario.session.disconnect_after_ms = None;
}

fn put(
    api: &Api,
    simulator: &Control,
    scenario: Scenario,
    faults: WebhookFaults,
) -> Result<HttpResponse, HttpResponse> {
    simulator.set_scenario(scenario).map_err(|error| bad(&error.to_string()))?;
    if let Some(chaos) = &api.webhook_chaos {
        chaos.order(faults);
    }
    Ok(document(200, &told(api, &simulator.scenario())))
}

/// `webhook_lost`, `webhook_failed`, `webhook_delayed` in percent, `webhook_delay` for those that come late, and the `seed` that decides
/// which ones.
fn webhook_faults(fields: &mut Fields) -> Result<WebhookFaults, HttpResponse> {
    let lost = percent(fields, "webhook_lost")?;
    let failed = percent(fields, "webhook_failed")?;
    let delayed = percent(fields, "webhook_delayed")?;
    if lost + failed + delayed > STEPS {
        return Err(bad("`webhook_lost`, `webhook_failed` and `webhook_delayed` are together at most 100%"));
    }
    let delay = match fields.text("webhook_delay")? {
        None if delayed > 0 => DELAY_DEFAULT,
        None => Span::ZERO,
        Some(text) => span(&text).filter(|span| *span <= DELAY_MAX && delayed > 0).ok_or_else(|| {
            bad("`webhook_delay` must be a time up to 60s, such as 2s, and goes with `webhook_delayed`")
        })?,
    };
    let seed = match fields.text("seed")? {
        None => 0,
        Some(text) => text.parse().map_err(|_| bad("`seed` must be a whole number from 0 to 2^64 - 1, as a text"))?,
    };
    Ok(WebhookFaults { lost, failed, delayed, delay, seed })
}

/// A whole number of percent, as a number or as `10%`.
fn percent(fields: &mut Fields, name: &'static str) -> Result<u32, HttpResponse> {
    let text = fields.text(name)?.unwrap_or_default();
    let number = text.strip_suffix('%').unwrap_or(&text);
    if number.is_empty() && text.is_empty() {
        return Ok(0);
    }
    let percent = number.parse::<u32>().ok().filter(|percent| *percent <= STEPS);
    percent.ok_or_else(|| bad(&format!("`{name}` must be a whole percentage from 0% to 100%")))
}

const fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn simulator(api: &Api) -> Result<&Control, HttpResponse> {
    api.simulator.as_ref().ok_or_else(|| {
        problem(409, "Conflict", "this server runs no simulator to be unruly: start it with `serve --dev`")
    })
}

fn told(api: &Api, scenario: &Scenario) -> Value {
    let faults = api.webhook_chaos.as_ref().map(|chaos| chaos.ordered()).unwrap_or_default();
    let share = |percent: u32| (percent > 0).then(|| format!("{percent}%"));
    let answers = &scenario.answers;
    let throttle = (answers.refuse_status == Some(Some(THROTTLED))).then(|| {
        let (every, burst) = (answers.refuse_every.unwrap_or(1).max(1), answers.refuse_burst.unwrap_or(1));
        format!("{}%", (u64::from(burst) * u64::from(STEPS)).div_ceil(u64::from(every)).min(u64::from(STEPS)))
    });
    let drop_receipts = scenario.receipts.drop_rate.filter(|rate| *rate > 0.0);
    json!({
        "throttle": throttle,
        "drop_receipts": drop_receipts.map(|rate| format!("{:.0}%", rate * f64::from(STEPS))),
        "disconnect_every": scenario.session.disconnect_after_ms.filter(|millis| *millis > 0).map(|millis| format!("{millis}ms")),
        "webhook_lost": share(faults.lost),
        "webhook_failed": share(faults.failed),
        "webhook_delayed": share(faults.delayed),
        "webhook_delay": (faults.delayed > 0).then(|| format!("{}ms", faults.delay.as_millis())),
        "seed": (faults != WebhookFaults::default()).then(|| faults.seed.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_so_many_of_every_so_many() {
        for (percent, burst, every) in [(10, 1, 10), (15, 3, 20), (100, 1, 1), (1, 1, 100), (33, 33, 100)] {
            let common = greatest_common_divisor(percent, STEPS);
            assert_eq!((percent / common, STEPS / common), (burst, every));
        }
    }
}
