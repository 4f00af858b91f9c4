//! Forgets everything that is finished in a store that the example `filled` made, and prints what that took, in counts.
//!
//! ```text
//! cargo run --release -p whimbrel-store --example filled -- FOLDER 1000000
//! cargo run --release -p whimbrel-store --example pruning -- FOLDER [MESSAGES IN A STEP]
//! ```
//!
//! Steps, rows and pages are the same in every build; the longest and the mean step are times of this machine.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use support::NOW;
use whimbrel_core::Span;
use whimbrel_store::{DATABASE_FILE, Keyring, Op, OpResult, Prune, SqliteOptions, SqliteStore, Store};

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a folder that `filled` made")?);
    let count_max: usize = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let path = folder.join(DATABASE_FILE);
    let options = SqliteOptions { path: path.clone(), keyring: Keyring::open(&folder)?, reader_count: 1 };
    let store = SqliteStore::open(options)?;
    let before = pages(&path)?;
    // Everything in it is from about then; what has ended may go.
    let at = NOW + Span::hours(24 * 1_000);
    let (mut steps, mut rows, mut rows_most, mut messages) = (0_u64, 0, 0, 0);
    let (mut longest, mut all) = (Duration::ZERO, Duration::ZERO);
    loop {
        let began = Instant::now();
        let prune = Prune { at, texts_before: None, messages_before: Some(at), count_max };
        let done = match store.commit(&[Op::Prune(prune)])?.pop() {
            Some(OpResult::Pruned(done)) => done,
            other => return Err(format!("{other:?}").into()),
        };
        let took = began.elapsed();
        (longest, all) = (longest.max(took), all + took);
        (steps, rows, rows_most, messages) =
            (steps + 1, rows + done.rows, rows_most.max(done.rows), messages + done.messages);
        if !done.more {
            break;
        }
    }
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{steps} steps of {count_max} messages at most, {messages} messages and {rows} rows, {rows_most} rows in a step at most"
    )?;
    writeln!(out, "longest step {} us, mean {} us", longest.as_micros(), all.as_micros() / u128::from(steps.max(1)))?;
    let after = pages(&path)?;
    writeln!(out, "pages {} -> {}, of which free {} -> {}", before.0, after.0, before.1, after.1)?;
    writeln!(out, "still there: {:?}", store.stats()?)?;
    Ok(())
}

/// Pages of the file, and those that are free.
fn pages(path: &std::path::Path) -> rusqlite::Result<(i64, i64)> {
    let db = Connection::open(path)?;
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("page_count")?, pragma("freelist_count")?))
}
