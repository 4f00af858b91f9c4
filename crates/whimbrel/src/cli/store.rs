//! `whimbrel check` and `whimbrel backup`: commands that open the store of a data folder themselves, running gateway or not.
//!
//! Both look on: they take no lock and change nothing in the folder.

use std::path::{Path, PathBuf};

use serde_json::json;
use whimbrel_core::World;
use whimbrel_engine::SystemWorld;
use whimbrel_store::check::{CheckedStore, INVARIANTS, Invariant, Reach, WAITING};
use whimbrel_store::keyring::KEY_FILE;
use whimbrel_store::{DATABASE_FILE, Keyring, StoreError, Verdict, copied_bytes, copy_store};

use super::args::{BackupArgs, CheckArgs};
use super::config::default_data_dirs;
use super::output::{Color, Out};
use super::progress::{Bar, Far};
use super::{Exit, Failure};
use crate::server::files::{Readers, make_private_folder, write_whole};

/// `whimbrel check`.
pub(super) fn check(args: &CheckArgs, out: &Out) -> Result<(), Failure> {
    if args.list {
        list(out);
        return Ok(());
    }
    let (folder, keyring) = open(args.data_dir.as_deref())?;
    let store = CheckedStore::open(&folder.join(DATABASE_FILE), keyring)
        .map_err(|error| Failure::from_error(Exit::Failed, "cannot check", &error))?;
    let clock = SystemWorld::new(0, 0);
    let begun_at = clock.now();
    let (mut broken, mut row_count) = (Vec::new(), 0);
    let wanted: Vec<_> = INVARIANTS.iter().filter(|invariant| !args.fast || invariant.reach == Reach::Open).collect();
    let mut bar = Bar::new(out, "checking");
    for (done, invariant) in (0..).zip(&wanted) {
        let far = || Far::Of { done, total: wanted.len() as u64, unit: "invariants" };
        let looked_at = clock.now();
        let verdict = bar.beside(far, || store.judge(invariant)).map_err(|error| {
            Failure::from_error(Exit::Failed, &format!("cannot look at `{}`", invariant.name), &error)
        })?;
        bar.clear();
        tell(invariant, &verdict, clock.now().since(looked_at).to_std().as_secs_f64() * 1e3, out);
        row_count += verdict.row_count;
        if verdict.violation_count > 0 {
            broken.push(invariant.name);
        }
    }
    let seconds = clock.now().since(begun_at).to_std().as_secs_f64();
    if broken.is_empty() {
        out.hint(&format!("nothing is broken: {row_count} looks at rows in {seconds:.1} s"));
        return Ok(());
    }
    let message = format!(
        "the store of {} breaks {}; keep a copy of the folder and report this, and do not send from it before it is understood",
        folder.display(),
        broken.join(", ")
    );
    Err(Failure::new(Exit::Violated, message))
}

fn tell(invariant: &Invariant, verdict: &Verdict, elapsed_ms: f64, out: &Out) {
    let named: Vec<_> =
        verdict.violations.iter().map(|broken| json!({ "id": broken.id, "reason": broken.reason })).collect();
    let document = json!({
        "invariant": invariant.name,
        "promise": invariant.promise,
        "rows": verdict.row_count,
        "violation_count": verdict.violation_count,
        "violations": named,
        "elapsed_ms": (elapsed_ms * 1e3).round() / 1e3,
    });
    out.line("check", &document, || {
        let mut text = if verdict.violation_count == 0 {
            format!("{}  {}, {} rows", out.colored(Color::Green, "kept  "), invariant.name, verdict.row_count)
        } else {
            let count = verdict.violation_count;
            format!("{}  {} ({}), {count} times", out.colored(Color::Red, "broken"), invariant.name, invariant.promise)
        };
        for broken in &verdict.violations {
            text.push_str(&format!("\n        {}: {}", broken.id, broken.reason));
        }
        text
    });
}

/// The names of all invariants, and of what is promised and cannot be looked at.
fn list(out: &Out) {
    for invariant in INVARIANTS {
        let is_fast = invariant.reach == Reach::Open;
        let document = json!({ "invariant": invariant.name, "promise": invariant.promise, "fast": is_fast });
        out.line("invariant", &document, || {
            format!("{:<5} {}{}", invariant.promise, invariant.name, if is_fast { " (fast)" } else { "" })
        });
    }
    for waiting in WAITING {
        let document = json!({ "waiting": waiting.name, "promise": waiting.promise, "waits_for": waiting.waits_for });
        out.line("waiting-invariant", &document, || {
            format!("{:<5} {}: not looked at, needs {}", waiting.promise, waiting.name, waiting.waits_for)
        });
    }
}

/// `whimbrel backup`.
pub(super) fn backup(args: &BackupArgs, out: &Out) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::from_error(Exit::Failed, "no backup was made", error);
    let (folder, keyring) = open(args.data_dir.as_deref())?;
    make_private_folder(&args.folder).map_err(|error| failed(&error))?;
    let (target, key_target) = (args.folder.join(DATABASE_FILE), args.folder.join(KEY_FILE));
    if args.with_key && key_target.exists() {
        let message = format!("no backup was made: {} is there already; name another folder", key_target.display());
        return Err(Failure::new(Exit::Failed, message));
    }
    // Secrets in the copy are sealed by keys of the file as it is before and after. Were it replaced in between, neither may open them.
    let read_key = || std::fs::read(folder.join(KEY_FILE));
    let key = read_key().map_err(|error| failed(&error))?;
    let size_bytes = copied((&folder.join(DATABASE_FILE), &target), &keyring, out).map_err(|error| failed(&error))?;
    if read_key().map_err(|error| failed(&error))? != key {
        std::fs::remove_file(&target).map_err(|error| failed(&error))?;
        let message = "no backup was made: the keys were changed meanwhile; run it again";
        return Err(Failure::new(Exit::Failed, message));
    }
    if args.with_key {
        write_whole(&key_target, &key, Readers::Owner).map_err(|error| failed(&error))?;
        out.warning(&format!(
            "{} opens every secret of this backup and of the running store: keep the backup as secret as the data folder itself",
            key_target.display()
        ));
    } else {
        out.hint(&format!(
            "{KEY_FILE} is not in it: without that file of {} the backup cannot be used; keep a copy of it elsewhere",
            folder.display()
        ));
    }
    let document = json!({ "database": target, "size_bytes": size_bytes, "with_key": args.with_key });
    out.document("backup", &document, || format!("{}, {size_bytes} bytes", target.display()));
    Ok(())
}

/// Copies a database and shows how far it is; answers the size in bytes.
fn copied((from, to): (&Path, &Path), keyring: &Keyring, out: &Out) -> Result<u64, StoreError> {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    // What is free in the file is left out of the copy, so that this is the most that it becomes.
    let total = std::fs::metadata(from).map_or(0, |file| file.len());
    let far = || Far::Of { done: megabytes(copied_bytes(to)), total: megabytes(total), unit: "MB" };
    Bar::new(out, "copying").beside(far, || copy_store(from, to, keyring))
}

/// The data folder with a store, and the key of that.
fn open(named: Option<&Path>) -> Result<(PathBuf, Keyring), Failure> {
    let folders = named.map_or_else(default_data_dirs, |folder| vec![folder.to_owned()]);
    let Some(folder) = folders.iter().find(|folder| folder.join(DATABASE_FILE).exists()) else {
        let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let message = format!("there is no {DATABASE_FILE} in {}; give --data-dir", looked.join(" and none in "));
        return Err(Failure::new(Exit::NotFound, message));
    };
    let keyring = Keyring::read(folder)
        .map_err(|error| Failure::from_error(Exit::Failed, "cannot use the key of the store", &error))?;
    Ok((folder.clone(), keyring))
}
