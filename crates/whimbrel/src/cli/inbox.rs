//! `whimbrel inbox`: messages by a search, and those that arrive.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;
use whimbrel_core::Timestamp;
use whimbrel_inbox::search::{KEYS, Query, parse};

use super::args::InboxArgs;
use super::client::{Server, Stream, with_query};
use super::output::{Out, field};
use super::sse::Reader;
use super::{Exit, Failure};

/// Characters of a text in a line.
const TEXT_SHOWN_MAX: usize = 60;
/// Printed messages that are known again: more than come within the few seconds that are looked at twice.
const PRINTED_MAX: usize = 20_000;

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
    let Some(stream) = stream else {
        out.document(source.schema(), &page, || listed(source, &page, out));
        said(&page, out);
        return Ok(());
    };
    let mut followed = Followed::after(source, &page);
    for message in page[source.path()].as_array().into_iter().flatten().rev() {
        print(source, message, out);
    }
    follow(&server, &args, &mut followed, stream, out).await
}

/// Prints what arrives, until the server ends.
async fn follow(
    server: &Server,
    args: &InboxArgs,
    followed: &mut Followed,
    mut stream: Stream,
    out: &Out,
) -> Result<(), Failure> {
    let mut reader = Reader::default();
    while let Ok(Some(piece)) = stream.next().await {
        let events = reader.read(&piece);
        let events = events.map_err(|_| Failure::new(Exit::Failed, "the server sent a line that is too long"))?;
        // An event is a reason to look, no more: ids in events are not those of every list, and events are missed.
        if events.iter().any(|event| event.kind == followed.source.event() || event.kind == "missed") {
            followed.catch_up(server, args, out).await?;
        }
    }
    Err(Failure::new(Exit::Unreachable, "the connection was lost: start it again; --before shows what came meanwhile"))
}

/// How far a list was followed.
struct Followed {
    source: Source,
    /// After which the next look begins. It lies a little before the newest, because messages of one moment are not committed in order.
    mark: String,
    /// Nothing that was accepted earlier is printed: the first page left it out.
    since: Option<String>,
    /// The ids of what was printed lately.
    printed: HashSet<String>,
    /// The same, the oldest first.
    in_order: VecDeque<String>,
}

impl Followed {
    /// A list whose first page was printed.
    fn after(source: Source, page: &Value) -> Self {
        let messages: Vec<&Value> = page[source.path()].as_array().into_iter().flatten().collect();
        let is_cut = page["next"].is_string();
        let in_order: VecDeque<String> = messages.iter().rev().map(|message| field(message, "id")).collect();
        Self {
            source,
            mark: field(page, "newest"),
            since: messages.last().filter(|_| is_cut).map(|oldest| field(oldest, source.time())),
            printed: in_order.iter().cloned().collect(),
            in_order,
        }
    }

    /// Prints what is new, the oldest first.
    async fn catch_up(&mut self, server: &Server, args: &InboxArgs, out: &Out) -> Result<(), Failure> {
        loop {
            let query = [
                ("q", Some(args.query.as_str()).filter(|query| !query.is_empty())),
                ("account", args.account.as_deref()),
                ("limit", Some("1000")),
                ("after", Some(self.mark.as_str())),
            ];
            let page = server.api("GET", &with_query(self.source.path(), &query), None).await?;
            for message in page[self.source.path()].as_array().into_iter().flatten() {
                if self.is_new(message) {
                    print(self.source, message, out);
                }
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut self.mark),
                None => {
                    self.mark = field(&page, "newest");
                    return Ok(());
                }
            }
        }
    }

    /// Whether it was not printed before, and is none that the first page left out.
    fn is_new(&mut self, message: &Value) -> bool {
        let id = field(message, "id");
        let is_early = self.since.as_ref().is_some_and(|since| field(message, self.source.time()) < *since);
        if is_early || !self.printed.insert(id.clone()) {
            return false;
        }
        if self.in_order.len() >= PRINTED_MAX
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.printed.remove(&oldest);
        }
        self.in_order.push_back(id);
        true
    }
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

    const fn time(self) -> &'static str {
        match self {
            Self::Messages => "accepted_at",
            Self::Inbound => "at",
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
