//! `X-NEXO-Signature`: HMAC-SHA256 over the body, keyed with the hash of the secret.
