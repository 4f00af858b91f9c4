//! `whimbrel webhook`: where an account's webhooks go, how they went, and one more time.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{AttemptsArgs, EditArgs, ResendArgs, ServerArgs, WebhookCommand};
use super::client::{Server, segment, with_query};
use super::output::{Color, Out, field, printable};
use super::{Exit, Failure};

/// Octets of a body that is read from a file.
const BODY_BYTES_MAX: u64 = 1 << 20;

pub(super) async fn run(command: WebhookCommand, out: &Out) -> Result<(), Failure> {
    match command {
        WebhookCommand::Ls { account, server } => list(account.as_deref(), &server, out).await,
        WebhookCommand::Attempts(args) => attempts(&args, out).await,
        WebhookCommand::Resend(args) => resend(&args, out).await,
        WebhookCommand::Secret { key, server } => secret(&key, &server, out).await,
        WebhookCommand::Test { key, inbound, sample, server } => test(&key, inbound, sample, &server, out).await,
    }
}

async fn list(account: Option<&str>, server: &ServerArgs, out: &Out) -> Result<(), Failure> {
    let found = Server::find(server)?.api("GET", &with_query("webhooks", &[("account", account)]), None).await?;
    out.document("webhooks", &found, || {
        let rows = found["endpoints"].as_array().into_iter().flatten().map(|endpoint| {
            let rate = endpoint["success_rate"]
                .as_f64()
                .map_or_else(|| "-".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
            let last = &endpoint["last_attempt"];
            let last = if last.is_null() {
                "-".to_owned()
            } else {
                format!("{} {}", field(last, "result"), field(last, "at"))
            };
            vec![
                field(endpoint, "account"),
                field(endpoint, "kind"),
                field(endpoint, "url"),
                rate,
                last,
                field(endpoint, "pending"),
                field(endpoint, "next_try_at"),
            ]
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return "no account has a URL for its webhooks: set one by `whimbrel account set KEY --receipt-url URL`"
                .to_owned();
        }
        out.table(&["ACCOUNT", "KIND", "URL", "TAKEN", "LAST", "WAITING", "NEXT TRY"], &rows)
    });
    Ok(())
}

async fn attempts(args: &AttemptsArgs, out: &Out) -> Result<(), Failure> {
    let limit = args.limit.to_string();
    let query = [
        ("account", args.account.as_deref()),
        ("failed", args.failed.then_some("true")),
        ("since", args.since.as_deref()),
        ("limit", Some(limit.as_str())),
    ];
    let found = Server::find(&args.server)?.api("GET", &with_query("webhooks/attempts", &query), None).await?;
    if found["tape"] == "off" {
        out.hint("the tape is off: set tape.entries, or run with --dev; `whimbrel show ID` has the story of a message all the same");
    }
    out.document("webhook-attempts", &found, || {
        let rows = found["attempts"].as_array().into_iter().flatten().map(|attempt| {
            vec![
                field(attempt, "id"),
                field(attempt, "at"),
                field(attempt, "account"),
                field(attempt, "message"),
                field(attempt, "why"),
                field(attempt, "attempt"),
                answered(attempt),
                took(attempt),
                field(attempt, "url").split('?').next().unwrap_or_default().to_owned(),
            ]
        });
        let rows: Vec<_> = rows.collect();
        out.table(&["ID", "AT", "ACCOUNT", "MESSAGE", "WHY", "TRY", "ANSWER", "TOOK", "URL"], &rows)
    });
    Ok(())
}

/// The status, or why there is none.
pub(super) fn answered(attempt: &Value) -> String {
    match attempt["answer"]["status"].as_u64() {
        Some(status) => status.to_string(),
        None => field(attempt, "error"),
    }
}

fn took(attempt: &Value) -> String {
    attempt["timing"]["total_ms"].as_f64().map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"))
}

async fn resend(args: &ResendArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let (path, body) = match (&args.message, args.id) {
        (Some(message), _) => (format!("messages/{}/webhooks/resend", segment(message, "id of a message")?), json!({})),
        (None, Some(id)) => (format!("webhooks/attempts/{id}/resend"), edit(&args.edit)?),
        // One of the two is required.
        (None, None) => return Err(Failure::new(Exit::Usage, "name an attempt or a --message")),
    };
    let sent = server.api("POST", &path, Some(&body)).await?;
    show_sent(&sent, out)
}

/// What is changed, as the API takes it.
pub(super) fn edit(args: &EditArgs) -> Result<Value, Failure> {
    let body = args.body.as_deref().map(read).transpose()?;
    Ok(json!({ "set": args.set, "add": args.add, "remove": args.remove, "body": body }))
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().take(BODY_BYTES_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(BODY_BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::from_error(Exit::Usage, &format!("cannot read {}", path.display()), &error))?;
    // An editor leaves a line end that nobody means to send.
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}

/// Shows one or several tries that were asked for; fails unless all were taken.
pub(super) fn show_sent(sent: &Value, out: &Out) -> Result<(), Failure> {
    let tries: Vec<&Value> = match sent["attempts"].as_array() {
        Some(several) => several.iter().collect(),
        None => vec![sent],
    };
    out.document("webhook-resent", sent, || tries.iter().map(|one| told(one, out)).collect::<Vec<_>>().join("\n"));
    let refused = tries.iter().filter(|one| one["result"] != "delivered").count();
    match refused {
        0 => Ok(()),
        _ => Err(Failure::new(Exit::Rejected, "the endpoint did not take it: see its answer above")),
    }
}

/// Request and answer in the way that curl shows them.
pub(super) fn told(sent: &Value, out: &Out) -> String {
    let request = &sent["request"];
    let mut lines = vec![format!("> {} {}", field(request, "method"), field(request, "url"))];
    lines.extend(headers(request, '>'));
    lines.extend(body(request, '>'));
    match sent["answer"]["status"].as_u64() {
        Some(status) => {
            let color = if sent["result"] == "delivered" { Color::Green } else { Color::Red };
            lines.push(format!("< {}  {}", out.colored(color, &status.to_string()), timing(&sent["timing"])));
            lines.extend(headers(&sent["answer"], '<'));
            lines.extend(body(&sent["answer"], '<'));
        }
        None => lines.push(format!("< {}  {}", out.colored(Color::Red, "no answer"), field(sent, "error"))),
    }
    lines.join("\n")
}

/// The headers of a request or an answer, a line each.
pub(super) fn headers(http: &Value, mark: char) -> Vec<String> {
    let headers = http["headers"].as_array().into_iter().flatten();
    let text = |value: &Value| printable(value.as_str().unwrap_or_default());
    headers.map(|header| format!("{mark} {}: {}", text(&header[0]), text(&header[1]))).collect()
}

/// The body, a line each; what is not shown is said.
pub(super) fn body(http: &Value, mark: char) -> Vec<String> {
    match http["body"].as_str() {
        Some("") => Vec::new(),
        Some(body) => body.lines().map(|line| format!("{mark} {}", printable(line))).collect(),
        None if http["body_bytes"].as_u64().unwrap_or(0) > 0 => {
            vec![format!("{mark} ({} octets that are not shown)", http["body_bytes"])]
        }
        None => Vec::new(),
    }
}

/// The steps of a call on one line.
pub(super) fn timing(timing: &Value) -> String {
    let steps = [
        ("dns", "dns_ms"),
        ("connect", "connect_ms"),
        ("tls", "tls_ms"),
        ("first byte", "first_byte_ms"),
        ("total", "total_ms"),
    ];
    let shown = steps.iter().filter_map(|(word, name)| Some(format!("{word} {:.1} ms", timing[name].as_f64()?)));
    shown.collect::<Vec<_>>().join("  ")
}

async fn secret(key: &str, server: &ServerArgs, out: &Out) -> Result<(), Failure> {
    let path = format!("accounts/{}/webhooks/secret", segment(key, "key of an account")?);
    let answer = Server::find(server)?.api("POST", &path, None).await?;
    out.document("webhook-secret", &answer, || field(&answer, "webhook_secret"));
    Ok(())
}

async fn test(key: &str, inbound: bool, sample: bool, server: &ServerArgs, out: &Out) -> Result<(), Failure> {
    let body = json!({
        "kind": if inbound { "inbound" } else { "receipt" },
        "send": if sample { "sample" } else { "ping" },
    });
    let path = format!("accounts/{}/webhooks/test", segment(key, "key of an account")?);
    let answer = Server::find(server)?.api("POST", &path, Some(&body)).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_answer_cannot_command_the_terminal() {
        let sent = json!({
            "request": { "method": "POST", "url": "http://x/\u{1b}[2J", "headers": [["a\r", "b\u{7}"]], "body": "x\u{1b}" },
            "answer": { "status": 200, "headers": [], "body": "\u{1b}[2J\nok" }, "result": "delivered", "timing": {},
        });
        let shown = told(&sent, &Out::plain());
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
        assert!(shown.ends_with("< ok"), "{shown}");
    }
}
