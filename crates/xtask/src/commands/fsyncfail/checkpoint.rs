//! The database fails while the store's log is brought back into it.
//!
//! Two are at it: a thread of its own does most, and the writer the little that is left. Of each, the N-th write and the N-th flush of
//! the database fails once, and what a failed flush should have written is gone. The store must stop as it does when its log cannot be
//! flushed; the log still has everything, so a restart misses nothing. On a full disk the log simply stays long: texts go on being
//! accepted, and once there is room it is brought back.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{AcceptNone, CALLERS, PATIENCE, compile, nothing_is_missing, serve_until_stopped};
use crate::clock::{Started, sleep};
use crate::failure::{Failure, Outcome, require};
use crate::harness::account::{Told, send_request};
use crate::harness::books::Books;
use crate::harness::callers::outcome;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::http::Client;
use crate::workspace::Workspace;

const SHIM: &str = include_str!("../../harness/database_shim.c");
const DATABASE: &str = "whimbrel.db";
/// Texts that must be accepted while the disk is full.
const ACCEPTED_WANTED: u64 = 500;
const PAUSE: Duration = Duration::from_millis(20);

/// Who brings the log back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Thread,
    Writer,
}

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Write,
    Flush,
    /// Every write from this one on, until there is room again.
    Room,
}

/// One run: whose which call fails, counted from 1.
#[derive(Debug, Clone, Copy)]
struct Case {
    by: By,
    fault: Fault,
    at: u32,
}

/// First and later calls: the thread's later rounds and those of later logs fail as well.
const CASES: &[Case] = &[
    Case { by: By::Thread, fault: Fault::Flush, at: 1 },
    Case { by: By::Thread, fault: Fault::Write, at: 1 },
    Case { by: By::Writer, fault: Fault::Flush, at: 1 },
    Case { by: By::Writer, fault: Fault::Write, at: 1 },
    Case { by: By::Thread, fault: Fault::Room, at: 1 },
    Case { by: By::Writer, fault: Fault::Room, at: 1 },
    Case { by: By::Thread, fault: Fault::Flush, at: 2 },
    Case { by: By::Thread, fault: Fault::Flush, at: 3 },
    Case { by: By::Thread, fault: Fault::Flush, at: 5 },
    Case { by: By::Thread, fault: Fault::Write, at: 700 },
    Case { by: By::Writer, fault: Fault::Flush, at: 2 },
    Case { by: By::Writer, fault: Fault::Write, at: 40 },
    Case { by: By::Thread, fault: Fault::Room, at: 700 },
];
/// Those of the short form.
const QUICK: usize = 3;

impl Case {
    fn name(self) -> String {
        let (by, fault) = match (self.by, self.fault) {
            (By::Thread, Fault::Write) => ("thread", "write"),
            (By::Thread, Fault::Flush) => ("thread", "flush"),
            (By::Thread, Fault::Room) => ("thread", "full"),
            (By::Writer, Fault::Write) => ("writer", "write"),
            (By::Writer, Fault::Flush) => ("writer", "flush"),
            (By::Writer, Fault::Room) => ("writer", "full"),
        };
        format!("{by}-{fault}-{}", self.at)
    }
}

/// One run for each case.
pub fn fail_each(workspace: &Workspace, profile: &str, quick: bool) -> Outcome<Value> {
    let folder = workspace.scratch("checkpointfail")?;
    let shim = compile(&folder, "database_shim", SHIM)?;
    let cases = if quick { &CASES[..QUICK] } else { CASES };
    let (mut accepted_total, mut stopped, mut went_on) = (0, 0, 0);
    for case in cases {
        let run_folder = folder.join(case.name());
        std::fs::create_dir_all(&run_folder)?;
        let accepted = one(&workspace.product(profile), &run_folder, &shim, *case)
            .map_err(|failure| Failure::new(format!("{} ({}): {failure}", case.name(), run_folder.display())))?;
        println!("  {}: {accepted} texts, all there after a restart", case.name());
        accepted_total += accepted;
        *(if case.fault == Fault::Room { &mut went_on } else { &mut stopped }) += 1;
        std::fs::remove_dir_all(&run_folder)?;
    }
    Ok(json!({ "stopped": stopped, "went_on_when_full": went_on, "accepted": accepted_total, "lost": 0 }))
}

fn one(binary: &Path, folder: &Path, shim: &Path, case: Case) -> Outcome<usize> {
    let (mark, full) = (folder.join("failed"), folder.join("full"));
    let mut setup = Setup {
        binary: binary.to_owned(),
        folder: folder.to_owned(),
        mode: Mode::Development,
        environment: Vec::new(),
    };
    std::fs::create_dir_all(setup.data_folder())?;
    let database = setup.data_folder().canonicalize()?.join(DATABASE);
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    setup.environment = vec![
        set("LD_PRELOAD", &shim.to_string_lossy()),
        set("DATABASE_FAIL_FILE", &database.to_string_lossy()),
        set("DATABASE_FAIL_THREAD", if case.by == By::Thread { "store-log" } else { "store-writer" }),
        set("DATABASE_FAIL_CALL", if case.fault == Fault::Flush { "flush" } else { "write" }),
        set("DATABASE_FAIL_AT", &case.at.to_string()),
        set("DATABASE_FAIL_MARK", &mark.to_string_lossy()),
    ];
    if case.fault == Fault::Room {
        std::fs::write(&full, "")?;
        setup.environment.push(set("DATABASE_FAIL_FULL", &full.to_string_lossy()));
    }
    let books = Books::default();
    let mut gateway = setup.start()?;
    if case.fault == Fault::Room {
        serve_while_full(&gateway, &mark, &full, &books)?;
        let status = gateway.process.terminate()?;
        require(status.success(), || format!("the server ended with {status}"))?;
    } else {
        let from = if case.by == By::Thread { AcceptNone::AfterRefusal } else { AcceptNone::AfterFailure };
        serve_until_stopped(&gateway, &mark, from, &books)?;
        // Its end need not be orderly: the store has stopped. It must end, though.
        gateway.process.terminate()?;
    }
    nothing_is_missing(&mut setup, &books)
}

/// Sends until the disk was full for a while, and then until the log was brought back all the same. Everything is accepted.
fn serve_while_full(gateway: &Gateway, mark: &Path, full: &Path, books: &Books) -> Outcome<()> {
    let account = gateway.account.clone().ok_or_else(|| Failure::new("the ready-file has no account"))?;
    let (done, accepted_while_full) = (AtomicBool::new(false), AtomicU64::new(0));
    let caller = || {
        let mut client = Client::new(gateway.http);
        while !done.load(Ordering::Relaxed) {
            let was_full = mark.exists() && full.exists();
            let to = books.next_recipient();
            let what = outcome(client.call(&send_request(&account.form(to, "Your code is 123456"))));
            if was_full && matches!(what, Ok(Told::Accepted { .. })) {
                accepted_while_full.fetch_add(1, Ordering::Relaxed);
            }
            books.write(to, what);
        }
    };
    let wait = |what: &str, is_so: &dyn Fn() -> bool| -> Outcome<()> {
        let started = Started::now();
        while !is_so() {
            require(started.elapsed() < PATIENCE, || format!("{what} did not happen within {} s", PATIENCE.as_secs()))?;
            sleep(PAUSE);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(caller);
        }
        let watched = wait("a write to a full disk", &|| mark.exists())
            .and_then(|()| {
                let enough = || accepted_while_full.load(Ordering::Relaxed) >= ACCEPTED_WANTED;
                wait("that texts are accepted on a full disk", &enough)
            })
            .and_then(|()| Ok(std::fs::remove_file(full)?))
            .and_then(|()| {
                wait("that the log is brought back once there is room", &|| mark.with_extension("over").exists())
            });
        done.store(true, Ordering::Relaxed);
        watched
    })?;
    let refused = books.refused();
    require(refused.is_empty(), || format!("texts were refused: {refused:?}"))
}
