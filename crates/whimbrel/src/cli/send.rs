//! `whimbrel send`.

use whimbrel_core::{Alphabet, Secret};
use whimbrel_dialects::client::{ClientAnswer, Text};
use whimbrel_dialects::{Dialect, registry};

use super::args::{SendArgs, WaitFor};
use super::client::{Server, env};
use super::{Exit, Failure, output};

pub(super) async fn run(args: SendArgs) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let dialect = match &args.dialect {
        Some(name) => registry::by_name(name),
        None => registry::DIALECTS.first().copied(),
    };
    let Some(dialect) = dialect else {
        let known: Vec<&str> = registry::DIALECTS.iter().map(|dialect| dialect.descriptor().id).collect();
        return Err(Failure::new(Exit::Usage, format!("no such dialect; there are {}", known.join(", "))));
    };
    let ids = send(&server, dialect, &args).await?;
    match args.wait {
        Some(WaitFor::Delivered) => wait(&server, &ids, args.timeout).await,
        None => Ok(()),
    }
}

async fn send(server: &Server, dialect: &dyn Dialect, args: &SendArgs) -> Result<Vec<String>, Failure> {
    let dev = dialect.descriptor().dev_account;
    let (key, secret) = match (&args.key, env("WHIMBREL_API_SECRET")) {
        (Some(key), Some(secret)) => (key.as_str(), Secret::new(secret)),
        (Some(_), None) => {
            return Err(Failure::new(Exit::Unauthorized, "--key needs the secret in WHIMBREL_API_SECRET"));
        }
        (None, _) => (dev.key, Secret::new(dev.secret)),
    };
    let alphabet = if args.unicode { Alphabet::Ucs2 } else { Alphabet::Gsm7Lossy };
    let text = Text { key, secret: &secret, to: &args.to, from: &args.from, text: &args.text, alphabet };
    let request = dialect.client_request(&text);
    let headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_owned())).collect();
    let answer = server.send(request.method, request.path, &headers, request.body).await?;
    if args.json {
        output::answer(&String::from_utf8_lossy(&answer.body));
    }
    match dialect.client_answer(&answer.body) {
        ClientAnswer::Accepted { ids } => {
            if !args.json {
                output::answer(&ids.join("\n"));
                if let Some(id) = ids.first().filter(|_| args.wait.is_none()) {
                    output::hint(&format!("accepted; its story: whimbrel show {id}"));
                }
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
async fn wait(server: &Server, ids: &[String], seconds_max: u32) -> Result<(), Failure> {
    let Some(id) = ids.first() else { return Ok(()) };
    for _ in 0..seconds_max.saturating_mul(5).max(1) {
        let message = server.api("GET", &format!("messages/{id}"), None).await?;
        match message["status"].as_str().unwrap_or_default() {
            "delivered" => {
                output::hint("delivered");
                return Ok(());
            }
            "queued" | "submitting" | "uncertain" | "submitted" => {}
            other => {
                return Err(Failure::new(Exit::Rejected, format!("the message ended as {other}: whimbrel show {id}")));
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Err(Failure::new(Exit::TimedOut, format!("no final receipt within {seconds_max} seconds: whimbrel show {id}")))
}
