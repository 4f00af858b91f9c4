//! The gateway's half of a trace: the timeline of the message, as distances from its acceptance.

use serde_json::{Value, json};
use whimbrel_core::Timestamp;

use super::super::output::{Color, Out, field, printable};

/// A step of the timeline: what, detail, and how long after the acceptance.
struct Step {
    what: String,
    detail: String,
    part: u64,
    micros: Option<i64>,
}

pub(super) fn told(message: &Value, out: &Out) -> String {
    let steps = steps(message).into_iter().map(|step| {
        let part = if step.part > 1 { format!(" (part {})", step.part) } else { String::new() };
        let after = step.micros.map_or_else(|| "-".to_owned(), after);
        let text = format!("  {after:>12}  {}{part}  {}", printable(&step.what), printable(&step.detail));
        text.trim_end().to_owned()
    });
    let status = field(message, "status");
    let color = if status == "delivered" { Color::Green } else { Color::Yellow };
    let message_line = format!(
        "message  {}  {} x {} {}, {}, carrier {} by route {}, {}",
        field(message, "id"),
        field(message, "parts"),
        field(message, "price"),
        field(message, "currency"),
        field(message, "encoding"),
        field(message, "carrier"),
        field(message, "route"),
        out.colored(color, &status),
    );
    let steps: Vec<String> = steps.collect();
    format!("gateway\n{}\n{message_line}", steps.join("\n"))
}

pub(super) fn document(message: &Value) -> Value {
    let steps = steps(message).into_iter().map(|step| {
        json!({
            "what": step.what, "detail": step.detail, "part": step.part,
            "ms": step.micros.map(|micros| f64::from(i32::try_from(micros).unwrap_or(i32::MAX)) / 1e3),
        })
    });
    json!({ "message": message["id"], "status": message["status"], "steps": steps.collect::<Value>() })
}

fn steps(message: &Value) -> Vec<Step> {
    let accepted = message["accepted_at"].as_str().and_then(read);
    let entries = message["timeline"].as_array().into_iter().flatten();
    let step = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let at = entry["at"].as_str().and_then(read);
        Step {
            what: text("what"),
            detail: text("detail"),
            part: entry["part"].as_u64().unwrap_or_default(),
            micros: accepted.zip(at).map(|(accepted, at)| at.0.saturating_sub(accepted.0)),
        }
    };
    entries.map(step).collect()
}

fn after(micros: i64) -> String {
    match micros {
        1_000_000.. => format!("+{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000),
        _ => format!("+{}.{} ms", micros / 1_000, micros / 100 % 10),
    }
}

/// Reads a time as the native API writes it: `2026-11-29T02:25:06.502389Z`.
pub(in super::super) fn read(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.split('-');
    let day = Timestamp::of_day(date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.split(':').map(|number| number.parse::<i64>().ok());
    let seconds = (time.next()?? * 60 + time.next()??) * 60 + time.next()??;
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(Timestamp(day.0 + seconds * 1_000_000 + micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for micros in [0, 1, 1_795_564_800_000_000, 1_795_564_812_345_678] {
            assert_eq!(read(&Timestamp(micros).to_string()), Some(Timestamp(micros)));
        }
        for wrong in ["", "2026-11-29", "2026-13-29T00:00:00Z", "2026-11-29T00:00Z", "x"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_story_counts_from_the_acceptance() {
        let message = json!({
            "id": "A1", "status": "delivered", "accepted_at": "2026-11-29T23:59:59.999900Z",
            "timeline": [
                { "at": "2026-11-29T23:59:59.999900Z", "part": 0, "what": "accepted", "detail": "" },
                { "at": "2026-11-30T00:00:01.500000Z", "part": 2, "what": "delivered", "detail": "\u{1b}[2J" },
            ],
        });
        let told = told(&message, &Out::plain());
        assert!(told.contains("+0.0 ms  accepted\n") && told.contains("+1.500 s  delivered (part 2)"), "{told}");
        assert!(!told.contains('\u{1b}'));
        assert_eq!(document(&message)["steps"][1]["ms"], json!(1500.1));
    }
}
