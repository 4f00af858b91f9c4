//! `whimbrel list`: lists of numbers and senders.

use std::io::Read;

use serde_json::{Value, json};

use super::args::{ListCommand, ListOf, ServerArgs};
use super::client::{Server, with_query};
use super::output::{Out, printable};
use super::{Exit, Failure};

/// Entries in one request.
const ENTRIES_PER_CALL: usize = 1_000;
/// Octets of a list on stdin.
const STDIN_BYTES_MAX: u64 = 64 << 20;

pub(super) async fn run(command: ListCommand, out: &Out) -> Result<(), Failure> {
    match command {
        ListCommand::Show { kind, account, server } => show(&server, kind, account.as_deref(), out).await,
        ListCommand::Add { kind, entries, account, server } => {
            change(&server, "POST", kind, account.as_deref(), &entries_of(entries)?, out).await
        }
        ListCommand::Remove { kind, entries, account, consent, server } => {
            let entries = entries_of(entries)?;
            out.consent(consent, &format!("Take {} entries from the list {}", entries.len(), kind.as_str()))?;
            change(&server, "DELETE", kind, account.as_deref(), &entries, out).await
        }
    }
}

async fn show(server: &ServerArgs, kind: ListOf, account: Option<&str>, out: &Out) -> Result<(), Failure> {
    let server = Server::find(server)?;
    let mut entries: Vec<String> = Vec::new();
    loop {
        let after = entries.last().map(String::as_str);
        let path = with_query(&format!("lists/{}", kind.as_str()), &[("account", account), ("after", after)]);
        let page = server.api("GET", &path, None).await?;
        let before = entries.len();
        entries.extend(page["entries"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        if page["more"] != true || entries.len() == before {
            break;
        }
    }
    let document = json!({ "list": kind.as_str(), "account": account, "entries": entries });
    out.document("list", &document, || entries.iter().map(|entry| printable(entry)).collect::<Vec<_>>().join("\n"));
    Ok(())
}

async fn change(
    server: &ServerArgs,
    method: &str,
    kind: ListOf,
    account: Option<&str>,
    entries: &[String],
    out: &Out,
) -> Result<(), Failure> {
    let server = Server::find(server)?;
    let path = with_query(&format!("lists/{}", kind.as_str()), &[("account", account)]);
    let mut done = 0;
    for some in entries.chunks(ENTRIES_PER_CALL) {
        let call = server.api(method, &path, Some(&json!({ "entries": some }))).await;
        if let Err(mut failure) = call {
            if done > 0 {
                failure.exit = Exit::Partial;
                out.hint(&format!("the first {done} entries were done"));
            }
            return Err(failure);
        }
        done += some.len();
    }
    out.document("list-change", &json!({ "list": kind.as_str(), "entries": done }), || {
        let what = if method == "DELETE" { "removed" } else { "added" };
        format!("{done} {what}")
    });
    Ok(())
}

/// The entries of the command line; `-` stands for the lines of stdin.
fn entries_of(given: Vec<String>) -> Result<Vec<String>, Failure> {
    if given != ["-"] {
        return Ok(given);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(STDIN_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::from_error(Exit::Usage, "cannot read stdin", &error))?;
    let entries: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if entries.is_empty() {
        return Err(Failure::new(Exit::Usage, "stdin has no entries: write one a line"));
    }
    Ok(entries)
}
