//! Reads a query.

use std::ops::Range;

use whimbrel_core::{CountryCode, Currency, MessageClass, Money, Timestamp};

use super::error::nearest;
use super::keys::{KEYS, MEANT};
use super::lexer::{Token, tokens};
use super::number::NumberPattern;
use super::{Comparison, Feature, Kind, Query, SearchError, SenderPattern, Sense, Term, Test, WebhookProgress, time};

/// How long a query may be, in octets.
pub const QUERY_BYTES_MAX: usize = 1_000;
/// How many terms a query may have.
pub const TERMS_MAX: usize = 32;
/// Digits that a number may have (ITU-T E.164).
const NUMBER_DIGITS_MAX: usize = 15;

/// The words that lists show for how far a message is.
const STATUSES: &[&str] = &[
    "queued",
    "submitting",
    "uncertain",
    "submitted",
    "delivered",
    "expired",
    "failed",
    "rejected",
    "unknown",
    "mixed",
];

/// Reads a query; `now` is what relative times count from.
///
/// # Errors
/// [`SearchError`] with the first token that is not understood.
pub fn parse(query: &str, now: Timestamp) -> Result<Query, SearchError> {
    if query.len() > QUERY_BYTES_MAX {
        let end = query.len();
        return Err(SearchError::new(
            0..end,
            format!("a query has at most {QUERY_BYTES_MAX} octets"),
            "leave something out",
        ));
    }
    let mut terms = Vec::new();
    let mut tokens = tokens(query)?.into_iter().peekable();
    while let Some(mut token) = tokens.next() {
        if terms.len() >= TERMS_MAX {
            return Err(SearchError::new(
                token.span,
                format!("a query has at most {TERMS_MAX} terms"),
                "leave something out",
            ));
        }
        if takes_number(&token) {
            while let Some(more) = tokens.next_if(|next| goes_on(&token, next)) {
                token.value = format!("{}{}", token.value, more.value);
                (token.span.end, token.value_span.end) = (more.span.end, more.value_span.end);
            }
        }
        terms.push(term(token, now)?);
    }
    Ok(Query { terms })
}

/// Whether a number with blanks may begin here: `to:+44 7700 900123`. Without the plus, digits after a blank are a word of the text.
fn takes_number(token: &Token) -> bool {
    matches!(token.key.as_deref(), Some("to" | "from"))
        && !token.is_quoted
        && token.value.starts_with('+')
        && !token.value.contains('*')
        && NumberPattern::read(&token.value).is_some()
}

/// Whether the next token is more of the number: digits and what stands between digits, and not too many of them.
fn goes_on(number: &Token, next: &Token) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    next.key.is_none()
        && !next.is_negated
        && !next.is_quoted
        && digits(&next.value) > 0
        && next.value.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | '(' | ')' | '/'))
        && digits(&number.value) + digits(&next.value) <= NUMBER_DIGITS_MAX
}

fn term(token: Token, now: Timestamp) -> Result<Term, SearchError> {
    let sense = if token.is_negated { Sense::Fails } else { Sense::Holds };
    let test = match &token.key {
        None => words(&token.value, &token.span)?,
        Some(key) => keyed(key, &token, now)?,
    };
    Ok(Term { test, sense, span: token.span })
}

fn words(value: &str, span: &Range<usize>) -> Result<Test, SearchError> {
    if value.trim().is_empty() {
        return Err(SearchError::new(span.clone(), "there is nothing in these quotes", "write what the text says"));
    }
    Ok(Test::Text(value.to_lowercase().into()))
}

fn keyed(key: &str, token: &Token, now: Timestamp) -> Result<Test, SearchError> {
    let value = token.value.as_str();
    let known = KEYS.iter().find(|known| known.name == key).ok_or_else(|| unknown_key(key, token))?;
    if value.trim().is_empty() {
        return Err(SearchError::new(
            token.span.clone(),
            format!("`{key}:` is followed by nothing"),
            format!("it takes {}, such as {}", known.takes, known.example),
        ));
    }
    let wrong = || {
        SearchError::new(
            token.value_span.clone(),
            format!("`{value}` is not what `{key}:` takes"),
            format!("it takes {}, such as {}", known.takes, known.example),
        )
    };
    let text = || Box::<str>::from(value);
    let lower = || Box::<str>::from(value.to_lowercase());
    Ok(match key {
        "to" => Test::To(NumberPattern::read(value).ok_or_else(wrong)?),
        "from" => {
            Test::From(NumberPattern::read(value).map_or_else(|| SenderPattern::Name(lower()), SenderPattern::Number))
        }
        "text" => Test::Text(lower()),
        "otp" => Test::Otp(code(value).ok_or_else(wrong)?),
        "has" => Test::Has(word(token, FEATURES)?),
        "is" => Test::Is(word(token, KINDS)?),
        "webhook" => Test::Webhook(word(token, WEBHOOKS)?),
        "class" => Test::Class(word(token, CLASSES)?),
        "status" => Test::Status(status(token)?),
        "err" => Test::Err(lower()),
        "after" => Test::After(time::instant(value, now).ok_or_else(wrong)?),
        "before" => Test::Before(time::instant(value, now).ok_or_else(wrong)?),
        "account" => Test::Account(text()),
        "dialect" => Test::Dialect(lower()),
        "carrier" => Test::Carrier(text()),
        "country" => {
            let code = CountryCode::parse(&value.to_ascii_uppercase()).ok_or_else(wrong)?;
            Test::Country { code, networks: Vec::new() }
        }
        "network" => Test::Network { text: lower(), networks: Vec::new() },
        "parts" => {
            let count = |text: &str| text.parse::<u8>().ok().map(i64::from);
            Test::Parts(Comparison::read(value, count).ok_or_else(wrong)?)
        }
        "price" => {
            // The currency is the account's: only its size counts here.
            let amount = |text: &str| Money::parse(text, Currency::EUR).ok().map(|money| money.units);
            Test::Price(Comparison::read(value, amount).ok_or_else(wrong)?)
        }
        // Every key of the list but this one stands above.
        _ => Test::Id { text: text(), number: None },
    })
}

fn unknown_key(key: &str, token: &Token) -> SearchError {
    let span = token.span.start..token.value_span.start;
    let meant = MEANT.iter().find(|(other, _)| *other == key).map(|(_, meant)| *meant);
    let names = || KEYS.iter().map(|known| known.name);
    let remedy = match meant.or_else(|| nearest(key, names())) {
        Some(meant) => format!("did you mean `{meant}:`? A text with a colon in it stands in quotes"),
        None => {
            format!(
                "the keys are {}; a text with a colon in it stands in quotes",
                names().collect::<Vec<_>>().join(", ")
            )
        }
    };
    SearchError::new(span, format!("`{key}:` is no key of a search"), remedy)
}

const FEATURES: &[(&str, Feature)] = &[("otp", Feature::Otp), ("link", Feature::Link), ("unicode", Feature::Unicode)];
const KINDS: &[(&str, Kind)] = &[("inbound", Kind::Inbound), ("final", Kind::Final)];
const CLASSES: &[(&str, MessageClass)] = &[("otp", MessageClass::Otp), ("bulk", MessageClass::Bulk)];
const WEBHOOKS: &[(&str, WebhookProgress)] =
    &[("ok", WebhookProgress::Delivered), ("failed", WebhookProgress::Failed), ("pending", WebhookProgress::Pending)];

/// One of a few words.
fn word<T: Copy>(token: &Token, words: &[(&str, T)]) -> Result<T, SearchError> {
    let value = token.value.to_lowercase();
    let found = words.iter().find(|(known, _)| *known == value);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| no_such_word(token, words.iter().map(|(known, _)| *known)))
}

fn status(token: &Token) -> Result<Box<str>, SearchError> {
    let value = token.value.to_lowercase();
    // What customers call a message that the carrier took.
    let value = if matches!(&*value, "accepted" | "buffered" | "sent") { "submitted" } else { &value };
    STATUSES
        .iter()
        .find(|known| **known == value)
        .map(|known| (*known).into())
        .ok_or_else(|| no_such_word(token, STATUSES.iter().copied()))
}

fn no_such_word<'a>(token: &Token, words: impl Iterator<Item = &'a str> + Clone) -> SearchError {
    let (key, value) = (token.key.as_deref().unwrap_or_default(), &token.value);
    let list = words.clone().collect::<Vec<_>>().join(", ");
    let remedy = match nearest(&value.to_lowercase(), words) {
        Some(meant) => format!("did you mean `{key}:{meant}`? It takes {list}"),
        None => format!("it takes {list}"),
    };
    SearchError::new(token.value_span.clone(), format!("`{value}` is not what `{key}:` takes"), remedy)
}

/// A code as it is compared: without the marks that people put into it, in capitals.
fn code(value: &str) -> Option<Box<str>> {
    let code: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let is_code = !code.is_empty() && code.len() <= 20 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| code.to_ascii_uppercase().into())
}
