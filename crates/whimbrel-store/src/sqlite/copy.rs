//! Copies a store, whether or not a gateway has it open.
//!
//! The copy is one state of the database: everything that was committed before the call, nothing half done. It is written by
//! `vacuum into`, which reads in one transaction and holds up no writer; SQLite leaves out the flush of the result, so it is
//! done here, and the copy has its name only after that.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::params;

use super::open;
use crate::StoreError;
use crate::keyring::Keyring;

/// Behind the name of a copy that is not whole yet.
const UNFINISHED: &str = ".unfinished";

/// How much of a copy to that file is written already, in bytes, while [`copy_store`] makes it.
#[must_use]
pub fn copied_bytes(to: &Path) -> u64 {
    fs::metadata(open::beside(to, UNFINISHED)).map_or(0, |file| file.len())
}

/// Copies the database `from` to `to`, which must not be there, for its owner only. Answers the size in bytes.
///
/// # Errors
/// [`StoreError::Open`] if the database cannot be read, or is of another program, version or key, or the copy cannot be written: then
/// there is none.
pub fn copy_store(from: &Path, to: &Path, keyring: &Keyring) -> Result<u64, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::Open {
        why: format!("{}: {error}; check that its folder is there, is empty and has room", to.display()).into(),
    };
    if to.exists() {
        return Err(failed(&"it is there already"));
    }
    let db = open::onlooker(from, keyring)?;
    let unfinished = open::beside(to, UNFINISHED);
    let copy = || -> Result<u64, Box<dyn std::error::Error>> {
        // What an earlier try left. The file is made here, so that nobody else may read it from its first byte on.
        fs::remove_file(&unfinished).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        let file = open::owner_only(&unfinished)?;
        // The file is opened for reading only; this setting would forbid the copy as well.
        db.execute_batch("pragma query_only = off")?;
        db.execute("vacuum into ?1", params![unfinished.to_str().ok_or("its path is no text")?])?;
        file.sync_all()?;
        fs::rename(&unfinished, to)?;
        File::open(open::folder_of(to))?.sync_all()?;
        Ok(file.metadata()?.len())
    };
    copy().map_err(|error| {
        let _ = fs::remove_file(&unfinished);
        failed(&error)
    })
}
