//! The Message Search API: what was sent, what came in, and what was refused.
//!
//! Follows the vendor's Message Search definition 1.0.6 and captured answers, read 2026-11. The vendor retired it in 2022; its clients of
//! that time still call it.

mod render;

use whimbrel_core::call::history::{HistoryCall, HistoryId, SentTo};
use whimbrel_core::{Call, PhoneNumber, Refusal, SenderId, Span, Timestamp};

use super::claim::Product;
use super::developer::{self, Place};
use super::params::Params;
use super::{Api, answer, read_id};
use crate::Match;
use crate::http::HttpRequest;

pub(super) use render::render;

/// Ids in one request.
const IDS_MAX: usize = 10;
/// What stood in the place of a number is kept and compared up to here.
pub(super) const ADDRESS_CHARS_MAX: usize = 100;

/// The answers of this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Message,
    Messages,
    Rejections,
}

impl Page {
    const ALL: [Self; 3] = [Self::Message, Self::Messages, Self::Rejections];
}

/// Reads a request of this API. The service answers other methods than GET as if there were nothing.
pub(super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let places = [
        (Page::Message, "/search/message"),
        (Page::Messages, "/search/messages"),
        (Page::Rejections, "/search/rejections"),
    ];
    for (page, path) in places {
        let Some(tail) = developer::tail(request.path, path, &["api_key", "api_secret"]) else { continue };
        let place = Place { product: Product::Account, api: Api::Search, page: page as u8, methods: &["GET"] };
        return developer::read(request, place, tail, (trace_id, now), answer::not_found, |params| call(page, params));
    }
    Match::NotMine
}

fn call(page: Page, params: &Params<'_>) -> Result<Call, Refusal> {
    Ok(Call::History(match page {
        Page::Message => HistoryCall::ByIds(read_id(needed(params, "id")?).map(HistoryId).into_iter().collect()),
        Page::Messages if params.first("ids").is_some() => HistoryCall::ByIds(ids(params)?),
        // A request without anything is asked for ids.
        Page::Messages if params.first("date").is_none() && params.first("to").is_none() => {
            return Err(Refusal::Missing { field: "ids" });
        }
        Page::Messages => {
            let (from, until) = day(needed(params, "date")?)?;
            let recipient = match SenderId::parse(needed(params, "to")?) {
                Some(SenderId::Number(number)) => number.digits().into(),
                Some(SenderId::ShortCode(code)) => code,
                Some(SenderId::Name(_)) | None => return Err(MALFORMED),
            };
            HistoryCall::Within(SentTo { from, until, recipient })
        }
        Page::Rejections => {
            let (from, until) = day(needed(params, "date")?)?;
            HistoryCall::RefusedWithin(SentTo { from, until, recipient: address(needed(params, "to")?) })
        }
    }))
}

/// A parameter that is there and empty is wrong, not missing: so it was captured.
const MALFORMED: Refusal = Refusal::Invalid { field: "parameter" };

fn needed<'p>(params: &'p Params<'_>, field: &'static str) -> Result<&'p str, Refusal> {
    match params.first(field) {
        None => Err(Refusal::Missing { field }),
        Some("") => Err(MALFORMED),
        Some(value) => Ok(value),
    }
}

/// Ids that cannot be ours find nothing.
fn ids(params: &Params<'_>) -> Result<Vec<HistoryId>, Refusal> {
    let given: Vec<&str> = params.all("ids").collect();
    match given.len() <= IDS_MAX && given.iter().all(|id| !id.is_empty()) {
        true => Ok(given.into_iter().filter_map(read_id).map(HistoryId).collect()),
        false => Err(MALFORMED),
    }
}

/// A day such as `2020-01-01`, in UTC.
fn day(text: &str) -> Result<(Timestamp, Timestamp), Refusal> {
    let digits = |range: std::ops::Range<usize>| {
        let digits = text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<u16>().ok()
    };
    let fields = (|| {
        let is_dashed = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
        let begin = Timestamp::of_day(year.into(), u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
        is_dashed.then_some((begin, begin + Span::hours(24)))
    })();
    fields.ok_or(MALFORMED)
}

/// The form in which the recipient of a refused request is kept: a number's digits, or what stood there instead.
pub(super) fn address(text: &str) -> Box<str> {
    match PhoneNumber::parse(text) {
        Ok(number) => number.digits().into(),
        Err(_) => text.trim().chars().take(ADDRESS_CHARS_MAX).collect::<String>().into(),
    }
}
