//! `whimbrel send`.

use serde_json::{Value, json};
use whimbrel_core::{Alphabet, Secret};
use whimbrel_dialects::client::{ClientAnswer, Text};
use whimbrel_dialects::{Dialect, registry};

use super::args::{CredentialArgs, SendArgs, WaitFor};
use super::client::{Server, env};
use super::output::Out;
use super::{Exit, Failure};
use crate::config::read_secret_file;

pub(super) async fn run(args: SendArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let dialect = dialect(args.dialect.as_deref())?;
    let ids = send(&server, dialect, &args, out).await?;
    match args.wait {
        Some(WaitFor::Delivered) => wait(&server, &ids, args.timeout, out).await,
        None => Ok(()),
    }
}

/// The dialect of that name, or the first one.
pub(super) fn dialect(name: Option<&str>) -> Result<&'static dyn Dialect, Failure> {
    let found = match name {
        Some(name) => registry::by_name(name),
        None => registry::DIALECTS.first().copied(),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = registry::DIALECTS.iter().map(|dialect| dialect.descriptor().id).collect();
        Failure::new(Exit::Usage, format!("no such dialect; there are {}", known.join(", ")))
    })
}

/// Key and secret: those that are named, or the development account's.
pub(super) fn credentials(dialect: &dyn Dialect, args: &CredentialArgs) -> Result<(String, Secret), Failure> {
    let dev = dialect.descriptor().dev_account;
    let Some(key) = &args.key else { return Ok((dev.key.to_owned(), Secret::new(dev.secret))) };
    let secret = match &args.secret_file {
        Some(path) if path.as_os_str() == "-" => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        }
        Some(path) => read_secret_file(path),
        None => {
            let missing = || Failure::new(Exit::Unauthorized, format!("--key needs the secret in {}", args.secret_env));
            return Ok((key.clone(), Secret::new(env(&args.secret_env).ok_or_else(missing)?)));
        }
    };
    let secret = secret.map_err(|error| Failure::from_error(Exit::Unauthorized, "the account's secret", &error))?;
    Ok((key.clone(), Secret::new(secret.trim_end_matches(['\r', '\n']))))
}

async fn send(server: &Server, dialect: &dyn Dialect, args: &SendArgs, out: &Out) -> Result<Vec<String>, Failure> {
    let (key, secret) = credentials(dialect, &args.credentials)?;
    let alphabet = if args.unicode { Alphabet::Ucs2 } else { Alphabet::Gsm7Lossy };
    let text = Text { key: &key, secret: &secret, to: &args.to, from: &args.from, text: &args.text, alphabet };
    let request = dialect.client_request(&text);
    let headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_owned())).collect();
    let answer = server.send(request.method, request.path, &headers, request.body).await?;
    match dialect.client_answer(&answer.body) {
        ClientAnswer::Accepted { ids } => {
            let vendor: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            out.document("sent", &json!({ "ids": ids, "answer": vendor }), || ids.join("\n"));
            if let Some(id) = ids.first().filter(|_| args.wait.is_none()) {
                out.hint(&format!("accepted; its story: whimbrel show {id}"));
            }
            Ok(ids)
        }
        ClientAnswer::Refused { why } => Err(Failure::new(Exit::Rejected, format!("the message was refused: {why}"))),
        ClientAnswer::Unreadable => {
            Err(Failure::new(Exit::Failed, format!("the server answered {} with something else", answer.status)))
        }
    }
}

/// Asks for the message until all its parts have ended.
async fn wait(server: &Server, ids: &[String], seconds_max: u32, out: &Out) -> Result<(), Failure> {
    let Some(id) = ids.first() else { return Ok(()) };
    let message = ended(server, id, seconds_max).await?;
    match message["status"].as_str().unwrap_or_default() {
        "delivered" => {
            out.hint("delivered");
            Ok(())
        }
        other => Err(Failure::new(Exit::Rejected, format!("the message ended as {other}: whimbrel show {id}"))),
    }
}

/// The message once all its parts have ended.
pub(super) async fn ended(server: &Server, id: &str, seconds_max: u32) -> Result<Value, Failure> {
    for _ in 0..seconds_max.saturating_mul(5).max(1) {
        let message = server.api("GET", &format!("messages/{id}"), None).await?;
        if !["queued", "submitting", "uncertain", "submitted"].contains(&message["status"].as_str().unwrap_or_default())
        {
            return Ok(message);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Err(Failure::new(Exit::TimedOut, format!("no final receipt within {seconds_max} seconds: whimbrel show {id}")))
}
