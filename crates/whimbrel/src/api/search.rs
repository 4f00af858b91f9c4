//! Searches as the native API takes them: a query, where to go on, and what is wrong with it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use whimbrel_core::{AccountId, KeyMode, MessageId, PartId, Span, Timestamp, id};
use whimbrel_dialects::PublicId;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_inbox::search::{Query, SearchError, Test, parse};
use whimbrel_store::{Found, MessageSummary, MessageView, Search, SearchEnd, SearchOrder, Sight, StoreError};

use super::json::bad;
use super::{Api, unavailable};
use crate::server::problem;

pub(super) const COUNT_DEFAULT: usize = 50;
pub(super) const COUNT_MAX: usize = 1_000;
/// More than any search has.
pub(super) const PARAMETERS_MAX: usize = 16;
/// Ids that are lower by up to so much may be committed after a higher one: two seconds of them.
const LATE: i64 = 2_000 << 19;
/// The same while the clock is behind the ids, which then rise by one: with two seconds' worth of them every look would find again
/// whatever came since the clock was put back. As many as there are in a millisecond.
const LATE_DENSE: i64 = 1 << 14;

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

/// A name and its value.
pub(super) type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Parameters in their order, but the account before all others: what the others mean may depend on it.
///
/// # Errors
/// The answer if one stands there twice: bounds hold for each.
pub(super) fn parameters(query: &str) -> Result<Vec<Parameter<'_>>, HttpResponse> {
    let mut parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).take(PARAMETERS_MAX + 1).collect();
    let names: BTreeSet<&str> = parameters.iter().map(|(name, _)| &**name).collect();
    if names.len() < parameters.len() || parameters.len() > PARAMETERS_MAX {
        return Err(bad("a parameter stands there twice: give each once, and put several words into one `q`"));
    }
    parameters.sort_by_key(|(name, _)| name != "account");
    Ok(parameters)
}

/// Reads a query and fills in what only a running gateway knows; see [`resolve`].
///
/// # Errors
/// The answer: 400 with the place of the wrong token, or 503.
pub(super) async fn read_query(api: &Api, text: &str, account: Option<AccountId>) -> Result<Query, HttpResponse> {
    let mut query = parse(text, api.engine.world().now()).map_err(|error| refused(text, &error))?;
    resolve(api, &mut query, account).await.map_err(|error| unavailable(&error))?;
    Ok(query)
}

/// Fills in what the text of a query cannot know: the networks of its countries, and the messages that its ids name. An id may be that of any
/// part, and of a message of that account. One that names none may still be the mark of its sender, which merely looks like an id.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn resolve(api: &Api, query: &mut Query, account: Option<AccountId>) -> Result<(), StoreError> {
    let mut ids = BTreeMap::new();
    for text in query.ids() {
        if let Some(message) = named(api, text, account).await? {
            ids.insert(text.to_owned(), message.0);
        }
    }
    query.resolve(&api.engine.snapshot().networks, |text| ids.get(text).copied());
    Ok(())
}

/// The message of that account that a public id names: its own, or that of one of its parts.
async fn named(api: &Api, text: &str, account: Option<AccountId>) -> Result<Option<MessageId>, StoreError> {
    let Some(id) = DIALECTS.iter().find_map(|dialect| dialect.read_public_id(text)) else { return Ok(None) };
    let read = api.engine.read(move |store| {
        let message = match id {
            PublicId::Id(id) => store.message_of_part(PartId(id))?,
            PublicId::Serial(serial) => store.message_of_any(serial)?,
        };
        Ok(message.map(|message| store.messages_named(&[message])).transpose()?.and_then(|mut found| found.pop()))
    });
    let is_theirs = |message: &MessageSummary| account.is_none_or(|account| account == message.account_id);
    Ok(read.await?.filter(is_theirs).map(|message| message.id))
}

/// How far ids may be ahead of the times of what they name on this server: in development its clock may have been put back.
pub(crate) fn ids_ahead_max(api: &Api) -> Span {
    api.test_clock.as_ref().map_or(Search::IDS_AHEAD_MAX, |_| Span(super::clock::AHEAD_MAX.0 + Search::IDS_AHEAD_MAX.0))
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

/// Whose messages a call is about: whoever calls names them, or the path does, and then nothing of anybody else's is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Everybody's, unless a parameter names an account.
    All,
    /// Those of the account in the path.
    Of(AccountId),
    /// Those of that account that were sent for trying out, and the answers to them: for keys that are for that.
    TrialsOf(AccountId),
}

impl Whose {
    /// Of the account that the path names, as far as whoever calls may see it.
    ///
    /// # Errors
    /// 404.
    pub(super) fn of(api: &Api, key: &str, mode: KeyMode) -> Result<Self, HttpResponse> {
        let whose = match mode {
            KeyMode::Live => Self::Of,
            KeyMode::Test => Self::TrialsOf,
        };
        super::accounts::find(api, key).map(whose)
    }

    /// What of that may be seen.
    pub(super) fn sight(self, api: &Api) -> Sight {
        match self {
            Self::All | Self::Of(_) => Sight::Everything,
            Self::TrialsOf(_) => Sight::Trials(api.engine.snapshot().test_carrier.map(|carrier| carrier.id)),
        }
    }

    /// Whether that message may be seen.
    pub(super) fn has(self, message: &MessageView) -> bool {
        match self {
            Self::All => true,
            Self::Of(account) => message.summary.account_id == account,
            Self::TrialsOf(account) => message.summary.account_id == account && message.is_trial(),
        }
    }

    /// Whether a query may be asked there.
    ///
    /// # Errors
    /// The answer if not: by which carrier a text went is the operator's affair.
    pub(super) fn may_ask(self, query: &Query) -> Result<(), HttpResponse> {
        match self != Self::All && query.terms.iter().any(|term| matches!(term.test, Test::Carrier(_))) {
            true => Err(bad("`carrier:` can be asked by operators only, at `messages` or `inbound`")),
            false => Ok(()),
        }
    }

    pub(super) const fn account(self) -> Option<AccountId> {
        match self {
            Self::All => None,
            Self::Of(account) | Self::TrialsOf(account) => Some(account),
        }
    }
}

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    /// Messages to handsets.
    Messages,
    /// Texts from handsets.
    Inbound,
}

/// A search that is read parameter by parameter.
pub(super) struct Asked {
    pub(super) search: Search,
    /// Whether a `limit` was given: what is done without one depends on the call.
    pub(super) has_limit: bool,
    whose: Whose,
    listed: Listed,
}

/// What a parameter of every search is.
pub(super) enum Field {
    /// It was one, and is read.
    Taken,
    /// It is none.
    Unknown,
}

impl Asked {
    /// Everything, so many at a time.
    pub(super) fn new(api: &Api, whose: Whose, listed: Listed) -> Self {
        let search = Search::new(Query::default(), COUNT_DEFAULT);
        let (account, sight) = (whose.account(), whose.sight(api));
        let search = Search { account, sight, ids_ahead_max: ids_ahead_max(api), ..search };
        Self { search, has_limit: false, whose, listed }
    }

    /// The parameters of every search.
    pub(super) const fn names(&self) -> &'static str {
        match self.whose {
            Whose::All => "q, to, account, before, after, limit",
            Whose::Of(_) | Whose::TrialsOf(_) => "q, to, before, after, limit",
        }
    }

    /// Reads a parameter that every search has.
    ///
    /// # Errors
    /// The answer to a value that cannot be read.
    pub(super) async fn field(&mut self, api: &Api, (name, value): (&str, &str)) -> Result<Field, HttpResponse> {
        match name {
            "q" => {
                let query = read_query(api, value, self.search.account).await?;
                self.whose.may_ask(&query)?;
                self.search.query.terms.extend(query.terms);
            }
            "account" if self.whose == Whose::All => self.search.account = Some(super::accounts::find(api, value)?),
            "before" | "after" => {
                let id = self
                    .place(api, value)
                    .await?
                    .ok_or_else(|| bad(&format!("`{name}` must be an id of this list, a `next` or a `newest`")))?;
                if name == "after" {
                    (self.search.after, self.search.order) = (Some(id), SearchOrder::OldestFirst);
                } else {
                    self.search.before = Some(id);
                }
            }
            "limit" => {
                let count = value.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count));
                self.search.count_max = count.ok_or_else(|| bad("`limit` must be a number from 1 to 1000"))?;
                self.has_limit = true;
            }
            _ => return Ok(Field::Unknown),
        }
        Ok(Field::Taken)
    }

    /// The place in the list that a mark names, or an id.
    async fn place(&self, api: &Api, text: &str) -> Result<Option<i64>, HttpResponse> {
        if let Some(Mark(id)) = Mark::read(text) {
            return Ok(Some(id));
        }
        match (self.listed, DIALECTS.iter().find_map(|dialect| dialect.read_public_id(text))) {
            (Listed::Inbound, _) => Ok(i64::from_str_radix(text, 16).ok()),
            (Listed::Messages, Some(PublicId::Id(id))) => Ok(Some(id)),
            (Listed::Messages, Some(PublicId::Serial(_))) => {
                let found = named(api, text, self.search.account).await.map_err(|error| unavailable(&error))?;
                Ok(found.map(|message| message.0))
            }
            (Listed::Messages, None) => Ok(None),
        }
    }
}

/// The answer to a search, its rows under `name`: the newest first, or with `after` the oldest first. `next` is what `before` or `after` takes
/// to go on, `searched_back_to` the time up to which everything was looked at, if that is not all, and `newest` what `after` takes to
/// see what comes later. `now` is read after the search.
pub(super) fn listed<T>(
    search: &Search,
    now: Timestamp,
    name: &str,
    found: &Found<T>,
    shown: impl Fn(&T) -> Value,
) -> Value {
    let mut rows: Vec<Value> = found.found.iter().map(shown).collect();
    let is_oldest_first = search.order == SearchOrder::OldestFirst;
    if is_oldest_first {
        rows.reverse();
    }
    let (next, looked_to) = match found.end {
        SearchEnd::Everything => (None, None),
        SearchEnd::Count { edge } => (Some(edge), None),
        SearchEnd::Rows { edge, at } => (Some(edge), Some(at.to_string()).filter(|_| !is_oldest_first)),
    };
    json!({
        name: rows,
        "next": next.map(|edge| Mark(edge).to_string()),
        "searched_back_to": looked_to,
        "newest": Mark(later_since(search, found.end, found.newest, now)).to_string(),
    })
}

/// After which place what comes later is found: a little before the newest row, because rows of one moment are not committed in order.
/// It may lie before `after`: that may have been the bare `next` of a page, and the margin holds for the look that comes then as well.
fn later_since(search: &Search, end: SearchEnd, newest: Option<i64>, now: Timestamp) -> i64 {
    let Some(newest) = newest else { return search.after.unwrap_or(0) };
    let late = if id::made_at(newest) > now { LATE_DENSE } else { LATE };
    let mark = newest.saturating_sub(late).max(0);
    match (search.order, end) {
        // What a first page left out is not later than it, however near: places tell, because times go back with a clock.
        (SearchOrder::NewestFirst, SearchEnd::Count { edge } | SearchEnd::Rows { edge, .. }) => mark.max(edge - 1),
        (SearchOrder::NewestFirst, SearchEnd::Everything) | (SearchOrder::OldestFirst, _) => mark,
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

    #[test]
    fn what_comes_later_is_looked_for_from_a_little_before_the_newest() {
        const NEWEST: i64 = 0x19a_c3a4_7b1c_4001;
        let (at, now) = (Timestamp(0), id::made_at(NEWEST));
        let first = Search::new(Query::default(), COUNT_DEFAULT);
        let edge = NEWEST - 7;
        assert_eq!(later_since(&first, SearchEnd::Everything, None, now), 0);
        assert_eq!(later_since(&first, SearchEnd::Everything, Some(NEWEST), now), NEWEST - LATE);
        assert_eq!(later_since(&first, SearchEnd::Everything, Some(7), now), 0);
        for end in [SearchEnd::Count { edge }, SearchEnd::Rows { edge, at }] {
            assert_eq!(later_since(&first, end, Some(NEWEST), now), edge - 1, "what the page left out is not later");
        }
        let end = SearchEnd::Count { edge: NEWEST - 2 * LATE };
        assert_eq!(later_since(&first, end, Some(NEWEST), now), NEWEST - LATE);
        let put_back = Timestamp(now.0 - 1);
        assert_eq!(later_since(&first, SearchEnd::Everything, Some(NEWEST), put_back), NEWEST - LATE_DENSE);

        let after = Search { after: Some(edge), order: SearchOrder::OldestFirst, ..first };
        assert_eq!(later_since(&after, SearchEnd::Everything, None, now), edge);
        for end in [SearchEnd::Everything, SearchEnd::Count { edge: NEWEST }, SearchEnd::Rows { edge: NEWEST, at }] {
            assert_eq!(later_since(&after, end, Some(NEWEST), now), NEWEST - LATE, "also if that is before `after`");
        }
    }
}
