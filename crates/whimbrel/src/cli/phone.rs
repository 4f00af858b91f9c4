//! `whimbrel phone`: the subscriber's side, played by the simulator.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{PhoneCommand, ReplyArgs};
use super::client::{Server, segment};
use super::output::Out;
use super::{Exit, Failure};

/// Octets of a text: no phone sends more than 255 parts.
const TEXT_BYTES_MAX: u64 = 256 * 1024;

pub(super) async fn run(command: PhoneCommand, out: &Out) -> Result<(), Failure> {
    let PhoneCommand::Reply(args) = command;
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
