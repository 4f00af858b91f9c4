//! `/api/lookup`: what the numbering plan says of numbers, and where they moved to if a table of the operator's has them. No network is
//! asked: whether a number is reachable or whose it is, is answered as unknown, and nothing is charged.

use serde::Serialize;
use serde_json::{Value, json};
use whimbrel_core::call::lookup::{LookedUp, LookupCall, LookupOutcome, NUMBERS_MAX, NumberRange, Question};
use whimbrel_core::{Call, Home, PhoneNumber, Refusal, country};

use super::answer::{self, Wish};
use super::params::Params;
use super::sms_number;
use crate::Reply;
use crate::http::HttpResponse;

/// The question of that name; `None` if there is none.
pub(super) fn question(name: &str) -> Option<Question> {
    match name {
        "format" => Some(Question::Format),
        "mnp" => Some(Question::Network),
        "hlr" => Some(Question::Reach),
        "cnam" => Some(Question::Name),
        _ => None,
    }
}

/// Reads a request.
pub(super) fn read(question: Question, params: &Params, home: &Home) -> Result<Call, Refusal> {
    let items = params.all("number").flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty());
    let numbers: Vec<_> =
        items.map(|item| sms_number(item, home).ok_or_else(|| item.into())).take(NUMBERS_MAX + 1).collect();
    if numbers.len() > NUMBERS_MAX {
        return Err(Refusal::Invalid { field: "number" });
    }
    // Without a number the format is asked of nothing, which the vendor answers in the same form.
    let numbers = if numbers.is_empty() { vec![Err("".into())] } else { numbers };
    Ok(Call::Lookup(LookupCall { question, numbers }))
}

/// The answer: an object for one number, a list for several; of the network also as a bare code.
pub(super) fn render(outcome: &LookupOutcome, reply: &Reply) -> HttpResponse {
    if outcome.question == Question::Network && !Wish::of_reply(reply).wants_json() {
        let codes = outcome.numbers.iter().map(|number| Known::of(number).network.map_or("", mobile_code));
        return answer::text(codes.collect::<Vec<_>>().join("\n"));
    }
    let all: Vec<Value> = outcome.numbers.iter().map(|number| one(outcome.question, number)).collect();
    match <[Value; 1]>::try_from(all) {
        Ok([one]) => answer::json(&one),
        Err(several) => answer::json(&several),
    }
}

/// A number with what is known of it, in the forms that answers have.
struct Known<'a> {
    digits: &'a str,
    country: Option<country::Country>,
    iso: &'a str,
    range: Option<&'a NumberRange>,
    /// The network that has it now, as far as is known.
    network: Option<&'a NumberRange>,
    has_moved: bool,
}

impl<'a> Known<'a> {
    fn of(looked_up: &'a LookedUp) -> Self {
        let range = looked_up.range.as_ref();
        Self {
            digits: looked_up.number.as_ref().map_or("", PhoneNumber::digits),
            country: range.and_then(|range| country::find(range.country)),
            iso: range.map_or("", |range| range.country.as_str()),
            range,
            network: looked_up.moved_to.as_ref().or(range),
            has_moved: looked_up.moved_to.is_some(),
        }
    }

    fn calling_code(&self) -> &'static str {
        self.country.map_or("", |country| country.calling_code)
    }

    /// The number without the digits of its country.
    fn subscriber(&self) -> &'a str {
        self.digits.strip_prefix(self.calling_code()).unwrap_or(self.digits)
    }

    fn national(&self) -> String {
        if self.digits.is_empty() { String::new() } else { format!("0{}", self.subscriber()) }
    }

    fn international(&self) -> String {
        format!("+{}", self.digits)
    }

    fn formatted(&self) -> String {
        match self.calling_code() {
            "" => self.international(),
            code => format!("+{code} {}", self.subscriber()),
        }
    }

    fn carrier(&self) -> &'a str {
        self.network.map_or("", |network| &*network.name)
    }

    /// Whether it moved. That no table has it says nothing.
    fn ported(&self) -> &'static str {
        if self.has_moved { "ported" } else { "unknown" }
    }

    fn kind(&self) -> &'static str {
        self.range.map_or("unknown", |range| if range.code.ends_with("FIXED") { "fixed_line" } else { "mobile" })
    }
}

/// The code of a network in digits; empty for ranges that several networks share, and for fixed lines.
fn mobile_code(range: &NumberRange) -> &str {
    if range.code.bytes().all(|byte| byte.is_ascii_digit()) { &range.code } else { "" }
}

fn one(question: Question, looked_up: &LookedUp) -> Value {
    let known = Known::of(looked_up);
    match question {
        Question::Format => format(&known),
        Question::Network => network(&known),
        Question::Reach => reach(&known),
        // Whose a number is, no table says.
        Question::Name => json!({
            "code": "100",
            "success": "false",
            "name": "",
            "number": known.international(),
        }),
    }
}

#[derive(Serialize)]
struct Format<'a> {
    success: bool,
    national: String,
    carrier: &'a str,
    country_code: Value,
    country_iso: &'a str,
    country_name: &'a str,
    international: String,
    international_formatted: String,
    network_type: &'a str,
}

fn format(known: &Known<'_>) -> Value {
    let country_code = match known.calling_code() {
        "" => Value::Bool(false),
        code => code.into(),
    };
    json!(Format {
        success: known.range.is_some(),
        national: known.national(),
        carrier: known.carrier(),
        country_code,
        country_iso: known.iso,
        country_name: known.country.map_or("", |country| country.name),
        international: known.international(),
        international_formatted: known.formatted(),
        network_type: known.kind(),
    })
}

/// The type of the network is there in both spellings that clients read.
fn network(known: &Known<'_>) -> Value {
    json!({
        "code": 100,
        "success": known.range.is_some(),
        "price": 0.0,
        "mnp": {
            "country": known.iso,
            "number": known.international(),
            "national_format": known.national(),
            "international_formatted": known.formatted(),
            "network": known.carrier(),
            "mccmnc": known.network.map_or("", mobile_code),
            "isPorted": known.has_moved,
            "networkType": known.kind(),
            "network_type": known.kind(),
        },
    })
}

fn reach(known: &Known<'_>) -> Value {
    let carrier = |network: Option<&NumberRange>| {
        json!({
            "network_code": network.map_or("", mobile_code),
            "name": network.map_or("", |network| &*network.name),
            "country": known.iso,
            "network_type": known.kind(),
        })
    };
    json!({
        "status": known.range.is_some(),
        "status_message": if known.range.is_some() { "success" } else { "unknown range" },
        "lookup_outcome": known.range.is_some(),
        "lookup_outcome_message": "by the numbering plan: no network was asked",
        "international_format_number": known.digits,
        "international_formatted": known.formatted(),
        "national_format_number": known.national(),
        "country_code": known.iso,
        "country_code_iso3": null,
        "country_name": known.country.map_or("", |country| country.name),
        "country_prefix": known.calling_code(),
        "current_carrier": carrier(known.network),
        "original_carrier": carrier(known.range),
        "valid_number": if known.range.is_some() { "unknown" } else { "not_valid" },
        "reachable": "unknown",
        "ported": known.ported(),
        "roaming": "unknown",
        "gsm_code": null,
        "gsm_message": null,
    })
}
