//! `whimbrel chaos`: faults on order.

use serde_json::{Value, json};

use super::Failure;
use super::args::ChaosArgs;
use super::client::Server;
use super::output::{Out, field};

pub(super) async fn run(args: ChaosArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let body = json!({
        "throttle": args.throttle,
        "drop_receipts": args.drop_receipts,
        "disconnect_every": args.disconnect_every,
        "webhook_lost": args.webhook_lost,
        "webhook_failed": args.webhook_failed,
        "webhook_delayed": args.webhook_delayed,
        "webhook_delay": args.webhook_delay,
        "seed": args.seed.map(|seed| seed.to_string()),
    });
    let is_change = body.as_object().is_some_and(|body| body.values().any(|value| !value.is_null()));
    let told = match (args.off, is_change) {
        (Some(_), _) => server.api("DELETE", "chaos", None).await?,
        (None, true) => server.api("PUT", "chaos", Some(&body)).await?,
        (None, false) => server.api("GET", "chaos", None).await?,
    };
    out.document("chaos", &told, || said(&told));
    Ok(())
}

fn said(told: &Value) -> String {
    let switches = [
        ("throttle", "throttle"),
        ("drop_receipts", "drop receipts"),
        ("disconnect_every", "disconnect every"),
        ("webhook_lost", "lose webhooks' answers"),
        ("webhook_failed", "fail webhooks"),
        ("webhook_delayed", "delay webhooks' answers"),
        ("webhook_delay", "by"),
        ("seed", "seed"),
    ];
    let on = switches.iter().filter(|(name, _)| !told[*name].is_null());
    let on: Vec<String> = on.map(|(name, words)| format!("{words} {}", field(told, name))).collect();
    if on.is_empty() { "no faults".to_owned() } else { on.join(", ") }
}
