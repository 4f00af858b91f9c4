//! What stands in the search box of the inbox, and the messages that it finds.

use std::collections::BTreeMap;

use whimbrel_core::{AccountId, MessageId, PartId};
use whimbrel_engine::Engine;
use whimbrel_inbox::search::{Query, SearchError, Test, parse};
use whimbrel_store::{Found, MessageFilter, MessageSummary, Search, SearchEnd, StoreError};
use whimbrel_web::inbox::Wrong;

use super::Texts;
use crate::api::{Api, messages};

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
            return Err(forbidden(text, term.span.clone()));
        }
        let mut ids = BTreeMap::new();
        for id in query.ids() {
            if let Ok(Some(number)) = messages::read_id(api, id).await {
                // The id may be that of any part.
                let message = api.engine.read(move |store| store.message_of_part(PartId(number))).await;
                ids.insert(id.to_owned(), message.ok().flatten().map_or(number, |message| message.0));
            }
        }
        query.resolve(&api.engine.snapshot().networks, |id| ids.get(id).copied());
        Ok(Self { query, account })
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
        // A plain list reads no row in vain, in both directions.
        if self.query.terms.is_empty() {
            let mut filter = MessageFilter { account: self.account, count_max, ..MessageFilter::default() };
            match place {
                Place::First => {}
                Place::Before(id) => filter.before = Some(id),
                Place::After(id) => filter.after = Some(id),
            }
            let found = engine.read(move |store| store.messages(&filter)).await?;
            let last = found.last().filter(|_| found.len() >= count_max);
            let end = last.map_or(SearchEnd::Everything, |last| SearchEnd::Count { before: last.id.0 });
            return Ok(Found { found, end });
        }
        let mut search = Search {
            query: self.query.clone(),
            account: self.account,
            before: None,
            after: None,
            count_max,
            rows_max: Search::ROWS_MAX,
        };
        match place {
            Place::First => {}
            Place::Before(id) => search.before = Some(id.0),
            // A search goes from new to old: what is nearest to the message comes last.
            Place::After(id) => (search.after, search.count_max) = (Some(id.0), usize::MAX),
        }
        let mut found = engine.read(move |store| store.search(&search)).await?;
        if matches!(place, Place::After(_)) && found.found.len() > count_max {
            found.found.drain(..found.found.len() - count_max);
        }
        Ok(found)
    }
}

/// The place of a mistake, for a page that marks it.
/// Whether the answer tells what a text says: whoever may not read texts would learn them word by word.
const fn reads_text(test: &Test) -> bool {
    matches!(test, Test::Text(_) | Test::Otp(_) | Test::Has(_))
}

fn forbidden(query: &str, span: std::ops::Range<usize>) -> Wrong {
    let cut = |range: std::ops::Range<usize>| query.get(range).unwrap_or_default().into();
    Wrong {
        before: cut(0..span.start),
        word: cut(span.clone()),
        behind: cut(span.end..query.len()),
        why: "viewers do not read texts, so they cannot search them: use to:, from:, status: and the like".into(),
    }
}

fn wrong(query: &str, error: &SearchError) -> Wrong {
    let cut = |range: std::ops::Range<usize>| query.get(range).unwrap_or_default().into();
    Wrong {
        before: cut(0..error.span.start),
        word: cut(error.span.clone()),
        behind: cut(error.span.end..query.len()),
        why: error.to_string().into(),
    }
}
