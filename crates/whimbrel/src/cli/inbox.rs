//! `whimbrel inbox`: messages by a search, and those that arrive.

use serde_json::Value;
use whimbrel_core::Timestamp;
use whimbrel_inbox::search::{KEYS, Query, parse};

use super::args::InboxArgs;
use super::client::{Server, with_query};
use super::output::{Out, field};
use super::sse::Reader;
use super::{Exit, Failure};

/// Characters of a text in a line.
const TEXT_SHOWN_MAX: usize = 60;

pub(super) async fn run(args: InboxArgs, out: &Out) -> Result<(), Failure> {
    let source = Source::of(&args.query)?;
    let server = Server::find(&args.server)?;
    // Who listens first and looks then misses nothing.
    let stream = if args.follow { Some(server.stream("events", &[]).await?) } else { None };
    let limit = args.limit.to_string();
    let query = [
        ("q", Some(args.query.as_str()).filter(|query| !query.is_empty())),
        ("account", args.account.as_deref()),
        ("limit", Some(limit.as_str())),
        ("before", args.before.as_deref()),
    ];
    let page = server.api("GET", &with_query(source.path(), &query), None).await?;
    let Some(mut stream) = stream else {
        out.document(source.schema(), &page, || listed(source, &page, out));
        said(&page, out);
        return Ok(());
    };
    let mut last: Vec<String> = Vec::new();
    for message in page[source.path()].as_array().into_iter().flatten().rev() {
        print(source, message, out);
        last.push(field(message, "id"));
    }
    let mut reader = Reader::default();
    while let Ok(Some(piece)) = stream.next().await {
        let events = reader.read(&piece);
        for event in events.map_err(|_| Failure::new(Exit::Failed, "the server sent a line that is too long"))? {
            let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
            let Some(id) = data[source.event_field()].as_str().filter(|_| event.kind == source.event()) else {
                continue;
            };
            if last.iter().any(|shown| shown == id) {
                continue;
            }
            for message in one(&server, source, &args, id).await? {
                print(source, &message, out);
            }
        }
    }
    Err(Failure::new(Exit::Unreachable, "the connection was lost: start it again; --before shows what came meanwhile"))
}

/// The message of an event, if it fits.
async fn one(server: &Server, source: Source, args: &InboxArgs, id: &str) -> Result<Vec<Value>, Failure> {
    let (with_id, before);
    let mut query = vec![("account", args.account.as_deref())];
    match source {
        Source::Messages => {
            with_id = format!("{} id:{id}", args.query);
            query.push(("q", Some(with_id.as_str())));
        }
        // Their ids are plain numbers: the one before the next is this one.
        Source::Inbound => {
            before = i64::from_str_radix(id, 16).map(|id| format!("{:x}", id.saturating_add(1))).unwrap_or_default();
            query.extend([("q", Some(args.query.as_str())), ("before", Some(before.as_str())), ("limit", Some("1"))]);
        }
    }
    let page = server.api("GET", &with_query(source.path(), &query), None).await?;
    let found = page[source.path()].as_array().cloned().unwrap_or_default();
    Ok(found.into_iter().filter(|message| message["id"] == id).collect())
}

/// Where a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Messages,
    Inbound,
}

impl Source {
    /// By what the query asks for.
    pub(super) fn of(query: &str) -> Result<Self, Failure> {
        let query = checked(query)?;
        Ok(if query.wants_inbound() { Self::Inbound } else { Self::Messages })
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Inbound => "inbound",
        }
    }

    const fn schema(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Inbound => "inbound-texts",
        }
    }

    const fn event(self) -> &'static str {
        match self {
            Self::Messages => "message.accepted",
            Self::Inbound => "inbound.received",
        }
    }

    const fn event_field(self) -> &'static str {
        match self {
            Self::Messages => "message",
            Self::Inbound => "inbound",
        }
    }
}

/// Reads a query before it is sent, so that what is wrong can be underlined.
pub(super) fn checked(query: &str) -> Result<Query, Failure> {
    // Relative times are judged again by the server, which has the time.
    parse(query, Timestamp(0)).map_err(|error| {
        let marked = error.underlined(query).replace('\n', "\n  ");
        Failure::coded(Exit::Usage, "E0103", format!("the search is not understood: {error}\n  {marked}"))
    })
}

fn listed(source: Source, page: &Value, out: &Out) -> String {
    let messages = page[source.path()].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = messages.map(|message| row(source, message)).collect();
    match source {
        Source::Messages => out.table(&["TIME", "STATUS", "TO", "FROM", "ID", "TEXT"], &rows),
        Source::Inbound => out.table(&["TIME", "FROM", "TO", "ACCOUNT", "ID", "TEXT"], &rows),
    }
}

fn print(source: Source, message: &Value, out: &Out) {
    out.line("message", message, || row(source, message).join("  "));
}

fn row(source: Source, message: &Value) -> Vec<String> {
    let text: String = match message["text"].as_str() {
        Some(text) => text.replace(['\n', '\r'], " "),
        None => "(octets)".to_owned(),
    };
    let shown = super::output::printable(&text);
    let shown = match shown.char_indices().nth(TEXT_SHOWN_MAX) {
        Some((end, _)) => format!("{}\u{2026}", &shown[..end]),
        None => shown,
    };
    let time = |name: &str| field(message, name).chars().take(19).collect::<String>();
    match source {
        Source::Messages => {
            let [status, to, from, id] = ["status", "to", "from", "id"].map(|name| field(message, name));
            vec![time("accepted_at"), status, to, from, id, shown]
        }
        Source::Inbound => {
            let [from, to, account, id] = ["from", "to", "account", "id"].map(|name| field(message, name));
            vec![time("at"), from, to, account, id, shown]
        }
    }
}

/// Says where a list stopped.
fn said(page: &Value, out: &Out) {
    let Some(next) = page["next"].as_str() else { return };
    match page["searched_back_to"].as_str() {
        Some(at) => out.hint(&format!("searched back to {at}; go on with --before {next}")),
        None => out.hint(&format!("there may be more; go on with --before {next}")),
    }
}

/// The grammar, for `help search`.
pub(super) fn grammar() -> String {
    let mut lines = vec![
        "A search is words, \"phrases\" and key:value; all of them must hold. - or ! before one says that it must not."
            .to_owned(),
        "Words and phrases are looked for in the text, in capitals or not. A value with blanks stands in quotes."
            .to_owned(),
        String::new(),
    ];
    let width = KEYS.iter().map(|key| key.name.len() + key.takes.len()).max().unwrap_or_default();
    for key in KEYS {
        let head = format!("{}: {}", key.name, key.takes);
        lines.push(format!("  {head:<width$}  {}", key.finds, width = width + 2));
        lines.push(format!("  {:<width$}  {}", "", key.example, width = width + 2));
    }
    lines.join("\n")
}
