//! `/api/numbers`: the numbers of the account, and those for sale. Both are shown; to order or to give back is the operator's.
//!
//! Follows the vendor's schema. What is not known here is null or nothing: numbers forward nowhere but to hooks, and do not expire.

use serde_json::{Value, json};
use whimbrel_core::call::numbers::{
    ApplicationFilter, Features, NumberPattern, NumbersCall, NumbersOutcome, OwnedEntry, OwnedQuery, Page as PageOf,
    PatternPlace, SaleEntry, SaleQuery,
};
use whimbrel_core::{Call, CountryCode, Refusal};

use super::answer;
use super::params::Params;
use crate::http::HttpResponse;

/// Numbers in an answer: there are no pages of them.
const NUMBERS_MAX: u32 = 1_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// The account's numbers.
    Active,
    /// One of them.
    One,
    /// Those for sale.
    Available,
}

/// The question of the rest of a path; `None` if it is none that is answered.
pub(super) fn question(method: &str, second: Option<&str>, third: Option<&str>) -> Option<Question> {
    match (method, second, third) {
        ("GET", Some("active"), None) => Some(Question::Active),
        ("GET", Some("active"), Some(_)) => Some(Question::One),
        ("GET", Some("available"), None) => Some(Question::Available),
        _ => None,
    }
}

/// Reads a request; `number` is that of the path.
pub(super) fn read(question: Question, number: Option<&str>, params: &Params) -> Result<Call, Refusal> {
    let page = PageOf { index: 1, size: NUMBERS_MAX };
    let pattern = |digits: &str, place| NumberPattern { digits: digits.into(), place };
    let owned = |pattern| {
        let (country, features, application) = (None, Features::NONE, ApplicationFilter::Any);
        NumbersCall::Owned(OwnedQuery { country, pattern, features, application, page })
    };
    Ok(Call::Numbers(match question {
        Question::Active => owned(pattern("", PatternPlace::Start)),
        Question::One => {
            let digits = number.unwrap_or_default().trim_start_matches('+').trim_start_matches("%2B");
            owned(pattern(digits, PatternPlace::Exactly))
        }
        Question::Available => {
            let country = params.get("country").map(|code| CountryCode::parse(&code.to_ascii_uppercase()));
            let country = country.map(|code| code.ok_or(Refusal::Invalid { field: "country" })).transpose()?;
            let wanted = [
                ("features_sms", Features::SMS),
                ("features_a2p_sms", Features::SMS),
                ("features_voice", Features::VOICE),
            ];
            let wanted = wanted.into_iter().filter(|(name, _)| params.is_on(name));
            let features = wanted.fold(Features::NONE, |all, (_, feature)| all.and(feature));
            NumbersCall::OnSale(SaleQuery {
                country,
                pattern: pattern("", PatternPlace::Start),
                kind: None,
                features,
                page,
            })
        }
    }))
}

/// The answer; `None` if the one number that was asked for is not the account's.
pub(super) fn render(outcome: &NumbersOutcome, is_one: IsOne) -> Option<HttpResponse> {
    match outcome {
        NumbersOutcome::Owned(numbers, _) if is_one == IsOne::Yes => {
            numbers.first().map(|number| answer::json(&active(number)))
        }
        NumbersOutcome::Owned(numbers, _) => {
            Some(answer::json(&json!({ "activeNumbers": numbers.iter().map(active).collect::<Vec<_>>() })))
        }
        NumbersOutcome::OnSale(numbers, _) => {
            Some(answer::json(&json!({ "availableNumbers": numbers.iter().map(available).collect::<Vec<_>>() })))
        }
        // Nothing else is asked for.
        NumbersOutcome::Done | NumbersOutcome::Refused(_) => None,
    }
}

/// Whether one number was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IsOne {
    Yes,
    No,
}

fn active(number: &OwnedEntry) -> Value {
    json!({
        "country": number.country.as_ref().map(CountryCode::as_str),
        "number": &*number.number,
        "friendly_name": "",
        "billing": { "fees": { "setup": 0, "basic_charge": 0, "sms_mo": 0, "voice_mo": 0 }, "payment_interval": "monthly" },
        "features": features(number.features),
        "forward_sms_mo": {
            "sms": { "number": "", "enabled": false },
            "email": { "address": [], "enabled": false },
            "slack": { "uri": "", "enabled": false },
        },
        "expires": null,
        "created": null,
    })
}

fn available(number: &SaleEntry) -> Value {
    let (monthly, setup) = (answer::amount(number.monthly), answer::amount(number.purchase));
    // The operator names a price for a month and takes one at the purchase.
    let annually = answer::amount(number.monthly.times(12).unwrap_or(number.monthly));
    json!({
        "country": number.country.as_str(),
        "number": &*number.number,
        "number_parsed": format!("+{}", number.number),
        "fees": {
            "monthly": { "basic_charge": monthly, "setup": setup },
            "annually": { "basic_charge": annually, "setup": setup },
            "sms_mo": 0,
            "voice_mo": 0,
        },
        "features": features(number.features),
    })
}

fn features(features: Features) -> Value {
    let has = |feature: Features| features.bits() & feature.bits() != 0;
    json!({ "sms": has(Features::SMS), "a2p_sms": has(Features::SMS), "voice": has(Features::VOICE) })
}
