//! `whimbrel show ID --wire`: what went over the wires for a message.

use serde_json::Value;

use super::Failure;
use super::args::ServerArgs;
use super::client::Server;
use super::output::{Color, Out, field, printable};
use super::webhook::{body, headers, told};

pub(super) async fn run(id: &str, server: &ServerArgs, out: &Out) -> Result<(), Failure> {
    let seen = Server::find(server)?.api("GET", &format!("messages/{id}/wire"), None).await?;
    if seen["tape"] == "off" {
        out.hint("the tape is off: set tape.entries, or run with --dev");
    }
    out.document("wire", &seen, || {
        let entries: Vec<_> = seen["wire"].as_array().into_iter().flatten().map(|entry| shown(entry, out)).collect();
        match entries.is_empty() {
            true => "nothing of this message is on the tape (any more): it keeps the last things, in memory".to_owned(),
            false => entries.join("\n\n"),
        }
    });
    Ok(())
}

fn shown(entry: &Value, out: &Out) -> String {
    match entry["type"].as_str() {
        Some("request") => request(entry, out),
        Some("pdu") => pdu(entry, out),
        _ => webhook(entry, out),
    }
}

fn request(entry: &Value, out: &Out) -> String {
    let asked = &entry["request"];
    let title = format!("{}  {} request", field(entry, "at"), field(entry, "dialect"));
    let mut lines = vec![out.colored(Color::Faint, &title)];
    lines.push(format!("> {} {}", field(asked, "method"), field(asked, "url")));
    lines.extend(headers(asked, '>'));
    lines.extend(body(asked, '>'));
    let ms = entry["elapsed_ms"].as_f64().unwrap_or_default();
    lines.push(format!("< {}  {ms:.1} ms", field(&entry["answer"], "status")));
    lines.extend(headers(&entry["answer"], '<'));
    lines.extend(body(&entry["answer"], '<'));
    lines.join("\n")
}

fn pdu(entry: &Value, out: &Out) -> String {
    let (arrow, mark) = if entry["direction"] == "out" { ("to", '>') } else { ("from", '<') };
    let parts: Vec<String> = entry["parts"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(", part {}", parts.join(", ")) };
    let name = field(entry, "name");
    let title = format!("{}  {name} {arrow} {}/{}{parts}", field(entry, "at"), field(entry, "carrier"), entry["link"]);
    let mut lines = vec![out.colored(Color::Faint, &title)];
    let fields = entry["fields"].as_array().into_iter().flatten();
    lines.extend(fields.filter_map(|pair| {
        let (name, value) = (pair[0].as_str()?, pair[1].as_str()?);
        (!value.is_empty()).then(|| format!("{mark} {name:<24} {}", printable(value)))
    }));
    match entry["octets"].as_str() {
        Some(octets) => lines.push(format!("{mark} {octets}")),
        None => {
            lines.push(format!("{mark} ({} octets that have a one-time code are not shown)", entry["hidden_octets"]))
        }
    }
    lines.join("\n")
}

fn webhook(entry: &Value, out: &Out) -> String {
    let why = if entry["why"] == "due" { format!("try {}", entry["attempt"]) } else { field(entry, "why") };
    let next = entry["next_try_at"].as_str().map(|at| format!(", next try {}", printable(at))).unwrap_or_default();
    let title = format!("{}  webhook, {why}: {}{next}", field(entry, "at"), field(entry, "result"));
    format!("{}\n{}", out.colored(Color::Faint, &title), told(entry, out))
}
