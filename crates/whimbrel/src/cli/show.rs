//! `whimbrel show`.

use serde_json::Value;

use super::Failure;
use super::args::ShowArgs;
use super::client::{Server, segment};
use super::output::{Out, printable};
use super::wire;

pub(super) async fn run(args: ShowArgs, out: &Out) -> Result<(), Failure> {
    let id = segment(&args.id, "id of a message")?;
    if args.wire {
        return wire::run(id, &args.server, out).await;
    }
    let message = Server::find(&args.server)?.api("GET", &format!("messages/{id}"), None).await?;
    out.document("message", &message, || told(&message));
    Ok(())
}

/// The message for people.
fn told(message: &Value) -> String {
    let text = |name: &str| match &message[name] {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let mut lines = vec![
        format!("{}  {}", text("id"), text("status")),
        format!(
            "  to {}  from {}  account {} ({})",
            text("to"),
            printable(&text("from")),
            text("account"),
            text("dialect")
        ),
        format!("  text     {}", printable(&text("text"))),
        format!(
            "  parts    {} x {} {}, {}, class {}, network {}",
            text("parts"),
            text("price"),
            text("currency"),
            text("encoding"),
            text("class"),
            text("network")
        ),
        format!("  carrier  {} by route {}", text("carrier"), text("route")),
    ];
    for part in message["part_list"].as_array().into_iter().flatten() {
        let cause = part["cause"].as_str().filter(|cause| *cause != "none").map(|cause| format!(" ({cause})"));
        lines.push(format!(
            "  part {}   {}  {}{}, {}, attempts {}, carrier's id {}",
            part["number"],
            part["id"].as_str().unwrap_or("-"),
            part["state"].as_str().unwrap_or("-"),
            cause.unwrap_or_default(),
            part["funds"].as_str().unwrap_or("-"),
            part["attempts"],
            part["carrier_message_id"].as_str().filter(|id| !id.is_empty()).unwrap_or("-"),
        ));
    }
    lines.push("  timeline".to_owned());
    for entry in message["timeline"].as_array().into_iter().flatten() {
        let part =
            entry["part"].as_u64().filter(|part| *part > 0).map_or("      ".to_owned(), |part| format!("part {part}"));
        lines.push(format!(
            "    {}  {part}  {:<12} {}",
            entry["at"].as_str().unwrap_or("-"),
            entry["what"].as_str().unwrap_or("-"),
            printable(entry["detail"].as_str().unwrap_or("")),
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hostile_text_cannot_command_the_terminal() {
        let message = json!({ "text": "\u{1b}[2Jx", "from": "a\rb", "timeline": [{ "detail": "\u{7}" }] });
        assert!(!told(&message).chars().any(|c| c.is_control() && c != '\n'), "{:?}", told(&message));
    }
}
