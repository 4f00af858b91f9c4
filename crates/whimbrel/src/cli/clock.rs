//! `whimbrel clock`: the test clock of a development server.

use serde_json::{Value, json};

use super::Failure;
use super::args::ClockCommand;
use super::client::Server;
use super::output::{Out, field};

pub(super) async fn run(command: ClockCommand, out: &Out) -> Result<(), Failure> {
    let told = match command {
        ClockCommand::Advance { by, server } => {
            Server::find(&server)?.api("POST", "clock", Some(&json!({ "advance": by }))).await?
        }
        ClockCommand::Reset { server } => Server::find(&server)?.api("DELETE", "clock", None).await?,
        ClockCommand::Show { server } => Server::find(&server)?.api("GET", "clock", None).await?,
    };
    out.document("clock", &told, || said(&told));
    Ok(())
}

/// The time, and how far it is ahead.
pub(super) fn said(told: &Value) -> String {
    let ahead = told["ahead_ms"].as_u64().unwrap_or_default() / 1_000;
    match ahead {
        0 => format!("{}  the time of the machine", field(told, "now")),
        seconds => format!("{}  {} ahead", field(told, "now"), span(seconds)),
    }
}

/// As people say it: 1d 2h 3m 4s.
fn span(seconds: u64) -> String {
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}"));
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        assert_eq!((span(600), span(90_061)), ("10m".to_owned(), "1d 1h 1m 1s".to_owned()));
    }
}
