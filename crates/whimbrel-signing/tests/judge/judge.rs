//! Signs and verifies what it is told, line by line: the library's side of `cargo xtask signers`.
//!
//! Each line of the input is a JSON object with `op` and what that needs; each line of the output is `{"ok": ..}` with a text
//! or `{"fault": ".."}`. It ends with its input.

mod keys;
mod nexmo;
mod seven;
mod tokens;

use std::io::{BufRead, Write};

use serde_json::{Value, json};

use crate::keys::Keys;

/// What a job answers.
type Answer = Result<Value, String>;

fn main() -> std::io::Result<()> {
    let mut keys = Keys::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let job: Value = serde_json::from_str(&line?).map_err(std::io::Error::other)?;
        let answer = match answer(&Job(&job), &mut keys) {
            Ok(ok) => json!({ "ok": ok }),
            Err(fault) => json!({ "fault": fault }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(job: &Job<'_>, keys: &mut Keys) -> Answer {
    match job.text("op") {
        "nexmo-sign" => nexmo::sign(job),
        "nexmo-verify" => nexmo::verify(job),
        "seven-sign" => seven::sign(job),
        "seven-verify" => seven::verify(job),
        "token-sign" => tokens::sign(job, keys),
        "token-verify" => tokens::verify(job, keys),
        "hook-sign" => tokens::sign_hook(job),
        "hook-verify" => tokens::verify_hook(job),
        op => panic!("no such job: {op}"),
    }
}

/// A job as it came; what it should hold and does not ends the judge, because then the other side is broken.
struct Job<'a>(&'a Value);

impl<'a> Job<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.0[name].as_str().unwrap_or_else(|| panic!("`{name}` is no text in {}", self.0))
    }

    fn optional(&self, name: &str) -> Option<&'a str> {
        self.0[name].as_str()
    }

    fn number(&self, name: &str) -> i64 {
        self.0[name].as_i64().unwrap_or_else(|| panic!("`{name}` is no number in {}", self.0))
    }

    fn pairs(&self, name: &str) -> Vec<(&'a str, &'a str)> {
        let pairs = self.0[name].as_array().unwrap_or_else(|| panic!("`{name}` is no list in {}", self.0));
        pairs.iter().map(|pair| (pair[0].as_str().expect("a name"), pair[1].as_str().expect("a value"))).collect()
    }
}
