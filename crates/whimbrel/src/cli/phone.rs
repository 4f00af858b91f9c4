//! `whimbrel phone`: the subscriber's side, played by the simulator.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{LeaseArgs, PhoneCommand, PhoneSetArgs, ReplyArgs};
use super::client::{Server, segment};
use super::output::{Out, field};
use super::{Exit, Failure};

/// Octets of a text: no phone sends more than 255 parts.
const TEXT_BYTES_MAX: u64 = 256 * 1024;

pub(super) async fn run(command: PhoneCommand, out: &Out) -> Result<(), Failure> {
    match command {
        PhoneCommand::Ls { server } => list(&Server::find(&server)?, out).await,
        PhoneCommand::Lease(args) => lease(args, out).await,
        PhoneCommand::Release { number, server } => {
            let path = format!("leases/{}", segment(&number, "number")?);
            let released = Server::find(&server)?.api("DELETE", &path, None).await?;
            out.document("lease", &released, || format!("{} was given back", field(&released, "number")));
            Ok(())
        }
        PhoneCommand::Set(args) => set(args, out).await,
        PhoneCommand::Reply(args) => reply(args, out).await,
    }
}

async fn reply(args: ReplyArgs, out: &Out) -> Result<(), Failure> {
    let text = match (&args.text, &args.file) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(path)) => Some(read(path)?),
        (None, None) => None,
    };
    let number = segment(&args.number, "number")?;
    let (path, body) = (format!("phones/{number}/reply"), body(&args, text));
    let answer = Server::find(&args.server)?.api("POST", &path, Some(&body)).await?;
    out.document("phone-reply", &answer, || {
        let ids = answer["ids"].as_array().into_iter().flatten();
        ids.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// Phones and leases in one list: what a test has, and what was written to.
async fn list(server: &Server, out: &Out) -> Result<(), Failure> {
    let phones = server.api("GET", "phones", None).await?;
    let leases = server.api("GET", "leases", None).await?;
    let mut rows: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    for phone in phones.as_array().into_iter().flatten() {
        rows.entry(field(phone, "number")).or_default().0 = phone["text_count"].as_u64().unwrap_or_default();
    }
    for lease in leases["leases"].as_array().into_iter().flatten() {
        let number = field(lease, "number");
        rows.entry(number.trim_start_matches('+').to_owned()).or_default().1 = lease.clone();
    }
    let list: Vec<Value> = rows
        .iter()
        .map(|(number, (texts, lease))| json!({ "number": format!("+{number}"), "texts": texts, "lease": lease }))
        .collect();
    out.document("phones", &json!({ "phones": list }), || {
        let row = |phone: &Value| {
            let lease = &phone["lease"];
            let [number, texts] = ["number", "texts"].map(|name| field(phone, name));
            let [until, outcome, note] = ["expires_at", "outcome", "note"].map(|name| field(lease, name));
            vec![number, texts, until.chars().take(19).collect(), outcome, note]
        };
        out.table(&["NUMBER", "TEXTS", "LEASED UNTIL", "OUTCOME", "NOTE"], &list.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}

async fn lease(args: LeaseArgs, out: &Out) -> Result<(), Failure> {
    let fields = [
        ("country", args.country),
        ("outcome", args.outcome),
        ("after", args.after),
        ("ttl", args.ttl),
        ("note", args.note),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    let body = Value::Object(fields.collect());
    let lease = Server::find(&args.server)?.api("POST", "leases", Some(&body)).await?;
    // The number alone on stdout, for NUMBER=$(whimbrel phone lease).
    out.document("lease", &lease, || field(&lease, "number"));
    if !out.is_json() {
        out.hint(&format!(
            "until {}; wait for its texts with --since {}",
            field(&lease, "expires_at"),
            field(&lease, "since")
        ));
    }
    Ok(())
}

async fn set(args: PhoneSetArgs, out: &Out) -> Result<(), Failure> {
    let mut body = serde_json::Map::new();
    match args.outcome.as_deref() {
        Some(word @ ("on" | "off")) => _ = body.insert("setting".to_owned(), json!(word)),
        Some(outcome) => _ = body.insert("outcome".to_owned(), json!(outcome)),
        None => {}
    }
    body.extend(args.after.map(|after| ("after".to_owned(), json!(after))));
    let path = format!("phones/{}", segment(&args.number, "number")?);
    let set = Server::find(&args.server)?.api("PATCH", &path, Some(&Value::Object(body))).await?;
    out.document("phone", &set, || format!("{} is set", field(&set, "number")));
    Ok(())
}

/// The fields that were given.
fn body(args: &ReplyArgs, text: Option<String>) -> Value {
    let fields = [
        ("to", Some(args.to.clone())),
        ("text", text),
        ("data", args.octets.clone()),
        ("udh", args.udh.clone()),
        ("alphabet", args.alphabet.clone()),
    ];
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect())
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().take(TEXT_BYTES_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(TEXT_BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::from_error(Exit::Usage, &format!("cannot read {}", path.display()), &error))?;
    // An editor leaves a line end that nobody means to send.
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}
