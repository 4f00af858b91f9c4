//! Which states a power cut may leave, and that each is one that the store was in.
//!
//! `crash_states record FOLDER` commits operations of every kind to a store in FOLDER, with checkpoints and restarts between, and
//! says after each commit what the database holds now. Run it with a library that writes every change of a file to a log.
//! `crash_states verify LOG SCRATCH` takes that log, makes every state that a power cut may leave after each of its lines, opens
//! each, and fails unless it holds what the store held after some commit, none earlier than the last that was told.
//!
//! With `--ignore-flushes` behind it, `verify` takes nothing for flushed: it must fail then, or it proves nothing.
//!
//! `cargo xtask crashstates` does all of it.

#[path = "../../tests/support/mod.rs"]
mod support;

mod disk;
mod log;
mod script;
mod verify;

use std::path::Path;

use crate::verify::Flushes;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["record", folder] => script::record(Path::new(folder)),
        ["verify", log, scratch, stride] => {
            verify::run(Path::new(log), Path::new(scratch), stride.parse()?, Flushes::Count)
        }
        ["verify", log, scratch, stride, "--ignore-flushes"] => {
            verify::run(Path::new(log), Path::new(scratch), stride.parse()?, Flushes::Ignored)
        }
        _ => Err("record FOLDER, or verify LOG SCRATCH STRIDE [--ignore-flushes]".into()),
    }
}
