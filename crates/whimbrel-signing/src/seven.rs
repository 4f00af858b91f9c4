//! `X-Signature`, `X-Timestamp`, `X-Nonce`: HMAC-SHA256 over five fields joined by newlines.
