//! The only place that prints.

use std::io::Write;

/// Prints the answer of a command. A closed pipe ends the output quietly.
pub(super) fn answer(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    _ = write!(stdout, "{text}{end}").and_then(|()| stdout.flush());
}

/// Prints something about the answer.
pub(super) fn hint(text: &str) {
    _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints why a command did not succeed.
pub(super) fn error(text: &str) {
    _ = writeln!(std::io::stderr().lock(), "error: {text}");
}

/// Prints the version.
pub(super) fn version(json: bool) {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        answer(&serde_json::json!({ "version": version }).to_string());
    } else {
        answer(&format!("whimbrel {version}"));
    }
}
