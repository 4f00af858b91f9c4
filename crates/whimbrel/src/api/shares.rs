//! Links that show one message to whoever has them: made, and ended all at once.

use serde_json::json;
use whimbrel_dialects::http::HttpResponse;

use super::json::{Fields, bad};
use super::search::Whose;
use super::wait::span;
use super::{Api, document, messages};
use crate::people::shares::{AGE_DEFAULT, AGE_MAX, AGE_MIN};
use crate::server::IncomingRequest;
use crate::ui;

/// `POST messages/{id}/share` with `for`, such as `1d`. A path is answered, because by which name and prefix people reach this server
/// is not known here.
pub(super) async fn make(api: &Api, whose: Whose, id: &str, request: &IncomingRequest) -> HttpResponse {
    let wanted = || {
        let body = if request.body().is_empty() { b"{}" } else { request.body() };
        let Some(text) = Fields::read(body, &["for"])?.text("for")? else { return Ok(AGE_DEFAULT) };
        let age = span(&text).filter(|age| *age >= AGE_MIN && *age <= AGE_MAX);
        age.ok_or_else(|| bad("`for` must be a time from 1m to 7d, such as 2h: so long the link holds"))
    };
    let age = match wanted() {
        Ok(age) => age,
        Err(refused) => return refused,
    };
    let found = match messages::find(api, whose, id).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let until = api.engine.world().now() + age;
    let token = api.shares.token(found.summary.id, until);
    let path = format!("{}/shared/{}", ui::PREFIX, token.expose());
    document(201, &json!({ "path": path, "expires_at": until.to_string() }))
}

/// `DELETE shares`.
pub(super) fn end_all(api: &Api) -> HttpResponse {
    api.shares.end_all(|| api.engine.world().random());
    document(200, &json!({ "ended": "all" }))
}
