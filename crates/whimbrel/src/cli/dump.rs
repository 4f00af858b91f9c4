//! `whimbrel dump`: messages and their stories as files that `grep` and `jq` read, for the artefacts of a test run.
//!
//! What is in them is what the native API shows: codes that are kept secret are masked.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::args::DumpArgs;
use super::client::{Server, with_query};
use super::inbox::{Source, checked};
use super::output::{Out, field};
use super::progress::{Bar, Far};
use super::{Exit, Failure};

/// Messages in one request.
const PAGE: usize = 500;

pub(super) async fn run(args: DumpArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let kept = keep(&server, &args.folder, &Wanted { query: &args.query, limit: args.limit }, out).await?;
    let told = json!({ "folder": args.folder, "messages": kept.messages, "inbound": kept.inbound });
    out.document("dump", &told, || kept.told(&args.folder));
    Ok(())
}

/// What is to be kept.
pub(super) struct Wanted<'a> {
    /// Only what fits this search.
    pub(super) query: &'a str,
    /// At most so many of each, the newest.
    pub(super) limit: usize,
}

/// How much was kept.
pub(super) struct Kept {
    messages: usize,
    inbound: usize,
}

impl Kept {
    /// The same for people.
    pub(super) fn told(&self, folder: &Path) -> String {
        format!("{} messages and {} texts from handsets are in {}", self.messages, self.inbound, folder.display())
    }
}

/// Writes the files into `folder`.
pub(super) async fn keep(server: &Server, folder: &Path, wanted: &Wanted<'_>, out: &Out) -> Result<Kept, Failure> {
    checked(wanted.query)?;
    let messages = found(server, Source::Messages, wanted, out).await?;
    let inbound = found(server, Source::Inbound, wanted, out).await?;
    std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    write(&folder.join("messages.ndjson"), &lines(&messages))?;
    write(&folder.join("inbound.ndjson"), &lines(&inbound))?;
    write(&folder.join("timeline.txt"), &timeline(&messages, &inbound))?;
    Ok(Kept { messages: messages.len(), inbound: inbound.len() })
}

/// What fits, the oldest first; messages with their stories.
async fn found(server: &Server, source: Source, wanted: &Wanted<'_>, out: &Out) -> Result<Vec<Value>, Failure> {
    if source == Source::Messages && checked(wanted.query)?.wants_inbound() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Value> = Vec::new();
    let mut before: Option<String> = None;
    let mut bar = Bar::new(out, "reading");
    while found.len() < wanted.limit {
        let limit = PAGE.min(wanted.limit - found.len()).to_string();
        let query = [("q", Some(wanted.query)), ("limit", Some(limit.as_str())), ("before", before.as_deref())];
        let page = server.api("GET", &with_query(source.path(), &query), None).await?;
        for message in page[source.path()].as_array().into_iter().flatten() {
            found.push(match source {
                Source::Messages => server.api("GET", &format!("messages/{}", field(message, "id")), None).await?,
                Source::Inbound => message.clone(),
            });
            bar.at(&Far::Count { done: found.len() as u64, unit: source.path() });
        }
        match page["next"].as_str() {
            Some(next) => before = Some(next.to_owned()),
            None => break,
        }
    }
    found.reverse();
    Ok(found)
}

fn lines(documents: &[Value]) -> String {
    documents.iter().fold(String::new(), |mut text, document| {
        let _ = writeln!(text, "{document}");
        text
    })
}

/// Everything that happened, in order of time, a line each.
fn timeline(messages: &[Value], inbound: &[Value]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for message in messages {
        let (id, to) = (field(message, "id"), field(message, "to"));
        for entry in message["timeline"].as_array().into_iter().flatten() {
            let part = entry["part"].as_u64().filter(|part| *part > 0).map(|part| format!(" part {part}"));
            lines.push(format!(
                "{}  {id}  to {to}{}  {}  {}",
                field(entry, "at"),
                part.unwrap_or_default(),
                field(entry, "what"),
                field(entry, "detail")
            ));
        }
    }
    for text in inbound {
        lines.push(format!(
            "{}  {}  from {} to {}  received",
            field(text, "at"),
            field(text, "id"),
            field(text, "from"),
            field(text, "to")
        ));
    }
    // Times are written alike, so that lines sort as they happened.
    lines.sort();
    lines.into_iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let new = path.with_extension("new");
    let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path));
    written.map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::from_error(Exit::Failed, &format!("cannot write {}", path.display()), error)
}
