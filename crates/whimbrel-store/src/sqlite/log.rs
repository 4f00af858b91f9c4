//! The write-ahead log is brought back into the database beside the writer, so that nobody waits for it.
//!
//! SQLite by itself does this in whichever commit makes the log too long: everything that waits for the store then waits for tens of
//! megabytes to be written and flushed. Here a thread with a connection of its own does it while commits go on, again and again until
//! only what came in the meantime is left. That little the writer brings back itself, between two commits: only when the log holds
//! nothing else does SQLite begin it anew, and else it would grow for as long as there is work.
//!
//! SQLite flushes the database only in a checkpoint that reaches the end of the log, which under load is the writer's. So the thread
//! flushes after each round what it has written, and leaves nothing of it to the writer.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use super::fault::Fault;
use super::open;
use crate::StoreError;

/// From so many pages of 4 KiB on the log is brought back. A longer log writes hot pages back more rarely.
const PAGES: u32 = 20_000;
/// A log that could not be begun anew (somebody reads an old state) is tried again when it is so much longer.
const PAGES_AGAIN: u32 = 1_000;
/// A round that brought back no more than this leaves little.
const PAGES_LITTLE: u32 = 200;
/// What is so little that the writer may bring it back. More is left to the thread.
const PAGES_LEFT_MAX: u32 = 1_000;
/// Unless the log is so many times as long as it should be.
const TOO_LONG: u32 = 5;
/// Rounds of the thread; each leaves what was written during the one before.
const ROUNDS_MAX: usize = 6;

/// The writer's side.
pub(super) struct Log {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    bound: u32,
    /// The thread is asked when there are so many.
    ask_at: u32,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    work: Work,
    closing: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Work {
    #[default]
    None,
    Asked,
    UnderWay,
    /// So many pages are in the database; what is left is the writer's, if it is little.
    Done(u32),
    Failed(Box<str>),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Watches the log that `writer` writes to the database at `path`, which is also open as `file`. That must not be closed while any
    /// connection of this process is open: the system would take the connections' locks away with it.
    ///
    /// # Errors
    /// [`StoreError::Open`] if there is no connection or no thread for it.
    pub(super) fn watch(writer: &mut Connection, path: &Path, file: Arc<File>) -> Result<Self, StoreError> {
        Self::watch_from(writer, path, file, PAGES)
    }

    fn watch_from(writer: &mut Connection, path: &Path, file: Arc<File>, bound: u32) -> Result<Self, StoreError> {
        let failed = |why: String| StoreError::Open { why: format!("{}: {why}", path.display()).into() };
        let pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&pages);
        let hook = move |_: &mut Wal, count| {
            seen.store(u32::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        };
        // It takes the place of SQLite's own, which brings the log back inside a commit.
        writer.wal_hook(Some(hook)).map_err(|error| failed(error.to_string()))?;
        let (db, shared) = (open::log_keeper(path)?, Arc::new(Shared::default()));
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store-log".to_owned())
            .spawn(move || keep(&db, &file, &of_thread))
            .map_err(|error| failed(format!("no thread for its log: {error}")))?;
        Ok(Self { pages, bound, ask_at: bound, shared, thread: Some(thread) })
    }

    /// From so many pages on the log is brought back from now on: see [`SqliteStore`](super::SqliteStore::bring_log_back_from).
    pub(super) fn set_bound(&mut self, pages: u32) {
        (self.bound, self.ask_at) = (pages, pages);
    }

    /// See [`SqliteStore`](super::SqliteStore::fail_log).
    pub(super) fn fail(&self, why: &str) {
        self.shared.lock().work = Work::Failed(why.into());
    }

    /// Whether the thread has nothing under way. What it flushes at this moment may fail yet: until it has said so, or not, nobody else may
    /// count its pages as brought back and let go of the log that still has them.
    ///
    /// # Errors
    /// [`Fault::Fatal`] if it failed.
    pub(super) fn is_at_rest(&self) -> Result<bool, Fault> {
        match &self.shared.lock().work {
            Work::None | Work::Done(_) => Ok(true),
            Work::Asked | Work::UnderWay => Ok(false),
            Work::Failed(why) => Err(Fault::Fatal(why.clone())),
        }
    }

    /// To be called between two commits: asks the thread if the log is long, and brings the rest back when it is done.
    ///
    /// # Errors
    /// [`Fault::Fatal`] if a write or a flush failed, here or in the thread: what is on the disk is not known then. The log still has
    /// everything.
    pub(super) fn keep_short(&mut self, writer: &Connection) -> Result<(), Fault> {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.bound {
            self.ask_at = self.bound;
        }
        let mut state = self.shared.lock();
        match &state.work {
            Work::None if pages >= self.ask_at => {
                self.ask_at = pages.saturating_add(PAGES_AGAIN);
                state.work = Work::Asked;
                self.shared.changed.notify_all();
                Ok(())
            }
            Work::None | Work::Asked | Work::UnderWay => Ok(()),
            Work::Done(back) => {
                let left = pages.saturating_sub(*back);
                state.work = Work::None;
                drop(state);
                if left > PAGES_LEFT_MAX && pages < self.bound.saturating_mul(TOO_LONG) {
                    return Ok(());
                }
                bring_back(writer).map(drop)
            }
            Work::Failed(why) => Err(Fault::Fatal(why.clone())),
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps the store's log short panicked; report this as a bug");
        }
    }
}

fn keep(db: &Connection, file: &File, shared: &Shared) {
    loop {
        let idle = |state: &mut State| !state.closing && state.work != Work::Asked;
        let mut state = shared.changed.wait_while(shared.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if state.closing {
            return;
        }
        state.work = Work::UnderWay;
        drop(state);
        let done = bring_back_until_little_is_left(db, file);
        let mut state = shared.lock();
        state.work = match done {
            Ok(back) => Work::Done(back),
            Err(fault) => Work::Failed(fault.into_text()),
        };
        shared.changed.notify_all();
    }
}

fn bring_back_until_little_is_left(db: &Connection, file: &File) -> Result<u32, Fault> {
    let mut before = 0;
    for _ in 0..ROUNDS_MAX {
        let back = bring_back(db)?;
        file.sync_data().map_err(|error| Fault::Fatal(format!("the database cannot be flushed: {error}").into()))?;
        let brought = back.saturating_sub(before);
        before = back;
        if brought <= PAGES_LITTLE {
            break;
        }
    }
    Ok(before)
}

/// Brings back what nobody needs in the log any more; how many of its pages are in the database now, or 0 if somebody else is at it. Nobody
/// is waited for, and nobody waits.
fn bring_back(db: &Connection) -> Result<u32, Fault> {
    match db.query_row("pragma wal_checkpoint(passive)", [], |row| row.get::<_, i64>(2)) {
        Ok(pages) => Ok(u32::try_from(pages).unwrap_or(0)),
        Err(rusqlite::Error::SqliteFailure(error, text)) => match error.code {
            // Somebody else is at it.
            ErrorCode::DatabaseBusy => Ok(0),
            // The log keeps what the database has no room for. Whoever writes next is told.
            ErrorCode::DiskFull => {
                tracing::warn!("the disk has no room to bring the store's log back into its database");
                Ok(0)
            }
            _ => Err(rusqlite::Error::SqliteFailure(error, text).into()),
        },
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{SqliteOptions, SqliteStore};
    use super::*;
    use crate::Store as _;

    const BOUND: u32 = 50;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("whimbrel-log-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }

        fn database(&self) -> PathBuf {
            self.0.join("x.db")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn open(path: &Path) -> Connection {
        let db = Connection::open(path).expect("a database");
        db.execute_batch("pragma journal_mode = wal; pragma synchronous = full; create table x (a blob)").expect("WAL");
        db
    }

    fn watch(db: &mut Connection, path: &Path) -> Log {
        let file = File::options().read(true).write(true).open(path).expect("the same file");
        Log::watch_from(db, path, Arc::new(file), BOUND).expect("a thread")
    }

    fn write(db: &Connection) {
        db.execute("insert into x values (zeroblob(5000))", []).expect("written");
    }

    impl Log {
        /// Waits until the thread has nothing to do.
        fn rest(&self) {
            let busy = |state: &mut State| matches!(state.work, Work::Asked | Work::UnderWay);
            drop(self.shared.changed.wait_while(self.shared.lock(), busy));
        }

        fn pages(&self) -> u32 {
            self.pages.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_long_log_is_begun_anew_while_writes_go_on() {
        let folder = Folder::new("anew");
        let mut db = open(&folder.database());
        let mut log = watch(&mut db, &folder.database());
        let (mut longest, mut begun_anew) = (0, 0);
        for _ in 0..500 {
            let before = log.pages();
            write(&db);
            (longest, begun_anew) = (longest.max(log.pages()), begun_anew + u32::from(log.pages() < before));
            log.keep_short(&db).expect("kept short");
            log.rest();
        }
        assert!(begun_anew > 5 && longest < 2 * BOUND, "{begun_anew} times, {longest} pages at most");
        drop(log);
        let count: i64 = db.query_row("select count(*) from x", [], |row| row.get(0)).expect("counted");
        assert_eq!(count, 500);
    }

    #[test]
    fn a_writer_that_never_rests_still_has_its_log_begun_anew() {
        let folder = Folder::new("restless");
        let mut db = open(&folder.database());
        let mut log = watch(&mut db, &folder.database());
        for _ in 0..2_000 {
            write(&db);
            log.keep_short(&db).expect("kept short");
        }
        let before = log.pages();
        log.rest();
        // The thread is done, or was never asked again: the next commits end what it left.
        for _ in 0..2 * PAGES_AGAIN {
            write(&db);
            log.keep_short(&db).expect("kept short");
            log.rest();
        }
        assert!(log.pages() < 2 * BOUND, "{} pages after {before}", log.pages());
    }

    #[test]
    fn what_is_much_is_left_to_the_thread_until_the_log_is_far_too_long() {
        let folder = Folder::new("much");
        let mut db = open(&folder.database());
        let mut log = watch(&mut db, &folder.database());
        log.bound = PAGES_LEFT_MAX;
        let keep_short_after = |log: &mut Log, back| {
            write(&db);
            log.shared.lock().work = Work::Done(back);
            log.keep_short(&db).expect("kept");
            write(&db);
            log.pages()
        };
        log.ask_at = u32::MAX;
        while log.pages() <= PAGES_LEFT_MAX + 10 {
            write(&db);
        }
        assert!(keep_short_after(&mut log, 5) > PAGES_LEFT_MAX, "it is the thread's");
        assert!(keep_short_after(&mut log, 100) < 10, "it was little enough");
    }

    #[test]
    fn whoever_reads_an_old_state_keeps_the_log_long_and_nobody_waits_for_them() {
        let folder = Folder::new("reader");
        let mut db = open(&folder.database());
        let mut log = watch(&mut db, &folder.database());
        write(&db);
        let reader = Connection::open(folder.database()).expect("a reader");
        reader.execute_batch("begin; select count(*) from x").expect("a state");
        for _ in 0..100 {
            write(&db);
            log.keep_short(&db).expect("kept");
            log.rest();
        }
        assert!(log.pages() > 2 * BOUND, "not begun anew under a reader's feet");
        reader.execute_batch("commit").expect("read");
        for _ in 0..PAGES_AGAIN {
            write(&db);
            log.keep_short(&db).expect("kept");
            log.rest();
        }
        assert!(log.pages() < 2 * BOUND, "{} pages after the reader went", log.pages());
    }

    #[test]
    fn a_failure_of_the_thread_is_the_writers_too() {
        let folder = Folder::new("fails");
        let mut db = open(&folder.database());
        let mut log = watch(&mut db, &folder.database());
        log.fail("a flush failed");
        assert!(matches!(log.keep_short(&db), Err(Fault::Fatal(why)) if &*why == "a flush failed"));
        assert!(matches!(log.keep_short(&db), Err(Fault::Fatal(_))), "for good");
        assert!(matches!(log.is_at_rest(), Err(Fault::Fatal(_))), "and nobody empties the log");
    }

    #[test]
    fn a_store_without_work_notices_it_too() {
        let folder = Folder::new("idle");
        let (path, keyring) = (folder.database(), crate::Keyring::from_bytes([7; 32]));
        let store = SqliteStore::open(SqliteOptions { path, keyring, reader_count: 1 }).expect("opened");
        assert!(store.commit(&[]).expect("all is well").is_empty());
        store.fail_log("a flush failed").expect("nobody panicked");
        for _ in 0..2 {
            assert!(matches!(store.commit(&[]), Err(StoreError::Stopped { why }) if &*why == "a flush failed"));
        }
    }

    #[test]
    fn nobody_empties_the_log_while_the_thread_may_fail_yet() {
        let folder = Folder::new("at-rest");
        let mut db = open(&folder.database());
        let log = watch(&mut db, &folder.database());
        for (work, is_at_rest) in [(Work::UnderWay, false), (Work::Done(3), true), (Work::None, true)] {
            log.shared.lock().work = work;
            assert_eq!(log.is_at_rest().expect("nothing failed"), is_at_rest);
        }
    }
}
