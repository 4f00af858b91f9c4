//! `whimbrel check` at the end of a harness: whatever was done to the gateway, its store keeps every promise.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::{Attempted as _, Failure, Outcome, require};

/// Looks at the store in `folder`; answers how many invariants were looked at. A gateway may be running on it.
///
/// # Errors
/// The invariants that are broken, with the first rows, or why nothing could be looked at.
pub fn check_store(binary: &Path, folder: &Path) -> Outcome<usize> {
    let lines = verdicts(binary, folder, &[])?;
    println!("whimbrel check: {} invariants are kept", lines.len());
    Ok(lines.len())
}

/// One document for each invariant, none of them broken.
pub fn verdicts(binary: &Path, folder: &Path, flags: &[&str]) -> Outcome<Vec<Value>> {
    let mut line = Command::new(binary);
    line.arg("check").arg("--json").arg("--data-dir").arg(folder).args(flags).stdin(Stdio::null());
    line.env_remove("WHIMBREL_DATA_DIR");
    let output = line.output().attempting("run `whimbrel check`")?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).attempting("read a line of `whimbrel check`"))
        .collect::<Outcome<_>>()?;
    let broken: Vec<String> = lines.iter().filter(|line| line["violation_count"] != 0).map(Value::to_string).collect();
    require(broken.is_empty(), || format!("the store in {} is broken:\n{}", folder.display(), broken.join("\n")))?;
    if !output.status.success() || lines.is_empty() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::new(format!("`whimbrel check` ended with {}: {why}", output.status)));
    }
    Ok(lines)
}
