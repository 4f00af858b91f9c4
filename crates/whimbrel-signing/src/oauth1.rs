//! OAuth 1.0a with HMAC-SHA1 (RFC 5849).
