//! Tests of an account's endpoints: one request through the guarded way out, and what came back.

use serde_json::json;
use whimbrel_core::EndpointKind;
use whimbrel_dialects::WebhookTest;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::{WebhookTestError, WebhookTried};

use crate::api::accounts::{find, unknown};
use crate::api::json::{Fields, bad};
use crate::api::{Api, document};
use crate::server::IncomingRequest;

/// `POST accounts/{key}/webhooks/test`: sends a ping, or a sample of an event, to the account's URL for receipts or for texts that
/// come in.
pub(in crate::api) async fn test(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let body = if request.body().is_empty() { b"{}" } else { request.body() };
    let read = find(api, key).and_then(|id| {
        let mut fields = Fields::read(body, &["kind", "send"])?;
        let kind = fields.word("kind", EndpointKind::parse, "receipt, inbound")?.unwrap_or(EndpointKind::Receipt);
        Ok((id, kind, fields.word("send", named, "ping, sample")?.unwrap_or(WebhookTest::Ping)))
    });
    let (id, kind, test) = match read {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    match api.engine.test_webhook(id, kind, test).await {
        Ok(WebhookTried { url, answer, elapsed }) => {
            let (status, answer, error) = match answer {
                Ok(tried) => {
                    // What is no UTF-8, or was cut in the middle of a letter, is for people to see all the same.
                    (Some(tried.status), Some(String::from_utf8_lossy(&tried.beginning).into_owned()), None)
                }
                Err(why) => (None, None, Some(why)),
            };
            let elapsed_ms = elapsed.as_millis();
            document(
                200,
                &json!({ "url": url, "status": status, "elapsed_ms": elapsed_ms, "answer": answer, "error": error }),
            )
        }
        Err(WebhookTestError::UnknownAccount) => unknown(),
        Err(error @ (WebhookTestError::NoEndpoint(_) | WebhookTestError::CannotSign(_))) => bad(&error.to_string()),
        Err(error @ WebhookTestError::Busy) => super::busy(&error),
    }
}

fn named(word: &str) -> Option<WebhookTest> {
    match word {
        "ping" => Some(WebhookTest::Ping),
        "sample" => Some(WebhookTest::Sample),
        _ => None,
    }
}
