//! `cargo xtask fsyncfail`: the N-th flush of the data folder fails once; nothing may be accepted afterwards.
//!
//! A library of ours, loaded before libc, fails exactly one `fsync` or `fdatasync`; the next ones succeed, as they do after the
//! kernel dropped the pages it could not write. A request that begins after the failure and is answered with status "0"
//! fails the run, and so does an accepted text that is missing after a restart on the same folder, or a promise that
//! `whimbrel check` finds broken then.
//!
//! With `--checkpoint` it is the database that fails, while the store's log is brought back into it ([`checkpoint`]).

mod checkpoint;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::{Started, sleep};
use crate::command;
use crate::commands::crashloop::build;
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::account::{Told, send_request};
use crate::harness::books::Books;
use crate::harness::callers::outcome;
use crate::harness::check::verdicts;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::http::Client;
use crate::workspace::Workspace;

const SHIM: &str = include_str!("../harness/fsync_shim.c");
/// Requests that must be refused after the failure before a run counts.
const REFUSALS_WANTED: u64 = 8;
const CALLERS: u64 = 4;
/// The database is flushed after some thousand commits only, and a debug build on a busy machine may make few of them in a second.
const PATIENCE: Duration = Duration::from_secs(300);

/// Which flushes fail.
#[derive(Args)]
pub struct Options {
    /// The first flush to fail, counted from the start of the process.
    #[arg(long, default_value_t = 1)]
    first: u32,
    /// The last one.
    #[arg(long, default_value_t = 100)]
    last: u32,
    /// Ends once so many flushes failed while serving: how many a start needs changes.
    #[arg(long, default_value_t = u32::MAX, hide_default_value = true)]
    stopped: u32,
    /// Instead: writes and flushes of the database fail while its log is brought back.
    #[arg(long, conflicts_with_all = ["first", "last", "stopped"])]
    checkpoint: bool,
    /// With that, one of each kind: proves that the harness works.
    #[arg(long, requires = "checkpoint")]
    quick: bool,
    /// Uses the release build.
    #[arg(long)]
    release: bool,
}

/// How one run ended.
enum End {
    /// The flush failed while the server was starting, and it refused to start.
    RefusedToStart,
    /// It served, the flush failed, and nothing was accepted afterwards.
    Stopped { accepted: usize },
}

/// Builds, then one run for each flush.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, options.release)?;
    if options.checkpoint {
        let run = Run::begin(workspace, "checkpointfail", profile, None);
        return evidence::record(workspace, &run, checkpoint::fail_each(workspace, profile, options.quick));
    }
    let run = Run::begin(workspace, "fsyncfail", profile, None);
    evidence::record(workspace, &run, fail_each(workspace, profile, options))
}

fn fail_each(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let folder = workspace.scratch("fsyncfail")?;
    let shim = compile(&folder, "flush_shim", SHIM)?;
    let (mut at_start, mut stopped, mut accepted_total, mut faults) = (0, 0, 0, 0);
    for flush in options.first..=options.last {
        if stopped >= options.stopped {
            break;
        }
        let run_folder = folder.join(format!("flush-{flush}"));
        std::fs::create_dir_all(&run_folder)?;
        match one(&workspace.product(profile), &run_folder, &shim, flush) {
            Ok(End::RefusedToStart) => at_start += 1,
            Ok(End::Stopped { accepted }) => {
                stopped += 1;
                accepted_total += accepted;
            }
            Err(failure) => {
                // The other flushes are tried too: one fault often shows at several.
                println!("  flush {flush} ({}): {failure}", failed_file(&run_folder));
                faults += 1;
                continue;
            }
        }
        if flush % 10 == 0 || flush == options.last {
            println!(
                "  up to flush {flush}: {at_start} refused to start, {stopped} stopped, {accepted_total} texts accepted before"
            );
        }
        std::fs::remove_dir_all(&run_folder)?;
    }
    require(faults == 0, || format!("{faults} runs failed; their folders are kept in {}", folder.display()))?;
    require(stopped > 0, || "no flush failed while serving: count further".to_owned())?;
    println!(
        "{stopped} failures while serving: nothing was accepted afterwards, and everything before was there again"
    );
    Ok(
        json!({ "refused_to_start": at_start, "stopped": stopped, "accepted_before": accepted_total, "accepted_after": 0 }),
    )
}

/// Which file's flush failed, as the library wrote it down.
fn failed_file(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("failed")).unwrap_or_else(|_| "none failed".to_owned())
}

/// Compiles a library to load before libc.
pub fn compile(folder: &Path, name: &str, text: &str) -> Outcome<PathBuf> {
    let (source, library) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.so")));
    std::fs::write(&source, text)?;
    let mut line = Command::new("cc");
    line.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    command::run(&mut line)?;
    Ok(library)
}

fn one(binary: &Path, folder: &Path, shim: &Path, flush: u32) -> Outcome<End> {
    let mark = folder.join("failed");
    let mut setup = Setup {
        binary: binary.to_owned(),
        folder: folder.to_owned(),
        mode: Mode::Development,
        environment: Vec::new(),
    };
    std::fs::create_dir_all(setup.data_folder())?;
    let below = setup.data_folder().canonicalize()?;
    let set = |name: &str, value: &Path| (name.to_owned(), value.to_string_lossy().into_owned());
    setup.environment = vec![
        set("LD_PRELOAD", shim),
        set("FLUSH_FAIL_BELOW", &below),
        set("FLUSH_FAIL_MARK", &mark),
        ("FLUSH_FAIL_AT".to_owned(), flush.to_string()),
    ];
    let books = Books::default();
    match setup.start() {
        Ok(mut gateway) => {
            serve_until_stopped(&gateway, &mark, AcceptNone::AfterFailure, &books)?;
            // Its end need not be orderly: the store has stopped. It must end, though.
            gateway.process.terminate()?;
        }
        Err(failure) => {
            require(mark.exists(), || format!("did not start, though no flush failed: {failure}"))?;
            return Ok(End::RefusedToStart);
        }
    }
    let accepted = nothing_is_missing(&mut setup, &books)?;
    Ok(End::Stopped { accepted })
}

/// After a restart on a sound disk every accepted text is there, and the store keeps what is promised. Answers how many there were.
fn nothing_is_missing(setup: &mut Setup, books: &Books) -> Outcome<usize> {
    setup.environment.clear();
    let mut again =
        setup.start().map_err(|failure| Failure::new(format!("no restart after the failure: {failure}")))?;
    let accepted = books.accepted();
    let mut client = Client::new(again.http);
    for (id, _) in accepted.values() {
        let answer = again.get_over(&mut client, &format!("/_whimbrel/v1/messages/{id}"))?;
        require(answer.status == 200, || format!("text {id} was accepted before the failure and is gone"))?;
    }
    let status = again.process.terminate()?;
    require(status.success(), || format!("the restarted server ended with {status}"))?;
    verdicts(&setup.binary, &setup.data_folder(), &[])?;
    Ok(accepted.len())
}

/// From when on nothing may be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AcceptNone {
    /// From the failure on: whoever commits sees it.
    AfterFailure,
    /// From the first refusal after it on: it is another thread's, and a commit may begin in the moment before it is told.
    AfterRefusal,
}

/// Sends until enough requests were refused after the failure; then the server must say that it is not ready.
fn serve_until_stopped(gateway: &Gateway, mark: &Path, from: AcceptNone, books: &Books) -> Outcome<()> {
    let account = gateway.account.clone().ok_or_else(|| Failure::new("the ready-file has no account"))?;
    let (done, fault) = (AtomicBool::new(false), Mutex::new(None));
    let refused_after = std::sync::atomic::AtomicU64::new(0);
    let caller = || {
        let mut client = Client::new(gateway.http);
        let started = Started::now();
        while !done.load(Ordering::Relaxed) {
            let failed_before =
                mark.exists() && (from == AcceptNone::AfterFailure || refused_after.load(Ordering::Relaxed) > 0);
            let to = books.next_recipient();
            let answer = client.call(&send_request(&account.form(to, "Your code is 123456")));
            let what = outcome(answer);
            if failed_before {
                if let Ok(Told::Accepted { id, .. }) = &what {
                    let text = format!("text {id} was accepted after the failure");
                    fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(text);
                    done.store(true, Ordering::Relaxed);
                } else if refused_after.fetch_add(1, Ordering::Relaxed) + 1 >= REFUSALS_WANTED {
                    done.store(true, Ordering::Relaxed);
                }
            }
            if !failed_before && mark.exists() && matches!(what, Ok(Told::Refused(_))) {
                // The first one; with several callers perhaps a few.
                refused_after.fetch_add(1, Ordering::Relaxed);
            }
            books.write(to, what);
            if started.elapsed() > PATIENCE {
                let text = format!("no flush failed, or no refusal came, within {} s", PATIENCE.as_secs());
                fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(text);
                done.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(caller);
        }
    });
    if let Some(text) = fault.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(Failure::new(text));
    }
    // The probe learns of it at latest with the refusals above; one look would do, a few do no harm.
    let started = Started::now();
    loop {
        let status = gateway.get("/readyz").attempting("ask /readyz")?.status;
        if status == 503 {
            return Ok(());
        }
        require(started.elapsed() < Duration::from_secs(5), || {
            format!("/readyz says {status} after the store stopped")
        })?;
        sleep(Duration::from_millis(20));
    }
}
