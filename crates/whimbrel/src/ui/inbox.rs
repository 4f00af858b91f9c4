//! `GET ""`: the inbox.

use whimbrel_core::MessageId;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_store::{Found, MessageSummary, SearchEnd};
use whimbrel_web::Section;
use whimbrel_web::inbox::{Command, InboxPage, QuickStart, Row, Wrong};
use whimbrel_web::links::encoded;
use whimbrel_web::shown::Instant;

use super::form::Form;
use super::rows::Lines;
use super::search::{Place, Wanted};
use super::{Visit, answer, moved, page, say};
use crate::api::{Api, Called, messages};
use crate::server::{Answer, IncomingRequest};

/// Messages on a page.
const ROWS_MAX: usize = 50;

/// `GET ?q=&before=&after=`.
pub(super) async fn show(api: &Api, visit: &Visit<'_>) -> Answer {
    let fields = Form::of_query(visit.request);
    let query = fields.filled("q").unwrap_or_default();
    let wanted = match Wanted::read(api, query, visit.account(), visit.texts()).await {
        Ok(wanted) => wanted,
        Err(wrong) => return page(400, &empty(visit, query, Some(wrong))).into(),
    };
    let place = match place(api, &fields).await {
        Ok(place) => place,
        Err(refused) => return refused.into(),
    };
    match wanted.find(&api.engine, place, ROWS_MAX).await {
        // What is newer than this page fits on the first one.
        Ok(found) if matches!(place, Place::After(_)) && found.end == SearchEnd::Everything => {
            moved(&visit.links.page(&query_string(query, &[]))).into()
        }
        Ok(found) => page(200, &filled(api, visit, query, place, &found)).into(),
        Err(error) => answer::unavailable(visit, &error),
    }
}

/// `POST clear` with `q`: forgets what is found and has ended, as the native API does.
pub(super) async fn clear(api: &Api, visit: &Visit<'_>) -> Answer {
    let form = Form::read(visit.request);
    let query = form.filled("q").unwrap_or_default();
    let path = format!("messages{}", query_string(query, &[]));
    let call = Called { method: "DELETE", path: &path, body: None };
    let (status, done) = api.call(&visit.known.person, call, visit.origin).await;
    let count = |name: &str| done[name].as_u64().unwrap_or_default();
    if status != 200 {
        let why = done["detail"].as_str().unwrap_or("the server said no more");
        return say(status, visit.frame("Nothing was forgotten"), &[why]);
    }
    let mut told =
        vec![format!("{} were forgotten; what they cost and the days' figures stay.", messages_of(count("removed")))];
    if count("kept") > 0 {
        told.push(format!(
            "{} are kept: under way, a webhook about them waits, or a receipt may still be for them.",
            messages_of(count("kept"))
        ));
    }
    if !done["next"].is_null() {
        told.push("There may be more that are older: clear again.".to_owned());
    }
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    say(200, visit.frame_in(Section::Inbox, "Cleared"), &told)
}

fn messages_of(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

/// Where in the list the page is; an id of which nobody knows is the beginning.
async fn place(api: &Api, fields: &Form) -> Result<Place, HttpResponse> {
    let place = |name: &str| Some((name == "after", fields.filled(name)?));
    let Some((is_after, id)) = place("after").or_else(|| place("before")) else { return Ok(Place::First) };
    let id = match id.strip_prefix('m').and_then(|digits| i64::from_str_radix(digits, 16).ok()) {
        Some(id) => Some(id),
        None => messages::read_id(api, id).await?,
    };
    Ok(match id.map(MessageId) {
        Some(id) if is_after => Place::After(id),
        Some(id) => Place::Before(id),
        None => Place::First,
    })
}

fn filled(api: &Api, visit: &Visit<'_>, query: &str, place: Place, found: &Found<MessageSummary>) -> InboxPage {
    let now = api.engine.world().now();
    let lines = Lines::new(api, visit, visit.links.clone());
    let messages = &found.found;
    let rows: Vec<Row> = messages.iter().map(|message| lines.row(message, now)).collect();
    let link = |name: &str, id: i64| visit.links.page(&query_string(query, &[(name, &format!("m{id:x}"))])).into();
    let (last, first) = (messages.last().map(|last| last.id.0), messages.first().map(|first| first.id.0));
    let older = match (place, found.end) {
        // There is at least the message that the page stands before.
        (Place::After(id), _) => Some(link("before", last.unwrap_or(id.0.saturating_add(1)))),
        (_, SearchEnd::Everything) => None,
        (_, SearchEnd::Count { edge } | SearchEnd::Rows { edge, .. }) => Some(link("before", edge)),
    };
    let newer = match (place, found.end) {
        (Place::First, _) => None,
        // What was looked at in vain is not looked at again.
        (Place::After(_), SearchEnd::Rows { edge, .. }) => Some(link("after", edge)),
        (Place::After(id) | Place::Before(id), _) => Some(link("after", first.unwrap_or(id.0 - 1))),
    };
    let searched_back_to = match (place, found.end) {
        (Place::First | Place::Before(_), SearchEnd::Rows { at, .. }) => Some(Instant::new(at, now)),
        _ => None,
    };
    let live = (place == Place::First).then(|| visit.links.page(&live_path(query, first.unwrap_or(0))).into());
    let is_first_day = place == Place::First && query.is_empty() && rows.is_empty();
    let start = is_first_day.then(|| quick_start(visit));
    InboxPage { rows, older, newer, live, start, searched_back_to, ..empty(visit, query, None) }
}

fn empty(visit: &Visit<'_>, query: &str, wrong: Option<Wrong>) -> InboxPage {
    let frame = visit.frame_in(Section::Inbox, "Inbox");
    InboxPage { query: query.into(), wrong, ..InboxPage::empty(frame) }
}

fn query_string(query: &str, more: &[(&str, &str)]) -> String {
    let searched = (!query.is_empty()).then_some(("q", query));
    let pairs: Vec<String> =
        searched.iter().chain(more).map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn live_path(query: &str, newest: i64) -> String {
    let newest = format!("m{newest:x}");
    format!("live{}", query_string(query, &[("after", &newest)]))
}

/// How to begin: command lines that work as they stand on a development server.
pub(super) fn quick_start(visit: &Visit<'_>) -> QuickStart {
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
