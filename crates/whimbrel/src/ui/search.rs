//! What stands in the search box of the inbox, and the messages that it finds.

use whimbrel_core::{AccountId, MessageId, Span};
use whimbrel_engine::Engine;
use whimbrel_inbox::search::{Query, SearchError, Test, parse};
use whimbrel_store::{Found, MessageSummary, Search, SearchOrder, StoreError};
use whimbrel_web::inbox::Wrong;

use super::Texts;
use crate::api::{Api, search};

/// Where in the list a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At its beginning.
    First,
    /// Behind a message.
    Before(MessageId),
    /// Before a message: the messages nearest to it.
    After(MessageId),
}

/// Which messages somebody wants to see, and may.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    query: Query,
    account: Option<AccountId>,
    ids_ahead_max: Span,
}

impl Wanted {
    /// Reads what stands in the search box.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn read(api: &Api, text: &str, account: Option<AccountId>, texts: Texts) -> Result<Self, Wrong> {
        let mut query = parse(text, api.engine.world().now()).map_err(|error| wrong(text, &error))?;
        if texts == Texts::Hidden
            && let Some(term) = query.terms.iter().find(|term| reads_text(&term.test))
        {
            let why = "viewers do not read texts, so they cannot search them: use to:, from:, status: and the like";
            return Err(forbidden(text, term.span.clone(), why));
        }
        // Only an owner's pages are bound to an account.
        if account.is_some()
            && let Some(term) = query.terms.iter().find(|term| matches!(term.test, Test::Carrier(_)))
        {
            let why = "by which carrier texts go is the operator's affair: use to:, from:, status: and the like";
            return Err(forbidden(text, term.span.clone(), why));
        }
        // What cannot be looked up now is found by nothing; the page that is made next says that the store does not answer.
        if search::resolve(api, &mut query, account).await.is_err() {
            query.resolve(&api.engine.snapshot().networks, |_| None);
        }
        let ids_ahead_max = search::ids_ahead_max(api);
        Ok(Self { query, account, ids_ahead_max })
    }

    /// Whether it leaves anything out.
    pub fn is_narrow(&self) -> bool {
        self.account.is_some() || !self.query.terms.is_empty()
    }

    /// Whether a message is of an account whose messages may be seen.
    pub fn may_see(&self, message: &MessageSummary) -> bool {
        self.account.is_none_or(|account| account == message.account_id)
    }

    /// At most `count_max` messages at that place, newest first, and how the search ended.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn find(
        &self,
        engine: &Engine,
        place: Place,
        count_max: usize,
    ) -> Result<Found<MessageSummary>, StoreError> {
        let search = Search {
            account: self.account,
            ids_ahead_max: self.ids_ahead_max,
            ..Search::new(self.query.clone(), count_max)
        };
        let search = match place {
            Place::First => search,
            Place::Before(id) => Search { before: Some(id.0), ..search },
            Place::After(id) => Search { after: Some(id.0), order: SearchOrder::OldestFirst, ..search },
        };
        engine.search(move |store| store.search(&search)).await
    }
}

/// Whether the answer tells what a text says: whoever may not read texts would learn them word by word.
const fn reads_text(test: &Test) -> bool {
    matches!(test, Test::Text(_) | Test::Otp(_) | Test::Has(_))
}

fn forbidden(query: &str, span: std::ops::Range<usize>, why: &str) -> Wrong {
    let cut = |range: std::ops::Range<usize>| query.get(range).unwrap_or_default().into();
    Wrong { before: cut(0..span.start), word: cut(span.clone()), behind: cut(span.end..query.len()), why: why.into() }
}

/// The place of a mistake, for a page that marks it.
fn wrong(query: &str, error: &SearchError) -> Wrong {
    let cut = |range: std::ops::Range<usize>| query.get(range).unwrap_or_default().into();
    Wrong {
        before: cut(0..error.span.start),
        word: cut(error.span.clone()),
        behind: cut(error.span.end..query.len()),
        why: error.to_string().into(),
    }
}
