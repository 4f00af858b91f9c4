//! The log of changes that `write_log_shim.c` writes, read back.
//!
//! A line of text for each change, and after it the octets that were written, if any:
//! `W path offset length`, `T path length`, `B path thread`, `S path thread`, `C path`, `U path`. Paths are below the recorded folder.

use std::path::Path;

use crate::Failed;

/// The file that the recorded program tells its commits in; it is no part of the store.
pub const TOLD: &str = "told";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file, below the folder; empty for the folder itself.
    pub path: String,
    /// What became of it.
    pub what: What,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Octets were written.
    Written {
        /// Where.
        offset: usize,
        /// What.
        octets: Vec<u8>,
    },
    /// Its length was set.
    Cut(usize),
    /// A thread, by its number, begins to flush it; of a folder: its names.
    FlushBegun(u32),
    /// The thread's flush has succeeded.
    Flushed(u32),
    /// It was made.
    Made,
    /// Its name was removed.
    Removed,
}

/// Reads a log.
pub fn read(path: &Path) -> Result<Vec<Change>, Failed> {
    let bytes = std::fs::read(path)?;
    let (mut changes, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let end = at + bytes[at..].iter().position(|octet| *octet == b'\n').ok_or("a line without its end")?;
        let line = std::str::from_utf8(&bytes[at..end])?;
        at = end + 1;
        let mut words = line.split(' ');
        let mut word = || words.next().ok_or_else(|| format!("a line too short: {line}"));
        let (kind, path) = (word()?, word()?.to_owned());
        let what = match kind {
            "W" => {
                let (offset, length): (usize, usize) = (word()?.parse()?, word()?.parse()?);
                let octets = bytes.get(at..at + length).ok_or("the last octets are missing")?.to_vec();
                at += length;
                What::Written { offset, octets }
            }
            "T" => What::Cut(word()?.parse()?),
            "B" => What::FlushBegun(word()?.parse()?),
            "S" => What::Flushed(word()?.parse()?),
            "C" => What::Made,
            "U" => What::Removed,
            other => return Err(format!("no such change: {other}").into()),
        };
        changes.push(Change { path, what });
    }
    Ok(changes)
}
