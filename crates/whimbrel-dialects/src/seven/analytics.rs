//! `/api/analytics`: what was sent and came in, added up by days, countries, labels or accounts.

use serde::Serialize;
use whimbrel_core::call::totals::{SPANS_MAX, TotalsBy, TotalsCall, TotalsLine, TotalsOf, TotalsOutcome};
use whimbrel_core::zone::Zone;
use whimbrel_core::{Call, Home, Refusal, Serial, Span, Timestamp};

use super::answer::{self, amount};
use super::params::Params;
use super::zone;
use crate::Reply;
use crate::http::HttpResponse;

/// Days before today that count if a request does not say.
const DAYS: i64 = 30;

/// Which of its two forms a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A path for each grouping.
    Path,
    /// One path, and `group_by`: the form of the first clients, whose texts were direct or economy.
    Parameter,
}

/// A line, with the name that its grouping has. What we do not do is none.
#[derive(Default, Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direct: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    economy: Option<u64>,
    sms: u64,
    rcs: u64,
    voice: u64,
    hlr: u64,
    mnp: u64,
    inbound: u64,
    usage_eur: f64,
}

/// The grouping of that name.
pub(super) fn grouping(name: &str) -> Option<TotalsBy> {
    match name {
        "date" => Some(TotalsBy::Span),
        "country" => Some(TotalsBy::Country),
        "label" => Some(TotalsBy::AccountRef),
        "subaccount" => Some(TotalsBy::Account),
        _ => None,
    }
}

/// Reads a request; `by` is `None` if it names a grouping that there is not.
pub(super) fn read(by: Option<TotalsBy>, params: &Params, now: Timestamp, home: &Home) -> Result<Call, Refusal> {
    let zone = zone::of(home);
    let by = by.ok_or(Refusal::Invalid { field: "group_by" })?;
    let day = |field: &'static str, usual: Timestamp| match params.get(field) {
        None => Ok(zone::day_of(zone, usual)),
        Some(text) => zone::day(zone, text).ok_or(Refusal::Invalid { field }),
    };
    let (first, last) = (day("start", now - Span::hours(24 * DAYS))?, day("end", now)?);
    if last < first {
        return Err(Refusal::Invalid { field: "end" });
    }
    let of = match params.get("subaccounts") {
        None | Some("only_main") => TotalsOf::Own,
        Some("all") => TotalsOf::All,
        Some(number) => match number.parse() {
            Ok(number) => TotalsOf::Below(Serial(number)),
            Err(_) => return Err(Refusal::Invalid { field: "subaccounts" }),
        },
    };
    let mut bounds = vec![first];
    let mut next = zone::next_day(zone, first);
    while next <= last {
        if bounds.len() == SPANS_MAX {
            return Err(Refusal::Invalid { field: "start" });
        }
        bounds.push(next);
        next = zone::next_day(zone, next);
    }
    bounds.push(next);
    if by != TotalsBy::Span {
        bounds = vec![first, next];
    }
    let account_ref = params.get("label").filter(|label| *label != "all").map(Box::from);
    Ok(Call::Totals(TotalsCall { by, of, bounds, account_ref }))
}

/// The answer.
pub(super) fn render(outcome: &TotalsOutcome, form: Form, reply: &Reply) -> HttpResponse {
    let zone = zone::of(&reply.home);
    match outcome {
        TotalsOutcome::Lines { by, lines } => {
            answer::json(&lines.iter().map(|found| line(*by, found, form, zone)).collect::<Vec<_>>())
        }
        TotalsOutcome::TooMuch => answer::refused(&Refusal::Invalid { field: "start" }, reply),
    }
}

fn line(by: TotalsBy, found: &TotalsLine, form: Form, zone: Zone) -> Line<'_> {
    let name = Some(&*found.name);
    let named = match by {
        TotalsBy::Span => Line { date: Some(zone::seconds(zone, found.from)[..10].to_owned()), ..Line::default() },
        TotalsBy::Country => Line { country: name, ..Line::default() },
        TotalsBy::AccountRef => Line { label: name, ..Line::default() },
        TotalsBy::Account => Line { account: name, ..Line::default() },
    };
    let (direct, economy) = match form {
        Form::Path => (None, None),
        Form::Parameter => (Some(found.sent), Some(0)),
    };
    Line { direct, economy, sms: found.sent, inbound: found.came_in, usage_eur: amount(found.spent), ..named }
}
