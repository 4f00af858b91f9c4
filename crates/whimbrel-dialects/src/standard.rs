//! The headers of Standard Webhooks, which stand beside every dialect's own signature.
//!
//! Follows the Standard Webhooks specification 1.0.0 (standardwebhooks.com, read 2026). Only what has a body gets them: the scheme
//! signs no address, so that the headers of a GET would say of its parameters what they do not prove.

use sha2::{Digest, Sha256};
use whimbrel_core::{NoticeId, Secret, Timestamp, Uuid};
use whimbrel_signing::standard_webhooks::{self as scheme, ID, SIGNATURE, TIMESTAMP, Webhook};
use whimbrel_signing::{Secret as SigningSecret, UnixSeconds};

use crate::http::WebhookRequest;

/// Whether webhooks carry the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StandardHeaders {
    /// They do: the default.
    #[default]
    Added,
    /// They do not.
    Omitted,
}

/// The secret by which receivers verify the headers: it comes of the account's signature secret, and tells nothing of it. Empty for
/// an empty one, which is none.
#[must_use]
pub fn secret(signature_secret: &Secret) -> Secret {
    match signature_secret.expose() {
        "" => Secret::new(""),
        given => Secret::new(scheme::derived(SigningSecret::new(given)).as_str()),
    }
}

/// The id of a notice in the header: the same for all its tries.
#[must_use]
pub fn id(notice: NoticeId) -> String {
    format!("msg_{}", Uuid::of_id(notice.0))
}

/// The id of what is told a hook of a message or a part that came to a status: the same however often, and by whatever occasion, it is told.
#[must_use]
pub fn id_for_hook(subject: i64, status: &str, hook: &str) -> String {
    let digest =
        Sha256::new().chain_update(subject.to_be_bytes()).chain_update(status).chain_update([0]).chain_update(hook);
    let digest = digest.finalize();
    let half = digest.iter().take(16).fold(0, |half, byte| half << 8 | u128::from(*byte));
    // RFC 9562 §5.8: version 8, made as its maker likes.
    format!("msg_{}", Uuid(half & !(0xf << 76) & !(0b11 << 62) | 8 << 76 | 0b10 << 62))
}

/// Adds the headers to a webhook with a body, a signature by each [`secret`] of the account. One without a body stays as it is, as does
/// one of an account without a secret. What is there of these headers already makes room.
pub fn add(request: &mut WebhookRequest, id: &str, secrets: &[Secret], now: Timestamp) {
    let given = secrets.iter().map(Secret::expose).filter(|secret| !secret.is_empty());
    let keys: Vec<_> = given.map(SigningSecret::new).collect();
    if request.method != "POST" || keys.is_empty() {
        return;
    }
    let webhook = Webhook { id, timestamp: UnixSeconds(now.unix_seconds()), body: &request.body };
    // The id is made above and the time is not before 1970: nothing else can be the matter.
    let Ok(signature) = scheme::sign(&webhook, &keys) else { return };
    request.headers.retain(|(name, _)| ![ID, TIMESTAMP, SIGNATURE].contains(name));
    request.headers.push((ID, id.to_owned().into()));
    request.headers.push((TIMESTAMP, now.unix_seconds().to_string().into()));
    request.headers.push((SIGNATURE, signature.into_string().into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(request: &WebhookRequest, name: &str) -> Option<String> {
        request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.to_string())
    }

    #[test]
    fn what_has_a_body_is_signed_by_every_secret_that_counts() {
        let (current, before) = (Secret::new("devSignatureSecret01abcdefghijkl"), Secret::new("the one before"));
        let mut request = WebhookRequest::new("POST", "https://example.com/".to_owned());
        request.body = b"{}".to_vec();
        let now = Timestamp(1_674_087_231_000_000);
        for _ in 0..2 {
            add(&mut request, "msg_1", &[&current, &before, &Secret::new("")].map(secret), now);
        }
        assert_eq!(request.headers.len(), 3, "once, however often");
        let signature = value(&request, SIGNATURE).expect("a signature");
        for given in [&current, &before] {
            let derived = secret(given);
            let received =
                scheme::Received { id: "msg_1", timestamp: "1674087231", signature: &signature, body: b"{}" };
            let secrets = [SigningSecret::new(derived.expose())];
            assert!(scheme::verify(&received, &secrets, scheme::WINDOW, UnixSeconds(1_674_087_231)).is_ok());
            assert!(!derived.expose().contains(given.expose()));
        }
    }

    #[test]
    fn what_a_hook_is_told_is_named_by_what_it_says_and_to_whom() {
        let id = id_for_hook(0x19a_c3a4_7b1c_4001, "delivered", "1");
        assert_eq!(id, id_for_hook(0x19a_c3a4_7b1c_4001, "delivered", "1"));
        assert_eq!(id.len(), "msg_".len() + 36);
        let others = [
            id_for_hook(0x19a_c3a4_7b1c_4002, "delivered", "1"),
            id_for_hook(0x19a_c3a4_7b1c_4001, "failed", "1"),
            id_for_hook(0x19a_c3a4_7b1c_4001, "delivered", "2"),
        ];
        assert!(others.iter().all(|other| *other != id), "{id} {others:?}");
    }

    #[test]
    fn what_has_no_body_or_no_secret_gets_no_headers() {
        let now = Timestamp(1_000_000);
        for (method, secret) in [("GET", "a secret"), ("POST", "")] {
            let mut request = WebhookRequest::new(method, "https://example.com/?status=delivered".to_owned());
            add(&mut request, "msg_1", &[super::secret(&Secret::new(secret))], now);
            assert!(request.headers.is_empty(), "{method}");
        }
    }
}
