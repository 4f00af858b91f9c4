//! `whimbrel inbox`: messages by a search, and those that arrive.

use std::collections::{HashSet, VecDeque};

use serde_json::{Value, json};
use whimbrel_core::Timestamp;
use whimbrel_inbox::search::{KEYS, Query, parse};

use super::args::InboxArgs;
use super::client::{Server, Stream, with_query};
use super::output::{Out, field, printable};
use super::sse::Reader;
use super::{Exit, Failure};

/// Characters of a text in a line.
const TEXT_SHOWN_MAX: usize = 60;
/// Printed messages that are known again: more than come within the few seconds that are looked at twice.
const PRINTED_MAX: usize = 20_000;
/// Printed texts whose missing parts are waited for. Each may cost a call whenever something arrives, and of some the parts never come.
const UNFINISHED_MAX: usize = 8;

pub(super) async fn run(args: InboxArgs, out: &Out) -> Result<(), Failure> {
    let source = Source::of(&args.query)?;
    let server = Server::find(&args.server)?;
    if args.clear {
        return clear(source, &server, &args, out).await;
    }
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

/// Forgets what is found, page by page.
async fn clear(source: Source, server: &Server, args: &InboxArgs, out: &Out) -> Result<(), Failure> {
    if source.path() != "messages" {
        let why = "--clear is for messages to handsets: texts from handsets go when retention says so";
        return Err(Failure::new(Exit::Usage, why));
    }
    let what = if args.query.is_empty() { "every message".to_owned() } else { format!("what `{}` finds", args.query) };
    out.consent(args.consent, &format!("Forget {}, as far as it has ended", printable(&what)))?;
    let (mut removed, mut kept, mut before) = (0, 0, None::<String>);
    loop {
        let query = [
            ("q", Some(args.query.as_str()).filter(|query| !query.is_empty())),
            ("account", args.account.as_deref()),
            ("before", before.as_deref()),
        ];
        let done = server.api("DELETE", &with_query(source.path(), &query), None).await?;
        removed += done["removed"].as_u64().unwrap_or_default();
        kept += done["kept"].as_u64().unwrap_or_default();
        before = done["next"].as_str().map(str::to_owned);
        if before.is_none() {
            break;
        }
    }
    out.document("cleared", &json!({ "removed": removed, "kept": kept }), || match kept {
        0 => format!("{removed} forgotten"),
        kept => format!("{removed} forgotten, {kept} kept: under way, a webhook about them waits, or a receipt may still be for them"),
    });
    Ok(())
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
    /// No look begins before it: there lies what the first page left out.
    first_mark: String,
    /// What was printed lately, by [`Source::version`].
    printed: HashSet<String>,
    /// The same, the oldest first.
    in_order: VecDeque<String>,
    /// The ids of printed texts that lacked parts, the one that was printed last at the end.
    unfinished: VecDeque<String>,
}

impl Followed {
    /// A list whose first page was printed.
    fn after(source: Source, page: &Value) -> Self {
        let mark = field(page, "newest");
        let mut followed = Self {
            source,
            first_mark: mark.clone(),
            mark,
            printed: HashSet::new(),
            in_order: VecDeque::new(),
            unfinished: VecDeque::new(),
        };
        for message in page[source.path()].as_array().into_iter().flatten().rev() {
            followed.is_new(message);
        }
        followed
    }

    /// Prints what is new, the oldest first.
    async fn catch_up(&mut self, server: &Server, args: &InboxArgs, out: &Out) -> Result<(), Failure> {
        let mut behind = self.unfinished.clone();
        loop {
            let page = self.page(server, args, (&self.mark, None)).await?;
            for message in page[self.source.path()].as_array().into_iter().flatten() {
                behind.retain(|id| *id != field(message, "id"));
                if self.is_new(message) {
                    print(self.source, message, out);
                }
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut self.mark),
                None => {
                    self.goes_on_after(field(&page, "newest"));
                    break;
                }
            }
        }
        // A text stands at the place of its first part, and the others may come long after the mark has passed that.
        for id in behind {
            let Some((after, before)) = around(&id) else { continue };
            let page = self.page(server, args, (&after, Some(&before))).await?;
            for message in page[self.source.path()].as_array().into_iter().flatten() {
                if self.is_new(message) {
                    print(self.source, message, out);
                }
            }
        }
        Ok(())
    }

    /// What lies between two places, or behind one.
    async fn page(
        &self,
        server: &Server,
        args: &InboxArgs,
        (after, before): (&str, Option<&str>),
    ) -> Result<Value, Failure> {
        let query = [
            ("q", Some(args.query.as_str()).filter(|query| !query.is_empty())),
            ("account", args.account.as_deref()),
            ("limit", Some("1000")),
            ("after", Some(after)),
            ("before", before),
        ];
        server.api("GET", &with_query(self.source.path(), &query), None).await
    }

    /// Sets the mark, but never before the first one.
    fn goes_on_after(&mut self, mark: String) {
        // Marks are hexadecimal without zeros in front: of two the longer one is higher.
        let is_early = (mark.len(), &mark) < (self.first_mark.len(), &self.first_mark);
        self.mark = if is_early { self.first_mark.clone() } else { mark };
    }

    /// Whether it was not printed before as it is now. The next time it was.
    fn is_new(&mut self, message: &Value) -> bool {
        let version = self.source.version(message);
        if !self.printed.insert(version.clone()) {
            return false;
        }
        if self.in_order.len() >= PRINTED_MAX
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.printed.remove(&oldest);
        }
        self.in_order.push_back(version);
        if self.source == Source::Inbound {
            self.note_unfinished(message);
        }
        true
    }

    fn note_unfinished(&mut self, message: &Value) {
        let id = field(message, "id");
        self.unfinished.retain(|known| *known != id);
        if message["parts_there"].as_u64() < message["parts"].as_u64() {
            if self.unfinished.len() >= UNFINISHED_MAX {
                self.unfinished.pop_front();
            }
            self.unfinished.push_back(id);
        }
    }
}

/// The places between which there is only that text from a handset.
fn around(id: &str) -> Option<(String, String)> {
    let id = i64::from_str_radix(id, 16).ok().filter(|id| (1..i64::MAX).contains(id))?;
    Some((format!("{:x}", id - 1), format!("{:x}", id + 1)))
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

    /// What is printed once: a message, or a text from a handset with so many of its parts. A long one is listed from its first part on
    /// under one id, and grows.
    fn version(self, message: &Value) -> String {
        let id = field(message, "id");
        match self {
            Self::Messages => id,
            Self::Inbound => format!("{id}:{}", field(message, "parts_there")),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(id: &str, parts_there: u8, parts: u8) -> Value {
        json!({ "id": id, "parts_there": parts_there, "parts": parts })
    }

    fn followed(source: Source) -> Followed {
        Followed::after(source, &json!({ "newest": "m10", "messages": [{ "id": "b" }, { "id": "a" }], "inbound": [] }))
    }

    #[test]
    fn a_message_is_printed_once() {
        let mut followed = followed(Source::Messages);
        for (id, is_new) in [("a", false), ("b", false), ("c", true), ("c", false)] {
            assert_eq!(followed.is_new(&json!({ "id": id, "parts": 2 })), is_new, "{id}");
        }
        assert!(followed.unfinished.is_empty(), "a message is there as a whole");
    }

    #[test]
    fn a_text_is_printed_again_when_it_has_grown() {
        let mut followed = followed(Source::Inbound);
        for (parts_there, is_new) in [(1, true), (1, false), (2, true), (2, false), (3, true), (3, false)] {
            assert_eq!(followed.is_new(&text("1f", parts_there, 3)), is_new, "{parts_there} of 3");
            assert_eq!(followed.unfinished.len(), usize::from(parts_there < 3), "{parts_there} of 3");
        }
    }

    #[test]
    fn texts_of_the_first_page_grow_too() {
        let page = json!({ "newest": "m10", "inbound": [text("3", 1, 1), text("2", 1, 2), text("1", 1, 2)] });
        assert_eq!(Followed::after(Source::Inbound, &page).unfinished, ["1", "2"]);
    }

    #[test]
    fn only_the_last_few_unfinished_texts_are_waited_for() {
        let mut followed = followed(Source::Inbound);
        for id in 0..=UNFINISHED_MAX {
            assert!(followed.is_new(&text(&format!("{id:x}"), 1, 2)));
        }
        assert_eq!(followed.unfinished.len(), UNFINISHED_MAX);
        assert_eq!(followed.unfinished.front().map(String::as_str), Some("1"));
    }

    #[test]
    fn what_the_first_page_left_out_stays_out() {
        let mut followed = followed(Source::Messages);
        for (newest, mark) in [("mf", "m10"), ("m10", "m10"), ("m1a", "m1a"), ("m100", "m100"), ("m2", "m10")] {
            followed.goes_on_after(newest.to_owned());
            assert_eq!(followed.mark, mark, "{newest}");
        }
    }

    #[test]
    fn a_text_is_found_between_its_neighbours() {
        let between = |after: &str, before: &str| Some((after.to_owned(), before.to_owned()));
        for (id, places) in [("1a0", between("19f", "1a1")), ("1", between("0", "2"))] {
            assert_eq!(around(id), places, "{id}");
        }
        for id in ["0", "-", "-1", "", "7fffffffffffffff", "ffffffffffffffff"] {
            assert_eq!(around(id), None, "{id}");
        }
    }
}
