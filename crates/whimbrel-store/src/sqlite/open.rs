//! Opening a database: its file, the lock that keeps a second process out, its settings, and its version.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::fault::Fault;
use super::moved;
use crate::StoreError;
use crate::keyring::Keyring;

/// One file per version, in order: version n is after the nth. What SQL alone cannot do comes after it.
const MIGRATIONS: &[(&str, Option<Moved>)] = &[
    (include_str!("../../migrations/sqlite/0001_first.sql"), None),
    (include_str!("../../migrations/sqlite/0002_inbound.sql"), None),
    (include_str!("../../migrations/sqlite/0003_credentials.sql"), Some(moved::credentials)),
    (include_str!("../../migrations/sqlite/0004_replay.sql"), None),
    (include_str!("../../migrations/sqlite/0005_resources.sql"), None),
    (include_str!("../../migrations/sqlite/0006_applications.sql"), None),
    (include_str!("../../migrations/sqlite/0007_keys_and_buckets.sql"), None),
    (include_str!("../../migrations/sqlite/0008_numbered.sql"), None),
    (include_str!("../../migrations/sqlite/0009_kept.sql"), None),
    (include_str!("../../migrations/sqlite/0010_usage.sql"), None),
    (include_str!("../../migrations/sqlite/0011_networks.sql"), None),
    (include_str!("../../migrations/sqlite/0012_tried_long.sql"), None),
    (include_str!("../../migrations/sqlite/0013_people.sql"), None),
    (include_str!("../../migrations/sqlite/0014_sealed_hooks.sql"), Some(moved::hook_headers)),
    (include_str!("../../migrations/sqlite/0015_subaccounts.sql"), None),
    (include_str!("../../migrations/sqlite/0016_rerouted.sql"), None),
    (include_str!("../../migrations/sqlite/0017_indexed.sql"), None),
];
type Moved = fn(&Connection, &Keyring) -> Result<(), Fault>;
/// Names our files among SQLite's: "Whmb".
const APPLICATION_ID: i64 = 0x5768_6d62;
/// More than there are, those that look at invariants again and again included.
const STATEMENTS_CACHED: usize = 512;

// `synchronous = full` flushes the log at every commit: an answer that was told survives a power cut. `log.rs` keeps the log short.
//
// The cache is small on purpose. When SQLite divides a page it moves one for a moment to the number of its lock page (at 1 GiB), and
// then looks at every cached page in the commit for those beyond the end: with 64 MiB that took an eighth of a signed message's
// processor time. What is hot fits into 8 MiB, and the rest is in the operating system's cache.
const WRITER_SETTINGS: &str = "
pragma page_size = 4096;
pragma synchronous = full;
pragma cache_size = -8192;
pragma temp_store = memory;
pragma foreign_keys = off;
pragma busy_timeout = 5000;
";
const LOG_SETTINGS: &str = "pragma synchronous = full; pragma wal_autocheckpoint = 0;";
const READER_SETTINGS: &str = "
pragma query_only = on;
pragma cache_size = -16384;
pragma temp_store = memory;
pragma busy_timeout = 5000;
";

/// The file that is locked while a process has the database open.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let lock_path = beside(path, "-lock");
    let file = owner_only(&lock_path).map_err(|error| cannot(&lock_path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Open {
            why: format!("{} is in use by another process; stop that one first", path.display()).into(),
        }),
        Err(TryLockError::Error(error)) => Err(cannot(&lock_path, &error)),
    }
}

/// Makes the folder and the file if they are missing, for their owner only: the log takes its mode from the file.
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    fs::create_dir_all(&folder).map_err(|error| cannot(&folder, &error))?;
    owner_only(path).map_err(|error| cannot(path, &error))?;
    sync_folder(path)
}

/// Flushes the names in the database's folder, so that they survive a power cut as well.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|error| cannot(&folder, &error))
}

/// The connection that writes, with the newest schema.
pub(super) fn writer(path: &Path, keyring: &Keyring) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|error| cannot(path, &error))?;
    prepare_writer(&db, keyring, path)?;
    // SQLite leaves out of account whether the names of its files were flushed. We do not start on a log that a power cut
    // could take away whole.
    sync_folder(path)?;
    Ok(db)
}

/// Settings and schema; `path` is named in errors.
pub(super) fn prepare_writer(db: &Connection, keyring: &Keyring, path: &Path) -> Result<(), StoreError> {
    let failed = |fault: Fault| StoreError::Open { why: format!("{}: {}", path.display(), fault.into_text()).into() };
    db.execute_batch(WRITER_SETTINGS).map_err(|error| failed(error.into()))?;
    prepare_once(db).map_err(|error| failed(error.into()))?;
    switch_to_wal(db).map_err(failed)?;
    migrate(db, keyring).map_err(failed)
}

/// Keeps statements, and their plans whatever values are bound: SQLite would prepare some of them anew for every new value.
fn prepare_once(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Turns the write-ahead log on, and sees that it is on.
fn switch_to_wal(db: &Connection) -> Result<(), Fault> {
    let mut statement = db.prepare("pragma journal_mode = wal")?;
    let mut rows = statement.query([])?;
    let mut mode = String::new();
    // The switch is a transaction that ends with the statement's last step, after its row: a flush that fails there is seen only
    // by whoever asks on. SQLite would go on in the old mode.
    while let Some(row) = rows.next()? {
        mode = row.get(0)?;
    }
    match mode.as_str() {
        "wal" | "memory" => Ok(()),
        other => {
            Err(Fault::Fatal(format!("SQLite kept the journal mode `{other}` instead of `wal`; check the disk").into()))
        }
    }
}

/// A connection for somebody who looks on and has no part in the store: it takes no lock, and the file must be there, whole, and of
/// this version and key. Checks of columns are left to whoever asks.
pub(super) fn onlooker(path: &Path, keyring: &Keyring) -> Result<Connection, StoreError> {
    let db = reader(path)?;
    let failed = |fault: Fault| StoreError::Open { why: format!("{}: {}", path.display(), fault.into_text()).into() };
    db.execute_batch("pragma ignore_check_constraints = on").map_err(|error| failed(error.into()))?;
    let version = version(&db).map_err(failed)?;
    let newest = MIGRATIONS.len() as i64;
    if version != newest {
        let why = format!(
            "it has version {version}, and this program reads {newest}; start `whimbrel serve` once to bring it there"
        );
        return Err(failed(Fault::Fatal(why.into())));
    }
    check_key(&db, keyring).map_err(failed)?;
    Ok(db)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(path, flags)?;
        db.execute_batch(READER_SETTINGS)?;
        prepare_once(&db)?;
        Ok(db)
    };
    open().map_err(|error| cannot(path, &error))
}

/// The database as a file.
pub(super) fn file(path: &Path) -> Result<File, StoreError> {
    File::options().read(true).write(true).open(path).map_err(|error| cannot(path, &error))
}

/// A connection that brings the log back into the database.
pub(super) fn log_keeper(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(path, flags)?;
        db.execute_batch(LOG_SETTINGS)?;
        Ok(db)
    };
    open().map_err(|error| cannot(path, &error))
}

/// The version of the schema; 0 for a new file.
fn version(db: &Connection) -> Result<i64, Fault> {
    let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (version, application_id) = (pragma("user_version")?, pragma("application_id")?);
    let table_count: i64 = db.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
    if (version, application_id, table_count) != (0, 0, 0) && application_id != APPLICATION_ID {
        return Err(Fault::Fatal("it is a database of another program; name another file".into()));
    }
    let newest = MIGRATIONS.len() as i64;
    if version > newest {
        return Err(Fault::Fatal(
            format!("it has version {version}, this program knows {newest}; start the newer program that wrote it")
                .into(),
        ));
    }
    Ok(version)
}

fn migrate(db: &Connection, keyring: &Keyring) -> Result<(), Fault> {
    migrate_to(db, keyring, MIGRATIONS.len())
}

/// Brings the database to that version, or leaves it at a newer one.
fn migrate_to(db: &Connection, keyring: &Keyring, newest: usize) -> Result<(), Fault> {
    let version = version(db)?;
    if version > 0 {
        check_key(db, keyring)?;
    }
    for ((sql, moved), number) in MIGRATIONS.iter().take(newest).zip(1_i64..).filter(|(_, number)| *number > version) {
        db.execute_batch("begin immediate")?;
        db.execute_batch(sql)?;
        if number == 1 {
            let marks = "insert into meta (id, high_water, messages, doubts, key_check) values (1, 0, 0, 0, ?1)";
            db.execute(marks, params![keyring.check()])?;
        }
        if let Some(moved) = moved {
            moved(db, keyring)?;
        }
        db.execute_batch(&format!("pragma application_id = {APPLICATION_ID}; pragma user_version = {number}; commit"))?;
    }
    Ok(())
}

fn check_key(db: &Connection, keyring: &Keyring) -> Result<(), Fault> {
    let mark: Vec<u8> = db.query_row("select key_check from meta", [], |row| row.get(0))?;
    if !keyring.knows(&mark) {
        let file = crate::keyring::KEY_FILE;
        return Err(Fault::Fatal(format!("it was written with another {file}; put that file back").into()));
    }
    Ok(())
}

pub(super) fn owner_only(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Open {
        why: format!("{}: {error}; check that it exists and belongs to this user", path.display()).into(),
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Secret;

    use super::super::sealed;
    use super::*;

    #[test]
    fn headers_of_hooks_are_sealed_and_leave_nothing_behind() {
        let path = std::env::temp_dir().join(format!("whimbrel-sealed-hooks-{}.db", std::process::id()));
        let _ = fs::remove_file(&path);
        let keyring = Keyring::from_bytes([7; 32]);
        let db = Connection::open(&path).expect("opens");
        let is_this = |moved: Moved| std::ptr::fn_addr_eq(moved, moved::hook_headers as Moved);
        let before = MIGRATIONS.iter().position(|(_, moved)| moved.is_some_and(is_this)).expect("it is one of them");
        migrate_to(&db, &keyring, before).map_err(Fault::into_text).expect("the version before");
        db.execute_batch(
            r#"insert into dialect_doc (dialect, kind, key, account_id, version, json, made_at) values
              ('plain', 'hook', '1', 31, 1, '{"target_url":"http://a.example/","headers":"X-Key: planted-7f3a"}', 1),
              ('plain', 'hook', '2', 31, 1, '{"target_url":"http://b.example/","headers":""}', 2),
              ('plain', 'contact', '3', 31, 1, '{"headers":"of no hook"}', 3)"#,
        )
        .expect("filled");
        let is_in_file = || fs::read(&path).expect("read").windows(12).any(|octets| octets == b"planted-7f3a");
        assert!(is_in_file());
        migrate(&db, &keyring).map_err(Fault::into_text).expect("this version");
        let secret = |key: &str| sealed::find(&db, &keyring, &format!("document plain/hook/{key} of account 1f"));
        assert_eq!(secret("1").ok().flatten(), Some(Secret::new("X-Key: planted-7f3a")));
        assert_eq!(secret("2").ok(), Some(None));
        let mut left = db.prepare("select json from dialect_doc order by key").expect("prepared");
        let left: Vec<String> =
            left.query_map([], |row| row.get(0)).expect("read").map(|json| json.expect("read")).collect();
        let expected = [
            r#"{"target_url":"http://a.example/"}"#,
            r#"{"target_url":"http://b.example/"}"#,
            r#"{"headers":"of no hook"}"#,
        ];
        assert_eq!(left, expected);
        assert!(!is_in_file(), "what was replaced is overwritten");
        let _ = fs::remove_file(&path);
    }
}
