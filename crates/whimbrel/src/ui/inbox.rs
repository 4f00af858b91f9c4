//! `GET ""`: the inbox. `POST sample`: a first message.

use whimbrel_core::{AccountId, MessageId, PhoneNumber};
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_engine::Engine;
use whimbrel_store::{MessageFilter, MessageSummary, StoreError};
use whimbrel_web::Section;
use whimbrel_web::inbox::{Command, InboxPage, QuickStart, Row, Wrong};
use whimbrel_web::links::encoded;

use super::form::Form;
use super::rows::Lines;
use super::{Visit, answer, moved, page};
use crate::api::{Api, messages};
use crate::server::{Answer, IncomingRequest};

/// Messages on a page.
const ROWS_MAX: usize = 50;

/// Which messages somebody wants to see, and may.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    recipient: Option<PhoneNumber>,
    account: Option<AccountId>,
}

impl Search {
    /// Reads what stands in the search box.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(query: &str, account: Option<AccountId>) -> Result<Self, Wrong> {
        let query = query.trim();
        if query.is_empty() {
            return Ok(Self { recipient: None, account });
        }
        let word = query.strip_prefix("to:").unwrap_or(query);
        match PhoneNumber::parse(word) {
            Ok(recipient) => Ok(Self { recipient: Some(recipient), account }),
            Err(_) => Err(Wrong {
                before: query[..query.len() - word.len()].into(),
                word: word.into(),
                behind: "".into(),
                why: "This is no phone number: write 7 to 15 digits, such as to:+447700900123.".into(),
            }),
        }
    }

    fn filter(&self) -> MessageFilter {
        MessageFilter { recipient: self.recipient.clone(), account: self.account, ..MessageFilter::default() }
    }

    /// Messages that are newer than `after`, newest first; the oldest of them if there are more than `count_max`.
    pub async fn newer(
        &self,
        engine: &Engine,
        after: MessageId,
        count_max: usize,
    ) -> Result<Vec<MessageSummary>, StoreError> {
        let filter = MessageFilter { after: Some(after), count_max, ..self.filter() };
        engine.read(move |store| store.messages(&filter)).await
    }

    /// Whether it leaves anything out.
    pub const fn is_narrow(&self) -> bool {
        self.recipient.is_some() || self.account.is_some()
    }

    /// Whether a message is one of those.
    pub fn holds(&self, message: &MessageSummary) -> bool {
        self.account.is_none_or(|account| account == message.account_id)
            && self.recipient.as_ref().is_none_or(|recipient| *recipient == message.recipient)
    }
}

/// Where in the list a page is.
enum Place {
    First,
    Before(MessageId),
    After(MessageId),
}

/// `GET ?q=&before=&after=`.
pub(super) async fn show(api: &Api, visit: &Visit<'_>) -> Answer {
    let fields = Form::of_query(visit.request);
    let query = fields.filled("q").unwrap_or_default();
    let search = match Search::read(query, visit.account) {
        Ok(search) => search,
        Err(wrong) => return page(400, &empty(visit, query, Some(wrong))).into(),
    };
    let place = match (fields.filled("after"), fields.filled("before")) {
        (Some(after), _) => messages::read_id(api, after).await.map(|id| id.map(|id| Place::After(MessageId(id)))),
        (None, Some(before)) => {
            messages::read_id(api, before).await.map(|id| id.map(|id| Place::Before(MessageId(id))))
        }
        (None, None) => Ok(Some(Place::First)),
    };
    let place = match place {
        Ok(place) => place.unwrap_or(Place::First),
        Err(refused) => return refused.into(),
    };
    match list(api, &search, &place).await {
        // What is newer than this page fits on the first one.
        Ok((found, _)) if matches!(place, Place::After(_)) && found.len() < ROWS_MAX => {
            moved(&visit.links.page(&query_string(query, &[]))).into()
        }
        Ok((found, has_older)) => {
            let page_of = filled(api, visit, query, &place, &found, has_older);
            page(200, &page_of).into()
        }
        Err(error) => answer::unavailable(visit, &error),
    }
}

/// A page of messages, newest first, and whether there are older ones.
async fn list(api: &Api, search: &Search, place: &Place) -> Result<(Vec<MessageSummary>, bool), StoreError> {
    let mut filter = MessageFilter { count_max: ROWS_MAX + 1, ..search.filter() };
    match place {
        Place::First => {}
        Place::Before(id) => filter.before = Some(*id),
        Place::After(id) => (filter.after, filter.count_max) = (Some(*id), ROWS_MAX),
    }
    let mut found = api.engine.read(move |store| store.messages(&filter)).await?;
    let has_older = matches!(place, Place::After(_)) || found.len() > ROWS_MAX;
    found.truncate(ROWS_MAX);
    Ok((found, has_older))
}

fn filled(
    api: &Api,
    visit: &Visit<'_>,
    query: &str,
    place: &Place,
    found: &[MessageSummary],
    has_older: bool,
) -> InboxPage {
    let now = api.engine.world().now();
    let lines = Lines::new(api, visit.links.clone());
    let rows: Vec<Row> = found.iter().map(|message| lines.row(message, now)).collect();
    let edge = |row: Option<&Row>| row.map(|row| row.id.to_string());
    let link = |name: &str, id: &str| visit.links.page(&query_string(query, &[(name, id)])).into();
    let older = edge(rows.last()).filter(|_| has_older).map(|id| link("before", &id));
    let is_first = matches!(place, Place::First);
    let newer = edge(rows.first()).filter(|_| !is_first).map(|id| link("after", &id));
    let newest = found.first().map_or(0, |message| message.id.0);
    let live = is_first.then(|| visit.links.page(&live_path(query, newest)).into());
    let start = (is_first && query.is_empty() && rows.is_empty()).then(|| quick_start(visit));
    InboxPage { rows, older, newer, live, start, ..empty(visit, query, None) }
}

fn empty(visit: &Visit<'_>, query: &str, wrong: Option<Wrong>) -> InboxPage {
    let frame = visit.frame_in(Section::Inbox, "Inbox");
    InboxPage { frame, query: query.into(), wrong, rows: Vec::new(), older: None, newer: None, live: None, start: None }
}

fn query_string(query: &str, more: &[(&str, &str)]) -> String {
    let searched = (!query.is_empty()).then_some(("q", query));
    let pairs: Vec<String> =
        searched.iter().chain(more).map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn live_path(query: &str, newest: i64) -> String {
    let newest = format!("{newest:x}");
    format!("live{}", query_string(query, &[("after", &newest)]))
}

/// How to begin: command lines that work as they stand on a development server.
fn quick_start(visit: &Visit<'_>) -> QuickStart {
    let base = base(visit.request);
    let descriptors = DIALECTS.iter().map(|dialect| dialect.descriptor()).filter(|_| visit.is_dev());
    let commands = descriptors.map(|descriptor| Command {
        id: descriptor.id,
        title: descriptor.title,
        line: descriptor.curl_line.replace("{base}", &base).into(),
    });
    QuickStart { commands: commands.collect(), base: base.into() }
}

/// The address by which a browser called.
fn base(request: &IncomingRequest) -> String {
    format!("{}://{}", request.scheme().as_str(), request.header("host").unwrap_or("127.0.0.1"))
}
