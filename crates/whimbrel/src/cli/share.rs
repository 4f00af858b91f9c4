//! `whimbrel share`: links that show one message, without its text, to whoever has them.

use serde_json::{Value, json};

use super::Failure;
use super::args::ShareCommand;
use super::client::{Server, segment};
use super::output::{Out, field};

pub(super) async fn run(command: ShareCommand, out: &Out) -> Result<(), Failure> {
    match command {
        ShareCommand::Create { id, age, server } => {
            let id = segment(&id, "id of a message")?;
            let server = Server::find(&server)?;
            let body = age.map_or_else(|| json!({}), |age| json!({ "for": age }));
            let made = server.api("POST", &format!("messages/{id}/share"), Some(&body)).await?;
            let shared = with_url(made, &server.url());
            out.document("share", &shared, || field(&shared, "url"));
            out.hint(&format!(
                "Until {} it shows whoever has it what became of the message, not what it says.",
                field(&shared, "expires_at")
            ));
        }
        ShareCommand::End { consent, server } => {
            let server = Server::find(&server)?;
            out.consent(consent, "End every link to a message")?;
            let ended = server.api("DELETE", "shares", None).await?;
            out.document("shares-ended", &ended, || "no link that was made before shows a message any more".to_owned());
        }
    }
    Ok(())
}

/// The link whole, by the address that this command reached the server by; the server does not know its other names.
fn with_url(mut made: Value, base: &str) -> Value {
    made["url"] = format!("{base}{}", field(&made, "path")).into();
    made
}
