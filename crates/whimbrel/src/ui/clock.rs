//! The test clock on the page of settings, where there is one. Read and moved by the native API.

use serde_json::{Value, json};
use whimbrel_core::Span;
use whimbrel_web::frame::Flash;
use whimbrel_web::operations::TestClock;
use whimbrel_web::shown;

use super::document::{Answered, instant};
use super::form::Form;
use super::{Visit, settings};
use crate::api::{Api, Called};
use crate::server::Answer;

/// Where it stands; `None`: there is none, or the viewer is not told.
pub(super) async fn read(api: &Api, visit: &Visit<'_>) -> Option<TestClock> {
    let Answered { status, document } = visit.read(api, "clock").await;
    (status < 300).then(|| TestClock { now: instant(&document, "now"), ahead: ahead(&document).map(Into::into) })
}

/// `POST settings/clock`: puts it forward by `advance`, or back.
pub(super) async fn set(api: &Api, visit: &Visit<'_>) -> Answer {
    let form = Form::read(visit.request);
    let call = match form.value("what") {
        Some("reset") => Called { method: "DELETE", path: "clock", body: None },
        _ => {
            let by = form.filled("advance").unwrap_or_default();
            Called { method: "POST", path: "clock", body: Some(json!({ "advance": by })) }
        }
    };
    let answered = visit.call(api, call).await;
    let flash = match (answered.is_done(), ahead(&answered.document)) {
        (false, _) => answered.failed(),
        (true, None) => Flash::done("The clock is that of the machine again."),
        (true, Some(ahead)) => {
            Flash::done(&format!("The clock is {ahead} ahead. What would have happened meanwhile happens now."))
        }
    };
    settings::show(api, visit, Some(flash)).await
}

fn ahead(clock: &Value) -> Option<String> {
    let span = Span::millis(clock["ahead_ms"].as_i64()?);
    (span > Span::ZERO).then(|| shown::span(span))
}
