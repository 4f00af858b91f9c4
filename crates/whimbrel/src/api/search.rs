//! Searches as the native API takes them: a query, where to go on, and what is wrong with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use whimbrel_core::PartId;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_inbox::search::{Query, SearchError, parse};
use whimbrel_store::{Search, SearchEnd};

use super::json::bad;
use super::messages::read_id;
use super::{Api, unavailable};
use crate::server::problem;

pub(super) const COUNT_DEFAULT: usize = 50;
pub(super) const COUNT_MAX: usize = 1_000;

/// A place in the order of ids, which is that of time: where a page ends, or since when somebody waits. Opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(pub(super) i64);

impl Mark {
    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix('m')
            .filter(|digits| (1..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        i64::from_str_radix(digits, 16).ok().filter(|id| *id >= 0).map(Self)
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "m{:x}", self.0)
    }
}

/// Reads a query and fills in what only a running gateway knows.
///
/// # Errors
/// The answer: 400 with the place of the wrong token, or 503.
pub(super) async fn read_query(api: &Api, text: &str) -> Result<Query, HttpResponse> {
    let mut query = parse(text, api.engine.world().now()).map_err(|error| refused(text, &error))?;
    let mut ids = BTreeMap::new();
    for id in query.ids() {
        // Any public id: of the message or of one of its parts.
        let Some(number) = read_id(api, id).await? else { continue };
        let message = api.engine.read(move |store| store.message_of_part(PartId(number))).await;
        let message = message.map_err(|error| unavailable(&error))?;
        ids.insert(id.to_owned(), message.map_or(number, |message| message.0));
    }
    query.resolve(&api.engine.snapshot().networks, |text| ids.get(text).copied());
    Ok(query)
}

/// 400 with the token that is wrong.
fn refused(query: &str, error: &SearchError) -> HttpResponse {
    let mut response = problem(400, "Bad Request", "");
    let document = json!({
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": format!("the search is not understood: {error}"),
        "query": query,
        "at": { "from": error.span.start, "to": error.span.end },
        "underlined": error.underlined(query),
    });
    response.body = document.to_string().into_bytes();
    response
}

/// What a search is made of before it is whole.
pub(super) struct Asked {
    pub(super) search: Search,
}

impl Asked {
    /// Everything, so many at a time.
    pub(super) fn new() -> Self {
        let (query, count_max, rows_max) = (Query::default(), COUNT_DEFAULT, Search::ROWS_MAX);
        Self { search: Search { query, account: None, before: None, after: None, count_max, rows_max } }
    }

    pub(super) async fn query(&mut self, api: &Api, text: &str) -> Result<(), HttpResponse> {
        let query = read_query(api, text).await?;
        self.search.query.terms.extend(query.terms);
        Ok(())
    }

    pub(super) fn account(&mut self, api: &Api, key: &str) -> Result<(), HttpResponse> {
        self.search.account = Some(super::accounts::find(api, key)?);
        Ok(())
    }

    pub(super) fn limit(&mut self, text: &str) -> Result<(), HttpResponse> {
        let count = text.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count));
        self.search.count_max = count.ok_or_else(|| bad("`limit` must be a number from 1 to 1000"))?;
        Ok(())
    }
}

/// How a search ended, for an answer: `next` is what `before` takes to go on, `searched_back_to` the time up to which everything was
/// looked at, if that is not the beginning.
pub(super) fn end(end: SearchEnd) -> (Value, Value) {
    match end {
        SearchEnd::Everything => (Value::Null, Value::Null),
        SearchEnd::Count { before } => (json!(Mark(before).to_string()), Value::Null),
        SearchEnd::Rows { before, at } => (json!(Mark(before).to_string()), json!(at.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_are_written() {
        for id in [0, 1, 0x19a_c3a4_7b1c_4001, i64::MAX] {
            assert_eq!(Mark::read(&Mark(id).to_string()), Some(Mark(id)));
        }
        for wrong in ["", "m", "mxyz", "19ac", "m-1", "m+1", "mffffffffffffffff", "m11111111111111111"] {
            assert_eq!(Mark::read(wrong), None, "{wrong}");
        }
    }
}
