//! How the gateway is: its configuration with where each value comes from, and whether its store keeps what was promised.

use serde_json::{Value, json};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::Look;

use super::{Api, document, unavailable};

/// `GET config`: the settings in force, secrets hidden.
pub(super) async fn config(api: &Api) -> HttpResponse {
    let config = api.reloader.config().await;
    let settings: Vec<Value> = (config.shown.iter())
        .map(|shown| {
            let explained = config.explain(&shown.path).ok();
            json!({
                "setting": shown.path,
                "value": shown.value,
                "origin": shown.origin.to_string(),
                "default": explained.as_ref().and_then(|explained| explained.default.clone()),
                "help": explained.as_ref().map(|explained| explained.help),
                "change": explained.as_ref().map(|explained| explained.reload.as_str()),
            })
        })
        .collect();
    document(200, &json!({ "settings": settings }))
}

/// `GET check`: what the last look at what is open found. There is one every ten minutes.
pub(super) fn last_look(api: &Api) -> HttpResponse {
    match api.engine.last_look() {
        Some(look) => document(200, &shown(&look)),
        None => document(200, &json!({ "at": null, "invariants": [] })),
    }
}

/// `POST check`: looks now.
pub(super) async fn look(api: &Api) -> HttpResponse {
    match api.engine.look_whether_sound().await {
        Ok(look) => document(200, &shown(&look)),
        Err(error) => unavailable(&error),
    }
}

fn shown(look: &Look) -> Value {
    let verdicts: Vec<Value> = (look.verdicts.iter())
        .map(|verdict| {
            let first = verdict.violations.first().map(|violation| format!("{}: {}", violation.id, violation.reason));
            json!({
                "invariant": verdict.name,
                "rows": verdict.row_count,
                "violations": verdict.violation_count,
                "first": first,
            })
        })
        .collect();
    json!({ "at": look.at.to_string(), "invariants": verdicts })
}
