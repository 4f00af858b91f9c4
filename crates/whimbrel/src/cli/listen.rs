//! `whimbrel listen`: an account's webhooks, sent from here to a receiver that is being written.
//!
//! The server builds and signs each of them for the receiver's own address; what the receiver answers is shown here and changes nothing
//! there. A lost connection is opened again; what was sent meanwhile is missed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::args::{ListenArgs, ListenEvent};
use super::client::{Certificates, Server, segment, with_query};
use super::following::Following;
use super::output::{Color, Out, field, printable};
use super::sse::Event;
use super::{Exit, Failure};

/// Headers whose values are shown as `[secret]`.
const HIDDEN: [&str; 4] = ["authorization", "webhook-signature", "x-signature", "cookie"];
/// Characters of an answer's first line.
const LINE_CHARS_MAX: usize = 120;

pub(super) async fn run(args: ListenArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    if args.print_secret {
        let key = segment(args.account.as_deref().unwrap_or_default(), "key of an account")?;
        let answer = server.api("POST", &format!("accounts/{key}/webhooks/secret"), None).await?;
        out.document("webhook-secret", &answer, || field(&answer, "webhook_secret"));
        return Ok(());
    }
    let url = address(args.forward_to.as_deref().unwrap_or_default())?;
    let path = with_query("webhooks/listen", &[("url", Some(url.as_str())), ("account", args.account.as_deref())]);
    let mut left = args.count.unwrap_or(u64::MAX);
    let certificates = certificates(&args, &url, out)?;
    let mut following = Following::begin(&server, &path).await?;
    out.hint(&format!("Ready: webhooks go to {url} from here as well. (^C to quit)"));
    while left > 0 {
        // Not every event is a webhook, and only those are counted.
        for event in &following.next(out).await? {
            if left > 0 {
                left -= u64::from(take(event, (&args, certificates), out).await);
            }
        }
    }
    Ok(())
}

/// The address as a URL: `localhost:3000/x` is one of HTTP.
fn address(text: &str) -> Result<String, Failure> {
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let is_url = url.parse::<http::Uri>().is_ok_and(|url| url.host().is_some());
    match is_url && !text.is_empty() {
        true => Ok(url),
        false => Err(Failure::new(
            Exit::Usage,
            format!("`{}` is no address such as localhost:3000/webhooks", printable(text)),
        )),
    }
}

/// Whether the receiver's certificate is checked. If not, it is said where nobody overlooks it.
fn certificates(args: &ListenArgs, url: &str, out: &Out) -> Result<Certificates, Failure> {
    if !args.skip_verify {
        return Ok(Certificates::Checked);
    }
    if !url.starts_with("https://") {
        let why = format!("--skip-verify is for receivers with https, and {} is none", printable(url));
        return Err(Failure::new(Exit::Usage, why));
    }
    out.warning(&format!(
        "THE CERTIFICATE OF {} IS NOT CHECKED: whoever answers there gets these webhooks, texts and signatures included. \
         To trust one certificate instead, name its file in WHIMBREL_CA.",
        printable(url)
    ));
    Ok(Certificates::Any)
}

/// Whether it is of one of these kinds; of no kind in particular means any.
fn is_wanted(events: &[ListenEvent], data: &Value) -> bool {
    events.is_empty() || events.iter().any(|event| data["kind"] == event.as_str())
}

/// Forwards a webhook; answers whether it was one that is wanted.
async fn take(event: &Event, (args, certificates): (&ListenArgs, Certificates), out: &Out) -> bool {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    if event.kind == "missed" {
        out.warning(&format!("{} webhooks came too fast and were missed here", data["count"]));
        return false;
    }
    if event.kind != "webhook" || !is_wanted(&args.events, &data) {
        return false;
    }
    let headers = if args.headers { shown_headers(&data["request"]) } else { Vec::new() };
    if !out.is_json() {
        let mut lines = vec![incoming(&data)];
        lines.extend(headers.iter().map(|line| format!("          {line}")));
        super::output::answer(&lines.join("\n"));
    }
    let begun_at = Instant::now();
    let outcome = match data["error"].as_str() {
        Some(why) => Err(why.to_owned()),
        None => forward(&data["request"], certificates).await,
    };
    let elapsed_ms = u64::try_from(begun_at.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, first_line, error) = match &outcome {
        Ok((status, line)) => (Some(*status), Some(line.clone()), None),
        Err(why) => (None, None, Some(why.clone())),
    };
    let document = json!({
        "at": data["at"], "account": data["account"], "dialect": data["dialect"], "kind": data["kind"], "what": data["what"],
        "message": data["message"], "method": data["request"]["method"], "url": data["request"]["url"], "headers": headers,
        "status": status, "answer": first_line, "error": error, "elapsed_ms": elapsed_ms,
    });
    out.line("forwarded-webhook", &document, || outgoing(&data, &outcome, elapsed_ms, out));
    true
}

/// Sends it as it was built; answers status and the first line of the body.
async fn forward(request: &Value, certificates: Certificates) -> Result<(u16, String), String> {
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let url: http::Uri = text("url").parse().map_err(|_| "the address cannot be called".to_owned())?;
    let path = url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let headers = request["headers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|header| Some((header[0].as_str()?.to_owned(), header[1].as_str()?.to_owned())));
    let headers: Vec<(String, String)> = headers.collect();
    let body = STANDARD.decode(text("body_base64")).unwrap_or_default();
    let answer = Server::at(url, certificates).send(&text("method"), &path, &headers, body).await;
    let answer = answer
        .map_err(|failure| failure.problems.first().map_or_else(String::new, |problem| problem.message.clone()))?;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    Ok((answer.status, body.lines().next().unwrap_or_default().chars().take(LINE_CHARS_MAX).collect()))
}

fn shown_headers(request: &Value) -> Vec<String> {
    let text = |value: &Value| printable(value.as_str().unwrap_or_default());
    let headers = request["headers"].as_array().into_iter().flatten();
    headers
        .map(|header| {
            let name = text(&header[0]);
            let is_hidden = HIDDEN.contains(&name.to_ascii_lowercase().as_str())
                || name.to_ascii_lowercase().ends_with("signature");
            let value = if is_hidden { "[secret]".to_owned() } else { text(&header[1]) };
            format!("{name}: {value}")
        })
        .collect()
}

/// `12:00:09  --> delivered  A0DB37A6D4C04001  devkey01`
fn incoming(data: &Value) -> String {
    format!("{}  --> {:<10} {}  {}", time(data), field(data, "what"), field(data, "message"), field(data, "account"))
}

/// `12:00:09 <--  [200] POST http://localhost:3000/webhooks  6 ms`
fn outgoing(data: &Value, outcome: &Result<(u16, String), String>, elapsed_ms: u64, out: &Out) -> String {
    let request = &data["request"];
    // Of a GET the query says all there is to say, and is long.
    let url = field(request, "url").split('?').next().unwrap_or_default().to_owned();
    let (mark, rest) = match outcome {
        Ok((status @ 200..=299, line)) => (out.colored(Color::Green, &status.to_string()), line.clone()),
        Ok((status, line)) => (out.colored(Color::Red, &status.to_string()), line.clone()),
        Err(why) => (out.colored(Color::Red, "no answer"), why.clone()),
    };
    format!("{} <--  [{mark}] {} {url}  {elapsed_ms} ms  {}", time(data), field(request, "method"), printable(&rest))
        .trim_end()
        .to_owned()
}

/// The time of day of an RFC 3339 instant.
fn time(data: &Value) -> String {
    field(data, "at").get(11..19).unwrap_or("--:--:--").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_come_without_a_scheme() {
        assert_eq!(address("localhost:3000/webhooks").ok().as_deref(), Some("http://localhost:3000/webhooks"));
        assert_eq!(address("https://a.example/x").ok().as_deref(), Some("https://a.example/x"));
        for wrong in ["", "http://", "a b"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_wanted_kinds_are_forwarded() {
        let (receipt, inbound) = (json!({ "kind": "receipt" }), json!({ "kind": "inbound" }));
        assert!(is_wanted(&[], &receipt) && is_wanted(&[], &inbound));
        assert!(is_wanted(&[ListenEvent::Inbound], &inbound) && !is_wanted(&[ListenEvent::Inbound], &receipt));
        assert!(is_wanted(&[ListenEvent::Receipt, ListenEvent::Inbound], &receipt));
    }

    #[test]
    fn the_arrows_point_where_a_webhook_goes() {
        let data = json!({
            "at": "2026-11-29T02:37:20.1Z", "what": "delivered", "message": "A1", "account": "devkey01",
            "request": { "method": "GET", "url": "http://localhost:3000/dlr?status=delivered" },
        });
        assert_eq!(incoming(&data), "02:37:20  --> delivered  A1  devkey01");
        let out = Out::plain();
        assert_eq!(
            outgoing(&data, &Ok((500, "no \u{1b}[2J".to_owned())), 8, &out),
            "02:37:20 <--  [500] GET http://localhost:3000/dlr  8 ms  no \u{fffd}[2J"
        );
        assert_eq!(
            outgoing(&data, &Err("refused".to_owned()), 1, &out),
            "02:37:20 <--  [no answer] GET http://localhost:3000/dlr  1 ms  refused"
        );
    }
}
