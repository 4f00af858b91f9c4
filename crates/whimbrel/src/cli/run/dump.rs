//! The messages of a run as files: what a failed job keeps.

use std::path::Path;

use serde_json::Value;

use super::super::client::{Server, with_query};
use super::super::show;
use super::super::{Exit, Failure};
use super::failed;
use crate::server::files::{Readers, write_whole};

/// Messages of one page, and of all of them.
const PAGE: &str = "200";
const MESSAGES_MAX: usize = 10_000;

/// The id of the newest message; `None`: there is none.
pub(super) async fn newest(server: &Server) -> Result<Option<String>, Failure> {
    let page = page(server, None, "1").await?;
    Ok(page.first().and_then(|message| message["id"].as_str()).map(str::to_owned))
}

/// Writes every message that is newer than `since`, oldest first: whole, one a line, and as `whimbrel show` tells it. Returns how many.
pub(super) async fn write(server: &Server, since: Option<&str>, folder: &Path) -> Result<usize, Failure> {
    let mut ids = Vec::new();
    'pages: loop {
        let page = page(server, ids.last().map(String::as_str), PAGE).await?;
        if page.is_empty() {
            break;
        }
        for id in page.iter().filter_map(|message| message["id"].as_str()) {
            if Some(id) == since || ids.len() == MESSAGES_MAX {
                break 'pages;
            }
            ids.push(id.to_owned());
        }
    }
    let (mut lines, mut stories) = (String::new(), String::new());
    for id in ids.iter().rev() {
        let message = server.api("GET", &format!("messages/{id}"), None).await?;
        lines.push_str(&format!("{message}\n"));
        stories.push_str(&format!("{}\n\n", show::told(&message)));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| failed(&format!("cannot make the folder {}", folder.display()), &error))?;
    for (name, text) in [("messages.ndjson", lines), ("timeline.txt", stories)] {
        write_whole(&folder.join(name), text.as_bytes(), Readers::Owner)
            .map_err(|error| failed("cannot keep the messages", &error))?;
    }
    Ok(ids.len())
}

async fn page(server: &Server, before: Option<&str>, limit: &str) -> Result<Vec<Value>, Failure> {
    let path = with_query("messages", &[("before", before), ("limit", Some(limit))]);
    match server.api("GET", &path, None).await?["messages"].take() {
        Value::Array(messages) => Ok(messages),
        _ => Err(Failure::new(Exit::Failed, "the server answered something else than a list of messages")),
    }
}
