//! `whimbrel wait`: waits for a text and prints what is wanted of it, and nothing else.

use std::time::Duration;

use serde_json::Value;

use super::args::{ExtractArg, WaitArgs};
use super::client::{Server, refused, with_query};
use super::output::{Out, field, printable};
use super::{Exit, Failure, inbox};

/// How long the server may take over the time that it was asked to wait.
const MORE: Duration = Duration::from_secs(310);

pub(super) async fn run(args: WaitArgs, out: &Out) -> Result<(), Failure> {
    if let Some(query) = &args.query {
        inbox::checked(query)?;
    }
    let extract = args.extract.map(|extract| match extract {
        ExtractArg::Otp => "otp",
        ExtractArg::Link => "link",
        ExtractArg::Text => "text",
    });
    let query = [
        ("to", args.to.as_deref()),
        ("q", args.query.as_deref()),
        ("extract", extract),
        ("timeout", Some(args.timeout.as_str())),
        ("since", args.since.as_deref()),
        ("account", args.account.as_deref()),
    ];
    let server = Server::find(&args.server)?.patient(MORE);
    match server.api_any("GET", &with_query("wait", &query), None).await? {
        (200, found) => {
            out.document("wait", &found, || told(&found));
            Ok(())
        }
        (408, nothing) => Err(missed(&nothing, out)),
        (status, document) => Err(refused(status, &document)),
    }
}

/// The value alone, or a line about the message.
fn told(found: &Value) -> String {
    if let Some(value) = found["value"].as_str() {
        // As it stands: a text may have several lines. Nothing in it may command a terminal.
        return value.split('\n').map(printable).collect::<Vec<_>>().join("\n");
    }
    let message = if found["message"].is_null() { &found["inbound"] } else { &found["message"] };
    format!(
        "{}  {}  {}  {}",
        field(message, "id"),
        field(message, "to"),
        field(message, "from"),
        field(message, "text")
    )
}

/// What came instead stands before the error.
fn missed(nothing: &Value, out: &Out) -> Failure {
    for other in nothing["others"].as_array().into_iter().flatten() {
        let ago = other["ago_ms"].as_u64().unwrap_or_default() / 1_000;
        let text = other["text"].as_str().map(|text| format!(" \"{}\"", printable(text))).unwrap_or_default();
        out.hint(&format!("  {ago} s ago to +{}{text}: {}", field(other, "to"), field(other, "why_not")));
    }
    let detail = printable(nothing["detail"].as_str().unwrap_or("nothing came in time"));
    let mut failure = Failure::new(Exit::TimedOut, detail);
    if let Some(problem) = failure.problems.first_mut() {
        problem.more = Some(
            serde_json::json!({ "since": nothing["since"], "others": nothing["others"], "hint": nothing["hint"] }),
        );
    }
    failure
}
