//! Faults on order: their form on the page of settings, and what pages say where they are felt. Read and ordered by the native API.

use serde_json::{Map, Value};
use whimbrel_web::faults::{Faults, Reach};
use whimbrel_web::frame::Flash;

use super::document::text;
use super::form::Form;
use super::{Visit, moved, settings};
use crate::api::{Api, Called};
use crate::server::Answer;

/// What is ordered now; `None`: nothing can be here, or the viewer is not told.
pub(super) async fn read(api: &Api, visit: &Visit<'_>) -> Option<Faults> {
    let read = visit.read(api, "chaos").await;
    read.is_done().then(|| Faults::new(reach(visit), |name| short(&text(&read.document, name)).into()))
}

/// `POST settings/faults`: orders what the form says, or ends all of it.
pub(super) async fn order(api: &Api, visit: &Visit<'_>) -> Answer {
    let form = Form::read(visit.request);
    if form.value("what") == Some("off") {
        let ended = visit.call(api, Called { method: "DELETE", path: "chaos", body: None }).await;
        return match ended.is_done() {
            true => moved(&format!("{}?done=faults-off", visit.links.page("settings"))).into(),
            false => settings::show(api, visit, Some(ended.failed())).await,
        };
    }
    let typed = Faults::new(reach(visit), |name| form.filled(name).unwrap_or_default().into());
    let filled = typed.names().filter_map(|name| Some((name.to_owned(), Value::from(form.filled(name)?))));
    let body = Value::Object(filled.collect::<Map<_, _>>());
    let ordered = visit.call(api, Called { method: "PUT", path: "chaos", body: Some(body) }).await;
    if ordered.is_done() {
        return moved(&format!("{}?done=faults", visit.links.page("settings"))).into();
    }
    // What was typed stays, so that one letter can be mended.
    let failed = Flash { text: format!("Nothing was ordered. {}", ordered.failed().text).into(), ..ordered.failed() };
    settings::show_typed(api, visit, Some(failed), Some(typed)).await
}

fn reach(visit: &Visit<'_>) -> Reach {
    if visit.is_dev() { Reach::All } else { Reach::Carrier }
}

/// A time as people write it: `5s` for `5000ms`.
fn short(value: &str) -> String {
    value
        .strip_suffix("000ms")
        .filter(|seconds| !seconds.is_empty())
        .map_or_else(|| value.to_owned(), |seconds| format!("{seconds}s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (told, shown) in
            [("5000ms", "5s"), ("250ms", "250ms"), ("30000ms", "30s"), ("20%", "20%"), ("000ms", "000ms"), ("", "")]
        {
            assert_eq!(short(told), shown);
        }
    }
}
