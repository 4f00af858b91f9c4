//! `whimbrel carrier`.

use serde_json::{Value, json};

use super::args::{CarrierCommand, ServerArgs, TestArgs};
use super::client::{Server, segment, with_query};
use super::output::{Color, Out, field};
use super::send::ended;
use super::{Exit, Failure};

pub(super) async fn run(command: CarrierCommand, out: &Out) -> Result<(), Failure> {
    match command {
        CarrierCommand::Ls { server } => {
            let answer = Server::find(&server)?.api("GET", "carriers", None).await?;
            out.document("carriers", &answer, || {
                let carriers = answer["carriers"].as_array().into_iter().flatten();
                let rows: Vec<_> = carriers.flat_map(rows).collect();
                let heading =
                    ["CARRIER", "ORDER", "LINK", "MODE", "STATE", "SINCE", "WINDOW", "QUEUED", "RATE", "NOTE"];
                out.table(&heading, &rows)
            });
            Ok(())
        }
        CarrierCommand::Test(args) => test(&args, out).await,
        CarrierCommand::Bind { name, server } => order(&server, &name, "bind", out).await,
        CarrierCommand::Unbind { name, consent, server } => {
            out.consent(consent, &format!("Unbind {name} now, with what is open in doubt"))?;
            order(&server, &name, "unbind", out).await
        }
        CarrierCommand::Drain { name, consent, server } => {
            out.consent(consent, &format!("Give {name} nothing new and unbind it"))?;
            order(&server, &name, "drain", out).await
        }
        CarrierCommand::Orphans { name, server } => {
            let path = with_query("orphans", &[("carrier", name.as_deref())]);
            let answer = Server::find(&server)?.api("GET", &path, None).await?;
            out.document("orphans", &answer, || {
                let orphans = answer["orphans"].as_array().into_iter().flatten();
                let names = ["at", "carrier", "raw_id", "status", "reason"];
                let rows: Vec<_> = orphans.map(|orphan| names.map(|name| field(orphan, name)).to_vec()).collect();
                out.table(&["AT", "CARRIER", "ID", "STATUS", "REASON"], &rows)
            });
            Ok(())
        }
    }
}

/// A row for each link, or one for a carrier without links.
fn rows(carrier: &Value) -> Vec<Vec<String>> {
    let none = json!({});
    let links = carrier["links"].as_array().map(Vec::as_slice).unwrap_or_default();
    let links = if links.is_empty() { std::slice::from_ref(&none) } else { links };
    let row = |link: &Value| {
        let window = match (&link["window_used"], &link["window_max"]) {
            (Value::Null, _) | (_, Value::Null) => "-".to_owned(),
            (used, max) => format!("{used}/{max}"),
        };
        let mut notes = Vec::new();
        for (document, name, said) in
            [(link, "fault", ""), (link, "next_try_at", "next try "), (carrier, "paused_until", "paused until ")]
        {
            let value = field(document, name);
            if value != "-" {
                notes.push(format!("{said}{value}"));
            }
        }
        let mut cells = vec![field(carrier, "name"), field(carrier, "order")];
        cells.extend(["link", "mode", "state", "since"].map(|name| field(link, name)));
        cells.extend([window, field(carrier, "queued"), field(carrier, "rate"), notes.join("; ")]);
        cells
    };
    links.iter().map(row).collect()
}

async fn order(server: &ServerArgs, name: &str, order: &str, out: &Out) -> Result<(), Failure> {
    let path = format!("carriers/{}/{order}", segment(name, "name of a carrier")?);
    let answer = Server::find(server)?.api("POST", &path, None).await?;
    out.document("carrier-order", &answer, || {
        format!("{name}: {order} ordered; whimbrel carrier ls shows how it goes")
    });
    Ok(())
}

async fn test(args: &TestArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let path = format!("carriers/{}/test", segment(&args.name, "name of a carrier")?);
    let fields = [("to", &args.to), ("from", &args.from), ("text", &args.text), ("account", &args.account)];
    let body = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    let mut answer = server.api("POST", &path, Some(&Value::Object(body.collect()))).await?;
    let said = steps(&answer, out);
    let id = answer["message_id"].as_str().map(str::to_owned);
    let ended = match &id {
        Some(id) => Some(ended(&server, id, args.timeout).await),
        None => None,
    };
    if let Some(Ok(message)) = &ended {
        answer["message"] = message.clone();
    }
    let end = ended.as_ref().and_then(|ended| ended.as_ref().ok()).map(|message| receipts(message, out));
    out.document("carrier-test", &answer, || [said, end.unwrap_or_default()].join("\n").trim_end().to_owned());
    verdict(&args.name, &answer, ended)
}

/// Bind and enquiry, as the carrier answered them.
fn steps(answer: &Value, out: &Out) -> String {
    let mark = |is_good: bool| if is_good { out.colored(Color::Green, "✔") } else { out.colored(Color::Red, "✘") };
    let mut line = format!("  bind {}", mark(answer["bound"] == true));
    match answer["enquire_ms"].as_f64() {
        Some(millis) => line.push_str(&format!(" · enquire_link {} {millis:.1} ms", mark(true))),
        None => line.push_str(&format!(" · enquire_link {} {}", mark(false), field(answer, "fault"))),
    }
    match (&answer["message_id"], &answer["refused"]) {
        (Value::String(id), _) => line.push_str(&format!(" · accepted {} {id}", mark(true))),
        (_, Value::String(_)) => line.push_str(&format!(" · refused {} {}", mark(false), field(answer, "refused"))),
        _ => {}
    }
    line
}

/// The parts of the message, as they ended.
fn receipts(message: &Value, out: &Out) -> String {
    let parts = message["part_list"].as_array().into_iter().flatten().map(|part| {
        let state = field(part, "state");
        let color = if state == "delivered" { Color::Green } else { Color::Red };
        let cause = Some(field(part, "cause")).filter(|cause| cause != "-" && cause != "none");
        let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
        let id = field(part, "carrier_message_id");
        format!("  part {}: carrier's id {id}, {}{cause}", part["number"], out.colored(color, &state))
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn verdict(name: &str, answer: &Value, ended: Option<Result<Value, Failure>>) -> Result<(), Failure> {
    if answer["bound"] != true {
        let message = format!("carrier {name} is not bound: whimbrel carrier ls tells why");
        return Err(Failure::coded(Exit::Unreachable, "E0801", message));
    }
    if answer["enquire_ms"].is_null() {
        return Err(Failure::new(
            Exit::TimedOut,
            format!("carrier {name} does not answer: {}", field(answer, "fault")),
        ));
    }
    if !answer["refused"].is_null() {
        return Err(Failure::new(Exit::Rejected, format!("the text was refused: {}", field(answer, "refused"))));
    }
    match ended {
        None => Ok(()),
        Some(Err(failure)) => Err(failure),
        Some(Ok(message)) if message["status"] == "delivered" => Ok(()),
        Some(Ok(message)) => {
            Err(Failure::new(Exit::Rejected, format!("the text ended as {}", field(&message, "status"))))
        }
    }
}
