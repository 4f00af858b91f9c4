//! What a request about numbers wants.

use whimbrel_core::call::numbers::{
    ApplicationFilter, Features, NumberChoice, NumberKind, NumberPattern, NumberSettings, NumbersCall, OwnedQuery,
    Page as ListPage, PatternPlace, SaleQuery,
};
use whimbrel_core::{Call, CountryCode, Refusal, SenderId};

use super::super::params::Params;
use super::super::url;
use super::Page;
use crate::own;

const PAGE_SIZE_DEFAULT: u32 = 10;
/// The definition's limit. Who asks for more gets so many.
const PAGE_SIZE_MAX: u32 = 100;
/// What the fields that only the account understands may hold.
const KEPT_CHARS_MAX: usize = 255;

pub(super) fn call(page: Page, params: &Params<'_>) -> Result<Call, Refusal> {
    Ok(Call::Numbers(match page {
        Page::Owned => NumbersCall::Owned(owned(params)?),
        Page::OnSale => NumbersCall::OnSale(on_sale(params)?),
        Page::Buy => NumbersCall::Buy(choice(params)?),
        Page::Cancel => NumbersCall::Cancel(choice(params)?),
        Page::Update => NumbersCall::Update(choice(params)?, Box::new(settings(params)?)),
    }))
}

fn owned(params: &Params<'_>) -> Result<OwnedQuery, Refusal> {
    let application = match (params.some("application_id"), boolean(params, "has_application")?) {
        (Some(id), _) => ApplicationFilter::Exactly(id.to_ascii_lowercase().into()),
        (None, Some(true)) => ApplicationFilter::Linked,
        (None, Some(false)) => ApplicationFilter::Unlinked,
        (None, None) => ApplicationFilter::Any,
    };
    Ok(OwnedQuery {
        country: params.some("country").map(|_| country(params)).transpose()?,
        pattern: pattern(params)?,
        // PHP lists features here; those that nobody knows are no wish.
        features: Features::parse(&features(params)).unwrap_or_default(),
        application,
        page: list_page(params)?,
    })
}

fn on_sale(params: &Params<'_>) -> Result<SaleQuery, Refusal> {
    let kind = match params.some("type") {
        None => None,
        Some("mobile-lvn") => Some(NumberKind::Mobile),
        Some("landline") => Some(NumberKind::Landline),
        Some("landline-toll-free") => Some(NumberKind::TollFree),
        Some(_) => return Err(Refusal::Invalid { field: "type" }),
    };
    Ok(SaleQuery {
        country: Some(country(params)?),
        pattern: pattern(params)?,
        kind,
        features: Features::parse(&features(params)).ok_or(Refusal::Invalid { field: "features" })?,
        page: list_page(params)?,
    })
}

fn country(params: &Params<'_>) -> Result<CountryCode, Refusal> {
    let text = params.some("country").ok_or(Refusal::Missing { field: "country" })?;
    CountryCode::parse(&text.to_ascii_uppercase()).ok_or(Refusal::Invalid { field: "country" })
}

/// One list, or the name again and again, with or without PHP's brackets.
fn features(params: &Params<'_>) -> String {
    let is_feature = |name: &str| name == "features" || name.starts_with("features[");
    let values = params.pairs().iter().filter(|pair| is_feature(&pair.name)).map(|pair| &*pair.value);
    values.collect::<Vec<_>>().join(",")
}

fn pattern(params: &Params<'_>) -> Result<NumberPattern, Refusal> {
    // Stars stand in old samples, where they mean what `search_pattern` says.
    let digits: String = params.some("pattern").unwrap_or_default().chars().filter(|c| !"+* ".contains(*c)).collect();
    if digits.len() > 15 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Invalid { field: "pattern" });
    }
    let place = match params.some("search_pattern") {
        None | Some("0") => PatternPlace::Start,
        Some("1") => PatternPlace::Anywhere,
        Some("2") => PatternPlace::End,
        Some(_) => return Err(Refusal::Invalid { field: "search_pattern" }),
    };
    Ok(NumberPattern { digits: digits.into(), place })
}

fn list_page(params: &Params<'_>) -> Result<ListPage, Refusal> {
    let count = |field: &'static str, default: u32| match params.some(field) {
        None => Ok(default),
        Some(text) => {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            match text.parse::<u64>() {
                Ok(count) if is_number && count > 0 => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
                _ => Err(Refusal::Invalid { field }),
            }
        }
    };
    Ok(ListPage { index: count("index", 1)?, size: count("size", PAGE_SIZE_DEFAULT)?.min(PAGE_SIZE_MAX) })
}

fn choice(params: &Params<'_>) -> Result<NumberChoice, Refusal> {
    let country = country(params)?;
    let text = params.some("msisdn").ok_or(Refusal::Missing { field: "msisdn" })?;
    let number = match SenderId::parse(text) {
        Some(SenderId::Number(number)) => number.digits().into(),
        Some(SenderId::ShortCode(code)) => code,
        Some(SenderId::Name(_)) | None => return Err(Refusal::Invalid { field: "msisdn" }),
    };
    Ok(NumberChoice { country, number, target: params.some("target_api_key").map(Box::from) })
}

fn settings(params: &Params<'_>) -> Result<NumberSettings, Refusal> {
    let stored = |field| params.first(field).map(url::stored).transpose().map_err(Refusal::InvalidCallback);
    let voice = pair(params, "voiceCallbackType", "voiceCallbackValue")?;
    let (voice_kind, voice_value) = match voice {
        Some((kind @ ("sip" | "tel" | "app" | ""), value)) => {
            (Some(kind.into()), Some(kept(value, "voiceCallbackValue")?))
        }
        Some(_) => return Err(Refusal::Invalid { field: "voiceCallbackType" }),
        None => (None, None),
    };
    let application = match (params.first("app_id"), pair(params, "messagesCallbackType", "messagesCallbackValue")?) {
        (Some(id), _) => Some(application(id, "app_id")?),
        // The old way to say the same.
        (None, Some(("app" | "", id))) => Some(application(id, "messagesCallbackValue")?),
        (None, Some(_)) => return Err(Refusal::Invalid { field: "messagesCallbackType" }),
        (None, None) => None,
    };
    Ok(NumberSettings {
        inbound_url: stored("moHttpUrl")?,
        application,
        system_type: params.first("moSmppSysType").map(|text| kept(text, "moSmppSysType")).transpose()?,
        voice_kind,
        voice_value,
        voice_status_url: stored("voiceStatusCallback")?,
    })
}

/// Two fields that only make sense together; both empty take the setting away.
fn pair<'p>(
    params: &'p Params<'_>,
    kind: &'static str,
    value: &'static str,
) -> Result<Option<(&'p str, &'p str)>, Refusal> {
    match (params.first(kind), params.first(value)) {
        (None, None) => Ok(None),
        (None, Some("")) | (Some(""), None) => Ok(Some(("", ""))),
        (None, Some(_)) => Err(Refusal::Missing { field: kind }),
        (Some(_), None) => Err(Refusal::Missing { field: value }),
        (Some(given), Some(text)) if given.is_empty() != text.is_empty() => {
            Err(Refusal::Missing { field: if given.is_empty() { kind } else { value } })
        }
        (Some(given), Some(text)) => Ok(Some((given, text))),
    }
}

/// A UUID in lower case, or nothing: Java's library reads no other text there.
fn application(id: &str, field: &'static str) -> Result<Box<str>, Refusal> {
    let is_uuid = id.len() == 36
        && id.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    match id.is_empty() || is_uuid {
        true => Ok(id.to_ascii_lowercase().into()),
        false => Err(Refusal::Invalid { field }),
    }
}

/// What is kept for the account without being understood.
fn kept(text: &str, field: &'static str) -> Result<Box<str>, Refusal> {
    match text.is_empty() || own::is_visible(text, KEPT_CHARS_MAX) {
        true => Ok(text.into()),
        false => Err(Refusal::Invalid { field }),
    }
}

/// Clients say it as `1`, `true` and `True`, or as `0`, `false` and `False`.
fn boolean(params: &Params<'_>, field: &'static str) -> Result<Option<bool>, Refusal> {
    let Some(value) = params.some(field) else { return Ok(None) };
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" => Ok(Some(true)),
        "0" | "false" => Ok(Some(false)),
        _ => Err(Refusal::Invalid { field }),
    }
}
