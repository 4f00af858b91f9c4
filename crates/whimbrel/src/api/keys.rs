//! The keys that guard secrets at rest.

use std::sync::Arc;

use serde_json::{Value, json};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::KeyError;
use whimbrel_store::KeyState;

use super::{Api, document, unavailable};
use crate::server::problem;

/// `GET keys`.
pub(super) fn list(api: &Api) -> HttpResponse {
    let state = |state| match state {
        KeyState::Current => "current",
        KeyState::Retiring => "retiring",
        KeyState::DigestsOnly => "digests-only",
    };
    let keys = api.engine.keys().into_iter().map(|(id, of)| json!({ "id": id.to_string(), "state": state(of) }));
    document(200, &json!({ "keys": keys.collect::<Value>() }))
}

/// `POST keys/rotate`. A caller that hangs up does not stop it.
pub(super) async fn rotate(api: &Api) -> HttpResponse {
    let engine = Arc::clone(&api.engine);
    match tokio::spawn(async move { engine.rotate_keys().await }).await {
        Ok(Ok(rotated)) => {
            // Who replaces keys wants what they opened to be closed.
            api.shares.end_all(|| api.engine.world().random());
            let (current, resealed) = (rotated.current.to_string(), rotated.resealed_count);
            document(200, &json!({ "current": current, "resealed": resealed }))
        }
        Ok(Err(error @ KeyError::Busy)) => problem(409, "Conflict", &error.to_string()),
        Ok(Err(error)) => unavailable(&error),
        Err(_) => problem(500, "Internal Server Error", "the change of keys failed inside the gateway: see the log"),
    }
}
