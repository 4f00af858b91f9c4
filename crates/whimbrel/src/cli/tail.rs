//! `whimbrel tail`: what happens, as it happens. A lost connection is opened again where it was lost.

use serde_json::{Value, json};

use super::Failure;
use super::args::TailArgs;
use super::client::{Server, with_query};
use super::following::Following;
use super::output::{Color, Out, field, printable};
use super::sse::Event;

pub(super) async fn run(args: TailArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let query = [("account", args.account.as_deref()), ("message", args.message.as_deref())];
    let path = with_query("events", &query);
    let mut left = args.count.unwrap_or(u64::MAX);
    let mut following = Following::begin(&server, &path).await?;
    while left > 0 {
        let events = following.next(out).await?;
        for event in events.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            print(event, following.last_id(), out);
            left -= 1;
        }
    }
    Ok(())
}

fn print(event: &Event, id: Option<&str>, out: &Out) {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_else(|_| json!({ "text": event.data }));
    let document = json!({ "event": event.kind, "id": id, "data": data });
    out.line("event", &document, || told(event, &data, out));
}

/// One line: when, what, about what, and the rest.
fn told(event: &Event, data: &Value, out: &Out) -> String {
    let about = ["part", "message", "inbound", "carrier"].into_iter().find(|name| !data[*name].is_null());
    let subject = about.map_or_else(|| "-".to_owned(), |name| field(data, name));
    // What stands elsewhere in the line; of a part its message too, unless both have one id.
    let is_told = |name: &str, value: &Value| match name {
        "at" | "kind" | "detail" => true,
        "message" => about == Some("message") || *value == data["part"],
        name => about == Some(name),
    };
    let fields = data.as_object().into_iter().flatten();
    let rest = fields.filter(|(name, value)| !value.is_null() && !is_told(name, value));
    let mut rest: Vec<String> = rest.map(|(name, _)| format!("{}={}", printable(name), field(data, name))).collect();
    let detail = field(data, "detail");
    if detail != "-" && detail != "none" {
        rest.insert(0, detail);
    }
    let kind = format!("{:<18}", printable(&event.kind));
    let has_word = |words: &[&str]| {
        words.iter().any(|word| event.kind.contains(word) || rest.iter().any(|text| text.contains(word)))
    };
    let color = match () {
        () if has_word(&["fail", "reject", "undeliv", "expired", "refused", "down", "missed"]) => Color::Red,
        () if has_word(&["delivered", "up", "bound"]) => Color::Green,
        () => Color::Faint,
    };
    format!("{}  {}  {subject:<18}  {}", field(data, "at"), out.colored(color, &kind), rest.join("  "))
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_without_repetition_or_control_characters() {
        let out = Out::plain();
        let check = |kind: &str, data: Value, line: &str| {
            let event = Event { kind: kind.to_owned(), data: data.to_string() };
            assert_eq!(told(&event, &data, &out), line);
        };
        let part = json!({ "at": "t", "kind": "part.delivered", "message": "A1", "part": "A1", "number": 1, "detail": "none" });
        check("part.delivered", part, "t  part.delivered      A1                  number=1");
        let second = json!({ "at": "t", "message": "A1", "part": "A2", "number": 2, "detail": "" });
        check("part.failed", second, "t  part.failed         A2                  message=A1  number=2");
        let hostile = json!({ "at": "t", "carrier": "acme", "detail": "\u{1b}[2J\n" });
        check("carrier.down", hostile, "t  carrier.down        acme                \u{fffd}[2J\u{fffd}");
    }
}
