//! `whimbrel trace`: one request with everything that the wire shows, and what the gateway made of it.

mod story;
mod told;

pub(super) use story::read as read_time;

use std::io::Read;

use serde_json::{Value, json};
use whimbrel_core::{Alphabet, World};
use whimbrel_dialects::client::{ClientAnswer, Text};
use whimbrel_engine::SystemWorld;

use super::args::TraceArgs;
use super::client::{Server, segment};
use super::output::{Out, printable};
use super::send::{credentials, dialect, ended};
use super::{Exit, Failure};
use crate::server::files::{Readers, write_whole};
use crate::trace::{Ask, Trace, TraceError, har, trace};

/// Octets of a body that is read from a file.
const BODY_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(super) async fn run(args: TraceArgs, out: &Out) -> Result<(), Failure> {
    match args.target.as_str() {
        "send" => send(&args, out).await,
        target if target.contains("://") => url(&args, out).await,
        target => {
            let id = segment(target, "URL and no id of a message")?;
            let message = Server::find(&args.server)?.api("GET", &format!("messages/{id}"), None).await?;
            out.document("trace", &json!({ "gateway": story::document(&message) }), || story::told(&message, out));
            Ok(())
        }
    }
}

async fn url(args: &TraceArgs, out: &Out) -> Result<(), Failure> {
    let url = read_url(&args.target)?;
    let body = read_body(args)?;
    let mut headers = Vec::new();
    for header in &args.header {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            Failure::new(Exit::Usage, format!("`{}` is no header: write `Name: value`", printable(header)))
        })?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    let method = args.method.clone().unwrap_or_else(|| if body.is_empty() { "GET" } else { "POST" }.to_owned());
    // The local authority is trusted for servers of this machine alone.
    let server = Server::find(&args.server).ok();
    let is_here = matches!(url.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let ours = server.as_ref().filter(|_| is_here).and_then(Server::ca_pem);
    let ca_pem = args.ca.as_deref().or(ours);
    let now = SystemWorld::new(0, 0).now();
    let ask = Ask { url: &url, method: &method, headers: &headers, body, ca_pem, now };
    let traced = trace(ask).await.map_err(|error| failure(&error))?;
    keep_har(args, &traced, out)?;
    out.document("trace", &json!({ "client": told::document(&traced) }), || told::told(&traced, out));
    Ok(())
}

async fn send(args: &TraceArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let dialect = dialect(args.dialect.as_deref())?;
    let (key, secret) = credentials(dialect, &args.credentials)?;
    let alphabet = Alphabet::Gsm7Lossy;
    let text = Text { key: &key, secret: &secret, to: &args.to, from: &args.from, text: &args.text, alphabet };
    let request = dialect.client_request(&text);
    let headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_owned())).collect();
    let base = server.https().map_or_else(|| server.url(), by_name);
    let url = read_url(&format!("{base}{}", request.path))?;
    let now = SystemWorld::new(0, 0).now();
    let ca_pem = args.ca.as_deref().or(server.ca_pem());
    let ask = Ask { url: &url, method: request.method, headers: &headers, body: request.body, ca_pem, now };
    let traced = trace(ask).await.map_err(|error| failure(&error))?;
    keep_har(args, &traced, out)?;
    let accepted = dialect.client_answer(&traced.body);
    let message = match &accepted {
        ClientAnswer::Accepted { ids } => inside(&server, ids, args.timeout, out).await,
        ClientAnswer::Refused { .. } | ClientAnswer::Unreadable => None,
    };
    let document = json!({ "client": told::document(&traced), "gateway": message.as_ref().map(story::document) });
    out.document("trace", &document, || {
        let gateway = message.as_ref().map(|message| story::told(message, out));
        [Some(told::told(&traced, out)), gateway].into_iter().flatten().collect::<Vec<_>>().join("\n")
    });
    match accepted {
        ClientAnswer::Refused { why } => Err(Failure::new(Exit::Rejected, format!("the message was refused: {why}"))),
        ClientAnswer::Unreadable => Err(Failure::new(Exit::Failed, format!("the server answered {}", traced.status))),
        ClientAnswer::Accepted { .. } => Ok(()),
    }
}

/// What the gateway knows of the message; a vendor's own server tells nobody, and then the wire alone is told.
async fn inside(server: &Server, ids: &[String], seconds_max: u32, out: &Out) -> Option<Value> {
    let id = segment(ids.first()?, "id").ok()?;
    let message = server.api("GET", &format!("messages/{id}"), None).await;
    match message {
        Ok(message) if seconds_max == 0 => Some(message),
        Ok(message) => match ended(server, id, seconds_max).await {
            Ok(message) => Some(message),
            Err(failure) => {
                failure.problems.iter().for_each(|problem| out.hint(&problem.message));
                Some(message)
            }
        },
        Err(_) => {
            out.hint("the server does not tell what became of the message: this is the wire alone");
            None
        }
    }
}

/// A server on this machine by its name, so that its certificate and the resolver are seen at work.
fn by_name(https: &str) -> String {
    https.replacen("://127.0.0.1:", "://localhost:", 1)
}

fn read_url(text: &str) -> Result<http::Uri, Failure> {
    let url = text.parse::<http::Uri>().ok().filter(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    url.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{}` is no URL such as https://localhost:7671/", printable(text)))
    })
}

fn read_body(args: &TraceArgs) -> Result<Vec<u8>, Failure> {
    let Some(path) = &args.body_file else { return Ok(Vec::new()) };
    let mut body = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().take(BODY_BYTES_MAX).read_to_end(&mut body),
        false => std::fs::File::open(path).and_then(|file| file.take(BODY_BYTES_MAX).read_to_end(&mut body)),
    };
    read.map_err(|error| Failure::from_error(Exit::Usage, &format!("cannot read {}", path.display()), &error))?;
    Ok(body)
}

fn keep_har(args: &TraceArgs, traced: &Trace, out: &Out) -> Result<(), Failure> {
    let Some(path) = &args.har else { return Ok(()) };
    let text = format!("{:#}\n", har::document(traced));
    write_whole(path, text.as_bytes(), Readers::Owner)
        .map_err(|error| Failure::from_error(Exit::Failed, "cannot write the HAR file", &error))?;
    out.hint(&format!("wrote {}", path.display()));
    Ok(())
}

/// Where it ended, and for TLS what the server showed.
fn failure(error: &TraceError) -> Failure {
    let shown = match error {
        TraceError::Tls(_, chain) if !chain.is_empty() => {
            let lines = chain.iter().map(|certificate| {
                let (from, to) = &certificate.valid;
                format!(
                    "\n  it showed {} by {}, {from} to {to}",
                    printable(&certificate.subject),
                    printable(&certificate.issuer)
                )
            });
            lines.collect()
        }
        _ => String::new(),
    };
    let exit = if matches!(error, TraceError::Ask(_)) { Exit::Usage } else { Exit::Unreachable };
    Failure::new(exit, format!("{}{shown}", printable(&error.to_string())))
}
