//! `whimbrel webhook`: tests of an account's endpoints.

use serde_json::json;

use super::args::WebhookCommand;
use super::client::{Server, segment};
use super::output::{Out, field};
use super::{Exit, Failure};

pub(super) async fn run(command: WebhookCommand, out: &Out) -> Result<(), Failure> {
    let WebhookCommand::Test { key, inbound, sample, server } = command;
    let body = json!({
        "kind": if inbound { "inbound" } else { "receipt" },
        "send": if sample { "sample" } else { "ping" },
    });
    let path = format!("accounts/{}/webhooks/test", segment(&key, "key of an account")?);
    let answer = Server::find(&server)?.api("POST", &path, Some(&body)).await?;
    out.document("webhook", &answer, || {
        let line = |name: &str| format!("{name:<10} {}", field(&answer, name));
        let shown = if answer["error"].is_null() {
            ["url", "status", "elapsed_ms", "answer"].as_slice()
        } else {
            &["url", "error", "elapsed_ms"]
        };
        shown.iter().map(|name| line(name)).collect::<Vec<_>>().join("\n")
    });
    match answer["status"].as_u64() {
        Some(200..=299) => Ok(()),
        Some(status) => Err(Failure::new(Exit::Rejected, format!("the endpoint answered {status}: it should say 2xx"))),
        None => Err(Failure::new(Exit::Rejected, "the endpoint did not answer")),
    }
}
