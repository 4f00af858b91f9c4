//! How requests are read and strings are made, rightly and in the ways in which signers go wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::{Pairs, Request};

/// Names that the API knows.
pub const KNOWN: &[&str] = &["api_key", "to", "from", "text", "type", "client-ref", "ttl", "timestamp"];
/// Names that one library signs as `None`.
pub const NONE: &[&str] = &[
    "sig",
    "client-ref",
    "type",
    "ttl",
    "status-report-req",
    "callback",
    "message-class",
    "body",
    "udh",
    "protocol-id",
    "account-ref",
    "entity-id",
    "content-id",
    "trusted-number",
];

/// The pairs of the body: a JSON object of strings and numbers, or a form.
pub fn body(request: &Request, as_spelled: bool) -> Pairs {
    let Ok(object) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&request.body) else {
        return form_urlencoded::parse(&request.body).into_owned().collect();
    };
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let spelled = |name: &str| {
        let rest = text.split_once(&format!("\"{name}\":")).expect("the member is there").1;
        rest.split([',', '}']).next().expect("its value").to_owned()
    };
    let value = |name: &str, value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        _ if as_spelled => spelled(name),
        number => number.as_f64().expect("a number").to_string(),
    };
    object.iter().map(|(name, member)| (name.clone(), value(name, member))).collect()
}

pub fn query(request: &Request) -> Pairs {
    form_urlencoded::parse(request.query.as_bytes()).into_owned().collect()
}

/// Key and secret of the header.
pub fn basic(request: &Request) -> Option<(String, String)> {
    let (_, value) = request.headers.iter().find(|header| header.0 == "authorization")?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let (key, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}

pub fn basic_header(key: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")))
}

pub fn is_python(request: &Request) -> bool {
    request.headers.iter().any(|(name, value)| *name == "user-agent" && value.starts_with("vonage-python-sdk/"))
}

/// A number as a reader takes it that is not strict.
pub fn lenient_number(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches('+');
    let whole = text.split('.').next().unwrap_or_default();
    // Arabic-Indic digits are digits to many libraries.
    let ascii = |digit: char| match u32::from(digit) {
        code @ 0x0660..=0x0669 => char::from_digit(code - 0x0660, 10).unwrap_or(digit),
        _ => digit,
    };
    let digits: String = whole.chars().map(ascii).collect();
    match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

pub fn octets_of(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Sorted by name, `_` for separators in values.
fn written(mut pairs: Pairs) -> Vec<u8> {
    pairs.sort();
    joined(pairs.into_iter().map(|(name, value)| (name, replaced(&value))))
}

pub fn canonical(pairs: &Pairs) -> Vec<u8> {
    written(unsigned(pairs).collect())
}

pub fn without_blanks(pairs: &Pairs) -> Vec<u8> {
    written(unsigned(pairs).filter(|pair| !pair.1.is_empty()).collect())
}

/// With `None` for each name that did not come. The signature itself is one of them.
pub fn with_none(pairs: &Pairs) -> Vec<u8> {
    let mut all: Pairs = unsigned(pairs).collect();
    let unset = NONE.iter().filter(|name| !all.iter().any(|pair| pair.0 == **name));
    let unset: Pairs = unset.map(|name| ((*name).to_owned(), "None".to_owned())).collect();
    all.extend(unset);
    written(all)
}

fn joined(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<u8> {
    pairs.into_iter().map(|(name, value)| format!("&{name}={value}")).collect::<String>().into_bytes()
}

fn unsigned(pairs: &Pairs) -> impl Iterator<Item = (String, String)> + '_ {
    pairs.iter().filter(|pair| pair.0 != "sig").cloned()
}

/// Those that are signed, by name.
fn sorted(pairs: &Pairs) -> Pairs {
    let mut sorted: Pairs = unsigned(pairs).collect();
    sorted.sort();
    sorted
}

fn replaced(value: &str) -> String {
    value.replace(['&', '='], "_")
}

pub fn encoded(pairs: &Pairs) -> Vec<u8> {
    let form = |value: &str| form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
    joined(sorted(pairs).into_iter().map(|(name, value)| (name, form(&value))))
}

pub fn as_received(pairs: &Pairs) -> Vec<u8> {
    joined(unsigned(pairs).map(|(name, value)| (name, replaced(&value))))
}

pub fn by_pair(pairs: &Pairs) -> Vec<u8> {
    let mut written: Vec<_> = unsigned(pairs).map(|(name, value)| format!("&{name}={}", replaced(&value))).collect();
    written.sort();
    written.concat().into_bytes()
}

pub fn without_first_separator(pairs: &Pairs) -> Vec<u8> {
    canonical(pairs)[1..].to_vec()
}

pub fn with_separators(pairs: &Pairs) -> Vec<u8> {
    joined(sorted(pairs))
}

pub fn all_replaced(pairs: &Pairs) -> Vec<u8> {
    replaced(&String::from_utf8_lossy(&canonical(pairs))).into_bytes()
}

pub fn in_latin_1(pairs: &Pairs) -> Vec<u8> {
    let string = String::from_utf8_lossy(&canonical(pairs)).into_owned();
    string.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}
