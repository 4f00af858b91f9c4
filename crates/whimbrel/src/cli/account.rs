//! `whimbrel account`: through the running server, so that there is one writer.

use serde_json::{Value, json};

use super::args::{AccountCommand, ServerArgs};
use super::client::Server;
use super::{Exit, Failure, output};

pub(super) async fn run(command: AccountCommand) -> Result<(), Failure> {
    match command {
        AccountCommand::Create { server, name, dialect, currency, class, json } => {
            let body = json!({ "name": name, "dialect": dialect, "currency": currency, "default_class": class });
            call(&server, "POST", "accounts", Some(&body), json).await
        }
        AccountCommand::Topup { server, key, amount, reference, json } => {
            let body = json!({ "amount": amount, "reference": reference });
            call(&server, "POST", &format!("accounts/{}/topup", checked(&key)?), Some(&body), json).await
        }
        AccountCommand::Show { server, key, json } => {
            call(&server, "GET", &format!("accounts/{}", checked(&key)?), None, json).await
        }
    }
}

async fn call(server: &ServerArgs, method: &str, path: &str, body: Option<&Value>, json: bool) -> Result<(), Failure> {
    let document = Server::find(server)?.api(method, path, body).await?;
    if json {
        output::answer(&format!("{document:#}"));
        return Ok(());
    }
    let lines: Vec<String> = document
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name:<17} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    output::answer(&lines.join("\n"));
    Ok(())
}

fn checked(key: &str) -> Result<&str, Failure> {
    let is_key =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':'));
    if is_key { Ok(key) } else { Err(Failure::new(Exit::NotFound, format!("`{key}` is no key of an account"))) }
}
